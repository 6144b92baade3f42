#!/usr/bin/python3
"""`bailiff submit --runtime native`, with real boxes on this machine: submit_test.py BAILIFF TREE [unittest arguments].
What is answered fits its schema, and the example of docs/submit-spec.md is true. The same in containers:
tests/docker/launcher_test.py."""
import base64
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

BAILIFF, TREE = sys.argv[1], pathlib.Path(sys.argv[2])
sys.path.insert(0, str(TREE / "tests/support"))
import validate  # noqa: E402

DOCS = TREE / "docs"
RESULT, ERROR = (validate.validator(DOCS / f"{name}.schema.json") for name in ("submit-result", "error"))

UNLIMITED = {"cpu_time_ms": None, "wall_time_ms": 20000}


def bailiff(*arguments, stdin=b""):
    """Exit code and standard output of `bailiff submit …`; what is JSON has to fit its schema."""
    done = subprocess.run([BAILIFF, "submit", "--runtime", "native", *arguments], input=stdin, capture_output=True,
                          timeout=110)
    if done.stdout.startswith(b"{"):
        document = validate.strict(done.stdout.decode())
        problems = validate.problems(ERROR if "error" in document else RESULT, document)
        if problems or done.stdout.count(b"\n") != 1:
            raise AssertionError(f"{problems}: {done.stdout[:2000]}")
        return done.returncode, document
    return done.returncode, done.stdout.decode()


