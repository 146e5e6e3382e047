#include "cli/init_tasks.h"

#include "policy/names.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

enum { LINE_MAX_BYTES = 2000, FOCUS_MAX = 60, AFTER_MAX = 20 };

/* Where a message says the fault is. */
struct reading {
	const char *name;
	unsigned line;
	struct task_lines *lines;
	struct err *err;
};

static int PRINTF(3, 4)
    bad(const struct reading *r, const char *fix, const char *fmt, ...)
{
	AUTO_FREE char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	err_set(r->err, ERR_INPUT, "%s:%u: %s", r->name, r->line, text);
	err_fix(r->err, "%s", fix);
	return -1;
}

static void
task_line_clear(struct task_line *task)
{
	free(task->text);
	free(task->focus);
	free(task->id);
	free(task->estimate);
	free(task->agent);
	free(task->done);
	free(task->after);
	*task = (struct task_line){ 0 };
}

void
task_lines_clear(struct task_lines *lines)
{
	for (size_t i = 0; i < lines->n; i++)
		task_line_clear(&lines->item[i]);
	free(lines->item);
	*lines = (struct task_lines){ 0 };
}

static struct span
skip(struct span s, size_t n)
{
	return span_trim((struct span){ s.p + n, s.n - n });
}

static int
check_bytes(const struct reading *r, struct span line)
{
	AUTO_FREE char *text = xstrndup(line.p, line.n);

	if (text_utf8_bad(line.p, line.n) >= 0)
		return bad(r, "save the file as UTF-8", "the line is not UTF-8 text");
	if (memchr(line.p, '\0', line.n) || text_has_controls(text))
		return bad(r, "remove them", "the line holds control characters");
	if (line.n > LINE_MAX_BYTES)
		return bad(r, "say it in fewer words, or in the plan itself",
		    "the line has %zu bytes, %d is the most", line.n, LINE_MAX_BYTES);
	if (strstr(text, "<!--"))
		return bad(r, "remove it: a plan would hide what follows",
		    "the line begins an HTML comment");
	return 0;
}

/* A list's mark, as in notes that people have already: "- [ ] ", "* ", "3. ". */
static struct span
without_marker(struct span s)
{
	size_t digits = 0;

	while (digits < s.n && digits < 4 && isdigit((unsigned char)s.p[digits]))
		digits++;
	if (digits > 0 && digits + 1 < s.n && strchr(".)", s.p[digits]) &&
	    s.p[digits + 1] == ' ')
		s = skip(s, digits + 1);
	else if (s.n > 1 && strchr("-*+", s.p[0]) && s.p[1] == ' ')
		s = skip(s, 1);
	if (span_starts(s, "[ ] "))
		s = skip(s, 4);
	return s;
}

/* `[tdd]`, `[spike (analysis-only)]`, `[analysis]` in front. */
static int
take_mode(const struct reading *r, struct span *s, struct task_line *task)
{
	const char *close;
	struct span word, mode;

	if (s->n == 0 || s->p[0] != '[')
		return 0;
	close = memchr(s->p, ']', s->n);
	if (!close || (close + 1 < s->p + s->n && close[1] == '('))
		return 0;
	word = span_trim((struct span){ s->p + 1, (size_t)(close - s->p) - 1 });
	mode = word;
	if (word.n > 15 && span_eq_nocase((struct span){ word.p + word.n - 15, 15 },
			       "(analysis-only)")) {
		task->is_analysis = true;
		mode.n -= 15;
	}
	if (span_eq_nocase(word, "analysis") || span_eq_nocase(word, "research")) {
		task->is_analysis = true;
		task->mode = EXEC_SPIKE;
	} else {
		task->mode = exec_mode_of(span_trim(mode));
	}
	if (task->mode == EXEC_NONE)
		return bad(r,
		    "use quick, tdd, pair, checkpoint, swarm, spike or analysis; begin "
		    "with another word when the bracket belongs to the text",
		    "\"%.*s\" is no mode", word.n > 40 ? 40 : (int)word.n, word.p);
	*s = skip(*s, (size_t)(close + 1 - s->p));
	return 0;
}

