#include "sim/internal.h"

#include <string.h>

/*
 * The journal's disk: store/journal.h on a file of records that only grows.  A transaction
 * is one record with its length and checksum, synced before it counts as written.  What a
 * power cut leaves is read like after a real one: up to the first record that is not whole.
 */
struct disk_row {
	struct journal_row row; /* its texts are ours */
};

struct disk_act {
	struct act_row row;
	uint64_t sum; /* of its key */
};

struct disk_blob {
	char *name, *text;
	size_t n;
};

struct store {
	int depth;
	bool is_poisoned;
	struct bytes {
		char *p;
		size_t n, cap;
	} pending; /* of the open transaction */
	int64_t n_new_rows, n_new_acts;
};

static struct bytes file;
static size_t n_synced;
static struct disk_row *row;
static size_t n_rows, cap_rows;
static struct disk_act *act;
static size_t n_acts, cap_acts;
static struct disk_blob *blob;
static size_t n_blobs, cap_blobs;

/* ---- records ------------------------------------------------------------------------------ */

static void
put(struct bytes *b, const void *p, size_t n)
{
	if (b->n + n > b->cap) {
		b->cap = (b->n + n) * 2 + 256;
		b->p = xreallocarray(b->p, b->cap, 1);
	}
	memcpy(b->p + b->n, p, n);
	b->n += n;
}

static void
put_number(struct bytes *b, int64_t n)
{
	put(b, &n, sizeof(n));
}

static void
put_data(struct bytes *b, const char *p, size_t n)
{
	put_number(b, (int64_t)n);
	put(b, p, n);
}

static void
put_text(struct bytes *b, const char *s)
{
	put_data(b, s ? s : "", s ? strlen(s) : 0);
}

static int64_t
get_number(const char **at)
{
	int64_t n;

	memcpy(&n, *at, sizeof(n));
	*at += sizeof(n);
	return n;
}

static char *
get_text(const char **at)
{
	size_t n = (size_t)get_number(at);
	char *s = xstrndup(*at, n);

	*at += n;
	return s;
}

static uint64_t
checksum(const char *p, size_t n)
{
	uint64_t sum = 1469598103934665603u;

	for (size_t i = 0; i < n; i++)
		sum = (sum ^ (unsigned char)p[i]) * 1099511628211u;
	return sum;
}

static struct disk_act *
act_at(int64_t seq)
{
	return seq >= 1 && (size_t)seq <= n_acts ? &act[seq - 1] : NULL;
}

static void
read_act(const char **at)
{
	struct act_row a = { .seq = (int64_t)n_acts + 1, .event_seq = get_number(at) };

	a.key = get_text(at);
	a.kind = get_text(at);
	a.order = get_text(at);
	a.data = get_text(at);
	a.state = "owed";
	a.result = xstrdup("");
	GROW(act, n_acts, cap_acts);
	act[n_acts++] = (struct disk_act){ a, checksum(a.key, strlen(a.key)) };
}

static void
read_row(const char **at)
{
	struct journal_row r = { .seq = (int64_t)n_rows + 1, .at = get_number(at) };

	r.actor = get_text(at);
	r.entity = get_text(at);
	r.from = get_text(at);
	r.to = get_text(at);
	r.cause = get_text(at);
	r.data = get_text(at);
	GROW(row, n_rows, cap_rows);
	row[n_rows++].row = r;
}

static struct disk_blob *
blob_of(const char *name)
{
	for (size_t i = 0; i < n_blobs; i++) {
		if (strcmp(blob[i].name, name) == 0)
			return &blob[i];
	}
	return NULL;
}

/* A text by its hash, or a single value, of which the last one counts. */
static void
read_blob(const char **at)
{
	AUTO_FREE char *name = get_text(at);
	struct disk_blob *b = blob_of(name);

	if (!b) {
		GROW(blob, n_blobs, cap_blobs);
		b = &blob[n_blobs++];
		*b = (struct disk_blob){ .name = TAKE_PTR(name) };
	}
	free(b->text);
	b->n = (size_t)get_number(at);
	b->text = xstrndup(*at, b->n);
	*at += b->n;
}

