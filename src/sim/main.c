#include "sim/internal.h"

#include "base/log.h"

#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* usage: divisi-sim [--seed N | --seeds A..B | --minutes N | --known] [OPTION...] */

#define SEEDS_DEFAULT 1000

/* Games that once found a bug: each is played for ever. */
static const struct {
	uint64_t seed;
	unsigned style;
} known[] = {
	{ 175, 0 }, /* freed from a conflict with a question that nobody was shown */
	{ 510, 0 }, /* two comments under one key */
	{ 610, 0 }, /* an agent of a launch that was dropped, not followed to its end */
	{ 1123, 0 }, /* parked by an abort while it merged, its rest not pinned */
	{ 7499, SIM_SHORT }, /* a table made anew gave a key once more */
	{ 6461, SIM_SHORT }, /* a holder that was killed, and a clock set back */
	{ 1796, 0 },         /* a dropped launch whose holder had not said who it is */
	{ 1000397, 0 }, /* a table waited, of a plan with nothing left to propose */
	{ 2000039, 0 }, /* a plan was aborted while its next table was made */
	{ 2011, 0 },    /* commits of a worktree that was taken, not pinned */
	{ 6002527, 0 }, /* given up was who gives it away, and the session waited on */
	{ 3383, SIM_SHORT }, /* a delegation that was done taken for somebody else's */
	{ 7000639, 0 },      /* to be given away was an issue that was never filed */
	{ 11935, 0 },        /* what came after its end was taken for a part of it */
	{ 41319, 0 },      /* a late commit of a worktree that was taken, not pinned */
	{ 20, SIM_SHORT }, /* a worktree was taken while the disk was full */
	{ 374,
	    SIM_SHORT }, /* taken over while a launch waited for a setup that failed */
	{ 4308,
	    SIM_SHORT }, /* claimed, when its launch had failed and was not dropped yet */
	{ 5933, SIM_SHORT }, /* a holder that died, and had not said who it is before */
	{ 172, SIM_SHORT },  /* a move went back behind what somebody had moved it to */
	{ 190, SIM_SHORT },  /* an edit beside our write was taken for seen */
	{ 423, SIM_SHORT },  /* a dead letter whose stop a full disk swallowed */
	{ 2271, SIM_SHORT }, /* a pause was asked for as the clock was set back */
	{ 6012, SIM_SHORT }, /* a checkpoint told twice gave its comment's key twice */
	{ 6395, SIM_SHORT }, /* a risky checkpoint that nobody knew how to waive */
	{ 3565, SIM_SHORT }, /* the same, where the record of it stands on an issue */
	{ 374, 0 },          /* an agent was told to stop before its holder listened */
	{ 2998, 0 },         /* what an agent wrote last, of a plan that was aborted */
	{ 3217,
	    0 }, /* a table that was to wait for no tracker, of a phase filed before */
	{ 11009, 0 }, /* a worktree that came back behind a setup for the one before */
	{ 3814, SIM_SHORT }, /* refused as it merged, when its plan was aborted */
	{ 7007282, 0 },      /* let go on after a storm, with nothing left to spend */
	{ 8008273, 0 }, /* moved back before our first write to its issue, unseen */
	{ 1008315, 0 }, /* a server died of an order and wrote more as it started */
};

static const char help[] =
    "usage: divisi-sim [OPTION...]\n"
    "\n"
    "Plays random dispatches of random plans with the real core, engine and planner in a\n"
    "simulated world in which everything fails, and checks after every journal row what\n"
    "must always hold.  The same seed is the same game.\n"
    "\n"
    "  --seed N       one game\n"
    "  --seeds A..B   these games (default 1..1000)\n"
    "  --minutes N    games from the first seed on until the time is up\n"
    "  --known        the games that once found a bug\n"
    "  --short        shorter games of smaller plans; their seeds are their own\n"
    "  --blind        the server has the wall clock only, and no other to compare it with\n"
    "  --verbose      tells the story\n"
    "  --json         the summary as JSON\n"
    "\n"
    "A violation prints its seed and the command that replays it; the exit status is 1.\n";

struct wish {
	uint64_t from, to;
	double minutes;
	bool is_loud, is_short, is_blind, is_json, only_known;
};

static double
seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static int
read_args(int argc, char **argv, struct wish *wish)
{
	static const struct option options[] = {
		/* clang-format off */
		{ "seed",    required_argument, NULL, 's' },
		{ "seeds",   required_argument, NULL, 'S' },
		{ "minutes", required_argument, NULL, 'm' },
		{ "known",   no_argument,       NULL, 'k' },
		{ "short",   no_argument,       NULL, 'q' },
		{ "blind",   no_argument,       NULL, 'b' },
		{ "verbose", no_argument,       NULL, 'v' },
		{ "json",    no_argument,       NULL, 'j' },
		{ "help",    no_argument,       NULL, 'h' },
		{ NULL,      0,                 NULL, 0 },
		/* clang-format on */
	};
	int c;
	char *end;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 's':
			wish->from = wish->to = strtoull(optarg, &end, 10);
			if (*end || end == optarg)
				return -1;
			break;
		case 'S':
			wish->from = strtoull(optarg, &end, 10);
			if (strncmp(end, "..", 2) != 0)
				return -1;
			wish->to = strtoull(end + 2, &end, 10);
			if (*end || wish->to < wish->from)
				return -1;
			break;
		case 'm':
			wish->minutes = strtod(optarg, &end);
			wish->to = UINT64_MAX;
			if (*end || wish->minutes <= 0)
				return -1;
			break;
		case 'k': wish->only_known = true; break;
		case 'q': wish->is_short = true; break;
		case 'b': wish->is_blind = true; break;
		case 'v': wish->is_loud = true; break;
		case 'j': wish->is_json = true; break;
		case 'h': fputs(help, stdout); exit(0);
		default: return -1;
		}
	}
	return optind == argc ? 0 : -1;
}

