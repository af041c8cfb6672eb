"""Private servers for one test file: a registry and a Docker daemon, both below one folder.

Nothing here touches a daemon that the machine already runs. Every wait is bounded, every server is
stopped by its own process, and dies with the test should the test be killed.
"""

import ctypes
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request

READY_SECONDS = 60
STOP_SECONDS = 30
PR_SET_PDEATHSIG = 1


class Unavailable(Exception):
    """This machine cannot run the service: says which and why."""


def tool(name):
    """The path of a program; daemons are in sbin, which is not on every user's PATH."""
    found = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if not found:
        raise Unavailable(f"{name} is not installed (./dev setup installs it)")
    return found


def need_root(what):
    if os.geteuid() != 0:
        raise Unavailable(f"{what} needs root")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def die_with_parent():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def unmount_below(folder):
    """Detaches every mount below `folder`, deepest first."""
    prefix = str(folder).rstrip("/") + "/"
    with open("/proc/self/mounts", encoding="utf-8", errors="surrogateescape") as mounts:
        points = [line.split()[1] for line in mounts]
    for point in sorted((p for p in points if p.startswith(prefix)), reverse=True):
        subprocess.run(["umount", "-l", point], check=False, stderr=subprocess.DEVNULL)


def make_disk(folder, size):
    """A small file system of its own in a new folder."""
    need_root("a disk that gets full")
    folder.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=0755", "kontext-e2e",
                           str(folder)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Unavailable(f"a disk that gets full: {done.stderr.strip()}")


def resize_disk(folder, size):
    subprocess.run(["mount", "-o", f"remount,size={size}", str(folder)], check=True)


class Server:
    """A child process, its log, and the wait until it answers."""

    def __init__(self, name, command, log, env=None):
        self.name, self.log = name, pathlib.Path(log)
        with open(self.log, "ab") as out:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
                env=env, preexec_fn=die_with_parent)

    def wait_until(self, answers):
        deadline = time.monotonic() + READY_SECONDS
        while not answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                tail = self.log.read_text(errors="replace").splitlines()[-8:]
                raise Unavailable(f"{self.name} does not start:\n  " + "\n  ".join(tail))
            time.sleep(0.05)

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


REGISTRY_CONFIG = """\
version: 0.1
log: {{level: info, formatter: text}}
storage:
  filesystem: {{rootdirectory: {root}}}
  delete: {{enabled: {deletes}}}
  maintenance: {{readonly: {{enabled: {read_only}}}}}
http: {{addr: "{host}"{http}}}
{auth}
"""


class Registry:
    """docker-registry on a free loopback port, with its storage in `folder`.

    `http` and `auth` are more of its configuration: what follows the address, and a section.
    `disk_bytes`: of a disk of its own for the storage, which may get full (needs root).
    """

    def __init__(self, folder, name="registry", address="127.0.0.1", http="", auth="",
                 deletes=True, disk_bytes=0):
        self.folder = pathlib.Path(folder) / name
        self.folder.mkdir()
        if disk_bytes:
            make_disk(self.folder / "storage", disk_bytes)
        self.storage = self.folder / "storage"
        self.host = f"{address}:{free_port()}"
        config = self.folder / "config.yml"
        settings = {"root": self.storage, "host": self.host, "http": http, "auth": auth,
                    "deletes": str(deletes).lower()}
        self.configure = lambda read_only: config.write_text(
            REGISTRY_CONFIG.format(**settings, read_only=str(read_only).lower()))
        self.configure(False)
        self.config = config
        self.start()

    def start(self):
        """Also after kill(): what it has stored is still there."""
        self.server = Server("docker-registry",
                             [tool("docker-registry"), "serve", str(self.config)],
                             self.folder / "log", env={**os.environ, "OTEL_TRACES_EXPORTER": "none"})
        self.server.wait_until(self._answers)

    def kill(self):
        self.server.process.kill()
        self.server.process.wait()

    def _answers(self):
        try:
            with urllib.request.urlopen(f"http://{self.host}/v2/", timeout=1) as answer:
                return answer.status == 200
        except urllib.error.HTTPError:  # it wants credentials, or TLS
            return True
        except (urllib.error.URLError, OSError):
            return False

    def blobs(self):
        """Digest -> size of everything stored, manifests included, over all repositories."""
        root = self.storage / "docker/registry/v2/blobs/sha256"
        return {"sha256:" + p.parent.name: p.stat().st_size for p in root.glob("*/*/data")}

    def tag(self, repo, tag):
        """The digest that a tag points at, or None."""
        link = self.storage / f"docker/registry/v2/repositories/{repo}/_manifests/tags/{tag}/current/link"
        return link.read_text() if link.exists() else None

    def writes(self):
        """How many POST, PUT and PATCH requests the registry has answered so far."""
        log = self.server.log.read_text(errors="replace")
        return sum(log.count(f'"{method} /v2/') for method in ("POST", "PUT", "PATCH"))

    def stop(self):
        self.server.stop()


class Docker:
    """A Docker daemon without network, its data in `folder`."""

    def __init__(self, folder):
        need_root("a private Docker daemon")
        self.folder = pathlib.Path(folder) / "docker"
        self.folder.mkdir(exist_ok=True)
        self.socket = f"unix://{self.folder}/d.sock"
        self.client = tool("docker")
        self.server = Server("dockerd", [
            tool("dockerd"), "--bridge=none", "--iptables=false", "--host", self.socket,
            "--data-root", f"{self.folder}/data", "--exec-root", f"{self.folder}/exec",
            "--pidfile", f"{self.folder}/d.pid"], self.folder / "log",
            env={**os.environ, "PATH": os.environ.get("PATH", "") + ":/usr/sbin:/sbin"})
        self.server.wait_until(lambda: self("version", check=False).returncode == 0)

    def __call__(self, *arguments, check=True):
        done = subprocess.run([self.client, "-H", self.socket, *arguments], text=True,
                              capture_output=True, check=False, errors="replace")
        if check and done.returncode != 0:
            raise AssertionError(f"docker {' '.join(arguments)}: {done.stderr.strip()}")
        return done

    def extract(self, image, workspace, *flags, command=(), check=True):
        """Pulls `image` and runs it over `workspace`, the way a cluster would."""
        self("pull", "--quiet", image)
        return self("run", "--rm", "--network", "none", *flags, "-v", f"{workspace}:/workspace",
                    image, *command, check=check)

    def stop(self):
        self.server.stop()
        unmount_below(self.folder)


class Podman:
    """podman with storage of its own in `folder`; no network, and limits that any root may set."""

    def __init__(self, folder):
        need_root("podman with private storage")
        self.folder = pathlib.Path(folder) / "podman"
        self.folder.mkdir()
        self.command = [
            tool("podman"), "--root", f"{self.folder}/root", "--runroot", f"{self.folder}/run",
            "--tmpdir", f"{self.folder}/tmp", "--storage-driver", "overlay", "--runtime", "runc",
            "--cgroup-manager", "cgroupfs", "--events-backend", "file"]

    def __call__(self, *arguments):
        return subprocess.run([*self.command, *arguments], text=True, capture_output=True,
                              check=False, errors="replace")

    def run(self, *arguments):
        return self("run", "--network", "none", "--ulimit", "nofile=1024:1024",
                    "--ulimit", "nproc=1024:1024", *arguments)

    def extract(self, image, workspace, command=()):
        self("pull", "--quiet", "--tls-verify=false", image)
        return self.run("--rm", "-v", f"{workspace}:/workspace", image, *command)

    def stop(self):
        self("rm", "--all", "--force")
        unmount_below(self.folder)
