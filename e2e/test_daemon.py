#!/usr/bin/env python3
"""A Docker daemon as the destination."""

import http.server
import json
import os
import random
import re
import signal
import socketserver
import subprocess
import threading
import time

from support import tree
from support.case import Case, main
from support.kontext import BIN, TIMEOUT_SECONDS, kontext
from support.proxy import CountingProxy
from support.tree import Dir, File, Link

TEMPORARY = re.compile(r"^\.kontext-|^kontext-")

EXAMPLE = {
    "file": File(b"content\n"), "tool": File(b"#!/bin/sh\n", 0o755), "secret": File(b"s\n", 0o600),
    "empty": Dir(), "link": Link("nowhere"), "d/e/f": File(b"deep\n"), ".wh.odd": File(b"odd\n"),
    "big": File(bytes(range(256)) * 4096),
}


class LyingDaemon(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    """Answers a load with 200 and an error in the body."""

    daemon_threads = True

    class Handler(http.server.BaseHTTPRequestHandler):
        def address_string(self):
            return "unix"

        def log_message(self, *_):
            pass

        def answer(self, status, body):
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self):
            self.answer(404, b'{"message":"No such image"}')

        def do_POST(self):
            left = int(self.headers["Content-Length"])
            while left > 0:
                left -= len(self.rfile.read(min(left, 65536)))
            self.answer(200, b'{"stream":"working"}\r\n'
                             b'{"errorDetail":{"message":"no space left"},"error":"no space left"}\r\n')


class Gate(CountingProxy):
    """In front of a daemon: holds back what is sent once that is more than `most` bytes."""

    def __init__(self, upstream, most):
        self.most = most
        self.reached, self.opened = threading.Event(), threading.Event()
        super().__init__(upstream)

    def _asked(self):
        count = super()._asked()

        def hold(data):
            count(data)
            if self.sent > self.most:
                self.reached.set()
                self.opened.wait(TIMEOUT_SECONDS)
        return hold

    def stop(self):
        self.opened.set()
        super().stop()


