#!/usr/bin/env python3
"""tests/lab/run.py BUILD [PATTERN...]: real programs on real sockets in private network namespaces.

Works as root, and as an ordinary user where the system lets users make namespaces. Prints a line for
each test and, last, "N passed, N failed, N skipped". A PATTERN picks the tests whose name holds it.

Tests run beside each other, and many hold times against the clock. What fails is asked once more at the
end, alone: a machine that was short of time is no fault of the program's. It is told as "unsteady" all
the same, with its reason; and where more than a few fail there is no second time.
"""

import concurrent.futures
import faulthandler
import importlib
import os
import pathlib
import signal
import subprocess
import sys
import threading
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.dont_write_bytecode = True

import harness  # noqa: E402

WORKERS = 4
TIME_LIMIT_S = 900
LINES_SHOWN = 60  # of the reason of a failure
COLUMNS_SHOWN = 400
SECOND_TIMES = 4  # tests that may be asked once more
INSIDE = "SONDE_LAB_INSIDE"


def shortened(line):
    return line if len(line) <= COLUMNS_SHOWN else line[: COLUMNS_SHOWN - 5] + "[...]"


class Tally(unittest.TestResult):
    """Prints each result as it comes; shared by the threads."""

    def __init__(self):
        super().__init__()
        self.lock = threading.Lock()
        self.passed, self.failed, self.skipped_count = 0, 0, 0
        self.unsteady = []  # (name, what runs it once more), each once
        self.second_time = False

    def fail(self, name, again, seconds, why):
        """`again` is None for what cannot be asked once more."""
        if self.second_time or again is None:
            self.tell("failed", name, seconds, why)
            return
        with self.lock:
            known = any(name == other for other, _ in self.unsteady)
            if not known:
                self.unsteady.append((name, again))
        self.tell("unsteady", name, seconds, why)

    def ask_again(self):
        self.second_time = True
        for name, again in self.unsteady:
            if len(self.unsteady) > SECOND_TIMES:
                self.tell("failed", name, why="see above")
            else:
                again()

    def tell(self, verdict, name, seconds=None, why=""):
        with self.lock:
            took = f" ({seconds:.1f} s)" if seconds is not None else ""
            first, *rest = [shortened(line) for line in why.splitlines()] or [""]
            print(f"{verdict} {name}{took}{': ' + first if first else ''}", flush=True)
            if len(rest) > LINES_SHOWN:
                rest[LINES_SHOWN // 2 : -LINES_SHOWN // 2] = ["[...]"]
            if rest:
                print("".join(f"    {line}\n" for line in rest), end="", flush=True)
            if verdict == "passed":
                self.passed += 1
            elif verdict == "failed":
                self.failed += 1
            elif verdict == "skipped":
                self.skipped_count += 1


class Listener(unittest.TestResult):
    """What unittest tells about one class of tests, handed on to the tally."""

    def __init__(self, tally):
        super().__init__()
        self.tally = tally
        self.started = time.monotonic()

    @staticmethod
    def name_of(test):
        parts = test.id().split(".")
        return ".".join(parts[-3:]).removeprefix("test_").replace(".test_", ".")

    def startTest(self, test):
        super().startTest(test)
        self.started = time.monotonic()

    def _tell(self, verdict, test, why=""):
        self.tally.tell(verdict, self.name_of(test), time.monotonic() - self.started, why)

    def _failed(self, test, error):
        kind, value, _ = error
        text = str(value) if issubclass(kind, AssertionError) else ""
        whole = getattr(test, "test_case", test)  # of a part, all
        again = None
        if isinstance(whole, unittest.TestCase):
            again = lambda: run_class([type(whole)(whole._testMethodName)], self.tally)
        self.tally.fail(
            self.name_of(whole),
            again,
            time.monotonic() - self.started,
            text or self._exc_info_to_string(error, test),
        )

    def addSuccess(self, test):
        self._tell("passed", test)

    def addFailure(self, test, error):
        self._failed(test, error)

    def addError(self, test, error):
        self._failed(test, error)

    def addSkip(self, test, reason):
        self._tell("skipped", test, reason)

    def addSubTest(self, test, subtest, error):
        if error is not None:
            self._failed(subtest, error)

    def addExpectedFailure(self, test, error):
        self._tell("passed", test)

    def addUnexpectedSuccess(self, test):
        self._tell("failed", test, "it was expected to fail")


def classes(patterns):
    """Suites of one class each: (class, [tests])"""
    found = []
    for path in sorted(HERE.glob("test_*.py")):
        module = importlib.import_module(path.stem)
        for suite in unittest.defaultTestLoader.loadTestsFromModule(module):
            tests = [
                test
                for test in suite
                if not patterns or any(pattern in test.id() for pattern in patterns)
            ]
            if tests:
                found.append((type(tests[0]), tests))
    return found


def run_class(tests, tally):
    unittest.TestSuite(tests).run(Listener(tally))


def programs(patterns):
    """Programs beside this one that the build made."""
    folder = harness.SETTINGS.build / "tests" / "lab"
    return [
        path
        for path in (sorted(folder.glob("net_*")) if folder.is_dir() else [])
        if os.access(path, os.X_OK)
        and path.is_file()
        and (not patterns or any(pattern in path.name for pattern in patterns))
    ]


def run_program(path, tally):
    """Status 0: passed, 77: skipped, else failed."""
    started = time.monotonic()
    with harness.Namespace("near") as space:
        result = space.run([str(path)], timeout=120)
    text = (result.out + result.err).strip()
    verdict = {0: "passed", 77: "skipped"}.get(result.code, "failed")
    if verdict == "passed":
        why = ""
    elif verdict == "skipped":
        why = text.splitlines()[-1] if text else "it gave no reason"
    else:
        why = f"status {result.code}\n{text}"
    seconds = time.monotonic() - started
    if verdict == "failed":
        tally.fail(path.name, lambda: run_program(path, tally), seconds, why)
    else:
        tally.tell(verdict, path.name, seconds, why)


def run_all(patterns, tally):
    found = classes(patterns)
    # The longest first: the pool ends with the short ones.
    beside = sorted(
        (tests for kind, tests in found if not kind.alone), key=lambda tests: -tests[0].weight
    )
    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        futures = [pool.submit(run_program, path, tally) for path in programs(patterns)]
        futures += [pool.submit(run_class, tests, tally) for tests in beside]
        for future in futures:
            future.result()
    for kind, tests in found:
        if kind.alone:
            run_class(tests, tally)
    tally.ask_again()


def enter_user_namespace(arguments):
    """Starts this program again as root of a user namespace; returns only if that cannot be."""
    if os.environ.get(INSIDE) or not harness.find("unshare"):
        return
    command = ["unshare", "--user", "--map-root-user", "--net", "--"]
    if subprocess.run(command + ["true"], capture_output=True, check=False).returncode:
        return
    os.environ[INSIDE] = "1"
    os.execvp(command[0], command + [sys.executable, str(HERE / "run.py"), *arguments])


def hand_on_no_ignored_signal():
    """Under nohup, or in the background of a script, programs would inherit that a signal is ignored."""
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
        if signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, lambda *_: None)


def main(arguments):
    if not arguments:
        print("usage: tests/lab/run.py BUILD [PATTERN...]", file=sys.stderr)
        return 2
    faulthandler.enable()
    why = harness.namespaces_possible()
    if why:
        enter_user_namespace(arguments)
        print(f"skipped everything: {why}")
        print("0 passed, 0 failed, 1 skipped")
        return 0
    # A hanging run ends with a trace; namespaces vanish with the process.
    faulthandler.dump_traceback_later(TIME_LIMIT_S, exit=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    hand_on_no_ignored_signal()
    tally = Tally()
    try:
        why = harness.prepare(arguments[0])
        if why:
            tally.tell("failed", "everything", why=why)
        else:
            run_all(arguments[1:], tally)
    finally:
        harness.clean_up()
    print(f"{tally.passed} passed, {tally.failed} failed, {tally.skipped_count} skipped", flush=True)
    return 1 if tally.failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
