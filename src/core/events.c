#include "core/events.h"

#include "base/mem.h"
#include "base/text.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* What a plan brings along when it is opened or was changed. */
#define PLAN_FIELDS                                                                                   \
	"path title plan_hash sha256 master master_title master_url target verify merge "             \
	"landing publish publish_unset phases n_phases profile planner radar guard cap research_cap " \
	"threshold confirm_ms silence_ms wall_ms out_bytes "                                          \
	"memory_bytes processes stuck_ms ask_ms plan_cap batch_cap cost_rate cost_floor "             \
	"retry_limit same_error_limit tries_limit context_warn context_stop tracker review review_why"

/* What a table says of each of its sessions. */
#define SESSION_FIELDS                                                                            \
	"sN.label sN.phase sN.issue sN.issue_title sN.issue_url sN.focus sN.title sN.mode "       \
	"sN.launch sN.agent sN.agent_shown sN.adapter sN.program sN.args sN.env_more "            \
	"sN.setup sN.branch sN.worktree sN.path sN.prompt_sha sN.verify sN.after "                \
	"sN.est_low sN.est_mid sN.est_high sN.points sN.budget sN.merge sN.analysis "             \
	"sN.external sN.sandboxed sN.cost sN.version sN.launch_as sN.login sN.rules sN.identity " \
	"sN.fence sN.grants sN.account sN.price sN.output sN.review"

#define PROPOSAL_FIELDS                                                                                              \
	PLAN_FIELDS                                                                                                  \
	" queue setup plan base kind number n_sessions hash remote overrides override override_reason override_G07 " \
	"rules confirms_approach risk " SESSION_FIELDS

#define ERR_FIELDS   "error code rule text fix"
#define AGENT_FIELDS "session run offset text"

