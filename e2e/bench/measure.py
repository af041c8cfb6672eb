"""Runs programs and says what they took."""

import dataclasses
import os
import pathlib
import statistics
import subprocess
import tempfile
import time


SETTLED_SECONDS = 2.1  # what changed less than two seconds ago is read again


@dataclasses.dataclass
class Taken:
    wall: float  # seconds
    cpu: float   # seconds, user and system, of the program and what it waited for
    peak: float  # MiB, resident
    stdout: str
    rc: int

    def times(self):
        return f"{self.wall:.2f} s ({self.cpu:.2f} s CPU, {self.peak:.0f} MiB)"


def run(*command, env=None, expect=0):
    """Fails unless the exit code is `expect`. Its stderr is ours."""
    with tempfile.NamedTemporaryFile("r") as said:
        # A child's own rusage would count this process's memory too, which it is forked from.
        watched = ["time", "-q", "-f", "%U %S %M", "-o", said.name]
        start = time.monotonic()
        done = subprocess.run([*watched, *map(os.fspath, command)], stdout=subprocess.PIPE,
                              stdin=subprocess.DEVNULL, text=True, check=False,
                              env={**os.environ, **(env or {})})
        wall = time.monotonic() - start
        user, system, peak = said.read().split()
    if done.returncode != expect:
        raise AssertionError(f"{' '.join(map(str, command))}: exit code {done.returncode}")
    return Taken(wall, float(user) + float(system), int(peak) / 1024, done.stdout, done.returncode)


def interleaved(runs, *actions):
    """Calls each of the actions in turn, `runs` times over: what loads the machine, loads all.

    Returns for each action what its calls returned.
    """
    taken = [[] for _ in actions]
    for _ in range(runs):
        for number, action in enumerate(actions):
            taken[number].append(action())
    return taken


def median(taken):
    """Of wall and CPU time each its median, of memory the most."""
    return Taken(statistics.median(t.wall for t in taken), statistics.median(t.cpu for t in taken),
                 max(t.peak for t in taken), "", 0)


def ratio(ours, theirs):
    """The median of the ratios of runs that were next to each other."""
    return statistics.median(a.wall / b.wall for a, b in zip(ours, theirs))


def tree_bytes(root):
    return sum(p.lstat().st_size for p in pathlib.Path(root).rglob("*")
               if p.is_file() and not p.is_symlink())
