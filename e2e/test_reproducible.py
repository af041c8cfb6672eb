#!/usr/bin/env python3
"""The same tree gives the same image: from anywhere, as anybody, however it came to lie there."""

import os
import random
import shutil
import stat

from support import nasty, tree
from support.case import Case, main
from support.kontext import push, run

SEED = os.environ.get("KONTEXT_TEST_SEED") or str(random.SystemRandom().randrange(10**9))
USER = 12345


def copy(source, target, order=None):
    """The entries of a tree, made anew; `order` shuffles the names of each folder."""
    target.mkdir()

    def fill(old, new):
        names = os.listdir(old)
        if order:
            order.shuffle(names)
        for name in names:
            mode = os.lstat(name, dir_fd=old).st_mode
            if stat.S_ISLNK(mode):
                os.symlink(os.readlink(name, dir_fd=old), name, dir_fd=new)
                continue
            if stat.S_ISDIR(mode):
                os.mkdir(name, dir_fd=new)
                fill(tree.open_dir(name, old), tree.open_dir(name, new))
            elif stat.S_ISREG(mode):
                fd = os.open(name, os.O_WRONLY | os.O_CREAT, dir_fd=new)
                with open(fd, "wb") as out, open(os.open(name, os.O_RDONLY, dir_fd=old), "rb") as data:
                    shutil.copyfileobj(data, out)
            else:
                continue
            os.chmod(name, stat.S_IMODE(mode), dir_fd=new)
        os.close(old)
        os.close(new)

    fill(tree.open_dir(source), tree.open_dir(target))
    return target


class Reproducible(Case):
    wants = {"registry"}

    @classmethod
    def setUpClass(cls):
        cls.need_root("a tree with files of modes that forbid reading")
        super().setUpClass()
        print(f"KONTEXT_TEST_SEED={SEED}", flush=True)
        made = nasty.NastyTree(cls.base / "made", random.Random(SEED))
        made.grow(60)
        # Some blocks of the compressor, some layers' worth of names.
        tree.build(made.root, {f"many/{i}": tree.File(b"%d\n" % i) for i in range(300)})
        (made.root / "large").write_bytes(random.Random(SEED).randbytes(5 << 20))
        cls.source = copy(made.root, cls.base / "source")
        cls.count = 0
        cls.digest = cls.digest_of(cls.source)

    @classmethod
    def digest_of(cls, source, *flags, env=None, **options):
        """Pushed from nothing, with nothing remembered."""
        cls.count += 1
        folder = cls.base / f"push{cls.count}"
        folder.mkdir()
        folder.chmod(0o777)
        env = {"XDG_CACHE_HOME": str(folder / "cache"), "HOME": str(folder), **(env or {})}
        return push(source, f"oci:{folder}/layout:v1", *flags, env=env, **options).partition("@")[2]

    def assert_same(self, source=None, *flags, **options):
        self.assertEqual(self.digest_of(source or self.source, *flags, **options), self.digest)

    def test_from_another_directory(self):
        self.assert_same(copy(self.source, self.tmp / "another name\n"))
        (self.tmp / "link").symlink_to(self.source)
        self.assert_same(self.tmp / "link")
        self.assert_same(f"{self.source}//")
        self.assert_same(".", cwd=self.source)
        self.assert_same("../source", cwd=self.source)

    def test_as_another_user(self):
        """Of what that user may read, which is not all."""
        readable = copy(self.source, self.tmp / "readable")
        run("chmod", "-R", "a+rX", readable)
        for folder in (self.base, self.tmp):
            folder.chmod(0o755)
        as_user = {"user": USER, "group": USER, "extra_groups": []}
        want = self.digest_of(readable)
        self.assertEqual(self.digest_of(readable, **as_user), want)
        self.assertEqual(run("chown", "-hR", f"{USER}:{USER}", readable).rc, 0)
        self.assertEqual(self.digest_of(readable, **as_user), want)
        self.assertEqual(self.digest_of(readable), want)

    def test_under_another_umask(self):
        for mask in (0, 0o077, 0o777):
            self.assert_same(umask=mask)

    def test_in_another_locale(self):
        for locale in ("C", "C.UTF-8", "tr_TR.UTF-8", "de_DE.ISO-8859-1", "no such locale"):
            self.assert_same(env={"LC_ALL": locale, "LANG": locale, "LANGUAGE": locale})

    def test_in_another_time_zone(self):
        for zone in ("UTC", "Asia/Kathmandu", "Pacific/Apia", ":no/such/zone", "XYZ-25:59:59"):
            self.assert_same(env={"TZ": zone})

    def test_in_another_order_on_disk(self):
        for number in range(3):
            self.assert_same(copy(self.source, self.tmp / f"{number}", random.Random(number)))

    def test_on_another_file_system(self):
        folder = self.new_dir("mounted")
        mounted = run("mount", "-t", "tmpfs", "tmpfs", folder)
        self.assertEqual(mounted.rc, 0, mounted.stderr)
        self.addCleanup(run, "umount", folder)
        self.assert_same(copy(self.source, folder / "source"))
        # With the temporary files there, too.
        self.assert_same(env={"TMPDIR": str(folder)})

    def test_with_other_times_links_and_holes(self):
        source = copy(self.source, self.tmp / "source")
        for path in ("many", "large", "many/7"):
            os.utime(source / path, (1, 2**33))
        (source / "many/8").unlink()
        (self.tmp / "eight").write_bytes(b"8\n")
        (self.tmp / "eight").chmod(0o644)
        os.link(self.tmp / "eight", source / "many/8")
        self.assert_same(source)
        with open(source / "zeros", "wb") as out:
            out.truncate(1 << 20)
        sparse = self.digest_of(source)
        (source / "zeros").write_bytes(bytes(1 << 20))
        self.assertEqual(self.digest_of(source), sparse)

    def test_with_another_number_of_processors(self):
        for cpus in ({min(os.sched_getaffinity(0))}, os.sched_getaffinity(0)):
            self.assert_same(preexec_fn=lambda cpus=cpus: os.sched_setaffinity(0, cpus))

    def test_with_and_without_what_is_remembered(self):
        env = {"XDG_CACHE_HOME": str(self.tmp / "cache")}
        for flags in ((), (), ("--no-cache",), ("--clean",)):
            self.assert_same(self.source, *flags, env=env)

    def test_to_a_registry(self):
        reference = push(self.source, self.ref("reproducible"))
        self.assertEqual(reference.partition("@")[2], self.digest)
        # What was there before does not count from a clean slate.
        self.assertEqual(push(self.base, self.ref("used"), "--exclude", "*").count("@"), 1)
        again = push(self.source, self.ref("used"), "--clean")
        self.assertEqual(again.partition("@")[2], self.digest)


if __name__ == "__main__":
    main()