/* clang-format off */
static const struct event_doc docs[HAP_N] = {
	[HAP_PLAN_OPENED] = { "A plan is dispatched for the first time.", PROPOSAL_FIELDS },
	[HAP_PLAN_CHANGED] = { "A plan under way was read again, changed.", PROPOSAL_FIELDS },
	[HAP_PLAN_ASSERTED] = { "A person gave their word on an unknown pair of phases.",
	    "path a b reason" },
	[HAP_PLAN_ABORTED] = { "A person ended a plan; its sessions are parked.",
	    "plan reason" },
	[HAP_BATCH_PLANNED] = { "A table of sessions was made; it waits to be prepared and approved.",
	    PROPOSAL_FIELDS },
	[HAP_BATCH_APPROVED] = { "A person approved a table by its hash.", "batch hash reason" },
	[HAP_BATCH_DECLINED] = { "A person declined a table.", "batch hash reason" },
	[HAP_BATCH_ACKED] = { "A person acknowledged the failures of a batch.",
	    "batch hash reason" },
	[HAP_SESSION_FILED] = { "The sub-issue of a session is there.",
	    "session sub_issue version" },
	[HAP_SESSION_PREPARED] = { "The worktree of a session is there.",
	    "session path base copied version" },
	[HAP_ACT_FAILED] = { "An act that was owed cannot be done.",
	    "session plan act run version " ERR_FIELDS },
	[HAP_SET_UP] = { "The setup command of a session succeeded.", "session" },
	[HAP_RUN_WAITS] = { "A launch waits for a slot of the person's cap, or no longer.",
	    "session run waits text" },
	[HAP_RUN_STARTED] = { "The holder of a run is up and its agent was told the first words.",
	    "session run" },
	[HAP_RUN_PULSE] = { "What the holder sees of a run that is silent: since when it did nothing.",
	    "session run idle_ms cpu_ms" },
	[HAP_RUN_ENDED] = { "The agent's process ended, and its whole tree with it.",
	    "session run reason text status signal swept clean" },
	[HAP_RUN_LOST] = { "The holder of a run died without an end record; the tree was swept.",
	    "session run resumable how alive text" },
	[HAP_AGENT_ACCEPTED] = { "The agent took up its work.", AGENT_FIELDS " agent_session cost" },
	[HAP_AGENT_CONFIRMED] = { "The agent said that its session started.",
	    AGENT_FIELDS " agent_session cost" },
	[HAP_AGENT_ACTIVITY] = { "A burst of what the agent said and spent, summed up.",
	    AGENT_FIELDS " cost counted call tokens_in tokens_out context_pct retries progressed "
	    "tasks_done" },
	[HAP_AGENT_ASKED] = { "The agent asks and waits for the answer.",
	    AGENT_FIELDS " ask kind detail raw action cut cost told" },
	[HAP_AGENT_ASK_GONE] = { "The agent takes a question back.", AGENT_FIELDS " ask cost" },
	[HAP_AGENT_ESTIMATE] = { "The agent says what its work will cost.", AGENT_FIELDS " cost" },
	[HAP_AGENT_TOOL] = { "A tool of the agent failed, or one that had failed worked (J-47).",
	    AGENT_FIELDS " tool call error_sha worked resumable" },
	[HAP_AGENT_LIMIT] = { "The agent's account met a limit; launches on it pause.",
	    AGENT_FIELDS " until resumable cost" },
	[HAP_AGENT_DONE] = { "The agent says that it is done: a claim, which is inspected.",
	    AGENT_FIELDS " cost plans stops" },
	[HAP_AGENT_FAILED] = { "The agent says that it failed.",
	    AGENT_FIELDS " cost out_of_budget resumable" },
	[HAP_AGENT_STEPPED] = { "The agent's protocol is ready for its next message, or a turn of it began.",
	    AGENT_FIELDS " step turn raw cost" },
	[HAP_ASK_ANSWERED] = { "A person answered a question of a session.",
	    "session ask number decision text reason scope pattern mode meets" },
	[HAP_ACCOUNT_PAUSED] = { "An account met a limit in another repository of this person.",
	    "account until text" },
	[HAP_CAP_SET] = { "A person set what a plan, each of its batches, or an account may cost.",
	    "plan kind account cents reason" },
	[HAP_ALLOWANCE_ENDED] = { "A person takes back what they allowed beforehand.",
	    "allowance reason" },
	[HAP_INSPECTED] = { "What a session left was looked at and pinned.",
	    "session why head pin commits files stray missing dirty dirty_list changes ours "
	    "output_path output_sha output_items output_wrong "
	    "decisions learnings blockers" },
	[HAP_MERGE_ASKED] = { "A person reviewed a session's work and lets it merge, or tries again.",
	    "session plan reason override" },
	[HAP_CANDIDATE_BUILT] = { "What would land was built on the target and verified.",
	    "session candidate onto evidence" },
	[HAP_CANDIDATE_REFUSED] = { "It does not merge, or its checks fail on the combined tree.",
	    "session candidate onto refused text detail evidence moved command commit " ERR_FIELDS },
	[HAP_LANDED] = { "The target branch has it.", "session commit note moved" },
	[HAP_LANDING_BLOCKED] = { "Verified, but the checkout of the target refuses it.",
	    "session commit moved command " ERR_FIELDS },
	[HAP_SAID] = { "A person said something to a session.", "session text key reason" },
	[HAP_HELD] = { "A person suspended a session.", "session reason" },
	[HAP_INTERRUPTED] = { "A person ended what an agent was doing; it waits for words.",
	    "session reason" },
	[HAP_RESUMED] = { "A person lets a session go on.",
	    "session reason note override resumable fork" },
	[HAP_PARKED] = { "A person stopped a session, to go on later.", "session reason" },
	[HAP_ABANDONED] = { "A person gave a session up.", "session reason" },
	[HAP_CLAIMED] = { "A person takes a session's issue to work on it by hand.",
	    "session reason override" },
	[HAP_TAKEN_OVER] = { "A person goes on in the agent's conversation, on a terminal.",
	    "session terminal command reason override" },
	[HAP_HANDED_BACK] = { "A person gives a session back to its agent, or says that it is done.",
	    "session how note resumable" },
	[HAP_WRITTEN_BACK] = { "Statuses and registry are in the plan file, or why not.",
	    "plan session sha256 trouble " ERR_FIELDS },
	[HAP_PUBLISHED] = { "The target branch was pushed, or why not.",
	    "plan session remote commit trouble " ERR_FIELDS },
	[HAP_PULL_SEEN] = { "A pull request was opened, brought up to date, looked at or closed.",
	    "session number url state checks review opened" },
	[HAP_OVERRIDDEN] = { "A person went against rules, and why.",
	    "plan batch session rules override reason override_reason" },
	[HAP_FENCED] = { "The fence of a session refused something.",
	    "session run offset n text" },
	[HAP_STRAYED] = { "A session wrote outside what it declared.", "session stray" },
	[HAP_MET] = { "Two sessions met, or one and the target: a conflict.",
	    "a b kind files text" },
	[HAP_CONFLICT_GONE] = { "A conflict is one no longer.", "conflict" },
	[HAP_RULED] = { "A person decided about a conflict.",
	    "conflict about ruling reason text" },
	[HAP_REVIEW_RECORDED] = { "Reviewers found this, as rows of the decision record.",
	    "path session timing option plan_hash head reviewers n_reviewers recommendation n "
	    "sN.id sN.severity sN.claimed sN.standing sN.decision sN.text sN.where sN.advice "
	    "sN.effort sN.spec sN.reviewers sN.maybe sN.n sN.agree sN.critical sN.escalated" },
	[HAP_FINDINGS_DECIDED] = { "A person decided about findings, in these words.",
	    "review text n sN.id sN.decision sN.response" },
	[HAP_REVIEW_WAIVED] = { "A person does without a review.",
	    "path session timing reason" },
	[HAP_FINDINGS_JOINED] = { "A person says that two findings are one.",
	    "review keep drop" },
	[HAP_FINDING_FILED] = { "A finding that was agreed has its sub-issue.",
	    "review id sub_issue" },
	[HAP_FINDING_DONE] = { "A person says that a finding is mended.",
	    "review id reason" },
	[HAP_FEEDBACK_CAME] = { "The outside world said something about work: a review, a check, a comment.",
	    "source delivery kind author trusted to row how label pull_url branch commit issue "
	    "parent deploy comment_id url text intent confidence rule flags target warning "
	    "mechanism resume hears resumable" },
	[HAP_FEEDBACK_SETTLED] = { "A person decided what becomes of feedback that waited for one.",
	    "feedback how session reason override hears resumable" },
	[HAP_GUARDED] = { "What the guard told an agent of its tool calls, summed up.",
	    "session asked denied missed decision tool path text" },
	[HAP_WIDEN_ASKED] = { "A session needs paths that it did not declare.",
	    "session patterns reason detail meets" },
	[HAP_TREE_GONE] = { "Another program took the worktree of a session away.",
	    "session path text" },
	[HAP_TREE_BACK] = { "It was made again, with what was pinned last.",
	    "session path snapshot copied" },
	[HAP_CHECKPOINT_ASKED] = { "A person wants what a session has to be kept now.",
	    "session reason" },
	[HAP_CHECKPOINTED] = { "The files of a session's checkout were kept, and what came of each step.",
	    "session why progress state_text text index total pin snapshot comment "
	    "files_trouble snapshot_trouble" },
	[HAP_CLOCK] = { "A moment came for which nobody else would speak.", "" },
	[HAP_CLOCK_SET] = { "The clock was set back.", "by" },
	[HAP_MEND_ASKED] = { "A person has mended what divisi doctor found.",
	    "n aside sN.id" },
	[HAP_MENDED] = { "What came of it.",
	    "n asked_by sN.id sN.did sN.failed " ERR_FIELDS },
	[HAP_REFUSED] = { "Something was refused; nothing changed.",
	    "what session plan batch " ERR_FIELDS },
};

