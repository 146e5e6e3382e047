#include "sys/curl_late.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <curl/curl.h>

#define TEST(f) cmocka_unit_test(f)

/* Is the library mapped into this process? */
static bool
is_there(void)
{
	AUTO_FILE FILE *f = fopen("/proc/self/maps", "re");
	char line[4096];

	while (f && fgets(line, sizeof(line), f)) {
		if (strstr(line, "/libcurl"))
			return true;
	}
	return false;
}

static size_t
on_bytes(char *p, size_t size, size_t n, void *arg)
{
	size_t *sum = arg;

	*sum += size * n;
	return size * n;
}

static void
curl_is_loaded_when_it_is_first_called(void **state)
{
	struct err err = ERR_INIT;

	assert_false(is_there());
	assert_int_equal(curl_late_load(&err), 0);
	assert_true(is_there());
	assert_int_equal(curl_late_load(&err), 0);
}

static void
options_of_each_kind_arrive(void **state)
{
	char name[] = "/tmp/divisi-curl.XXXXXX";
	int fd = mkstemp(name);
	AUTO_FREE char *url = xasprintf("file://%s", name);
	char message[CURL_ERROR_SIZE] = "", *end = NULL;
	CURL *curl = curl_easy_init();
	size_t sum = 0;
	curl_off_t size = 0;

	assert_int_equal(write(fd, "0123456789", 10), 10);
	assert_non_null(curl);
	/* An object, a function, a number, and a large one: what is left from byte 4 on. */
	assert_int_equal(curl_easy_setopt(curl, CURLOPT_URL, url), CURLE_OK);
	assert_int_equal(
	    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_bytes), CURLE_OK);
	assert_int_equal(curl_easy_setopt(curl, CURLOPT_WRITEDATA, &sum), CURLE_OK);
	assert_int_equal(curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L), CURLE_OK);
	assert_int_equal(
	    curl_easy_setopt(curl, CURLOPT_RESUME_FROM_LARGE, (curl_off_t)4), CURLE_OK);
	assert_int_equal(curl_easy_perform(curl), CURLE_OK);
	assert_int_equal(sum, 6);
	assert_int_equal(
	    curl_easy_getinfo(curl, CURLINFO_EFFECTIVE_URL, &end), CURLE_OK);
	assert_string_equal(end, url);
	assert_int_equal(
	    curl_easy_getinfo(curl, CURLINFO_SIZE_DOWNLOAD_T, &size), CURLE_OK);
	assert_int_equal(size, 6);
	unlink(name);
	assert_int_equal(
	    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, message), CURLE_OK);
	assert_int_equal(curl_easy_perform(curl), CURLE_FILE_COULDNT_READ_FILE);
	assert_non_null(strstr(message, name));
	curl_easy_cleanup(curl);
	close(fd);
}

static void
addresses_are_taken_apart(void **state)
{
	char *host = NULL;
	CURLU *url = curl_url();

	assert_int_equal(
	    curl_url_set(url, CURLUPART_URL, "https://u@host:1/p", 0), CURLUE_OK);
	assert_int_equal(curl_url_get(url, CURLUPART_HOST, &host, 0), CURLUE_OK);
	assert_string_equal(host, "host");
	curl_free(host);
	curl_url_cleanup(url);
	assert_int_equal(curl_getdate("Thu, 01 Jan 1970 00:01:00 GMT", NULL), 60);
}

int
main(void)
{
	/* In this order: the first is about what was not called yet. */
	const struct CMUnitTest tests[] = {
		TEST(curl_is_loaded_when_it_is_first_called),
		TEST(options_of_each_kind_arrive),
		TEST(addresses_are_taken_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
