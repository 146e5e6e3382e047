#pragma once

#include "base/err.h"
#include "core/happening.h"
#include "git/config.h"

#include <stdbool.h>

/*
 * What arrived, made into what the server is told: by the settings divisi.feedback.* it has
 * a route, an author who is trusted or not, what of its log matters, what it asks for.
 */
struct feedback_rules {
	struct config config;
	struct git_list trusted, routes;
	const char *name, *resume, *repo;
};

/* Reads the settings of the repository at TOP. */
NODISCARD int feedback_rules_read(
    struct feedback_rules *rules, const char *top, struct err *err);
void feedback_rules_clear(struct feedback_rules *rules);

/*
 * RAW (source, delivery, kind, author, standing, repo, pull_url ..., text, log) into TO; with
 * BY_HAND a person of this machine said it.  1; 0 when it is about another repository; -1 with
 * ERR when a setting is wrong.
 */
int feedback_rules_apply(const struct feedback_rules *rules, const struct fields *raw,
    bool by_hand, struct fields *to, struct err *err);

/* Adds ONE to an order as delivery number I. */
void feedback_put(struct fields *order, size_t i, const struct fields *one);
