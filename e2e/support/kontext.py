"""Runs the program under test."""

import dataclasses
import os
import pathlib
import subprocess

PROJECT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("KONTEXT_BIN", PROJECT / "build/bin/kontext")).resolve()
TIMEOUT_SECONDS = 120


def extractor(arch="amd64"):
    return BIN.parent / f"kontext-extractor-{arch}"


@dataclasses.dataclass
class Result:
    rc: int
    stdout: str
    stderr: str


def run(*command, env=None, **options):
    done = subprocess.run([os.fspath(c) for c in command], capture_output=True, check=False,
                          stdin=subprocess.DEVNULL, timeout=TIMEOUT_SECONDS,
                          env={**os.environ, **(env or {})}, **options)
    return Result(done.returncode, done.stdout.decode(errors="surrogateescape"),
                  done.stderr.decode(errors="surrogateescape"))


def kontext(*arguments, **options):
    return run(BIN, *arguments, **options)


def push(directory, ref, *flags, **options):
    """Pushes and returns the immutable reference, after checking that stdout is that and no more."""
    done = kontext("push", *flags, directory, ref, **options)
    if done.rc != 0:
        raise AssertionError(f"push {directory} {ref}: exit code {done.rc}: {done.stderr.strip()}")
    lines = done.stdout.splitlines()
    if len(lines) != 1 or "@sha256:" not in lines[0] or not done.stdout.endswith("\n"):
        raise AssertionError(f"push {directory} {ref}: stdout is {done.stdout!r}")
    return lines[0]


def extract(rootfs, target, *flags, arch="amd64", command=()):
    """Runs the extractor by hand over an unpacked image."""
    program = [extractor(arch)] if arch == "amd64" else ["qemu-aarch64-static", extractor(arch)]
    return run(*program, *command, "--root", rootfs, "--target", target, *flags)
