#include "sys/curl_late.h"

#include "base/mem.h"

#include <dlfcn.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

/* Newer versions have a "const" more in the first argument of this one. */
#define curl_url_get curl_url_get_as_declared
#include <curl/curl.h>
#undef curl_url_get

CURLUcode curl_url_get(CURLU *url, CURLUPart what, char **text, unsigned int flags);

/* The name has been the same since 2006. */
static const char library[] = "libcurl.so.4";

/* The macros that check the types of these are for callers. */
#undef curl_easy_setopt
#undef curl_easy_getinfo

#define FUNCTIONS(X)           \
	X(curl_easy_cleanup)   \
	X(curl_easy_escape)    \
	X(curl_easy_getinfo)   \
	X(curl_easy_init)      \
	X(curl_easy_perform)   \
	X(curl_easy_reset)     \
	X(curl_easy_setopt)    \
	X(curl_easy_strerror)  \
	X(curl_free)           \
	X(curl_getdate)        \
	X(curl_global_init)    \
	X(curl_slist_append)   \
	X(curl_slist_free_all) \
	X(curl_url)            \
	X(curl_url_cleanup)    \
	X(curl_url_get)        \
	X(curl_url_set)

/* NOLINTNEXTLINE(bugprone-macro-parentheses): a declaration. */
#define MEMBER(name) typeof(name) *name;
#define SLOT(name)   { #name, (void **)&late.name },

static struct {
	FUNCTIONS(MEMBER)
} late;

static const struct {
	const char *name;
	void **slot;
} slots[] = { FUNCTIONS(SLOT) };

static char why[200];
static bool is_loaded;

static bool
load(void)
{
	void *handle;

	if (is_loaded || why[0])
		return is_loaded;
	handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
	for (size_t i = 0; handle && i < N_ELEMS(slots); i++) {
		*slots[i].slot = dlsym(handle, slots[i].name);
		if (!*slots[i].slot)
			handle = NULL;
	}
	is_loaded = handle != NULL;
	if (!is_loaded)
		snprintf(why, sizeof(why), "%s", dlerror());
	return is_loaded;
}

int
curl_late_load(struct err *err)
{
	if (load())
		return 0;
	err_set(err, ERR_SYSTEM, "libcurl: %s", why);
	return err_fix(err, "apt install libcurl4");
}

CURLcode
curl_global_init(long flags)
{
	return load() ? late.curl_global_init(flags) : CURLE_FAILED_INIT;
}

CURL *
curl_easy_init(void)
{
	return load() ? late.curl_easy_init() : NULL;
}

CURLU *
curl_url(void)
{
	return load() ? late.curl_url() : NULL;
}

/* Behind here there is something of curl's already, or nothing to do. */

CURLcode
curl_easy_setopt(CURL *curl, CURLoption option, ...)
{
	CURLcode code;
	va_list ap;

	va_start(ap, option);
	if ((int)option < CURLOPTTYPE_OBJECTPOINT)
		code = late.curl_easy_setopt(curl, option, va_arg(ap, long));
	else if ((int)option >= CURLOPTTYPE_OFF_T && (int)option < CURLOPTTYPE_BLOB)
		code = late.curl_easy_setopt(curl, option, va_arg(ap, curl_off_t));
	else
		code = late.curl_easy_setopt(curl, option, va_arg(ap, void *));
	va_end(ap);
	return code;
}

CURLcode
curl_easy_getinfo(CURL *curl, CURLINFO info, ...)
{
	CURLcode code;
	va_list ap;

	va_start(ap, info);
	code = late.curl_easy_getinfo(curl, info, va_arg(ap, void *));
	va_end(ap);
	return code;
}

CURLcode
curl_easy_perform(CURL *curl)
{
	return late.curl_easy_perform(curl);
}

void
curl_easy_reset(CURL *curl)
{
	late.curl_easy_reset(curl);
}

void
curl_easy_cleanup(CURL *curl)
{
	if (curl)
		late.curl_easy_cleanup(curl);
}

const char *
curl_easy_strerror(CURLcode code)
{
	return load() ? late.curl_easy_strerror(code) : why;
}

char *
curl_easy_escape(CURL *handle, const char *string, int length)
{
	return load() ? late.curl_easy_escape(handle, string, length) : NULL;
}

void
curl_free(void *p)
{
	if (p)
		late.curl_free(p);
}

time_t
curl_getdate(const char *p, const time_t *unused)
{
	return load() ? late.curl_getdate(p, unused) : -1;
}

struct curl_slist *
curl_slist_append(struct curl_slist *list, const char *data)
{
	return load() ? late.curl_slist_append(list, data) : NULL;
}

void
curl_slist_free_all(struct curl_slist *list)
{
	if (list)
		late.curl_slist_free_all(list);
}

void
curl_url_cleanup(CURLU *handle)
{
	if (handle)
		late.curl_url_cleanup(handle);
}

CURLUcode
curl_url_set(CURLU *handle, CURLUPart what, const char *part, unsigned int flags)
{
	return late.curl_url_set(handle, what, part, flags);
}

CURLUcode
curl_url_get(CURLU *url, CURLUPart what, char **text, unsigned int flags)
{
	return late.curl_url_get(url, what, text, flags);
}
