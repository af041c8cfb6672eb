"""The way back: docker run, pull and the extractor alone beside cp -a and tar x; then all of it
again with nothing changed, beside openssl, which has to read and hash the same bytes."""

import contextlib
import os
import pathlib
import subprocess

from bench import measure
from support import tree
from support.kontext import BIN, extractor

RUNS = 3
EXTRACTOR_MIB = 16


class Extraction:
    """Each action makes the tree in a new folder of `folder`; only the making counts."""

    def __init__(self, place, folder):
        self.place, self.folder = place, folder
        self.want = tree.snapshot(place.tree)
        self.right = set()
        self.made = {}  # name -> where its last run made the tree

    def first(self, name, *command):
        def act():
            self.forget(name)
            out = self.folder / f"{name.replace(' ', '-')}-{len(list(self.folder.iterdir()))}"
            out.mkdir()
            os.sync()  # the writing back of what other runs made is not this one's
            taken = measure.run(*[word.format(out=out) for word in command])
            self.made[name] = out / "tree" if name == "cp -a" else out
            self.compare(name)
            return taken
        return act

    def again(self, *command):
        """Over what the last docker run made."""
        def act():
            os.sync()
            return measure.run(*[word.format(out=self.made["docker run"]) for word in command])
        return act

    def compare(self, name):
        """Once: to read all of it is slow."""
        if name not in self.right:
            wrong = tree.differences(self.want, self.made[name])
            assert not wrong, (name, wrong[:10])
            self.right.add(name)

    def forget(self, name):
        """Gives back what the last run's files hold in memory. They stay until the end:

        ext4 without a journal takes inodes that were freed in the last minutes only when there is
        no other, and goes over all of those for each new file: three times the system time.
        """
        for folder, _, names in os.walk(self.made.pop(name, "")):
            for path in (pathlib.Path(folder, n) for n in names):
                if path.is_file() and not path.is_symlink():
                    with open(path, "rb") as file:
                        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


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


def file_system(path):
    return subprocess.run(["stat", "-f", "-c", "%T", path], text=True, capture_output=True,
                          check=True).stdout.strip()


def say(report, taken, names, beside, targets):
    for name in names:
        middle = measure.median(taken[name])
        # The client of docker waits for a container whose time is not its own.
        shown = f"{middle.wall:.2f} s" if name.startswith("docker run") else middle.times()
        ratio = f"{measure.ratio(taken[name], taken[beside]):.2f} of {beside}"
        target = f" (target {targets[name]})" if name in targets else ""
        report.note("extract", f"{name}, median of {RUNS}", shown, ratio + target)


def run(place, report):
    place.first_push()
    reference = place.push("no change", place.tree, place.ref("tree"))[0]["reference"]
    docker = [place.docker.client, "-H", place.docker.socket]
    pulled = measure.run(*docker, "pull", "--quiet", reference)
    report.note("extract", "docker pull", f"{pulled.wall:.2f} s")
    driver = place.docker("info", "-f", "{{.Driver}}").stdout.strip()
    report.note("extract", "storage driver of docker", f"{driver} on {file_system(place.base)}")
    archive = place.base / "tree.tar"
    measure.run("tar", "-cf", archive, "-C", place.tree, ".")
    with mounted(place, reference) as rootfs, place.new_dir("out") as folder:
        do = Extraction(place, folder)
        alone = [str(extractor()), "--root", str(rootfs), "--target", "{out}", "--quiet"]
        in_docker = [*docker, "run", "--rm", "--network", "none", "-v", "{out}:/workspace",
                     reference]
        first = {
            "cp -a": ["cp", "-a", str(place.tree), "{out}/tree"],
            "tar x": ["tar", "-xf", str(archive), "-C", "{out}"],
            "docker run": in_docker,
            "extractor alone": alone,
            "kontext pull": [str(BIN), "pull", reference, "{out}", "--quiet"],
        }
        hash_all = "find {out} -type f -print0 | xargs -0 -P2 openssl sha256 > /dev/null"
        again = {
            "openssl sha256": ["sh", "-c", hash_all],
            "docker run again": in_docker,
            "extractor again": alone,
            "kontext pull again": [str(BIN), "pull", reference, "{out}", "--quiet"],
        }
        actions = {name: do.first(name, *command) for name, command in first.items()}
        actions |= {name: do.again(*command) for name, command in again.items()}
        taken = dict(zip(actions, measure.interleaved(RUNS, *actions.values())))
    started = measure.median([measure.run(*docker, "run", "--rm", "--network", "none", reference,
                                          "--version") for _ in range(RUNS)])
    report.note("extract", f"docker run --version, median of {RUNS}", f"{started.wall:.2f} s",
                "what starting a container takes")
    say(report, taken, first, "cp -a", {"docker run": "0.80"})
    say(report, taken, again, "openssl sha256",
        {"docker run again": "1.50", "extractor again": "1.50"})
    place.peaks["kontext pull"] = measure.median(taken["kontext pull"]).peak
    report.demand("extract", "peak memory, extractor",
                  round(measure.median(taken["extractor alone"]).peak, 1), EXTRACTOR_MIB, "MiB")
