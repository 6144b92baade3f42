#!/usr/bin/python3
"""The middle of ./demo: compiles and runs the programs of this folder through bailiff-supervisor, a box for each
run, and shows what the RunResults say. Exit code 1 if one is not what its row below expects."""
import json
import pathlib
import random
import signal
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
SUPERVISOR = sys.argv[1]
MIB = 1 << 20
C_PROGRAMS = ["hello", "loop", "sleeper", "hog", "fork_bomb", "flood", "segfault", "exit_three", "binary", "orphan"]

COLUMNS = "{:<25} {:<7} {:>9} {:>9} {:>10}  {}"
mismatches = []


def run(spec):
    """One RunSpec in, one RunResult out. This is all there is to using bailiff."""
    done = subprocess.run([SUPERVISOR, "run", "-"], input=json.dumps(spec), capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"demo: FAILED: bailiff-supervisor could not run a program here: {done.stdout.strip() or done.stderr}")
    return json.loads(done.stdout)


def how_it_ended(result, limits):
    who = {"supervisor": "supervisor", "kernel_rlimit": "kernel",
           "kernel_oom": "kernel"}.get(result["killed_by"], "found afterwards")
    ceilings = {"cpu_time": f"{limits.get('cpu_time_ms', 1000)} ms of CPU time",
                "wall_time": f"{limits.get('wall_time_ms', 3000)} ms on the clock",
                "memory": f"{limits.get('memory_bytes', 256 * MIB) // MIB} MiB of memory",
                "output": f"{limits.get('output_bytes', 16 * MIB) // MIB} MiB of output"}
    over = [ceilings.get(name, name) for name in result["limits_exceeded"]]
    if over:
        words = f"{who}: over {' and '.join(over)}"
    elif result["signal"] is not None:
        words = f"signal {result['signal']} ({signal.Signals(result['signal']).name})"
    else:
        words = f"exit code {result['exit_code']}"
    left = result["residue"]["processes_killed"]
    return words + (f"; {left} process{'es' if left > 1 else ''} left, killed" if left else "")


def show(name, spec, status="OK", prints=None):
    """Runs `spec`, prints its row, and notes when the verdict or the output is not as expected."""
    result = run(spec)
    print(COLUMNS.format(name, result["status"], f"{result['cpu_time']['ns'] / 1e6:.1f} ms",
                         f"{result['wall_time']['ns'] / 1e6:.1f} ms", f"{result['peak_memory']['bytes'] / MIB:.2f} MiB",
                         how_it_ended(result, spec.get("limits", {}))), flush=True)
    if result["status"] != status:
        mismatches.append(f"{name}: {result['status']} instead of {status}: {result['stderr'].get('text', '')[:500]}")
    elif prints is not None and result["stdout"].get("text") != prints:
        mismatches.append(f"{name}: printed {result['stdout']} instead of {prints!r}")
    return result


def source(name):
    return {"content": (HERE / name).read_text()}


def executable(result, name):
    """What a compiler run collected, as an input file of the next run."""
    return {name: {"base64": result["files"][name]["base64"], "mode": "0755"}} if result["status"] == "OK" else {}


def inversions(numbers):
    return f"{sum(a > b for i, a in enumerate(numbers) for b in numbers[i + 1:])}\n"


def as_input(numbers):
    return {"content": f"{len(numbers)}\n{' '.join(map(str, numbers))}\n"}


def outline(value, indent=""):
    """JSON, as much on a line as fits."""
    flat = json.dumps(value, ensure_ascii=False)
    if len(indent) + len(flat) <= 100 or not isinstance(value, (dict, list)):
        return flat
    deeper = indent + "  "
    if isinstance(value, dict):
        items = [f"{json.dumps(key)}: {outline(item, deeper)}" for key, item in value.items()]
    else:
        items = [outline(item, deeper) for item in value]
    lines = []
    for item in items:
        if lines and "\n" not in lines[-1] + item and len(indent) + len(lines[-1]) + len(item) < 100:
            lines[-1] += ", " + item
        else:
            lines.append(item)
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    return opening + "\n" + ",\n".join(deeper + line for line in lines) + "\n" + indent + closing