class Submission(unittest.TestCase):
    """Two languages: one whose compiler runs the file `step`, if there is one, and joins the sources into one shell
    script; and a shell, without. CPU time is unlimited where a test gives a limit of it."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)
        compiler = '[ ! -e step ] || . ./step; cat "$@" >main'
        self.define("joined", {"compile": {"argv": ["/bin/sh", "-c", compiler, "sh", "{sources}"], "sources": [".sh", ".ksh"],
                                           "limits": UNLIMITED, "produces": {"main": "0644"}},
                               "images": {"compile": "none", "run": "none"},
                               "run": {"argv": ["/bin/sh", "main"], "limits": {"cpu_time_ms": 2000, "wall_time_ms": 20000}}})
        self.define("shell", {"images": {"run": "none"}, "run": {"argv": ["/bin/sh", "main.sh"], "limits": UNLIMITED}})

    def define(self, name, more):
        (self.folder / name).mkdir()
        (self.folder / name / "language.json").write_text(json.dumps(
            {"id": name, "name": name.title(), "source": "main.sh", "version": ["/bin/true"], **more}))

    def file(self, name, content=""):
        (self.folder / name).write_text(content)
        return str(self.folder / name)

    def submit(self, spec):
        """A SubmitSpec of `spec`, whose files may be given as text."""
        files = {name: file if isinstance(file, dict) else {"content": file} for name, file in spec["files"].items()}
        spec = {"language": "joined", "tests": [{"name": "1"}], **spec, "files": files}
        code, answer = bailiff("--images", str(self.folder), "--spec", "-", stdin=json.dumps(spec).encode())
        self.assertEqual(code, 2 if "error" in answer else 0, answer)
        return answer

    def refused(self, spec, key):
        answer = self.submit(spec)
        self.assertIn("error", answer)
        self.assertEqual((answer["error"]["kind"], answer["error"]["key"]), ("request", key), answer)
        return answer["error"]["message"]

    def statuses(self, answer):
        self.assertNotIn("error", answer)
        return [(test["name"], test["status"], test["reason"]) for test in answer["tests"]]


class Limits(Submission):
    SCRIPT = 'read what; case "$what" in burn) while :; do :; done;; sleep) sleep 1;; *) eval "$what";; esac'

    def test_each_test_has_its_own(self):
        def test(name, what, **limits):
            return {"name": name, "stdin": {"content": what + "\n"}, "limits": limits}

        answer = self.submit({"files": {"main.sh": self.SCRIPT}, "tests": [
            test("cpu", "burn", cpu_time_ms=100),
            test("none", "sleep"),
            test("wall", "sleep", wall_time_ms=200),
            test("output", "echo 123456789", output_bytes=5),
            test("as much as it may", "echo 1234", output_bytes=5),
            test("file", "echo 123456789 >f", file_size_bytes=5),
            test("disk", "head -c 100000 /dev/zero >f", disk_bytes=65536),
            test("larger disk", "head -c 100000 /dev/zero >f; wc -c <f", disk_bytes=1 << 20),
            test("same disk", "ls", disk_bytes=1 << 20),
            test("inodes", "mkdir 1 2 3 4 5 6 7 8 9", disk_inodes=9)]})
        self.assertEqual(self.statuses(answer), [
            ("cpu", "TLE", "cpu"), ("none", "OK", None), ("wall", "TLE", "wall"), ("output", "OLE", "stdout"),
            ("as much as it may", "OK", None), ("file", "OLE", "file_size"), ("disk", "OLE", "disk"),
            ("larger disk", "OK", None), ("same disk", "OK", None), ("inodes", "OLE", "inodes")])
        self.assertEqual(answer["status"], "TLE")
        self.assertEqual(answer["tests"][7]["stdout"]["text"].strip(), "100000")
        self.assertEqual(answer["tests"][8]["stdout"]["text"], "main\n")  # nothing of the test before

    def test_that_are_not_given_are_the_languages(self):
        answer = self.submit({"files": {"main.sh": "ulimit -n; ulimit -s"}, "tests": [
            {"name": "given", "limits": {"open_files": 20, "stack_bytes": 1 << 20}}, {"name": "not given"}]})
        self.assertEqual([test["stdout"]["text"] for test in answer["tests"]], ["20\n1024\n", "64\n262144\n"])
        answer = self.submit({"files": {"main.sh": "while :; do :; done"}})  # 2000 ms in language.json
        self.assertEqual(self.statuses(answer), [("1", "TLE", "cpu")])
        self.assertGreaterEqual(answer["tests"][0]["cpu_time"]["ns"], 2_000_000_000)

    def test_the_compilers_end_it_as_a_compile_error(self):
        burn = {"main.sh": "", "step": "while :; do :; done"}
        answer = self.submit({"files": burn, "compile": {"limits": {"cpu_time_ms": 100}}})
        self.assertEqual((answer["status"], answer["compile"]["reason"], answer["tests"]), ("CE", "cpu", []))
        answer = self.submit({"files": {"main.sh": "echo x"}, "compile": {"limits": {"cpu_time_ms": 100}}})
        self.assertEqual(answer["status"], "OK")

    def test_that_cannot_be_held_are_errors_with_their_key(self):
        big = {"content": "#" * 100_000}
        tests = [{"name": "1"}, {"name": "2", "limits": {"disk_bytes": 65536}}]
        message = self.refused({"files": {"main.sh": big}, "tests": tests}, "tests[1].limits.disk_bytes")
        self.assertIn("does not fit", message)
        self.refused({"files": {"main.sh": big}, "compile": {"limits": {"disk_bytes": 65536}}}, "compile.limits.disk_bytes")
        self.refused({"files": {"main.sh": ""}, "tests": [{"name": "1", "collect": ["a"], "limits": {"disk_bytes": 1 << 46}}]},
                     "tests[0].limits.output_bytes")

    def test_for_a_compiler_that_there_is_not_are_refused(self):
        message = self.refused({"language": "shell", "files": {"main.sh": ""}, "compile": {"limits": {"memory_bytes": 1 << 20}}},
                               "compile.limits.memory_bytes")
        self.assertIn("Shell is not compiled", message)
        answer = self.submit({"language": "shell", "files": {"main.sh": "echo x"}, "compile": {}})
        self.assertEqual((answer["status"], answer["compile"]), ("OK", None))

    def test_of_the_command_line_are_every_tests(self):
        script = self.file("burn.sh", "while :; do :; done")
        for name in ("1.in", "2.in"):
            self.file(name)
        common = ("--images", str(self.folder), "--json", "shell", script, "--tests", str(self.folder))
        _, answer = bailiff(*common, "--cpu-time-ms", "100")
        self.assertEqual(self.statuses(answer), [("1", "TLE", "cpu"), ("2", "TLE", "cpu")])
        _, answer = bailiff(*common, "--wall-time-ms", "100", "--cpu-time-ms", "null", "--memory-bytes", "67108864")
        self.assertEqual(self.statuses(answer), [("1", "TLE", "wall"), ("2", "TLE", "wall")])
        self.assertEqual(answer["tests"][0]["enforced"]["cpu_time"], "unlimited")
        for flag, value in (("--cpu-time-ms", "0"), ("--wall-time-ms", "null"), ("--memory-bytes", "-1"), ("--memory-bytes", "1e6")):
            code, answer = bailiff(*common, flag, value)
            self.assertEqual((code, answer["error"]["kind"], answer["error"]["key"]), (2, "request", flag), answer)


class Files(Submission):
    def test_are_collected_for_the_tests_that_name_them(self):
        answer = self.submit({"files": {"main.sh": r"mkdir d; printf '\377' >d/a; echo b >b"}, "tests": [
            {"name": "1", "collect": ["d/a", "b"]}, {"name": "2"}, {"name": "3", "collect": ["c"]}]})
        self.assertEqual([test["files"] for test in answer["tests"]],
                         [{"b": {"text": "b\n"}, "d/a": {"base64": "/w=="}}, {}, {"c": {"error": "missing"}}])
        self.assertEqual((answer["status"], self.statuses(answer)[2]), ("FE", ("3", "FE", "copy_out_missing")))

    def test_and_input_come_as_text_as_base64_or_by_path(self):
        data = bytes(range(256)) * 5000
        (self.folder / "data").write_bytes(data)
        by_path = {"path": str(self.folder / "data")}
        answer = self.submit({"language": "shell", "files": {"main.sh": "cat; cat d >e", "d": by_path}, "tests": [
            {"name": "path", "stdin": by_path, "collect": ["e"]},
            {"name": "base64", "stdin": {"base64": base64.b64encode(data).decode()}},
            {"name": "text", "stdin": {"content": "a\0b"}},
            {"name": "none"}]})
        self.assertEqual([base64.b64decode(test["stdout"].get("base64", "")) or test["stdout"]["text"].encode() for test in answer["tests"]],
                         [data, data, b"a\0b", b""])
        self.assertEqual(base64.b64decode(answer["tests"][0]["files"]["e"]["base64"]), data)
        missing = {"path": str(self.folder / "missing")}
        self.refused({"files": {"main.sh": missing}}, "files.main.sh.path")
        self.refused({"files": {"main.sh": ""}, "tests": [{"name": "1"}, {"name": "2", "stdin": missing}]}, "tests[1].stdin.path")

    def test_an_only_one_is_the_source_whatever_its_name(self):
        for name in ("solution.txt", "-rf", "a/b.sh"):
            answer = self.submit({"files": {name: "echo $0"}, "language": "shell"})
            self.assertEqual(answer["tests"][0]["stdout"].get("text"), "main.sh\n", answer)

    def test_of_several_the_sources_are_compiled_and_no_name_is_an_option(self):
        files = {"main.sh": "echo main\n", "-e.sh": "echo dash\n", "@at.ksh": "echo at\n", "lib/x.sh": "echo x\n",
                 "$(exit).sh": "echo dollar\n", "a b\n.sh": "echo space\n", "notes.txt": "exit 1", "main.sh.bak": "exit 1"}
        answer = self.submit({"files": files})
        self.assertEqual(answer["status"], "OK", answer)
        self.assertEqual(sorted(answer["tests"][0]["stdout"]["text"].split()), ["at", "dash", "dollar", "main", "space", "x"])

    def test_of_several_none_of_which_can_be_the_program_are_refused_by_name(self):
        self.assertIn("a.txt, b.txt", self.refused({"files": {"a.txt": "", "b.txt": ""}}, "files"))
        message = self.refused({"language": "shell", "files": {"a.sh": "", "b.sh": ""}}, "files")
        self.assertEqual(message, "Shell starts at main.sh, which is not among: a.sh, b.sh")
        answer = self.submit({"language": "shell", "files": {"a.sh": "echo a", "main.sh": ". ./a.sh"}})
        self.assertEqual(answer["tests"][0]["stdout"]["text"], "a\n")

    def test_of_the_command_line(self):
        common = ("--images", str(self.folder), "--json")
        (self.folder / "lib").mkdir()
        sources = self.file("a.sh", "echo a\n"), self.file("lib/-b.ksh", "echo b\n"), self.file("c.h", "exit 1")
        _, answer = bailiff(*common, "joined", *sources)
        self.assertEqual(answer["tests"][0]["stdout"].get("text"), "b\na\n", answer)
        again = self.file("lib/a.sh")
        code, answer = bailiff(*common, "joined", sources[0], again)
        self.assertEqual((code, answer["error"]["key"]), (2, again), answer)
        code, answer = bailiff(*common, "shell", *sources)
        self.assertEqual((code, answer["error"]["key"]), (2, "files"), answer)


class Whole(Submission):
    def test_the_example_of_the_docs_is_true(self):
        spec, told = (json.loads(text) for text in
                      re.findall(r"^```json\n(.*?)^```", (DOCS / "submit-spec.md").read_text(), re.M | re.S))
        code, answer = bailiff("--images", str(TREE / "images"), "--spec", "-", stdin=json.dumps(spec).encode())
        self.assertEqual(code, 0, answer)

        def gist(run):
            return {key: run[key] for key in ("status", "reason", "exit_code", "stdout", "files")}

        self.assertEqual((answer["status"], gist(answer["compile"])), (told["status"], gist(told["compile"])), answer["compile"]["stderr"])
        self.assertEqual([(test["name"], gist(test)) for test in answer["tests"]],
                         [(test["name"], gist(test)) for test in told["tests"]])

    def test_stops_at_the_first_failure_when_told_to(self):
        spec = {"files": {"main.sh": "read a; exit $a"}, "tests": [
            {"name": str(number), "stdin": {"content": f"{number}\n"}} for number in (0, 3, 4)]}
        answer = self.submit(spec)
        self.assertEqual((answer["status"], [test["exit_code"] for test in answer["tests"]]), ("RE", [0, 3, 4]))
        answer = self.submit({**spec, "stop_on_first_failure": True})
        self.assertEqual((answer["status"], [test["exit_code"] for test in answer["tests"]]), ("RE", [0, 3]))

    def test_a_file_has_the_spec(self):
        path = self.file("spec.json", json.dumps({"language": "shell", "files": {"x": {"content": "cat"}}, "tests": [{"name": "1"}]}))
        self.assertEqual(bailiff("--images", str(self.folder), "--spec", path)[1]["status"], "OK")
        code, answer = bailiff("--spec", str(self.folder / "nonesuch"))
        self.assertEqual((code, answer["error"]["kind"], answer["error"]["key"]), (2, "request", "--spec"))

    def test_bad_specs_are_errors_with_their_key(self):
        self.assertIn("joined, shell", self.refused({"language": "klingon", "files": {"a": ""}}, "language"))
        for language in ("../joined", "joined/../joined", "joined\0"):
            self.refused({"language": language, "files": {"a": ""}}, "language")
        self.refused({"files": {"../a": ""}}, "files.../a")
        self.refused({"files": {"a": ""}, "tests": [{"name": "1"}] * 2}, "tests[1].name")
        self.refused({"files": {"a": ""}, "tests": [{"name": "1", "limits": {"memory_bytes": 1 << 64}}]}, "tests[0].limits.memory_bytes")
        self.assertEqual(bailiff("--spec", "-", stdin=b"{")[1]["error"]["kind"], "request")

    def test_bad_command_lines(self):
        spec = self.file("spec.json", "{}")
        for words in ((), ("cpp",), ("--spec", spec, "cpp", spec), ("--spec", spec, "--stdin", spec), ("--spec", spec, "--tests", "."),
                      ("--spec", spec, "--cpu-time-ms", "1"), ("--spec", spec, "--stop-on-first-failure")):
            self.assertEqual(bailiff(*words), (64, ""), words)

    def test_a_folder_of_languages_that_cannot_be_looked_into(self):
        nowhere = "/" + "x" * 300
        for words in (("images", "--images", nowhere, "build"), ("images", "--images", nowhere, "list"),
                      ("submit", "--runtime", "native", "--images", nowhere, "bash", "-")):
            done = subprocess.run([BAILIFF, *words], stdin=subprocess.DEVNULL, capture_output=True, timeout=110)
            self.assertEqual(done.returncode, 2, done)
            self.assertIn("--images DIR says where", json.loads(done.stdout)["error"]["message"])

    def test_an_installed_launcher_finds_its_supervisor_and_its_languages(self):
        build = pathlib.Path(BAILIFF).parents[1]
        subprocess.run(["cmake", "--install", build, "--prefix", self.folder / "usr"], check=True, capture_output=True)
        done = subprocess.run([self.folder / "usr/bin/bailiff", "submit", "--runtime", "native", "bash", "-", "--json"],
                              input=b"echo installed", capture_output=True, timeout=110)
        self.assertEqual(json.loads(done.stdout)["tests"][0]["stdout"]["text"], "installed\n", done)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