static const char *
state_word(int64_t letter)
{
	return letter == 'b'   ? "begun"
	       : letter == 'd' ? "done"
	       : letter == 'f' ? "failed"
	       : letter == 'x' ? "dead"
			       : "owed";
}

/* Takes one transaction of N bytes at P into what is known. */
static void
read_record(const char *p, size_t n)
{
	const char *at = p;

	while (at < p + n) {
		char what = *at++;
		struct disk_act *a;

		switch (what) {
		case 'E': read_row(&at); break;
		case 'A': read_act(&at); break;
		case 'S':
			a = act_at(get_number(&at));
			a->row.state = state_word(get_number(&at));
			a->row.tries = (int)get_number(&at);
			a->row.next_at = get_number(&at);
			free((char *)(uintptr_t)a->row.result);
			a->row.result = get_text(&at);
			break;
		default: read_blob(&at);
		}
	}
}

static void
forget(void)
{
	for (size_t i = 0; i < n_rows; i++) {
		const struct journal_row *r = &row[i].row;
		const char *const texts[] = { r->actor, r->entity, r->from, r->to,
			r->cause, r->data };

		for (size_t k = 0; k < N_ELEMS(texts); k++)
			free((char *)(uintptr_t)texts[k]);
	}
	for (size_t i = 0; i < n_acts; i++) {
		const struct act_row *a = &act[i].row;
		const char *const texts[] = { a->key, a->kind, a->order, a->data,
			a->result };

		for (size_t k = 0; k < N_ELEMS(texts); k++)
			free((char *)(uintptr_t)texts[k]);
	}
	for (size_t i = 0; i < n_blobs; i++) {
		free(blob[i].name);
		free(blob[i].text);
	}
	n_rows = n_acts = n_blobs = 0;
}

/* Reads the whole file anew, as a server does that starts. */
static void
recover(void)
{
	size_t at = 0;

	forget();
	while (at + 16 <= file.n) {
		const char *p = file.p + at;
		size_t n = (size_t)get_number(&p);
		uint64_t sum = (uint64_t)get_number(&p);

		if (at + 16 + n > file.n || checksum(p, n) != sum)
			break;
		read_record(p, n);
		at += 16 + n;
	}
	file.n = n_synced = at;
}

/* Writes the open transaction, and syncs it. */
static int
write_record(struct store *store, struct err *err)
{
	struct bytes *b = &store->pending;
	size_t from = file.n;

	if (sim_is_gone())
		return err_set(err, ERR_SYSTEM, "journal: the process is gone");
	if (sim->is_full || sim_mishap(1, FAULT_FAILED_WRITE))
		return err_set(err, ERR_SYSTEM, "journal: no space left on device");
	if (!sim_effect())
		return err_set(err, ERR_SYSTEM, "journal: the process is gone");
	put_number(&file, (int64_t)b->n);
	put_number(&file, (int64_t)checksum(b->p, b->n));
	put(&file, b->p, b->n);
	if (!sim_effect()) /* it died before it was synced: the next start may find it or not */
		return err_set(err, ERR_SYSTEM, "journal: the process is gone");
	n_synced = file.n;
	read_record(file.p + from + 16, b->n);
	return 0;
}

void
sim_disk_cut(void)
{
	size_t n_loose = file.n - n_synced;

	if (n_loose == 0)
		return;
	/* None of it, some of it, or its length with not all of its sectors. */
	file.n = n_synced + (sim_dice(3) == 0 ? 0
				: sim_dice(2) ? sim_dice((unsigned)n_loose + 1)
					      : n_loose);
	if (file.n == n_synced)
		sim_count(FAULT_LOST_WRITE);
	else
		sim_count(FAULT_TORN_WRITE);
	/* A sector that was not written may hold anything. */
	if (file.n > n_synced + 20 && sim_dice(2))
		file.p[n_synced + 16 + sim_dice((unsigned)(file.n - n_synced - 16))] ^=
		    64;
}

