# SPDX-License-Identifier: GPL-2.0
"""What the counted rows mean: tables, the goals, a CSV, a plot."""

import csv
import os
import statistics
import subprocess

from progress import block, style

BENCH = os.path.dirname(os.path.abspath(__file__))

# What is compared, and how it is called.
TARGETS = {
    "linear": "linear",
    "dmcrypt-512": "dm-crypt 512",
    "dmcrypt-512-inline": "dm-crypt 512, tuned",
    "hostcrypt-512": "hostcrypt 512",
    "dmcrypt-4096": "dm-crypt 4096",
    "dmcrypt-4096-inline": "dm-crypt 4096, tuned",
    "hostcrypt-4096": "hostcrypt 4096",
}
PARALLEL_TARGETS = {
    "linear": "linear",
    "dmcrypt-4096": "dm-crypt",
    "dmcrypt-4096-inline": "dm-crypt, tuned",
    "dmcrypt-4096-samecpu": "dm-crypt, same_cpu_crypt",
    "dmcrypt-4096-submit": "dm-crypt, submit_from_crypt_cpus",
    "dmcrypt-4096-samecpu-submit": "dm-crypt, both",
    "hostcrypt-4096": "hostcrypt",
}
WORKLOADS = {
    ("randread", "4k"): "4K read",
    ("randwrite", "4k"): "4K write",
    ("randrw", "4k"): "4K 70/30",
    ("read", "128k"): "128K read",
    ("write", "128k"): "128K write",
    ("read", "1m"): "1M read",
    ("write", "1m"): "1M write",
}
KIB = {"4k": 4, "128k": 128, "1m": 1024}
# The share of reads.
READS = {"randread": 1, "read": 1, "randrw": 0.7, "randwrite": 0, "write": 0}

COLUMNS = ("kernel", "target", "pattern", "size", "ios", "instructions", "instructions_per_io",
           "cipher_per_io", "overhead_per_io", "ratio_to_tuned")
PARALLEL_COLUMNS = ("kernel", "target", "pattern", "size", "round", "ios", "nanoseconds",
                    "mib_per_second")


class Counts:
    """The counted rows of one kernel."""

    def __init__(self, kernel):
        self.kernel = kernel
        self.rows = {}
        self.cipher = {}

    def add(self, row, ios, instructions):
        first, *rest = row.split(":")
        if first == "cipher":
            self.cipher[rest[0], int(rest[1])] = instructions / ios
        else:
            self.rows[first, rest[0], rest[1]] = (ios, instructions)

    def has(self, target, pattern, size):
        return (target, pattern, size) in self.rows

    def per_io(self, target, pattern, size):
        ios, instructions = self.rows[target, pattern, size]
        return instructions / ios

    def cipher_per_io(self, target, pattern, size):
        """What the cipher alone needs for one I/O with the target's data units."""
        if target == "linear":
            return 0
        unit = int(target.split("-")[1])
        reads = READS[pattern]
        return KIB[size] / 4 * (reads * self.cipher["decrypt", unit] +
                                (1 - reads) * self.cipher["encrypt", unit])

    def overhead(self, target, pattern, size):
        """Instructions per I/O beyond the linear target's and the cipher's."""
        return (self.per_io(target, pattern, size) - self.per_io("linear", pattern, size)
                - self.cipher_per_io(target, pattern, size))

    def ratio(self, target, pattern, size):
        """To tuned dm-crypt with the same units; None where there is no such thing."""
        if target == "linear":
            return None
        tuned = f"dmcrypt-{target.split('-')[1]}-inline"
        return self.per_io(target, pattern, size) / self.per_io(tuned, pattern, size)


