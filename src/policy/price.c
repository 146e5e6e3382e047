#include "policy/price.h"

#include "base/mem.h"
#include "base/text.h"

#include <ctype.h>
#include <string.h>

#define MOST_TOKENS 1000000000000LL
#define MOST_CENTS  100000000LL

/* List prices of PRICE_DATE.  The last one is for names nobody knows: the dearest. */
static const struct {
	const char *model;
	struct price price;
} prices[] = {
	/* clang-format off */
	{ "claude-haiku-4-5",  {  100,  10,   500,  200000 } },
	{ "claude-haiku",      {  100,  10,   500,  200000 } },
	{ "claude-3-5-haiku",  {   80,   8,   400,  200000 } },
	{ "claude-3-haiku",    {   25,   3,   125,  200000 } },
	{ "claude-sonnet",     {  300,  30,  1500,  200000 } },
	{ "claude-3-7-sonnet", {  300,  30,  1500,  200000 } },
	{ "claude-3-5-sonnet", {  300,  30,  1500,  200000 } },
	{ "claude-opus-4-5",   {  500,  50,  2500,  200000 } },
	{ "claude-opus-5-5",   {  400,  40,  2000, 1000000 } },
	{ "claude-opus",       { 1500, 150,  7500,  200000 } },
	{ "gpt-5-nano",        {    5,   1,    40,  400000 } },
	{ "gpt-5-mini",        {   25,   3,   200,  400000 } },
	{ "gpt-5-pro",         { 1500,1500, 12000,  400000 } },
	{ "gpt-5",             {  125,  13,  1000,  400000 } },
	{ "gpt-4.1-mini",      {   40,  10,   160, 1047576 } },
	{ "gpt-4.1",           {  200,  50,   800, 1047576 } },
	{ "gpt-4o-mini",       {   15,   8,    60,  128000 } },
	{ "gpt-4o",            {  250, 125,  1000,  128000 } },
	{ "o3",                {  200,  50,   800,  200000 } },
	{ "o4-mini",           {  110,  28,   440,  200000 } },
	{ "gemini-2.5-flash",  {   30,   8,   250, 1048576 } },
	{ "gemini-2.5-pro",    {  250,  63,  1500, 1048576 } },
	{ "gemini-3-pro",      {  400,  40,  1800, 1048576 } },
	{ "",                  { 1500,1500, 12000,  128000 } },
	/* clang-format on */
};

struct price
price_of(const char *model)
{
	size_t best = N_ELEMS(prices) - 1;

	for (size_t i = 0; model && i < N_ELEMS(prices); i++) {
		size_t n = strlen(prices[i].model);

		if (strncmp(prices[i].model, model, n) == 0 &&
		    n > strlen(prices[best].model))
			best = i;
	}
	return prices[best].price;
}

/* "1.25" as cents, rounded up; -1 when it is no amount. */
static int64_t
read_dollars(struct span s)
{
	int64_t cents = 0;
	int n_after = -1;
	bool rest = false;

	s = span_trim(s);
	if (s.n == 0)
		return -1;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '.' && n_after < 0) {
			n_after = 0;
			continue;
		}
		if (!isdigit((unsigned char)s.p[i]) || cents > MOST_CENTS)
			return -1;
		if (n_after < 2)
			cents = cents * 10 + (s.p[i] - '0');
		else
			rest |= s.p[i] != '0';
		n_after += n_after >= 0;
	}
	for (n_after = n_after < 0 ? 0 : n_after; n_after < 2; n_after++)
		cents *= 10;
	return cents + rest;
}

int
price_read(const char *text, struct price *price, struct err *err)
{
	struct span rest = span_of(text), part;
	int64_t cents[3];
	size_t n = 0;

	while (span_next(&rest, '/', &part)) {
		if (n < 3)
			cents[n] = read_dollars(part);
		if (n >= 3 || cents[n] < 0)
			n = 3;
		n++;
	}
	if (n != 3) {
		err_set(err, ERR_INPUT, "'%.40s' is no price", text);
		return err_fix(err,
		    "dollars for a million tokens: INPUT/CACHED/OUTPUT, such as 3/0.30/15");
	}
	*price = (struct price){ cents[0], cents[1], cents[2], 0 };
	return 0;
}

static int64_t
part_of(int64_t tokens, int64_t cents)
{
	if (tokens <= 0)
		return 0;
	if (tokens > MOST_TOKENS)
		tokens = MOST_TOKENS;
	return (tokens * cents + 999) / 1000;
}

int64_t
price_millicents(
    const struct price *price, int64_t input, int64_t cached, int64_t output)
{
	return part_of(input, price->input) + part_of(cached, price->cached) +
	       part_of(output, price->output);
}
