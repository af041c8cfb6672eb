#!/usr/bin/env python3
"""Several pushes in a row: what a path was before must not show through."""

from support import tree
from support.case import Case, main
from support.kontext import push
from support.tree import Dir, File, Link

STAYS = {"stays": File(b"stays\n"), "dir/stays": File(b"here\n")}


class History(Case):
    wants = {"registry", "docker"}

    def follow(self, repo, steps):
        """Pushes each state and runs it: into an empty folder, and over the previous one."""
        source, used = self.tmp / "src", self.new_dir("used")
        for number, (gone, there) in enumerate(steps):
            tree.remove(source, *gone)
            tree.build(source, there)
            reference = push(source, self.ref(repo))
            with self.subTest(step=number):
                self.assert_sound(self.image(repo), source)
                fresh = self.new_dir(f"fresh{number}")
                self.docker.extract(reference, fresh)
                self.assert_same_tree(source, fresh)
                self.docker.extract(reference, used, command=("extract", "--prune"))
                self.assert_same_tree(source, used)

    def test_delete_recreate_delete(self):
        files = {"x/file": File(b"one\n"), "x/deep/er": File(b"two\n"), "single": File(b"three\n")}
        again = {"x/file": File(b"another\n"), "single": File(b"three\n")}
        self.follow("recreate", [
            ([], {**STAYS, **files}), (["x", "single"], {}), ([], again), (["x", "single"], {}),
            ([], files), (["x/deep"], {})])

    def test_delete_and_recreate_within_a_kept_directory(self):
        self.follow("within", [
            ([], {**STAYS, "dir/a": File(b"1\n"), "dir/b": File(b"2\n")}),
            (["dir/a"], {}), (["dir/b"], {"dir/a": File(b"3\n")}), (["dir/a"], {}),
            (["dir"], {}), ([], {"dir/stays": File(b"here\n")})])

    def test_type_changes(self):
        kinds = {"file": {"p": File(b"a file\n")}, "link": {"p": Link("stays")},
                 "dangling": {"p": Link("nowhere")}, "empty": {"p": Dir()},
                 "full": {"p": Dir(), "p/in": File(b"in\n"), "p/sub/in": File(b"deep\n")}}
        order = ["file", "full", "file", "link", "full", "link", "empty", "full", "dangling",
                 "file", "empty", "file"]
        self.follow("types", [([], STAYS)] + [(["p"], kinds[kind]) for kind in order])

    def test_moves_and_copies(self):
        big = bytes(range(256)) * 4096
        self.follow("moves", [
            ([], {**STAYS, "old/big": File(big), "old/small": File(b"s\n")}),
            (["old/big"], {"new/big": File(big)}),
            ([], {"copy/big": File(big, 0o755)}),
            (["new"], {}),
            (["copy"], {"old/big": File(big), "old/again": File(big)}),
            (["old"], {"old": File(big)}),
            (["old"], {"old/old": File(big)})])

    def test_only_modes_change(self):
        self.follow("modes", [
            ([], {**STAYS, "run": File(b"#!/bin/sh\n"), "d": Dir(0o755), "d/f": File(b"f\n")}),
            ([], {"run": File(b"#!/bin/sh\n", 0o755)}), ([], {"d": Dir(0o700)}),
            ([], {"d": Dir(0o555)}), ([], {"run": File(b"#!/bin/sh\n", 0o600), "d": Dir(0o755)})])

    def test_to_nothing_and_back(self):
        everything = {**STAYS, "e": Dir(), "l": Link("stays")}
        self.follow("nothing", [
            ([], everything), (list(everything) + ["dir"], {}), ([], everything)])


if __name__ == "__main__":
    main()
