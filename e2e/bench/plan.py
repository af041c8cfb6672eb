"""The planner alone, simulated: hundreds of pushes without a byte of content."""

from bench import measure
from support.kontext import BIN

PUSHES, FILES = 200, 20000
CHOSEN = "8"  # small segments, as in packer/plan/planner.h
MAX_LAYERS = 48


def run(_place, report):
    taken = measure.run(BIN.parent / "plan_simulation", str(PUSHES), str(FILES))
    print(taken.stdout, flush=True)
    kind = ""
    for text in taken.stdout.splitlines():
        words = text.split()
        if " pushes" in text:
            kind = "edits alone" if "edits alone" in text else "all kinds"
        if words[:1] == [CHOSEN]:
            report.demand("plan", f"{kind}: most layers", int(words[3]), MAX_LAYERS, "")
            report.note("plan", f"{kind}: layers, median", words[1])
            report.note("plan", f"{kind}: sent / changed", words[4])
            report.demand("plan", f"{kind}: (stored - 4 MiB) / live", float(words[5]), 2.0, "")
    report.note("plan", "simulation", taken.times(), f"{PUSHES} pushes of {FILES:,} files, twice")
