#pragma once

#include "base/mem.h"
#include "base/text.h"
#include "core/core.h"

#include <stdio.h>

/* Shared by the files of core/ only. */

typedef int step_fn(
    struct core *core, const struct happening *h, struct acts *acts, struct err *err);

/* Replaces a heap string: "" for NULL. */
void core_set(char **slot, const char *text);

/* Frees what SESSION owns, for reuse of its place. */
void session_clear(struct session *session);

/* Moves SESSION, records the move; false (and nothing) when its life forbids EVENT. */
bool core_move(
    struct session *session, enum session_event event, int64_t now, struct acts *acts);
void core_move_batch(
    struct batch_run *batch, enum batch_state to, int64_t now, struct acts *acts);

/* conflict.c: halts and frees sessions as conflicts open and close. */
void flow_conflicts(struct core *core, int64_t now, struct acts *acts);

/* Does the order say, directly, that S lands behind O? */
bool session_follows(const struct session *s, const struct session *o);

/* Can S still meet anybody?  Work that landed or was left is past that.  NULL cannot. */
bool session_in_play(const struct session *s);

/*
 * hub.c: who of B the session S had better land behind, since their trial merge fails and
 * S collides with more others than it (hub last, CONFLICTS 5.4); NULL when nobody.
 */
const struct session *hub_waits_behind(
    const struct core *core, const struct batch_run *b, const struct session *s);

/* Must S of batch B land behind O, directly or through others? */
bool session_lands_behind(const struct core *core, const struct batch_run *b,
    const struct session *s, const struct session *o);

/* Says TEXT to the agent of S when it lives. */
void session_say(struct session *s, const char *text, struct acts *acts);

/* widen.c: what follows when A, which asks for more paths, was answered by H. */
void widen_answered(struct core *core, struct session *s, const struct ask *a,
    const struct happening *h, struct acts *acts);

/* The open conflict for which S may not land, or NULL. */
const struct conflict *conflict_before_landing(
    const struct core *core, const struct session *s);

/* "S-A (1A) and S-B (1B) do not merge: lib/a.c and more".  The caller frees it. */
char *conflict_words(const struct core *core, const struct conflict *c);

/* human.c: a hold or a conflict of S is over; a hold for its cost stays. */
void session_go_on(struct session *s, int64_t now, struct acts *acts);

/*
 * Parks or abandons S (EVENT) for REASON, its work pinned and its agent told to stop.
 * False when its state has no such end; session_cannot_leave() then says so, with -1.
 */
NODISCARD bool session_leave(struct core *core, struct session *s,
    enum session_event event, const char *reason, int64_t now, struct acts *acts);
NODISCARD int session_cannot_leave(
    const struct session *s, enum session_event event, struct err *err);

/*
 * Closes the open questions of S as "gone"; with KEEP_OWN not those that its agent's end does
 * not settle: the one about its rest, and whether it may go on.
 */
void session_close_asks(struct session *s, bool keep_own);

/* Is its process suspended, by a person or for its cost? */
bool session_is_held(const struct session *s);

/*
 * talk.c: tells the agent of S TEXT, under KEY unless that is "": at once, or when its turn is
 * over if words amid a turn would end that.  S has an agent that runs.
 */
void talk_say(struct session *s, const char *key, const char *text, struct acts *acts);
/* A turn of its agent is over: true when words waited for that, which it is told now. */
bool talk_turn_ends(struct session *s, int64_t now, struct acts *acts);
void talk_forget(struct session *s);

/* Fails S for its reason, which the plan's registry shows. */
void session_fail(struct core *core, struct session *s, const char *reason, int64_t now,
    struct acts *acts);

/* Its end was reported: the exit checklist is looked at. */
void session_reported(struct session *s, int64_t now, struct acts *acts);

step_fn step_fenced; /* fenced.c */

/* review.c: agreed findings become work, and records are told to the tracker. */
void flow_reviews(struct core *core, struct acts *acts);
void reviews_dump(const struct core *core, FILE *f);
/* May the checkpoint A of S be approved (S-43)? */
NODISCARD int review_check_checkpoint(const struct core *core, const struct session *s,
    const struct ask *a, struct err *err);
