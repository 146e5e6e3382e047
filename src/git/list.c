#include "git/run.h"

#include "base/mem.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

/* So many names are told to a person before "and N more". */
#define N_SHOWN 5

void
git_list_add_n(struct git_list *list, const char *p, size_t n)
{
	/* One more than needed: the array always ends in NULL. */
	if (list->n + 1 >= list->cap) {
		list->cap = list->cap ? list->cap * 2 : 16;
		list->item = xreallocarray(list->item, list->cap, sizeof(*list->item));
	}
	list->item[list->n++] = xstrndup(p, n);
	list->item[list->n] = NULL;
}

void
git_list_add(struct git_list *list, const char *s)
{
	git_list_add_n(list, s, strlen(s));
}

static int
by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void
git_list_sort(struct git_list *list)
{
	if (list->n > 1)
		qsort(list->item, list->n, sizeof(*list->item), by_bytes);
}

bool
git_list_has(const struct git_list *sorted, const char *s)
{
	return sorted->n > 0 && bsearch(&s, sorted->item, sorted->n,
				    sizeof(*sorted->item), by_bytes) != NULL;
}

void
git_list_clear(struct git_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		free(list->item[i]);
	free(list->item);
	*list = (struct git_list){ 0 };
}

void
git_list_split(struct git_list *list, const char *p, size_t n)
{
	while (n > 0) {
		const char *end = memchr(p, '\0', n);
		size_t len = end ? (size_t)(end - p) : n;

		git_list_add_n(list, p, len);
		if (!end)
			return;
		p += len + 1;
		n -= len + 1;
	}
}

char *
git_list_show(const struct git_list *list)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	for (size_t i = 0; out && i < list->n && i < N_SHOWN; i++) {
		AUTO_FREE char *one = text_show(list->item[i], true);

		fprintf(out, "%s%.100s%s", i > 0 ? ", " : "", one,
		    strlen(one) > 100 ? "..." : "");
	}
	if (out && list->n > N_SHOWN)
		fprintf(out, " and %zu more", list->n - N_SHOWN);
	if (out)
		fclose(out);
	return text ? text : xstrdup("");
}

bool
git_word_ok(const char *s)
{
	size_t n = strlen(s);

	if (n == 0 || n > 200 || s[0] == '-' || s[0] == '.' || s[n - 1] == '.' ||
	    strstr(s, "..") || (n >= 5 && strcmp(s + n - 5, ".lock") == 0))
		return false;
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			(c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-'))
			return false;
	}
	return true;
}

bool
git_branch_ok(const char *s)
{
	struct span rest = span_of(s), part;

	if (rest.n == 0 || rest.n > 200 || s[0] == '-' || strcmp(s, "HEAD") == 0 ||
	    strcmp(s, "@") == 0 || strpbrk(s, " ~^:?*[\\\177") || strstr(s, "..") ||
	    strstr(s, "@{") || s[rest.n - 1] == '.')
		return false;
	for (size_t i = 0; i < rest.n; i++) {
		if ((unsigned char)s[i] < ' ')
			return false;
	}
	while (span_next(&rest, '/', &part)) {
		if (part.n == 0 || part.p[0] == '.' ||
		    (part.n >= 5 && memcmp(part.p + part.n - 5, ".lock", 5) == 0))
			return false;
	}
	return true;
}

bool
git_oid_ok(const char *s)
{
	size_t n = strspn(s, "0123456789abcdef");

	return s[n] == '\0' && (n == 40 || n == 64);
}
