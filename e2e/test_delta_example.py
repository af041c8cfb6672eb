#!/usr/bin/env python3
"""The delta example that the format comes from, entry for entry."""

from support import tree
from support.case import Case, main
from support.kontext import push
from support.tree import File

BEFORE = {
    "a/b": File(b"a/b\n"),
    "baz/blah/bleh": File(b"before\n"),
    "baz/blah/other": File(b"other\n"),
    "foo/other": File(b"foo/other\n"),
    "gone/file": File(b"gone\n"),
    "gone/too/file": File(b"gone too\n"),
    "kept": File(b"kept\n"),
}
AFTER = {
    "a/c": File(b"a/c\n"),
    "baz/blah/bleh": File(b"after\n"),
    "foo/bar": File(b"foo/bar\n"),
}


class DeltaExample(Case):
    def test_layer_holds_exactly_the_difference(self):
        source = tree.build(self.tmp / "src", BEFORE)
        push(source, f"oci:{self.tmp}/layout:v1")
        first = self.layout(self.tmp / "layout", "v1")
        self.assert_sound(first, source)

        tree.remove(source, "gone")
        tree.build(source, AFTER)
        push(source, f"oci:{self.tmp}/layout:v1")
        image = self.layout(self.tmp / "layout", "v1")
        self.assert_sound(image, source)

        self.assertEqual(len(image.layers()), len(first.layers()) + 1)
        delta = image.layers()[-1]
        context = "var/run/kontext"
        self.assertEqual(
            sorted(delta.names()),
            sorted(["var", "var/lib", "var/lib/kontext", "var/lib/kontext/segments",
                    delta.index_name(), "var/lib/kontext/manifest.json",
                    "var/run", context,
                    f"{context}/a", f"{context}/a/c",
                    f"{context}/foo", f"{context}/foo/bar",
                    f"{context}/baz", f"{context}/baz/blah", f"{context}/baz/blah/bleh",
                    f"{context}/.wh.gone"]))
        for path, entry in AFTER.items():
            self.assertEqual(delta.read(f"{context}/{path}"), entry.content)
        names = delta.names()
        self.assertEqual(names[:5], ["var", "var/lib", "var/lib/kontext",
                                     "var/lib/kontext/segments", delta.index_name()])

        [_, index] = image.indexes()
        said = [(e["type"], e["key"].decode()) for e in index if e["type"] != "dir"]
        self.assertEqual(said, [("file", "a/c"), ("file", "baz/blah/bleh"), ("file", "foo/bar"),
                                ("removed", "gone")])


if __name__ == "__main__":
    main()
