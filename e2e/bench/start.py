"""How long the program takes to begin."""

import statistics
import subprocess
import time

from support.kontext import BIN

RUNS = 50


def run(_, report):
    def once():
        begin = time.monotonic()
        subprocess.run([BIN, "--version"], check=True, stdout=subprocess.DEVNULL)
        return time.monotonic() - begin

    report.note("start", f"kontext --version, median of {RUNS}",
                f"{statistics.median(once() for _ in range(RUNS)) * 1000:.1f} ms", "target 10 ms")
