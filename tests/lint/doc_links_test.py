#!/usr/bin/python3
"""Every link of README.md and docs/ leads to something: the file is there, and so is the heading."""
import pathlib
import re
import unittest

TREE = pathlib.Path(__file__).resolve().parents[2]
LINK = re.compile(r"\]\(([^)\s]+)\)")
CODE = re.compile(r"^```.*?^```", re.M | re.S)


def anchors(text):
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", CODE.sub("", text), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken(page):
    text = page.read_text()
    for link in LINK.findall(CODE.sub("", text)):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or anchor and anchor not in anchors(target.read_text()):
            yield link


class DocLinks(unittest.TestCase):
    def test_all_lead_somewhere(self):
        for page in [TREE / "README.md", *TREE.glob("docs/**/*.md"), *TREE.glob("tests/**/*.md")]:
            with self.subTest(page.relative_to(TREE)):
                self.assertEqual(list(broken(page)), [])


if __name__ == "__main__":
    unittest.main()
