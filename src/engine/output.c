#include "engine/output.h"

#include "base/file.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_DEPTH 16
#define MAX_TEXT  4000u /* of one member */
#define MAX_WRONG 10

struct reading {
	FILE *wrong;
	int n_wrong;
};

static void PRINTF(2, 3) complain(struct reading *r, const char *fmt, ...)
{
	va_list ap;

	if (r->n_wrong++ >= MAX_WRONG)
		return;
	va_start(ap, fmt);
	vfprintf(r->wrong, fmt, ap);
	va_end(ap);
	fputc('\n', r->wrong);
}

static struct json_object *
member(struct json_object *o, const char *name)
{
	struct json_object *value = NULL;

	if (json_object_is_type(o, json_type_object))
		json_object_object_get_ex(o, name, &value);
	return json_object_is_type(value, json_type_null) ? NULL : value;
}

/* A member of an object: a text, or one of WORDS; PICK says what its word is kept as. */
struct rule {
	const char *name;
	bool must;
	const char *const *words; /* NULL: any text */
};

/* TEXT without what steers a terminal: lines and tabs stay. */
static struct json_object *
clean(const char *text)
{
	AUTO_FREE char *copy = text_cut(text, MAX_TEXT);

	for (char *p = copy; *p; p++) {
		if (((unsigned char)*p < 0x20 && *p != '\n' && *p != '\t') ||
		    *p == 0x7f)
			*p = ' ';
	}
	return json_object_new_string(copy);
}

static const char *
word_of(const char *const *words, const char *text)
{
	for (; *words; words++) {
		if (span_eq_nocase(span_of(text), *words))
			return *words;
	}
	return NULL;
}

static void
complain_word(
    struct reading *r, const char *where, const struct rule *rule, const char *text)
{
	AUTO_FREE char *shown = text_show(text, true);
	AUTO_FREE char *all = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&all, &n);

	for (const char *const *w = rule->words; *w; w++)
		fprintf(f, "%s%s", w == rule->words ? "" : ", ", *w);
	fclose(f);
	complain(
	    r, "%s.%s is \"%.40s\": it is one of %s", where, rule->name, shown, all);
}

static void
take(struct reading *r, const char *where, const struct rule *rule,
    struct json_object *from, struct json_object *to)
{
	struct json_object *value = member(from, rule->name);
	const char *text = json_object_is_type(value, json_type_string)
			       ? json_object_get_string(value)
			       : NULL;
	const char *word;

	if (value && !text)
		complain(r, "%s.%s is no text", where, rule->name);
	else if (rule->must && (!text || text[strspn(text, " \t\r\n")] == '\0'))
		complain(r, "%s.%s is missing", where, rule->name);
	if (!text || text[0] == '\0')
		return;
	if (!rule->words) {
		json_object_object_add(to, rule->name, clean(text));
		return;
	}
	word = word_of(rule->words, text);
	if (word)
		json_object_object_add(to, rule->name, json_object_new_string(word));
	else
		complain_word(r, where, rule, text);
}

static const char *const severities[] = { "critical", "important", "consider", NULL };
static const char *const efforts[] = { "trivial", "small", "medium", "large", NULL };
static const char *const classes[] = { "IN-SCOPE", "SPEC-GAP", "DRIFT", "UNRELATED",
	NULL };
static const char *const types[] = { "empirical", "theoretical", "methodological",
	NULL };
static const char *const confidences[] = { "high", "medium", "low", NULL };
static const char *const recommendations[] = { "APPROVE", "REVISE", "RETHINK",
	"REQUEST CHANGES", "BLOCK", NULL };

static const char *const stances[] = { "AGREE", "COMPLEMENT", "CONTRADICT", "PRIORITY",
	"SCOPE", "ESCALATE", NULL };

static const struct rule of_finding[] = {
	{ "severity", true, severities },
	{ "text", true, NULL },
	{ "where", false, NULL },
	{ "evidence", false, NULL },
	{ "plain_english", false, NULL },
	{ "fix", false, NULL },
	{ "effort", false, efforts },
	{ "class", false, classes },
	{ "same_as", false, NULL }, /* these two in the second round of a debate */
	{ "stance", false, stances },
};
static const struct rule of_evidence[] = {
	{ "type", true, types }, { "claim", true, NULL },
	{ "confidence", true, confidences }, { "question", false, NULL },
	{ "answer", false,
	    NULL }, /* in a few words, as tracks are compared by */
};
static const struct rule of_source[] = {
	{ "title", true, NULL },
	{ "author", false, NULL },
	{ "venue", false, NULL },
	{ "doi", false, NULL },
	{ "url", false, NULL },
};

