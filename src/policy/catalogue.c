#include "policy/catalogue.h"

#include "base/mem.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The words of --help that our command lines need: source, each program's own help. */
static const struct agent_ability claude_abilities[] = {
	{ "control", "--input-format",
	    "it cannot be spoken with: no questions, no approvals", true },
	{ "modes", "--permission-mode", "Bypass, Plan and Ask cannot be told apart",
	    true },
	{ "session-id", "--session-id",
	    "its session cannot be found again after a crash", true },
	{ "resume", "--resume", "a session that was cut off begins anew", false },
	{ "name", "--name", "sessions have no name in its own lists", false },
	{ "budget", "--max-budget-usd", "only divisi ends it at its budget", false },
	{ "hooks", "--settings", "it gets no early answer about what it may not touch",
	    false },
	{ 0 },
};
static const struct agent_ability codex_abilities[] = {
	{ "app-server", "app-server", "it can neither ask nor be interrupted", false },
	{ "exec", "exec", "it cannot be run without a screen", true },
	{ 0 },
};
static const struct agent_ability gemini_abilities[] = {
	{ "acp", "--acp", "it cannot be spoken with: no questions, no approvals",
	    true },
	{ "modes", "--approval-mode", "Bypass, Plan and Ask cannot be told apart",
	    false },
	{ "hooks", NULL, "what it may not touch it learns from the fence alone",
	    false },
	{ "mid-turn words", NULL, "what is said to it waits until its turn is over",
	    false },
	{ 0 },
};
static const struct agent_ability opencode_abilities[] = {
	{ "acp", "acp", "it cannot be spoken with: no questions, no approvals", true },
	{ 0 },
};
static const struct agent_ability copilot_abilities[] = {
	{ "acp", "--acp", "it cannot be spoken with: no questions, no approvals",
	    true },
	{ "resume", "--resume", "a session that was cut off begins anew", false },
	{ 0 },
};

#define BIT(mode) (1u << EXEC_##mode)
#define ALL_MODES \
	(BIT(QUICK) | BIT(TDD) | BIT(PAIR) | BIT(CHECKPOINT) | BIT(SWARM) | BIT(SPIKE))
/* Checkpoint is Claude Code alone, no substitution. */
#define BUT_CHECKPOINT (ALL_MODES & ~BIT(CHECKPOINT))

/*
 * Names, stages and terms as the method's catalogue has them.  Modes allowed: listed by both
 * Warned: listed by one, or by none for a program that runs here under our own
 * launch modes, which those tables do not speak of.  Factory is R-94's (quick or tdd)
 * with A-47's pair.
 */
