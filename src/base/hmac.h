#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Keyed sums (RFC 2104), as senders of webhooks sign with. */
enum hmac_kind { HMAC_SHA1, HMAC_SHA256 };

#define HMAC_BYTES 32 /* room for either */

/* The sum of DATA under KEY into OUT; how many bytes it has (20 or 32). */
size_t hmac_sum(enum hmac_kind kind, const void *key, size_t n_key, const void *data,
    size_t n, unsigned char out[HMAC_BYTES]);

/* Is SUM, N bytes, what HEX says in either case?  Takes as long whatever differs. */
bool hmac_is_hex(const unsigned char *sum, size_t n, const char *hex);

/* The same for standard base64 with its padding. */
bool hmac_is_base64(
    const unsigned char *sum, size_t n, const char *text, size_t n_text);

/* Decodes base64 into OUT of SIZE bytes; the number of bytes, or -1. */
long hmac_of_base64(const char *text, unsigned char *out, size_t size);
