"""Trees to ship, and the comparison that judges what arrives."""

import dataclasses
import hashlib
import os
import pathlib
import stat


@dataclasses.dataclass(frozen=True)
class File:
    content: bytes = b""
    mode: int = 0o644


@dataclasses.dataclass(frozen=True)
class Dir:
    mode: int = 0o755


@dataclasses.dataclass(frozen=True)
class Link:
    target: str


def build(root, spec):
    """Writes the entries of `spec` (path -> File, Dir or Link) below `root`; parents are 0755.

    Replaces what is at a path, so it serves for edits too. Directory modes come last.
    """
    root = pathlib.Path(root)
    root.mkdir(parents=True, exist_ok=True)
    for path, entry in spec.items():
        place = root / path
        missing = [p for p in place.parents if not p.exists()]
        place.parent.mkdir(parents=True, exist_ok=True)
        for parent in missing:
            parent.chmod(0o755)
        if not (isinstance(entry, Dir) and place.is_dir() and not place.is_symlink()):
            remove(root, path)
        if isinstance(entry, File):
            place.write_bytes(entry.content)
            place.chmod(entry.mode)
        elif isinstance(entry, Link):
            place.symlink_to(entry.target)
        else:
            place.mkdir(exist_ok=True)
    for path, entry in spec.items():
        if isinstance(entry, Dir):
            (root / path).chmod(entry.mode)
    return root


def remove(root, *paths):
    for path in paths:
        place = pathlib.Path(root) / path
        try:
            kind = stat.S_IFMT(place.lstat().st_mode)  # never follows: a link may hold anything
        except FileNotFoundError:
            continue
        if kind == stat.S_IFDIR:
            remove(place, *os.listdir(place))
            place.rmdir()
        else:
            place.unlink()


def describe(path, dir_fd=None):
    """One entry as a tuple: kind, then all that kontext promises to keep of it."""
    info = os.lstat(path, dir_fd=dir_fd)
    mode = f"{stat.S_IMODE(info.st_mode) & 0o777:04o}"
    if stat.S_ISLNK(info.st_mode):
        return ("symlink", os.readlink(path, dir_fd=dir_fd))
    if stat.S_ISDIR(info.st_mode):
        return ("dir", mode)
    if not stat.S_ISREG(info.st_mode):
        return ("special", oct(info.st_mode))
    digest = hashlib.sha256()
    with open(path, "rb", opener=lambda name, flags: os.open(name, flags, dir_fd=dir_fd)) as content:
        while block := content.read(1 << 20):
            digest.update(block)
    return ("file", mode, info.st_size, digest.hexdigest())


def open_dir(name, dir_fd=None):
    return os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=dir_fd)


def snapshot(root):
    """Path -> description of every entry below `root`; the root itself is not an entry.

    From directory to directory, since a path may be longer than a system call takes.
    """
    found = {}

    def add(folder, prefix):
        try:
            for name in os.listdir(folder):
                found[prefix + name] = entry = describe(name, folder)
                if entry[0] == "dir":
                    add(open_dir(name, folder), f"{prefix}{name}/")
        finally:
            os.close(folder)

    add(os.open(root, os.O_RDONLY | os.O_DIRECTORY), "")
    return found


def differences(want, got):
    """Sentences saying how tree `got` differs from tree `want`; each may be a snapshot."""
    want = want if isinstance(want, dict) else snapshot(want)
    got = got if isinstance(got, dict) else snapshot(got)
    sentences = []
    for path in sorted(want.keys() | got.keys()):
        if path not in got:
            sentences.append(f"{path}: missing, should be {want[path]}")
        elif path not in want:
            sentences.append(f"{path}: should not be there, is {got[path]}")
        elif want[path] != got[path]:
            sentences.append(f"{path}: is {got[path]}, should be {want[path]}")
    return sentences
