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
 * A record is named by the minute in which its conversation began and by eight letters of its
 * id, and one that is loaded in that minute is begun anew in the place of the old one.  Under
 * another name it is found by its id all the same.
 */
static void
keep_record(const char *dir, const char *name)
{
	AUTO_FREE char *from = NULL, *to = NULL, *kept = NULL;

	if (strncmp(name, RECORD, sizeof(RECORD) - 1) != 0 ||
	    strncmp(name, KEPT, sizeof(KEPT) - 1) == 0)
		return;
	kept = xasprintf(KEPT "%s", name + sizeof(RECORD) - 1);
	from = path_join(dir, name);
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
