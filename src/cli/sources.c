#include "cli/sources.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "tracker/alive.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define ASKED_MOST 64 /* addresses of one plan */
#define ONE_MS     5000
#define ALL_MS     60000
#define FILE_BYTES ((size_t)64 << 20) /* of which lines are counted */

void
sources_clear(struct sources *s)
{
	for (size_t i = 0; i < s->n_known; i++) {
		free(s->known[i].url);
		free(s->known[i].why);
	}
	free(s->known);
	*s = (struct sources){ 0 };
}

static long
lines_of(const char *path)
{
	struct err none = ERR_INIT;
	size_t size = 0;
	AUTO_FREE char *text = file_read(path, FILE_BYTES, &size, &none);
	long n = 0;

	for (size_t i = 0; text && i < size; i++)
		n += text[i] == '\n' || i + 1 == size;
	return text ? n : -1;
}

/* "src/a.c:12": a regular file of the checkout, with that line when one is named. */
static bool
file_is_dead(const struct sources *s, const char *name, char *why, size_t n)
{
	size_t len = strlen(name), digits = len;
	long line = 0, has;
	AUTO_FREE char *path = NULL, *whole = NULL;
	struct stat st;

	while (digits > 0 && name[digits - 1] >= '0' && name[digits - 1] <= '9')
		digits--;
	if (digits > 1 && digits < len && name[digits - 1] == ':') {
		line = strtol(name + digits, NULL, 10);
		len = digits - 1;
	}
	path = xstrndup(name, len);
	if (path[0] == '\0' || path[0] == '/' || strstr(path, "..")) {
		text_print(why, n, "it is no path below the repository");
		return true;
	}
	if (!s->repo)
		return false;
	whole = xasprintf("%s/%s", s->repo->top, path);
	if (lstat(whole, &st) < 0 || !S_ISREG(st.st_mode)) {
		text_print(why, n, "the repository has no such file");
		return true;
	}
	has = line > 0 ? lines_of(whole) : -1;
	if (has < 0 || line <= has)
		return false;
	text_print(why, n, "the file has %ld lines", has);
	return true;
}

static bool
commit_is_dead(const struct sources *s, const char *id, char *why, size_t n)
{
	size_t hex = strspn(id, "0123456789abcdefABCDEF");
	char oid[GIT_OID_SIZE];
	struct err err = ERR_INIT;

	if (hex < 7 || id[hex] || hex >= GIT_OID_SIZE) {
		text_print(why, n, "it is no id of a commit");
		return true;
	}
	if (!s->repo || repo_resolve(s->repo, id, oid, &err) == 0 ||
	    err.kind != ERR_NOT_FOUND)
		return false;
	text_print(why, n, "the repository has no such commit");
	return true;
}

/* Asked for once; what nobody can tell counts as there, and is told in the log. */
static bool
address_is_dead(struct sources *s, const char *url, char *why, size_t n)
{
	struct err err = ERR_INIT;
	char said[80] = "";
	int rc;

	for (size_t i = 0; i < s->n_known; i++) {
		if (strcmp(s->known[i].url, url) != 0)
			continue;
		text_print(why, n, "%s", s->known[i].why);
		return s->known[i].why[0] != '\0';
	}
	if (s->n_asked == 0)
		s->until = clock_mono_ms() + ALL_MS;
	if (s->n_asked++ >= ASKED_MOST || clock_mono_ms() > s->until) {
		log_warn("%.200s was not asked for: there are too many", url);
		return false;
	}
	rc = alive_ask(url, ONE_MS, said, sizeof(said), &err);
	if (rc < 0)
		log_warn("%.200s could not be looked at: %s", url, err.text);
	GROW(s->known, s->n_known, s->cap_known);
	s->known[s->n_known].url = xstrdup(url);
	s->known[s->n_known].why = xstrdup(rc == 0 ? said : "");
	s->n_known++;
	text_print(why, n, "%s", said);
	return rc == 0;
}

/* Is there a host behind "https://"? */
static bool
has_host(const char *url)
{
	const char *host = strstr(url, "://") + 3;
	size_t len = strcspn(host, "/?#");

	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)host[i] <= ' ' || strchr("<>\"{}|\\^`", host[i]))
			return false;
	}
	return len > 0 && host[0] != '.' && host[0] != ':' &&
	       !(len > 8 && strncmp(host + len - 8, ".invalid", 8) == 0);
}

static bool
doi_is_dead(const char *doi, char *why, size_t n)
{
	size_t digits = strncmp(doi, "10.", 3) == 0 ? strspn(doi + 3, "0123456789.")
						    : 0;

	if (digits >= 4 && doi[3 + digits] == '/' && doi[4 + digits] &&
	    !strpbrk(doi, " \t\n"))
		return false;
	text_print(why, n, "it is no DOI, as 10.1000/182");
	return true;
}

bool
source_is_dead(struct sources *s, const char *source, char *why, size_t n)
{
	why[0] = '\0';
	if (strncmp(source, "file:", 5) == 0)
		return file_is_dead(s, source + 5, why, n);
	if (strncmp(source, "commit:", 7) == 0)
		return commit_is_dead(s, source + 7, why, n);
	if (strncmp(source, "https://", 8) != 0 && strncmp(source, "http://", 7) != 0)
		return doi_is_dead(source, why, n);
	if (!has_host(source)) {
		text_print(why, n, "it names no host");
		return true;
	}
	return s->may_ask && address_is_dead(s, source, why, n);
}
