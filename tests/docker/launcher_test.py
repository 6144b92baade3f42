#!/usr/bin/python3
"""The launcher against a real engine, under runsc and under runc: launcher_test.py BAILIFF SUPERVISOR PROGRAMS
[unittest arguments]. $DOCKER_HOST is the engine; the lane of ./test starts one. The images it needs are made here:
the supervisor and the static programs of tests/programs, nothing else. bench/soak sets $BAILIFF_OUTPUTS and
$BAILIFF_KILLS: how often the tests about luck are repeated."""
import base64
import fcntl
import hashlib
import io
import json
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
import tempfile
import time
import unittest

TREE = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TREE / "tests/support"))
import validate  # noqa: E402

BAILIFF, SUPERVISOR, PROGRAMS = sys.argv[1:4]
IMAGE, STRANGER, EMPTY, SILENT = (f"bailiff-launcher-test-{name}" for name in ("c", "stranger", "empty", "silent"))
TEST_IMAGE = "bailiff.test-image"  # label
MIB = 1 << 20
SLOW = 15 if "BAILIFF_VM" in os.environ else 1  # how much longer an emulated machine takes to start a container
OUTPUTS = int(os.environ.get("BAILIFF_OUTPUTS", 20))
KILLS = int(os.environ.get("BAILIFF_KILLS", 20))


def docker(*arguments, stdin=None):
    done = subprocess.run(["docker", *arguments], input=stdin, capture_output=True, timeout=120 * SLOW)
    if done.returncode != 0:
        raise RuntimeError(f"docker {arguments}: {done.stderr.decode()}")
    return done.stdout.decode()


def make_image(name, entry_point, label, files):
    tree = io.BytesIO()
    with tarfile.open(fileobj=tree, mode="w") as tar:
        for folder in ("usr", "usr/bin", "tmp", "run", "proc", "dev", "etc", "box"):
            entry = tarfile.TarInfo(folder)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o755
            tar.addfile(entry)
        for path in files:
            tar.add(path, "usr/bin/" + pathlib.Path(path).name)
    changes = ["-c", f"ENTRYPOINT {json.dumps(entry_point)}", "-c", f"LABEL {TEST_IMAGE}=1"]
    changes += ["-c", "LABEL bailiff.language=c"] if label else []
    docker("import", *changes, "-", name, stdin=tree.getvalue())


def setUpModule():
    programs = [f"{PROGRAMS}/{name}" for name in ("bit", "burn", "emit", "hog", "show", "nothing", "copy", "cpus")]
    make_image(IMAGE, ["/usr/bin/bailiff-supervisor"], True, [SUPERVISOR, *programs])
    make_image(STRANGER, ["/usr/bin/bailiff-supervisor"], False, [SUPERVISOR, *programs])
    make_image(EMPTY, ["/usr/bin/bailiff-supervisor"], True, programs)
    make_image(SILENT, ["/usr/bin/burn", "plain", "100000"], True, programs)
    docker("image", "prune", "--force", "--filter", f"label={TEST_IMAGE}")  # those of the test before