/* a source that nobody can look up is none. */
static void
take_source(struct reading *r, const char *where, struct json_object *from,
    struct json_object *to)
{
	struct json_object *value = member(from, "source"), *year,
			   *source = json_object_new_object();
	AUTO_FREE char *at = xasprintf("%s.source", where);
	const char *url;

	json_object_object_add(to, "source", source);
	if (!json_object_is_type(value, json_type_object)) {
		complain(r, "%s is missing", at);
		return;
	}
	for (size_t i = 0; i < N_ELEMS(of_source); i++)
		take(r, at, &of_source[i], value, source);
	year = member(value, "year");
	if (json_object_is_type(year, json_type_int) && json_object_get_int(year) > 0 &&
	    json_object_get_int(year) < 10000)
		json_object_object_add(
		    source, "year", json_object_new_int(json_object_get_int(year)));
	else if (year)
		complain(r, "%s.year is no year, as 2024", at);
	if (!member(source, "doi") && !member(source, "url"))
		complain(r, "%s has neither doi nor url", at);
	url = member(source, "url") ? json_object_get_string(member(source, "url"))
				    : "https://";
	if (strncmp(url, "https://", 8) != 0 && strncmp(url, "http://", 7) != 0 &&
	    strncmp(url, "file:", 5) != 0 && strncmp(url, "commit:", 7) != 0)
		complain(r, "%s.url is no http address, file:PATH or commit:ID", at);
}

/* C1, I2, N1: the severity's initial and a number. */
static void
name_finding(struct json_object *item, int n_of[3])
{
	static const char initials[] = { 'C', 'I', 'N' };
	struct json_object *severity = member(item, "severity");
	const char *word = severity ? json_object_get_string(severity) : "";
	int k = strcmp(word, "critical") == 0    ? 0
		: strcmp(word, "important") == 0 ? 1
						 : 2;
	AUTO_FREE char *id = xasprintf("%c%d", initials[k], ++n_of[k]);

	json_object_object_add(item, "id", json_object_new_string(id));
}

static void
take_item(struct reading *r, bool is_finding, size_t i, struct json_object *value,
    struct json_object *to)
{
	const struct rule *rules = is_finding ? of_finding : of_evidence;
	size_t n = is_finding ? N_ELEMS(of_finding) : N_ELEMS(of_evidence);
	AUTO_FREE char *where = xasprintf(
	    "%s[%zu]", is_finding ? "findings" : "evidence", i);

	if (!json_object_is_type(value, json_type_object)) {
		complain(r, "%s is no object", where);
		return;
	}
	for (size_t k = 0; k < n; k++)
		take(r, where, &rules[k], value, to);
	if (!is_finding)
		take_source(r, where, value, to);
}

/* The items of FROM in the kept form; NULL when there is no list of them. */
static struct json_object *
take_items(struct reading *r, bool is_finding, struct json_object *from)
{
	const char *name = is_finding ? "findings" : "evidence";
	struct json_object *list = member(from, name), *kept;
	size_t n = json_object_is_type(list, json_type_array)
		       ? json_object_array_length(list)
		       : 0;
	int n_of[3] = { 0 };

	if (!json_object_is_type(list, json_type_array)) {
		complain(r, "\"%s\" is missing: a list of objects", name);
		return NULL;
	}
	if (n > OUTPUT_MAX_ITEMS)
		complain(
		    r, "\"%s\" has %zu items: %d at most", name, n, OUTPUT_MAX_ITEMS);
	if (n == 0 && !is_finding)
		complain(r, "\"evidence\" is empty: an answer rests on something");
	kept = json_object_new_array();
	for (size_t i = 0; i < n && i < OUTPUT_MAX_ITEMS; i++) {
		struct json_object *item = json_object_new_object();

		take_item(r, is_finding, i, json_object_array_get_idx(list, i), item);
		if (is_finding) {
			name_finding(item, n_of);
		} else {
			AUTO_FREE char *id = xasprintf("EV-%03zu", i + 1);

			json_object_object_add(item, "id", json_object_new_string(id));
		}
		json_object_array_add(kept, item);
	}
	return kept;
}

