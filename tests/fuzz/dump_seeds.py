#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""dump_seeds.py HEADERS FRAMES: what the fuzzers of dumps begin with, into two folders."""

import base64
import json
import pathlib
import struct
import sys

INFO = {"suite": "aes-256-gcm", "id": "1", "host": "h", "kernel": "6.12", "build_id": "",
        "time": "2026-01-31T12:00:00Z"}
WRAPPED = base64.b64encode(bytes(48)).decode()
ENTRY = {"type": "x25519", "id": "00", "label": "l", "wrapped": WRAPPED}
KMIP = {**ENTRY, "type": "kmip", "provider": "p", "endpoint": "e", "private_id": "1",
        "public_id": "2"}
SCRYPT = {**ENTRY, "type": "scrypt", "salt": base64.b64encode(bytes(32)).decode(),
          "n": 1 << 17, "r": 8, "p": 1}
FLAT = b"makedumpfile".ljust(16, b"\0") + struct.pack(">QQ", 1, 1) + bytes(4064)


def text(value):
    return json.dumps(value, separators=(",", ":")).encode()


def section(value):
    return struct.pack(">I", len(text(value))) + text(value)


def whole(recipients):
    return b"HCDUMP\r\n" + struct.pack(">II", 1, 65536) + section(INFO) + section(recipients)


def frame(stream, data, last=0, how=0):
    return bytes([how]) + struct.pack(">I", last << 31 | stream << 24 | len(data)) + data


def save(folder, seeds):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(seeds):
        (folder / str(number)).write_bytes(seed)


def main():
    lists = [ENTRY], [KMIP], [SCRYPT], [ENTRY, {**ENTRY, "type": "rsa-oaep"}, KMIP, SCRYPT]
    save(sys.argv[1], [text(INFO) + b"\n" + text(each) for each in lists] +
         [whole(each) for each in lists])
    record = struct.pack(">QQ", 4096, 5) + b"hello"
    memory = frame(2, FLAT + record) + frame(2, record + b"\xff" * 16)
    save(sys.argv[2], [frame(1, b"log") + frame(3, b"", 1), frame(1, b"log") + memory +
                       frame(3, b"said", 1)] +
         [frame(1, b"a") + frame(1, b"b", 0, how) + frame(1, b"c", 1) for how in (1, 2, 4, 8)])


main()
