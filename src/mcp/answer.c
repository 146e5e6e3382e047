#include "mcp/mcp.h"

#include "base/mem.h"
#include "base/text.h"
#include "mcp/tools.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

/* One message in, one message out: which era it belongs to, and what is due. */

#define MODERN     "2026-07-28"
#define META       "io.modelcontextprotocol/"
#define BATCH      "2025-03-26" /* the only revision that knows lists of messages */
#define MAX_BATCH  64
#define LIST_TTL_S 3600

enum {
	PARSE_ERROR = -32700,
	INVALID_REQUEST = -32600,
	NO_METHOD = -32601,
	INVALID_PARAMS = -32602,
	UNSUPPORTED_VERSION = -32022,
};

static const char *const versions[] = { MODERN, "2025-11-25", "2025-06-18",
	"2025-03-26", "2024-11-05" };

static const char instructions[] =
    "divisi runs the phases of a written plan as parallel coding sessions. Plans are checked "
    "and compared with check_plan, plan, verdict and why_not; status and why say how things "
    "stand. Inside a session report what you do, ask with ask_question, and ask with "
    "request_widening before you write what your phase did not declare. No tool approves, "
    "answers or merges anything: a person does that with divisi approve and divisi merge.";

struct request {
	struct mcp *mcp;
	struct json_object *id; /* NULL: a notification */
	const char *method;
	struct json_object *params; /* an object, or NULL */
	bool is_modern;
};

/* ---- answers ------------------------------------------------------------------------------ */

static struct json_object *
message(const struct request *r)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "jsonrpc", json_object_new_string("2.0"));
	if (r && r->id)
		json_object_object_add(o, "id", json_object_get(r->id));
	return o;
}

static struct json_object *
failure(const struct request *r, int code, const char *text, struct json_object *data)
{
	struct json_object *o = message(r), *error = json_object_new_object();

	json_object_object_add(error, "code", json_object_new_int(code));
	json_object_object_add(error, "message", json_object_new_string(text));
	if (data)
		json_object_object_add(error, "data", data);
	json_object_object_add(o, "error", error);
	return o;
}

static struct json_object *
server_info(const struct mcp *mcp)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "name", json_object_new_string("divisi"));
	json_object_object_add(o, "version", json_object_new_string(mcp->version));
	return o;
}

/* RESULT, which is taken, with what its era wants beside it. */
static struct json_object *
success(const struct request *r, struct json_object *result)
{
	struct json_object *o = message(r), *meta;

	if (r->is_modern) {
		meta = json_object_new_object();
		json_object_object_add(meta, META "serverInfo", server_info(r->mcp));
		json_object_object_add(
		    result, "resultType", json_object_new_string("complete"));
		json_object_object_add(result, "_meta", meta);
	}
	json_object_object_add(o, "result", result);
	return o;
}

static void
add_caching(struct json_object *result)
{
	json_object_object_add(result, "ttlMs", json_object_new_int(LIST_TTL_S * 1000));
	json_object_object_add(result, "cacheScope", json_object_new_string("public"));
}

static struct json_object *
version_list(void)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < N_ELEMS(versions); i++)
		json_object_array_add(list, json_object_new_string(versions[i]));
	return list;
}

static struct json_object *
capabilities(void)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "tools", json_object_new_object());
	return o;
}

/* ---- methods --------------------------------------------------------------------------------- */

static struct json_object *
discover(const struct request *r)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "supportedVersions", version_list());
	json_object_object_add(o, "capabilities", capabilities());
	json_object_object_add(o, "instructions", json_object_new_string(instructions));
	add_caching(o);
	return success(r, o);
}

/* The handshake of the older revisions: theirs where we know it, else our newest of them. */
static struct json_object *
initialize(const struct request *r)
{
	struct json_object *o = json_object_new_object(), *wanted = NULL;
	const char *version = versions[1];

	if (r->params &&
	    json_object_object_get_ex(r->params, "protocolVersion", &wanted) &&
	    json_object_is_type(wanted, json_type_string)) {
		for (size_t i = 1; i < N_ELEMS(versions); i++) {
			if (strcmp(json_object_get_string(wanted), versions[i]) == 0)
				version = versions[i];
		}
	}
	snprintf(r->mcp->protocol, sizeof(r->mcp->protocol), "%s", version);
	json_object_object_add(o, "protocolVersion", json_object_new_string(version));
	json_object_object_add(o, "capabilities", capabilities());
	json_object_object_add(o, "serverInfo", server_info(r->mcp));
	json_object_object_add(o, "instructions", json_object_new_string(instructions));
	return success(r, o);
}