static const struct agent_kind catalogue[] = {
	{
	    .name = "claude",
	    .shown = "Claude Code",
	    .adapter = "claude",
	    .knows_method = true,
	    .modes = ALL_MODES,
	    .program = "claude",
	    .stages = "all; the default of every mode",
	    .dispatch = "session launch; delegated issues are read at its start",
	    .reacts = "push for status, expand and help; pull for implementation",
	    .latency = "next session",
	    .cost = "subscription",
	    .branch = "claude/",
	    .reads = "CLAUDE.md, all methodology",
	    .trust = "high",
	    .scope = "full repository",
	    .status = "adopted",
	    .constraint = "the only one that knows the whole method; needs a session",
	    .oldest = "2.1.197",
	    .newest = "2.1.330",
	    .ability = claude_abilities,
	    .mend = "npm install -g @anthropic-ai/claude-code",
	},
	{
	    .name = "codex",
	    .shown = "Codex",
	    .adapter = "codex",
	    .warned = BUT_CHECKPOINT,
	    .program = "codex",
	    .stages = "4 (pull requests), 7",
	    .dispatch = "session launch; delegation or mention",
	    .reacts = "push",
	    .latency = "under 1 h",
	    .cost = "$20 a month",
	    .branch = "codex/",
	    .reads = "AGENTS.md",
	    .trust = "medium",
	    .scope = "full repository here, pull requests in the tracker",
	    .status = "adopted",
	    .constraint = "its own sandbox keeps it from committing: ours replaces it",
	    .oldest = "0.169.0",
	    .newest = "0.169.0",
	    .ability = codex_abilities,
	    .mend = "npm install -g @openai/codex",
	},
	{
	    /* One turn, told to nobody and asking nobody: no plans, no questions. */
	    .name = "codex-exec",
	    .shown = "Codex (exec)",
	    .adapter = "codex-exec",
	    .warned = BIT(QUICK) | BIT(TDD) | BIT(SWARM) | BIT(SPIKE),
	    .program = "codex",
	    .stages = "4 (pull requests), 7",
	    .dispatch = "session launch",
	    .reacts = "pull",
	    .latency = "under 1 h",
	    .cost = "$20 a month",
	    .branch = "codex/",
	    .reads = "AGENTS.md",
	    .trust = "medium",
	    .scope = "full repository",
	    .status = "adopted",
	    .constraint = "one turn: it can neither ask nor be told anything",
	    .oldest = "0.169.0",
	    .newest = "0.169.0",
	    .ability = codex_abilities,
	    .mend = "npm install -g @openai/codex",
	},
	{
	    .name = "gemini",
	    .shown = "Gemini CLI",
	    .adapter = "gemini",
	    .warned = BUT_CHECKPOINT,
	    .program = "gemini",
	    .stages = "6",
	    .dispatch = "session launch",
	    .reacts = "pull",
	    .latency = "next session",
	    .cost = "subscription or key",
	    .branch = "gemini/",
	    .reads = "GEMINI.md",
	    .trust = "medium",
	    .scope = "full repository",
	    .status = "conditional",
	    .constraint = "a folder that it does not trust overrides the launch mode",
	    .oldest = "0.61.0",
	    .newest = "0.61.0",
	    .ability = gemini_abilities,
	    .mend = "npm install -g @google/gemini-cli",
	},
	{
	    .name = "opencode",
	    .shown = "OpenCode",
	    .adapter = "opencode",
	    .warned = BUT_CHECKPOINT,
	    .program = "opencode",
	    .stages = "6",
	    .dispatch = "session launch",
	    .reacts = "pull",
	    .latency = "next session",
	    .cost = "the model's",
	    .branch = "opencode/",
	    .reads = "AGENTS.md",
	    .trust = "medium",
	    .scope = "full repository",
	    .status = "conditional",
	    .constraint = "allows everything unless it is told to ask",
	    .oldest = "1.18.33",
	    .newest = "1.18.33",
	    .ability = opencode_abilities,
	    .mend = "npm install -g opencode-ai",
	},
	{
	    .name = "copilot",
	    .shown = "Copilot",
	    .adapter = "copilot",
	    .modes = BIT(QUICK),
	    .warned = BUT_CHECKPOINT & ~BIT(QUICK),
	    .program = "copilot",
	    .stages = "6, quick",
	    .dispatch = "session launch; assign the GitHub issue, or a label",
	    .reacts = "push",
	    .latency = "under 1 h",
	    .cost = "free, or one premium request",
	    .branch = "copilot/",
	    .reads = "copilot-instructions",
	    .trust = "medium",
	    .scope = "pull requests, gated by CI",
	    .status = "adopted",
	    .constraint = "must be switched on for each repository",
	    .oldest = "1.0.102",
	    .newest = "1.0.102",
	    .ability = copilot_abilities,
	    .mend = "npm install -g @github/copilot",
	},
	{
	    .name = "claude-acp",
	    .shown = "Claude Code (ACP)",
	    .adapter = "claude-acp",
	    .knows_method = true,
	    .modes = BUT_CHECKPOINT,
	    .program = "claude-agent-acp",
	},
	{
	    .name = "codex-acp",
	    .shown = "Codex (ACP)",
	    .adapter = "codex-acp",
	    .warned = BUT_CHECKPOINT,
	    .program = "codex-acp",
	},
	{
	    /* Any program that speaks the Agent Client Protocol: `acp:PROGRAM` names it. */
	    .name = "acp",
	    .shown = "acp",
	    .adapter = "acp",
	    .warned = BUT_CHECKPOINT,
	},
	{
	    .name = "factory",
	    .shown = "Factory",
	    .is_external = true,
	    .modes = BIT(QUICK) | BIT(TDD),
	    .warned = BIT(PAIR) | BIT(SWARM),
	    .stages = "6, the background default",
	    .dispatch = "delegate or assign in the tracker, or REST",
	    .reacts = "push",
	    .latency = "under 5 min",
	    .cost = "$16 a month, flat",
	    .branch = "factory/",
	    .reads = "AGENTS.md, the issue",
	    .trust = "medium",
	    .scope = "pull requests",
	    .status = "adopted",
	    .constraint =
		"quick and tdd only; template and plan attached; look after 30 "
		"min; cannot ask",
	    .delegate = "Factory",
	    .mention = "factory",
	    .fallback = "amp cto.new copilot-agent",
	    .needs_template = true,
	    .needs_plan = true,
	},
	{
	    .name = "cursor",
	    .shown = "Cursor",
	    .is_external = true,
	    .modes = BIT(TDD),
	    .warned = BIT(PAIR),
	    .stages = "6, tdd",
	    .dispatch = "assignment",
	    .reacts = "push (cloud); the IDE is local",
	    .latency = "under 1 h",
	    .cost = "$20 a month",
	    .branch = "cursor/{issue-id}",
	    .reads = ".cursor/rules",
	    .trust = "high",
	    .scope = "local",
	    .status = "adopted",
	    .constraint = "needs a default repository and model",
	    .delegate = "Cursor",
	    .mention = "cursor",
	    .fallback = "factory cto.new",
	},
	{
	    .name = "cto.new",
	    .shown = "cto.new",
	    .is_external = true,
	    .modes = BIT(QUICK),
	    .warned = BIT(SPIKE),
	    .stages = "0, 5-6",
	    .dispatch = "delegation in the tracker",
	    .reacts = "push",
	    .latency = "under 5 min",
	    .cost = "free",
	    .branch = "its own",
	    .reads = "the issue's text only",
	    .trust = "low",
	    .scope = "pull requests",
	    .status = "conditional",
	    .constraint = "unstructured reviews; set up on its own site",
	    .delegate = "cto.new",
	    .mention = "ctonew",
	    .fallback = "copilot-agent factory",
	},
	{
	    .name = "amp",
	    .shown = "Amp",
	    .is_external = true,
	    .modes = BIT(TDD),
	    .warned = BIT(PAIR),
	    .stages = "6, overflow",
	    .dispatch = "GitHub issue, or its own session",
	    .reacts = "no link to a tracker",
	    .latency = "under 1 h",
	    .cost = "free, $15 a day granted",
	    .branch = "its own",
	    .reads = "AGENTS.md",
	    .trust = "high",
	    .scope = "local",
	    .status = "conditional",
	    .constraint = "command line or desktop only",
	    .mention = "amp",
	    .fallback = "cto.new copilot-agent",
	},
	{
	    .name = "warp",
	    .shown = "Warp",
	    .is_external = true,
	    .modes = BIT(QUICK),
	    .stages = "6, quick",
	    .dispatch = "tracker agent",
	    .reacts = "push",
	    .latency = "under 5 min",
	    .cost = "free, 300 credits a month",
	    .branch = "its own",
	    .reads = "the issue",
	    .trust = "medium",
	    .scope = "its own",
	    .status = "conditional",
	    .constraint = "light work",
	    .delegate = "Warp",
	    .mention = "warp",
	    .fallback = "factory cto.new",
	},
	{
	    /* The program of that name, run here, is "copilot". */
	    .name = "copilot-agent",
	    .shown = "Copilot coding agent",
	    .is_external = true,
	    .modes = BIT(QUICK),
	    .warned = BIT(TDD),
	    .stages = "6, quick",
	    .dispatch = "assign the GitHub issue",
	    .reacts = "push",
	    .latency = "under 1 h",
	    .cost = "free, or one premium request",
	    .branch = "copilot/",
	    .reads = "copilot-instructions, the issue",
	    .trust = "medium",
	    .scope = "pull requests, gated by CI",
	    .status = "adopted",
	    .constraint = "must be switched on for each repository",
	    .delegate = "Copilot",
	    .assignee = "copilot",
	    .fallback = "factory cto.new",
	},
	{
	    /* The program of that name, run here, is "codex". */
	    .name = "codex-cloud",
	    .shown = "Codex cloud",
	    .is_external = true,
	    .modes = BIT(QUICK) | BIT(TDD),
	    .warned = BIT(PAIR) | BIT(SPIKE),
	    .stages = "4 (pull requests), 7",
	    .dispatch = "delegation or mention",
	    .reacts = "push",
	    .latency = "under 1 h",
	    .cost = "$20 a month",
	    .branch = "codex/",
	    .reads = "AGENTS.md, the issue",
	    .trust = "medium",
	    .scope = "pull requests",
	    .status = "adopted",
	    .constraint = "needs an environment for the repository",
	    .delegate = "Codex",
	    .mention = "codex",
	    .fallback = "factory copilot-agent",
	},
	{
	    /* Any other that takes work by assignment: `divisi.agent.NAME.adapter delegate`. */
	    .name = "delegate",
	    .shown = "delegate",
	    .is_external = true,
	    .warned = BUT_CHECKPOINT,
	    .stages = "what its owner says",
	    .dispatch = "assignment in the tracker",
	    .branch = "its own",
	    .reads = "the issue",
	    .trust = "its owner's",
	    .scope = "pull requests",
	    .status = "conditional",
	    .constraint = "its account: divisi.agent.NAME.delegate, or .mention",
	},
	{
	    .name = "copilot-review",
	    .stages = "review of pull requests",
	    .dispatch = "automatic on each pull request",
	    .reacts = "push",
	    .cost = "free",
	    .reads = "the pull request",
	    .scope = "read-only",
	    .status = "adopted",
	    .constraint = "no classes of severity",
	},
	{
	    .name = "sentry",
	    .stages = "7",
	    .dispatch = "makes issues by itself",
	    .reacts = "push",
	    .cost = "free tier",
	    .status = "adopted",
	    .constraint = "implements nothing",
	},
	{
	    .name = "dependabot",
	    .stages = "dependencies",
	    .dispatch = "automatic",
	    .reacts = "push",
	    .cost = "free",
	    .branch = "its own",
	    .reads = "its configuration",
	    .scope = "pull requests",
	    .status = "adopted",
	    .constraint = "may be merged by itself",
	},
	{
	    .name = "vercel",
	    .stages = "5, 7",
	    .dispatch = "pull request integration",
	    .reacts = "push",
	    .cost = "Pro, $20 for the agent",
	    .status = "conditional",
	    .constraint = "deferred",
	},
	{
	    .name = "chatprd",
	    .stages = "0-3, optional",
	    .cost = "$15 a month",
	    .status = "demoted",
	    .constraint = "not dispatched",
	},
	{
	    /* A program of the person's own: what it knows is for them to say. */
	    .name = "command",
	    .shown = "command",
	    .adapter = "command",
	    .knows_method = true,
	    .modes = ALL_MODES,
	    .stages = "what its owner says",
	    .dispatch = "session launch",
	    .reacts = "pull",
	    .latency = "next session",
	    .branch = "command/",
	    .reads = "its prompt",
	    .trust = "its owner's",
	    .scope = "full repository",
	    .status = "adopted",
	    .constraint = "keeps divisi-agent(7): divisi agent test -- PROGRAM",
	    .mend = "any program that keeps divisi-agent(7)",
	},
};

