#pragma once

#include "stage.h"

#include "web/server.h"

/* A server on a stage, and a client that never blocks: both turn in one loop. */
extern struct server *talk_server;

int talk_setup(void **state);
int talk_teardown(void **state);
#define SERVER_TEST(fn) cmocka_unit_test_setup_teardown(fn, talk_setup, talk_teardown)

struct reply {
	char *text; /* all that came; the test frees it */
	size_t n, cap;
	bool is_closed;
};

int talk_dial(const char *home); /* a connection to its socket */
void talk_put(struct stage *st, int fd, const char *data, size_t n);
void talk_take(struct reply *r, int fd); /* what is there now */

/* The answer to a request, head and body; the caller frees it. */
char *talk_bytes(struct stage *st, const char *request, size_t n);
char *talk_ask(
    struct stage *st, const char *method, const char *target, const char *body);
int talk_status(const char *reply);

/* Fails unless the request is answered with STATUS and WORDS. */
void talk_answers(struct stage *st, int status, const char *words, const char *method,
    const char *target, const char *body);
