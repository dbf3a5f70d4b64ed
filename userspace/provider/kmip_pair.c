// SPDX-License-Identifier: GPL-2.0
/* RSA key pairs on a KMIP server. */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "provider/kmip_internal.h"
#include "provider/rsa.h"

#define PAIR_NAME_MAX (HC_KEK_ID_MAX + 16)

/* The names of the two halves; found by them after an answer was lost. */
struct names {
	char private_name[PAIR_NAME_MAX];
	char public_name[PAIR_NAME_MAX];
};

static int unfit(const struct kmip_provider *p, const char *id, const char *what)
{
	return hc_fail(HC_E_KEK_UNFIT, "key server %s: key %s is of no use here: %s", p->endpoint,
		       id, what);
}

/* Servers give out keys in any state, so it is asked for first. */
static int check_state(const struct kmip_provider *p, const char *id, bool for_new_use)
{
	struct hc_kmip_attributes attributes;
	int r = hc_kmip_get_attributes(p->client, id, &attributes);

	if (r < 0 || attributes.state == HC_STATE_ACTIVE ||
	    (attributes.state == HC_STATE_DEACTIVATED && !for_new_use))
		return r;
	return hc_fail(HC_E_KEK_NOT_ACTIVE, "key server %s: key %s is %s, not Active; %s",
		       p->endpoint, id, hc_kek_state_name((enum hc_kek_state)attributes.state),
		       attributes.state == HC_STATE_PRE_ACTIVE ? "activate it there" :
								 "look at it there");
}

static int fetch(struct kmip_provider *p, const char *id, enum hc_kmip_object type,
		 EVP_PKEY **ret_key)
{
	struct hc_kmip_key got = { 0 };
	EVP_PKEY *key;
	int r = hc_kmip_get(p->client, id, type, &got);

	if (r < 0)
		return r;
	key = type == HC_OBJECT_PUBLIC_KEY ? hc_rsa_public(&got.bytes) :
					     hc_rsa_private(&got.bytes);
	hc_secret_free(&got.bytes);
	if (!key)
		return unfit(p, id, "it is no RSA key");
	if (EVP_PKEY_get_bits(key) < HC_PAIR_BITS_MIN) {
		EVP_PKEY_free(key);
		return unfit(p, id, "it has less than 3072 bits");
	}
	*ret_key = key;
	return 0;
}

static int fetch_public(struct kmip_provider *p, const char *id, EVP_PKEY **ret_key)
{
	int r = check_state(p, id, true);

	return r < 0 ? r : fetch(p, id, HC_OBJECT_PUBLIC_KEY, ret_key);
}

int kmip_public_key(struct hc_provider *provider, const char *public_id, EVP_PKEY **ret_key)
{
	struct kmip_provider *p = kmip_of(provider);
	int r = kmip_check_id(public_id);

	if (r < 0)
		return r;
	hc_kmip_begin(p->client);
	return fetch_public(p, public_id, ret_key);
}

static int locate(struct kmip_provider *p, const struct names *names, struct hc_key_pair *pair,
		  unsigned *ret_found)
{
	unsigned found = 0, found_public = 0;
	int r;

	r = hc_kmip_locate(p->client, HC_OBJECT_PRIVATE_KEY, names->private_name,
			   pair->private_id, &found);
	if (r == 0)
		r = hc_kmip_locate(p->client, HC_OBJECT_PUBLIC_KEY, names->public_name,
				   pair->public_id, &found_public);
	if (r < 0)
		return r;
	if (found != found_public || found > 1)
		return hc_fail(HC_E_KMIP_REFUSED,
			       "key server %s: there are %u keys called \"%s\" and %u called "
			       "\"%s\"; remove them there",
			       p->endpoint, found, names->private_name, found_public,
			       names->public_name);
	*ret_found = found;
	return 0;
}

/*
 * The answer to Create Key Pair was lost: the pair may be there or not. This
 * takes a time limit of its own, as the first one may be what ran out.
 */
static int create_again(struct kmip_provider *p, const struct names *names, unsigned bits,
			struct hc_key_pair *pair)
{
	unsigned found = 0;
	int r;

	hc_kmip_begin(p->client);
	r = locate(p, names, pair, &found);
	if (r == 0 && found == 0)
		r = hc_kmip_create_pair(p->client, names->private_name, names->public_name, bits,
					pair->private_id, pair->public_id);
	if (r < 0)
		hc_context(r, "the answer to Create Key Pair was lost, and keys called \"%s\" and "
			   "\"%s\" may be left on the server",
			   names->private_name, names->public_name);
	return r;
}

