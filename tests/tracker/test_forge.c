/* Which repository of a forge the address of a remote means. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first. */
#include <cmocka.h>

#include "base/mem.h"
#include "tracker/forge.h"

#include <string.h>

static void
the_address_of_a_remote_names_its_place(void **state)
{
	static const struct {
		const char *url, *api, *place;
	} table[] = {
		{ "https://github.com/acme/gates.git", NULL, "acme/gates" },
		{ "https://github.com/acme/gates", NULL, "acme/gates" },
		{ "https://github.com/acme/gates/", NULL, "acme/gates" },
		{ "https://ada:secret@GitHub.com/acme/gates.git", NULL, "acme/gates" },
		{ "git@github.com:acme/gates.git", NULL, "acme/gates" },
		{ "github.com:acme/gates", NULL, "acme/gates" },
		{ "ssh://git@github.com/acme/a.b-c_d.git", NULL, "acme/a.b-c_d" },
		{ "ssh://git@ssh.github.com:443/acme/gates.git",
		    "https://api.github.com", "acme/gates" },
		{ "git@git.example.org:acme/gates.git",
		    "https://git.example.org/api/v3", "acme/gates" },
		{ "https://git.example.org:8443/acme/gates",
		    "https://git.example.org/api/v3", "acme/gates" },
		/* Another host, or none. */
		{ "git@git.example.org:acme/gates.git", NULL, NULL },
		{ "https://github.com/acme/gates", "https://git.example.org/api/v3",
		    NULL },
		{ "https://github.com.evil.example/acme/gates", NULL, NULL },
		{ "https://evil.example/github.com/acme/gates", NULL, NULL },
		{ "/srv/git/acme/gates.git", NULL, NULL },
		{ "../gates.git", NULL, NULL },
		{ "file:///acme/gates.git", NULL, NULL },
		{ "", NULL, NULL },
		/* No OWNER/NAME. */
		{ "https://github.com/acme", NULL, NULL },
		{ "https://github.com/acme/gates/tree/main", NULL, NULL },
		{ "https://github.com/acme/..", NULL, NULL },
		{ "git@github.com:acme/ga tes.git", NULL, NULL },
		{ "https://github.com/acme/gates.git?x=/y", NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMS(table); i++) {
		char place[FORGE_PLACE_SIZE] = "untouched";
		bool is_there = forge_place_of(table[i].url, table[i].api, place);

		if (is_there != (table[i].place != NULL))
			fail_msg("%s: %s", table[i].url, place);
		assert_string_equal(
		    place, table[i].place ? table[i].place : "untouched");
	}
}

static void
a_place_is_two_names_of_the_letters_there(void **state)
{
	char longest[FORGE_PLACE_SIZE + 8];

	(void)state;
	memset(longest, 'a', sizeof(longest));
	longest[3] = '/';
	assert_true(forge_place_ok("a/b", 3));
	assert_false(forge_place_ok("a/", 2));
	assert_false(forge_place_ok("/b", 2));
	assert_false(forge_place_ok("a/b/c", 5));
	assert_false(forge_place_ok("a/..", 4));
	assert_false(forge_place_ok("a/b?c", 5));
	assert_true(forge_place_ok(longest, FORGE_PLACE_SIZE - 1));
	assert_false(forge_place_ok(longest, FORGE_PLACE_SIZE));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_address_of_a_remote_names_its_place),
		cmocka_unit_test(a_place_is_two_names_of_the_letters_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
