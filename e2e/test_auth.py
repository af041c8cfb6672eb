#!/usr/bin/env python3
"""Authentication: basic, tokens, credential files and helpers, login and logout."""

import base64
import concurrent.futures
import json
import os
import pathlib
import pty
import random
import select
import signal
import stat
import subprocess
import time

from support import services, tree
from support.case import Case, main
from support.kontext import BIN, TIMEOUT_SECONDS, kontext, push, run
from support.pki import Authority
from support.token_server import (IDENTITY, NOBODY, PASSWORD, USER, Gate, Server, TokenServer,
                                  jwt_maker)
from support.tree import File
from support.weather import Fault, Weather

# bcrypt of PASSWORD, as `htpasswd -B` makes it.
HTPASSWD = f"{USER}:$2y$04$G2JVnBbSgv/.RTDgxp6dL.mLDJ8/hu8llwYmJBevYwHzeExBOTI0m\n"
SERVICE, ISSUER = "kontext test registry", "kontext test tokens"

HELPER = """#!/bin/sh
dir=$(dirname "$0")
case "$1" in
get)
  [ -f "$dir/kept" ] || { echo 'credentials not found in native keychain'; exit 1; }
  cat "$dir/kept" ;;
store) cat > "$dir/kept" ;;
erase) cat > "$dir/erased"; rm -f "$dir/kept" ;;
esac
"""


class Quoter(Server):
    """Leads to a path that quotes the password and what was made of it."""

    def handle(self, handler, body):
        secret = handler.headers.get("Authorization", "").removeprefix("Basic ")
        if not secret:
            return handler.answer(401, [("WWW-Authenticate", 'Basic realm="test"')])
        password = base64.b64decode(secret).decode().partition(":")[2]
        handler.answer(307, [("Location", f"/v2/{password}/{secret}")])


class Claimer(Server):
    """Gives the password for the digest of what it answers with."""

    def handle(self, handler, body):
        secret = handler.headers.get("Authorization", "").removeprefix("Basic ")
        if not secret:
            return handler.answer(401, [("WWW-Authenticate", 'Basic realm="test"')])
        password = base64.b64decode(secret).decode().partition(":")[2]
        handler.answer(200, [("Docker-Content-Digest", f"sha256:{password}")])


class AuthCase(Case):
    """No file of the real user is looked at: HOME and the rest are below self.tmp."""

    def setUp(self):
        super().setUp()
        self.source = tree.build(self.tmp / "src", {"a": File(b"a\n"), "d/b": File(b"b\n")})
        self.home = self.new_dir("home")
        self.config = self.home / ".docker/config.json"
        self.env = {"HOME": str(self.home), "XDG_RUNTIME_DIR": str(self.tmp / "run")}
        for variable in ("DOCKER_CONFIG", "REGISTRY_AUTH_FILE", "XDG_CONFIG_HOME"):
            os.environ.pop(variable, None)

    def write_config(self, content, path=None):
        path = path or self.config
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content))
        return path

    @staticmethod
    def entry(user=USER, password=PASSWORD):
        return {"auth": base64.b64encode(f"{user}:{password}".encode()).decode()}

    def kontext(self, *arguments, **options):
        done = kontext(*arguments, env={**self.env, **options.pop("env", {})}, **options)
        self.assert_no_secrets(done)
        return done

    def assert_no_secrets(self, done, *more):
        for secret in (PASSWORD, self.entry()["auth"], IDENTITY, *more):
            self.assertNotIn(secret, done.stdout + done.stderr)

    def login(self, host, password=PASSWORD, *flags, env=None):
        done = subprocess.run([BIN, "login", "--username", USER, "--password-stdin", *flags, host],
                              input=f"{password}\n", capture_output=True, text=True, check=False,
                              env={**os.environ, **self.env, **(env or {})})
        self.assertEqual(done.stdout, "")
        return done


