#include "base/hmac.h"

#include <string.h>
#include <sys/types.h>

#include <sha1.h>
#include <sha2.h>

#define BLOCK 64

static const char base64[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* Two pieces one after the other, so that nothing large is copied. */
static size_t
sum_two(enum hmac_kind kind, const unsigned char *a, size_t n_a, const void *b,
    size_t n, unsigned char *out)
{
	if (kind == HMAC_SHA1) {
		SHA1_CTX ctx;

		SHA1Init(&ctx);
		SHA1Update(&ctx, a, n_a);
		SHA1Update(&ctx, b, n);
		SHA1Final(out, &ctx);
		return SHA1_DIGEST_LENGTH;
	}
	SHA2_CTX ctx;

	SHA256Init(&ctx);
	SHA256Update(&ctx, a, n_a);
	SHA256Update(&ctx, b, n);
	SHA256Final(out, &ctx);
	return SHA256_DIGEST_LENGTH;
}

size_t
hmac_sum(enum hmac_kind kind, const void *key, size_t n_key, const void *data, size_t n,
    unsigned char out[HMAC_BYTES])
{
	unsigned char pad[BLOCK] = { 0 }, inner[HMAC_BYTES];
	size_t n_sum;

	if (n_key > BLOCK)
		(void)sum_two(kind, key, n_key, "", 0, pad);
	else
		memcpy(pad, key, n_key);
	for (size_t i = 0; i < BLOCK; i++)
		pad[i] ^= 0x36;
	n_sum = sum_two(kind, pad, BLOCK, data, n, inner);
	for (size_t i = 0; i < BLOCK; i++)
		pad[i] ^= 0x36 ^ 0x5c;
	(void)sum_two(kind, pad, BLOCK, inner, n_sum, out);
	explicit_bzero(pad, sizeof(pad));
	return n_sum;
}

/* Looks at every byte, wherever the first difference is. */
static bool
is_same(const char *a, const char *b, size_t n)
{
	volatile unsigned char differs = 0;

	for (size_t i = 0; i < n; i++)
		differs |= (unsigned char)(a[i] ^ b[i]);
	return differs == 0;
}

bool
hmac_is_hex(const unsigned char *sum, size_t n, const char *hex)
{
	static const char digits[] = "0123456789abcdef";
	char want[2 * HMAC_BYTES], got[2 * HMAC_BYTES];

	if (strlen(hex) != 2 * n)
		return false;
	for (size_t i = 0; i < n; i++) {
		want[2 * i] = digits[sum[i] >> 4];
		want[2 * i + 1] = digits[sum[i] & 15];
	}
	for (size_t i = 0; i < 2 * n; i++)
		got[i] = (char)(hex[i] >= 'A' && hex[i] <= 'F' ? hex[i] + 32 : hex[i]);
	return is_same(want, got, 2 * n);
}

bool
hmac_is_base64(const unsigned char *sum, size_t n, const char *text, size_t n_text)
{
	char want[(HMAC_BYTES + 2) / 3 * 4 + 1];
	size_t at = 0;

	if (n_text != (n + 2) / 3 * 4)
		return false;
	for (size_t i = 0; i < n; i += 3) {
		unsigned v = (unsigned)sum[i] << 16;

		v |= i + 1 < n ? (unsigned)sum[i + 1] << 8 : 0;
		v |= i + 2 < n ? sum[i + 2] : 0;
		want[at++] = base64[v >> 18];
		want[at++] = base64[v >> 12 & 63];
		want[at++] = i + 1 < n ? base64[v >> 6 & 63] : '=';
		want[at++] = i + 2 < n ? base64[v & 63] : '=';
	}
	return is_same(want, text, n_text);
}

long
hmac_of_base64(const char *text, unsigned char *out, size_t size)
{
	size_t n = strcspn(text, "="), at = 0;
	unsigned bits = 0;
	int n_bits = 0;

	for (size_t i = 0; i < n; i++) {
		const char *digit = strchr(base64, text[i]);

		if (!digit)
			return -1;
		bits = (bits << 6 | (unsigned)(digit - base64)) & 0xffffff;
		n_bits += 6;
		if (n_bits < 8)
			continue;
		n_bits -= 8;
		if (at == size)
			return -1;
		out[at++] = (unsigned char)(bits >> n_bits);
	}
	return (long)at;
}
