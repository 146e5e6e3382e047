#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/hmac.h"

/* RFC 2202 and RFC 4231, and what OpenSSL says of a long key. */
static void
sums_are_those_of_the_rfcs(void **state)
{
	char key[131];
	unsigned char out[HMAC_BYTES];
	size_t n;

	(void)state;
	n = hmac_sum(HMAC_SHA1, "Jefe", 4, "what do ya want for nothing?", 28, out);
	assert_true(hmac_is_hex(out, n, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"));
	n = hmac_sum(HMAC_SHA256, "Jefe", 4, "what do ya want for nothing?", 28, out);
	assert_true(hmac_is_hex(out, n,
	    "5BDCC146BF60754E6A042426089575c75a003f089d2739839dec58b964ec3843"));
	assert_false(hmac_is_hex(out, n,
	    "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3844"));
	assert_false(hmac_is_hex(out, n, "5bdcc146"));
	assert_false(hmac_is_hex(out, n, ""));
	memset(key, 0xaa, sizeof(key));
	n = hmac_sum(HMAC_SHA256, key, sizeof(key),
	    "Test Using Larger Than Block-Size Key - Hash Key First", 54, out);
	assert_true(hmac_is_hex(out, n,
	    "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"));
}

static void
base64_is_compared_and_read(void **state)
{
	unsigned char out[HMAC_BYTES], key[8];
	size_t n = hmac_sum(
	    HMAC_SHA256, "Jefe", 4, "what do ya want for nothing?", 28, out);
	const char *text = "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM=";

	(void)state;
	assert_true(hmac_is_base64(out, n, text, strlen(text)));
	assert_false(hmac_is_base64(out, n, text, strlen(text) - 1));
	assert_int_equal(hmac_of_base64("aGVsbG8=", key, sizeof(key)), 5);
	assert_memory_equal(key, "hello", 5);
	assert_int_equal(hmac_of_base64("aGVs bG8=", key, sizeof(key)), -1);
	assert_int_equal(hmac_of_base64("aGVsbG8gaGVsbG8=", key, sizeof(key)), -1);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(sums_are_those_of_the_rfcs),
		cmocka_unit_test(base64_is_compared_and_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
