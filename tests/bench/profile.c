// SPDX-License-Identifier: GPL-2.0
/*
 * A plugin of QEMU that counts every instruction of a guest with one CPU between
 * two marks: where they were executed, and how often.
 *
 *	-plugin profile.so,to=FOLDER
 *
 * A mark is an instruction that does nothing and that nobody else uses; the
 * program "mark" executes it. Each second mark writes a file FOLDER/0, 1, 2...
 * with lines of "ADDRESS INSTRUCTIONS TIMES", a line for each block that was
 * executed: INSTRUCTIONS from ADDRESS on, all of them TIMES times.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mark.h"

/* QEMU's interface for plugins, version 1; Debian packages no header of it. */
struct qemu_plugin_tb;
struct qemu_plugin_insn;
struct qemu_info;

enum qemu_plugin_op { QEMU_PLUGIN_INLINE_ADD_U64 };
enum qemu_plugin_cb_flags { QEMU_PLUGIN_CB_NO_REGS };

void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id, void (*cb)(uint64_t id,
								   struct qemu_plugin_tb *tb));
void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *tb, enum qemu_plugin_op op,
					      void *number, uint64_t add);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn,
					    void (*cb)(unsigned int cpu, void *data),
					    enum qemu_plugin_cb_flags flags, void *data);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t index);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);

int qemu_plugin_install(uint64_t id, const struct qemu_info *info, int argc, char **argv);

__attribute__((visibility("default"))) int qemu_plugin_version = 1;

struct block {
	struct block *next;
	uint64_t address;
	uint64_t instructions;
	uint64_t times;
};

#define BUCKETS	(1 << 16)

static struct block *buckets[BUCKETS];
static const char *folder;
static unsigned int marks;

static struct block *find_block(uint64_t address, uint64_t instructions)
{
	struct block **bucket = &buckets[(address ^ address >> 16) % BUCKETS];
	struct block *block;

	for (block = *bucket; block; block = block->next)
		if (block->address == address && block->instructions == instructions)
			return block;
	block = calloc(1, sizeof(*block));
	if (!block)
		abort();
	block->address = address;
	block->instructions = instructions;
	block->next = *bucket;
	*bucket = block;
	return block;
}

static void start_anew(void)
{
	for (unsigned int i = 0; i < BUCKETS; i++)
		for (struct block *block = buckets[i]; block; block = block->next)
			block->times = 0;
}

static void write_blocks(unsigned int number)
{
	char path[4096];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%u", folder, number);
	file = fopen(path, "we");
	if (!file) {
		perror(path);
		return;
	}
	for (unsigned int i = 0; i < BUCKETS; i++)
		for (struct block *block = buckets[i]; block; block = block->next)
			if (block->times)
				fprintf(file, "%" PRIx64 " %" PRIu64 " %" PRIu64 "\n",
					block->address, block->instructions, block->times);
	if (fclose(file))
		perror(path);
}

static void at_mark(unsigned int cpu, void *data)
{
	(void)cpu;
	(void)data;
	if (marks % 2)
		write_blocks(marks / 2);
	else
		start_anew();
	marks++;
}

static bool is_mark(const struct qemu_plugin_insn *insn)
{
	static const uint8_t mark[] = { MARK };

	return qemu_plugin_insn_size(insn) == sizeof(mark) &&
	       memcmp(qemu_plugin_insn_data(insn), mark, sizeof(mark)) == 0;
}

static void translate(uint64_t id, struct qemu_plugin_tb *tb)
{
	size_t count = qemu_plugin_tb_n_insns(tb);
	struct block *block = find_block(qemu_plugin_tb_vaddr(tb), count);

	(void)id;
	qemu_plugin_register_vcpu_tb_exec_inline(tb, QEMU_PLUGIN_INLINE_ADD_U64, &block->times, 1);
	for (size_t i = 0; i < count; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);

		if (is_mark(insn))
			qemu_plugin_register_vcpu_insn_exec_cb(insn, at_mark,
							       QEMU_PLUGIN_CB_NO_REGS, NULL);
	}
}

__attribute__((visibility("default")))
int qemu_plugin_install(uint64_t id, const struct qemu_info *info, int argc, char **argv)
{
	(void)info;
	if (argc != 1 || strncmp(argv[0], "to=", 3) != 0) {
		fprintf(stderr, "profile: expected to=FOLDER\n");
		return -1;
	}
	folder = strdup(argv[0] + 3);
	qemu_plugin_register_vcpu_tb_trans_cb(id, translate);
	return 0;
}
