"""The kernel's source: a cold push, one line changed, a directory renamed."""

import gzip
import os
import statistics
import time

from bench import measure
from support.kontext import BIN

KIB = 1 << 10
LINE_EDITS = 5
LINE_TARGET = 26 * KIB         # compressed size of the file that has a line changed
LINE_OVERHEAD = 8 * KIB        # index, documents
RENAMED = "drivers/net"
RENAME_BYTES = 400_000


def run(place, report):
    cold(place, report)
    one_line(place, report)
    if (place.tree / RENAMED).is_dir():
        rename(place, report)


def cold(place, report):
    result, grown, taken = place.first_push()
    os.sync()  # what the disk still has to do for this push is not the next one's time
    content = measure.tree_bytes(place.tree)
    report.note("push", "tree", f"{result['files']:,} files", f"{content:,} B")
    report.note("push", "cold push", taken.times())
    report.note("push", "cold push: content a second", f"{content / taken.wall / 1e6:.0f} MB/s")
    report.note("push", "cold push: bytes stored", f"{grown:,} B", f"{grown / content:.1%} of content")
    report.note("push", "cold push: segments", result["segments_written"])


def pick(root):
    """A source file of about LINE_TARGET compressed bytes; the same one each time."""
    best, found = None, None
    for path in sorted(root.rglob("*.c")):
        if not path.is_symlink() and 90 * KIB < path.stat().st_size < 150 * KIB:
            off = abs(len(gzip.compress(path.read_bytes(), 6)) - LINE_TARGET)
            if best is None or off < best:
                best, found = off, path
            if best < 200:
                break
    return found or max((p for p in root.rglob("*") if p.is_file()), key=lambda p: p.stat().st_size)


def one_line(place, report):
    path = pick(place.tree)
    before, taken, grew, idle = path.read_bytes(), [], [], []
    try:
        for number in range(LINE_EDITS):
            lines = path.read_bytes().split(b"\n")
            lines[len(lines) // 2] = b"/* line %d of the bench */" % number
            path.write_bytes(b"\n".join(lines))
            allowed = len(gzip.compress(path.read_bytes(), 6)) + LINE_OVERHEAD
            result, grown, took = place.push("one line", place.tree, place.ref("tree"))
            taken.append(took)
            grew.append((grown, result["segments_kept"] + 1 + result["segments_written"]))
            idle.append(settled(place))
    finally:
        path.write_bytes(before)
    report.note("push", "one line: file", f"{allowed - LINE_OVERHEAD:,} B gzip -6",
                str(path.relative_to(place.tree)))
    report.demand("push", "one line: bytes of all blobs", grew[0][0], allowed)
    for number, (grown, layers) in enumerate(grew[1:], start=2):
        report.demand("push", f"one line, push {number}: bytes ({layers} layers)", grown, allowed)
    report.note("push", f"one line: median of {LINE_EDITS}", measure.median(taken).times())
    beyond(report, "one line", taken, idle, 60)
    place.push("back again", place.tree, place.ref("tree"))


def no_change(place):
    return place.push("no change", place.tree, place.ref("tree"))[2]


def settled(place):
    """A push without a change that reads nothing again, which one right after a change does."""
    time.sleep(measure.SETTLED_SECONDS)
    no_change(place)
    return no_change(place)


def beyond(report, what, taken, idle, target):
    """What a push takes more than the settled one without a change that came after it."""
    more = statistics.median(a.wall - b.wall for a, b in zip(taken, idle))
    report.note("push", f"{what}: more than no change, median", f"{more * 1000:.0f} ms",
                f"target {target} ms; no change: {measure.median(idle).times()}")


def rename(place, report):
    here, there = place.tree / RENAMED, place.tree / (RENAMED + "-renamed")
    taken, idle = [], []
    for what, old, new in (("renamed", here, there), ("renamed back", there, here)):
        os.rename(old, new)
        # Remembering nothing for the push: it would have read what moved.
        diff = measure.run(BIN, "diff", "--no-cache", place.tree, place.ref("tree"), expect=1)
        _, grown, took = place.push("a rename", place.tree, place.ref("tree"))
        taken.append(took)
        idle.append(settled(place))
        report.demand("push", f"{RENAMED} {what}: bytes of all blobs", grown, RENAME_BYTES)
        report.note("push", f"{RENAMED} {what}: time", took.times())
        report.note("push", f"{RENAMED} {what}: diff", diff.times(),
                    f"{len(diff.stdout.splitlines())} lines")
    beyond(report, RENAMED + " renamed", taken, idle, 250)
