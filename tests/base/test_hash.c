#include "base/hash.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/types.h>

#include <sha2.h>

#include <cmocka.h>

static void
known_texts_have_their_known_sums(void **state)
{
	/* FIPS 180-4 examples, and the empty message. */
	static const struct {
		const char *text, *hex;
	} rows[] = {
		{ "",
		    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
		{ "abc",
		    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
		{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		    "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
	};

	for (size_t i = 0; i < N_ELEMS(rows); i++) {
		char hex[HASH_HEX_SIZE];

		hash_sha256(rows[i].text, strlen(rows[i].text), hex);
		assert_string_equal(hex, rows[i].hex);
	}
}

static void
long_texts_have_the_sums_another_library_gives(void **state)
{
	enum { MOST = 20000 };
	AUTO_FREE unsigned char *text = xmalloc(MOST);

	for (size_t i = 0; i < MOST; i++)
		text[i] = (unsigned char)(i * i >> 3);
	/* Every length of the last block, with and without room for the padding. */
	for (size_t n = 4000; n <= MOST; n += n < 4300 ? 1 : 997) {
		char hex[HASH_HEX_SIZE], known[SHA256_DIGEST_STRING_LENGTH];

		hash_sha256(text, n, hex);
		assert_string_equal(hex, SHA256Data(text, n, known));
	}
}

static void
the_same_name_gives_the_same_well_formed_id(void **state)
{
	char a[37], b[37], c[37];

	hash_uuid("launch 1", a);
	hash_uuid("launch 1", b);
	hash_uuid("launch 2", c);
	assert_string_equal(a, b);
	assert_string_not_equal(a, c);
	for (size_t i = 0; i < 36; i++) {
		if (i == 8 || i == 13 || i == 18 || i == 23)
			assert_int_equal(a[i], '-');
		else
			assert_non_null(strchr("0123456789abcdef", a[i]));
	}
	assert_int_equal(strlen(a), 36);
	/* RFC 4122, 4.1.1 and 4.1.3: variant and version. */
	assert_int_equal(a[14], '5');
	assert_non_null(strchr("89ab", a[19]));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_texts_have_their_known_sums),
		cmocka_unit_test(long_texts_have_the_sums_another_library_gives),
		cmocka_unit_test(the_same_name_gives_the_same_well_formed_id),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
