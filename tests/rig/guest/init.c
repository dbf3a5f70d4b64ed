// SPDX-License-Identifier: GPL-2.0
/*
 * PID 1 of every guest until the session starts. A program rather than a
 * script, because starting a process is dear under emulation and this would
 * start forty.
 *
 * In a QEMU guest it is the initial RAM disk's /init: it inserts the modules in
 * /modules and moves to the root that the machine shares over virtio-fs. In
 * user-mode Linux the machine's root is the root from the start. From there on
 * the two are alike: what the rig has to say is in the file "env" of the run's
 * folder, which the kernel's command line names (rig_folder=); an overlay makes
 * the root writable; the file systems are mounted; "session" takes over.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#define SESSION "/run/rig/tree/tests/rig/guest/session"

__attribute__((format(printf, 1, 2), noreturn))
static void die(const char *format, ...)
{
	int error = errno;
	va_list args;

	va_start(args, format);
	printf("guest init: ");
	vprintf(format, args);
	printf(": %s\n", strerror(error));
	va_end(args);
	fflush(stdout);
	/* The kernel panics when PID 1 is gone, and the rig sees it. */
	exit(1);
}

static void must_mount(const char *source, const char *target, const char *type,
		       unsigned long flags, const char *options)
{
	if (mkdir(target, 0755) && errno != EEXIST)
		die("folder %s", target);
	if (mount(source, target, type, flags, options))
		die("mount %s on %s", source, target);
}

/* Show the machine's @path, seen in the old root, as @target. */
static void bind(const char *path, const char *target)
{
	char source[PATH_MAX];

	snprintf(source, sizeof(source), "/old%s", path);
	must_mount(source, target, NULL, MS_BIND, NULL);
}

static int visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static void insert_modules(void)
{
	struct dirent **names;
	int count = scandir("/modules", &names, visible, alphasort);

	for (int i = 0; i < count; i++) {
		char path[512];
		int fd;

		snprintf(path, sizeof(path), "/modules/%s", names[i]->d_name);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0 || syscall(SYS_finit_module, fd, "", 0))
			die("module %s", path);
		close(fd);
	}
}

/* From the initial RAM disk to the root that the machine shares. */
static void move_to_shared_root(void)
{
	must_mount("rig-root", "/newroot", "virtiofs", MS_RDONLY, NULL);
	if (chdir("/newroot") || mount(".", "/", NULL, MS_MOVE, NULL) || chroot(".") ||
	    chdir("/"))
		die("change of root");
}

static void read_environment(const char *folder)
{
	char path[PATH_MAX], *line = NULL;
	size_t room = 0;
	ssize_t length;
	FILE *file;

	snprintf(path, sizeof(path), "%s/env", folder);
	file = fopen(path, "re");
	if (!file)
		die("%s", path);
	while ((length = getline(&line, &room, file)) > 0) {
		char *equals = strchr(line, '=');

		line[length - 1] = '\0';
		if (!equals)
			continue;
		*equals = '\0';
		setenv(line, equals + 1, 1);
	}
	fclose(file);
	free(line);
}

/* What the scenario writes to the root stays in memory. */
static void overlay_root(void)
{
	must_mount("none", "/mnt", "tmpfs", 0, "mode=755");
	if (mkdir("/mnt/upper", 0755) || mkdir("/mnt/work", 0755))
		die("folders of the overlay");
	must_mount("none", "/mnt/root", "overlay", 0,
		   "lowerdir=/,upperdir=/mnt/upper,workdir=/mnt/work");
	if (mkdir("/mnt/root/old", 0755) || chdir("/mnt/root") ||
	    syscall(SYS_pivot_root, ".", "old") || chroot(".") || chdir("/"))
		die("change to the overlay");
}

