#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""A small KMIP server over TLS 1.2 or 1.3 that misbehaves to order.

    hostile.py --folder FOLDER [--server NAME] [--port N] [--tls 1.2|1.3]
               [--mode MODE] [--at OPERATION] [--after N] [--times N] [--no-decrypt]
               [--control]

FOLDER holds what certs.sh made. Prints "ready PORT" when it listens (port 0,
the default, takes a free one) and runs until it is killed. Without a mode it
behaves: Discover Versions, Query, Create, Create Key Pair, Activate, Locate,
Get Attributes, Get, Decrypt, Revoke and Destroy of keys in memory, KMIP 1.0 to
1.4; --no-decrypt has none. With a mode it does what MODE says when it
answers OPERATION (get unless said; "any" for all); the first N times of --after it behaves, and after the N of --times again. With --control
it takes lines from its input, each with the options --mode to --no-decrypt, forgets
its keys, does from then on what the line says, and prints "ready" again:

connection    silent (accepts, no handshake), plain (no TLS), abort (closes
              instead of a handshake)
answer        hang, close, truncate, slow (byte by byte), drip (a byte a
              second), no-notify (whole, then closes without close_notify),
              garbage, http, huge, oversize, empty, wrong-tag, extra, padding,
              inner-length, deep, many, nul
envelope      two-items, batch-count, other-operation, other-batch-id,
              no-payload, no-reason, pending, undone, critical, not-critical,
              unknown-field, twice, version-2
refusals      refuse-0xHH (that Result Reason), message-0xHH (for the whole
              message), control (terminal controls in the text)
content       other-id, empty-id, long-id, short-key, long-key, des,
              length-128, no-length, wrapped, format, transparent, public,
              state-N, usage-N, name-twice
pairs         same-id (of both halves), half (makes the private one, then
              closes); what Get brings: pkcs1, short-rsa, long-rsa, other-rsa
              (of another pair), ec, no-der, trailing; what Decrypt brings:
              wrong-data, empty-data
versions      v1.0, v1.4, v2.0 (only that one), no-versions, drop-header
connections   drop (does it, then closes without an answer), idle (closes
              after each answer)
