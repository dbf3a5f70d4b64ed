/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The numbers and words of KMIP 1.0 to 1.4 that hostcrypt uses (KMIP 1.4,
 * section 9.1.3; the same in every 1.x).
 */
#ifndef HC_KMIP_PROTOCOL_H
#define HC_KMIP_PROTOCOL_H

#include <stdint.h>

/* name, number, the specification's words */
#define HC_KMIP_TAGS(X) \
	X(ASYNC_CORRELATION,   0x420006, "Asynchronous Correlation Value") \
	X(ATTRIBUTE,           0x420008, "Attribute") \
	X(ATTRIBUTE_INDEX,     0x420009, "Attribute Index") \
	X(ATTRIBUTE_NAME,      0x42000a, "Attribute Name") \
	X(ATTRIBUTE_VALUE,     0x42000b, "Attribute Value") \
	X(BATCH_COUNT,         0x42000d, "Batch Count") \
	X(BATCH_ITEM,          0x42000f, "Batch Item") \
	X(COMMON_TEMPLATE,     0x42001f, "Common Template-Attribute") \
	X(CRITICALITY,         0x420026, "Criticality Indicator") \
	X(CRYPTO_ALGORITHM,    0x420028, "Cryptographic Algorithm") \
	X(CRYPTO_LENGTH,       0x42002a, "Cryptographic Length") \
	X(CRYPTO_PARAMETERS,   0x42002b, "Cryptographic Parameters") \
	X(HASHING_ALGORITHM,   0x420038, "Hashing Algorithm") \
	X(KEY,                 0x42003f, "Key") \
	X(KEY_BLOCK,           0x420040, "Key Block") \
	X(KEY_COMPRESSION,     0x420041, "Key Compression Type") \
	X(KEY_FORMAT,          0x420042, "Key Format Type") \
	X(KEY_MATERIAL,        0x420043, "Key Material") \
	X(KEY_VALUE,           0x420045, "Key Value") \
	X(KEY_WRAPPING_DATA,   0x420046, "Key Wrapping Data") \
	X(MAXIMUM_ITEMS,       0x42004f, "Maximum Items") \
	X(MAXIMUM_RESPONSE,    0x420050, "Maximum Response Size") \
	X(MESSAGE_EXTENSION,   0x420051, "Message Extension") \
	X(NAME_TYPE,           0x420054, "Name Type") \
	X(NAME_VALUE,          0x420055, "Name Value") \
	X(OBJECT_TYPE,         0x420057, "Object Type") \
	X(OPERATION,           0x42005c, "Operation") \
	X(PADDING_METHOD,      0x42005f, "Padding Method") \
	X(PRIVATE_KEY,         0x420064, "Private Key") \
	X(PRIVATE_TEMPLATE,    0x420065, "Private Key Template-Attribute") \
	X(PRIVATE_KEY_ID,      0x420066, "Private Key Unique Identifier") \
	X(PROTOCOL_VERSION,    0x420069, "Protocol Version") \
	X(VERSION_MAJOR,       0x42006a, "Protocol Version Major") \
	X(VERSION_MINOR,       0x42006b, "Protocol Version Minor") \
	X(PUBLIC_KEY,          0x42006d, "Public Key") \
	X(PUBLIC_TEMPLATE,     0x42006e, "Public Key Template-Attribute") \
	X(PUBLIC_KEY_ID,       0x42006f, "Public Key Unique Identifier") \
	X(QUERY_FUNCTION,      0x420074, "Query Function") \
	X(REQUEST_HEADER,      0x420077, "Request Header") \
	X(REQUEST_MESSAGE,     0x420078, "Request Message") \
	X(REQUEST_PAYLOAD,     0x420079, "Request Payload") \
	X(RESPONSE_HEADER,     0x42007a, "Response Header") \
	X(RESPONSE_MESSAGE,    0x42007b, "Response Message") \
	X(RESPONSE_PAYLOAD,    0x42007c, "Response Payload") \
	X(RESULT_MESSAGE,      0x42007d, "Result Message") \
	X(RESULT_REASON,       0x42007e, "Result Reason") \
	X(RESULT_STATUS,       0x42007f, "Result Status") \
	X(REVOCATION_MESSAGE,  0x420080, "Revocation Message") \
	X(REVOCATION_REASON,   0x420081, "Revocation Reason") \
	X(REVOCATION_CODE,     0x420082, "Revocation Reason Code") \
	X(SERVER_INFORMATION,  0x420088, "Server Information") \
	X(SYMMETRIC_KEY,       0x42008f, "Symmetric Key") \
	X(TEMPLATE_ATTRIBUTE,  0x420091, "Template-Attribute") \
	X(TIME_STAMP,          0x420092, "Time Stamp") \
	X(BATCH_ITEM_ID,       0x420093, "Unique Batch Item ID") \
	X(UNIQUE_IDENTIFIER,   0x420094, "Unique Identifier") \
	X(VENDOR_EXTENSION,    0x42009c, "Vendor Extension") \
	X(VENDOR_ID,           0x42009d, "Vendor Identification") \
	X(DATA,                0x4200c2, "Data") \
	X(ATTESTATION_TYPE,    0x4200c7, "Attestation Type") \
	X(NONCE,               0x4200c8, "Nonce") \
	X(LOCATED_ITEMS,       0x4200d5, "Located Items") \
	X(MASK_GENERATOR,      0x420101, "Mask Generator") \
	X(MASK_GENERATOR_HASH, 0x420102, "Mask Generator Hashing Algorithm") \
	X(CLIENT_CORRELATION,  0x420105, "Client Correlation Value") \
	X(SERVER_CORRELATION,  0x420106, "Server Correlation Value")

