// SPDX-License-Identifier: GPL-2.0
/* The configuration file: what is taken, and each error with its line. */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/config.h"
#include "base/error.h"

static char path[] = "/tmp/hostcrypt-config-XXXXXX";

static int load(const char *text, struct hc_config *ret_config)
{
	FILE *file = fopen(path, "we");

	if (!file || fputs(text, file) < 0 || fclose(file) != 0)
		return 1;
	return hc_config_load(path, ret_config);
}

/* @text is refused with a message that holds ":@line: " and @words. */
static bool refused(const char *text, unsigned line, const char *words)
{
	struct hc_config config = { .allow_slow_cipher = true };
	char where[64];
	int r = load(text, &config);

	snprintf(where, sizeof(where), "%s:%u: ", path, line);
	if (r == HC_E_CONFIG && strncmp(hc_error_message(), where, strlen(where)) == 0 &&
	    strstr(hc_error_message(), words) && config.allow_slow_cipher)
		return true;
	printf("code %d, \"%s\"\n", r, r < 0 ? hc_error_message() : "");
	if (r == 0)
		hc_config_free(&config);
	return false;
}

#define KMIP_REST                                                                                  \
	"ca = /etc/hostcrypt/ca.pem\ncertificate = /etc/hostcrypt/host.pem\n"                      \
	"private-key = /etc/hostcrypt/host.key\n"
#define KMIP(server) "[provider main]\ntype = kmip\nserver = " server "\n" KMIP_REST

static void full_file(void)
{
	HC_CONFIG config = { 0 };
	const struct hc_provider_config *p;

	if (!EXPECT(load("# comment\n; another\n\n" KMIP(
				 "kms.example.org:5697 ; inline") "server-name = "
								  "kms\nconnect-timeout "
								  "= 7\ntimeout=300\n"
								  "[provider local]\ntype = "
								  "local\ndirectory = /srv/keys\n"
								  "[defaults]\nprovider = "
								  "local\nallow-slow-cipher = "
								  "yes\n",
			 &config) == 0))
		return;
	EXPECT(config.n_providers == 2 && config.allow_slow_cipher);
	if (!EXPECT(hc_config_provider(&config, "main", &p) == 0))
		return;
	EXPECT(p->type == HC_PROVIDER_KMIP && strcmp(p->host, "kms.example.org") == 0);
	EXPECT(p->port == 5697 && p->connect_timeout_s == 7 && p->timeout_s == 300);
	EXPECT(strcmp(p->server_name, "kms") == 0);
	EXPECT(strcmp(p->ca, "/etc/hostcrypt/ca.pem") == 0);
	EXPECT(strcmp(p->certificate, "/etc/hostcrypt/host.pem") == 0);
	EXPECT(strcmp(p->private_key, "/etc/hostcrypt/host.key") == 0);
	EXPECT(hc_config_provider(&config, NULL, &p) == 0 && p->type == HC_PROVIDER_LOCAL);
	EXPECT(strcmp(p->directory, "/srv/keys") == 0);
}

static void unsaid_values(void)
{
	HC_CONFIG config = { 0 };
	const struct hc_provider_config *p;

	if (!EXPECT(load(KMIP("10.0.2.2"), &config) == 0 &&
		    hc_config_provider(&config, NULL, &p) == 0))
		return;
	EXPECT(p->port == 5696 && p->connect_timeout_s == 5 && p->timeout_s == 15);
	EXPECT(strcmp(p->server_name, "10.0.2.2") == 0 && !config.allow_slow_cipher);
}

static void missing_or_empty_file_is_local(void)
{
	const struct hc_provider_config *p;

	for (int round = 0; round < 2; round++) {
		HC_CONFIG config = { 0 };

		if (round == 0)
			unlink(path);
		if (!EXPECT((round ? load("\n# nothing\n", &config)
				   : hc_config_load(path, &config)) == 0))
			return;
		EXPECT(hc_config_provider(&config, NULL, &p) == 0);
		EXPECT(strcmp(p->name, "local") == 0 && p->type == HC_PROVIDER_LOCAL);
		EXPECT(strcmp(p->directory, HC_LOCAL_DIRECTORY) == 0);
	}
}

