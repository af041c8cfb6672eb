"""A proxy on loopback before a registry that delays, counts and breaks what passes."""

import collections
import dataclasses
import http.client
import random
import re
import socket
import socketserver
import threading
import time
import typing

from support.proxy import CountingProxy

DEAF_SECONDS = 30  # nothing here waits longer
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding"}
PIECE = 16 * 1024


@dataclasses.dataclass
class Passed:
    """One request: when it came, when its answer left; None as status: it was cut."""
    method: str
    path: str
    begin: float
    end: float = 0.0
    status: int = 0
    fault: str = ""


@dataclasses.dataclass
class Fault:
    """What happens to one request.

    kind: "refuse" (the connection is cut before the request is read), "cut-body" (after `part` of
    the request's body has gone on; `then` is called before), "lose" (it is carried out, its answer never comes),
    "cut-answer" (after `part` of the answer's body), "busy" (503, with Retry-After `after`),
    "answer" (`status` without the registry being asked), "stall" (no answer comes until the client
    hangs up), "truncate-body" and "truncate" (`part` of the request's or the answer's body goes on as
    if that were all), "forget-query" (the request goes on without what follows the "?").
    """
    kind: str
    part: float = 0.5
    after: int = 0
    status: int = 503
    then: typing.Callable = None


class ConnectionCut(Exception):
    """The client's connection is to be reset."""


class Weather:
    """Forwards HTTP/1.1 to `upstream`, `delay` seconds after each request came.

    `choose(method, path)` may give a Fault for a request. Everything is in `passed`.
    """

    def __init__(self, upstream, delay=0.0, choose=None):
        self.upstream, self.delay, self.choose = upstream, delay, choose
        self.passed, self.lock = [], threading.Lock()
        outer = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                try:
                    while outer.serve(self.rfile, self.wfile):
                        pass
                except ConnectionCut:
                    # A reset, not an orderly end.
                    self.request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                except (OSError, http.client.HTTPException):
                    pass

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = daemon_threads = True
            request_queue_size = 64

        self.server = Server(("127.0.0.1", 0), Handler)
        self.host = f"127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def serve(self, rfile, wfile):
        """One request and its answer; False at the end of the connection."""
        line = rfile.readline(65536)
        if not line:
            return False
        method, path, _ = line.decode("latin-1").split()
        headers = http.client.parse_headers(rfile)
        passed = Passed(method, path, time.monotonic())
        fault = self.choose(method, path) if self.choose else None
        passed.fault = fault.kind if fault else ""
        with self.lock:
            self.passed.append(passed)
        try:
            return self.forward(passed, fault, headers, rfile, wfile)
        finally:
            passed.end = time.monotonic()

    def forward(self, passed, fault, headers, rfile, wfile):
        length = int(headers.get("Content-Length") or 0)
        if fault and fault.kind == "refuse":
            raise ConnectionCut
        if fault and fault.kind == "stall":
            self.read_body(rfile, length)
            rfile.read(1)
            raise ConnectionCut
        time.sleep(self.delay)
        if fault and fault.kind in ("busy", "answer"):
            self.read_body(rfile, length)
            passed.status = fault.status
            wait = b"Retry-After: %d\r\n" % fault.after if fault.kind == "busy" else b""
            wfile.write(b"HTTP/1.1 %d Refused\r\nContent-Length: 0\r\n%s\r\n"
                        % (fault.status, wait))
            return True
        host, port = self.upstream.split(":")
        there = http.client.HTTPConnection(host, int(port), timeout=DEAF_SECONDS)
        try:
            path, to_send = passed.path, length
            if fault and fault.kind == "forget-query":
                path = path.split("?")[0]
            announced = length
            if fault and fault.kind in ("truncate-body", "cut-body"):
                to_send = int(length * fault.part)
                announced = to_send if fault.kind == "truncate-body" else length
            there.putrequest(passed.method, path, skip_host=True, skip_accept_encoding=True)
            for name, value in headers.items():
                if name.lower() == "content-length":
                    value = str(announced)
                if name.lower() not in HOP_BY_HOP:
                    there.putheader(name, value)
            there.endheaders()
            cut = fault and fault.kind == "cut-body"
            sent = 0
            while sent < (to_send if cut else length):
                piece = rfile.read(min(PIECE, length - sent))
                if not piece:
                    raise ConnectionCut
                there.send(piece[:max(0, to_send - sent)])
                sent += len(piece)
            if cut:
                if fault.then:
                    fault.then()
                raise ConnectionCut
            self.answer(there.getresponse(), passed, fault, wfile)
            return True
        finally:
            there.close()

    @staticmethod
    def read_body(rfile, length):
        while length > 0:
            piece = rfile.read(min(PIECE, length))
            if not piece:
                raise ConnectionCut
            length -= len(piece)

    @staticmethod
    def answer(response, passed, fault, wfile):
        body = response.read()
        if fault and fault.kind == "lose":
            raise ConnectionCut
        passed.status = response.status
        lines = [f"HTTP/1.1 {response.status} {response.reason}"]
        lines += [f"{name}: {value}" for name, value in response.getheaders()
                  if name.lower() not in HOP_BY_HOP | {"content-length"}]
        if fault and fault.kind == "truncate":
            body = body[:int(len(body) * fault.part)]
        length = response.headers.get("Content-Length") if passed.method == "HEAD" else len(body)
        lines.append(f"Content-Length: {length or 0}")
        head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
        if fault and fault.kind == "cut-answer":
            wfile.write((head + body)[:len(head) + int(len(body) * fault.part)])
            raise ConnectionCut
        wfile.write(head + body)

    def take(self):
        """What has passed since the last call."""
        with self.lock:
            passed, self.passed = self.passed, []
        return passed

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