static const struct event_field all_fields[] = {
	{ "a", false, "the first of two: a phase, or the session that met another" },
	{ "about", false, "the session that a ruling is about" },
	{ "account", false, "what the agent is paid from" },
	{ "act", false, "the kind of the act" },
	{ "action", false, "the whole request, as rules compare it" },
	{ "adapter", false, "how the agent is spoken to: command, claude, codex, acp ..." },
	{ "advice", false, "what a reviewer would do about it" },
	{ "after", false, "sessions that merge before it, by comma" },
	{ "agent", false, "the agent's word in the plan" },
	{ "agent_session", false, "the agent's own id of the conversation" },
	{ "agent_shown", false, "the agent's name for people" },
	{ "agree", true, "reviewers that found it" },
	{ "alive", true, "1: what it started is not proven dead; text says why" },
	{ "allowance", false, "what was allowed beforehand, r1" },
	{ "analysis", true, "1: it changes nothing but what it declared" },
	{ "args", false, "further arguments of the agent, one per line" },
	{ "aside", false, "the copy of a home that was renamed" },
	{ "ask", false, "the question's id within its run" },
	{ "ask_ms", true, "after which a question is answered with no, 0 = never" },
	{ "asked", true, "tool calls that were looked at" },
	{ "asked_by", false, "who had it mended" },
	{ "author", false, "who said it, as the sender knows them" },
	{ "b", false, "the second of two; empty: the target branch" },
	{ "base", false, "the commit the branch began at" },
	{ "batch_cap", true, "cents that a batch may cost, 0 = no cap" },
	{ "batch", false, "the batch's id, p1/1" },
	{ "blockers", false, "what the agent noted as blocked, for the exit report" },
	{ "branch", false, "its branch" },
	{ "budget", true, "cents the agent may spend, 0 = none given" },
	{ "by", true, "milliseconds, below 0" },
	{ "call", false, "the last call to the model that was counted; the agent's id of a tool's call" },
	{ "candidate", false, "the commit that would land" },
	{ "cap", true, "sessions that may be live at once" },
	{ "cents", true, "the cap, 0 = none" },
	{ "changes", false, "what became of the files since a person took the session" },
	{ "checks", false, "of a pull request: none, pending, passed or failed" },
	{ "claimed", false, "the highest severity any reviewer gave it" },
	{ "clean", true, "1: the process ended by itself and without error" },
	{ "code", false, "the code of the rule that refused, such as G07" },
	{ "command", false, "the command that mends it, or that runs on a terminal" },
	{ "comment", true, "1: the checkpoint is told in the tracker, too" },
	{ "comment_id", false, "the sender's id of the comment" },
	{ "commit", false, "the commit that landed or was pushed" },
	{ "commits", true, "commits on its branch since the base" },
	{ "confidence", true, "percent" },
	{ "confirm_ms", true, "how long a launch may stay unconfirmed" },
	{ "confirms_approach", true, "1: its agent shows a plan before it works" },
	{ "conflict", false, "the conflict's id, c1" },
	{ "context_pct", true, "how full the agent's context is" },
	{ "context_stop", true, "percent of its context at which another run takes over, 0 = never" },
	{ "context_warn", true, "percent of its context that are shown as a warning" },
	{ "copied", true, "untracked files copied into the worktree" },
	{ "cost", true, "cents, of this run so far or estimated" },
	{ "cost_floor", true, "cents per hour that a run counts for at least" },
	{ "cost_rate", true, "cents per hour that silence about usage counts for" },
	{ "counted", true, "thousandths of a cent of these lines, by their tokens" },
	{ "cpu_ms", true, "processor time of the run's whole tree" },
	{ "critical", true, "reviewers that call it critical" },
	{ "cut", true, "1: the request is longer than what is kept of it" },
	{ "decision", false, "allow or deny; of the guard also tell; of a finding, agreed ..." },
	{ "decisions", false, "what the agent noted as decided, for the exit report" },
	{ "delivery", false, "the sender's id of the delivery; each is taken once" },
	{ "denied", true, "tool calls that were refused" },
	{ "deploy", false, "the deployment that it is about" },
	{ "detail", false, "the long form: the tool's input, both sides of a conflict" },
	{ "did", false, "what was done" },
	{ "dirty", true, "files that are not committed" },
	{ "dirty_list", false, "their names" },
	{ "drop", false, "the finding that is another one" },
	{ "effort", false, "trivial, small, medium or large" },
	{ "env_more", false, "names of further variables the agent is given" },
	{ "error_sha", false, "SHA-256 of a tool's whole error: the same for the same error" },
	{ "error", false, "the kind of the error: refused, conflict, system ..." },
	{ "escalated", true, "1: a person has to say something about it" },
	{ "est_high", true, "estimate in cents, at most" },
	{ "est_low", true, "estimate in cents, at least" },
	{ "est_mid", true, "estimate in cents" },
	{ "evidence", false, "what the claim rests on" },
	{ "external", true, "1: it is picked up elsewhere, not launched here" },
	{ "failed", false, "why it could not be done" },
	{ "feedback", false, "of which feedback, f1" },
	{ "fence", false, "what keeps it in: off, worktree, declared or read-only" },
	{ "files", false, "how many files changed; of a conflict, which" },
	{ "files_trouble", false, "why the files of the checkout were not kept" },
	{ "fix", false, "how to mend it" },
	{ "flags", false, "urgent, skip-tests, quick, thorough" },
	{ "focus", false, "the phase's focus" },
	{ "fork", true, "1: in a copy of its conversation, which stays as it was" },
	{ "grants", false, "what it may change beside that, one per line" },
	{ "guard", false, "what agents hear of a write that is not theirs" },
	{ "hash", false, "SHA-256 of the canonical table" },
	{ "head", false, "its latest commit" },
	{ "hears", true, "0: its agent takes no messages while it works" },
	{ "how", false, "what became of it: empty (killed), restart of the machine, vanished; of a session handed back: resume or done" },
	{ "id", false, "what was to be mended: class/name/mend; of a finding, C1" },
	{ "identity", false, "who commits, for an agent that hides git's own: name and address" },
	{ "idle_ms", true, "for how long it neither wrote nor computed" },
	{ "index", true, "tasks of the session that are done" },
	{ "intent", false, "what a comment asks for: implement ... unknown; empty: nothing" },
	{ "issue", false, "its work issue" },
	{ "issue_title", false, "the title of that" },
	{ "issue_url", false, "the address of that" },
	{ "keep", false, "the finding that it is" },
	{ "key", false, "of a message: what makes it one message, however often it is sent" },
	{ "kind", false, "of a batch, a question or a conflict: which kind" },
	{ "label", false, "S-A, S-B ... within its batch" },
	{ "landing", false, "squash, rebase or merge" },
	{ "launch", false, "how its permissions are: bypass, plan, ask" },
	{ "launch_as", false, "its mode in the agent's own words" },
	{ "learnings", false, "what the agent noted as learnt" },
	{ "login", true, "1: the agent is logged in, 0: not, -1: nobody can tell" },
	{ "master", false, "the plan's own issue" },
	{ "master_title", false, "the title of that" },
	{ "master_url", false, "the address of that" },
	{ "maybe", false, "a finding that it may be the same as" },
	{ "mechanism", false, "how it was addressed: delegate, mention, assign" },
	{ "meets", false, "sessions that have some of it, by comma" },
	{ "memory_bytes", true, "limit of a run's memory" },
	{ "merge", false, "ask or auto; of a session, its place in the merge order" },
	{ "missed", true, "tool calls that no server was there to look at" },
	{ "missing", false, "what the exit checklist lacks" },
	{ "mode", false, "quick, tdd, pair, checkpoint, swarm or spike" },
	{ "moved", true, "1: the target was moved meanwhile by somebody else" },
	{ "n", true, "how many" },
	{ "n_phases", true, "phases of the plan" },
	{ "n_reviewers", true, "reviewers that answered" },
	{ "n_sessions", true, "sessions of the table" },
	{ "note", false, "what else is to be said" },
	{ "number", true, "the batch's number; of an answer, the question's in the inbox; of a pull request, its own" },
	{ "offset", true, "the end of the line in the run's file that said so" },
	{ "onto", false, "the target's commit it was built on" },
	{ "output", false, "what it delivers beside files: findings, evidence or nothing" },
	{ "output_items", true, "how many findings or pieces of evidence" },
	{ "output_path", false, "the file they are in" },
	{ "output_sha", false, "SHA-256 of that" },
	{ "output_wrong", false, "why it is not taken, a line for each thing" },
	{ "out_bytes", true, "limit of a run's output" },
	{ "out_of_budget", true, "1: it used up the budget that it was started with" },
	{ "opened", true, "1: opened or brought up to date, 0: looked at" },
	{ "option", false, "of a review, A to H" },
	{ "ours", true, "1: its own sandbox keeps the agent from committing: divisi does" },
	{ "override", false, "rules gone against, by comma" },
	{ "override_G07", true, "1: the batch before need not be complete" },
	{ "override_reason", false, "why" },
	{ "overrides", false, "rules the table goes against, in words" },
	{ "parent", false, "the parent of that issue" },
	{ "path", false, "of the plan file, or of the worktree" },
	{ "pattern", false, "the rule that the answer makes" },
	{ "patterns", false, "paths or patterns, one per line" },
	{ "phase", false, "the phase's id" },
	{ "phases", false, "ids of all phases, by comma" },
	{ "pin", false, "the commit that keeps everything it had then" },
	{ "plan", false, "the plan's id, p1" },
	{ "plan_cap", true, "cents that the plan may cost, 0 = no cap" },
	{ "plan_hash", false, "SHA-256 of the plan without statuses" },
	{ "planner", false, "who wrote the plan" },
	{ "plans", true, "1: under Plan its turn ends with the plan, to be approved" },
	{ "points", true, "the phase's points" },
	{ "price", false, "dollars for a million tokens, where it is configured" },
	{ "processes", true, "limit of a run's processes" },
	{ "profile", false, "the cost profile" },
	{ "program", false, "the agent's program" },
	{ "progress", false, "the text of .ccc-progress.md" },
	{ "progressed", true, "1: it went on before those retries" },
	{ "prompt_sha", false, "SHA-256 of the prompt, which is kept under it" },
	{ "publish", false, "none, branch or pr" },
	{ "publish_unset", true, "1: nobody chose what to push" },
	{ "pull_url", false, "the pull request that it is about" },
	{ "queue", true, "1: launches although its sub-issues wait for the tracker" },
	{ "radar", false, "what happens when sessions meet" },
	{ "raw", false, "the agent's own form of its question; of a step, what was learnt for it" },
	{ "reason", false, "the person's reason; of a run, how it ended" },
	{ "recommendation", false, "APPROVE, REVISE, RETHINK, REQUEST CHANGES or BLOCK" },
	{ "refused", true, "1: an answer, not an accident" },
	{ "remote", false, "the remote" },
	{ "research_cap", true, "the same cap for batches that only look" },
	{ "response", false, "the reason, or the issue it is deferred to" },
	{ "resumable", true, "1: the agent can go on in its conversation" },
	{ "resume", false, "auto: work that waits for its landing is taken up again for it" },
	{ "retries", true, "calls to the model in a row that failed" },
	{ "retry_limit", true, "calls to the model that may fail in a row, 0 = any" },
	{ "review", false, "a review's id, v1; of a plan or session, which it needs; of a pull request: none, required, approved or changes" },
	{ "review_why", false, "why the plan needs it" },
	{ "reviewers", false, "their names" },
	{ "risk", false, "the chance of conflicts, in words" },
	{ "row", false, "the name of the route" },
	{ "rule", false, "the rule's tag in the method" },
	{ "rules", false, "rules gone against, by comma; of a session, how files are landed" },
	{ "ruling", false, "order, yield, rescope or go-on" },
	{ "run", false, "the run's id, p1.1.1A.r1" },
	{ "sandboxed", true, "1: an outer fence is vouched for" },
	{ "scope", false, "once, or a rule: session, plan, repository" },
	{ "session", false, "the session's stable id, p1.1.1A" },
	{ "same_error_limit", true, "how often a tool may fail with the same error, 0 = ever" },
	{ "setup", false, "the command that prepares its worktree" },
	{ "severity", false, "critical, important or consider" },
	{ "sha256", false, "SHA-256 of the plan file" },
	{ "signal", true, "the signal that ended the process, 0 = none" },
	{ "silence_ms", true, "how long an agent may be silent" },
	{ "snapshot_trouble", false, "why there is no snapshot" },
	{ "source", false, "who delivered it: github, linear, sentry, vercel, generic or hand" },
	{ "spec", false, "the criterion that is violated" },
	{ "standing", false, "what its reviewers make of it: unanimous, majority, split ..." },
	{ "state", false, "of a pull request: draft, open, merged or closed" },
	{ "state_text", false, "the text of .ccc-state.json" },
	{ "status", true, "the exit status, -1 = unknown" },
	{ "snapshot", false, "the pin whose files were put back; of a checkpoint, 1: wanted" },
	{ "stops", true, "1: what is declined ends the turn of this agent" },
	{ "stray", false, "paths outside what was declared, one per line" },
	{ "stuck_ms", true, "how long a stalled run may do nothing" },
	{ "step", false, "the message that comes next: session, prompt ..." },
	{ "sub_issue", false, "the sub-issue's id" },
	{ "swept", true, "processes of the run that had to be ended" },
	{ "target", false, "the branch that everything lands on" },
	{ "tasks_done", true, "tasks of the agent's own list that are done" },
	{ "terminal", false, "TERM, columns and rows of the person's terminal" },
	{ "text", false, "in words" },
	{ "threshold", true, "cents above which a session is held" },
	{ "timing", false, "pre, in, post: when it is reviewed" },
	{ "title", false, "the title" },
	{ "to", false, "where the table of routes sends it: session, human, auto, new-issue or v0" },
	{ "told", true, "1: asked beside the agent's stream, answered by a message" },
	{ "tokens_in", true, "tokens read so far" },
	{ "tokens_out", true, "tokens written so far" },
	{ "tool", false, "the tool that was to be used; of a tool's call, its words" },
	{ "total", true, "tasks of the session in all" },
	{ "tracker", false, "the tracker over the network, empty for the built-in one" },
	{ "tries_limit", true, "how often a tool's call may fail until it works, 0 = ever" },
	{ "trouble", false, "why not; empty when it was done" },
	{ "trusted", true, "1: its author may steer agents (divisi.feedback.trusted)" },
	{ "turn", false, "the agent's own id of the turn that began" },
	{ "until", true, "when the limit ends, Unix ms" },
	{ "url", false, "its address" },
	{ "verify", false, "the command that verifies" },
	{ "version", true, "of the table it belongs to; of an agent, its program's" },
	{ "waits", true, "1: it waits, 0: no longer" },
	{ "wall_ms", true, "limit of a run's time" },
	{ "warning", false, "what else the comment could have meant" },
	{ "what", false, "what was tried: an order or a kind of event" },
	{ "where", false, "the section or file it is about" },
	{ "why", false, "on what occasion" },
	{ "worked", true, "1: it failed before and works now" },
	{ "worktree", false, "yes, or why it has none" },
};
/* clang-format on */

const struct event_doc *
events_doc(enum hap kind)
{
	static const struct event_doc none = { "", "" };

	assert(kind >= 0 && kind < HAP_N);
	/* One that was forgotten is told by tools/docs.py, not here. */
	return docs[kind].words ? &docs[kind] : &none;
}

const struct event_field *
events_field(size_t i)
{
	return i < N_ELEMS(all_fields) ? &all_fields[i] : NULL;
}

/* NAME with the number of "s12.label" as N. */
static void
general_name(const char *name, char *buf, size_t size)
{
	size_t n = strspn(name + (name[0] != '\0'), "0123456789");

	if (name[0] == 's' && n > 0 && name[1 + n] == '.')
		snprintf(buf, size, "sN%s", name + 1 + n);
	else
		snprintf(buf, size, "%s", name);
}

const char *
events_unknown_field(enum hap kind, const struct fields *fields)
{
	for (size_t i = 0; i < fields->n; i++) {
		struct span rest = span_of(events_doc(kind)->fields), one;
		char name[64];
		bool found = false;

		general_name(fields->item[i].name, name, sizeof(name));
		while (!found && span_next(&rest, ' ', &one))
			found = span_eq(one, name);
		if (!found)
			return fields->item[i].name;
	}
	return NULL;
}
