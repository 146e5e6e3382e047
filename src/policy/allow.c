#include "policy/allow.h"

#include "base/text.h"

#include <string.h>

static bool
is_starred(unsigned char c)
{
	return c >= 0x20 && c != 0x7F && !strchr(";&|<>$`(){}\"'\\", c);
}

int
allow_check_pattern(const char *pattern, struct err *err)
{
	const unsigned char *u = (const unsigned char *)pattern;

	if (pattern[0] == '\0' || pattern[0] == '*') {
		err_set(err, ERR_USAGE, "a rule begins with what it is about");
		return err_fix(err, "such as 'Bash: npm test*'");
	}
	if (strlen(pattern) > ALLOW_PATTERN_BYTES)
		return err_set(
		    err, ERR_USAGE, "a rule has at most %d bytes", ALLOW_PATTERN_BYTES);
	for (size_t i = 0; u[i]; i++) {
		if ((u[i] < 0x20 && u[i] != '\n') || u[i] == 0x7F)
			return err_set(
			    err, ERR_USAGE, "a rule holds no control characters");
	}
	return 0;
}

bool
allow_matches(const char *pattern, const char *action)
{
	const char *star = NULL, *from = NULL;

	if (action[0] == '\0')
		return false;
	if (!strchr(pattern, '*'))
		return strcmp(pattern, action) == 0;
	if (strlen(action) > ALLOW_STAR_BYTES || strstr(action, "..") ||
	    text_has_controls(action))
		return false;
	while (*action) {
		if (*pattern == '*') {
			star = ++pattern;
			from = action;
		} else if (*pattern == *action) {
			pattern++;
			action++;
		} else if (star && is_starred((unsigned char)*from)) {
			/*
			 * The last star takes one more.  Where it cannot, no star before
			 * it could: its stretch would hold the same character.
			 */
			action = ++from;
			pattern = star;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return *pattern == '\0';
}
