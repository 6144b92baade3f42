"""schema_test.py DOCS PRINT_RESULTS: holds the docs' examples and what the code writes against the schemas."""
import json
import pathlib
import re
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
import jsonschema  # noqa: E402
import validate  # noqa: E402

DOCS = pathlib.Path(sys.argv[1])
PRINT_RESULTS = sys.argv[2]


def schema(name):
    return json.loads((DOCS / f"{name}.schema.json").read_text(encoding="utf-8"))


def validator(name):
    return validate.validator(DOCS / f"{name}.schema.json")


def doc(name):
    return (DOCS / f"{name}.md").read_text(encoding="utf-8")


def examples(name):
    return [validate.strict(text) for text in re.findall(r"^```json\n(.*?)^```", doc(name), re.M | re.S)]


def keys(node):
    """Every property name a schema knows."""
    if isinstance(node, dict):
        for name in node.get("properties", {}):
            yield name
        node = list(node.values())
    if isinstance(node, list):
        for part in node:
            yield from keys(part)


def open_objects(node, at="$"):
    """Every place where a schema lists properties and lets others pass."""
    if isinstance(node, dict):
        if node.get("type") == "object" and not {"additionalProperties", "unevaluatedProperties"} & node.keys():
            yield at
    parts = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for name, part in parts:
        yield from open_objects(part, f"{at}.{name}")


