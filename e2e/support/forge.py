"""Images that no packer writes: every digest of the OCI documents right, what is in them wrong."""

import gzip
import hashlib
import io
import json
import tarfile

from support.image import SEGMENTS_PATH, Image, Layout, digest_of


class Forge:
    """Changes layers of an image in a layout, and whatever names them."""

    def __init__(self, folder, tag):
        self.layout, self.tag = Layout(folder), tag
        self.image = Image(self.layout, tag)
        self.layer = self.image.layers()[-1]

    def members(self):
        return [(entry, self.layer.read(entry.name) if entry.isreg() else None)
                for entry in self.layer.entries]

    def put(self, data):
        digest = digest_of(data)
        self.layout.blob_path(digest).write_bytes(data)
        return digest

    def write(self, members, labels=None, pack=gzip.compress, diff_id=None):
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
            for entry, data in members:
                entry.size = len(data or b"")
                tar.addfile(entry, io.BytesIO(data) if data is not None else None)
        # Not tarfile's padding to 10 KiB: one end of archive.
        self.write_tar(out.getvalue(), labels, pack, diff_id)

    def write_tar(self, tar, labels=None, pack=gzip.compress, diff_id=None):
        blob = pack(tar)
        layer = {**self.layer.descriptor, "digest": self.put(blob), "size": len(blob)}
        layer.pop("annotations", None)
        for descriptor in self.image.index["manifests"]:
            platform = "{os}/{architecture}".format(**descriptor["platform"])
            config, manifest = self.image.configs[platform], self.image.manifests[platform]
            config["rootfs"]["diff_ids"][-1] = diff_id or digest_of(tar)
            config["config"]["Labels"].update(labels or {})
            manifest["layers"][-1] = layer
            self.put_image(descriptor, config, manifest)
        self.put_index()

    def put_image(self, descriptor, config, manifest):
        text = json.dumps(config).encode()
        manifest["config"].update(digest=self.put(text), size=len(text))
        text = json.dumps(manifest).encode()
        descriptor.update(digest=self.put(text), size=len(text))

    def put_index(self):
        text = json.dumps(self.image.index).encode()
        self.move_tag(self.put(text), len(text))

    def stack(self, images):
        """The segments of other images instead of its own; its tree must be all of theirs."""
        for descriptor in self.image.index["manifests"]:
            platform = "{os}/{architecture}".format(**descriptor["platform"])
            config, manifest = self.image.configs[platform], self.image.manifests[platform]
            del manifest["layers"][1:], config["rootfs"]["diff_ids"][1:], config["history"][1:]
            digests = []
            for image in images:
                other = image.manifests[platform]
                for layer in other["layers"][1:]:
                    self.put(image.reader.blob(layer["digest"]))
                manifest["layers"] += other["layers"][1:]
                config["rootfs"]["diff_ids"] += image.configs[platform]["rootfs"]["diff_ids"][1:]
                config["history"] += image.configs[platform]["history"][1:]
                digests += image.segment_digests()
            config["config"]["Labels"]["dev.kontext.segments"] = ",".join(digests)
            self.put_image(descriptor, config, manifest)
        self.put_index()

    def move_tag(self, digest, size):
        path = self.layout.folder / "index.json"
        content = json.loads(path.read_bytes())
        for descriptor in content["manifests"]:
            descriptor.update(digest=digest, size=size)
        path.write_text(json.dumps(content))

    def write_index(self, lines):
        """The layer with another index, and the label that names it."""
        name = hashlib.sha256(lines).hexdigest()
        members = self.members()
        for number, (entry, _) in enumerate(members):
            if entry.name.startswith(SEGMENTS_PATH + "/"):
                entry.name = f"{SEGMENTS_PATH}/{name}.jsonl"
                members[number] = (entry, lines)
        self.write(members, {"dev.kontext.segments": "sha256:" + name})
