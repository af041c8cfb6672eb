"""Holds the include directions of the design (section 4) and the length of files.

usage: includes.py SOURCE_DIR
"""

import pathlib
import re
import sys

LONGEST = 500  # lines of a file

# Who may include whom: the longest prefix of a file's path decides. "packer" alone means the
# library's own folder, files that are in none of its subfolders.
ALLOWED = {
    "common": {"common"},
    "common/tree": {"common", "common/tree"},
    "extractor": {"common", "common/tree", "extractor"},
    "packer/image": {"packer/image"},
    "packer/plan": {"common", "packer/plan"},
    "packer/cache": {"common", "packer/cache"},
    "packer/scan": {"common", "packer/cache", "packer/plan", "packer/scan"},
    "packer/deflate": {"packer/deflate"},
    "packer/pack": {"common", "packer/deflate", "packer/image", "packer/pack", "packer/plan",
                    "packer/scan"},
    "packer/registry": {"common", "packer/registry", "packer/image"},
    "packer/store": {"common", "packer/store", "packer/registry", "packer/image"},
    "packer/cli": {"common", "packer/cli"},
    "packer": {"common", "common/tree", "packer", "packer/cache", "packer/image", "packer/pack",
               "packer/plan",
               "packer/registry", "packer/scan", "packer/store"},
}

# Single files that are used from elsewhere: what a client uploads from; an archive is a tar file.
EXCEPTIONS = {("packer/registry", "packer/store/blob_source.h"),
              ("packer/store", "packer/pack/byte_writer.h"),
              ("packer/store", "packer/pack/tar_reader.h"),
              ("packer/store", "packer/pack/tar_writer.h"),
              ("packer/store", "packer/pack/unnamed_file.h")}

# What every part of the packer shares.
SHARED = {"packer/compression.h", "packer/error.h", "packer/hash.h", "packer/leftover.h",
          "packer/local_fs.h", "packer/memory_hints.h", "packer/spawn.h", "packer/temp_file.h"}
# The library's public face, all that the command line may use of it.
PUBLIC = {"packer/kontext.h", "packer/error.h", "packer/one_line.h"}

INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"')


def folder(path):
    return str(pathlib.PurePosixPath(path).parent)


def is_allowed(includer, included):
    part = folder(includer)
    if part == "packer/cli" and included in PUBLIC:
        return True
    if part.startswith("packer/") and part != "packer/cli" and included in SHARED:
        return True
    return (part, included) in EXCEPTIONS or folder(included) in ALLOWED[part]


def problems(root):
    for top in ("common", "extractor", "packer", "tests"):
        for path in sorted((root / top).rglob("*")):
            if path.suffix not in (".cc", ".h"):
                continue
            name = path.relative_to(root).as_posix()
            lines = path.read_text().splitlines()
            if len(lines) > LONGEST:
                yield f"{name}: {len(lines)} lines, more than {LONGEST}"
            if top == "tests":
                continue
            if folder(name) not in ALLOWED:
                yield f"{name}: its folder is not known to this test"
                continue
            for number, line in enumerate(lines, 1):
                found = INCLUDE.match(line)
                if found and not is_allowed(name, found[1]):
                    yield f"{name}:{number}: must not include {found[1]}"


def main():
    found = list(problems(pathlib.Path(sys.argv[1])))
    print("\n".join(found) or "all includes point down")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
