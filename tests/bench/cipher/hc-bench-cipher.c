// SPDX-License-Identifier: GPL-2.0
/*
 * What the cipher alone costs: XTS-AES-256 over pages, called as the crypto API
 * wants to be called and with nothing around it. Once the module is loaded its
 * parameters tell the nanoseconds that 1,000 times 4 KiB took, in data units of
 * 512 and of 4096 bytes.
 *
 * It takes the cipher that dm-hostcrypt takes. One request serves all units; for
 * each of them two scatterlist entries and a vector are set.
 */
#include <crypto/skcipher.h>
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/scatterlist.h>
#include <linux/string.h>

/* How often 4 KiB are encrypted, in pages that follow one another. */
#define BENCH_TIMES	10000
#define BENCH_ORDER	8

static char driver[CRYPTO_MAX_ALG_NAME];
module_param_string(driver, driver, sizeof(driver), 0444);
static unsigned long encrypt_512;
module_param(encrypt_512, ulong, 0444);
static unsigned long decrypt_512;
module_param(decrypt_512, ulong, 0444);
static unsigned long encrypt_4096;
module_param(encrypt_4096, ulong, 0444);
static unsigned long decrypt_4096;
module_param(decrypt_4096, ulong, 0444);

static struct crypto_skcipher *bench_tfm(void)
{
	const u32 no = CRYPTO_ALG_ASYNC | CRYPTO_ALG_ALLOCATES_MEMORY;
	struct crypto_skcipher *tfm;

	tfm = crypto_alloc_skcipher("__xts(aes)", CRYPTO_ALG_INTERNAL, CRYPTO_ALG_INTERNAL | no);
	return IS_ERR(tfm) ? crypto_alloc_skcipher("xts(aes)", 0, no) : tfm;
}

static int bench_key(struct crypto_skcipher *tfm)
{
	u8 key[64];

	get_random_bytes(key, sizeof(key));
	return crypto_skcipher_setkey(tfm, key, sizeof(key));
}

/* 4 KiB at @src to @dst; both inside one page. */
static int bench_page(struct skcipher_request *req, struct page *src, struct page *dst,
		      unsigned int unit, bool encrypt, u64 tweak)
{
	struct scatterlist in, out;
	__le64 iv[2];
	unsigned int done;
	int err = 0;

	sg_init_table(&in, 1);
	sg_init_table(&out, 1);
	for (done = 0; done < PAGE_SIZE && !err; done += unit) {
		sg_set_page(&in, src, unit, done);
		sg_set_page(&out, dst, unit, done);
		iv[0] = cpu_to_le64(tweak++);
		iv[1] = 0;
		skcipher_request_set_crypt(req, &in, &out, unit, iv);
		err = encrypt ? crypto_skcipher_encrypt(req) : crypto_skcipher_decrypt(req);
	}
	return err;
}

/* Writing takes ciphertext to other pages, reading decrypts in place. */
static int bench_run(struct skcipher_request *req, struct page *pages, unsigned int unit,
		     bool encrypt, unsigned long *result)
{
	unsigned int half = 1 << (BENCH_ORDER - 1);
	ktime_t began = ktime_get();
	unsigned int i;
	int err;

	for (i = 0; i < BENCH_TIMES; i++) {
		struct page *src = pages + i % half;

		err = bench_page(req, src, encrypt ? src + half : src, unit, encrypt, i);
		if (err)
			return err;
		cond_resched();
	}
	*result = div_u64(1000 * ktime_to_ns(ktime_sub(ktime_get(), began)), BENCH_TIMES);
	return 0;
}

static int bench_all(struct crypto_skcipher *tfm, struct page *pages)
{
	struct skcipher_request *req = skcipher_request_alloc(tfm, GFP_KERNEL);
	int err;

	if (!req)
		return -ENOMEM;
	skcipher_request_set_callback(req, 0, NULL, NULL);
	err = bench_run(req, pages, 512, true, &encrypt_512) ?:
	      bench_run(req, pages, 512, false, &decrypt_512) ?:
	      bench_run(req, pages, 4096, true, &encrypt_4096) ?:
	      bench_run(req, pages, 4096, false, &decrypt_4096);
	skcipher_request_free(req);
	return err;
}

static int __init bench_init(void)
{
	struct crypto_skcipher *tfm;
	struct page *pages;
	int err;

	tfm = bench_tfm();
	if (IS_ERR(tfm))
		return PTR_ERR(tfm);
	pages = alloc_pages(GFP_KERNEL | __GFP_ZERO, BENCH_ORDER);
	err = pages ? bench_key(tfm) : -ENOMEM;
	if (!err)
		err = bench_all(tfm, pages);
	if (pages)
		__free_pages(pages, BENCH_ORDER);
	strscpy(driver, crypto_skcipher_alg(tfm)->base.cra_driver_name, sizeof(driver));
	crypto_free_skcipher(tfm);
	return err;
}

static void __exit bench_exit(void)
{
}

module_init(bench_init);
module_exit(bench_exit);

MODULE_DESCRIPTION("What XTS-AES-256 costs without anything around it");
MODULE_LICENSE("GPL");
