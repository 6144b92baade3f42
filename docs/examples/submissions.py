#!/usr/bin/python3
"""The last part of ./demo: submissions as a judge gets them, compiled and run in containers under gVisor by
`bailiff submit`. submissions.py BAILIFF. Exit code 1 if one is not what is expected here."""
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile

from show import HERE, MIB, as_input, inversions

BAILIFF = sys.argv[1]
COLUMNS = "{:<34} {:<7} {:>9} {:>9} {:>9} {:>9}  {}"
mismatches = []


def submit(*words):
    """bailiff submit …: {"status", "compile": a RunResult or null, "tests": RunResults with names}."""
    done = subprocess.run([BAILIFF, "submit", "--json", *words], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"demo: FAILED: bailiff could not run a submission here: {done.stdout.strip() or done.stderr}")
    return json.loads(done.stdout)


def milliseconds(ns):
    return f"{ns / 1e6:.0f} ms"


def row(name, result, remark):
    host = [other["ns"] for other in result["cpu_time"]["others"] if other["source"] == "slot"]
    print(COLUMNS.format(name, result["status"], milliseconds(result["cpu_time"]["ns"]),
                         milliseconds(host[0]) if host else "-", milliseconds(result["wall_time"]["ns"]),
                         f"{result['peak_memory']['bytes'] / MIB:.0f} MiB", remark), flush=True)


def show(language, program, tests, expected):
    """Submits and prints: a row for the whole, one for the compiler, one for each of `tests` (name -> (input, answer,
    None: any)). `expected`: the verdict of the whole, and the first word on each test's output."""
    with tempfile.TemporaryDirectory() as folder:
        for name, (text, _) in tests.items():
            (pathlib.Path(folder) / f"{name}.in").write_text(text)
        result = submit(language, str(HERE / program), "--tests", folder)
    print(COLUMNS.format(f"bailiff submit {language} {program}", result["status"], "", "", "", "", "").rstrip())
    if result["compile"]:
        lines = result["compile"]["stderr"].get("text", "").splitlines()
        row("  compiler", result["compile"], next((line for line in lines if " error: " in line), ""))
    remarks = []
    for test in result["tests"]:
        printed, answer = test["stdout"].get("text"), tests[test["name"]][1]
        if test["status"] != "OK":
            remarks.append(f"ended: {test['reason']}")
        elif answer is None:
            remarks.append(f"printed: {printed.strip()}")
        else:
            remarks.append("right" if printed == answer else f"wrong: {printed.strip()}, not {answer.strip()}")
        row("  " + test["name"], test, remarks[-1])
        if test["sandbox"]["runtime"] != "runsc":
            mismatches.append(f"{program}, {test['name']}: ran under {test['sandbox']['runtime']}, not in gVisor")
    if (result["status"], [remark.split(":")[0] for remark in remarks]) != expected:
        mismatches.append(f"{program}: {result['status']} {remarks} instead of {expected}")
    return result


def main():
    mixed = [random.Random(1).randrange(10**6) for _ in range(2000)]
    falling = list(range(300_000, 0, -1))
    inputs = {"1: 5 numbers": (as_input([3, 1, 4, 1, 5])["content"], "3\n"),
              "2: 2000 at random": (as_input(mixed)["content"], inversions(mixed)),
              "3: 300000 falling": (as_input(falling)["content"], "44999850000\n")}
    print()
    print(COLUMNS.format("submission, under gVisor", "verdict", "CPU", "by host", "wall", "memory", "").rstrip())
    print("-" * 110)
    show("cpp", "inversions.cc", inputs, ("OK", ["right", "right", "right"]))
    show("cpp", "overflow.cc", inputs, ("OK", ["right", "right", "wrong"]))
    show("cpp", "typo.cc", inputs, ("CE", []))
    show("python", "inversions.py", inputs, ("TLE", ["right", "right", "ended"]))
    seen = show("python", "kernel.py", {"uname": ("", None)}, ("OK", ["printed"]))["tests"][0]["stdout"]["text"].strip()
    if seen == os.uname().release:
        mismatches.append(f"kernel.py: {seen} is this machine's kernel")
    print("-" * 110)
    print("A verdict says how a program ended; whether its answer is right is the judge's to compare, here this script's.")
    print("CPU: as gVisor counts it, in steps of 10 ms; by host: the container's cgroup, gVisor's own work included.")
    print(f"kernel.py saw Linux {seen}; this machine runs {os.uname().release}: the program never spoke to it.")
    print()
    for line in mismatches:
        print("demo: not as expected:", line)
    if mismatches:
        sys.exit(f"demo: FAILED: {len(mismatches)} of the submissions above did not end as expected")


if __name__ == "__main__":
    main()
