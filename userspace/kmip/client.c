// SPDX-License-Identifier: GPL-2.0
#include "kmip/client.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "kmip/net.h"
#include "kmip/refusal.h"
#include "kmip/tls.h"

struct hc_kmip_client {
	const struct hc_provider_config *config;
	char endpoint[320];
	struct hc_tls_context *context;
	struct hc_tls *tls;		/* NULL: not connected */
	unsigned answers;		/* that came over this connection */
	struct hc_deadline deadline;
	unsigned minor;			/* the version agreed on */
	uint64_t requests;		/* sent in all: makes the batch item ids */
	bool lost;
};

/* One request and its answer, from call_begin() to call_end(). */
struct call {
	struct hc_kmip_question question;
	uint8_t request[HC_KMIP_REQUEST_MAX];
	struct hc_ttlv_writer writer;
	struct hc_secret received;	/* may hold a key */
	struct hc_kmip_answer answer;	/* points into received */
	bool sent;
	bool refused;			/* a well-formed failure came back */
};

static void disconnect(struct hc_kmip_client *client)
{
	hc_tls_close(client->tls);
	client->tls = NULL;
	client->answers = 0;
}

static int connect_server(struct hc_kmip_client *client)
{
	if (client->tls)
		return 0;
	return hc_tls_connect(client->context, client->deadline, &client->tls);
}

static void call_begin(struct hc_kmip_client *client, struct call *call,
		       enum hc_kmip_operation operation)
{
	uint64_t number = ++client->requests;

	*call = (struct call){ .question = { .operation = operation, .minor = client->minor } };
	for (int i = 0; i < HC_KMIP_BATCH_ID_SIZE; i++)
		call->question.batch_id[i] = (uint8_t)(number >> (56 - 8 * i));
	hc_ttlv_writer_init(&call->writer, call->request, sizeof(call->request));
	hc_kmip_request_begin(&call->writer, &call->question);
}

/* The size is known before memory is taken for it. */
static int receive(struct hc_kmip_client *client, struct call *call)
{
	uint8_t header[HC_TTLV_HEADER];
	size_t size = 0;
	int r;

	r = hc_tls_read(client->tls, header, sizeof(header), client->deadline);
	if (r < 0)
		return r;
	r = hc_kmip_answer_size(header, &size);
	if (r < 0)
		return r;
	r = hc_secret_alloc(size, &call->received);
	if (r < 0)
		return r;
	memcpy(call->received.data, header, sizeof(header));
	r = hc_tls_read(client->tls, call->received.data + sizeof(header), size - sizeof(header),
			client->deadline);
	if (r < 0)
		return r;
	if (hc_tls_pending(client->tls))
		return hc_fail(HC_E_KMIP_MALFORMED, "more bytes follow the answer");
	return 0;
}

static int exchange_once(struct hc_kmip_client *client, struct call *call, size_t size)
{
	int r;

	r = connect_server(client);
	if (r < 0)
		return r;
	call->sent = true;
	r = hc_tls_write(client->tls, call->request, size, client->deadline);
	return r < 0 ? r : receive(client, call);
}

/* Whether a second time does no harm and says no other thing. */
static bool only_reads(enum hc_kmip_operation operation)
{
	return operation == HC_OP_GET || operation == HC_OP_GET_ATTRIBUTES ||
	       operation == HC_OP_LOCATE || operation == HC_OP_QUERY ||
	       operation == HC_OP_DISCOVER_VERSIONS || operation == HC_OP_DECRYPT;
}

/*
 * Send and receive. Servers and balancers drop idle connections without a
 * word: when an old connection turns out to be dead, a request that only
 * reads is sent once more over a new one.
 */
static int exchange(struct hc_kmip_client *client, struct call *call)
{
	bool may_repeat = only_reads(call->question.operation) && client->answers > 0;
	size_t size = 0;
	int r;

	hc_kmip_request_end(&call->writer);
	r = hc_ttlv_finish(&call->writer, &size);
	if (r < 0)
		return r;
	r = exchange_once(client, call, size);
	if (r == HC_E_KMIP_TRUNCATED && may_repeat && !call->received.data) {
		disconnect(client);
		r = exchange_once(client, call, size);
	}
	if (r < 0)
		return r;
	r = hc_kmip_answer_read(call->received.data, call->received.size, &call->question,
				&call->answer);
	if (r == 0)
		client->answers++;
	return r;
}

/* Exchange, and turn an answer that is no success into a failure. */
static int call_run(struct hc_kmip_client *client, struct call *call, const char *subject)
{
	int r = exchange(client, call);

	if (r < 0 || call->answer.status == HC_STATUS_SUCCESS)
		return r;
	call->refused = call->answer.status != HC_STATUS_PENDING;
	return hc_kmip_refusal(&call->answer, call->question.operation, subject, client->config);
}

