#include "hold/hold.h"

#include "base/mem.h"

#include <signal.h>
#include <unistd.h>

/*
 * Agents run each command in a session of its own (RUNS 1.4), and some leave it running when
 * their turn is interrupted.  What serves the agent itself (its MCP servers, a wrapper)
 * stays in the agent's session.  So the session tells the two apart.
 */

static bool
has_session(const struct rest *rest, pid_t session)
{
	for (size_t i = 0; i < rest->n; i++) {
		if (rest->session[i] == session)
			return true;
	}
	return false;
}

/* Sends SIG to all below us that are in one of the sessions of REST; were there any? */
static bool
signal_all(const struct rest *rest, int sig)
{
	AUTO_FREE struct proc_id *ids = NULL;
	size_t n = proc_tree(getpid(), &ids);
	bool any = false;

	for (size_t i = 0; i < n; i++) {
		pid_t session = getsid(ids[i].pid);

		if (session > 0 && has_session(rest, session)) {
			(void)proc_signal(&ids[i], sig);
			any = true;
		}
	}
	return any;
}

void
rest_end(struct rest *rest, const struct agent *agent, ms_t kill_at)
{
	AUTO_FREE struct proc_id *ids = NULL;
	size_t n = agent->pid > 0 ? proc_tree(getpid(), &ids) : 0;

	rest->n = 0;
	for (size_t i = 0; i < n; i++) {
		pid_t session = getsid(ids[i].pid);

		/* The first of its PID namespace is a session, too, and ends them all. */
		if (session <= 0 || session == agent->pid || session == agent->init ||
		    has_session(rest, session))
			continue;
		GROW(rest->session, rest->n, rest->cap);
		rest->session[rest->n++] = session;
	}
	rest->kill_at = signal_all(rest, SIGTERM) ? kill_at : 0;
}

void
rest_press_on(struct rest *rest, ms_t now)
{
	if (rest->kill_at == 0 || now < rest->kill_at)
		return;
	rest->kill_at = signal_all(rest, SIGKILL) ? now + HOLD_REST_MS : 0;
}