def start(*arguments, **keywords):
    return subprocess.Popen([BAILIFF, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            **keywords)


def call(*arguments, stdin=b"", env=None):
    process = start(*arguments, env=env)
    out, err = process.communicate(stdin, timeout=180 * SLOW)
    return process.returncode, out, err


def run(spec, *arguments, runtime="runsc", image=IMAGE):
    code, out, err = call("run", "--runtime", runtime, "--image", image, *arguments, "-", stdin=json.dumps(spec).encode())
    return code, json.loads(out or b"{}")


def progress(count, what):
    if count and count % 50 == 0:
        print(f"{count} {what}, {time.strftime('%H:%M:%S')}", file=sys.stderr, flush=True)


def our_containers():
    return docker("ps", "-aq", "--no-trunc", "--filter", "label=bailiff.owner").split()


def hierarchies(pattern):
    """Matches in every cgroup hierarchy: one below /sys/fs/cgroup with v2, else several."""
    top = pathlib.Path("/sys/fs/cgroup")
    return [*top.glob(pattern), *top.glob("*/" + pattern)]


def cpus_of(containers):
    """The CPUs that some thread of these containers may use, by the host."""
    used = set()
    for group in (group for container in containers for group in hierarchies(f"bailiff/slot*/{container}")):
        for thread in (group / ("cgroup.threads" if (group / "cgroup.threads").exists() else "tasks")).read_text().split():
            try:
                used |= os.sched_getaffinity(int(thread))
            except ProcessLookupError:
                pass
    return used


def left_here(out):
    """What gc says it left that is not another living engine's."""
    return [line for line in out.splitlines() if line.startswith(b"left ") and b" belongs to the Docker daemon at " not in line]


def lease_of(process):
    """The file of the lease of a launcher that is at work, once its container's id stands there."""
    deadline = time.monotonic() + 30 * SLOW
    while time.monotonic() < deadline:
        for lease in pathlib.Path("/run/bailiff/leases").glob("*"):
            if f"container {(our_containers() or ['none'])[0]}" in lease.read_text():
                return lease
    process.kill()
    raise AssertionError("no container")


def traces(patience=10 * SLOW):
    """What is left for good: containerd tidies up a moment after a shim has died."""
    deadline = time.monotonic() + patience
    while (left := traces_now()) and time.monotonic() < deadline:
        time.sleep(0.1)
    return left


def traces_now():
    """What a launcher may leave: containers, cgroups, records of them, and processes of this engine's runtimes, which have
    its directory and a container's id among their arguments, though Docker does not know the container. What launchers
    of another engine's are at work on is theirs."""
    known = set(docker("ps", "-aq", "--no-trunc").split())
    engine = os.path.dirname(os.environ["DOCKER_HOST"].removeprefix("unix://")) + "/"
    lost = []
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().decode(errors="replace")
        except OSError:
            continue
        ids = set(re.findall(r"[0-9a-f]{64}", words))
        if engine in words and ids and not ids & known:
            lost.append(words.replace("\0", " ")[:200])
    records = {lease.name: lease.read_text() for lease in pathlib.Path("/run/bailiff/leases").glob("*")}
    theirs = {name for name, text in records.items() if text and f"socket {engine}" not in text}
    left = {"containers": our_containers(), "processes": lost,
            "slots": [str(slot) for slot in hierarchies("bailiff/slot*") if slot.name.removeprefix("slot") not in theirs],
            "records": [name for name, text in records.items() if text and name not in theirs]}
    return {key: value for key, value in left.items() if value}


class BothRuntimes:
    """What holds whatever the runtime is."""

    def run_spec(self, spec, *arguments, **keywords):
        code, result = run(spec, *arguments, runtime=self.runtime, **keywords)
        self.assertEqual(code, 0, result)
        return result

    def test_a_program_runs_and_is_measured_by_the_host(self):
        result = self.run_spec({"argv": ["/usr/bin/burn", "plain", "500"], "limits": {"cpu_time_ms": 5000, "wall_time_ms": 20000}})
        self.assertEqual(result["status"], "OK", result)
        self.assertEqual(result["sandbox"]["runtime"], self.runtime)
        slot = [other for other in result["cpu_time"]["others"] if other["source"] == "slot"]
        self.assertEqual(len(slot), 1, result["cpu_time"])
        # The program burns 500 ms by its own clock. The guest's goes on while the host has it off the CPU, so that on a
        # busy machine the host counts far less; else its kernel and the supervisor come on top.
        self.assertGreater(slot[0]["ns"], 20e6)
        self.assertLess(slot[0]["ns"], 5000e6)

    def test_files_and_input_go_in_and_output_comes_back(self):
        data = bytes(range(256)) * 100
        with tempfile.NamedTemporaryFile() as file:
            file.write(data)
            file.flush()
            result = self.run_spec({"argv": ["/usr/bin/show", "in.bin"], "files": {"in.bin": {"path": file.name}},
                                    "collect": ["in.bin"], "stdin": {"content": "unread"}})
        self.assertEqual(base64.b64decode(result["files"]["in.bin"]["base64"]), data, result)

    def test_limits_end_a_run(self):
        result = self.run_spec({"argv": ["/usr/bin/burn", "plain", "60000"], "limits": {"cpu_time_ms": 300, "wall_time_ms": 30000}})
        self.assertEqual((result["status"], result["reason"]), ("TLE", "cpu"), result)
        result = self.run_spec({"argv": ["/usr/bin/hog", "main", "300", "5000"], "limits": {"memory_bytes": 64 * MIB, "cpu_time_ms": 20000, "wall_time_ms": 20000}})
        self.assertEqual(result["status"], "MLE", result)

    def test_a_container_out_of_memory_is_a_memory_limit(self):
        result = self.run_spec({"argv": ["/usr/bin/hog", "main", "600", "5000"], "limits": {"memory_bytes": 2048 * MIB, "cpu_time_ms": 60000, "wall_time_ms": 60000}},
                               "--container-memory", str(160 * MIB))
        self.assertEqual((result["status"], result["reason"]), ("MLE", "container_oom"), result)
        self.assertEqual(result["killed_by"], "kernel_oom")

    def test_a_container_on_one_cpu_of_its_own(self):
        last = max(os.sched_getaffinity(0))
        result = self.run_spec({"argv": ["/usr/bin/burn", "threads", "400", "4"], "limits": {"cpu_time_ms": 20000, "wall_time_ms": 40000}},
                               "--cpus", str(last))
        self.assertEqual(result["status"], "OK", result)
        slot = next(other["ns"] for other in result["cpu_time"]["others"] if other["source"] == "slot")
        # Four threads on one CPU: the host cannot have counted more than went by.
        self.assertLess(slot, result["wall_time"]["ns"] + sum(result["overhead"].values()) + 0.1e9, result)
        shown = self.run_spec({"argv": ["/usr/bin/cpus"]}, "--cpus", str(last))
        self.assertEqual((shown["status"], shown["stdout"]["text"]), ("OK", "1"), shown)

    def test_all_of_a_container_is_kept_on_its_cpu(self):
        last = max(os.sched_getaffinity(0))
        process = start("run", "--runtime", self.runtime, "--image", IMAGE, "--cpus", str(last), "-")
        process.stdin.write(json.dumps({"argv": ["/usr/bin/burn", "threads", "60000", "4"], "limits": {"cpu_time_ms": 60000, "wall_time_ms": 3000 * SLOW}}).encode())
        process.stdin.close()
        used = None
        while used != {last} and process.poll() is None:  # it starts with one more, under runsc
            time.sleep(0.05)
            used = cpus_of(our_containers())
        out = process.stdout.read()
        self.assertEqual((process.wait(), used), (0, {last}), out)

    def test_a_bad_key_is_refused_by_name(self):
        code, result = run({"argv": ["/usr/bin/nothing"], "limits": {"cpu_time_ms": 0}}, runtime=self.runtime)
        self.assertEqual((code, result["error"]["key"]), (2, "limits.cpu_time_ms"), result)
        code, result = run({"argv": ["/usr/bin/nothing"], "require": {"memory": "magic"}}, runtime=self.runtime)
        self.assertEqual((code, result["error"]["kind"], result["error"]["key"]), (2, "request", "require.memory"), result)

    def test_a_container_that_is_killed_is_an_internal_error(self):
        process = start("run", "--runtime", self.runtime, "--image", IMAGE, "-")
        process.stdin.write(json.dumps({"argv": ["/usr/bin/burn", "plain", "60000"], "limits": {"cpu_time_ms": 50000, "wall_time_ms": 60000}}).encode())
        process.stdin.close()
        deadline = time.monotonic() + 30 * SLOW
        while not docker("ps", "-q", "--filter", "label=bailiff.owner").split():
            self.assertLess(time.monotonic(), deadline)
        time.sleep(SLOW)
        docker("kill", *our_containers())
        result = json.loads(process.stdout.read())
        process.wait()
        self.assertEqual((result["status"], result["reason"]), ("IE", "launcher"), result)
        self.assertIn("exit code 137", result["reason_detail"])

    def test_interrupted_it_leaves_nothing(self):
        process = start("run", "--runtime", self.runtime, "--image", IMAGE, "-")
        process.stdin.write(json.dumps({"argv": ["/usr/bin/burn", "plain", "60000"], "limits": {"cpu_time_ms": 50000, "wall_time_ms": 60000}}).encode())
        process.stdin.close()
        time.sleep(1.5 * SLOW)
        process.send_signal(signal.SIGTERM)
        out = process.stdout.read()
        self.assertEqual(process.wait(30 * SLOW), 2, out)
        self.assertTrue(json.loads(out)["error"]["message"].startswith("interrupted by a signal, waiting for "), out)

    def tearDown(self):
        self.assertEqual(traces(), {})


class UnderRunsc(BothRuntimes, unittest.TestCase):
    runtime = "runsc"

    def test_no_namespace_is_named_that_gvisor_has_not(self):
        result = self.run_spec({"argv": ["/usr/bin/nothing"]})
        self.assertEqual(result["sandbox"]["namespaces"], ["pid", "mount", "net", "ipc", "uts"], result)


class UnderRunc(BothRuntimes, unittest.TestCase):
    runtime = "runc"

    def test_on_cgroup_v2_the_kernel_holds_memory_and_processes(self):
        v2 = docker("info", "--format", "{{.CgroupVersion}}").strip() == "2"
        limits = {"memory_bytes": 64 * MIB, "cpu_time_ms": 20000, "wall_time_ms": 30000}
        spec = {"argv": ["/usr/bin/hog", "main", "200", "5000"], "limits": limits, "require": {"memory": "cgroup", "processes": "cgroup"}}
        code, result = run(spec, runtime="runc")
        if v2:
            self.assertEqual((code, result["status"], result["reason"]), (0, "MLE", "oom_kill"), result)
            self.assertEqual(result["cpu_time"]["source"], "cgroup", result)
        else:  # nothing is said to be held that is not
            self.assertEqual((code, result["error"]["kind"]), (2, "request"), result)


class Output(unittest.TestCase):
    def test_64_mib_arrive_whole_every_time_under_runsc(self):
        wanted = hashlib.sha256(bytes(range(256)) * (64 * MIB // 256)).hexdigest()
        spec = {"argv": ["/usr/bin/emit", "1", str(64 * MIB), "binary"],
                "limits": {"output_bytes": 64 * MIB, "cpu_time_ms": 60000, "wall_time_ms": 120000}}
        for count in range(OUTPUTS):
            progress(count, "outputs")
            code, result = run(spec)
            out = result["stdout"]
            self.assertEqual((code, result["status"], out["bytes"], out["truncated"]), (0, "OK", 64 * MIB, False),
                             result["reason_detail"])
            self.assertEqual((hashlib.sha256(base64.b64decode(out["base64"])).hexdigest(), out["sha256"]), (wanted, wanted))


class Submissions(unittest.TestCase):
    """The way of a submission, with a "compiler" that needs no image of a gigabyte: what is submitted is a program, and
    compiling it is running one of tests/programs beside it. The real languages: images/."""

    def language(self, compiler):
        folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, folder)
        definition = {"id": "program", "name": "Program", "source": "main", "images": {"compile": IMAGE, "run": IMAGE},
                      "compile": {"argv": compiler, "limits": {"cpu_time_ms": 5000, "wall_time_ms": 30000}, "produces": {"main": "0755"}},
                      "run": {"argv": ["./main"], "limits": {"cpu_time_ms": 500, "wall_time_ms": 20000}},
                      "version": ["/usr/bin/nothing"]}
        (pathlib.Path(folder) / "program").mkdir()
        (pathlib.Path(folder) / "program/language.json").write_text(json.dumps(definition))
        return folder

    def submit(self, compiler, program, *arguments, inputs=()):
        folder = self.language(compiler)
        for name, text in inputs:
            (pathlib.Path(folder) / f"{name}.in").write_bytes(text)
        tests = ["--tests", folder] if inputs else []
        code, out, err = call("submit", "program", f"{PROGRAMS}/{program}", "--images", folder, *tests, *arguments)
        self.assertEqual(traces(), {})
        self.assertEqual(code, 0, (out, err))
        return out

    def test_every_test_gets_its_own_input(self):
        out = json.loads(self.submit(["/usr/bin/nothing"], "copy", "--json", inputs=[("02", b"two"), ("01", b"one"), ("10", b"ten")]))
        self.assertEqual(out["status"], "OK", out)
        self.assertEqual(out["compile"]["status"], "OK")
        self.assertEqual([(t["name"], t["stdout"]["text"]) for t in out["tests"]], [("01", "one"), ("02", "two"), ("10", "ten")])

    def test_one_box_serves_more_runs_than_a_user_may_have_keys(self):
        inputs = [(f"{number:03}", b"ok") for number in range(205)]  # gVisor: 200, never given back
        out = json.loads(self.submit(["/usr/bin/nothing"], "copy", "--json", inputs=inputs))
        self.assertEqual({t["status"] for t in out["tests"]}, {"OK"}, out["tests"][-1])

    def test_a_compiler_that_fails_is_a_compile_error_with_its_message_cut(self):
        out = json.loads(self.submit(["/usr/bin/copy", "300000"], "copy", "--json"))
        self.assertEqual((out["status"], out["tests"]), ("CE", []))
        self.assertEqual(out["compile"]["stderr"]["bytes"], 300000, out["compile"]["status"])
        self.assertTrue(out["compile"]["stderr"]["truncated"])
        self.assertEqual(len(out["compile"]["stderr"]["text"]), 65536)

    def test_the_first_failure_is_the_verdict_and_can_be_the_end(self):
        inputs = [("1", b"ok"), ("2", b"burn"), ("3", b"ok")]
        out = json.loads(self.submit(["/usr/bin/nothing"], "copy", "--json", inputs=inputs))
        self.assertEqual((out["status"], [t["status"] for t in out["tests"]]), ("TLE", ["OK", "TLE", "OK"]))
        out = json.loads(self.submit(["/usr/bin/nothing"], "copy", "--json", "--stop-on-first-failure", inputs=inputs))
        self.assertEqual((out["status"], [t["status"] for t in out["tests"]]), ("TLE", ["OK", "TLE"]))

    def test_a_table_for_people(self):
        out = self.submit(["/usr/bin/nothing"], "copy", inputs=[("1", b"ok")]).decode()
        self.assertIn("verdict: OK", out)
        self.assertRegex(out, r"(?m)^1 +OK +[0-9.]+ ms +[0-9.]+ ms")


class Languages(unittest.TestCase):
    """Real ones, in their images, by default: under runsc."""
    examples = TREE / "docs/examples"

    def submit(self, *arguments):
        code, out, err = call("submit", "--json", *arguments)
        self.assertEqual(traces(), {})
        self.assertEqual(code, 0, (out, err))
        return json.loads(out)

    def test_cpp_with_a_directory_of_tests(self):
        with tempfile.TemporaryDirectory() as folder:
            for name, text in (("1", "5\n3 1 4 1 5\n"), ("2", "3\n3 2 1\n"), ("3", "1\n1\n")):
                (pathlib.Path(folder) / f"{name}.in").write_text(text)
                (pathlib.Path(folder) / f"{name}.out").write_text("the judge's business")
            out = self.submit("cpp", str(self.examples / "inversions.cc"), "--tests", folder)
        self.assertEqual([(t["name"], t["status"], t["stdout"]["text"]) for t in out["tests"]],
                         [("1", "OK", "3\n"), ("2", "OK", "3\n"), ("3", "OK", "0\n")], out)
        self.assertEqual({t["sandbox"]["runtime"] for t in out["tests"]} | {out["compile"]["sandbox"]["runtime"]}, {"runsc"})

    def test_cpp_of_several_files_with_limits_for_each_step(self):
        spec = {"language": "cpp", "files": {
            "main.cc": {"content": '#include "work.h"\n#include <iostream>\nint main() { int n; std::cin >> n; work(n); }'},
            "work.h": {"content": "void work(int n);"},
            "-work.cpp": {"content": '#include "work.h"\n#include <fstream>\n#include <vector>\n#include <unistd.h>\n'
                          "void work(int n) {\n"
                          "  std::ofstream(\"n.txt\") << n;\n"
                          "  if (n == 1) for (;;) {}\n"
                          "  if (n == 2) sleep(60);\n"
                          "  if (n == 3) for (static std::vector<char> all(256 << 20, 1);;) {}\n}"}},
                "compile": {"limits": {"cpu_time_ms": 60000, "wall_time_ms": 120000}},
                "tests": [{"name": "a", "stdin": {"content": "0"}, "collect": ["n.txt"]},
                          {"name": "b", "stdin": {"content": "1"}, "limits": {"cpu_time_ms": 300, "wall_time_ms": 60000}},
                          {"name": "c", "stdin": {"content": "2"}, "limits": {"wall_time_ms": 500}},
                          {"name": "d", "stdin": {"content": "3"},
                           "limits": {"memory_bytes": 64 * MIB, "cpu_time_ms": None, "wall_time_ms": 60000}},
                          {"name": "e", "stdin": {"base64": "NA=="}, "limits": {"disk_bytes": MIB}, "collect": ["n.txt", "none"]}]}
        code, out, err = call("submit", "--spec", "-", stdin=json.dumps(spec).encode())
        self.assertEqual(traces(), {})
        self.assertEqual(code, 0, (out, err))
        result = json.loads(out)
        self.assertEqual(validate.problems(validate.validator(TREE / "docs/submit-result.schema.json"), result), [])
        self.assertEqual([(t["name"], t["status"], t["reason"]) for t in result["tests"]],
                         [("a", "OK", None), ("b", "TLE", "cpu"), ("c", "TLE", "wall"), ("d", "MLE", "peak"), ("e", "FE", "copy_out_missing")])
        self.assertEqual([t["files"] for t in (result["tests"][0], result["tests"][4])],
                         [{"n.txt": {"text": "0"}}, {"n.txt": {"text": "4"}, "none": {"error": "missing"}}])
        self.assertEqual((result["status"], result["tests"][1]["sandbox"]["runtime"]), ("TLE", "runsc"))
        spec["compile"] = {"limits": {"cpu_time_ms": 20}}
        code, out, err = call("submit", "--spec", "-", stdin=json.dumps(spec).encode())
        result = json.loads(out)
        self.assertEqual((code, result["status"], result["compile"]["reason"], result["tests"]), (0, "CE", "cpu", []))

    def test_a_limit_that_gvisor_cannot_hold_is_refused_by_its_key(self):
        spec = {"language": "python", "files": {"a.py": {"content": ""}},
                "tests": [{"name": "1"}, {"name": "2", "limits": {"disk_inodes": 100}}]}
        code, out, err = call("submit", "--spec", "-", stdin=json.dumps(spec).encode())
        self.assertEqual(traces(), {})
        error = json.loads(out)["error"]
        self.assertEqual((code, error["kind"], error["key"]), (2, "request", "tests[1].limits.disk_inodes"), error)
        self.assertIn("leave it out", error["message"])

    def several(self, language, sources):
        with tempfile.TemporaryDirectory() as folder:
            for name, text in sources.items():
                (pathlib.Path(folder) / name).write_text(text)
            out = self.submit(language, *(f"{folder}/{name}" for name in sources))
        self.assertEqual((out["status"], [t["stdout"]["text"] for t in out["tests"]]), ("OK", ["42\n"]), out)

    def test_several_files_of_c_go_java_and_kotlin(self):
        self.several("c", {"a.c": '#include <stdio.h>\nint twice(int);\nint main() { printf("%d\\n", twice(21)); }\n',
                           "@b.c": "int twice(int n) { return 2 * n; }\n"})
        self.several("go", {"start.go": 'package main\nimport "fmt"\nfunc main() { fmt.Println(twice(21)) }\n',
                            "b.go": "package main\nfunc twice(n int) int { return 2 * n }\n"})
        self.several("java", {"-J.java": "class Twice { static int of(int n) { return 2 * n; } }\n",
                              "Main.java": "class Main { public static void main(String[] a) { System.out.println(Twice.of(21)); } }\n"})
        self.several("kotlin", {"start.kt": "fun main() { println(twice(21)) }\n", "-b.kt": "fun twice(n: Int) = 2 * n\n"})

    def test_cpp_that_does_not_compile(self):
        with tempfile.NamedTemporaryFile(suffix=".cc") as file:
            file.write(b"int main() { return undeclared_name; }\n")
            file.flush()
            out = self.submit("cpp", file.name)
        self.assertEqual((out["status"], out["tests"]), ("CE", []))
        self.assertIn("undeclared_name", out["compile"]["stderr"]["text"])

    def test_c_under_runc(self):
        out = self.submit("c", str(self.examples / "hello.c"), "--runtime", "runc")
        self.assertEqual((out["status"], out["tests"][0]["stdout"]["text"]), ("OK", "Hello from the box\n"), out)

    def test_python(self):
        with tempfile.NamedTemporaryFile() as file:
            file.write(b"3\n3 2 1\n")
            file.flush()
            out = self.submit("python", str(self.examples / "inversions.py"), "--stdin", file.name)
        self.assertEqual((out["status"], out["compile"], out["tests"][0]["stdout"]["text"]), ("OK", None, "3\n"), out)


class BadInput(unittest.TestCase):
    def refused(self, *arguments, stdin=b'{"argv":["/usr/bin/nothing"]}', env=None):
        code, out, err = call(*arguments, stdin=stdin, env=env)
        self.assertEqual(code, 2, (out, err))
        self.assertEqual(traces(), {})
        return json.loads(out)["error"]

    def test_docker_is_not_running(self):
        error = self.refused("--docker", "/nonexistent/socket", "run", "--image", IMAGE, "-")
        self.assertIn("Docker is not running", error["message"])

    def test_the_socket_is_named_before_a_subcommand_or_after_with_or_without_its_scheme(self):
        for address in ("/nonexistent/socket", "unix:///nonexistent/socket"):
            for words in (("--docker", address, "check"), ("check", "--docker", address), ("images", "list", "--docker", address)):
                code, out, err = call(*words)
                self.assertIn(b"/nonexistent/socket: No such file", out, words)
                self.assertNotIn(b"unix:/", out, words)
                self.assertEqual((code, err), (2, b""), words)

    def test_a_docker_that_is_not_on_this_host_is_refused_by_name(self):
        elsewhere = {**os.environ, "DOCKER_HOST": "tcp://127.0.0.1:2375"}
        self.assertEqual(self.refused("run", "--image", IMAGE, "-", env=elsewhere)["key"], "DOCKER_HOST")
        self.assertEqual(self.refused("gc", "--docker", "tcp://127.0.0.1:2375")["key"], "--docker")
        self.assertEqual(call("version", env=elsewhere)[0], 0)
        self.assertEqual(call("--version"), call("version"))

    def test_no_permission_for_the_socket(self):
        self.assertEqual(os.geteuid(), 0)
        with tempfile.TemporaryDirectory() as folder:  # the real one is in a directory only root may enter
            os.chmod(folder, 0o755)
            bailiff = shutil.copy(BAILIFF, folder)
            done = subprocess.run([bailiff, "--docker", os.environ["DOCKER_HOST"].removeprefix("unix://"), "check"],
                                  user=65534, group=65534, extra_groups=[], capture_output=True, timeout=60, cwd=folder)
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"no permission to use Docker", done.stdout)

    def test_unknown_image(self):
        for image, fix in (("bailiff-no-such", "docker pull"), ("bailiff/such-compile", "bailiff images build such")):
            self.assertIn(fix, self.refused("run", "--image", image, "-")["message"])

    def test_image_that_is_not_on_the_allow_list(self):
        self.assertIn("allow-list", self.refused("run", "--image", STRANGER, "-")["message"])
        code, result = run({"argv": ["/usr/bin/nothing"]}, "--allow-image", STRANGER, image=STRANGER, runtime="runc")
        self.assertEqual((code, result["status"]), (0, "OK"), result)

    def test_image_without_a_supervisor(self):
        self.assertIn("bailiff-supervisor", self.refused("run", "--runtime", "runc", "--image", EMPTY, "-")["message"])
        self.assertIn("bailiff-supervisor", self.refused("run", "--image", EMPTY, "-")["message"])

    def test_image_whose_entry_point_is_another_program(self):
        self.assertIn("did not say hello", self.refused("run", "--runtime", "runc", "--image", SILENT, "-")["message"])

    def test_runtime_that_is_not_registered(self):
        self.assertIn("no runtime kata", self.refused("run", "--runtime", "kata", "--image", IMAGE, "-")["message"])

    def test_unknown_language(self):
        self.assertEqual(self.refused("submit", "klingon", "/dev/null")["key"], "LANG")

    def test_bad_spec(self):
        self.assertEqual(self.refused("run", "--image", IMAGE, "-", stdin=b"{")["kind"], "request")
        self.assertEqual(self.refused("run", "--image", IMAGE, "/nonexistent.json")["key"], "SPEC")

    def test_bad_command_line(self):
        self.assertEqual(call("run")[0], 64)
        self.assertEqual(call()[0], 64)


class Check(unittest.TestCase):
    def test_says_what_this_host_has(self):
        code, out, _ = call("check", "--json")
        report = json.loads(out)
        self.assertEqual((code, report["usable"]), (0, True), report)
        rows = {row["name"]: row for row in report["checks"]}
        self.assertTrue(rows["runtime runsc"]["good"])
        self.assertTrue(rows["slots"]["good"], rows["slots"])
        images = docker("images", "--quiet", "--filter", "label=bailiff.step=run", "--filter", "dangling=false").split()
        languages = {docker("inspect", "--format", '{{index .Config.Labels "bailiff.language"}}', one).strip() for one in images}
        self.assertEqual(rows["images"]["good"], bool(languages), rows["images"])
        self.assertEqual({one for one in rows["images"]["detail"].split(", ") if languages}, languages)
        v2 = docker("info", "--format", "{{.CgroupVersion}}").strip() == "2"
        self.assertEqual(rows["delegation to runc"]["good"], v2, rows)
        self.assertTrue(rows["cpus"]["good"], rows["cpus"])
        code, out, _ = call("check", "--json", "--runtime", "kata")
        report = json.loads(out)
        self.assertEqual((code, report["usable"]), (2, False))
        for row in report["checks"]:
            self.assertEqual(row["good"], row["fix"] is None, row)


class Placement(unittest.TestCase):
    """Which CPU a container has, and whose turn it is there. Of the last CPU, as engines of others prefer the first."""
    last = str(max(os.sched_getaffinity(0)))
    busy = {"argv": ["/usr/bin/burn", "plain", "900000"], "limits": {"cpu_time_ms": 800000, "wall_time_ms": 900000}}

    def begin(self, spec, *arguments, runtime="runc"):
        process = start("run", "--runtime", runtime, "--image", IMAGE, *arguments, "-")
        process.stdin.write(json.dumps(spec).encode())
        process.stdin.close()
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)  # before
        return process

    def until(self, what):
        deadline = time.monotonic() + 60 * SLOW
        while not what():
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.02)

    def taken(self, name):
        try:
            with open(f"/run/bailiff/cpus/{name}", "rb") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except FileNotFoundError:
            pass
        return False

    def allowed(self):
        """The CPUs of every process in our slots: the container's, the supervisor's boxes and programs."""
        lists = []
        for lease in pathlib.Path("/run/bailiff/leases").glob("*"):
            if not any(f"container {container}" in lease.read_text() for container in our_containers()):
                continue
            for group in hierarchies(f"bailiff/slot{lease.name}/**/cgroup.procs"):
                for pid in group.read_text().split():
                    status = pathlib.Path(f"/proc/{pid}/status")
                    lists += re.findall(r"^Cpus_allowed_list:\s*(\S+)$", status.read_text() if status.exists() else "", re.M)
        return lists

    def test_runs_on_one_cpu_take_turns(self):
        # Under runc the clock a program prints is the host's.
        spec = {"argv": ["/usr/bin/bit", "hold", "umask", "700"], "limits": {"wall_time_ms": 20000}}
        launchers = [self.begin(spec, "--cpus", self.last) for _ in range(3)]
        results = [json.loads(launcher.stdout.read()) for launcher in launchers]
        self.assertEqual([result["status"] for result in results], ["OK"] * 3, results)
        spans = sorted(tuple(map(int, result["stdout"]["text"].split())) for result in results)
        for (_, end), (begin, _) in zip(spans, spans[1:]):
            self.assertGreaterEqual(begin, end, spans)

    def test_each_container_has_a_cpu_of_its_own_while_there_are_any(self):
        launchers = [self.begin(self.busy, runtime=runtime) for runtime in ("runc", "runsc")]
        self.until(lambda: len(docker("ps", "-q", "--filter", "label=bailiff.owner").split()) == 2)
        self.until(lambda: all(len(cpus_of([container])) == 1 for container in our_containers()))
        cpus = [str(cpu) for container in our_containers() for cpu in cpus_of([container])]
        usable = [str(cpu) for cpu in sorted(os.sched_getaffinity(0))]
        self.assertEqual(len(set(cpus)), min(2, len(usable)), cpus)
        self.assertLessEqual(set(cpus), set(usable))
        self.until(lambda: all(map(self.taken, cpus)))
        self.assertEqual(set(self.allowed()), set(cpus))
        for launcher in launchers:
            launcher.terminate()
            launcher.wait()

    def test_threads_share_the_one_cpu_of_a_container_unless_it_has_all(self):
        spec = {"argv": ["/usr/bin/burn", "threads", "600", "4"], "limits": {"cpu_time_ms": 20000, "wall_time_ms": 40000}}
        usable = len(os.sched_getaffinity(0))
        for arguments, expected in (((), 1), (("--cpus", "all"), usable)):
            launcher = self.begin(spec, *arguments)
            self.until(our_containers)
            cpus = docker("inspect", "--format", "{{.HostConfig.CpusetCpus}}.", our_containers()[0]).strip()
            result = json.loads(launcher.stdout.read())
            self.assertEqual((cpus == ".", result["status"]), (bool(arguments), "OK"), (cpus, result))
            slot = next(other["ns"] for other in result["cpu_time"]["others"] if other["source"] == "slot")
            self.assertLess(slot, expected * (result["wall_time"]["ns"] + sum(result["overhead"].values()) + 0.1e9), result)

    def test_interrupted_while_it_waits_for_its_cpu_it_leaves_nothing(self):
        holder = self.begin(self.busy, "--cpus", self.last)
        self.until(lambda: self.taken(self.last))
        waiting = self.begin(self.busy, "--cpus", self.last, runtime="runsc")
        self.until(lambda: self.taken(self.last + ".next"))
        waiting.send_signal(signal.SIGINT)
        out = waiting.stdout.read()
        self.assertEqual(waiting.wait(30 * SLOW), 2, out)
        self.assertIn(f"waiting for CPU {self.last}, where another run goes on", json.loads(out)["error"]["message"])
        self.assertFalse(self.taken(self.last + ".next"))
        self.assertEqual(len(our_containers()), 1)
        holder.terminate()
        holder.wait()

    def test_a_launcher_that_is_killed_holds_no_cpu(self):
        holder = self.begin(self.busy, "--cpus", self.last)
        self.until(lambda: self.taken(self.last))
        waiting = self.begin({"argv": ["/usr/bin/nothing"]}, "--cpus", self.last)
        self.until(lambda: self.taken(self.last + ".next"))
        holder.kill()
        self.assertEqual(json.loads(waiting.stdout.read())["status"], "OK")
        waiting.wait()
        call("gc")

    def test_nonsense_is_refused(self):
        code, result = run({"argv": ["/usr/bin/nothing"]}, "--cpus", "two", runtime="runc")
        self.assertEqual((code, result["error"]["key"]), (2, "--cpus"), result)
        code, result = run({"argv": ["/usr/bin/nothing"]}, "--cpus", "8000", runtime="runc")
        self.assertEqual((code, result["error"]["kind"]), (2, "host"), result)

    def tearDown(self):
        self.doCleanups()
        self.assertEqual(traces(), {})