/* TEXT as one strict JSON object; NULL, and R says why. */
static struct json_object *
parse(struct reading *r, const char *text, size_t n)
{
	struct json_tokener *tokener = json_tokener_new_ex(MAX_DEPTH);
	struct json_object *o;
	const char *at = text;

	if (!tokener)
		abort();
	json_tokener_set_flags(
	    tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	while (n > 0 && strchr(" \t\r\n", at[n - 1]) && at[n - 1])
		n--;
	o = json_tokener_parse_ex(tokener, at, (int)n);
	if (!o || json_tokener_get_error(tokener) != json_tokener_success)
		complain(r, "it is no JSON at byte %zu: %s",
		    json_tokener_get_parse_end(tokener),
		    json_tokener_error_desc(json_tokener_get_error(tokener)));
	else if (!json_object_is_type(o, json_type_object))
		complain(r, "it is JSON, but no object");
	json_tokener_free(tokener);
	return o;
}

char *
output_read(const char *kind, const char *text, size_t n, size_t *n_items, char **wrong)
{
	static const struct rule summary = { "summary", false, NULL };
	static const struct rule recommendation = { "recommendation", false,
		recommendations };
	bool is_finding = strcmp(kind, "findings") == 0;
	size_t n_wrong = 0;
	struct reading r = { .wrong = open_memstream(wrong, &n_wrong) };
	struct json_object *o = NULL, *kept = json_object_new_object(), *items = NULL;
	char *out = NULL;

	if (n > OUTPUT_MAX_BYTES)
		complain(&r, "it has %zu bytes: %u at most", n, OUTPUT_MAX_BYTES);
	else if (n == 0)
		complain(&r, "it is empty");
	else
		o = parse(&r, text, n);
	if (o && r.n_wrong == 0) {
		take(&r, "it", &summary, o, kept);
		if (is_finding)
			take(&r, "it", &recommendation, o, kept);
		items = take_items(&r, is_finding, o);
		json_object_object_add(kept, kind, items);
	}
	if (r.n_wrong > MAX_WRONG)
		fprintf(r.wrong, "and %d more\n", r.n_wrong - MAX_WRONG);
	fclose(r.wrong);
	if (r.n_wrong == 0) {
		out = xasprintf("%s\n",
		    json_object_to_json_string_ext(kept,
			JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE));
		*n_items = json_object_array_length(items);
		free(*wrong);
		*wrong = NULL;
	}
	json_object_put(o);
	json_object_put(kept);
	return out;
}

/* What the agent wrote: a plain file of its own, or NULL.  One byte too many is read. */
static char *
read_file(const char *path, size_t *n)
{
	AUTO_FD int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	char *text;
	struct stat st;
	ssize_t got;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return NULL;
	text = xmalloc(OUTPUT_MAX_BYTES + 2);
	for (*n = 0; *n <= OUTPUT_MAX_BYTES; *n += (size_t)got) {
		got = read(fd, text + *n, OUTPUT_MAX_BYTES + 1 - *n);
		if (got < 0 && errno == EINTR)
			got = 0;
		else if (got <= 0)
			break;
	}
	text[*n] = '\0';
	return text;
}

/* The last ```json block of WORDS, or NULL. */
static char *
last_block(const char *words, size_t *n)
{
	static const char mark[] = "```json";
	const char *start = NULL, *end;

	for (const char *at = words; (at = strstr(at, mark)) != NULL;)
		start = at += sizeof(mark) - 1;
	end = start ? strstr(start, "```") : NULL;
	if (!end)
		return NULL;
	*n = (size_t)(end - start);
	return xstrndup(start, *n);
}

int
output_collect(const struct fields *in, struct fields *out, struct err *err)
{
	const char *kind = fields_text(in, "output"),
		   *dir = fields_text(in, "output_dir");
	AUTO_FREE char *from = xasprintf("%s/tmp/" OUTPUT_FILE, dir);
	AUTO_FREE char *to = xasprintf("%s/%s.json", dir, kind);
	AUTO_FREE char *text = NULL, *kept = NULL, *wrong = NULL;
	char sha[HASH_HEX_SIZE];
	size_t n = 0, n_items = 0;

	if (kind[0] == '\0')
		return 0;
	text = read_file(from, &n);
	if (!text)
		text = last_block(fields_text(in, "summary"), &n);
	if (!text) {
		fields_setf(out, "output_wrong",
		    "there is neither a file where DIVISI_OUTPUT says nor a json block in "
		    "its last words");
		return 0;
	}
	kept = output_read(kind, text, n, &n_items, &wrong);
	if (!kept) {
		fields_set(out, "output_wrong", wrong);
		return 0;
	}
	if (file_write_atomic(to, kept, strlen(kept), 0600, err) < 0)
		return -1;
	hash_sha256(kept, strlen(kept), sha);
	fields_set(out, "output_path", to);
	fields_set(out, "output_sha", sha);
	fields_set_number(out, "output_items", (int64_t)n_items);
	return 0;
}