static struct json_object *
ping(const struct request *r)
{
	return success(r, json_object_new_object());
}

static struct json_object *
list_tools(const struct request *r)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "tools", tools_list());
	if (r->is_modern)
		add_caching(o);
	return success(r, o);
}

static struct json_object *
call_tool(const struct request *r)
{
	struct json_object *name = NULL, *arguments = NULL, *result;

	if (!r->params || !json_object_object_get_ex(r->params, "name", &name) ||
	    !json_object_is_type(name, json_type_string))
		return failure(
		    r, INVALID_PARAMS, "tools/call needs the name of a tool", NULL);
	if (json_object_object_get_ex(r->params, "arguments", &arguments) &&
	    arguments && !json_object_is_type(arguments, json_type_object))
		return failure(r, INVALID_PARAMS, "the arguments are no object", NULL);
	result = tools_call(r->mcp, json_object_get_string(name), arguments);
	if (!result)
		return failure(r, INVALID_PARAMS,
		    "there is no such tool; tools/list names them all", NULL);
	/* Older clients may not know the member. */
	if (!r->is_modern && r->mcp->protocol[0] &&
	    strcmp(r->mcp->protocol, "2025-06-18") < 0)
		json_object_object_del(result, "structuredContent");
	return success(r, result);
}

static const struct {
	const char *method;
	struct json_object *(*fn)(const struct request *r);
	bool in_modern, in_legacy;
} methods[] = {
	{ "server/discover", discover, true, false },
	{ "initialize", initialize, false, true },
	{ "ping", ping, false, true },
	{ "tools/list", list_tools, true, true },
	{ "tools/call", call_tool, true, true },
};

/* ---- which era ------------------------------------------------------------------------------- */

/* The member NAME of the request's _meta, or NULL. */
static struct json_object *
meta_of(const struct request *r, const char *name)
{
	struct json_object *meta = NULL, *value = NULL;

	if (!r->params || !json_object_object_get_ex(r->params, "_meta", &meta) ||
	    !json_object_is_type(meta, json_type_object) ||
	    !json_object_object_get_ex(meta, name, &value))
		return NULL;
	return value;
}

/* NULL when the request says what the stateless era wants of each. */
static struct json_object *
check_meta(struct request *r)
{
	struct json_object *version = meta_of(r, META "protocolVersion");
	struct json_object *data;

	if (!version || !json_object_is_type(version, json_type_string))
		return failure(
		    r, INVALID_PARAMS, "_meta lacks " META "protocolVersion", NULL);
	if (strcmp(json_object_get_string(version), MODERN) != 0) {
		data = json_object_new_object();
		json_object_object_add(data, "supported", version_list());
		json_object_object_add(data, "requested", json_object_get(version));
		return failure(
		    r, UNSUPPORTED_VERSION, "Unsupported protocol version", data);
	}
	if (!json_object_is_type(
		meta_of(r, META "clientCapabilities"), json_type_object))
		return failure(
		    r, INVALID_PARAMS, "_meta lacks " META "clientCapabilities", NULL);
	return NULL;
}

static struct json_object *
answer_request(struct request *r)
{
	struct json_object *problem;

	r->is_modern = meta_of(r, META "protocolVersion") != NULL ||
		       strcmp(r->method, "server/discover") == 0;
	if (r->is_modern && strcmp(r->method, "initialize") != 0) {
		problem = check_meta(r);
		if (problem)
			return problem;
	} else {
		r->is_modern = false;
	}
	for (size_t i = 0; i < N_ELEMS(methods); i++) {
		if (strcmp(methods[i].method, r->method) == 0 &&
		    (r->is_modern ? methods[i].in_modern : methods[i].in_legacy))
			return methods[i].fn(r);
	}
	return failure(r, NO_METHOD, "no such method here", NULL);
}

