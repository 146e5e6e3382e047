#include "cli/research_in.h"

#include "base/file.h"
#include "base/hash.h"
#include "base/mem.h"
#include "cli/world.h"

#include <json-c/json.h>
#include <string.h>

#define MOST_BYTES (1u << 20)

static int
read_limits(struct research_in *in, const struct config *config, struct err *err)
{
	long sources, converge;

	if (config_int(config, "divisi.research.sources",
		(struct config_range){ 3, 1, 100 }, &sources, err) < 0 ||
	    config_int(config, "divisi.research.agree",
		(struct config_range){ 66, 1, 100 }, &converge, err) < 0 ||
	    config_int(config, "divisi.research.rounds",
		(struct config_range){ 2, 0, 10 }, &in->rounds, err) < 0 ||
	    config_bool(config, "divisi.research.empirical", true,
		&in->limits.empirical, err) < 0)
		return -1;
	in->limits.sources = (int)sources;
	in->limits.converge_pct = (int)converge;
	return 0;
}

/* The newest session of PHASE in the plan's STATUS, and the number of its batch. */
static const struct json_object *
session_of(const struct json_object *status, const char *phase, int *round)
{
	struct json_object *batches = js_get(status, "batches");

	for (size_t i = js_count(batches); i-- > 0;) {
		struct json_object *all = js_get(js_at(batches, i), "sessions");

		for (size_t k = 0; k < js_count(all); k++) {
			if (strcmp(js_text(js_at(all, k), "phase"), phase) != 0)
				continue;
			*round = (int)js_number(js_at(batches, i), "number", 0);
			return js_at(all, k);
		}
	}
	return NULL;
}

static int
confidence_of(const char *word)
{
	return strcmp(word, "high") == 0 ? 2 : strcmp(word, "medium") == 0 ? 1 : 0;
}

static int
add_piece(
    struct research_in *in, size_t track, const struct json_object *e, struct err *err)
{
	const struct json_object *source = js_get(e, "source");
	int question = research_question_of(&in->set, js_text(e, "question"));
	struct research_piece piece = {
		.track = track,
		.answer = js_text(e, "answer"),
		.source = js_text(source, "doi")[0] ? js_text(source, "doi")
						    : js_text(source, "url"),
		.confidence = confidence_of(js_text(e, "confidence")),
		.is_empirical = strcmp(js_text(e, "type"), "empirical") == 0,
	};
	char why[80];

	/* What answers none of the plan's questions is read by people alone. */
	if (question < 0)
		return 0;
	piece.question = (size_t)question;
	if (source_is_dead(&in->sources, piece.source, why, sizeof(why))) {
		GROW(in->dead, in->n_dead, in->cap_dead);
		piece.dead = in->dead[in->n_dead++] = xstrdup(why);
	}
	if (!research_add(&in->set, &piece))
		return err_set(err, ERR_INPUT, "more than %d pieces of evidence",
		    RESEARCH_MOST_PIECES);
	return 0;
}

static int
read_evidence(
    struct research_in *in, size_t track, const struct json_object *s, struct err *err)
{
	const char *path = js_text(s, "output_path");
	AUTO_FREE char *text = NULL;
	struct json_object *o, *list;
	char sha[HASH_HEX_SIZE];
	size_t n = 0;

	text = file_read(path, MOST_BYTES, &n, err);
	if (!text)
		return err_wrap(err, "evidence of %s", in->set.track[track].phase);
	hash_sha256(text, n, sha);
	if (strcmp(sha, js_text(s, "output_sha256")) != 0)
		return err_set(err, ERR_CONFLICT, "%s is not what track %s handed over",
		    path, in->set.track[track].phase);
	o = json_tokener_parse(text);
	GROW(in->kept, in->n_kept, in->cap_kept);
	in->kept[in->n_kept++] = o;
	list = js_get(o, "evidence");
	for (size_t i = 0; i < js_count(list); i++) {
		if (add_piece(in, track, js_at(list, i), err) < 0)
			return -1;
	}
	return 0;
}

static int
read_links(struct research_in *in, const struct world *world, struct err *err)
{
	const char *links = config_str(&world->config, "divisi.research.links", "look");

	if (strcmp(links, "look") != 0 && strcmp(links, "check") != 0) {
		err_set(err, ERR_INPUT, "divisi.research.links is '%.40s'", links);
		return err_fix(err, "it is one of: look check");
	}
	in->sources.may_ask = links[0] == 'c';
	in->sources.repo = world->has_repo ? &world->repo : NULL;
	return 0;
}

int
research_in_read(struct research_in *in, const struct world *world,
    const struct json_object *status, struct err *err)
{
	if (read_limits(in, &world->config, err) < 0 ||
	    read_links(in, world, err) < 0 ||
	    research_read_plan(&in->set, world->plan, err) < 0)
		return -1;
	for (size_t i = 0; i < in->set.n_tracks; i++) {
		struct research_track *t = &in->set.track[i];
		const struct json_object *s = session_of(status, t->phase, &t->round);
		const char *state = s ? js_text(s, "state") : "";

		t->is_done = strcmp(state, "done") == 0;
		t->is_over = t->is_done || strcmp(state, "failed") == 0 ||
			     strcmp(state, "abandoned") == 0;
		in->n_over += t->is_over;
		if (t->is_done && js_text(s, "output_path")[0] &&
		    read_evidence(in, i, s, err) < 0)
			return -1;
	}
	return 0;
}

void
research_in_clear(struct research_in *in)
{
	for (size_t i = 0; i < in->n_kept; i++)
		json_object_put(in->kept[i]);
	free(in->kept);
	for (size_t i = 0; i < in->n_dead; i++)
		free(in->dead[i]);
	free(in->dead);
	sources_clear(&in->sources);
	research_set_clear(&in->set);
	*in = (struct research_in){ 0 };
}
