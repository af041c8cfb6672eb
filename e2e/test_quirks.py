#!/usr/bin/env python3
"""Registries as they are met: each class plays what one of them does in its own way, before a real
one. A push, a push of a change and a pull work with all of them."""

import io
import random
import re

from support import image as oci
from support import tree
from support.case import Case, main
from support.kontext import kontext, push
from support.tree import File
from support.weather import Weather

CHUNK = 4 << 20


class Odd(Weather):
    """Plays a registry that is like the real one, but for what ask() and tell() do."""

    def __init__(self, upstream):
        self.seen = []  # (method, path, headers)
        super().__init__(upstream)

    def ask(self, method, path, headers, length):
        """May give the answer to a request without the registry being asked: (status, body)."""

    def tell(self, method, path, status, headers):
        """What becomes of an answer: its status. May change the headers, names in lower case."""
        return status

    def forward(self, passed, fault, headers, rfile, wfile):
        length = int(headers.get("Content-Length") or 0)
        self.seen.append((passed.method, passed.path, headers))
        answer = self.ask(passed.method, passed.path, headers, length)
        if answer:
            self.read_body(rfile, length)
            passed.status, body = answer
            wfile.write(b"HTTP/1.1 %d Odd\r\nContent-Length: %d\r\n\r\n%s"
                        % (passed.status, len(body), b"" if passed.method == "HEAD" else body))
            return True
        written = io.BytesIO()
        again = super().forward(passed, fault, headers, rfile, written)
        head, _, body = written.getvalue().partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        said = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:])}
        passed.status = self.tell(passed.method, passed.path, passed.status, said)
        head = [f"HTTP/1.1 {passed.status} Odd", *(f"{n}: {v}" for n, v in said.items())]
        wfile.write("\r\n".join(head).encode("latin-1") + b"\r\n\r\n" + body)
        return again

    def methods(self):
        return {method for method, _, _ in self.seen}


def is_blob(method, path):
    return method == "PUT" and "/blobs/uploads/" in path


class Artifactory(Odd):
    """403 for what is not there, 406 for a list of types, PATCH instead of PUT."""

    def ask(self, method, path, headers, length):
        if method == "GET" and "/manifests/" in path:
            if headers["Accept"] != "*/*":
                return 406, b""
            # To the real one this means Docker's types only.
            headers.replace_header("Accept", f"{oci.INDEX_TYPE}, {oci.MANIFEST_TYPE}")
        return (405, b"") if is_blob(method, path) and length else None

    def tell(self, method, path, status, headers):
        return 403 if status == 404 and method in ("GET", "HEAD") else status


class Ecr(Odd):
    """201 for a PATCH, with the Range of the one before; no PUT of all; large parts, please."""

    LEAST = 5 << 20

    def __init__(self, upstream):
        self.parts = []
        super().__init__(upstream)

    def ask(self, method, path, headers, length):
        if method == "PATCH":
            self.parts.append(length)
        return (413, b"") if is_blob(method, path) and length else None

    def tell(self, method, path, status, headers):
        if method == "POST":
            headers["oci-chunk-min-length"] = str(self.LEAST)
        if method != "PATCH":
            return status
        headers["range"] = "0-17"
        return 201


class GitHub(Odd):
    """No more than 4 MiB at once, and one range."""

    def ask(self, method, path, headers, length):
        if "," in headers.get("Range", ""):
            return 501, b""
        return (413, b"too large") if length > CHUNK else None


class Google(Odd):
    """No chunks at all; what a Range asks for comes whole."""

    def ask(self, method, path, headers, length):
        del headers["Range"]
        return (405, b"") if method == "PATCH" else None


class Azure(Odd):
    """The Content-Range of a chunk has no unit, its length is known; Locations are relative."""

    def ask(self, method, path, headers, length):
        if method == "PATCH" and not re.fullmatch(r"\d+-\d+", headers["Content-Range"]):
            return 416, b""
        return (413, b"") if is_blob(method, path) and length else None

    def tell(self, method, path, status, headers):
        if "location" in headers:
            headers["location"] = re.sub("^http://[^/]*", "", headers["location"])
        return status


