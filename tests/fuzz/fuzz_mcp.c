/*
 * Any bytes as a message to divisi mcp (src/mcp/): no crash, an answer is one line, and only
 * verbs of the tools' table are run, with nothing before "--" that a caller chose freely.
 */
#include "mcp/mcp.h"

#include "base/mem.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

static int
run(void *arg, char *const *argv, char **text)
{
	static const char *const verbs[] = { "check", "plan", "status", "tell",
		"verdict", "why", "why-not", "widen" };
	size_t i = 0;

	(void)arg;
	while (i < N_ELEMS(verbs) && strcmp(verbs[i], argv[0]) != 0)
		i++;
	assert(i < N_ELEMS(verbs) && strcmp(argv[1], "--json") == 0);
	for (i = 2; strcmp(argv[i], "--") != 0; i++)
		assert(strncmp(argv[i], "--", 2) == 0 && strchr(argv[i], '='));
	*text = xstrdup(argv[i + 1] ? argv[i + 1] : "{}");
	return (int)strlen(*text) % 6 - 1;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mcp mcp = { .version = "1", .session = "p1.1.1A", .run = run };
	AUTO_FREE char *text = mcp_answer(&mcp, (const char *)data, size);

	assert(!text || (text[0] && !strchr(text, '\n')));
	return 0;
}
