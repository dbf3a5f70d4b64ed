// SPDX-License-Identifier: GPL-2.0
/*
 * OpenSSL's own socket BIO writes with write(), which raises SIGPIPE when
 * the server is gone. The signal belongs to the program, not to us.
 */
#include <errno.h>
#include <openssl/bio.h>
#include <sys/socket.h>

#include "kmip/tls_internal.h"

static int fd_of(BIO *bio)
{
	return *(const int *)BIO_get_data(bio);
}

static bool again(ssize_t n)
{
	return n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR);
}

static int bio_write(BIO *bio, const char *data, int size)
{
	ssize_t n = send(fd_of(bio), data, (size_t)size, MSG_NOSIGNAL);

	BIO_clear_retry_flags(bio);
	if (again(n))
		BIO_set_retry_write(bio);
	return (int)n;
}

static int bio_read(BIO *bio, char *data, int size)
{
	ssize_t n = recv(fd_of(bio), data, (size_t)size, 0);

	BIO_clear_retry_flags(bio);
	if (again(n))
		BIO_set_retry_read(bio);
	return (int)n;
}

static long bio_ctrl(BIO *bio, int command, long number, void *pointer)
{
	(void)bio;
	(void)number;
	(void)pointer;
	return command == BIO_CTRL_FLUSH; /* nothing is kept back */
}

BIO *hc_tls_bio(const int *fd)
{
	static BIO_METHOD *method; /* for the life of the process */
	BIO *bio;

	if (!method) {
		method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "hostcrypt");
		if (!method)
			return NULL;
		BIO_meth_set_write(method, bio_write);
		BIO_meth_set_read(method, bio_read);
		BIO_meth_set_ctrl(method, bio_ctrl);
	}
	bio = BIO_new(method);
	if (!bio)
		return NULL;
	BIO_set_data(bio, (void *)(uintptr_t)fd);
	BIO_set_init(bio, 1);
	return bio;
}