/* Wipe what was received; a connection of which we are not sure is closed. */
static int call_end(struct hc_kmip_client *client, struct call *call, int r)
{
	hc_secret_free(&call->received);
	client->lost = r < 0 && call->sent && !call->refused;
	if (r >= 0)
		return r;
	if (!call->refused)
		disconnect(client);
	if (r == HC_E_KMIP_MALFORMED || r == HC_E_KMIP_TRUNCATED || r == HC_E_KMIP_TOO_LARGE)
		hc_context(r, "%s", hc_kmip_operation_name(call->question.operation));
	return hc_context(r, "key server %s", client->endpoint);
}

/* Ask with the header of KMIP 1.@minor which versions the server knows. */
static int discover(struct hc_kmip_client *client, unsigned minor, struct call *call,
		    unsigned *ret_minors)
{
	int r;

	client->minor = minor;
	call_begin(client, call, HC_OP_DISCOVER_VERSIONS);
	hc_kmip_put_discover_versions(&call->writer);
	r = call_run(client, call, NULL);
	if (r == 0)
		r = hc_kmip_read_discover_versions(&call->answer, ret_minors);
	return call_end(client, call, r);
}

static unsigned highest(unsigned minors)
{
	unsigned minor = HC_KMIP_MINOR_MAX;

	while (minor > 0 && !(minors & 1u << minor))
		minor--;
	return minor;
}

/*
 * Whether a failed Discover Versions means that the header's version was not
 * understood: servers say Invalid Message, or just hang up.
 */
static bool version_not_understood(const struct call *call, int r)
{
	if (call->refused)
		return call->answer.reason == HC_REASON_INVALID_MESSAGE ||
		       call->answer.reason == HC_REASON_VERSION_UNSUPPORTED;
	return r == HC_E_KMIP_TRUNCATED;
}

/*
 * KMIP 1.1 is what nearly every server knows; some allow 1.4 only; 1.0 has no
 * Discover Versions, so a Query must show that the server understands it.
 */
static int negotiate(struct hc_kmip_client *client)
{
	static const unsigned headers[] = { 1, 4 };
	struct hc_kmip_server_info info;
	struct call call;
	unsigned minors = 0;
	int r;

	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		r = discover(client, headers[i], &call, &minors);
		if (r == 0) {
			/* An empty list: none of these, but the header's version. */
			client->minor = minors ? highest(minors) : headers[i];
			return 0;
		}
		if (call.refused && call.answer.reason == HC_REASON_OPERATION_UNSUPPORTED)
			break;
		if (!version_not_understood(&call, r))
			return r;
	}
	client->minor = 0;
	r = hc_kmip_query(client, &info);
	if (r == HC_E_KMIP_REFUSED)
		return hc_fail(HC_E_KMIP_VERSION,
			       "key server %s: it understands none of KMIP 1.0 to 1.4; allow "
			       "one of them there",
			       client->endpoint);
	return r;
}

int hc_kmip_open(const struct hc_provider_config *config, struct hc_kmip_client **ret_client)
{
	struct hc_kmip_client *client = calloc(1, sizeof(*client));
	int r;

	if (!client)
		return hc_fail(HC_E_MEMORY, "no memory for a KMIP client");
	client->config = config;
	hc_net_endpoint(config->host, config->port, client->endpoint, sizeof(client->endpoint));
	r = hc_tls_context_new(config, &client->context);
	if (r == 0) {
		hc_kmip_begin(client);
		r = hc_kmip_reconnect(client);
	}
	if (r < 0) {
		hc_kmip_close(client);
		return r;
	}
	*ret_client = client;
	return 0;
}

void hc_kmip_close(struct hc_kmip_client *client)
{
	if (!client)
		return;
	disconnect(client);
	hc_tls_context_free(client->context);
	free(client);
}

void hc_kmip_begin(struct hc_kmip_client *client)
{
	client->deadline = hc_deadline_in(client->config->timeout_s);
}

int hc_kmip_reconnect(struct hc_kmip_client *client)
{
	disconnect(client);
	return negotiate(client);
}

bool hc_kmip_lost(const struct hc_kmip_client *client)
{
	return client->lost;
}

int hc_kmip_create(struct hc_kmip_client *client, const char *name, char ret_id[HC_KMIP_ID_MAX])
{
	struct call call;
	int r;

	call_begin(client, &call, HC_OP_CREATE);
	hc_kmip_put_create(&call.writer, name);
	r = call_run(client, &call, NULL);
	if (r == 0)
		r = hc_kmip_read_create(&call.answer, ret_id);
	return call_end(client, &call, r);
}

