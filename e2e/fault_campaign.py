#!/usr/bin/env python3
"""Pushes through a proxy that breaks requests, by a seed, and judges what is under the tag.

    KONTEXT_BIN=… e2e/fault_campaign.py [--runs N] [--seed S] [--share PERCENT]

After each push the tag must name the image of before or the whole new one, and after a push that
says it worked the new one; `kontext verify` reads all of it past the proxy.
"""

import argparse
import collections
import os
import pathlib
import random
import re
import sys
import tempfile

from support import services
from support.kontext import kontext
from support.weather import Storm, Weather


class Campaign:
    """`registry` is a services.Registry of which repository "storm" is free; `folder` is empty."""

    def __init__(self, registry, folder, seed, share=0.15):
        self.registry, self.random = registry, random.Random(seed)
        self.source = pathlib.Path(folder) / "src"
        self.source.mkdir()
        self.weather = Weather(registry.host, choose=Storm(self.random.random(), share))
        self.faults, self.completed, self.failed = collections.Counter(), 0, 0
        self.torn, self.wrong = [], []

    def edit(self):
        """A few small files, at times a large one that does not compress: it is worth resuming."""
        for _ in range(self.random.randint(1, 4)):
            name = self.source / f"f{self.random.randint(0, 20)}"
            name.write_bytes(self.random.randbytes(self.random.randint(1, 5000)))
        if self.random.random() < 0.25:
            large = self.source / f"large{self.random.randint(0, 2)}"
            large.write_bytes(self.random.randbytes(self.random.randint(5, 9) << 20))

    def run_once(self, number):
        self.edit()
        before = self.registry.tag("storm", "v1")
        done = kontext("push", "--retries", str(self.random.randint(0, 5)), "--timeout", "5",
                       self.source, f"{self.weather.host}/storm:v1")
        self.faults.update(p.fault for p in self.weather.take() if p.fault)
        after = self.registry.tag("storm", "v1")
        if done.rc == 0:
            self.completed += 1
            if not re.search("@" + str(after) + "$", done.stdout.strip()):
                self.torn.append(f"run {number}: the tag is {after}, printed was {done.stdout!r}")
        else:
            self.failed += 1
        if after is None:
            return
        moved = after != before
        compared = [self.source] if done.rc == 0 or moved else []
        check = kontext("verify", f"{self.registry.host}/storm:v1", *compared)
        if check.rc == 1:
            self.wrong.append(f"run {number}: {check.stderr.strip()}")
        elif check.rc != 0:
            self.torn.append(f"run {number}: {check.stderr.strip()}")

    def run(self, runs):
        try:
            for number in range(runs):
                self.run_once(number)
        finally:
            self.weather.stop()

    def report(self):
        kinds = ", ".join(f"{kind} {count}" for kind, count in sorted(self.faults.items()))
        return (f"faults injected: {sum(self.faults.values())} ({kinds}); pushes completed: "
                f"{self.completed}, failed: {self.failed}; torn tags: {len(self.torn)}; "
                f"wrong bytes: {len(self.wrong)}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--runs", type=int, default=500)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    parser.add_argument("--share", type=int, default=15, help="percent of requests that break")
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="kontext-campaign-") as folder:
        os.environ["XDG_CACHE_HOME"] = f"{folder}/cache"
        registry = services.Registry(folder)
        try:
            campaign = Campaign(registry, folder, options.seed, options.share / 100)
            campaign.run(options.runs)
        finally:
            registry.stop()
    print(campaign.report())
    print(*campaign.torn, *campaign.wrong, sep="\n", end="")
    return 1 if campaign.torn or campaign.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