class Quay(Odd):
    """404 for the first PUT of each manifest: what was uploaded just now is not seen yet."""

    def __init__(self, upstream):
        self.refused = set()
        super().__init__(upstream)

    def ask(self, method, path, headers, length):
        if method != "PUT" or "/manifests/" not in path or path in self.refused:
            return None
        self.refused.add(path)
        return 404, b'{"errors":[{"code":"MANIFEST_UNKNOWN","message":"not yet"}]}'


class Harbor(Odd):
    """A project whose quota is used up: told at the end of an upload."""

    def __init__(self, upstream, status):
        self.status = status
        super().__init__(upstream)

    def ask(self, method, path, headers, length):
        if is_blob(method, path):
            return self.status, b'{"errors":[{"code":"DENIED","message":"the quota is used up"}]}'
        return None


class Immutable(Odd):
    """ECR: a tag that is there is not written again, not even with what it names."""

    def ask(self, method, path, headers, length):
        if method == "PUT" and path.endswith("/manifests/v1"):
            return 400, b'{"errors":[{"code":"TAG_INVALID","message":"the tag is immutable"}]}'
        return None


class Liar(Odd):
    """Every blob is there, to hear it tell, until a manifest names it."""

    def tell(self, method, path, status, headers):
        return 200 if method == "HEAD" and "/blobs/" in path else status


class Quirks(Case):
    wants = {"registry"}

    def setUp(self):
        super().setUp()
        self.repo = f"app-{self.tmp.name}".lower().replace("_", "x")
        self.random = random.Random(self.id())
        # More than one chunk, and more than is read of a layer for its index.
        self.source = tree.build(self.tmp / "src", {
            "large": File(self.random.randbytes(9 << 20)), "d/small": File(b"small\n")})

    def meet(self, kind, *more):
        registry = kind(self.registry.host, *more)
        self.addCleanup(registry.stop)
        return registry

    def push_and_pull(self, registry):
        ref = f"{registry.host}/{self.repo}:v1"
        for _ in range(2):
            push(self.source, ref)
            self.assert_sound(self.image(self.repo), self.source)
            (self.source / "d/small").write_bytes(self.random.randbytes(3000))
            (self.source / "new").write_bytes(self.random.randbytes(6 << 20))
        push(self.source, ref)
        target = self.new_dir("target")
        done = kontext("pull", ref, target,
                       env={"XDG_CACHE_HOME": str(self.new_dir("cache"))})
        self.assertEqual(done.rc, 0, done.stderr)
        self.assert_same_tree(self.source, target)

    def test_artifactory(self):
        registry = self.meet(Artifactory)
        self.push_and_pull(registry)
        self.assertIn("PATCH", registry.methods())

    def test_ecr(self):
        registry = self.meet(Ecr)
        self.push_and_pull(registry)
        self.assertIn(Ecr.LEAST, registry.parts)

    def test_ghcr(self):
        registry = self.meet(GitHub)
        self.push_and_pull(registry)
        self.assertIn("PATCH", registry.methods())

    def test_google(self):
        registry = self.meet(Google)
        self.push_and_pull(registry)
        self.assertNotIn("PATCH", registry.methods())

    def test_azure(self):
        registry = self.meet(Azure)
        self.push_and_pull(registry)
        self.assertIn("PATCH", registry.methods())

    def test_quay(self):
        registry = self.meet(Quay)
        self.push_and_pull(registry)
        self.assertGreater(len(registry.refused), 3)

    def test_a_quota(self):
        for status in (400, 403, 500):
            registry = self.meet(Harbor, status)
            done = kontext("push", "--quiet", "--retries", "1", self.source,
                           f"{registry.host}/{self.repo}:v1")
            self.assert_refused(done, "blob sha256:", str(status), "the quota is used up")
            self.assertNotIn("PATCH", registry.methods())

    def test_an_immutable_tag(self):
        before = push(self.source, self.ref(self.repo))
        ref = f"{self.meet(Immutable).host}/{self.repo}:v1"
        after = push(self.source, ref, "--clean")
        self.assertEqual(after.partition("@")[2], before.partition("@")[2])
        (self.source / "d/small").write_bytes(b"another\n")
        self.assert_refused(kontext("push", self.source, ref), "manifest v1", "400",
                            "the tag is immutable")

    def test_a_blob_that_is_only_said_to_be_there(self):
        self.push_and_pull(self.meet(Liar))


if __name__ == "__main__":
    main()
