#include "cli/ci_log.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "engine/track_link.h"
#include "policy/feedback.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXCERPT_BYTES 3500
#define ONE_MS        10000 /* for one request */
#define ALL_MS        30000 /* for all of an order: the others wait meanwhile */

static void
add_log(const struct track_link *link, struct fields *order, size_t i, struct err *err)
{
	const struct tracker *tracker = link->tracker;
	AUTO_FREE char *log = NULL;
	AUTO_FREE char *part = NULL;
	AUTO_FREE char *text = NULL;
	char key[32];

	if (tracker->log(&link->link, fields_text_at(order, i, "repo"),
		fields_text_at(order, i, "ci_job"), &log, err) < 0)
		return;
	part = feedback_excerpt(log, EXCERPT_BYTES);
	text = xasprintf("%s\n\n%s", fields_text_at(order, i, "text"), part);
	snprintf(key, sizeof(key), "s%zu.text", i);
	fields_set(order, key, text);
}

void
ci_log_add(struct fields *order, const char *top)
{
	int64_t n = fields_number(order, "n", 0), until = clock_mono_ms() + ALL_MS;
	struct track_link link = { 0 };

	for (int64_t i = 0; i < n; i++) {
		const char *job = fields_text_at(order, (size_t)i, "ci_job");
		struct err err = ERR_INIT;

		if (job[0] == '\0')
			continue;
		if (clock_mono_ms() > until)
			err_set(&err, ERR_TIMEOUT, "the ones before it took too long");
		else if (link.tracker ||
			 track_link_open(&link, top, "github", &err) == 0) {
			link.link.limit_ms = ONE_MS;
			add_log(&link, order, (size_t)i, &err);
		}
		if (err.text[0])
			log_warn("the log of %s is not told: %s", job, err.text);
	}
	track_link_close(&link);
}
