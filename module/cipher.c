// SPDX-License-Identifier: GPL-2.0
/*
 * XTS-AES-256 over the pages of bios.
 *
 * A data unit's tweak is the little-endian number of its first 512-byte
 * sector, whatever the unit's size: what dm-crypt calls plain64.
 *
 * The cipher must be synchronous and fast. Where SIMD code is wrapped to go
 * asynchronous when the FPU is in use (x86 before 6.16), the inner algorithm is
 * taken and the caller asks hc_cipher_usable() first; a crypto API template
 * over a C cipher ("xts(ecb(aes-generic))"), twenty times slower, serves only
 * where the table line allows it.
 */
#define pr_fmt(fmt) "hostcrypt: " fmt

#include <crypto/internal/simd.h>
#include <crypto/internal/skcipher.h>
#include <asm/simd.h>
#include <linux/blkdev.h>
#include <linux/bvec.h>
#include <linux/err.h>
#include <linux/kmod.h>
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/random.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "cipher.h"
#include "compat.h"
#include "keystore.h"
#include "registry.h"

/* Requests live on the stack; a cipher that wants more room is not taken. */
#define HC_REQUEST_ROOM	384

/* A keyed cipher. Constant once made, so that all CPUs share it. */
struct hc_cipher {
	struct crypto_skcipher *tfm;

	/* Bytes of a data unit. */
	unsigned int unit;

	/* Bytes that a request has of the cipher's own. */
	unsigned int reqsize;

	/* It is SIMD code, and the context has to allow that. */
	bool simd;

	/* The round keys are between tfm and here; 0 when they are elsewhere. */
	size_t keyed_size;
};

/* The working set of one hc_cipher_crypt() call. */
struct hc_crypt {
	char request[sizeof(struct skcipher_request) + HC_REQUEST_ROOM] CRYPTO_MINALIGN_ATTR;
	__le64 iv[2] __aligned(16);
	struct scatterlist src;
	struct scatterlist dst;
	const struct hc_cipher *cipher;
	enum hc_direction direction;
};

/*
 * A page per CPU for the data unit that a bio's owner has cut into pieces.
 * Locking: used with bottom halves off, by the CPU it belongs to.
 */
static DEFINE_PER_CPU(struct page *, hc_scratch);

/**
 * hc_cipher_init() - get the per-CPU pages
 *
 * Return: 0 or -ENOMEM.
 */
int hc_cipher_init(void)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu) {
		struct page *page = alloc_page(GFP_KERNEL);

		if (!page) {
			hc_cipher_exit();
			return -ENOMEM;
		}
		per_cpu(hc_scratch, cpu) = page;
	}
	return 0;
}

/**
 * hc_cipher_exit() - undo hc_cipher_init()
 */
void hc_cipher_exit(void)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu) {
		if (per_cpu(hc_scratch, cpu))
			__free_page(per_cpu(hc_scratch, cpu));
		per_cpu(hc_scratch, cpu) = NULL;
	}
}

static const char *hc_tfm_driver(struct crypto_skcipher *tfm)
{
	return crypto_skcipher_alg(tfm)->base.cra_driver_name;
}

/* The name of a template's instance has the inner cipher in brackets. */
static bool hc_tfm_slow(struct crypto_skcipher *tfm)
{
	return strchr(hc_tfm_driver(tfm), '(');
}

/*
 * The best synchronous XTS that is registered now. Ciphers that allocate
 * memory per request may not be used for writing memory out; drivers of
 * offload engines are asynchronous, and slower than the CPU at this size.
 */
static struct crypto_skcipher *hc_tfm_alloc(void)
{
	const u32 no = CRYPTO_ALG_ASYNC | CRYPTO_ALG_ALLOCATES_MEMORY;
	struct crypto_skcipher *tfm;

