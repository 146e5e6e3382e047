#include "hook/shell.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

#define MAX_WORDS 256
#define MAX_NEST  16
#define MAX_HERE  8

/* One word of a simple command. */
struct word {
	char *text;
	bool is_plain; /* nothing in it is expanded */
};

struct shell {
	const char *at;
	shell_fn *fn;
	void *arg;
	char *cwd;             /* NULL once nobody can tell */
	char *outer[MAX_NEST]; /* of subshells around us */
	size_t n_outer;
	struct word word[MAX_WORDS];
	size_t n;
	bool is_target;       /* the next word is where output goes */
	bool is_ignored;      /* the next word is read from, or a number */
	char *here[MAX_HERE]; /* ends of here-documents that begin on this line */
	size_t n_here;
};

static void
tell(struct shell *sh, const struct word *w)
{
	if (w->is_plain && w->text[0] && (sh->cwd || w->text[0] == '/'))
		sh->fn(sh->arg, sh->cwd ? sh->cwd : "/", w->text);
}

/* ---- commands ---------------------------------------------------------------------------- */

enum operands {
	ALL,       /* each operand is written */
	LAST,      /* the last one */
	BUT_FIRST, /* all but the first: chmod MODE FILE */
	OUTPUT,    /* of=FILE */
	IN_PLACE,  /* with -i all but the script */
};

static const struct writer {
	const char *name;
	enum operands operands;
	const char *with_value; /* letters of options that have one */
} writers[] = {
	{ "tee", ALL, "" },
	{ "touch", ALL, "drt" },
	{ "rm", ALL, "" },
	{ "unlink", ALL, "" },
	{ "shred", ALL, "ns" },
	{ "truncate", ALL, "rs" },
	{ "mv", ALL, "S" },
	{ "cp", LAST, "S" },
	{ "install", LAST, "gmoS" },
	{ "ln", LAST, "S" },
	{ "chmod", BUT_FIRST, "" },
	{ "chown", BUT_FIRST, "" },
	{ "dd", OUTPUT, "" },
	{ "sed", IN_PLACE, "efl" },
	{ "perl", IN_PLACE, "eE" },
};

/* Words before a command that leave it what it is. */
static bool
is_prefix(const char *text)
{
	static const char *const words[] = { "sudo", "env", "command", "nohup", "time",
		"exec", "then", "do", "else", "if", "while", "until", "elif", "!", "{",
		"builtin" };
	const char *eq = strchr(text, '=');

	for (size_t i = 0; i < N_ELEMS(words); i++) {
		if (strcmp(words[i], text) == 0)
			return true;
	}
	return eq && eq > text &&
	       strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_"
			    "0123456789") == (size_t)(eq - text);
}

static const char *
base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static void
change_dir(struct shell *sh, size_t first)
{
	const struct word *w = first < sh->n ? &sh->word[first] : NULL;
	char *dir = NULL;

	if (w && w->is_plain && w->text[0] == '/')
		dir = xstrdup(w->text);
	else if (w && w->is_plain && w->text[0] && w->text[0] != '-' && sh->cwd)
		dir = xasprintf("%s/%s", sh->cwd, w->text);
	free(sh->cwd);
	sh->cwd = dir;
}

/* The operands of the words from FIRST on: places in sh->word, at most MAX_WORDS. */
static size_t
operands_of(struct shell *sh, size_t first, const char *with_value, size_t *list)
{
	bool is_over = false;
	size_t n = 0;

	for (size_t i = first; i < sh->n; i++) {
		const char *text = sh->word[i].text;

		if (is_over || text[0] != '-' || text[1] == '\0') {
			list[n++] = i;
		} else if (strcmp(text, "--") == 0) {
			is_over = true;
		} else if (text[1] != '-' && text[2] == '\0' &&
			   strchr(with_value, text[1])) {
			i++;
		}
	}
	return n;
}

/* Does an option of the command say that it edits in place (-i, -i.bak, -pi, --in-place)? */
static bool
is_in_place(const struct shell *sh, size_t first, bool *has_script)
{
	bool found = false;

	for (size_t i = first; i < sh->n; i++) {
		const char *text = sh->word[i].text;

		if (text[0] != '-')
			continue;
		if (strncmp(text, "--in-place", 10) == 0)
			found = true;
		else if (text[1] != '-' && text[strcspn(text, "ieEf")] == 'i')
			found = true;
		if (text[1] != '-' && strpbrk(text, "eEf"))
			*has_script = true;
	}
	return found;
}

