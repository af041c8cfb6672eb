"""Where a bench runs: a folder with the tree, a registry and a Docker daemon, gone at its end."""

import contextlib
import json
import os
import pathlib
import shutil
import subprocess
import tempfile

from bench import measure
from support import services
from support.kontext import BIN

KERNEL = pathlib.Path("/usr/src/linux-source-6.1.tar.xz")
PACKER_MIB = 128


class Place:
    def __init__(self, folder, stack, report):
        self.base, self.stack, self.report = pathlib.Path(folder), stack, report
        self.registry = services.Registry(self.base)
        stack.callback(self.registry.stop)
        self._tree = self._docker = self._first = None
        self.peaks = {}  # what was pushed -> MiB, the most of all runs

    def ref(self, repo, tag="v1"):
        return f"{self.registry.host}/{repo}:{tag}"

    def stored(self):
        """Bytes of all that the registry stores: layers, configs, manifests."""
        return sum(self.registry.blobs().values())

    def push(self, what, directory, ref, *flags, env=None):
        """Returns the result object, the bytes that the registry's storage grew by, and what the
        packer took."""
        before = self.stored()
        taken = measure.run(BIN, "push", "--quiet", "--json", *flags, directory, ref, env=env)
        self.peaks[what] = max(self.peaks.get(what, 0), taken.peak)
        return json.loads(taken.stdout), self.stored() - before, taken

    def demand_memory(self, case):
        """Of all pushes since the last time."""
        for what, peak in self.peaks.items():
            self.report.demand(case, f"peak memory, {what}", round(peak, 1), PACKER_MIB, "MiB")
        self.peaks = {}

    def first_push(self):
        """The tree's cold push, which all of the tree's cases begin with: as push()."""
        if self._first is None:
            self._first = self.push("cold push", self.tree, self.ref("tree"))
        return self._first

    @property
    def tree(self):
        """A copy of the tree: the kernel's, or KONTEXT_BENCH_TREE. Who changes it, changes it back."""
        if self._tree is None:
            self._tree = self.base / "tree"
            given = os.environ.get("KONTEXT_BENCH_TREE")
            if given:
                subprocess.run(["cp", "-a", given, self._tree], check=True)
            else:
                if not KERNEL.exists():
                    raise services.Unavailable(f"{KERNEL} is not there (./dev setup bench)")
                self._tree.mkdir()
                subprocess.run(["tar", "-xf", KERNEL, "--strip-components=1", "-C", self._tree],
                               check=True)
        return self._tree

    @property
    def docker(self):
        if self._docker is None:
            self._docker = services.Docker(self.base)
            self.stack.callback(self._docker.stop)
        return self._docker

    @contextlib.contextmanager
    def new_dir(self, name):
        """An empty folder, gone afterwards: a kernel tree takes its place on a disk."""
        folder = self.base / name
        folder.mkdir()
        try:
            yield folder
        finally:
            shutil.rmtree(folder)


@contextlib.contextmanager
def opened(report):
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="kontext-bench-"))
        stack.callback(services.unmount_below, folder)
        os.environ["XDG_CACHE_HOME"] = f"{folder}/cache"
        for variable in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
            os.environ.pop(variable, None)
        yield Place(folder, stack, report)