	tfm = crypto_alloc_skcipher("__xts(aes)", CRYPTO_ALG_INTERNAL, CRYPTO_ALG_INTERNAL | no);
	if (!IS_ERR(tfm) && !hc_tfm_slow(tfm))
		return tfm;
	if (!IS_ERR(tfm))
		crypto_free_skcipher(tfm);
	return crypto_alloc_skcipher("xts(aes)", 0, no | CRYPTO_ALG_KERN_DRIVER_ONLY);
}

static struct crypto_skcipher *hc_tfm_choose(bool allow_slow)
{
	struct crypto_skcipher *tfm = hc_tfm_alloc();

	/* The CPU's own code may sit in a module that nobody has asked for yet. */
	if (IS_ERR(tfm) || hc_tfm_slow(tfm)) {
		if (!IS_ERR(tfm))
			crypto_free_skcipher(tfm);
		request_module("crypto-aes");
		tfm = hc_tfm_alloc();
	}
	if (IS_ERR(tfm))
		return tfm;

	if (hc_tfm_slow(tfm) && !allow_slow) {
		pr_err("only the slow cipher %s is there; load the CPU's AES module (aesni_intel) or allow it with allow_slow_cipher\n",
		       hc_tfm_driver(tfm));
		crypto_free_skcipher(tfm);
		return ERR_PTR(-ENOENT);
	}
	if (crypto_skcipher_reqsize(tfm) > HC_REQUEST_ROOM) {
		pr_err("cipher %s wants requests of %u bytes, more than %u\n", hc_tfm_driver(tfm),
		       crypto_skcipher_reqsize(tfm), HC_REQUEST_ROOM);
		crypto_free_skcipher(tfm);
		return ERR_PTR(-EOPNOTSUPP);
	}
	return tfm;
}

/*
 * The round keys are in the tfm's own context, except where the algorithm has
 * something to set up beside it, as templates have with the ciphers that they
 * are made of.
 */
static size_t hc_tfm_keyed_size(struct crypto_skcipher *tfm)
{
	const struct skcipher_alg *alg = crypto_skcipher_alg(tfm);

	if (alg->init || alg->base.cra_init)
		return 0;
	return crypto_skcipher_ctx(tfm) + alg->base.cra_ctxsize - (void *)tfm;
}

/* Before the key gets in. */
static int hc_cipher_list(const struct hc_cipher *cipher)
{
	if (cipher->keyed_size)
		return hc_registry_add(cipher->tfm, cipher->keyed_size);
	hc_registry_add_unlisted();
	return 0;
}

/* Frees the tfm; the crypto API wipes what it frees. */
static void hc_cipher_unlist(struct hc_cipher *cipher)
{
	const void *tfm = cipher->tfm;

	crypto_free_skcipher(cipher->tfm);
	if (cipher->keyed_size)
		hc_registry_remove(tfm, cipher->keyed_size);
	else
		hc_registry_remove_unlisted();
}

/**
 * hc_cipher_alloc() - choose and key a cipher
 * @key: a held key
 * @unit: bytes of a data unit
 * @allow_slow: take a template over a C cipher where there is nothing better
 *
 * Context: may sleep and load modules.
 * Return: the cipher; or -ENOENT, none or only a slow one is there; -ENOMEM;
 *	another error of the crypto API.
 */
struct hc_cipher *hc_cipher_alloc(const struct hc_key *key, unsigned int unit, bool allow_slow)
{
	struct hc_cipher *cipher;
	int err;

	cipher = kzalloc(sizeof(*cipher), GFP_KERNEL);
	if (!cipher)
		return ERR_PTR(-ENOMEM);

	cipher->tfm = hc_tfm_choose(allow_slow);
	if (IS_ERR(cipher->tfm)) {
		err = PTR_ERR(cipher->tfm);
		goto out_free;
	}
	cipher->unit = unit;
	cipher->reqsize = crypto_skcipher_reqsize(cipher->tfm);
	cipher->simd = !hc_tfm_slow(cipher->tfm);

	cipher->keyed_size = hc_tfm_keyed_size(cipher->tfm);

