#pragma once

/*
 * Every query and mutation that is ever sent to Linear, and nothing else: tests/tracker
 * validate all of them against Linear's own schema.  What they need comes in variables;
 * no text is ever put together.  None names priority, due date or cycle (T05).
 */
enum linear_op {
	LINEAR_TEAM,
	LINEAR_LABELS,
	LINEAR_USERS,
	LINEAR_PROJECTS,
	LINEAR_BRIEF,
	LINEAR_ISSUE,
	LINEAR_CHILDREN,
	LINEAR_DONE,
	LINEAR_LINKED,
	LINEAR_COMMENT,
	LINEAR_ATTACHMENT,
	LINEAR_AGENTS,
	LINEAR_ACTIVITY,
	LINEAR_PLACE,
	LINEAR_ISSUE_CREATE,
	LINEAR_ISSUE_UPDATE,
	LINEAR_LABEL_CREATE,
	LINEAR_COMMENT_CREATE,
	LINEAR_COMMENT_UPDATE,
	LINEAR_RELATE,
	LINEAR_ATTACH,
	LINEAR_UPLOAD,
	LINEAR_AGENT_START,
	LINEAR_AGENT_TELL,
	LINEAR_UPDATE_CREATE,
	LINEAR_UPDATE_AMEND,
	LINEAR_N_OPS,
};

/* One operation: its name and its whole text. */
struct linear_text {
	const char *name, *text;
};

extern const struct linear_text linear_text[LINEAR_N_OPS];
