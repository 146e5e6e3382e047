#include "web/signed.h"

#include "base/hmac.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct sender_doc senders[SENDER_N] = {
	[SENDER_GITHUB] = { "github", "DIVISI_WEBHOOK_GITHUB", "X-Hub-Signature-256",
	    "X-GitHub-Delivery", "X-GitHub-Event" },
	[SENDER_LINEAR] = { "linear", "DIVISI_WEBHOOK_LINEAR", "Linear-Signature",
	    "Linear-Delivery", "Linear-Event" },
	[SENDER_SENTRY] = { "sentry", "DIVISI_WEBHOOK_SENTRY", "Sentry-Hook-Signature",
	    "Request-ID", "Sentry-Hook-Resource" },
	[SENDER_VERCEL] = { "vercel", "DIVISI_WEBHOOK_VERCEL", "x-vercel-signature",
	    NULL, NULL },
	[SENDER_GENERIC] = { "generic", "DIVISI_WEBHOOK_GENERIC", "webhook-signature",
	    "webhook-id", NULL },
};

const struct sender_doc *
sender_doc(enum sender sender)
{
	return &senders[sender];
}

int
sender_of(const char *name)
{
	for (int i = 0; i < SENDER_N; i++) {
		if (strcmp(senders[i].name, name) == 0)
			return i;
	}
	return -1;
}

static bool
is_near(const char *seconds, int64_t now)
{
	char *end = NULL;
	long long at = seconds ? strtoll(seconds, &end, 10) : 0;

	return seconds && end != seconds && at > 0 && at < INT64_MAX / 1000 &&
	       llabs(now - at * 1000) <= SIGNED_WINDOW_MS;
}

/* As standardwebhooks.com has it: "v1,BASE64 v1,BASE64" over "ID.TIME.BODY". */
static bool
is_generic(const struct delivery *d, const char *secret)
{
	unsigned char key[256], sum[HMAC_BYTES];
	const void *raw = secret;
	size_t n_raw = strlen(secret), n, n_signed;
	char *text = NULL;
	FILE *f;
	bool ok = false;

	if (!d->id || !d->timestamp)
		return false;
	if (strncmp(secret, "whsec_", 6) == 0) {
		long n_key = hmac_of_base64(secret + 6, key, sizeof(key));

		if (n_key < 0)
			return false;
		raw = key;
		n_raw = (size_t)n_key;
	}
	f = open_memstream(&text, &n_signed);
	fprintf(f, "%s.%s.", d->id, d->timestamp);
	fwrite(d->body, 1, d->n_body, f);
	fclose(f);
	n = hmac_sum(HMAC_SHA256, raw, n_raw, text, n_signed, sum);
	for (const char *p = d->signature; *p;) {
		size_t len = strcspn(p, " ");

		if (strncmp(p, "v1,", 3) == 0)
			ok |= hmac_is_base64(sum, n, p + 3, len - 3);
		p += len + (p[len] == ' ');
	}
	explicit_bzero(key, sizeof(key));
	free(text);
	return ok;
}

int
delivery_check(
    const struct delivery *d, const char *secret, int64_t now, struct err *err)
{
	const char *name = senders[d->sender].name, *hex = d->signature;
	unsigned char sum[HMAC_BYTES];
	bool ok;

	if (!d->signature || secret[0] == '\0')
		return err_set(err, ERR_REFUSED, "%s: not signed (%s)", name,
		    senders[d->sender].signature);
	if (d->sender == SENDER_GENERIC) {
		ok = is_generic(d, secret);
	} else {
		size_t n = hmac_sum(
		    d->sender == SENDER_VERCEL ? HMAC_SHA1 : HMAC_SHA256, secret,
		    strlen(secret), d->body, d->n_body, sum);

		if (d->sender == SENDER_GITHUB)
			hex = strncmp(hex, "sha256=", 7) == 0 ? hex + 7 : "";
		ok = hmac_is_hex(sum, n, hex);
	}
	if (!ok)
		return err_set(err, ERR_REFUSED, "%s: the signature is not ours", name);
	if (d->sender == SENDER_GENERIC && !is_near(d->timestamp, now))
		return err_set(err, ERR_REFUSED,
		    "%s: signed at another time: outside of five minutes", name);
	return 0;
}
