// SPDX-License-Identifier: GPL-2.0
#include "cmd/dump_tell.h"

#include <stdarg.h>
#include <stdio.h>

#include "cmd/output.h"

void dump_tell(const struct hc_dump_finding *finding)
{
	static const struct {
		const char *word;
		enum out_colour colour;
	} grades[] = {
		[HC_DUMP_GOOD] = { "good", OUT_GREEN },
		[HC_DUMP_NOTE] = { "note", OUT_YELLOW },
		[HC_DUMP_BAD] = { "bad", OUT_RED },
	};

	printf("%s%-4s%s  %-12s  %s\n", out_on(stdout, grades[finding->grade].colour),
	       grades[finding->grade].word, out_off(stdout), finding->subject, finding->text);
	/* What is under way next may take its time. */
	fflush(stdout);
}

#define TELL(what, subject, format)                                                                \
	do {                                                                                       \
		struct hc_dump_finding finding = { subject, what, 0, "" };                         \
		va_list args;                                                                      \
		va_start(args, format);                                                            \
		vsnprintf(finding.text, sizeof(finding.text), format, args);                       \
		va_end(args);                                                                      \
		dump_tell(&finding);                                                               \
	} while (0)

void dump_tell_good(const char *subject, const char *format, ...)
{
	TELL(HC_DUMP_GOOD, subject, format);
}

void dump_tell_note(const char *subject, const char *format, ...)
{
	TELL(HC_DUMP_NOTE, subject, format);
}
