"""A directory that lives: what happens to it between two pushes, drawn at random from a seed.

Edits of few files, mostly the same ones; bursts; renames; growth; mass deletes; changes of type and
mode; reverts; rotated logs; branches that drift apart, are switched and merged. The kinds and their
chances are those of tests/bench/simulated_tree.h, and some that only a real tree has.
"""

import os
import pathlib
import random

from support import tree
from support.tree import Dir, File, Link

WORDS = b"return static const struct device error if else while for unsigned long buffer".split()
KINDS = {"edit": 46, "burst": 6, "rename": 10, "growth": 9, "mass delete": 3, "kind": 6, "mode": 3,
         "revert": 6, "logs": 3, "branch": 8}


def seed():
    """KONTEXT_TEST_SEED, else a new one; printed, so that a failure can be had again."""
    value = int(os.environ.get("KONTEXT_TEST_SEED") or random.SystemRandom().getrandbits(32))
    print(f"KONTEXT_TEST_SEED={value}", flush=True)
    return value


def load(root):
    """What is below `root` in the shape that tree.build() takes."""
    spec = {}
    for folder, dirs, files in os.walk(root):
        for name in dirs + files:
            place = pathlib.Path(folder, name)
            mode = place.lstat().st_mode & 0o777
            entry = (Link(os.readlink(place)) if place.is_symlink() else
                     Dir(mode) if place.is_dir() else File(place.read_bytes(), mode))
            spec[os.path.relpath(place, root)] = entry
    return spec


def change(root, old, new):
    """Makes the tree of `old` that of `new`, touching only what is different."""
    gone = [p for p in old if p not in new or type(old[p]) is not type(new[p])]
    tree.remove(root, *sorted(gone))
    tree.build(root, {p: entry for p, entry in sorted(new.items()) if old.get(p) != entry})


class Team:
    """The state is `spec`, path -> File, Dir or Link; every parent of a path is in it."""

    def __init__(self, random_seed, spec=None):
        self.random = random.Random(random_seed)
        self.spec, self.made, self.log = dict(spec or {}), 0, 0
        while not spec and len(self.spec) < 300:
            self.add(f"d{self.random.randrange(12)}/s{self.random.randrange(4)}")
        self.branches, self.branch = [dict(self.spec)] * 3, 0
        self.hot = self.random.choices(self.files(), k=12)
        self.past = {}  # path -> contents that it had

    def act(self):
        """Does one thing and names it."""
        kind = self.random.choices(list(KINDS), list(KINDS.values()))[0]
        getattr(self, "do_" + kind.replace(" ", "_"))()
        if not self.files():
            self.add("d0")
        return kind

    def files(self):
        return [p for p, entry in self.spec.items() if isinstance(entry, File)]

    def dirs(self):
        return [p for p, entry in self.spec.items() if isinstance(entry, Dir)]

    def any_file(self):
        return self.random.choice(self.files())

    def text(self):
        size = int(self.random.lognormvariate(7.5, 1.2)) % 40000
        words = self.random.choices(WORDS, k=size // 7)
        return self.random.randbytes(12).hex().encode() + b"\n" + b" ".join(words) + b"\n"

    def put(self, path, entry):
        """Whatever is at `path`, or in the way to it, gives way."""
        self.drop(path)
        parent = os.path.dirname(path)
        if parent and not isinstance(self.spec.get(parent), Dir):
            self.put(parent, Dir())
        self.spec[path] = entry

    def drop(self, path):
        for other in [p for p in self.spec if p == path or p.startswith(path + "/")]:
            del self.spec[other]

    def add(self, folder):
        self.made += 1
        name = self.random.choice(["f{}", "ü{}.txt", "a name {}.c", ".wh.{}", "{}.h"])
        mode = self.random.choice([0o644] * 6 + [0o755, 0o600])
        content = self.text() if self.random.random() < 0.97 else b""
        self.put(f"{folder}/" + name.format(self.made), File(content, mode))

    def edit(self, path):
        old = self.spec[path]
        self.past.setdefault(path, []).append(old)
        at = self.random.randrange(len(old.content) + 1)
        content = old.content[:at] + b"/* %x */\n" % self.random.getrandbits(64) + old.content[at:]
        self.spec[path] = File(content, old.mode)

    def do_edit(self):
        for _ in range(self.random.randint(1, 4)):
            path = self.random.choice(self.hot)
            known = isinstance(self.spec.get(path), File)
            self.edit(path if known and self.random.random() < 0.5 else self.any_file())
        self.hot[self.random.randrange(len(self.hot))] = self.any_file()

    def do_burst(self):
        for _ in range(self.random.randint(20, 80)):
            self.edit(self.any_file())

    def do_rename(self):
        old = self.any_file() if self.random.random() < 0.6 else self.random.choice(self.dirs())
        into = self.random.choice([os.path.dirname(old)] + self.dirs())
        new = os.path.join(into, os.path.basename(old) + "r")
        if len(new) > 200 or (new + "/").startswith(old + "/"):
            return
        moved = {p: e for p, e in self.spec.items() if p == old or p.startswith(old + "/")}
        self.drop(old)
        for path, entry in sorted(moved.items()):
            self.put(new + path[len(old):], entry)

    def do_growth(self):
        folder = self.random.choice(self.dirs() + [f"d{self.random.randrange(40)}/new"])
        for _ in range(self.random.randint(1, 12)):
            self.add(folder)

    def do_mass_delete(self):
        self.drop(self.random.choice(self.dirs()))
        while len(self.files()) < 30:
            self.add(f"d{self.random.randrange(12)}")

    def do_kind(self):
        """A path becomes something else: file, link, directory, empty or not."""
        path = self.random.choice(list(self.spec))
        if isinstance(self.spec[path], Dir) and self.random.random() < 0.7:
            path = self.any_file()
        new = self.random.choice([File(self.text()), Link("nowhere"), Link(self.any_file()), Dir(),
                                  None])
        self.put(path, new or Dir())
        if new is None:
            self.add(path)
            self.put(path + "/copy", self.spec[self.any_file()])

    def do_mode(self):
        path = self.random.choice([p for p, e in self.spec.items() if not isinstance(e, Link)])
        mode = self.random.choice([0o755, 0o700, 0o711])
        old = self.spec[path]
        self.spec[path] = Dir(mode) if isinstance(old, Dir) else File(old.content, mode)

    def do_revert(self):
        back = [p for p in self.past if isinstance(self.spec.get(p), File)]
        for path in self.random.sample(back, min(len(back), self.random.randint(1, 5))):
            self.spec[path] = self.random.choice(self.past[path])

    def do_logs(self):
        for age in range(4, 0, -1):
            newer = self.spec.get(f"logs/log.{age - 1}")
            if newer:
                self.put(f"logs/log.{age}", newer)
        self.put("logs/log.0", File(self.text()))

    def do_branch(self):
        self.branches[self.branch] = dict(self.spec)
        if self.random.random() < 0.25:  # merged
            self.branches[(self.branch + 1) % len(self.branches)] = dict(self.spec)
        self.branch = self.random.randrange(len(self.branches))
        self.spec = dict(self.branches[self.branch])
