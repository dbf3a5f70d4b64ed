# SPDX-License-Identifier: GPL-2.0
"""The command line of tests/rig/uml and tests/rig/qemu."""

import os
import sys

from guest import TOP, RigError, Scenario, tail


def make_guest(rig, scenario, shell=False):
    """The guest class of a rig, by the rig's name."""
    if rig.startswith("uml-"):
        from umlguest import UmlGuest
        return UmlGuest(rig, scenario, shell)
    from qemuguest import QemuGuest
    return QemuGuest(rig, scenario, shell)


def find_scenario(word):
    """A scenario by its path or its name."""
    for path in (word, os.path.join(TOP, "tests", "scenarios", word + ".sh")):
        if os.path.isfile(path):
            return Scenario(path)
    raise RigError(f"no scenario is called '{word}'")


def run_scenario(rig, scenario, progress):
    """Start a guest, run, clean up."""
    guest = make_guest(rig, scenario)
    try:
        return guest.run(progress)
    finally:
        guest.close()


def print_check(kind, name, why):
    print(f"{kind} {name}" + (f": {why}" if why else ""), flush=True)


def summary(passed, failed, skipped):
    """The line that a whole run ends with."""
    text = f"{passed} passed, {failed} failed"
    return text + (f", {skipped} skipped" if skipped else "")


def main(usage, rigs, options):
    """Run the named scenarios in those of their rigs that are among @rigs."""
    only, words = [], []
    for word in sys.argv[1:]:
        if word in options:
            only.append(options[word])
        else:
            words.append(word)
    if not words or words[0].startswith("-"):
        sys.exit(usage)
    counts = {"PASS": 0, "FAIL": 0, "SKIP": 0}
    try:
        for word in words:
            scenario = find_scenario(word)
            for rig in only or [rig for rig in scenario.rigs if rig in rigs]:
                print(f"{scenario.name}@{rig}", flush=True)
                result = run_scenario(rig, scenario, print_check)
                for kind in counts:
                    counts[kind] += result.count(kind)
                if result.failed:
                    for log in ("output.log", "console.log"):
                        path = os.path.join(result.logs, log)
                        print(f"  {os.path.relpath(path)}:\n{tail(path)}", end="")
                print(f"  {result.seconds:.1f} s", flush=True)
    except RigError as error:
        sys.exit(f"rig: {error}")
    print(summary(counts["PASS"], counts["FAIL"], counts["SKIP"]))
    sys.exit(1 if counts["FAIL"] or not sum(counts.values()) else 0)