	crypto_skcipher_set_flags(cipher->tfm, CRYPTO_TFM_REQ_FORBID_WEAK_KEYS);
	err = hc_cipher_list(cipher);
	if (err)
		goto out_tfm;
	err = hc_key_set(key, cipher->tfm);
	if (err)
		goto out_listed;
	return cipher;

out_listed:
	hc_cipher_unlist(cipher);
	goto out_free;
out_tfm:
	crypto_free_skcipher(cipher->tfm);
out_free:
	kfree(cipher);
	return ERR_PTR(err);
}
EXPORT_SYMBOL_HC_KUNIT(hc_cipher_alloc);

/**
 * hc_cipher_free() - overwrite the round keys and free
 * @cipher: the cipher or NULL
 *
 * The crypto API has no call that makes a cipher forget its key, so it gets
 * another one, drawn at random: also what lies behind pointers in the context
 * is overwritten then.
 *
 * Context: may sleep.
 */
void hc_cipher_free(struct hc_cipher *cipher)
{
	u8 random[HOSTCRYPT_KEY_SIZE];

	if (!cipher)
		return;
	get_random_bytes(random, sizeof(random));
	if (crypto_skcipher_setkey(cipher->tfm, random, sizeof(random)))
		pr_warn("cipher %s refused the key that was to overwrite the old one\n",
			hc_tfm_driver(cipher->tfm));
	memzero_explicit(random, sizeof(random));
	hc_cipher_unlist(cipher);
	kfree(cipher);
}
EXPORT_SYMBOL_HC_KUNIT(hc_cipher_free);

/**
 * hc_cipher_driver() - the code in use
 * @cipher: the cipher
 *
 * Return: the crypto API's name of it.
 */
const char *hc_cipher_driver(const struct hc_cipher *cipher)
{
	return hc_tfm_driver(cipher->tfm);
}
EXPORT_SYMBOL_HC_KUNIT(hc_cipher_driver);

/**
 * hc_cipher_usable() - may hc_cipher_crypt() be called here and now?
 * @cipher: the cipher
 *
 * Context: any.
 * Return: false when the FPU belongs to the code that was interrupted; a
 *	worker can always go on.
 */
bool hc_cipher_usable(const struct hc_cipher *cipher)
{
	return !cipher->simd || crypto_simd_usable();
}
EXPORT_SYMBOL_HC_KUNIT(hc_cipher_usable);

/* One data unit from crypt->src to crypt->dst. */
static int hc_crypt_unit(struct hc_crypt *crypt, u64 tweak)
{
	struct skcipher_request *req = (void *)crypt->request;

	crypt->iv[0] = cpu_to_le64(tweak);
	crypt->iv[1] = 0;
	skcipher_request_set_crypt(req, &crypt->src, &crypt->dst, crypt->cipher->unit, crypt->iv);
	return crypt->direction == HC_ENCRYPT ? crypto_skcipher_encrypt(req) :
						crypto_skcipher_decrypt(req);
}

/* The whole data units within one page of each side. */
static int hc_crypt_run(struct hc_crypt *crypt, const struct bio_vec *in,
			const struct bio_vec *out, unsigned int bytes, u64 tweak)
{
	unsigned int unit = crypt->cipher->unit;
	unsigned int done;
	int err = 0;

	for (done = 0; done < bytes && !err; done += unit) {
		sg_set_page(&crypt->src, in->bv_page, unit, in->bv_offset + done);
		sg_set_page(&crypt->dst, out->bv_page, unit, out->bv_offset + done);
		err = hc_crypt_unit(crypt, tweak + (done >> SECTOR_SHIFT));
	}
	return err;
}

/* Copy one data unit between a bio and @buf. */
static void hc_copy_unit(struct bio *bio, struct bvec_iter iter, u8 *buf, unsigned int unit,
			 bool to_bio)
{
	iter.bi_size = unit;
	while (iter.bi_size) {
		struct bio_vec bv = bio_iter_iovec(bio, iter);

		if (to_bio)
			memcpy_to_bvec(&bv, buf);
		else
			memcpy_from_bvec(buf, &bv);
		buf += bv.bv_len;
		bio_advance_iter_single(bio, &iter, bv.bv_len);
	}
}

