#include "engine/surroundings.h"

#include "base/mem.h"

#include <string.h>

/* The pattern of every "PATTERN=COMMAND". */
static void
read_derived(const struct config *config, struct git_list *patterns)
{
	struct git_list settings = { 0 };

	config_values(config, "divisi.derived", &settings);
	for (size_t i = 0; i < settings.n; i++) {
		const char *text = settings.item[i], *equals = strchr(text, '=');
		size_t n = equals ? (size_t)(equals - text) : 0;

		while (n > 0 && text[n - 1] == ' ')
			n--;
		/* Without a command nothing makes it again, and it stays what it is. */
		if (n > 0 && equals[1 + strspn(equals + 1, " ")])
			git_list_add_n(patterns, text, n);
	}
	git_list_clear(&settings);
}

void
surroundings_refresh(struct surroundings *s)
{
#define LIST(of) .of = (const char *const *)s->of.item, .n_##of = s->of.n
	s->env = (struct verdict_env){
		.tracked = (const char *const *)s->tree.files.item,
		.n_tracked = s->tree.files.n,
		.fold_case = s->env.fold_case,
		.link = s->link,
		.n_links = s->tree.n_links,
		.submodule = (const char *const *)s->tree.submodules.item,
		.n_submodules = s->tree.submodules.n,
		.infra_pattern = (const char *const *)s->infra.item,
		.n_infra_patterns = s->infra.n,
		LIST(exclusive),
		LIST(derived),
		LIST(united),
		LIST(series),
		LIST(counted),
	};
#undef LIST
}

int
surroundings_read(struct surroundings *around, const struct repo *repo,
    const struct config *config, struct err *err)
{
	struct surroundings *s = around;

	*s = (struct surroundings){ 0 };
	config_values(config, "divisi.infra", &s->infra);
	config_values(config, "divisi.exclusive", &s->exclusive);
	config_values(config, "divisi.united", &s->united);
	config_values(config, "divisi.series", &s->series);
	config_values(config, "divisi.counted", &s->counted);
	read_derived(config, &s->derived);
	if (repo_tree(repo, &s->tree, err) < 0)
		return -1;
	s->link = xcalloc(s->tree.n_links, sizeof(*s->link));
	for (size_t i = 0; i < s->tree.n_links; i++)
		s->link[i] = (struct tracked_link){ s->tree.link[i].path,
			s->tree.link[i].to };
	s->env.fold_case = repo->ignore_case;
	surroundings_refresh(s);
	return 0;
}

void
surroundings_clear(struct surroundings *around)
{
	git_tree_clear(&around->tree);
	git_list_clear(&around->infra);
	git_list_clear(&around->exclusive);
	git_list_clear(&around->derived);
	git_list_clear(&around->united);
	git_list_clear(&around->series);
	git_list_clear(&around->counted);
	free(around->link);
	*around = (struct surroundings){ 0 };
}
