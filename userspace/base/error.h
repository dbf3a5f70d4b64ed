/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One error idiom for everything in user space.
 *
 * A function that can fail returns 0 (or a count) or a negative HC_E_* code.
 * Where the failure is found, hc_fail() records one sentence that names what
 * was wrong and what to do, and returns the code:
 *
 *	return hc_fail(HC_E_DEVICE_BUSY, "%s is mounted; unmount it first", path);
 *
 * Callers pass the code up untouched; hc_context() may put words in front.
 * The top prints hc_error_message() once and exits with hc_error_exit().
 * Output parameters are named ret_... and are not written on failure.
 *
 * Neither processes nor messages are shared between threads: hostcrypt and
 * hostcryptd are single-threaded (parallel work is done in child processes).
 */
#ifndef HC_BASE_ERROR_H
#define HC_BASE_ERROR_H

/* name, exit status, machine word (for --json), what it means */
#define HC_ERRORS(X) \
	X(SYSTEM,           1, "system",            "the operating system refused something") \
	X(USAGE,            2, "usage",             "the command line is wrong") \
	X(CONFIG,           3, "config",            "a configuration file is wrong") \
	X(MEMORY,           4, "memory",            "out of memory, or memory could not be locked") \
	X(PERMISSION,       5, "permission",        "not allowed; run as root") \
	X(DECLINED,         6, "declined",          "the user said no") \
	X(INTERNAL,         7, "internal",          "a check inside hostcrypt failed") \
	X(MODULE_ABSENT,   10, "module-absent",     "dm-hostcrypt is not loaded") \
	X(MODULE_VERSION,  11, "module-version",    "dm-hostcrypt is of another version") \
	X(MODULE_REFUSED,  12, "module-refused",    "dm-hostcrypt refused a request") \
	X(KEY_BUSY,        13, "key-busy",          "a device uses the key") \
	X(KEY_CONFLICT,    14, "key-conflict",      "other key bytes are loaded under this UUID") \
	X(KEY_NOT_LOADED,  15, "key-not-loaded",    "no such key is loaded") \
	X(KEY_INVALID,     16, "key-invalid",       "these bytes are no valid DEK") \
	X(CIPHER_SLOW,     17, "cipher-slow",       "only a slow generic cipher is there") \
	X(DEVICE_MISSING,  20, "device-missing",    "the device is not there") \
	X(DEVICE_BUSY,     21, "device-busy",       "the device is in use") \
	X(DEVICE_SMALL,    22, "device-small",      "the device is too small") \
	X(DEVICE_NOT_EMPTY,23, "device-not-empty",  "the device carries data") \
	X(NOT_A_VOLUME,    24, "not-a-volume",      "the device carries no hostcrypt volume") \
	X(NAME_TAKEN,      25, "name-taken",        "a device of this name exists") \
	X(NOT_OPEN,        26, "not-open",          "no open volume of this name") \
	X(DEVICE_UNFIT,    27, "device-unfit",      "this kind of device is not supported") \
	X(VOLUME_BUSY,     28, "volume-busy",       "the open volume is in use") \
	X(HEADER_MAC,      30, "header-mac",        "the header was changed by somebody without the key") \
	X(HEADER_FOREIGN,  31, "header-foreign",    "the header belongs to another device") \
	X(HEADER_CIPHER,   32, "header-cipher",     "the header asks for a cipher that is not allowed") \
	X(HEADER_TOKEN,    33, "header-token",      "the hostcrypt token is malformed") \
	X(HEADER_KEYSLOT,  34, "header-keyslot",    "the KEK does not open the keyslot") \
	X(PROVIDER_UNKNOWN,40, "provider-unknown",  "no such key provider is configured") \
	X(KMS_UNREACHABLE, 41, "kms-unreachable",   "the key server cannot be reached") \
	X(KMS_TIMEOUT,     42, "kms-timeout",       "the key server did not answer in time") \
	X(TLS_UNTRUSTED,   43, "tls-untrusted",     "the key server's certificate is not trusted") \
	X(TLS_EXPIRED,     44, "tls-expired",       "a certificate is expired or not yet valid") \
	X(TLS_HOSTNAME,    45, "tls-hostname",      "the key server's certificate is for another name") \
	X(TLS_REFUSED,     46, "tls-refused",       "the key server refused the TLS connection") \
	X(KMIP_MALFORMED,  47, "kmip-malformed",    "the key server's answer is malformed") \
	X(KMIP_TRUNCATED,  48, "kmip-truncated",    "the key server's answer broke off") \
	X(KMIP_TOO_LARGE,  49, "kmip-too-large",    "the key server's answer is too large") \
	X(KMIP_REFUSED,    50, "kmip-refused",      "the key server refused the operation") \
	X(KEK_NOT_FOUND,   51, "kek-not-found",     "the key server does not know the KEK") \
	X(KEK_DENIED,      52, "kek-denied",        "the key server denies access to the KEK") \
	X(KEK_NOT_ACTIVE,  53, "kek-not-active",    "the KEK is not in state Active") \
	X(KEK_UNFIT,       54, "kek-unfit",         "the object is no AES-256 key fit to be a KEK") \
	X(KMIP_VERSION,    55, "kmip-version",      "no common KMIP version") \
	X(KEYFILE_PERMS,   56, "keyfile-perms",     "a private key file is readable by others") \
	X(CERT_FILE,       57, "cert-file",         "a certificate or key file cannot be used") \
	X(KMIP_AUTH,       58, "kmip-auth",         "the key server did not accept our identity") \
	X(DUMP_NOT_ONE,    70, "dump-not-one",      "the file is no encrypted dump") \
	X(DUMP_VERSION,    71, "dump-version",      "the encrypted dump is of another version") \
	X(DUMP_CUT,        72, "dump-cut",          "the encrypted dump ends early") \
	X(DUMP_DAMAGED,    73, "dump-damaged",      "the encrypted dump was changed or damaged") \
	X(DUMP_RECIPIENT,  74, "dump-recipient",    "this key is not one that can read the dump") \
	X(DUMP_KEY,        75, "dump-key",          "a key is not fit for encrypting dumps") \
	X(DUMP_MEMORY,     80, "dump-memory",       "too little memory is set aside for a capture kernel") \
	X(DUMP_FOREIGN,    81, "dump-foreign",      "another capture kernel is in the way") \
	X(DUMP_IMAGE,      82, "dump-image",        "the capture environment could not be made") \
	X(DUMP_LOAD,       83, "dump-load",         "the kernel refused the capture kernel") \
	X(DUMP_REGISTRY,   84, "dump-registry",     "the crashed kernel's registry of keys cannot be used") \
	X(DUMP_TARGET,     85, "dump-target",       "dumps cannot be written to the target")

/* The code is the negated exit status: HC_E_USAGE is -2. */
enum hc_error {
#define X(name, status, word, text) HC_E_##name = -(status),
	HC_ERRORS(X)
#undef X
};

/* Record the sentence and return @code. */
int hc_fail(enum hc_error code, const char *format, ...)
	__attribute__((format(printf, 2, 3), warn_unused_result));

/* As hc_fail(HC_E_SYSTEM), with ": " and the text of @errnum behind. */
int hc_fail_errno(int errnum, const char *format, ...)
	__attribute__((format(printf, 2, 3), warn_unused_result));

/* Put "words: " in front of the recorded sentence; returns @code. */
int hc_context(int code, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The sentence recorded last; "" before the first failure. */
const char *hc_error_message(void);

/* Exit status, machine word and general meaning of a negative code. */
int hc_error_exit(int code);
const char *hc_error_word(int code);
const char *hc_error_text(int code);

/* The code for a machine word, or HC_E_INTERNAL when it is none. */
int hc_error_from_word(const char *word);

#endif
