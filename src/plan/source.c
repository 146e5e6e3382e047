#include "plan/source.h"

#include "base/mem.h"

#include <string.h>

#define MAX_BACKQUOTES 8

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\0';
}

struct span
source_trim(struct span s)
{
	while (s.n > 0 && is_space(s.p[0])) {
		s.p++;
		s.n--;
	}
	while (s.n > 0 && is_space(s.p[s.n - 1]))
		s.n--;
	return s;
}

size_t
source_indent(struct span s)
{
	size_t column = 0;

	for (size_t i = 0; i < s.n && (s.p[i] == ' ' || s.p[i] == '\t'); i++)
		column = s.p[i] == '\t' ? (column | 3) + 1 : column + 1;
	return column;
}

static size_t
run_length(const char *p, size_t n, char c)
{
	size_t i = 0;

	while (i < n && p[i] == c)
		i++;
	return i;
}

size_t
source_code_span(struct span s)
{
	size_t open = run_length(s.p, s.n, '`');

	if (open == 0 || open > MAX_BACKQUOTES)
		return 0;
	for (size_t i = open; i < s.n;) {
		const char *next = memchr(s.p + i, '`', s.n - i);
		size_t close;

		if (!next)
			return 0;
		i = (size_t)(next - s.p);
		close = run_length(next, s.n - i, '`');
		i += close;
		if (close == open)
			return i;
	}
	return 0;
}

size_t
source_skip_quotes(struct span s)
{
	size_t code = source_code_span(s);

	return code ? code : run_length(s.p, s.n, '`');
}

/*
 * Blanks the comments of a line outside code spans.  Returns true when the last one is
 * still open at the end of the line.
 */
static bool
blank_comments(char *p, size_t n)
{
	for (size_t i = 0; i < n;) {
		if (p[i] == '`') {
			i += source_skip_quotes((struct span){ p + i, n - i });
			continue;
		}
		if (n - i >= 4 && memcmp(p + i, "<!--", 4) == 0) {
			char *end = memmem(p + i + 4, n - i - 4, "-->", 3);

			if (!end) {
				memset(p + i, 0, n - i);
				return true;
			}
			memset(p + i, 0, (size_t)(end + 3 - (p + i)));
			i = (size_t)(end + 3 - p);
			continue;
		}
		i++;
	}
	return false;
}

/* Length of a code fence's mark at the start of S with its character in *MARK, or 0. */
static size_t
fence_mark(struct span s, char *mark)
{
	size_t n;

	s = source_trim(s);
	if (s.n < 3 || (s.p[0] != '`' && s.p[0] != '~'))
		return 0;
	n = run_length(s.p, s.n, s.p[0]);
	if (n < 3 || (s.p[0] == '`' && memchr(s.p + n, '`', s.n - n)))
		return 0;
	*mark = s.p[0];
	return n;
}

static bool
fence_closes(struct span s, char mark, size_t length)
{
	size_t n;

	s = source_trim(s);
	n = run_length(s.p, s.n, mark);
	return n >= length && n == s.n;
}

static void
classify(struct source_line *line, struct span clean, bool had_comment)
{
	struct span s = source_trim(clean);
	size_t level;

	if (s.n == 0) {
		line->kind = had_comment ? LINE_COMMENT : LINE_BLANK;
		return;
	}
	level = run_length(s.p, s.n, '#');
	if (level >= 1 && level <= 6 && source_indent(clean) < 4 &&
	    (s.n == level || s.p[level] == ' ' || s.p[level] == '\t')) {
		line->kind = LINE_HEADING;
		line->level = (uint8_t)level;
		return;
	}
	line->kind = LINE_TEXT;
}

static void
split_lines(struct source *source)
{
	size_t n = 1, at = 0;

	for (const char *p = source->bytes, *end = p + source->n_bytes;
	     (p = memchr(p, '\n', (size_t)(end - p))); p++)
		n++;
	source->line = xcalloc(n, sizeof(*source->line));
	while (at < source->n_bytes) {
		struct source_line *line = &source->line[source->n_lines++];
		const char *p = source->bytes + at;
		const char *end = memchr(p, '\n', source->n_bytes - at);
		size_t len = end ? (size_t)(end - p) : source->n_bytes - at;

		line->at = (uint32_t)at;
		line->n = (uint32_t)len;
		if (len > 0 && p[len - 1] == '\r')
			line->n--;
		at += len + 1;
	}
}

