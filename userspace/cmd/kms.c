// SPDX-License-Identifier: GPL-2.0
#include "cmd/cmd.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "cmd/output.h"
#include "provider/provider.h"

static const char *type_name(const struct hc_provider_config *provider)
{
	return provider->type == HC_PROVIDER_KMIP ? "kmip" : "local";
}

static int check(const struct hc_provider_config *config, struct hc_provider_report *ret_report)
{
	HC_PROVIDER provider = NULL;
	int r = hc_provider_open(config, &provider);

	return r < 0 ? r : hc_provider_check(provider, ret_report);
}

static void field(const char *key, const char *value)
{
	if (value[0])
		out_field(key, "%s", value);
}

static void certificate(const char *key, const char *until)
{
	char span[OUT_SIZE];
	int64_t seconds;

	if (!until[0])
		return;
	if (out_seconds_to(until, &seconds) && seconds > 0)
		out_field(key, "valid until %s (%s left)", until,
			  out_span((uint64_t)seconds, span));
	else
		out_field(key, "valid until %s", until);
}

static void print(const struct hc_provider_config *config, const struct hc_provider_report *report,
		  int error)
{
	char endpoint[320];

	out_title("provider", config->name);
	out_field("type", "%s", type_name(config));
	out_field(config->type == HC_PROVIDER_KMIP ? "server" : "directory", "%s",
		  hc_provider_endpoint(config, endpoint, sizeof(endpoint)));
	if (error) {
		out_field("state", "%sfailed%s", out_on(stdout, OUT_RED), out_off(stdout));
		out_field("answer", "%s", hc_error_message());
		return;
	}
	out_field("state", "%sworks%s", out_on(stdout, OUT_GREEN), out_off(stdout));
	field("protocol", report->protocol);
	field("tls", report->tls);
	field("server says", report->server);
	certificate("our certificate", report->certificate_until);
	certificate("server certificate", report->server_certificate_until);
	if (config->type == HC_PROVIDER_KMIP)
		out_field("round trip", "%u ms", report->round_trip_ms);
	out_field("can make keys", "%s", report->can_create ? "yes" : "no");
	field("warning", report->warning);
}

static struct json_object *to_json(const struct hc_provider_config *config,
				   const struct hc_provider_report *report, int error)
{
	struct json_object *object = json_object_new_object();
	char endpoint[320];

	out_json_text(object, "provider", config->name);
	out_json_text(object, "type", type_name(config));
	out_json_text(object, "endpoint", hc_provider_endpoint(config, endpoint, sizeof(endpoint)));
	out_json_bool(object, "works", !error);
	out_json_text(object, "protocol", report->protocol);
	out_json_text(object, "tls", report->tls);
	out_json_text(object, "server", report->server);
	out_json_text(object, "certificate_until", report->certificate_until);
	out_json_text(object, "server_certificate_until", report->server_certificate_until);
	out_json_number(object, "round_trip_ms", report->round_trip_ms);
	out_json_bool(object, "can_create", report->can_create);
	out_json_text(object, "warning", report->warning);
	json_object_object_add(object, "error",
			       error ? out_error_object(error, hc_error_message()) : NULL);
	return object;
}

/* All of them, or the one called @name. The first failure is the result. */
static int check_all(struct cmd *cmd, const struct hc_config *config, const char *name)
{
	struct json_object *array = cmd->json ? json_object_new_array() : NULL;
	char why[1024] = "";
	int result = 0;
	bool first = true;

	for (size_t i = 0; i < config->n_providers; i++) {
		const struct hc_provider_config *provider = &config->providers[i];
		struct hc_provider_report report = { 0 };
		int r;

		if (name && strcmp(name, provider->name) != 0)
			continue;
		r = check(provider, &report);
		if (r < 0 && result == 0) {
			result = r;
			snprintf(why, sizeof(why), "%s", hc_error_message());
		}
		if (array) {
			json_object_array_add(array, to_json(provider, &report, r));
			continue;
		}
		printf("%s", first ? "" : "\n");
		print(provider, &report, r);
		fflush(stdout);
		first = false;
	}
	if (array) {
		(void)out_json("providers", array);
		/* One document on stdout; it holds the errors. */
		cmd->json = false;
	}
	return result < 0 ? hc_fail(result, "%s", why) : 0;
}

static int run(struct cmd *cmd, int argc, char **argv)
{
	static const struct option options[] = { CMD_OPTIONS };
	const struct hc_provider_config *provider;
	const char *name = NULL;
	HC_CONFIG config = { 0 };
	int r = cmd_next_option(cmd, argc, argv, options);

	if (r < -1)
		return r;
	r = cmd_check_words(cmd, argc, 1, 2);
	if (r < 0)
		return r;
	if (strcmp(argv[optind], "check") != 0)
		return hc_fail(HC_E_USAGE, "a key server can be checked, not \"%.20s\"",
			       argv[optind]);
	r = hc_config_load(cmd->config_path, &config);
	if (r < 0)
		return r;
	if (argc - optind == 2) {
		name = argv[optind + 1];
		r = hc_config_provider(&config, name, &provider);
		if (r < 0)
			return r;
	}
	return check_all(cmd, &config, name);
}

const struct cmd_verb cmd_kms = {
	.name = "kms",
	.run = run,
	.summary = "check the key servers",
	.help = "kms check [PROVIDER] [--json]\n"
		"\n"
		"Connects to each provider of the configuration, or to PROVIDER, asks it what it\n"
		"can do and shows how that went. Exits with the status of the first failure.\n",
	.has_json = true,
	.touches_keys = true,
};
