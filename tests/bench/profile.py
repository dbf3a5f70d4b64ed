# SPDX-License-Identifier: GPL-2.0
"""What the plugin "profile" counted, by the kernel's symbols."""

import bisect
import re

SYMBOL = re.compile(r"^([0-9a-f]{16}) [tTwW] (\S+)(?:\t\[(\w+)\])?$")
# Where the kernel begins.
KERNEL = 1 << 63


class Symbols:
    """The functions of a kernel and its modules, from a text that holds the
    lines of its /proc/kallsyms."""

    def __init__(self, lines):
        found = []
        for line in lines:
            match = SYMBOL.match(line.rstrip("\n"))
            if match and not match[2].startswith("__pfx_"):
                found.append((int(match[1], 16), match[3] or "kernel", match[2]))
        # Of several names for an address the first one is taken.
        found.sort(key=lambda symbol: symbol[0])
        self.found = found
        self.addresses = [symbol[0] for symbol in found]

    def name(self, address):
        """(module, function) of an address."""
        if address < KERNEL:
            return ("user space", "fio and its libraries")
        index = bisect.bisect_right(self.addresses, address) - 1
        index = bisect.bisect_left(self.addresses, self.addresses[index])
        return self.found[index][1:]


def count(path, symbols):
    """Instructions by (module, function) in a file of the plugin."""
    counts = {}
    with open(path, encoding="ascii") as lines:
        for line in lines:
            address, instructions, times = line.split()
            name = symbols.name(int(address, 16))
            counts[name] = counts.get(name, 0) + int(instructions) * int(times)
    return counts


def table(counts, ios, least=0.002):
    """Lines: instructions per I/O by module, then by function, down to a share of
    @least of all."""
    total = sum(counts.values())
    modules = {}
    for (module, _), instructions in counts.items():
        modules[module] = modules.get(module, 0) + instructions

    def line(instructions, text):
        return f"{instructions / ios:10.1f} {100 * instructions / total:5.1f} %  {text}"

    def order(item):
        return (-item[1], item[0])

    lines = [line(total, "all")]
    lines += [line(instructions, f"[{module}]")
              for module, instructions in sorted(modules.items(), key=order)
              if instructions >= least * total]
    lines.append("")
    lines += [line(instructions, function + ("" if module == "kernel" else f" [{module}]"))
              for (module, function), instructions in sorted(counts.items(), key=order)
              if instructions >= least * total]
    return lines
