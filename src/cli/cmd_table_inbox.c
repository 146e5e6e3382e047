#include "cli/cmd.h"

#include "base/mem.h"

/* The rest of the table: what waits for a person, what it costs, and issues. */
static const struct command
    commands[] = {
	    {
		.name = "approvals",
		.group = CMD_RUN,
		.synopsis = "approvals [ID] [--watch] [--json]\n"
			    "approvals --rules | --forget RULE",
		.summary = "all that waits for your yes or no, in full",
		.help =
		    "Tables, permissions, plans, questions, checkpoints, holds for cost, failed batches: who asks since when, and all of what would happen. --watch puts each to you as it comes, or prints it where there is no terminal. Nothing is answered by itself, unless divisi.approval-timeout says so, and then with no. --rules lists what you allow beforehand (approve --rule), --forget ends one.",
		.options = cmd_approvals_options,
		.run = cmd_approvals,
	    },
	    {
		.name = "decline",
		.group = CMD_RUN,
		.synopsis = "decline ID | SESSION [--reason TEXT]\ndecline --hash HASH",
		.summary = "no: to what a session asks, or to a table",
		.options = cmd_decide_options,
		.run = cmd_decline,
	    },
	    {
		.name = "cost",
		.group = CMD_RUN,
		.synopsis =
		    "cost [PLAN] [--plan-cap DOLLARS] [--batch-cap DOLLARS] [--account-cap NAME=DOLLARS] "
		    "[--json]",
		.summary = "what is estimated, reserved and spent, and what may be",
		.help =
		    "A launch reserves what its session may spend; what does not fit under a cap waits. The cap of an account is over all plans under way that it pays for. A session that has spent what it may is suspended and asks. Time counts too (divisi.cost-rate, divisi.cost-floor), so that an agent which hides its usage is held as well.",
		.options = cmd_cost_options,
		.run = cmd_cost,
	    },
	    {
		.name = "checkpoint",
		.group = CMD_SESSION,
		.synopsis = "checkpoint SESSION [--json]",
		.summary = "keep what a session has now, and how it would go on",
		.help =
		    "Four steps, of which none waits for another: .ccc-progress.md and .ccc-state.json in its worktree; a snapshot in git, on no branch; the comment Checkpoint Status of its issue, one that is written over; and the prompt with which another session would go on, which is printed. The first and the third happen by themselves as the agent's context fills up.",
		.options = cmd_checkpoint_options,
		.run = cmd_checkpoint,
	    },
	    {
		.name = "delegate",
		.group = CMD_SESSION,
		.synopsis =
		    "delegate SESSION [--to AGENT | --branch NAME | --done | --look] [--json]",
		.summary = "who elsewhere has a session, and what it made",
		.help =
		    "Factory, Cursor, cto.new, the Copilot coding agent, Codex cloud, Amp, and any other with divisi.agent.NAME.adapter = delegate take work by assignment. Once its table is approved the issue is delegated, assigned, or the agent is named in a comment, one way only. It is picked up when the agent's own state, its issue, a branch or a pull request shows that; not within divisi.pickup-timeout, it stalls, and the next agent in order is named (divisi.reroute = auto gives it to that one). Its branch is known by the name that the prompt gives, or by the issue in it. When a pull request is open, its agent or its issue says done, or you do (--done), the branch is fetched, pinned and held against the declared paths, and goes through the same review and merge as any other. Without an option it says who has it. --to takes it from who has it first: one agent per issue.",
		.options = cmd_delegate_options,
		.run = cmd_delegate,
	    },
	    {
		.name = "report",
		.group = CMD_LAND,
		.synopsis = "report [PLAN] [--json]",
		.summary = "time, cost and outcome of a plan, estimate against actual",
		.help =
		    "Each session, totals in all and per agent, and what running them beside "
		    "each other gained: their time one after the other against the time it took, "
		    "how long no agent ran, how many met another, how far the estimates were "
		    "off. Quality goes from 0 (nothing came of it) to 5 (merged from the first "
		    "run), 2 is a merge that failed.",
		.options = cmd_report_options,
		.run = cmd_report,
	    },
	    {
		.name = "summary",
		.group = CMD_LAND,
		.synopsis = "summary [PLAN] [--json]",
		.summary = "the tables of a plan's issues and documents, as they stand",
		.help =
		    "In Markdown, for a comment or a report: each issue with status, context, assignee, estimate and what it blocks. The master issue gets the same when the plan is complete. Before the tables: what the plan's project was told when a session ended, or why not, and whether to keep the plan in its tracker; after them its milestones, and how full the contexts were.",
		.options = cmd_summary_options,
		.run = cmd_summary,
	    },
	    {
		.name = "answer",
		.group = CMD_SESSION,
		.synopsis = "answer ID | SESSION TEXT",
		.summary = "answer what its agent asks",
		.help =
		    "TEXT is the answer, or an option's number or name, a line per question.",
		.options = cmd_answer_options,
		.run = cmd_answer,
	    },
	    {
		.name = "review",
		.group = CMD_LAND,
		.synopsis =
		    "review PLAN|SESSION [--option D|E|F|G] [--agent NAME] [--persona NAME,...] [--approve-all] [--checkpoint] [--json]\n"
		    "review PLAN|SESSION --option A|B|C|H [--json]\n"
		    "review PLAN|SESSION --record FILE|- [--option LETTER] [--checkpoint] [--json]\n"
		    "review PLAN|SESSION --waive REASON [--checkpoint]\n"
		    "review --list | --show PERSONA",
		.summary = "let reviewers look, take in what they found, or do without",
		.help =
		    "Alone it starts reviewers, read-only sessions of any agent whose table you approve first. How many and as what is the work's kind: a spike has one for its scope, a bug one for what worked before, a chore one who runs the static checks, documentation one for whether it is true, a feature a panel from 3 points on (its change from 4), else one; a panel, too, looks at what touches auth, data or a public API, or has 8 points or Risk: high. With --option it is D one, E a panel of personas (three at least), F a debate of two rounds, G eight reviews by two agents (--agent STRONG,FAST). Five look at once; one that does not answer within divisi.review.timeout is left out and named. What the others found is taken in as with --record, and divisi findings decides about it. A, B and C (of a change) and H (also of a plan with a master issue) come from elsewhere: the request is a comment on PR or issue, and the first answer there of a trusted author is recorded: findings as JSON, or APPROVE, REQUEST CHANGES or BLOCK (of a plan APPROVE, REVISE or RETHINK) alone on its first line and below it why. A team's own personas are .divisi/personas/NAME.md. A plan that says Review: or has a phase with Risk: high launches nothing until Gate 2 is passed: its findings are decided, or the review is waived. Findings are JSON, one object per reviewer or a list of these: {\"reviewer\": NAME, \"recommendation\": \"REVISE\", \"findings\": [{\"severity\": \"critical\", \"text\": TEXT, \"where\": \"src/a.c:12\", \"advice\": TEXT, \"effort\": \"small\"}]}. Severities are critical, important, consider (P1 to P3). What several say is one row; two thirds include it, and critical is what all call so. What anybody calls critical is never dropped. Of a session it is the review of its change, or with --checkpoint of where it waits. Required ones are offered by themselves (divisi.review.start).",
		.options = cmd_review_options,
		.run = cmd_review,
	    },
	    {
		.name = "feedback",
		.group = CMD_LAND,
		.synopsis =
		    "feedback [--all] [--json]\n"
		    "feedback add TEXT [--kind KIND] [--pull URL] [--branch BRANCH] [--issue ISSUE] [--commit COMMIT] [--deploy URL] [--log FILE] [--author NAME] [--id ID]\n"
		    "feedback send ID [SESSION] | dismiss ID [--reason TEXT]",
		.summary =
		    "what the outside world says about work, and what became of it",
		.help =
		    "Reviews, checks, comments and alerts reach the one session that their pull request, branch, commit, issue or deployment belongs to: said to the agent that lives, or put to you (approve lets an ended one go on with it; divisi.feedback.resume = auto does so by itself while its work waits to land). What matches two sessions or none is yours too, as is what a comment asks for. Of who is not trusted (divisi.feedback.trusted) nothing has an effect. Without words it lists what waits for you.",
		.options = cmd_feedback_options,
		.run = cmd_feedback,
	    },
	    {
		.name = "serve",
		.group = CMD_KEEP,
		.synopsis = "serve --webhooks ADDRESS [--json]",
		.summary =
		    "take what GitHub, Linear, Sentry, Vercel and others deliver",
		.help =
		    "On a loopback address, a path per sender: /github, /linear, /sentry, /vercel, /generic (signed as standardwebhooks.com has it). Each needs its secret, of DIVISI_WEBHOOK_GITHUB and so on, or as divisi.webhook.github.helper prints it. A delivery is kept on disk before it is answered, and taken once whatever dies in between. Of a job of GitHub Actions that failed, what matters of its log is fetched. Unsigned, old, compressed or larger than 4 MiB: refused, without effect. What becomes of them: divisi feedback.",
		.options = cmd_serve_options,
		.run = cmd_serve,
	    },
	    {
		.name = "research",
		.group = CMD_LAND,
		.synopsis = "research PLAN [--json]\n"
			    "research PLAN --assess [--json]\n"
			    "research PLAN --sufficient --reason TEXT",
		.summary = "whether a plan's research tracks are enough to build on",
		.help =
		    "Tracks are phases with Mode: spike (analysis-only) and Output: evidence; their tasks that begin with Q1: ask the plan's questions, Q1 (side): one whose gaps keep nothing shut. Once all tracks are over, three sums decide: coverage (an answer, enough independent sources, none of them an issue of the plan, one of them sure, one empirical), convergence (the tracks that answer agree), contradictions (no sure answer stands against the others, unless a later track settled it). Alone it shows the matrix; 0 is sufficient, 1 not or not yet. --assess records it: sufficient lets the phases that depend on tracks be dispatched, insufficient writes a follow-up track for each gap into the plan, so often (divisi.research.rounds), then it is yours: --sufficient with a reason.",
		.options = cmd_research_options,
		.run = cmd_research,
	    },
	    {
		.name = "findings",
		.group = CMD_LAND,
		.synopsis =
		    "findings [REVIEW|SESSION|PLAN] [--rdr [--write] | --log] [--json]\n"
		    "findings decide TEXT [--of REVIEW] [--yes]\n"
		    "findings join ID ID | done ID --reason TEXT\n"
		    "findings plan FILE [--agent NAME] [--small-agent NAME] [--mentioned]",
		.summary = "what reviewers found, and what you decide about it",
		.help =
		    "decide takes: agree all except C2, override I2: too costly, defer I3 to CIA-456, reject N1: no. A comma makes a list, C1-C3 a range; a reason goes on until the next verb with an id. What it will record is shown first. The gate opens when everything critical, important or escalated is decided; each agreed finding then becomes a sub-issue, and plan writes a plan of them to dispatch, small ones first. join says that two findings are one, done that one is mended elsewhere. What was turned down in another review of the plan says so when it is proposed again; it is decided anew. The record stands as a comment on the issue of what was reviewed; --rdr --write also puts a copy for the audit into the branch that you are on, REVIEW-GATE-FINDINGS.md in docs/reviews where there is such a folder, else at the top, and leaves the commit to you.",
		.options = cmd_findings_options,
		.run = cmd_findings,
	    },
	    {
		.name = "issue",
		.group = CMD_LAND,
		.synopsis =
		    "issue list [--status STATUS] [--parent ID] [--text WORDS] [--json]\n"
		    "issue show ID | search WORD...\n"
		    "issue new TITLE [--type TYPE] [--label LABEL] [--body-file FILE]\n"
		    "issue edit ID [--title TEXT] [--body-file FILE] [--estimate POINTS]\n"
		    "issue move ID STATUS\n"
		    "issue label ID [LABEL...] [--remove LABEL]\n"
		    "issue relate | unrelate ID blocks|blocked-by|related ID\n"
		    "issue comment ID TEXT [--kind KIND]\n"
		    "issue assign ID WHO|none | delegate ID AGENT|none\n"
		    "issue attach ID FILE|URL\n"
		    "issue export [ID] [--markdown] | import FILE",
		.summary = "the built-in issue tracker",
		.help =
		    "Works without any network and is complete: a team can live in it. Statuses "
		    "go Triage, Backlog, Todo, In Progress, In Review, Done, back where the work "
		    "does, and from anywhere to Cancelled and Duplicate; another move is refused "
		    "and the legal ones are named. A label of the groups type, exec, ctx, spec, "
		    "research and source replaces the one of its group, all others stay. search "
		    "ranks by how well the words fit. An export in either form, JSON or "
		    "Markdown, is read back by import, comments, relations and times included; "
		    "an issue that is there already is left as it is. edit ID alone opens your "
		    "editor, the one git would take, on title and text; what could not be "
		    "written is kept in a file. Priority, due date and cycle are people's and "
		    "are set nowhere here.",
		.options = cmd_issue_options,
		.run = cmd_issue,
	    },
	    {
		.name = "outbox",
		.group = CMD_LAND,
		.synopsis = "outbox [--json]\n"
			    "outbox retry ID|all | drop ID --reason TEXT",
		.summary = "what waits for a tracker over the network, and why",
		.help =
		    "With divisi.tracker = linear, github or command, issues are written there by one "
		    "writer, in order per issue. What an outage, a rate limit or a refused token "
		    "keeps back is tried again by itself, with growing pauses, and no session "
		    "waits for it; only a dispatch is refused when its sub-issues cannot be "
		    "filed, unless dispatch --queue. What the tracker will never take, or what "
		    "somebody changed there since it was last seen, waits for you: retry sends it "
		    "(over what was changed), drop gives it up and leaves theirs.",
		.options = cmd_outbox_options,
		.run = cmd_outbox,
	    },
	    {
		.name = "ready",
		.group = CMD_LAND,
		.synopsis = "ready [--force] [--start] [--json]",
		.summary = "issues that what was done lately has cleared the way for",
		.help =
		    "Looks at what is Done, at what that blocked, and whether all that blocked it is Done, and says what to do with it: Move to Todo, Assign to agent, Ready to go. It changes nothing. On Linear and GitHub it costs at most 20 calls (1 list, 10 done, 9 behind them) and is kept for 30 minutes; --force asks again. --start is for the start of a session: 10 calls (1, 5, 4) and only the project of divisi.tracker.project. A scan that had to stop says what it did not look at. Sub-issues are seen only behind what they wait for.",
		.options = cmd_ready_options,
		.run = cmd_ready,
	    },
	    {
		.name = "closure",
		.group = CMD_LAND,
		.synopsis = "closure SESSION [--outcome WORD] [--conformance] [--json]",
		.summary = "may its issue be closed, and by whom",
		.help =
		    "Says by what is on record: AUTO, PROPOSE (a person is asked), NEVER (a person has it) or BLOCK, with what unblocks it. Open changes and open questions block, several changes, pair mode and the label needs:human-decision ask a person; a report that only believes is no evidence, and what somebody opened again within two days of its end waits for its cause. It closes nothing.",
		.options = cmd_closure_options,
		.run = cmd_closure,
	    },
	    {
		.name = "stale",
		.group = CMD_LAND,
		.synopsis = "stale [--of ISSUE] [--json]",
		.summary = "issues under way that nobody wrote to for too long",
		.help =
		    "Looks at the sub-issues of the plans under way, or of ISSUE, that are In Progress or In Review, and says which nobody wrote to for longer than whoever works on them may take: ctx:autonomous 30 minutes (In Review 4 hours), ctx:interactive 2 hours (24), ctx:review 1 hour (8), ctx:human 48 hours (72). One without exactly one such label is named, too. It changes nothing, and looks when you ask.",
		.options = cmd_stale_options,
		.run = cmd_stale,
	    },
    };

const struct command *
cmd_more(size_t i)
{
	return i < N_ELEMS(commands) ? &commands[i]
				     : cmd_for_agents(i - N_ELEMS(commands));
}
