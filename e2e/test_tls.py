#!/usr/bin/env python3
"""TLS: private authorities, certs.d, client certificates, --insecure-tls, IPv6."""

import http.server
import pathlib
import random
import shutil
import socket
import ssl
import threading
import urllib.request

from support import services, tree
from support.case import Case, main
from support.kontext import TIMEOUT_SECONDS, kontext, push
from support.pki import Authority, openssl
from support.proxy import CountingProxy
from support.tree import File

DOCKER_CERTS = pathlib.Path("/etc/docker/certs.d")


class Deaf(CountingProxy):
    """What a firewall does that forgets connections: of the first ones it passes on `most` bytes
    each, then nothing more, and closes none. Later ones are good."""

    def __init__(self, upstream, most, first):
        self.most, self.first, self.connections = most, first, 0
        self.over = threading.Event()
        super().__init__(upstream)

    def _asked(self):
        count, passed = super()._asked(), 0
        self.connections += 1
        deaf = self.connections <= self.first

        def hold(data):
            nonlocal passed
            count(data)
            passed += len(data)
            if deaf and passed > self.most:
                self.over.wait(TIMEOUT_SECONDS)
        return hold

    def stop(self):
        self.over.set()
        super().stop()


class StallingHttp2:
    """A registry that has one document, for the first request; then it refuses, and its refusals never
    end. `refused`: how many on each connection."""

    def __init__(self, authority, document):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(*authority.issue("stalling", "IP:127.0.0.1", "serverAuth"))
        self.context.set_alpn_protocols(["h2"])
        self.documents, self.refused = [document], []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.host = f"127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(peer,), daemon=True).start()

    def serve(self, peer):
        with peer:
            if peer.recv(1, socket.MSG_PEEK) != b"\x16":  # no TLS
                peer.recv(4096)
                peer.sendall(b"HTTP/1.0 400 Bad Request\r\n\r\n"
                             b"Client sent an HTTP request to an HTTPS server.\n")
                return
            try:
                with self.context.wrap_socket(peer, server_side=True) as secure:
                    self.speak(secure, secure.makefile("rb"))
            except OSError:
                pass

    def speak(self, peer, requests):
        """RFC 9113: a preface, then frames. A header block is one byte, an index of RFC 7541's table."""
        def send(kind, flags, stream, payload=b""):
            peer.sendall(len(payload).to_bytes(3, "big") + bytes([kind, flags])
                         + stream.to_bytes(4, "big") + payload)

        number = len(self.refused)
        self.refused.append(0)
        requests.read(len(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"))
        send(4, 0, 0)
        while head := requests.read(9):
            kind, flags, stream = head[3], head[4], int.from_bytes(head[5:], "big")
            requests.read(int.from_bytes(head[:3], "big"))
            if kind == 4 and flags == 0:
                send(4, 1, 0)
            elif kind == 1 and self.documents:
                send(1, 4, stream, b"\x88")  # 200
                send(0, 1, stream, self.documents.pop())
            elif kind == 1:
                self.refused[number] += 1
                send(1, 4, stream, b"\x8e")  # 500
                send(0, 0, stream, b"no")

    def stop(self):
        self.listener.close()


class SecureProxy(http.server.BaseHTTPRequestHandler):
    """A proxy that is spoken to by TLS, and lets nobody through."""

    @classmethod
    def start(cls, certificate, key):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), cls)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return server

    def do_CONNECT(self):
        self.send_error(403)

    def log_message(self, *_):
        pass