/* "$5", "$0.50", "$3-6": the bytes it takes at the start of S, or 0. */
static size_t
estimate_length(struct span s)
{
	size_t i = 1, digits = 0;

	if (s.n < 2 || s.p[0] != '$')
		return 0;
	for (; i < s.n; i++) {
		if (isdigit((unsigned char)s.p[i]))
			digits++;
		else if (!strchr(".-$", s.p[i]))
			break;
	}
	if (digits == 0 || digits > 8 || !isdigit((unsigned char)s.p[1]) ||
	    !isdigit((unsigned char)s.p[i - 1]))
		return 0;
	return i == s.n || s.p[i] == ' ' || s.p[i] == '\t' ? i : 0;
}

static int
take_estimate(const struct reading *r, struct span word, struct task_line *task)
{
	if (task->estimate)
		return bad(r, "leave one of them", "the line has two estimates");
	task->estimate = xstrndup(word.p, word.n);
	return 0;
}

/* Where the attributes behind the text begin: the first " after:", " agent:", " done:". */
static size_t
tail_at(struct span s)
{
	static const char *const keys[] = { "after:", "agent:", "done:" };
	bool in_code = false;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '`')
			in_code = !in_code;
		if (in_code || (i > 0 && s.p[i - 1] != ' ' && s.p[i - 1] != '\t'))
			continue;
		for (size_t k = 0; k < N_ELEMS(keys); k++) {
			struct span rest = { s.p + i, s.n - i };

			if (span_starts(rest, keys[k]))
				return i;
		}
	}
	return s.n;
}

/* The task that WORD means: its number among the tasks, or the id of its phase. */
static int
find_task(const struct reading *r, struct span word, size_t *found)
{
	size_t number = 0, i = 0;
	struct span n = word;

	if (n.n > 0 && n.p[0] == '#')
		n = skip(n, 1);
	while (i < n.n && i < 6 && isdigit((unsigned char)n.p[i]))
		number = number * 10 + (size_t)(n.p[i++] - '0');
	if (i > 0 && i == n.n) {
		if (number >= 1 && number <= r->lines->n) {
			*found = number - 1;
			return 0;
		}
	} else {
		for (size_t t = 0; t < r->lines->n; t++) {
			if (span_eq_nocase(word, r->lines->item[t].id)) {
				*found = t;
				return 0;
			}
		}
	}
	return bad(r,
	    "name the number or the id of a task above this line, and put the "
	    "attributes behind the text",
	    "after: \"%.*s\" is no task above this one", word.n > 40 ? 40 : (int)word.n,
	    word.p);
}

static int
take_after(const struct reading *r, struct span word, struct task_line *task)
{
	size_t found = 0;

	while (word.n > 0 && strchr(",;", word.p[word.n - 1]))
		word.n--;
	if (word.n == 0 || span_eq_nocase(word, "and"))
		return 0;
	if (find_task(r, word, &found) < 0)
		return -1;
	for (size_t i = 0; i < task->n_after; i++) {
		if (task->after[i] == found)
			return 0;
	}
	if (task->n_after == AFTER_MAX)
		return bad(r, "let it follow the last of them",
		    "the task follows more than %d others", AFTER_MAX);
	GROW(task->after, task->n_after, task->cap_after);
	task->after[task->n_after++] = found;
	return 0;
}

static int
take_agent(const struct reading *r, struct span word, struct task_line *task)
{
	AUTO_FREE char *name = xstrndup(word.p, word.n);

	if (task->agent)
		return bad(r, "leave one of them", "the line has two agents");
	if (word.n > 32 || !isalnum((unsigned char)name[0]) ||
	    strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			 "0123456789._-") != word.n)
		return bad(r, "see the names with: divisi doctor",
		    "\"%.40s\" cannot be an agent", name);
	task->agent = TAKE_PTR(name);
	return 0;
}

