"""Reads a kontext image from a registry or an OCI layout, and judges it by common/FORMAT.md.

Independent of the program under test: only what the format's document says is used here.
"""

import hashlib
import io
import json
import pathlib
import tarfile
import urllib.request

from support import packed, segments

INDEX_TYPE = "application/vnd.oci.image.index.v1+json"
MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
CONFIG_TYPE = "application/vnd.oci.image.config.v1+json"
FIXED_TIME = 315532800  # 1980-01-01T00:00:00Z
BASE_PATH = "var/run/kontext"
HEAD_PATH = "var/lib/kontext/manifest.json"
SEGMENTS_PATH = "var/lib/kontext/segments"


def digest_of(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


class RegistryReader:
    """Manifests and blobs of one repository, over plain HTTP."""

    def __init__(self, host, repo):
        self.url = f"http://{host}/v2/{repo}"

    def _get(self, path):
        request = urllib.request.Request(self.url + path)
        request.add_header("Accept", f"{INDEX_TYPE}, {MANIFEST_TYPE}")
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.read()

    def root(self, reference):
        return self._get(f"/manifests/{reference}")

    def manifest(self, digest):
        return self._get(f"/manifests/{digest}")

    def blob(self, digest):
        return self._get(f"/blobs/{digest}")


class Layout:
    """The same for an OCI layout directory; a reference is a tag."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)

    def blob_path(self, digest):
        return self.folder / "blobs" / digest.replace(":", "/")

    def root(self, reference):
        index = json.loads((self.folder / "index.json").read_bytes())
        for descriptor in index["manifests"]:
            name = descriptor.get("annotations", {}).get("org.opencontainers.image.ref.name")
            if reference in (name, descriptor["digest"]):
                return self.blob(descriptor["digest"])
        raise KeyError(f"{self.folder}: no image {reference}")

    def blob(self, digest):
        return self.blob_path(digest).read_bytes()

    manifest = blob


class Layer:
    """One layer: its blob, its tar and the entries of that."""

    def __init__(self, descriptor, blob):
        self.descriptor, self.blob = descriptor, blob
        self.tar_bytes = packed.unpack(blob)
        self.tar = tarfile.open(fileobj=io.BytesIO(self.tar_bytes), errors="surrogateescape")
        self.entries = self.tar.getmembers()

    def names(self):
        return [entry.name for entry in self.entries]

    def read(self, name):
        return self.tar.extractfile(name).read()

    def index_name(self):
        """The segment index: the first regular file, or None in a base layer."""
        first = next((e for e in self.entries if e.isreg()), None)
        return first.name if first and first.name.startswith(SEGMENTS_PATH + "/") else None


class Image:
    """An image index and, platform by platform, what it names. Segments come bottom to top."""

    def __init__(self, reader, reference):
        self.reader = reader
        root = reader.root(reference)
        self.digest, self.index = digest_of(root), json.loads(root)
        self.manifests, self.configs, self._layers = {}, {}, {}
        for descriptor in self.index["manifests"]:
            platform = "{os}/{architecture}".format(**descriptor["platform"])
            manifest = json.loads(reader.manifest(descriptor["digest"]))
            self.manifests[platform] = manifest
            self.configs[platform] = json.loads(reader.blob(manifest["config"]["digest"]))

    def layers(self, platform="linux/amd64"):
        return [self._layer(d) for d in self.manifests[platform]["layers"]]

    def _layer(self, descriptor):
        digest = descriptor["digest"]
        if digest not in self._layers:
            self._layers[digest] = Layer(descriptor, self.reader.blob(digest))
        return self._layers[digest]

    def labels(self, platform="linux/amd64"):
        return self.configs[platform]["config"]["Labels"]

    def segment_digests(self):
        text = self.labels()["dev.kontext.segments"].strip()
        return json.loads(text) if text.startswith("[") else text.replace(",", " ").split()

    def segment_layers(self, platform="linux/amd64"):
        count = len(self.segment_digests())
        return self.layers(platform)[-count:] if count else []

    def indexes(self):
        """The segment indexes as lists of entries, bottom to top."""
        return [segments.parse(layer.read(layer.index_name())) for layer in self.segment_layers()]

    def head(self):
        return json.loads(self.layers()[-1].read(HEAD_PATH))

    def listing(self):
        return segments.fold(self.indexes())

    def snapshot(self):
        """The listing in the shape of tree.snapshot()."""
        return segments.as_snapshot(self.listing())

    def unpack(self, rootfs, platform="linux/amd64"):
        """Applies the layers to a folder, as a container runtime does."""
        segments.apply_layers(self.layers(platform), pathlib.Path(rootfs))
        return pathlib.Path(rootfs)

    def problems(self):
        """Every rule of the format that this image breaks, as sentences."""
        from support import rules  # which uses the names above
        return rules.problems(self)
