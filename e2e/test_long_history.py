#!/usr/bin/env python3
"""Three hundred pushes of one directory: layers stay few, and every image is the tree it was made of.

KONTEXT_TEST_SEED gives the seed that it prints.
"""

import json
import urllib.request

from support import team
from support.case import Case, main
from support.image import INDEX_TYPE, MANIFEST_TYPE
from support.kontext import kontext

PUSHES = 300
RUN_AT = {1, 50, 127, 128, 200, 300}  # 128 segments are all that a reader has to take
VERIFY_EVERY = 25
MAX_LAYERS = 48


class LongHistory(Case):
    wants = {"registry", "docker"}

    def manifest(self, digest):
        """The first platform's manifest of an image."""
        for kind in (INDEX_TYPE, MANIFEST_TYPE):
            request = urllib.request.Request(
                f"http://{self.registry.host}/v2/long/manifests/{digest}", headers={"Accept": kind})
            with urllib.request.urlopen(request, timeout=30) as answer:
                document = json.load(answer)
            digest = document.get("manifests", [{}])[0].get("digest")
        return document

    def push(self, changed):
        done = kontext("push", "--json", self.source, self.ref("long"))
        self.assertEqual(done.rc, 0, done.stderr)
        self.assertNotIn("cannot be built on", done.stderr)
        result = json.loads(done.stdout)
        self.assertEqual(result["changed"], changed)
        layers = self.manifest(result["digest"])["layers"]
        self.assertLessEqual(len(layers), MAX_LAYERS)
        return result, layers

    def assert_runs(self, number, reference):
        fresh = self.new_dir(f"run{number}")
        self.docker.extract(reference, fresh)
        self.assert_same_tree(self.source, fresh)

    def assert_verifies(self):
        done = kontext("verify", self.ref("long"), self.source)
        self.assertEqual((done.rc, done.stdout), (0, ""), done.stderr)
        self.assert_sound(self.image("long"), self.source)

    def test_three_hundred_pushes(self):
        crew = team.Team(team.seed())
        self.source, before, sent = self.tmp / "src", {}, 0
        print(f"\n{'push':>5} {'last act':12}{'files':>6}{'tree':>10}{'layers':>8}{'kept':>6}"
              f"{'new':>5}{'stored':>10}{'sent so far':>13}")
        for number in range(1, PUSHES + 1):
            act = crew.act() if number > 1 else "start"
            with self.subTest(push=number, act=act):
                team.change(self.source, before, crew.spec)
                result, layers = self.push(changed=before != crew.spec)
                before, sent = dict(crew.spec), sent + result["uploaded_bytes"]
                if number in RUN_AT:
                    self.assert_runs(number, result["reference"])
                if number % VERIFY_EVERY == 0:
                    self.assert_verifies()
            if number % VERIFY_EVERY == 0 or number in RUN_AT:
                print(f"{number:5} {act:12}{result['files']:6}{result['bytes']:10,}{len(layers):8}"
                      f"{result['segments_kept']:6}{result['segments_written']:5}"
                      f"{sum(layer['size'] for layer in layers):10,}{sent:13,}", flush=True)


if __name__ == "__main__":
    main()