int hc_kmip_create_pair(struct hc_kmip_client *client, const char *private_name,
			const char *public_name, unsigned bits,
			char ret_private_id[HC_KMIP_ID_MAX], char ret_public_id[HC_KMIP_ID_MAX])
{
	struct call call;
	int r;

	call_begin(client, &call, HC_OP_CREATE_KEY_PAIR);
	hc_kmip_put_create_pair(&call.writer, private_name, public_name, bits);
	r = call_run(client, &call, NULL);
	if (r == 0)
		r = hc_kmip_read_create_pair(&call.answer, ret_private_id, ret_public_id);
	return call_end(client, &call, r);
}

int hc_kmip_locate(struct hc_kmip_client *client, enum hc_kmip_object type, const char *name,
		   char ret_id[HC_KMIP_ID_MAX], unsigned *ret_found)
{
	struct call call;
	int r;

	call_begin(client, &call, HC_OP_LOCATE);
	hc_kmip_put_locate(&call.writer, type, name);
	r = call_run(client, &call, NULL);
	if (r == 0)
		r = hc_kmip_read_locate(&call.answer, ret_id, ret_found);
	return call_end(client, &call, r);
}

int hc_kmip_get_attributes(struct hc_kmip_client *client, const char *id,
			   struct hc_kmip_attributes *ret_attributes)
{
	struct call call;
	int r;

	call_begin(client, &call, HC_OP_GET_ATTRIBUTES);
	hc_kmip_put_get_attributes(&call.writer, id);
	r = call_run(client, &call, id);
	if (r == 0)
		r = hc_kmip_read_attributes(&call.answer, id, ret_attributes);
	return call_end(client, &call, r);
}

int hc_kmip_get(struct hc_kmip_client *client, const char *id, enum hc_kmip_object type,
		struct hc_kmip_key *ret_key)
{
	struct call call;
	int r;

	call_begin(client, &call, HC_OP_GET);
	hc_kmip_put_id(&call.writer, id);
	r = call_run(client, &call, id);
	if (r == 0)
		r = hc_kmip_read_key(&call.answer, id, type, ret_key);
	return call_end(client, &call, r);
}

int hc_kmip_decrypt(struct hc_kmip_client *client, const char *id, const void *data, size_t size,
		    struct hc_secret *ret_data)
{
	struct call call;
	int r;

	call_begin(client, &call, HC_OP_DECRYPT);
	hc_kmip_put_decrypt(&call.writer, client->minor, id, data, size);
	r = call_run(client, &call, id);
	if (r == 0)
		r = hc_kmip_read_decrypt(&call.answer, id, ret_data);
	return call_end(client, &call, r);
}

int hc_kmip_activate(struct hc_kmip_client *client, const char *id)
{
	struct call call;
	int r;

	call_begin(client, &call, HC_OP_ACTIVATE);
	hc_kmip_put_id(&call.writer, id);
	r = call_run(client, &call, id);
	if (r == 0)
		r = hc_kmip_read_id(&call.answer, id);
	return call_end(client, &call, r);
}

int hc_kmip_revoke(struct hc_kmip_client *client, const char *id, const char *why)
{
	struct call call;
	int r;

	call_begin(client, &call, HC_OP_REVOKE);
	hc_kmip_put_revoke(&call.writer, id, why);
	r = call_run(client, &call, id);
	if (r == 0)
		r = hc_kmip_read_id(&call.answer, id);
	return call_end(client, &call, r);
}

int hc_kmip_destroy(struct hc_kmip_client *client, const char *id)
{
	struct call call;
	int r;

	call_begin(client, &call, HC_OP_DESTROY);
	hc_kmip_put_id(&call.writer, id);
	r = call_run(client, &call, id);
	if (r == 0)
		r = hc_kmip_read_id(&call.answer, id);
	return call_end(client, &call, r);
}

int hc_kmip_query(struct hc_kmip_client *client, struct hc_kmip_server_info *ret_info)
{
	struct call call;
	int r;

	call_begin(client, &call, HC_OP_QUERY);
	hc_kmip_put_query(&call.writer);
	r = call_run(client, &call, NULL);
	if (r == 0)
		r = hc_kmip_read_query(&call.answer, ret_info);
	return call_end(client, &call, r);
}

void hc_kmip_describe(const struct hc_kmip_client *client, struct hc_kmip_connection *ret)
{
	*ret = (struct hc_kmip_connection){
		.minor = client->minor,
		.own_until = hc_tls_context_until(client->context),
		.own_for_clients = hc_tls_context_for_clients(client->context),
	};
	if (!client->tls)
		return;
	hc_tls_describe(client->tls, ret->tls, sizeof(ret->tls));
	ret->server_until = hc_tls_server_until(client->tls);
}
