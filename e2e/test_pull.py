#!/usr/bin/env python3
"""kontext pull and verify: the same tree without a container runtime, and nothing that is wrong."""

import copy
import json
import os
import threading

from support import tree
from support.case import Case, main
from support.forge import Forge
from support.image import BASE_PATH, HEAD_PATH, digest_of
from support.kontext import BIN, extractor, kontext, push, run
from support.tree import Dir, File, Link

EXAMPLE = {
    "README": File(b"hello\n"), "empty": File(b""), "copy": File(b"hello\n", 0o600),
    "src/run.sh": File(b"#!/bin/sh\n", 0o755), "locked": File(b"nobody\n", 0o000),
    "frozen": Dir(0o555), "frozen/inside": File(b"cold\n", 0o444), "hollow": Dir(0o711),
    "link": Link("nowhere"), "absolute": Link("/etc/hostname"), "new\nline": File(b"3\n"),
    os.fsdecode(b"latin-\xe9"): File(b"not UTF-8\n"), ".wh.odd": File(b"5\n"),
    "long/" + "/".join(["x" * 60] * 6): File(b"7\n"), "big": File(b"0123456789" * 50000),
}


class Pull(Case):
    wants = {"registry"}

    def setUp(self):
        super().setUp()
        self.source = tree.build(self.tmp / "src", EXAMPLE)
        self.out = self.tmp / "out"
        self.repo = self.id().rpartition("_")[2].lower()

    def pull(self, ref=None, *flags):
        done = kontext("pull", ref or self.ref(self.repo), self.out, *flags)
        self.assertEqual((done.rc, done.stdout), (0, ""), done.stderr)
        return done.stderr

    def verify(self, *arguments):
        done = kontext("verify", self.ref(self.repo), *arguments)
        self.assertIn(done.rc, (0, 1), done.stderr)
        self.assertEqual(done.rc, 1 if done.stdout else 0)
        return done.stdout.splitlines()

    def blob_requests(self):
        log = self.registry.server.log.read_text(errors="replace")
        return log.count(f'"GET /v2/{self.repo}/blobs/')

    def test_the_same_tree(self):
        reference = push(self.source, self.ref(self.repo))
        self.pull(reference)
        self.assert_same_tree(self.source, self.out)
        self.assertEqual(self.verify(self.out), [])

    def test_again_reads_no_layer(self):
        push(self.source, self.ref(self.repo))
        self.pull()
        before = tree.snapshot(self.out), os.stat(self.out / "big").st_mtime_ns
        kontext("ls", self.ref(self.repo))
        counted = self.blob_requests()
        kontext("ls", self.ref(self.repo))
        for_indexes = self.blob_requests() - counted
        counted = self.blob_requests()
        self.assertIn("0 written, 0 B fetched", self.pull())
        self.assertEqual(self.blob_requests() - counted, for_indexes)
        self.assertEqual((tree.snapshot(self.out), os.stat(self.out / "big").st_mtime_ns), before)

    def test_over_anything(self):
        push(self.source, self.ref(self.repo))
        tree.build(self.out, {
            "README": Dir(), "README/inside": File(b"x"), "src": Link("/etc"), "link": File(b"x"),
            "big": File(b"a longer tail" * 50000), "frozen": Dir(0o500), "stranger": File(b"mine\n")})
        self.pull()
        want = {**tree.snapshot(self.source), "stranger": tree.describe(self.out / "stranger")}
        self.assert_same_tree(want, self.out)
        self.pull(None, "--prune", "--jobs", "2", "--quiet")
        self.assert_same_tree(self.source, self.out)

    def test_owner(self):
        self.need_root("another owner")
        push(self.source, self.ref(self.repo))
        self.pull(None, "--owner", "1234:5678")
        for path in (".", "README", "frozen", "link"):
            owner = os.lstat(self.out / path)
            self.assertEqual((owner.st_uid, owner.st_gid), (1234, 5678), path)

    def test_verify_lists_every_difference(self):
        push(self.source, self.ref(self.repo))
        self.pull()
        tree.build(self.out, {"README": File(b"Hello\n"), "empty": File(b"no"), "extra": File(b"")})
        (self.out / "copy").chmod(0o644)
        tree.remove(self.out, "hollow", "link")
        (self.out / "link").symlink_to("elsewhere")
        found = {line.removeprefix(f"{self.out}/").partition(":")[0] for line in self.verify(self.out)}
        self.assertEqual(found, {"README", "empty", "extra", "copy", "hollow", "link"})

    def test_verify_exit_codes(self):
        push(self.source, self.ref(self.repo))
        self.assertEqual(self.verify(), [])
        for arguments in ((self.ref("never-pushed"),), (self.ref(self.repo), self.tmp / "none"),
                          ("not a reference",), ()):
            done = kontext("verify", *arguments)
            self.assertEqual((done.rc, done.stdout), (2, ""), arguments)
            self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)

    def test_verify_of_what_cannot_be_read(self):
        """It is no difference, and nothing is told of what lies below."""
        self.need_root("another user")
        push(self.source, self.ref(self.repo))
        self.pull()
        (self.out / "extra").write_text("x")
        tree.remove(self.out, "empty")
        folder = next(p for p in sorted(self.out.rglob("*"))
                      if p.is_dir() and not p.is_symlink() and any(p.iterdir()))
        folder.chmod(0)
        self.addCleanup(folder.chmod, 0o755)
        for parent in (self.tmp, self.base):
            parent.chmod(0o755)
        done = run("setpriv", "--reuid=12345", "--clear-groups", BIN, "verify", self.ref(self.repo),
                   self.out)
        self.assertEqual(done.rc, 2, done.stderr)
        told = f"{self.out}/{folder.relative_to(self.out)}: cannot be read: Permission denied"
        self.assertEqual([line for line in done.stderr.splitlines() if told in line],
                         [f"kontext: {told}"])
        self.assertEqual({line.removeprefix(f"{self.out}/").partition(":")[0]
                          for line in done.stdout.splitlines()},
                         {"extra", "empty", str(folder.relative_to(self.out))})

    def test_usage(self):
        for arguments in ((), ("ref",), ("--owner", "x", "oci:a", "b"), ("--jobs", "0", "oci:a", "b"),
                          ("--jobs", "-1", "oci:a", "b"), ("--nonsense", "oci:a", "b")):
            done = kontext("pull", *arguments)
            self.assertEqual((done.rc, done.stdout), (2, ""), arguments)
        self.assert_refused(kontext("pull", self.ref("never-pushed"), self.out), "never-pushed")
        self.assertFalse(self.out.exists())

    def test_many_levels(self):
        """Far more of them than a process may have files open."""
        def limited(*command):
            done = run("sh", "-c", 'ulimit -n 256; exec "$0" "$@"', *command)
            self.assertEqual(done.rc, 0, done.stderr)
            return done

        self.addCleanup(run, "rm", "-rf", self.source, self.out)  # Python's own may not go so deep
        ref = f"oci:{self.tmp}/layout"
        push(self.source, f"{ref}:flat")
        for chain in range(30):  # what is under way at their ends holds all of them
            at = self.source / f"c{chain}"
            at.joinpath(*["d"] * 40).mkdir(parents=True)
            at.joinpath(*["d"] * 40, "f").write_text(f"chain {chain}\n")
        at = self.source
        for level in range(1500):
            at = at / "d"
            at.mkdir(mode=0o555 if level % 100 == 99 else 0o755)
            (at / "f").write_text(f"{level}\n")
        limited(BIN, "push", self.source, f"{ref}:deep")
        for flags in ((), ("--prune",)):
            limited(BIN, "pull", f"{ref}:deep", self.out, *flags)
            self.assertEqual(limited(BIN, "verify", f"{ref}:deep", self.out).stdout, "")
        self.assertEqual((self.out / at.relative_to(self.source) / "f").read_text(), "1499\n")
        limited(BIN, "pull", f"{ref}:flat", self.out, "--prune")
        self.assertEqual(limited(BIN, "verify", f"{ref}:flat", self.out).stdout, "")

    def test_the_extractor_at_many_levels(self):
        self.addCleanup(run, "rm", "-rf", self.source, self.out)
        at = self.source
        for level in range(400):
            at = at / "d"
            at.mkdir()
            (at / "f").write_text(f"{level}\n")
        push(self.source, f"oci:{self.tmp}/layout:deep", "--mirror")
        rootfs = self.layout(self.tmp / "layout", "deep").unpack(self.tmp / "rootfs")
        for command in (("extract",), ("extract", "--prune"), ("verify",)):
            done = run("sh", "-c", 'ulimit -n 256; exec "$0" "$@"', extractor("amd64"), *command,
                       "--root", rootfs, "--target", self.out)
            self.assertEqual((done.rc, done.stdout), (0, ""), done.stderr)
        self.assertEqual((self.out / at.relative_to(self.source) / "f").read_text(), "399\n")

    def test_what_is_mounted_is_not_emptied(self):
        self.need_root("a file system of its own")
        push(self.source, self.ref(self.repo))
        self.pull()
        elsewhere = self.new_dir("elsewhere")
        for options in (("-t", "tmpfs", "tmpfs"), ("--bind", elsewhere)):
            for place, told in (("volume", "volume"), ("extra/deep/volume", "extra"),
                                ("README/volume", "README")):
                with self.subTest(options=options, place=place):
                    tree.remove(self.out, "README")
                    volume = self.out / place
                    volume.mkdir(parents=True)
                    mounted = run("mount", *options, volume)
                    self.assertEqual(mounted.rc, 0, mounted.stderr)
                    try:
                        (volume / "data").write_text("precious")
                        done = kontext("pull", "--prune", self.ref(self.repo), self.out)
                        self.assert_refused(done, self.out / told, "mounted")
                        self.assertEqual((volume / "data").read_text(), "precious")
                    finally:
                        run("umount", volume)
                    self.pull(None, "--prune")
                    self.assertFalse(volume.exists())

    def test_what_is_mounted_is_not_sent(self):
        self.need_root("mounts")
        elsewhere = self.new_dir("elsewhere")
        (elsewhere / "file").write_text("from elsewhere")
        volume = self.source / "volume"
        volume.mkdir()
        (volume / "hidden").write_text("below the mount")
        for options in (("-t", "tmpfs", "tmpfs"), ("--bind", elsewhere)):
            with self.subTest(options=options):
                mounted = run("mount", *options, volume)
                self.assertEqual(mounted.rc, 0, mounted.stderr)
                try:
                    (volume / "file").write_text("mounted")
                    push(self.source, self.ref(self.repo))
                    self.assertIn("volume/file", kontext("ls", self.ref(self.repo)).stdout)
                    push(self.source, self.ref(self.repo), "--one-file-system")
                    listed = kontext("ls", self.ref(self.repo)).stdout
                    self.assertNotIn("volume/file", listed)
                    self.assertIn("\nvolume/\n", listed)
                finally:
                    run("umount", volume)

    def test_full_or_read_only_directory(self):
        self.need_root("a small file system")
        push(self.source, self.ref(self.repo))
        self.out.mkdir()
        for options, reason in (("size=64k", "No space left on device"), ("ro", "Read-only")):
            mounted = run("mount", "-t", "tmpfs", "-o", options, "tmpfs", self.out)
            self.assertEqual(mounted.rc, 0, mounted.stderr)
            try:
                done = kontext("pull", self.ref(self.repo), self.out)
                self.assert_refused(done, self.out, reason)
                self.assertEqual(os.listdir(self.out), [])
            finally:
                run("umount", self.out)


