/* SPDX-License-Identifier: GPL-2.0 */
#ifndef HC_CIPHER_H
#define HC_CIPHER_H

#include <linux/bio.h>
#include <linux/types.h>

struct hc_cipher;
struct hc_key;

enum hc_direction { HC_ENCRYPT, HC_DECRYPT };

/**
 * struct hc_span - a run of data units
 * @src: bio with the input
 * @dst: bio for the output; the same as @src to work in place
 * @src_iter: where the input is; its bi_size, a multiple of the unit, is how
 *	much there is
 * @dst_iter: where the output goes
 * @tweak: tweak of the first unit, in 512-byte sectors
 */
struct hc_span {
	struct bio *src;
	struct bio *dst;
	struct bvec_iter src_iter;
	struct bvec_iter dst_iter;
	u64 tweak;
};

int hc_cipher_init(void);
void hc_cipher_exit(void);

struct hc_cipher *hc_cipher_alloc(const struct hc_key *key, unsigned int unit, bool allow_slow);
void hc_cipher_free(struct hc_cipher *cipher);

const char *hc_cipher_driver(const struct hc_cipher *cipher);
bool hc_cipher_usable(const struct hc_cipher *cipher);
int hc_cipher_crypt(const struct hc_cipher *cipher, enum hc_direction direction,
		    const struct hc_span *span);

#endif
