#!/usr/bin/env python3
"""The next push, as a registry and a disk see it: requests, bytes, and what local state is worth."""

import json
import os
import random
import shutil
import subprocess
import time

from support import tree
from support.case import Case, main
from support.kontext import BIN, kontext, push
from support.proxy import CountingProxy
from support.tree import File

KIB = 1 << 10
FILES, SIZE = 60, 50 * KIB
RACY_SECONDS = 2  # an entry younger than this is read again
PUSHES_AT_ONCE = 6


class PushAgain(Case):
    wants = {"registry"}

    def setUp(self):
        super().setUp()
        rng = random.Random(1)
        self.source = tree.build(self.tmp / "src", {
            f"d{n % 7}/{n}": File(rng.randbytes(SIZE)) for n in range(FILES)})
        self.cache = self.tmp / "cache"
        self.proxy = CountingProxy(self.registry.host)
        self.addCleanup(self.proxy.stop)
        self.repo = self._testMethodName

    def push(self, *flags, tag="v1"):
        """Through the proxy, whose counts are of this push alone; returns the result object."""
        self.proxy.forget()
        done = kontext("push", "--json", *flags, self.source, f"{self.proxy.host}/{self.repo}:{tag}",
                       env={"XDG_CACHE_HOME": str(self.cache)})
        self.assertEqual(done.rc, 0, done.stderr)
        return json.loads(done.stdout)

    def forget_all(self):
        shutil.rmtree(self.cache)

    def assert_notices(self, result):
        self.assertTrue(result["changed"])
        self.assert_sound(self.image(self.repo), self.source)

    def test_no_change_is_one_request(self):
        first = self.push()
        for forget in (lambda: None, self.forget_all):
            forget()
            for flags in ((), ("--no-cache",)):
                again = self.push(*flags)
                self.assertEqual((again["changed"], again["digest"], again["uploaded_bytes"]),
                                 (False, first["digest"], 0))
                self.assertEqual(self.proxy.requests,
                                 [("GET", f"/v2/{self.repo}/manifests/v1")])
        self.push("--mirror")
        self.push("--mirror")
        self.assertEqual(len(self.proxy.requests), 1)

    def test_a_fresh_runner_fetches_indexes_only(self):
        self.push()
        for number in range(5):
            tree.build(self.source, {f"d1/{number}": File(b"another %d\n" % number)})
            self.push()
        print("\n   local state   requests       sent   received")
        bounds = {"kept": 10 * KIB, "none": 64 * KIB}
        for state, received in bounds.items():
            if state == "none":
                self.forget_all()
            tree.build(self.source, {"d2/fresh": File(state.encode())})
            result = self.push()
            print(f"   {state:11}{len(self.proxy.requests):11}{self.proxy.sent:11,}"
                  f"{self.proxy.received:11,}")
            self.assert_notices(result)
            self.assertLessEqual(self.proxy.received, received)
            self.assertLessEqual(self.proxy.sent, 32 * KIB)

    def test_a_rewrite_of_the_same_size_and_time(self):
        self.push()
        time.sleep(RACY_SECONDS + 0.1)
        self.assertFalse(self.push()["changed"])  # from now on the cache is believed
        place = self.source / "d1/1"
        before = os.stat(place)
        place.write_bytes(random.Random(2).randbytes(SIZE))
        os.utime(place, ns=(before.st_atime_ns, before.st_mtime_ns))
        after = os.stat(place)
        self.assertEqual((before.st_size, before.st_mtime_ns, before.st_ino),
                         (after.st_size, after.st_mtime_ns, after.st_ino))
        self.assert_notices(self.push())

    def test_a_rewrite_right_after_a_push(self):
        place, number = self.source / "d1/1", 0
        self.push()
        for number in range(10):
            with open(place, "r+b") as file:
                file.write(b"%04d" % number)
            self.assertTrue(self.push()["changed"])
        self.assert_sound(self.image(self.repo), self.source)

    def test_a_damaged_cache(self):
        self.push()
        tree.build(self.source, {"d1/1": File(b"a change\n")})
        want = self.push()
        time.sleep(RACY_SECONDS + 0.1)
        self.push()
        rng = random.Random(3)
        damages = (lambda data: b"", lambda data: data[:len(data) // 2],
                   lambda data: rng.randbytes(len(data)), lambda data: flip(data, rng))
        for number, damage in enumerate(damages):
            files = [place for place in self.cache.rglob("*") if place.is_file()]
            self.assertGreaterEqual(len(files), 3)
            for place in files:
                place.write_bytes(damage(place.read_bytes()))
            with self.subTest(damage=number):
                self.assertEqual(self.push()["digest"], want["digest"])
                tree.build(self.source, {"d1/2": File(b"%d\n" % number)})
                self.assert_notices(self.push())
                tree.remove(self.source, "d1/2")
                want = self.push()
                self.assertEqual(self.push("--no-cache")["digest"], want["digest"])

    def test_a_cache_decides_nothing(self):
        """What a push knows of its own segments is what it would read of them."""
        # A name that no layer can have: its content is an object.
        tree.build(self.source, {".wh.odd": File(random.Random(2).randbytes(SIZE))})
        for change in range(3):
            tree.build(self.source, {"line": File(b"%d\n" % change)})
            known, unknown = self.push(tag="known"), self.push("--no-cache", tag="unknown")
            self.assertEqual(known["digest"], unknown["digest"])
            self.assertEqual(known["uploaded_bytes"] < SIZE, change > 0)

    def test_a_cache_decides_nothing_in_a_long_history(self):
        """A push is planned from what has changed, or without local state from everything."""
        rng = random.Random(4)
        changed = 0
        for number in range(40):
            for _ in range(rng.randrange(1, 4)):
                edit(self.source, rng)
            known, unknown = self.push(tag="known"), self.push("--no-cache", tag="unknown")
            self.assertEqual(known["digest"], unknown["digest"], f"push {number}")
            changed += known["changed"]
        self.assertGreater(changed, 20)
        self.assert_sound(self.image(self.repo, "known"), self.source)

    def test_content_that_lives_on_below_a_file(self):
        """Where a directory was there is a file, and what was in that directory is elsewhere now."""
        common, precious = File(b"common\n"), File(b"precious\n")
        source = tree.build(self.tmp / "below", {"a": common, "b/a": precious})
        push(source, self.ref(self.repo))
        shutil.rmtree(source / "b")
        tree.build(source, {"b": common, "c/a": precious})
        push(source, self.ref(self.repo))
        (source / "a").unlink()
        (source / "a").mkdir()
        push(source, self.ref(self.repo))
        self.assert_sound(self.image(self.repo), source)

    def test_pushes_at_once(self):
        ref = self.ref(self.repo)
        for tags in (["same"] * PUSHES_AT_ONCE, [f"v{n}" for n in range(PUSHES_AT_ONCE)]):
            for change in range(3):
                tree.build(self.source, {"d3/new": File(b"%d\n" % change)})
                running = [subprocess.Popen(
                    [BIN, "push", self.source, self.ref(self.repo, tag)], text=True,
                    stdout=subprocess.PIPE, stderr=subprocess.PIPE) for tag in tags]
                said = [(process.communicate(), process.returncode) for process in running]
                for (out, err), rc in said:
                    self.assertEqual((rc, out.count("@sha256:")), (0, 1), err)
                for tag in set(tags):
                    self.assert_sound(self.image(self.repo, tag), self.source)
        self.assertIn(self.repo, push(self.source, ref))


def edit(source, rng):
    """One of what people do to a tree."""
    places = sorted(place for place in source.rglob("*") if not place.is_symlink())
    files = [place for place in places if place.is_file()]
    place, kind = rng.choice(files), rng.randrange(9)
    if kind < 3:
        place.write_bytes(rng.randbytes(rng.randrange(2000)))
    elif kind == 3:
        shutil.copy(place, source / f"copy{rng.randrange(5)}")
    elif kind == 4:
        place.rename(place.with_name(f"renamed{rng.randrange(9)}"))
    elif kind == 5:
        place.chmod(rng.choice((0o644, 0o600, 0o755)))
    elif kind == 6:
        place.unlink()
        place.symlink_to("somewhere")
    elif kind == 7:
        below = source / f"new{rng.randrange(3)}"
        below.mkdir(exist_ok=True)
        shutil.copy(place, below / "file")
    else:
        taken = rng.choice([place for place in places if place.is_dir()] or [source / "d0"])
        if rng.random() < 0.5:
            taken.rename(source / f"moved{rng.randrange(1000)}")
        else:
            shutil.rmtree(taken)


def flip(data, rng):
    at = rng.randrange(len(data)) if data else 0
    return data[:at] + bytes([data[at] ^ 1 << rng.randrange(8)]) + data[at + 1:] if data else b""


if __name__ == "__main__":
    main()
