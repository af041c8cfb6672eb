"""The way back: docker run, pull and the extractor alone beside cp -a."""

import contextlib
import subprocess

from bench import measure
from support import tree
from support.kontext import BIN, extractor

RUNS = 3
EXTRACTOR_MIB = 16


class Extraction:
    """Each action makes the tree in a new folder and removes it again; only the making counts."""

    def __init__(self, place, reference):
        self.place, self.reference = place, reference
        self.want = tree.snapshot(place.tree)
        self.right = set()

    def timed(self, name, *command):
        def act():
            with self.place.new_dir(name.replace(" ", "-")) as out:
                taken = measure.run(*[word.format(out=out) for word in command])
                self.compare(name, out / "tree" if name == "cp -a" else out)
            return taken
        return act

    def compare(self, name, out):
        """Once: to read all of it is slow."""
        if name not in self.right:
            wrong = tree.differences(self.want, out)
            assert not wrong, (name, wrong[:10])
            self.right.add(name)


@contextlib.contextmanager
def mounted(place, reference):
    """The image's merged layers, read-only, to run the extractor without a runtime."""
    container = place.docker("create", reference).stdout.strip()
    lower = place.docker("inspect", "-f", "{{.GraphDriver.Data.LowerDir}}", container).stdout.strip()
    with place.new_dir("rootfs") as rootfs:
        subprocess.run(["mount", "-t", "overlay", "overlay", "-o", f"ro,lowerdir={lower}", rootfs],
                       check=True)
        try:
            yield rootfs
        finally:
            subprocess.run(["umount", rootfs], check=True)


def run(place, report):
    place.first_push()
    reference = place.push("no change", place.tree, place.ref("tree"))[0]["reference"]
    docker = [place.docker.client, "-H", place.docker.socket]
    pulled = measure.run(*docker, "pull", "--quiet", reference)
    report.note("extract", "docker pull", f"{pulled.wall:.2f} s")
    do = Extraction(place, reference)
    with mounted(place, reference) as rootfs:
        names = ["cp -a", "docker run", "extractor alone", "kontext pull"]
        taken = measure.interleaved(
            RUNS,
            do.timed("cp -a", "cp", "-a", str(place.tree), "{out}/tree"),
            do.timed("docker run", *docker, "run", "--rm", "--network", "none", "-v",
                     "{out}:/workspace", reference),
            do.timed("extractor alone", str(extractor()), "--root", str(rootfs), "--target",
                     "{out}", "--quiet"),
            do.timed("kontext pull", str(BIN), "pull", reference, "{out}", "--quiet"))
    for name, runs in zip(names, taken):
        middle = measure.median(runs)
        shown = f"{middle.wall:.2f} s" if name == "docker run" else middle.times()
        report.note("extract", f"{name}, median of {RUNS}", shown,
                    f"{measure.ratio(runs, taken[0]):.2f} of cp -a")
    place.peaks["kontext pull"] = measure.median(taken[3]).peak
    report.demand("extract", "peak memory, extractor", round(measure.median(taken[2]).peak, 1),
                  EXTRACTOR_MIB, "MiB")