def longest_chain(passed):
    """Sequential round trips: the most requests of which each came after the one before was over."""
    best = []
    for request in sorted(passed, key=lambda p: p.begin):
        before = [length for length, end in best if end <= request.begin]
        best.append((1 + max(before, default=0), request.end))
    return max((length for length, _ in best), default=0)


def mean_in_flight(passed, at_least):
    """How many requests are under way at once, in the mean over time: from the first one's begin to
    the moment when fewer than `at_least` are still to end."""
    ends = sorted(p.end for p in passed)
    last = ends[-at_least]
    first = min(p.begin for p in passed)
    return sum(max(0.0, min(p.end, last) - p.begin) for p in passed) / (last - first)


class Storm:
    """Breaks a share of the requests. What happens to a request follows from the seed, from what it
    is, and from how often it has come: not from the order in which several come at once."""

    KINDS = ("refuse", "cut-body", "lose", "cut-answer", "busy", "truncate-body", "truncate")

    def __init__(self, seed, share):
        self.seed, self.share = seed, share
        self.seen, self.lock = collections.Counter(), threading.Lock()

    def __call__(self, method, path):
        what = method + " " + re.sub(r"/uploads/[^?]*|_state=[^&]*", "", path)
        with self.lock:
            self.seen[what] += 1
            dice = random.Random(f"{self.seed} {what} {self.seen[what]}")
        if dice.random() >= self.share:
            return None
        return Fault(dice.choice(self.KINDS), dice.random())


class Wire(CountingProxy):
    """Passes on bytes, TLS as a rule, and breaks a share of the connections after some of them: "cut",
    or "deaf", on which nothing comes any more. `on_piece()` is called with all that passes."""

    def __init__(self, upstream, seed, share, on_piece):
        self.dice, self.share, self.on_piece = random.Random(seed), share, on_piece
        self.passed, self.over = [], threading.Event()
        super().__init__(upstream)

    def _serve(self, client):
        with self.lock:
            breaks = self.dice.random() < self.share
            kind, left = self.dice.choice(("cut", "deaf")), int(2 ** self.dice.uniform(0, 23))

        def count(data):
            nonlocal left
            self.on_piece()
            left -= len(data)
            if not breaks or left >= 0:
                return
            if left + len(data) >= 0:  # now
                with self.lock:
                    self.passed.append(Passed("", "", 0.0, fault=kind))
            if kind == "deaf":
                self.over.wait(DEAF_SECONDS)
            raise ConnectionResetError

        with client, self._connect() as server:
            back = threading.Thread(target=self._pass, args=(server, client, count), daemon=True)
            back.start()
            self._pass(client, server, count)
            back.join()

    def take(self):
        with self.lock:
            passed, self.passed = self.passed, []
        return passed

    def stop(self):
        self.over.set()
        super().stop()