static void
tell_writer(struct shell *sh, const struct writer *writer, size_t first)
{
	size_t list[MAX_WORDS];
	size_t n = operands_of(sh, first, writer->with_value, list), from = 0;
	bool has_script = false;

	switch (writer->operands) {
	case ALL: break;
	case LAST: from = n > 1 ? n - 1 : n; break;
	case BUT_FIRST: from = 1; break;
	case IN_PLACE:
		if (!is_in_place(sh, first, &has_script))
			return;
		from = has_script ? 0 : 1;
		break;
	case OUTPUT:
		for (size_t i = 0; i < n; i++) {
			struct word w = sh->word[list[i]];

			if (strncmp(w.text, "of=", 3) == 0) {
				w.text += 3;
				tell(sh, &w);
			}
		}
		return;
	}
	for (size_t i = from; i < n; i++)
		tell(sh, &sh->word[list[i]]);
}

/* git mv and git rm; git -C elsewhere is not followed. */
static void
tell_git(struct shell *sh, size_t first)
{
	static const struct writer all = { "git", ALL, "" };

	if (first < sh->n && (strcmp(sh->word[first].text, "mv") == 0 ||
				 strcmp(sh->word[first].text, "rm") == 0))
		tell_writer(sh, &all, first + 1);
}

static void
end_command(struct shell *sh)
{
	size_t first = 0;
	const char *name;

	while (first < sh->n && is_prefix(sh->word[first].text))
		first++;
	name = first < sh->n && sh->word[first].is_plain
		   ? base_name(sh->word[first].text)
		   : "";
	first++;
	if (strcmp(name, "cd") == 0 || strcmp(name, "pushd") == 0)
		change_dir(sh, first);
	else if (strcmp(name, "popd") == 0)
		change_dir(sh, sh->n);
	else if (strcmp(name, "git") == 0)
		tell_git(sh, first);
	for (size_t i = 0; i < N_ELEMS(writers); i++) {
		if (strcmp(writers[i].name, name) == 0)
			tell_writer(sh, &writers[i], first);
	}
	for (size_t i = 0; i < sh->n; i++)
		free(sh->word[i].text);
	sh->n = 0;
	sh->is_target = sh->is_ignored = false;
}

/* ---- words ----------------------------------------------------------------------------------- */

struct reader {
	char *text;
	size_t n, cap;
	bool is_plain, is_quoted;
};

static void
put(struct reader *r, char c)
{
	GROW(r->text, r->n, r->cap);
	r->text[r->n++] = c;
}

/* Reads a quoted part up to its end.  False when there is none. */
static bool
read_quoted(struct shell *sh, struct reader *r, char quote)
{
	r->is_quoted = true;
	for (; *sh->at && *sh->at != quote; sh->at++) {
		if (quote == '"' && (*sh->at == '$' || *sh->at == '`'))
			r->is_plain = false;
		if (quote == '"' && *sh->at == '\\' && sh->at[1] &&
		    strchr("\"\\$`\n", sh->at[1])) {
			sh->at++;
			if (*sh->at == '\n')
				continue;
		}
		put(r, *sh->at);
	}
	if (*sh->at == '\0')
		return false;
	sh->at++;
	return true;
}

/* False when the command ends inside a quotation: then nobody knows what the word is. */
static bool
read_word(struct shell *sh, struct reader *r)
{
	while (*sh->at && !strchr(" \t\n;&|()<>", *sh->at)) {
		char c = *sh->at++;

		if (c == '\'' || c == '"') {
			if (!read_quoted(sh, r, c))
				return false;
		} else if (c == '\\' && *sh->at) {
			if (*sh->at != '\n')
				put(r, *sh->at);
			sh->at++;
		} else {
			if (strchr("$`*?[{", c) || (c == '~' && r->n == 0))
				r->is_plain = false;
			put(r, c);
		}
	}
	put(r, '\0');
	return true;
}

static void
take_word(struct shell *sh, struct reader *r)
{
	struct word w = { .text = r->text, .is_plain = r->is_plain };

	if (sh->is_target)
		tell(sh, &w);
	else if (!sh->is_ignored && sh->n < MAX_WORDS) {
		sh->word[sh->n++] = w;
		w.text = NULL;
	}
	free(w.text);
	sh->is_target = sh->is_ignored = false;
}

/* ---- operators --------------------------------------------------------------------------------- */

