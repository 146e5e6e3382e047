#!/usr/bin/env python3
"""No misspelled words in what people read.  usage: words.py TOP CODESPELL"""

import os
import subprocess
import sys

TOP, TOOL = sys.argv[1], sys.argv[2]
sys.path.insert(0, os.path.join(TOP, "tools"))
from files import read_text, tree_files  # noqa: E402

# Recorded streams, fuzz seeds and hostile plans are not our words.
FOREIGN = ("tests/data/", "tests/fuzz/", "LICENSE")
# Words of ours that the tool takes for mistakes.
OURS = "divisi,nce,hel,verfy,froms,chek,nwo,dependencie,wirtes,fo,nd,ot,te,ba,ans,inout,implementors,trun,readd,crate,creat,statics"

names = [f for f in tree_files(TOP) if not f.startswith(FOREIGN)
         and read_text(os.path.join(TOP, f)) is not None]
sys.exit(subprocess.run([TOOL, "--ignore-words-list", OURS] + names, cwd=TOP).returncode)