struct review *review_meant(struct core *core, const struct happening *h);
struct review *review_named(
    struct core *core, const struct happening *h, struct err *err);
struct review *review_add(struct core *core, const struct happening *h);
NODISCARD int review_check_subject(
    const struct core *core, const struct happening *h, struct err *err);
/* offer.c: what hangs over a session that a required review holds. */
struct offer_wait {
	char why[256], command[200];
	bool may_merge; /* a person who reads the diff has reviewed it */
};

/* Offers the reviews that are due, and takes back those that no longer are. */
void flow_offers(struct core *core, int64_t now, struct acts *acts);
/* Does its review hold S, at the checkpoint A or with NULL at its merge?  Then TO says how. */
bool offer_holds(const struct core *core, const struct session *s, const struct ask *a,
    const char *name, struct offer_wait *to);
/* It could not be prepared, for the reason TEXT. */
void offer_failed(struct session *s, const char *text);
/* Were the reviewers of R taken back before anybody looked? */
bool review_is_moot(const struct review *r);
step_fn step_plan_aborted;

/* panel.c: a small finding that was filed is given to who is mentioned; false: nobody. */
struct finding;
bool owe_mention(const struct core *core, const struct review *r,
    const struct finding *row, struct acts *acts);
/* What the reviewers of R found is collected once it is there. */
void panel_advance(const struct core *core, struct review *r, struct acts *acts);
/* Is H, which records findings of reviewers of ours, what R waits for?  True: by hand. */
NODISCARD int panel_check(
    const struct review *r, const struct happening *h, struct err *err);
void panel_recorded(struct review *r, const struct happening *h);
/*
 * decided.c: the log of decisions.  A note is about ROW, or about all when that is
 * NULL; before says of each undecided row of ROWS who turned the same down in another review
 * of the plan.
 */
struct finding;
struct findings;
void decided_note(struct review *r, const struct finding *row, const char *decision,
    const char *reason, const struct happening *h);
void decided_before(
    const struct core *core, const struct review *r, const struct findings *rows);
void decided_clear(struct review *r);
void decided_dump(const struct review *r, FILE *f);
NODISCARD int review_only_people(const struct happening *h, struct err *err);
step_fn step_review_started, step_review_failed;
step_fn step_review_recorded, step_findings_decided, step_review_waived,
    step_findings_joined, step_finding_filed, step_finding_done;

/*
 * failures.c: what told of the same failure of CI before, or NULL; and is F the second
 * deployment of its session's change that failed?
 */
struct feedback;
const struct feedback *failure_told(const struct core *core, const struct feedback *f);
bool failure_is_last(const struct core *core, const struct feedback *f);

void feedback_dump(const struct core *core, FILE *out);
step_fn step_feedback_came, step_feedback_settled; /* feedback.c */
void research_dump(const struct core *core, FILE *f);
step_fn step_research_assessed; /* research.c */

/* talk.c: the agent of S cannot be told what its protocol waits for. */
void talk_broke(struct core *core, struct session *s, const char *why, int64_t now,
    struct acts *acts);

/*
 * Under Plan the turn that just ended of S presents its plan, which a person answers; false
 * when nothing is to be presented any more.
 */
bool talk_plan(struct session *s, int64_t now);
/*
 * The turn that just ended of S ended because something was declined: it is told to go on
 * without it, once per question; false when that was not so.
 */
bool talk_go_on(struct session *s, struct acts *acts);
/* Was A opened by talk_plan()?  Then its answer is told by this. */
bool talk_answer_plan(struct session *s, const struct ask *a, struct acts *acts);

/* batch.c */
bool batch_has(
    const struct core *core, const struct batch_run *b, const struct session *s);
/* The session that works on PHASE in another batch, or did and delivered; or NULL. */
const struct session *batch_other_of(const struct core *core, const struct plan_run *p,
    const char *phase, const char *batch_id);
void batch_decline(struct core *core, struct batch_run *b, const char *why, int64_t now,
    struct acts *acts);

