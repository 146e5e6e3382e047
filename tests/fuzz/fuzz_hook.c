/*
 * What an agent gives its hook (src/hook/scan.c, call.c, shell.c), in two pieces as a pipe may
 * give it: no crash, the same paths however it is cut, each absolute.
 */
#include "hook/call.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct call whole, cut;
	size_t at = size > 0 ? data[0] % size : 0;
	enum call_kind kind;

	call_init(&whole);
	call_init(&cut);
	if (call_feed(&whole, (const char *)data, size) !=
	    (call_feed(&cut, (const char *)data, at) &&
		call_feed(&cut, (const char *)data + at, size - at)))
		assert(false);
	kind = call_finish(&whole);
	assert(kind == call_finish(&cut) && whole.n == cut.n);
	for (size_t i = 0; i < whole.n; i++)
		assert(
		    whole.path[i][0] == '/' && strcmp(whole.path[i], cut.path[i]) == 0);
	call_clear(&whole);
	call_clear(&cut);
	return 0;
}
