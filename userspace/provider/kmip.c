// SPDX-License-Identifier: GPL-2.0
/*
 * KEKs on a KMIP server: what hostcrypt demands of a key, and the order of
 * operations in which nothing gets lost.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "kmip/net.h"
#include "kmip/text.h"
#include "kmip/tls.h"
#include "provider/kmip_internal.h"

#define WARN_SECONDS (30 * 24 * 60 * 60) /* before a certificate ends */

_Static_assert(HC_KEK_ID_MAX == HC_KMIP_ID_MAX, "identifiers fit");
_Static_assert((int)HC_KEK_ACTIVE == (int)HC_STATE_ACTIVE &&
	       (int)HC_KEK_DESTROYED_COMPROMISED == (int)HC_STATE_DESTROYED_COMPROMISED,
	       "states are KMIP's");

int kmip_check_id(const char *id)
{
	if (id[0] && strlen(id) < HC_KEK_ID_MAX &&
	    hc_text_is_clean((const uint8_t *)id, strlen(id)))
		return 0;
	return hc_fail(HC_E_KEK_NOT_FOUND, "the KEK's identifier is empty, too long or not "
		"printable");
}

static int unfit(const struct kmip_provider *p, const char *id, const char *what)
{
	return hc_fail(HC_E_KEK_UNFIT, "key server %s: key %s is no fit KEK: %s", p->endpoint, id,
		       what);
}

static int check_state(const struct kmip_provider *p, const char *id, uint32_t state,
		       bool for_new_use)
{
	const char *remedy = "have it restored there, or use the volume's recovery passphrase";

	if (state == HC_STATE_ACTIVE || (state == HC_STATE_DEACTIVATED && !for_new_use))
		return 0;
	if (state == 0)
		return hc_fail(HC_E_KMIP_MALFORMED,
			       "key server %s: Get Attributes: the answer lacks the State of "
			       "key %s",
			       p->endpoint, id);
	if (state == HC_STATE_PRE_ACTIVE)
		remedy = "activate it there";
	else if (state == HC_STATE_DEACTIVATED)
		remedy = "take another key for new data";
	return hc_fail(HC_E_KEK_NOT_ACTIVE, "key server %s: key %s is %s, not Active; %s",
		       p->endpoint, id, hc_kek_state_name((enum hc_kek_state)state), remedy);
}

/* What the key may be used for: any of the ways to protect another key. */
static bool usage_fits(int32_t usage, bool for_new_use)
{
	int32_t old = HC_USAGE_DECRYPT | HC_USAGE_UNWRAP | HC_USAGE_DERIVE;
	int32_t fresh = HC_USAGE_ENCRYPT | HC_USAGE_WRAP | HC_USAGE_DERIVE;

	return usage & (for_new_use ? fresh : old);
}

static int check_attributes(const struct kmip_provider *p, const char *id,
			    const struct hc_kmip_attributes *attributes, bool for_new_use)
{
	int r = check_state(p, id, attributes->state, for_new_use);

	if (r < 0)
		return r;
	if (attributes->object_type && attributes->object_type != HC_OBJECT_SYMMETRIC_KEY)
		return unfit(p, id, "the object is no symmetric key");
	if (attributes->algorithm && attributes->algorithm != HC_ALGORITHM_AES)
		return unfit(p, id, "its algorithm is not AES");
	if (attributes->length && attributes->length != HC_KEK_SIZE * 8)
		return unfit(p, id, "its length is not 256 bits");
	if (!usage_fits(attributes->usage, for_new_use))
		return unfit(p, id, "its usage mask allows neither to encrypt nor to wrap or "
			"derive keys");
	return 0;
}

/* The bytes must be what key block and attributes say, and one of both must say it. */
static int check_key(const struct kmip_provider *p, const char *id,
		     const struct hc_kmip_attributes *attributes, const struct hc_kmip_key *key)
{
	uint32_t algorithm = key->algorithm ? key->algorithm : attributes->algorithm;
	int32_t length = key->length ? key->length : attributes->length;

	if (algorithm != HC_ALGORITHM_AES)
		return unfit(p, id, algorithm ? "its algorithm is not AES" :
						"the server does not say its algorithm");
	if (length != HC_KEK_SIZE * 8)
		return unfit(p, id, length ? "its length is not 256 bits" :
					     "the server does not say its length");
	if (key->bytes.size != HC_KEK_SIZE)
		return unfit(p, id, "the bytes that came are not 32, as its length says");
	return 0;
}