/* merge.c: the next of B merges; a blocked landing of S is given up; who S waits for. */
void merge_next(struct core *core, struct batch_run *b, int64_t now, struct acts *acts);
void merge_give_up(struct session *s, int64_t now, struct acts *acts);
const struct session *merge_waits_behind(
    const struct core *core, const struct session *s);

/* Everything that follows by itself after a happening: launches, queue, completions. */
void flow_advance(struct core *core, int64_t now, struct acts *acts);

/*
 * human.c: may a person have S at work again by VERB?  The rules of a first launch, of which
 * the first looks at its money only.
 */
NODISCARD int human_check_money(
    const struct core *core, const struct session *s, int64_t now, struct err *err);
NODISCARD int human_check_launch(const struct core *core, const struct session *s,
    const struct happening *h, const char *verb, struct err *err);

/*
 * claim.c: the run of S, which a person has claimed, is over; WHY in words, IS_DEAD that
 * nothing of it lives.  What was waited for follows.
 */
void claim_run_over(struct core *core, struct session *s, const char *why, bool is_dead,
    int64_t now, struct acts *acts);
/* What was found or failed concerns nobody else when S is claimed: then true. */
bool claim_inspected(
    struct core *core, struct session *s, const struct happening *h, struct acts *acts);
bool claim_act_failed(struct core *core, struct session *s, const char *kind,
    const char *text, int64_t now, struct acts *acts);
/* It is nobody's any more. */
void session_unclaim(struct session *s);

/* Acts that several happenings owe. */
void owe_issue_move(
    struct acts *acts, const struct session *s, const char *status, int n);
void owe_comment(struct acts *acts, const struct session *s, const char *kind, int n,
    const char *text);
void owe_write_back(struct core *core, const char *plan_id, struct acts *acts);
/* Its project is told that the issue of S is STATUS now: best effort. */
void owe_project_update(struct core *core, const struct session *s, const char *status,
    int64_t now, struct acts *acts);
void owe_publish(struct core *core, const struct session *s, struct acts *acts);
void owe_inspect(struct session *s, const char *why, struct acts *acts);
void owe_commit_rest(struct session *s, struct acts *acts); /* then inspects again */
void owe_tell(struct session *s, const char *order, struct acts *acts);
void owe_stop(struct session *s, struct acts *acts);
void owe_launch(struct session *s, const char *resume, const char *note, int64_t now,
    struct acts *acts);

/* exit.c: the comment with which the issue of S closes: evidence and a summary. */
void owe_closing(struct session *s, struct acts *acts);
/* Its two files are kept (R-52 step 1), and on STEPS more; only where it has a checkout. */
#define CHECKPOINT_SNAPSHOT 1u
#define CHECKPOINT_COMMENT  2u
void owe_checkpoint(
    struct session *s, const char *why, unsigned steps, struct acts *acts);
step_fn step_checkpoint_asked, step_checkpointed;

/* The same run of S, on a terminal for the person who claimed it. */
void owe_terminal(struct session *s, int64_t now, struct acts *acts);

/* The session of a happening's "session" field, or NULL with ERR_NOT_FOUND. */
struct session *happening_session(
    struct core *core, const struct happening *h, struct err *err);

/* The same, where the happening tells of the current run and that run lives. */
struct session *session_current(
    struct core *core, const struct happening *h, struct err *err);

/* A sign of life: what was read of its output, and when; a silent one works again. */
void session_heard(struct session *s, const struct happening *h, struct acts *acts);

/* A number that a stranger's program said, as far as anybody can believe it. */
int64_t happening_claim(const struct happening *h, const char *name, int64_t fallback);

/* Happenings, in session.c, watchdog.c, asks.c, merge.c, human.c and batch.c. */
step_fn step_session_filed, step_session_prepared, step_act_failed, step_run_waits,
    step_run_started, step_run_pulse, step_clock, step_clock_set, step_set_up,
    step_run_ended, step_run_lost, step_agent_accepted, step_agent_confirmed,
    step_agent_activity, step_agent_asked, step_agent_ask_gone, step_agent_estimate,
    step_agent_limit, step_agent_done, step_agent_failed, step_agent_stepped,
    step_inspected, step_candidate_built, step_candidate_refused, step_landed,
    step_landing_blocked;
