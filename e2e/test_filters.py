#!/usr/bin/env python3
"""What of a directory is sent: ignore files, options, git; Docker itself judges the ignore files."""

import io
import json
import os
import random
import subprocess
import tarfile

from support import tree
from support.case import Case, main
from support.ignore import Rules, parents
from support.kontext import kontext, push
from support.services import tool
from support.tree import Dir, File

SEED = int(os.environ.get("KONTEXT_TEST_SEED", random.SystemRandom().randrange(1 << 32)))
EXAMPLE = {"a.c": File(b"a\n"), "a.o": File(b"a\n"), "d/b.c": File(b"b\n"), "d/b.o": File(b"b\n"),
           "out/x": File(b"x\n"), "out/keep": File(b"k\n"), ".git/HEAD": File(b"ref\n"),
           "empty": Dir()}


class Filtered(Case):
    def setUp(self):
        super().setUp()
        self.source = tree.build(self.tmp / "src", EXAMPLE)
        self.oci = f"oci:{self.tmp / 'layout'}:v1"

    def write(self, name, text):
        (self.source / name).write_bytes(text.encode())

    def sent(self, *flags):
        """The paths in the image of a push; an ignore file itself is not worth a word."""
        push(self.source, self.oci, *flags)
        image = self.layout(self.tmp / "layout", "v1")
        self.assert_sound(image)
        return sorted(path for path in image.snapshot() if not path.endswith("ignore"))


class IgnoreFiles(Filtered):
    def test_git_is_left_out(self):
        everything = sorted(tree.snapshot(self.source))
        self.assertEqual(self.sent(), [p for p in everything if not p.startswith(".git")])
        self.assertEqual(self.sent("--include-git"), everything)
        self.assertEqual(self.sent("--include", ".git"), everything)

    def test_ignore_files(self):
        self.write(".dockerignore", "\ufeff# objects\r\n**/*.o\r\nout\r\n!out/keep\r\n")
        self.assertEqual(self.sent(), ["a.c", "d", "d/b.c", "empty", "out", "out/keep"])
        self.write(".kontextignore", "*\n!out/\n")
        self.assertEqual(self.sent(), ["out", "out/keep", "out/x"])
        (self.tmp / "rules").write_text("*\n!a.*\n")
        self.assertEqual(self.sent("--ignore-file", self.tmp / "rules"), ["a.c", "a.o"])

    def test_ignore_files_are_sent(self):
        self.write(".dockerignore", "out\n")
        push(self.source, self.oci)
        self.assertIn(".dockerignore", self.layout(self.tmp / "layout", "v1").snapshot())

    def test_options_add_rules_in_their_order(self):
        self.write(".dockerignore", "out\n")
        self.assertEqual(self.sent("--exclude", "*", "--include", "a.c"), ["a.c"])
        self.assertEqual(self.sent("--include=a.c", "--exclude=*"), [])
        self.assertEqual(self.sent("--exclude", "**/*.o", "--include", "out/keep", "--exclude=d",
                                   "--include", "d/b.o", "--exclude", "empty"),
                         ["a.c", "d", "d/b.o", "out", "out/keep"])

    def test_a_single_file_has_no_rules(self):
        self.write(".dockerignore", "[")
        push(self.source / "a.o", self.oci, "--exclude", "*.o")
        self.assertEqual(list(self.layout(self.tmp / "layout", "v1").snapshot()), ["a.o"])

    def test_verbose_says_why(self):
        self.write(".dockerignore", "# objects\n**/*.o\nout\n")
        done = kontext("push", "--verbose", "--exclude", "empty", self.source, self.oci)
        said = [line for line in done.stderr.splitlines() if ": left out by " in line]
        file = self.source / ".dockerignore"
        self.assertEqual(said, [
            "kontext: .git/: left out by **/.git (by default, see --include-git)",
            f"kontext: a.o: left out by **/*.o ({file}:2)",
            f"kontext: d/b.o: left out by **/*.o ({file}:2)",
            "kontext: empty/: left out by empty (--exclude)",
            f"kontext: out/: left out by out ({file}:3)"])
        self.assertNotIn("left out", kontext("push", self.source, self.oci).stderr)

    def test_an_ignored_directory_is_not_entered(self):
        self.write(".dockerignore", "out\n!d/b.o\n")
        # Whoever enters it finds a path that is longer than any listing takes.
        place = os.open(self.source / "out", os.O_RDONLY)
        for _ in range(300):
            os.mkdir("x" * 250, dir_fd=place)
            inner = os.open("x" * 250, os.O_RDONLY, dir_fd=place)
            os.close(place)
            place = inner
        os.close(place)
        self.assertNotIn("out", self.sent())
        self.write(".dockerignore", "d\n")
        self.assert_refused(kontext("push", self.source, self.oci), "bytes")

    def test_what_is_written_to_is_not_sent(self):
        for ref in ("oci:lay[out]", "docker-archive:d/image.tar:name"):
            first = push(".", ref, cwd=self.source)
            before = set(kontext("ls", ref, cwd=self.source).stdout.splitlines())
            self.assertEqual(push(".", ref, cwd=self.source), first)
            self.assertEqual(kontext("diff", ".", ref, cwd=self.source).rc, 0)
            self.assertFalse(before & {"lay[out]/", "d/image.tar"})
            tree.remove(self.source, "lay[out]", "d/image.tar")
        self.assert_refused(kontext("push", self.source, f"oci:{self.source}"), self.source, rc=2)
        self.assertFalse((self.source / "blobs").exists())

    def test_mistakes_are_named(self):
        where = self.source / ".dockerignore"
        for line in ("[", "a\\", "!", "[]", "[b-a]", "! ", "!/", "/!"):
            self.write(".dockerignore", f"# rules\n\n{line}\n")
            self.assert_refused(kontext("push", self.source, self.oci), f"{where}:3: '{line.strip()}'")
        where.unlink()
        self.assert_refused(kontext("push", self.source, self.oci, "--ignore-file", "no/such"),
                            "no/such")
        self.assert_refused(kontext("push", self.source, self.oci, "--exclude", "[a"), "--exclude",
                            "'[a'", rc=2)
        self.assert_refused(kontext("push", self.source, self.oci, "--include", " "), "--include", rc=2)
        self.assert_refused(kontext("push", self.source, self.oci, "--ignore-file="), "--ignore-file",
                            rc=2)


