#!/usr/bin/env python3
"""The extractor in any runtime: users without rights, odd targets, signals."""

import contextlib
import hashlib
import json
import os
import signal
import subprocess
import time

from support import services, tree
from support.case import Case, main
from support.kontext import extract, extractor, push, run
from support.tree import Dir, File, Link

EXAMPLE = {
    "file": File(b"content\n"), "tool": File(b"#!/bin/sh\n", 0o755), "secret": File(b"s\n", 0o600),
    "empty": Dir(), "frozen": Dir(0o555), "frozen/inside": File(b"cold\n", 0o444),
    "link": Link("nowhere"), "d/e/f": File(b"deep\n"), ".wh.odd": File(b"odd\n"),
    "locked": File(b"nobody\n", 0o000), "big": File(b"0123456789abcdef" * 16384),
}
NO_RIGHTS = ("--user", "12345:12345", "--read-only", "--cap-drop", "ALL",
             "--security-opt", "no-new-privileges")
READY_SECONDS = 60


class Runtimes:
    """Every test for each runtime, always without a network."""

    wants = {"registry"}

    def setUp(self):
        super().setUp()
        self.source = tree.build(self.tmp / "src", EXAMPLE)
        self.image_ref = push(self.source, self.ref(self.id().rpartition("_")[2].lower()))
        self.pull_image(self.image_ref)
        self.name = "c" + self.tmp.name

    def run_image(self, *flags, command=()):
        return self.run_container("--rm", *flags, self.image_ref, *command)

    def assert_extracts(self, *flags, command=()):
        done = self.run_image(*flags, command=command)
        self.assertEqual((done.returncode, done.stdout), (0, ""), done.stderr)
        return done

    def assert_run_refused(self, done, *subjects, lines=1, code=1):
        self.assertEqual((done.returncode, done.stdout), (code, ""), done.stderr)
        said = [line for line in done.stderr.splitlines() if "kontext-extractor" in line]
        self.assertEqual(len(said), lines, done.stderr)
        for subject in subjects:
            self.assertIn(subject, said[0])

    def mounted(self, *options):
        folder = self.new_dir("mounted")
        mounted = run("mount", *options, folder)
        self.assertEqual(mounted.rc, 0, mounted.stderr)
        self.addCleanup(run, "umount", folder)
        folder.chmod(0o777)
        return folder

    def test_bind_mount(self):
        out = self.new_dir("out")
        for _ in range(2):
            self.assert_extracts("-v", f"{out}:/workspace")
            self.assert_same_tree(self.source, out)

    def test_no_rights_at_all(self):
        out = self.new_dir("out")
        for command in ((), ("extract", "--prune", "--jobs", "2")):
            self.assert_extracts(*NO_RIGHTS, "-v", f"{out}:/workspace", command=command)
            self.assert_same_tree(self.source, out)
        self.assertEqual(os.stat(out / "file").st_uid, 12345)
        # Whoever cannot read a file cannot say that it is right.
        done = self.run_image(*NO_RIGHTS, "-v", f"{out}:/workspace", command=("verify",))
        self.assert_run_refused(done, ": /workspace/locked: cannot be read", lines=2, code=2)

    def test_overlay(self):
        done = self.run_container("--name", self.name, self.image_ref)
        self.addCleanup(self.remove_container, self.name)
        self.assertEqual(done.returncode, 0, done.stderr)
        out = self.new_dir("out")
        copied = self.runtime("cp", f"{self.name}:/workspace/.", str(out))
        self.assertEqual(copied.returncode, 0, copied.stderr)
        self.assert_same_tree(self.source, out)

    def test_another_file_system(self):
        out = self.mounted("-t", "tmpfs", "tmpfs")
        self.assert_extracts(*NO_RIGHTS, "-v", f"{out}:/workspace")
        self.assert_same_tree(self.source, out)

    def test_tmpfs_of_the_runtime(self):
        done = self.assert_extracts("--read-only", "--tmpfs", "/workspace")
        self.assertIn("verified", done.stderr)

    def test_another_target(self):
        out = self.new_dir("out")
        self.assert_extracts("-v", f"{out}:/data", command=("--target", "/data/a/b"))
        self.assert_same_tree(self.source, out / "a/b")

    def test_not_writable(self):
        out = self.new_dir("out")
        out.chmod(0o755)
        done = self.run_image(*NO_RIGHTS, "-v", f"{out}:/workspace")
        self.assert_run_refused(done, " /workspace/", "Permission denied")
        self.assertEqual(os.listdir(out), [])

    def test_read_only(self):
        out = self.new_dir("out")
        done = self.run_image("-v", f"{out}:/workspace:ro")
        self.assert_run_refused(done, " /workspace/", "Read-only file system")
        done = self.run_image("--read-only", command=("--target", "/other"))
        self.assert_run_refused(done, " /other: ", "Read-only file system")

    def test_read_only_but_right(self):
        out = self.new_dir("out")
        self.assert_extracts("-v", f"{out}:/workspace")
        self.assert_extracts("-v", f"{out}:/workspace:ro")

    def test_full(self):
        out = self.mounted("-t", "tmpfs", "-o", "size=64k", "tmpfs")
        done = self.run_image("-v", f"{out}:/workspace")
        # Another thread's small file may be the first for which there is no room beside the big one.
        self.assert_run_refused(done, " /workspace/", ": No space left on device")
        self.assertFalse([n for _, _, names in os.walk(out) for n in names if ".kontext" in n])

    def test_sigterm(self):
        """pid 1 gets no default action: the extractor has to stop of its own accord."""
        var, out = endless_image(self.tmp / "var"), self.new_dir("out")
        started = self.run_container("-d", "--name", self.name, "-v", f"{var}:/var:ro",
                                     "-v", f"{out}:/workspace", self.image_ref)
        self.addCleanup(self.remove_container, self.name)
        self.assertEqual(started.returncode, 0, started.stderr)
        wait_for_temp(out)
        self.runtime("stop", "--time", "60", self.name)
        state = self.runtime("inspect", "--format", "{{.State.ExitCode}}", self.name)
        self.assertEqual(state.stdout.strip(), "143", state.stderr)
        self.assertEqual(os.listdir(out), [])


