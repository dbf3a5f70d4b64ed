# SPDX-License-Identifier: GPL-2.0
"""The results as README shows them."""

from report import TARGETS, WORKLOADS, goals


def table(header, lines):
    """A table in Markdown: names on the left, numbers on the right."""
    rows = [header, ["---"] + ["---:"] * (len(header) - 1), *lines]
    return "".join("| " + " | ".join(row) + " |\n" for row in rows)


def cells(counts, target, number):
    """One line of numbers; ours in bold."""
    mark = "**" if target.startswith("hostcrypt") else ""
    return [f"{mark}{TARGETS[target]}{mark}"] + [f"{mark}{number(work)}{mark}"
                                                 for work in WORKLOADS]


def instructions(counts):
    """Instructions per I/O of one kernel; those of large I/Os in thousands."""
    def number(target):
        def show(work):
            value = counts.per_io(target, *work)
            return f"{value:,.0f}" if work[1] == "4k" else f"{value / 1000:,.0f}k"
        return show

    return table([f"kernel {counts.kernel}", *WORKLOADS.values()],
                 [cells(counts, target, number(target)) for target in TARGETS])


def overheads(counts):
    """What is beyond linear + cipher, for one kernel's 4 KiB I/Os; and the cipher."""
    works = [work for work in WORKLOADS if work[1] == "4k"]
    lines = [[TARGETS[target]] + [f"{counts.overhead(target, *work):,.0f}" for work in works]
             for target in TARGETS if target != "linear"]
    lines += [[f"the cipher alone, {unit}"] +
              [f"{counts.cipher_per_io(f'cipher-{unit}', *work):,.0f}" for work in works]
              for unit in (512, 4096)]
    return table([f"kernel {counts.kernel}", *(WORKLOADS[work] for work in works)], lines)


def reached(all_counts, parallels):
    """The goals, a column for each kernel."""
    columns = [goals(counts, parallel) for counts, parallel in zip(all_counts, parallels)]
    lines = []
    for row in zip(*columns):
        name, wanted = row[0][:2]
        lines.append([f"{name}: {wanted}"] +
                     [f"{value} ({numbers})" + ("" if good else " **not reached**")
                      for _, _, value, numbers, good in row])
    return table(["goal", *(f"kernel {counts.kernel}" for counts in all_counts)], lines)


def write(path, all_counts, parallels):
    with open(path, "w", encoding="utf-8") as file:
        for counts in all_counts:
            file.write("Instructions per I/O\n\n" + instructions(counts) + "\n")
        for counts in all_counts:
            file.write("Beyond linear + cipher\n\n" + overheads(counts) + "\n")
        file.write(reached(all_counts, parallels))