"""

import argparse
import functools
import os
import socket
import ssl
import struct
import sys
import threading
import time

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

STRUCTURE, INTEGER, ENUM, BOOLEAN, TEXT, BYTES, DATE = 1, 2, 5, 6, 7, 8, 9
OPERATIONS = {1: "create", 2: "create_pair", 8: "locate", 0x0A: "get", 0x0B: "attributes", 0x12: "activate",
              0x13: "revoke", 0x14: "destroy", 0x18: "query", 0x1E: "discover", 0x20: "decrypt"}
INVALID_MESSAGE, UNSUPPORTED, NOT_FOUND, DENIED = 4, 5, 1, 12
PRE_ACTIVE, ACTIVE, DEACTIVATED = 1, 2, 3
SYMMETRIC, PUBLIC, PRIVATE = 2, 3, 4
OBJECT_TAGS = {SYMMETRIC: 0x42008F, PUBLIC: 0x42006D, PRIVATE: 0x420064}
OAEP = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)


def item(tag, kind, value):
    if kind == STRUCTURE:
        value = b"".join(value)
    elif kind in (INTEGER, ENUM):
        value = struct.pack(">I", value & 0xFFFFFFFF)
    elif kind in (BOOLEAN, DATE):
        value = struct.pack(">Q", value)
    elif kind == TEXT:
        value = value if isinstance(value, bytes) else value.encode()
    head = struct.pack(">I", tag << 8 | kind) + struct.pack(">I", len(value))
    return head + value + bytes(-len(value) % 8)


def parse(data):
    """[(tag, value)] with structures as lists, numbers as numbers."""
    out = []
    while data:
        tag, kind = struct.unpack(">I", data[:4])[0] >> 8, data[3]
        length = struct.unpack(">I", data[4:8])[0]
        value = data[8:8 + length]
        if kind == STRUCTURE:
            value = parse(value)
        elif kind in (INTEGER, ENUM):
            value = struct.unpack(">I", value)[0]
        elif kind == TEXT:
            value = value.decode()
        out.append((tag, value))
        data = data[8 + length + -length % 8:]
    return out


def first(fields, tag, default=None):
    return next((value for t, value in fields if t == tag), default)


@functools.lru_cache
def private_key(mode):
    """Made once for all; another one in the modes that want one."""
    if mode == "ec":
        return ec.generate_private_key(ec.SECP256R1())
    return rsa.generate_private_key(65537, {"short-rsa": 2048, "long-rsa": 3080}.get(mode, 3072))


def der(kind, mode):
    """The DER of a half of the pair, and its Key Format Type."""
    key = private_key(mode if mode in ("ec", "short-rsa", "long-rsa", "other-rsa") else None)
    pkcs1 = mode == "pkcs1"
    if kind == PRIVATE:
        form = serialization.PrivateFormat
        data = key.private_bytes(serialization.Encoding.DER,
                                 form.TraditionalOpenSSL if pkcs1 else form.PKCS8,
                                 serialization.NoEncryption())
    else:
        form = serialization.PublicFormat
        data = key.public_key().public_bytes(
            serialization.Encoding.DER, form.PKCS1 if pkcs1 else form.SubjectPublicKeyInfo)
    if mode == "no-der":
        data = os.urandom(len(data))
    if mode == "trailing":
        data += b"\0"
    return data, 3 if pkcs1 else 4 if kind == PRIVATE else 5


def name_in(template):
    """The Name among the attributes of a template."""
    return next((first(first(value, 0x42000B), 0x420055) for tag, value in template
                 if tag == 0x420008 and first(value, 0x42000A) == "Name"), "")


class Refused(Exception):
    def __init__(self, reason, text, whole=False):
        super().__init__(text)
        self.reason, self.text, self.whole = reason, text, whole


class Keys:
    """The objects; shared by all connections."""

    def __init__(self):
        self.lock = threading.Lock()
        self.keys = {}
        self.next = 1

    def create(self, name, kind=SYMMETRIC):
        with self.lock:
            key_id = f"key-{self.next}"
            self.next += 1
            self.keys[key_id] = {"name": name, "state": PRE_ACTIVE, "bytes": os.urandom(32),
                                 "kind": kind}
            return key_id

    def find(self, key_id):
        if key_id not in self.keys:
            raise Refused(NOT_FOUND, "no such object")
        return self.keys[key_id]


class Session:
    def __init__(self, plan, connection):
        self.plan, self.connection = plan, connection
        self.mode = None    # the mode for the answer in the making, if any
        self.minor = 0      # of the request

    def receive(self, size):
        data = b""
        while len(data) < size:
            more = self.connection.recv(size - len(data))
            if not more:
                return None
            data += more
        return data

    def run(self):
        while True:
            head = self.receive(8)
            body = head and self.receive(struct.unpack(">I", head[4:])[0])
            if not body or not self.answer(parse(head + body)[0][1]):
                return

    def answer(self, message):
        header, batch = first(message, 0x420077), first(message, 0x42000F)
        version = first(header, 0x420069)
        self.minor = minor = first(version, 0x42006B)
        operation = first(batch, 0x42005C)
        name = OPERATIONS.get(operation, "?")
        self.mode = self.plan.mode_for(name)
        if self.mode == "hang":
            time.sleep(3600)
        if self.mode == "close":
            return False
        try:
            self.check_version(minor)
            payload = self.perform(name, first(batch, 0x420079, []))
            outcome = [item(0x42007F, ENUM, 0)]
            refused = None
        except Refused as e:
            payload, refused = None, e
            outcome = [item(0x42007F, ENUM, 1), item(0x42007E, ENUM, e.reason),
                       item(0x42007D, TEXT, e.text)]
        if self.mode in ("drop", "half"):
            return False
        self.send(self.envelope(minor, operation, first(batch, 0x420093), outcome, payload,
                                refused))
        return self.mode not in ("truncate", "no-notify", "idle")

    def check_version(self, minor):
        only = {"v1.0": 0, "v1.4": 4, "v2.0": -1}.get(self.plan.mode)
        if self.plan.mode == "drop-header" and minor != 0:
            raise ConnectionError
        if only is not None and minor != only:
            raise Refused(INVALID_MESSAGE, "unknown version", whole=True)
        if self.mode and self.mode.startswith("refuse-"):
            raise Refused(int(self.mode[7:], 16), "because of the mode")
        if self.mode and self.mode.startswith("message-"):
            raise Refused(int(self.mode[8:], 16), "because of the mode", whole=True)
        if self.mode == "control":
            raise Refused(DENIED, "\x1b[31mred\r\n\u202etext")

    def envelope(self, minor, operation, batch_id, outcome, payload, refused):
        mode = self.mode
        major = 2 if mode == "version-2" or self.plan.mode == "v2.0" else 1
        minor = {"v1.0": 0, "v1.4": 4, "v2.0": 0}.get(self.plan.mode, minor)
        if mode == "other-operation":
            operation = 3
        if mode == "other-batch-id":
            batch_id = bytes(8)
        fields = [] if refused and refused.whole else [item(0x42005C, ENUM, operation)] + (
            [item(0x420093, BYTES, batch_id)] if batch_id else [])
        if mode == "pending":
            outcome, payload = [item(0x42007F, ENUM, 2), item(0x420006, BYTES, b"later")], None
        if mode == "undone":
            outcome, payload = [item(0x42007F, ENUM, 3)], None
        if mode == "no-reason":
            outcome, payload = [item(0x42007F, ENUM, 1)], None
        fields += outcome
        if payload is not None and mode != "no-payload":
            fields.append(item(0x42007C, STRUCTURE, payload))
        if mode in ("critical", "not-critical"):
            fields.append(item(0x420051, STRUCTURE, [
                item(0x42009D, TEXT, "Acme"), item(0x420026, BOOLEAN, mode == "critical"),
                item(0x42009C, STRUCTURE, [item(0x540001, TEXT, "na")])]))
        if mode == "twice":
            fields.append(fields[-1])
        batch = item(0x42000F, STRUCTURE, fields)
        count = 2 if mode in ("two-items", "batch-count") else 1
        return item(0x42007B, STRUCTURE, [
            item(0x42007A, STRUCTURE, [
                item(0x420069, STRUCTURE, [item(0x42006A, INTEGER, major),
                                           item(0x42006B, INTEGER, minor)]),
                item(0x420092, DATE, int(time.time())),
                item(0x42000D, INTEGER, count)])] +
            [batch] * (2 if mode == "two-items" else 1))

    def perform(self, name, request):
        key_id = first(request, 0x420094)
        method = getattr(self, name, None)
        if not method:
            raise Refused(UNSUPPORTED, "not here")
        payload = method(request, key_id)
        if self.mode == "unknown-field":
            payload.append(item(0x420123, INTEGER, 1))
        return payload

    def told_id(self, key_id):
        if self.mode == "other-id":
            key_id = "key-of-somebody-else"
        elif self.mode == "empty-id":
            key_id = ""
        elif self.mode == "long-id":
            key_id = "k" * 300
        elif self.mode == "nul":
            key_id += "\0"
        return item(0x420094, TEXT, key_id)

    def discover(self, request, _):
        if self.plan.mode == "v1.0":
            raise Refused(UNSUPPORTED, "Discover Versions is not known")
        known = {"v1.4": [(1, 4)], "v2.0": [(2, 0)], "no-versions": []}.get(
            self.plan.mode, [(1, n) for n in (4, 3, 2, 1, 0)])
        return [item(0x420069, STRUCTURE, [item(0x42006A, INTEGER, major),
                                           item(0x42006B, INTEGER, minor)])
                for major, minor in known]

    def query(self, request, _):
        return [item(0x42005C, ENUM, n) for n, name in OPERATIONS.items()
                if name != "decrypt" or not self.plan.no_decrypt] + [
            item(0x42009D, TEXT, "hostile test server"),
            item(0x420088, STRUCTURE, [item(0x420999, TEXT, "of our own"),
                                       item(0x541234, BYTES, b"123")])]

    def create(self, request, _):
        name = name_in(first(request, 0x420091))
        key_id = self.plan.keys.create(name)
        if self.mode == "name-twice":
            self.plan.keys.create(name)
        return [item(0x420057, ENUM, 3 if self.mode == "public" else 2), self.told_id(key_id)]

    def create_pair(self, request, _):
        private_id = self.plan.keys.create(name_in(first(request, 0x420065)), PRIVATE)
        if self.mode == "half":
            return []
        public_id = self.plan.keys.create(name_in(first(request, 0x42006E)), PUBLIC)
        if self.mode == "same-id":
            public_id = private_id
        return [item(0x420066, TEXT, private_id), item(0x42006F, TEXT, public_id)]

    def decrypt(self, request, key_id):
        key = self.plan.keys.find(key_id)
        if self.plan.no_decrypt:
            raise Refused(UNSUPPORTED, "Decrypt is not known")
        how = first(request, 0x42002B)
        masks = [(0x420101, 1), (0x420102, 6)] if self.minor >= 4 else []
        if key["kind"] != PRIVATE or key["state"] != ACTIVE or how != [
                (0x42005F, 2), (0x420038, 6), (0x420028, 4)] + masks:
            raise Refused(DENIED, "not with this key, or not in this way")
        data = private_key(None).decrypt(first(request, 0x4200C2), OAEP)
        if self.mode == "wrong-data":
            data = data[::-1]
        return [self.told_id(key_id),
                item(0x4200C2, BYTES, b"" if self.mode == "empty-data" else data)]

    def locate(self, request, _):
        name = name_in(request)
        kind = next(first(value, 0x42000B) for tag, value in request
                    if tag == 0x420008 and first(value, 0x42000A) == "Object Type")
        return [self.told_id(i) for i, key in self.plan.keys.keys.items()
                if key["name"] == name and key["kind"] == kind]

    def attributes(self, request, key_id):
        key = self.plan.keys.find(key_id)
        mode = self.mode or ""
        values = {"State": (ENUM, key["state"]), "Object Type": (ENUM, key["kind"]),
                  "Cryptographic Algorithm": (ENUM, 2 if mode == "des" else 3),
                  "Cryptographic Length": (INTEGER, 128 if mode == "length-128" else 256),
                  "Cryptographic Usage Mask": (INTEGER, 12)}
        if mode.startswith("state-"):
            values["State"] = ENUM, int(mode[6:])
        if mode.startswith("usage-"):
            values["Cryptographic Usage Mask"] = INTEGER, int(mode[6:])
        if mode == "no-length":
            del values["Cryptographic Length"]
        return [self.told_id(key_id)] + [
            item(0x420008, STRUCTURE, [item(0x42000A, TEXT, name), item(0x42000B, *value)])
            for name, value in values.items()]

    def get(self, request, key_id):
        found, mode = self.plan.keys.find(key_id), self.mode
        key, kind, form = found["bytes"], found["kind"], 1
        if kind != SYMMETRIC:
            key, form = der(kind, mode)
        if mode == "short-key":
            key = key[:16]
        elif mode == "long-key":
            key += key
        material = item(0x420043, BYTES, key)
        if mode == "transparent":
            material = item(0x420043, STRUCTURE, [item(0x42003F, BYTES, key)])
        block = [item(0x420042, ENUM, {"format": 2, "transparent": 7}.get(mode, form)),
                 item(0x420045, STRUCTURE, [material])]
        if mode != "no-length" and kind == SYMMETRIC:
            block += [item(0x420028, ENUM, 2 if mode == "des" else 3),
                      item(0x42002A, INTEGER, 128 if mode == "length-128" else 256)]
        if mode == "wrapped":
            block.append(item(0x420046, STRUCTURE, [item(0x42009E, ENUM, 1)]))
        if mode == "deep":
            for _ in range(20):
                block = [item(0x540001, STRUCTURE, block)]
        if mode == "many":
            block += [item(0x540001, TEXT, "")] * 5000
        if mode == "public":
            kind = PUBLIC if kind != PUBLIC else PRIVATE
        return [item(0x420057, ENUM, kind), self.told_id(key_id),
                item(OBJECT_TAGS[kind], STRUCTURE, [item(0x420040, STRUCTURE, block)])]

    def activate(self, request, key_id):
        key = self.plan.keys.find(key_id)
        if key["state"] != PRE_ACTIVE:
            raise Refused(DENIED, "not Pre-Active")
        key["state"] = ACTIVE
        return [self.told_id(key_id)]

    def revoke(self, request, key_id):
        self.plan.keys.find(key_id)["state"] = DEACTIVATED
        return [self.told_id(key_id)]

    def destroy(self, request, key_id):
        if self.plan.keys.find(key_id)["state"] == ACTIVE:
            raise Refused(DENIED, "it is Active")
        del self.plan.keys.keys[key_id]
        return [self.told_id(key_id)]

    def spoil(self, data):
        """The message's bytes as the mode wants them."""
        head = data[:4]
        return {
            "truncate": lambda: data[:len(data) // 2],
            "garbage": lambda: os.urandom(64),
            "http": lambda: b"HTTP/1.1 400 Bad Request\r\n\r\n",
            "huge": lambda: head + b"\xff\xff\xff\xff" + data[8:],
            "oversize": lambda: head + b"\x7f\xff\xff\xf8" + data[8:],
            "empty": lambda: head + bytes(4),
            "wrong-tag": lambda: b"\x42\x00\x78" + data[3:],
            "extra": lambda: data + bytes(8),
            "padding": lambda: self.dirty_padding(data),
            "inner-length": lambda: data[:12] + b"\x00\x00\xff\xf8" + data[16:],
        }.get(self.mode, lambda: data)()

    @staticmethod
    def dirty_padding(data):
        at = data.index(bytes.fromhex("42000d0200000004")) + 12
        return data[:at] + b"\x01" + data[at + 1:]

    def send(self, data):
        data = self.spoil(data)
        pause = {"slow": 0.001, "drip": 1}.get(self.mode)
        if pause is None:
            self.connection.sendall(data)
        else:
            for byte in data:
                self.connection.sendall(bytes([byte]))
                time.sleep(pause)


class Plan:
    """What is to go wrong, and the keys of those to whom it does."""

    def __init__(self, options):
        self.mode, self.at = options.mode, options.at
        self.skip, self.left = options.after, options.times
        self.no_decrypt = options.no_decrypt
        self.keys = Keys()
        self.lock = threading.Lock()

    def mode_for(self, operation):
        with self.lock:
            if self.at not in (operation, "any") or self.left == 0:
                return None
            if self.skip > 0:
                self.skip -= 1
                return None
            self.left -= 1
            return self.mode


class Server:
    def __init__(self, options):
        self.options = options
        self.plan = Plan(options)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        name = os.path.join(options.folder, options.server)
        self.context.load_cert_chain(name + ".pem", name + ".key")
        self.context.load_verify_locations(os.path.join(options.folder, "ca.pem"))
        self.context.verify_mode = ssl.CERT_REQUIRED
        version = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}[options.tls]
        self.context.minimum_version = self.context.maximum_version = version

    def serve_one(self, plain):
        plan = self.plan
        if plan.mode == "silent":
            time.sleep(3600)
        if plan.mode == "plain":
            plain.sendall(b"220 mail.example ESMTP\r\n")
        if plan.mode in ("plain", "abort"):
            plain.close()
            return
        connection = None
        try:
            connection = self.context.wrap_socket(plain, server_side=True)
            Session(plan, connection).run()
        except (OSError, ConnectionError):
            pass
        finally:
            # No unwrap(): this server never sends a close_notify.
            (connection or plain).close()

    def obey(self, port):
        for line in sys.stdin:
            self.plan = Plan(parse_options(line.split(), again=True))
            print("ready", port, flush=True)
        os._exit(0)

    def run(self):
        listener = socket.create_server(("127.0.0.1", self.options.port))
        port = listener.getsockname()[1]
        print("ready", port, flush=True)
        if self.options.control:
            threading.Thread(target=self.obey, args=(port,), daemon=True).start()
        while True:
            plain, _ = listener.accept()
            threading.Thread(target=self.serve_one, args=(plain,), daemon=True).start()


def parse_options(words, again=False):
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", required=not again)
    parser.add_argument("--server", default="server")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--tls", choices=("1.2", "1.3"), default="1.3")
    parser.add_argument("--mode", default="none")
    parser.add_argument("--at", default="get")
    parser.add_argument("--after", type=int, default=0)
    parser.add_argument("--times", type=int, default=-1)
    parser.add_argument("--no-decrypt", action="store_true")
    parser.add_argument("--control", action="store_true")
    return parser.parse_args(words)


def main():
    try:
        Server(parse_options(sys.argv[1:])).run()
    except KeyboardInterrupt:
        sys.exit(0)


if __name__ == "__main__":
    main()
