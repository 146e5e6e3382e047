#include "cli/notes.h"

#include "base/mem.h"
#include "base/text.h"
#include "cli/client.h"

#include <string.h>

#define CLOCK_TOLD_MS (24LL * 60 * 60 * 1000)
#define N_LEFT_SHOWN  5

char *
notes_clock(int64_t by, const char *kind)
{
	AUTO_FREE char *age = text_age((by < 0 ? -by : by) + 500);

	if (strcmp(kind, "slept") == 0)
		return xasprintf("the machine slept for %s", age);
	if (strcmp(kind, "off") == 0)
		return xasprintf("the machine was off; %s are charged to nobody", age);
	if (strcmp(kind, "ended") == 0)
		return xasprintf(
		    "an agent had ended %s before; that is charged to nobody", age);
	return xasprintf("the clock was set %s by %s", by < 0 ? "back" : "ahead", age);
}

/* For a day after somebody set it: what was dated before it looks odd beside what is since. */
static void
print_clock(const struct screen *screen, const struct json_object *status, int64_t now)
{
	const struct json_object *set = js_get(status, "clock_set");
	int64_t at = js_number(set, "at", 0);
	AUTO_FREE char *went = notes_clock(js_number(set, "by", 0), "set"),
		       *line = NULL;
	char when[32];

	if (at <= 0 || now - at > CLOCK_TOLD_MS)
		return;
	text_time(at, when, sizeof(when));
	line = xasprintf("%s at %.8s UTC: limits and costs go by the time that passed",
	    went, when + 11);
	screen_wrap(screen, 2, 0, line);
}

static void
print_left(const struct screen *screen, const struct json_object *left)
{
	AUTO_FREE char *label = text_show(js_text(left, "label"), true);
	AUTO_FREE char *path = text_show(js_text(left, "path"), true);
	AUTO_FREE char *why = text_show(js_text(left, "why"), true);
	AUTO_FREE char *fix = text_show(js_text(left, "fix"), true);
	AUTO_FREE char *line = xasprintf(
	    "%s has landed; its worktree is kept: %s", label, why);

	screen_wrap(screen, 2, 0, line);
	fprintf(screen->out, "  in %s\n", path);
	if (fix[0])
		fprintf(screen->out, "  -> %s\n", fix);
	fputs("  -> divisi doctor --mend\n", screen->out);
}

void
notes_print(const struct screen *screen, const struct json_object *status)
{
	struct json_object *left = js_get(status, "left");
	size_t n = js_count(left);

	print_clock(screen, status, js_number(status, "now", 0));
	for (size_t i = 0; i < n && i < N_LEFT_SHOWN; i++)
		print_left(screen, js_at(left, i));
	if (n > N_LEFT_SHOWN)
		fprintf(screen->out, "and %zu more worktrees: divisi doctor\n",
		    n - N_LEFT_SHOWN);
}