class Basic(AuthCase):
    @classmethod
    def start_services(cls):
        passwords = cls.base / "htpasswd"
        passwords.write_text(HTPASSWD)
        cls.registry = services.Registry(
            cls.base, auth=f'auth: {{htpasswd: {{realm: test, path: "{passwords}"}}}}')
        cls.addClassCleanup(cls.registry.stop)

    def test_without_credentials(self):
        done = self.kontext("push", self.source, self.ref("none"))
        self.assert_refused(done, self.ref("none"), "401", "no credentials", self.config,
                            f"kontext login {self.registry.host}")

    def test_every_place(self):
        auths = {"auths": {self.registry.host: self.entry()}}
        places = {
            self.config: {},
            self.tmp / "docker/config.json": {"DOCKER_CONFIG": str(self.tmp / "docker")},
            self.tmp / "any.json": {"REGISTRY_AUTH_FILE": str(self.tmp / "any.json")},
            self.tmp / "run/containers/auth.json": {},
            self.tmp / "xdg/containers/auth.json": {"XDG_CONFIG_HOME": str(self.tmp / "xdg")},
            self.home / ".config/containers/auth.json": {},
        }
        for path, env in places.items():
            with self.subTest(path=path):
                self.write_config(auths, path)
                push(self.source, self.ref("places"), env={**self.env, **env})
                path.unlink()
        self.assertEqual(self.kontext("ls", self.ref("places")).rc, 1)

    def test_the_most_specific_entry(self):
        host = self.registry.host
        self.write_config({"auths": {host: self.entry(password="wrong"),
                                     f"{host}/team/app": self.entry(),
                                     f"{host}/team": self.entry(password="wrong")}})
        push(self.source, self.ref("team/app"), env=self.env)
        push(self.source, self.ref("team/app/deep"), env=self.env)
        done = self.kontext("push", self.source, self.ref("team/other"))
        self.assert_refused(done, "401", f"{self.config} (user {USER}) are refused")

    def test_one_round_trip_more(self):
        self.write_config({"auths": {self.registry.host: self.entry()}})
        push(self.source, self.ref("trips"), env=self.env)
        done = self.kontext("push", "--verbose", self.source, self.ref("trips"))
        self.assertEqual(done.rc, 0, done.stderr)
        answers = [line.split()[2] for line in done.stderr.splitlines() if ": < " in line]
        self.assertEqual(answers.count("401"), 1)
        self.assertEqual(answers[0], "401")
        self.assertIn("(Authorization: Basic ***)", done.stderr)

    def test_a_redirect_that_quotes_the_password(self):
        quoter = Quoter()
        self.addCleanup(quoter.stop)
        self.write_config({"auths": {quoter.host: self.entry()}})
        done = self.kontext("ls", "--verbose", f"{quoter.host}/app:v1")
        self.assertEqual(done.rc, 1)
        self.assertIn("/v2/***/***", done.stderr)
        claimer = Claimer()
        self.addCleanup(claimer.stop)
        self.write_config({"auths": {claimer.host: self.entry()}})
        self.assert_refused(self.kontext("ls", f"{claimer.host}/app:v1"), "not sha256:***")

    def test_login_logout(self):
        host = self.registry.host
        self.config.parent.mkdir()
        before = '{\n\t"HttpHeaders": {"X-Meta": "1"},\n\t"auths": {}\n}\n'
        self.config.write_text(before)
        wrong = self.login(host, "wr0ng-Pa55")
        self.assertEqual(wrong.returncode, 1)
        self.assertIn("user name or password is wrong", wrong.stderr)
        self.assert_no_secrets(wrong, "wr0ng-Pa55")
        self.assertEqual(self.config.read_text(), before)
        done = self.login(host, PASSWORD, "--verbose")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assert_no_secrets(done)
        self.assertEqual(stat.S_IMODE(self.config.stat().st_mode), 0o600)
        self.assertIn('"HttpHeaders": {"X-Meta": "1"}', self.config.read_text())
        self.assertEqual(json.loads(self.config.read_text())["auths"], {host: self.entry()})
        push(self.source, self.ref("login"), env=self.env)
        # The file is as good for other programs.
        seen = run("skopeo", "inspect", "--raw", "--tls-verify=false", "--authfile", self.config,
                   f"docker://{self.ref('login')}")
        self.assertEqual(seen.rc, 0, seen.stderr)
        for said in ("are forgotten", "not logged in"):
            done = self.kontext("logout", host)
            self.assertEqual((done.rc, done.stdout), (0, ""))
            self.assertIn(said, done.stderr)
        self.assertEqual(self.config.read_text(), before)
        self.assertEqual(self.kontext("push", self.source, self.ref("login")).rc, 1)

    def test_logins_at_once_and_after_a_killed_one(self):
        hosts = [self.registry.host.replace("127.0.0.1", f"h{n}.localhost") for n in range(8)]
        self.config.parent.mkdir()
        left = self.config.parent / f".kontext-{'0' * 16}-{'0' * 16}.tmp"
        left.write_text("a secret")
        with concurrent.futures.ThreadPoolExecutor(len(hosts)) as pool:
            for done in pool.map(self.login, hosts):
                self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(json.loads(self.config.read_text())["auths"],
                         {host: self.entry() for host in hosts})
        self.assertEqual(os.listdir(self.config.parent), ["config.json"])

    def test_what_others_have_logged_in_to(self):
        file = self.tmp / "auth.json"
        for registry in (self.registry.host, f"{self.registry.host}/team"):
            done = run("skopeo", "login", "--tls-verify=false", "--authfile", file, "--username",
                       USER, "--password", PASSWORD, registry)
            self.assertEqual(done.rc, 0, done.stderr)
            env = {**self.env, "REGISTRY_AUTH_FILE": str(file)}
            push(self.source, self.ref("team/others"), env=env)
            self.assertEqual(self.kontext("logout", self.registry.host, env=env).rc, 0)
        self.assertEqual(list(json.loads(file.read_text())["auths"]), [f"{self.registry.host}/team"])

    def test_login_with_a_helper(self):
        helpers = self.tmp / "bin"
        helpers.mkdir()
        (helpers / "docker-credential-test").write_text(HELPER)
        (helpers / "docker-credential-test").chmod(0o755)
        self.env["PATH"] = f"{helpers}:{os.environ['PATH']}"
        self.write_config({"credsStore": "test"})
        self.assert_refused(self.kontext("push", self.source, self.ref("helper")), "no credentials")
        done = self.login(self.registry.host)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("docker-credential-test", done.stderr)
        self.assertNotIn(self.entry()["auth"], self.config.read_text())
        push(self.source, self.ref("helper"), env=self.env)
        self.assertEqual(self.kontext("logout", self.registry.host).rc, 0)
        self.assertEqual((helpers / "erased").read_text(), self.registry.host)
        self.write_config({"credHelpers": {self.registry.host: "no-such"}})
        self.assert_refused(self.kontext("push", self.source, self.ref("helper")), self.config,
                            "docker-credential-no-such", "PATH")
        (helpers / "docker-credential-bad").write_text("#!/bin/sh\necho keychain locked >&2\nexit 7\n")
        (helpers / "docker-credential-bad").chmod(0o755)
        self.write_config({"credHelpers": {self.registry.host: "bad"}})
        self.assert_refused(self.kontext("push", self.source, self.ref("helper")), self.config,
                            "docker-credential-bad", "keychain locked", "exit code 7")

    def test_a_helper_ends_with_the_program(self):
        helpers = self.tmp / "bin"
        helpers.mkdir()
        (helpers / "docker-credential-slow").write_text(
            '#!/bin/sh\nsleep 1000 &\necho $$ $! > "$0.pids.new"\nmv "$0.pids.new" "$0.pids"\nwait\n')
        (helpers / "docker-credential-slow").chmod(0o755)
        self.env["PATH"] = f"{helpers}:{os.environ['PATH']}"
        self.write_config({"credHelpers": {self.registry.host: "slow"}})
        pids = helpers / "docker-credential-slow.pids"
        ends = {signal.SIGINT: signal.SIGINT, signal.SIGTERM: signal.SIGTERM,
                signal.SIGKILL: signal.SIGKILL, "Ctrl-C": signal.SIGINT}
        for way, end in ends.items():
            with self.subTest(way):
                pids.unlink(missing_ok=True)
                leader, follower = pty.openpty()
                # Who leads a session takes its terminal's foreground along, by whatever it ends.
                terminal = ["setsid", "--ctty"] if way == "Ctrl-C" else []
                program = subprocess.Popen(
                    [*terminal, BIN, "push", self.source, self.ref("slow")], stdin=follower,
                    stdout=follower, stderr=follower, env={**os.environ, **self.env})
                os.close(follower)
                self.wait_until(pids.exists)
                if terminal:
                    os.write(leader, b"\x03")
                else:
                    program.send_signal(way)
                self.assertEqual(program.wait(30), -end)
                for pid in pids.read_text().split():
                    self.wait_until(lambda pid=pid: not self.runs(pid))
                os.close(leader)

    @staticmethod
    def runs(pid):
        try:
            return ") Z " not in pathlib.Path(f"/proc/{pid}/stat").read_text()
        except (FileNotFoundError, ProcessLookupError):
            return False

    def wait_until(self, holds):
        deadline = time.monotonic() + 30
        while not holds():
            self.assertLess(time.monotonic(), deadline, "it does not come about")
            time.sleep(0.01)

    def test_login_asks_on_a_terminal(self):
        leader, follower = pty.openpty()
        program = subprocess.Popen([BIN, "login", self.registry.host], stdin=follower,
                                   stdout=subprocess.DEVNULL, stderr=follower,
                                   env={**os.environ, **self.env})
        os.close(follower)
        self.addCleanup(os.close, leader)
        shown = self.read_until(leader, "User: ")
        os.write(leader, f"{USER}\n".encode())
        shown += self.read_until(leader, "Password: ")
        os.write(leader, f"x\x7f{PASSWORD}\n".encode())
        shown += self.read_until(leader, "logged in")
        self.assertEqual(program.wait(30), 0)
        self.assertNotIn(PASSWORD, shown)
        self.assertEqual(json.loads(self.config.read_text())["auths"],
                         {self.registry.host: self.entry()})

    def read_until(self, terminal, text):
        shown, deadline = "", time.monotonic() + 30
        while text not in shown:
            ready, _, _ = select.select([terminal], [], [], max(0, deadline - time.monotonic()))
            self.assertTrue(ready, f"waiting for {text!r}, seen: {shown!r}")
            shown += os.read(terminal, 4096).decode(errors="replace")
        return shown

    def test_login_usage(self):
        host = self.registry.host
        for arguments in (["login"], ["login", host], ["login", "--password-stdin", host],
                          ["login", "nohost"], ["login", f"{host}/team"],
                          ["login", "--password", PASSWORD, host], ["logout"], ["logout", "a b"]):
            if "nohost" in arguments or f"{host}/team" in arguments:
                arguments = [*arguments, "-u", USER, "--password-stdin"]
            done = kontext(*arguments, env=self.env)
            self.assertEqual((done.rc, done.stdout), (2, ""), arguments)
            self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
        self.assertFalse(self.config.exists())

    def test_a_damaged_file_is_named(self):
        self.config.parent.mkdir()
        self.config.write_text("{ damaged")
        self.assert_refused(self.kontext("push", self.source, self.ref("damaged")), self.config,
                            "JSON")
        self.assertEqual(self.login(self.registry.host).returncode, 1)
        self.assertEqual(self.config.read_text(), "{ damaged")


