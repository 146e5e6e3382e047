#include "policy/prompt_doc.h"

#include "base/mem.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

enum section { SECTION_NONE, SECTION_CONTEXT, SECTION_TASKS, SECTION_CRITERIA };

struct reader {
	struct prompt_doc *doc;
	enum section section;
	size_t n_head;
	bool in_deliverable;
};

static struct span
span_from(struct span s, size_t offset)
{
	return (struct span){ s.p + offset, s.n - offset };
}

bool
prompt_link_at(struct span at, struct prompt_link *link)
{
	size_t i = 1, start;

	if (at.n < 4 || at.p[0] != '[')
		return false;
	for (; i < at.n && at.p[i] != ']'; i++) {
		if (at.p[i] == '[' || at.p[i] == '\n')
			return false;
		if (at.p[i] == '\\')
			i++;
	}
	if (i + 1 >= at.n || at.p[i + 1] != '(')
		return false;
	link->text = (struct span){ at.p + 1, i - 1 };
	start = i + 2;
	for (i = start; i < at.n && at.p[i] != ')'; i++) {
		if (at.p[i] == '\n' || at.p[i] == '(')
			return false;
	}
	if (i >= at.n)
		return false;
	link->target = (struct span){ at.p + start, i - start };
	link->n_bytes = i + 1;
	return true;
}

bool
prompt_link_find(struct span within, struct prompt_link *link)
{
	bool in_code = false;

	for (size_t i = 0; i < within.n; i++) {
		if (within.p[i] == '`')
			in_code = !in_code;
		if (within.p[i] == '\n')
			in_code = false;
		/* An escaped bracket starts nothing, and trying each would be quadratic. */
		if (!in_code && within.p[i] == '[' &&
		    (i == 0 || within.p[i - 1] != '\\') &&
		    prompt_link_at(span_from(within, i), link))
			return true;
	}
	return false;
}

char *
prompt_url(const char *url)
{
	char *encoded = xmalloc(3 * strlen(url) + 1), *p = encoded;

	for (; *url; url++) {
		if (strchr("() \n", *url))
			p += sprintf(p, "%%%02X", (unsigned)*url);
		else
			*p++ = *url;
	}
	*p = '\0';
	return encoded;
}

size_t
prompt_issue_id_len(struct span at)
{
	size_t n = 0, digits = 0;

	if (at.n == 0 || !isupper((unsigned char)at.p[0]))
		return 0;
	while (n < at.n &&
	       (isupper((unsigned char)at.p[n]) || isdigit((unsigned char)at.p[n])))
		n++;
	if (n >= at.n || at.p[n] != '-')
		return 0;
	n++;
	while (n + digits < at.n && isdigit((unsigned char)at.p[n + digits]))
		digits++;
	return digits ? n + digits : 0;
}

bool
prompt_is_unfilled(struct span value)
{
	value = span_trim(value);
	if (value.n == 0)
		return true;
	return value.p[0] == '{' && value.p[value.n - 1] == '}' &&
	       !memchr(value.p + 1, '{', value.n - 1);
}

static struct span
skip(struct span s, const char *bytes)
{
	while (s.n > 0 && strchr(bytes, s.p[0]))
		s = span_from(s, 1);
	return s;
}

/* "Label: value", also "**Label:** value" (A-22).  The colon is required. */
static bool
label_is(struct span line, const char *label, struct span *value)
{
	size_t n = strlen(label);

	line = skip(line, "*#");
	line = skip(line, " ");
	if (line.n <= n || strncasecmp(line.p, label, n) != 0)
		return false;
	line = skip(span_from(line, n), "*");
	if (line.n == 0 || line.p[0] != ':')
		return false;
	*value = span_trim(skip(span_from(line, 1), "*"));
	return true;
}

static void
part_set(struct prompt_part *part, struct span line, struct span value, unsigned number)
{
	if (part->line > 0)
		return;
	part->value = value;
	part->line = number;
	part->column = (unsigned)(value.p - line.p) + 1;
}

/* "Execution mode: pair | Launch as: Plan mode | Worktree: yes" */
static bool
read_mode_line(struct prompt_doc *doc, struct span line, unsigned number)
{
	struct span rest = line, field, value;
	bool found = false;

	while (span_next(&rest, '|', &field)) {
		field = span_trim(field);
		if (label_is(field, "Execution mode", &value) ||
		    label_is(field, "Exec mode", &value))
			part_set(&doc->mode, line, value, number);
		else if (label_is(field, "Launch as", &value))
			part_set(&doc->launch_as, line, value, number);
		else if (label_is(field, "Worktree", &value))
			part_set(&doc->worktree, line, value, number);
		else
			continue;
		found = true;
	}
	return found;
}

