#!/usr/bin/env python3
"""Destinations other than a registry: docker, podman and skopeo load what is written for them."""

import json
import os
import subprocess
import tarfile

from support import services, tree
from support.case import Case, main
from support.kontext import BIN, kontext, push, run
from support.tree import Dir, File, Link

EXAMPLE = {
    "file": File(b"content\n"), "tool": File(b"#!/bin/sh\n", 0o755), "secret": File(b"s\n", 0o600),
    "empty": Dir(), "link": Link("nowhere"), "d/e/f": File(b"deep\n"), ".wh.odd": File(b"odd\n"),
    "big": File(bytes(range(256)) * 4096),
}
FULL_DISK_KIB = 256


class Destination(Case):
    def setUp(self):
        super().setUp()
        self.source = tree.build(self.tmp / "src", EXAMPLE)
        self.archive = self.tmp / "out.tar"
        self.archived = f"docker-archive:{self.archive}:app:v1"

    def change(self, content=b"changed\n"):
        tree.build(self.source, {"file": File(content), "d/new": File(b"new\n")})

    def assert_no_leftovers(self, *names):
        self.assertEqual(sorted(os.listdir(self.tmp)), sorted(("src", *names)))

    def push_json(self, *refs_and_flags):
        done = kontext("push", "--json", self.source, *refs_and_flags)
        self.assertEqual(done.rc, 0, done.stderr)
        return [json.loads(line) for line in done.stdout.splitlines()]


