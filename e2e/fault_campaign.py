#!/usr/bin/env python3
"""Pushes through a proxy that breaks requests, by a seed, and judges what is under the tag.

    KONTEXT_BIN=… e2e/fault_campaign.py [--runs N] [--seed S] [--share PERCENT] [--only RUN] [--tls]

Each run has a repository, a tree and a history of its own, made from the seed and its number alone, so
--only repeats one. It pushes several times in bad weather, at times killed by a signal at some
request. After each push the tag must name the image of before or the whole new one, and after a push
that says it worked the new one: `kontext verify` reads all of it past the proxy. Last comes a push in
good weather, which must work and leave no temporary file.

With --tls the registry is reached by TLS and HTTP/2, and what breaks is connections, after some bytes.
"""

import argparse
import collections
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading

from support import services
from support.kontext import BIN, kontext
from support.pki import Authority
from support.weather import Storm, Weather, Wire

PUSHES = 2  # of a run, in bad weather
TEMPORARY = re.compile(r"^\.kontext-|^kontext-")


class Run:
    """One history. `tell(kind, sentence)` takes what is wrong. `authority`: the registry's; None: it
    speaks no TLS."""

    def __init__(self, registry, folder, seed, number, share, tell, authority=None):
        self.random = random.Random(f"{seed} {number}")
        self.registry, self.repo, self.tell = registry, f"storm{number}", tell
        self.source = pathlib.Path(folder) / "src"
        self.source.mkdir()
        self.storm = Storm(f"{seed} {number}", share)
        self.faults, self.outcomes = collections.Counter(), collections.Counter()
        self.left, self.lock, self.running = None, threading.Lock(), None
        self.places = [pathlib.Path(folder) / "tmp", pathlib.Path(folder) / "cache"]
        for place in self.places:
            place.mkdir()
        self.env = {"TMPDIR": str(self.places[0]), "XDG_CACHE_HOME": str(self.places[1])}
        if authority:
            self.env["SSL_CERT_FILE"] = str(authority.certificate)
        # A push has a few connections, but many requests.
        self.weather = (
            (lambda: Wire(registry.host, f"{seed} {number}", 4 * share, self.count_down)) if authority
            else lambda: Weather(registry.host, choose=self.choose))

    def edit(self):
        """A few small files, at times a large one that does not compress: it is worth resuming."""
        for _ in range(self.random.randint(1, 4)):
            name = self.source / f"f{self.random.randint(0, 20)}"
            name.write_bytes(self.random.randbytes(self.random.randint(1, 5000)))
        if self.random.random() < 0.15:
            large = self.source / f"large{self.random.randint(0, 2)}"
            large.write_bytes(self.random.randbytes(self.random.randint(5, 7) << 20))
        if self.random.random() < 0.3:
            for path in list(self.source.iterdir())[:1]:
                path.unlink()

    def count_down(self):
        """At a request of some number, the program is killed."""
        with self.lock:
            if self.left is not None:
                self.left -= 1
                if self.left == -1:
                    self.running.send_signal(self.signal)

    def choose(self, method, path):
        """What happens to a request."""
        self.count_down()
        return self.storm(method, path)

    def push(self, host):
        """Its exit code, what it printed."""
        command = [BIN, "push", "--retries", str(self.random.randint(0, 5)), "--timeout", "5",
                   str(self.source), f"{host}/{self.repo}:v1"]
        killed = self.random.random() < 0.2
        self.signal = self.random.choice((signal.SIGINT, signal.SIGTERM, signal.SIGKILL))
        at = self.random.randint(0, 15)
        with self.lock:
            self.running = subprocess.Popen(command, env={**os.environ, **self.env},
                                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                            stderr=subprocess.PIPE)
            self.left = at if killed else None
        out, err = self.running.communicate(timeout=300)
        return self.running.returncode, out.decode(), err.decode(errors="replace")

    def judge(self, before, code, out, err):
        after = self.registry.tag(self.repo, "v1")
        if code == 0:
            self.outcomes["completed"] += 1
            if not out.strip().endswith(f"@{after}"):
                self.tell("torn", f"the tag is {after}, printed was {out!r}")
        elif code == 1:
            self.outcomes["failed"] += 1
        elif code < 0 and -code == self.signal and self.left is not None:
            self.outcomes["killed"] += 1
            self.faults[signal.Signals(-code).name] += 1
        else:
            self.tell("crashed", f"exit code {code}: {err.strip()}")
        if after is None:
            return
        compared = [self.source] if code == 0 or after != before else []
        check = kontext("verify", f"{self.registry.host}/{self.repo}:v1", *compared, env=self.env)
        if check.rc == 1:
            self.tell("wrong", check.stdout.strip() + check.stderr.strip())
        elif check.rc != 0:
            self.tell("torn", check.stderr.strip())

    def go(self):
        weather = self.weather()
        try:
            for _ in range(PUSHES):
                self.edit()
                before = self.registry.tag(self.repo, "v1")
                self.judge(before, *self.push(weather.host))
                self.faults.update(p.fault for p in weather.take() if p.fault)
        finally:
            weather.stop()
        done = kontext("push", self.source, f"{self.registry.host}/{self.repo}:v1", env=self.env)
        self.left = None
        if done.rc != 0:
            self.tell("stuck", done.stderr.strip())
        self.judge(None, done.rc, done.stdout, done.stderr)
        for place in self.places:
            for path in place.rglob("*"):
                if TEMPORARY.match(path.name):
                    self.tell("leftover", str(path.relative_to(place)))