static int make_usable(struct kmip_provider *p, unsigned bits, struct hc_key_pair *pair)
{
	int r = kmip_activate(p, pair->private_id);

	if (r == 0)
		r = kmip_activate(p, pair->public_id);
	if (r == 0)
		r = fetch_public(p, pair->public_id, &pair->public_key);
	if (r == 0 && EVP_PKEY_get_bits(pair->public_key) != (int)bits)
		r = unfit(p, pair->public_id, "it is of another length than was asked for");
	return r;
}

/* A pair of ours that came out wrong is not left behind, and if it is, that is said. */
static int undo_create(struct kmip_provider *p, const struct hc_key_pair *pair, int code)
{
	char why[600];
	int r;

	snprintf(why, sizeof(why), "%s", hc_error_message());
	hc_kmip_begin(p->client);
	r = kmip_destroy_key(p, pair->private_id);
	if (r == 0)
		r = kmip_destroy_key(p, pair->public_id);
	return hc_fail((enum hc_error)code, "%s; the new keys %.64s and %.64s %s", why,
		       pair->private_id, pair->public_id,
		       r == 0 ? "were destroyed again" : "are left on the key server, unused");
}

int kmip_create_pair(struct hc_provider *provider, const char *label, unsigned bits,
		     struct hc_key_pair *ret_pair)
{
	struct kmip_provider *p = kmip_of(provider);
	struct hc_key_pair pair = { 0 };
	struct names names;
	bool surely_new = true;
	int r = kmip_check_id(label);

	if (r < 0)
		return hc_fail(HC_E_USAGE, "the label is empty, too long or not printable");
	snprintf(names.private_name, sizeof(names.private_name), "%s-private", label);
	snprintf(names.public_name, sizeof(names.public_name), "%s-public", label);
	hc_kmip_begin(p->client);
	r = hc_kmip_create_pair(p->client, names.private_name, names.public_name, bits,
				pair.private_id, pair.public_id);
	if (r < 0 && hc_kmip_lost(p->client)) {
		surely_new = false;
		r = create_again(p, &names, bits, &pair);
	}
	if (r < 0)
		return r;
	r = make_usable(p, bits, &pair);
	if (r < 0) {
		hc_key_pair_free(&pair);
		/* What was only found by its name might serve somebody: it stays. */
		return surely_new ? undo_create(p, &pair, r) : r;
	}
	*ret_pair = pair;
	return 0;
}

static int fetch_private(struct kmip_provider *p, const char *id, EVP_PKEY **ret_key)
{
	int r = check_state(p, id, false);

	return r < 0 ? r : fetch(p, id, HC_OBJECT_PRIVATE_KEY, ret_key);
}

static int decrypt_here(struct kmip_provider *p, const char *id, const void *data, size_t size,
			struct hc_secret *ret_plain)
{
	EVP_PKEY *key = NULL;
	int r = fetch_private(p, id, &key);

	if (r == 0)
		r = hc_rsa_decrypt(key, data, size, ret_plain);
	EVP_PKEY_free(key);
	return r;
}

/* Whether the server said no to the operation; it may say yes to another. */
static bool said_no(int r)
{
	return r == HC_E_KMIP_REFUSED || r == HC_E_KEK_DENIED || r == HC_E_KEK_UNFIT ||
	       r == HC_E_KEK_NOT_ACTIVE;
}

int kmip_decrypt(struct hc_provider *provider, const char *private_id, const void *data,
		 size_t size, struct hc_secret *ret_plain)
{
	struct kmip_provider *p = kmip_of(provider);
	struct hc_kmip_server_info info;
	char why[400];
	int r = kmip_check_id(private_id);

	if (r < 0)
		return r;
	hc_kmip_begin(p->client);
	r = hc_kmip_query(p->client, &info);
	if (r < 0)
		return r;
	if (!kmip_can(&info, HC_OP_DECRYPT))
		return decrypt_here(p, private_id, data, size, ret_plain);
	r = hc_kmip_decrypt(p->client, private_id, data, size, ret_plain);
	if (!said_no(r))
		return r;
	snprintf(why, sizeof(why), "%s", hc_error_message());
	r = decrypt_here(p, private_id, data, size, ret_plain);
	return r < 0 ? hc_context(r, "%s; and", why) : 0;
}
