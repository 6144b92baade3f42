#!/usr/bin/python3
"""No file names a place on the machine it was written on: this checkout's own path, the folder around it, or somebody's
home directory."""
import pathlib
import re
import tempfile
import unittest

TREE = pathlib.Path(__file__).resolve().parents[2]
NOT_OURS = {".git", "build", ".cache"}  # .gitignore has the last two
ORDINARY = {"/", "/home", "/opt", "/root", "/srv", "/tmp", "/usr/src", "/var/tmp"}  # say nothing about one machine
SOMEBODYS_HOME = re.compile(rb"(?<![\w.])/(?:home|Users)/(?!glot\b)[a-z][\w-]*/|(?<![\w.])/root/\.[a-z]")


def mentions(tree, checkout):
    places = [str(p).encode() + b"/" for p in (checkout, checkout.parent) if str(p) not in ORDINARY]
    found = []
    for file in sorted(tree.rglob("*")):
        parts = file.relative_to(tree).parts
        if file.is_symlink() or not file.is_file() or parts[0] in NOT_OURS or "__pycache__" in parts:
            continue
        for number, line in enumerate(file.read_bytes().split(b"\n"), 1):
            if SOMEBODYS_HOME.search(line) or any(place in line for place in places):
                found.append(f"{file.relative_to(tree)}:{number}: {line[:120].decode(errors='replace')}")
    return found


class MachinePaths(unittest.TestCase):
    def test_there_are_none(self):
        self.assertEqual(mentions(TREE, TREE), [])

    def test_notices(self):
        with tempfile.TemporaryDirectory() as folder:
            tree = pathlib.Path(folder)
            home = "/".join(["", "home", "somebody", "x"])  # in pieces: this file is looked at too
            (tree / "a.txt").write_text(f"built in {home}\n")
            (tree / "b.txt").write_text(f"see {tree}/notes\nand /etc/passwd\n")
            (tree / "build").mkdir()
            (tree / "build" / "c.txt").write_text(home)
            self.assertEqual([line.split(":")[0] for line in mentions(tree, tree)], ["a.txt", "b.txt"])


if __name__ == "__main__":
    unittest.main()
