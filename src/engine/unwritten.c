#include "engine/internal.h"
#include "engine/members.h"

#include <string.h>

/*
 * What the journal does not take did not happen: with a full disk nothing begins, no question
 * comes up and no answer counts, and all of it is tried again.  So somebody has to hear that
 * it is the disk, for as long as it is.
 */

void
unwritten_note(struct engine *engine, int rc, const struct err *err)
{
	struct unwritten *u = &engine->unwritten;
	const char *text = err ? err->text : "";

	/* Within a group nothing is on the disk yet; and a bad row is no trouble of its. */
	if (rc == 0 && !engine->group_is_open)
		*u = (struct unwritten){ 0 };
	if (rc == 0 || !err || err->kind == ERR_INPUT)
		return;
	if (u->since == 0)
		u->since = engine->now();
	if (strncmp(text, "journal: ", 9) == 0)
		text += 9;
	text_print(u->text, sizeof(u->text), "%s", text);
	text_print(u->fix, sizeof(u->fix), "%s", err->fix);
}

void
unwritten_put(struct engine *engine, struct json_object *status)
{
	const struct unwritten *u = &engine->unwritten;
	struct json_object *o = json_object_new_object();

	if (u->since > 0)
		clock_keep(engine); /* is there room again? */
	member_text(o, "trouble", u->text);
	member_text(o, "fix", u->fix);
	member_number(o, "since", u->since);
	json_object_object_add(status, "journal", o);
}

size_t
unwritten_need(const struct engine *engine, struct json_object *needs)
{
	const struct unwritten *u = &engine->unwritten;
	AUTO_FREE char *home = text_shell_quote(engine->home), *what = NULL;
	AUTO_FREE char *command = xasprintf("df -h %s", home);
	struct json_object *one;
	const char *end;

	if (u->since == 0)
		return 0;
	end = strstr(u->text, "; nothing was written");
	what = xasprintf(
	    "cannot be written: %.*s; nothing goes on until that is mended, "
	    "then it does by itself",
	    (int)(end ? (size_t)(end - u->text) : strlen(u->text)), u->text);
	one = json_object_new_object();
	member_text(one, "session", "");
	member_text(one, "subject", "the journal");
	member_text(one, "what", what);
	member_text(one, "command", command);
	member_number(one, "since", u->since);
	json_object_array_add(needs, one);
	return 1;
}
