#!/usr/bin/env python3
"""Faults that were found and mended once: each stays mended."""

import os
import subprocess

from support import tree
from support.case import Case, main
from support.kontext import BIN, kontext, push
from support.tree import File


class Mended(Case):
    wants = set()

    def setUp(self):
        super().setUp()
        self.source = tree.build(self.tmp / "src", {"a": File(b"a\n"), "d/b": File(b"b\n")})
        self.folder = self.tmp / "layout"
        self.ref = f"oci:{self.folder}:v1"

    def tearDown(self):
        # Deeper than Python's own removal goes.
        subprocess.run(["rm", "-rf", self.source], check=True)
        super().tearDown()

    def test_closed_stderr_is_no_failure(self):
        done = subprocess.run(["sh", "-c", 'exec "$0" push "$1" "$2" 2>&-', BIN, self.source,
                               self.ref], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0)
        self.assertEqual(done.stdout.count("\n"), 1)

    def test_a_name_with_a_newline_is_one_line(self):
        done = kontext("push", self.tmp / "no\nsuch", self.ref)
        self.assertEqual(done.rc, 1)
        self.assertEqual(done.stderr.count("\n"), 1)
        self.assertIn("no\\nsuch", done.stderr)

    def test_rebase_leaves_the_next_word_alone(self):
        self.assertEqual(kontext("push", "--rebase", self.source, self.ref).rc, 0)
        self.assertEqual(kontext("push", "--rebase=false", self.source, self.ref).rc, 0)

    def test_a_damaged_blob_is_written_again(self):
        push(self.source, self.ref)
        blobs = sorted((self.folder / "blobs/sha256").iterdir())
        before = [blob.read_bytes() for blob in blobs]
        for blob, content in zip(blobs, before):
            blob.write_bytes(bytes([content[0] ^ 1]) + content[1:])
        push(self.source, self.ref, "--clean")
        self.assertEqual([blob.read_bytes() for blob in blobs], before)

    def test_an_image_without_all_its_parts_is_not_unchanged(self):
        push(self.source, self.ref)
        blobs = sorted((self.folder / "blobs/sha256").iterdir())
        for blob in blobs:
            content = blob.read_bytes()
            blob.unlink()
            push(self.source, self.ref)
            self.assertEqual(blob.read_bytes(), content)

    def test_a_broken_layout_is_left_alone(self):
        push(self.source, self.ref)
        for text in ("garbage", ""):
            (self.folder / "index.json").write_text(text)
            done = kontext("push", self.source, self.ref)
            self.assertEqual(done.rc, 1)
            self.assertEqual(done.stderr.count("\n"), 1)
            self.assertIn("index.json", done.stderr)
            self.assertEqual((self.folder / "index.json").read_text(), text)

    def deepen(self, levels):
        handle = os.open(self.source, os.O_RDONLY)
        for _ in range(levels):
            os.mkdir("a" * 50, dir_fd=handle)
            below = os.open("a" * 50, os.O_RDONLY, dir_fd=handle)
            os.close(handle)
            handle = below
        leaf = os.open("leaf", os.O_CREAT | os.O_WRONLY, 0o644, dir_fd=handle)
        os.write(leaf, b"leaf\n")
        os.close(leaf)
        os.close(handle)

    def test_a_path_beyond_path_max_is_packed(self):
        self.deepen(100)
        push(self.source, self.ref)
        self.assertIn("/leaf\n", kontext("ls", self.ref).stdout)

    def test_a_path_that_no_reader_takes_is_refused(self):
        self.deepen(1300)
        done = kontext("push", self.source, self.ref)
        self.assertEqual(done.rc, 1)
        self.assertIn("65536", done.stderr)
        self.assertLess(len(done.stderr), 2000)

    def test_labels_are_those_of_the_last_push(self):
        push(self.source, self.ref, "--label", "a=b")
        labelled = push(self.source, self.ref, "--label", "a=b")
        plain = push(self.source, self.ref)
        self.assertNotEqual(labelled, plain)
        self.assertEqual(push(self.source, self.ref), plain)


if __name__ == "__main__":
    main()
