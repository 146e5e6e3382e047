#include "engine/landing_rules.h"

#include "base/mem.h"
#include "base/text.h"
#include "plan/glob.h"
#include "plan/resources.h"
#include "plan/series.h"

#include <stdio.h>
#include <string.h>

static const char *const actions[] = { [LANDING_DERIVED] = "derived",
	[LANDING_UNITED] = "united",
	[LANDING_SERIES] = "series" };

/* A line of three fields between tabs; no setting holds a tab or a line end that matters. */
static void
put_rule(
    FILE *out, enum landing_action action, struct span pattern, const char *command)
{
	fprintf(out, "%s\t%.*s\t", actions[action], SPAN_FMT(pattern));
	for (; command && *command; command++)
		fputc(*command == '\n' ? ' ' : *command, out);
	fputc('\n', out);
}

/* The pattern of each file that PHASE has numbered: named by itself or by its series. */
static void
put_series(FILE *out, const struct git_list *series, const struct touch_item *item)
{
	const char *const *setting = (const char *const *)series->item;
	struct span pattern;
	size_t at = 0;
	bool is_known = false;

	while (series_next(setting, series->n, item->text, &at, &pattern)) {
		put_rule(out, LANDING_SERIES, pattern, NULL);
		is_known = true;
	}
	if (!is_known && resource_names_migrations(item->text))
		put_rule(out, LANDING_SERIES, span_of(series_migrations), NULL);
}

char *
landing_rules_text(const struct config *config, const struct phase *phase)
{
	struct git_list derived = { 0 }, united = { 0 }, series = { 0 };
	const struct touch_list *numbered = &phase->touch[TOUCH_RENUMBERS];
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);

	config_values(config, "divisi.derived", &derived);
	config_values(config, "divisi.united", &united);
	config_values(config, "divisi.series", &series);
	for (size_t i = 0; i < derived.n; i++) {
		struct span pattern, command;

		if (series_split(derived.item[i], &pattern, &command))
			put_rule(out, LANDING_DERIVED, pattern, command.p);
	}
	for (size_t i = 0; i < united.n; i++)
		put_rule(out, LANDING_UNITED, span_of(united.item[i]), NULL);
	for (size_t i = 0; i < numbered->n; i++) {
		if (!numbered->item[i].is_negated && !numbered->item[i].is_inferred)
			put_series(out, &series, &numbered->item[i]);
	}
	fclose(out);
	git_list_clear(&derived);
	git_list_clear(&united);
	git_list_clear(&series);
	return text;
}

void
landing_rules_read(struct landing_rules *rules, const char *text, bool fold_case)
{
	struct span rest = span_of(text), line;

	*rules = (struct landing_rules){ 0 };
	while (span_next(&rest, '\n', &line)) {
		struct span field[3] = { { "", 0 }, { "", 0 }, { "", 0 } };
		struct landing_rule rule = { 0 };
		size_t action = 0;

		for (size_t i = 0; i < N_ELEMS(field) && line.p; i++)
			(void)span_next(&line, '\t', &field[i]);
		while (action < N_ELEMS(actions) && !span_eq(field[0], actions[action]))
			action++;
		if (action == N_ELEMS(actions))
			continue;
		rule.action = (enum landing_action)action;
		rule.pattern = xstrndup(field[1].p, field[1].n);
		rule.command = field[2].n ? xstrndup(field[2].p, field[2].n) : NULL;
		rule.glob = glob_new(
		    rule.pattern, fold_case ? GLOB_FOLD_CASE : 0, NULL);
		GROW(rules->item, rules->n, rules->cap);
		rules->item[rules->n++] = rule;
	}
}

void
landing_rules_clear(struct landing_rules *rules)
{
	for (size_t i = 0; i < rules->n; i++) {
		free(rules->item[i].pattern);
		free(rules->item[i].command);
		glob_free(rules->item[i].glob);
	}
	free(rules->item);
	*rules = (struct landing_rules){ 0 };
}

bool
landing_rules_have(const struct landing_rules *rules, enum landing_action action)
{
	for (size_t i = 0; i < rules->n; i++) {
		if (rules->item[i].action == action)
			return true;
	}
	return false;
}

const struct landing_rule *
landing_rule_of(
    const struct landing_rules *rules, enum landing_action action, const char *path)
{
	for (size_t i = 0; i < rules->n; i++) {
		const struct landing_rule *rule = &rules->item[i];

		if (rule->action == action && rule->glob &&
		    (action != LANDING_DERIVED || rule->command) &&
		    glob_match(rule->glob, path))
			return rule;
	}
	return NULL;
}
