#!/usr/bin/env python3
"""The command line: spellings, commands, what goes to stdout, and tags that hold something else."""

import hashlib
import json
import os
import signal
import subprocess

from support import segments, tree
from support.case import Case, main
from support.image import INDEX_TYPE, MANIFEST_TYPE, Layout, digest_of
from support.kontext import BIN, kontext, push
from support.tree import Dir, File, Link

EXAMPLE = {"a": File(b"a\n"), "d/b": File(b"b\n", 0o755), "d-c": File(b"c\n"), "e": Dir(),
           "l": Link("d/b"), "tab\there \"q\" \\": File(b"odd\n")}


class CommandLine(Case):
    wants = {"registry"}

    def setUp(self):
        super().setUp()
        self.source = tree.build(self.tmp / "src", EXAMPLE)
        self.folder = self.tmp / "layout"
        self.oci = f"oci:{self.folder}:v1"

    def read(self, tag="v1"):
        return self.layout(self.folder, tag)

    def test_first_tool_spelling(self):
        for number, flags in enumerate(([f"--directory={self.source}", f"--tag={self.oci}"],
                                        ["--directory", self.source, "--tag", self.oci, "--rebase"])):
            done = kontext(*flags)
            self.assertEqual(done.rc, 0, done.stderr)
            self.assertEqual(done.stdout, f"oci:{self.folder}@{self.read().digest}\n")
            self.assert_sound(self.read(), self.source)
            tree.build(self.source, {f"more{number}": File(b"more\n")})
        self.assertEqual(len(self.read().segment_digests()), 2)

    def test_oci_destination(self):
        self.assertEqual(push(self.source, self.oci), f"oci:{self.folder}@{self.read().digest}")
        self.assert_sound(self.read(), self.source)
        push(self.source, f"oci:{self.folder}:other")
        self.assertEqual(self.read("other").digest, self.read().digest)
        push(self.source, f"oci:{self.folder}")
        self.assertEqual(self.read("latest").digest, self.read().digest)

    def test_docker_scheme(self):
        reference = push(self.source, f"docker://{self.ref('scheme')}")
        self.assertTrue(reference.endswith(f"{self.registry.host}/scheme@{self.image('scheme').digest}"))

    def test_single_file(self):
        push(self.source / "d/b", self.oci)
        self.assert_sound(self.read())
        self.assert_same_tree({"b": tree.describe(self.source / "d/b")}, self.read().snapshot())

    def test_clean_ignores_the_previous_image(self):
        first = push(self.source, self.oci)
        tree.build(self.source, {"more": File(b"more\n")})
        push(self.source, self.oci)
        tree.remove(self.source, "more")
        self.assertNotEqual(push(self.source, self.oci), first)
        self.assertEqual(push(self.source, self.oci, "--clean"), first)

    def test_empty_directory(self):
        push(self.new_dir("empty"), self.oci)
        self.assert_sound(self.read())
        self.assertEqual(self.read().snapshot(), {})

    def test_base(self):
        done = kontext("base", f"oci:{self.folder}:base")
        self.assertEqual(done.rc, 0, done.stderr)
        root = json.loads(Layout(self.folder).root("base"))
        self.assertEqual(done.stdout,
                         f"oci:{self.folder}@{digest_of(Layout(self.folder).root('base'))}\n")
        self.assertEqual(len(root["manifests"]), 2)
        push(self.source, self.oci)
        for descriptor in root["manifests"]:
            manifest = json.loads(Layout(self.folder).manifest(descriptor["digest"]))
            platform = "{os}/{architecture}".format(**descriptor["platform"])
            self.assertEqual(manifest["layers"], self.read().manifests[platform]["layers"][:1])

    def test_ls(self):
        push(self.source, self.oci)
        done = kontext("ls", "--json", self.oci)
        self.assertEqual(done.rc, 0, done.stderr)
        said = done.stdout.encode("utf-8", "surrogateescape")
        self.assertEqual(said, segments.canonical(self.read().listing()))
        self.assertEqual("sha256:" + hashlib.sha256(said).hexdigest(), self.read().head()["tree"])
        plain = kontext("ls", self.oci)
        self.assertEqual(plain.rc, 0, plain.stderr)
        self.assertEqual(len(plain.stdout.splitlines()), len(self.read().listing()))

    def test_a_reader_that_hangs_up(self):
        """As with cat: by the signal, without a word; where that is ignored, by the exit code."""
        push(self.source, self.oci)
        for ignored, want in ((False, -signal.SIGPIPE), (True, 1)):
            read_end, write_end = os.pipe()
            os.close(read_end)
            done = subprocess.run([BIN, "ls", self.oci], stdout=write_end, stderr=subprocess.PIPE,
                                  restore_signals=not ignored, check=False)
            os.close(write_end)
            self.assertEqual((done.returncode, done.stderr), (want, b""))

    def test_inspect(self):
        push(self.source, self.oci)
        tree.build(self.source, {"more": File(b"more\n")})
        push(self.source, self.oci)
        done = kontext("inspect", self.oci)
        self.assertEqual(done.rc, 0, done.stderr)
        for digest in self.read().segment_digests():
            self.assertIn(digest.removeprefix("sha256:")[:12], done.stdout)

    def test_help_and_version(self):
        for flags in (["--help"], ["push", "--help"], ["--version"]):
            done = kontext(*flags)
            self.assertEqual((done.rc, done.stderr), (0, ""), flags)
            self.assertTrue(done.stdout)

    def test_libcurl_is_wanted_for_registries_alone(self):
        """It takes longer to load than all else of a short command."""
        (self.tmp / "libcurl.so.4").touch()
        without = {"LD_LIBRARY_PATH": str(self.tmp)}
        for call in (["--version"], ["push", self.source, self.oci], ["ls", self.oci]):
            self.assertEqual(kontext(*call, env=without).rc, 0, call)
        done = kontext("ls", f"{self.registry.host}/app:v1", env=without)
        self.assertEqual(done.rc, 1, done.stderr)
        self.assertIn("kontext: libcurl, which talks to registries, cannot be loaded: ",
                      done.stderr)

    def put_foreign(self, body, media_type):
        """Makes tag v1 point at `body`, which kontext has not written."""
        push(self.source, f"oci:{self.folder}:other")
        digest = digest_of(body)
        Layout(self.folder).blob_path(digest).write_bytes(body)
        index = self.folder / "index.json"
        content = json.loads(index.read_bytes())
        content["manifests"].append({
            "mediaType": media_type, "digest": digest, "size": len(body),
            "annotations": {"org.opencontainers.image.ref.name": "v1"}})
        index.write_text(json.dumps(content))

    def assert_clean_start(self):
        done = kontext("push", self.source, self.oci)
        self.assertEqual((done.rc, len(done.stdout.splitlines())), (0, 1), done.stderr)
        about = [line for line in done.stderr.splitlines() if "clean" in line]
        self.assertEqual(len(about), 1, done.stderr)
        self.assert_sound(self.read(), self.source)

    def test_foreign_image_under_the_tag(self):
        push(self.source, f"oci:{self.folder}:other")
        config = b'{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}'
        Layout(self.folder).blob_path(digest_of(config)).write_bytes(config)
        self.put_foreign(json.dumps({
            "schemaVersion": 2, "mediaType": MANIFEST_TYPE, "layers": [],
            "config": {"mediaType": "application/vnd.oci.image.config.v1+json",
                       "digest": digest_of(config), "size": len(config)}}).encode(), MANIFEST_TYPE)
        self.assert_clean_start()

    def test_nonsense_under_the_tag(self):
        self.put_foreign(b"not JSON", INDEX_TYPE)
        self.assert_clean_start()

    def test_empty_index_under_the_tag(self):
        self.put_foreign(b'{"schemaVersion":2,"manifests":[]}', INDEX_TYPE)
        self.assert_clean_start()

    def test_missing_segment_under_the_tag(self):
        push(self.source, self.oci)
        layer = self.read().layers()[-1].descriptor["digest"]
        Layout(self.folder).blob_path(layer).unlink()
        tree.build(self.source, {"more": File(b"more\n")})
        done = kontext("push", self.source, self.oci,
                       env={"XDG_CACHE_HOME": str(self.new_dir("cache"))})
        self.assertEqual(done.rc, 0, done.stderr)
        self.assert_sound(self.read(), self.source)


if __name__ == "__main__":
    main()
