// SPDX-License-Identifier: GPL-2.0
/* hostcryptd: opens the volumes of /etc/hostcrypt/volumes at boot. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/agent.h"
#include "agent/open_check.h"
#include "base/config.h"
#include "base/error.h"
#include "base/secret.h"
#include "dump/crash.h"
#include "kernel/kdump.h"
#include "volume/volume.h"

#define SECOND UINT64_C(1000000)

static enum hc_kdump kdump_of_this_host(void)
{
	return hc_kdump_state("");
}

static const struct agent_options defaults = {
	.config_path = HC_CONFIG_FILE,
	.volumes_path = HC_VOLUMES_FILE,
	.state_path = HC_STATE_FILE,
	.open = hc_volume_open,
	.is_open = open_check,
	.kdump = kdump_of_this_host,
	.crash_path = HC_DUMP_CRASH_FILE,
	/* A try may begin just before the key server is back and end in its time
	 * limit: 30 s between tries keep the way to the key under a minute. */
	.retry = { .min_us = 1 * SECOND, .max_us = 30 * SECOND },
	.look_interval_us = 10 * SECOND,
	.stop_limit_us = 5 * SECOND,
	.parallel = 16,
};

static void usage(FILE *to)
{
	fprintf(to, "usage: hostcryptd [OPTION]...\n"
		    "Open the volumes of " HC_VOLUMES_FILE ", and try again where the key\n"
		    "server or a device is away. Runs in the foreground; systemd starts it.\n"
		    "\n"
		    "  --config FILE    key providers (" HC_CONFIG_FILE ")\n"
		    "  --volumes FILE   table of volumes (" HC_VOLUMES_FILE ")\n"
		    "  --state FILE     where the state is shown (" HC_STATE_FILE ")\n"
		    "  --help, --version\n"
		    "\n"
		    "SIGHUP reads both files again; SIGTERM ends it, open volumes stay open.\n");
}

/* Two agents would open the same volumes. @state_path is absolute or not. */
static int be_the_only_one(const char *state_path)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	char path[4096];
	int fd;

	if ((size_t)snprintf(path, sizeof(path), "%s.lock", state_path) >= sizeof(path))
		return hc_fail(HC_E_USAGE, "%s: the path is too long", state_path);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return hc_fail_errno(errno, "cannot make %s", path);
	/* Of the kind that children do not inherit; kept until the process ends. */
	if (fcntl(fd, F_SETLK, &lock) == 0)
		return 0;
	if (errno != EACCES && errno != EAGAIN)
		return hc_fail_errno(errno, "cannot lock %s", path);
	fcntl(fd, F_GETLK, &lock);
	return hc_fail(HC_E_SYSTEM, "another hostcryptd is running (process %d); stop it first",
		       (int)lock.l_pid);
}

/* systemd makes the folder; whoever starts the agent by hand wants it too. */
static int make_folder_of(const char *path)
{
	char copy[4096];

	snprintf(copy, sizeof(copy), "%s", path);
	if (mkdir(dirname(copy), 0755) < 0 && errno != EEXIST)
		return hc_fail_errno(errno, "cannot make the folder of %s", path);
	return 0;
}

static int parse(int argc, char **argv, struct agent_options *options)
{
	static const struct option known[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "volumes", required_argument, NULL, 'v' },
		{ "state", required_argument, NULL, 's' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "", known, NULL)) >= 0)
		switch (option) {
		case 'c':
			options->config_path = optarg;
			break;
		case 'v':
			options->volumes_path = optarg;
			break;
		case 's':
			options->state_path = optarg;
			break;
		case 'h':
			usage(stdout);
			exit(0);
		case 'V':
			printf("hostcryptd %s\n", HC_VERSION);
			exit(0);
		default:
			usage(stderr);
			return hc_fail(HC_E_USAGE, "see above for what there is");
		}
	if (optind < argc)
		return hc_fail(HC_E_USAGE, "\"%s\": hostcryptd takes options only", argv[optind]);
	return 0;
}

int main(int argc, char **argv)
{
	int hardened = hc_process_harden();
	struct agent_options options = defaults;
	int r;

	/* First the command line: --help works for everybody. */
	r = parse(argc, argv, &options);
	if (r == 0)
		r = hardened;
	if (r == 0)
		r = make_folder_of(options.state_path);
	if (r == 0)
		r = be_the_only_one(options.state_path);
	if (r == 0)
		r = agent_run(&options);
	if (r < 0)
		fprintf(stderr, "hostcryptd: %s\n", hc_error_message());
	return hc_error_exit(r);
}
