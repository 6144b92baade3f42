#!/usr/bin/python3
"""bench/security/torture itself: each outcome from a made-up sandbox, the page, and clear errors. torture_test.py TREE"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import unittest

TREE = pathlib.Path(sys.argv.pop(1)).resolve()
TORTURE = TREE / "bench/security/torture"
CANARY_CONTENT = "BAILIFF-CANARY-7f3a"

ATTACK = """/* attack: {name}
 * tries: to test the test
 * must: {must}
 * why: none
 * layer: none
 * bounds: processes=1 bytes=4096 seconds=1
 * spec: {{"limits":{{"wall_time_ms":1000,"memory_bytes":67108864}}}}
 * expect: {expect}
 */
int main(void) {{}}
"""

# attack -> what it expects
ATTACKS = {"wall_one": '{"status":"TLE","reason":"wall"}', "privilege_one": '{"status":"OK","stdout":{"text":"contained\\n"}}',
           "collect_one": '{"status":["OK","FE"],"files":{"out.txt":{"lacks":"root:"}}}',
           "measuring_one": '{"status":"OK","cpu_time":{"ns":{"at_least":290000000}}}'}

FAKE = """#!/usr/bin/python3
import json, os, subprocess, sys, time
if sys.argv[1] == "probe":
    print(json.dumps({"version": "1", "how": "made up", "bounded": True}))
    sys.exit(0)
name = json.load(open(sys.argv[2]))["spec"]["argv"][0][2:]
answer = json.loads(os.environ["FAKE"]).get(name)
if answer == "sleep":
    time.sleep(60)
if answer == "leave":
    # A process of the attack's name that outlives the sandbox.
    subprocess.Popen([os.environ["LEFT"], "3"], stdin=-3, stdout=-3, stderr=-3, start_new_session=True)
    answer = {"status": "OK", "exit_code": 0, "signal": None, "stdout": {"text": "contained\\n"}}
if answer == "nonsense":
    print("what?")
    sys.exit(1)
