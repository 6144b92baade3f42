#!/usr/bin/python3
"""The images that images/build made: what is in them and what is not, their sizes against docs/images.md, and what the
command says when it cannot do its work. Needs all of them built, and Docker ($DOCKER_HOST)."""
import io
import json
import os
import pathlib
import re
import subprocess
import tarfile
import unittest

TREE = pathlib.Path(__file__).resolve().parents[2]
IMAGES = TREE / "images"
LANGUAGES = {path.parent.name: json.loads(path.read_text()) for path in sorted(IMAGES.glob("*/language.json"))}

SHELLS = {"sh", "bash", "dash", "busybox", "zsh", "ash"}
PACKAGE_MANAGERS = {"apt", "apt-get", "dpkg", "pip", "pip3", "npm"}
COMPILERS = {"gcc", "cc", "c++", "g++", "gcc-12", "cpp-12", "cc1", "cc1plus", "as", "ld", "ld.bfd", "clang", "javac", "jar",
             "kotlinc", "go", "rustc", "fpc", "ppcx64", "make", "perl"}
FORBIDDEN = SHELLS | PACKAGE_MANAGERS | COMPILERS


def docker(*arguments):
    return subprocess.run(["docker", *arguments], check=True, capture_output=True, text=True).stdout


def inspect(image):
    return json.loads(docker("image", "inspect", image))[0]


def files_of(image):
    """Every path in the image, without the leading slash."""
    container = docker("create", "--network", "none", image, "check").strip()
    try:
        with subprocess.Popen(["docker", "export", container], stdout=subprocess.PIPE) as export:
            with tarfile.open(fileobj=export.stdout, mode="r|") as tar:
                return [member.name for member in tar if not member.isdir()]
    finally:
        docker("rm", container)


def file_of(image, path):
    container = docker("create", "--network", "none", image, "check").strip()
    try:
        tar = subprocess.run(["docker", "cp", f"{container}:{path}", "-"], check=True, capture_output=True).stdout
        with tarfile.open(fileobj=io.BytesIO(tar)) as files:
            return files.extractfile(files.next()).read()
    finally:
        docker("rm", container)


def tools_in(paths):
    return {pathlib.PurePath(path).name for path in paths} & FORBIDDEN


def image_names():
    for definition in LANGUAGES.values():
        yield from ((step, definition["id"], image) for step, image in definition["images"].items())


class Contents(unittest.TestCase):
    def test_run_images_have_no_compiler_shell_or_package_manager(self):
        for name, definition in LANGUAGES.items():
            with self.subTest(language=name):
                allowed = SHELLS if name == "bash" else set()
                self.assertEqual(tools_in(files_of(definition["images"]["run"])) - allowed, set())

    def test_looking_would_find_them(self):
        self.assertLessEqual({"sh", "bash", "apt-get", "dpkg", "gcc", "as", "ld", "perl"},
                             tools_in(files_of(LANGUAGES["c"]["images"]["compile"])))
        self.assertIn("bash", tools_in(files_of(LANGUAGES["bash"]["images"]["run"])))

    def test_no_cache_is_left(self):
        for step, _, image in image_names():
            with self.subTest(image=image):
                cached = [path for path in files_of(image)
                          if re.match(r"var/lib/apt/lists/.|var/cache/apt/.|.*\.deb$", path) and not path.endswith("lock")]
                self.assertEqual(cached, [])

    def test_images_start_the_supervisor_and_say_what_they_are(self):
        for step, language, image in image_names():
            with self.subTest(image=image):
                config = inspect(image)["Config"]
                self.assertEqual(config["Entrypoint"], ["/bailiff-supervisor"])
                self.assertEqual(config["Cmd"], ["serve"])
                self.assertEqual(config["Labels"]["bailiff.language"], language)
                self.assertEqual(config["Labels"]["bailiff.step"], step)

    def test_the_supervisor_in_them_is_the_one_that_was_built(self):
        built = os.environ.get("BAILIFF_SUPERVISOR", TREE / "build/release/supervisor/bailiff-supervisor")
        built = pathlib.Path(built).read_bytes()
        for _, _, image in image_names():
            with self.subTest(image=image):
                self.assertTrue(file_of(image, "/bailiff-supervisor") == built, "another one")


class Documentation(unittest.TestCase):
    def test_lists_every_image_with_its_size(self):
        text = (TREE / "docs/images.md").read_text()
        listed = {name: int(size) for name, size in re.findall(r"`(bailiff/[a-z-]+)` (\d+) MB", text)}
        for _, _, image in image_names():
            with self.subTest(image=image):
                size = inspect(image)["Size"] / 1e6
                self.assertIn(image, listed)
                # Packages get updates; an image that grew or shrank by a quarter is another one.
                self.assertLess(abs(listed[image] - size), size / 4 + 1, f"is {size:.0f} MB")


class Build(unittest.TestCase):
    def build(self, *arguments, **environment):
        return subprocess.run([IMAGES / "build", *arguments], capture_output=True, text=True,
                              env={**os.environ, **environment})

    def refused(self, message, *arguments, **environment):
        result = self.build(*arguments, **environment)
        self.assertNotEqual(result.returncode, 0)
        self.assertIn(message, result.stderr)

    def test_names_a_language_it_does_not_know(self):
        self.refused("no language 'cobol'; there are: bash c cpp", "c", "cobol")

    def test_names_the_socket_that_does_not_answer(self):
        self.refused("/nowhere.sock", "c", DOCKER_HOST="unix:///nowhere.sock")

    def test_names_a_supervisor_that_is_not_there(self):
        self.refused("there is no /nowhere/bailiff-supervisor", "c", BAILIFF_SUPERVISOR="/nowhere/bailiff-supervisor")

    def test_refuses_a_supervisor_that_is_not_static(self):
        self.refused("is it the static one", "c", BAILIFF_SUPERVISOR="/bin/true")

    def test_names_the_image_a_build_failed_for(self):
        self.refused("cannot build bailiff/c-compile", "c", BASE="bailiff/no-such-base")

    def test_takes_any_base(self):
        docker("tag", "bailiff/base", "bailiff-test/base")
        try:
            result = self.build("bash", BASE="bailiff-test/base")
            self.assertEqual(result.returncode, 0, result.stderr)
            self.assertRegex(result.stdout, r"bash: bailiff/bash \d+ MB")
        finally:
            docker("rmi", "bailiff-test/base")


if __name__ == "__main__":
    unittest.main()
