"""How layers are packed: gzip with Python's own module, zstd with the zstd program."""

import gzip
import subprocess
import zlib

from support import services

ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
TYPES = {True: "application/vnd.oci.image.layer.v1.tar+zstd",
         False: "application/vnd.oci.image.layer.v1.tar+gzip"}


def is_zstd(blob):
    return blob.startswith(ZSTD_MAGIC)


def media_type(blob):
    return TYPES[is_zstd(blob)]


def unpack(blob):
    """All members or frames. An exception for what is damaged or cut short."""
    if not is_zstd(blob):
        return gzip.decompress(blob)
    return subprocess.run([services.tool("zstd"), "-dcq"], input=blob, stdout=subprocess.PIPE,
                          check=True).stdout


def first_member(blob, hint):
    """What the first gzip member holds; of zstd, what is in the `hint` bytes of whole frames."""
    if is_zstd(blob):
        return unpack(blob[:hint])
    member = zlib.decompressobj(wbits=31)
    start = member.decompress(blob)
    return start if member.eof else b""
