#include "engine/looping.h"

#include <string.h>

static const char *const words[] = { "off", "on", "fresh" };

static int
read_word(const struct config *config, int *at, struct err *err)
{
	const char *value = config_str(config, "divisi.loop", words[0]);

	for (*at = 0; *at < (int)N_ELEMS(words); ++*at) {
		if (strcmp(words[*at], value) == 0)
			return 0;
	}
	err_set(err, ERR_INPUT, "divisi.loop is '%.40s'", value);
	return err_fix(err, "it is one of: %s %s %s", words[0], words[1], words[2]);
}

/* Who only reports hands it over in one piece, and pair and swarm do not loop. */
static bool
can_loop(const struct phase *phase)
{
	return phase->tasks.n > 0 && phase->output[0] == '\0' && loop_mode(phase->mode);
}

int
looping_read(const struct config *config, const struct phase *phase, struct loop *l,
    struct err *err)
{
	long tries, turns, replans;
	int word;

	if (read_word(config, &word, err) < 0 ||
	    config_int(config, "divisi.loop-tries", (struct config_range){ 5, 2, 100 },
		&tries, err) < 0 ||
	    config_int(config, "divisi.loop-turns",
		(struct config_range){ 50, 1, 1000 }, &turns, err) < 0 ||
	    config_int(config, "divisi.loop-replans", (struct config_range){ 2, 0, 10 },
		&replans, err) < 0)
		return -1;
	*l = (struct loop){
		.tasks = word > 0 && can_loop(phase) ? (int64_t)phase->tasks.n : 0,
		.tries = 1,
		.max_tries = tries,
		.max_turns = turns,
		.max_replans = replans,
		.is_fresh = word == 2,
	};
	return 0;
}

bool
looping_is_on(const struct config *config, const struct phase *phase)
{
	struct loop l = { 0 };
	struct err none = ERR_INIT;

	return looping_read(config, phase, &l, &none) == 0 && l.tasks > 0;
}
