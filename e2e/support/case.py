"""The base of all test cases: a folder, and the servers that a test file asks for."""

import os
import pathlib
import sys
import tempfile
import unittest

from support import services, tree
from support.image import Image, Layout, RegistryReader
from support.kontext import BIN

SKIPPED = 77  # what ctest's SKIP_RETURN_CODE knows


class Case(unittest.TestCase):
    """Say `wants = {"registry", "docker"}` to have them as cls.registry and cls.docker."""

    wants = set()

    @classmethod
    def setUpClass(cls):
        if not BIN.exists():
            raise AssertionError(f"{BIN} is missing: run ./dev build")
        os.umask(0o022)
        holder = tempfile.TemporaryDirectory(prefix="kontext-e2e-", ignore_cleanup_errors=True)
        cls.addClassCleanup(holder.cleanup)
        cls.base = pathlib.Path(holder.name)
        cls.addClassCleanup(services.unmount_below, cls.base)
        os.environ["XDG_CACHE_HOME"] = str(cls.base / "cache")
        for variable in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
            os.environ.pop(variable, None)
        try:
            cls.start_services()
        except services.Unavailable as why:
            cls.unavailable(why)

    @classmethod
    def start_services(cls):
        if "registry" in cls.wants:
            cls.registry = services.Registry(cls.base)
            cls.addClassCleanup(cls.registry.stop)
        if "docker" in cls.wants:
            cls.docker = services.Docker(cls.base)
            cls.addClassCleanup(cls.docker.stop)

    @classmethod
    def unavailable(cls, why):
        """Never quietly: in CI it is a failure, elsewhere a skip that is hard to overlook."""
        print(f"\n{'=' * 72}\nNOT TESTED: {cls.__name__}: {why}\n{'=' * 72}", file=sys.stderr)
        if os.environ.get("CI") == "true":
            raise AssertionError(f"in CI every test runs: {why}")
        raise unittest.SkipTest(str(why))

    @classmethod
    def need_root(cls, what):
        try:
            services.need_root(what)
        except services.Unavailable as why:
            cls.unavailable(why)

    def setUp(self):
        self.tmp = pathlib.Path(tempfile.mkdtemp(prefix="t", dir=self.base))

    def new_dir(self, name):
        """An empty folder that any user may write to, as a volume would be."""
        folder = self.tmp / name
        folder.mkdir()
        folder.chmod(0o777)
        return folder

    def ref(self, repo, tag="v1"):
        return f"{self.registry.host}/{repo}:{tag}"

    def image(self, repo, reference="v1"):
        return Image(RegistryReader(self.registry.host, repo), reference)

    def layout(self, folder, tag):
        return Image(Layout(folder), tag)

    def assert_same_tree(self, want, got):
        found = tree.differences(want, got)
        self.assertFalse(found, "\n".join(found[:30]))

    def assert_sound(self, image, source=None):
        """The image keeps the rules of the format, and lists `source` if one is given."""
        problems = image.problems()
        self.assertFalse(problems, "\n".join(problems[:30]))
        if source is not None:
            self.assert_same_tree(source, image.snapshot())

    def assert_refused(self, result, *subjects, rc=1):
        """One clear line on stderr that names its subject, and nothing on stdout."""
        self.assertEqual((result.rc, result.stdout), (rc, ""), result.stderr)
        lines = result.stderr.splitlines()
        self.assertEqual(len(lines), 1, result.stderr)
        for subject in subjects:
            self.assertIn(str(subject), lines[0])


def main():
    outcome = unittest.main(exit=False, verbosity=2).result
    all_skipped = outcome.wasSuccessful() and outcome.skipped and outcome.testsRun == 0
    sys.exit(SKIPPED if all_skipped else 0 if outcome.wasSuccessful() else 1)
