#!/usr/bin/python3
"""Who may include whom: main -> {compat, launcher, jail} -> spec -> base; of seccomp/ the jail sees filter.h alone;
the keeper sees itself and the board. docs/architecture.md says why."""
import pathlib
import re
import tempfile
import unittest

TREE = pathlib.Path(__file__).resolve().parents[2]
INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<((?:nlohmann|CLI)/[^>]+|[^>]*\.hpp)>)', re.M)

# Folder of supervisor/ -> what its files may include; "folder/" stands for everything in it. Longest folder wins.
ALLOWED = {
    "base": ["base/"],
    "spec": ["spec/", "base/", "nlohmann/"],
    "jail": ["jail/", "spec/", "base/", "seccomp/filter.h"],
    "jail/keeper": ["jail/keeper/", "jail/board.h"],
    "launcher": ["launcher/", "spec/", "base/", "nlohmann/", "boost/"],
    "compat": ["compat/", "spec/", "base/", "nlohmann/"],
    "main": ["main/", "compat/", "launcher/", "jail/", "spec/", "base/", "CLI/"],
}


def violations(tree):
    found = []
    for file in sorted((tree / "supervisor").rglob("*")):
        if file.suffix not in (".h", ".cc"):
            continue
        folder = file.parent.relative_to(tree / "supervisor").as_posix()
        allowed = ALLOWED[max((f for f in ALLOWED if f"{folder}/".startswith(f"{f}/")), key=len)]
        for ours, theirs in INCLUDE.findall(file.read_text()):
            name = ours or theirs
            if not any(name == a or a.endswith("/") and name.startswith(a) for a in allowed):
                found.append(f"{file.relative_to(tree)} includes {name}")
    return found


class IncludeRule(unittest.TestCase):
    def test_holds(self):
        self.assertEqual(violations(TREE), [])

    def test_no_file_reaches_around_it(self):
        """Names are relative to supervisor/ or to the top, so that the rule can be read off them."""
        for file in (TREE / "supervisor").rglob("*.[hc]*"):
            for name, _ in INCLUDE.findall(file.read_text()):
                self.assertNotIn("..", name.split("/"), file)
                self.assertFalse(name.startswith("supervisor/"), f"{file} includes {name}")

    def test_notices(self):
        wrong = {"base/a.h": '#include "spec/run_spec.h"', "spec/a.h": '#include "jail/run.h"',
                 "jail/a.cc": '#include "launcher/docker.h"', "launcher/a.cc": '#  include "jail/run.h"',
                 "compat/a.cc": '#include "launcher/docker.h"', "jail/b.cc": '#include "seccomp/compile.h"',
                 "jail/c.cc": "#include <nlohmann/json.hpp>", "jail/keeper/a.cc": '#include "jail/box.h"'}
        with tempfile.TemporaryDirectory() as folder:
            tree = pathlib.Path(folder)
            for name, line in wrong.items():
                (tree / "supervisor" / name).parent.mkdir(parents=True, exist_ok=True)
                (tree / "supervisor" / name).write_text(line + "\n")
            self.assertEqual(len(violations(tree)), len(wrong))


if __name__ == "__main__":
    unittest.main()