class GitTracks(Filtered):
    def git(self, *arguments):
        env = {**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"}
        subprocess.run([tool("git"), "-C", self.source, *arguments], check=True, env=env,
                       capture_output=True)

    def setUp(self):
        super().setUp()
        tree.remove(self.source, ".git")
        self.git("init")
        self.write(".gitignore", "*.o\n")
        self.git("add", "d/b.c")
        self.git("add", "--force", "d/b.o")

    def test_tracked_and_new(self):
        self.assertEqual(self.sent("--git"), ["a.c", "d", "d/b.c", "d/b.o", "out", "out/keep", "out/x"])
        self.write(".dockerignore", "out/x\n!a.o\n")
        self.assertEqual(self.sent("--git"), ["a.c", "d", "d/b.c", "d/b.o", "out", "out/keep"])
        tree.remove(self.source, "d")
        self.assertEqual(self.sent("--git"), ["a.c", "out", "out/keep"])

    def test_a_folder_of_a_repository(self):
        push(self.source / "d", self.oci, "--git")
        self.assertEqual(set(self.layout(self.tmp / "layout", "v1").snapshot()), {"b.c", "b.o"})

    def test_no_repository(self):
        tree.remove(self.source, ".git")
        self.assert_refused(kontext("push", "--git", self.source, self.oci), self.source,
                            "no git repository")

    def test_no_git(self):
        done = kontext("push", "--git", self.source, self.oci, env={"PATH": "/nonexistent"})
        self.assert_refused(done, "git is not installed")

    def test_a_repository_of_somebody_else(self):
        if os.geteuid() != 0:
            self.skipTest("needs root")
        for folder in (self.source, self.source / ".git"):
            os.chown(folder, 12345, 12345)
        env = {"SUDO_UID": "0", "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"}
        done = kontext("push", "--git", self.source, self.oci, env=env)
        self.assert_refused(done, self.source, "safe.directory")


NAMES = ("a", "b", "c.o", "ab")
LEAVES = ("a", "b", "c.o")
PIECES = ("a", "b", "c.o", "ab", "*", "?", "*.o", "a*", "[ab]", "[^a]", "**", "?.o")
SMALL_TREE = [f"{x}/{y}/{z}" for x in NAMES for y in ("a", "c.o") for z in LEAVES] + ["a/f", "f", "g.o"]
PATHS = sorted(set(SMALL_TREE).union(*(parents(path) for path in SMALL_TREE)))
BUILDS, ROOTS = 6, 40


def random_rules(rng):
    """(is_exception, pattern) in order."""
    pattern = lambda: "/".join(rng.choice(PIECES) for _ in range(rng.choice((1, 1, 2, 2, 3))))
    return [(rng.random() < 0.4, pattern()) for _ in range(rng.randint(1, 6))]


def spell(rng, exception, pattern):
    """A line that says it, in one of the ways to say it."""
    before, after = rng.choice(("", "/", "./", "x/../")), rng.choice(("", "", "/", "//", "/.", " /"))
    line = ("!" + rng.choice(("", "", " ")) if exception else "") + before + pattern + after
    if exception and rng.random() < 0.1:
        line = "/!" + pattern
    return rng.choice(("", "", "\t")) + line + rng.choice(("", " ")) + rng.choice(("\n", "\r\n", "\n\n#x\n"))


class DockersWord(Case):
    """Many rule files in one context: each is about a folder of its own."""

    wants = {"docker"}

    def make_context(self, number, rng, rules):
        context = self.tmp / f"context{number}"
        text = "\ufeff"
        for root, lines in rules.items():
            tree.build(context / root, {path: File() for path in SMALL_TREE})
            text += "".join(spell(rng, exception, f"{root}/{p}") for exception, p in lines)
        (context / ".dockerignore").write_bytes(text.encode())
        (context / "Dockerfile").write_text("FROM scratch\nCOPY . /ctx/\n")
        return context

    def build(self, number, context):
        env = {**os.environ, "DOCKER_BUILDKIT": "0"}
        done = subprocess.run([self.docker.client, "-H", self.docker.socket, "build", "--quiet",
                               "--tag", f"filters:{number}", context], capture_output=True, text=True,
                              check=False, env=env)
        self.assertEqual(done.returncode, 0, done.stderr)

    def saved(self, number):
        """The paths below /ctx of an image, read from what docker save gives."""
        done = subprocess.run([self.docker.client, "-H", self.docker.socket, "save",
                               f"filters:{number}"], capture_output=True, check=True)
        with tarfile.open(fileobj=io.BytesIO(done.stdout)) as image:
            manifest = json.load(image.extractfile("manifest.json"))[0]
            with tarfile.open(fileobj=image.extractfile(manifest["Layers"][-1])) as layer:
                return {name[len("ctx/"):] for name in layer.getnames() if name.startswith("ctx/")}

    def sent(self, number, context):
        oci = f"oci:{self.tmp / 'layout'}:v{number}"
        push(context, oci, "--clean")
        return {line.rstrip("/") for line in kontext("ls", oci).stdout.splitlines()}

    def judge(self, number, rng, rules, docker):
        context = self.make_context(number, rng, rules)
        sent = self.sent(number, context)
        built = None
        if docker:
            self.build(number, context)
            built = self.saved(number)
        for root, lines in rules.items():
            cut = lambda found: {p[len(root) + 1:] for p in found if p.startswith(root + "/")}
            self.assertEqual(cut(sent), Rules(lines).documented(PATHS), f"seed {SEED}: {lines}")
            if docker:
                self.assertEqual(cut(sent), cut(built), f"seed {SEED}, docker: {lines}")

    def test_the_documentation(self):
        rng = random.Random(SEED)
        for number in range(4):
            self.judge(number, rng, {f"r{i}": random_rules(rng) for i in range(30)}, docker=False)

    def test_docker(self):
        """Rules about which all Dockers agree with their documentation; most are."""
        print(f"KONTEXT_TEST_SEED={SEED}")
        rng = random.Random(SEED)
        for number in range(BUILDS):
            rules = {}
            while len(rules) < ROOTS:
                root = f"r{len(rules)}"
                lines = random_rules(rng)
                # Docker sees the folder's name in front of each pattern.
                seen = Rules([(exception, f"{root}/{pattern}") for exception, pattern in lines])
                paths = [root, *(f"{root}/{path}" for path in PATHS)]
                if seen.documented(paths) == seen.old_walk(paths) == seen.new_walk(paths):
                    rules[root] = lines
            self.judge(number, rng, rules, docker=True)


if __name__ == "__main__":
    main()