class Tls(Case):
    @classmethod
    def start_services(cls):
        cls.authority = Authority(cls.base / "ca")
        cls.registry = cls.start("tls")
        cls.mutual = cls.start("mutual", more=f', clientcas: ["{cls.authority.certificate}"]')

    @classmethod
    def start(cls, name, address="127.0.0.1", more=""):
        certificate, key = cls.authority.issue(
            name, f"IP:{address.strip('[]')},DNS:registry.test", "serverAuth")
        registry = services.Registry(
            cls.base, name=name, address=address,
            http=f', tls: {{certificate: "{certificate}", key: "{key}"{more}}}')
        cls.addClassCleanup(registry.stop)
        return registry

    def setUp(self):
        super().setUp()
        self.source = tree.build(self.tmp / "src", {"a": File(b"a\n"), "d/b": File(b"b\n")})
        self.home = self.new_dir("home")
        self.env = {"HOME": str(self.home)}
        self.certs = self.home / ".config/containers/certs.d"

    def trust(self, registry, folder=None):
        """The host's folder in certs.d, with the CA in it."""
        host = (folder or self.certs) / registry.host
        host.mkdir(parents=True)
        shutil.copy(self.authority.certificate, host / "ca.crt")
        return host

    def test_an_unknown_authority(self):
        done = kontext("push", self.source, self.ref("unknown"), env=self.env)
        self.assert_refused(done, self.ref("unknown"), "certificate", "certs.d", "--insecure-tls")

    def test_ssl_cert_file_and_http2(self):
        env = {**self.env, "SSL_CERT_FILE": str(self.authority.certificate)}
        done = kontext("push", "--verbose", self.source, self.ref("file"), env=env)
        self.assertEqual(done.rc, 0, done.stderr)
        self.assertIn("HTTP/2", done.stderr)

    def test_a_connection_that_no_longer_leads_anywhere(self):
        """HTTP/2 sends all on one: what is sent again must not go the same way."""
        noise = random.Random(7)
        source = tree.build(self.tmp / "large", {
            name: File(noise.randbytes(2 << 20)) for name in ("a", "b", "c")})
        # The first asks whether a registry on loopback wants TLS.
        proxy = Deaf(self.registry.host, most=1 << 20, first=2)
        self.addCleanup(proxy.stop)
        env = {**self.env, "SSL_CERT_FILE": str(self.authority.certificate)}
        push(source, f"{proxy.host}/deaf:v1", "--timeout", "2", env=env)
        self.assertGreater(proxy.connections, proxy.first)

    def test_a_large_download_whose_refusal_stalls(self):
        """It has a connection of its own; the next try has another."""
        source = tree.build(self.tmp / "large", {"a": File(random.Random(7).randbytes(2 << 20))})
        env = {**self.env, "SSL_CERT_FILE": str(self.authority.certificate)}
        push(source, self.ref("stalling"), env=env)
        request = urllib.request.Request(
            f"https://{self.registry.host}/v2/stalling/manifests/v1",
            headers={"Accept": "application/vnd.oci.image.index.v1+json"})
        context = ssl.create_default_context(cafile=self.authority.certificate)
        with urllib.request.urlopen(request, context=context) as answer:
            server = StallingHttp2(self.authority, answer.read())
        self.addCleanup(server.stop)
        # All but the layer is in the cache.
        done = kontext("pull", "--retries", "2", "--timeout", "1", f"{server.host}/stalling:v1",
                       self.new_dir("out"), env=env)
        self.assert_refused(done, "500 Internal Server Error: no")
        self.assertEqual(server.refused, [0, 1, 1, 1])

    def test_ssl_cert_dir(self):
        folder = self.new_dir("hashed")
        name = openssl("x509", "-noout", "-hash", "-in", self.authority.certificate)
        shutil.copy(self.authority.certificate, folder / f"{name.decode().strip()}.0")
        push(self.source, self.ref("dir"), env={**self.env, "SSL_CERT_DIR": str(folder)})

    def test_ssl_cert_file_that_is_missing(self):
        done = kontext("push", self.source, self.ref("file"),
                       env={**self.env, "SSL_CERT_FILE": str(self.tmp / "no.pem")})
        self.assert_refused(done, "no.pem", rc=2)

    def test_certs_d(self):
        host = self.trust(self.registry)
        push(self.source, self.ref("certs"), env=self.env)
        # It is trusted beside what else is.
        other = Authority(self.tmp / "other").certificate
        push(self.source, self.ref("certs"), env={**self.env, "SSL_CERT_FILE": str(other)})
        (host / "ca.crt").write_text("no certificate")
        done = kontext("push", self.source, self.ref("certs"), env=self.env)
        self.assert_refused(done, self.ref("certs"), host / "ca.crt", "no certificate", rc=2)

    def test_docker_certs_d(self):
        services.need_root("a folder in /etc/docker")
        missing = [path for path in (DOCKER_CERTS, *DOCKER_CERTS.parents) if not path.exists()]
        self.addCleanup(lambda: [path.rmdir() for path in missing])
        self.addCleanup(shutil.rmtree, DOCKER_CERTS / self.registry.host, ignore_errors=True)
        self.trust(self.registry, DOCKER_CERTS)
        push(self.source, self.ref("docker-certs"), env=self.env)

    def test_client_certificate(self):
        host = self.trust(self.mutual)
        ref = f"{self.mutual.host}/client:v1"
        self.assertEqual(kontext("push", self.source, ref, env=self.env).rc, 1)
        certificate, key = self.authority.issue("client", usage="clientAuth")
        shutil.copy(certificate, host / "client.cert")
        done = kontext("push", self.source, ref, env=self.env)
        self.assert_refused(done, host / "client.cert", "without client.key", rc=2)
        shutil.copy(key, host / "client.key")
        push(self.source, ref, env=self.env)
        (host / "client.key").write_text("damaged")
        done = kontext("push", self.source, ref, env=self.env)
        self.assert_refused(done, ref, rc=done.rc)

    def assert_loud(self, flag, ref, env):
        """Each run warns, once: the first push, one that changes nothing, and what only reads."""
        for command in (("push", self.source, ref), ("push", self.source, ref), ("ls", ref),
                        ("pull", ref, self.new_dir("out")), ("verify", ref), ("inspect", ref),
                        ("diff", self.source, ref), ("rm", ref)):
            done = kontext(*command, flag, env=env)
            self.assertEqual(done.rc, 0, done.stderr)
            about = [line for line in done.stderr.splitlines() if flag in line]
            self.assertEqual(len(about), 1, f"{command}: {done.stderr}")
            self.assertTrue(about[0].startswith(f"kontext: {ref.partition('/')[0]}: {flag}: "), about)
            self.assertIn("credentials included", about[0])

    def test_insecure_tls_is_loud(self):
        self.assert_loud("--insecure-tls", self.ref("insecure"), self.env)

    def test_insecure_http_is_loud(self):
        # What is on loopback is spoken to so anyway; to another name a proxy leads.
        registry = services.Registry(self.tmp)
        self.addCleanup(registry.stop)
        env = {**self.env, "http_proxy": f"http://{registry.host}", "NO_PROXY": ""}
        self.assert_loud("--insecure-http", "registry.test:5000/insecure:v1", env)
        done = kontext("push", "--insecure-http", self.source, f"{registry.host}/plain:v1", env=env)
        self.assertEqual(done.rc, 0, done.stderr)
        self.assertNotIn("--insecure", done.stderr)

    def test_a_proxy_with_tls(self):
        proxy = SecureProxy.start(*self.authority.issue("proxy", "IP:127.0.0.1", "serverAuth"))
        self.addCleanup(proxy.server_close)
        self.addCleanup(proxy.shutdown)
        env = {**self.env, "HTTPS_PROXY": f"https://127.0.0.1:{proxy.server_address[1]}",
               "NO_PROXY": ""}
        command = ("push", self.source, "registry.test/app:v1", "--retries", "0")
        self.assert_refused(kontext(*command, env=env), "certificate", "SSL_CERT_FILE")
        trusting = {**env, "SSL_CERT_FILE": str(self.authority.certificate)}
        self.assert_refused(kontext(*command, env=trusting), "response 403")
        done = kontext(*command, "--insecure-tls", env=env)
        self.assertIn("response 403", done.stderr)

    def test_another_name_than_the_certificates(self):
        port = self.registry.host.rpartition(":")[2]
        done = kontext("push", self.source, f"localhost:{port}/name:v1",
                       env={**self.env, "SSL_CERT_FILE": str(self.authority.certificate)})
        self.assert_refused(done, "localhost", "certificate")

    def test_ipv6(self):
        try:
            with socket.socket(socket.AF_INET6) as probe:
                probe.bind(("::1", 0))
        except OSError as why:
            self.skipTest(f"no IPv6 on this machine: {why}")
        registry = self.start("ipv6", "[::1]")
        self.trust(registry)
        reference = push(self.source, f"{registry.host}/six:v1", env=self.env)
        self.assertTrue(reference.startswith(f"{registry.host}/six@sha256:"))


if __name__ == "__main__":
    main()
