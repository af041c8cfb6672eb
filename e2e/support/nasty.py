"""Random trees of everything that Linux allows, and random edits of them.

All by handles from directory to directory: a path may be longer than a system call takes.
"""

import contextlib
import os
import pathlib
import shutil
import stat

from support import tree

# Few plain ones, so that edits meet; then what is hard on JSON, tar, a runtime or a terminal.
PLAIN = ["a", "b", "c", "a-", "a.b", "b0"]
HARD = [os.fsdecode(name) for name in (
    b"n" * 255, b"n" * 252, b"n" * 251, b".wh.", b".wh.a", b".wh..wh..opq", b"new\nline", b"end ",
    b" ", b"\t", b"\r", b"back\\slash", b"-rf", b"*", b"[a]", b"...", b"..a", b"\x01", b"\x7f",
    b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\xe2\x80\xa8", b"\xf0\x9f\x92\xa9", b"e\xcc\x81",
    b"\xc3\xa9", b"q\"'`$x", b"PaxHeader", b"manifest.json",
    b".kontext-0123456789abcdef-0000000000000001.tmp")]
TARGETS = [os.fsdecode(target) for target in (
    b"/etc/passwd", b"nowhere/at/all", b".", b"..", b"../../../../..", b"a", b"a/b", b"\xff\xfe",
    b"a\nb ", b"/dev/stdin", b"./a/../a/./", b"t" * 4095, b"u" * 101)]
MODES = [0o644, 0o755, 0o600, 0o444, 0o700, 0o777, 0o555, 0o000, 0o111, 0o222]
IGNORE_FILE = ".kontextignore"
DEEP_COMPONENTS, DEEP_NAME = 17, 250  # 4,266 bytes


@contextlib.contextmanager
def parent(root, path):
    """A handle of the directory that `path` lies in, and the last name of the path."""
    *folders, name = path.split("/")
    handle = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for folder in folders:
            below = tree.open_dir(folder, handle)
            os.close(handle)
            handle = below
        yield handle, name
    finally:
        os.close(handle)


def remove_at(handle, name):
    try:
        is_dir = stat.S_ISDIR(os.lstat(name, dir_fd=handle).st_mode)
    except FileNotFoundError:
        return
    if is_dir:
        shutil.rmtree(name, dir_fd=handle)
    else:
        os.unlink(name, dir_fd=handle)


def is_under(path, folder):
    return path.startswith(folder + "/")


class Rules:
    """Lines of the simplest kinds: `NAME`, `NAME/NAME`, `**/NAME` and their exceptions."""

    def __init__(self, rng=None):
        self.lines = []
        for _ in range(rng.randrange(1, 4) if rng else 0):
            anywhere = rng.random() < .5
            path = rng.choice(PLAIN)
            if not anywhere and rng.random() < .5:
                path += "/" + rng.choice(PLAIN)
            self.lines.append((rng.random() < .35, anywhere, path))

    def text(self):
        return "".join(("!" if keep else "") + ("**/" if anywhere else "") + path + "\n"
                       for keep, anywhere, path in self.lines)

    def leaves_out(self, path):
        parts = path.split("/")
        above = ["/".join(parts[:end]) for end in range(1, len(parts) + 1)]
        out = ".git" in parts
        for keep, anywhere, rule in self.lines:
            if any(p == rule or (anywhere and p.rpartition("/")[2] == rule) for p in above):
                out = not keep
        return out

    def keep(self, snapshot):
        """What is sent of a tree: with the directories that lead there, without special files."""
        kept = {}
        for path, entry in snapshot.items():
            if entry[0] == "special" or self.leaves_out(path):
                continue
            kept[path] = entry
            while "/" in path:
                path = path.rpartition("/")[0]
                kept[path] = snapshot[path]
        return kept


