#include "cli/init.h"

#include "base/embed.h"
#include "base/file.h"

#include <string.h>

/* skill.md, built in by tools/embed.py. */
extern const struct embedded cli_skill[];

#define SKILL_DIR       ".claude/skills/parallel-session-dispatch"
#define SKILL_MAX_BYTES (1u << 20)

/*
 * A file that somebody changed is theirs.  With --yes it is replaced, and kept beside the
 * new one.
 */
int
init_skill_decide(struct init *init, struct err *err)
{
	AUTO_FREE char *old = NULL;
	AUTO_FREE char *path = NULL;
	size_t n = 0;

	if (!init->skill)
		return 0;
	init->skill_path = xstrdup(SKILL_DIR "/SKILL.md");
	path = path_join(init->repo.top, init->skill_path);
	if (!file_exists(path)) {
		init->skill_state = SKILL_NEW;
		return 0;
	}
	old = file_read(path, SKILL_MAX_BYTES, &n, err);
	if (!old)
		return -1;
	if (n == cli_skill[0].n_bytes && memcmp(old, cli_skill[0].data, n) == 0) {
		init->skill_state = SKILL_SAME;
		return 0;
	}
	init->skill_state = SKILL_REPLACED;
	if (init->yes)
		return 0;
	err_set(
	    err, ERR_CONFLICT, "%s is there and differs from ours", init->skill_path);
	return err_fix(err, "divisi init --skill --yes replaces it and keeps yours as "
			    "SKILL.md.orig");
}

int
init_skill_write(struct init *init, struct err *err)
{
	AUTO_FREE char *dir = path_join(init->repo.top, SKILL_DIR);
	AUTO_FREE char *path = path_join(dir, "SKILL.md");
	AUTO_FREE char *kept = path_join(dir, "SKILL.md.orig");
	AUTO_FREE char *old = NULL;
	size_t n = 0;

	if (init->skill_state != SKILL_NEW && init->skill_state != SKILL_REPLACED)
		return 0;
	if (file_mkdirs(dir, 0777, err) < 0)
		return -1;
	if (init->skill_state == SKILL_REPLACED) {
		old = file_read(path, SKILL_MAX_BYTES, &n, err);
		if (!old || file_write_atomic(kept, old, n, 0644, err) < 0)
			return -1;
	}
	return file_write_atomic(
	    path, cli_skill[0].data, cli_skill[0].n_bytes, 0644, err);
}
