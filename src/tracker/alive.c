#include "tracker/alive.h"

#include "base/text.h"
#include "tracker/http.h"

int
alive_ask(const char *url, long limit_ms, char *why, size_t n, struct err *err)
{
	const struct http_call call = {
		.method = "GET", .target = "", .may_redirect = true
	};
	struct http_answer answer = { 0 };
	struct http *http = http_open(url, limit_ms, err);
	int rc = http ? http_send(http, &call, &answer, err) : -1;
	int status = answer.status;

	/* One that is larger than we would read is there. */
	if (rc < 0 && err->kind == ERR_INPUT)
		status = 200;
	if (http)
		http_close(http);
	http_answer_clear(&answer);
	if (status >= 200 && status < 400)
		return 1;
	if (status == 404 || status == 410) {
		text_print(why, n, "its server answers %d", status);
		return 0;
	}
	if (rc == 0)
		err_set(err, ERR_SYSTEM, "its server answers %d", status);
	return -1;
}
