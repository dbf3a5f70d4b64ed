#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Load a kernel to take over when this one panics.

    kexec_load.py KERNEL INITRD WORDS
"""
import ctypes
import os
import sys

FILE_LOAD = 320
ON_CRASH = 2


def main():
    kernel, initrd = (os.open(path, os.O_RDONLY) for path in sys.argv[1:3])
    words = sys.argv[3].encode() + b"\0"
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.syscall(FILE_LOAD, kernel, initrd, ctypes.c_ulong(len(words)), words,
                    ctypes.c_ulong(ON_CRASH)):
        sys.exit(f"kexec_file_load: {os.strerror(ctypes.get_errno())}")


if __name__ == "__main__":
    main()
