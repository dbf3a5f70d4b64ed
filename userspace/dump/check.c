// SPDX-License-Identifier: GPL-2.0
#include "dump/check.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/error.h"
#include "dump/arm.h"
#include "dump/estimate.h"
#include "dump/filter.h"
#include "dump/kexec.h"
#include "dump/memory.h"
#include "dump/private.h"
#include "dump/target.h"
#include "dump/watchdog.h"
#include "kernel/kdump.h"

#define MIB (1024ULL * 1024)
#define SETTINGS "/etc/hostcrypt"

struct context {
	const struct hc_dump_config *config;
	const char *providers_path;
	char release[65];
};

/* A finding of @grade; @error is what a bad one is, 0 for the others. */
__attribute__((format(printf, 4, 5))) static void
find(struct hc_dump_finding *finding, enum hc_dump_grade grade, int error, const char *format, ...)
{
	va_list args;

	finding->grade = grade;
	finding->error = error;
	va_start(args, format);
	vsnprintf(finding->text, sizeof(finding->text), format, args);
	va_end(args);
}

#define GOOD(finding, ...) find(finding, HC_DUMP_GOOD, 0, __VA_ARGS__)
#define NOTE(finding, ...) find(finding, HC_DUMP_NOTE, 0, __VA_ARGS__)
#define BAD(finding, error, ...) find(finding, HC_DUMP_BAD, error, __VA_ARGS__)

/* What failed with @r has said why. */
static void failed(struct hc_dump_finding *finding, int r)
{
	BAD(finding, r, "%s", hc_error_message());
}

/* Pages of the dead kernel's, the list of keys among them, cannot be read as they lie. */
static bool memory_is_encrypted(void)
{
	char line[4096];

	return hc_read_line("/proc/cmdline", line, sizeof(line)) &&
	       strstr(line, "mem_encrypt=on");
}

static void memory(const struct context *context, struct hc_dump_finding *finding)
{
	uint64_t bytes;
	int r = hc_dump_memory_aside(&bytes);

	(void)context;
	if (r < 0)
		failed(finding, r);
	else if (memory_is_encrypted())
		BAD(finding, HC_E_DUMP_MEMORY,
		    "it is encrypted (mem_encrypt=on), and the capture kernel could not read the "
		    "list of keys; boot without that");
	else
		GOOD(finding, "%llu MiB are set aside", (unsigned long long)(bytes / MIB));
}

static void others(const struct context *context, struct hc_dump_finding *finding)
{
	int r = hc_dump_check_foreign();

	(void)context;
	if (r < 0)
		failed(finding, r);
	else if (hc_kexec_locked() && hc_kdump_state("") != HC_KDUMP_ENCRYPTED)
		BAD(finding, HC_E_DUMP_LOAD,
		    "kernel.kexec_load_disabled is set, so nothing can be loaded until the next "
		    "boot");
	else
		GOOD(finding, "nobody else's capture kernel is in the way");
}

static void module(const struct context *context, struct hc_dump_finding *finding)
{
	char registry[32], path[PATH_MAX];
	int r = hc_dump_image_module(context->release, path, sizeof(path));

	if (!hc_dump_registry(registry))
		BAD(finding, HC_E_MODULE_ABSENT,
		    "dm-hostcrypt is not loaded; run \"modprobe dm-hostcrypt\"");
	else if (r < 0)
		failed(finding, r);
	else if (hc_dump_unlisted())
		BAD(finding, HC_E_DUMP_LOAD, "%s", hc_dump_unlisted());
	else
		GOOD(finding, "%s", path);
}

static void kernel(const struct context *context, struct hc_dump_finding *finding)
{
	char path[128];

	snprintf(path, sizeof(path), "/boot/vmlinuz-%s", context->release);
	if (access(path, R_OK) < 0)
		BAD(finding, HC_E_DUMP_LOAD,
		    "%s: %s; the running kernel is loaded a second time, from this file", path,
		    strerror(errno));
	else
		GOOD(finding, "%s", path);
}

static void mkinitramfs(const struct context *context, struct hc_dump_finding *finding)
{
	(void)context;
	if (access(HC_MKINITRAMFS, X_OK) < 0)
		BAD(finding, HC_E_DUMP_IMAGE,
		    "%s is not there; run \"apt-get install initramfs-tools-core\"",
		    HC_MKINITRAMFS);
	else
		GOOD(finding, "%s", HC_MKINITRAMFS);
}

static void makedumpfile(const struct context *context, struct hc_dump_finding *finding)
{
	const char *path = context->config->makedumpfile;
	struct hc_dump_filter filter;

	hc_dump_filter(path, context->release, &filter);
	if (!filter.version[0])
		BAD(finding, HC_E_DUMP_IMAGE,
		    "%s does not run; run \"apt-get install makedumpfile\"", path);
	else if (filter.note)
		NOTE(finding, "%s is of version %s: %s", path, filter.version, filter.note);
	else
		GOOD(finding, "%s, version %s", path, filter.version);
}

/* Does the place take what is written? Tried with the state file, as it is. */
static int try_writing(const struct hc_dump_config *config)
{
	static struct hc_dump_state_place place;
	struct hc_dump_state_file state;
	int r;

	hc_dump_target_state(config, &place);
	if (!place.path[0])
		return 0;
	r = hc_dump_state_read(&place, &state);
	return r == 0 ? hc_dump_state_write(&place, &state) : r;
}