static const char *const overflow[] = { "claude", "cursor", "antigravity", "gemini",
	"codex", "claude, after its reset" };

const struct agent_kind *
agent_catalogue_at(size_t i)
{
	return i < N_ELEMS(catalogue) ? &catalogue[i] : NULL;
}

const struct agent_kind *
agent_kind_at(size_t i)
{
	for (size_t k = 0; k < N_ELEMS(catalogue); k++) {
		if (catalogue[k].shown && i-- == 0)
			return &catalogue[k];
	}
	return NULL;
}

const struct agent_kind *
agent_kind_find(const char *name)
{
	struct span word = span_trim(span_of(name));

	for (size_t i = 0; i < N_ELEMS(catalogue); i++) {
		if (catalogue[i].shown && (span_eq_nocase(word, catalogue[i].name) ||
					      span_eq_nocase(word, catalogue[i].shown)))
			return &catalogue[i];
	}
	return agent_own_command(name) ? agent_kind_find("acp") : NULL;
}

const char *
agent_own_command(const char *name)
{
	static const char prefix[] = "acp:";

	name += strspn(name, " \t");
	if (strncasecmp(name, prefix, sizeof(prefix) - 1) != 0)
		return NULL;
	name += sizeof(prefix) - 1;
	name += strspn(name, " \t");
	return *name ? name : NULL;
}