print(json.dumps(answer))
"""

OK = {"status": "OK", "exit_code": 0, "signal": None}


class Torture(unittest.TestCase):
    def setUp(self):
        self.place = tempfile.TemporaryDirectory()
        self.addCleanup(self.place.cleanup)
        here = self.here = pathlib.Path(self.place.name)
        for directory in ("corpus", "built", "adapters"):
            (here / directory).mkdir()
        for name, expect in ATTACKS.items():
            (here / "corpus" / f"{name}.c").write_text(ATTACK.format(name=name, must="nothing", expect=expect))
            (here / "built" / name).write_bytes(pathlib.Path("/bin/true").read_bytes())
        self.adapter("fake", FAKE)

    def adapter(self, name, text):
        path = self.here / "adapters" / name
        path.write_text(text)
        path.chmod(0o755)

    def torture(self, *arguments, answers=None, env=None):
        return subprocess.run([TORTURE, "--corpus", self.here / "corpus", "--built", self.here / "built", "--adapters",
                               self.here / "adapters", "--grace", "2", *arguments], capture_output=True, text=True,
                              env=os.environ | {"FAKE": json.dumps(answers or {})} | (env or {}))

    def outcome(self, attack, answer, env=None):
        card = self.here / "card.json"
        done = self.torture("--adapter", "fake", "--only", f"^{attack}$", "--json", card, answers={attack: answer}, env=env)
        self.assertEqual(done.returncode, 0, done.stderr)
        found = next(iter(json.loads(card.read_text())["adapters"].values()))["attacks"][attack]
        return found["outcome"]

    def test_contained(self):
        self.assertEqual(self.outcome("wall_one", {"status": "TLE", "reason": "wall", "exit_code": None, "signal": 9}), "contained")
        self.assertEqual(self.outcome("privilege_one", OK | {"stdout": {"text": "contained\n"}}), "contained")

    def test_contained_by_a_sandbox_without_verdicts(self):
        self.assertEqual(self.outcome("wall_one", {"exit_code": None, "signal": 9, "stdout": {"text": ""}}), "contained")
        self.assertEqual(self.outcome("privilege_one", {"exit_code": 0, "signal": None, "stdout": {"text": "contained\n"}}), "contained")

    def test_output_in_base64_is_read(self):
        contained = {"base64": "Y29udGFpbmVkCg==", "bytes": 10}
        self.assertEqual(self.outcome("privilege_one", {"exit_code": 0, "signal": None, "stdout": contained}), "contained")
        self.assertEqual(self.outcome("privilege_one", OK | {"stdout": {"base64": "RVNDQVBFRAo=", "bytes": 8}}), "escaped")

    def test_wrong_verdict(self):
        self.assertEqual(self.outcome("wall_one", {"status": "RE", "exit_code": None, "signal": 9}), "wrong verdict")
        self.assertEqual(self.outcome("wall_one", {"status": "TLE", "reason": "cpu", "exit_code": None, "signal": 9}), "wrong verdict")
        self.assertEqual(self.outcome("privilege_one", {"status": "IE", "reason": "broken"}), "wrong verdict")
        self.assertEqual(self.outcome("privilege_one", "nonsense"), "wrong verdict")

    def test_evaded(self):
        self.assertEqual(self.outcome("wall_one", OK), "evaded")
        self.assertEqual(self.outcome("wall_one", {"exit_code": 0, "signal": None, "stdout": {"text": ""}}), "evaded")
        self.assertEqual(self.outcome("measuring_one", OK | {"cpu_time": {"ns": 1000}}), "evaded")
        self.assertEqual(self.outcome("privilege_one", OK | {"stdout": {"text": "contained\n"}, "peak_memory": {"bytes": 1 << 30}}), "evaded")

    def test_evaded_as_seen_from_outside(self):
        refused = {"status": "RE", "exit_code": 1, "signal": None}
        self.assertEqual(self.outcome("wall_one", refused), "wrong verdict")
        self.assertEqual(self.outcome("wall_one", refused | {"outside": {"peak_memory": {"bytes": 1 << 30}}}), "evaded")
        self.assertEqual(self.outcome("wall_one", refused | {"stdout": {"text": "", "bytes": 1 << 30}}), "evaded")

    def test_partly_bounded(self):
        (self.here / "corpus/proof_wall.c").write_text(ATTACK.format(name="proof_wall", must="x", expect='{"status":"TLE"}'))
        (self.here / "built/proof_wall").write_bytes(b"")
        self.adapter("partly", FAKE.replace('"bounded": True', '"bounded": ["wall", "collect"]'))
        card = self.here / "card.json"
        answers = dict.fromkeys(ATTACKS, OK) | {"proof_wall": {"status": "TLE"}}
        done = self.torture("--adapter", "partly", "--json", card, answers=answers)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(set(json.loads(card.read_text())["adapters"]["partly"]["attacks"]), {"proof_wall", "wall_one", "collect_one"})

    def test_later_results_take_the_place_of_earlier_ones(self):
        card = self.here / "card.json"
        self.torture("--adapter", "fake", "--json", card, answers=dict.fromkeys(ATTACKS, {"status": "IE"}))
        stopped = {"wall_one": {"status": "TLE", "reason": "wall", "exit_code": None, "signal": 9}}
        done = self.torture("--from", card, "--adapter", "fake", "--only", "wall", "--json", card, answers=stopped)
        self.assertEqual(done.returncode, 0, done.stderr)
        attacks = json.loads(card.read_text())["adapters"]["fake"]["attacks"]
        self.assertEqual(set(attacks), set(ATTACKS))
        self.assertEqual((attacks["wall_one"]["outcome"], attacks["measuring_one"]["outcome"]), ("contained", "wrong verdict"))

    def test_leaked(self):
        self.assertEqual(self.outcome("privilege_one", OK | {"stdout": {"text": CANARY_CONTENT}}), "leaked")
        self.assertEqual(self.outcome("collect_one", OK | {"files": {"out.txt": {"text": "root:x:0"}}}), "leaked")

    def test_escaped(self):
        self.assertEqual(self.outcome("privilege_one", {"status": "RE", "exit_code": 1, "signal": None,
                                                        "stdout": {"text": "ESCAPED: bpf\n"}}), "escaped")

    def test_escaped_by_outliving_the_sandbox(self):
        left = self.here / "privilege_one"
        left.write_bytes(pathlib.Path("/bin/sleep").read_bytes())
        left.chmod(0o755)
        self.addCleanup(time.sleep, 3)  # until it is gone
        self.assertEqual(self.outcome("privilege_one", "leave", env={"LEFT": str(left)}), "escaped")

    def test_hung(self):
        self.assertEqual(self.outcome("wall_one", "sleep"), "hung")

    def test_not_told(self):
        self.assertEqual(self.outcome("measuring_one", {"exit_code": 0, "signal": None}), "not told")

    def test_page_stands_alone_and_shows_every_attack(self):
        page, card = self.here / "card.html", self.here / "card.json"
        answers = {"wall_one": OK, "privilege_one": OK | {"stdout": {"text": "ESCAPED: <b>bold</b>\n"}}}
        done = self.torture("--adapter", "fake", "--html", page, "--json", card, answers=answers | {"collect_one": OK, "measuring_one": OK})
        self.assertEqual(done.returncode, 0, done.stderr)
        text = page.read_text()
        for name in ATTACKS:
            self.assertIn(name, text)
        self.assertNotIn("<b>bold", text)
        for elsewhere in ("http:", "https:", "src=", "<script", "@import", "url("):
            self.assertNotIn(elsewhere, text)
        again = self.here / "again.html"
        self.assertEqual(self.torture("--from", card, "--html", again).returncode, 0)
        self.assertEqual(again.read_text(), text)

    def refused(self, *arguments, says):
        done = self.torture(*arguments)
        self.assertEqual(done.returncode, 2, done.stdout)
        self.assertIn(says, done.stderr)
        self.assertNotIn("Traceback", done.stderr)

    def test_unknown_adapter(self):
        self.refused("--adapter", "nobody", says="there is no adapter nobody; there are: fake")

    def test_adapter_that_cannot_run_here(self):
        self.adapter("absent", "#!/bin/sh\necho it is not installed\nexit 3\n")
        self.refused("--adapter", "absent", says="absent cannot run here: it is not installed")

    def test_adapter_that_says_nonsense(self):
        self.adapter("mad", "#!/bin/sh\necho hello\n")
        self.refused("--adapter", "mad", says="no JSON: hello")
        self.adapter("terse", "#!/bin/sh\necho '{}'\n")
        self.refused("--adapter", "terse", says="needs exit code 0 and an object with version and how")

    def test_unbounded_sandbox_only_in_the_vm(self):
        self.adapter("open", "#!/bin/sh\necho '{\"version\":\"1\",\"how\":\"\"}'\n")
        self.refused("--adapter", "open", says="tried in the VM only")

    def test_control_refuses_to_run_elsewhere(self):
        done = subprocess.run([TORTURE, "--adapter", "none"], capture_output=True, text=True)
        self.assertEqual(done.returncode, 2)
        self.assertIn("run in the VM only", done.stderr)
        done = subprocess.run([TREE / "tests/escape/layers", "--without", "all", "-"], input="{}", capture_output=True, text=True)
        self.assertEqual(done.returncode, 1)
        self.assertIn("this is not the VM", done.stderr)
        done = subprocess.run([TREE / "tests/escape/counterfactual", "--inside"], capture_output=True, text=True)
        self.assertEqual(done.returncode, 1)
        self.assertIn("is for the VM", done.stderr)

    def test_attacks_that_are_not_built(self):
        (self.here / "built/wall_one").unlink()
        self.refused("--adapter", "fake", says="wall_one among them")

    def test_no_corpus_and_bad_headers(self):
        self.refused("--adapter", "fake", "--corpus", str(self.here / "nowhere"), says="nowhere")
        self.refused("--adapter", "fake", "--only", "nothing_of_that", says="no attack matches")
        (self.here / "corpus/wall_bad.c").write_text("int main(void) {}\n")
        self.refused("--adapter", "fake", says="wall_bad.c: does not open with a comment")
        (self.here / "corpus/wall_bad.c").write_text(ATTACK.format(name="wall_bad", must="x", expect="{oops"))
        self.refused("--adapter", "fake", says="wall_bad.c")

    def test_proof_that_fails_ends_it(self):
        (self.here / "corpus/proof_wall.c").write_text(ATTACK.format(name="proof_wall", must="x", expect='{"status":"TLE"}'))
        (self.here / "built/proof_wall").write_bytes(b"")
        done = self.torture("--adapter", "fake", answers=dict.fromkeys(ATTACKS, OK) | {"proof_wall": OK})
        self.assertEqual(done.returncode, 2)
        self.assertIn("no bomb is tried on this machine", done.stderr)
        self.assertNotIn("wall_one", done.stdout)

    def test_earlier_result_that_is_not_one(self):
        (self.here / "old.json").write_text("[]")
        self.refused("--from", str(self.here / "old.json"), says="torture:")
        self.refused("--from", str(self.here / "missing.json"), says="missing.json")


class Corpus(unittest.TestCase):
    """The scripts read the headers as the C++ tests do."""

    def test_reads_every_attack(self):
        sys.path.insert(0, str(TREE / "bench/security"))
        import corpus
        layers = (TREE / "tests/escape/layers").read_text()
        attacks = corpus.load()
        self.assertGreaterEqual(len([a for a in attacks if a.group != "proof"]), 150)
        for attack in attacks:
            for layer in attack.without:
                self.assertIn(f'"{layer}":', layers, attack.name)
            self.assertIn(attack.breach, ("wrong verdict", "evaded", "leaked", "escaped", "hung"), attack.name)


unittest.main()
