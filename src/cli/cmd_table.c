#include "cli/cmd.h"

#include "base/mem.h"

/* Sorted by group, then in the order in which a person needs them. */
static const struct command commands[] = {
	{
	    .name = "init",
	    .group = CMD_PLAN,
	    .synopsis = "init [--tasks FILE | --plan FILE] [--topic TEXT] [--yes] "
			"[--skill]",
	    .summary = "begin here: settings, agents, and a plan from your tasks",
	    .help =
		"Finds the main branch, the command that verifies, the agents on PATH "
		"with version and login, and writes .divisi/config. Makes a plan from "
		"one task per line, or takes the one that is there, and proposes what "
		"each phase touches from the paths in its text. Settings that are "
		"there stay as they are; running it again is safe. A task line: "
		"[tdd] Keep findings in src/store.c $3 after: 1 agent: claude done: "
		"they survive a restart.",
	    .options = cmd_init_options,
	    .run = cmd_init,
	},
	{
	    .name = "check",
	    .group = CMD_PLAN,
	    .synopsis = "check PLAN [--json] [--certificate FILE]",
	    .summary = "what is wrong with a plan, and which phases can run together",
	    .help =
		"Reads PLAN and prints its phases, a matrix with the verdict of each "
		"pair, levels, the critical path, and everything that is wrong, with "
		"file, line and how to mend it. Exit status 1 when there are errors. "
		"--certificate writes everything the verdicts follow from, for "
		"divisi-verify(1) to decide again.",
	    .options = cmd_check_options,
	    .run = cmd_check,
	},
	{
	    .name = "verdict",
	    .group = CMD_PLAN,
	    .synopsis = "verdict PLAN A B [--json]\n"
			"verdict --a-writes PATTERN --b-reads PATTERN ... [--json]",
	    .summary = "whether two phases can run together, and why",
	    .help =
		"Asks three questions: does one read what the other makes, do both "
		"touch the same files or directories, do both change shared "
		"infrastructure. The strictest answer wins. Without a plan the two "
		"sides are given as options, each as often as needed. Exit status 1 "
		"when they must follow each other.",
	    .options = cmd_verdict_options,
	    .run = cmd_verdict,
	},
	{
	    .name = "plan",
	    .group = CMD_PLAN,
	    .synopsis = "plan PLAN [--rolling] [--json | --graph text|svg]\n"
			"plan --from linear:ID | github:OWNER/NAME#N | local:ID [PLAN]",
	    .summary = "the batches, and the table of sessions of each",
	    .help =
		"Prints which phases run in which batch, with mode, cost, agent, "
		"worktree, branch and merge order of each session, the reason for "
		"every pair that is not parallel, and the least number of batches "
		"possible. --graph draws the conflict graph, its levels and the "
		"critical path. Starts nothing. --from reads an issue and its "
		"sub-issues, and writes the plan that they are, to PLAN (never over "
		"a file) or to standard output: a phase each, what blocks what as "
		"dependencies, lines such as \"- Writes: src/x/**\" of their texts "
		"taken over, an issue of another GitHub repository with its Repo:. "
		"What is archived is refused, or left out below the issue.",
	    .options = cmd_plan_options,
	    .run = cmd_plan,
	},
	{
	    .name = "why-not",
	    .group = CMD_PLAN,
	    .synopsis = "why-not PLAN [A [B]] [--json]",
	    .summary = "why phases cannot run together, and what would let them",
	    .help =
		"Of A and B: the rule, the witness, the files and names both touch, and "
		"what would have to change in the footprint of one of them so that they "
		"can run together. Each such change was tried out on the plan. Of A "
		"alone: why it is in its batch and in none before, and every pair of "
		"it. Of neither: all of the plan. Exit status 1 when A and B must "
		"follow each other.",
	    .options = cmd_why_not_options,
	    .run = cmd_why_not,
	},
	{
	    .name = "what-if",
	    .group = CMD_PLAN,
	    .synopsis = "what-if PLAN --writes PHASE=ITEM ... [--cap N] [--json]",
	    .summary = "which verdicts and batches other footprints would change",
	    .help =
		"Decides PLAN as it is and with the lists given, and prints what "
		"differs. --writes 1B=src/x/** says what 1B would write instead; given "
		"again, it adds. 1B+=ITEM adds to what the plan says, 1B-=ITEM takes "
		"out, 1B= empties the list. The plan file stays as it is.",
	    .options = cmd_what_if_options,
	    .run = cmd_what_if,
	},
	{
	    .name = "diff",
	    .group = CMD_PLAN,
	    .synopsis = "diff OLD NEW [--json]",
	    .summary = "which verdicts and batches differ between two plans",
	    .help = "Phases are the same when their ids are. Exit status 1 when "
		    "anything is decided otherwise.",
	    .options = cmd_diff_options,
	    .run = cmd_diff,
	},
	{
	    .name = "simulate",
	    .group = CMD_PLAN,
	    .synopsis = "simulate PLAN [--rounds N] [--cap N] [--rolling] [--json]",
	    .summary = "how long a plan takes, what it costs, how often it needs you",
	    .help =
		"Plays PLAN with the real scheduler and core against a virtual clock; "
		"agents, people and git are dice. Compares batches with rolling starts "
		"and caps from 2 to 8, and the orders in which branches may land, and "
		"draws a middling round. The same seed gives the same answer. Nothing is started and nothing is spent.",
	    .options = cmd_simulate_options,
	    .run = cmd_simulate,
	},
	{
	    .name = "fmt",
	    .group = CMD_PLAN,
	    .synopsis = "fmt PLAN [--check | --write]",
	    .summary = "a plan in canonical form; prose stays as it is",
	    .help = "Prints PLAN with phase sections and tables in canonical form. "
		    "--write puts the result into the file, --check only says whether "
		    "it would change.",
	    .options = cmd_fmt_options,
	    .run = cmd_fmt,
	},
	{
	    .name = "footprint",
	    .group = CMD_PLAN,
	    .synopsis = "footprint PLAN [PHASE...] [--min PERCENT] [--write] [--json]",
	    .summary = "what each phase will probably touch, for you to accept",
	    .help =
		"Proposes from the paths and names in the text of a phase, from the files "
		"that define those names, from what earlier commits on its issue touched, "
		"and from what history changes together, each with its evidence and how "
		"sure it is. --write puts what is at least --min sure (50) into the plan, "
		"for phases that declare nothing; of the others it tells what they may have "
		"forgotten. A proposal is never enforced.",
	    .options = cmd_footprint_options,
	    .run = cmd_footprint,
	},
	{
	    .name = "prompt",
	    .group = CMD_PLAN,
	    .synopsis = "prompt PLAN PHASE [--json]",
	    .summary = "the whole prompt that the session of a phase would get",
	    .help =
		"Refuses with exit status 3 when the plan leaves a field open, names "
		"an issue without its link, or the prompt breaks another rule of "
		"P01 to P15.",
	    .options = cmd_prompt_options,
	    .run = cmd_prompt,
	},
	{
	    .name = "advise",
	    .group = CMD_PLAN,
	    .synopsis = "advise [PLAN] [OPTIONS]",
	    .summary = "one session, Agent Teams, parallel sessions, or both",
	    .help = "Says which suits a piece of work, from a plan, from options, or "
		    "from a plan with options that say more.",
	    .options = cmd_advise_options,
	    .run = cmd_advise,
	},
	{
	    .name = "assert",
	    .group = CMD_PLAN,
	    .synopsis = "assert PLAN A B --reason TEXT",
	    .summary = "your word that two phases of unknown reach are independent",
	    .help =
		"A phase that says nothing about what it touches could collide with "
		"everything and runs alone. This records that you know better, for "
		"this pair; it is shown wherever the pair is.",
	    .options = cmd_reason_options,
	    .run = cmd_assert,
	},
	{
	    .name = "run",
	    .group = CMD_RUN,
	    .synopsis = "run PLAN [--approve-all] [--merge auto|ask]",
	    .summary = "a plan from here to its end, asking before each batch",
	    .help =
		"Prepares the next batch, shows its table, asks, launches, follows, "
		"merges in the proven order, and goes on until the plan is complete. "
		"Interrupt it at any time: agents go on, and the same command "
		"continues. With --approve-all each table of the plan as it is now is "
		"approved, merging included, until a batch is red, strays from what it "
		"declared, or costs more than its estimate. --override is that of "
		"dispatch, for the next batch.",
	    .options = cmd_run_options,
	    .run = cmd_run,
	},
	{
	    .name = "dispatch",
	    .group = CMD_RUN,
	    .synopsis = "dispatch PLAN [--dry-run] [--approve HASH]",
	    .summary = "prepare and launch the next batch of a plan",
	    .help =
		"Checks everything, files an issue with its prompt per session, makes "
		"worktrees and branches, shows the table and asks approve, edit or "
		"decline. Nothing runs before the yes, which holds for exactly this "
		"table. Exit status 4 when nobody is there to be asked. --override goes "
		"against one rule for this batch, with a reason that the table and the "
		"record show: G05 (one session more than the cap), G07 (the batch "
		"before is not complete), G14 (the main checkout is elsewhere or "
		"dirty), G15 (agent and mode), N03 and P01 to P16 (sections and "
		"prompts).",
	    .options = cmd_dispatch_options,
	    .run = cmd_dispatch,
	},
	{
	    .name = "approve",
	    .group = CMD_RUN,
	    .synopsis =
		"approve ID | SESSION [--session | --rule PATTERN [--in SCOPE]]\n"
		"approve ID | SESSION [--mode pair] [--reason TEXT]\n"
		"approve --hash HASH | --batch N",
	    .summary = "yes: to what a session asks, a table, or a batch's failures",
	    .help =
		"ID is what divisi approvals calls it. --session allows this very request, word for word, as often as its session asks. --rule allows every request of the agent that fits PATTERN as a whole, in this plan or (--in repository) all: * stands for any characters but control characters and ; & | < > $ ` ( ) { } \" ' \\ and none of it for .. in a path. Each use is on record, with who made the rule. A question is answered with --reason TEXT, the number or the name of an option or words of yours, a line for each when it asks several; without TEXT it is refused. A session that was stopped because its tools failed again and again goes on in a new run, which is told what failed and your --reason; with --mode pair it shows a plan before it changes anything.",
	    .options = cmd_approve_options,
	    .run = cmd_approve,
	},
	{
	    .name = "status",
	    .group = CMD_RUN,
	    .synopsis = "status [--json]",
	    .summary = "what needs you now, and where everything is",
	    .options = cmd_status_options,
	    .run = cmd_status,
	},
	{
	    .name = "watch",
	    .group = CMD_RUN,
	    .synopsis = "watch [--json]",
	    .summary = "the status, then everything that happens, as it happens",
	    .help =
		"On a terminal there are keys: y puts to you what waits for your yes or "
		"no, b shows the status, a looks on at a session, s says something to "
		"it, t takes it over, q leaves.",
	    .options = cmd_watch_options,
	    .run = cmd_watch,
	},
	{
	    .name = "log",
	    .group = CMD_RUN,
	    .synopsis = "log SESSION [-f] [--raw]",
	    .summary = "what the agent of a session said and did",
	    .options = cmd_log_options,
	    .run = cmd_log,
	},
	{
	    .name = "why",
	    .group = CMD_RUN,
	    .synopsis = "why NAME [--json]",
	    .summary = "why it is where it is, and the command that moves it",
	    .help =
		"NAME is a session, a phase, a batch (p1/1), a plan (p1), a run "
		"(p1.1.1A.r1), an issue, an act's key, a code such as G07, or the number of "
		"an event. Answers from what is on record: by which rule, because of whom, "
		"on what evidence, since when, what would let it go on, and the events.",
	    .options = cmd_why_options,
	    .run = cmd_why,
	},
	{
	    .name = "attach",
	    .group = CMD_SESSION,
	    .synopsis = "attach SESSION [--from N | --tail N | --take] [--json]",
	    .summary =
		"look on: what its agent said, and what it says, until it is over",
	    .help =
		"Prints the last events of the session, over all of its runs, and goes on as "
		"its agent writes. On a terminal q leaves, and the agent goes on; s says "
		"something to it; t takes it over. Needs no server to go on. One that was taken "
		"over shows its terminal; Ctrl-] leaves that. Of several who look one types. With --json each event is a line "
		"with its number n, its run and the agent's own line.",
	    .options = cmd_attach_options,
	    .run = cmd_attach,
	},
	{
	    .name = "say",
	    .group = CMD_SESSION,
	    .synopsis = "say SESSION [TEXT | -]",
	    .summary = "a message to its agent, which it gets once",
	    .help =
		"Without TEXT your editor is opened; - reads standard input, as does no TEXT "
		"where there is no terminal. Says \"told\" when the agent's holder has it on "
		"disk; what cannot be told now is on record and told as soon as it can be. "
		"Gemini, and any acp:PROGRAM, ends its turn when it is spoken to amid it: "
		"what you say waits until the turn is over, and interrupt lets it through.",
	    .options = cmd_say_options,
	    .run = cmd_say,
	},
	{
	    .name = "interrupt",
	    .group = CMD_SESSION,
	    .synopsis = "interrupt SESSION [--reason TEXT]",
	    .summary = "end what its agent is doing; it waits for your words",
	    .options = cmd_reason_options,
	    .run = cmd_interrupt,
	},
	{
	    .name = "hold",
	    .group = CMD_SESSION,
	    .synopsis = "hold SESSION [--reason TEXT]",
	    .summary = "suspend its processes until resume",
	    .options = cmd_reason_options,
	    .run = cmd_hold,
	},
	{
	    .name = "resume",
	    .group = CMD_SESSION,
	    .synopsis = "resume SESSION [--note TEXT] [--same|--fresh|--fork]",
	    .summary = "let a held, parked, stalled or failed session go on",
	    .help =
		"A session whose agent is gone gets a new run, in the same worktree and, "
		"where the agent can, in the same conversation; when nothing was heard of "
		"it for a day, you say whether it is to be --same or --fresh. --override goes against "
		"G03 (a later batch runs already), G05 (the cap) or G18 (two approaches "
		"failed), with a reason that is kept. --fork goes on in a copy of the "
		"conversation under a new id: the old one stays as it was, to look at or "
		"to go back to by hand.",
	    .options = cmd_resume_options,
	    .run = cmd_resume,
	},
	{
	    .name = "park",
	    .group = CMD_SESSION,
	    .synopsis = "park SESSION [--reason TEXT]",
	    .summary = "stop it for now; its work is pinned, its branch stays",
	    .options = cmd_reason_options,
	    .run = cmd_park,
	},
	{
	    .name = "abandon",
	    .group = CMD_SESSION,
	    .synopsis = "abandon SESSION [--reason TEXT]",
	    .summary = "give it up; nothing it made is deleted",
	    .options = cmd_reason_options,
	    .run = cmd_abandon,
	},
	{
	    .name = "takeover",
	    .group = CMD_SESSION,
	    .synopsis = "takeover SESSION [--tmux]",
	    .summary = "go on in its agent's own conversation, on a terminal",
	    .help =
		"Ends the turn of its agent, and the agent in order; opens the same conversation "
		"in its worktree, on a terminal that outlives this one and the server. Ctrl-] "
		"leaves it, divisi attach comes back, divisi handback ends it. --tmux opens a "
		"window (always: git config divisi.tmux true). An agent whose terminal is not "
		"known: git config divisi.agent.NAME.interactive COMMAND.",
	    .options = cmd_takeover_options,
	    .run = cmd_takeover,
	},
	{
	    .name = "handback",
	    .group = CMD_SESSION,
	    .synopsis = "handback SESSION [--done] [--note TEXT]",
	    .summary = "give a session you claimed or took over back to its agent",
	    .help =
		"Ends its terminal, and the agent goes on in the same conversation; it is told "
		"what changed since you took it, and the note. With --done it is not launched "
		"again: what is there is looked at, reviewed and merged as after an agent's own "
		"word.",
	    .options = cmd_handback_options,
	    .run = cmd_handback,
	},
	{
	    .name = "claim",
	    .group = CMD_SESSION,
	    .synopsis = "claim SESSION",
	    .summary = "work by hand on a session that no agent works on",
	    .help =
		"It is yours, in its worktree, and holds a slot, until divisi handback. For one "
		"that an agent works on: divisi takeover.",
	    .options = cmd_claim_options,
	    .run = cmd_claim,
	},
	{
	    .name = "abort",
	    .group = CMD_SESSION,
	    .synopsis = "abort [PLAN] [--reason TEXT]",
	    .summary = "stop every session of a plan; worktrees and branches stay",
	    .options = cmd_reason_options,
	    .run = cmd_abort,
	},
	{
	    .name = "conflicts",
	    .group = CMD_SESSION,
	    .synopsis = "conflicts [ID] [--all] [--json]",
	    .summary = "sessions that met while they work: both sides, and what to do",
	    .help =
		"While agents work, the radar compares what their trees hold, "
		"uncommitted files included, and merges them in memory. Whoever wrote "
		"what not both declared, or does not merge, is halted until a person "
		"rules (divisi rule); divisi.radar tell only tells, off looks at nothing.",
	    .options = cmd_conflicts_options,
	    .run = cmd_conflicts,
	},
	{
	    .name = "rule",
	    .group = CMD_SESSION,
	    .synopsis =
		"rule ID --order SESSION | --yield SESSION | --go-on [--reason TEXT]\n"
		"rule ID --rescope SESSION --text TEXT",
	    .summary = "decide about a conflict; the halted sessions go on",
	    .help =
		"--order: SESSION lands first, the other is put on top of its work. "
		"--yield: SESSION is parked, its work pinned; divisi resume takes it up "
		"again. --rescope: SESSION is told TEXT and goes on. --go-on: it is no "
		"conflict, both go on as they were.",
	    .options = cmd_rule_options,
	    .run = cmd_rule,
	},
	{
	    .name = "try",
	    .group = CMD_SESSION,
	    .synopsis = "try SESSION SESSION [--json]",
	    .summary = "run the verify command on two live trees together",
	    .help =
		"Merges what both sessions have now, uncommitted files included, in memory, "
		"writes that to a scratch directory without a repository, and runs the "
		"verify command there. Neither session notices. Exit status 1 when the "
		"command fails, 3 when they do not merge.",
	    .options = cmd_try_options,
	    .run = cmd_try,
	},
	{
	    .name = "salvage",
	    .group = CMD_SESSION,
	    .synopsis = "salvage [SESSION [--restore NAME [--branch BRANCH]]]",
	    .summary = "everything a session ever made that git keeps, and get it back",
	    .help =
		"Lists the sessions of which something is kept, or what is kept of one under "
		"refs/divisi: its commits, also "
		"dropped ones, and snapshots of files it never committed. --restore makes "
		"a branch at one of them; nothing that exists is moved.",
	    .options = cmd_salvage_options,
	    .run = cmd_salvage,
	},
	{
	    .name = "merge",
	    .group = CMD_LAND,
	    .synopsis =
		"merge [SESSION] [--diff | --yes] [--override RULE --reason TEXT]",
	    .summary = "read what is ready and land it in the proven order",
	    .help =
		"Each session is put on top of the updated target in a scratch "
		"worktree, the verify command runs on the combined tree, and only "
		"that tested commit lands, by fast-forward, never forced. A conflict "
		"stops that session and shows both sides. With divisi.publish = pr it "
		"waits for the checks and reviews of its pull request, unless "
		"--override M01 says otherwise; with forge it is landed by merging "
		"that pull request there, for a target that is protected.",
	    .options = cmd_merge_options,
	    .run = cmd_merge,
	},
	{
	    .name = "agent",
	    .group = CMD_KEEP,
	    .synopsis =
		"agent test [--limit SECONDS] [--json] -- PROGRAM [ARGUMENT...]",
	    .summary = "whether a program of your own works as an agent",
	    .help =
		"Starts PROGRAM several times under the holder, in scratch repositories, "
		"speaks divisi-agent(7) with it as a session would, and prints ok or not ok "
		"for each thing it must do, with what to mend: say that it started and how "
		"it ended, commit, ask before it changes anything in plan mode, read long "
		"lines, pass over what it does not know, obey interrupt, stop and the end of "
		"its input, and go on after it was killed. An agent that calls a model is "
		"paid for seven small tasks. Exit status 1 when something is not ok.",
	    .options = cmd_agent_options,
	    .run = cmd_agent,
	},
	{
	    .name = "doctor",
	    .group = CMD_KEEP,
	    .synopsis = "doctor [--all] [--json]\n"
			"doctor agents [--json]\n"
			"doctor --mend [--dry-run|--yes] [--json]",
	    .summary = "is everything there, does all fit together, and mend it",
	    .help =
		"Prints one line per requirement and per agent: ok, warn or missing, "
		"and what mends it. Then every run, worktree, lock, ref and open act of "
		"this repository is held against the journal: how many there are, and "
		"one line for each that does not fit, with the reason.\n\n"
		"--mend says what it would do, asks, and has the server do it; the "
		"journal keeps what was asked for and what came of it. Nothing is lost by "
		"it: a worktree is pinned before it is removed, git's stale lock or empty "
		"object is moved to .git/divisi/aside. What is not safe to mend has a "
		"fix for a person instead.\n\n"
		"agents asks each agent's program what it is and can do, in a scratch "
		"worktree, keeps the answer until the program changes, and says what is "
		"missing, what is not had without it, and how to mend it. A version that was "
		"not tried is noted, not refused.\n\n"
		"Exit status 1 when something is missing or does not fit.",
	    .options = cmd_doctor_options,
	    .run = cmd_doctor,
	},
	{
	    .name = "events",
	    .group = CMD_KEEP,
	    .synopsis = "events [--after SEQ] [--until SEQ] [-f] [--json]\n"
			"events --kinds [--json]",
	    .summary = "the journal: everything that happened, in order",
	    .help =
		"One row per event. With --json each is one line as divisi-events(5) "
		"describes it; nothing of that is ever taken away.",
	    .options = cmd_events_options,
	    .run = cmd_events,
	},
	{
	    .name = "replay",
	    .group = CMD_KEEP,
	    .synopsis = "replay [--until SEQ] [--dump] [--json]",
	    .summary = "play the journal again and compare what comes of it",
	    .help =
		"Makes the state anew from the first event on and compares, byte for byte, "
		"with what is there: every move and every act the journal has, and the "
		"state of the server when one runs. Reads only. Exit status 1 when "
		"something differs, 7 when the journal is damaged.",
	    .options = cmd_replay_options,
	    .run = cmd_replay,
	},
	{
	    .name = "server",
	    .group = CMD_KEEP,
	    .synopsis = "server [--foreground | --stop]",
	    .summary = "the server of this repository; verbs start it when needed",
	    .help =
		"There is one for each repository, and agents do not need it to live: "
		"each has a holder of its own, and whatever server comes next finds it "
		"again. When the program is replaced by another build or version, the "
		"server finishes what is under way and becomes the new one; a newer "
		"divisi that finds an older server at rest replaces it and says so.",
	    .options = cmd_server_options,
	    .run = cmd_server,
	},
	{
	    .name = "help",
	    .group = CMD_KEEP,
	    .synopsis = "help [COMMAND | WORDS] [--json]",
	    .summary = "this overview, or one command in full",
	    .help = "Also understands a question such as \"can these phases run in "
		    "parallel\".",
	    .options = cmd_help_options,
	    .run = cmd_help,
	},
	{
	    .name = "completions",
	    .group = CMD_KEEP,
	    .synopsis = "completions bash|zsh|fish",
	    .summary = "completions for a shell, from this very table",
	    .run = cmd_completions,
	},
	{
	    .name = "learn",
	    .group = CMD_KEEP,
	    .synopsis = "learn [--landings N] [--dry-run | --forget] [--json]",
	    .summary = "fit the chance of a conflict to what landed in this repository",
	    .help =
		"Reads the last 2000 landings of the current branch, finds the pairs that "
		"were open at the same time and touched one file, follows the lines of the "
		"first to where the second changed lines, and fits the weights behind "
		"\"chance of a conflict\" to what it finds. Prints how good they are beside "
		"the shipped ones: Brier score, log loss, AUC, and how often what was said "
		"happened, each pair asked of what had landed before it began; with --json "
		"a number that nothing was measured for is null. What is not better is "
		"not kept. What is kept is in .git/divisi/risk; run it again "
		"whenever you like. Nothing is fetched and nothing leaves the machine. "
		"Says too, per planner (the Planner: of a plan's header, else who "
		"committed it), how much their sessions wrote that was not declared.",
	    .options = cmd_learn_options,
	    .run = cmd_learn,
	},
	{
	    .name = "version",
	    .group = CMD_KEEP,
	    .synopsis = "version [--json]",
	    .summary = "version, and what it was built with",
	    .options = cmd_version_options,
	    .run = cmd_version,
	},
};

const struct command *
cmd_first(size_t i)
{
	return i < N_ELEMS(commands) ? &commands[i] : cmd_more(i - N_ELEMS(commands));
}
