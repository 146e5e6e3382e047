#pragma once

#include <stddef.h>
#include <stdint.h>

#define HASH_BYTES    32
#define HASH_HEX_SIZE 65

/* SHA-256 of the bytes. */
void hash_bytes(const void *data, size_t n_bytes, unsigned char sum[HASH_BYTES]);

/* SHA-256 of the bytes as 64 lower-case hexadecimal digits and a NUL. */
void hash_sha256(const void *data, size_t n_bytes, char hex[HASH_HEX_SIZE]);

/*
 * A version-5 style UUID (RFC 4122 layout) made from the SHA-256 of NAME: the same name
 * gives the same id, which is what makes a launch idempotent.  BUF holds 37 bytes.
 */
void hash_uuid(const char *name, char buf[37]);