class Garbage(unittest.TestCase):
    def test_launchers_killed_at_random_leave_nothing_after_gc(self):
        # A stranger's container, running, in a cgroup beside ours, is as it was afterwards.
        stranger = docker("run", "--detach", "--interactive", "--label", "mine=1", "--runtime", "runsc", "--network", "none",
                          "--cgroup-parent", "/bailiff-stranger", IMAGE, "serve").strip()
        started = docker("inspect", "--format", "{{.State.Pid}} {{.State.StartedAt}} {{.State.Running}}", stranger)
        try:
            seed = int.from_bytes(os.urandom(4), "little")
            rng = random.Random(seed)
            spec = json.dumps({"argv": ["/usr/bin/burn", "plain", "60000"], "limits": {"cpu_time_ms": 50000, "wall_time_ms": 60000}}).encode()
            for count in range(0, KILLS, 2):  # two at once, so that slots are shared out
                progress(count, "launchers killed")
                pair = [start("run", "--runtime", rng.choice(["runsc", "runsc", "runc"]), "--image", IMAGE, "-") for _ in range(2)]
                for process in pair:
                    process.stdin.write(spec)
                    process.stdin.close()
                time.sleep(rng.uniform(0, 1.2 * SLOW))
                for process in pair:
                    process.kill()
                    process.stdout.close()
                    process.stderr.close()
                    process.wait()
            code, out, err = call("gc")
            self.assertEqual(code, 0, (out, err))
            self.assertEqual(traces(), {}, f"seed {seed}: {out}")
            self.assertEqual(left_here(out), [])
            self.assertEqual(docker("inspect", "--format", "{{.State.Pid}} {{.State.StartedAt}} {{.State.Running}}", stranger), started)
            self.assertEqual(call("gc")[1].splitlines()[-1], b"0 removed")
        finally:
            docker("rm", "-f", stranger)
            for group in hierarchies("bailiff-stranger"):
                group.rmdir()

    def test_what_another_daemon_started_goes_once_that_daemon_is_gone(self):
        lease = pathlib.Path("/run/bailiff/leases/77")
        top = pathlib.Path("/sys/fs/cgroup")
        slot = (top / "memory" if (top / "memory").is_dir() else top) / "bailiff/slot77"
        container = os.urandom(32).hex()
        with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as daemon:
            path = folder + "/docker.sock"
            daemon.bind(path)
            daemon.listen(16)
            lease.parent.mkdir(parents=True, exist_ok=True)
            lease.write_text(f"socket {path}\nname bailiff-0\ncontainer {container}\nslot /bailiff/slot77\n")
            slot.mkdir(parents=True)
            sandbox = subprocess.Popen(["runsc", "-c", "import time; time.sleep(60)", container], executable="/usr/bin/python3")
            try:
                self.assertIn(f"left lease 77: bailiff-0 belongs to the Docker daemon at {path}".encode(), call("gc")[1])
                self.assertTrue(slot.is_dir() and sandbox.poll() is None)
                daemon.close()  # its socket's file stays, as when it was killed
                out = call("gc")[1]
                self.assertIn(b"removed slot /bailiff/slot77", out)
                self.assertEqual((slot.exists(), lease.read_text(), sandbox.wait(10)), (False, "", -signal.SIGKILL), out)
            finally:
                sandbox.kill()
                sandbox.wait()
                lease.write_text("")
                if slot.is_dir():
                    slot.rmdir()

    def test_a_slot_that_cannot_be_removed_stays_on_record_for_gc(self):
        process = start("run", "--runtime", "runc", "--image", IMAGE, "-")
        process.stdin.write(json.dumps({"argv": ["/usr/bin/burn", "plain", "60000"], "limits": {"cpu_time_ms": 50000, "wall_time_ms": 60000}}).encode())
        process.stdin.close()
        lease = lease_of(process)
        slot = next(slot for slot in hierarchies(f"bailiff/slot{lease.name}") if (slot / "cgroup.procs").exists())
        stranger = subprocess.Popen(["/usr/bin/sleep", "60"])
        try:
            (slot / "kept").mkdir()
            (slot / "kept/cgroup.procs").write_text(str(stranger.pid))
            process.terminate()
            process.stdout.read()
            process.wait()
            self.assertIn(f"slot /bailiff/slot{lease.name}", lease.read_text())
            self.assertIn(f"removed slot /bailiff/slot{lease.name}".encode(), call("gc")[1])
            self.assertEqual((slot.exists(), lease.read_text(), traces()), (False, "", {}))
        finally:
            stranger.kill()
            stranger.wait()
            for group in (slot / "kept", slot):
                if group.is_dir():
                    group.rmdir()

    def test_gc_leaves_a_living_launcher_alone(self):
        process = start("run", "--runtime", "runc", "--image", IMAGE, "-")
        process.stdin.write(json.dumps({"argv": ["/usr/bin/burn", "plain", "2000"], "limits": {"cpu_time_ms": 50000, "wall_time_ms": 60000}}).encode())
        process.stdin.close()
        deadline = time.monotonic() + 30 * SLOW
        while not our_containers():
            self.assertLess(time.monotonic(), deadline)
        self.assertEqual(call("gc")[1].splitlines()[-1], b"0 removed")
        self.assertEqual(json.loads(process.stdout.read())["status"], "OK")
        process.wait()


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[4:]], warnings="ignore")