static bool server_is(const char *text, const char *host, unsigned port)
{
	char file[512];
	HC_CONFIG config = { 0 };

	snprintf(file, sizeof(file), "[provider main]\ntype=kmip\nserver=%s\n" KMIP_REST, text);
	return load(file, &config) == 0 && strcmp(config.providers[0].host, host) == 0 &&
	       config.providers[0].port == port;
}

static void servers(void)
{
	EXPECT(server_is("kms", "kms", 5696));
	EXPECT(server_is("kms:1", "kms", 1));
	EXPECT(server_is("[fd00::1]:65535", "fd00::1", 65535));
	EXPECT(server_is("[fd00::1]", "fd00::1", 5696));
	EXPECT(server_is("fd00::1", "fd00::1", 5696));
	EXPECT(refused(KMIP("kms:0"), 3, "no port"));
	EXPECT(refused(KMIP("kms:65536"), 3, "no port"));
	EXPECT(refused(KMIP("kms:"), 3, "no port"));
	EXPECT(refused(KMIP("kms:56x"), 3, "no port"));
	EXPECT(refused(KMIP(":5696"), 3, "no server"));
	EXPECT(refused(KMIP("[fd00::1"), 3, "no server"));
	EXPECT(refused(KMIP("[fd00::1]x"), 3, "no server"));
	EXPECT(refused(KMIP("[]:1"), 3, "no server"));
	EXPECT(refused(KMIP("kms kms2"), 3, "no server"));
	EXPECT(refused(KMIP("https://kms"), 3, "no port"));
}

static void bad_sections(void)
{
	EXPECT(refused("\n[server]\n", 2, "unknown section [server]"));
	EXPECT(refused("[provider]\ntype = local\n", 1, "no name for a provider"));
	EXPECT(refused("[provider a b]\n", 1, "\"a b\" is no name"));
	EXPECT(refused("[provider -]\n", 1, "no name for a provider"));
	EXPECT(refused("[provider aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa]\n",
		       1, "no name for a provider"));
	EXPECT(refused("[provider a\n", 1, "\"]\" is missing"));
	EXPECT(refused("[]\n", 1, "unknown section []"));
	EXPECT(refused("[defaults x]\n", 1, "unknown section [defaults x]"));
	EXPECT(refused("[provider a]\ntype = local\n[provider a]\ntype = local\n", 3,
		       "second time (first in line 1)"));
	EXPECT(refused("[defaults]\n\n[defaults]\n", 3, "a second [defaults] (first in line 1)"));
	EXPECT(refused("type = local\n", 1, "before the first section"));
	EXPECT(refused("[provider a]\n", 1, "has no type"));
	EXPECT(refused("[provider a]\ntype = tpm\n", 2, "unknown type \"tpm\""));
}

static void bad_settings(void)
{
	EXPECT(refused(KMIP("k") "color = red\n", 7, "unknown setting \"color\""));
	EXPECT(refused(KMIP("k") "server = l\n", 7, "second time (first in line 3)"));
	EXPECT(refused("[provider a]\ntype = local\ntype = local\n", 3, "second time"));
	EXPECT(refused(KMIP("k") "timeout = 0\n", 7, "from 1 to 300"));
	EXPECT(refused(KMIP("k") "timeout = 301\n", 7, "from 1 to 300"));
	EXPECT(refused(KMIP("k") "connect-timeout = -1\n", 7, "from 1 to 300"));
	EXPECT(refused(KMIP("k") "connect-timeout = 4294967297\n", 7, "from 1 to 300"));
	EXPECT(refused(KMIP("k") "connect-timeout = 5s\n", 7, "from 1 to 300"));
	EXPECT(refused(KMIP("k") "timeout =\n", 7, "has no value"));
	EXPECT(refused(KMIP("k") "timeout\n", 7, "neither [section] nor name = value"));
	EXPECT(refused(KMIP("k") "timeout = 5\n  7\n", 8, "neither [section] nor name = value"));
	EXPECT(refused("[provider m]\ntype = kmip\nserver = k\nca = ca.pem\n", 4,
		       "no absolute path"));
	EXPECT(refused(KMIP("k") "directory = /x\n", 7, "a kmip provider takes no \"directory\""));
	EXPECT(refused("[provider a]\nca = /x\ntype = local\n", 2,
		       "a local provider takes no \"ca\""));
	EXPECT(refused("[provider m]\ntype = kmip\n" KMIP_REST, 1, "needs \"server\""));
	EXPECT(refused("[provider m]\ntype = kmip\nserver = k\n", 1, "needs \"ca\""));
	EXPECT(refused("[provider m]\ntype = kmip\nserver = k\nca = /c\n", 1,
		       "needs \"certificate\""));
	EXPECT(refused("[provider m]\ntype = kmip\nserver = k\nca = /c\ncertificate = /c\n", 1,
		       "needs \"private-key\""));
}

