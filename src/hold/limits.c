#include "hold/hold.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/*
 * Memory and processes of the agent with everything below it, and whether it works.
 *
 * The kernel keeps what a cgroup can keep.  The rest is looked at: once a second while the
 * tree works, seldom while it does not, since what sleeps takes no memory.
 */

/* Writes the limit and reads it back: the file may be there and yet be none of ours. */
static bool
give_to_cgroup(const char *cgroup, const char *name, long limit)
{
	char text[32];

	snprintf(text, sizeof(text), "%ld", limit);
	return cgroup[0] && cgroup_write(cgroup, name, text) &&
	       cgroup_read(cgroup, name, "") > 0;
}

static void
add_means(struct limits *limits, const char *what, bool is_by_cgroup)
{
	size_t n = strlen(limits->means);

	snprintf(limits->means + n, sizeof(limits->means) - n, "%s%s=%s",
	    n > 0 ? " " : "", what, is_by_cgroup ? "cgroup" : "watch");
}

void
limits_set(struct limits *limits, const struct run_spec *spec, const char *cgroup)
{
	limits->cgroup = cgroup;
	limits->look_ms = spec->look_ms;
	if (spec->memory_limit_bytes > 0) {
		bool is_kept = give_to_cgroup(
		    cgroup, "memory.max", spec->memory_limit_bytes);

		if (is_kept) {
			/* Neither swapped out for hours nor left half alive. */
			(void)cgroup_write(cgroup, "memory.swap.max", "0");
			(void)cgroup_write(cgroup, "memory.oom.group", "1");
		} else {
			limits->memory_bytes = spec->memory_limit_bytes;
		}
		add_means(limits, "memory", is_kept);
	}
	if (spec->process_limit > 0) {
		bool is_kept = give_to_cgroup(cgroup, "pids.max", spec->process_limit);

		if (!is_kept)
			limits->processes = spec->process_limit;
		add_means(limits, "processes", is_kept);
	}
}

static void
plan_look(struct limits *limits, ms_t now, bool works)
{
	bool is_watched = limits->memory_bytes > 0 || limits->processes > 0;

	limits->look_at = limits->look_ms > 0 ? now + limits->look_ms : 0;
	if (is_watched)
		limits->look_at = now + (works ? HOLD_LOOK_MS : HOLD_LOOK_IDLE_MS);
}

void
limits_begin(struct limits *limits, ms_t now)
{
	limits->work_at = limits->looked_at = now;
	limits->cpu_before_ms = limits->cpu_ms;
	plan_look(limits, now, true);
}

static long long
keep_peak(long long peak, long long value)
{
	return value > peak ? value : peak;
}

const char *
limits_judge(struct limits *limits, const struct proc_usage *usage, ms_t now)
{
	long long spent = usage->cpu_ms - limits->cpu_before_ms;
	ms_t passed = now - limits->looked_at;
	bool works = limits->work_at > limits->looked_at;

	limits->cpu_ms = keep_peak(limits->cpu_ms, usage->cpu_ms);
	limits->memory_peak = keep_peak(limits->memory_peak, usage->memory_bytes);
	limits->processes_peak = keep_peak(limits->processes_peak, (long long)usage->n);
	/*
	 * Less than nothing: a process ended, and its time went with it.  Programs that wait
	 * wake up now and then, so a little is not work.
	 */
	if (passed >= HOLD_LOOK_MIN_MS || spent < 0) {
		if (spent < 0 || spent * 100 >= passed * HOLD_WORK_PERCENT) {
			limits->work_at = now;
			works = true;
		}
		limits->looked_at = now;
		limits->cpu_before_ms = usage->cpu_ms;
	}
	plan_look(limits, now, works);
	if (limits->memory_bytes > 0 && usage->memory_bytes > limits->memory_bytes)
		return "memory-limit";
	if (limits->processes > 0 && (long long)usage->n > limits->processes)
		return "process-limit";
	return NULL;
}

/* Processor time of what we have reaped ourselves: the agent and its orphans. */
static long long
reaped_ms(void)
{
	struct rusage use;

	if (getrusage(RUSAGE_CHILDREN, &use) < 0)
		return 0;
	return (use.ru_utime.tv_sec + use.ru_stime.tv_sec) * 1000LL +
	       (use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1000;
}

const char *
limits_look(struct limits *limits, ms_t now)
{
	struct proc_usage usage = { 0 };
	long long usec = -1;

	/* Processor time is all that is asked for, and the cgroup knows it at once. */
	if (limits->cgroup[0] && limits->memory_bytes == 0 && limits->processes == 0)
		usec = cgroup_read(limits->cgroup, "cpu.stat", "usage_usec");
	if (usec >= 0) {
		usage.cpu_ms = usec / 1000;
		return limits_judge(limits, &usage, now);
	}
	usage = proc_usage_below(getpid());
	usage.n -= usage.n < limits->n_ours ? usage.n : limits->n_ours;
	usage.cpu_ms += reaped_ms();
	return limits_judge(limits, &usage, now);
}

bool
limits_memory_ran_out(const struct limits *limits)
{
	return limits->cgroup[0] &&
	       cgroup_read(limits->cgroup, "memory.events", "oom_kill") > 0;
}

void
limits_tell(struct limits *limits, struct run_end *end)
{
	if (limits->cgroup[0]) {
		long long usec = cgroup_read(limits->cgroup, "cpu.stat", "usage_usec");

		limits->cpu_ms = keep_peak(limits->cpu_ms, usec / 1000);
		limits->memory_peak = keep_peak(limits->memory_peak,
		    cgroup_read(limits->cgroup, "memory.peak", ""));
		limits->processes_peak = keep_peak(limits->processes_peak,
		    cgroup_read(limits->cgroup, "pids.peak", ""));
	} else {
		limits->cpu_ms = keep_peak(limits->cpu_ms, reaped_ms());
	}
	end->cpu_ms = limits->cpu_ms;
	end->memory_peak = limits->memory_peak;
	end->processes_peak = limits->processes_peak;
	snprintf(end->limits, sizeof(end->limits), "%s", limits->means);
}