static void mount_usual(void)
{
	must_mount("none", "/proc", "proc", 0, NULL);
	must_mount("none", "/sys", "sysfs", 0, NULL);
	must_mount("none", "/dev", "devtmpfs", 0, NULL);
	must_mount("none", "/dev/pts", "devpts", 0, NULL);
	must_mount("none", "/dev/shm", "tmpfs", 0, "mode=1777");
	must_mount("none", "/run", "tmpfs", 0, "mode=755");
	must_mount("none", "/run/lock", "tmpfs", 0, "mode=755");
	must_mount("none", "/tmp", "tmpfs", 0, "mode=1777");
	mount("none", "/sys/kernel/debug", "debugfs", 0, NULL);
	mount("none", "/sys/kernel/config", "configfs", 0, NULL);
	/* bash's <( ) needs it, and there is no udev to make it. */
	if (symlink("/proc/self/fd", "/dev/fd") && errno != EEXIST)
		die("/dev/fd");
}

/* The rig's folders under fixed names, as /tmp and /run now hide the machine's. */
static void mount_rig(void)
{
	const char *share = getenv("RIG_SHARE");
	const char *keep = getenv("RIG_KEEP");

	if (mkdir("/run/rig", 0755) || mkdir("/run/rig/bin", 0755))
		die("/run/rig");
	bind(getenv("RIG_TREE"), "/run/rig/tree");
	bind(getenv("RIG_BUILD"), "/run/rig/build");
	bind(getenv("RIG_KERNEL"), "/run/rig/kernel");
	if (getenv("RIG_KMS"))
		bind(getenv("RIG_KMS"), "/run/rig/kms");
	if (share)
		must_mount("none", "/run/rig/share", "hostfs", 0, share);
	/* A folder of the machine under UML, a disk with a file system in QEMU. */
	if (keep && share)
		must_mount("none", "/run/rig/keep", "hostfs", 0, keep);
	else if (keep)
		must_mount(keep, "/run/rig/keep", "ext4", 0, NULL);
}

/* The stock kernel's modules, where modprobe looks for them. */
static void mount_modules(void)
{
	char source[PATH_MAX], target[PATH_MAX];
	struct utsname name;

	if (uname(&name))
		die("uname");
	snprintf(source, sizeof(source), "/run/rig/kernel/lib/modules/%s", name.release);
	snprintf(target, sizeof(target), "/usr/lib/modules/%s", name.release);
	if (access(source, F_OK) == 0) {
		mkdir("/usr/lib/modules", 0755);
		must_mount(source, target, NULL, MS_BIND, NULL);
	}
}

/* The device of the virtio port called @name goes into the environment. */
static void find_port(const char *name, const char *variable)
{
	static const char ports[] = "/sys/class/virtio-ports";
	struct dirent **names;
	int count = scandir(ports, &names, visible, alphasort);

	for (int i = 0; i < count; i++) {
		char path[512], found[64] = "";
		FILE *file;

		snprintf(path, sizeof(path), "%s/%s/name", ports, names[i]->d_name);
		file = fopen(path, "re");
		if (!file || !fgets(found, sizeof(found), file))
			die("%s", path);
		fclose(file);
		found[strcspn(found, "\n")] = '\0';
		if (strcmp(found, name) == 0) {
			snprintf(path, sizeof(path), "/dev/%s", names[i]->d_name);
			setenv(variable, path, 1);
			return;
		}
	}
	errno = ENOENT;
	die("port %s", name);
}

/* A new /dev is mounted now: open the console there. */
static void open_console(void)
{
	int fd = open("/dev/console", O_RDWR);

	if (fd < 0)
		return;
	for (int i = 0; i < 3; i++)
		dup2(fd, i);
	if (fd > 2)
		close(fd);
}

int main(void)
{
	const char *folder = getenv("rig_folder");

	if (!folder) {
		errno = EINVAL;
		die("no rig_folder= on the kernel's command line");
	}
	if (access("/modules", F_OK) == 0) {
		insert_modules();
		move_to_shared_root();
	}
	read_environment(folder);
	overlay_root();
	mount_usual();
	open_console();
	if (!getenv("RIG_SHARE")) {
		find_port("rig.channel", "CHANNEL");
		find_port("rig.output", "OUTPUT");
	}
	mount_rig();
	mount_modules();
	if (sethostname("guest", strlen("guest")))
		die("host name");
	unsetenv("rig_folder");
	execl(SESSION, SESSION, (char *)NULL);
	die(SESSION);
}
