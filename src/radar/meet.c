#include "base/mem.h"
#include "radar/radar.h"

#include <string.h>

/* Is a directory that holds PATH itself a path of LIST? */
static bool
has_parent(const struct git_list *list, const char *path)
{
	for (const char *at = path; (at = strchr(at, '/')); at++) {
		AUTO_FREE char *parent = xstrndup(path, (size_t)(at - path));

		if (git_list_has(list, parent))
			return true;
	}
	return false;
}

void
radar_shared(
    const struct git_list *a, const struct git_list *b, struct git_list *shared)
{
	size_t k = 0;

	for (size_t i = 0; i < a->n; i++) {
		int order = 1;

		while (k < b->n && (order = strcmp(b->item[k], a->item[i])) < 0)
			k++;
		if ((k < b->n && order == 0) || has_parent(b, a->item[i]))
			git_list_add(shared, a->item[i]);
	}
	for (size_t i = 0; i < b->n; i++) {
		if (has_parent(a, b->item[i]))
			git_list_add(shared, b->item[i]);
	}
	git_list_sort(shared);
}
