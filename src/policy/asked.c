#include "policy/asked.h"

#include "base/mem.h"

#include <string.h>

/* By which the request is known when a tracker hands it back. */
#define REQUEST_HEAD "Review request "

static const char *const words[2][3] = {
	{ "APPROVE", "REVISE", "RETHINK" },
	{ "APPROVE", "REQUEST CHANGES", "BLOCK" },
};

/* TEXT on one line that calls nobody (as the decision record has it). */
static void
put_line(FILE *out, const char *text)
{
	for (; *text; text++) {
		if ((unsigned char)*text < 0x20 || *text == '`')
			fputc(' ', out);
		else
			fputc(*text, out);
		if (*text == '@')
			fputs("\u200b", out);
	}
	fputs("\n", out);
}

void
review_request_print(FILE *out, const struct review_request *r)
{
	const struct review_option *o = review_option(r->option);
	const char *const *word = words[r->is_change];

	fprintf(out, "### " REQUEST_HEAD "%s, option %c (%s)\n\n", r->id, r->option,
	    o ? o->name : "");
	put_line(out, r->what);
	if (r->where[0])
		put_line(out, r->where);
	if (r->pull[0])
		put_line(out, r->pull);
	fprintf(out,
	    "\nLook for what is wrong, missing or risky. Change nothing. Answer with one "
	    "comment here, either\n\n"
	    "- findings as JSON, in a fence:\n\n"
	    "```json\n"
	    "{\"reviewer\": \"NAME\", \"recommendation\": \"%s | %s | %s\",\n"
	    " \"findings\": [{\"severity\": \"critical | important | consider\", \"text\": "
	    "\"what is wrong\", \"where\": \"path:line\", \"advice\": \"what to do\"}]}\n"
	    "```\n\n"
	    "- or %s, %s or %s alone on the first line, and below it why.\n\n"
	    "Only the answer of a trusted author counts, and only the first; a person decides "
	    "about every finding.\n",
	    word[0], word[1], word[2], word[0], word[1], word[2]);
}

/* Other JSON is somebody's who talks about something else. */
static bool
is_findings(struct span s)
{
	return s.n > 0 && (s.p[0] == '{' || s.p[0] == '[') &&
	       memmem(s.p, s.n, "\"findings\"", strlen("\"findings\""));
}

/* The JSON of TEXT: all of it, or what stands in its first fence that is JSON. */
static struct span
json_of(struct span text)
{
	struct span rest = text, line;
	const char *from = NULL;

	if (is_findings(text))
		return text;
	while (span_next(&rest, '\n', &line)) {
		line = span_trim(line);
		if (!span_starts(line, "```"))
			continue;
		if (from) {
			struct span inside = span_trim(
			    (struct span){ from, (size_t)(line.p - from) });

			if (is_findings(inside))
				return inside;
			from = NULL;
		} else {
			from = line.p + line.n;
		}
	}
	return (struct span){ text.p, 0 };
}

bool
review_answer_parse(const char *text, bool is_change, struct review_answer *answer)
{
	struct span all = span_trim(span_of(text)), rest = all, line;

	*answer = (struct review_answer){ .recommendation = "" };
	if (all.n == 0 || strstr(text, REQUEST_HEAD))
		return false;
	answer->json = json_of(all);
	if (answer->json.n > 0)
		return true;
	if (!span_next(&rest, '\n', &line))
		return false;
	line = span_trim(line);
	for (size_t i = 0; i < N_ELEMS(words[0]); i++) {
		if (!span_eq(line, words[is_change][i]))
			continue;
		answer->recommendation = words[is_change][i];
		answer->rest = span_trim(rest);
		return true;
	}
	return false;
}