class Tokens(AuthCase):
    @classmethod
    def start_services(cls):
        authority = Authority(cls.base / "ca")
        cls.tokens = TokenServer(jwt_maker(authority, ISSUER, SERVICE))
        cls.addClassCleanup(cls.tokens.stop)
        cls.registry = services.Registry(
            cls.base, auth=f'auth: {{token: {{realm: "http://{cls.tokens.host}/token", '
                           f'service: "{SERVICE}", issuer: "{ISSUER}", '
                           f'rootcertbundle: "{authority.certificate}"}}}}')
        cls.addClassCleanup(cls.registry.stop)

    def setUp(self):
        super().setUp()
        self.tokens.requests.clear()
        self.credentials = {"auths": {self.registry.host: self.entry()}}

    def test_push_and_public_pull(self):
        self.write_config(self.credentials)
        push(self.source, self.ref("public/app"), env=self.env)
        self.assertEqual(self.tokens.scopes(), [["repository:public/app:pull,push"]])
        self.tokens.requests.clear()
        self.config.unlink()
        self.assertEqual(self.kontext("ls", self.ref("public/app")).rc, 0)
        self.assertEqual(self.tokens.scopes(), [["repository:public/app:pull"]])

    def test_without_credentials(self):
        done = self.kontext("push", self.source, self.ref("private"))
        self.assert_refused(done, self.ref("private"), "token server", "401", "no credentials",
                            f"kontext login {self.registry.host}")

    def test_wrong_credentials(self):
        self.write_config({"auths": {self.registry.host: self.entry(password="wr0ng-Pa55")}})
        done = self.kontext("push", self.source, self.ref("private"))
        self.assert_refused(done, "401", "are refused", self.config)
        self.assert_no_secrets(done, self.entry(password="wr0ng-Pa55")["auth"])
        self.assertEqual(self.login(self.registry.host, "wr0ng-Pa55").returncode, 1)

    def test_a_push_to_what_is_only_public(self):
        done = self.kontext("push", self.source, self.ref("public/other"))
        self.assert_refused(done, "401", "no credentials")

    def test_login(self):
        done = self.login(self.registry.host)
        self.assertEqual(done.returncode, 0, done.stderr)
        push(self.source, self.ref("login"), env=self.env)

    def write_identity(self, token):
        self.write_config({"auths": {self.registry.host: {
            **self.entry(NOBODY, ""), "identitytoken": token}}})

    def test_identity_token(self):
        self.write_identity(IDENTITY)
        done = self.kontext("push", "--verbose", self.source, self.ref("identity"))
        self.assertEqual(done.rc, 0, done.stderr)
        self.assertEqual([method for method, _ in self.tokens.requests], ["POST"])
        self.assertIn("(Authorization: Bearer ***)", done.stderr)
        self.assertNotIn("eyJ", done.stderr)

    def test_identity_token_where_the_post_form_is_not_known(self):
        self.tokens.knows_post = False
        self.addCleanup(setattr, self.tokens, "knows_post", True)
        self.write_identity(IDENTITY)
        push(self.source, self.ref("identity-by-get"), env=self.env)
        self.assertEqual([method for method, _ in self.tokens.requests], ["POST", "GET"])

    def test_identity_token_that_is_refused(self):
        self.addCleanup(setattr, self.tokens, "knows_post", True)
        for knows_post in (False, True):
            self.tokens.knows_post = knows_post
            self.tokens.requests.clear()
            self.write_identity("wr0ng-identity-t0ken")
            done = self.kontext("push", self.source, self.ref("identity-refused"))
            self.assert_refused(done, "token server", "401", "not you", self.config, "are refused")
            self.assert_no_secrets(done, "wr0ng-identity-t0ken")
            self.assertEqual([method for method, _ in self.tokens.requests], ["POST", "GET"])


