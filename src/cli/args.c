#include "cli/args.h"

#include "base/mem.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void
args_init(struct args *args, const struct option_doc *options, int argc, char **argv)
{
	*args = (struct args){
		.options = options, .argc = argc, .argv = argv, .at = 1
	};
}

int
args_number(
    const char *name, const char *value, long min, long *number, struct err *err)
{
	char *end;
	long n;

	errno = 0;
	n = strtol(value, &end, 10);
	if (errno || *end || end == value || value[0] == ' ' || n < min)
		return err_set(err, ERR_USAGE,
		    "--%s needs a whole number from %ld, not \"%.40s\"", name, min,
		    value);
	*number = n;
	return 0;
}

unsigned
args_distance(const char *a, const char *b)
{
	enum { MAX = 32 };
	unsigned row[MAX + 1], previous, kept;
	size_t n = strlen(a), m = strlen(b);

	if (n > MAX || m > MAX)
		return 9;
	for (size_t j = 0; j <= m; j++)
		row[j] = (unsigned)j;
	for (size_t i = 1; i <= n; i++) {
		previous = row[0];
		row[0] = (unsigned)i;
		for (size_t j = 1; j <= m; j++) {
			unsigned best = previous + (a[i - 1] != b[j - 1]);

			kept = row[j];
			if (kept + 1 < best)
				best = kept + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
			previous = kept;
		}
	}
	return row[m] < 9 ? row[m] : 9;
}

static int
unknown_option(const struct args *args, const char *word, struct err *err)
{
	const char *near = NULL;
	unsigned best = 3;

	for (int i = 0; args->options && args->options[i].name; i++) {
		unsigned d = args_distance(word, args->options[i].name);

		if (d < best) {
			best = d;
			near = args->options[i].name;
		}
	}
	err_set(err, ERR_USAGE, "unknown option --%.60s", word);
	if (near)
		err_fix(err, "did you mean --%s?", near);
	else
		err_fix(err, "see: divisi help %s", args->argv[0]);
	return ARGS_BAD;
}

/* OPTION was named; INLINE_VALUE is what followed an equals sign, or NULL. */
static int
take_option(struct args *args, int option, const char *inline_value, struct err *err)
{
	const struct option_doc *doc = &args->options[option];

	args->value = inline_value;
	if (!doc->value && inline_value) {
		err_set(err, ERR_USAGE, "--%s takes no value", doc->name);
		return ARGS_BAD;
	}
	if (doc->value && !inline_value) {
		if (args->at >= args->argc) {
			err_set(err, ERR_USAGE, "--%s needs a value: --%s %s",
			    doc->name, doc->name, doc->value);
			return ARGS_BAD;
		}
		args->value = args->argv[args->at++];
	}
	return option;
}

int
args_next(struct args *args, struct err *err)
{
	const char *word, *equals;
	size_t n;

	if (args->at >= args->argc)
		return ARGS_END;
	word = args->argv[args->at++];
	args->value = word;
	if (args->only_words || word[0] != '-' || word[1] == '\0')
		return ARGS_WORD;
	if (strcmp(word, "--") == 0) {
		args->only_words = true;
		return args_next(args, err);
	}
	if (word[1] != '-') {
		for (int i = 0; args->options && args->options[i].name; i++) {
			if (args->options[i].letter == word[1] && word[2] == '\0')
				return take_option(args, i, NULL, err);
		}
		err_set(err, ERR_USAGE, "unknown option %.60s", word);
		err_fix(err, "see: divisi help %s", args->argv[0]);
		return ARGS_BAD;
	}
	word += 2;
	equals = strchr(word, '=');
	n = equals ? (size_t)(equals - word) : strlen(word);
	for (int i = 0; args->options && args->options[i].name; i++) {
		const char *name = args->options[i].name;

		if (strlen(name) == n && strncmp(name, word, n) == 0)
			return take_option(args, i, equals ? equals + 1 : NULL, err);
	}
	AUTO_FREE char *name = xstrndup(word, n);

	return unknown_option(args, name, err);
}

int
args_simple(struct args *args, const struct args_simple *want, struct err *err)
{
	int n = 0, option;

	for (int i = 0; i < want->max; i++)
		want->words[i] = NULL;
	while ((option = args_next(args, err)) != ARGS_END) {
		if (option == ARGS_BAD)
			return -1;
		if (option != ARGS_WORD) {
			want->flags[option] = true;
			continue;
		}
		if (n == want->max) {
			err_set(err, ERR_USAGE, "\"%.60s\" is too much", args->value);
			return err_fix(err, "usage: divisi %s", want->usage);
		}
		want->words[n++] = args->value;
	}
	if (n < want->min) {
		err_set(err, ERR_USAGE, "%s needs %s", args->argv[0],
		    want->max == 1 ? "an argument" : "more arguments");
		return err_fix(err, "usage: divisi %s", want->usage);
	}
	return 0;
}