class Schemas(unittest.TestCase):
    def fits(self, name, document):
        self.assertEqual(validate.problems(validator(name), document), [])

    def does_not_fit(self, name, document):
        self.assertNotEqual(validate.problems(validator(name), document), [])

    def test_are_schemas_and_let_no_unknown_key_pass(self):
        for name in ("run-spec", "run-result", "submit-spec", "submit-result", "error"):
            jsonschema.Draft202012Validator.check_schema(schema(name))
            # What the other two close, each with members of its own; and what says more of members closed elsewhere.
            known = {"run-result": ["$.$defs.run_result"], "submit-result": ["$.allOf.0.then.properties.compile"]}
            self.assertEqual(list(open_objects(schema(name))), known.get(name, []))

    def test_docs_name_every_key(self):
        for name, page in (("run-spec", "run-spec"), ("run-result", "run-result"), ("submit-spec", "submit-spec"),
                           ("submit-result", "submit-spec")):
            missing = [key for key in keys(schema(name)) if not re.search(rf"[`.]{key}`", doc(page))]
            self.assertEqual(missing, [])

    def test_the_table_of_limits_is_the_schemas(self):
        row = r"^\| `(\w+)` \| (\d+) to (\d+) \| (yes|no) \| (\S+|see below) \|"
        rows = re.findall(row, doc("run-spec"), re.M)
        table = {}
        for key, low, high, null, default in rows:
            table[key] = {"type": ["integer", "null"] if null == "yes" else "integer",
                          "minimum": int(low), "maximum": int(high)}
            if default != "see below":
                table[key]["default"] = json.loads(default.strip("`"))
        self.assertEqual(table, schema("run-spec")["$defs"]["limits"]["properties"])

    def test_the_docs_name_every_verdict_reason(self):
        for rule in schema("run-result")["$defs"]["run_result"]["allOf"]:
            status = rule["if"]["properties"]["status"]["const"]
            reasons = rule["then"]["properties"]["reason"].get("enum", [])
            row = re.search(rf"^\| `{status}` \|.*$", doc("run-result"), re.M).group()
            for reason in reasons:
                self.assertIn(f"`{reason}`", row)

    def test_examples_of_the_docs_fit(self):
        [spec] = examples("run-spec")
        result, error = examples("run-result")
        self.fits("run-spec", spec)
        self.fits("run-result", result)
        self.fits("error", error)
        submission, submitted = examples("submit-spec")
        self.fits("submit-spec", submission)
        self.fits("submit-result", submitted)

    def test_what_the_code_writes_fits(self):
        printed = subprocess.run([PRINT_RESULTS], check=True, capture_output=True).stdout
        lines = printed.decode("utf-8").splitlines()
        self.assertEqual(len(lines), 7)
        for line in lines:
            document = validate.strict(line)
            self.fits("error" if "error" in document else "run-result", document)

    def test_bad_specs_do_not_fit(self):
        good = {"argv": ["/a"]}
        self.fits("run-spec", good)
        for bad in ({}, {"argv": []}, {"argv": ["a"]}, {**good, "Argv": 1}, {**good, "workdir": "box"},
                    {**good, "limits": {"processes": 0}}, {**good, "limits": {"processes": None}},
                    {**good, "limits": {"cpu_time_s": 1}}, {**good, "files": {"../a": {"content": ""}}},
                    {**good, "files": {"a//b": {"content": ""}}}, {**good, "files": {"a": {}}},
                    {**good, "files": {"a": {"content": "", "path": "x"}}},
                    {**good, "files": {"a": {"content": "", "mode": "4755"}}},
                    {**good, "files": {"a": {"content": "", "owner": 0}}}, {**good, "stdin": {"base64": "Zg"}},
                    {**good, "collect": ["a", "a"]}, {**good, "env": {"A=": "x"}}, {**good, "seccomp": "../x"},
                    {**good, "require": {"memory_bytes": "cgroup"}}, {**good, "accept_missing": ["all"]}):
            self.does_not_fit("run-spec", bad)

    def test_bad_results_do_not_fit(self):
        good = examples("run-result")[0]
        for bad in ({"status": "OK"}, {"reason": None}, {"reason": "oom_kill"}, {"status": "CE"}, {"extra": 1},
                    {"exit_code": -1}, {"stdout": {"bytes": 0, "truncated": False, "sha256": "0" * 64}},
                    {"files": {"a": {}}}, {"enforced": {"ram": "cgroup"}}, {"enforced": {"memory": ""}}):
            self.does_not_fit("run-result", {**good, **bad})
        for key in good:
            self.does_not_fit("run-result", {name: value for name, value in good.items() if name != key})

    def test_bad_submissions_do_not_fit(self):
        good = {"language": "c", "files": {"a.c": {"content": ""}}, "tests": [{"name": "1"}]}
        self.fits("submit-spec", good)
        for bad in ({"language": ""}, {"language": 1}, {"lang": "c"}, {"files": {}}, {"files": {"../a": {"content": ""}}},
                    {"compile": None}, {"compile": {"argv": ["/a"]}}, {"compile": {"limits": {"cpu_time_ms": 0}}},
                    {"tests": []}, {"tests": [{}]}, {"tests": [{"name": ""}]}, {"tests": [{"name": "a\nb"}]},
                    {"tests": [{"name": "1", "limits": {"cpu_time_s": 1}}]}, {"tests": [{"name": "1", "stdin": "x"}]},
                    {"tests": [{"name": "1", "collect": ["a", "a"]}]}, {"stop_on_first_failure": 1}):
            self.does_not_fit("submit-spec", {**good, **bad})
        for key in good:
            self.does_not_fit("submit-spec", {name: value for name, value in good.items() if name != key})

    def test_bad_results_of_submissions_do_not_fit(self):
        good = examples("submit-spec")[1]
        test = good["tests"][0]
        for bad in ({"status": "FINE"}, {"status": "CE"}, {"compile": {}}, {"extra": 1}, {"tests": []},
                    {"tests": [{**test, "extra": 1}]}, {"tests": [{**test, "exit_code": -1}]}, {"tests": [{**test, "name": 1}]},
                    {"tests": [{**test, "status": "RE", "reason": "exit"}]},
                    {"tests": [{key: value for key, value in test.items() if key != "name"}]},
                    {"compile": {**good["compile"], "name": "compile"}}):
            self.does_not_fit("submit-result", {**good, **bad})


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