/* The next word of S at commas and blanks. */
static struct span
take_word(struct span *s)
{
	size_t i = 0;
	struct span word;

	while (i < s->n && s->p[i] != ' ' && s->p[i] != '\t' && s->p[i] != ',')
		i++;
	word = (struct span){ s->p, i };
	*s = skip(*s, i < s->n ? i + 1 : i);
	return word;
}

/* The attributes behind the text. */
static int
take_tail(const struct reading *r, struct span s, struct task_line *task)
{
	enum { NOTHING, AFTER, AGENT } key = NOTHING;

	while (s.n > 0) {
		struct span word;
		int rc = 0;

		if (span_starts(s, "done:")) {
			s = skip(s, 5);
			if (s.n == 0)
				return bad(r, "say how one sees that it is done",
				    "done: is empty");
			task->done = xstrndup(s.p, s.n);
			return 0;
		}
		if (span_starts(s, "after:") || span_starts(s, "agent:")) {
			key = s.p[1] == 'f' ? AFTER : AGENT;
			s = skip(s, 6);
			if (s.n == 0)
				return bad(r, "remove it, or say what comes first",
				    "the line ends in an empty attribute");
			continue;
		}
		word = take_word(&s);
		if (estimate_length(word) == word.n && word.n > 0)
			rc = take_estimate(r, word, task);
		else if (key == AFTER)
			rc = take_after(r, word, task);
		else if (key == AGENT && !task->agent)
			rc = take_agent(r, word, task);
		else if (word.n > 0)
			rc = bad(r, "put the text in front of its attributes",
			    "\"%.*s\" stands behind the attributes",
			    word.n > 40 ? 40 : (int)word.n, word.p);
		if (rc < 0)
			return -1;
	}
	return 0;
}

/*
 * TEXT as Markdown that says the same in a plan and in a prompt: a lone backquote becomes
 * an apostrophe, `{name}` is put in backquotes so that it is no open field (P01).
 */
static char *
clean(struct span text)
{
	char *out = xmalloc(3 * text.n + 1), *to = out;
	size_t n_quotes = 0;
	bool in_code = false;

	for (size_t i = 0; i < text.n; i++)
		n_quotes += text.p[i] == '`';
	for (size_t i = 0; i < text.n; i++) {
		const char *p = text.p + i, *close;
		size_t left = text.n - i;

		*to++ = *p;
		if (*p == '`') {
			bool is_lone = n_quotes-- == 1 && !in_code;

			in_code = !is_lone && !in_code;
			if (is_lone)
				to[-1] = '\'';
			continue;
		}
		close = *p == '{' && !in_code && (i == 0 || p[-1] != '$')
			    ? memchr(p, '}', left)
			    : NULL;
		if (close && !memchr(p, ',', (size_t)(close - p)) &&
		    !memchr(p, '`', (size_t)(close - p))) {
			to += sprintf(to - 1, "`%.*s`", (int)(close + 1 - p), p) - 1;
			i += (size_t)(close - p);
		}
	}
	*to = '\0';
	return out;
}

/* Bytes of the first sentence, or of what comes before a semicolon. */
static size_t
sentence_length(const char *text)
{
	for (const char *p = text; *p; p++) {
		if (*p == ';' || ((*p == '.' || *p == '!' || *p == '?') &&
				     (p[1] == ' ' || p[1] == '\0')))
			return (size_t)(p - text);
	}
	return strlen(text);
}

/* The name of the phase: the beginning of TEXT without marks, cut between words. */
static char *
focus_of(const char *text, size_t number)
{
	AUTO_FREE char *plain = xstrndup(text, sentence_length(text));
	AUTO_FREE char *slug = NULL;
	size_t n = 0, chars = 0, cut = 0;

	for (const char *p = plain; *p; p++) {
		bool is_blank = *p == ' ' || *p == '\t';

		/* Two blanks would begin another key on the phase's first line. */
		if (strchr("`[]{}|<>\\", *p) ||
		    (is_blank && n > 0 && plain[n - 1] == ' '))
			continue;
		plain[n] = *p;
		if (is_blank)
			plain[n] = ' ';
		n++;
	}
	plain[n] = '\0';
	for (size_t i = 0; i < n; i++) {
		chars += ((unsigned char)plain[i] & 0xC0) != 0x80;
		if (chars > FOCUS_MAX) {
			plain[cut ? cut : i] = '\0';
			break;
		}
		if (plain[i] == ' ')
			cut = i;
	}
	struct span s = span_trim(span_of(plain));

	while (s.n > 0 && strchr(",:;-. ", s.p[s.n - 1]))
		s.n--;
	slug = xstrndup(s.p, s.n);

	AUTO_FREE char *letters = text_slug(slug, 50);

	/* A branch is named after it, and needs letters of the alphabet (S-24). */
	return *letters ? TAKE_PTR(slug) : xasprintf("Task %zu %s", number, slug);
}