class Campaign:
    """`registry` is a services.Registry of which repositories "storm…" are free; `folder` is empty."""

    WRONG = ("torn", "wrong", "leftover", "stuck", "crashed")

    def __init__(self, registry, folder, seed, share=0.15, authority=None):
        self.registry, self.folder, self.seed, self.share = registry, folder, seed, share
        self.authority = authority
        self.runs, self.faults, self.outcomes = 0, collections.Counter(), collections.Counter()
        self.found = collections.defaultdict(list)

    def run_once(self, number):
        folder = pathlib.Path(self.folder) / f"run{number}"
        folder.mkdir()
        run = Run(self.registry, folder, self.seed, number, self.share,
                  lambda kind, text: self.found[kind].append(f"run {number}: {kind}: {text}"),
                  self.authority)
        run.go()
        self.runs += 1
        self.faults += run.faults
        self.outcomes += run.outcomes
        shutil.rmtree(folder)

    def run(self, numbers):
        for number in numbers:
            self.run_once(number)

    def problems(self):
        return [text for kind in self.WRONG for text in self.found[kind]]

    def report(self):
        kinds = ", ".join(f"{kind} {count}" for kind, count in sorted(self.faults.items()))
        lines = [("seed", self.seed), ("runs", self.runs),
                 ("faults injected", f"{sum(self.faults.values())} ({kinds})"),
                 ("pushes completed", self.outcomes["completed"]),
                 ("pushes failed", self.outcomes["failed"]),
                 ("pushes killed", self.outcomes["killed"]),
                 ("tags torn", len(self.found["torn"])), ("wrong bytes", len(self.found["wrong"])),
                 ("leftovers", len(self.found["leftover"])),
                 ("later pushes that failed", len(self.found["stuck"])),
                 ("crashes", len(self.found["crashed"]))]
        return "\n".join(f"{name + ':':26}{value}" for name, value in lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--runs", type=int, default=500)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    parser.add_argument("--share", type=int, default=15, help="percent of requests that break")
    parser.add_argument("--only", type=int, help="the number of the one run to make")
    parser.add_argument("--tls", action="store_true", help="break connections, of TLS and HTTP/2")
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    numbers = range(options.runs) if options.only is None else [options.only]
    with tempfile.TemporaryDirectory(prefix="campaign-") as folder:
        authority, http = None, ""
        if options.tls:
            authority = Authority(pathlib.Path(folder) / "ca")
            certificate, key = authority.issue("tls", "IP:127.0.0.1", "serverAuth")
            http = f', tls: {{certificate: "{certificate}", key: "{key}"}}'
        registry = services.Registry(folder, http=http)
        campaign = Campaign(registry, folder, options.seed, options.share / 100, authority)
        try:
            campaign.run(numbers)
        finally:
            registry.stop()
            print(campaign.report())
            print(*campaign.problems(), sep="\n", end="")
    return 1 if campaign.problems() else 0


if __name__ == "__main__":
    sys.exit(main())
