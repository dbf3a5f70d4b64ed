/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tracepoints: /sys/kernel/tracing/events/hostcrypt. None costs more than a jump
 * while it is off, and none shows data or keys. Device and sector are the
 * mapped device's.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM hostcrypt

#if !defined(HC_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define HC_TRACE_H

#include <linux/blk_types.h>
#include <linux/tracepoint.h>

#include "io.h"
#include "target.h"

#ifndef HC_TRACE_ONCE
#define HC_TRACE_ONCE

/*
 * Who did the encryption or decryption of an I/O: the one who brought it (a
 * write's submitter, the context that a read completed in), the softirq that
 * took over from a hard interrupt, or workers.
 */
enum hc_trace_by {
	HC_BY_INLINE,
	HC_BY_SOFTIRQ,
	HC_BY_WORKER,
};

/* Why an I/O went to workers. */
enum hc_trace_why {
	HC_WHY_LARGE,
	HC_WHY_FPU,
	HC_WHY_MEMORY,
};

static inline dev_t hc_trace_dev(const struct hc_target *t)
{
	return disk_devt(dm_disk(dm_table_get_md(t->ti->table)));
}
#endif

TRACE_DEFINE_ENUM(HC_BY_INLINE);
TRACE_DEFINE_ENUM(HC_BY_SOFTIRQ);
TRACE_DEFINE_ENUM(HC_BY_WORKER);
TRACE_DEFINE_ENUM(HC_WHY_LARGE);
TRACE_DEFINE_ENUM(HC_WHY_FPU);
TRACE_DEFINE_ENUM(HC_WHY_MEMORY);

#define hc_show_by(by) __print_symbolic(by, \
	{ HC_BY_INLINE, "inline" }, \
	{ HC_BY_SOFTIRQ, "softirq" }, \
	{ HC_BY_WORKER, "worker" })

#define hc_show_op(write) ((write) ? "write" : "read")

#define hc_show_why(why) __print_symbolic(why, \
	{ HC_WHY_LARGE, "large" }, \
	{ HC_WHY_FPU, "fpu" }, \
	{ HC_WHY_MEMORY, "memory" })

DECLARE_EVENT_CLASS(hostcrypt_crypt,
		    TP_PROTO(const struct hc_target *t, const struct bvec_iter *iter,
			     enum hc_trace_by by),
		    TP_ARGS(t, iter, by),
		    TP_STRUCT__entry(__field(dev_t, dev)
				     __field(sector_t, sector)
				     __field(unsigned int, bytes)
				     __field(unsigned int, by)),
		    TP_fast_assign(__entry->dev = hc_trace_dev(t);
				   __entry->sector = iter->bi_sector;
				   __entry->bytes = iter->bi_size;
				   __entry->by = by;),
		    TP_printk("dev=%u:%u sector=%llu bytes=%u by=%s",
			      MAJOR(__entry->dev), MINOR(__entry->dev),
			      (unsigned long long)__entry->sector, __entry->bytes,
			      hc_show_by(__entry->by))
);

/* A read has come from the disk and is decrypted. */
DEFINE_EVENT(hostcrypt_crypt, hostcrypt_read,
	     TP_PROTO(const struct hc_target *t, const struct bvec_iter *iter,
		      enum hc_trace_by by),
	     TP_ARGS(t, iter, by)
);

/* A write, or a part of one, is encrypted and goes to the disk. */
DEFINE_EVENT(hostcrypt_crypt, hostcrypt_write,
	     TP_PROTO(const struct hc_target *t, const struct bvec_iter *iter,
		      enum hc_trace_by by),
	     TP_ARGS(t, iter, by)
);

/* Workers take over. */
TRACE_EVENT(hostcrypt_defer,
	    TP_PROTO(const struct hc_target *t, const struct bvec_iter *iter, enum req_op op,
		     enum hc_trace_why why),
	    TP_ARGS(t, iter, op, why),
	    TP_STRUCT__entry(__field(dev_t, dev)
			     __field(sector_t, sector)
			     __field(unsigned int, bytes)
			     __field(bool, write)
			     __field(unsigned int, why)),
	    TP_fast_assign(__entry->dev = hc_trace_dev(t);
			   __entry->sector = iter->bi_sector;
			   __entry->bytes = iter->bi_size;
			   __entry->write = op_is_write((__force blk_opf_t)op);
			   __entry->why = why;),
	    TP_printk("dev=%u:%u %s sector=%llu bytes=%u why=%s",
		      MAJOR(__entry->dev), MINOR(__entry->dev), hc_show_op(__entry->write),
		      (unsigned long long)__entry->sector, __entry->bytes,
		      hc_show_why(__entry->why))
);

/* A block of pages for ciphertext is wanted and not at hand. */
TRACE_EVENT(hostcrypt_page_miss,
	    TP_PROTO(const struct hc_pages *pages, unsigned int order),
	    TP_ARGS(pages, order),
	    TP_STRUCT__entry(__field(dev_t, dev)
			     __field(unsigned int, order)),
	    TP_fast_assign(__entry->dev = hc_trace_dev(container_of(pages, struct hc_target,
								    pages));
			   __entry->order = order;),
	    TP_printk("dev=%u:%u order=%u", MAJOR(__entry->dev), MINOR(__entry->dev),
		      __entry->order)
);

/* An I/O fails, whether the disk or we failed it. */
TRACE_EVENT(hostcrypt_error,
	    TP_PROTO(const struct hc_target *t, const struct bvec_iter *iter, enum req_op op,
		     blk_status_t status),
	    TP_ARGS(t, iter, op, status),
	    TP_STRUCT__entry(__field(dev_t, dev)
			     __field(sector_t, sector)
			     __field(unsigned int, bytes)
			     __field(bool, write)
			     __field(int, err)),
	    TP_fast_assign(__entry->dev = hc_trace_dev(t);
			   __entry->sector = iter->bi_sector;
			   __entry->bytes = iter->bi_size;
			   __entry->write = op_is_write((__force blk_opf_t)op);
			   __entry->err = blk_status_to_errno(status);),
	    TP_printk("dev=%u:%u %s sector=%llu bytes=%u err=%d",
		      MAJOR(__entry->dev), MINOR(__entry->dev), hc_show_op(__entry->write),
		      (unsigned long long)__entry->sector, __entry->bytes, __entry->err)
);

#endif /* HC_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