const char *
agent_overflow_at(size_t i)
{
	return i < N_ELEMS(overflow) ? overflow[i] : NULL;
}

/* The number at *P, which is moved behind it and a dot; 0 when there is none. */
static unsigned long
take_number(const char **p)
{
	unsigned long n = 0;

	for (; isdigit((unsigned char)**p); (*p)++) {
		if (n < 1000000000)
			n = n * 10 + (unsigned long)(**p - '0');
	}
	if (**p == '.')
		(*p)++;
	return n;
}

int
agent_version_compare(const char *a, const char *b)
{
	/* What is behind the numbers, such as "-beta", does not count. */
	while (isdigit((unsigned char)*a) || isdigit((unsigned char)*b)) {
		unsigned long x = take_number(&a), y = take_number(&b);

		if (x != y)
			return x < y ? -1 : 1;
	}
	return 0;
}

char *
agent_version_note(const struct agent_kind *kind, const char *version)
{
	if (!kind || !kind->oldest || !isdigit((unsigned char)version[0]))
		return NULL;
	if (agent_version_compare(version, kind->oldest) < 0)
		return xasprintf(
		    "%s is older than the oldest version that was tried (%s)", version,
		    kind->oldest);
	if (agent_version_compare(version, kind->newest) > 0)
		return xasprintf(
		    "%s is newer than the newest version that was tried (%s)", version,
		    kind->newest);
	return NULL;
}
