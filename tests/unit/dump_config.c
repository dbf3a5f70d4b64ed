// SPDX-License-Identifier: GPL-2.0
/* The configuration of dumps: what is taken, and each error with its line. */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "dump/config.h"

static char path[] = "/tmp/hostcrypt-dump-config-XXXXXX";

static int load(const char *text, struct hc_dump_config *ret_config)
{
	FILE *file = fopen(path, "we");

	if (!file || fputs(text, file) < 0 || fclose(file) != 0)
		return 1;
	return hc_dump_config_load(path, ret_config);
}

/* @text is refused with a message that holds ":@line: " and @words. */
static bool refused(const char *text, unsigned line, const char *words)
{
	struct hc_dump_config config = { .all_modules = true };
	char where[64];
	int r = load(text, &config);

	snprintf(where, sizeof(where), "%s:%u: ", path, line);
	if (r == HC_E_CONFIG && strncmp(hc_error_message(), where, strlen(where)) == 0 &&
	    strstr(hc_error_message(), words) && config.all_modules)
		return true;
	printf("code %d, \"%s\"\n", r, r < 0 ? hc_error_message() : "");
	if (r == 0)
		hc_dump_config_free(&config);
	return false;
}

#define DUMP "[dump]\ntarget = file:/var/crash\n"
#define SUPPORT "[recipient support]\npublic-key = /etc/hostcrypt/support.pem\n"

static void full_file(void)
{
	HC_DUMP_CONFIG config = { 0 };
	const struct hc_dump_recipient_config *r;

	if (!EXPECT(load("# comment\n" SUPPORT
			 "\n[dump]\ntarget=file:/srv/crash ; inline\nmodules = most\n"
			 "lock = yes\nstall-limit = 3600\n"
			 "makedumpfile = /opt/makedumpfile\nstate = none\n"
			 "ssh-key = /k\nssh-known-hosts = /h\n"
			 "[recipient main]\npublic-key = /m.pem\nprovider = main\n"
			 "private-id = 1\npublic-id = 2\nendpoint = kms:5696\n",
			 &config) == 0))
		return;
	EXPECT(strcmp(config.target.path, "/srv/crash") == 0 && config.all_modules && config.lock);
	EXPECT(config.stall_limit == 3600);
	EXPECT(strcmp(config.makedumpfile, "/opt/makedumpfile") == 0);
	EXPECT(strcmp(config.state, "") == 0 && strcmp(config.ssh_key, "/k") == 0 &&
	       strcmp(config.ssh_known_hosts, "/h") == 0);
	if (!EXPECT(config.n_recipients == 2))
		return;
	r = &config.recipients[0];
	EXPECT(strcmp(r->name, "support") == 0 && !r->provider && !r->private_id);
	EXPECT(strcmp(r->public_key, "/etc/hostcrypt/support.pem") == 0);
	r = &config.recipients[1];
	EXPECT(strcmp(r->name, "main") == 0 && strcmp(r->public_key, "/m.pem") == 0);
	EXPECT(strcmp(r->provider, "main") == 0 && strcmp(r->endpoint, "kms:5696") == 0);
	EXPECT(strcmp(r->private_id, "1") == 0 && strcmp(r->public_id, "2") == 0);
}

static void unsaid_values(void)
{
	HC_DUMP_CONFIG config = { 0 };

	if (!EXPECT(load(DUMP SUPPORT, &config) == 0))
		return;
	EXPECT(config.stall_limit == HC_DUMP_STALL_LIMIT);
	EXPECT(!config.state && !config.ssh_known_hosts &&
	       strcmp(config.ssh_key, HC_DUMP_SSH_KEY) == 0);
	EXPECT(!config.all_modules && !config.lock && strstr(config.makedumpfile, "/makedumpfile"));
}

static void a_missing_file_is_an_error(void)
{
	struct hc_dump_config config;

	unlink(path);
	EXPECT(hc_dump_config_load(path, &config) == HC_E_CONFIG);
	EXPECT(strstr(hc_error_message(), path));
}

static void targets_of_other_kinds(void)
{
	EXPECT(refused("[dump]\ntarget = nfs:there:/crash\n" SUPPORT, 2, "write file:"));
	EXPECT(refused("[dump]\ntarget = ssh:me@there\n" SUPPORT, 2, "ssh:dump@host"));
	EXPECT(refused(DUMP "state = here\n" SUPPORT, 3, "no absolute path"));
	EXPECT(refused("[dump]\ntarget = /var/crash\n" SUPPORT, 2, "write file:"));
	EXPECT(refused("[dump]\ntarget = file:crash\n" SUPPORT, 2, "begins with"));
	EXPECT(refused("[dump]\n\nmodules = dep\n" SUPPORT, 1, "no target"));
	EXPECT(refused(SUPPORT, 1, "no target"));
}

static void recipients(void)
{
	EXPECT(refused(DUMP, 2, "no recipient"));
	EXPECT(refused(DUMP "[recipient a]\n" SUPPORT, 3, "needs \"public-key\""));
	EXPECT(refused(DUMP SUPPORT "provider = main\n", 3, "\"private-id\""));
	EXPECT(refused(DUMP SUPPORT "public-id = 1\n", 3, "\"provider\""));
	EXPECT(refused(DUMP SUPPORT SUPPORT, 5, "second time (first in line 3)"));
	EXPECT(refused(DUMP "[recipient ../x]\n", 3, "no name for a recipient"));
	EXPECT(refused(DUMP "[recipient]\n", 3, "no name for a recipient"));
	EXPECT(refused(DUMP "[recipient a]\npublic-key = a.pem\n", 4, "no absolute path"));
}

static void malformed(void)
{
	char wide[3000];

	EXPECT(refused("target = file:/x\n", 1, "before the first section"));
	EXPECT(refused(DUMP "targt = x\n", 3, "unknown setting \"targt\""));
	EXPECT(refused(DUMP "target = file:/y\n", 3, "a second time (first in line 2)"));
	EXPECT(refused(DUMP "modules = all\n", 3, "\"dep\" or \"most\""));
	EXPECT(refused(DUMP "lock = 1\n", 3, "\"yes\" or \"no\""));
	EXPECT(refused(DUMP "stall-limit = 9\n", 3, "a number of seconds, 10 to 86400"));
	EXPECT(refused(DUMP "stall-limit = 86401\n", 3, "a number of seconds"));
	EXPECT(refused(DUMP "stall-limit = 5m\n", 3, "a number of seconds"));
	EXPECT(refused(DUMP "stall-limit = -20\n", 3, "a number of seconds"));
	EXPECT(refused(DUMP DUMP, 3, "a second [dump] (first in line 1)"));
	EXPECT(refused("[dmp]\n", 1, "unknown section [dmp]"));
	EXPECT(refused("[dump\n", 1, "\"]\" is missing"));
	EXPECT(refused(DUMP "makedumpfile =\n", 3, "has no value"));
	EXPECT(refused(DUMP "nonsense\n", 3, "neither"));
	snprintf(wide, sizeof(wide), "[dump]\ntarget = file:/%02500d\n", 0);
	EXPECT(refused(wide, 2, "longer than"));
}

int main(void)
{
	int fd = mkstemp(path);

	if (fd < 0)
		return EXIT_FAILURE;
	close(fd);
	RUN(full_file);
	RUN(unsaid_values);
	RUN(a_missing_file_is_an_error);
	RUN(targets_of_other_kinds);
	RUN(recipients);
	RUN(malformed);
	unlink(path);
	return unit_result();
}