static int
take_text(const struct reading *r, struct span s, struct task_line *task)
{
	size_t start = s.n, n;

	while (start > 0 && s.p[start - 1] != ' ' && s.p[start - 1] != '\t')
		start--;
	/* An estimate at the very end counts without another attribute before it. */
	n = estimate_length((struct span){ s.p + start, s.n - start });
	if (n > 0 && start > 0 && start + n == s.n) {
		if (take_estimate(r, (struct span){ s.p + start, n }, task) < 0)
			return -1;
		s = span_trim((struct span){ s.p, start });
	}
	if (s.n == 0) {
		bad(r, "say what is to be done", "the line holds no task");
		return -1;
	}
	task->text = clean(s);
	return 0;
}

static int
read_task(const struct reading *r, struct span s, struct task_line *task)
{
	AUTO_FREE char *letter = session_letter(r->lines->n);
	size_t n;

	task->line = r->line;
	task->id = xasprintf("1%s", letter);
	s = without_marker(s);
	if (take_mode(r, &s, task) < 0)
		return -1;
	n = estimate_length(s);
	if (n > 0 && n < s.n) {
		if (take_estimate(r, (struct span){ s.p, n }, task) < 0)
			return -1;
		s = skip(s, n);
	}
	n = tail_at(s);
	if (take_tail(r, (struct span){ s.p + n, s.n - n }, task) < 0 ||
	    take_text(r, span_trim((struct span){ s.p, n }), task) < 0)
		return -1;
	task->focus = focus_of(task->text, r->lines->n + 1);
	if (task->done) {
		AUTO_FREE char *done = task->done;

		task->done = clean(span_of(done));
	}
	return 0;
}

static int
read_line(struct reading *r, struct span line)
{
	struct task_line task = { 0 };
	struct span s;

	if (check_bytes(r, line) < 0)
		return -1;
	s = span_trim(line);
	if (s.n == 0)
		return 0;
	if (s.p[0] == '#' && s.n > 1 && isdigit((unsigned char)s.p[1]))
		return bad(r,
		    "put a blank behind # for a comment, or begin with a word",
		    "a line that begins with an issue's number is no comment");
	if (s.p[0] == '#')
		return 0;
	if (r->lines->n == TASK_LINES_MAX)
		return bad(r, "make several plans of it",
		    "there are more than %u tasks", TASK_LINES_MAX);
	if (read_task(r, s, &task) < 0) {
		task_line_clear(&task);
		return -1;
	}
	GROW(r->lines->item, r->lines->n, r->lines->cap);
	r->lines->item[r->lines->n++] = task;
	return 0;
}

int
task_lines_read(const char *name, const char *text, size_t n, struct task_lines *lines,
    struct err *err)
{
	struct task_lines read = { 0 };
	struct reading r = { .name = name, .lines = &read, .err = err };
	struct span rest = { text, n }, line;

	if (n >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0)
		rest = (struct span){ text + 3, n - 3 };
	while (span_next(&rest, '\n', &line)) {
		if (line.n > 0 && line.p[line.n - 1] == '\r')
			line.n--;
		r.line++;
		if (read_line(&r, line) < 0) {
			task_lines_clear(&read);
			return -1;
		}
	}
	if (read.n == 0) {
		err_set(err, ERR_INPUT, "%s holds no task", name);
		return err_fix(err, "write one task per line");
	}
	*lines = read;
	return 0;
}
