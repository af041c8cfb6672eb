"""Fifty pushes of a tree that lives, against a real registry: what they come to."""

import zlib

from bench import measure
from support import team
from support.image import Image, Layout, RegistryReader
from support.kontext import BIN
from support.tree import File

PUSHES = 50
PART = "drivers/net"  # of the kernel: a medium tree
MAX_LAYERS = 48
GARBAGE = 4 << 20
LINE = 40  # compressed bytes of an index line


def run(place, report):
    part = place.tree / PART
    crew = team.Team(team.seed(), team.load(part if part.is_dir() else place.tree))
    source, before, history = place.base / "crew", {}, []
    for number in range(PUSHES + 1):
        act = crew.act() if number else "start"
        team.change(source, before, crew.spec)
        changed = changed_bytes(before, crew.spec)
        before = dict(crew.spec)
        _, grown, taken = place.push("fifty pushes", source, place.ref("crew"))
        layers = sizes(Image(RegistryReader(place.registry.host, "crew"), "v1"))
        history.append((act, changed, grown, layers, taken))
        if number % 10 == 0:
            print(f"  push {number:3} {act:12} changed {changed:11,} B, sent {grown:11,} B, "
                  f"{len(layers)} layers", flush=True)
    tell(place, report, source, history)


def tell(place, report, source, history):
    clean = f"oci:{place.base}/crew-clean:v1"
    measure.run(BIN, "push", "--quiet", source, clean)
    live = sum(sizes(Image(Layout(place.base / "crew-clean"), "v1")))
    stored = sum(history[-1][3])
    pushes = history[1:]
    counts = sorted(len(layers) for _, _, _, layers, _ in history)
    report.demand("team", f"layers, most of {PUSHES} pushes", counts[-1], MAX_LAYERS, "")
    report.note("team", "layers, median", counts[len(counts) // 2])
    report.demand("team", "stored at the end", stored, 2 * live + GARBAGE)
    report.note("team", "stored / live", f"{stored / live:.2f}", f"live: {live:,} B, pushed clean")
    sent, changed = (sum(push[n] for push in pushes) for n in (2, 1))
    report.note("team", "sent / changed, in all", f"{sent / changed:.2f}",
                f"{sent:,} / {changed:,} B")
    excess = max(push[2] - 2 * push[1] for push in pushes)
    report.note("team", "most beyond 2 x its change", f"{max(excess, 0):,} B",
                "1 MiB, unless layers or garbage force more")
    report.note("team", "a push, median", measure.median([push[4] for push in pushes]).times())
    done = measure.run(BIN, "verify", "--quiet", place.ref("crew"), source)
    report.note("team", "verify", done.times(), "the last image is the tree")


def sizes(image):
    return [layer["size"] for layer in image.manifests["linux/amd64"]["layers"]]


def changed_bytes(old, new):
    """What is new in `new`, compressed: contents, and a line for each path that differs."""
    known = {entry.content for entry in old.values() if isinstance(entry, File)}
    content = 0
    for path, entry in new.items():
        if isinstance(entry, File) and entry.content not in known:
            known.add(entry.content)
            content += len(zlib.compress(entry.content, 6))
    lines = sum(old.get(path) != new.get(path) for path in old.keys() | new.keys())
    return content + LINE * lines
