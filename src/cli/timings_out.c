#include "cli/timings_out.h"

#include "base/mem.h"
#include "cli/json.h"
#include "policy/timings.h"

/* A "Review:" that means nothing stops the dispatch; here it is said, and nothing else. */
static size_t
needs_of(const struct plan *plan, struct timing_need *need, struct err *err)
{
	size_t n = 0;

	return timings_of(plan, need, &n, err) < 0 ? 0 : n;
}

void
timings_out_text(const struct plan *plan, const struct screen *screen)
{
	struct timing_need need[TIMING_N];
	struct err err = ERR_INIT;
	size_t n = needs_of(plan, need, &err);

	if (n == 0 && err.text[0])
		screen_wrap(screen, 2, 0, err.text);
	for (size_t i = 0; i < n; i++) {
		AUTO_FREE char *line = xasprintf("%s review%s%s, option %s, %s: %s",
		    timing_name(need[i].timing), need[i].phases[0] ? " of " : "",
		    need[i].phases, need[i].option,
		    need[i].is_required ? "required" : "advised (divisi review)",
		    need[i].why);

		screen_wrap(screen, 2, 0, line);
	}
}

void
timings_out_json(struct json_out *json, const struct plan *plan)
{
	struct timing_need need[TIMING_N];
	struct err err = ERR_INIT;
	size_t n = needs_of(plan, need, &err);

	json_out_open(json, "reviews", '[');
	for (size_t i = 0; i < n; i++) {
		json_object *o = json_object_new_object();

		json_object_object_add(
		    o, "timing", json_str(timing_name(need[i].timing)));
		json_object_object_add(
		    o, "required", json_object_new_boolean(need[i].is_required));
		json_object_object_add(o, "option", json_str(need[i].option));
		json_object_object_add(o, "phases", json_str(need[i].phases));
		json_object_object_add(o, "why", json_str(need[i].why));
		json_out_value(json, NULL, o);
	}
	json_out_close(json, ']');
}