class Daemon(Case):
    wants = {"docker"}

    def setUp(self):
        super().setUp()
        self.source = tree.build(self.tmp / "src", EXAMPLE)
        self.ref = f"docker-daemon:{self.tmp.name.replace('_', 'x')}:v1"
        self.env = {"DOCKER_HOST": self.docker.socket}

    def kontext(self, *arguments):
        return kontext(*arguments, env=self.env)

    def push(self, *more):
        done = self.kontext("push", "--json", self.source, *more)
        self.assertEqual(done.rc, 0, done.stderr)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def image_id(self):
        name = self.ref.partition(":")[2]
        return self.docker("image", "inspect", "--format", "{{.Id}}", name).stdout.strip()

    def test_it_runs(self):
        for number in range(2):
            result = self.push(self.ref)[0]
            self.assertEqual(result["reference"], "docker-daemon:" + self.image_id())
            out = self.new_dir(f"out{number}")
            self.docker("run", "--rm", "--network", "none", "-v", f"{out}:/workspace",
                        result["reference"].partition(":")[2])
            self.assert_same_tree(self.source, out)
            again = self.push(self.ref)[0]
            self.assertEqual((again["changed"], again["uploaded_bytes"], again["reference"]),
                             (False, 0, result["reference"]))
            self.assertTrue(self.push("--label", "a=b", self.ref)[0]["changed"])
            tree.build(self.source, {"file": File(b"changed\n"), "d/new": File(b"new\n")})

    def test_it_can_be_read(self):
        reference = self.push(self.ref)[0]["reference"]
        for number, ref in enumerate((self.ref, reference)):
            out = self.new_dir(f"out{number}")
            done = self.kontext("pull", ref, out)
            self.assertEqual(done.rc, 0, done.stderr)
            self.assert_same_tree(self.source, out)
            for command in (("verify", ref, self.source), ("ls", ref), ("inspect", ref),
                            ("diff", self.source, ref)):
                done = self.kontext(*command)
                self.assertEqual(done.rc, 0, f"{command}: {done.stdout}{done.stderr}")
        self.assert_refused(self.kontext("ls", "docker-daemon:nothing"), "no such image")

    def test_beside_another_place(self):
        layout = f"oci:{self.tmp}/layout:v1"
        for number in range(2):
            self.push(layout, self.ref)
            out = self.new_dir(f"out{number}")
            self.docker("run", "--rm", "--network", "none", "-v", f"{out}:/workspace",
                        self.image_id())
            self.assert_same_tree(self.source, out)
            tree.build(self.source, {"file": File(b"changed\n")})

    def test_wrong_daemons(self):
        refused = lambda host, *words, rc=1: self.assert_refused(
            kontext("push", "--retries", "0", self.source, self.ref, env={"DOCKER_HOST": host}),
            *words, rc=rc)
        refused(f"unix://{self.tmp}/none.sock", f"{self.tmp}/none.sock", "is the daemon running?")
        (self.tmp / "file").write_text("no socket")
        refused(f"unix://{self.tmp}/file", "is the daemon running?")
        refused("tcp://127.0.0.1:1", "127.0.0.1:1", "is the daemon running?")
        refused("ssh://me@there", "DOCKER_HOST is ssh://me@there", "docker load", rc=2)
        path = f"{self.tmp}/lying.sock"
        with LyingDaemon(path, LyingDaemon.Handler) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            refused(f"unix://{path}", "no space left")
            server.shutdown()
        self.assert_refused(self.kontext("push", self.source, self.ref, "--platform", "linux/amd64",
                                         "--platform", "linux/arm64"), "several platforms", rc=2)

    def test_it_can_be_removed(self):
        self.push(self.ref)
        self.assertEqual(self.kontext("rm", self.ref).rc, 0)
        self.assert_refused(self.kontext("rm", self.ref), self.ref.partition(":")[2],
                            "there is no such image")

    def relay(self, most=1 << 40):
        gate = Gate(self.docker.socket.removeprefix("unix://"), most)
        self.addCleanup(gate.stop)
        self.env["DOCKER_HOST"] = f"tcp://{gate.host}"
        return gate

    def test_over_tcp(self):
        gate = self.relay()
        reference = self.push(self.ref)[0]["reference"]
        self.assertEqual(reference, "docker-daemon:" + self.image_id())
        self.assertGreater(gate.sent, 20_000)  # what each extractor takes
        out = self.new_dir("out")
        done = self.kontext("pull", self.ref, out)
        self.assertEqual(done.rc, 0, done.stderr)
        self.assert_same_tree(self.source, out)
        self.assertGreater(gate.received, 20_000)
        self.assertFalse(self.push(self.ref)[0]["changed"])
        self.assertEqual(self.kontext("rm", self.ref).rc, 0)

    def leftovers(self, folders):
        return [str(path) for folder in folders for path in folder.rglob("*")
                if TEMPORARY.match(path.name)]

    def signal_at(self, most, what):
        """Sends a push the signal when more than so many bytes are on their way to the daemon; False
        when it sends no more than that."""
        gate = self.relay(most)
        running = subprocess.Popen([BIN, "push", self.source, self.ref],
                                   env={**os.environ, **self.env}, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while running.poll() is None and not gate.reached.wait(0.01):
            self.assertLess(time.monotonic(), deadline)
        if gate.reached.is_set():
            running.send_signal(what)
        code = running.wait(TIMEOUT_SECONDS)
        self.assertEqual(code, -what if gate.reached.is_set() else 0)
        gate.stop()
        return gate.reached.is_set()

    def test_signals(self):
        """Under the tag is the earlier image or the whole new one, and no file is left."""
        cache, scratch = self.new_dir("cache"), self.new_dir("scratch")
        self.env.update(XDG_CACHE_HOME=str(cache), TMPDIR=str(scratch))
        size = 3 << 20
        (self.source / "big").write_bytes(random.Random(1).randbytes(size))
        gate = self.relay()
        self.push(self.ref)
        # The question for the tag, the archive's beginning, its middle, its end, and what is asked
        # when it is loaded.
        moments = (0, 8 << 10, size // 2, size, gate.sent - 100)
        for what, chosen in ((signal.SIGKILL, moments), (signal.SIGTERM, moments[::2]),
                             (signal.SIGINT, moments[2:4])):
            for most in chosen:
                with self.subTest(signal=what, bytes=most):
                    before = self.image_id()
                    content = random.Random(f"{what} {most}").randbytes(size)
                    (self.source / "big").write_bytes(content)
                    self.assertTrue(self.signal_at(most, what))
                    self.assertEqual(os.listdir(scratch), [])
                    self.env["DOCKER_HOST"] = self.docker.socket
                    after = self.image_id()
                    target = self.new_dir(f"out-{what}-{most}")
                    done = self.kontext("pull", f"docker-daemon:{after}", target)
                    self.assertEqual(done.rc, 0, done.stderr)
                    if after != before:
                        self.assert_same_tree(self.source, target)
                    self.push(self.ref)
                    self.assertEqual(self.kontext("verify", self.ref, self.source).rc, 0)
                    self.assertEqual(self.leftovers((cache, scratch)), [])

    def test_nothing_is_left_in_tmpdir(self):
        folder = self.new_dir("temp")
        self.env["TMPDIR"] = str(folder)
        self.push(self.ref)
        self.assertEqual(os.listdir(folder), [])


if __name__ == "__main__":
    main()