/* The answer to one message, or NULL. */
static struct json_object *
answer_one(struct mcp *mcp, struct json_object *o)
{
	struct request r = { .mcp = mcp };
	struct json_object *method = NULL, *version = NULL;

	if (!json_object_is_type(o, json_type_object))
		return failure(NULL, INVALID_REQUEST, "a message is an object", NULL);
	if (json_object_object_get_ex(o, "id", &r.id) &&
	    !json_object_is_type(r.id, json_type_string) &&
	    !json_object_is_type(r.id, json_type_int))
		return failure(
		    NULL, INVALID_REQUEST, "an id is a string or a whole number", NULL);
	/* What answers us was never asked. */
	if (!json_object_object_get_ex(o, "method", &method) && r.id &&
	    (json_object_object_get_ex(o, "result", NULL) ||
		json_object_object_get_ex(o, "error", NULL)))
		return NULL;
	if (!json_object_object_get_ex(o, "jsonrpc", &version) ||
	    !json_object_is_type(version, json_type_string) ||
	    strcmp(json_object_get_string(version), "2.0") != 0 ||
	    !json_object_is_type(method, json_type_string))
		return failure(&r, INVALID_REQUEST,
		    "a request has \"jsonrpc\":\"2.0\" and a method", NULL);
	if (!r.id)
		return NULL;
	r.method = json_object_get_string(method);
	if (json_object_object_get_ex(o, "params", &r.params) && r.params &&
	    !json_object_is_type(r.params, json_type_object))
		return failure(&r, INVALID_PARAMS, "params are an object", NULL);
	return answer_request(&r);
}

static struct json_object *
answer_batch(struct mcp *mcp, struct json_object *list)
{
	size_t n = json_object_array_length(list);
	struct json_object *answers;

	if (strcmp(mcp->protocol, BATCH) != 0 || n == 0 || n > MAX_BATCH)
		return failure(NULL, INVALID_REQUEST,
		    "one message a line; lists of up to 64 in revision " BATCH " only",
		    NULL);
	answers = json_object_new_array();
	for (size_t i = 0; i < n; i++) {
		struct json_object *one = answer_one(
		    mcp, json_object_array_get_idx(list, i));

		if (one)
			json_object_array_add(answers, one);
	}
	if (json_object_array_length(answers) > 0)
		return answers;
	json_object_put(answers);
	return NULL;
}

/* One whole value in UTF-8 and nothing behind it; NULL when LINE is no such thing. */
static struct json_object *
parse(const char *line, size_t n)
{
	struct json_tokener *tokener;
	struct json_object *o = NULL;

	if (n > MCP_LINE_BYTES || text_utf8_bad(line, n) >= 0)
		return NULL;
	tokener = json_tokener_new_ex(MCP_DEPTH);
	json_tokener_set_flags(
	    tokener, JSON_TOKENER_STRICT | JSON_TOKENER_ALLOW_TRAILING_CHARS);
	o = json_tokener_parse_ex(tokener, line, (int)n);
	if (json_tokener_get_error(tokener) != json_tokener_success ||
	    json_tokener_get_parse_end(tokener) +
		    strspn(line + json_tokener_get_parse_end(tokener), " \t\r") <
		n) {
		json_object_put(o);
		o = NULL;
	}
	json_tokener_free(tokener);
	return o;
}

char *
mcp_answer(struct mcp *mcp, const char *line, size_t n)
{
	/* A copy that ends with NUL: the tokener of json-c wants to see an end. */
	AUTO_FREE char *copy = xcalloc(1, n + 1);
	struct json_object *o, *answer;
	char *text;

	memcpy(copy, line, n);
	if (strspn(copy, " \t\r") == n)
		return NULL;
	o = parse(copy, n);
	if (!o)
		answer = failure(
		    NULL, PARSE_ERROR, "this line is no JSON message", NULL);
	else if (json_object_is_type(o, json_type_array))
		answer = answer_batch(mcp, o);
	else
		answer = answer_one(mcp, o);
	json_object_put(o);
	if (!answer)
		return NULL;
	text = xstrdup(json_object_to_json_string_ext(
	    answer, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(answer);
	return text;
}
