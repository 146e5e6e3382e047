#pragma once

#include "base/err.h"
#include "core/happening.h"

/*
 * Deliveries between their answer and the server: a file each in home/feedback, named so that
 * they sort by when they came.  Kept before the sender hears of it, removed once the journal
 * has it, so that whichever process dies in between nothing is lost; what is told twice the
 * server knows by its id.
 */
#define SPOOL_MOST 20000 /* a delivery more is refused: the sender comes again */

struct spool {
	char *dir;
	long n;       /* files in it, as far as this process knows */
	int64_t last; /* name of the newest, so that names only grow */
};

NODISCARD int spool_open(struct spool *spool, const char *home, struct err *err);
void spool_close(struct spool *spool);

/* Keeps ONE durably; -1 with ERR and nothing kept. */
NODISCARD int spool_add(struct spool *spool, const struct fields *one, struct err *err);

/*
 * Forwards what is kept, oldest first, through SEND, which is given an order of several; 0
 * from it means that the server has them.  How many went; -1 with ERR when SEND fails.
 */
long spool_forward(struct spool *spool,
    int (*send)(void *arg, const struct fields *order, struct err *err), void *arg,
    struct err *err);
