// SPDX-License-Identifier: GPL-2.0
#include "dump/overlay.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "dump/arm.h"
#include "dump/cpio.h"
#include "dump/environment.h"
#include "dump/watchdog.h"
#include "provider/provider.h"

#define PEM_LIMIT (64 * 1024)
/* Names in an archive begin without a slash. */
#define FOLDER (HC_CAPTURE_FOLDER + 1)

static int failed(int r)
{
	return r < 0 ? hc_fail(HC_E_DUMP_IMAGE, "the settings for the capture kernel: %s",
			       strerror(-r))
		     : 0;
}

int hc_dump_overlay_line(struct hc_cpio *cpio, const char *name, const char *text)
{
	char path[128], line[512];
	int n = snprintf(line, sizeof(line), "%s\n", text);

	snprintf(path, sizeof(path), "%s/%s", FOLDER, name);
	return failed(hc_cpio_file(cpio, path, line, (size_t)n));
}

static const char *or_none(const char *text)
{
	return text && text[0] ? text : "-";
}

static int put_disks(struct hc_cpio *cpio, const struct hc_dump_target *target)
{
	char lines[HC_DUMP_DISKS * 256];
	size_t used = 0;

	for (size_t i = 0; i < target->n_disks; i++) {
		const struct hc_dump_disk *disk = &target->disks[i];

		used += (size_t)snprintf(lines + used, sizeof(lines) - used, "%s %s %s\n",
					 disk->spec, or_none(disk->type), or_none(disk->point));
	}
	return failed(hc_cpio_file(cpio, &(HC_CAPTURE_FOLDER "/" HC_CAPTURE_DISKS)[1], lines, used));
}

static int put_watchdogs(struct hc_cpio *cpio)
{
	static struct hc_watchdog all[HC_WATCHDOGS];
	size_t n = hc_watchdogs_find(all), used = 0;
	char lines[HC_WATCHDOGS * (sizeof(all[0].identity) + 1)];

	for (size_t i = 0; i < n; i++)
		if (all[i].armed)
			used += (size_t)snprintf(lines + used, sizeof(lines) - used, "%s\n",
						 all[i].identity);
	if (used == 0)
		return 0;
	return failed(hc_cpio_file(cpio, &(HC_CAPTURE_FOLDER "/" HC_CAPTURE_WATCHDOGS)[1], lines,
				   used));
}

static int put_key(struct hc_cpio *cpio, const struct hc_dump_recipient_config *recipient)
{
	static char pem[PEM_LIMIT];
	HC_FD fd = open(recipient->public_key, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, pem, sizeof(pem));
	char path[256];

	if (n < 0)
		return hc_fail(HC_E_CERT_FILE, "%s: %s", recipient->public_key, strerror(errno));
	snprintf(path, sizeof(path), "%s/%s.pem", FOLDER, recipient->name);
	return failed(hc_cpio_file(cpio, path, pem, (size_t)n));
}

/* Where the key server of @recipient is, for whoever wants to read the dump. */
static int find_endpoint(const struct hc_config *providers,
			 const struct hc_dump_recipient_config *recipient, char *ret_text,
			 size_t size)
{
	const struct hc_provider_config *provider;
	int r;

	if (recipient->endpoint) {
		snprintf(ret_text, size, "%s", recipient->endpoint);
		return 0;
	}
	r = hc_config_provider(providers, recipient->provider, &provider);
	if (r < 0)
		return hc_context(r, "recipient \"%s\"", recipient->name);
	hc_provider_endpoint(provider, ret_text, size);
	return 0;
}

static int print_recipient(FILE *file, const struct hc_config *providers,
			   const struct hc_dump_recipient_config *recipient)
{
	char endpoint[320];
	int r;

	fprintf(file, "[recipient %s]\npublic-key = %s/%s.pem\n", recipient->name,
		HC_CAPTURE_FOLDER, recipient->name);
	if (!recipient->provider)
		return 0;
	r = find_endpoint(providers, recipient, endpoint, sizeof(endpoint));
	if (r == 0)
		fprintf(file, "provider = %s\nendpoint = %s\nprivate-id = %s\npublic-id = %s\n",
			recipient->provider, endpoint, recipient->private_id,
			recipient->public_id);
	return r;
}

/* dump.conf as the capture kernel sees it: other paths, and nothing left to ask. */
static int put_config(struct hc_cpio *cpio, const struct hc_dump_plan *plan,
		      const struct hc_config *providers)
{
	char *text = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&text, &size);
	int r = 0;

	if (!file)
		return hc_fail(HC_E_MEMORY, "out of memory");
	fprintf(file, "[dump]\ntarget = %s\nmakedumpfile = %s\nstall-limit = %u\n",
		plan->target.place, plan->config.makedumpfile, plan->config.stall_limit);
	fprintf(file, "state = %s\nssh-key = %s\nssh-known-hosts = %s\n",
		plan->target.state[0] ? plan->target.state : "none", HC_CAPTURE_SSH_KEY,
		HC_CAPTURE_KNOWN_HOSTS);
	for (size_t i = 0; i < plan->config.n_recipients && r == 0; i++)
		r = print_recipient(file, providers, &plan->config.recipients[i]);
	if (fclose(file) != 0 && r == 0)
		r = hc_fail(HC_E_MEMORY, "out of memory");
	if (r == 0)
		r = failed(hc_cpio_file(cpio, HC_CAPTURE_CONFIG + 1, text, size));
	free(text);
	return r;
}

static int put_all(struct hc_cpio *cpio, const struct hc_dump_plan *plan,
		   const char *providers_path)
{
	static const char *const folders[] = { "etc", "etc/hostcrypt", HC_CAPTURE_FOLDER + 1 };
	HC_CONFIG providers = { 0 };
	char host[65] = "";
	int r = hc_config_load(providers_path, &providers);

	gethostname(host, sizeof(host) - 1);
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]) && r == 0; i++)
		r = failed(hc_cpio_folder(cpio, folders[i]));
	if (r == 0)
		r = put_disks(cpio, &plan->target);
	if (r == 0)
		r = put_watchdogs(cpio);
	if (r == 0)
		r = hc_dump_target_put(&plan->config, &plan->target, cpio);
	if (r == 0)
		r = hc_dump_overlay_line(cpio, HC_CAPTURE_HOST, host);
	for (size_t i = 0; i < plan->config.n_recipients && r == 0; i++)
		r = put_key(cpio, &plan->config.recipients[i]);
	if (r == 0)
		r = put_config(cpio, plan, &providers);
	return r == 0 ? failed(hc_cpio_end(cpio)) : r;
}

int hc_dump_overlay_write(int fd, const struct hc_dump_plan *plan, const char *providers_path,
			  char ret_list[HC_DUMP_OVERLAY_LIST])
{
	struct hc_cpio cpio = { .fd = fd };
	int r;

	if (ret_list) {
		cpio.list = fmemopen(ret_list, HC_DUMP_OVERLAY_LIST, "w");
		if (!cpio.list)
			return hc_fail(HC_E_MEMORY, "out of memory");
	}
	r = put_all(&cpio, plan, providers_path);
	if (cpio.list && fclose(cpio.list) != 0 && r == 0)
		r = hc_fail(HC_E_DUMP_IMAGE, "too many settings for the capture kernel");
	return r;
}
