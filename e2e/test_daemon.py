#!/usr/bin/env python3
"""A Docker daemon as the destination."""

import http.server
import json
import os
import socketserver
import threading

from support import tree
from support.case import Case, main
from support.kontext import kontext
from support.tree import Dir, File, Link

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

    def test_nothing_is_left_in_tmpdir(self):
        folder = self.new_dir("temp")
        self.env["TMPDIR"] = str(folder)
        self.push(self.ref)
        self.assertEqual(os.listdir(folder), [])


if __name__ == "__main__":
    main()
