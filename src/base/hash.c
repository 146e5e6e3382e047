#include "base/hash.h"

#include "base/sha256.h"

#include <stdio.h>
#include <string.h>
#include <sys/types.h>

#include <sha2.h>

/* The whole sum by blocks: padding is one bit, zeros, and the length in bits. */
static void
sum_native(const unsigned char *data, size_t n, unsigned char sum[HASH_BYTES])
{
	uint32_t state[8] = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
		0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19 };
	unsigned char last[128] = { 0 };
	size_t n_left = n % 64, n_last = n_left < 56 ? 64 : 128;
	uint64_t n_bits = (uint64_t)n * 8;

	sha256_blocks(state, data, n / 64);
	memcpy(last, data + n - n_left, n_left);
	last[n_left] = 0x80;
	for (int i = 0; i < 8; i++)
		last[n_last - 1 - (size_t)i] = (unsigned char)(n_bits >> 8 * i);
	sha256_blocks(state, last, n_last / 64);
	for (int i = 0; i < HASH_BYTES; i++)
		sum[i] = (unsigned char)(state[i / 4] >> (24 - 8 * (i % 4)));
}

void
hash_bytes(const void *data, size_t n_bytes, unsigned char sum[HASH_BYTES])
{
	SHA2_CTX ctx;

	if (sha256_is_native()) {
		sum_native(data, n_bytes, sum);
		return;
	}
	SHA256Init(&ctx);
	SHA256Update(&ctx, data, n_bytes);
	SHA256Final(sum, &ctx);
}

void
hash_sha256(const void *data, size_t n_bytes, char hex[HASH_HEX_SIZE])
{
	static const char digit[] = "0123456789abcdef";
	unsigned char sum[HASH_BYTES];

	hash_bytes(data, n_bytes, sum);
	for (size_t i = 0; i < sizeof(sum); i++) {
		hex[2 * i] = digit[sum[i] >> 4];
		hex[2 * i + 1] = digit[sum[i] & 15];
	}
	hex[2 * sizeof(sum)] = '\0';
}

void
hash_uuid(const char *name, char buf[37])
{
	char hex[HASH_HEX_SIZE];

	hash_sha256(name, strlen(name), hex);
	hex[12] = '5';
	hex[16] = "89ab"[(unsigned char)hex[16] & 3];
	snprintf(buf, 37, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16,
	    hex + 20);
}
