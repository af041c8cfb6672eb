#!/usr/bin/env python3
"""A registry that is far away: a proxy delays every request and sees how many come one after the
other, and how many are under way at once. Counted; a time is only printed."""

import random
import shutil
import sys
import time

from support import tree
from support.case import Case, main
from support.forge import Forge
from support.image import Image, Layout
from support.kontext import kontext, push, run
from support.tree import File
from support.weather import Weather, longest_chain, mean_in_flight

DELAY_SECONDS = 0.05
# Of a push of one changed line: the tag, two for all blobs together, the manifests, the tag.
MOST_ROUND_TRIPS = 5
# The same without local state: a manifest, its config, and all indexes together on top.
MOST_ROUND_TRIPS_COLD = 8
LEAST_IN_FLIGHT = 4
LAYERS = 40
SMALL_SEGMENTS = 7  # a push merges more than these with its own
TRIES = 4


class Far(Case):
    wants = {"registry"}

    def setUp(self):
        super().setUp()
        self.weather = Weather(self.registry.host, delay=DELAY_SECONDS)
        self.addCleanup(self.weather.stop)
        self.cache = self.tmp / "cache"
        self.env = {"XDG_CACHE_HOME": str(self.cache)}

    def ref_over_there(self, repo):
        return f"{self.weather.host}/{repo}:v1"

    def watch(self, what, work, count, good):
        """Repeats `work` until count(requests) is good. A thread that a busy machine holds up makes a
        figure worse, unless the way is longer still; nothing makes one better than it is."""
        for attempt in range(TRIES):
            self.weather.delay = DELAY_SECONDS * 2**attempt
            self.weather.take()
            begin = time.monotonic()
            work()
            seconds = time.monotonic() - begin
            passed = self.weather.take()
            figure = count(passed)
            print(f"{what} over {self.weather.delay * 1000:.0f} ms: {figure:.3g} "
                  f"({len(passed)} requests, {seconds:.2f} s)", file=sys.stderr)
            if good(figure):
                return
        self.fail(f"{what}: {figure}")

    def one_line(self, repo, cold):
        source = tree.build(self.tmp / "src", {
            f"d{i}/f{j}": File(f"{i} {j}\n".encode() * 50) for i in range(5) for j in range(8)})
        self.weather.delay = 0
        # As a history leaves it: several segments, each with an index of its own.
        for i in range(8):
            (source / f"d1/f{i}").write_text("as it is now\n")
            push(source, self.ref_over_there(repo), env=self.env)

        def work():
            if cold:
                shutil.rmtree(self.cache)
            with open(source / "d0/f0", "ab") as out:
                out.write(b"another line\n")
            push(source, self.ref_over_there(repo), env=self.env)

        most = MOST_ROUND_TRIPS_COLD if cold else MOST_ROUND_TRIPS
        self.watch(f"sequential round trips of one line{', cold' if cold else ''}", work,
                   longest_chain, lambda chain: chain <= most)
        # Uploads that are begun before their blobs are known are used.
        self.assertEqual(list(self.registry.storage.rglob("_uploads/*/startedat")), [])
        done = kontext("verify", self.ref(repo), source)
        self.assertEqual(done.rc, 0, done.stderr)

    def test_round_trips_of_a_one_line_push(self):
        self.one_line("warm", cold=False)

    def test_round_trips_without_local_state(self):
        self.one_line("cold", cold=True)

    def parts(self, count):
        """A directory, and images of its parts, each under a tag of one layout."""
        source, parts, tags = self.new_dir("src"), self.new_dir("parts"), []
        for i in range(count):
            part = parts / f"p{i}"
            part.mkdir()
            (part / f"f{i}").write_bytes(random.Random(i).randbytes(20_000))
            shutil.copy(part / f"f{i}", source)
            tags.append(f"p{i}")
            push(part, f"oci:{self.tmp}/parts-of-it:{tags[-1]}", env=self.env)
        return source, tags

    def in_flight(self, what, work):
        self.watch(f"{what} in flight, in the mean", work, lambda passed: mean_in_flight(
            [p for p in passed if "/blobs/" in p.path], LEAST_IN_FLIGHT),
                   lambda mean: mean >= LEAST_IN_FLIGHT)

    def test_uploads_in_flight(self):
        source, tags = self.parts(SMALL_SEGMENTS)
        flags = [flag for tag in tags for flag in ("--from", f"oci:{self.tmp}/parts-of-it:{tag}")]
        pushes = iter(range(TRIES))

        def work():
            self.last = f"many{next(pushes)}"
            push(source, self.ref_over_there(self.last), *flags, env=self.env)

        self.in_flight("uploads", work)
        image = self.image(self.last)
        self.assert_sound(image, source)
        self.assertEqual(len(image.layers()), 1 + SMALL_SEGMENTS + 1)

    def stack(self):
        """A directory and its image with a layer for each part, more than a push of it would make."""
        source, tags = self.parts(LAYERS)
        whole = f"oci:{self.tmp}/whole:v1"
        push(source, whole, env=self.env)
        forge = Forge(self.tmp / "whole", "v1")
        forge.stack([Image(Layout(self.tmp / "parts-of-it"), tag) for tag in tags])
        return source, whole

    def test_uploads_of_many_blobs_in_flight(self):
        source, whole = self.stack()
        pushes = iter(range(TRIES))

        def work():
            self.last = f"copied{next(pushes)}"
            done = kontext("push", source, whole, self.ref_over_there(self.last), env=self.env)
            self.assertEqual(done.rc, 0, done.stderr)

        self.in_flight(f"uploads of {LAYERS} layers", work)
        self.assertEqual(len(self.image(self.last).layers()), 1 + LAYERS)
        target = self.new_dir("target")
        done = kontext("pull", self.ref(self.last), target, env=self.env)
        self.assertEqual(done.rc, 0, done.stderr)
        self.assert_same_tree(source, target)

    def test_downloads_in_flight(self):
        source, whole = self.stack()
        copied = run("skopeo", "copy", "--all", "--dest-tls-verify=false", whole,
                     f"docker://{self.ref('stack')}")
        self.assertEqual(copied.rc, 0, copied.stderr)
        target = self.tmp / "target"

        def work():
            shutil.rmtree(target, ignore_errors=True)
            done = kontext("pull", self.ref_over_there("stack"), target, env=self.env)
            self.assertEqual(done.rc, 0, done.stderr)

        self.weather.delay = 0
        work()  # from here on the indexes are known: what passes is layers
        self.in_flight("downloads", work)
        self.assertEqual(len(self.image("stack").layers()), 1 + LAYERS)
        self.assert_same_tree(source, target)


if __name__ == "__main__":
    main()
