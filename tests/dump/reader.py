#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""reader.py KEY DUMP LOG MEMORY [CAPTURE-LOG]: decrypt DUMP, by what dump/format.h says only.

KEY is a private key in PEM, or a passphrase without more than that.
"""

import base64
import hashlib
import hmac
import json
import sys

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, x25519
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

AREA = 65536


def derive(key, salt, info):
    return HKDF(hashes.SHA256(), 32, salt, info).derive(key)


def public_bytes(key, encoding, form):
    return key.public_key().public_bytes(encoding, form)


def identify(key):
    """How an entry for the key is known: by its id, or by its type."""
    if isinstance(key, bytes):
        return "type", "scrypt"
    spki = public_bytes(key, serialization.Encoding.DER,
                        serialization.PublicFormat.SubjectPublicKeyInfo)
    return "id", hashlib.sha256(spki).hexdigest()


def unwrap(key, entry):
    wrapped = base64.b64decode(entry["wrapped"], validate=True)
    if isinstance(key, bytes):
        salt = base64.b64decode(entry["salt"], validate=True)
        assert hashlib.sha256(salt).hexdigest() == entry["id"]
        assert (entry["n"], entry["r"], entry["p"]) == (2 ** 17, 8, 1)
        kek = Scrypt(salt, 32, entry["n"], entry["r"], entry["p"]).derive(key)
        return AESGCM(kek).decrypt(bytes(12), wrapped, None)
    if not isinstance(key, x25519.X25519PrivateKey):
        sha = hashes.SHA256()
        return key.decrypt(wrapped, padding.OAEP(padding.MGF1(sha), sha, None))
    raw = public_bytes(key, serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    shared = key.exchange(x25519.X25519PublicKey.from_public_bytes(wrapped[:32]))
    kek = derive(shared, wrapped[:32] + raw, b"hostcrypt dump x25519 v1")
    return AESGCM(kek).decrypt(bytes(12), wrapped[32:], None)


def section(area, at):
    size = int.from_bytes(area[at:at + 4], "big")
    return area[at + 4:at + 4 + size], at + 4 + size


def frames(key, body):
    at = number = last = 0
    while not last:
        word = body[at:at + 4]
        value = int.from_bytes(word, "big")
        size, stream, last = value & 0xffffff, value >> 24 & 0x7f, value >> 31
        nonce = number.to_bytes(8, "big") + bytes(3) + bytes([last])
        yield stream, key.decrypt(nonce, body[at + 4:at + 20 + size], word)
        at, number = at + 20 + size, number + 1
    assert at == len(body)


def main():
    key_path, dump_path, *outputs = sys.argv[1:]
    with open(key_path, "rb") as file:
        key = file.read()
    if key.startswith(b"-----BEGIN"):
        key = serialization.load_pem_private_key(key, None)
    with open(dump_path, "rb") as file:
        area, body = file.read(AREA), file.read()
    assert area[:16] == b"HCDUMP\r\n" + bytes([0, 0, 0, 1, 0, 1, 0, 0])
    info, at = section(area, 16)
    recipients, at = section(area, at)
    assert list(json.loads(info)) == ["suite", "id", "host", "kernel", "build_id", "time"]
    member, ours = identify(key)
    entry = next(entry for entry in json.loads(recipients) if entry[member] == ours)
    dump_key = unwrap(key, entry)
    mac_key = derive(dump_key, None, b"hostcrypt dump header v1")
    assert area[at:at + 32] == hmac.digest(mac_key, area[:at], "sha256")
    assert not any(area[at + 32:])
    salt = hashlib.sha256(info).digest()
    body_key = AESGCM(derive(dump_key, salt, b"hostcrypt dump body v1"))
    streams = {number: [] for number in (1, 2, 3)}
    for stream, data in frames(body_key, body):
        streams[stream].append(data)
    for path, data in zip(outputs, streams.values()):
        with open(path, "wb") as file:
            file.write(b"".join(data))


main()
