#!/usr/bin/env python3
"""diff tells what a push would send, and inspect what is in an image, both within 80 columns."""

import json
import os
import unicodedata

from support import tree
from support.case import Case, main
from support.image import BASE_PATH
from support.kontext import kontext, push
from support.tree import Dir, File, Link

OBJECTS_PATH = "var/lib/kontext/objects"


def noise(size, seed=0):
    """Content that no other call gives."""
    return (f"{seed} {size} ".encode() * (size // 4 + 1))[:size]


def columns(line):
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)


def content_bytes(layers):
    """Bytes of content that layers hold."""
    return sum(entry.size for layer in layers for entry in layer.entries
               if entry.isreg() and not os.path.basename(entry.name).startswith(".wh.")
               and entry.name.startswith((BASE_PATH + "/", OBJECTS_PATH + "/")))


BEFORE = {
    "same": File(b"same\n"), "edited": File(noise(900)), "gone": File(noise(70_000)),
    "old name": File(noise(5_000, 1)), "kept": File(noise(6_000, 2)), "run": File(b"#!/bin/sh\n"),
    "link": Link("same"), "turns": File(b"a file\n"), "d": Dir(), "d/f": File(noise(300, 3)),
    "d/g/h": File(noise(400, 4)), "d/g/empty": File(b""), "shut": Dir(0o755)}


class DiffCase(Case):
    wants = {"registry"}

    def setUp(self):
        super().setUp()
        self.source = tree.build(self.tmp / "src", BEFORE)
        self.folder = self.tmp / "layout"
        self.oci = f"oci:{self.folder}:v1"

    def edit(self):
        tree.remove(self.source, "gone", "old name", "turns")
        os.rename(self.source / "d", self.source / "e")
        tree.build(self.source, {
            "edited": File(noise(12_000, 5)), "new name": File(noise(5_000, 1)),
            "copy": File(noise(6_000, 2)), "run": File(b"#!/bin/sh\n", 0o755),
            "link": Link("kept"), "turns/in": File(b"now a directory\n"), "shut": Dir(0o700),
            "fresh": File(noise(33_333, 6)), "fresh again": File(noise(33_333, 6))})

    def diff(self, *flags, rc=1, ref=None):
        done = kontext("diff", *flags, self.source, ref or self.oci)
        self.assertEqual(done.rc, rc, done.stderr)
        return done

    def report(self, *flags, rc=1, ref=None):
        done = self.diff("--json", *flags, rc=rc, ref=ref)
        self.assertEqual(done.stdout.count("\n"), 1)
        report = json.loads(done.stdout)
        self.assertEqual(report["same"], rc == 0)
        self.assertEqual(report["sent_bytes"], sum(e["sent_bytes"] for e in report["entries"]))
        return report

    def assert_sends(self, *flags, ref=None, image=None, known=()):
        """What a push sends is what diff says before it; gives that report.

        `known`: segments that it may use beside those of the image that it replaces.
        """
        image = image or (lambda: self.layout(self.folder, "v1"))
        report = self.report(*flags, ref=ref)
        try:
            before = {*known, *image().segment_digests()}
        except (KeyError, FileNotFoundError):
            before = set(known)
        push(self.source, ref or self.oci, *flags)
        after = image()
        added = [layer for layer, digest in zip(after.segment_layers(), after.segment_digests())
                 if digest not in before]
        self.assertEqual(report["sent_bytes"] + report["sent_again_bytes"], content_bytes(added))
        self.diff(*flags, rc=0, ref=ref)
        return report


class Diff(DiffCase):
    def test_every_kind(self):
        push(self.source, self.oci)
        self.edit()
        report = self.assert_sends()
        self.assertEqual(
            [(e["kind"], e["type"], e.get("from"), e["path"], e["bytes"], e["sent_bytes"])
             for e in report["entries"]],
            [("added", "file", None, "fresh", 33_333, 33_333),
             ("changed", "file", None, "edited", 12_000, 12_000),
             ("added", "file", None, "turns/in", 16, 16),
             ("removed", "file", None, "gone", 70_000, 0),
             ("added", "file", None, "fresh again", 33_333, 0),
             ("copied", "file", "kept", "copy", 6_000, 0),
             ("moved", "file", "old name", "new name", 5_000, 0),
             ("moved", "dir", "d", "e", 700, 0),
             ("mode", "file", None, "run", 10, 0),
             ("target", "symlink", None, "link", 0, 0),
             ("mode", "dir", None, "shut", 0, 0),
             ("type", "dir", None, "turns", 0, 0)])
        self.assertEqual(report["sent_again_bytes"], 0)

    def test_the_same_in_a_registry(self):
        ref = self.ref("diff")
        reference = push(self.source, ref)
        self.edit()
        report = self.assert_sends(ref=ref, image=lambda: self.image("diff"))
        self.assertEqual(report["image"], reference)
        self.diff(ref=reference)

    def test_lines(self):
        push(self.source, self.oci)
        self.edit()
        done = self.diff()
        self.assertEqual(done.stdout.splitlines()[0], "added     33.3 kB  fresh")
        for line in ("moved           -  d/ -> e/ (3 files, 700 B)", "type            -  turns/",
                     "removed         -  gone (70.0 kB)", "mode            -  run",
                     "copied          -  kept -> copy (6.0 kB)"):
            self.assertIn(line, done.stdout.splitlines())
        self.assertIn("a push would send 45.3 kB", done.stderr)
        self.assertEqual(self.diff("--quiet").stderr, "")

    def test_nothing_is_different(self):
        push(self.source, self.oci)
        done = self.diff(rc=0)
        self.assertEqual((done.stdout, done.stderr), ("", "kontext: no change\n"))

    def test_nothing_is_written(self):
        push(self.source, self.oci)
        self.edit()
        before = tree.snapshot(self.folder)
        self.diff()
        self.assertEqual(tree.snapshot(self.folder), before)
        self.diff(ref=f"oci:{self.tmp}/none:v1")
        self.assertFalse((self.tmp / "none").exists())

    def test_no_image_is_there(self):
        for ref in (self.oci, self.ref("none")):
            done = self.diff(ref=ref)
            about = [line for line in done.stderr.splitlines() if "not there" in line]
            self.assertEqual(len(about), 1, done.stderr)
            self.assertIn("gone", done.stdout)
        report = self.assert_sends()
        self.assertEqual({e["kind"] for e in report["entries"]}, {"added"})
        self.assertEqual((report["image"], report["image_tree"]), ("", ""))

    def test_an_empty_directory_is_no_missing_image(self):
        self.source = self.new_dir("empty")
        self.diff()
        push(self.source, self.oci)
        self.diff(rc=0)

    def test_what_merging_sends_again(self):
        push(self.source, self.oci)
        again = 0
        for number in range(20):
            tree.build(self.source, {f"n{number}": File(noise(1_000 + number, 7 + number))})
            report = self.assert_sends()
            self.assertEqual(report["sent_bytes"], 1_000 + number)
            again += report["sent_again_bytes"]
        self.assertGreater(again, 0)

    def test_what_was_there_before_is_found_again(self):
        push(self.source, self.oci)
        tree.remove(self.source, "kept")
        push(self.source, self.oci)
        tree.build(self.source, {"kept": BEFORE["kept"], "more": File(noise(50, 8))})
        report = self.assert_sends()
        self.assertEqual([(e["kind"], e["path"], e["sent_bytes"]) for e in report["entries"]],
                         [("added", "more", 50), ("added", "kept", 0)])
        self.assertEqual(report["sent_again_bytes"], 0)

    def test_options_of_a_push(self):
        push(self.source, self.oci)
        self.edit()
        report = self.report("--mirror")
        sent = {e["path"]: e["sent_bytes"] for e in report["entries"]}
        self.assertEqual((sent["e"], sent["new name"], sent["copy"]), (700, 5_000, 6_000))
        clean = self.report("--clean")
        self.assertEqual([e["kind"] for e in clean["entries"] if e["kind"] == "added"],
                         ["added"] * 3)
        self.assertGreater(clean["sent_again_bytes"], 0)
        other = f"oci:{self.folder}:other"
        branch = self.report("--from", self.oci, ref=other)
        self.assertEqual(branch["sent_bytes"] + branch["sent_again_bytes"], 45_349)
        self.assertEqual({e["kind"] for e in branch["entries"]}, {"added"})
        self.assert_sends("--mirror")
        self.assert_sends("--from", self.oci, ref=other,
                          image=lambda: self.layout(self.folder, "other"),
                          known=self.layout(self.folder, "v1").segment_digests())

    def test_the_same_files_kept_another_way(self):
        push(self.source, self.oci)
        (self.source / "kept").rename(self.source / "is now here")
        push(self.source, self.oci)
        self.diff(rc=0)
        report = self.report("--mirror", rc=1)
        self.assertEqual((report["entries"], report["sent_again_bytes"] >= 6_000), ([], True))
        self.assertIn("sent again", self.diff("--mirror", rc=1).stderr)

    def test_exit_codes_of_trouble(self):
        push(self.source, self.oci)
        for arguments in ([], [self.source], [self.source, self.oci, "more"],
                          [self.source, self.oci, "--nonsense"], [self.source, "oci:"],
                          [self.tmp / "none", self.oci],
                          [self.source, "127.0.0.1:1/nobody/listens:v1"],
                          [self.source, self.oci, "--clean", "--from", self.oci]):
            done = kontext("diff", *arguments)
            self.assertEqual((done.rc, done.stdout), (2, ""), arguments)
            self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)

    def test_odd_names_and_80_columns(self):
        long = "/".join(["a-long-name-of-a-directory"] * 8)
        push(self.source, self.oci)
        tree.build(self.source, {
            f"{long}/file": File(noise(44)), f"{long}/\u6f22\u5b57" * 2: File(noise(45)),
            "\u6f22\u5b57" * 40: File(noise(46)), "new\nline": File(noise(47))})
        with open(os.fsencode(self.source) + b"/\xff\xfe", "wb") as odd:
            odd.write(noise(48))
        (self.source / "gone").rename(self.source / long / ("moved" * 20))
        done = self.diff()
        self.assertEqual([line for line in done.stdout.splitlines() if columns(line) > 80], [])
        self.assertIn("-name-of-a-directory/file\n", done.stdout)
        self.assertIn("new\\nline\n", done.stdout)
        entries = self.report()["entries"]
        self.assertIn("//4=", [e.get("path64") for e in entries])
        self.assertIn(f"{long}/file", [e.get("path") for e in entries])


