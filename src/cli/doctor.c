#include "cli/doctor.h"

#include "base/file.h"
#include "base/mem.h"
#include "cli/client.h"
#include "cli/json.h"
#include "engine/home.h"
#include "engine/lost.h"
#include "policy/refusal.h"
#include "store/rescue.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MEND_LIMIT_MS (10L * 60 * 1000)

size_t
doctor_count_odd(const struct survey *survey)
{
	size_t n = 0;

	for (size_t i = 0; i < survey->n; i++)
		n += survey->item[i].is_odd;
	return n;
}

void
doctor_check_journal(const char *home, struct survey *survey)
{
	struct err why = ERR_INIT, held = ERR_INIT;
	int lock_fd;

	if (!file_is_dir(home))
		return;
	/* No server begins while its journal is being read to be saved. */
	lock_fd = home_lock(home, &held);
	if (rescue_check(home, lock_fd >= 0, &why) < 0 && why.kind == ERR_NOT_FOUND)
		(void)!lost_check(home, &why);
	if (why.kind == ERR_INPUT) {
		survey->has_journal = false;
		survey->why = why;
	}
	if (lock_fd >= 0)
		close(lock_fd);
}

bool
doctor_has_journal(const struct survey *survey)
{
	return survey->has_journal || survey->why.kind == ERR_NOT_FOUND ||
	       survey->why.kind == ERR_NONE;
}

size_t
doctor_count_mends(const struct survey *survey)
{
	size_t n = 0;

	for (size_t i = 0; i < survey->n; i++)
		n += survey->item[i].mend != MEND_NONE;
	return n;
}

/* "12: 2 live, 10 ended": how many items of CLASS are in each state.  Caller frees. */
static char *
sum_up(const struct survey *survey, enum survey_class class)
{
	char *text = NULL;
	size_t size = 0, n_all = 0;
	FILE *f = open_memstream(&text, &size);

	for (size_t i = 0; i < survey->n; i++)
		n_all += survey->item[i].class == class;
	fprintf(f, "%zu", n_all);
	for (size_t i = 0, n_told = 0; i < survey->n; i++) {
		const struct survey_item *item = &survey->item[i];
		size_t n = 0;
		bool is_told = item->class != class;

		for (size_t k = 0; k < survey->n && !is_told; k++) {
			bool is_same = survey->item[k].class == class &&
				       strcmp(survey->item[k].state, item->state) == 0;

			is_told = is_same && k < i;
			n += is_same;
		}
		if (!is_told)
			fprintf(f, "%s%zu %s", n_told++ ? ", " : ": ", n, item->state);
	}
	fclose(f);
	return text;
}

static void
print_line(const struct screen *screen, enum screen_style style, const char *word,
    const char *name, const char *text)
{
	screen_put(screen, style, word);
	fprintf(screen->out, "%*s%-12s", (int)(9 - strlen(word)), "", name);
	screen_wrap(screen, 21, 21, text);
}

static void
print_item(const struct screen *screen, const struct survey_item *item)
{
	AUTO_FREE char *line = xasprintf("%s %s: %s%s%s%s%s", item->name, item->state,
	    item->text, item->will ? "; --mend would " : "",
	    item->will ? item->will : "", item->fix ? "; fix: " : "",
	    item->fix ? item->fix : "");

	print_line(screen, item->is_odd ? STYLE_WARN : STYLE_GOOD,
	    item->is_odd ? "warn" : "ok", survey_class_name(item->class), line);
}

static void
print_journal(const struct screen *screen, const struct survey *survey)
{
	AUTO_FREE char *line = xasprintf(
	    "%s; fix: %s", survey->why.text, survey->why.fix);

	if (!doctor_has_journal(survey))
		print_line(screen, STYLE_BAD, "missing", "journal", line);
}

void
doctor_print(const struct screen *screen, const struct survey *survey, bool all)
{
	static const char *const plural[SURVEY_N_CLASSES] = { "home", "runs",
		"worktrees", "locks", "refs", "acts" };

	print_journal(screen, survey);
	for (int class = 0; class < SURVEY_N_CLASSES; class ++) {
		AUTO_FREE char *sum = sum_up(survey, class);

		/* Of the home nothing is told when nothing is to be told. */
		if (class != SURVEY_HOME)
			print_line(screen, STYLE_GOOD, "ok", plural[class], sum);
		for (size_t i = 0; i < survey->n; i++) {
			const struct survey_item *item = &survey->item[i];

			if ((int)item->class == class &&
			    (all || item->is_odd || class == SURVEY_HOME))
				print_item(screen, item);
		}
	}
}

json_object *
doctor_json(const struct survey *survey)
{
	json_object *list = json_object_new_array();

	for (size_t i = 0; i < survey->n; i++) {
		const struct survey_item *item = &survey->item[i];
		json_object *one = json_object_new_object();
		AUTO_FREE char *id = survey_item_id(item);
		const struct {
			const char *name, *text;
		} texts[] = { { "class", survey_class_name(item->class) },
			{ "name", item->name }, { "state", item->state },
			{ "text", item->text }, { "session", item->session },
			{ "mend", item->mend ? id : NULL }, { "would", item->will },
			{ "fix", item->fix } };

		for (size_t k = 0; k < N_ELEMS(texts); k++)
			json_object_object_add(
			    one, texts[k].name, json_str(texts[k].text));
		json_object_object_add(
		    one, "fits", json_object_new_boolean(!item->is_odd));
		json_object_array_add(list, one);
	}
	return list;
}

