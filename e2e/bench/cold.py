"""A cold push beside what tar and a parallel compressor take for the same bytes, into a file."""

import shutil

from bench import measure
from support import services

ROUNDS = 3
MB = 1_000_000
# Compression, its flags, the other's command and package; the time's target, the bytes'.
ROWS = (("gzip", (), "pigz -1", "pigz", 0.7, 275 * MB),
        ("zstd", ("--compression", "zstd"), "zstd -q -3 -T0", "zstd", 1.15, 215 * MB))


def run(place, report):
    # Of its own: a registry that has the blobs, in whichever repository, stores nothing.
    registry = services.Registry(place.base, "cold")
    try:
        for row in ROWS:
            beside(place, report, registry.host, *row)
    finally:
        registry.stop()


def beside(place, report, host, kind, flags, other, package, target, bytes_target):
    archive, sent = place.base / "beside.tar", []

    def push():
        # Nobody remembers anything: another repository and another cache each time.
        number = len(sent)
        result, _, taken = place.push(
            f"cold push, {kind}", place.tree, f"{host}/{kind}-{number}:v1", *flags,
            env={"XDG_CACHE_HOME": f"{place.base}/cold-{kind}-{number}"})
        sent.append(result["uploaded_bytes"])
        return taken

    def pack():
        taken = measure.run("sh", "-c", f"tar -C '{place.tree}' -cf - . | {other} > '{archive}'")
        packed.append(archive.stat().st_size)
        archive.unlink()
        return taken

    packed, there = [], shutil.which(package) is not None
    for path in place.tree.rglob("*"):  # all in memory, for whoever begins
        if path.is_file() and not path.is_symlink():
            path.read_bytes()
    taken = measure.interleaved(ROUNDS, push, pack) if there else [[push() for _ in range(ROUNDS)]]
    report.note("cold", f"kontext push, {kind}, median of {ROUNDS}", measure.median(taken[0]).times())
    report.demand("cold", f"kontext push, {kind}: bytes sent", max(sent), bytes_target)
    if not there:
        report.note("cold", f"tar | {other}", "not measured", f"{package} is not installed")
        return
    report.note("cold", f"tar | {other} > file, median of {ROUNDS}", measure.median(taken[1]).times(),
                f"{packed[0]:,} B")
    report.note("cold", f"push / tar | {other}, median of ratios",
                f"{measure.ratio(*taken):.2f}", f"target {target}")
