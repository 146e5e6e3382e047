#include "sim/internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/*
 * Agents: what they read, write, commit, ask and claim, in the words of two adapters.  They
 * lie, fall silent and fail; in the calm they do their work and say so.
 */
enum { STAGE_NEW, STAGE_UP, STAGE_CONFIRM, STAGE_WORK, STAGE_DONE };

/* In some games agents do their work from the first, and what breaks the rest meets merges. */
static bool
is_tame(void)
{
	return sim->is_calm || sim->config.is_tame;
}

static void PRINTF(2, 3) say(struct sim_run *run, const char *fmt, ...)
{
	char line[1024];
	va_list ap;
	size_t n;

	va_start(ap, fmt);
	n = (size_t)vsnprintf(line, sizeof(line) - 1, fmt, ap);
	va_end(ap);
	sim_say("  agent %s: %s", run->name, line);
	line[n++] = '\n';
	if (run->n_out + n > run->cap_out) {
		run->cap_out = (run->n_out + n) * 2;
		run->out = xreallocarray(run->out, run->cap_out, 1);
	}
	memcpy(run->out + run->n_out, line, n);
	run->n_out += n;
	if (sim_dice(4) == 0)
		run->n_synced = run->n_out; /* the kernel wrote it out by itself */
}

static void
say_text(struct sim_run *run, const char *text)
{
	if (run->is_claude)
		say(run,
		    "{\"type\":\"assistant\",\"message\":{\"model\":\"m\",\"content\":"
		    "[{\"type\":\"text\",\"text\":\"%s\"}]}}",
		    text);
	else
		say(run, "{\"type\":\"say\",\"text\":\"%s\"}", text);
}

static void
say_up(struct sim_run *run)
{
	if (run->is_claude)
		say(run,
		    "{\"type\":\"system\",\"subtype\":\"init\",\"session_id\":\"%s\","
		    "\"model\":\"m\"}",
		    run->agent_id);
	else
		say(run, "{\"type\":\"started\"}");
}

static void
ask(struct sim_run *run)
{
	static const char *const kinds[] = { "permission", "plan", "question",
		"checkpoint", "cost" };

	bool is_again = run->n_asks > 0 && sim_mishap(6, FAULT_AGENT_LIED);

	free(run->waits_for);
	run->waits_for = xasprintf("q%d", is_again ? run->n_asked : ++run->n_asked);
	if (run->is_claude)
		say(run,
		    "{\"type\":\"control_request\",\"request_id\":\"%s\",\"request\":"
		    "{\"subtype\":\"can_use_tool\",\"tool_name\":\"%s\",\"input\":"
		    "{\"command\":\"make\"}}}",
		    run->waits_for, sim_dice(4) ? "Bash" : "ExitPlanMode");
	else
		say(run,
		    "{\"type\":\"ask\",\"id\":\"%s\",\"kind\":\"%s\",\"text\":\"may I?\"}",
		    run->waits_for, kinds[sim_dice(N_ELEMS(kinds))]);
	if (is_again) { /* the same words once more: nobody answers them again */
		run->waits_for[0] = '\0';
		return;
	}
	GROW(run->asked, run->n_asks, run->cap_asks);
	run->asked[run->n_asks++] = (struct sim_asked){ .id = xstrdup(run->waits_for),
		.end = run->n_out };
}

static void
say_gone(struct sim_run *run)
{
	if (run->is_claude && run->n_asked > 0)
		say(run, "{\"type\":\"control_cancel_request\",\"request_id\":\"q%d\"}",
		    run->n_asked);
}

static void
say_done(struct sim_run *run)
{
	if (run->is_claude)
		say(run,
		    "{\"type\":\"result\",\"subtype\":\"success\",\"is_error\":false,"
		    "\"total_cost_usd\":1.25,\"result\":\"all done\"}");
	else
		say(run, "{\"type\":\"done\",\"summary\":\"all done\"}");
	run->stage = STAGE_DONE;
}

static void
say_failed(struct sim_run *run)
{
	if (run->is_claude)
		say(run, "{\"type\":\"result\",\"subtype\":\"error_during_execution\","
			 "\"is_error\":true,\"result\":\"I give up\"}");
	else
		say(run, "{\"type\":\"failed\",\"reason\":\"I give up\"}");
}

/* Its own budget flag strikes: at times before the session's ceiling, at times after. */
static void
say_out_of_budget(struct sim_run *run)
{
	if (run->is_claude)
		say(run,
		    "{\"type\":\"result\",\"subtype\":\"error_max_budget_usd\","
		    "\"is_error\":true,\"total_cost_usd\":%u.25}",
		    sim_dice(30));
}