enum hc_kmip_tag {
#define X(name, number, words) HC_TAG_##name = number,
	HC_KMIP_TAGS(X)
#undef X
};

#define HC_KMIP_OPERATIONS(X) \
	X(CREATE,            0x01, "Create") \
	X(CREATE_KEY_PAIR,   0x02, "Create Key Pair") \
	X(LOCATE,            0x08, "Locate") \
	X(GET,               0x0a, "Get") \
	X(GET_ATTRIBUTES,    0x0b, "Get Attributes") \
	X(ACTIVATE,          0x12, "Activate") \
	X(REVOKE,            0x13, "Revoke") \
	X(DESTROY,           0x14, "Destroy") \
	X(QUERY,             0x18, "Query") \
	X(DISCOVER_VERSIONS, 0x1e, "Discover Versions") \
	X(DECRYPT,           0x20, "Decrypt")

enum hc_kmip_operation {
#define X(name, number, words) HC_OP_##name = number,
	HC_KMIP_OPERATIONS(X)
#undef X
};

/* The reasons after 0x18 are from KMIP 2.x; servers of both worlds send them. */
#define HC_KMIP_REASONS(X) \
	X(ITEM_NOT_FOUND,        0x01, "Item Not Found") \
	X(RESPONSE_TOO_LARGE,    0x02, "Response Too Large") \
	X(NOT_AUTHENTICATED,     0x03, "Authentication Not Successful") \
	X(INVALID_MESSAGE,       0x04, "Invalid Message") \
	X(OPERATION_UNSUPPORTED, 0x05, "Operation Not Supported") \
	X(MISSING_DATA,          0x06, "Missing Data") \
	X(INVALID_FIELD,         0x07, "Invalid Field") \
	X(FEATURE_UNSUPPORTED,   0x08, "Feature Not Supported") \
	X(CANCELED,              0x09, "Operation Canceled By Requester") \
	X(CRYPTO_FAILURE,        0x0a, "Cryptographic Failure") \
	X(ILLEGAL_OPERATION,     0x0b, "Illegal Operation") \
	X(PERMISSION_DENIED,     0x0c, "Permission Denied") \
	X(OBJECT_ARCHIVED,       0x0d, "Object Archived") \
	X(INDEX_OUT_OF_BOUNDS,   0x0e, "Index Out of Bounds") \
	X(NAMESPACE_UNSUPPORTED, 0x0f, "Application Namespace Not Supported") \
	X(FORMAT_UNSUPPORTED,    0x10, "Key Format Type Not Supported") \
	X(COMPRESSION_UNSUPPORTED, 0x11, "Key Compression Type Not Supported") \
	X(ENCODING_OPTION,       0x12, "Encoding Option Error") \
	X(VALUE_NOT_PRESENT,     0x13, "Key Value Not Present") \
	X(ATTESTATION_REQUIRED,  0x14, "Attestation Required") \
	X(ATTESTATION_FAILED,    0x15, "Attestation Failed") \
	X(SENSITIVE,             0x16, "Sensitive") \
	X(NOT_EXTRACTABLE,       0x17, "Not Extractable") \
	X(ALREADY_EXISTS,        0x18, "Object Already Exists") \
	X(OBJECT_DESTROYED,      0x36, "Object Destroyed") \
	X(OBJECT_NOT_FOUND,      0x37, "Object Not Found") \
	X(NOT_AUTHORISED,        0x39, "Not Authorised") \
	X(SERVER_LIMIT,          0x3a, "Server Limit Exceeded") \
	X(VERSION_UNSUPPORTED,   0x3f, "Unsupported Protocol Version") \
	X(WRONG_LIFECYCLE_STATE, 0x43, "Wrong Key Lifecycle State") \
	X(STORAGE_UNAVAILABLE,   0x44, "Protection Storage Unavailable") \
	X(GENERAL_FAILURE,       0x100, "General Failure")