class Parallel:
    """The timed rows of one kernel: 1 MiB, one at a time, two CPUs."""

    def __init__(self, kernel):
        self.kernel = kernel
        self.rows = []
        self.cipher = {}

    def add(self, row, ios, nanoseconds):
        target, pattern, size = row.split(":")[:3]
        if target == "cipher":
            # MiB/s of one CPU; a row's I/Os are of 4 KiB.
            self.cipher[pattern, int(size)] = ios / 256 / (nanoseconds / 1e9)
            return
        speed = ios * KIB[size] / 1024 / (nanoseconds / 1e9)
        turn = sum(1 for other in self.rows if other[:2] == (target, pattern)) + 1
        self.rows.append((target, pattern, size, turn, ios, nanoseconds, speed))

    def speed(self, target, pattern):
        """MiB/s, the median of the rounds."""
        return statistics.median(row[6] for row in self.rows if row[:2] == (target, pattern))

    def limit(self, pattern):
        """What two CPUs could reach that share the cipher's work and do nothing else
        beside what the linear target does."""
        cipher = self.cipher["decrypt" if pattern == "read" else "encrypt", 4096]
        return 1 / (1 / self.speed("linear", pattern) + 1 / (2 * cipher))

    def best(self, pattern):
        """(target, speed) of the fastest dm-crypt."""
        speeds = [(self.speed(target, pattern), target) for target in PARALLEL_TARGETS
                  if target.startswith("dmcrypt")]
        speed, target = max(speeds)
        return target, speed


