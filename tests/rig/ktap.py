# SPDX-License-Identifier: GPL-2.0
"""Read KUnit's results (KTAP) from a console log."""

import re

STAMP = re.compile(r"^\[ *\d+\.\d+\](?:\[ *[TC]\d+\])? ?")
START = re.compile(r"^ *KTAP version ")
SUITE = re.compile(r"^ *# Subtest: (.*)")
POINT = re.compile(r"^( *)(ok|not ok) \d+ ?(?:- )?(.*)")
SKIPPED = re.compile(r"^(.*?) *# SKIP ?(.*)", re.IGNORECASE)


def parse(lines):
    """Yield (kind, name, why) for every test case.

    A suite is a result line of its own behind its cases; it counts only when
    it failed without a case that did. A plan whose cases do not all report
    (the kernel died, the module was refused) is a failure too.
    """
    suite, plan, seen, bad, open_suite = None, None, 0, 0, False
    diagnosis = []
    for line in lines:
        line = STAMP.sub("", line.rstrip("\n"))
        if START.match(line):
            continue
        match = SUITE.match(line)
        if match:
            if not open_suite:
                suite, plan, seen, bad, open_suite = match[1], None, 0, 0, True
            # Else: a parametrised case; its points are indented further.
            continue
        if open_suite and plan is None:
            match = re.match(r"^ *1\.\.(\d+)", line)
            if match:
                plan = int(match[1])
                continue
        match = POINT.match(line)
        if not match:
            if open_suite and line.strip().startswith("# "):
                diagnosis = (diagnosis + [line.strip()[2:]])[-4:]
            continue
        depth, verdict, name = len(match[1]), match[2], match[3]
        if depth == 0 and open_suite:
            if plan != seen:
                yield "FAIL", suite, f"{seen} of {plan} cases reported"
            elif verdict != "ok" and not bad:
                yield "FAIL", suite, "the suite failed"
            open_suite = False
        elif depth == 4:
            seen += 1
            skipped = SKIPPED.match(name)
            if skipped:
                yield "SKIP", f"{suite}/{skipped[1]}", skipped[2] or "no reason given"
            elif verdict == "ok":
                yield "PASS", f"{suite}/{name.split(' # ')[0]}", ""
            else:
                bad += 1
                yield "FAIL", f"{suite}/{name}", "; ".join(diagnosis) or "see the console"
            diagnosis = []
    if open_suite:
        yield "FAIL", suite or "KUnit", f"ended after {seen} of {plan} cases"