enum hc_kmip_reason {
#define X(name, number, words) HC_REASON_##name = number,
	HC_KMIP_REASONS(X)
#undef X
};

enum hc_kmip_status {
	HC_STATUS_SUCCESS,
	HC_STATUS_FAILED,
	HC_STATUS_PENDING,
	HC_STATUS_UNDONE,
};

/* Section 3.22. */
enum hc_kmip_state {
	HC_STATE_PRE_ACTIVE = 1,
	HC_STATE_ACTIVE,
	HC_STATE_DEACTIVATED,
	HC_STATE_COMPROMISED,
	HC_STATE_DESTROYED,
	HC_STATE_DESTROYED_COMPROMISED,
};

enum hc_kmip_object {
	HC_OBJECT_SYMMETRIC_KEY = 2,
	HC_OBJECT_PUBLIC_KEY = 3,
	HC_OBJECT_PRIVATE_KEY = 4,
};

enum {
	HC_ALGORITHM_AES = 3,
	HC_ALGORITHM_RSA = 4,
	HC_FORMAT_RAW = 1,
	HC_FORMAT_PKCS1 = 3,
	HC_FORMAT_PKCS8 = 4,
	HC_FORMAT_X509 = 5,
	HC_FORMAT_TRANSPARENT_SYMMETRIC = 7,
	HC_NAME_TEXT = 1,
	HC_PADDING_OAEP = 2,
	HC_HASH_SHA256 = 6,
	HC_MASK_MGF1 = 1,
	HC_REVOKE_CESSATION = 6,
	HC_QUERY_OPERATIONS = 1,
	HC_QUERY_SERVER_INFORMATION = 3,
};

/* Cryptographic Usage Mask, bits. */
enum hc_kmip_usage {
	HC_USAGE_ENCRYPT = 0x04,
	HC_USAGE_DECRYPT = 0x08,
	HC_USAGE_WRAP = 0x10,
	HC_USAGE_UNWRAP = 0x20,
	HC_USAGE_DERIVE = 0x200,
};

/* The specification's words, or "unknown" where the number is not above. */
const char *hc_kmip_tag_name(uint32_t tag);
const char *hc_kmip_operation_name(uint32_t operation);
const char *hc_kmip_reason_name(uint32_t reason);

#endif
