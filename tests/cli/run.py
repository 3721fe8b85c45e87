# SPDX-License-Identifier: Apache-2.0
"""Runs one module of end-to-end tests: run.py MODULE."""
import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
unittest.main(module=sys.argv[1], argv=["run.py", *sys.argv[2:]], verbosity=2, warnings="ignore")
