"""What others take to bring the same tree to the same registry. Once each: they are slow.

Of docker, CPU time and memory are the client's: its daemon does the work.
"""

import os
import subprocess

from bench import measure
from support import services


def run(place, report):
    for name, steps in (("docker build + docker push", docker), ("umoci + skopeo copy", umoci)):
        before = place.stored()
        try:
            taken = steps(place)
        except (services.Unavailable, AssertionError, subprocess.SubprocessError, OSError) as why:
            report.note("tools", name, "not measured", str(why).splitlines()[0][:60])
            continue
        for what, one in taken:
            report.note("tools", f"{name}: {what}", one.times())
        report.note("tools", f"{name}: all", f"{sum(one.wall for _, one in taken):.1f} s",
                    f"{place.stored() - before:,} B stored")


def docker(place):
    client = [place.docker.client, "-H", place.docker.socket]
    recipe = place.base / "Dockerfile"
    recipe.write_text("FROM scratch\nCOPY . /workspace\n", encoding="utf-8")
    image = f"{place.registry.host}/docker:v1"
    old = {"DOCKER_BUILDKIT": "0"}  # the builder that Debian's package has
    built = measure.run(*client, "build", "-q", "-t", image, "-f", recipe, place.tree, env=old)
    return [("build", built), ("push", measure.run(*client, "push", "-q", image))]


def umoci(place):
    tool, layout = services.tool("umoci"), place.base / "umoci"
    image = f"{layout}:v1"
    made = measure.run("sh", "-ec", f"{tool} init --layout '{layout}'; {tool} new --image '{image}'; "
                       f"{tool} insert --image '{image}' '{place.tree}' /workspace")
    copied = measure.run(services.tool("skopeo"), "copy", "-q", "--dest-tls-verify=false",
                         f"oci:{image}", f"docker://{place.registry.host}/umoci:v1",
                         env={"TMPDIR": os.fspath(place.base)})
    return [("init, new, insert", made), ("copy", copied)]