void
sim_disk_clear(void)
{
	forget();
	free(file.p);
	free(row);
	free(act);
	free(blob);
	file = (struct bytes){ 0 };
	row = NULL;
	act = NULL;
	blob = NULL;
	cap_rows = cap_acts = cap_blobs = n_synced = 0;
}

size_t
sim_disk_rows(void)
{
	return n_rows;
}

const struct journal_row *
sim_disk_row(size_t i)
{
	return &row[i].row;
}

size_t
sim_disk_acts(void)
{
	return n_acts;
}

const struct act_row *
sim_disk_act(size_t i)
{
	return &act[i].row;
}

size_t
sim_disk_open_acts(void)
{
	size_t n = 0;

	for (size_t i = 0; i < n_acts; i++)
		n += act[i].row.state[0] == 'o' || act[i].row.state[0] == 'b';
	return n;
}

/* ---- store/journal.h ------------------------------------------------------------------------ */

struct store *
store_open(const char *home, int read_only, struct err *err)
{
	(void)home;
	(void)read_only;
	(void)err;
	recover();
	sim->check.n_before = n_rows;
	return xcalloc(1, sizeof(struct store));
}

void
store_close(struct store *store)
{
	if (!store)
		return;
	free(store->pending.p);
	free(store);
}

int
store_begin(struct store *store, struct err *err)
{
	(void)err;
	if (store->depth++ == 0) {
		store->pending.n = 0;
		store->is_poisoned = false;
		store->n_new_rows = store->n_new_acts = 0;
	}
	return 0;
}

int
store_commit(struct store *store, struct err *err)
{
	size_t was = n_rows;
	int rc;

	if (--store->depth > 0)
		return 0;
	if (store->is_poisoned)
		return err_set(err, ERR_SYSTEM, "journal: rolled back");
	rc = store->pending.n ? write_record(store, err) : 0;
	/* Now it happened, one row or all of a turn: before anything follows from it. */
	if (n_rows > was)
		sim_check_journal();
	return rc;
}

void
store_rollback(struct store *store)
{
	store->is_poisoned = true;
	store->depth--;
}

static const struct act_row *
act_of_key(const char *key)
{
	uint64_t sum = checksum(key, strlen(key));

	for (size_t i = 0; i < n_acts; i++) {
		if (act[i].sum == sum && strcmp(act[i].row.key, key) == 0)
			return &act[i].row;
	}
	return NULL;
}

static void
append_act(struct store *store, struct act_row *a, int64_t event_seq)
{
	const struct act_row *old = act_of_key(a->key);
	struct bytes *b = &store->pending;

	if (old) {
		a->seq = old->seq;
		a->event_seq = old->event_seq;
		return;
	}
	a->seq = (int64_t)n_acts + ++store->n_new_acts;
	a->event_seq = event_seq;
	put(b, "A", 1);
	put_number(b, event_seq);
	put_text(b, a->key);
	put_text(b, a->kind);
	put_text(b, a->order);
	put_text(b, a->data);
}

int
journal_append(struct store *store, struct journal_row *rows, size_t n,
    struct act_row *acts, size_t n_owed, struct err *err)
{
	struct bytes *b = &store->pending;

