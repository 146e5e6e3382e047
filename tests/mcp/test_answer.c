#include "mcp/mcp.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Both eras of the protocol, message by message. */

static char ran[512]; /* the last command line */
static const char *prints = "{\"ok\":true}";
static int status;

static int
run(void *arg, char *const *argv, char **text)
{
	(void)arg;
	ran[0] = '\0';
	for (size_t i = 0; argv[i]; i++) {
		size_t n = strlen(ran);

		snprintf(ran + n, sizeof(ran) - n, "%s[%s]", n ? " " : "", argv[i]);
	}
	*text = xstrdup(prints);
	return status;
}

static struct mcp
server(const char *session)
{
	status = 0;
	prints = "{\"ok\":true}";
	ran[0] = '\0';
	return (struct mcp){ .version = "1", .session = session, .run = run };
}

static char *
answer(struct mcp *mcp, const char *line)
{
	char *text = mcp_answer(mcp, line, strlen(line));

	if (text && strchr(text, '\n'))
		fail_msg("more than one line: %s", text);
	return text;
}

#define HAS(text, part)                                          \
	do {                                                     \
		if (!strstr((text), (part)))                     \
			fail_msg("no %s in %s", (part), (text)); \
	} while (0)

#define META                                                                     \
	"\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\"," \
	"\"io.modelcontextprotocol/clientCapabilities\":{}}"
#define MODERN(method, more)                                 \
	"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"" method \
	"\",\"params\":{" META more "}}"
#define LEGACY(method, params)                                   \
	"{\"jsonrpc\":\"2.0\",\"id\":\"a\",\"method\":\"" method \
	"\",\"params\":{" params "}}"

static void
the_stateless_era_needs_no_handshake(void **state)
{
	struct mcp mcp = server("");
	AUTO_FREE char *found = answer(&mcp, MODERN("server/discover", ""));
	AUTO_FREE char *list = answer(&mcp, MODERN("tools/list", ""));
	AUTO_FREE char *call = answer(
	    &mcp, MODERN("tools/call",
		      ",\"name\":\"check_plan\",\"arguments\":{\"plan\":\"p\"}"));

	(void)state;
	HAS(found, "\"supportedVersions\":[\"2026-07-28\",\"2025-11-25\"");
	HAS(found, "\"resultType\":\"complete\"");
	HAS(found, "\"cacheScope\":\"public\"");
	HAS(found, "io.modelcontextprotocol/serverInfo");
	HAS(list, "\"ttlMs\":");
	HAS(list, "\"resultType\":\"complete\"");
	HAS(call, "\"structuredContent\":{\"ok\":true}");
	HAS(call, "\"resultType\":\"complete\"");
	assert_string_equal(ran, "[check] [--json] [--] [p]");
}

static void
an_unknown_revision_is_told_those_that_are_known(void **state)
{
	struct mcp mcp = server("");
	AUTO_FREE char *text = answer(&mcp,
	    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\",\"params\":{\"_meta\":{"
	    "\"io.modelcontextprotocol/protocolVersion\":\"1900-01-01\","
	    "\"io.modelcontextprotocol/clientCapabilities\":{}}}}");
	AUTO_FREE char *lacks = answer(&mcp,
	    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\",\"params\":{\"_meta\":{"
	    "\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\"}}}");
	AUTO_FREE char *none = answer(
	    &mcp, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"server/discover\"}");
	AUTO_FREE char *gone = answer(&mcp, MODERN("ping", ""));

	(void)state;
	HAS(text, "\"code\":-32022");
	HAS(text, "\"requested\":\"1900-01-01\"");
	HAS(text, "\"supported\":[\"2026-07-28\"");
	HAS(lacks, "\"code\":-32602");
	HAS(none, "\"code\":-32602");
	HAS(gone, "\"code\":-32601");
}

static void
each_older_revision_shakes_hands(void **state)
{
	static const struct {
		const char *asked, *given;
	} rows[] = { { "2025-11-25", "2025-11-25" }, { "2025-06-18", "2025-06-18" },
		{ "2025-03-26", "2025-03-26" }, { "2024-11-05", "2024-11-05" },
		{ "2026-07-28", "2025-11-25" }, { "1.0", "2025-11-25" } };

	(void)state;
	for (size_t i = 0; i < N_ELEMS(rows); i++) {
		struct mcp mcp = server("");
		AUTO_FREE char *hello = xasprintf(
		    LEGACY("initialize",
			"\"protocolVersion\":\"%s\",\"capabilities\":{},"
			"\"clientInfo\":{\"name\":\"x\",\"version\":\"1\"}"),
		    rows[i].asked);
		AUTO_FREE char *want = xasprintf(
		    "\"protocolVersion\":\"%s\"", rows[i].given);
		AUTO_FREE char *text = answer(&mcp, hello);
		AUTO_FREE char *list = answer(&mcp, LEGACY("tools/list", ""));
		AUTO_FREE char *pong = answer(&mcp, LEGACY("ping", ""));

		HAS(text, want);
		HAS(text, "\"id\":\"a\"");
		HAS(text, "\"serverInfo\":{\"name\":\"divisi\"");
		assert_null(strstr(text, "resultType"));
		assert_null(strstr(list, "ttlMs"));
		HAS(pong, "\"result\":{}");
		assert_null(answer(&mcp,
		    "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}"));
	}
}