static int fetch(struct kmip_provider *p, const char *id, bool for_new_use,
		 struct hc_secret *ret_kek)
{
	struct hc_kmip_attributes attributes;
	struct hc_kmip_key key = { 0 };
	int r;

	/* Servers give out keys in any state, so the state is asked for first. */
	r = hc_kmip_get_attributes(p->client, id, &attributes);
	if (r < 0)
		return r;
	r = check_attributes(p, id, &attributes, for_new_use);
	if (r < 0)
		return r;
	r = hc_kmip_get(p->client, id, HC_OBJECT_SYMMETRIC_KEY, &key);
	if (r < 0)
		return r;
	r = check_key(p, id, &attributes, &key);
	if (r < 0) {
		hc_secret_free(&key.bytes);
		return r;
	}
	*ret_kek = key.bytes;
	return 0;
}

static int kmip_get(struct hc_provider *provider, const char *id, bool for_new_use,
		    struct hc_secret *ret_kek)
{
	struct kmip_provider *p = kmip_of(provider);
	int r = kmip_check_id(id);

	if (r < 0)
		return r;
	hc_kmip_begin(p->client);
	return fetch(p, id, for_new_use, ret_kek);
}

/*
 * The answer to Create was lost: the key may be there or not. Its unique name
 * tells, so that no second key is made. This takes a time limit of its own,
 * as the first one may be what ran out.
 */
static int create_again(struct kmip_provider *p, const char *label, char ret_id[HC_KEK_ID_MAX])
{
	unsigned found = 0;
	int r;

	hc_kmip_begin(p->client);
	r = hc_kmip_locate(p->client, HC_OBJECT_SYMMETRIC_KEY, label, ret_id, &found);
	if (r == 0 && found == 0)
		r = hc_kmip_create(p->client, label, ret_id);
	if (r == 0 && found > 1)
		return hc_fail(HC_E_KMIP_REFUSED,
			       "key server %s: several keys are called \"%s\"; remove them there",
			       p->endpoint, label);
	if (r < 0)
		return hc_context(r, "the answer to Create was lost, and a key called \"%s\" "
			"may be left on the server",
				  label);
	return 0;
}

int kmip_activate(struct kmip_provider *p, const char *id)
{
	struct hc_kmip_attributes attributes;
	int r;

	for (int tries = 0; tries < 2; tries++) {
		r = hc_kmip_get_attributes(p->client, id, &attributes);
		if (r < 0 || attributes.state != HC_STATE_PRE_ACTIVE)
			return r;
		r = hc_kmip_activate(p->client, id);
		if (r == 0 || !hc_kmip_lost(p->client))
			return r;
	}
	return r;
}

int kmip_destroy_key(struct kmip_provider *p, const char *id)
{
	struct hc_kmip_attributes attributes;
	int r;

	r = hc_kmip_get_attributes(p->client, id, &attributes);
	if (r < 0)
		return r;
	if (attributes.state == HC_STATE_ACTIVE) {
		r = hc_kmip_revoke(p->client, id, "no longer in use by hostcrypt");
		if (r < 0)
			return r;
	}
	return hc_kmip_destroy(p->client, id);
}

/* A key of ours that came out wrong is not left behind, and if it is, that is said. */
static int undo_create(struct kmip_provider *p, const char *id, int code)
{
	char why[800];
	int r;

	snprintf(why, sizeof(why), "%s", hc_error_message());
	hc_kmip_begin(p->client);
	r = kmip_destroy_key(p, id);
	return hc_fail((enum hc_error)code, "%s; the new key %s %s", why, id,
		       r == 0 ? "was destroyed again" : "is left on the key server, unused");
}

static int kmip_create(struct hc_provider *provider, const char *label,
		       char ret_id[HC_KEK_ID_MAX])
{
	struct kmip_provider *p = kmip_of(provider);
	HC_SECRET kek = { 0 };
	char id[HC_KEK_ID_MAX];
	bool surely_new = true;
	int r;

	hc_kmip_begin(p->client);
	r = hc_kmip_create(p->client, label, id);
	if (r < 0 && hc_kmip_lost(p->client)) {
		surely_new = false;
		r = create_again(p, label, id);
	}
	if (r < 0)
		return r;
	r = kmip_activate(p, id);
	if (r == 0)
		r = fetch(p, id, true, &kek);
	/* What was only found by its name might serve somebody: it stays. */
	if (r < 0 && surely_new)
		return undo_create(p, id, r);
	if (r < 0)
		return r;
	memcpy(ret_id, id, sizeof(id));
	return 0;
}