static void
read_bullet(struct reader *r, struct span line, struct span text, unsigned number)
{
	struct prompt_doc *doc = r->doc;
	struct span value;

	if (label_is(text, "Test command", &value))
		part_set(&doc->test_command, line, value, number);
	if (r->section == SECTION_CRITERIA && text.n >= 3 && text.p[0] == '[' &&
	    text.p[2] == ']')
		doc->n_criteria++;
	if (r->section != SECTION_CONTEXT)
		return;
	if (label_is(text, "Prior session", &value))
		part_set(&doc->prior_session, line, value, number);
	else if (label_is(text, "Review findings to address", &value))
		part_set(&doc->findings, line, value, number);
	else if (!label_is(text, "Cost/resource constraints", &value) &&
		 !prompt_is_unfilled(text))
		doc->n_context++;
}

static void
read_task(struct reader *r, struct span line, size_t digits, unsigned number)
{
	struct prompt_doc *doc = r->doc;
	struct span text = span_trim(span_from(line, digits + 1));
	unsigned long said = 0;

	if (prompt_is_unfilled(text))
		return;
	for (size_t i = 0; i < digits && said < 1000000; i++)
		said = said * 10 + (unsigned long)(line.p[i] - '0');
	doc->n_tasks++;
	if (said != doc->n_tasks)
		part_set(&doc->misnumbered, line, line, number);
}

/* A heading of a section, or a line with a label of its own.  True when it was one. */
static bool
read_label(struct reader *r, struct span line, unsigned number)
{
	struct prompt_doc *doc = r->doc;
	struct span value;
	enum section section = SECTION_NONE;

	if (label_is(line, "Launch from", &value)) {
		part_set(&doc->launch_from, line, value, number);
	} else if (label_is(line, "Context", &value)) {
		section = SECTION_CONTEXT;
		doc->context_line = number;
	} else if (label_is(line, "Tasks", &value)) {
		section = SECTION_TASKS;
		doc->tasks_line = number;
	} else if (label_is(line, "Acceptance Criteria", &value)) {
		section = SECTION_CRITERIA;
		doc->criteria_line = number;
	} else if (label_is(line, "Constraints", &value)) {
		doc->constraints_line = number;
	} else if (label_is(line, "Test command", &value)) {
		part_set(&doc->test_command, line, value, number);
	} else if (label_is(line, "Deliverable", &value)) {
		part_set(&doc->deliverable, line, value, number);
		r->in_deliverable = true;
	} else if (!read_mode_line(doc, line, number)) {
		return false;
	}
	r->section = section;
	return true;
}

static void
read_line(struct reader *r, struct span line, unsigned number)
{
	struct prompt_doc *doc = r->doc;
	size_t digits = 0;

	if (span_trim(line).n == 0) {
		r->in_deliverable = false;
		return;
	}
	if (r->n_head < 3)
		part_set(&doc->head[r->n_head++], line, line, number);
	if (isspace((unsigned char)line.p[0])) {
		if (r->in_deliverable)
			doc->deliverable.value.n = (size_t)(line.p + line.n -
							    doc->deliverable.value.p);
		return;
	}
	r->in_deliverable = false;
	if (line.n > 1 && strchr("-*+", line.p[0]) && line.p[1] == ' ') {
		read_bullet(r, line, span_trim(span_from(line, 2)), number);
		return;
	}
	while (digits < line.n && isdigit((unsigned char)line.p[digits]))
		digits++;
	if (r->section == SECTION_TASKS && digits > 0 && digits < line.n &&
	    (line.p[digits] == '.' || line.p[digits] == ')')) {
		read_task(r, line, digits, number);
		return;
	}
	if (!read_label(r, line, number))
		r->section = SECTION_NONE;
}

void
prompt_doc_read(struct prompt_doc *doc, struct span text)
{
	struct reader reader = { .doc = doc };
	struct span rest = text, line;
	unsigned number = 0;

	*doc = (struct prompt_doc){ .text = text };
	while (span_next(&rest, '\n', &line)) {
		if (line.n > 0 && line.p[line.n - 1] == '\r')
			line.n--;
		read_line(&reader, line, ++number);
	}
}