def main():
    print()
    print(COLUMNS.format("program", "verdict", "CPU", "wall", "memory", "how it ended"))
    print("-" * 110)
    compiler = {"cpu_time_ms": 20000, "memory_bytes": 512 * MIB}

    # A submission: compiled in one box, the program handed on, run in a fresh box for each input.
    built = show("g++ inversions.cc", {
        "argv": ["/usr/bin/g++", "-std=c++20", "-O2", "-o", "inversions", "inversions.cc"],
        "files": {"inversions.cc": source("inversions.cc")}, "collect": ["inversions"], "limits": compiler})
    rng = random.Random(1)
    mixed = [rng.randrange(10**6) for _ in range(2000)]
    results = [run_inputs(built, name, numbers, answer) for name, numbers, answer in (
        ("  5 numbers", [3, 1, 4, 1, 5], "3\n"),
        ("  2000 at random", mixed, inversions(mixed)),
        ("  500000 falling", list(range(500_000, 0, -1)), "124999750000\n"))]
    show("inversions.py", {
        "argv": ["/usr/bin/python3", "inversions.py"], "files": {"inversions.py": source("inversions.py")},
        "stdin": as_input(mixed)}, prints=inversions(mixed))

    # All C programs in one compiler run; a shell and its children are measured like any other program.
    built = show(f"gcc, {len(C_PROGRAMS)} C programs", {
        "argv": ["/bin/sh", "-ec", "for name; do gcc -O1 -o $name $name.c; done", "sh", *C_PROGRAMS],
        "files": {f"{name}.c": source(f"{name}.c") for name in C_PROGRAMS}, "collect": C_PROGRAMS, "limits": compiler})

    def c_program(name, limits=None, **expected):
        return show(f"{name}.c", {"argv": [f"./{name}"], "files": executable(built, name), "limits": limits or {}}, **expected)

    c_program("hello", prints="Hello from the box\n")
    c_program("loop", {"wall_time_ms": 20000}, status="TLE")
    c_program("sleeper", {"wall_time_ms": 1000}, status="TLE")
    c_program("hog", {"memory_bytes": 64 * MIB}, status="MLE")
    bomb = c_program("fork_bomb", {"processes": 32, "wall_time_ms": 20000}, status="TLE",
                     prints="fork: Resource temporarily unavailable\n")
    flood = c_program("flood", {"output_bytes": MIB}, status="OLE")
    c_program("segfault", status="RE")
    c_program("exit_three", status="RE")
    binary = c_program("binary")
    orphan = c_program("orphan", {"memory_bytes": 64 * MIB})
    pry = show("pry.py", {"argv": ["/usr/bin/python3", "pry.py"], "files": {"pry.py": source("pry.py")}},
               prints="got at: nothing\n")

    print("-" * 110)
    cpu, wall, memory = orphan["cpu_time"], orphan["wall_time"], orphan["peak_memory"]
    alone = next((row["cpu_ns"] for row in orphan["processes"] if row["exit_code"] == 0), 0)
    print(f"CPU: user + system of all processes, from {cpu['source']}, in steps of {cpu['resolution_ns'] / 1000:g} µs. "
          f"wall: exec to exit, {wall['source']} clock.")
    print("memory: the peak, from " + " or ".join(sorted({r["peak_memory"]["source"] for r in [*results, orphan, bomb]}))
          + "; each result says which, how fine it is, and what it includes (docs/measurement.md).")
    print(f"orphan.c itself used {alone / 1e6:.1f} ms; the {cpu['ns'] / 1e6:.1f} ms are its grandchild's. "
          f"fork_bomb.c wrote: {bomb['stdout'].get('text', '').strip()!r}")
    print(f"flood.c: {flood['stdout']['bytes'] / MIB:.2f} MiB read, {len(flood['stdout'].get('text', '')) / MIB:.2f} kept. "
          f"binary.c: {binary['stdout']['bytes']} bytes, in base64 as they are not UTF-8. "
          f"pry.py: {pry['stdout'].get('text', '').strip()!r}")
    print()
    print("The whole RunResult of orphan.c (docs/run-result.md explains every key):")
    print(outline(orphan))
    print()
    for line in mismatches:
        print("demo: not as expected:", line)
    if mismatches:
        sys.exit(f"demo: FAILED: {len(mismatches)} of the programs above did not end as expected")


def run_inputs(built, name, numbers, answer):
    return show(name, {
        "argv": ["./inversions"], "files": executable(built, "inversions"), "stdin": as_input(numbers)}, prints=answer)


if __name__ == "__main__":
    main()
