// SPDX-License-Identifier: GPL-2.0
#include "agent/children.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"

struct child {
	struct children *children;
	struct child *next;
	struct plan_volume *volume;
	sd_event_source *end;
	sd_event_source *limit;
	int fd; /* its report; -1 when there is none to be read */
	bool overdue;
};

struct children {
	sd_event *event;
	attempt_open open;
	const struct children_calls *calls;
	void *userdata;
	struct child *first;
};

static const struct plan_result overdue_result = {
	.code = HC_E_SYSTEM,
	.message = "opening did not come to an end in time and was stopped; the device or the key "
		   "server hangs",
};

static void free_child(struct child *child)
{
	struct child **link = &child->children->first;

	while (*link != child)
		link = &(*link)->next;
	*link = child->next;
	sd_event_source_disable_unref(child->end);
	sd_event_source_disable_unref(child->limit);
	if (child->fd >= 0)
		close(child->fd);
	free(child);
}

static int on_end(sd_event_source *source, const siginfo_t *info, void *userdata)
{
	struct child *child = userdata;
	struct children *children = child->children;
	struct plan_volume *volume = child->volume;
	struct plan_result result;
	bool killed = info->si_code == CLD_KILLED || info->si_code == CLD_DUMPED;

	(void)source;
	attempt_result(child->fd, killed ? info->si_status : info->si_status << 8, &result);
	child->fd = -1;
	/* It may have come to its end just before it was killed. */
	if (child->overdue && result.code == HC_E_INTERNAL)
		result = overdue_result;
	free_child(child);
	return children->calls->over(children->userdata, volume, &result);
}

static int on_limit(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct child *child = userdata;
	struct children *children = child->children;

	(void)source;
	(void)usec;
	child->overdue = true;
	sd_event_source_send_child_signal(child->end, SIGKILL, NULL, 0);
	return children->calls->overdue(children->userdata, child->volume, &overdue_result);
}

int children_new(sd_event *event, attempt_open open, const struct children_calls *calls,
		 void *userdata, struct children **ret_children)
{
	struct children *children = malloc(sizeof(*children));

	if (!children)
		return hc_fail(HC_E_MEMORY, "out of memory");
	*children = (struct children){
		.event = event,
		.open = open,
		.calls = calls,
		.userdata = userdata,
	};
	*ret_children = children;
	return 0;
}

void children_free(struct children *children)
{
	while (children && children->first)
		free_child(children->first);
	free(children);
}

/* Listen for the end of @pid and for the end of its time. */
static int listen_to(struct child *child, pid_t pid, uint64_t limit_us)
{
	sd_event *event = child->children->event;
	int r = sd_event_add_child(event, &child->end, pid, WEXITED, on_end, child);

	if (r >= 0)
		r = sd_event_add_time_relative(event, &child->limit, CLOCK_BOOTTIME, limit_us, 0,
					       on_limit, child);
	if (r >= 0)
		return 0;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return hc_fail_errno(-r, "cannot watch a process");
}

int children_start(struct children *children, const struct hc_config *config,
		   struct plan_volume *volume, uint64_t limit_us)
{
	struct child *child = malloc(sizeof(*child));
	pid_t pid;
	int r;

	if (!child)
		return hc_fail(HC_E_MEMORY, "out of memory");
	*child = (struct child){
		.children = children,
		.next = children->first,
		.volume = volume,
		.fd = -1,
	};
	children->first = child;
	r = attempt_start(children->open, config, &volume->entry, &pid, &child->fd);
	if (r == 0)
		r = listen_to(child, pid, limit_us);
	if (r < 0)
		free_child(child);
	return r;
}

bool children_any(const struct children *children)
{
	return children->first;
}

void children_kill(struct children *children)
{
	for (struct child *child = children->first; child; child = child->next)
		sd_event_source_send_child_signal(child->end, SIGKILL, NULL, 0);
}
