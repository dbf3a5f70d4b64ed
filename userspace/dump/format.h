/* SPDX-License-Identifier: GPL-2.0 */
/*
 * An encrypted dump, to the byte. Numbers are big-endian.
 *
 * Header area, 65536 bytes at offset 0:
 *
 *	0   8   "HCDUMP\r\n"
 *	8   4   version, 1
 *	12  4   size of this area, 65536
 *	16  4   length of the section "info", then the section
 *	    4   length of the section "recipients", then the section
 *	    32  MAC: HMAC-SHA256 of everything before it
 *	        zeros up to the end of the area
 *
 * Sections are JSON. "info" is never rewritten:
 *
 *	{"suite":"aes-256-gcm","id":UUID,"host":TEXT,"kernel":TEXT,"build_id":HEX,
 *	 "time":UTC}
 *
 * kernel is the crashed kernel's release, build_id the id that its linker gave it,
 * 8 to 64 bytes in lower case, by which debuggers find its symbols; "" where it has none.
 *
 * "recipients" is an array of 1 to 16 objects:
 *
 *	{"type":"rsa-oaep"|"x25519"|"kmip"|"scrypt","id":HEX,"label":TEXT,
 *	 "wrapped":BASE64}
 *
 * and for kmip also "provider", "endpoint", "private_id", "public_id", for scrypt
 * "salt" (base64 of 32 bytes) and the numbers "n", "r", "p". id is the SHA-256 of the
 * public key's SubjectPublicKeyInfo in DER, for scrypt that of the salt. wrapped is
 * the dump key, 32 random bytes:
 *
 *	rsa-oaep  RSAES-OAEP with SHA-256 in both places, empty label, 3072 bits or more
 *	kmip      the same; the private key is at a key server
 *	x25519    32 bytes of an ephemeral public key, then 32 + 16 bytes of AES-256-GCM:
 *	          nonce zero, key HKDF-SHA256(shared secret, salt = ephemeral || recipient's
 *	          public key, info = "hostcrypt dump x25519 v1")
 *	scrypt    32 + 16 bytes of AES-256-GCM: nonce zero, key scrypt(passphrase, salt,
 *	          n, r, p); n a power of two from 2^14 to 2^20, r 8 to 32, p 1 to 4,
 *	          128 * n * r at most 256 MiB; written with 2^17, 8, 1
 *
 * Keys: MAC     HKDF-SHA256(dump key, no salt, "hostcrypt dump header v1")
 *       frames  HKDF-SHA256(dump key, salt = SHA-256 of the section "info",
 *               "hostcrypt dump body v1")
 *
 * Frames follow the area, one behind the other:
 *
 *	4    word: bit 31 last frame, bits 24..30 stream, bits 0..23 length n
 *	n    ciphertext, n <= 262144; 0 in the last frame only
 *	16   tag
 *
 * Each is AES-256-GCM with the word as associated data; the nonce is the number of
 * the frame from 0 in 8 bytes, three zero bytes, and 1 for the last, 0 for others.
 * Nothing comes behind the last frame. A file without one was cut; its whole frames
 * are good.
 */
#ifndef HC_DUMP_FORMAT_H
#define HC_DUMP_FORMAT_H

#define HC_DUMP_MAGIC "HCDUMP\r\n"
#define HC_DUMP_MAGIC_SIZE 8
#define HC_DUMP_VERSION 1
#define HC_DUMP_AREA 65536
#define HC_DUMP_SUITE "aes-256-gcm"

#define HC_DUMP_KEY_SIZE 32
#define HC_DUMP_MAC_SIZE 32
#define HC_DUMP_TAG_SIZE 16
#define HC_DUMP_NONCE_SIZE 12
#define HC_DUMP_CHUNK 262144
#define HC_DUMP_WORD_SIZE 4
#define HC_DUMP_LAST (1U << 31)
#define HC_DUMP_STREAM_SHIFT 24
#define HC_DUMP_LENGTH_MASK 0xffffffU

#define HC_DUMP_RECIPIENTS_MAX 16

#define HC_DUMP_INFO_HEADER "hostcrypt dump header v1"
#define HC_DUMP_INFO_BODY "hostcrypt dump body v1"
#define HC_DUMP_INFO_X25519 "hostcrypt dump x25519 v1"

enum hc_dump_stream {
	HC_DUMP_STREAM_LOG = 1,	    /* the crashed kernel's log */
	HC_DUMP_STREAM_VMCORE = 2,  /* makedumpfile's flattened form */
	HC_DUMP_STREAM_CAPTURE = 3, /* what the capture had to say */
};

#endif