class Inspect(DiffCase):
    def inspect(self, *flags, ref=None, **env):
        done = kontext("inspect", *flags, ref or self.oci, env={"LC_ALL": "C", **env})
        self.assertEqual((done.rc, done.stderr), (0, ""))
        return done.stdout

    def history(self, ref):
        """Three pushes: the second leaves most of the first dead."""
        push(self.source, ref)
        tree.build(self.source, {"gone": File(os.urandom(70_000))})
        push(self.source, ref)
        tree.build(self.source, {"more": File(b"more\n")})
        return push(self.source, ref)

    def test_json(self):
        ref = self.ref("inspect")
        tree.build(self.source, {"gone": File(os.urandom(70_000)),
                                 "large": File(os.urandom(90_000))})
        reference = self.history(ref)
        report = json.loads(self.inspect("--json", ref=ref))
        image = self.image("inspect")
        self.assertEqual((report["reference"], report["digest"]), (reference, image.digest))
        self.assertEqual((report["layers"], report["pushes"], report["mirror"]), (4, 3, False))
        self.assertEqual(report["tree"], image.head()["tree"])
        self.assertEqual([s["index"] for s in report["segments"]], image.segment_digests())
        self.assertEqual([(s["push"], s["age"]) for s in report["segments"]],
                         [(1, 2), (2, 1), (3, 0)])
        for segment, layer, index in zip(report["segments"], image.segment_layers(),
                                         image.indexes()):
            self.assertEqual(segment["layer"], layer.descriptor["digest"])
            self.assertEqual(segment["layer_bytes"], layer.descriptor["size"])
            self.assertEqual(segment["live_bytes"] + segment["dead_bytes"], segment["layer_bytes"])
            self.assertEqual(segment["content_bytes"], content_bytes([layer]))
            self.assertEqual(segment["entries"], len(index))
        dead = [segment["dead_bytes"] for segment in report["segments"]]
        self.assertTrue(60_000 < dead[0] < 80_000, dead)
        self.assertEqual(dead[1:], [0, 0])
        for total in ("live_bytes", "dead_bytes"):
            self.assertEqual(report[total], sum(s[total] for s in report["segments"]))
        self.assertEqual(report["stored_bytes"], sum(s["layer_bytes"] for s in report["segments"]))

    def test_what_is_shown(self):
        self.history(self.oci)
        digests = self.layout(self.folder, "v1").segment_digests()
        plain = self.inspect()
        rows = plain[plain.index("newest first"):].splitlines()[1:]
        self.assertEqual([row[:12] for row in rows], [d[7:19] for d in reversed(digests)])
        self.assertTrue(all(set(row.split()[-1]) <= set("#.") for row in rows), plain)
        fancy = self.inspect(LC_ALL="", LANG="en_US.UTF-8")
        self.assertEqual(fancy.replace("\u2588", "#").replace("\u2591", "."), plain)
        self.assertNotEqual(fancy, plain)

    def test_80_columns(self):
        folder = self.tmp / ("n" * 120) / ("\u6f22" * 60)
        folder.mkdir(parents=True)
        ref = f"oci:{folder}/layout:v1"
        tree.build(self.source, {"large": File(os.urandom(3_000_000))})
        tree.build(self.source, {f"many/{n}": File(b"") for n in range(12_000)})
        self.history(ref)
        for language in ("C", "C.UTF-8"):
            shown = self.inspect(ref=ref, LC_ALL=language)
            wide = [line for line in shown.splitlines() if columns(line) > 80]
            self.assertEqual(wide, [])
            name = "".join(line[8:] for line in shown[:shown.index("digest ")].splitlines())
            self.assertEqual(name, ref)
            self.assertIn("12,", shown)

    def test_trouble(self):
        self.assert_refused(kontext("inspect", self.oci), self.oci)
        self.assert_refused(kontext("inspect", "--json"), "REF", rc=2)


if __name__ == "__main__":
    main()