def write_csv(path, counts):
    with open(path, "w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(COLUMNS)
        for kernel in counts:
            for (direction, unit), per_io in kernel.cipher.items():
                out.writerow((kernel.kernel, f"cipher-{unit}", direction, "4k", 1000,
                              round(1000 * per_io), f"{per_io:.1f}", f"{per_io:.1f}", "", ""))
            for (target, pattern, size), (ios, instructions) in kernel.rows.items():
                row = (target, pattern, size)
                ratio = kernel.ratio(*row)
                out.writerow((kernel.kernel, *row, ios, instructions,
                              f"{kernel.per_io(*row):.1f}", f"{kernel.cipher_per_io(*row):.1f}",
                              f"{kernel.overhead(*row):.1f}",
                              "" if ratio is None else f"{ratio:.4f}"))


def write_parallel_csv(path, parallels):
    with open(path, "w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(PARALLEL_COLUMNS)
        for kernel in parallels:
            for *row, speed in kernel.rows:
                out.writerow((kernel.kernel, *row, f"{speed:.1f}"))
            for (direction, unit), speed in kernel.cipher.items():
                out.writerow((kernel.kernel, f"cipher-{unit}", direction, "4k", 1, 1000,
                              round(1000 / 256 / speed * 1e9), f"{speed:.1f}"))


def print_counts(counts):
    """The three tables of one kernel."""
    workloads = [work for work in WORKLOADS if counts.has("linear", *work)]
    targets = [target for target in TARGETS if counts.has(target, *workloads[0])]
    names = [WORKLOADS[work] for work in workloads]
    encrypting = [target for target in targets if target != "linear"]

    def number(value):
        return f"{value:,.0f}"

    print("\n" + style("1;4", f"Kernel {counts.kernel}"))
    lines = [(TARGETS[target], [number(counts.per_io(target, *work)) for work in workloads])
             for target in targets]
    lines += [(f"cipher alone, {unit}",
               [number(counts.cipher_per_io(f"cipher-{unit}", *work)) for work in workloads])
              for unit in (512, 4096)]
    block("Instructions per I/O", names, lines)
    block("Over linear + cipher", names,
          [(TARGETS[target], [number(counts.overhead(target, *work)) for work in workloads])
           for target in encrypting])
    block("Ratio to tuned dm-crypt", names,
          [(TARGETS[target], [f"{counts.ratio(target, *work):.3f}" for work in workloads])
           for target in encrypting if not target.endswith("inline")])


def print_parallel(parallel):
    """Speeds with two CPUs."""
    block("1M, depth 1, two CPUs", ["read MiB/s", "write MiB/s"],
          [(name, [f"{parallel.speed(target, pattern):.0f}" for pattern in ("read", "write")])
           for target, name in PARALLEL_TARGETS.items()]
          + [("linear + cipher on two CPUs", [f"{parallel.limit(pattern):.0f}"
                                              for pattern in ("read", "write")])])


def goals(counts, parallel):
    """(name, what is wanted, what is, of which numbers, reached) of each."""
    found = []

    def at_most(name, limit, ours, theirs, whose):
        ratio = ours / theirs
        found.append((name, f"at most {limit:.2f}", f"{ratio:.3f}",
                      f"{ours:,.0f} : {theirs:,.0f} of {whose}", ratio <= limit))

    for pattern, what in (("randread", "read"), ("randwrite", "write")):
        at_most(f"4K {what}, overhead", 1 / 3, counts.overhead("hostcrypt-4096", pattern, "4k"),
                counts.overhead("dmcrypt-4096-inline", pattern, "4k"), "tuned dm-crypt")
    for pattern, what in (("randread", "read"), ("randwrite", "write")):
        at_most(f"4K {what}, units of 512", 0.65, counts.per_io("hostcrypt-512", pattern, "4k"),
                counts.per_io("dmcrypt-512", pattern, "4k"), "dm-crypt")
    for size in ("128k", "1m"):
        for pattern in ("read", "write"):
            for unit in (4096, 512):
                at_most(f"{size.upper()} {pattern}, units of {unit}", 1,
                        counts.per_io(f"hostcrypt-{unit}", pattern, size),
                        counts.per_io(f"dmcrypt-{unit}-inline", pattern, size), "tuned dm-crypt")
    for pattern in ("read", "write"):
        ours = parallel.speed("hostcrypt-4096", pattern)
        target, theirs = parallel.best(pattern)
        found.append((f"1M {pattern}, depth 1, two CPUs", "at least 1.7", f"{ours / theirs:.3f}",
                      f"{ours:.0f} : {theirs:.0f} MiB/s of {PARALLEL_TARGETS[target]}; two CPUs "
                      f"allow {parallel.limit(pattern) / theirs:.2f}", ours / theirs >= 1.7))
    return found


def print_goals(counts, parallel):
    print("\n" + style("1", "Goals"))
    for name, wanted, value, numbers, reached in goals(counts, parallel):
        word = style("32", "reached    ") if reached else style("31", "not reached")
        print(f"  {word}  {name + ':':28} {value}, {wanted} ({numbers})")


def plot(folder, counts):
    """plot.svg and plot.png: 4 KiB reads and writes, a row of panels for each kernel."""
    panels = []
    for kernel in counts:
        for pattern, what in (("randread", "reads"), ("randwrite", "writes")):
            path = os.path.join(folder, f"plot-{len(panels)}.dat")
            with open(path, "w", encoding="utf-8") as file:
                for target in reversed(TARGETS):
                    row = (target, pattern, "4k")
                    if target == "linear":
                        continue
                    ours = target.startswith("hostcrypt")
                    name = ("{/:Bold %s}" if ours else "%s") % TARGETS[target]
                    file.write(f'"{name}" {kernel.per_io("linear", *row[1:]):.0f} '
                               f"{kernel.cipher_per_io(*row):.0f} {kernel.overhead(*row):.0f} "
                               f"{int(ours)} {kernel.per_io(*row):.0f}\n")
            panels.append((path, f"4 KiB random {what}, kernel {kernel.kernel}"))
    most = max(kernel.per_io(target, pattern, "4k") for kernel in counts for target in TARGETS
               for pattern in ("randread", "randwrite"))
    script = os.path.join(BENCH, "plot.gp")
    for kind in ("svg", "png"):
        settings = [f"kind='{kind}'", f"out='{os.path.join(folder, 'plot.' + kind)}'",
                    f"most={most:.0f}", f"panels={len(panels)}",
                    "files='" + " ".join(path for path, _ in panels) + "'",
                    "titles='" + "|".join(title for _, title in panels) + "'"]
        subprocess.run(["gnuplot", "-e", "; ".join(settings), script], check=True)
