#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""terminal.py PROGRAM [PROMPT ANSWER]... -- ARGUMENT...: a user at a terminal.

Runs PROGRAM (words) with ARGUMENTs on a terminal of its own, types each ANSWER once its
PROMPT has been shown, prints what the terminal showed, and exits as the program
did; 99 where a prompt did not come.
"""

import os
import pty
import select
import signal
import sys

WAIT = 60


def read_until(terminal, prompt):
    """Show what comes until @prompt (None: until the end); False where it does not come."""
    shown = b""
    while prompt is None or prompt.encode() not in shown:
        if not select.select([terminal], [], [], WAIT)[0]:
            return False
        try:
            data = os.read(terminal, 65536)
        except OSError:
            data = b""
        os.write(1, data)
        shown += data
        if not data:
            return prompt is None
    return True


def main():
    program, words = sys.argv[1].split(), sys.argv[2:]
    steps = words[:words.index("--")]
    arguments = words[len(steps) + 1:]
    child, terminal = pty.fork()
    if child == 0:
        os.execvp(program[0], program + arguments)
    for prompt, answer in [*zip(steps[::2], steps[1::2]), (None, None)]:
        if not read_until(terminal, prompt):
            os.kill(child, signal.SIGKILL)
            sys.exit(99)
        if answer:
            os.write(terminal, answer.encode().decode("unicode_escape").encode())
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


main()
