#!/usr/bin/env python3
"""What a push costs when the content is there already, and that it is never hidden by accident.

Costs are what the registry's own storage grows by; content is random, so no compression helps.
"""

import json
import os
import random
import shutil
import tarfile

from support import services, tree
from support.case import Case, main
from support.kontext import kontext, push
from support.proxy import CountingProxy
from support.tree import Dir, File, Link

KIB = 1 << 10
LINES = 16 * KIB  # index lines and documents, some 1 KiB for each layer, and no content
BIG = 100 * KIB


def content(number, size=BIG):
    return File(random.Random(number).randbytes(size))


class Planned(Case):
    wants = {"registry", "docker"}

    @classmethod
    def start_services(cls):
        super().start_services()
        cls.podman = services.Podman(cls.base)
        cls.addClassCleanup(cls.podman.stop)

    def setUp(self):
        super().setUp()
        self.source, self.repo, self.steps = self.tmp / "src", self._testMethodName, 0

    def push(self, *flags, ref=None):
        """Pushes and returns the result object and how much the registry's storage grew."""
        before = sum(self.registry.blobs().values())
        done = kontext("push", "--json", *flags, self.source, ref or self.ref(self.repo))
        self.assertEqual(done.rc, 0, done.stderr)
        result = json.loads(done.stdout)
        return result, sum(self.registry.blobs().values()) - before

    def step(self, what, at_most, gone=(), there=None, flags=()):
        """Edits, pushes, and has docker and podman judge the image."""
        tree.remove(self.source, *gone)
        tree.build(self.source, there or {})
        result, grown = self.push(*flags)
        self.steps += 1
        print(f"  {what:44}{result['uploaded_bytes']:10,} B sent{grown:10,} B stored")
        with self.subTest(what):
            self.assertLessEqual(result["uploaded_bytes"], at_most)
            # To a new repository extractors are sent that the registry's storage has from another.
            self.assertLessEqual(grown, result["uploaded_bytes"])
            if self.steps > 1:
                self.assertEqual(grown, result["uploaded_bytes"])
            self.assert_sound(self.image(self.repo), self.source)
            for runtime in (self.docker, self.podman):
                fresh = self.new_dir(f"{type(runtime).__name__}{self.steps}")
                done = runtime.extract(result["reference"], fresh)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assert_same_tree(self.source, fresh)
        return result


class ContentFoundAgain(Planned):
    def move(self, old, new):
        (self.source / new).parent.mkdir(parents=True, exist_ok=True)
        os.rename(self.source / old, self.source / new)

    def start(self, spec):
        print()
        self.step("first push", sum(len(f.content) for f in spec.values()) + 200 * KIB, there=spec)

    def test_moves_and_copies(self):
        self.start({"a/one": content(1), "a/two": content(2),
                    **{f"dir/sub/{n}": content(100 + n, 10 * KIB) for n in range(20)}})
        self.move("a/one", "a/uno")
        self.step("a file renamed", LINES)
        self.move("dir", "dir2")
        self.step("a directory renamed", LINES)
        self.move("dir2", "x/y/dir2")
        self.step("a tree moved", LINES)
        for copy in ("a/again", "x/once/more"):
            tree.build(self.source, {copy: content(1)})
        self.step("a file copied twice", LINES)
        self.move("a/uno", "swap")
        self.move("a/two", "a/uno")
        self.move("swap", "a/two")
        self.step("two files swapped", LINES)

    def test_rotated_logs(self):
        self.start({f"log.{age}": content(age) for age in range(4)})
        for turn in (10, 11):
            for age in (3, 2, 1):
                os.replace(self.source / f"log.{age - 1}", self.source / f"log.{age}")
            self.step("logs rotated, a new one of 1 KiB", LINES + KIB,
                      there={"log.0": content(turn, KIB)})

    def test_reverts(self):
        self.start({"v": content(1), "w": content(2), "other": content(3)})
        self.step("a file changed", BIG + LINES, there={"v": content(4)})
        self.step("put back", LINES, there={"v": content(1)})
        self.step("two files changed", 2 * BIG + LINES, there={"v": content(5), "w": content(6)})
        # What the second file's layer hides is sent again, or what is live in that layer: no more
        # than the change itself.
        self.step("one of them put back", BIG + LINES, there={"v": content(1)})
        self.step("the other one, too", LINES + BIG, there={"w": content(2)})

    def test_nothing_hides_what_is_pointed_at(self):
        self.start({"p/data": content(1), "q/deep/data": content(2), "stays": content(3, 10)})
        self.move("p", "r")
        self.step("a directory moved away", LINES)
        self.step("a file where it was", LINES, there={"p": content(4, 10)})
        self.step("a link where it was", LINES + BIG, there={"p": Link("r")})
        self.step("a directory where it was", LINES + BIG, there={"p": Dir(), "p/data": Dir(0o700)})
        self.step("other content at the old path", LINES, there={"p/data": content(5, 10)})
        self.move("q/deep/data", "data")
        self.step("moved out, its directories now a file", LINES + BIG, there={"q": content(6, 10)})
        self.step("a copy, then the original gone", LINES, gone=["r/data"],
                  there={"copy": content(1)})
        self.step("all gone but copies", LINES, gone=["p", "q", "r", "stays"])
        self.step("and back at the old path", LINES, gone=["copy"], there={"p/data": content(1)})


