/* SPDX-License-Identifier: GPL-2.0 */
/*
 * KMIP messages: one request with one batch item, and its answer.
 *
 * Requests carry no Time Stamp (some servers refuse one from a clock ahead of
 * theirs), no Asynchronous Indicator, and a Unique Batch Item ID, by which a
 * late answer to an earlier request is told from the right one.
 */
#ifndef HC_KMIP_MESSAGE_H
#define HC_KMIP_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/secret.h"
#include "kmip/protocol.h"
#include "kmip/ttlv.h"

#define HC_KMIP_MINOR_MAX 4		/* KMIP 1.4 */
#define HC_KMIP_BATCH_ID_SIZE 8
#define HC_KMIP_ID_MAX 256		/* Unique Identifier, with the NUL */
#define HC_KMIP_ANSWER_MAX (64 * 1024)	/* told to the server, and enforced */
#define HC_KMIP_REQUEST_MAX 2048

/* What was asked; the answer must match it. */
struct hc_kmip_question {
	enum hc_kmip_operation operation;
	unsigned minor;				/* of KMIP 1.x */
	uint8_t batch_id[HC_KMIP_BATCH_ID_SIZE];
};

/* Write a request: begin, one of the payloads below, end. */
void hc_kmip_request_begin(struct hc_ttlv_writer *writer, const struct hc_kmip_question *question);
void hc_kmip_request_end(struct hc_ttlv_writer *writer);

/* All versions of ours, the newest first. */
void hc_kmip_put_discover_versions(struct hc_ttlv_writer *writer);
void hc_kmip_put_query(struct hc_ttlv_writer *writer);
/* An AES-256 key for Encrypt and Decrypt called @name. */
void hc_kmip_put_create(struct hc_ttlv_writer *writer, const char *name);
/* An RSA key pair: the private half for Decrypt, the public one for Encrypt. */
void hc_kmip_put_create_pair(struct hc_ttlv_writer *writer, const char *private_name,
			     const char *public_name, unsigned bits);
/* At most two objects of @type called @name: two are as bad as more. */
void hc_kmip_put_locate(struct hc_ttlv_writer *writer, enum hc_kmip_object type, const char *name);
/* RSA-OAEP with SHA-256 in both places and an empty label, in the words of KMIP 1.@minor. */
void hc_kmip_put_decrypt(struct hc_ttlv_writer *writer, unsigned minor, const char *id,
			 const void *data, size_t size);
/* Of @id: State, Object Type, Cryptographic Algorithm, Length and Usage Mask. */
void hc_kmip_put_get_attributes(struct hc_ttlv_writer *writer, const char *id);
/* For Get, Activate and Destroy. */
void hc_kmip_put_id(struct hc_ttlv_writer *writer, const char *id);
void hc_kmip_put_revoke(struct hc_ttlv_writer *writer, const char *id, const char *why);

/*
 * The first bytes of an answer: its whole size, or HC_E_KMIP_MALFORMED when
 * this is no KMIP answer, HC_E_KMIP_TOO_LARGE above HC_KMIP_ANSWER_MAX.
 */
int hc_kmip_answer_size(const uint8_t header[HC_TTLV_HEADER], size_t *ret_size);

struct hc_kmip_answer {
	unsigned major, minor;		/* of the answer's header */
	bool skip_unknown;		/* another minor than asked: new fields are no error */
	bool whole_message;		/* the failure is the message's, not the operation's */
	enum hc_kmip_status status;
	uint32_t reason;		/* 0 unless failed */
	char text[256];			/* the server's words, cleaned; "" for none */
	struct hc_ttlv payload;		/* tag 0 for none; always there on success */
};

/*
 * Check a whole answer and match it with @question. 0 also when the server
 * says that the operation failed: look at @status. HC_E_KMIP_MALFORMED.
 */
int hc_kmip_answer_read(const uint8_t *data, size_t size, const struct hc_kmip_question *question,
			struct hc_kmip_answer *ret_answer);

/*
 * The payloads of answers that are a success. @id is what was asked for: an
 * answer about another object is malformed. All: HC_E_KMIP_MALFORMED.
 */

/* Bit n set: the server speaks KMIP 1.n. */
int hc_kmip_read_discover_versions(const struct hc_kmip_answer *answer, unsigned *ret_minors);

struct hc_kmip_server_info {
	char vendor[256];	/* cleaned, "" for none */
	uint64_t operations;	/* bit n set: operation n, for n < 64 */
};

int hc_kmip_read_query(const struct hc_kmip_answer *answer, struct hc_kmip_server_info *ret_info);
int hc_kmip_read_create(const struct hc_kmip_answer *answer, char ret_id[HC_KMIP_ID_MAX]);

int hc_kmip_read_create_pair(const struct hc_kmip_answer *answer,
			     char ret_private_id[HC_KMIP_ID_MAX],
			     char ret_public_id[HC_KMIP_ID_MAX]);

/* How many were found (0, 1, 2 for more), the first one in @ret_id. */
int hc_kmip_read_locate(const struct hc_kmip_answer *answer, char ret_id[HC_KMIP_ID_MAX],
			unsigned *ret_found);

/* 0 stands for "the server did not say". */
struct hc_kmip_attributes {
	uint32_t state;
	uint32_t object_type;
	uint32_t algorithm;
	int32_t length;		/* bits */
	int32_t usage;
};

int hc_kmip_read_attributes(const struct hc_kmip_answer *answer, const char *id,
			    struct hc_kmip_attributes *ret_attributes);

/* Activate, Revoke, Destroy. */
int hc_kmip_read_id(const struct hc_kmip_answer *answer, const char *id);

/*
 * A key's bytes and what the server says of them (0: nothing): as they are for
 * a symmetric key, in DER (PKCS#1, PKCS#8, X.509) for a half of a pair.
 * HC_E_KEK_UNFIT when it is no plain key of @type.
 */
struct hc_kmip_key {
	struct hc_secret bytes;
	uint32_t format;
	uint32_t algorithm;
	int32_t length;		/* bits */
};

int hc_kmip_read_key(const struct hc_kmip_answer *answer, const char *id,
		     enum hc_kmip_object type, struct hc_kmip_key *ret_key);

int hc_kmip_read_decrypt(const struct hc_kmip_answer *answer, const char *id,
			 struct hc_secret *ret_data);

#endif
