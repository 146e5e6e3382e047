-- The truth: what happened, in order.  Rows are added and never touched again.
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

-- The outbox: effects owed to the world, written with the event they follow from.
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
