#include "engine/agent_settings.h"

#include "base/mem.h"
#include "base/text.h"
#include "policy/refusal.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

char *
agent_settings_env(const struct config *config, const char *name)
{
	AUTO_FREE char *key = xasprintf("divisi.agent.%s.env", name);
	const char *const keys[] = { "divisi.env", key };
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	if (!f)
		abort();
	for (size_t k = 0; k < N_ELEMS(keys); k++) {
		struct git_list values = { 0 };

		config_values(config, keys[k], &values);
		for (size_t i = 0; i < values.n; i++)
			fprintf(f, "%s%s", ftell(f) > 0 ? " " : "", values.item[i]);
		git_list_clear(&values);
	}
	if (fclose(f) != 0)
		abort();
	return text;
}

int
agent_settings_check(
    const struct config *config, const char *name, enum exec_mode mode, struct err *err)
{
	AUTO_FREE char *key = xasprintf("divisi.agent.%s.modes", name);
	const char *word = exec_mode_name(mode == EXEC_NONE ? EXEC_QUICK : mode);
	const char *allowed = config_str(config, key, NULL);
	struct span rest = span_of(allowed ? allowed : ""), one;

	if (!allowed)
		return 0;
	while (span_next(&rest, ' ', &one)) {
		if (span_eq_nocase(span_trim(one), word))
			return 0;
	}
	refuse(err, "G15", "%s = %.100s does not name the mode %s", key, allowed, word);
	return err_fix(err, "name another agent, or: git config %s \"%.100s %s\"", key,
	    allowed, word);
}

void
agent_settings_away(const struct config *config, struct git_list *names)
{
	static const char prefix[] = "divisi.agent.", suffix[] = ".adapter";

	for (size_t i = 0; i < config->n; i++) {
		const char *key = config->item[i].key;
		size_t n = strlen(key), n_both = sizeof(prefix) + sizeof(suffix) - 2;

		if (n > n_both && strncasecmp(key, prefix, sizeof(prefix) - 1) == 0 &&
		    strcasecmp(key + n - sizeof(suffix) + 1, suffix) == 0 &&
		    strcmp(config_str(config, key, ""), "delegate") == 0)
			git_list_add_n(names, key + sizeof(prefix) - 1, n - n_both);
	}
}