	if (store_begin(store, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		rows[i].seq = (int64_t)n_rows + ++store->n_new_rows;
		put(b, "E", 1);
		put_number(b, rows[i].at);
		put_text(b, rows[i].actor);
		put_text(b, rows[i].entity);
		put_text(b, rows[i].from);
		put_text(b, rows[i].to);
		put_text(b, rows[i].cause);
		put_text(b, rows[i].data);
	}
	for (size_t i = 0; i < n_owed; i++)
		append_act(store, &acts[i], n ? rows[n - 1].seq : acts[i].event_seq);
	return store_commit(store, err);
}

int
journal_replay(struct store *store, int64_t after,
    int (*fn)(const struct journal_row *row, void *arg), void *arg, struct err *err)
{
	(void)store;
	(void)err;
	for (size_t i = (size_t)after; i < n_rows; i++) {
		if (fn(&row[i].row, arg))
			break;
	}
	return 0;
}

int64_t
journal_last(struct store *store)
{
	(void)store;
	return (int64_t)n_rows;
}

/* The act SEQ goes to the state whose LETTER that is. */
static int
move_act(struct store *store, int64_t seq, char letter, const char *result,
    int64_t next_at, struct err *err)
{
	struct disk_act *a = act_at(seq);
	struct bytes *b = &store->pending;

	if (!a)
		return err_set(
		    err, ERR_NOT_FOUND, "there is no act %lld", (long long)seq);
	if (letter == 'b'
		? a->row.state[0] != 'o'
		: a->row.state[0] != 'b' &&
		      !(a->row.state[0] == 'o' && (letter == 'x' || letter == 'o')))
		return err_set(
		    err, ERR_CONFLICT, "act %lld is %s", (long long)seq, a->row.state);
	if (store_begin(store, err) < 0)
		return -1;
	put(b, "S", 1);
	put_number(b, seq);
	put_number(b, letter);
	put_number(b, a->row.tries + (letter == 'b'));
	put_number(b, next_at);
	put_text(b, result);
	return store_commit(store, err);
}

int
act_begin(struct store *store, int64_t seq, struct err *err)
{
	const struct disk_act *a = act_at(seq);

	return move_act(
	    store, seq, 'b', a ? a->row.result : "", a ? a->row.next_at : 0, err);
}

int
act_finish(struct store *store, int64_t seq, const char *state, const char *result,
    int64_t next_at, struct err *err)
{
	char letter = state[0] == 'd' && state[1] == 'e' ? 'x' : state[0];

	if (move_act(store, seq, letter, result, next_at, err) < 0)
		return -1;
	/* From here on the server knows how long it must not call. */
	if (letter == 'o' && strstr(result, "limited"))
		sim->remote.told_until = sim->mono + next_at - sim_wall();
	return 0;
}

int
act_each_open(struct store *store, int (*fn)(const struct act_row *act, void *arg),
    void *arg, struct err *err)
{
	size_t n = n_acts;

	(void)store;
	(void)err;
	for (size_t i = 0; i < n; i++) {
		if ((act[i].row.state[0] == 'o' || act[i].row.state[0] == 'b') &&
		    fn(&act[i].row, arg))
			break;
	}
	return 0;
}

int
store_meta_put(struct store *store, const char *key, const char *value, struct err *err)
{
	struct bytes *b = &store->pending;

	if (store_begin(store, err) < 0)
		return -1;
	put(b, "B", 1);
	put_text(b, key);
	put_text(b, value);
	return store_commit(store, err);
}

char *
store_meta_get(struct store *store, const char *key)
{
	const struct disk_blob *b = blob_of(key);

	(void)store;
	return b ? xstrdup(b->text) : NULL;
}

int
blob_put(struct store *store, const char *sha256, const void *data, size_t n_bytes,
    struct err *err)
{
	struct bytes *b = &store->pending;

	if (blob_of(sha256))
		return 0;
	if (store_begin(store, err) < 0)
		return -1;
	put(b, "B", 1);
	put_text(b, sha256);
	put_data(b, data, n_bytes);
	return store_commit(store, err);
}

char *
blob_get(struct store *store, const char *sha256, size_t *n_bytes, struct err *err)
{
	const struct disk_blob *b = blob_of(sha256);

	(void)store;
	if (!b) {
		err_set(err, ERR_NOT_FOUND, "there is no text %s", sha256);
		return NULL;
	}
	if (n_bytes)
		*n_bytes = b->n;
	return xstrndup(b->text, b->n);
}
