# SPDX-License-Identifier: GPL-2.0
"""The guest that the benchmark runs in: one CPU that executes one instruction
in each nanosecond of the guest's time, so that time counts instructions, the
same on every machine."""

import os
import sys

BENCH = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(BENCH), "rig"))
from guest import RigError, Scenario  # noqa: E402
from qemuguest import QemuGuest  # noqa: E402


class CountingGuest(QemuGuest):
    """A QEMU guest whose clock counts instructions. @words is what its script,
    guest.sh, finds in BENCH; @plugin is a plugin of QEMU with its options."""

    def __init__(self, kernel, words, plugin=None):
        self.words = words
        self.plugin = plugin
        super().__init__(f"qemu-{kernel}", Scenario(os.path.join(BENCH, "guest.sh")))

    def environment(self):
        return dict(super().environment(), BENCH=" ".join(self.words))

    def processors(self):
        words = ["-smp", "1", "-accel", "tcg,thread=single", "-cpu", "max",
                 "-icount", "shift=0,sleep=off"]
        return words + (["-plugin", self.plugin] if self.plugin else [])


def measure(kernel, words, report, plugin=None):
    """Boot a guest and have it measure @words; report(words of a line) is called for
    each result as it comes."""
    def progress(kind, name, why):
        if kind == "NOTE":
            report(name.split())
        elif kind == "FAIL":
            raise RigError(f"{name}: {why}")

    guest = CountingGuest(kernel, words, plugin)
    try:
        guest.run(progress)
    finally:
        guest.close()
