# SPDX-License-Identifier: GPL-2.0
"""The guests that the benchmark runs in. One has a CPU that executes one
instruction in each nanosecond of the guest's time, so that time counts
instructions, the same on every machine; the other has two CPUs in parallel."""

import os
import subprocess
import sys

BENCH = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(BENCH), "rig"))
from guest import BUILD, RIG, TOP, RigError, Scenario, run_tool  # noqa: E402
from qemuguest import QemuGuest  # noqa: E402


class BenchGuest(QemuGuest):
    """A QEMU guest with two CPUs that run at the same time. Its script, guest.sh,
    measures @rows; @cipher is the module that measures the cipher alone."""

    def __init__(self, kernel, rows, cipher=None):
        self.rows = rows
        self.cipher = cipher
        super().__init__(f"qemu-{kernel}", Scenario(os.path.join(BENCH, "guest.sh")))

    def environment(self):
        values = dict(super().environment(), BENCH=" ".join(self.rows))
        if self.cipher:
            values["CIPHER"] = "/run/rig/build/" + os.path.relpath(self.cipher, BUILD)
        return values


class CountingGuest(BenchGuest):
    """One whose clock counts instructions. With @profile_to, a plugin writes the
    rows' profiles to that folder."""

    def __init__(self, kernel, rows, cipher=None, profile_to=None):
        self.profile_to = profile_to
        super().__init__(kernel, rows, cipher)

    def environment(self):
        values = super().environment()
        if self.profile_to:
            values["PROFILE"] = "yes"
        return values

    def processors(self):
        words = ["-smp", "1", "-accel", "tcg,thread=single", "-cpu", "max",
                 "-icount", "shift=0,sleep=off"]
        if self.profile_to:
            words += ["-plugin", f"{BUILD}/tests/bench/profile.so,to={self.profile_to}"]
        return words


def build():
    """Make what guests call."""
    done = subprocess.run(["make", "-s", "-C", TOP, "user", "bench-tools"],
                          stdout=subprocess.DEVNULL, check=False)
    if done.returncode != 0:
        raise RigError("make user bench-tools failed")


def build_cipher(kernel):
    """Make the module that measures the cipher alone; returns its path."""
    folder = run_tool(os.path.join(RIG, "kernel", "debian"), kernel)
    return run_tool(os.path.join(BENCH, "cipher", "build"), os.path.join(folder, "build"))


def measure(guest, report):
    """Have the guest measure its rows; report(row, ios, nanoseconds) is called for
    each as it ends."""
    def progress(kind, name, why):
        words = name.split()
        if kind == "FAIL":
            raise RigError(f"{name}: {why}; see {os.path.relpath(guest.logs)}")
        if kind == "NOTE" and words[0] == "row":
            report(words[1], int(words[2]), int(words[3]))

    try:
        guest.run(progress)
    finally:
        guest.close()