/*
 * A data unit that lies in pieces, since its owner built the bio from parts
 * smaller than our logical blocks or across pages. Rare, so a copy is fine. It
 * never allocates, so it cannot fail half-way.
 */
static int hc_crypt_scattered(struct hc_crypt *crypt, const struct hc_span *at)
{
	unsigned int unit = crypt->cipher->unit;
	struct page *page;
	int err;

	local_bh_disable();
	page = this_cpu_read(hc_scratch);
	hc_copy_unit(at->src, at->src_iter, page_address(page), unit, false);
	sg_set_page(&crypt->src, page, unit, 0);
	sg_set_page(&crypt->dst, page, unit, 0);
	err = hc_crypt_unit(crypt, at->tweak);
	if (!err)
		hc_copy_unit(at->dst, at->dst_iter, page_address(page), unit, true);
	memzero_explicit(page_address(page), unit);
	local_bh_enable();
	return err;
}

static int hc_crypt_span(struct hc_crypt *crypt, const struct hc_span *span)
{
	unsigned int unit = crypt->cipher->unit;
	struct hc_span at = *span;

	for (;;) {
		struct bio_vec in = bio_iter_iovec(at.src, at.src_iter);
		struct bio_vec out = bio_iter_iovec(at.dst, at.dst_iter);
		unsigned int bytes = round_down(min(in.bv_len, out.bv_len), unit);
		int err;

		if (likely(bytes)) {
			err = hc_crypt_run(crypt, &in, &out, bytes, at.tweak);
		} else {
			bytes = unit;
			err = hc_crypt_scattered(crypt, &at);
		}
		if (err || bytes == at.src_iter.bi_size)
			return err;
		bio_advance_iter(at.src, &at.src_iter, bytes);
		bio_advance_iter(at.dst, &at.dst_iter, bytes);
		at.tweak += bytes >> SECTOR_SHIFT;
	}
}

/* One entry for one run of bytes in a page. */
static void hc_sg_init(struct scatterlist *sg)
{
	*sg = (struct scatterlist){};
	sg_mark_end(sg);
}

/* What is set once for all data units. */
static void hc_crypt_begin(struct hc_crypt *crypt, const struct hc_cipher *cipher,
			   enum hc_direction direction)
{
	struct skcipher_request *req = (void *)crypt->request;

	crypt->cipher = cipher;
	crypt->direction = direction;
	hc_sg_init(&crypt->src);
	hc_sg_init(&crypt->dst);
	skcipher_request_set_tfm(req, cipher->tfm);
	skcipher_request_set_callback(req, 0, NULL, NULL);
}

/* The vector, and what the cipher has of its own, hold the encrypted tweak. */
static void hc_crypt_end(struct hc_crypt *crypt)
{
	struct skcipher_request *req = (void *)crypt->request;

	WRITE_ONCE(crypt->iv[0], 0);
	WRITE_ONCE(crypt->iv[1], 0);
	if (unlikely(crypt->cipher->reqsize))
		memzero_explicit(skcipher_request_ctx(req), crypt->cipher->reqsize);
}

/**
 * hc_cipher_crypt() - encrypt or decrypt a run of data units
 * @cipher: the cipher; hc_cipher_usable()
 * @direction: which
 * @span: what; not empty
 *
 * Never sleeps, never allocates.
 *
 * Context: task or softirq with interrupts on.
 * Return: 0 or an error of the cipher, of which there is none in working order.
 */
int hc_cipher_crypt(const struct hc_cipher *cipher, enum hc_direction direction,
		    const struct hc_span *span)
{
	/* Several hundred bytes, most of which are never looked at. */
	struct hc_crypt crypt HC_UNINITIALIZED;
	int err;

	hc_crypt_begin(&crypt, cipher, direction);
	err = hc_crypt_span(&crypt, span);
	hc_crypt_end(&crypt);
	return err;
}
EXPORT_SYMBOL_HC_KUNIT(hc_cipher_crypt);
