#include "web/signed.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/*
 * each sender's signature, computed elsewhere (Python's hmac), is accepted; and nothing
 * that differs from it by anything.
 */
static const char body[] = "{\"action\":\"create\",\"type\":\"Comment\",\"n\":1}";
#define NOW 1700000000000

static const struct known {
	enum sender sender;
	const char *secret, *signature;
} knowns[] = {
	{ SENDER_GITHUB, "secret-of-github",
	    "sha256=05c6624c17e4863486b25b06003b347b30eeba84fa6fa799756e9523fba16f6b" },
	{ SENDER_LINEAR, "secret-of-linear",
	    "b59ad295643f600e8ddab8faf59d49baeae329add6cf8411ebbe3a13179040de" },
	{ SENDER_SENTRY, "secret-of-sentry",
	    "7b3ff7142acf4ed28eda9f8e1b32c70933b9ffeb7d435db6b8a4ff337b5c4396" },
	{ SENDER_VERCEL, "secret-of-vercel",
	    "687ac8d4038505aeef13789c37f92b628fe223f1" },
	{ SENDER_GENERIC, "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX",
	    "v1,WLlOvDmVUJ1hIXqOHu3pRmsj92oHQcf4SrAAGp8o/0I=" },
};

static struct delivery
signed_by(const struct known *k)
{
	return (struct delivery){ .sender = k->sender,
		.signature = k->signature,
		.id = "msg_1",
		.timestamp = "1700000000",
		.body = body,
		.n_body = sizeof(body) - 1 };
}

static int
check(const struct delivery *d, const char *secret, int64_t now)
{
	struct err err = ERR_INIT;
	int rc = delivery_check(d, secret, now, &err);

	if (rc < 0) {
		assert_int_equal(err.kind, ERR_REFUSED);
		assert_non_null(strstr(err.text, sender_doc(d->sender)->name));
		assert_null(strstr(err.text, secret[0] ? secret : "secret-of"));
	}
	return rc;
}

static void
r_71_every_senders_own_signature_is_accepted(void **state)
{
	(void)state;
	assert_int_equal(N_ELEMS(knowns), SENDER_N);
	for (size_t i = 0; i < N_ELEMS(knowns); i++) {
		struct delivery d = signed_by(&knowns[i]);

		assert_int_equal(check(&d, knowns[i].secret, NOW), 0);
	}
}

static void
r_71_what_another_secret_or_nobody_signed_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMS(knowns); i++) {
		struct delivery d = signed_by(&knowns[i]);

		assert_int_equal(check(&d, "secret-of-somebody", NOW), -1);
		assert_int_equal(check(&d, "", NOW), -1);
		d.signature = NULL;
		assert_int_equal(check(&d, knowns[i].secret, NOW), -1);
		d.signature = "";
		assert_int_equal(check(&d, knowns[i].secret, NOW), -1);
	}
}

/* Each byte of the signature and of the body counts, and so does what is missing of either. */
static void
r_71_any_other_byte_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMS(knowns); i++) {
		struct delivery d = signed_by(&knowns[i]);
		char text[sizeof(body)], signature[128];
		size_t n = strlen(knowns[i].signature);

		for (size_t k = 0; k < n; k++) {
			memcpy(signature, knowns[i].signature, n + 1);
			signature[k] = signature[k] == '1' ? '2' : '1';
			d.signature = signature;
			assert_int_equal(check(&d, knowns[i].secret, NOW), -1);
			signature[k] = '\0';
			assert_int_equal(check(&d, knowns[i].secret, NOW), -1);
		}
		d = signed_by(&knowns[i]);
		for (size_t k = 0; k < sizeof(body) - 1; k++) {
			memcpy(text, body, sizeof(body));
			text[k] ^= 1;
			d.body = text;
			assert_int_equal(check(&d, knowns[i].secret, NOW), -1);
			d.body = body;
			d.n_body = k;
			assert_int_equal(check(&d, knowns[i].secret, NOW), -1);
			d.n_body = sizeof(body) - 1;
		}
	}
}

/* One sender's sum is no other's, though the secret were the same. */
static void
r_71_a_signature_is_of_one_sender(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMS(knowns); i++) {
		for (int sender = 0; sender < SENDER_N; sender++) {
			struct delivery d = signed_by(&knowns[i]);
			/* Linear and Sentry sign alike: their paths and secrets differ. */
			bool alike = (knowns[i].sender == SENDER_LINEAR &&
					 sender == SENDER_SENTRY) ||
				     (knowns[i].sender == SENDER_SENTRY &&
					 sender == SENDER_LINEAR);

			d.sender = (enum sender)sender;
			assert_int_equal(check(&d, knowns[i].secret, NOW),
			    d.sender == knowns[i].sender || alike ? 0 : -1);
		}
	}
}

/* The time is signed where the sender signs one: a replay an hour later is refused. */
static void
r_71_a_signed_time_is_within_five_minutes(void **state)
{
	const struct known *generic = &knowns[N_ELEMS(knowns) - 1];
	struct delivery d = signed_by(generic);

	(void)state;
	assert_int_equal(check(&d, generic->secret, NOW + SIGNED_WINDOW_MS), 0);
	assert_int_equal(check(&d, generic->secret, NOW + SIGNED_WINDOW_MS + 1), -1);
	assert_int_equal(check(&d, generic->secret, NOW - SIGNED_WINDOW_MS - 1), -1);
	d.timestamp = "1700003600"; /* another than was signed */
	assert_int_equal(check(&d, generic->secret, NOW + 3600 * 1000), -1);
	d.timestamp = NULL;
	assert_int_equal(check(&d, generic->secret, NOW), -1);
	d = signed_by(generic);
	d.id = "msg_2";
	assert_int_equal(check(&d, generic->secret, NOW), -1);
}

/* A secret that is being replaced: the sender signs with both, and either is enough. */
static void
r_71_one_of_several_signatures_is_enough(void **state)
{
	const struct known *generic = &knowns[N_ELEMS(knowns) - 1];
	struct delivery d = signed_by(generic);

	(void)state;
	d.signature = "v1,AAAA v1a,x v1,WLlOvDmVUJ1hIXqOHu3pRmsj92oHQcf4SrAAGp8o/0I=";
	assert_int_equal(check(&d, generic->secret, NOW), 0);
	d.signature = "v1,AAAA v2,WLlOvDmVUJ1hIXqOHu3pRmsj92oHQcf4SrAAGp8o/0I=";
	assert_int_equal(check(&d, generic->secret, NOW), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(r_71_every_senders_own_signature_is_accepted),
		cmocka_unit_test(r_71_what_another_secret_or_nobody_signed_is_refused),
		cmocka_unit_test(r_71_any_other_byte_is_refused),
		cmocka_unit_test(r_71_a_signature_is_of_one_sender),
		cmocka_unit_test(r_71_a_signed_time_is_within_five_minutes),
		cmocka_unit_test(r_71_one_of_several_signatures_is_enough),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