class Archive(Destination):
    wants = {"docker"}

    @classmethod
    def start_services(cls):
        super().start_services()
        services.tool("skopeo")
        cls.podman = services.Podman(cls.base)
        cls.addClassCleanup(cls.podman.stop)

    def assert_runs(self, *programs):
        """Loads the archive with docker and podman; what they extract is the directory."""
        for name, loaded, run_it in programs:
            out = self.new_dir(f"out-{len(os.listdir(self.tmp))}")
            done = run_it("-v", f"{out}:/workspace", loaded)
            self.assertEqual(done.returncode, 0, f"{name}: {done.stderr}")
            self.assert_same_tree(self.source, out)

    def run_in_docker(self, *arguments):
        return self.docker("run", "--rm", "--network", "none", *arguments)

    def run_in_podman(self, *arguments):
        return self.podman.run("--rm", *arguments)

    def load(self, archive, name):
        said = self.docker("load", "--input", str(archive)).stdout
        done = self.podman("load", "--input", str(archive))
        self.assertEqual(done.returncode, 0, done.stderr)
        if name is not None:
            self.assertIn(f"Loaded image: {name}", said)
            self.assertIn(name, done.stdout)
            return name, name
        return said.split()[-1], done.stdout.split()[-1].rpartition(":")[2]

    def test_docker_and_podman_load_it(self):
        push(self.source, self.archived)
        self.change()
        push(self.source, self.archived)
        in_docker, in_podman = self.load(self.archive, "app:v1")
        self.assert_runs(("docker", in_docker, self.run_in_docker),
                         ("podman", in_podman, self.run_in_podman))

    def test_a_name_with_a_registry_and_none(self):
        for number, name in enumerate(("registry.example:5000/team/app:main", None)):
            archive = self.tmp / f"{number}.tar"
            push(self.source, f"docker-archive:{archive}" + (f":{name}" if name else ""))
            in_docker, in_podman = self.load(archive, name)
            self.assert_runs(("docker", in_docker, self.run_in_docker),
                             ("podman", in_podman, self.run_in_podman))

    def test_skopeo_copies_it(self):
        push(self.source, self.archived)
        for source, tag in ((self.archived, "a"), (f"oci-archive:{self.archive}", "b")):
            layout = self.tmp / "layout"
            done = run("skopeo", "copy", source, f"oci:{layout}:{tag}")
            self.assertEqual(done.rc, 0, done.stderr)
            done = kontext("verify", f"oci:{layout}:{tag}", self.source)
            self.assertEqual(done.rc, 0, done.stdout + done.stderr)

    def test_standard_output(self):
        command = [BIN, "push", self.source, "docker-archive:-:piped:v2"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as packer:
            loaded = subprocess.run([self.docker.client, "-H", self.docker.socket, "load"],
                                    stdin=packer.stdout, capture_output=True, text=True, check=False)
            said = packer.stderr.read().decode()
        self.assertEqual((packer.returncode, loaded.returncode), (0, 0), said + loaded.stderr)
        self.assertIn("Loaded image: piped:v2", loaded.stdout)
        self.assertTrue(said.startswith("docker-archive:-@sha256:"), said)
        self.assert_runs(("docker", "piped:v2", self.run_in_docker))
        self.change()
        with open(self.archive, "wb") as out:
            done = subprocess.run([*command[:3], "--json", "docker-archive:-"], stdout=out,
                                  stderr=subprocess.PIPE, text=True, check=True)
        self.assertIn("reference", json.loads(done.stderr.splitlines()[0]))
        self.assert_same_tree(self.source, self.pulled(f"docker-archive:{self.archive}"))

    def pulled(self, ref):
        out = self.new_dir(f"pulled-{len(os.listdir(self.tmp))}")
        done = kontext("pull", ref, out)
        self.assertEqual(done.rc, 0, done.stderr)
        return out

    def test_reading_it_back(self):
        reference = push(self.source, self.archived)
        self.assertTrue(reference.startswith(f"docker-archive:{self.archive}@sha256:"), reference)
        for ref in (self.archived, f"docker-archive:{self.archive}", reference):
            self.assert_same_tree(self.source, self.pulled(ref))
            for command in (("verify", ref, self.source), ("ls", ref), ("inspect", ref),
                            ("diff", self.source, ref)):
                done = kontext(*command)
                self.assertEqual(done.rc, 0, f"{command}: {done.stderr}")
        self.assert_refused(kontext("ls", f"docker-archive:{self.archive}:other"),
                            "docker.io/library/other", "there is no such image")
        self.assert_refused(kontext("pull", "--prune", self.archived, self.tmp),
                            self.tmp, "holds the image itself")

    def test_what_others_write_can_be_read(self):
        push(self.source, self.archived)
        self.load(self.archive, "app:v1")
        for name, command in (("docker", self.docker), ("podman", self.podman)):
            saved = self.tmp / f"{name}.tar"
            done = command("save", "--output", str(saved), "app:v1")
            self.assertEqual(done.returncode, 0, done.stderr)
            for ref in (f"docker-archive:{saved}", f"docker-archive:{saved}:app:v1"):
                self.assert_same_tree(self.source, self.pulled(ref))
        # And built on.
        self.change()
        push(self.source, f"docker-archive:{saved}:app:v1")
        in_docker, in_podman = self.load(saved, "app:v1")
        self.assert_runs(("docker", in_docker, self.run_in_docker),
                         ("podman", in_podman, self.run_in_podman))

    def test_the_next_push(self):
        first = self.push_json(self.archived)[0]
        before = self.archive.stat()
        again = self.push_json(self.archived)[0]
        self.assertEqual((again["changed"], again["digest"]), (False, first["digest"]))
        self.assertEqual(self.archive.stat().st_mtime_ns, before.st_mtime_ns)
        self.change()
        next_one = self.push_json(self.archived)[0]
        self.assertEqual((next_one["segments_kept"], next_one["segments_written"]), (1, 1))
        self.assertLess(next_one["uploaded_bytes"], 64 << 10)
        layout = f"oci:{self.tmp}/layout:v1"
        push(self.source, layout, "--platform", "linux/amd64", "--clean")
        clean = push(self.source, self.archived, "--platform", "linux/amd64", "--clean")
        self.assertEqual(clean.rpartition("@")[2],
                         push(self.source, layout, "--platform", "linux/amd64").rpartition("@")[2])
        # Another name, or none: another image.
        renamed = self.push_json(f"docker-archive:{self.archive}:other")[0]
        self.assertEqual((renamed["changed"], renamed["segments_kept"]), (True, 0))
        with tarfile.open(self.archive) as members:
            names = json.load(members.extractfile("manifest.json"))[0]["RepoTags"]
        self.assertEqual(names, ["docker.io/library/other:latest"])

    def test_reproducible(self):
        copies = [self.tmp / f"{number}.tar" for number in range(2)]
        for copy in copies:
            push(self.source, f"docker-archive:{copy}:app")
        self.assertEqual(copies[0].read_bytes(), copies[1].read_bytes())

    def test_platforms(self):
        push(self.source, self.archived, "--platform", "linux/arm64")
        self.assertIn("arm64", self.docker("image", "inspect", "--format", "{{.Architecture}}",
                                           self.load(self.archive, "app:v1")[0]).stdout)
        self.assert_refused(kontext("push", self.source, self.archived, "--platform", "linux/amd64",
                                    "--platform", "linux/arm64"), "several platforms", rc=2)

    def test_a_platform_given_twice_is_one(self):
        twice = ["--platform", "linux/amd64"] * 2
        for ref in (self.archived, f"oci:{self.tmp}/layout:v1"):
            once = push(self.source, ref, *twice[:2])
            self.assertEqual(push(self.source, ref, *twice), once)
            self.assertEqual(push(self.source, ref, "--clean", *twice), once)
        self.assertEqual(len(self.layout(self.tmp / "layout", "v1").index["manifests"]), 1)


class WrongArchive(Destination):
    def test_what_is_in_the_way(self):
        push(self.source, self.archived)
        notes = self.tmp / "notes.txt"
        notes.write_text("not an image\n" * 100)
        self.assert_refused(kontext("push", self.source, f"docker-archive:{notes}"), notes,
                            "no image archive")
        self.assertEqual(kontext("push", "--clean", self.source, f"docker-archive:{notes}").rc, 1)
        self.assertTrue(notes.read_text().startswith("not an image\n"))
        self.assert_refused(kontext("push", self.source / "d", f"docker-archive:{self.source}"),
                            self.source, "no regular file")
        self.assert_refused(kontext("push", self.source, f"docker-archive:{self.source}"),
                            self.source, "is to be sent", rc=2)
        self.assert_refused(kontext("push", self.source, "docker-archive:/dev/null"), "/dev/null")
        self.assert_refused(kontext("push", self.source, f"docker-archive:{self.tmp}/no/where.tar"),
                            f"{self.tmp}/no/where.tar", "No such file or directory")
        self.assert_refused(kontext("push", self.source, f"docker-archive:{self.tmp}/no/where.tar"),
                            f"folder {self.tmp}/no:")
        self.assert_refused(kontext("ls", f"docker-archive:{self.tmp}/none.tar"), "none.tar",
                            "there is no such image")
        self.assert_refused(kontext("ls", "docker-archive:-"), "read from a file", rc=2)
        self.assert_refused(kontext("ls", f"docker-archive:{notes}"), notes)
        self.assert_no_leftovers("out.tar", "notes.txt")

    def test_a_damaged_archive(self):
        push(self.source, self.archived)
        whole = self.archive.read_bytes()
        self.archive.write_bytes(whole[:len(whole) // 2])
        self.assert_refused(kontext("ls", self.archived), self.archive, "cut short")
        self.assert_refused(kontext("push", self.source, self.archived), self.archive, "remove it")
        self.archive.write_bytes(b"")
        push(self.source, self.archived)
        self.assertEqual(self.archive.read_bytes(), whole)
        with tarfile.open(self.archive) as members:
            layers = json.load(members.extractfile("manifest.json"))[0]["Layers"]
            segment = members.getmember(layers[1])
        at = segment.offset_data + segment.size - 100
        self.archive.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1:])
        self.change()
        self.assert_refused(kontext("push", self.source, self.archived), "damaged", "--clean")
        push(self.source, self.archived, "--clean")
        self.assertEqual(kontext("verify", self.archived, self.source).rc, 0)

    def test_other_names_are_not_lost(self):
        push(self.source, self.archived)
        several = self.tmp / "several.tar"
        done = run("skopeo", "copy", "--additional-tag", "docker.io/library/two:v2", self.archived,
                   f"docker-archive:{several}:docker.io/library/one:v1")
        self.assertEqual(done.rc, 0, done.stderr)
        before = several.read_bytes()
        for flags in ((), ("--clean",)):
            done = kontext("push", *flags, self.source, f"docker-archive:{several}:one:v1")
            self.assert_refused(done, several, "other images or names")
        self.assertEqual(several.read_bytes(), before)

    def test_a_terminal(self):
        main_end, terminal = os.openpty()
        done = subprocess.run([BIN, "push", self.source, "docker-archive:-"], stdout=terminal,
                              stderr=subprocess.PIPE, text=True, check=False)
        os.close(terminal)
        os.close(main_end)
        self.assertEqual(done.returncode, 2)
        self.assertIn("is a terminal", done.stderr)

    def test_a_reader_that_hangs_up(self):
        read_end, write_end = os.pipe()
        os.close(read_end)
        done = subprocess.run([BIN, "push", self.source, "docker-archive:-"], stdout=write_end,
                              stderr=subprocess.PIPE, text=True, check=False)
        os.close(write_end)
        self.assertEqual((done.returncode, len(done.stderr.splitlines())), (1, 1), done.stderr)
        self.assertIn("standard output: Broken pipe", done.stderr)

    def test_a_full_disk_and_one_that_cannot_be_written(self):
        self.need_root("a small file system")
        folder = self.new_dir("small")
        mounted = run("mount", "-t", "tmpfs", "-o", f"size={FULL_DISK_KIB}k", "tmpfs", folder)
        self.assertEqual(mounted.rc, 0, mounted.stderr)
        self.addCleanup(run, "umount", folder)
        ref = f"docker-archive:{folder}/out.tar:app"
        tree.build(self.source, {"noise": File(os.urandom(2 * FULL_DISK_KIB << 10))})
        self.assert_refused(kontext("push", self.source, ref), ref.rpartition(":")[0],
                            "No space left on device")
        self.assertEqual(os.listdir(folder), [])
        tree.remove(self.source, "noise")
        push(self.source, ref)
        before = (folder / "out.tar").read_bytes()
        run("mount", "-o", "remount,ro", folder)
        self.change()
        self.assert_refused(kontext("push", self.source, ref), "Read-only file system")
        self.assertEqual((folder / "out.tar").read_bytes(), before)


class SeveralPlaces(Destination):
    wants = {"registry"}

    def digests(self, done, rc=0):
        self.assertEqual(done.rc, rc, done.stderr)
        return [line.rpartition("@")[2] for line in done.stdout.splitlines()]

    def assert_all_hold(self, *refs):
        for ref in refs:
            done = kontext("verify", ref, self.source)
            self.assertEqual(done.rc, 0, f"{ref}: {done.stdout}{done.stderr}")

    def test_all_kinds_in_order(self):
        refs = [self.ref("all"), self.ref("all", "v2"), self.ref("elsewhere"),
                f"oci:{self.tmp}/layout:a", self.archived, f"oci:{self.tmp}/layout:b"]
        for content in (b"1\n", b"2\n", b"3\n"):
            self.change(content)
            done = kontext("push", self.source, *refs)
            digests = self.digests(done)
            self.assertEqual([line.rpartition("@")[0] for line in done.stdout.splitlines()],
                             [*(ref.rpartition(":")[0] for ref in refs[:4]),
                              f"docker-archive:{self.archive}", f"oci:{self.tmp}/layout"])
            self.assertEqual(len(set(digests[:4] + digests[5:])), 1)
            self.assert_all_hold(*refs)
        again = self.push_json(*refs)
        self.assertEqual([one["ref"] for one in again], refs)
        self.assertEqual([one["changed"] for one in again], [False] * len(refs))
        self.assertEqual([one["digest"] for one in again], digests)

    def test_blobs_of_one_repository_go_once(self):
        begin = self.registry.writes()
        self.digests(kontext("push", self.source, self.ref("once", "a")))
        alone = self.registry.writes() - begin
        self.digests(kontext("push", self.source, self.ref("twice", "a"), self.ref("twice", "b")))
        self.assertEqual(self.registry.writes() - begin - alone, alone + 1)

    def test_what_another_place_lacks_is_copied(self):
        layout = f"oci:{self.tmp}/old:v1"
        push(self.source, layout)
        self.change()
        places = [layout, self.ref("copied"), f"oci:{self.tmp}/new:v1"]
        self.digests(kontext("push", self.source, *places))
        self.assert_all_hold(*places)
        # Nothing is new, yet one more place lacks it all; and one has something else.
        push(self.new_dir("other"), self.ref("stale"))
        places = [places[1], self.ref("late"), self.ref("stale"), f"oci:{self.tmp}/late:v1"]
        results = self.push_json(*places)
        self.assertEqual([one["changed"] for one in results], [False, True, True, True])
        self.assertEqual(len({one["digest"] for one in results}), 1)
        self.assert_all_hold(*places)

    def test_one_fails_the_others_are_tried(self):
        bad = "127.0.0.1:1/nobody:v1"
        for refs in ((bad, self.ref("tried", "a"), f"oci:{self.tmp}/tried:v1"),
                     (self.ref("tried", "b"), bad, f"oci:{self.tmp}/tried:v1")):
            done = kontext("push", "--retries=0", "--quiet", self.source, *refs)
            self.assertEqual(done.rc, 1)
            self.assertEqual(len(done.stdout.splitlines()), 2)
            self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
            self.assertIn(bad, done.stderr)
            self.assert_all_hold(*(ref for ref in refs if ref != bad))
        done = kontext("push", "--retries=0", "--json", self.source, bad, self.ref("tried", "c"))
        objects = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual([one["ref"] for one in objects], [bad, self.ref("tried", "c")])
        self.assertIn(bad, objects[0]["error"])

    def test_what_cannot_be_meant(self):
        self.assert_refused(kontext("push", self.source, self.archive_ref("a"),
                                    self.archive_ref("b")), "given twice", rc=2)
        push(self.source, self.archive_ref("a"))
        link = self.tmp / "link.tar"
        link.symlink_to(self.archive.name)
        for file in (link, f"{self.tmp}/src/../{self.archive.name}"):
            done = kontext("push", self.source, self.archive_ref("a"), f"docker-archive:{file}:b")
            self.assert_refused(done, "given twice", rc=2)
        self.assert_refused(kontext("push", self.source, self.ref("good"), "Bad:ref"), "Bad", rc=2)
        self.assertIsNone(self.registry.tag("good", "v1"))

    def archive_ref(self, name):
        return f"docker-archive:{self.archive}:{name}"


class Remove(Destination):
    """kontext rm."""

    @classmethod
    def start_services(cls):
        super().start_services()
        cls.registry = services.Registry(cls.base)
        cls.addClassCleanup(cls.registry.stop)
        cls.keeping = services.Registry(cls.base, "keeping", deletes=False)
        cls.addClassCleanup(cls.keeping.stop)

    def rm(self, *refs, rc=0):
        done = kontext("rm", *refs)
        self.assertEqual((done.rc, done.stdout), (rc, ""), done.stderr)
        return done.stderr.splitlines()

    def ref_of(self, tag):
        return super().ref(self._testMethodName, tag)

    def test_a_registry_that_is_read_only(self):
        registry = services.Registry(self.tmp, "read-only")
        try:
            ref = f"{registry.host}/app:v1"
            first = push(self.source, ref)
            registry.kill()
            registry.configure(read_only=True)
            registry.start()
            self.assertEqual(push(self.source, ref), first)
            (self.source / "new").write_text("new")
            for command in (("push", self.source, ref), ("base", f"{registry.host}/other"), ("rm", ref)):
                self.assert_refused(kontext(*command), registry.host, "read-only")
            self.assertEqual(kontext("verify", ref).rc, 0)
        finally:
            registry.stop()

    def test_a_tag_of_a_registry(self):
        refs = [self.ref_of(f"v{number}") for number in range(3)]
        push(self.source, refs[0])
        push(self.source, refs[1], "--from", refs[0])
        self.change()
        reference = push(self.source, refs[2], "--from", refs[0])
        push(self.source, self.ref_of("too"), "--from", refs[0])
        # This registry deletes by digest only.
        said = self.rm(refs[2], rc=1)
        self.assertEqual(len(said), 1)
        self.assertIn("the tag too is the same image", said[0])
        self.assertEqual(kontext("verify", refs[2], self.source).rc, 0)
        self.rm(reference)
        for ref in (refs[2], self.ref_of("too")):
            self.assert_refused(kontext("ls", ref), "no such image")
        self.assertEqual(kontext("verify", refs[0]).rc, 0)
        push(self.source, refs[2])
        self.assertEqual(self.rm(refs[2]), [f"kontext: {refs[2]} is removed"])
        said = self.rm(self.ref_of("none"), refs[2], rc=1)
        self.assertEqual(len(said), 2)
        for line in said:
            self.assertIn("there is no such image", line)
        self.assertEqual(kontext("verify", refs[0]).rc, 0)

    def test_a_registry_that_deletes_nothing(self):
        ref = f"{self.keeping.host}/app:v1"
        reference = push(self.source, ref)
        for name in (ref, reference):
            said = self.rm(name, rc=1)
            self.assertEqual(len(said), 1)
            self.assertIn("REGISTRY_STORAGE_DELETE_ENABLED=true", said[0])
        self.assertEqual(kontext("verify", ref, self.source).rc, 0)

    def blobs(self, layout):
        return set(os.listdir(layout / "blobs/sha256"))

    def test_a_tag_of_a_layout(self):
        layout = self.tmp / "layout"
        refs = [f"oci:{layout}:v{number}" for number in range(3)]
        push(self.source, refs[0])
        first = self.blobs(layout)
        self.change()
        push(self.source, refs[1], "--from", refs[0])
        tree.build(self.source, {"more": File(b"more\n")})
        push(self.source, refs[1])
        push(self.source, refs[2], "--from", refs[1])
        self.rm(refs[1])
        self.assertEqual(kontext("verify", refs[2], self.source).rc, 0)
        self.assertEqual(kontext("verify", refs[0]).rc, 0)
        self.rm(refs[2])
        self.assertEqual(self.blobs(layout), first)
        self.assertIn("there is no such image", self.rm(refs[2], rc=1)[0])
        self.rm(refs[0])
        self.assertEqual(self.blobs(layout), set())
        self.assertIn("there is no such image", self.rm(f"oci:{self.tmp}/none:v1", rc=1)[0])
        push(self.source, refs[0])
        self.assert_sound(self.layout(layout, "v0"), self.source)

    def test_a_layout_that_others_push_to(self):
        layout = self.tmp / "layout"
        push(self.source, f"oci:{layout}:base")
        for number in range(6):
            tree.build(self.source, {"file": File(b"%d\n" % number)})
            pushes = [subprocess.Popen([BIN, "push", "--quiet", self.source, f"oci:{layout}:p{n}",
                                        "--from", f"oci:{layout}:base"], stdout=subprocess.DEVNULL,
                                       stderr=subprocess.PIPE, text=True) for n in range(3)]
            removals = [kontext("rm", f"oci:{layout}:p{number % 3}") for _ in range(3)]
            for process in pushes:
                said = process.communicate()[1]
                self.assertEqual(process.returncode, 0, said)
            self.assertTrue(all(done.rc in (0, 1) for done in removals))
            for n in range(3):
                done = kontext("verify", f"oci:{layout}:p{n}", self.source)
                if n == number % 3 and "no such image" in done.stderr:
                    continue
                self.assertEqual(done.rc, 0, done.stdout + done.stderr)

    def test_an_archive(self):
        push(self.source, self.archived)
        self.assertIn("no such image", self.rm(f"docker-archive:{self.archive}:other", rc=1)[0])
        self.assertTrue(self.archive.exists())
        link = self.tmp / "link.tar"
        link.symlink_to(self.archive.name)
        self.rm(f"docker-archive:{link}:app:v1")
        self.assertFalse(self.archive.exists())
        self.assertIn("no such image", self.rm(self.archived, rc=1)[0])
        notes = self.tmp / "notes"
        notes.write_text("not an image\n")
        self.assertIn(str(notes), self.rm(f"docker-archive:{notes}", rc=1)[0])
        self.assertTrue(notes.exists())

    def test_usage(self):
        for refs in ((), ("UPPER",), (self.archived, "oci:")):
            self.assert_refused(kontext("rm", *refs), rc=2)


if __name__ == "__main__":
    main()
