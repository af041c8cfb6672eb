#!/usr/bin/env python3
"""Sequences of edits of nasty trees: each step arrives in a workspace that is kept, pruned, and in a
new one, just as it is.

KONTEXT_TEST_SEQUENCES gives the number of sequences for each way, KONTEXT_TEST_SEED a seed.
"""

import os
import random

from support import nasty, services
from support.case import Case, main
from support.kontext import extract, kontext

SEQUENCES = int(os.environ.get("KONTEXT_TEST_SEQUENCES", "2"))
SEED = os.environ.get("KONTEXT_TEST_SEED") or str(random.SystemRandom().randrange(10**9))
STEPS = 4
PRUNE = ("extract", "--prune")


class Sequences:
    """What a way to extract has to do: `arrive(reference, out)`, with --prune."""

    @classmethod
    def setUpClass(cls):
        cls.need_root("a tree with devices, and with files of modes that forbid reading")
        super().setUpClass()

    def test_every_sequence_arrives(self):
        print(f"KONTEXT_TEST_SEED={SEED}", flush=True)
        for number in range(SEQUENCES):
            with self.subTest(seed=SEED, sequence=number):
                self.run_sequence(number)

    def run_sequence(self, number):
        rng = random.Random(f"{SEED}/{type(self).__name__}/{number}")
        folder = self.new_dir(f"s{number}")
        source = nasty.NastyTree(folder / "source", rng)
        self.ref_of = lambda: self.reference(folder, number)
        kept = folder / "kept"
        kept.mkdir()
        for step in range(STEPS):
            if step == 0:
                source.grow()
            else:
                for _ in range(rng.randrange(1, 12)):
                    source.edit()
            flags = [flag for flag, chance in (("--mirror", .4), ("--clean", .1), ("--no-cache", .2))
                     if rng.random() < chance]
            expected = source.expected()
            reference = self.push(source, flags)
            self.arrive(reference, kept)
            self.assert_same_tree(expected, kept)
            if rng.random() < .4:
                fresh = folder / f"fresh{step}"
                fresh.mkdir()
                self.arrive(reference, fresh)
                self.assert_same_tree(expected, fresh)
            self.look(folder, number, expected)

    def push(self, source, flags):
        """As push() of the support, but for the warnings: one for each special file."""
        reference = self.ref_of()
        done = kontext("push", *flags, source.root, reference)
        self.assertEqual(done.rc, 0, done.stderr)
        left_out = [line for line in done.stderr.splitlines() if line.endswith(": left out")]
        self.assertEqual(len(left_out), len(source.specials()), done.stderr)
        return done.stdout.strip()

    def reference(self, _folder, number):
        return self.ref(f"nasty{number}")

    def look(self, _folder, number, expected):
        image = self.image(f"nasty{number}")
        self.assert_sound(image)
        self.assert_same_tree(expected, image.snapshot())


class ByHand(Sequences, Case):
    """No server, no runtime: a layout, `kontext pull`, and the extractor over unpacked layers."""

    def reference(self, folder, _number):
        return f"oci:{folder}/layout:v1"

    def arrive(self, reference, out):
        layout = reference.removeprefix("oci:").partition("@")[0]
        if out.name == "kept":
            done = kontext("pull", "--prune", self.ref_of(), out)
        else:
            rootfs = self.layout(layout, "v1").unpack(out.with_name(out.name + "-rootfs"))
            done = extract(rootfs, out, "--prune")
        self.assertEqual(done.rc, 0, done.stderr)

    def look(self, folder, _number, expected):
        image = self.layout(folder / "layout", "v1")
        self.assert_sound(image)
        self.assert_same_tree(expected, image.snapshot())


class InDocker(Sequences, Case):
    wants = {"registry", "docker"}

    def arrive(self, reference, out):
        self.docker.extract(reference, out, command=PRUNE)


class InPodman(Sequences, Case):
    wants = {"registry"}

    @classmethod
    def start_services(cls):
        super().start_services()
        cls.podman = services.Podman(cls.base)
        cls.addClassCleanup(cls.podman.stop)

    def arrive(self, reference, out):
        done = self.podman.extract(reference, out, command=PRUNE)
        self.assertEqual(done.returncode, 0, done.stderr)


if __name__ == "__main__":
    main()
