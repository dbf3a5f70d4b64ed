// SPDX-License-Identifier: GPL-2.0
#include "kmip/message.h"

static void put_version(struct hc_ttlv_writer *writer, unsigned minor)
{
	hc_ttlv_begin(writer, HC_TAG_PROTOCOL_VERSION);
	hc_ttlv_put_integer(writer, HC_TAG_VERSION_MAJOR, 1);
	hc_ttlv_put_integer(writer, HC_TAG_VERSION_MINOR, (int32_t)minor);
	hc_ttlv_end(writer);
}

void hc_kmip_request_begin(struct hc_ttlv_writer *writer, const struct hc_kmip_question *question)
{
	hc_ttlv_begin(writer, HC_TAG_REQUEST_MESSAGE);
	hc_ttlv_begin(writer, HC_TAG_REQUEST_HEADER);
	put_version(writer, question->minor);
	hc_ttlv_put_integer(writer, HC_TAG_MAXIMUM_RESPONSE, HC_KMIP_ANSWER_MAX);
	hc_ttlv_put_integer(writer, HC_TAG_BATCH_COUNT, 1);
	hc_ttlv_end(writer);
	hc_ttlv_begin(writer, HC_TAG_BATCH_ITEM);
	hc_ttlv_put_enum(writer, HC_TAG_OPERATION, question->operation);
	hc_ttlv_put_bytes(writer, HC_TAG_BATCH_ITEM_ID, question->batch_id,
			  sizeof(question->batch_id));
	hc_ttlv_begin(writer, HC_TAG_REQUEST_PAYLOAD);
}

void hc_kmip_request_end(struct hc_ttlv_writer *writer)
{
	hc_ttlv_end(writer); /* payload */
	hc_ttlv_end(writer); /* batch item */
	hc_ttlv_end(writer); /* message */
}

void hc_kmip_put_discover_versions(struct hc_ttlv_writer *writer)
{
	for (unsigned i = 0; i <= HC_KMIP_MINOR_MAX; i++)
		put_version(writer, HC_KMIP_MINOR_MAX - i);
}

void hc_kmip_put_query(struct hc_ttlv_writer *writer)
{
	hc_ttlv_put_enum(writer, HC_TAG_QUERY_FUNCTION, HC_QUERY_OPERATIONS);
	hc_ttlv_put_enum(writer, HC_TAG_QUERY_FUNCTION, HC_QUERY_SERVER_INFORMATION);
}

static void put_attribute(struct hc_ttlv_writer *writer, const char *name)
{
	hc_ttlv_begin(writer, HC_TAG_ATTRIBUTE);
	hc_ttlv_put_text(writer, HC_TAG_ATTRIBUTE_NAME, name);
}

static void put_attribute_enum(struct hc_ttlv_writer *writer, const char *name, uint32_t value)
{
	put_attribute(writer, name);
	hc_ttlv_put_enum(writer, HC_TAG_ATTRIBUTE_VALUE, value);
	hc_ttlv_end(writer);
}

static void put_attribute_integer(struct hc_ttlv_writer *writer, const char *name, int32_t value)
{
	put_attribute(writer, name);
	hc_ttlv_put_integer(writer, HC_TAG_ATTRIBUTE_VALUE, value);
	hc_ttlv_end(writer);
}

static void put_attribute_name(struct hc_ttlv_writer *writer, const char *name)
{
	put_attribute(writer, "Name");
	hc_ttlv_begin(writer, HC_TAG_ATTRIBUTE_VALUE);
	hc_ttlv_put_text(writer, HC_TAG_NAME_VALUE, name);
	hc_ttlv_put_enum(writer, HC_TAG_NAME_TYPE, HC_NAME_TEXT);
	hc_ttlv_end(writer);
	hc_ttlv_end(writer);
}

void hc_kmip_put_create(struct hc_ttlv_writer *writer, const char *name)
{
	hc_ttlv_put_enum(writer, HC_TAG_OBJECT_TYPE, HC_OBJECT_SYMMETRIC_KEY);
	hc_ttlv_begin(writer, HC_TAG_TEMPLATE_ATTRIBUTE);
	put_attribute_enum(writer, "Cryptographic Algorithm", HC_ALGORITHM_AES);
	put_attribute_integer(writer, "Cryptographic Length", 256);
	put_attribute_integer(writer, "Cryptographic Usage Mask",
			      HC_USAGE_ENCRYPT | HC_USAGE_DECRYPT);
	put_attribute_name(writer, name);
	hc_ttlv_end(writer);
}

