// SPDX-License-Identifier: GPL-2.0
#include "dump/unit.h"

#include <string.h>

#include <systemd/sd-daemon.h>

#include "base/child.h"
#include "base/error.h"

#define SYSTEMCTL "/usr/bin/systemctl"

bool hc_dump_unit_systemd(void)
{
	return sd_booted() > 0;
}

const char *hc_dump_unit_state(void)
{
	static const char *const words[] = { "enabled", "disabled", "masked" };
	const char *const argv[] = { SYSTEMCTL, "is-enabled", HC_DUMP_UNIT, NULL };
	char output[256];

	if (!hc_dump_unit_systemd())
		return "";
	/* Its exit status says no more than the word. */
	(void)hc_child_run(argv, NULL, output, sizeof(output));
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strncmp(output, words[i], strlen(words[i])) == 0)
			return words[i];
	return "not-found";
}

static int systemctl(const char *verb, const char *option)
{
	const char *const argv[] = { SYSTEMCTL, "--quiet", verb, HC_DUMP_UNIT, option, NULL };
	char output[1024];

	return hc_child_run(argv, NULL, output, sizeof(output));
}

int hc_dump_unit_enable(void)
{
	int r = systemctl("enable", NULL);

	if (r == 0 && systemctl("reload-or-restart", NULL) < 0)
		r = hc_fail(HC_E_DUMP_LOAD,
			    "%s did not start; \"journalctl -u hostcrypt-dump\" says why",
			    HC_DUMP_UNIT);
	return r;
}

int hc_dump_unit_disable(void)
{
	return systemctl("disable", "--now");
}