static void
say_limit(struct sim_run *run)
{
	if (run->is_claude && sim_mishap(50, FAULT_RATE_LIMIT))
		say(run,
		    "{\"type\":\"rate_limit_event\",\"rate_limit_info\":{\"status\":"
		    "\"rejected\",\"resetsAt\":%" PRId64 "}}",
		    sim_wall() / 1000 + sim_dice(4000));
}

/* One of three tools ends: mostly it fails, in one of two ways. */
static void
say_tool(struct sim_run *run)
{
	unsigned tool = sim_dice(3), how = sim_dice(5);

	if (run->is_claude) {
		say(run,
		    "{\"type\":\"assistant\",\"message\":{\"content\":[{\"type\":"
		    "\"tool_use\",\"id\":\"t%d\",\"name\":\"Bash\",\"input\":"
		    "{\"command\":\"make %u\"}}]}}",
		    ++run->n_tools, tool);
		say(run,
		    "{\"type\":\"user\",\"message\":{\"content\":[{\"type\":"
		    "\"tool_result\",\"tool_use_id\":\"t%d\",\"is_error\":%s,"
		    "\"content\":\"error %u\"}]}}",
		    run->n_tools, how ? "true" : "false", how % 2);
	} else if (how) {
		say(run,
		    "{\"type\":\"tool\",\"text\":\"make %u\",\"error\":\"error %u\"}",
		    tool, how % 2);
	} else {
		say(run, "{\"type\":\"tool\",\"text\":\"make %u\"}", tool);
	}
	if (how)
		sim_count(FAULT_STORM);
}

static void
say_estimate(struct sim_run *run)
{
	static const char *const prices[] = { "4", "10", "10.01", "25.5",
		"90000000000000000" };

	if (!run->is_claude)
		say(run, "{\"type\":\"estimate\",\"cost_usd\":%s}",
		    prices[sim_dice(N_ELEMS(prices))]);
}

/* ---- work ---------------------------------------------------------------------------------- */

/* Some file that the phase of RUN declared, or now and then another. */
static void
touch(struct sim_run *run, struct sim_tree *t)
{
	const struct core *core = engine_core(sim->engine);
	const struct session *s = core_session(core, run->session);
	const struct plan_run *p = s ? core_plan(core, s->plan_id) : NULL;
	const struct sim_phase *phase = p ? sim_phase_of(p->path, s->phase, NULL)
					  : NULL;
	char file[64];

	if (!phase)
		return;
	if (!is_tame() && sim_dice(20) == 0)
		snprintf(file, sizeof(file), "stray/%u.c", sim_dice(3));
	else if (phase->is_analysis)
		snprintf(file, sizeof(file), "notes/%s.md", phase->id);
	else
		snprintf(file, sizeof(file), "src/m%d/f%d.c", phase->module,
		    phase->file >= 0 ? phase->file : (int)sim_dice(3));
	sim_tree_write(t, file);
}

static void
finish(struct sim_run *run, struct sim_tree *t)
{
	if (!sim_mishap(12, FAULT_AGENT_LIED))
		touch(run, t);
	if (!sim_mishap(15, FAULT_AGENT_LIED))
		sim_tree_commit(t);
	say_done(run);
}

static void
end_process(struct sim_run *run, int status)
{
	struct sim_tree *t = sim_tree_at(run->cwd);

	/* Something that it started writes on to the very end. */
	if (t && t->exists && sim_mishap(20, FAULT_AGENT_LIED)) {
		touch(run, t);
		if (sim_dice(2))
			sim_tree_commit(t);
	}
	run->agent_alive = false;
	run->end_status = status;
}

/* CONTRACTS 1, Peers: whatever an agent orders in a person's name is refused. */
void
sim_impostor(const struct sim_run *run)
{
	static const char *const verbs[] = { "approve", "answer", "merge", "park",
		"resume", "abort", "say", "dispatch", "rule", "claim", "hold",
		"takeover", "handback", "decline", "abandon", "forget", "cap" };
	const char *verb = verbs[sim_dice(N_ELEMS(verbs))];
	const struct core *core = engine_core(sim->engine);
	struct fields in = { 0 }, out = { 0 };
	struct err err = ERR_INIT;
	struct caller caller;

	sim_count(FAULT_IMPOSTOR);
	fields_set(&in, "session", run->session);
	fields_set(&in, "decision", "allow");
	fields_set(&in, "reason", "I may");
	fields_set(&in, "plan", strcmp(verb, "dispatch") ? "p1" : sim->plan[0].path);
	if (core->n_batches > 0 && strcmp(verb, "approve") == 0) {
		fields_set(&in, "plan", "");
		fields_set(&in, "hash", core->batch[core->n_batches - 1].hash);
	}
	engine_identify(sim->engine, run->pid + SIM_PID_TOOL, 0, &caller);
	if (engine_order(sim->engine, verb, &in, &caller, &out, &err) >= 0)
		sim_fail("the agent of %s was let do '%s' as %s", run->name, verb,
		    caller.actor);
	fields_clear(&in);
	fields_clear(&out);
	if (sim->is_dead)
		sim_server_die("killed");
}