static void bad_defaults(void)
{
	EXPECT(refused("[defaults]\nprovider = main\n", 2, "\"main\" is not described"));
	EXPECT(refused("[defaults]\nprovider = a b\n", 2, "no name of a provider"));
	EXPECT(refused("[defaults]\nallow-slow-cipher = maybe\n", 2, "\"yes\" or \"no\""));
	EXPECT(refused("[defaults]\nallow-slow-cipher = no\nallow-slow-cipher = no\n", 3,
		       "second time (first in line 2)"));
	EXPECT(refused("[defaults]\nsize = 1\n", 2, "unknown setting \"size\" in [defaults]"));
}

/* The first error counts, whoever finds it. */
static void first_error_is_told(void)
{
	EXPECT(refused("[defaults]\nnonsense\nsize = 1\n", 2, "neither"));
	EXPECT(refused("[defaults]\nsize = 1\nnonsense\n", 2, "unknown setting"));
}

static void long_lines(void)
{
	char file[8192];

	memset(file, 'x', sizeof(file));
	memcpy(file, "[provider a]\ndirectory = /", 26);
	snprintf(file + 1500, 32, "\ntype = local\n");
	{
		HC_CONFIG config = { 0 };

		EXPECT(load(file, &config) == 0);
		EXPECT(config.n_providers == 1 && strlen(config.providers[0].directory) == 1475);
	}
	memset(file + 1500, 'x', 2000);
	file[4000] = '\0';
	EXPECT(refused(file, 2, "longer than"));
}

static void unreadable_file(void)
{
	struct hc_config config;

	EXPECT(hc_config_load("/tmp", &config) == HC_E_CONFIG);
	EXPECT(strstr(hc_error_message(), "/tmp") != NULL);
}

static void provider_must_be_known(void)
{
	HC_CONFIG config = { 0 };
	const struct hc_provider_config *p = NULL;

	if (!EXPECT(load("[provider a]\ntype=local\n[provider b]\ntype=local\n", &config) == 0))
		return;
	EXPECT(hc_config_provider(&config, "c", &p) == HC_E_PROVIDER_UNKNOWN);
	EXPECT(strstr(hc_error_message(), "\"c\"") && strstr(hc_error_message(), "a, b"));
	EXPECT(hc_config_provider(&config, NULL, &p) == HC_E_PROVIDER_UNKNOWN);
	EXPECT(strstr(hc_error_message(), "which provider") && !p);
	EXPECT(hc_config_provider(&config, "b", &p) == 0 && strcmp(p->name, "b") == 0);
}

int main(void)
{
	int fd = mkstemp(path);

	if (fd < 0)
		return 1;
	close(fd);
	RUN(full_file);
	RUN(unsaid_values);
	RUN(missing_or_empty_file_is_local);
	RUN(servers);
	RUN(bad_sections);
	RUN(bad_settings);
	RUN(bad_defaults);
	RUN(first_error_is_told);
	RUN(long_lines);
	RUN(unreadable_file);
	RUN(provider_must_be_known);
	unlink(path);
	return unit_result();
}
