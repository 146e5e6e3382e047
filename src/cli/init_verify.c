#include "cli/init_find.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"

#include <ctype.h>
#include <json-c/json.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MAX_BYTES (1u << 20)

static char *
read_top(const char *top, const char *name)
{
	AUTO_FREE char *path = path_join(top, name);

	return file_read(path, FILE_MAX_BYTES, NULL, NULL);
}

static bool
has(const char *top, const char *name)
{
	AUTO_FREE char *path = path_join(top, name);

	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

static bool
is_script(const char *top, const char *name)
{
	AUTO_FREE char *path = path_join(top, name);

	return has(top, name) && access(path, X_OK) == 0;
}

static bool
guess_is(struct verify_guess *guess, const char *command, const char *because)
{
	*guess = (struct verify_guess){ xstrdup(command), because };
	return true;
}

/* A script that the project made for this very purpose. */
static bool
guess_script(const char *top, struct verify_guess *guess)
{
	static const char *const names[] = { "check", "check.sh", "test.sh", "tests.sh",
		"run_tests.sh", "run-tests.sh", "script/test", "scripts/test",
		"scripts/test.sh", "bin/test" };

	for (size_t i = 0; i < N_ELEMS(names); i++) {
		if (is_script(top, names[i])) {
			*guess = (struct verify_guess){ xasprintf("./%s", names[i]),
				"the script is there" };
			return true;
		}
	}
	return false;
}

/* Does a line of the makefile TEXT begin a rule for TARGET? */
static bool
has_target(const char *text, const char *target)
{
	struct span rest = span_of(text), line;
	size_t n = strlen(target);

	while (span_next(&rest, '\n', &line)) {
		const char *colon = line.n ? memchr(line.p, ':', line.n) : NULL;
		struct span targets, word;

		if (!colon || (colon + 1 < line.p + line.n && colon[1] == '='))
			continue;
		targets = (struct span){ line.p, (size_t)(colon - line.p) };
		while (span_next(&targets, ' ', &word)) {
			if (word.n == n && memcmp(word.p, target, n) == 0)
				return true;
		}
	}
	return false;
}

static bool
guess_make(const char *top, struct verify_guess *guess)
{
	static const struct {
		const char *file, *target, *command, *because;
	} rows[] = {
		{ "GNUmakefile", "check", "make check",
		    "GNUmakefile has the target check" },
		{ "GNUmakefile", "test", "make test",
		    "GNUmakefile has the target test" },
		{ "makefile", "check", "make check", "makefile has the target check" },
		{ "makefile", "test", "make test", "makefile has the target test" },
		{ "Makefile", "check", "make check", "Makefile has the target check" },
		{ "Makefile", "test", "make test", "Makefile has the target test" },
		{ "justfile", "check", "just check", "justfile has the recipe check" },
		{ "justfile", "test", "just test", "justfile has the recipe test" },
	};

	for (size_t i = 0; i < N_ELEMS(rows); i++) {
		AUTO_FREE char *text = read_top(top, rows[i].file);

		if (text && has_target(text, rows[i].target))
			return guess_is(guess, rows[i].command, rows[i].because);
	}
	return false;
}

/* True when package.json has a test of its own: npm writes one that only fails. */
static bool
has_npm_test(struct json_object *package)
{
	struct json_object *scripts, *test;

	return json_object_object_get_ex(package, "scripts", &scripts) &&
	       json_object_is_type(scripts, json_type_object) &&
	       json_object_object_get_ex(scripts, "test", &test) &&
	       json_object_is_type(test, json_type_string) &&
	       !strstr(json_object_get_string(test), "no test specified");
}

static bool
needs_packages(struct json_object *package)
{
	static const char *const keys[] = { "dependencies", "devDependencies" };

	for (size_t i = 0; i < N_ELEMS(keys); i++) {
		struct json_object *list;

		if (json_object_object_get_ex(package, keys[i], &list) &&
		    json_object_is_type(list, json_type_object) &&
		    json_object_object_length(list) > 0)
			return true;
	}
	return false;
}

/* The result is verified in a fresh worktree, which has no node_modules. */
static bool
guess_node(const char *top, struct verify_guess *guess)
{
	static const struct {
		const char *lock, *with, *without;
	} rows[] = {
		{ "pnpm-lock.yaml", "pnpm install --frozen-lockfile && pnpm test",
		    "pnpm test" },
		{ "yarn.lock", "yarn install --frozen-lockfile && yarn test",
		    "yarn test" },
		{ "bun.lockb", "bun install --frozen-lockfile && bun run test",
		    "bun run test" },
		{ "bun.lock", "bun install --frozen-lockfile && bun run test",
		    "bun run test" },
		{ "package-lock.json", "npm ci && npm test", "npm test" },
		{ NULL, "npm install && npm test", "npm test" },
	};
	AUTO_FREE char *text = read_top(top, "package.json");
	struct json_object *package = text ? json_tokener_parse(text) : NULL;
	bool is_ours = package && json_object_is_type(package, json_type_object) &&
		       has_npm_test(package);
	bool has_packages = is_ours && needs_packages(package);
	size_t i = 0;

	json_object_put(package);
	if (!is_ours)
		return false;
	while (rows[i].lock && !has(top, rows[i].lock))
		i++;
	return guess_is(guess, has_packages ? rows[i].with : rows[i].without,
	    "package.json has a test script");
}

static bool
guess_python(const char *top, struct verify_guess *guess)
{
	static const char *const said_in[] = { "pytest.ini", "pyproject.toml",
		"setup.cfg", "requirements-dev.txt", "requirements.txt",
		"tests/conftest.py", "conftest.py" };

	if (has(top, "tox.ini"))
		return guess_is(guess, "tox", "tox.ini is there");
	if (has(top, "noxfile.py"))
		return guess_is(guess, "nox", "noxfile.py is there");
	for (size_t i = 0; i < N_ELEMS(said_in); i++) {
		AUTO_FREE char *text = read_top(top, said_in[i]);

		if (!text || !strstr(text, "pytest"))
			continue;
		if (has(top, "uv.lock"))
			return guess_is(guess, "uv run pytest", "uv.lock and pytest");
		if (has(top, "poetry.lock"))
			return guess_is(
			    guess, "poetry run pytest", "poetry.lock and pytest");
		return guess_is(
		    guess, "python3 -m pytest", "the project's files name pytest");
	}
	if (has(top, "pyproject.toml") || has(top, "setup.py"))
		return guess_is(guess, "python3 -m unittest", "it is a Python project");
	return false;
}

/* Build systems whose tests are run in one way only. */
static bool
guess_build(const char *top, struct verify_guess *guess)
{
	static const struct {
		const char *file, *command, *because;
	} rows[] = {
		{ "Cargo.toml", "cargo test", "Cargo.toml is there" },
		{ "go.mod", "go test ./...", "go.mod is there" },
		{ "deno.json", "deno test", "deno.json is there" },
		{ "meson.build", "meson setup build && meson test -C build",
		    "meson.build is there" },
		{ "CMakeLists.txt",
		    "cmake -B build && cmake --build build && ctest --test-dir build",
		    "CMakeLists.txt is there" },
		{ "mvnw", "./mvnw -q test", "mvnw is there" },
		{ "pom.xml", "mvn -q test", "pom.xml is there" },
		{ "gradlew", "./gradlew test", "gradlew is there" },
		{ "mix.exs", "mix test", "mix.exs is there" },
		{ "Package.swift", "swift test", "Package.swift is there" },
		{ "Rakefile", "bundle exec rake test", "Rakefile is there" },
		{ ".rspec", "bundle exec rspec", ".rspec is there" },
		{ "dune-project", "dune runtest", "dune-project is there" },
		{ "stack.yaml", "stack test", "stack.yaml is there" },
		{ "build.zig", "zig build test", "build.zig is there" },
		{ "phpunit.xml", "vendor/bin/phpunit", "phpunit.xml is there" },
	};

	for (size_t i = 0; i < N_ELEMS(rows); i++) {
		if (has(top, rows[i].file))
			return guess_is(guess, rows[i].command, rows[i].because);
	}
	return false;
}

void
init_find_verify(const char *top, struct verify_guess *guess)
{
	*guess = (struct verify_guess){ 0 };
	(void)(guess_script(top, guess) || guess_make(top, guess) ||
	       guess_node(top, guess) || guess_python(top, guess) ||
	       guess_build(top, guess));
}

void
verify_guess_clear(struct verify_guess *guess)
{
	free(guess->command);
	*guess = (struct verify_guess){ 0 };
}
