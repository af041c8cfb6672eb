#!/usr/bin/env python3
"""What another repository of the same registry has is mounted, not sent; where that does not work,
for whatever reason, it is sent."""

import random
import sys

from support import tree
from support.case import Case, main
from support.kontext import push
from support.tree import File
from support.weather import Fault, Weather

PLATFORMS = ("linux/amd64", "linux/arm64")


def is_mount(method, path):
    return method == "POST" and "mount=" in path


class Mount(Case):
    wants = {"registry"}

    def setUp(self):
        super().setUp()
        self.source = tree.build(self.tmp / "src", {
            f"f{i}": File(random.Random(i).randbytes(30_000)) for i in range(3)})
        # Several segments, so that several are mounted.
        self.main = f"main-{self.tmp.name}".lower().replace("_", "x")
        for i in range(3):
            (self.source / f"g{i}").write_bytes(random.Random(10 + i).randbytes(20_000))
            push(self.source, self.ref(self.main))
        self.layers = {layer.descriptor["digest"] for layer in self.image(self.main).layers()[1:]}
        self.bases = {self.image(self.main).layers(platform)[0].descriptor["digest"]
                      for platform in PLATFORMS}
        (self.source / "mine").write_text("a branch\n")

    def push_branch(self, choose=None):
        weather = Weather(self.registry.host, choose=choose)
        self.addCleanup(weather.stop)
        branch = f"branch-{self.main}"
        push(self.source, f"{weather.host}/{branch}:v1", "--from", f"{weather.host}/{self.main}:v1")
        self.assert_sound(self.image(branch), self.source)
        passed = weather.take()
        sent = {p.path.split("digest=")[1].replace("%3A", ":") for p in passed
                if p.method == "PUT" and "digest=" in p.path}
        # Of its own blobs it asks by a mount from its own repository.
        return [p for p in passed if is_mount(p.method, p.path) and "from=main-" in p.path], sent

    def test_mounted_and_not_sent(self):
        mounts, sent = self.push_branch()
        self.assertEqual([p.status for p in mounts], [201] * (len(self.layers) + len(PLATFORMS)))
        self.assertFalse(sent & (self.layers | self.bases))
        print(f"{len(mounts)} layers mounted, {len(sent)} other blobs sent", file=sys.stderr)

    def check_refused(self, fault):
        mounts, sent = self.push_branch(
            lambda method, path: fault if is_mount(method, path) else None)
        # A request on a connection that breaks is sent once more by the HTTP library.
        # Of the bases one is tried.
        self.assertEqual(len({p.path for p in mounts}), len(self.layers) + 1)
        self.assertEqual(sent & (self.layers | self.bases), self.layers | self.bases)

    def test_a_registry_that_begins_an_upload_instead(self):
        self.check_refused(Fault("forget-query"))

    def test_a_mount_that_breaks(self):
        self.check_refused(Fault("refuse"))


def refused_by(status):
    return lambda self: self.check_refused(Fault("answer", status=status))


for code in (400, 401, 403, 404, 405, 500):
    setattr(Mount, f"test_refused_with_{code}", refused_by(code))


if __name__ == "__main__":
    main()
