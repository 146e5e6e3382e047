#!/usr/bin/env python3
"""Claims about tools/layers.py, each on a copy of the tree with something planted."""

import os
import shutil
import sys
import tempfile
import unittest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, "tools"))
import layers  # noqa: E402


class Layers(unittest.TestCase):
    def setUp(self):
        self.top = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.top)
        shutil.copytree(os.path.join(TOP, "src"), os.path.join(self.top, "src"))

    def plant(self, path, text):
        full = os.path.join(self.top, "src", path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "w", encoding="utf-8") as file:
            file.write(text)

    def problems_at(self, where):
        return [p for p in layers.check(self.top) if p.startswith("src/%s:" % where)]

    def test_an_arrow_upwards_is_reported_with_file_and_line(self):
        self.plant("plan/planted.c", '#include "plan/plan.h"\n\n#include "store/journal.h"\n')
        self.assertEqual(len(self.problems_at("plan/planted.c:3")), 1)
        self.assertEqual(len(self.problems_at("plan/planted.c")), 1)

    def test_a_library_outside_its_room_is_reported(self):
        self.plant("core/planted.c", "#include <sqlite3.h>\n")
        self.plant("sys/planted.c", "#include <curl/curl.h>\n")
        self.plant("sys/fetch.c", "#include <curl/curl.h>\n")
        self.plant("policy/planted.c", "\n  # include <json-c/json.h>\n")
        self.assertEqual(len(self.problems_at("core/planted.c:1")), 1)
        self.assertEqual(len(self.problems_at("sys/planted.c:1")), 1)
        self.assertEqual(self.problems_at("sys/fetch.c"), [])
        self.assertEqual(len(self.problems_at("policy/planted.c:2")), 1)

    def test_an_unheard_of_library_is_reported(self):
        self.plant("base/planted.c", "#include <openssl/ssl.h>\n")
        self.assertEqual(len(self.problems_at("base/planted.c:1")), 1)

    def test_an_unheard_of_room_is_reported(self):
        self.plant("attic/planted.c", "int attic;\n")
        self.assertEqual(len(self.problems_at("attic/planted.c:1")), 1)

    def test_a_header_that_is_not_there_is_reported(self):
        self.plant("cli/planted.c", '#include "base/nowhere.h"\n')
        self.assertEqual(len(self.problems_at("cli/planted.c:1")), 1)

    def test_a_public_name_without_its_noun_is_reported(self):
        self.plant("base/planted.h", "struct pear;\n\nint pear_eat(struct pear *p);\n"
                   "/* int nothing_here(void); */\nvoid launch_rocket(\n    int when);\n")
        self.assertEqual(self.problems_at("base/planted.h:3"), [])
        self.assertEqual(len(self.problems_at("base/planted.h:5")), 1)
        self.assertEqual(len(self.problems_at("base/planted.h")), 1)

    def test_one_function_in_two_headers_is_reported(self):
        self.plant("sys/planted.h", "void planted_go(void);\n")
        self.plant("web/planted.h", "void planted_go(void);\n")
        self.assertEqual(len(self.problems_at("web/planted.h:1")), 1)


if __name__ == "__main__":
    unittest.main()