static void
older_clients_get_no_structured_content(void **state)
{
	struct mcp mcp = server("");
	AUTO_FREE char *hello = answer(
	    &mcp, LEGACY("initialize", "\"protocolVersion\":\"2024-11-05\""));
	AUTO_FREE char *text = answer(
	    &mcp, LEGACY("tools/call", "\"name\":\"status\",\"arguments\":{}"));

	(void)state;
	HAS(hello, "2024-11-05");
	HAS(text, "{\\\"ok\\\":true}");
	assert_null(strstr(text, "structuredContent"));
}

/* Only revision 2025-03-26 has lists of messages. */
static void
a_list_of_messages_belongs_to_its_revision(void **state)
{
	static const char list[] =
	    "[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"},"
	    "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/x\"},"
	    "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"ping\"}]";
	struct mcp mcp = server("");
	AUTO_FREE char *refused = answer(&mcp, list), *taken = NULL;

	(void)state;
	HAS(refused, "-32600");
	snprintf(mcp.protocol, sizeof(mcp.protocol), "2025-03-26");
	taken = answer(&mcp, list);
	assert_string_equal(taken, "[{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}},"
				   "{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":{}}]");
}

static void
what_is_no_message_is_told_so(void **state)
{
	static const struct {
		const char *line, *code;
	} rows[] = {
		{ "{", "-32700" },
		{ "hello", "-32700" },
		{ "{} {}", "-32700" },
		{ "{\"a\":\"\377\"}", "-32700" },
		{ "17", "-32700" },
		{ "\"x\"", "-32600" },
		{ "[]", "-32600" },
		{ "{}", "-32600" },
		{ "{\"jsonrpc\":\"1.0\",\"id\":1,\"method\":\"ping\"}", "-32600" },
		{ "{\"jsonrpc\":\"2.0\",\"id\":null,\"method\":\"ping\"}", "-32600" },
		{ "{\"jsonrpc\":\"2.0\",\"id\":[1],\"method\":\"ping\"}", "-32600" },
		{ "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":7}", "-32600" },
		{ "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"params\":[]}",
		    "-32602" },
		{ "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"resources/list\"}",
		    "-32601" },
		{ LEGACY("tools/call", ""), "-32602" },
		{ LEGACY("tools/call", "\"name\":\"rm\""), "-32602" },
		{ LEGACY("tools/call", "\"name\":\"status\",\"arguments\":[]"),
		    "-32602" },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMS(rows); i++) {
		struct mcp mcp = server("");
		AUTO_FREE char *text = answer(&mcp, rows[i].line);

		if (!text || !strstr(text, rows[i].code))
			fail_msg("%s: %s", rows[i].line, text ? text : "nothing");
	}
}

static void
what_wants_no_answer_gets_none(void **state)
{
	static const char *const rows[] = { "", "  \t",
		"{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\"}",
		"{\"jsonrpc\":\"2.0\",\"id\":4,\"result\":{}}",
		"{\"jsonrpc\":\"2.0\",\"id\":4,\"error\":{}}" };

	(void)state;
	for (size_t i = 0; i < N_ELEMS(rows); i++) {
		struct mcp mcp = server("");

		assert_null(answer(&mcp, rows[i]));
	}
}

/* Cut anywhere a message is no message, and nothing is run for it. */
static void
a_message_cut_at_any_byte_runs_nothing(void **state)
{
	static const char call[] = MODERN("tools/call",
	    ",\"name\":\"check_plan\",\"arguments\":{\"plan\":\"p\\u00e9\"}");
	struct mcp mcp = server("");

	(void)state;
	for (size_t n = 1; n + 1 < sizeof(call); n++) {
		AUTO_FREE char *text = mcp_answer(&mcp, call, n);

		HAS(text, "-32700");
		assert_string_equal(ran, "");
	}
}

static void
nesting_and_nul_bytes_are_no_message(void **state)
{
	char deep[256];
	struct mcp mcp = server("");
	AUTO_FREE char *text = NULL, *nul = NULL;

	(void)state;
	memset(deep, '[', 128);
	memset(deep + 128, ']', 128);
	text = mcp_answer(&mcp, deep, sizeof(deep));
	HAS(text, "-32700");
	nul = mcp_answer(&mcp, "{\0}", 3);
	HAS(nul, "-32700");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_stateless_era_needs_no_handshake),
		cmocka_unit_test(an_unknown_revision_is_told_those_that_are_known),
		cmocka_unit_test(each_older_revision_shakes_hands),
		cmocka_unit_test(older_clients_get_no_structured_content),
		cmocka_unit_test(a_list_of_messages_belongs_to_its_revision),
		cmocka_unit_test(what_is_no_message_is_told_so),
		cmocka_unit_test(what_wants_no_answer_gets_none),
		cmocka_unit_test(a_message_cut_at_any_byte_runs_nothing),
		cmocka_unit_test(nesting_and_nul_bytes_are_no_message),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
