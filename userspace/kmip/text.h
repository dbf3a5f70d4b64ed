/* SPDX-License-Identifier: GPL-2.0 */
/* Text that a key server sent: never trusted, sometimes shown. */
#ifndef HC_KMIP_TEXT_H
#define HC_KMIP_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Copy @text for people: what is no UTF-8, controls the terminal or turns the
 * direction of writing becomes "?"; cut to fit, with the NUL, into @size bytes.
 */
void hc_text_clean(const uint8_t *text, size_t length, char *buffer, size_t size);

/* Whether hc_text_clean() would leave every character as it is. */
bool hc_text_is_clean(const uint8_t *text, size_t length);

#endif
