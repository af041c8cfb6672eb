#!/usr/bin/env python3
"""Transfers in bad weather: connections that break, a registry that is busy, stalls, is killed.
Afterwards the tag names the earlier image or the whole new one."""

import concurrent.futures
import os
import random
import sys
import tempfile
import threading

from fault_campaign import Campaign
from support import tree
from support.case import Case, main
from support.kontext import kontext, push
from support.token_server import Server
from support.tree import File
from support.weather import PIECE, ConnectionCut, Fault, Weather

CAMPAIGN_RUNS = 20


def once(wanted, fault):
    """Chooses `fault` for the first request for which wanted(method, path) holds."""
    left = [fault]

    def choose(method, path):
        return left.pop() if left and wanted(method, path) else None

    return choose


def is_upload(method, path):
    return method in ("PUT", "PATCH") and "/blobs/uploads/" in path


class SmallBodies(Weather):
    """A proxy that takes no larger body than `limit`, as nginx does; counts what PATCHes carry.

    `rude`: it does not wait for the end of one, but resets the connection."""

    def __init__(self, upstream, limit, rude=False, **options):
        self.limit, self.rude, self.patched = limit, rude, []
        super().__init__(upstream, **options)

    def forward(self, passed, fault, headers, rfile, wfile):
        length = int(headers.get("Content-Length") or 0)
        if length > self.limit:
            self.read_body(rfile, self.limit if self.rude else length)
            passed.status = 413
            wfile.write(b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 9\r\n\r\n")
            if self.rude:
                raise ConnectionCut
            wfile.write(b"too large")
            return True
        again = super().forward(passed, fault, headers, rfile, wfile)
        if passed.method == "PATCH" and passed.status == 202:
            self.patched.append(headers["Content-Range"])
        return again


class Endless(Server):
    """Answers whatever it is asked with JSON that does not end; `most`: the bytes that were taken."""

    def __init__(self):
        self.most = 0
        super().__init__()

    def handle(self, handler, body):
        handler.send_response(200)
        handler.send_header("Content-Type", "application/vnd.oci.image.index.v1+json")
        handler.send_header("Connection", "close")
        handler.end_headers()
        taken = 0
        try:
            while taken < 1 << 30:
                handler.wfile.write(b" " * PIECE)
                taken += PIECE
                self.most = max(self.most, taken)
        except OSError:
            pass
        handler.close_connection = True


class Transfer(Case):
    wants = {"registry"}

    def setUp(self):
        super().setUp()
        self.source = tree.build(self.tmp / "src", {
            f"d{i}/f{j}": File(f"{i} {j}\n".encode() * 50) for i in range(5) for j in range(8)})

    def weather(self, **options):
        weather = Weather(self.registry.host, **options)
        self.addCleanup(weather.stop)
        return weather

    def edit(self, content=b"another line\n"):
        with open(self.source / "d0/f0", "ab") as out:
            out.write(content)

    def fresh_cache(self):
        return {"XDG_CACHE_HOME": tempfile.mkdtemp(dir=self.tmp)}

    def assert_whole(self, repo):
        done = kontext("verify", self.ref(repo), self.source)
        self.assertEqual(done.rc, 0, done.stderr)

    def test_one_fault_anywhere(self):
        places = {
            "the tag": lambda method, path: method == "GET" and path.endswith("/v1"),
            "a beginning": lambda method, path: method == "POST",
            "a blob": is_upload,
            "a manifest": lambda method, path: method == "PUT" and "/manifests/sha256" in path,
            "the index": lambda method, path: method == "PUT" and path.endswith("/manifests/v1"),
            "a question": lambda method, path: method == "HEAD",
        }
        for place, wanted in places.items():
            for kind in ("refuse", "cut-body", "lose", "cut-answer", "busy"):
                with self.subTest(place=place, kind=kind):
                    # What is small is not asked for.
                    self.edit(os.urandom(40_000) if place == "a question" else b"another line\n")
                    weather = self.weather(choose=once(wanted, Fault(kind)))
                    push(self.source, f"{weather.host}/faults:v1")
                    self.assertEqual([p.fault for p in weather.take() if p.fault], [kind])
                    self.assert_whole("faults")

    def test_a_large_blob_that_breaks(self):
        self.edit(random.Random(1).randbytes(24 << 20))
        for kind in ("cut-body", "lose", "busy"):
            with self.subTest(kind=kind):
                weather = self.weather(choose=once(is_upload, Fault(kind, 0.6)))
                push(self.source, f"{weather.host}/large-{kind}:v1")
                self.assert_whole(f"large-{kind}")

    def test_chunks_go_on_where_a_connection_broke(self):
        """What docker-registry has taken and answered for is not sent again."""
        self.edit(random.Random(4).randbytes(18 << 20))
        for kind in ("refuse", "busy"):
            with self.subTest(kind=kind):
                patches = []

                def choose(method, path, kind=kind, patches=patches):
                    if method != "PATCH":
                        return None
                    patches.append(path)
                    return Fault(kind) if len(patches) % 2 == 0 else None

                weather = SmallBodies(self.registry.host, 4 << 20, choose=choose)
                self.addCleanup(weather.stop)
                # More faults than tries: each comes after a chunk that got through.
                push(self.source, f"{weather.host}/chunks-{kind}:v1", "--retries", "2")
                faults = [p for p in weather.take() if p.fault]
                self.assertGreater(len(faults), 3)
                starts = [int(r.split("-")[0]) for r in weather.patched]
                self.assertEqual(starts, [i * (4 << 20) for i in range(len(starts))])
                self.assert_whole(f"chunks-{kind}")

    def test_a_refusal_in_mid_upload(self):
        self.edit(random.Random(5).randbytes(18 << 20))
        weather = SmallBodies(self.registry.host, 4 << 20, rude=True)
        self.addCleanup(weather.stop)
        push(self.source, f"{weather.host}/rude:v1", "--timeout", "5")
        self.assertIn(413, [p.status for p in weather.take()])
        self.assertGreater(len(weather.patched), 3)
        self.assert_whole("rude")

    def test_links_that_were_written_in_part_are_mended(self):
        """docker-registry answers 500 to a question for such a blob, until it is uploaded."""
        push(self.source, self.ref("torn"))
        layers = self.registry.storage / "docker/registry/v2/repositories/torn/_layers"
        links = list(layers.glob("sha256/*/link"))
        self.assertGreater(len(links), 3)
        for link in links:
            link.write_text("")
        weather = self.weather()
        push(self.source, f"{weather.host}/torn:v1", "--clean", "--retries", "0")
        self.assertIn(500, [p.status for p in weather.take() if p.method == "HEAD"])
        self.assertEqual([link for link in links if not link.read_text()], [])
        self.assert_whole("torn")

    def test_a_busy_registry_is_waited_for(self):
        weather = self.weather(choose=once(is_upload, Fault("busy", after=1)))
        done = kontext("push", self.source, f"{weather.host}/busy:v1")
        self.assertEqual(done.rc, 0, done.stderr)
        self.assertIn(f"waiting 1 s as {weather.host} asks (503)", done.stderr)
        self.assert_whole("busy")

    def test_a_storm_of_503(self):
        left = list(range(25))

        def choose(*_):
            return Fault("busy") if left and left.pop() % 5 else None

        weather = self.weather(choose=choose)
        push(self.source, f"{weather.host}/storm503:v1", "--retries", "30")
        self.assert_whole("storm503")

    def test_a_stall_is_noticed(self):
        weather = self.weather(choose=once(is_upload, Fault("stall")))
        push(self.source, f"{weather.host}/stall:v1", "--timeout", "1")
        self.assert_whole("stall")

    def test_a_pull_through_cuts(self):
        self.edit(random.Random(2).randbytes(3 << 20))
        push(self.source, self.ref("pulled"))
        left = [0.3, 0.5, 0.9]

        def choose(method, path):
            return Fault("cut-answer", left.pop()) if left and "/blobs/" in path else None

        weather = self.weather(choose=choose)
        target = self.new_dir("target")
        done = kontext("pull", f"{weather.host}/pulled:v1", target, env={
            "XDG_CACHE_HOME": str(self.tmp / "no-cache")})
        self.assertEqual(done.rc, 0, done.stderr)
        self.assertFalse(left)
        self.assert_same_tree(self.source, target)

    def test_what_does_not_pass_leaves_the_tag(self):
        before = push(self.source, self.ref("kept")).split("@")[1]
        for place in (is_upload, lambda method, path: method == "PUT" and "/manifests/" in path):
            self.edit()
            weather = self.weather(choose=lambda method, path, place=place:
                                   Fault("refuse") if place(method, path) else None)
            done = kontext("push", "--retries", "1", self.source, f"{weather.host}/kept:v1")
            self.assert_refused(done, f"{weather.host}/kept:v1")
            self.assertEqual(self.registry.tag("kept", "v1"), before)

    def test_a_tag_that_may_not_be_read(self):
        """Artifactory's 403 for a tag that is not there is no reason not to push."""
        status = 403

        def choose(method, path):
            unread = method == "GET" and path.endswith("/manifests/v1")
            return Fault("answer", status=status) if unread else None

        weather = self.weather(choose=choose)
        ref = f"{weather.host}/hidden:v1"
        other = f"{weather.host}/hidden-too:v1"
        for _ in range(2):
            self.edit()
            done = kontext("push", self.source, ref, other)
            self.assertEqual(done.rc, 0, done.stderr)
            self.assertEqual([line for line in done.stderr.splitlines() if "403" in line],
                             [f"kontext: {ref} may not be read (manifest v1: 403 Forbidden): "
                              "starting from a clean base"])
            self.assert_whole("hidden")
            self.assert_whole("hidden-too")
        done = kontext("diff", self.source, ref)
        self.assertEqual(done.rc, 1, done.stderr)
        self.assertIn(f"{ref} may not be read", done.stderr)
        for command in (("pull", ref, self.new_dir("out")), ("verify", ref), ("ls", ref),
                        ("inspect", ref)):
            done = kontext(*command)
            self.assertNotEqual(done.rc, 0)
            self.assertIn(f"{ref}: manifest v1: 403 Forbidden", done.stderr)
        done = kontext("push", self.source, self.ref("branch"), "--from", ref)
        self.assertEqual(done.rc, 0, done.stderr)
        self.assertIn(f"{ref} may not be read (manifest v1: 403 Forbidden): nothing of it is used\n",
                      done.stderr)
        self.assert_whole("branch")
        status = 401
        self.assert_refused(kontext("push", self.source, ref), ref, "manifest v1", "401")

    def test_an_image_of_which_a_part_may_not_be_read(self):
        parts = {
            "manifest": lambda image: image.index["manifests"][0]["digest"],
            "config": lambda image: image.manifests["linux/amd64"]["config"]["digest"],
            "index": lambda image: image.manifests["linux/amd64"]["layers"][-1]["digest"],
        }
        for part, digest_in in parts.items():
            with self.subTest(part):
                push(self.source, self.ref(part))
                digest = digest_in(self.image(part))
                weather = self.weather(choose=lambda method, path, end=digest: Fault(
                    "answer", status=403) if method == "GET" and path.endswith(end) else None)
                ref, branch = f"{weather.host}/{part}:v1", f"branch-of-{part}"
                done = kontext("ls", ref, env=self.fresh_cache())
                self.assertEqual(done.rc, 1, done.stderr)
                self.assertIn("403 Forbidden", done.stderr)
                self.edit()
                for command, end in (((self.ref(branch), "--from", ref), "nothing of it is used"),
                                     ((ref,), "starting from a clean base")):
                    done = kontext("push", self.source, *command, env=self.fresh_cache())
                    self.assertEqual(done.rc, 0, done.stderr)
                    self.assertRegex(done.stderr, rf"^kontext: {ref} may not be read "
                                                  rf"\([^\n]*403 Forbidden\): {end}\n")
                self.assert_whole(part)
                self.assert_whole(branch)

    def test_who_may_do_nothing_is_told_by_the_upload(self):
        weather = self.weather(choose=lambda *_: Fault("answer", status=403))
        ref = f"{weather.host}/forbidden:v1"
        done = kontext("push", self.source, ref)
        self.assertEqual((done.rc, done.stdout), (1, ""))
        warning, error = done.stderr.splitlines()
        self.assertIn("may not be read", warning)
        self.assertIn(f"{ref}: blob sha256:", error)
        self.assertIn("403 Forbidden", error)

    def test_a_manifest_beyond_all_bounds(self):
        """4 MiB is what a registry has to take; what is longer is not read to its end."""
        endless = Endless()
        self.addCleanup(endless.stop)
        ref = f"{endless.host}/endless:v1"
        for command in (("ls", ref), ("inspect", ref), ("pull", ref, self.new_dir("out"))):
            self.assert_refused(kontext(*command), ref, "manifest v1",
                                "the answer is longer than 4194304 bytes")
        done = kontext("verify", ref)
        self.assertEqual(done.rc, 2, done.stderr)
        self.assertIn("longer than 4194304 bytes", done.stderr)
        self.assertLess(endless.most, 64 << 20)

    def test_retries_and_timeout_are_checked(self):
        for flag, value in (("--retries", "-1"), ("--retries", "1001"), ("--timeout", "0"),
                            ("--timeout", "x")):
            self.assertEqual(kontext("push", flag, value, self.source, self.ref("no")).rc, 2)

    def push_and_kill(self, *flags):
        """A push in the middle of which the registry is killed, and started again."""
        killed = threading.Event()

        def kill():
            self.registry.kill()
            killed.set()

        weather = self.weather(choose=once(is_upload, Fault("cut-body", 0.5, then=kill)))
        with concurrent.futures.ThreadPoolExecutor() as pool:
            done = pool.submit(kontext, "push", *flags, self.source, f"{weather.host}/killed:v1")
            self.assertTrue(killed.wait(60))
            self.registry.start()  # here: it dies with the thread that starts it
            return done.result()

    def test_a_registry_that_is_killed(self):
        before = push(self.source, self.ref("killed")).split("@")[1]
        self.edit(random.Random(3).randbytes(16 << 20))
        self.assertEqual(self.push_and_kill("--retries", "0").rc, 1)
        self.assertEqual(self.registry.tag("killed", "v1"), before)
        done = self.push_and_kill("--retries", "20")
        self.assertEqual(done.rc, 0, done.stderr)
        self.assert_whole("killed")

    def test_campaign(self):
        seed = int(os.environ.get("KONTEXT_TEST_SEED", random.randrange(1 << 32)))
        campaign = Campaign(self.registry, self.new_dir("campaign"), seed)
        campaign.run(range(CAMPAIGN_RUNS))
        print(campaign.report(), file=sys.stderr)
        self.assertEqual(campaign.problems(), [])


if __name__ == "__main__":
    main()
