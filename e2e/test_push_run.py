#!/usr/bin/env python3
"""The whole way: directory -> registry -> docker run -> the same directory."""

import os

from support import segments, tree
from support.case import Case, main
from support.image import digest_of
from support.kontext import extract, push
from support.tree import Dir, File, Link

EXAMPLE = {
    "README": File(b"hello\n"),
    "empty": File(b""),
    "src/main.c": File(b"int main(void) { return 0; }\n"),
    "src/run.sh": File(b"#!/bin/sh\nexit 0\n", 0o755),
    "src/copy.c": File(b"int main(void) { return 0; }\n", 0o600),
    "secret": File(b"for the owner\n", 0o600),
    "tool": File(b"\x7fELF\x00\x01\xff" * 4096, 0o500),
    "readonly": File(b"look\n", 0o400),
    "locked": File(b"nobody\n", 0o000),
    "open": File(b"all\n", 0o777),
    "hollow": Dir(),
    "hollow-too/inner": Dir(0o711),
    "private": Dir(0o700),
    "private/inside": File(b"in\n"),
    "frozen": Dir(0o555),
    "frozen/inside": File(b"cold\n", 0o444),
    "links/dangling": Link("nowhere/at/all"),
    "links/absolute": Link("/etc/hostname"),
    "links/to-dir": Link("../src"),
    "links/to-file": Link("../README"),
    "links/up": Link("../../../outside"),
    "name with spaces": File(b"1\n"),
    "quote\"and\\backslash": File(b"2\n"),
    "new\nline": File(b"3\n"),
    "ünïcödé/文件": File(b"4\n"),
    os.fsdecode(b"latin-\xe9"): File(b"not UTF-8\n"),
    os.fsdecode(b"to-latin"): Link(os.fsdecode(b"\xe9t\xe9")),
    ".wh.not-a-whiteout": File(b"5\n"),
    "-dash": File(b"6\n"),
    "d-e": File(b"sorts after d/e\n"),
    "d/e": File(b"sorts before d-e\n"),
    "long/" + "/".join(["x" * 60] * 6): File(b"7\n"),
    "n" * 255: File(b"8\n"),
}


