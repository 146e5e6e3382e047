-- The built-in tracker.  Nothing here is ever deleted except labels and relations.
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

-- a blocks b; "related" is kept once, with a < b.
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
-- Written over in place: the one checkpoint and the one registry of an issue.
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

-- Writes that were made already, so that an act tried again changes nothing.
CREATE TABLE issue_write (
	key   TEXT PRIMARY KEY CHECK (key <> ''),
	issue TEXT NOT NULL REFERENCES issue (id)
) STRICT, WITHOUT ROWID;
