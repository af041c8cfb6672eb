"""No change: as fast as git status, and one request. And what a fresh runner has to fetch."""

import os
import time

from bench import measure
from support import services
from support.image import Image, RegistryReader
from support.proxy import CountingProxy

KIB = 1 << 10
RUNS = 15


def run(place, report):
    place.first_push()
    git = repository(place)

    def push():
        result, grown, taken = place.push("no change", place.tree, place.ref("tree"))
        assert (result["changed"], grown) == (False, 0), result
        return taken

    def status():
        taken = measure.run(*git, "status", "--porcelain")
        assert taken.stdout == "", taken.stdout[:200]
        return taken

    def find():
        return measure.run("find", place.tree, "-printf", "%P %m %s %T@\n")

    place.push("no change", place.tree, place.ref("tree"))
    time.sleep(measure.SETTLED_SECONDS)
    push(), status(), find()
    ours, theirs, found = measure.interleaved(RUNS, push, status, find)
    report.note("unchanged", f"kontext push, median of {RUNS}", measure.median(ours).times())
    report.note("unchanged", f"git status, median of {RUNS}", measure.median(theirs).times())
    report.note("unchanged", f"find -printf, median of {RUNS}", measure.median(found).times())
    report.note("unchanged", "push / git status, median of ratios",
                f"{measure.ratio(ours, theirs):.2f}", "target 1.0")
    cpu = measure.median(ours).cpu / max(measure.median(theirs).cpu, 0.01)
    report.note("unchanged", "push / git status, CPU seconds", f"{cpu:.2f}")
    requests(place, report)


def repository(place):
    """git with its data outside of the tree, and everything in its index."""
    git = [services.tool("git"), f"--git-dir={place.base}/git", f"--work-tree={place.tree}",
           "-c", "gc.auto=0", "-c", "user.name=bench", "-c", "user.email=bench@localhost"]
    for command in (("init", "-q"), ("add", "-A", "-f"), ("commit", "-q", "-m", "all")):
        measure.run(*git, *command, env={"GIT_CONFIG_GLOBAL": os.devnull})
    return git


def requests(place, report):
    """Counted between packer and registry, with and without local state."""
    proxy = CountingProxy(place.registry.host)
    ref = f"{proxy.host}/tree:v1"
    try:
        for state in ("kept", "none"):
            env = {"XDG_CACHE_HOME": f"{place.base}/cache-none"} if state == "none" else None
            proxy.forget()
            what = f"no change, local state {state}"
            result, _, taken = place.push(what, place.tree, ref, env=env)
            assert not result["changed"], result
            report.demand("unchanged", f"local state {state}: requests", len(proxy.requests), 1, "")
            report.note("unchanged", f"local state {state}: time", taken.times())
        fresh_runner(place, report, proxy, ref)
    finally:
        proxy.stop()


def fresh_runner(place, report, proxy, ref):
    image = Image(RegistryReader(place.registry.host, "tree"), "v1")
    layers = image.manifests["linux/amd64"]["layers"]
    allowed = 64 * KIB + sum(int(layer.get("annotations", {}).get("dev.kontext.index-size", 0))
                             for layer in layers)
    added = place.tree / "a-new-file"
    added.write_text("new\n", encoding="utf-8")
    proxy.forget()
    _, _, taken = place.push("fresh runner", place.tree, ref,
                             env={"XDG_CACHE_HOME": f"{place.base}/cache-fresh"})
    report.demand("unchanged", "fresh runner, one file new: received", proxy.received, allowed)
    report.note("unchanged", "fresh runner, one file new", taken.times(),
                f"{len(proxy.requests)} requests")
    added.unlink()
    place.push("back again", place.tree, place.ref("tree"))