static void
work(struct sim_run *run, struct sim_tree *t)
{
	unsigned what = is_tame() ? 60 + sim_dice(14) : sim_dice(100);

	if (what < 24)
		say_text(run, what < 2 ? "\xff\xfe broken" : "working");
	else if (what < 26)
		say(run, "no JSON at all {");
	else if (what < 28)
		say(run,
		    "{\"type\":\"usage\",\"cost_usd\":%u.5,\"input_tokens\":12,"
		    "\"context_pct\":%u}",
		    sim_dice(9), sim_dice(90));
	else if (what < 40)
		ask(run);
	else if (what < 43)
		say_gone(run);
	else if (what < 49)
		say_estimate(run);
	else if (what < 52)
		say_limit(run);
	else if (what < 60)
		touch(run, t);
	else if (what < 66 || is_tame())
		finish(run, t);
	else if (what < 80)
		sim_tree_commit(t);
	else if (what < 81)
		say_out_of_budget(run);
	else if (what < 83)
		say_failed(run);
	else if (what < 87)
		end_process(run, (int)sim_dice(2));
	else if (what < 89)
		sim_impostor(run);
	else
		say_tool(run);
}

/* One frame of its input.  An answer that comes twice would be taken for another one. */
static void
hear(struct sim_run *run)
{
	const struct sim_frame *f = &run->frame[run->n_heard++];

	sim_say("  agent %s hears %s", run->name, f->key);
	if (strncmp(f->key, "say/", 4) == 0) {
		for (size_t i = 0; i + 1 < run->n_heard; i++) {
			if (strcmp(run->frame[i].line, f->line) == 0)
				sim_fail("%s is told the same thing twice: %s",
				    run->name, f->line);
		}
		if (run->stage == STAGE_DONE)
			run->stage = STAGE_WORK;
		return;
	}
	if (strncmp(f->key, "answer/", 7) != 0)
		return;
	for (size_t i = 0; i < run->n_asks; i++) {
		AUTO_FREE char *quoted = xasprintf("\"%s\"", run->asked[i].id);

		if (!strstr(f->line, quoted))
			continue;
		if (++run->asked[i].n_answers > 1)
			sim_fail(
			    "%s: %s is answered twice", run->name, run->asked[i].id);
		if (strcmp(run->waits_for, run->asked[i].id) == 0)
			run->waits_for[0] = '\0';
	}
}

/* A person in the agent's conversation: works, commits or not, and leaves. */
static void
type(struct sim_run *run, struct sim_tree *t)
{
	unsigned what = sim_dice(10);

	if (!t || !t->exists || what < 2)
		end_process(run, (int)sim_dice(2));
	else if (what < 6)
		touch(run, t);
	else
		sim_tree_commit(t);
}

bool
sim_agent_can_act(const struct sim_run *run)
{
	if (!run->agent_alive || run->is_suspended || run->is_mute)
		return false;
	if (run->is_terminal || run->n_heard < run->n_frames || run->saw_eof)
		return true;
	if (run->stage == STAGE_NEW) /* it waits for its prompt */
		return run->n_frames > 0;
	if (run->stage == STAGE_DONE)
		return !is_tame();
	return run->waits_for[0] == '\0';
}

void
sim_agent_turn(struct sim_run *run)
{
	struct sim_tree *t = sim_tree_at(run->cwd);

	if (!sim_agent_can_act(run))
		return;
	if (run->is_terminal) {
		type(run, t);
	} else if (run->n_heard < run->n_frames) {
		hear(run);
	} else if (run->saw_eof && (is_tame() || sim_dice(4))) {
		end_process(run, 0);
	} else if (run->stage == STAGE_NEW) {
		run->stage = STAGE_UP;
	} else if (run->stage == STAGE_UP) {
		say_up(run);
		run->stage = STAGE_CONFIRM;
	} else if (run->stage == STAGE_CONFIRM) {
		if (!sim_mishap(8, FAULT_AGENT_SILENT))
			say_text(run, "Session started");
		run->stage = STAGE_WORK;
	} else if (run->stage == STAGE_DONE) {
		if (!is_tame() && sim_dice(12) == 0)
			run->stage = STAGE_WORK; /* it thought of something else */
	} else if (t && t->exists) {
		work(run, t);
	}
}
