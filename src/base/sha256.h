#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* SHA-256 with the processor's own instructions, several times faster than without. */

/* Has this processor them? */
bool sha256_is_native(void);

/*
 * Takes N blocks of 64 bytes at DATA into STATE, which begins with the constants of
 * FIPS 180-4 5.3.3.  Only where sha256_is_native().
 */
void sha256_blocks(uint32_t state[8], const unsigned char *data, size_t n);
