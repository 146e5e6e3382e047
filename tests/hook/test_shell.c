#include "hook/shell.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void
on_write(void *arg, const char *dir, const char *path)
{
	if (path[0] == '/')
		fprintf(arg, "%s ", path);
	else
		fprintf(arg, "%s/%s ", dir, path);
}

static void
check(const char *command, const char *want)
{
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	shell_writes(command, "/w", on_write, f);
	fclose(f);
	if (strcmp(text, want) != 0)
		fail_msg("%s: '%s', not '%s'", command, text, want);
	free(text);
}

static void
redirections_write(void **state)
{
	(void)state;
	check("echo x >a", "/w/a ");
	check("echo x>a;echo y>>b", "/w/a /w/b ");
	check("x >| a 2>b &>c", "/w/a /w/b /w/c ");
	check("x >&2 2>&1 <in", "");
	check("cat <<EOF >a\ntext >b\nEOF\necho >c", "/w/a /w/c ");
	check("cat <<-'E F' > a\n\tx >b\n\tE F\n: >c", "/w/a /w/c ");
	check("cat <<<word >a", "/w/a ");
	check("echo '>' a \">b\" \\>c", "");
	check("x # >a\ny >b", "/w/b ");
	check("x >/abs/a", "/abs/a ");
	check("x >\"a b\"'c'", "/w/a bc ");
}

static void
commands_that_everybody_knows_write_their_operands(void **state)
{
	(void)state;
	check("tee -a a b", "/w/a /w/b ");
	check("rm -rf -- -a b", "/w/-a /w/b ");
	check("cp -r a b c", "/w/c ");
	check("mv a b", "/w/a /w/b ");
	check("touch -d now a", "/w/a ");
	check("sed -i s/a/b/ a b", "/w/a /w/b ");
	check("sed -i.bak -e s/a/b/ a", "/w/a ");
	check("sed s/a/b/ a", "");
	check("perl -pi -e 's/a/b/' a", "/w/a ");
	check("dd if=a of=b", "/w/b ");
	check("chmod +x a b", "/w/a /w/b ");
	check("git mv a b && git rm c", "/w/a /w/b /w/c ");
	check("git status", "");
	check("sudo FOO=1 rm a", "/w/a ");
	check("/bin/rm a | cat", "/w/a ");
	check("make all; cargo test", "");
	check("if true; then rm a; fi", "/w/a ");
}

static void
the_directory_is_followed(void **state)
{
	(void)state;
	check("cd lib && rm a", "/w/lib/a ");
	check("(cd lib; rm a); rm b", "/w/lib/a /w/b ");
	check("cd /x; rm a", "/x/a ");
	check("cd $D; rm a /b", "/b ");
	check("cd; rm a", "");
	check("pushd x; popd; rm a", "");
}

/* It never claims more than it sees. */
static void
what_is_expanded_is_left_out(void **state)
{
	(void)state;
	check("rm $A *.c ~/x `b` {c,d} e[1] f?", "");
	check("echo x >$OUT", "");
	check("rm \"$A/b\" 'a$b'", "/w/a$b ");
	check("eval 'rm a'", "");
	check("$RM a", "");
	check("diff <(cat a) b >c", "");
	check("echo 'never closed >a", "");
	check("echo x >a; echo \"open", "/w/a ");
	check("", "");
	check("))) >a", "");
	check("((((((((((((((((((((x >a))))))))))))))))))))", "/w/a ");
}

/* Any bytes, cut anywhere: no crash, and nothing beyond the string is read. */
static void
any_bytes_will_do(void **state)
{
	static const char text[] =
	    "cd 'a b' && cat <<E >c\\d | tee \"x$y\" 2>&1; (rm -- z)\nE\n";
	unsigned seed = 7;

	(void)state;
	for (size_t n = 0; n < sizeof(text); n++) {
		AUTO_FREE char *cut = xstrndup(text, n);
		FILE *f = fopen("/dev/null", "w");

		assert_non_null(f);
		shell_writes(cut, "/w", on_write, f);
		for (int k = 0; k < 50 && n > 0; k++) {
			seed = seed * 1103515245 + 12345;
			cut[seed / 65536 % n] = text[seed / 256 % (sizeof(text) - 1)];
			shell_writes(cut, "/w", on_write, f);
		}
		fclose(f);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(redirections_write),
		cmocka_unit_test(commands_that_everybody_knows_write_their_operands),
		cmocka_unit_test(the_directory_is_followed),
		cmocka_unit_test(what_is_expanded_is_left_out),
		cmocka_unit_test(any_bytes_will_do),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