class NastyTree:
    """A directory, and edits of it by a random.Random."""

    def __init__(self, root, rng):
        self.root, self.rng = pathlib.Path(root), rng
        self.root.mkdir()
        self.rules = {"": Rules()}

    def rules_now(self):
        place = self.root / IGNORE_FILE
        return self.rules[place.read_text() if place.exists() else ""]

    def expected(self):
        """What a push sends, as tree.snapshot gives it."""
        return self.rules_now().keep(tree.snapshot(self.root))

    def specials(self):
        """The sockets, fifos and devices that the rules do not leave out."""
        return [path for path in self._paths("special") if not self.rules_now().leaves_out(path)]

    def grow(self, edits=40):
        for _ in range(edits):
            self.edit()
        self.add_deep_ones()

    def edit(self):
        kind = self.rng.choices(
            [self.put, self.remove, self.rename, self.change_mode, self.link, self.rewrite,
             self.add_special, self.add_deep_ones, self.change_rules],
            [50, 12, 14, 8, 5, 8, 2, 1, 4])[0]
        kind()

    def _paths(self, *kinds):
        found = tree.snapshot(self.root)
        return sorted(path for path, entry in found.items() if entry[0] in kinds)

    def _name(self):
        return self.rng.choice(HARD if self.rng.random() < .3 else PLAIN)

    def _place(self):
        folders = ["", *(path + "/" for path in self._paths("dir"))]
        return self.rng.choice(folders) + self._name()

    def _content(self):
        if self.rng.random() < .8:
            return b"x" * self.rng.randrange(7)
        size = self.rng.randrange(400_000)
        body = bytes(size) if self.rng.random() < .5 else self.rng.randbytes(size)
        return body + b"end%d" % self.rng.randrange(3)

    def put(self, path=None):
        path = path or self._place()
        with parent(self.root, path) as (handle, name):
            kind = self.rng.choices(["dir", "file", "symlink"], [40, 45, 15])[0]
            if kind == "dir":
                with contextlib.suppress(FileExistsError, NotADirectoryError):
                    os.mkdir(name, dir_fd=handle)
                if not stat.S_ISDIR(os.lstat(name, dir_fd=handle).st_mode):
                    remove_at(handle, name)
                    os.mkdir(name, dir_fd=handle)
                return os.chmod(name, self.rng.choice(MODES), dir_fd=handle)
            remove_at(handle, name)
            if kind == "symlink":
                return os.symlink(self.rng.choice(TARGETS), name, dir_fd=handle)
            self._write(handle, name, self._content())
            os.chmod(name, self.rng.choice(MODES), dir_fd=handle)

    @staticmethod
    def _write(handle, name, content):
        """Long zeros at the beginning become a hole."""
        hole = len(content) - len(content.lstrip(b"\0"))
        fd = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600, dir_fd=handle)
        with open(fd, "wb") as out:
            out.truncate(len(content))
            out.seek(hole)
            out.write(content[hole:])

    def _any(self, *kinds):
        paths = self._paths(*kinds)
        return self.rng.choice(paths) if paths else None

    def remove(self):
        if path := self._any("dir", "file", "symlink", "special"):
            with parent(self.root, path) as (handle, name):
                remove_at(handle, name)

    def rename(self):
        path, to = self._any("dir", "file", "symlink"), self._place()
        if not path or path == IGNORE_FILE or path == to:
            return
        if is_under(to, path) or is_under(path, to):
            return
        with parent(self.root, path) as (old, name), parent(self.root, to) as (new, new_name):
            remove_at(new, new_name)
            os.rename(name, new_name, src_dir_fd=old, dst_dir_fd=new)

    def change_mode(self):
        if path := self._any("dir", "file"):
            with parent(self.root, path) as (handle, name):
                os.chmod(name, self.rng.choice(MODES), dir_fd=handle)

    def link(self):
        """One more name of a file, which is then two files for kontext."""
        path, to = self._any("file"), self._place()
        if not path or path in (to, IGNORE_FILE) or is_under(path, to):
            return
        with parent(self.root, path) as (old, name), parent(self.root, to) as (new, new_name):
            remove_at(new, new_name)
            os.link(name, new_name, src_dir_fd=old, dst_dir_fd=new, follow_symlinks=False)

    def rewrite(self):
        path = self._any("file")
        if path and path != IGNORE_FILE:
            with parent(self.root, path) as (handle, name):
                self._write(handle, name, self._content())

    def add_special(self):
        path = self._place() + "-special"
        with parent(self.root, path) as (handle, name):
            name = name[-250:]
            remove_at(handle, name)
            kind = self.rng.choice([stat.S_IFIFO, stat.S_IFSOCK, stat.S_IFCHR])
            os.mknod(name, kind | 0o644, os.makedev(1, 3), dir_fd=handle)

    def add_deep_ones(self):
        """Names below a path of more than 4,096 bytes."""
        path = ""
        for _ in range(DEEP_COMPONENTS):
            path += self.rng.choice("de") * DEEP_NAME
            with parent(self.root, path) as (handle, name), contextlib.suppress(FileExistsError):
                os.mkdir(name, dir_fd=handle)
            path += "/"
        for _ in range(2):
            self.put(path + self._name())

    def change_rules(self):
        rules = Rules(self.rng)
        self.rules[rules.text()] = rules
        place = self.root / IGNORE_FILE
        with parent(self.root, IGNORE_FILE) as (handle, name):
            remove_at(handle, name)
        place.write_text(rules.text())