def endless_image(var):
    """What an image has in /var, with a file that takes seconds: it is not what its digest says,
    which would show only at its end."""
    size = 16 << 30
    (var / "run/kontext").mkdir(parents=True)
    with open(var / "run/kontext/long", "wb") as long_one:
        long_one.truncate(size)
    line = b'{"type":"file","path":"long","mode":"0644","size":%d,"sha256":"%s"}\n' % (size, b"0" * 64)
    digest = hashlib.sha256(line).hexdigest()
    segments = var / "lib/kontext/segments"
    segments.mkdir(parents=True)
    (segments / f"{digest}.jsonl").write_bytes(line)
    head = {"version": 1, "tree": f"sha256:{digest}", "files": 1, "dirs": 0, "symlinks": 0,
            "bytes": size, "segments": [f"sha256:{digest}"]}
    (var / "lib/kontext/manifest.json").write_text(json.dumps(head, separators=(",", ":")) + "\n")
    return var


def wait_for_temp(folder):
    deadline = time.monotonic() + READY_SECONDS
    while not os.listdir(folder):
        if time.monotonic() > deadline:
            raise AssertionError("the extractor does not begin")
        time.sleep(0.01)


class InDocker(Runtimes, Case):
    wants = {"registry", "docker"}

    def runtime(self, *arguments):
        return self.docker(*arguments, check=False)

    def pull_image(self, image):
        self.docker("pull", "--quiet", image)

    def run_container(self, *arguments):
        return self.docker("run", "--network", "none", *arguments, check=False)

    def remove_container(self, name):
        self.docker("rm", "--force", name, check=False)


class InPodman(Runtimes, Case):
    @classmethod
    def start_services(cls):
        super().start_services()
        cls.podman = services.Podman(cls.base)
        cls.addClassCleanup(cls.podman.stop)

    def runtime(self, *arguments):
        return self.podman(*arguments)

    def pull_image(self, image):
        done = self.podman("pull", "--quiet", "--tls-verify=false", image)
        self.assertEqual(done.returncode, 0, done.stderr)

    def run_container(self, *arguments):
        return self.podman.run(*arguments)

    def remove_container(self, name):
        self.podman("rm", "--force", name)


class ByHand(Case):
    """Without a runtime, where a runtime would always bring more."""

    def setUp(self):
        super().setUp()
        self.source = tree.build(self.tmp / "src", EXAMPLE)
        push(self.source, f"oci:{self.tmp}/layout:v1")
        self.rootfs = self.layout(self.tmp / "layout", "v1").unpack(self.tmp / "rootfs")

    def test_no_proc(self):
        self.need_root("chroot")
        out = self.rootfs / "workspace"
        out.mkdir()
        out.chmod(0o777)
        for folder in (self.base, self.tmp, self.rootfs):
            folder.chmod(0o755)
        for user in ("12345:12345", "12345:12345", "0:0", "12345:12345"):
            done = run("chroot", f"--userspec={user}", self.rootfs, "/kontext-extractor")
            self.assertEqual((done.rc, done.stdout), (0, ""), done.stderr)
            self.assert_same_tree(self.source, out)

    def test_a_file_that_its_owner_may_not_read_is_left_alone(self):
        self.need_root("another user")
        out = self.new_dir("out")
        for folder in (self.base, self.tmp, self.rootfs):
            folder.chmod(0o755)
        stamps = set()
        for _ in range(2):
            done = run(extractor(), "--root", self.rootfs, "--target", out, user=12345, group=12345,
                       extra_groups=[])
            self.assertEqual(done.rc, 0, done.stderr)
            self.assert_same_tree(self.source, out)
            stamps.add((os.stat(out / "locked").st_ino, os.stat(out / "locked").st_mtime_ns))
        self.assertEqual(len(stamps), 1)

    def test_each_signal(self):
        endless_image(self.tmp / "endless/var")
        for name, code in (("TERM", 143), ("INT", 130)):
            out = self.new_dir(f"out-{name}")
            with contextlib.ExitStack() as stack:
                child = subprocess.Popen([extractor(), "--root", self.tmp / "endless", "--target", out],
                                         stderr=subprocess.PIPE, text=True)
                stack.callback(child.kill)
                wait_for_temp(out)
                child.send_signal(getattr(signal, f"SIG{name}"))
                _, said = child.communicate(timeout=READY_SECONDS)
            self.assertEqual(child.returncode, code, said)
            self.assertEqual(len(said.splitlines()), 1, said)
            self.assertEqual(os.listdir(out), [])

    def test_killed_and_run_again(self):
        out = self.new_dir("out")
        endless_image(self.tmp / "endless/var")
        child = subprocess.Popen([extractor(), "--root", self.tmp / "endless", "--target", out],
                                 stderr=subprocess.DEVNULL)
        wait_for_temp(out)
        child.kill()
        child.wait()
        self.assertNotEqual(os.listdir(out), [])
        done = extract(self.rootfs, out)
        self.assertEqual(done.rc, 0, done.stderr)
        self.assert_same_tree(self.source, out)


if __name__ == "__main__":
    main()