static int kmip_state(struct hc_provider *provider, const char *id, enum hc_kek_state *ret_state)
{
	struct kmip_provider *p = kmip_of(provider);
	struct hc_kmip_attributes attributes;
	int r = kmip_check_id(id);

	if (r < 0)
		return r;
	hc_kmip_begin(p->client);
	r = hc_kmip_get_attributes(p->client, id, &attributes);
	if (r < 0)
		return r;
	if (attributes.state < HC_STATE_PRE_ACTIVE ||
	    attributes.state > HC_STATE_DESTROYED_COMPROMISED)
		return hc_fail(HC_E_KMIP_MALFORMED,
			       "key server %s: Get Attributes: key %s has the unknown State %u",
			       p->endpoint, id, attributes.state);
	*ret_state = (enum hc_kek_state)attributes.state;
	return 0;
}

static int kmip_destroy(struct hc_provider *provider, const char *id)
{
	struct kmip_provider *p = kmip_of(provider);
	int r = kmip_check_id(id);

	if (r < 0)
		return r;
	hc_kmip_begin(p->client);
	return kmip_destroy_key(p, id);
}

static void warn(struct hc_provider_report *report, const char *what)
{
	size_t used = strlen(report->warning);

	snprintf(report->warning + used, sizeof(report->warning) - used, "%s%s", used ? "; " : "",
		 what);
}

static void write_report(const struct kmip_provider *p, const struct hc_kmip_server_info *info,
			 struct hc_provider_report *report)
{
	struct hc_kmip_connection connection;
	time_t soon = time(NULL) + WARN_SECONDS;

	hc_kmip_describe(p->client, &connection);
	snprintf(report->endpoint, sizeof(report->endpoint), "%s", p->endpoint);
	snprintf(report->protocol, sizeof(report->protocol), "KMIP 1.%u", connection.minor);
	snprintf(report->tls, sizeof(report->tls), "%s", connection.tls);
	snprintf(report->server, sizeof(report->server), "%s", info->vendor);
	hc_tls_date(connection.own_until, report->certificate_until);
	hc_tls_date(connection.server_until, report->server_certificate_until);
	report->can_create = kmip_can(info, HC_OP_CREATE) && kmip_can(info, HC_OP_GET) &&
			     kmip_can(info, HC_OP_ACTIVATE);
	if (!report->can_create)
		warn(report, "the server does not offer Create, Get and Activate to us");
	if (connection.own_until < soon)
		warn(report, "this host's certificate ends within 30 days");
	if (connection.server_until < soon)
		warn(report, "the server's certificate ends within 30 days");
	if (!connection.own_for_clients)
		warn(report, "this host's certificate lacks the extended key usage clientAuth");
}

/* A new connection, so that every step of the way is tried and timed. */
static int kmip_check(struct hc_provider *provider, struct hc_provider_report *ret_report)
{
	struct kmip_provider *p = kmip_of(provider);
	struct hc_provider_report report = { 0 };
	struct hc_kmip_server_info info;
	int64_t start = hc_now_ms();
	int r;

	hc_kmip_begin(p->client);
	r = hc_kmip_reconnect(p->client);
	if (r < 0)
		return r;
	r = hc_kmip_query(p->client, &info);
	if (r < 0)
		return r;
	report.round_trip_ms = (unsigned)(hc_now_ms() - start);
	write_report(p, &info, &report);
	*ret_report = report;
	return 0;
}

static void kmip_close(struct hc_provider *provider)
{
	struct kmip_provider *p = kmip_of(provider);

	hc_kmip_close(p->client);
	free(p);
}

static const struct hc_provider_ops kmip_ops = {
	.create = kmip_create,
	.get = kmip_get,
	.state = kmip_state,
	.destroy = kmip_destroy,
	.create_pair = kmip_create_pair,
	.public_key = kmip_public_key,
	.decrypt = kmip_decrypt,
	.check = kmip_check,
	.close = kmip_close,
};

int hc_provider_kmip_open(const struct hc_provider_config *config,
			  struct hc_provider **ret_provider)
{
	struct kmip_provider *p = calloc(1, sizeof(*p));
	int r;

	if (!p)
		return hc_fail(HC_E_MEMORY, "no memory for a provider");
	p->provider = (struct hc_provider){ .ops = &kmip_ops, .config = config };
	hc_net_endpoint(config->host, config->port, p->endpoint, sizeof(p->endpoint));
	r = hc_kmip_open(config, &p->client);
	if (r < 0) {
		free(p);
		return r;
	}
	*ret_provider = &p->provider;
	return 0;
}
