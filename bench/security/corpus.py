"""The attack corpus, as tests/escape/README.md describes it: headers, requests, and what a result has to be."""
import json
import pathlib

TREE = pathlib.Path(__file__).resolve().parent.parent.parent
ATTACKS = TREE / "tests/escape/attacks"
FIELDS = {"attack", "tries", "must", "why", "layer", "without", "breach", "bounds", "spec", "first", "where", "expect"}
OPTIONAL = {"without", "breach", "spec", "first", "where"}

# What an attack that got through has done, where its header does not say otherwise.
BREACH = {"time": "evaded", "wall": "evaded", "memory": "evaded", "output": "evaded", "disk": "evaded",
          "processes": "evaded", "measuring": "evaded", "proof": "evaded", "signals": "escaped",
          "filesystem": "leaked", "collect": "leaked", "network": "escaped", "privilege": "escaped",
          "leftovers": "leaked", "protocol": "wrong verdict", "supervisor": "evaded", "compile": "evaded"}

BASE_LIMITS = {"cpu_time_ms": 2000, "wall_time_ms": 15000, "memory_bytes": 67108864, "stack_bytes": 8388608,
               "output_bytes": 65536, "file_size_bytes": 16777216, "processes": 16, "open_files": 64,
               "disk_bytes": 16777216, "disk_inodes": 200}


class BadAttack(Exception):
    pass


class Attack:
    def __init__(self, path):
        self.path = pathlib.Path(path)
        self.name = self.path.stem
        self.group = self.name.split("_")[0]
        fields = self._fields(self.path.read_text())
        if fields.get("attack") != self.name:
            raise BadAttack(f"{path}: attack: is not the file's name")
        for field in FIELDS - OPTIONAL:
            if not fields.get(field):
                raise BadAttack(f"{path}: no {field}:")
        if self.group not in BREACH:
            raise BadAttack(f"{path}: there is no group {self.group}")
        self.tries, self.must, self.why, self.layer = (fields[f] for f in ("tries", "must", "why", "layer"))
        self.without = fields.get("without", "").split()
        self.breach = fields.get("breach") or BREACH[self.group]
        try:
            self.bounds = {key: int(value) for key, value in (word.split("=") for word in fields["bounds"].split())}
            self.spec = json.loads(fields.get("spec") or "{}")
            self.first = json.loads(fields["first"]) if fields.get("first") else None
            self.expect = json.loads(fields["expect"])
        except ValueError as error:
            raise BadAttack(f"{path}: {error}") from error

    def _fields(self, text):
        if not text.startswith("/*") or "*/" not in text:
            raise BadAttack(f"{self.path}: does not open with a comment")
        fields, current = {}, None
        for line in text[2:text.index("*/")].splitlines():
            line = line.strip(" \t*")
            word, colon, rest = line.partition(":")
            if colon and word in FIELDS:
                if word in fields:
                    raise BadAttack(f"{self.path}: {word} is given twice")
                current, fields[word] = word, rest.strip()
            elif line:
                if current is None:
                    raise BadAttack(f"{self.path}: {line!r} belongs to no field")
                fields[current] += " " + line
        return fields

    def is_source(self):
        """An attack on a compiler run is its source; what is run is in its spec."""
        return self.group == "compile"

    def request(self, built, first=False):
        """The RunSpec of one run; `built` is the directory of the compiled attacks."""
        path = self.path if self.is_source() else pathlib.Path(built) / self.name
        name = self.path.name if self.is_source() else self.name
        spec = {"argv": ["./" + name], "files": {name: {"path": str(path), "mode": "0755"}}, "limits": BASE_LIMITS}
        spec = overlay(spec, self.spec)
        return overlay(spec, self.first) if first else spec


def overlay(base, change):
    """`change` over `base`, member by member; null is a value."""
    merged = dict(base)
    for key, value in change.items():
        merged[key] = overlay(base[key], value) if isinstance(value, dict) and isinstance(base.get(key), dict) else value
    return merged


def load(directory=ATTACKS):
    paths = sorted(p for p in pathlib.Path(directory).iterdir() if p.suffix in (".c", ".cc"))
    if not paths:
        raise BadAttack(f"{directory}: no attack in it")
    return [Attack(path) for path in paths]


def differences(expected, actual, where="", told_only=False):
    """[(key path, text)] where `actual` is not as `expected` says. told_only: what `actual` does not have is no
    difference; that is for sandboxes that tell less than bailiff does."""
    if isinstance(expected, dict) and ({"has", "lacks"} & expected.keys()):
        text = actual if isinstance(actual, str) else json.dumps(actual)
        holds = expected.get("has", "") in text and ("lacks" not in expected or expected["lacks"] not in text)
    elif isinstance(expected, dict) and isinstance(actual, dict):
        found = []
        for key, value in expected.items():
            if key in actual and not (told_only and actual[key] is None and value is not None):
                found += differences(value, actual[key], f"{where}.{key}" if where else key, told_only)
            elif not told_only:
                found.append((f"{where}.{key}" if where else key, "is missing"))
        return found
    elif isinstance(expected, dict) and isinstance(actual, (int, float)):
        holds = expected.get("at_least", actual) <= actual <= expected.get("at_most", actual)
    elif isinstance(expected, list) and not isinstance(actual, list):
        holds = actual in expected
    else:
        holds = expected == actual
    return [] if holds else [(where, f"is {json.dumps(actual)[:200]}, not {json.dumps(expected)}")]