static void target(const struct context *context, struct hc_dump_finding *finding)
{
	static struct hc_dump_target found;
	struct hc_dump_filter filter;
	unsigned long long room, size;
	int r = hc_dump_target_find(context->config, &found);

	if (r == 0)
		r = try_writing(context->config);
	if (r < 0) {
		BAD(finding, HC_E_DUMP_TARGET, "%s", hc_error_message());
		return;
	}
	hc_dump_filter(context->config->makedumpfile, context->release, &filter);
	room = found.free_bytes / MIB;
	size = hc_dump_estimate(&filter) / MIB;
	if (room < size)
		BAD(finding, HC_E_DUMP_TARGET,
		    "%s has room for %llu MiB, and a dump of now would take about %llu MiB; make "
		    "room, or name another target in dump.conf",
		    context->config->target.text, room, size);
	else if (found.note[0])
		NOTE(finding, "%s: %s", context->config->target.text, found.note);
	else
		GOOD(finding, "%s has room for %llu MiB; a dump of now would take about %llu MiB",
		     context->config->target.text, room, size);
}

#define IPMI_WATCHDOG "/sys/module/ipmi_watchdog"

static void watchdogs(const struct context *context, struct hc_dump_finding *finding)
{
	static struct hc_watchdog all[HC_WATCHDOGS];
	size_t n = hc_watchdogs_find(all);

	(void)context;
	GOOD(finding, "none is armed that would end a dump");
	for (size_t i = 0; i < n; i++)
		if (all[i].armed)
			GOOD(finding, "%s is armed; the capture kernel feeds it",
			     all[i].identity);
	if (access(IPMI_WATCHDOG, F_OK) == 0)
		NOTE(finding,
		     "ipmi_watchdog is loaded, which the capture kernel does not feed: where it "
		     "is armed, it ends a dump in the middle; use another watchdog");
}

/* Who can read: "support (rsa-oaep 0123456789ab), ...". */
static void list(const struct hc_dump_recipients *recipients, char *ret_text, size_t size)
{
	size_t used = 0;

	ret_text[0] = '\0';
	for (size_t i = 0; i < recipients->n && used < size; i++)
		used += (size_t)snprintf(ret_text + used, size - used, "%s%s (%s %.12s)",
					 i ? ", " : "", recipients->all[i].label,
					 hc_dump_recipient_type_name(recipients->all[i].type),
					 recipients->all[i].id);
}

static void readers(const struct context *context, struct hc_dump_finding *finding)
{
	HC_DUMP_RECIPIENTS recipients = { 0 };
	char text[768];
	int r = hc_dump_recipients_load(context->config, &recipients);

	if (r < 0) {
		failed(finding, r);
		return;
	}
	list(&recipients, text, sizeof(text));
	GOOD(finding, "%s", text);
}

/* What the key server lets this host's certificate do. */
static void ask_server(const struct context *context, const struct hc_dump_recipients *recipients,
		       struct hc_dump_finding *finding)
{
	HC_CONFIG providers = { 0 };
	int r = hc_config_load(context->providers_path, &providers);

	for (size_t i = 0; i < recipients->n && r == 0; i++) {
		const struct hc_dump_recipient *each = &recipients->all[i];
		bool can = false;

		if (each->type != HC_DUMP_KMIP)
			continue;
		r = hc_dump_private_at_server(&providers, each, &can);
		if (r == 0 && can) {
			NOTE(finding,
			     "the key server decrypts for this host's certificate what is "
			     "encrypted to \"%s\": take it that right (README, \"Keys for crash "
			     "dumps\")",
			     each->label);
			return;
		}
	}
	if (r < 0)
		NOTE(finding, "whether the key server lets this host read is not known: %s",
		     hc_error_message());
}

static void own_reading(const struct context *context, struct hc_dump_finding *finding)
{
	HC_DUMP_RECIPIENTS recipients = { 0 };
	char path[PATH_MAX];

	GOOD(finding, "found no way for this host to read its own dumps");
	if (hc_dump_recipients_load(context->config, &recipients) < 0)
		NOTE(finding, "not known without the recipients' keys");
	else if (hc_dump_private_in(SETTINGS, &recipients, path))
		NOTE(finding,
		     "%.900s is a recipient's private key: whoever has this host's disk can read its "
		     "dumps; keep it elsewhere",
		     path);
	else
		ask_server(context, &recipients, finding);
}

static const struct {
	const char *subject;
	void (*look)(const struct context *context, struct hc_dump_finding *finding);
} checks[] = {
	{ "memory", memory },
	{ "kexec", others },
	{ "kernel", kernel },
	{ "module", module },
	{ "initramfs", mkinitramfs },
	{ "makedumpfile", makedumpfile },
	{ "target", target },
	{ "watchdog", watchdogs },
	{ "recipients", readers },
	{ "this host", own_reading },
};

int hc_dump_check(const struct hc_dump_config *config, const char *providers_path,
		  void (*tell)(const struct hc_dump_finding *finding))
{
	struct context context = { .config = config, .providers_path = providers_path };
	struct hc_dump_finding finding, first = { 0 };
	struct utsname name;

	uname(&name);
	snprintf(context.release, sizeof(context.release), "%s", name.release);
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		finding = (struct hc_dump_finding){ .subject = checks[i].subject };
		checks[i].look(&context, &finding);
		tell(&finding);
		if (finding.grade == HC_DUMP_BAD && first.error == 0)
			first = finding;
	}
	if (first.error == 0)
		return 0;
	return hc_fail((enum hc_error)first.error, "%s: %s", first.subject, first.text);
}
