"""The rules that every kontext image keeps. Each function yields sentences about what breaks one."""

import datetime
import hashlib
import zlib

from support import image as oci
from support import packed, segments


def problems(image):
    found = []
    for check in (blobs, configs, layer_sharing, tars, indexes, head, contents):
        try:
            found += check(image)
        except (KeyError, ValueError, OSError, zlib.error) as trouble:
            found.append(f"{check.__name__}: cannot be checked: {trouble!r}")
    return found


def blobs(image):
    """Every descriptor tells the truth about what it points at."""
    if image.index.get("mediaType") != oci.INDEX_TYPE:
        yield f"index: media type {image.index.get('mediaType')}"
    digests = [descriptor["digest"] for descriptor in image.index["manifests"]]
    if len(set(digests)) != len(digests):  # some registries refuse that
        yield "index: a digest comes twice"
    for manifest in image.manifests.values():
        if manifest.get("mediaType") != oci.MANIFEST_TYPE:
            yield f"manifest: media type {manifest.get('mediaType')}"
    for descriptor in image.index["manifests"]:
        yield from matches(descriptor, image.reader.manifest(descriptor["digest"]),
                           oci.MANIFEST_TYPE)
    for manifest in image.manifests.values():
        yield from matches(manifest["config"], image.reader.blob(manifest["config"]["digest"]),
                           oci.CONFIG_TYPE)
        for descriptor in manifest["layers"]:
            blob = image.reader.blob(descriptor["digest"])
            yield from matches(descriptor, blob, packed.media_type(blob))


def matches(descriptor, data, media_type):
    if descriptor["mediaType"] != media_type:
        yield f"{descriptor['digest']}: media type {descriptor['mediaType']}"
    if descriptor["digest"] != oci.digest_of(data) or descriptor["size"] != len(data):
        yield f"{descriptor['digest']}: size or digest is not that of the blob"


def configs(image):
    if sorted(image.manifests) != ["linux/amd64", "linux/arm64"]:
        yield f"index: platforms {sorted(image.manifests)}"
    for platform, config in image.configs.items():
        settings = config["config"]
        diff_ids = [oci.digest_of(layer.tar_bytes) for layer in image.layers(platform)]
        if config["rootfs"]["diff_ids"] != diff_ids:
            yield f"{platform}: diff IDs are not those of the layers"
        if f"{config['os']}/{config['architecture']}" != platform:
            yield f"{platform}: config says {config['os']}/{config['architecture']}"
        if settings["Entrypoint"] != ["/kontext-extractor"] or settings.get("Cmd"):
            yield f"{platform}: entrypoint {settings.get('Entrypoint')} {settings.get('Cmd')}"
        if settings["WorkingDir"] != "/workspace":
            yield f"{platform}: working directory {settings['WorkingDir']}"
        if datetime.datetime.fromisoformat(config["created"]).timestamp() != oci.FIXED_TIME:
            yield f"{platform}: created {config['created']}"
        if len([h for h in config["history"] if not h.get("empty_layer")]) != len(diff_ids):
            yield f"{platform}: history does not have one line per layer"
        if settings["Labels"]["dev.kontext.version"] != "1":
            yield f"{platform}: version {settings['Labels']['dev.kontext.version']}"


def layer_sharing(image):
    """Platforms differ in their base layer only; layers are few and none comes twice."""
    lists = [[d["digest"] for d in m["layers"]] for m in image.manifests.values()]
    if len({tuple(layers[1:]) for layers in lists}) != 1:
        yield "platforms do not share their segments"
    if len({layers[0] for layers in lists}) != len(lists):
        yield "platforms share a base layer"
    for layers in lists:
        if len(set(layers)) != len(layers) or len(layers) > 48:
            yield f"{len(layers)} layers, {len(set(layers))} different"


def tars(image):
    for platform in image.manifests:
        for number, layer in enumerate(image.layers(platform)):
            where = f"{platform} layer {number}"
            if number == 0 and [e.name for e in layer.entries if not e.isdir()] != ["kontext-extractor"]:
                yield f"{where}: base holds {layer.names()}"
            if len(set(layer.names())) != len(layer.entries):
                yield f"{where}: a path comes twice"
            if layer.tar.pax_headers:
                yield f"{where}: global PAX header"
            for entry in layer.entries:
                yield from tar_entry(f"{where}: {entry.name}", entry)


