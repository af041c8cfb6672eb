#!/usr/bin/env python3
"""Bad input: one clear line naming the subject, exit code 1 (2 for usage), and nothing left behind."""

import os
import socket
import subprocess
import unittest

from support import services, tree
from support.case import Case, main
from support.image import HEAD_PATH, SEGMENTS_PATH, BASE_PATH, Layout
from support.kontext import extract, kontext, push, run
from support.tree import File

EXAMPLE = {"a": File(b"content of a\n" * 100), "d/b": File(b"content of b\n"), "empty": File(b"")}


class BadPush(Case):
    wants = {"registry"}

    def setUp(self):
        super().setUp()
        self.source = tree.build(self.tmp / "src", EXAMPLE)
        self.repo = self.id().rpartition("_")[2].lower()

    def assert_push_refused(self, directory, *subjects, ref=None, rc=1, **options):
        """Refused, with every tag and every stored byte as before."""
        before = self.registry.tag(self.repo, "v1")
        done = kontext("push", directory, ref or self.ref(self.repo), **options)
        self.assert_refused(done, *subjects, rc=rc)
        self.assertEqual(self.registry.tag(self.repo, "v1"), before)

    def test_no_such_directory(self):
        self.assert_push_refused(self.tmp / "nowhere", self.tmp / "nowhere", "No such file")

    def test_device(self):
        self.assert_push_refused("/dev/null", "/dev/null")

    def test_socket(self):
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(str(self.tmp / "s"))
            self.assert_push_refused(self.tmp / "s", self.tmp / "s")

    def test_malformed_reference(self):
        for ref in ("", "Upper/Case:v1", f"{self.registry.host}/a:b:c", f"{self.registry.host}/",
                    "oci:", "ftp://host/repo", f"{self.registry.host}/app:in valid"):
            with self.subTest(ref=ref):
                done = kontext("push", self.source, ref)
                self.assertEqual((done.rc, done.stdout), (2, ""), done.stderr)
                self.assertIn(ref, done.stderr)
                self.assertLessEqual(len(done.stderr.splitlines()), 2, done.stderr)

    def test_usage(self):
        for flags in (["push"], ["push", self.source], ["ls", "a", "b"],
                      ["no-such-command"], ["push", "--no-such-flag", self.source, "oci:x:y"]):
            with self.subTest(flags=flags):
                done = kontext(*flags)
                self.assertEqual((done.rc, done.stdout), (2, ""), done.stderr)
                self.assertTrue(done.stderr)

    def test_usage_names_the_option(self):
        for flags in (["--from", ""], ["--clean", "--from", "oci:a:b"], ["--include", "!a"],
                      ["--label", "a=1", "--label", "a=2"],
                      ["--annotation", "a=1", "--annotation", "a=1"]):
            with self.subTest(flags=flags):
                done = kontext("push", *flags, self.source, f"oci:{self.tmp}/never:v1")
                self.assert_refused(done, flags[-2], rc=2)
        done = kontext("pull", "--jobs", "-1", self.ref("never"), self.tmp / "never")
        self.assert_refused(done, "--jobs -1", rc=2)

    def test_registry_that_is_not_there(self):
        host = f"127.0.0.1:{services.free_port()}"
        self.assert_push_refused(self.source, host, ref=f"{host}/app:v1")

    def test_server_that_is_no_registry(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            host = "127.0.0.1:%d" % server.getsockname()[1]
            script = "import socket,sys\ns=socket.socket(fileno=int(sys.argv[1]))\n" \
                     "while True:\n c=s.accept()[0]\n c.recv(4096)\n c.sendall(b'hello\\r\\n')\n c.close()"
            other = subprocess.Popen(["python3", "-c", script, str(server.fileno())],
                                     pass_fds=[server.fileno()])
            self.addCleanup(other.wait)
            self.addCleanup(other.kill)
            self.assert_push_refused(self.source, host, ref=f"{host}/app:v1")

    def test_unreadable_file(self):
        push(self.source, self.ref(self.repo))
        (self.source / "d/b").write_bytes(b"changed\n")
        (self.source / "d/b").chmod(0)
        self.tmp.chmod(0o755)
        self.base.chmod(0o755)
        try:  # root reads everything, so another user pushes
            self.assert_push_refused(self.source, "d/b", "Permission denied", user=65534, group=65534,
                                     extra_groups=[], env={"XDG_CACHE_HOME": str(self.new_dir("c"))})
        except PermissionError as trouble:
            raise unittest.SkipTest(f"cannot run the program as another user: {trouble}")

    def test_ls_and_inspect_of_nothing(self):
        for command in ("ls", "inspect"):
            for ref in (self.ref("never-pushed"), f"oci:{self.tmp}/none:v1"):
                with self.subTest(command=command, ref=ref):
                    self.assert_refused(kontext(command, ref), ref)

    def test_layout_that_is_a_file(self):
        (self.tmp / "file").write_bytes(b"")
        self.assert_push_refused(self.source, self.tmp / "file", ref=f"oci:{self.tmp}/file:v1")

    def test_ls_of_a_flipped_or_short_layer(self):
        folder = self.tmp / "layout"
        push(self.source, f"oci:{folder}:v1")
        blob = Layout(folder).blob_path(self.layout(folder, "v1").layers()[-1].descriptor["digest"])
        good = blob.read_bytes()
        for name, bad in (("flipped", good[:40] + bytes([good[40] ^ 1]) + good[41:]),
                          ("short", good[:60]), ("empty", b"")):
            with self.subTest(name):
                blob.write_bytes(bad)
                done = kontext("ls", f"oci:{folder}:v1",
                               env={"XDG_CACHE_HOME": str(self.tmp / f"cache-{name}")})
                self.assert_refused(done, f"oci:{folder}")


class BadImage(Case):
    """An unpacked image is damaged, then the extractor runs over it."""

    def setUp(self):
        super().setUp()
        source = tree.build(self.tmp / "src", EXAMPLE)
        push(source, f"oci:{self.tmp}/layout:v1")
        self.rootfs = self.layout(self.tmp / "layout", "v1").unpack(self.tmp / "rootfs")
        self.out = self.new_dir("out")
        [self.segment] = (self.rootfs / SEGMENTS_PATH).iterdir()

    def assert_extraction_refused(self, *subjects):
        """Refused, and every file that is there is whole."""
        self.assert_refused(extract(self.rootfs, self.out), *subjects)
        whole = tree.snapshot(self.tmp / "src")
        for path, found in tree.snapshot(self.out).items():
            self.assertEqual(found, whole.get(path), path)

    def change(self, path, edit):
        path = self.rootfs / path
        path.chmod(0o644)
        path.write_bytes(edit(path.read_bytes()))

    @staticmethod
    def flip(at):
        return lambda data: data[:at] + bytes([data[at] ^ 1]) + data[at + 1:]

    def test_flipped_byte_in_a_file(self):
        for number, path in enumerate(("a", "d/b")):
            # A new target: what an earlier run brought there whole would be left as it is.
            self.out = self.new_dir(f"out{number}")
            self.change(f"{BASE_PATH}/{path}", self.flip(3))
            self.assert_extraction_refused(path)
            self.assertFalse((self.out / path).exists())
            self.change(f"{BASE_PATH}/{path}", self.flip(3))

    def test_short_long_and_missing_file(self):
        self.change(f"{BASE_PATH}/a", lambda data: data[:-1])
        self.assert_extraction_refused("a")
        self.change(f"{BASE_PATH}/a", lambda data: data + b"\n\n")
        self.assert_extraction_refused("a")
        (self.rootfs / BASE_PATH / "a").unlink()
        self.assert_extraction_refused("a")

    def test_any_flipped_byte_in_an_index(self):
        for at in range(self.segment.stat().st_size):
            self.change(self.segment, self.flip(at))
            self.assert_extraction_refused(f"segments/{self.segment.name}")
            self.change(self.segment, self.flip(at))

    def test_any_flipped_byte_in_the_head(self):
        for at in range((self.rootfs / HEAD_PATH).stat().st_size - 1):
            self.change(HEAD_PATH, self.flip(at))
            done = extract(self.rootfs, self.out)
            self.assertEqual((done.rc, done.stdout), (1, ""), f"byte {at} flipped")
            self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
            self.change(HEAD_PATH, self.flip(at))

    def test_short_index_and_head(self):
        size = self.segment.stat().st_size
        for keep in (0, 1, size // 2, size - 1):
            good = self.segment.read_bytes()
            self.change(self.segment, lambda data: data[:keep])
            self.assert_extraction_refused(f"segments/{self.segment.name}")
            self.change(self.segment, lambda data: good)
        for keep in (0, 1, 40):
            good = (self.rootfs / HEAD_PATH).read_bytes()
            self.change(HEAD_PATH, lambda data: data[:keep])
            self.assert_extraction_refused("manifest.json")
            self.change(HEAD_PATH, lambda data: good)

    def test_missing_index_and_head(self):
        self.segment.rename(self.tmp / "aside")
        self.assert_extraction_refused(f"segments/{self.segment.name}")
        (self.rootfs / HEAD_PATH).unlink()
        self.assert_extraction_refused("manifest.json")

    def test_target_that_is_a_file(self):
        (self.tmp / "file").write_bytes(b"mine\n")
        self.assert_refused(extract(self.rootfs, self.tmp / "file"), self.tmp / "file")
        self.assertEqual((self.tmp / "file").read_bytes(), b"mine\n")

    def test_usage(self):
        for flags in (["--no-such-flag"], ["no-such-command"], ["--jobs", "x"], ["--owner", "x"]):
            done = extract(self.rootfs, self.out, command=flags)
            self.assertEqual((done.rc, done.stdout), (2, ""), f"{flags}: {done.stderr}")

    def test_full_disk(self):
        self.need_root("a small file system")
        source = tree.build(self.tmp / "big", {"big": File(os.urandom(1 << 20))})
        push(source, f"oci:{self.tmp}/big-layout:v1")
        rootfs = self.layout(self.tmp / "big-layout", "v1").unpack(self.tmp / "big-rootfs")
        full = self.new_dir("full")
        mounted = run("mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", full)
        self.assertEqual(mounted.rc, 0, mounted.stderr)
        self.addCleanup(run, "umount", full)
        self.assert_refused(extract(rootfs, full), "big", "No space left")
        self.assertEqual(os.listdir(full), [], "half-written file left behind")


if __name__ == "__main__":
    main()
