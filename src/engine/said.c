#include "engine/said.h"

#include <string.h>

static const char confirmation[] = "Session started"; /* S-70 */

/* Makes room for N more bytes; what goes is whole characters of the beginning. */
static void
make_room(struct said *said, size_t n)
{
	size_t gone = said->n + n > SAID_BYTES ? said->n + n - SAID_BYTES : 0;

	/* At least half goes at once, so that a long message is not moved for every part. */
	if (gone > 0 && gone < said->n / 2)
		gone = said->n / 2;
	if (gone > said->n)
		gone = said->n;
	while (gone < said->n && ((unsigned char)said->text[gone] & 0xC0) == 0x80)
		gone++;
	memmove(said->text, said->text + gone, said->n - gone);
	said->n -= gone;
	said->text[said->n] = '\0';
}

bool
said_add(struct said *said, const char *part, uint64_t from)
{
	size_t n = strlen(part), back;

	if (said->n == 0)
		said->from = from;
	/* Of one part that is too long alone, the end. */
	if (n > SAID_BYTES) {
		part += n - SAID_BYTES;
		n = SAID_BYTES;
		while (n > 0 && ((unsigned char)*part & 0xC0) == 0x80) {
			part++;
			n--;
		}
	}
	make_room(said, n);
	back = said->n < sizeof(confirmation) - 2 ? said->n : sizeof(confirmation) - 2;
	memcpy(said->text + said->n, part, n);
	said->n += n;
	said->text[said->n] = '\0';
	return strstr(said->text + said->n - n - back, confirmation) != NULL;
}

void
said_end(struct said *said)
{
	said->n = 0;
	said->text[0] = '\0';
}
