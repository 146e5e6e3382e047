#include "agent/gemini.h"

#include "agent/wire.h"
#include "base/crash.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SETTINGS_BYTES ((size_t)1 << 20)
#define ATTEMPTS       3

#define RECORD "session-"
#define KEPT   "session-kept-"

#define RECORD_BYTES ((size_t)256 << 20)

/* How a line of a record begins that puts other messages in the place of all before it. */
#define RESET    "{\"$set\":{\"messages\":"
#define BY_MODEL "\"type\":\"gemini\""

/* The directory of its own that SPEC gives it; NULL when it has only its user's. */
static const char *
own_gemini_home(const struct run_spec *spec)
{
	const char *users = getenv("GEMINI_CLI_HOME");
	const char *found = wire_env(spec, "GEMINI_CLI_HOME");

	return found && users && strcmp(found, users) == 0 ? NULL : found;
}

/* The object NAME of OBJECT, which gets one where it has none; NULL: it is something else. */
static struct json_object *
inner(struct json_object *object, const char *name)
{
	struct json_object *found = wire_get(object, name);

	if (!found) {
		found = json_object_new_object();
		json_object_object_add(object, name, found);
	}
	return json_object_is_type(found, json_type_object) ? found : NULL;
}

/*
 * One who is told to stop in a turn ends its record with a reset to the words that it begins
 * every conversation with; at its next start it removes that as empty, and what was said
 * cannot be had again (seen with 0.61.0).  Without that line it can.
 */
static void
mend_record(const char *path)
{
	size_t n = 0, keep;
	AUTO_FREE char *text = file_read(path, RECORD_BYTES, &n, NULL);
	struct err err = ERR_INIT;
	char *last;

	if (!text || n == 0)
		return;
	keep = n - 1; /* its last newline */
	while (keep > 0 && text[keep - 1] != '\n')
		keep--;
	last = text + keep;
	if (strncmp(last, RESET, sizeof(RESET) - 1) != 0 || strstr(last, BY_MODEL))
		return;
	*last = '\0';
	if (strstr(text, BY_MODEL) &&
	    file_write_atomic(path, text, keep, 0600, &err) < 0)
		log_warn("a conversation of Gemini may be lost: %s", err.text);
}

/*
 * A record is named by the minute in which its conversation began and by eight letters of its
 * id, and one that is loaded in that minute is begun anew in the place of the old one.  Under
 * another name it is found by its id all the same.
 */
static void
keep_record(const char *dir, const char *name)
{
	AUTO_FREE char *from = NULL, *to = NULL, *kept = NULL;

	if (strncmp(name, RECORD, sizeof(RECORD) - 1) != 0)
		return;
	from = path_join(dir, name);
	mend_record(from);
	if (strncmp(name, KEPT, sizeof(KEPT) - 1) == 0)
		return;
	kept = xasprintf(KEPT "%s", name + sizeof(RECORD) - 1);
	to = path_join(dir, kept);
	if (DURABLE("agent.record-keep", rename(from, to)) < 0)
		log_warn("a conversation of Gemini may be lost: %s", from);
}

/* The records of all that it did in its directory DIR, by project. */
static void
keep_records(const char *dir)
{
	AUTO_FREE char *all = path_join(dir, "tmp");
	DIR *projects = opendir(all);
	struct dirent *project, *record;

	while (projects && (project = readdir(projects))) {
		AUTO_FREE char *chats = xasprintf("%s/%s/chats", all, project->d_name);
		DIR *records = project->d_name[0] != '.' ? opendir(chats) : NULL;

		while (records && (record = readdir(records)))
			keep_record(chats, record->d_name);
		if (records)
			closedir(records);
	}
	if (projects)
		closedir(projects);
}

void
gemini_prepare(const struct agent_launch *launch, struct run_spec *spec)
{
	const char *home = own_gemini_home(spec);
	AUTO_FREE char *dir = home ? path_join(home, ".gemini") : NULL;
	AUTO_FREE char *path = dir ? path_join(dir, "settings.json") : NULL;
	AUTO_FREE char *text = NULL, *out = NULL;
	struct json_object *settings, *general;
	struct err err = ERR_INIT;

	if (!path)
		return;
	if (launch->resume_id)
		keep_records(dir);
	text = file_read(path, SETTINGS_BYTES, NULL, NULL);
	settings = text ? json_tokener_parse(text) : json_object_new_object();
	if (!json_object_is_type(settings, json_type_object)) {
		log_warn(
		    "Gemini tries as often as it likes: its settings.json is no JSON");
		json_object_put(settings);
		return;
	}
	general = inner(settings, "general");
	if (general && !wire_get(general, "maxAttempts"))
		json_object_object_add(
		    general, "maxAttempts", json_object_new_int(ATTEMPTS));
	out = wire_print_take(settings);
	if (file_write_atomic(path, out, strlen(out), 0600, &err) < 0)
		log_warn("Gemini tries as often as it likes: %s", err.text);
}
