// SPDX-License-Identifier: GPL-2.0
#include "cmd/progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cmd/output.h"

#define CLEAR "\r\033[K"
#define BAR_MAX 60
#define BAR_MIN 5

static uint64_t milliseconds(const struct timespec *from, const struct timespec *to)
{
	return (uint64_t)((to->tv_sec - from->tv_sec) * 1000 +
			  (to->tv_nsec - from->tv_nsec) / 1000000);
}

static bool in_foreground(void)
{
	return tcgetpgrp(STDERR_FILENO) == getpgrp();
}

static int columns(void)
{
	struct winsize size;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col == 0)
		return 80;
	return size.ws_col;
}

/* "1.2 GiB of 2.7 GiB, 310 MiB/s, 5 s left" */
static void describe(const struct cmd_progress *progress, char *ret_text, size_t size)
{
	char done[OUT_SIZE], total[OUT_SIZE], rate[OUT_SIZE], left[OUT_SIZE];
	uint64_t spent = milliseconds(&progress->began, &progress->drawn);
	uint64_t speed = spent ? progress->done * 1000 / spent : 0, seconds = 0;
	int n = snprintf(ret_text, size, "%s", out_size(progress->done, done));

	if (progress->total > progress->done && speed)
		seconds = (progress->total - progress->done) / speed;
	if (progress->total)
		n += snprintf(ret_text + n, size - (size_t)n, " of %s",
			      out_size(progress->total, total));
	if (speed)
		n += snprintf(ret_text + n, size - (size_t)n, ", %s/s", out_size(speed, rate));
	if (seconds)
		snprintf(ret_text + n, size - (size_t)n, ", %s left", out_span(seconds, left));
}

/* " 42% [=====>      ] ", as wide as there is room beside @text. */
static void make_bar(const struct cmd_progress *progress, const char *text, char *ret_bar)
{
	int width = columns() - (int)strlen(text) - 9, filled;

	ret_bar[0] = '\0';
	if (!progress->total)
		return;
	ret_bar += sprintf(ret_bar, "%3d%% ",
			   (int)((double)progress->done / (double)progress->total * 100));
	if (width < BAR_MIN)
		return;
	if (width > BAR_MAX)
		width = BAR_MAX;
	filled = (int)((double)progress->done / (double)progress->total * width);
	*ret_bar++ = '[';
	for (int i = 0; i < width; i++)
		*ret_bar++ = i < filled ? '=' : i == filled ? '>' : ' ';
	strcpy(ret_bar, "] ");
}

static void draw(struct cmd_progress *progress)
{
	char text[4 * OUT_SIZE + 32], bar[BAR_MAX + 32];

	if (!in_foreground())
		return;
	describe(progress, text, sizeof(text));
	make_bar(progress, text, bar);
	fprintf(stderr, CLEAR "%s%s", bar, text);
	fflush(stderr);
}

bool cmd_progress_shown(void)
{
	const char *term = getenv("TERM");

	return isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0;
}

void cmd_progress_begin(struct cmd_progress *progress, uint64_t total)
{
	*progress = (struct cmd_progress){ .on = cmd_progress_shown(), .total = total };
	if (!progress->on)
		return;
	clock_gettime(CLOCK_MONOTONIC, &progress->began);
	progress->drawn = progress->began;
	draw(progress);
}

void cmd_progress_at(struct cmd_progress *progress, uint64_t done)
{
	struct timespec now;

	/* A file may grow while it is read. */
	if (progress->total && done > progress->total)
		done = progress->total;
	progress->done = done;
	if (!progress->on)
		return;
	clock_gettime(CLOCK_MONOTONIC, &now);
	if (milliseconds(&progress->drawn, &now) < 100)
		return;
	progress->drawn = now;
	draw(progress);
}

void cmd_progress_end(struct cmd_progress *progress)
{
	if (!progress->on)
		return;
	clock_gettime(CLOCK_MONOTONIC, &progress->drawn);
	draw(progress);
	if (in_foreground())
		fputs(CLEAR, stderr);
	progress->on = false;
}
