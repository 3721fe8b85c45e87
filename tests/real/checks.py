# SPDX-License-Identifier: Apache-2.0
"""The report of a run: one line a check, seconds a suite, `N passed, N failed` at the end."""
import contextlib
import fnmatch
import time
import traceback


class Report:
    def __init__(self, only=()):
        self.only, self.passed, self.failed, self.skipped = list(only), 0, 0, 0
        self.seconds = {}

    def wanted(self, suite):
        return not self.only or any(
            fnmatch.fnmatch(suite, one) or suite.startswith(one) for one in self.only)

    def check(self, name, faults):
        """faults: what is wrong, empty where nothing is (a list, a text or a false value)."""
        if isinstance(faults, str):
            faults = [faults] if faults else []
        if not faults:
            self.passed += 1
            print(f"ok {name}", flush=True)
            return True
        self.failed += 1
        shown = "; ".join(str(fault).replace("\n", "\\n") for fault in list(faults)[:6])
        more = f" (and {len(faults) - 6} more)" if len(faults) > 6 else ""
        print(f"FAIL {name}: {shown}{more}", flush=True)
        return False

    def equal(self, name, found, wanted):
        return self.check(name, "" if found == wanted else f"{found!r}, wanted {wanted!r}")

    def skip(self, name, why):
        self.skipped += 1
        print(f"skip {name}: {why}", flush=True)

    def note(self, text):
        print(f"# {text}", flush=True)

    @contextlib.contextmanager
    def suite(self, name):
        """A suite that breaks is one failure; the others still run."""
        started = time.monotonic()
        try:
            yield
        except Exception as error:
            where = traceback.extract_tb(error.__traceback__)[-1]
            self.check(name, f"{type(error).__name__}: {error} ({where.name}:{where.lineno})")
        finally:
            self.seconds[name] = time.monotonic() - started

    def close(self):
        for name, seconds in self.seconds.items():
            print(f"# {seconds:6.1f} s  {name}")
        skipped = f", {self.skipped} skipped" if self.skipped else ""
        print(f"{self.passed} passed, {self.failed} failed{skipped}", flush=True)
        return 1 if self.failed or not self.passed else 0