/* The text of here-documents is nobody's command. */
static void
skip_here(struct shell *sh)
{
	for (size_t i = 0; i < sh->n_here; i++) {
		size_t n = strlen(sh->here[i]);

		while (*sh->at) {
			const char *line = sh->at + strspn(sh->at, "\t");
			const char *end = sh->at + strcspn(sh->at, "\n");

			sh->at = *end ? end + 1 : end;
			if ((size_t)(end - line) == n &&
			    strncmp(line, sh->here[i], n) == 0)
				break;
		}
		free(sh->here[i]);
	}
	sh->n_here = 0;
}

static bool
read_here(struct shell *sh)
{
	struct reader r = { .is_plain = true };

	if (*sh->at == '-')
		sh->at++;
	sh->at += strspn(sh->at, " \t");
	if (!read_word(sh, &r) || sh->n_here == MAX_HERE) {
		free(r.text);
		return false;
	}
	sh->here[sh->n_here++] = r.text;
	return true;
}

/* Reads the operator at AT.  False when what follows cannot be followed. */
static bool
read_redirection(struct shell *sh)
{
	char c = *sh->at++;

	if (c == '<') {
		if (*sh->at == '(')
			return false;
		if (sh->at[0] == '<' && sh->at[1] == '<') {
			sh->at += 2;
			sh->is_ignored = true;
			return true;
		}
		if (*sh->at == '<') {
			sh->at++;
			return read_here(sh);
		}
		/* "<>" opens for writing as well, which nobody does. */
		sh->at += *sh->at == '&' || *sh->at == '>';
		sh->is_ignored = true;
		return true;
	}
	if (*sh->at == '(')
		return false;
	if (*sh->at == '&') {
		sh->at++;
		sh->is_ignored = true;
		return true;
	}
	sh->at += *sh->at == '>' || *sh->at == '|';
	sh->is_target = true;
	return true;
}

static void
open_subshell(struct shell *sh)
{
	end_command(sh);
	if (sh->n_outer < MAX_NEST)
		sh->outer[sh->n_outer] = sh->cwd ? xstrdup(sh->cwd) : NULL;
	sh->n_outer++;
}

static void
close_subshell(struct shell *sh)
{
	end_command(sh);
	free(sh->cwd);
	sh->cwd = NULL;
	if (sh->n_outer == 0)
		return;
	sh->n_outer--;
	if (sh->n_outer < MAX_NEST) {
		sh->cwd = sh->outer[sh->n_outer];
		sh->outer[sh->n_outer] = NULL;
	}
}

static bool
read_operator(struct shell *sh)
{
	char c = *sh->at;

	if (c == '<' || c == '>')
		return read_redirection(sh);
	if (c == '&' && sh->at[1] == '>') { /* &>file */
		sh->at += 1;
		return read_redirection(sh);
	}
	sh->at++;
	if (c == '(')
		open_subshell(sh);
	else if (c == ')')
		close_subshell(sh);
	else
		end_command(sh);
	if (c == '\n')
		skip_here(sh);
	return true;
}

/* Is the word of digits right before a redirection: "2>"? */
static bool
is_number(const struct shell *sh, const struct reader *r)
{
	return (*sh->at == '>' || *sh->at == '<') && !r->is_quoted && r->n > 1 &&
	       strspn(r->text, "0123456789") == r->n - 1;
}

static bool
read_one(struct shell *sh)
{
	struct reader r = { .is_plain = true };

	if (*sh->at == '#') {
		sh->at += strcspn(sh->at, "\n");
		return true;
	}
	if (strchr("\n;&|()<>", *sh->at))
		return read_operator(sh);
	if (!read_word(sh, &r)) {
		free(r.text);
		return false;
	}
	if (is_number(sh, &r))
		free(r.text);
	else
		take_word(sh, &r);
	return true;
}

void
shell_writes(const char *command, const char *cwd, shell_fn *fn, void *arg)
{
	struct shell sh = { .at = command, .fn = fn, .arg = arg };
	bool is_sound = true;

	sh.cwd = cwd[0] == '/' ? xstrdup(cwd) : NULL;
	for (;;) {
		sh.at += strspn(sh.at, " \t");
		if (*sh.at == '\0' || !is_sound)
			break;
		is_sound = read_one(&sh);
	}
	if (is_sound)
		end_command(&sh);
	while (sh.n > 0)
		free(sh.word[--sh.n].text);
	while (sh.n_here > 0)
		free(sh.here[--sh.n_here]);
	for (size_t i = 0; i < MAX_NEST; i++)
		free(sh.outer[i]);
	free(sh.cwd);
}
