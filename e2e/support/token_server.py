"""A token server, and a gate that lets holders of its tokens through to a registry."""

import base64
import http.client
import http.server
import json
import threading
import time
import urllib.parse

USER, PASSWORD, IDENTITY = "tester", "s3cret-Pa55", "identity-t0ken-0123456789"
NOBODY = "00000000-0000"  # whose name stands beside an identity token


def basic(user, password):
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


class Server:
    """An HTTP server on a loopback port that answers by self.handle(handler, body)."""

    def __init__(self):
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def answer(self, status, headers=(), body=b""):
                self.send_response(status)
                for name, value in headers:
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

            def serve(self):
                if outer.refuses(self):
                    self.close_connection = True
                    return
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                outer.handle(self, body)

            do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = serve

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.host = f"127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def refuses(self, handler):
        """True: it was turned away, and its body shall not even be read."""
        return False

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


class TokenServer(Server):
    """Gives tokens to USER, to holders of IDENTITY, and to anybody for public/ repositories.

    `knows_post`: else it answers 401 to that form, as some do."""

    def __init__(self, make_token):
        self.make_token, self.knows_post = make_token, True
        self.requests = []  # (method, query or form)
        super().__init__()

    def scopes(self):
        return [query.get("scope", []) for _, query in self.requests]

    def handle(self, handler, body):
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(handler.path).query)
        if handler.command == "POST":
            query = urllib.parse.parse_qs(body.decode())
        self.requests.append((handler.command, query))
        if handler.command == "POST" and not self.knows_post:
            return handler.answer(401)
        known = (handler.headers.get("Authorization") in (basic(USER, PASSWORD),
                                                          basic(NOBODY, IDENTITY)) or
                 query.get("refresh_token") == [IDENTITY])
        access = []
        for scope in " ".join(query.get("scope", [])).split():
            kind, name, actions = scope.split(":")
            actions = actions.split(",")
            if not known:
                actions = [a for a in actions if a == "pull" and name.startswith("public/")]
            access.append({"type": kind, "name": name, "actions": actions})
        if not known and not any(entry["actions"] for entry in access):
            said = f"not you: {handler.headers.get('Authorization')}"
            return handler.answer(401, body=json.dumps(
                {"errors": [{"code": "UNAUTHORIZED", "message": said}]}).encode())
        token = {"token" if handler.command == "GET" else "access_token": self.make_token(access),
                 "expires_in": 300}
        handler.answer(200, [("Content-Type", "application/json")], json.dumps(token).encode())


def jwt_maker(authority, issuer, service):
    def make(access):
        now = int(time.time())
        return authority.sign_token({
            "iss": issuer, "sub": USER, "aud": service, "exp": now + 300, "nbf": now - 5,
            "iat": now, "jti": str(time.monotonic_ns()), "access": access})
    return make


class Gate(Server):
    """In front of a registry without authentication: a token opens it `uses` times, then no more."""

    def __init__(self, upstream, uses):
        self.upstream, self.uses = upstream, uses
        self.left = {}  # token -> how often it may still be used
        self.refused = []  # methods of requests that were turned away
        self.tokens = TokenServer(self._new_token)
        super().__init__()

    def _new_token(self, _access):
        token = f"opaque-{len(self.left)}-token"
        self.left[token] = self.uses
        return token

    def refuses(self, handler):
        token = (handler.headers.get("Authorization") or "").removeprefix("Bearer ")
        if self.left.get(token, 0) > 0:
            self.left[token] -= 1
            return False
        self.refused.append(handler.command)
        challenge = f'Bearer realm="http://{self.tokens.host}/token",service="gate"'
        handler.answer(401, [("WWW-Authenticate", challenge), ("Connection", "close")])
        return True

    def handle(self, handler, body):
        headers = {name: value for name, value in handler.headers.items()
                   if name.lower() not in ("authorization", "connection")}
        registry = http.client.HTTPConnection(self.upstream, timeout=60)
        registry.request(handler.command, handler.path, body or None, headers)
        answer = registry.getresponse()
        content = answer.read()
        length = answer.headers.get("Content-Length", str(len(content)))
        handler.send_response(answer.status)
        for name, value in answer.headers.items():
            if name.lower() not in ("content-length", "connection", "transfer-encoding", "date"):
                handler.send_header(name, value)
        handler.send_header("Content-Length", length if handler.command == "HEAD" else str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)
        registry.close()

    def stop(self):
        self.tokens.stop()
        super().stop()