step_fn step_ask_answered, step_merge_asked, step_said, step_held, step_interrupted,
    step_resumed, step_parked, step_abandoned, step_claimed, step_taken_over,
    step_handed_back;
step_fn step_strayed, step_met, step_conflict_gone, step_ruled;
step_fn step_guarded, step_widen_asked;
step_fn step_batch_planned, step_batch_approved, step_batch_declined, step_batch_acked;

/*
 * pull.c: opens the pull request of what S delivered, or brings it up to date, where its plan
 * wants one; is what holds its landing a person's to mend?
 */
void pull_owe_open(struct core *core, struct session *s, struct acts *acts);
bool pull_needs_person(const struct core *core, const struct session *s);
/* What LAND, an act, has to know where the pull request of S is merged there. */
void pull_lands(const struct core *core, const struct session *s, struct fields *land);
/* A person wants S merged: it is looked at again, or let pass.  False: nothing holds it. */
bool pull_asked(struct core *core, struct session *s, const struct happening *h);
/* Looks when its time has come; when that is; closes it once its work is settled. */
void pull_clock(struct session *s, int64_t now, struct acts *acts);
int64_t pull_deadline(const struct session *s);
void pull_sweep(struct session *s, struct acts *acts);
step_fn step_pull_seen;

/* watchdog.c: how long an agent may say nothing. */
int64_t session_silence_limit(const struct core *core, const struct session *s);

/* delegate.c: S goes to the agent of its current route; false when it cannot. */
bool delegate_start(struct session *s, int64_t now, struct acts *acts);
/* The same for the agent at I of its routes, from whoever had it, and WHY. */
void delegate_to(
    struct session *s, int i, const char *why, int64_t now, struct acts *acts);
/* What S has at the remote is fetched, pinned and looked at, as its delivery. */
void delegate_owe_take(struct session *s, struct acts *acts);
/* Looks when its time has come; what nobody picked up, or went on with, stalls. */
void delegate_clock(
    struct core *core, struct session *s, const struct happening *h, struct acts *acts);
int64_t delegate_deadline(const struct core *core, const struct session *s);
void delegate_shift(struct session *s, int64_t by);
/* Nobody has what is over, held or with a person; who was let go on has it again. */
void delegate_sweep(struct session *s, struct acts *acts);
/* An act of a delegation that cannot be done; false when it is another's. */
bool delegate_act_failed(struct core *core, struct session *s, const char *kind,
    const char *text, int64_t now, struct acts *acts);
/* A person's words for the agent of S go to its issue; -1 with ERR when they may not. */
NODISCARD int delegate_say(
    struct session *s, const char *text, struct acts *acts, struct err *err);
/* session_why() where S waits for an agent elsewhere; false when it does not. */
bool delegate_why(const struct session *s, int64_t now, const char *name, char *why,
    size_t n, char *command, size_t cn);
struct reason;
bool delegate_reason(const struct session *s, struct reason *r);
void delegation_clear(struct delegation *d);
void delegation_dump(const struct session *s, FILE *f);
step_fn step_delegated, step_delegate_seen, step_delegate_asked;
/* human.c: may S be given to an agent again? */
NODISCARD int human_check_relaunch(const struct core *core, const struct session *s,
    const struct happening *h, struct err *err);

/* tree.c: makes the worktree of S again before anything else happens in it. */
void owe_tree(struct session *s, struct acts *acts);
step_fn step_tree_gone, step_tree_back;

/* Cents or tokens that a program may claim. */
#define MONEY_MOST 1000000000000

/* money.c: its clock, and a hold beyond what it may spend; when time alone reaches that. */
void flow_money(struct core *core, struct session *s, int64_t now, struct acts *acts);
int64_t money_deadline(const struct core *core, const struct session *s);
/* A run of S begins: what those before it cost stands. */
void money_new_run(struct session *s, int64_t now);
step_fn step_cap_set;