class Mirror(Planned):
    def exported(self, reference):
        """BasePath as the runtime merges it, in the shape of tree.snapshot()."""
        container = self.docker("create", reference).stdout.strip()
        archive, root = self.tmp / "export.tar", self.tmp / f"export{self.steps}"
        self.docker("export", "-o", str(archive), container)
        with tarfile.open(archive) as tar:
            inside = [m for m in tar.getmembers() if m.name.startswith("var/run/kontext/")]
            for member in sorted(inside, key=lambda m: m.name, reverse=True):
                member.name = os.path.relpath(member.name, "var/run/kontext")
            tar.extractall(root, inside)
        return tree.snapshot(root)

    def assert_mirrored(self, result):
        opened = {"file": 0o444, "dir": 0o555, "symlink": 0}
        want = {}
        for path, (kind, *rest) in tree.snapshot(self.source).items():
            mode = rest if kind == "symlink" else [f"{int(rest[0], 8) | opened[kind]:04o}", *rest[1:]]
            want[path] = (kind, *mode)
        self.docker("pull", "--quiet", result["reference"])
        self.assert_same_tree(want, self.exported(result["reference"]))
        self.assertEqual(self.image(self.repo).labels()["dev.kontext.mirror"], "true")

    def test_plain_to_mirror_and_back(self):
        most = 8 * BIG
        print()
        self.step("plain", most, there={
            "one": content(1), "d/e/two": content(2), "secret": File(b"s\n", 0o600),
            "tool": File(b"#!/bin/sh\n", 0o755), "link": Link("d/e"), "empty": Dir(0o700),
            "locked": Dir(0o711), "locked/f": File(b"f\n", 0o640)})
        os.rename(self.source / "one", self.source / "uno")
        self.step("plain, a file renamed", LINES, there={"copy": content(2)})
        flags = ("--mirror",)
        self.assert_mirrored(self.step("switched to a mirror", most, flags=flags))
        os.rename(self.source / "uno", self.source / "d/uno")
        self.assert_mirrored(self.step("mirror, a file moved", most, flags=flags, there={
            "secret": File(b"s\n", 0o640), "locked": Dir(0o700)}))
        self.assert_mirrored(self.step("mirror, types changed", most, flags=flags,
                                       gone=["d/e", "link"],
                                       there={"d/e": File(b"now a file\n"), "link": Dir(),
                                              "link/in": File(b"in\n")}))
        os.rename(self.source / "d/uno", self.source / "one")
        self.step("plain again", LINES)
        self.assertEqual(self.image(self.repo).labels()["dev.kontext.mirror"], "false")
        self.assert_mirrored(self.step("and a mirror again", most, flags=flags))


