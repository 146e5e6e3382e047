#!/usr/bin/env python3
"""Claims about tools/crash_points.py, each on a few files with something planted."""

import os
import shutil
import sys
import tempfile
import unittest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, "tools"))
import crash_points  # noqa: E402


class CrashPoints(unittest.TestCase):
    def setUp(self):
        self.top = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.top)
        for path in ("base/file.c", "core/happening.c", "engine/acts.c", "git/run.c"):
            folder = os.path.join(self.top, "src", os.path.dirname(path))
            os.makedirs(folder, exist_ok=True)
            shutil.copy(os.path.join(TOP, "src", path), folder)

    def plant(self, path, text):
        with open(os.path.join(self.top, "src", path), "w", encoding="utf-8") as file:
            file.write(text)

    def problems_at(self, where):
        return [p for p in crash_points.check(self.top) if p.startswith("src/%s:" % where)]

    def test_every_call_that_lasts_needs_a_point(self):
        for call in ("fsync(fd)", "rename(a, b)", "unlinkat(d, n, 0)", "linkat(d, a, d, b, 0)",
                     "posix_spawn(&pid, p, NULL, NULL, argv, environ)", "fork()",
                     "execve(p, argv, env)", "journal_append(s, r, 1, NULL, 0, err)",
                     "store_commit(s, err)", "t->tracker->comment(l, c, id, k, b, err)"):
            with self.subTest(call=call):
                self.plant("engine/planted.c", "\nint f(void)\n{\n\treturn %s;\n}\n" % call)
                self.assertEqual(len(self.problems_at("engine/planted.c:4")), 1)

    def test_with_a_point_it_is_fine(self):
        self.plant("engine/planted.c",
                   'int f(void)\n{\n\treturn DURABLE("planted",\n\t    fsync(g(fd, ")")));\n}\n'
                   '/* fsync(fd) is only talked about */\nconst char s[] = "fsync(fd)";\n')
        self.assertEqual(self.problems_at("engine/planted.c"), [])
        self.assertIn("planted.before", crash_points.list_points(self.top))
        self.assertIn("planted.after", crash_points.list_points(self.top))

    def test_behind_a_point_is_not_in_it(self):
        self.plant("base/planted.c", 'int x = DURABLE("planted", f(1)) + fsync(2);\n')
        self.assertEqual(len(self.problems_at("base/planted.c:1")), 1)

    def test_two_points_of_one_name_are_reported(self):
        self.plant("base/planted.c", 'int x = DURABLE("file.sync", fsync(2));\n')
        self.assertEqual(len([p for p in crash_points.check(self.top)
                              if "file.sync" in p]), 1)

    def test_a_verb_of_git_that_nobody_judged_is_reported(self):
        self.plant("git/planted.c", 'x = GIT_ARGS("-q", "filter-branch", "--", path);\n')
        self.assertEqual(len(self.problems_at("git/planted.c:1")), 1)

    def test_a_new_verb_that_changes_is_a_point(self):
        self.plant("git/planted.c", 'x = GIT_ARGS("config", "--add", key, value);\n')
        self.assertIn("git.config-add.before", crash_points.list_points(self.top))

    def test_families_have_a_point_for_each_word(self):
        points = crash_points.list_points(TOP)
        for point in ("journal.landed.before", "act-begin.launch.after",
                      "act-end.issue-file.before", "git.update-ref.after",
                      "git-end.worktree-add.here", "tracker-commit.registry.before"):
            self.assertIn(point, points)

    def test_what_no_built_in_tracker_commits_is_no_point(self):
        points = crash_points.list_points(TOP)
        for kind in ("pull-open", "pull-look", "pull-close", "delegate-look"):
            self.assertIn("act-end.%s.after" % kind, points)
            self.assertNotIn("tracker-commit.%s.after" % kind, points)


if __name__ == "__main__":
    unittest.main()
