# SPDX-License-Identifier: GPL-2.0
"""What is being measured, and how the results look on a terminal."""

import sys
import time


class Progress:
    """A line that is written over; a single one at the end where nobody looks on."""

    def __init__(self, title, total):
        self.title = title
        self.total = total
        self.done = 0
        self.began = time.monotonic()

    def step(self, row):
        self.done += 1
        if sys.stderr.isatty():
            print(f"\r\033[K{self.title}: {self.done}/{self.total} {row}",
                  end="\n" if self.done == self.total else "", file=sys.stderr, flush=True)
        elif self.done == self.total:
            print(f"{self.title}: {self.total} rows in {time.monotonic() - self.began:.0f} s",
                  file=sys.stderr, flush=True)


def style(code, text):
    """Bold, green, red: where a person looks on."""
    return f"\033[{code}m{text}\033[0m" if sys.stdout.isatty() else text


def block(title, columns, lines):
    """A table of right-aligned columns; @lines are (name, words)."""
    print("\n" + style("1", f"{title:32}") + "".join(f"{name:>12}" for name in columns))
    for name, words in lines:
        text = f"{name:32}" + "".join(f"{word:>12}" for word in words)
        print(style("1", text) if name.startswith("hostcrypt") else text)
