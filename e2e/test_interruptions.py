#!/usr/bin/env python3
"""Pushes and pulls that are broken off: at every request, by damage on the way, by a full disk, by a
signal. Afterwards the tag names the earlier image or the whole new one, no temporary file stays
longer than until the next run, and the next push sends only what is missing."""

import os
import pathlib
import random
import re
import signal
import subprocess
import sys
import threading
import time

from support import services, tree
from support.case import Case, main
from support.kontext import BIN, TIMEOUT_SECONDS, kontext, push
from support.tree import File
from support.weather import Fault, Weather

TEMPORARY = re.compile(r"^\.kontext-|^kontext-")
MOST_REQUESTS = 40  # of a push that is broken off at each; far fewer are made
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGKILL)


class Interruptions(Case):
    wants = {"registry"}

    def setUp(self):
        super().setUp()
        self.source = tree.build(self.tmp / "src", {
            f"d{i}/f{j}": File(f"{i} {j}\n".encode() * 50) for i in range(3) for j in range(4)})
        self.cache, self.scratch = self.new_dir("cache"), self.new_dir("scratch")
        self.env = {"XDG_CACHE_HOME": str(self.cache), "TMPDIR": str(self.scratch)}
        self.edits = 0

    def weather(self, choose=None):
        weather = Weather(self.registry.host, choose=choose)
        self.addCleanup(weather.stop)
        return weather

    def edit(self, size=2000):
        self.edits += 1
        # No other test's blobs: repositories share them in the registry's storage.
        content = random.Random(f"{self.id()} {self.edits}").randbytes(size)
        (self.source / "d0/f0").write_bytes(content)

    def leftovers(self, *folders):
        return [str(path) for folder in (self.cache, self.scratch, *folders)
                for path in pathlib.Path(folder).rglob("*") if TEMPORARY.match(path.name)]

    def assert_whole(self, ref, *compared):
        done = kontext("verify", ref, *compared, env=self.env)
        self.assertEqual(done.rc, 0, done.stdout + done.stderr)

    def assert_next_sends_what_is_missing(self, repo):
        """The next push works, and sends nothing that the registry had."""
        had = set(self.registry.blobs())
        weather = self.weather()
        push(self.source, f"{weather.host}/{repo}:v1", env=self.env)
        sent = {p.path.split("digest=")[1].replace("%3A", ":") for p in weather.take()
                if p.method == "PUT" and "digest=" in p.path}
        self.assertFalse(sent & had)
        self.assert_whole(self.ref(repo), self.source)
        self.assertEqual(self.leftovers(), [])

    def assert_old_or_new(self, repo, before):
        """True when it is the new one."""
        after = self.registry.tag(repo, "v1")
        self.assert_whole(self.ref(repo), *([self.source] if after != before else []))
        return after != before

    def break_off_everywhere(self, repo, kind):
        """The way to the registry is gone from each request on, one after the other."""
        for number in range(MOST_REQUESTS):
            self.edit()
            before = self.registry.tag(repo, "v1")
            left, lock = [number], threading.Lock()

            def choose(*_, left=left, lock=lock):
                with lock:
                    left[0] -= 1
                    return Fault(kind, 0.5) if left[0] == -1 else Fault("refuse") if left[
                        0] < -1 else None

            weather = self.weather(choose)
            done = kontext("push", "--retries", "0", self.source, f"{weather.host}/{repo}:v1",
                           env=self.env)
            new = self.assert_old_or_new(repo, before)
            if done.rc == 0:
                self.assertTrue(new)
                return number
            self.assert_refused(done, weather.host)
            self.assert_next_sends_what_is_missing(repo)
        return self.fail(f"{MOST_REQUESTS} requests are more than a push makes")

    def test_cut_at_every_request(self):
        push(self.source, self.ref("cut"), env=self.env)
        count = self.break_off_everywhere("cut", "cut-body")
        print(f"broken off at each of {count} requests, inside its body", file=sys.stderr)

    def test_every_answer_lost(self):
        push(self.source, self.ref("lost"), env=self.env)
        count = self.break_off_everywhere("lost", "lose")
        print(f"broken off at each of {count} answers", file=sys.stderr)

    def test_a_tag_that_moves_while_it_is_verified(self):
        """What is verified is one image, whichever: the tag is read once."""
        ref = push(self.source, self.ref("moves"), env=self.env)
        fresh = {"XDG_CACHE_HOME": str(self.new_dir("fresh"))}
        for number in range(1, 4):
            left, lock = [number], threading.Lock()

            def choose(*_, left=left, lock=lock):
                with lock:
                    left[0] -= 1
                    if left[0] == -1:
                        self.edit()
                        push(self.source, self.ref("moves"), env=self.env)

            weather = self.weather(choose)
            done = kontext("verify", f"{weather.host}/moves:v1", env=fresh)
            self.assertEqual(done.rc, 0, done.stdout + done.stderr)
        self.assertNotEqual(self.registry.tag("moves", "v1"), ref.split("@")[1])

    def test_a_proxy_that_truncates_what_is_sent(self):
        push(self.source, self.ref("short"), env=self.env)
        self.edit()
        before = self.registry.tag("short", "v1")
        weather = self.weather(lambda method, path:
                               Fault("truncate-body", 0.5) if method in ("PUT", "PATCH") else None)
        done = kontext("push", "--retries", "1", self.source, f"{weather.host}/short:v1",
                       env=self.env)
        self.assert_refused(done, weather.host)
        self.assertEqual(self.registry.tag("short", "v1"), before)
        self.assert_next_sends_what_is_missing("short")

    def test_a_proxy_that_truncates_what_is_fetched(self):
        self.edit(3 << 20)
        push(self.source, self.ref("fetched"), env=self.env)
        weather = self.weather(lambda method, path:
                               Fault("truncate", 0.5) if "/blobs/" in path else None)
        target = self.new_dir("target")
        done = kontext("pull", "--retries", "1", f"{weather.host}/fetched:v1", target, env={
            **self.env, "XDG_CACHE_HOME": str(self.new_dir("no-cache"))})
        self.assert_refused(done, weather.host)
        self.assertEqual(os.listdir(target), [])
        self.assertEqual(kontext("pull", self.ref("fetched"), target, env=self.env).rc, 0)
        self.assert_same_tree(self.source, target)

    def test_a_registry_whose_disk_is_full(self):
        try:
            full = services.Registry(self.tmp, "full", disk_bytes=4 << 20)
        except services.Unavailable as why:
            self.unavailable(why)
        self.addCleanup(services.unmount_below, self.tmp)
        self.addCleanup(full.stop)
        push(self.source, f"{full.host}/app:v1", env=self.env)
        before = full.tag("app", "v1")
        self.edit(8 << 20)
        done = kontext("push", "--retries", "1", self.source, f"{full.host}/app:v1", env=self.env)
        self.assertEqual((done.rc, done.stdout), (1, ""), done.stderr)
        self.assertIn(full.host, done.stderr.splitlines()[-1])
        self.assertEqual(full.tag("app", "v1"), before)
        self.assert_whole(f"{full.host}/app:v1")
        services.resize_disk(full.storage, 64 << 20)
        push(self.source, f"{full.host}/app:v1", env=self.env)
        self.assert_whole(f"{full.host}/app:v1", self.source)

    def test_a_layout_whose_disk_is_full(self):
        disk = self.tmp / "disk"
        try:
            services.make_disk(disk, 1 << 20)
        except services.Unavailable as why:
            self.unavailable(why)
        self.addCleanup(services.unmount_below, self.tmp)
        ref = f"oci:{disk}/layout:v1"
        push(self.source, ref, env=self.env)
        before = (disk / "layout/index.json").read_bytes()
        self.edit(2 << 20)
        self.assert_refused(kontext("push", self.source, ref, env=self.env), "No space left")
        self.assertEqual((disk / "layout/index.json").read_bytes(), before)
        self.assertEqual(self.leftovers(disk), [])
        self.assert_whole(ref)
        services.resize_disk(disk, 16 << 20)
        push(self.source, ref, env=self.env)
        self.assert_whole(ref, self.source)

    def start(self, *arguments):
        return subprocess.Popen([BIN, *map(str, arguments)], env={**os.environ, **self.env},
                                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                stderr=subprocess.DEVNULL)

    def signal_at(self, number, what, *arguments):
        """Runs the program through a proxy and sends it `what` at the request of that number; False
        when it made fewer."""
        reached, count, lock = threading.Event(), [number], threading.Lock()

        def choose(*_):
            with lock:
                count[0] -= 1
            if count[0] == -1:
                reached.set()
            return Fault("stall") if count[0] < 0 else None

        weather = self.weather(choose)
        running = self.start(*(str(a).replace("HOST", weather.host) for a in arguments))
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while running.poll() is None and not reached.wait(0.01):
            self.assertLess(time.monotonic(), deadline)
        if running.poll() is None:
            running.send_signal(what)
        code = running.wait(TIMEOUT_SECONDS)
        if reached.is_set():
            self.assertEqual(code, -what)
        return reached.is_set()

    def test_signals_during_a_push(self):
        push(self.source, self.ref("signals"), env=self.env)
        for what in SIGNALS:
            number = 0
            while number < MOST_REQUESTS:
                self.edit()
                before = self.registry.tag("signals", "v1")
                hit = self.signal_at(number, what, "push", self.source, "HOST/signals:v1")
                self.assertEqual(self.assert_old_or_new("signals", before), not hit)
                if not hit:
                    break
                self.assert_next_sends_what_is_missing("signals")
                number += 3  # the others differ in nothing that a signal could see

    def test_signals_during_a_pull(self):
        self.edit(1 << 20)
        push(self.source, self.ref("pulled"), env=self.env)
        target = self.new_dir("target")
        (target / "mine").write_text("stays\n")
        for what in SIGNALS:
            begin = time.monotonic()
            self.assertTrue(self.signal_at(1, what, "pull", "HOST/pulled:v1", target))
            # Long before the connection on which nothing moves would be given up.
            self.assertLess(time.monotonic() - begin, 30)
        self.assertEqual(kontext("pull", "--prune", self.ref("pulled"), target, env=self.env).rc, 0)
        self.assertEqual(self.leftovers(target), [])
        self.assert_same_tree(self.source, target)

    def signals_during_a_push(self, ref, moves, folder):
        """At several moments; `moves`: the file that changes when the new image takes its place."""
        self.edit(6 << 20)
        begin = time.monotonic()
        push(self.source, ref, env=self.env)
        whole = time.monotonic() - begin
        for number in range(4 * len(SIGNALS)):
            self.edit(6 << 20)
            before = moves.read_bytes()
            running = self.start("push", self.source, ref)
            time.sleep(whole * (number // len(SIGNALS) + 1) / 5)
            running.send_signal(SIGNALS[number % len(SIGNALS)])
            running.wait(TIMEOUT_SECONDS)
            self.assert_whole(ref, *([self.source] if moves.read_bytes() != before else []))
            push(self.source, ref, env=self.env)
            self.assert_whole(ref, self.source)
            self.assertEqual(self.leftovers(folder), [])

    def test_signals_during_a_push_to_an_archive(self):
        folder = self.new_dir("archives")
        archive = folder / "image.tar"
        self.signals_during_a_push(f"docker-archive:{archive}:app:v1", archive, folder)

    def test_signals_during_a_push_to_a_layout(self):
        layout = self.tmp / "layout"
        self.signals_during_a_push(f"oci:{layout}:v1", layout / "index.json", layout)


if __name__ == "__main__":
    main()
