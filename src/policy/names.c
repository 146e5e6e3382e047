#include "policy/names.h"

#include "base/mem.h"
#include "base/text.h"
#include "policy/refusal.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

enum { SLUG_MAX = 50, ISSUE_ID_MAX = 64, AGENT_MAX = 32, RUNTIME_TITLE_MAX = 40 };

char *
session_letter(size_t index)
{
	char buf[32], *p = buf + sizeof(buf) - 1;

	*p = '\0';
	/* Bijective base 26: Z is followed by AA, not by BA. */
	for (;;) {
		*--p = (char)('A' + index % 26);
		if (index < 26)
			break;
		index = index / 26 - 1;
	}
	return xstrdup(p);
}

char *
session_label(size_t index)
{
	AUTO_FREE char *letter = session_letter(index);

	return xasprintf("S-%s", letter);
}

char *
sub_issue_title(int batch, size_t index, const char *focus)
{
	AUTO_FREE char *letter = session_letter(index);

	return xasprintf("Batch %d%s: %s", batch, letter, focus);
}

static size_t
issue_id_len(const char *id, bool is_upper_only)
{
	size_t n = 0, digits;

	if (is_upper_only ? !isupper((unsigned char)id[0])
			  : !isalpha((unsigned char)id[0]))
		return 0;
	while (isalnum((unsigned char)id[n])) {
		if (is_upper_only && islower((unsigned char)id[n]))
			return 0;
		n++;
	}
	if (id[n] != '-')
		return 0;
	n++;
	digits = strspn(id + n, "0123456789");
	return digits ? n + digits : 0;
}

bool
issue_id_ok(const char *id)
{
	size_t n = issue_id_len(id, true);

	return n > 0 && n <= ISSUE_ID_MAX && id[n] == '\0';
}

/* "#12" and "acme/app#12", as GitHub names issues. */
static bool
is_number_sign_id(const char *id)
{
	size_t n = strspn(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			      "0123456789._-/");
	size_t digits;

	if (id[n] != '#')
		return false;
	digits = strspn(id + n + 1, "0123456789");
	return digits > 0 && id[n + 1 + digits] == '\0' && strlen(id) <= ISSUE_ID_MAX;
}

/* First component of a ref, so git's own rules are the floor: no ".." and no ".lock". */
static bool
agent_name_ok(const char *agent)
{
	size_t n = strlen(agent);

	if (n == 0 || n > AGENT_MAX || !isalnum((unsigned char)agent[0]) ||
	    agent[n - 1] == '.' || strstr(agent, ".."))
		return false;
	if (n >= 5 && strcasecmp(agent + n - 5, ".lock") == 0)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!isalnum((unsigned char)agent[i]) && !strchr(".-_", agent[i]))
			return false;
	}
	return true;
}

char *
branch_name(const char *agent, const char *issue_id, const char *focus, struct err *err)
{
	AUTO_FREE char *slug = text_slug(focus, SLUG_MAX);
	AUTO_FREE char *id = text_slug(issue_id, ISSUE_ID_MAX);
	size_t id_len = issue_id_len(issue_id, false);
	char *name;

	if (!agent_name_ok(agent)) {
		refuse(err, "G09", "\"%.40s\" cannot begin a branch name", agent);
		err_fix(err, "name an agent of the catalogue: divisi agent list");
		return NULL;
	}
	if ((id_len == 0 || id_len > ISSUE_ID_MAX || issue_id[id_len] != '\0') &&
	    !is_number_sign_id(issue_id)) {
		refuse(err, "G09",
		    "\"%.64s\" is no issue id that a branch can be named after",
		    issue_id);
		err_fix(err, "use an id such as CIA-387");
		return NULL;
	}
	if (*slug == '\0') {
		refuse(err, "G09",
		    "the focus of %s leaves no letters for a branch name", issue_id);
		err_fix(err, "give the phase a focus with letters or digits");
		return NULL;
	}
	name = xasprintf("%s/%s-%s", agent, id, slug);
	for (char *p = name; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	return name;
}

int
branch_check(const char *name, const char *const *existing, size_t n, struct err *err)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < n; i++) {
		const char *other = existing[i];
		size_t other_len = strlen(other);
		size_t common = len < other_len ? len : other_len;

		if (strncasecmp(name, other, common) != 0)
			continue;
		if (len == other_len) {
			refuse(err, "G09", "branch %s exists already", other);
			return err_fix(
			    err, "resume the work on it, or choose another suffix");
		}
		if ((len > common ? name[common] : other[common]) != '/')
			continue;
		refuse(err, "G09",
		    "branch %s cannot exist beside %s: git keeps one as a file and "
		    "the other as a directory",
		    name, other);
		return err_fix(err, "rename branch %s: git branch -m", other);
	}
	return 0;
}

static bool
date_ok(const char *p)
{
	static const int days[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	int month, day;

	for (int i = 0; i < 10; i++) {
		if (i == 4 || i == 7 ? p[i] != '-' : !isdigit((unsigned char)p[i]))
			return false;
	}
	month = (p[5] - '0') * 10 + p[6] - '0';
	day = (p[8] - '0') * 10 + p[9] - '0';
	return month >= 1 && month <= 12 && day >= 1 && day <= days[month - 1];
}

char *
plan_file_name(const char *date, const char *project_short, const char *topic)
{
	AUTO_FREE char *project = text_slug(project_short, SLUG_MAX);
	AUTO_FREE char *slug = text_slug(topic, SLUG_MAX);

	if (!date_ok(date) || date[10] != '\0' || !*project || !*slug)
		return NULL;
	return xasprintf("%s-%s-%s.md", date, project, slug);
}

/* "words-with-hyphens.md": at least MIN_WORDS lower-case words. */
static bool
slug_file_ok(const char *p, int min_words)
{
	int words = 0;

	for (;;) {
		size_t n = strspn(p, "abcdefghijklmnopqrstuvwxyz0123456789");

		if (n == 0)
			return false;
		words++;
		p += n;
		if (*p != '-')
			break;
		p++;
	}
	return words >= min_words && strcmp(p, ".md") == 0;
}

bool
plan_file_name_ok(const char *file_name)
{
	size_t id_len;

	if (date_ok(file_name))
		return file_name[10] == '-' && slug_file_ok(file_name + 11, 2);
	id_len = issue_id_len(file_name, true);
	return id_len > 0 && file_name[id_len] == '-' &&
	       slug_file_ok(file_name + id_len + 1, 1);
}

char *
runtime_name(const char *issue_id, const char *title)
{
	AUTO_FREE char *shown = text_show(title, true);
	size_t n = 0, chars = 0;

	while (shown[n]) {
		bool is_start = ((unsigned char)shown[n] & 0xC0) != 0x80;

		if (is_start && chars++ == RUNTIME_TITLE_MAX)
			break;
		n++;
	}
	while (n > 0 && shown[n - 1] == ' ')
		n--;
	return xasprintf("%s: %.*s", issue_id, (int)n, shown);
}