class PushRun(Case):
    wants = {"registry", "docker"}

    def test_directory_arrives_as_it_was(self):
        source = tree.build(self.tmp / "src", EXAMPLE)
        reference = push(source, self.ref("arrives"))
        image = self.image("arrives")
        self.assertEqual(reference, f"{self.registry.host}/arrives@{image.digest}")
        self.assert_sound(image, source)
        out = self.new_dir("out")
        done = self.docker.extract(reference, out)
        self.assertEqual(done.stdout, "")
        self.assert_same_tree(source, out)

    def test_later_push_is_a_delta(self):
        source = tree.build(self.tmp / "src", {**EXAMPLE, "big": File(os.urandom(3 << 20))})
        push(source, self.ref("delta"))
        before, stored = self.image("delta"), self.registry.blobs()
        tree.build(source, {"src/main.c": File(b"changed\n"), "new/file": File(b"new\n"),
                            "tool": File(EXAMPLE["tool"].content, 0o755)})
        tree.remove(source, "hollow", "links/dangling", "src/run.sh")
        reference = push(source, self.ref("delta"))
        image = self.image("delta")
        self.assert_sound(image, source)
        self.assertEqual(image.layers()[:-1][0].descriptor, before.layers()[0].descriptor)
        self.assertEqual(image.segment_digests()[0], before.segment_digests()[0])
        sent = sum(self.registry.blobs().values()) - sum(stored.values())
        self.assertLess(sent, 64 * 1024)
        out = self.new_dir("out")
        self.docker.extract(reference, out)
        self.assert_same_tree(source, out)

    def test_unchanged_push_sends_nothing(self):
        source = tree.build(self.tmp / "src", EXAMPLE)
        first = push(source, self.ref("same"))
        stored, writes = self.registry.blobs(), self.registry.writes()
        os.utime(source / "README")
        self.assertEqual(push(source, self.ref("same")), first)
        self.assertEqual(self.registry.blobs(), stored)
        self.assertEqual(self.registry.writes(), writes)

    def test_unchanged_push_without_local_state(self):
        source = tree.build(self.tmp / "src", EXAMPLE)
        first = push(source, self.ref("stateless"))
        writes = self.registry.writes()
        empty = {"XDG_CACHE_HOME": str(self.new_dir("cache"))}
        self.assertEqual(push(source, self.ref("stateless"), env=empty), first)
        self.assertEqual(self.registry.writes(), writes)

    def test_clean_pushes_are_reproducible(self):
        digests = set()
        for number in range(2):
            source = tree.build(self.tmp / f"src{number}", EXAMPLE)
            os.utime(source / "README", (number, number))
            env = {"XDG_CACHE_HOME": str(self.new_dir(f"cache{number}"))}
            digests.add(push(source, self.ref(f"again{number}"), env=env).partition("@")[2])
        self.assertEqual(len(digests), 1, digests)

    def test_extraction_into_a_used_workspace(self):
        source = tree.build(self.tmp / "src", EXAMPLE)
        reference = push(source, self.ref("used"))
        out = tree.build(self.new_dir("out"), {
            "README": File(b"a longer text than the one that comes\n" * 9),
            "src": Link("/etc"), "links/to-dir": Dir(), "links/to-dir/full": File(b"x"),
            "empty": File(b""), "stranger": File(b"not in the listing\n")})
        kept = os.stat(out / "empty")
        self.docker.extract(reference, out)
        want = {**tree.snapshot(source), "stranger": tree.describe(out / "stranger")}
        self.assert_same_tree(want, out)
        again = os.stat(out / "empty")
        self.assertEqual((kept.st_ino, kept.st_mtime_ns), (again.st_ino, again.st_mtime_ns))
        self.docker.extract(reference, out, command=("extract", "--prune"))
        self.assert_same_tree(source, out)

    def test_any_user_no_rights_read_only_root(self):
        source = tree.build(self.tmp / "src", EXAMPLE)
        reference = push(source, self.ref("anyone"))
        out = self.new_dir("out")
        self.docker.extract(reference, out, "--user", "12345:12345", "--cap-drop", "ALL",
                            "--read-only", "--security-opt", "no-new-privileges")
        self.assert_same_tree(source, out)
        self.assertEqual(os.stat(out / "README").st_uid, 12345)

    def test_verify_and_list(self):
        source = tree.build(self.tmp / "src", EXAMPLE)
        reference = push(source, self.ref("verify"))
        out = self.new_dir("out")
        self.docker.extract(reference, out)
        self.docker.extract(reference, out, command=("verify",))
        said = self.docker.extract(reference, out, command=("list",)).stdout.encode()
        self.assertEqual(said, segments.canonical(self.image("verify").listing()))
        self.assertEqual(digest_of(said), self.image("verify").head()["tree"])
        (out / "src/main.c").write_bytes(b"int main(void) { return 1; }\n")
        refused = self.docker.extract(reference, out, command=("verify",), check=False)
        self.assertEqual(refused.returncode, 1)
        self.assertEqual(refused.stdout, "/workspace/src/main.c: content is not what the manifest says\n")

    def test_owner(self):
        source = tree.build(self.tmp / "src", {"d/f": File(b"f\n"), "l": Link("d")})
        out = self.new_dir("out")
        self.docker.extract(push(source, self.ref("owner")), out,
                            command=("extract", "--owner", "1234:5678"))
        self.assert_same_tree(source, out)
        for path in (".", "d", "d/f", "l"):
            owner = os.lstat(out / path)
            self.assertEqual((owner.st_uid, owner.st_gid), (1234, 5678), path)

    def test_arm64(self):
        source = tree.build(self.tmp / "src", EXAMPLE)
        push(source, self.ref("arm"))
        rootfs = self.image("arm").unpack(self.tmp / "rootfs", "linux/arm64")
        program = (rootfs / "kontext-extractor").read_bytes()
        self.assertEqual(program[18:20], b"\xb7\x00", "ELF machine is not AArch64")
        self.assertLessEqual(len(program), 64 * 1024)
        out = self.new_dir("out")
        done = extract(rootfs, out, arch="arm64")
        self.assertEqual(done.rc, 0, done.stderr)
        self.assert_same_tree(source, out)


if __name__ == "__main__":
    main()
