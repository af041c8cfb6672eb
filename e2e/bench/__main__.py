"""./dev bench [CASE...]: measures and prints one table. Exit code 1: a target was missed.

Bytes, requests, layers and memory are enforced. Times are not: they are the machine's, too.
"""

import sys
import time

from bench import cold, crew, extract, growth, place, plan, pushes, start, tools, unchanged
from bench.report import Report
from support import services

CASES = {"start": start.run, "cold": cold.run, "push": pushes.run, "unchanged": unchanged.run,
         "extract": extract.run, "tools": tools.run, "team": crew.run, "plan": plan.run,
         "growth": growth.run}
KERNEL = ("cold", "push", "unchanged", "extract")


def chosen(arguments):
    names = [name for word in arguments or CASES for name in (KERNEL if word == "kernel" else [word])]
    for name in names:
        if name not in CASES:
            sys.exit(f"bench: no case {name}: there are kernel (for {', '.join(KERNEL)}), "
                     f"{', '.join(CASES)}")
    return [name for name in CASES if name in names]


def one(name, where, report):
    """A case that cannot run here is told as missed, and keeps no other from running."""
    print(f"\n== {name}", flush=True)
    begin = time.monotonic()
    try:
        CASES[name](where, report)
    except services.Unavailable as why:
        report.note(name, "the rest of this case", "not measured", " ".join(str(why).split())[:60])
        report.missed.append(f"{name}: not measured")
    where.demand_memory(name)
    report.note(name, "this case took", f"{time.monotonic() - begin:.0f} s")


def main():
    names, report = chosen(sys.argv[1:]), Report()
    try:
        with place.opened(report) as where:
            try:
                for name in names:
                    one(name, where, report)
            finally:
                report.print_all()
    except services.Unavailable as why:
        sys.exit(f"bench: {why}")
    sys.exit(1 if report.missed else 0)


if __name__ == "__main__":
    main()
