"""From a thousand small files to a million: time and memory for each of them."""

import os
import time

from bench import measure
from support.kontext import BIN

SIZES = (1_000, 10_000, 100_000, 1_000_000)
IN_A_DIRECTORY = 100
RUNS = 3
RACY_SECONDS = 2.1  # younger files are read again
FROM = 10_000       # fewer take a part of the time that starting takes


def run(place, report):
    a_file = {}  # what, count -> seconds
    for count in SIZES:
        tree = place.base / f"files-{count}"
        make(tree, count)
        push = [BIN, "push", "--quiet", tree, f"oci:{place.base}/growth-{count}:v1"]
        first = measure.run(*push)
        time.sleep(RACY_SECONDS)
        measure.run(*push)
        again = measure.median([measure.run(*push) for _ in range(RUNS)])
        for what, taken in (("cold push", first), ("no change", again)):
            a_file[what, count] = taken.wall / count
            report.note("growth", f"{count:,} files, {what}", taken.times(),
                        f"{taken.wall / count * 1e6:.1f} us and {taken.peak * 1024 / count:.2f} KiB "
                        f"a file, {taken.peak:.0f} MiB in all")
    for what in ("cold push", "no change"):
        report.note("growth", f"{what}: time a file, {SIZES[-1]:,} / {FROM:,} files",
                    f"{a_file[what, SIZES[-1]] / a_file[what, FROM]:.2f}", "1 is linear")


def make(tree, count):
    for number in range(count // IN_A_DIRECTORY):
        folder = tree / f"{number // 100:03}" / f"{number % 100:02}"
        os.makedirs(folder)
        for file in range(IN_A_DIRECTORY):
            with open(folder / f"file-{file:02}.txt", "w", encoding="ascii") as text:
                text.write(f"{number} {file}\n" * 10)