def tar_entry(where, entry):
    if (entry.uid, entry.gid, entry.uname, entry.gname) != (0, 0, "", ""):
        yield f"{where}: owner {entry.uid}:{entry.gid} {entry.uname}:{entry.gname}"
    if entry.mtime != oci.FIXED_TIME:
        yield f"{where}: time {entry.mtime}"
    if not (entry.isreg() or entry.isdir() or entry.issym()):
        yield f"{where}: tar type {entry.type}"
    if entry.name.split("/")[-1] in (".wh.", ".wh..wh..opq"):
        yield f"{where}: a whiteout that runtimes refuse or get wrong"
    if entry.isreg() and entry.mode & 0o444 != 0o444 or entry.isdir() and entry.mode & 0o555 != 0o555:
        yield f"{where}: mode {entry.mode:04o} locks other users out"


def indexes(image):
    """Each segment's index comes first, is named by its digest, sorted, and compressed apart."""
    for digest, layer in zip(image.segment_digests(), image.segment_layers(), strict=True):
        name, where = layer.index_name(), f"segment {digest}"
        if name != f"{oci.SEGMENTS_PATH}/{digest.removeprefix('sha256:')}.jsonl":
            yield f"{where}: first file is {name}"
            continue
        data = layer.read(name)
        if oci.digest_of(data) != digest:
            yield f"{where}: index does not have this digest"
        hint = int(layer.descriptor.get("annotations", {}).get("dev.kontext.index-size", 0))
        start = packed.first_member(layer.blob, hint)
        end = layer.tar.getmember(name).offset_data + len(data)
        if not end <= len(start) <= end + 511:
            yield f"{where}: the index is not a member or frame of its own"
        entries = segments.parse(data)
        keys = [segments.order(e["key"]) for e in entries if "key" in e]
        if keys != sorted(set(keys)) or any("key" in e for e in entries[:len(entries) - len(keys)]):
            yield f"{where}: lines out of order"


def head(image):
    described = image.head()
    listing = image.listing()
    tree = oci.digest_of(segments.canonical(listing))
    kinds = [entry["type"] for entry in listing.values()]
    want = {"version": 1, "tree": tree, "files": kinds.count("file"), "dirs": kinds.count("dir"),
            "symlinks": kinds.count("symlink"),
            "bytes": sum(e["size"] for e in listing.values() if e["type"] == "file"),
            "segments": image.segment_digests()}
    for field, value in want.items():
        if described.get(field) != value:
            yield f"head: {field} is {described.get(field)}, the indexes say {value}"
    for platform in image.configs:
        if image.labels(platform)["dev.kontext.tree"] != tree:
            yield f"{platform}: label dev.kontext.tree is not the tree digest"


def contents(image):
    """Rule 2: what the merged layers show at a file's path, or at its `at`, has its digest."""
    shown = {}
    for layer in image.layers():
        names = [e.name for e in layer.entries]
        for name in names:
            folder, _, last = name.rpartition("/")
            if last.startswith(".wh."):
                segments.drop(shown, f"{folder}/{last[4:]}".encode("utf-8", "surrogateescape"), True)
        for entry in layer.entries:
            key = entry.name.encode("utf-8", "surrogateescape")
            if not entry.isdir():
                segments.drop(shown, key, True)
            shown[key] = hashlib.sha256(layer.read(entry.name)).hexdigest() if entry.isreg() else None
    for path, entry in image.listing().items():
        if entry["type"] == "file" and shown.get(place(path, entry)) != entry["sha256"]:
            yield f"{path}: the layers do not show its content at {place(path, entry)}"


def place(path, entry):
    if "at" not in entry and "at64" not in entry:
        return oci.BASE_PATH.encode() + b"/" + path
    at = segments.path_bytes(entry, "at")
    return at[1:] if at.startswith(b"/") else oci.BASE_PATH.encode() + b"/" + at
