# SPDX-License-Identifier: GPL-2.0
"""The devices that are compared, each over the same disk, and fio's runs on them.

A target is "linear", "dmcrypt-UNIT[-OPTION...]" or "hostcrypt-UNIT".
"""

import json
import os
import re
import secrets
import shutil
import subprocess
import sys
import uuid

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

# What a target's name may say of dm-crypt.
OPTIONS = {
    "inline": ("no_read_workqueue", "no_write_workqueue"),
    "samecpu": ("same_cpu_crypt",),
    "submit": ("submit_from_crypt_cpus",),
}

# Names of device-mapper devices and keys of one program, for its clean-up.
TAG = f"hc-bench-{os.getpid()}"


class BenchError(Exception):
    """A measurement cannot be made."""


def program(name):
    """A program of the tree, or of the system."""
    built = os.path.join(TOP, os.environ.get("B", "build"), name)
    return built if os.access(built, os.X_OK) else shutil.which(name) or name


def run(*words, text=None):
    """Run a program; returns its output."""
    try:
        done = subprocess.run(words, input=text, text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, check=False,
                              stdin=subprocess.DEVNULL if text is None else None)
    except FileNotFoundError:
        raise BenchError(f"{words[0]} is not installed") from None
    if done.returncode != 0:
        said = (done.stderr.strip() or done.stdout.strip()).splitlines()
        raise BenchError(f"{' '.join(words[:2])} failed: {said[-1] if said else 'no message'}")
    return done.stdout


def exists(name):
    """Is there a device-mapper device of this name?"""
    return subprocess.run(["dmsetup", "info", name], check=False, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL).returncode == 0


class Targets:
    """Makes one target at a time over a disk; close() leaves nothing behind."""

    def __init__(self, disk, sectors):
        self.disk = disk
        self.sectors = sectors
        self.key = secrets.token_bytes(64)
        self.uuid = str(uuid.uuid4())
        self.loaded = False
        self.made = False

    def load_key(self):
        """Hand the key to the module; through a pipe, as keys are no arguments."""
        command = program("hostcrypt")
        # From here on: an interruption may come when the module has it already.
        self.loaded = True
        try:
            done = subprocess.run([command, "key", "load", self.uuid], input=self.key,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        except FileNotFoundError:
            raise BenchError("no hostcrypt command here; run make") from None
        if done.returncode != 0:
            raise BenchError(f"key load failed: {done.stdout.decode().strip()}")

    def line(self, target):
        """The target's table line, with a number and words of options."""
        kind, *words = target.split("-")
        if kind == "linear" and not words:
            return f"0 {self.sectors} linear {self.disk} 0"
        if kind not in ("dmcrypt", "hostcrypt") or not words or not words[0].isdigit():
            raise BenchError(f"no target is called '{target}'")
        options = [f"sector_size:{words[0]}"]
        for word in words[1:]:
            if kind != "dmcrypt" or word not in OPTIONS:
                raise BenchError(f"no target is called '{target}'")
            options += OPTIONS[word]
        if kind == "dmcrypt":
            start = f"crypt aes-xts-plain64 {self.key.hex()} 0 {self.disk} 0"
        else:
            start = f"hostcrypt {self.uuid} 0 {self.disk} 0"
        return f"0 {self.sectors} {start} {len(options)} {' '.join(options)}"

    def make(self, target):
        """Make the target's device; returns the path of its node."""
        line = self.line(target)
        if target.startswith("hostcrypt") and not self.loaded:
            self.load_key()
        self.made = True
        run("dmsetup", "create", TAG, text=line + "\n")
        minor = run("dmsetup", "info", "-c", "--noheadings", "-o", "minor", TAG).strip()
        node = f"/dev/dm-{minor}"
        # fio would make a file of that name, and measure it.
        if not os.path.exists(node):
            raise BenchError(f"there is no {node}")
        return node

    def remove(self):
        if self.made:
            run("dmsetup", "remove", "--retry", TAG)
            self.made = False

    def close(self):
        """Whatever was made is removed, also when something had gone wrong. A fio that
        was killed first waits for its I/O, which may take a while."""
        quiet = {"check": False, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        tries = 12
        while self.made and tries:
            done = subprocess.run(["dmsetup", "remove", "--retry", TAG], **quiet)
            self.made = done.returncode != 0 and exists(TAG)
            tries -= 1
        if self.loaded:
            subprocess.run([program("hostcrypt"), "key", "drop", self.uuid], **quiet)
            self.loaded = False
        if self.made:
            print(f"bench: the device {TAG} could not be removed", file=sys.stderr)


def fio(node, pattern, size, *more):
    """One run of fio; returns what it reports of the job."""
    words = ["fio", "--name=bench", f"--filename={node}", f"--rw={pattern}", f"--bs={size}",
             "--ioengine=libaio", "--direct=1", "--norandommap", "--randrepeat=1",
             "--group_reporting", "--output-format=json", *more]
    if pattern == "randrw":
        words.append("--rwmixread=70")
    text = run(*words)
    # Remarks may stand before the report.
    job = json.loads(text[re.search(r"^\{", text, re.MULTILINE).start():])["jobs"][0]
    if job["error"]:
        raise BenchError(f"fio: {os.strerror(job['error'])} on {node}")
    return job