class HostileImage(Case):
    def setUp(self):
        super().setUp()
        self.source = tree.build(self.tmp / "src", {
            "a": File(b"content of a\n"), "d/b": File(b"content of b\n"), ".wh.c": File(b"object\n"),
            "l": Link("a")})
        self.folder = self.tmp / "layout"
        self.oci = f"oci:{self.folder}:v1"
        push(self.source, self.oci)
        self.out = self.tmp / "inner/out"
        self.canary = tree.build(self.tmp / "inner/canary", {"file": File(b"canary\n")})

    def assert_pull_refused(self, *subjects):
        self.assert_refused(kontext("pull", self.oci, self.out), *subjects)
        left = os.listdir(self.out) if self.out.exists() else []
        self.assertEqual(left, [])
        self.assert_nothing_outside()

    def assert_nothing_outside(self):
        self.assertEqual(sorted(os.listdir(self.tmp)), ["inner", "layout", "src"])
        self.assertLessEqual(set(os.listdir(self.tmp / "inner")), {"out", "canary"})
        self.assertEqual((self.canary / "file").read_bytes(), b"canary\n")

    def assert_verify_finds(self, *subjects):
        done = kontext("verify", self.oci)
        self.assertEqual(done.rc, 1, done.stderr)
        for subject in subjects:
            self.assertIn(subject, done.stdout)

    def forged(self, change):
        forge = Forge(self.folder, "v1")
        forge.write(change(forge.members()))

    def test_another_content_of_the_same_size(self):
        def change(members):
            return [(entry, b"content of X\n" if data == b"content of a\n" else data)
                    for entry, data in members]
        self.forged(change)
        self.assert_pull_refused(f"{self.out}/a", "layer sha256:")
        self.assert_verify_finds("run/kontext/a: content")

    def test_another_size_of_an_object(self):
        self.forged(lambda members: [(entry, data + b"more" if data == b"object\n" else data)
                                     for entry, data in members])
        self.assert_pull_refused(f"{self.out}/.wh.c", "layer sha256:")
        self.assert_verify_finds("objects/")

    def test_a_content_is_missing(self):
        self.forged(lambda members: [m for m in members if not m[0].name.endswith("kontext/d/b")])
        self.assert_pull_refused(f"{self.out}/d/b", "lacks")
        self.assert_verify_finds("run/kontext/d/b: missing")

    def test_a_symlink_where_a_content_should_be(self):
        def change(members):
            for number, (entry, _) in enumerate(members):
                if entry.name == f"{BASE_PATH}/a":
                    entry.type, entry.linkname = b"2", "/etc/passwd"
                    members[number] = (entry, None)
            return members
        self.forged(change)
        self.assert_pull_refused(f"{self.out}/a")
        self.assert_verify_finds("run/kontext/a: of another type")

    def test_tar_entries_that_point_elsewhere(self):
        def change(members):
            for name in ("../../escaped", "/tmp/escaped", f"{BASE_PATH}/../../../../escaped",
                         f"{BASE_PATH}/l/escaped"):
                entry = copy.copy(members[-1][0])
                entry.name, entry.type, entry.linkname, entry.pax_headers = name, b"0", "", {}
                members.append((entry, b"escaped\n"))
            return members
        self.forged(change)
        done = kontext("pull", self.oci, self.out)  # nobody asked for these entries
        self.assertEqual(done.rc, 0, done.stderr)
        self.assert_same_tree(self.source, self.out)
        self.assert_nothing_outside()
        self.assert_verify_finds("../../escaped: its index does not have it")

    def test_a_hard_link_in_a_layer(self):
        def change(members):
            entry = copy.copy(members[-1][0])
            entry.name, entry.type, entry.linkname = f"{BASE_PATH}/0", b"1", "etc/passwd"
            return [(entry, None), *members]
        self.forged(change)
        self.assert_pull_refused("oci:")

    def test_index_lines(self):
        good = self.layout(self.folder, "v1").layers()[-1]
        lines = good.read(good.index_name())
        line = lines.splitlines(keepends=True)[-1]
        for path in ("../x", "/x", "a//x", "a/../../x", ".", "..", "x/" * 40000 + "x"):
            forge = Forge(self.folder, "v1")
            bad = {"type": "dir", "path": path, "mode": "0755"}
            forge.write_index(json.dumps(bad, separators=(",", ":")).encode() + b"\n")
            self.assert_pull_refused("oci:", "line 1")
        for bad in (line * 2, lines + lines, lines[:-1], b"[" * 100000 + b"\n", b"x" * (3 << 20),
                    line.replace(b'"path"', b'"path":"y","path"')):
            Forge(self.folder, "v1").write_index(bad)
            self.assert_pull_refused("oci:", "line ")

    def test_documents_that_disagree(self):
        forge = Forge(self.folder, "v1")
        forge.write_tar(forge.layer.tar_bytes, diff_id="sha256:" + "0" * 64)
        self.assert_verify_finds("diff ID")
        push(self.source, self.oci, "--clean")
        Forge(self.folder, "v1").write(
            [(e, data.replace(b'"files":3', b'"files":4') if e.name == HEAD_PATH else data)
             for e, data in Forge(self.folder, "v1").members()])
        self.assert_verify_finds("its counts")
        push(self.source, self.oci, "--clean")
        forge = Forge(self.folder, "v1")
        forge.write_tar(forge.layer.tar_bytes, {"dev.kontext.tree": digest_of(b"another")})
        self.assert_pull_refused("oci:", "tree")

    def test_blobs_that_are_damaged_or_gone(self):
        for descriptor in self.layout(self.folder, "v1").manifests["linux/arm64"]["layers"]:
            blob = Forge(self.folder, "v1").layout.blob_path(descriptor["digest"])
            good = blob.read_bytes()
            for bad in (good[:-9] + bytes([good[-9] ^ 1]) + good[-8:], good[:-1], b"", None):
                if bad is None:
                    blob.unlink()
                else:
                    blob.write_bytes(bad)
                self.assert_verify_finds(descriptor["digest"])
            blob.write_bytes(good)
        self.assertEqual(kontext("verify", self.oci).rc, 0)

    def test_other_packings(self):
        forge = Forge(self.folder, "v1")
        forge.write_tar(forge.layer.tar_bytes, pack=lambda tar: tar)
        done = kontext("pull", self.oci, self.out)
        self.assertEqual(done.rc, 0, done.stderr)
        self.assert_same_tree(self.source, self.out)

    def test_symlinks_planted_meanwhile(self):
        stop = threading.Event()

        def plant():
            number = 0
            while not stop.is_set():
                number += 1
                for name in ("d", "a"):
                    try:
                        os.rename(self.out / name, self.out / f"aside{number}{name}")
                        os.symlink(self.canary / ("" if name == "d" else "file"), self.out / name)
                    except OSError:
                        pass
        racer = threading.Thread(target=plant)
        racer.start()
        for _ in range(20):
            kontext("pull", self.oci, self.out, "--prune")
        stop.set()
        racer.join()
        self.assert_nothing_outside()
        self.assertEqual(os.listdir(self.canary), ["file"])
        done = kontext("pull", self.oci, self.out, "--prune")
        self.assertEqual(done.rc, 0, done.stderr)
        self.assert_same_tree(self.source, self.out)


if __name__ == "__main__":
    main()
