# SPDX-License-Identifier: GPL-2.0
"""The guest that the benchmark runs in: one CPU that executes one instruction
in each nanosecond of the guest's time, so that time counts instructions, the
same on every machine."""

import os
import subprocess
import sys

BENCH = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(BENCH), "rig"))
from guest import BUILD, TOP, RigError, Scenario  # noqa: E402
from qemuguest import QemuGuest  # noqa: E402


class CountingGuest(QemuGuest):
    """A QEMU guest whose clock counts instructions. Its script, guest.sh, measures
    @rows; with @profile_to, a plugin writes their profiles to that folder."""

    def __init__(self, kernel, rows, profile_to=None):
        self.rows = rows
        self.profile_to = profile_to
        super().__init__(f"qemu-{kernel}", Scenario(os.path.join(BENCH, "guest.sh")))

    def environment(self):
        values = dict(super().environment(), BENCH=" ".join(self.rows))
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
    """Make what the guest calls."""
    done = subprocess.run(["make", "-s", "-C", TOP, "user", "tools", "bench-tools"],
                          stdout=subprocess.DEVNULL, check=False)
    if done.returncode != 0:
        raise RigError("make user tools bench-tools failed")


def measure(kernel, rows, report, profile_to=None):
    """Boot a guest and have it measure @rows; report(row, ios, milliseconds) is called
    for each as it ends. Returns the path of the guest's output."""
    def progress(kind, name, why):
        if kind == "NOTE":
            _, row, ios, milliseconds = name.split()
            report(row, int(ios), int(milliseconds))
        elif kind == "FAIL":
            raise RigError(f"{name}: {why}")

    guest = CountingGuest(kernel, rows, profile_to)
    try:
        guest.run(progress)
        return guest.output
    finally:
        guest.close()