/* health.c: what a line of its agent says of its context and of failed calls. */
void health_look(
    struct core *core, struct session *s, const struct happening *h, struct acts *acts);
/* True when the end of a turn is that of a split, and not of the work of S. */
bool health_turn_ends(struct session *s, struct acts *acts);
/* The process of S is gone: true when a fresh run goes on from its handoff. */
bool health_takes_over(
    struct core *core, struct session *s, int64_t now, struct acts *acts);

/* loop.c: the tasks of S one by one. */
void loop_read(struct session *s, const struct fields *f, size_t i);
void loop_dump(const struct session *s, FILE *f);
/* What a line of its agent says of its task. */
void loop_hear(struct session *s, const struct happening *h);
/* At the end of a turn: false when its exit follows as of any other session. */
bool loop_inspected(
    struct core *core, struct session *s, const struct happening *h, struct acts *acts);
/* Was its run ended so that a fresh one takes the next task? */
bool loop_takes_over(const struct session *s);
/* What a new run of S is told of where it stands, or NULL.  The caller frees it. */
char *loop_note(const struct session *s);
/* A person lets S go on. */
void loop_resumed(struct session *s);

/* storm.c: tools that fail again and again. */
void storm_forget(struct session *s);
void storm_dump(const struct session *s, FILE *f);
/* What a line of its agent says of the tasks it has done. */
void storm_look(struct session *s, const struct happening *h);
/* Is A the question that a storm opens; and what follows from its answer H. */
bool storm_is_ask(const struct ask *a);
NODISCARD int storm_check_answer(
    const struct ask *a, const struct happening *h, struct err *err);
void storm_answered(struct session *s, const struct ask *a, const struct happening *h);
/* What the next run of S is told of the one before.  The caller frees it. */
char *storm_note(const struct session *s);
/* Was S let go on, and can it now? */
bool storm_resumes(const struct core *core, const struct session *s, int64_t now);
step_fn step_agent_tool;

/* budget.c: its agent ended for its budget; false when it did not, or has reported its end. */
bool budget_parks(
    struct core *core, struct session *s, const struct happening *h, struct acts *acts);
/* Is S parked for it, until a person lets it spend more? */
bool budget_waits(const struct core *core, const struct session *s);
/*
 * S is to go on after a storm or a limit and has no money to (J-28): it waits for that from now
 * on, and what it waited for before is settled.  False when it may go on, or is not yet to.
 */
bool budget_keeps(struct core *core, struct session *s, int64_t now, struct acts *acts);
/* May S, which ended so, go on by itself now? */
bool budget_resumes(const struct core *core, const struct session *s, int64_t now);

/* account.c */
void account_clear(struct account *a);
/* -1 with ERR_NOT_FOUND when no session is paid from the account NAME. */
NODISCARD int account_set_cap(
    struct core *core, const char *name, int64_t cents, struct err *err);
void accounts_dump(const struct core *core, FILE *f);
bool account_parks(
    struct core *core, struct session *s, int64_t now, struct acts *acts);
bool account_resumes(const struct core *core, const struct session *s, int64_t now);
void flow_accounts(struct core *core, int64_t now);
step_fn step_account_paused;

/* allowance.c */
void allowance_clear(struct allowance *a);
void allowances_dump(const struct core *core, FILE *f);
/* The rule that allows what A of S asks, or NULL. */
struct allowance *allowance_for(
    const struct core *core, const struct session *s, const struct ask *a);
/*
 * The rule that the answer H to A of S makes, or NULL with *RC 0 when it makes none and -1
 * with ERR when it cannot.  Nothing is allowed by it yet.
 */
struct allowance *allowance_make(struct core *core, const struct session *s,
    const struct ask *a, const struct happening *h, int *rc, struct err *err);
step_fn step_allowance_ended;

/* asks.c: answers with no what waited for longer than its plan allows. */
void asks_time_out(
    struct core *core, struct session *s, const struct happening *h, struct acts *acts);

/* Opens a question of RUN ("" = our own); NULL when it is open or was answered before. */
struct ask *core_open_ask(struct session *s, const char *run, const char *id,
    const char *kind, const char *text, int64_t now);
