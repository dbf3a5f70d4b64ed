# SPDX-License-Identifier: GPL-2.0
"""Read KCSAN's reports from a console log, and tell ours from the kernel's own.

The kernel has data races of its own, which are no fault of the module's. A
report is ours when a function of one of our modules is in the stack of an access, down
to where an interrupt came in or the kernel's own machinery was entered (KERNELS_OWN). A
report that is not whole cannot be judged, and counts as ours.
"""

import collections
import re

# As the console shows a function of a module: name+0x1/0x2 [module].
OURS = re.compile(r"\+0x[0-9a-f]+/0x[0-9a-f]+ \[(?:dm_hostcrypt|hostcrypt_kunit)\b")
STACK = re.compile(r"\] (?:race at unknown origin, with )?(?:read|write)\b.* of \d+ bytes by ")
# Below this frame is what an interrupt came into, which has no part in the access.
INTERRUPT = re.compile(r"\] +asm_(?:sysvec_|common_interrupt|exc_)")
HEADER = re.compile(r"BUG: KCSAN: (.*)")
# Functions that, with all they call, touch only the kernel's own state, whoever calls
# them: kernel_fpu_begin_mask() reads current->flags, which the task that an interrupt
# came into may be writing; tracing has a clock and buffers of its own.
KERNELS_OWN = re.compile(
    r"\] +(?:kernel_fpu_begin_mask|trace_event_buffer_(?:reserve|commit))\+")
END = re.compile(r"={60,}\s*$")

Report = collections.namedtuple("Report", "title ours lines")


def frames(lines):
    """Yield the lines of the accesses' stacks, as far as they matter."""
    within = False
    for line in lines:
        if STACK.search(line):
            within = True
        elif within:
            yield line
            within = not (INTERRUPT.search(line) or KERNELS_OWN.search(line))


def make_report(title, lines, whole):
    stacks = list(frames(lines))
    ours = any(OURS.search(line) for line in stacks)
    return Report(title, not whole or not stacks or ours, lines)


def parse(lines):
    """Yield a Report for each of KCSAN's reports."""
    title, block = None, []
    for line in lines:
        line = line.rstrip("\n")
        found = HEADER.search(line)
        if found:
            if title is not None:
                yield make_report(title, block, False)
            title, block = found[1].strip(), []
        if title is None:
            continue
        block.append(line)
        if END.search(line):
            yield make_report(title, block, True)
            title = None
    if title is not None:
        yield make_report(title, block, False)
