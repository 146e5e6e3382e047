#include "tracker/forge.h"

#include "base/text.h"

#include <string.h>
#include <strings.h>

bool
forge_place_ok(const char *p, size_t n)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
	size_t slashes = 0;

	for (size_t i = 0; i < n; i++) {
		if (p[i] == '/')
			slashes++;
		else if (!strchr(letters, p[i]))
			return false;
	}
	return slashes == 1 && n > 2 && n < FORGE_PLACE_SIZE && p[0] != '/' &&
	       p[n - 1] != '/' && !memmem(p, n, "..", 2);
}

/* The host of URL, without user and port; REST is what is behind it and its slash or colon. */
static struct span
host_of(const char *url, const char **rest)
{
	const char *scheme = strstr(url, "://");
	const char *from = scheme ? scheme + 3 : url;
	size_t n = strcspn(from, scheme ? "/" : ":/");
	const char *at = memchr(from, '@', n);
	struct span host = { from, n };

	*rest = from[n] ? from + n + 1 : from + n;
	/* Without a scheme a path has no colon before its first slash. */
	if (!scheme && from[n] != ':')
		return (struct span){ from, 0 };
	if (at)
		host = (struct span){ at + 1, n - (size_t)(at + 1 - from) };
	if (scheme && memchr(host.p, ':', host.n))
		host.n = (size_t)((const char *)memchr(host.p, ':', host.n) - host.p);
	return host;
}

/* Does HOST, of a remote, belong to the forge whose API is at API? */
static bool
is_of(struct span host, const char *api)
{
	const char *rest;
	struct span of;

	if (span_eq_nocase(host, "github.com") ||
	    span_eq_nocase(host, "ssh.github.com"))
		return !api || strstr(api, "://api.github.com");
	if (!api)
		return false;
	of = host_of(api, &rest);
	return of.n == host.n && host.n > 0 && strncasecmp(of.p, host.p, of.n) == 0;
}

bool
forge_place_of(const char *url, const char *api, char place[FORGE_PLACE_SIZE])
{
	const char *path;
	struct span host = host_of(url, &path);
	size_t n;

	path += *path == '/';
	n = strlen(path);
	if (n > 0 && path[n - 1] == '/')
		n--;
	if (n > 4 && strncmp(path + n - 4, ".git", 4) == 0)
		n -= 4;
	if (host.n == 0 || !is_of(host, api) || !forge_place_ok(path, n))
		return false;
	memcpy(place, path, n);
	place[n] = '\0';
	return true;
}
