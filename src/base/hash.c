#include "base/hash.h"

#include <stdio.h>
#include <string.h>
#include <sys/types.h>

#include <sha2.h>

void
hash_sha256(const void *data, size_t n_bytes, char hex[HASH_HEX_SIZE])
{
	unsigned char sum[SHA256_DIGEST_LENGTH];
	SHA2_CTX ctx;

	SHA256Init(&ctx);
	SHA256Update(&ctx, data, n_bytes);
	SHA256Final(sum, &ctx);
	for (size_t i = 0; i < sizeof(sum); i++)
		snprintf(hex + 2 * i, 3, "%02x", sum[i]);
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