class Memory(AuthCase):
    def test_no_core_file_and_no_other_process_gets_it(self):
        """PR_SET_DUMPABLE: the kernel gives the files of such a process to root (proc(5))."""
        self.need_root("running the program as somebody else")
        weather = Weather("127.0.0.1:1", choose=lambda *_: Fault("stall"))
        self.addCleanup(weather.stop)
        self.tmp.chmod(0o755)
        self.base.chmod(0o755)
        reader = ["python3", "-c", "import sys; open(sys.argv[1]).read()"]
        for command, hidden in (([BIN, "ls", f"{weather.host}/app:v1"], True),
                                (["sleep", str(TIMEOUT_SECONDS)], False)):
            user = {"user": 65534, "group": 65534, "extra_groups": [], "cwd": "/",
                    "stdin": subprocess.DEVNULL}
            try:
                running = subprocess.Popen(command, stdout=subprocess.DEVNULL,
                                           stderr=subprocess.DEVNULL, **user)
            except PermissionError as trouble:
                self.skipTest(f"nobody else may run the program where it is: {trouble}")
            self.addCleanup(running.wait)
            self.addCleanup(running.kill)
            deadline = time.monotonic() + TIMEOUT_SECONDS
            while hidden and not weather.passed:
                self.assertIsNone(running.poll())
                self.assertLess(time.monotonic(), deadline)
                time.sleep(0.01)
            files = [f"/proc/{running.pid}/{name}" for name in ("environ", "mem", "maps")]
            self.assertEqual({os.stat(file).st_uid for file in files}, {0 if hidden else 65534})
            for file in files[::2]:
                done = subprocess.run([*reader, file], capture_output=True, check=False, **user)
                self.assertEqual(done.returncode, 1 if hidden else 0, done.stderr)


class ShortLived(AuthCase):
    wants = {"registry"}

    def test_tokens_that_end_in_mid_push(self):
        # More than fits into the buffers of a connection that nobody reads from.
        tree.build(self.source, {"large": File(random.Random(1).randbytes(12 << 20))})
        for uses in (1, 2, 3, 5):
            gate = Gate(self.registry.host, uses)
            self.addCleanup(gate.stop)
            self.write_config({"auths": {gate.host: self.entry()}})
            reference = push(self.source, f"{gate.host}/short{uses}:v1", env=self.env)
            image = self.image(f"short{uses}")
            self.assertEqual(reference, f"{gate.host}/short{uses}@{image.digest}")
            self.assert_sound(image, self.source)
            self.assertGreater(len(gate.left), 1)
            self.assertTrue({"POST", "PUT"} & set(gate.refused), gate.refused)


if __name__ == "__main__":
    main()