struct source *
source_new(const char *bytes, size_t n_bytes)
{
	struct source *source = xcalloc(1, sizeof(*source));
	size_t fence = 0;
	bool in_comment = false;
	char mark = 0;

	source->bytes = bytes;
	source->n_bytes = n_bytes;
	source->clean = xmalloc(n_bytes + 1);
	memcpy(source->clean, bytes, n_bytes);
	source->clean[n_bytes] = '\0';
	if (n_bytes >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0)
		memset(source->clean, 0, 3);
	split_lines(source);
	for (size_t i = 0; i < source->n_lines; i++) {
		struct source_line *line = &source->line[i];
		struct span s = { source->clean + line->at, line->n };
		char *text = source->clean + line->at;

		if (in_comment) {
			in_comment = !memmem(s.p, s.n, "-->", 3);
			memset(text, 0, s.n);
			line->kind = LINE_COMMENT;
			line->level = 1;
			continue;
		}
		if (fence) {
			line->kind = LINE_CODE;
			if (fence_closes(s, mark, fence))
				fence = 0;
			continue;
		}
		fence = fence_mark(s, &mark);
		if (fence) {
			line->kind = LINE_CODE;
			line->level = 1;
			source->open_fence = i + 1;
			continue;
		}
		in_comment = blank_comments(text, s.n);
		if (in_comment)
			source->open_comment = i + 1;
		classify(line, s, memcmp(text, bytes + line->at, s.n) != 0);
	}
	if (!fence)
		source->open_fence = 0;
	if (!in_comment)
		source->open_comment = 0;
	return source;
}

void
source_free(struct source *source)
{
	if (!source)
		return;
	free(source->clean);
	free(source->line);
	free(source);
}

void
source_free_cleanup(struct source **source)
{
	source_free(*source);
}

struct span
source_clean(const struct source *source, size_t i)
{
	return (struct span){ source->clean + source->line[i].at, source->line[i].n };
}

struct span
source_raw(const struct source *source, size_t i)
{
	return (struct span){ source->bytes + source->line[i].at, source->line[i].n };
}

struct span
source_eol(const struct source *source, size_t i)
{
	size_t end = source->line[i].at + source->line[i].n;
	size_t next = i + 1 < source->n_lines ? source->line[i + 1].at
					      : source->n_bytes;

	return (struct span){ source->bytes + end, next - end };
}

bool
source_is_ended(const struct source *source, size_t i)
{
	struct span eol = source_eol(source, i);

	return eol.n > 0 && eol.p[eol.n - 1] == '\n';
}

struct span
source_new_eol(const struct source *source)
{
	if (source->n_lines > 0 && span_starts(source_eol(source, 0), "\r"))
		return SPAN_LIT("\r\n");
	return SPAN_LIT("\n");
}

struct place
source_place(const struct source *source, const char *p)
{
	size_t at = (size_t)(p - source->clean), lo = 0, hi = source->n_lines;

	while (hi - lo > 1) {
		size_t mid = lo + (hi - lo) / 2;

		if (source->line[mid].at <= at)
			lo = mid;
		else
			hi = mid;
	}
	if (source->n_lines == 0)
		return (struct place){ 1, 1 };
	return (
	    struct place){ (unsigned)lo + 1, (unsigned)(at - source->line[lo].at) + 1 };
}

struct span
source_heading(const struct source *source, size_t i)
{
	struct span s = source_trim(source_clean(source, i));
	size_t end;

	s.p += source->line[i].level;
	s.n -= source->line[i].level;
	s = source_trim(s);
	end = s.n;
	while (end > 0 && s.p[end - 1] == '#')
		end--;
	if (end < s.n && (end == 0 || s.p[end - 1] == ' '))
		s.n = end;
	return source_trim(s);
}
