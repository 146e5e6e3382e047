#include "engine/seats.h"

#include "engine/internal.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PERSONA_DIR ".divisi/personas"

const char *
seats_keep(struct seats_kept *kept, char *owned)
{
	if (kept->n < N_ELEMS(kept->item))
		kept->item[kept->n++] = owned;
	return owned;
}

void
seats_clear(struct seats_kept *kept)
{
	for (size_t i = 0; i < kept->n; i++)
		free(kept->item[i]);
}

/* The team's own file of persona NAME, or the one that divisi brings along. */
static char *
persona_text(const struct engine *engine, const char *name, struct err *err)
{
	AUTO_FREE char *path = xasprintf("%s/" PERSONA_DIR "/%s.md", engine->top, name);
	const struct embedded *shipped = persona_shipped(name);
	AUTO_FD int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;
	char *text;
	ssize_t n;

	if (fd < 0 && shipped)
		return xstrdup(shipped->data);
	if (fd < 0) {
		err_set(err, ERR_NOT_FOUND, "no persona is called %s", name);
		err_fix(err,
		    "divisi review --list shows them; one of your own is " PERSONA_DIR
		    "/%s.md",
		    name);
		return NULL;
	}
	text = xcalloc(1, PERSONA_MAX_BYTES + 1);
	n = fstat(fd, &st) == 0 && S_ISREG(st.st_mode)
		? read(fd, text, PERSONA_MAX_BYTES)
		: -1;
	if (n > 0 && text_utf8_bad(text, (size_t)n) < 0 && strlen(text) == (size_t)n)
		return text;
	free(text);
	err_set(
	    err, ERR_INPUT, "%s is no text of 1 to %d bytes", path, PERSONA_MAX_BYTES);
	return NULL;
}

static int
add_seat(const struct engine *engine, struct panel *panel, struct seats_kept *kept,
    const struct seat *like, struct err *err)
{
	struct seat *seat = &panel->seat[panel->n_seats];
	char *text;

	if (!persona_is_name(like->persona)) {
		err_set(
		    err, ERR_USAGE, "'%.40s' is no name of a persona", like->persona);
		return err_fix(err, "small letters, digits and hyphens, %d at most",
		    PERSONA_MAX_NAME);
	}
	for (size_t i = 0; i < panel->n_seats; i++) {
		if (strcmp(panel->seat[i].persona, like->persona) == 0 &&
		    strcmp(panel->seat[i].tier, like->tier) == 0)
			return err_set(
			    err, ERR_USAGE, "persona %s is named twice", like->persona);
	}
	if (panel->n_seats == PANEL_MAX_SEATS)
		return err_set(
		    err, ERR_USAGE, "%d reviewers are the most", PANEL_MAX_SEATS);
	text = persona_text(engine, like->persona, err);
	if (!text)
		return -1;
	*seat = *like;
	seat->text = seats_keep(kept, text);
	panel->n_seats++;
	return 0;
}

/* The words of LIST, "a,b", into WORD of MAX; how many there are. */
static size_t
words_of(const char *list, struct seats_kept *kept, const char **word, size_t max)
{
	struct span rest = span_of(list), one;
	size_t n = 0;

	while (span_next(&rest, ',', &one)) {
		one = span_trim(one);
		if (one.n > 0 && n < max)
			word[n++] = seats_keep(kept, xstrndup(one.p, one.n));
	}
	return n;
}

static bool
is_agent_name(const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";

	return name[0] && strlen(name) < 60 && name[strspn(name, letters)] == '\0';
}

/* Option G looks twice, with a strong and a fast model: two agents, so two settings of args. */
static int
read_agents(
    const struct review_option *o, const char *const *agent, size_t n, struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		if (!is_agent_name(agent[i]))
			return err_set(
			    err, ERR_USAGE, "no agent is called '%.40s'", agent[i]);
	}
	if (o->scale == SCALE_EIGHT && n != 2) {
		err_set(err, ERR_USAGE,
		    "option %c looks with two tiers of models, a strong and a fast one",
		    o->letter);
		return err_fix(err,
		    "--agent STRONG,FAST: agents of your own, divisi.agent.NAME.adapter and "
		    "divisi.agent.NAME.args=--model=...");
	}
	if (o->scale != SCALE_EIGHT && n > 1)
		return err_set(err, ERR_USAGE, "option %c has one agent", o->letter);
	return 0;
}

int
seats_choose(const struct engine *engine, const struct review_option *o,
    const struct fields *in, struct panel *panel, struct seats_kept *kept,
    struct err *err)
{
	const char *persona[PANEL_MAX_SEATS], *agent[2];
	size_t n_agents = words_of(fields_text(in, "agent"), kept, agent, 2);
	size_t n = words_of(fields_text(in, "persona"), kept, persona, PANEL_MAX_SEATS);
	size_t n_tiers = o->scale == SCALE_EIGHT ? 2 : 1;

	if (read_agents(o, agent, n_agents, err) < 0)
		return -1;
	if (n == 0 && !o->has_personas)
		persona[n++] = depth_persona(depth_of(fields_text(in, "depth")));
	else if (n == 0)
		n = personas_for(fields_text(in, "text"),
		    fields_number(in, "complex", 0) && n_tiers == 1, persona);
	/* eight reviews, of four personas in two tiers. */
	if (n_tiers == 2 && n == 3)
		persona[n++] = PERSONA_GENERIC;
	if (o->has_personas && n < 3) {
		err_set(err, ERR_USAGE, "a panel has three reviewers at least (R-171)");
		return err_fix(err, "name three, or use --option D");
	}
	for (size_t tier = 0; tier < n_tiers; tier++) {
		for (size_t i = 0; i < n; i++) {
			const struct seat seat = { .persona = persona[i],
				.tier = n_tiers == 1 ? ""
					: tier == 0  ? "strong"
						     : "fast",
				.agent = n_agents ? agent[tier] : "" };

			if (add_seat(engine, panel, kept, &seat, err) < 0)
				return -1;
		}
	}
	return 0;
}