static const struct {
	const char *name;
	size_t at;
} counts[] = {
	{ "games", offsetof(struct sim_tally, games) },
	{ "dispatches", offsetof(struct sim_tally, dispatches) },
	{ "batches", offsetof(struct sim_tally, batches) },
	{ "happenings", offsetof(struct sim_tally, happenings) },
	{ "refused-orders", offsetof(struct sim_tally, refused) },
	{ "acts-owed", offsetof(struct sim_tally, acts) },
	{ "jobs", offsetof(struct sim_tally, jobs) },
	{ "agents-started", offsetof(struct sim_tally, starts) },
	{ "server-starts", offsetof(struct sim_tally, restarts) },
	{ "invariant-checks", offsetof(struct sim_tally, checks) },
	{ "sessions-done", offsetof(struct sim_tally, done) },
	{ "sessions-merged", offsetof(struct sim_tally, merged) },
	{ "sessions-failed", offsetof(struct sim_tally, failed) },
	{ "plans-complete", offsetof(struct sim_tally, complete) },
	{ "plans-aborted", offsetof(struct sim_tally, aborted) },
};

static uint64_t
count_at(const struct sim_tally *t, size_t i)
{
	uint64_t n;

	memcpy(&n, (const char *)t + counts[i].at, sizeof(n));
	return n;
}

static void
print_json(const struct sim_tally *t, double took)
{
	printf("{\"seconds\":%.2f,\"violations\":0", took);
	for (size_t i = 0; i < N_ELEMS(counts); i++)
		printf(
		    ",\"%s\":%llu", counts[i].name, (unsigned long long)count_at(t, i));
	fputs(",\"faults\":{", stdout);
	for (int i = 0; i < FAULT_N; i++)
		printf("%s\"%s\":%llu", i ? "," : "", sim_fault_name((enum sim_fault)i),
		    (unsigned long long)t->fault[i]);
	puts("}}");
}

static void
print_text(const struct sim_tally *t, double took)
{
	printf("%.1f s, 0 violations\n", took);
	for (size_t i = 0; i < N_ELEMS(counts); i++)
		printf(
		    "%12llu %s\n", (unsigned long long)count_at(t, i), counts[i].name);
	puts("faults:");
	for (int i = 0; i < FAULT_N; i++)
		printf("%12llu %s\n", (unsigned long long)t->fault[i],
		    sim_fault_name((enum sim_fault)i));
}

/* A simulation that never gets anywhere, or in which nothing fails, proves nothing. */
static int
is_worth_it(const struct sim_tally *t)
{
	if (t->games < 2000)
		return 0;
	for (int i = 0; i < FAULT_N; i++) {
		if (t->fault[i] == 0) {
			printf("in %llu games there was no %s\n",
			    (unsigned long long)t->games,
			    sim_fault_name((enum sim_fault)i));
			return 1;
		}
	}
	return t->complete * 4 < t->dispatches || t->merged == 0;
}

int
main(int argc, char **argv)
{
	struct wish wish = { .from = 1, .to = SEEDS_DEFAULT };
	struct sim_tally tally = { 0 };
	double began = seconds();
	unsigned style;

	if (read_args(argc, argv, &wish) < 0) {
		fputs(help, stderr);
		return ERR_USAGE;
	}
	setvbuf(stdout, NULL, wish.is_loud ? _IOLBF : _IOFBF, 1 << 16);
	if (wish.is_loud)
		log_open(1, LOG_LVL_WARN);
	else
		log_open(open("/dev/null", O_WRONLY | O_CLOEXEC), LOG_LVL_ERROR);
	style = (wish.is_loud ? SIM_LOUD : 0) | (wish.is_short ? SIM_SHORT : 0) |
		(wish.is_blind ? SIM_BLIND : 0);
	/* Their dice fell without the other clocks; with them they are games of their own. */
	for (size_t i = 0; wish.only_known && i < 2 * N_ELEMS(known); i++)
		sim_play(known[i / 2].seed,
		    style | known[i / 2].style | (i % 2 ? 0 : SIM_BLIND), &tally);
	for (uint64_t seed = wish.from; !wish.only_known && seed <= wish.to; seed++) {
		sim_play(seed, style, &tally);
		if (wish.minutes > 0 && seconds() - began > wish.minutes * 60)
			break;
	}
	if (wish.is_json)
		print_json(&tally, seconds() - began);
	else
		print_text(&tally, seconds() - began);
	return is_worth_it(&tally);
}