static void put_half(struct hc_ttlv_writer *writer, uint32_t tag, const char *name,
		     enum hc_kmip_usage usage)
{
	hc_ttlv_begin(writer, tag);
	put_attribute_name(writer, name);
	put_attribute_integer(writer, "Cryptographic Usage Mask", usage);
	hc_ttlv_end(writer);
}

void hc_kmip_put_create_pair(struct hc_ttlv_writer *writer, const char *private_name,
			     const char *public_name, unsigned bits)
{
	hc_ttlv_begin(writer, HC_TAG_COMMON_TEMPLATE);
	put_attribute_enum(writer, "Cryptographic Algorithm", HC_ALGORITHM_RSA);
	put_attribute_integer(writer, "Cryptographic Length", (int32_t)bits);
	hc_ttlv_end(writer);
	put_half(writer, HC_TAG_PRIVATE_TEMPLATE, private_name, HC_USAGE_DECRYPT);
	put_half(writer, HC_TAG_PUBLIC_TEMPLATE, public_name, HC_USAGE_ENCRYPT);
}

void hc_kmip_put_decrypt(struct hc_ttlv_writer *writer, unsigned minor, const char *id,
			 const void *data, size_t size)
{
	hc_kmip_put_id(writer, id);
	hc_ttlv_begin(writer, HC_TAG_CRYPTO_PARAMETERS);
	hc_ttlv_put_enum(writer, HC_TAG_PADDING_METHOD, HC_PADDING_OAEP);
	hc_ttlv_put_enum(writer, HC_TAG_HASHING_ALGORITHM, HC_HASH_SHA256);
	hc_ttlv_put_enum(writer, HC_TAG_CRYPTO_ALGORITHM, HC_ALGORITHM_RSA);
	/* Before KMIP 1.4 there are no words for it: MGF1 with the same hash is meant. */
	if (minor >= 4) {
		hc_ttlv_put_enum(writer, HC_TAG_MASK_GENERATOR, HC_MASK_MGF1);
		hc_ttlv_put_enum(writer, HC_TAG_MASK_GENERATOR_HASH, HC_HASH_SHA256);
	}
	hc_ttlv_end(writer);
	hc_ttlv_put_bytes(writer, HC_TAG_DATA, data, size);
}

void hc_kmip_put_locate(struct hc_ttlv_writer *writer, enum hc_kmip_object type, const char *name)
{
	hc_ttlv_put_integer(writer, HC_TAG_MAXIMUM_ITEMS, 2);
	put_attribute_enum(writer, "Object Type", type);
	put_attribute_name(writer, name);
}

void hc_kmip_put_id(struct hc_ttlv_writer *writer, const char *id)
{
	hc_ttlv_put_text(writer, HC_TAG_UNIQUE_IDENTIFIER, id);
}

void hc_kmip_put_get_attributes(struct hc_ttlv_writer *writer, const char *id)
{
	hc_kmip_put_id(writer, id);
	hc_ttlv_put_text(writer, HC_TAG_ATTRIBUTE_NAME, "State");
	hc_ttlv_put_text(writer, HC_TAG_ATTRIBUTE_NAME, "Object Type");
	hc_ttlv_put_text(writer, HC_TAG_ATTRIBUTE_NAME, "Cryptographic Algorithm");
	hc_ttlv_put_text(writer, HC_TAG_ATTRIBUTE_NAME, "Cryptographic Length");
	hc_ttlv_put_text(writer, HC_TAG_ATTRIBUTE_NAME, "Cryptographic Usage Mask");
}

void hc_kmip_put_revoke(struct hc_ttlv_writer *writer, const char *id, const char *why)
{
	hc_kmip_put_id(writer, id);
	hc_ttlv_begin(writer, HC_TAG_REVOCATION_REASON);
	hc_ttlv_put_enum(writer, HC_TAG_REVOCATION_CODE, HC_REVOKE_CESSATION);
	hc_ttlv_put_text(writer, HC_TAG_REVOCATION_MESSAGE, why);
	hc_ttlv_end(writer);
}
