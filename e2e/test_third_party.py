#!/usr/bin/env python3
"""Other people's programs judge the images: skopeo, umoci and podman."""

import json

from support import services, tree
from support.case import Case, main
from support.kontext import extract, kontext, push, run
from support.tree import Dir, File, Link

EXAMPLE = {
    "file": File(b"content\n"),
    "tool": File(b"#!/bin/sh\n", 0o755),
    "secret": File(b"hidden\n", 0o600),
    "d/e/f": File(b"deep\n"),
    "d/gone": File(b"gone\n"),
    "empty": Dir(),
    "link": Link("d/e"),
    ".wh.odd": File(b"not a whiteout\n"),
}
PLAIN = ("--src-tls-verify=false", "--dest-tls-verify=false")


class ThirdParty(Case):
    wants = {"registry"}

    @classmethod
    def start_services(cls):
        super().start_services()
        for name in ("skopeo", "umoci"):
            services.tool(name)
        cls.podman = services.Podman(cls.base)
        cls.addClassCleanup(cls.podman.stop)

    def skopeo(self, *arguments):
        done = run("skopeo", *arguments)
        self.assertEqual(done.rc, 0, done.stderr)
        return done.stdout

    def pushed(self, repo):
        """A tree pushed twice, so that the image has a delta with a whiteout."""
        source = tree.build(self.tmp / "src", EXAMPLE)
        push(source, self.ref(repo))
        tree.remove(source, "d/gone")
        tree.build(source, {"d/new": File(b"new\n"), "file": File(b"changed\n")})
        return source, push(source, self.ref(repo))

    def assert_builds_on(self, source, ref, image):
        """kontext takes `image` (under `ref`) for its own: the next push adds one segment to it."""
        self.assert_sound(image, source)
        before = image.segment_digests()
        again = push(source, ref)
        self.assertTrue(again.endswith(image.digest), "an unchanged push made another image")
        tree.build(source, {"later": File(b"later\n")})
        done = kontext("push", source, ref)
        self.assertEqual(done.rc, 0, done.stderr)
        return before

    def test_skopeo_inspect(self):
        _, reference = self.pushed("inspect")
        for arch in ("amd64", "arm64"):
            said = json.loads(self.skopeo("inspect", "--tls-verify=false", "--override-arch", arch,
                                          f"docker://{reference}"))
            self.assertEqual((said["Os"], said["Architecture"]), ("linux", arch))
            self.assertEqual(said["Labels"]["dev.kontext.version"], "1")
            self.assertEqual(len(said["Layers"]), 3)

    def test_skopeo_copy_to_a_layout(self):
        source, _ = self.pushed("to-layout")
        layout = self.tmp / "layout"
        self.skopeo("copy", "--all", *PLAIN, f"docker://{self.ref('to-layout')}", f"oci:{layout}:v1")
        before = self.assert_builds_on(source, f"oci:{layout}:v1", self.layout(layout, "v1"))
        after = self.layout(layout, "v1")
        self.assert_sound(after, source)
        self.assertEqual(after.segment_digests()[0], before[0])

    def test_skopeo_copy_to_a_registry(self):
        source = tree.build(self.tmp / "src", EXAMPLE)
        push(source, f"oci:{self.tmp}/layout:v1")
        self.skopeo("copy", "--all", *PLAIN, f"oci:{self.tmp}/layout:v1",
                    f"docker://{self.ref('to-registry')}")
        before = self.assert_builds_on(source, self.ref("to-registry"), self.image("to-registry"))
        after = self.image("to-registry")
        self.assert_sound(after, source)
        self.assertEqual(after.segment_digests()[0], before[0])

    def test_skopeo_copy_with_other_compression(self):
        """A copy that compresses anew changes every layer's digest; the labels still tell."""
        source, _ = self.pushed("recompressed")
        self.skopeo("copy", "--all", *PLAIN, "--dest-compress-format", "gzip",
                    "--dest-compress-level", "1", "--dest-compress",
                    f"docker://{self.ref('recompressed')}", f"dir:{self.tmp}/dir")
        self.skopeo("copy", "--all", *PLAIN, f"dir:{self.tmp}/dir",
                    f"docker://{self.ref('recompressed', 'v2')}")
        before = self.image("recompressed", "v2").segment_digests()
        tree.build(source, {"later": File(b"later\n")})
        push(source, self.ref("recompressed", "v2"))
        after = self.image("recompressed", "v2")
        self.assertEqual(after.segment_digests()[:len(before)], before)
        self.assert_same_tree(source, after.snapshot())

    def test_skopeo_copy_to_zstd_and_back(self):
        """Images whose layers are packed in both ways can be read and built on."""
        source, _ = self.pushed("zstd")
        for number, form in enumerate(("zstd", "gzip")):
            old, new = self.ref("zstd", f"v{number + 1}"), self.ref("zstd", f"v{number + 2}")
            self.skopeo("copy", "--all", *PLAIN, "--dest-compress-format", form, "--dest-compress",
                        f"docker://{old}", f"dir:{self.tmp}/{form}")
            self.skopeo("copy", "--all", *PLAIN, f"dir:{self.tmp}/{form}", f"docker://{new}")
            before = self.image("zstd", f"v{number + 2}").segment_digests()
            tree.build(source, {f"later{number}": File(b"later\n")})
            push(source, new)
            after = self.image("zstd", f"v{number + 2}")
            self.assertEqual(after.segment_digests()[:len(before)], before)
            self.assert_same_tree(source, after.snapshot())

    def test_zstd(self):
        """Packed with zstd from the start, then with gzip on top: podman, skopeo and kontext agree."""
        source = tree.build(self.tmp / "src", EXAMPLE)
        push(source, self.ref("packed"), "--compression", "zstd")
        image = self.image("packed")
        self.assert_sound(image, source)
        kinds = [layer.descriptor["mediaType"].rsplit("+")[1] for layer in image.segment_layers()]
        self.assertEqual(kinds, ["zstd"])
        self.skopeo("inspect", PLAIN[0].replace("src-", ""), f"docker://{self.ref('packed')}")
        tree.build(source, {"d/new": File(b"new\n")})
        tree.remove(source, "d/gone")
        reference = push(source, self.ref("packed"))
        self.assert_sound(self.image("packed"), source)
        out, pulled = self.new_dir("out"), self.tmp / "pulled"
        done = self.podman.extract(reference, out)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assert_same_tree(source, out)
        done = kontext("pull", reference, pulled)
        self.assertEqual(done.rc, 0, done.stderr)
        self.assert_same_tree(source, pulled)

    def test_umoci_unpack(self):
        source, _ = self.pushed("umoci")
        for arch in ("amd64", "arm64"):
            one, bundle = self.tmp / f"one-{arch}", self.tmp / f"bundle-{arch}"
            self.skopeo("copy", *PLAIN, "--override-os", "linux", "--override-arch", arch,
                        f"docker://{self.ref('umoci')}", f"oci:{one}:v1")
            done = run("umoci", "unpack", "--rootless", "--image", f"{one}:v1", bundle)
            self.assertEqual(done.rc, 0, done.stderr)
            out = self.new_dir(f"out-{arch}")
            done = extract(bundle / "rootfs", out, arch=arch)
            self.assertEqual(done.rc, 0, done.stderr)
            self.assert_same_tree(source, out)

    def test_podman_run(self):
        source, reference = self.pushed("podman")
        out = self.new_dir("out")
        done = self.podman.extract(reference, out)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assert_same_tree(source, out)


if __name__ == "__main__":
    main()
