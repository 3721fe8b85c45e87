# SPDX-License-Identifier: Apache-2.0
"""Runs end-to-end tests: run.py MODULE [CLASS[.TEST]...]; of several names the last one counts."""
import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
unittest.main(module=sys.argv[1], argv=["run.py", *sys.argv[2:][-1:]], verbosity=2, warnings="ignore")