void
doctor_print_plan(const struct screen *screen, const struct survey *survey)
{
	if (doctor_count_mends(survey) == 0)
		fprintf(screen->out, "--mend has nothing to do here%s\n",
		    doctor_count_odd(survey) > 0
			? "; what does not fit is a person's: divisi doctor"
			: "");
	print_journal(screen, survey);
	for (size_t i = 0; i < survey->n; i++) {
		const struct survey_item *item = &survey->item[i];
		AUTO_FREE char *line = NULL;

		if (item->mend == MEND_NONE)
			continue;
		line = xasprintf("%s: %s", item->name, item->will);
		print_line(
		    screen, STYLE_BOLD, "would", survey_class_name(item->class), line);
	}
}

static void
add_done(json_object *done, const char *id, const char *did, const char *failed)
{
	json_object *one = json_object_new_object();

	json_object_object_add(one, "id", json_str(id));
	if (failed)
		json_object_object_add(one, "failed", json_str(failed));
	else
		json_object_object_add(one, "did", json_str(did));
	json_object_array_add(done, one);
}

void
doctor_print_done(const struct screen *screen, const json_object *done)
{
	for (size_t i = 0; i < json_object_array_length(done); i++) {
		const json_object *one = json_object_array_get_idx(done, i);
		bool is_done = js_get(one, "did") != NULL;
		AUTO_FREE char *line = xasprintf("%s: %s", js_text(one, "id"),
		    js_text(one, is_done ? "did" : "failed"));

		print_line(screen, is_done ? STYLE_GOOD : STYLE_BAD,
		    is_done ? "did" : "failed", "", line);
	}
}

/*
 * The copy of a home is renamed here and now, for no server starts on it.  What else the
 * survey says came from the copied journal and is the other home's.
 */
static int
set_copy_aside(
    struct repo *repo, const struct survey *survey, struct fields *in, struct err *err)
{
	for (size_t i = 0; i < survey->n; i++) {
		AUTO_FREE char *did = NULL;

		if (survey->item[i].mend != MEND_SET_ASIDE)
			continue;
		if (survey_mend_item(repo, &survey->item[i], &did, err) < 0)
			return -1;
		fields_set(in, "aside", did);
		return 1;
	}
	return 0;
}

/*
 * Runs that live without a journal are ended here and now, for no server starts beside them.
 * 1 when there were such, 0, or -1 with ERR.
 */
static int
end_lost(struct repo *repo, struct survey *survey, json_object *done, struct err *err)
{
	struct err none = ERR_INIT;
	int lock_fd;

	if (lost_check(repo->home, &none) == 0)
		return 0;
	lock_fd = home_lock(repo->home, err);
	if (lock_fd < 0)
		return -1;
	for (size_t i = 0; i < survey->n; i++) {
		struct survey_item *item = &survey->item[i];
		AUTO_FREE char *id = survey_item_id(item), *did = NULL;
		struct err why = ERR_INIT;

		if (item->mend != MEND_END_RUN)
			continue;
		if (survey_mend_item(repo, item, &did, &why) < 0)
			add_done(done, id, NULL, why.text);
		else
			add_done(done, id, did, NULL);
		item->mend = MEND_NONE; /* the server has nothing to do with it */
	}
	close(lock_fd);
	return 1;
}

static void
add_ids(const struct survey *survey, struct fields *in)
{
	size_t n = 0;

	for (size_t i = 0; i < survey->n; i++) {
		AUTO_FREE char *id = survey_item_id(&survey->item[i]), *key = NULL;

		if (survey->item[i].mend == MEND_NONE)
			continue;
		key = xasprintf("s%zu.id", n++);
		fields_set(in, key, id);
	}
	fields_set_number(in, "n", (int64_t)n);
}

int
doctor_mend(
    struct repo *repo, struct survey *survey, json_object *done, struct err *err)
{
	struct fields in = { 0 }, out = { 0 };
	struct client client = { 0 };
	int rc;

	if (getenv("DIVISI_RUN")) {
		refuse(err, "G11", "an agent never mends in a person's name");
		return -1;
	}
	rc = set_copy_aside(repo, survey, &in, err);
	if (rc > 0)
		add_done(
		    done, "home/identity/set-aside", fields_text(&in, "aside"), NULL);
	else if (rc == 0 && (rc = end_lost(repo, survey, done, err)) >= 0)
		add_ids(survey, &in);
	if (rc >= 0)
		rc = client_open(&client, repo->top, true, err);
	if (rc >= 0)
		rc = client_order(&client, "mend", &in, &out, MEND_LIMIT_MS, err);
	for (int64_t i = 0; rc == 0 && i < fields_number(&out, "n", 0); i++) {
		const char *failed = fields_text_at(&out, (size_t)i, "failed");

		add_done(done, fields_text_at(&out, (size_t)i, "id"),
		    fields_text_at(&out, (size_t)i, "did"), failed[0] ? failed : NULL);
	}
	client_close(&client);
	fields_clear(&in);
	fields_clear(&out);
	return rc < 0 ? -1 : 0;
}
