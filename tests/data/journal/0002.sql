PRAGMA application_id = 1685484393;
PRAGMA user_version = 2;
CREATE TABLE event (
	seq        INTEGER PRIMARY KEY CHECK (seq > 0),
	at         INTEGER NOT NULL,
	actor      TEXT NOT NULL CHECK (actor <> ''),
	entity     TEXT NOT NULL CHECK (entity <> ''),
	from_state TEXT NOT NULL,
	to_state   TEXT NOT NULL,
	cause      TEXT NOT NULL,
	data       TEXT NOT NULL CHECK (json_valid(data))
) STRICT;
CREATE TRIGGER event_is_never_changed BEFORE UPDATE ON event BEGIN
	SELECT RAISE(ABORT, 'the journal is only ever appended to');
END;
CREATE TRIGGER event_is_never_removed BEFORE DELETE ON event BEGIN
	SELECT RAISE(ABORT, 'the journal is only ever appended to');
END;
CREATE TABLE act (
	seq       INTEGER PRIMARY KEY CHECK (seq > 0),
	event_seq INTEGER NOT NULL REFERENCES event (seq),
	key       TEXT NOT NULL UNIQUE CHECK (key <> ''),
	kind      TEXT NOT NULL CHECK (kind <> ''),
	"order"   TEXT NOT NULL,
	state     TEXT NOT NULL
	          CHECK (state IN ('owed', 'begun', 'done', 'failed', 'dead')),
	data      TEXT NOT NULL CHECK (json_valid(data)),
	result    TEXT NOT NULL,
	tries     INTEGER NOT NULL CHECK (tries >= 0),
	next_at   INTEGER NOT NULL
) STRICT;
CREATE INDEX act_open ON act (seq) WHERE state IN ('owed', 'begun');
CREATE TABLE blob (
	sha256 TEXT PRIMARY KEY CHECK (length(sha256) = 64),
	data   BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE meta (
	key   TEXT PRIMARY KEY CHECK (key <> ''),
	value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE issue (
	n             INTEGER PRIMARY KEY,
	id            TEXT NOT NULL UNIQUE CHECK (id GLOB '[A-Z]*-[0-9]*'),
	number        INTEGER UNIQUE, -- of DV-n, NULL when the id is the plan's own
	uuid          TEXT NOT NULL,
	url           TEXT NOT NULL,
	title         TEXT NOT NULL CHECK (title <> ''),
	body          TEXT NOT NULL,
	version       INTEGER NOT NULL CHECK (version > 0),
	status        TEXT NOT NULL
	              CHECK (status IN ('Triage', 'Backlog', 'Todo', 'In Progress',
	                                'In Review', 'Done', 'Cancelled', 'Duplicate')),
	estimate      INTEGER NOT NULL CHECK (estimate IN (0, 1, 2, 3, 5, 8, 13)),
	priority      INTEGER NOT NULL CHECK (priority BETWEEN 0 AND 4),
	project       TEXT NOT NULL,
	parent        TEXT REFERENCES issue (id) CHECK (parent <> id),
	assignee      TEXT NOT NULL,
	delegate      TEXT NOT NULL,
	owner_session TEXT NOT NULL,
	created_at    INTEGER NOT NULL,
	updated_at    INTEGER NOT NULL
) STRICT;
CREATE INDEX issue_parent ON issue (parent);
CREATE TABLE label (
	issue TEXT NOT NULL REFERENCES issue (id),
	name  TEXT NOT NULL CHECK (name <> ''),
	PRIMARY KEY (issue, name)
) STRICT, WITHOUT ROWID;
CREATE TABLE relation (
	a    TEXT NOT NULL REFERENCES issue (id),
	kind TEXT NOT NULL CHECK (kind IN ('blocks', 'related')),
	b    TEXT NOT NULL REFERENCES issue (id),
	PRIMARY KEY (a, kind, b),
	CHECK (a <> b),
	CHECK (kind = 'blocks' OR a < b)
) STRICT, WITHOUT ROWID;
CREATE INDEX relation_back ON relation (b, kind);
CREATE TABLE comment (
	n         INTEGER PRIMARY KEY,
	issue     TEXT NOT NULL REFERENCES issue (id),
	kind      TEXT NOT NULL
	          CHECK (kind IN ('note', 'start', 'progress', 'gate', 'conflict', 'exit',
	                          'closing', 'checkpoint', 'registry', 'rdr', 'mention')),
	author    TEXT NOT NULL CHECK (author <> ''),
	body      TEXT NOT NULL CHECK (body <> ''),
	at        INTEGER NOT NULL,
	edited_at INTEGER NOT NULL
) STRICT;
CREATE INDEX comment_issue ON comment (issue);
CREATE UNIQUE INDEX comment_single ON comment (issue, kind)
	WHERE kind IN ('checkpoint', 'registry');
CREATE TABLE attachment (
	issue  TEXT NOT NULL REFERENCES issue (id),
	url    TEXT NOT NULL CHECK (url <> ''),
	sha256 TEXT NOT NULL,
	title  TEXT NOT NULL,
	at     INTEGER NOT NULL,
	PRIMARY KEY (issue, url, sha256)
) STRICT, WITHOUT ROWID;
CREATE TABLE issue_write (
	key   TEXT PRIMARY KEY CHECK (key <> ''),
	issue TEXT NOT NULL REFERENCES issue (id)
) STRICT, WITHOUT ROWID;
INSERT INTO event ("seq", "at", "actor", "entity", "from_state", "to_state", "cause", "data") VALUES (1, 1795366882339, 'human:tester', 'server', '', '', 'plan-opened', '{"cap":3,"research_cap":5,"merge":"ask","landing":"squash","publish":"none","remote":"","publish_unset":0,"threshold":1000,"confirm_ms":120000,"silence_ms":1800000,"wall_ms":0,"out_bytes":1073741824,"profile":"budget","setup":"","verify":"","path":"/home/tester/repo/2026-11-22-try-it.md","title":"Try it","plan_hash":"36a2b4f7b6e5db3a2022b1bf1b724077bd85cc3c951e45b0304581506d6857ff","sha256":"2034303007a8a8ebcd419e78b70f3e99dafea88e275336330639248803e9d656","master":"T-100","master_title":"Try it","master_url":"local:T-100","target":"main","phases":"1A,1B,2A","n_phases":3,"base":"e05e218b50d988f44ebc53728314a5df9684f123","kind":"implementation","number":1,"n_sessions":2,"s0.phase":"1A","s0.label":"S-A","s0.issue":"T-11","s0.issue_title":"Work on 1A","s0.issue_url":"local:T-11","s0.focus":"Work on 1A","s0.title":"Batch 1A: Work on 1A","s0.mode":"quick","s0.launch":"bypass","s0.branch":"command/t-11-work-on-1a","s0.worktree":"yes","s0.path":"/home/tester/home/state/divisi/worktrees/repo-40c833d4/t-11-work-on-1a","s0.launch_as":"Bypass permissions","s0.est_low":30,"s0.est_mid":30,"s0.est_high":30,"s0.points":1,"s0.merge":1,"s0.analysis":0,"s0.budget":60,"s0.cost":"~$0.30","s0.after":"","s0.agent":"command","s0.agent_shown":"command","s0.external":0,"s0.adapter":"command","s0.program":"/home/tester/bin/scripted","s0.version":"","s0.login":-1,"s0.args":"","s0.prompt_sha":"9ed0d66ef9b5962b99e22745d32fb85aa1fc82462ff99bf0131d97389b441060","s0.verify":"","s0.env_more":"","s0.setup":"","s0.sandboxed":0,"s1.phase":"1B","s1.label":"S-B","s1.issue":"T-12","s1.issue_title":"Work on 1B","s1.issue_url":"local:T-12","s1.focus":"Work on 1B","s1.title":"Batch 1B: Work on 1B","s1.mode":"quick","s1.launch":"bypass","s1.branch":"command/t-12-work-on-1b","s1.worktree":"yes","s1.path":"/home/tester/home/state/divisi/worktrees/repo-40c833d4/t-12-work-on-1b","s1.launch_as":"Bypass permissions","s1.est_low":30,"s1.est_mid":30,"s1.est_high":30,"s1.points":1,"s1.merge":2,"s1.analysis":0,"s1.budget":60,"s1.cost":"~$0.30","s1.after":"","s1.agent":"command","s1.agent_shown":"command","s1.external":0,"s1.adapter":"command","s1.program":"/home/tester/bin/scripted","s1.version":"","s1.login":-1,"s1.args":"","s1.prompt_sha":"de2afadb35a6b1e50f9738d08dc629aa71621439a10b86433427acc1e38157f1","s1.verify":"","s1.env_more":"","s1.setup":"","s1.sandboxed":0,"hash":"68fabd1767c914ae83956c81628f6dcc7d2fa6fcd9308c98549da678d5d76694"}');
INSERT INTO event ("seq", "at", "actor", "entity", "from_state", "to_state", "cause", "data") VALUES (2, 1795366882339, 'server', 'plan/p1', '', 'active', 'plan-opened', '{"follows":true}');
INSERT INTO event ("seq", "at", "actor", "entity", "from_state", "to_state", "cause", "data") VALUES (3, 1795366882343, 'human:tester', 'plan/p1', '', '', 'batch-planned', '{"cap":3,"research_cap":5,"merge":"ask","landing":"squash","publish":"none","remote":"","publish_unset":0,"threshold":1000,"confirm_ms":120000,"silence_ms":1800000,"wall_ms":0,"out_bytes":1073741824,"profile":"budget","setup":"","verify":"","path":"/home/tester/repo/2026-11-22-try-it.md","title":"Try it","plan_hash":"36a2b4f7b6e5db3a2022b1bf1b724077bd85cc3c951e45b0304581506d6857ff","sha256":"2034303007a8a8ebcd419e78b70f3e99dafea88e275336330639248803e9d656","master":"T-100","master_title":"Try it","master_url":"local:T-100","target":"main","phases":"1A,1B,2A","n_phases":3,"base":"e05e218b50d988f44ebc53728314a5df9684f123","kind":"implementation","number":1,"n_sessions":2,"s0.phase":"1A","s0.label":"S-A","s0.issue":"T-11","s0.issue_title":"Work on 1A","s0.issue_url":"local:T-11","s0.focus":"Work on 1A","s0.title":"Batch 1A: Work on 1A","s0.mode":"quick","s0.launch":"bypass","s0.branch":"command/t-11-work-on-1a","s0.worktree":"yes","s0.path":"/home/tester/home/state/divisi/worktrees/repo-40c833d4/t-11-work-on-1a","s0.launch_as":"Bypass permissions","s0.est_low":30,"s0.est_mid":30,"s0.est_high":30,"s0.points":1,"s0.merge":1,"s0.analysis":0,"s0.budget":60,"s0.cost":"~$0.30","s0.after":"","s0.agent":"command","s0.agent_shown":"command","s0.external":0,"s0.adapter":"command","s0.program":"/home/tester/bin/scripted","s0.version":"","s0.login":-1,"s0.args":"","s0.prompt_sha":"9ed0d66ef9b5962b99e22745d32fb85aa1fc82462ff99bf0131d97389b441060","s0.verify":"","s0.env_more":"","s0.setup":"","s0.sandboxed":0,"s1.phase":"1B","s1.label":"S-B","s1.issue":"T-12","s1.issue_title":"Work on 1B","s1.issue_url":"local:T-12","s1.focus":"Work on 1B","s1.title":"Batch 1B: Work on 1B","s1.mode":"quick","s1.launch":"bypass","s1.branch":"command/t-12-work-on-1b","s1.worktree":"yes","s1.path":"/home/tester/home/state/divisi/worktrees/repo-40c833d4/t-12-work-on-1b","s1.launch_as":"Bypass permissions","s1.est_low":30,"s1.est_mid":30,"s1.est_high":30,"s1.points":1,"s1.merge":2,"s1.analysis":0,"s1.budget":60,"s1.cost":"~$0.30","s1.after":"","s1.agent":"command","s1.agent_shown":"command","s1.external":0,"s1.adapter":"command","s1.program":"/home/tester/bin/scripted","s1.version":"","s1.login":-1,"s1.args":"","s1.prompt_sha":"de2afadb35a6b1e50f9738d08dc629aa71621439a10b86433427acc1e38157f1","s1.verify":"","s1.env_more":"","s1.setup":"","s1.sandboxed":0,"hash":"68fabd1767c914ae83956c81628f6dcc7d2fa6fcd9308c98549da678d5d76694","plan":"p1","override":"","override_reason":"","override_G07":0}');
INSERT INTO event ("seq", "at", "actor", "entity", "from_state", "to_state", "cause", "data") VALUES (4, 1795366882343, 'server', 'batch/p1/1', '', 'planned', 'batch-planned', '{"follows":true}');
INSERT INTO event ("seq", "at", "actor", "entity", "from_state", "to_state", "cause", "data") VALUES (5, 1795366882344, 'server', 'issue/T-100', '', 'Todo', 'issue-file', '{"title":"Try it","body_sha256":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","labels":["type:feature"]}');
INSERT INTO event ("seq", "at", "actor", "entity", "from_state", "to_state", "cause", "data") VALUES (6, 1795366882344, 'server', 'issue/T-100', '', '', 'issue-file', '{"attached":"\/home\/tester\/repo\/2026-11-22-try-it.md","sha256":"2034303007a8a8ebcd419e78b70f3e99dafea88e275336330639248803e9d656"}');
INSERT INTO event ("seq", "at", "actor", "entity", "from_state", "to_state", "cause", "data") VALUES (7, 1795366882344, 'server', 'issue/T-11', '', 'Todo', 'issue-file', '{"title":"Work on 1A","parent":"T-100","body_sha256":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","labels":["type:feature"]}');
INSERT INTO event ("seq", "at", "actor", "entity", "from_state", "to_state", "cause", "data") VALUES (8, 1795366882344, 'server', 'issue/DV-1', '', 'Todo', 'issue-file', '{"title":"Batch 1A: Work on 1A","parent":"T-100","body_sha256":"9ed0d66ef9b5962b99e22745d32fb85aa1fc82462ff99bf0131d97389b441060","labels":["exec:quick","type:chore"],"estimate":1}');
INSERT INTO event ("seq", "at", "actor", "entity", "from_state", "to_state", "cause", "data") VALUES (9, 1795366882345, 'server', 'issue/DV-1', '', '', 'issue-file', '{"related":"T-11"}');
INSERT INTO event ("seq", "at", "actor", "entity", "from_state", "to_state", "cause", "data") VALUES (10, 1795366882349, 'server', 'session/p1.1.1A', 'planned', 'filed', 'session-filed', '{"session":"p1.1.1A","sub_issue":"DV-1","version":1}');
INSERT INTO event ("seq", "at", "actor", "entity", "from_state", "to_state", "cause", "data") VALUES (11, 1795366882364, 'server', 'issue/T-12', '', 'Todo', 'issue-file', '{"title":"Work on 1B","parent":"T-100","body_sha256":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","labels":["type:feature"]}');
INSERT INTO event ("seq", "at", "actor", "entity", "from_state", "to_state", "cause", "data") VALUES (12, 1795366882364, 'server', 'issue/DV-2', '', 'Todo', 'issue-file', '{"title":"Batch 1B: Work on 1B","parent":"T-100","body_sha256":"de2afadb35a6b1e50f9738d08dc629aa71621439a10b86433427acc1e38157f1","labels":["exec:quick","type:chore"],"estimate":1}');
INSERT INTO event ("seq", "at", "actor", "entity", "from_state", "to_state", "cause", "data") VALUES (13, 1795366882364, 'server', 'issue/DV-2', '', '', 'issue-file', '{"related":"T-12"}');
INSERT INTO event ("seq", "at", "actor", "entity", "from_state", "to_state", "cause", "data") VALUES (14, 1795366882367, 'server', 'session/p1.1.1B', 'planned', 'filed', 'session-filed', '{"session":"p1.1.1B","sub_issue":"DV-2","version":1}');
INSERT INTO event ("seq", "at", "actor", "entity", "from_state", "to_state", "cause", "data") VALUES (15, 1795366882515, 'server', 'session/p1.1.1B', 'filed', 'prepared', 'session-prepared', '{"copied":0,"path":"/home/tester/home/state/divisi/worktrees/repo-40c833d4/t-12-work-on-1b","base":"e05e218b50d988f44ebc53728314a5df9684f123","session":"p1.1.1B","version":1}');
INSERT INTO event ("seq", "at", "actor", "entity", "from_state", "to_state", "cause", "data") VALUES (16, 1795366882634, 'server', 'session/p1.1.1A', 'filed', 'prepared', 'session-prepared', '{"copied":0,"path":"/home/tester/home/state/divisi/worktrees/repo-40c833d4/t-11-work-on-1a","base":"e05e218b50d988f44ebc53728314a5df9684f123","session":"p1.1.1A","version":1}');
INSERT INTO event ("seq", "at", "actor", "entity", "from_state", "to_state", "cause", "data") VALUES (17, 1795366882634, 'server', 'batch/p1/1', 'planned', 'awaiting-approval', 'session-prepared', '{"follows":true}');
INSERT INTO event ("seq", "at", "actor", "entity", "from_state", "to_state", "cause", "data") VALUES (18, 1795366882903, 'human:tester', 'batch/p1/1', 'awaiting-approval', 'approved', 'batch-approved', '{"batch":"p1/1","hash":"68fabd1767c914ae83956c81628f6dcc7d2fa6fcd9308c98549da678d5d76694","reason":""}');
INSERT INTO event ("seq", "at", "actor", "entity", "from_state", "to_state", "cause", "data") VALUES (19, 1795366882903, 'server', 'session/p1.1.1A', 'prepared', 'approved', 'batch-approved', '{"follows":true}');
INSERT INTO event ("seq", "at", "actor", "entity", "from_state", "to_state", "cause", "data") VALUES (20, 1795366882903, 'server', 'session/p1.1.1B', 'prepared', 'approved', 'batch-approved', '{"follows":true}');
INSERT INTO event ("seq", "at", "actor", "entity", "from_state", "to_state", "cause", "data") VALUES (21, 1795366882903, 'server', 'session/p1.1.1A', 'approved', 'launching', 'batch-approved', '{"follows":true}');
INSERT INTO event ("seq", "at", "actor", "entity", "from_state", "to_state", "cause", "data") VALUES (22, 1795366882903, 'server', 'session/p1.1.1B', 'approved', 'launching', 'batch-approved', '{"follows":true}');
INSERT INTO event ("seq", "at", "actor", "entity", "from_state", "to_state", "cause", "data") VALUES (23, 1795366882903, 'server', 'batch/p1/1', 'approved', 'running', 'batch-approved', '{"follows":true}');
INSERT INTO event ("seq", "at", "actor", "entity", "from_state", "to_state", "cause", "data") VALUES (24, 1795366882912, 'server', 'issue/DV-1', '', '', 'issue-assign', '{"assignee":"command","owner_session":"p1.1.1A"}');
INSERT INTO event ("seq", "at", "actor", "entity", "from_state", "to_state", "cause", "data") VALUES (25, 1795366882916, 'server', 'issue/DV-2', '', '', 'issue-assign', '{"assignee":"command","owner_session":"p1.1.1B"}');
INSERT INTO event ("seq", "at", "actor", "entity", "from_state", "to_state", "cause", "data") VALUES (26, 1795366882985, 'server', 'session/p1.1.1B', '', '', 'run-started', '{"session":"p1.1.1B","run":"p1.1.1B.r1"}');
INSERT INTO event ("seq", "at", "actor", "entity", "from_state", "to_state", "cause", "data") VALUES (27, 1795366882998, 'server', 'session/p1.1.1A', '', '', 'run-started', '{"session":"p1.1.1A","run":"p1.1.1A.r1"}');
INSERT INTO event ("seq", "at", "actor", "entity", "from_state", "to_state", "cause", "data") VALUES (28, 1795366883009, 'server', 'session/p1.1.1A', 'launching', 'unconfirmed', 'agent-accepted', '{"session":"p1.1.1A","run":"p1.1.1A.r1","text":"","agent_session":"","offset":0}');
INSERT INTO event ("seq", "at", "actor", "entity", "from_state", "to_state", "cause", "data") VALUES (29, 1795366883017, 'server', 'session/p1.1.1A', 'unconfirmed', 'active', 'agent-confirmed', '{"session":"p1.1.1A","run":"p1.1.1A.r1","text":"","agent_session":"","offset":20}');
INSERT INTO event ("seq", "at", "actor", "entity", "from_state", "to_state", "cause", "data") VALUES (30, 1795366883021, 'server', 'session/p1.1.1A', 'active', 'checkpoint', 'agent-asked', '{"session":"p1.1.1A","run":"p1.1.1A.r1","text":"May I write?","ask":"ask-1","kind":"permission","detail":"May I write?","raw":"","offset":123}');
INSERT INTO event ("seq", "at", "actor", "entity", "from_state", "to_state", "cause", "data") VALUES (31, 1795366883037, 'server', 'issue/DV-1', 'Todo', 'In Progress', 'issue-move', '{}');
INSERT INTO event ("seq", "at", "actor", "entity", "from_state", "to_state", "cause", "data") VALUES (32, 1795366883037, 'server', 'issue/T-11', 'Todo', 'In Progress', 'issue-move', '{}');
INSERT INTO event ("seq", "at", "actor", "entity", "from_state", "to_state", "cause", "data") VALUES (33, 1795366883045, 'server', 'issue/DV-1', '', '', 'issue-comment', '{"comment":"start"}');
INSERT INTO event ("seq", "at", "actor", "entity", "from_state", "to_state", "cause", "data") VALUES (34, 1795366883061, 'server', 'issue/T-100', '', '', 'registry', '{"comment":"registry"}');
INSERT INTO event ("seq", "at", "actor", "entity", "from_state", "to_state", "cause", "data") VALUES (35, 1795366883068, 'server', 'session/p1.1.1B', 'launching', 'unconfirmed', 'agent-accepted', '{"session":"p1.1.1B","run":"p1.1.1B.r1","text":"","agent_session":"","offset":0}');
INSERT INTO event ("seq", "at", "actor", "entity", "from_state", "to_state", "cause", "data") VALUES (36, 1795366883069, 'server', 'session/p1.1.1B', 'unconfirmed', 'active', 'agent-confirmed', '{"session":"p1.1.1B","run":"p1.1.1B.r1","text":"","agent_session":"","offset":20}');
INSERT INTO event ("seq", "at", "actor", "entity", "from_state", "to_state", "cause", "data") VALUES (37, 1795366883074, 'server', 'plan/p1', '', '', 'written-back', '{"sha256":"e0272634254767cf8cc332b81bc7c162d3b3319584596726b9a008599324af09","plan":"p1"}');
INSERT INTO event ("seq", "at", "actor", "entity", "from_state", "to_state", "cause", "data") VALUES (38, 1795366883081, 'server', 'issue/DV-2', 'Todo', 'In Progress', 'issue-move', '{}');
INSERT INTO event ("seq", "at", "actor", "entity", "from_state", "to_state", "cause", "data") VALUES (39, 1795366883081, 'server', 'issue/T-12', 'Todo', 'In Progress', 'issue-move', '{}');
INSERT INTO event ("seq", "at", "actor", "entity", "from_state", "to_state", "cause", "data") VALUES (40, 1795366883086, 'server', 'issue/DV-2', '', '', 'issue-comment', '{"comment":"start"}');
INSERT INTO event ("seq", "at", "actor", "entity", "from_state", "to_state", "cause", "data") VALUES (41, 1795366883100, 'server', 'issue/T-100', '', '', 'registry', '{"comment":"registry"}');
INSERT INTO event ("seq", "at", "actor", "entity", "from_state", "to_state", "cause", "data") VALUES (42, 1795366883105, 'server', 'plan/p1', '', '', 'written-back', '{"sha256":"e0272634254767cf8cc332b81bc7c162d3b3319584596726b9a008599324af09","plan":"p1"}');
INSERT INTO event ("seq", "at", "actor", "entity", "from_state", "to_state", "cause", "data") VALUES (43, 1795366883113, 'server', 'session/p1.1.1B', 'active', 'exiting', 'agent-done', '{"session":"p1.1.1B","run":"p1.1.1B.r1","text":"did all of it","offset":65}');
INSERT INTO event ("seq", "at", "actor", "entity", "from_state", "to_state", "cause", "data") VALUES (44, 1795366883157, 'human:tester', 'session/p1.1.1A', 'checkpoint', 'active', 'ask-answered', '{"session":"p1.1.1A","decision":"allow","text":""}');
INSERT INTO event ("seq", "at", "actor", "entity", "from_state", "to_state", "cause", "data") VALUES (45, 1795366883174, 'server', 'session/p1.1.1B', '', '', 'run-ended', '{"session":"p1.1.1B","run":"p1.1.1B.r1","reason":"exited","text":"","status":0,"signal":0,"swept":0,"clean":1}');
INSERT INTO event ("seq", "at", "actor", "entity", "from_state", "to_state", "cause", "data") VALUES (46, 1795366883175, 'server', 'session/p1.1.1A', '', '', 'agent-activity', '{"text":"answered: allow ","session":"p1.1.1A","run":"p1.1.1A.r1","offset":167}');
INSERT INTO event ("seq", "at", "actor", "entity", "from_state", "to_state", "cause", "data") VALUES (47, 1795366883238, 'server', 'session/p1.1.1A', 'active', 'exiting', 'agent-done', '{"session":"p1.1.1A","run":"p1.1.1A.r1","text":"did all of it","offset":212}');
INSERT INTO event ("seq", "at", "actor", "entity", "from_state", "to_state", "cause", "data") VALUES (48, 1795366883271, 'server', 'session/p1.1.1A', '', '', 'run-ended', '{"session":"p1.1.1A","run":"p1.1.1A.r1","reason":"exited","text":"","status":0,"signal":0,"swept":0,"clean":1}');
INSERT INTO event ("seq", "at", "actor", "entity", "from_state", "to_state", "cause", "data") VALUES (49, 1795366883318, 'server', 'session/p1.1.1B', 'exiting', 'in-review', 'inspected', '{"stray":"","dirty_list":"","dirty":0,"head":"57908e8b1108c32abd1738c08e8b319333f56245","commits":1,"files":1,"pin":"57908e8b1108c32abd1738c08e8b319333f56245","session":"p1.1.1B","why":"exit"}');
INSERT INTO event ("seq", "at", "actor", "entity", "from_state", "to_state", "cause", "data") VALUES (50, 1795366883322, 'server', 'issue/DV-2', '', '', 'issue-comment', '{"comment":"exit"}');
INSERT INTO event ("seq", "at", "actor", "entity", "from_state", "to_state", "cause", "data") VALUES (51, 1795366883327, 'server', 'issue/DV-2', 'In Progress', 'In Review', 'issue-move', '{}');
INSERT INTO event ("seq", "at", "actor", "entity", "from_state", "to_state", "cause", "data") VALUES (52, 1795366883327, 'server', 'issue/T-12', 'In Progress', 'In Review', 'issue-move', '{}');
INSERT INTO event ("seq", "at", "actor", "entity", "from_state", "to_state", "cause", "data") VALUES (53, 1795366883335, 'server', 'issue/T-100', '', '', 'registry', '{"comment":"registry"}');
INSERT INTO event ("seq", "at", "actor", "entity", "from_state", "to_state", "cause", "data") VALUES (54, 1795366883347, 'server', 'plan/p1', '', '', 'written-back', '{"sha256":"96f30f0c8a902d75309624ecd0a8152a80e10b1ee1c42748c0d1423e69204ba4","plan":"p1"}');
INSERT INTO event ("seq", "at", "actor", "entity", "from_state", "to_state", "cause", "data") VALUES (55, 1795366883434, 'server', 'session/p1.1.1A', 'exiting', 'in-review', 'inspected', '{"stray":"","dirty_list":"","dirty":0,"head":"73e88545c8d1f2dc69f40d133f7e438bfc0982e1","commits":1,"files":1,"pin":"73e88545c8d1f2dc69f40d133f7e438bfc0982e1","session":"p1.1.1A","why":"exit"}');
INSERT INTO event ("seq", "at", "actor", "entity", "from_state", "to_state", "cause", "data") VALUES (56, 1795366883434, 'server', 'batch/p1/1', 'running', 'draining', 'inspected', '{"follows":true}');
INSERT INTO event ("seq", "at", "actor", "entity", "from_state", "to_state", "cause", "data") VALUES (57, 1795366883446, 'server', 'issue/DV-1', '', '', 'issue-comment', '{"comment":"exit"}');
INSERT INTO event ("seq", "at", "actor", "entity", "from_state", "to_state", "cause", "data") VALUES (58, 1795366883449, 'server', 'issue/DV-1', 'In Progress', 'In Review', 'issue-move', '{}');
INSERT INTO event ("seq", "at", "actor", "entity", "from_state", "to_state", "cause", "data") VALUES (59, 1795366883449, 'server', 'issue/T-11', 'In Progress', 'In Review', 'issue-move', '{}');
INSERT INTO event ("seq", "at", "actor", "entity", "from_state", "to_state", "cause", "data") VALUES (60, 1795366883471, 'server', 'issue/T-100', '', '', 'registry', '{"comment":"registry"}');
INSERT INTO event ("seq", "at", "actor", "entity", "from_state", "to_state", "cause", "data") VALUES (61, 1795366883491, 'server', 'plan/p1', '', '', 'written-back', '{"sha256":"bfb38a49b9f67d7658f95dec607f1feb5be207109698a60fd5f6c3e522713eb1","plan":"p1"}');
INSERT INTO event ("seq", "at", "actor", "entity", "from_state", "to_state", "cause", "data") VALUES (62, 1795366883818, 'human:tester', 'session/p1.1.1A', 'in-review', 'mergeable', 'merge-asked', '{"session":"p1.1.1A"}');
INSERT INTO event ("seq", "at", "actor", "entity", "from_state", "to_state", "cause", "data") VALUES (63, 1795366883818, 'server', 'session/p1.1.1A', 'mergeable', 'merging', 'merge-asked', '{"follows":true}');
INSERT INTO event ("seq", "at", "actor", "entity", "from_state", "to_state", "cause", "data") VALUES (64, 1795366883908, 'server', 'session/p1.1.1A', '', '', 'candidate-built', '{"candidate":"16880dc8dd4d5f8dfaa565b842c4502bf19ea5e7","onto":"e05e218b50d988f44ebc53728314a5df9684f123","evidence":"no verify command is configured","session":"p1.1.1A"}');
INSERT INTO event ("seq", "at", "actor", "entity", "from_state", "to_state", "cause", "data") VALUES (65, 1795366883987, 'server', 'session/p1.1.1A', 'merging', 'done', 'landed', '{"commit":"16880dc8dd4d5f8dfaa565b842c4502bf19ea5e7","session":"p1.1.1A"}');
INSERT INTO event ("seq", "at", "actor", "entity", "from_state", "to_state", "cause", "data") VALUES (66, 1795366883990, 'server', 'issue/DV-1', '', '', 'issue-comment', '{"comment":"closing"}');
INSERT INTO event ("seq", "at", "actor", "entity", "from_state", "to_state", "cause", "data") VALUES (67, 1795366883993, 'server', 'issue/DV-1', 'In Review', 'Done', 'issue-move', '{}');
INSERT INTO event ("seq", "at", "actor", "entity", "from_state", "to_state", "cause", "data") VALUES (68, 1795366883993, 'server', 'issue/T-11', 'In Review', 'Done', 'issue-move', '{}');
INSERT INTO event ("seq", "at", "actor", "entity", "from_state", "to_state", "cause", "data") VALUES (69, 1795366884011, 'server', 'issue/T-100', '', '', 'registry', '{"comment":"registry"}');
INSERT INTO event ("seq", "at", "actor", "entity", "from_state", "to_state", "cause", "data") VALUES (70, 1795366884026, 'server', 'plan/p1', '', '', 'written-back', '{"sha256":"c0c5246e7910f1c03a83f48fff272bc75f67ac3e83f7f3221a892db53b64df04","plan":"p1"}');
INSERT INTO act ("seq", "event_seq", "key", "kind", "order", "state", "data", "result", "tries", "next_at") VALUES (1, 4, 'issue-file/p1.1.1A/v1', 'issue-file', 'tracker', 'done', '{"session":"p1.1.1A","plan":"p1","version":1}', '{}', 1, 0);
INSERT INTO act ("seq", "event_seq", "key", "kind", "order", "state", "data", "result", "tries", "next_at") VALUES (2, 4, 'worktree-add/p1.1.1A/v1', 'worktree-add', 'p1.1.1A', 'done', '{"session":"p1.1.1A","plan":"p1","path":"/home/tester/home/state/divisi/worktrees/repo-40c833d4/t-11-work-on-1a","branch":"command/t-11-work-on-1a","base":"e05e218b50d988f44ebc53728314a5df9684f123","version":1}', '{}', 1, 0);
INSERT INTO act ("seq", "event_seq", "key", "kind", "order", "state", "data", "result", "tries", "next_at") VALUES (3, 4, 'issue-file/p1.1.1B/v1', 'issue-file', 'tracker', 'done', '{"session":"p1.1.1B","plan":"p1","version":1}', '{}', 1, 0);
INSERT INTO act ("seq", "event_seq", "key", "kind", "order", "state", "data", "result", "tries", "next_at") VALUES (4, 4, 'worktree-add/p1.1.1B/v1', 'worktree-add', 'p1.1.1B', 'done', '{"session":"p1.1.1B","plan":"p1","path":"/home/tester/home/state/divisi/worktrees/repo-40c833d4/t-12-work-on-1b","branch":"command/t-12-work-on-1b","base":"e05e218b50d988f44ebc53728314a5df9684f123","version":1}', '{}', 1, 0);
INSERT INTO act ("seq", "event_seq", "key", "kind", "order", "state", "data", "result", "tries", "next_at") VALUES (5, 23, 'issue-assign/p1.1.1A/v1', 'issue-assign', 'tracker', 'done', '{"session":"p1.1.1A","assignee":"command"}', '{}', 1, 0);
INSERT INTO act ("seq", "event_seq", "key", "kind", "order", "state", "data", "result", "tries", "next_at") VALUES (6, 23, 'issue-assign/p1.1.1B/v1', 'issue-assign', 'tracker', 'done', '{"session":"p1.1.1B","assignee":"command"}', '{}', 1, 0);
INSERT INTO act ("seq", "event_seq", "key", "kind", "order", "state", "data", "result", "tries", "next_at") VALUES (7, 23, 'launch/p1.1.1A.r1', 'launch', 'p1.1.1A', 'done', '{"session":"p1.1.1A","plan":"p1","run":"p1.1.1A.r1","resume":"","note":""}', '{}', 1, 0);
INSERT INTO act ("seq", "event_seq", "key", "kind", "order", "state", "data", "result", "tries", "next_at") VALUES (8, 23, 'launch/p1.1.1B.r1', 'launch', 'p1.1.1B', 'done', '{"session":"p1.1.1B","plan":"p1","run":"p1.1.1B.r1","resume":"","note":""}', '{}', 1, 0);
INSERT INTO act ("seq", "event_seq", "key", "kind", "order", "state", "data", "result", "tries", "next_at") VALUES (9, 29, 'issue-move/p1.1.1A/In Progress/1', 'issue-move', 'tracker', 'done', '{"session":"p1.1.1A","issue":"DV-1","work_issue":"T-11","status":"In Progress"}', '{}', 1, 0);
INSERT INTO act ("seq", "event_seq", "key", "kind", "order", "state", "data", "result", "tries", "next_at") VALUES (10, 29, 'issue-comment/p1.1.1A/start/1', 'issue-comment', 'tracker', 'done', '{"session":"p1.1.1A","issue":"DV-1","kind":"start","text":"Session started: command, quick (bypass), branch `command/t-11-work-on-1a`."}', '{}', 1, 0);
INSERT INTO act ("seq", "event_seq", "key", "kind", "order", "state", "data", "result", "tries", "next_at") VALUES (11, 29, 'write-back/p1/1', 'write-back', 'plan', 'done', '{"plan":"p1"}', '{}', 1, 0);
INSERT INTO act ("seq", "event_seq", "key", "kind", "order", "state", "data", "result", "tries", "next_at") VALUES (12, 29, 'registry/p1/1', 'registry', 'tracker', 'done', '{"plan":"p1"}', '{}', 1, 0);
INSERT INTO act ("seq", "event_seq", "key", "kind", "order", "state", "data", "result", "tries", "next_at") VALUES (13, 36, 'issue-move/p1.1.1B/In Progress/1', 'issue-move', 'tracker', 'done', '{"session":"p1.1.1B","issue":"DV-2","work_issue":"T-12","status":"In Progress"}', '{}', 1, 0);
INSERT INTO act ("seq", "event_seq", "key", "kind", "order", "state", "data", "result", "tries", "next_at") VALUES (14, 36, 'issue-comment/p1.1.1B/start/1', 'issue-comment', 'tracker', 'done', '{"session":"p1.1.1B","issue":"DV-2","kind":"start","text":"Session started: command, quick (bypass), branch `command/t-12-work-on-1b`."}', '{}', 1, 0);
INSERT INTO act ("seq", "event_seq", "key", "kind", "order", "state", "data", "result", "tries", "next_at") VALUES (15, 36, 'write-back/p1/2', 'write-back', 'plan', 'done', '{"plan":"p1"}', '{}', 1, 0);
INSERT INTO act ("seq", "event_seq", "key", "kind", "order", "state", "data", "result", "tries", "next_at") VALUES (16, 36, 'registry/p1/2', 'registry', 'tracker', 'done', '{"plan":"p1"}', '{}', 1, 0);
INSERT INTO act ("seq", "event_seq", "key", "kind", "order", "state", "data", "result", "tries", "next_at") VALUES (17, 43, 'inspect/p1.1.1B/1', 'inspect', 'p1.1.1B', 'done', '{"session":"p1.1.1B","plan":"p1","why":"exit","path":"/home/tester/home/state/divisi/worktrees/repo-40c833d4/t-12-work-on-1b","branch":"command/t-12-work-on-1b","base":"e05e218b50d988f44ebc53728314a5df9684f123","analysis":0}', '{}', 1, 0);
INSERT INTO act ("seq", "event_seq", "key", "kind", "order", "state", "data", "result", "tries", "next_at") VALUES (18, 44, 'answer/p1.1.1A.r1/1', 'answer', 'p1.1.1A', 'done', '{"session":"p1.1.1A","run":"p1.1.1A.r1","ask":"ask-1","raw":"","decision":"allow","text":""}', '{}', 1, 0);
INSERT INTO act ("seq", "event_seq", "key", "kind", "order", "state", "data", "result", "tries", "next_at") VALUES (19, 47, 'inspect/p1.1.1A/2', 'inspect', 'p1.1.1A', 'done', '{"session":"p1.1.1A","plan":"p1","why":"exit","path":"/home/tester/home/state/divisi/worktrees/repo-40c833d4/t-11-work-on-1a","branch":"command/t-11-work-on-1a","base":"e05e218b50d988f44ebc53728314a5df9684f123","analysis":0}', '{}', 1, 0);
INSERT INTO act ("seq", "event_seq", "key", "kind", "order", "state", "data", "result", "tries", "next_at") VALUES (20, 49, 'tell/p1.1.1B.r1/eof/2', 'tell', 'p1.1.1B', 'done', '{"session":"p1.1.1B","run":"p1.1.1B.r1","order":"eof"}', '{}', 1, 0);
INSERT INTO act ("seq", "event_seq", "key", "kind", "order", "state", "data", "result", "tries", "next_at") VALUES (21, 49, 'issue-comment/p1.1.1B/exit/3', 'issue-comment', 'tracker', 'done', '{"session":"p1.1.1B","issue":"DV-2","kind":"exit","text":"Done: did all of it\nDecisions: see the commits.\nBlockers: none.\nNext: merge (position 2). Evidence: 1 commit(s), 1 file(s), head 57908e8b1108."}', '{}', 1, 0);
INSERT INTO act ("seq", "event_seq", "key", "kind", "order", "state", "data", "result", "tries", "next_at") VALUES (22, 49, 'issue-move/p1.1.1B/In Review/3', 'issue-move', 'tracker', 'done', '{"session":"p1.1.1B","issue":"DV-2","work_issue":"T-12","status":"In Review"}', '{}', 1, 0);
INSERT INTO act ("seq", "event_seq", "key", "kind", "order", "state", "data", "result", "tries", "next_at") VALUES (23, 49, 'write-back/p1/3', 'write-back', 'plan', 'done', '{"plan":"p1"}', '{}', 1, 0);
INSERT INTO act ("seq", "event_seq", "key", "kind", "order", "state", "data", "result", "tries", "next_at") VALUES (24, 49, 'registry/p1/3', 'registry', 'tracker', 'done', '{"plan":"p1"}', '{}', 1, 0);
INSERT INTO act ("seq", "event_seq", "key", "kind", "order", "state", "data", "result", "tries", "next_at") VALUES (25, 56, 'tell/p1.1.1A.r1/eof/3', 'tell', 'p1.1.1A', 'done', '{"session":"p1.1.1A","run":"p1.1.1A.r1","order":"eof"}', '{}', 1, 0);
INSERT INTO act ("seq", "event_seq", "key", "kind", "order", "state", "data", "result", "tries", "next_at") VALUES (26, 56, 'issue-comment/p1.1.1A/exit/4', 'issue-comment', 'tracker', 'done', '{"session":"p1.1.1A","issue":"DV-1","kind":"exit","text":"Done: did all of it\nDecisions: see the commits.\nBlockers: none.\nNext: merge (position 1). Evidence: 1 commit(s), 1 file(s), head 73e88545c8d1."}', '{}', 1, 0);
INSERT INTO act ("seq", "event_seq", "key", "kind", "order", "state", "data", "result", "tries", "next_at") VALUES (27, 56, 'issue-move/p1.1.1A/In Review/4', 'issue-move', 'tracker', 'done', '{"session":"p1.1.1A","issue":"DV-1","work_issue":"T-11","status":"In Review"}', '{}', 1, 0);
INSERT INTO act ("seq", "event_seq", "key", "kind", "order", "state", "data", "result", "tries", "next_at") VALUES (28, 56, 'write-back/p1/4', 'write-back', 'plan', 'done', '{"plan":"p1"}', '{}', 1, 0);
INSERT INTO act ("seq", "event_seq", "key", "kind", "order", "state", "data", "result", "tries", "next_at") VALUES (29, 56, 'registry/p1/4', 'registry', 'tracker', 'done', '{"plan":"p1"}', '{}', 1, 0);
INSERT INTO act ("seq", "event_seq", "key", "kind", "order", "state", "data", "result", "tries", "next_at") VALUES (30, 63, 'candidate/p1.1.1A/1', 'candidate', 'merge', 'done', '{"session":"p1.1.1A","plan":"p1","target":"main"}', '{}', 1, 0);
INSERT INTO act ("seq", "event_seq", "key", "kind", "order", "state", "data", "result", "tries", "next_at") VALUES (31, 64, 'land/p1.1.1A/1', 'land', 'merge', 'done', '{"session":"p1.1.1A","plan":"p1","candidate":"16880dc8dd4d5f8dfaa565b842c4502bf19ea5e7","onto":"e05e218b50d988f44ebc53728314a5df9684f123","target":"main"}', '{}', 1, 0);
INSERT INTO act ("seq", "event_seq", "key", "kind", "order", "state", "data", "result", "tries", "next_at") VALUES (32, 65, 'issue-comment/p1.1.1A/closing/5', 'issue-comment', 'tracker', 'done', '{"session":"p1.1.1A","issue":"DV-1","kind":"closing","text":"Merged as 16880dc8dd4d. Verified: no verify command is configured"}', '{}', 1, 0);
INSERT INTO act ("seq", "event_seq", "key", "kind", "order", "state", "data", "result", "tries", "next_at") VALUES (33, 65, 'issue-move/p1.1.1A/Done/5', 'issue-move', 'tracker', 'done', '{"session":"p1.1.1A","issue":"DV-1","work_issue":"T-11","status":"Done"}', '{}', 1, 0);
INSERT INTO act ("seq", "event_seq", "key", "kind", "order", "state", "data", "result", "tries", "next_at") VALUES (34, 65, 'worktree-remove/p1.1.1A/done', 'worktree-remove', 'p1.1.1A', 'done', '{"session":"p1.1.1A","path":"/home/tester/home/state/divisi/worktrees/repo-40c833d4/t-11-work-on-1a","why":"merged"}', '{}', 1, 0);
INSERT INTO act ("seq", "event_seq", "key", "kind", "order", "state", "data", "result", "tries", "next_at") VALUES (35, 65, 'write-back/p1/5', 'write-back', 'plan', 'done', '{"plan":"p1"}', '{}', 1, 0);
INSERT INTO act ("seq", "event_seq", "key", "kind", "order", "state", "data", "result", "tries", "next_at") VALUES (36, 65, 'registry/p1/5', 'registry', 'tracker', 'done', '{"plan":"p1"}', '{}', 1, 0);
INSERT INTO issue ("n", "id", "number", "uuid", "url", "title", "body", "version", "status", "estimate", "priority", "project", "parent", "assignee", "delegate", "owner_session", "created_at", "updated_at") VALUES (1, 'T-100', NULL, 'f2f66c24-c065-5c98-b3a7-3b7248af084a', 'local:T-100', 'Try it', '', 1, 'Todo', 0, 0, '', NULL, '', '', '', 1795366882344, 1795366884011);
INSERT INTO issue ("n", "id", "number", "uuid", "url", "title", "body", "version", "status", "estimate", "priority", "project", "parent", "assignee", "delegate", "owner_session", "created_at", "updated_at") VALUES (2, 'T-11', NULL, '7c5fd3e0-b31f-51bf-8286-1b8c34c3bf20', 'local:T-11', 'Work on 1A', '', 1, 'Done', 0, 0, '', 'T-100', '', '', '', 1795366882344, 1795366883993);
INSERT INTO issue ("n", "id", "number", "uuid", "url", "title", "body", "version", "status", "estimate", "priority", "project", "parent", "assignee", "delegate", "owner_session", "created_at", "updated_at") VALUES (3, 'DV-1', 1, '8c15f222-041a-573f-a04e-ae833f3416f9', '', 'Batch 1A: Work on 1A', 'Write on [T-11: Work on 1A](local:T-11)
(Phase 1A: Work on 1A) from master plan [T-100: Try it](local:T-100).
Repository: /home/tester/repo
Launch from: /home/tester/repo (required — repo-specific sessions must launch from the repo directory)

Context:
- Nothing was done yet.
- A program does it.
- It does what it is told.

Execution mode: quick | Launch as: Bypass permissions | Worktree: yes

Tasks:
1. fake:ask=permission:May I write? fake:write=a.txt:one fake:commit=a

Deliverable: the work of 1A. Update [T-11](local:T-11) with results.

Acceptance Criteria:
- [ ] it is there

Constraints:
- Branch: `command/t-11-work-on-1a` (commit your work there)
- Writes: `a.txt`
- Do not modify: anything that is not listed here; if you must, stop and say so first.

Estimate cost before execution. If >$10 and cost profile is not unlimited, checkpoint.
Reply with ''Session started'' before beginning work.
Update Linear issue status to Done/In Review. divisi does this when you report the end; call no tracker.
', 1, 'Done', 1, 0, '', 'T-100', 'command', '', 'p1.1.1A', 1795366882344, 1795366883993);
INSERT INTO issue ("n", "id", "number", "uuid", "url", "title", "body", "version", "status", "estimate", "priority", "project", "parent", "assignee", "delegate", "owner_session", "created_at", "updated_at") VALUES (4, 'T-12', NULL, '3f741e08-410f-5ab3-9631-55e18125dad5', 'local:T-12', 'Work on 1B', '', 1, 'In Review', 0, 0, '', 'T-100', '', '', '', 1795366882364, 1795366883327);
INSERT INTO issue ("n", "id", "number", "uuid", "url", "title", "body", "version", "status", "estimate", "priority", "project", "parent", "assignee", "delegate", "owner_session", "created_at", "updated_at") VALUES (5, 'DV-2', 2, '61dd3568-541d-559a-bcc7-d26bb4d1b310', '', 'Batch 1B: Work on 1B', 'Write on [T-12: Work on 1B](local:T-12)
(Phase 1B: Work on 1B) from master plan [T-100: Try it](local:T-100).
Repository: /home/tester/repo
Launch from: /home/tester/repo (required — repo-specific sessions must launch from the repo directory)

Context:
- Nothing was done yet.
- A program does it.
- It does what it is told.

Execution mode: quick | Launch as: Bypass permissions | Worktree: yes

Tasks:
1. fake:write=b.txt:two fake:commit=b

Deliverable: the work of 1B. Update [T-12](local:T-12) with results.

Acceptance Criteria:
- [ ] it is there

Constraints:
- Branch: `command/t-12-work-on-1b` (commit your work there)
- Writes: `b.txt`
- Do not modify: anything that is not listed here; if you must, stop and say so first.

Estimate cost before execution. If >$10 and cost profile is not unlimited, checkpoint.
Reply with ''Session started'' before beginning work.
Update Linear issue status to Done/In Review. divisi does this when you report the end; call no tracker.
', 1, 'In Review', 1, 0, '', 'T-100', 'command', '', 'p1.1.1B', 1795366882364, 1795366883327);
INSERT INTO label ("issue", "name") VALUES ('DV-1', 'exec:quick');
INSERT INTO label ("issue", "name") VALUES ('DV-1', 'type:chore');
INSERT INTO label ("issue", "name") VALUES ('DV-2', 'exec:quick');
INSERT INTO label ("issue", "name") VALUES ('DV-2', 'type:chore');
INSERT INTO label ("issue", "name") VALUES ('T-100', 'type:feature');
INSERT INTO label ("issue", "name") VALUES ('T-11', 'type:feature');
INSERT INTO label ("issue", "name") VALUES ('T-12', 'type:feature');
INSERT INTO relation ("a", "kind", "b") VALUES ('DV-1', 'related', 'T-11');
INSERT INTO relation ("a", "kind", "b") VALUES ('DV-2', 'related', 'T-12');
INSERT INTO comment ("n", "issue", "kind", "author", "body", "at", "edited_at") VALUES (1, 'DV-1', 'start', 'server', 'Session started: command, quick (bypass), branch `command/t-11-work-on-1a`.', 1795366883045, 1795366883045);
INSERT INTO comment ("n", "issue", "kind", "author", "body", "at", "edited_at") VALUES (2, 'T-100', 'registry', 'server', '| Session Name | Issue | Phase | Agent | Worktree | Branch | Status |
|---|---|---|---|---|---|---|
| 1/S-A | T-11 | 1A | command | yes | `command/t-11-work-on-1a` | Done |
| 1/S-B | T-12 | 1B | command | yes | `command/t-12-work-on-1b` | In Review |
', 1795366883061, 1795366884011);
INSERT INTO comment ("n", "issue", "kind", "author", "body", "at", "edited_at") VALUES (3, 'DV-2', 'start', 'server', 'Session started: command, quick (bypass), branch `command/t-12-work-on-1b`.', 1795366883086, 1795366883086);
INSERT INTO comment ("n", "issue", "kind", "author", "body", "at", "edited_at") VALUES (4, 'DV-2', 'exit', 'server', 'Done: did all of it
Decisions: see the commits.
Blockers: none.
Next: merge (position 2). Evidence: 1 commit(s), 1 file(s), head 57908e8b1108.', 1795366883322, 1795366883322);
INSERT INTO comment ("n", "issue", "kind", "author", "body", "at", "edited_at") VALUES (5, 'DV-1', 'exit', 'server', 'Done: did all of it
Decisions: see the commits.
Blockers: none.
Next: merge (position 1). Evidence: 1 commit(s), 1 file(s), head 73e88545c8d1.', 1795366883446, 1795366883446);
INSERT INTO comment ("n", "issue", "kind", "author", "body", "at", "edited_at") VALUES (6, 'DV-1', 'closing', 'server', 'Merged as 16880dc8dd4d. Verified: no verify command is configured', 1795366883990, 1795366883990);
INSERT INTO attachment ("issue", "url", "sha256", "title", "at") VALUES ('T-100', '/home/tester/repo/2026-11-22-try-it.md', '2034303007a8a8ebcd419e78b70f3e99dafea88e275336330639248803e9d656', '', 1795366882344);
INSERT INTO issue_write ("key", "issue") VALUES ('attach:issue-file/p1.1.1A/v1/attach', 'T-100');
INSERT INTO issue_write ("key", "issue") VALUES ('attach:issue-file/p1.1.1B/v1/attach', 'T-100');
INSERT INTO issue_write ("key", "issue") VALUES ('comment:issue-comment/p1.1.1A/closing/5/closing', 'DV-1');
INSERT INTO issue_write ("key", "issue") VALUES ('comment:issue-comment/p1.1.1A/exit/4/exit', 'DV-1');
INSERT INTO issue_write ("key", "issue") VALUES ('comment:issue-comment/p1.1.1A/start/1/start', 'DV-1');
INSERT INTO issue_write ("key", "issue") VALUES ('comment:issue-comment/p1.1.1B/exit/3/exit', 'DV-2');
INSERT INTO issue_write ("key", "issue") VALUES ('comment:issue-comment/p1.1.1B/start/1/start', 'DV-2');
INSERT INTO issue_write ("key", "issue") VALUES ('comment:registry/p1/1/registry', 'T-100');
INSERT INTO issue_write ("key", "issue") VALUES ('comment:registry/p1/2/registry', 'T-100');
INSERT INTO issue_write ("key", "issue") VALUES ('comment:registry/p1/3/registry', 'T-100');
INSERT INTO issue_write ("key", "issue") VALUES ('comment:registry/p1/4/registry', 'T-100');
INSERT INTO issue_write ("key", "issue") VALUES ('comment:registry/p1/5/registry', 'T-100');
INSERT INTO issue_write ("key", "issue") VALUES ('create:issue-create/p1.1.1A', 'DV-1');
INSERT INTO issue_write ("key", "issue") VALUES ('create:issue-create/p1.1.1B', 'DV-2');
INSERT INTO issue_write ("key", "issue") VALUES ('create:issue-file/p1.1.1A/v1/T-100', 'T-100');
INSERT INTO issue_write ("key", "issue") VALUES ('create:issue-file/p1.1.1A/v1/T-11', 'T-11');
INSERT INTO issue_write ("key", "issue") VALUES ('create:issue-file/p1.1.1B/v1/T-100', 'T-100');
INSERT INTO issue_write ("key", "issue") VALUES ('create:issue-file/p1.1.1B/v1/T-12', 'T-12');
INSERT INTO issue_write ("key", "issue") VALUES ('relate:issue-file/p1.1.1A/v1/relate', 'DV-1');
INSERT INTO issue_write ("key", "issue") VALUES ('relate:issue-file/p1.1.1B/v1/relate', 'DV-2');
INSERT INTO issue_write ("key", "issue") VALUES ('update:issue-assign/p1.1.1A/v1/assign', 'DV-1');
INSERT INTO issue_write ("key", "issue") VALUES ('update:issue-assign/p1.1.1B/v1/assign', 'DV-2');
INSERT INTO issue_write ("key", "issue") VALUES ('update:issue-file/p1.1.1A/v1/again', 'DV-1');
INSERT INTO issue_write ("key", "issue") VALUES ('update:issue-file/p1.1.1B/v1/again', 'DV-2');
INSERT INTO issue_write ("key", "issue") VALUES ('update:issue-move/p1.1.1A/Done/5/DV-1', 'DV-1');
INSERT INTO issue_write ("key", "issue") VALUES ('update:issue-move/p1.1.1A/Done/5/T-11', 'T-11');
INSERT INTO issue_write ("key", "issue") VALUES ('update:issue-move/p1.1.1A/In Progress/1/DV-1', 'DV-1');
INSERT INTO issue_write ("key", "issue") VALUES ('update:issue-move/p1.1.1A/In Progress/1/T-11', 'T-11');
INSERT INTO issue_write ("key", "issue") VALUES ('update:issue-move/p1.1.1A/In Review/4/DV-1', 'DV-1');
INSERT INTO issue_write ("key", "issue") VALUES ('update:issue-move/p1.1.1A/In Review/4/T-11', 'T-11');
INSERT INTO issue_write ("key", "issue") VALUES ('update:issue-move/p1.1.1B/In Progress/1/DV-2', 'DV-2');
INSERT INTO issue_write ("key", "issue") VALUES ('update:issue-move/p1.1.1B/In Progress/1/T-12', 'T-12');
INSERT INTO issue_write ("key", "issue") VALUES ('update:issue-move/p1.1.1B/In Review/3/DV-2', 'DV-2');
INSERT INTO issue_write ("key", "issue") VALUES ('update:issue-move/p1.1.1B/In Review/3/T-12', 'T-12');