class Garbage(Planned):
    """What hardly compresses beside what leaves nothing: all is told by hints on the layers."""

    HINT = "dev.kontext.packed-sizes"

    def hints(self, reference):
        layers = self.image(self.repo, reference).manifests["linux/amd64"]["layers"]
        return [layer.get("annotations", {}).get(self.HINT) for layer in layers]

    def inspected(self, ref):
        done = kontext("inspect", "--json", ref)
        self.assertEqual(done.rc, 0, done.stderr)
        return json.loads(done.stdout)

    def test_is_known_and_goes(self):
        tree.build(self.source, {"noise": File(random.Random(1).randbytes(8 << 20)),
                                 "small": content(2, KIB), "zeros": File(bytes(80 << 20))})
        self.push("--platform", "linux/amd64")
        before = self.hints("v1")
        self.assertRegex(before[-1], r"^2:\d+,1:\d+$")
        tree.build(self.source, {"small": content(3, KIB)})
        result, _ = self.push("--platform", "linux/amd64", "--from", self.ref(self.repo),
                              ref=self.ref(self.repo, "v2"))
        self.assertEqual(result["segments_kept"], 1)
        self.assertEqual(self.hints("v2")[:2], before)  # of a layer that is kept
        tree.remove(self.source, "noise")
        # Within one registry, and to another place.
        kontext("push", self.source, f"oci:{self.tmp}/copy", "--from", self.ref(self.repo, "v2"))
        self.push()
        report = self.inspected(self.ref(self.repo))
        self.assertLess(report["stored_bytes"], 1 << 20)
        self.assertLess(self.inspected(f"oci:{self.tmp}/copy")["stored_bytes"], 1 << 20)
        self.assert_sound(self.image(self.repo), self.source)


class From(Planned):
    def setUp(self):
        super().setUp()
        tree.build(self.source, {f"d/{n}": content(n) for n in range(8)})
        self.main = push(self.source, self.ref(self.repo, "main"))
        tree.build(self.source, {"d/3": content(50)})

    def assert_is_the_tree(self, repo, tag):
        image = self.image(repo, tag)
        self.assert_sound(image, self.source)
        return image

    def test_a_feature_branch(self):
        result, grown = self.push("--from", self.ref(self.repo, "main"),
                                  ref=self.ref(self.repo, "feature"))
        self.assertLessEqual(result["uploaded_bytes"], BIG + LINES)
        self.assertEqual(grown, result["uploaded_bytes"])
        self.assert_is_the_tree(self.repo, "feature")
        fresh = self.new_dir("fresh")
        self.docker.extract(result["reference"], fresh)
        self.assert_same_tree(self.source, fresh)

    def test_another_repository_is_mounted(self):
        proxy = CountingProxy(self.registry.host)
        self.addCleanup(proxy.stop)
        result, _ = self.push("--from", f"{proxy.host}/{self.repo}:main",
                              ref=f"{proxy.host}/{self.repo}-other:v1")
        # The extractors, two layers of some 35 KiB, are mounted too.
        self.assertLessEqual(result["uploaded_bytes"], BIG + LINES)
        self.assertLessEqual(proxy.sent, BIG + 2 * LINES)
        self.assertTrue([path for _, path in proxy.requests if "mount=" in path])
        self.assert_is_the_tree(f"{self.repo}-other", "v1")

    def test_an_equal_tree_in_another_place(self):
        main = self.ref(self.repo, "main")
        push(self.source, main)
        result, _ = self.push("--from", main, ref=self.ref(f"{self.repo}-equal"))
        self.assertEqual(result["segments_written"], 0)
        here = self.assert_is_the_tree(f"{self.repo}-equal", "v1")
        there = self.image(self.repo, "main")
        self.assertEqual(here.segment_digests(), there.segment_digests())

    def test_a_layout(self):
        layout = f"oci:{self.tmp}/layout:v1"
        kept = self.tmp / "kept"
        shutil.copytree(self.source, kept)
        push(kept, layout)
        tree.build(self.source, {"d/4": content(51)})
        result, _ = self.push("--from", layout, ref=self.ref(f"{self.repo}-layout"))
        self.assertEqual((result["segments_kept"], result["segments_written"]), (1, 1))
        image = self.assert_is_the_tree(f"{self.repo}-layout", "v1")
        self.assertEqual(image.segment_digests()[0],
                         self.layout(self.tmp / "layout", "v1").segment_digests()[0])

    def test_what_is_not_there(self):
        done = kontext("push", "--from", self.ref("nobody", "none"), self.source, self.ref("alone"))
        self.assertEqual(done.rc, 0, done.stderr)
        self.assertIn("nobody:none is not there", done.stderr)
        self.assert_is_the_tree("alone", "v1")

    def test_not_from_a_clean_base(self):
        done = kontext("push", "--clean", "--from", self.main, self.source, self.ref("never"))
        self.assert_refused(done, "--from", "--clean", rc=2)
        self.assertIsNone(self.registry.tag("never", "v1"))


if __name__ == "__main__":
    main()
