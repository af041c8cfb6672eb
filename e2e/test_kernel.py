#!/usr/bin/env python3
"""A big real tree, there and back, with the figures: wall time, peak memory, bytes sent.

Run by ./dev bench, not by ctest. KONTEXT_BENCH_TREE names the tree (it is changed and changed back
on a copy); without it the kernel source of the distribution is unpacked.
"""

import os
import pathlib
import subprocess
import time

from support import services, tree
from support.case import Case, main
from support.kontext import BIN, extractor

KERNEL = pathlib.Path("/usr/src/linux-source-6.1.tar.xz")
PACKER_MIB = 128
EXTRACTOR_MIB = 16


class Kernel(Case):
    wants = {"registry", "docker"}

    @classmethod
    def start_services(cls):
        given = os.environ.get("KONTEXT_BENCH_TREE")
        if not given and not KERNEL.exists():
            raise services.Unavailable(f"{KERNEL} is not there (./dev setup bench installs it)")
        super().start_services()
        cls.source = cls.base / "tree"
        if given:
            subprocess.run(["cp", "-a", given, cls.source], check=True)
        else:
            cls.source.mkdir()
            subprocess.run(["tar", "-xf", KERNEL, "--strip-components=1", "-C", cls.source],
                           check=True)
        cls.rows = []

    def measure(self, what, command):
        """Runs `command` and notes a row: seconds, peak MiB of the process, bytes sent."""
        stored = sum(self.registry.blobs().values())
        start = time.monotonic()
        # A child's own rusage would count this process's memory too, which it is forked from.
        memory = self.tmp / "memory"
        done = subprocess.run(["time", "-f", "%M", "-o", memory, *command], text=True,
                              stdout=subprocess.PIPE, check=False)
        seconds = time.monotonic() - start
        self.assertEqual(done.returncode, 0, f"{what} failed")
        said, peak = done.stdout.strip(), int(memory.read_text()) / 1024
        sent = sum(self.registry.blobs().values()) - stored
        self.rows.append((what, f"{seconds:.2f} s", f"{peak:.1f} MiB", f"{sent:,} B"))
        return said, peak

    def push(self, what):
        reference, peak = self.measure(what, [BIN, "push", self.source, self.ref("bench")])
        self.assertLessEqual(peak, PACKER_MIB, f"{what}: memory of the packer")
        return reference

    def docker_run(self, what, reference):
        out = self.new_dir(what.replace(" ", "-"))
        docker = [self.docker.client, "-H", self.docker.socket]
        self.measure(f"docker pull, {what}", [*docker, "pull", "--quiet", reference])
        self.measure(f"docker run, {what}", [*docker, "run", "--rm", "--network", "none",
                                             "-v", f"{out}:/workspace", reference])
        self.assert_same_tree(self.source, out)
        return out

    def mounted_rootfs(self, reference):
        """The image's merged layers as a read-only mount, to run the extractor without a runtime."""
        container = self.docker("create", reference).stdout.strip()
        lower = self.docker("inspect", "-f", "{{.GraphDriver.Data.LowerDir}}", container).stdout
        rootfs = self.new_dir("rootfs")
        subprocess.run(["mount", "-t", "overlay", "overlay", "-o", f"ro,lowerdir={lower.strip()}",
                        rootfs], check=True)
        return rootfs

    def test_there_and_back(self):
        try:
            self.there_and_back()
        finally:
            print(f"\n{'':38}{'wall':>12}{'peak memory':>14}{'sent':>18}")
            for what, *figures in self.rows:
                print(f"{what:38}{figures[0]:>12}{figures[1]:>14}{figures[2]:>18}")
            print("(of docker only the client's memory is seen)")

    def there_and_back(self):
        first = self.push("cold push")
        self.docker_run("first image", first)
        self.assertEqual(self.push("push without change"), first)

        changed = max(self.source.rglob("*.c"), key=lambda p: p.stat().st_size, default=None)
        changed = changed or next(p for p in self.source.rglob("*") if p.is_file())
        with open(changed, "a", encoding="utf-8") as out:
            out.write("/* one line more */\n")
        self.push("push with one line changed")
        os.rename(changed, changed.with_name("renamed-" + changed.name))
        last = self.push("push with one file renamed")
        self.docker_run("last image", last)

        rootfs, out = self.mounted_rootfs(last), self.new_dir("native")
        command = [extractor(), "--root", rootfs, "--target", out]
        _, peak = self.measure("extractor alone, first run", command)
        self.measure("extractor alone, nothing to do", command)
        self.measure("cp -a, for comparison", ["cp", "-a", self.source, self.new_dir("cp")])
        self.assert_same_tree(self.source, out)
        self.assertLessEqual(peak, EXTRACTOR_MIB, "memory of the extractor")


if __name__ == "__main__":
    main()
