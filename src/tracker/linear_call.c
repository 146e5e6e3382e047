#include "tracker/linear.h"

#include "base/text.h"

#include <string.h>
#include <strings.h>

/* Which trouble an error of theirs is: by its code, else by what it says. */
static enum tracker_trouble
trouble_of(struct json_object *error)
{
	static const struct {
		const char *code;
		enum tracker_trouble trouble;
	} codes[] = {
		{ "RATELIMITED", TRACKER_LIMITED },
		{ "AUTHENTICATION_ERROR", TRACKER_AUTH },
		{ "AUTHENTICATION_REQUIRED", TRACKER_AUTH },
		{ "FORBIDDEN", TRACKER_AUTH },
		{ "INTERNAL_SERVER_ERROR", TRACKER_LATER },
		{ "LOCK_TIMEOUT", TRACKER_LATER },
	};
	const char *code = net_str(error, "extensions.code");
	const char *said = net_str(error, "message");

	for (size_t i = 0; i < N_ELEMS(codes); i++) {
		if (strcmp(code, codes[i].code) == 0)
			return codes[i].trouble;
	}
	if (strcasestr(said, "not found") || strcasestr(said, "could not find"))
		return TRACKER_MISSING;
	return TRACKER_REFUSED;
}

/* What the people who made it meant to be shown is better than the message. */
static char *
said_of(const struct tracker_link *link, struct json_object *error)
{
	const char *said = net_str(error, "extensions.userPresentableMessage");

	return http_quote(link->net->http, *said ? said : net_str(error, "message"));
}

static int
judge(const struct tracker_link *link, const struct http_answer *answer,
    struct json_object *error, struct err *err)
{
	AUTO_FREE char *said = said_of(link, error);
	enum tracker_trouble trouble = trouble_of(error);
	struct http_answer as = *answer;

	switch (trouble) {
	case TRACKER_LIMITED: return net_limited(link, answer, err);
	case TRACKER_AUTH: as.status = 401; return net_status(link, &as, said, err);
	case TRACKER_LATER: as.status = 500; return net_status(link, &as, said, err);
	case TRACKER_MISSING:
		err_set(err, ERR_NOT_FOUND, "linear: %s", said);
		return net_trouble(link, trouble);
	case TRACKER_FINE:
	case TRACKER_REFUSED:
	case TRACKER_CONFLICT:
	case TRACKER_N_TROUBLES: break;
	}
	if (answer->status >= 500)
		return net_status(link, answer, said, err);
	err_set(err, ERR_REFUSED, "linear: refused: %s", said);
	return net_trouble(link, TRACKER_REFUSED);
}

/* An answer that is none: it may be another one next time. */
static int
no_sense(const struct tracker_link *link, const char *what, struct err *err)
{
	err_set(err, ERR_INPUT, "linear: its answer %s", what);
	err_fix(err, HTTP_FIX_ADDRESS);
	return net_trouble(link, TRACKER_LATER);
}

/* True unless a member of DATA says success: false. */
static bool
had_success(struct json_object *data)
{
	json_object_object_foreach (data, key, value) {
		struct json_object *success = net_get(value, "success");

		(void)key;
		if (success && !json_object_get_boolean(success))
			return false;
	}
	return true;
}

static int
take_answer(const struct tracker_link *link, const struct http_answer *answer,
    struct json_object **data, struct err *err)
{
	NET_JSON struct json_object *json = net_parse(answer->body, answer->n_body);
	struct json_object *got;

	if (net_len(json, "errors") > 0)
		return judge(link, answer, net_at(json, "errors", 0), err);
	/* Linear itself says so of issues within an answer, so this is not it. */
	if (answer->status == 404)
		return no_sense(link, "is none of Linear's (HTTP 404)", err);
	if (answer->status != 200)
		return net_status(link, answer, "", err);
	if (!json)
		return no_sense(link, "is no JSON", err);
	got = net_get(json, "data");
	if (!json_object_is_type(got, json_type_object))
		return no_sense(link, "holds no data", err);
	if (!had_success(got)) {
		err_set(err, ERR_REFUSED, "linear: it did not do it, and said no why");
		return net_trouble(link, TRACKER_REFUSED);
	}
	*data = json_object_get(got);
	return 0;
}

int
linear_call(const struct tracker_link *link, enum linear_op op,
    struct json_object *variables, struct json_object **data, struct err *err)
{
	static const char *const headers[] = { "Content-Type: application/json", NULL };
	NET_JSON struct json_object *request = json_object_new_object();
	struct http_call call = { .method = "POST", .target = "", .header = headers };
	struct http_answer answer;
	int rc;

	net_add_text(request, "query", linear_text[op].text);
	net_add_text(request, "operationName", linear_text[op].name);
	net_add(request, "variables", variables);
	call.body = json_object_to_json_string_length(
	    request, JSON_C_TO_STRING_PLAIN, &call.n_body);
	if (net_send(link, &call, &answer, err) < 0)
		return -1;
	rc = take_answer(link, &answer, data, err);
	http_answer_clear(&answer);
	return rc;
}

struct json_object *
linear_var(const char *key, const char *value)
{
	struct json_object *obj = json_object_new_object();

	net_add_text(obj, key, value);
	return obj;
}

struct json_object *
linear_brief(const struct tracker_link *link, const char *id, struct err *err)
{
	NET_JSON struct json_object *data = NULL;
	struct json_object *issue;

	if (linear_call(link, LINEAR_BRIEF, linear_var("id", id), &data, err) < 0) {
		if (err->kind == ERR_NOT_FOUND)
			err_set(err, ERR_NOT_FOUND, "linear: there is no issue %s", id);
		return NULL;
	}
	issue = net_get(data, "issue");
	if (*net_str(issue, "id") == '\0' || *net_str(issue, "identifier") == '\0') {
		(void)no_sense(link, "holds no issue", err);
		return NULL;
	}
	return json_object_get(issue);
}
