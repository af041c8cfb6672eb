"""Segment indexes: reading, folding, the canonical listing; and layers applied on top of another."""

import base64
import json
import os
import pathlib

from support import tree


def path_bytes(entry, field="path"):
    if field + "64" in entry:
        return base64.b64decode(entry[field + "64"], validate=True)
    return entry[field].encode()


def order(path):
    """The order of an index: '/' before every other byte."""
    return path.replace(b"/", b"\0")


def parse(data):
    """Entries of an index, each with its path as bytes under "key" (objects have none)."""
    entries = []
    for line in data.split(b"\n")[:-1]:
        entry = json.loads(line)
        if entry["type"] != "object":
            entry["key"] = path_bytes(entry)
        entries.append(entry)
    return entries


def fold(indexes):
    """The listing that indexes, bottom to top, add up to: path bytes -> entry."""
    listing = {}
    for index in indexes:
        for entry in index:
            if entry["type"] == "removed":
                drop(listing, entry["key"], itself=True)
        for entry in index:
            if entry["type"] in ("file", "dir", "symlink"):
                if entry["type"] != "dir":
                    drop(listing, entry["key"], itself=False)
                listing[entry["key"]] = entry
    return dict(sorted(listing.items(), key=lambda item: order(item[0])))


def drop(paths, path, itself):
    for other in [p for p in paths if p.startswith(path + b"/") or itself and p == path]:
        del paths[other]


def escape(text):
    return "".join(f"\\u{ord(c):04x}" if ord(c) < 0x20 else "\\" + c if c in '"\\' else c
                   for c in text)


def canonical(listing):
    """The bytes whose sha256 is the tree digest."""
    lines = []
    for path, entry in listing.items():
        fields = [("type", entry["type"]), text_field("path", path)]
        if entry["type"] == "symlink":
            fields.append(text_field("target", path_bytes(entry, "target")))
        else:
            fields.append(("mode", entry["mode"]))
        if entry["type"] == "file":
            fields += [("size", entry["size"]), ("sha256", entry["sha256"])]
        body = ",".join(f'"{k}":{v}' if isinstance(v, int) else f'"{k}":"{escape(v)}"'
                        for k, v in fields)
        lines.append("{" + body + "}\n")
    return "".join(lines).encode()


def text_field(name, value):
    try:
        return name, value.decode()
    except UnicodeDecodeError:
        return name + "64", base64.b64encode(value).decode()


def as_snapshot(listing):
    found = {}
    for path, entry in listing.items():
        if entry["type"] == "symlink":
            value = ("symlink", os.fsdecode(path_bytes(entry, "target")))
        elif entry["type"] == "dir":
            value = ("dir", entry["mode"])
        else:
            value = ("file", entry["mode"], entry["size"], entry["sha256"])
        found[os.fsdecode(path)] = value
    return found


def apply_layers(layers, root):
    """Whiteouts hide lower layers, then the layer's own entries go in (OCI image spec, layer.md)."""
    root.mkdir(parents=True, exist_ok=True)
    for layer in layers:
        for entry in layer.entries:
            name = pathlib.PurePosixPath(entry.name)
            if name.name.startswith(".wh."):
                tree.remove(root, str(name.with_name(name.name[len(".wh."):])))
        for entry in layer.entries:
            if not pathlib.PurePosixPath(entry.name).name.startswith(".wh."):
                put(layer, entry, root)


def put(layer, entry, root):
    place = root / entry.name
    place.parent.mkdir(parents=True, exist_ok=True)
    if not (entry.isdir() and place.is_dir() and not place.is_symlink()):
        tree.remove(root, entry.name)
    if entry.isdir():
        place.mkdir(exist_ok=True)
        place.chmod(entry.mode | 0o700)
    elif entry.issym():
        place.symlink_to(entry.linkname)
    else:
        place.write_bytes(layer.tar.extractfile(entry).read())
        place.chmod(entry.mode)
