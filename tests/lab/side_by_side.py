"""The same command line given to a peer and to sonde under the peer's name, and both compared.

Each has a network of its own of the same kind, so that nothing that one learns is known to the other.
What a peer's texts need beside this is in dropin.py (ping) and fping_dropin.py.
"""

import difflib
import fnmatch
import re
import tempfile
import threading
import time

import harness
from far_end import FarEnd, silent_pair

APART_S = 0.45  # how far apart the ends of the two may be
ATTEMPTS = 3
OUT, ERR = 1, 2  # where a declared difference stands; both: OUT | ERR


class Stage:
    """One network with the far end in it, which does what `script` says."""

    def __init__(self, script):
        self.net = silent_pair()
        self.net.near.ip(
            """
            route add 10.56.0.0/15 via 10.55.0.2
            route add fd56::/15 via fd55::2
            """
        )
        self.end = FarEnd(self.net, script)
        self.end.__enter__()

    def close(self):
        self.end.__exit__(None)
        self.net.close()


def declared(table, name, out, err):
    """The peer's texts as we declare ours to be: (names of rows, why, where, the peer's text, ours)."""
    for rows, _, where, theirs, ours in table:
        if any(fnmatch.fnmatchcase(name, row) for row in rows):
            out = re.sub(theirs, ours, out) if where & OUT else out
            err = re.sub(theirs, ours, err) if where & ERR else err
    return out, err


class Comparison:
    """One line of the table: words for the program, and what is special about it."""

    peer = ""  # the name of the program

    def __init__(
        self, *words, user=None, stdin="", signals=(), out=None, err=None, code=None, usage=False,
        early=False, name=None,
    ):
        self.words = words
        self.user = user
        self.stdin = stdin
        self.signals = signals  # (seconds after the start, signal)
        self.out, self.err, self.code = out, err, code  # what must come, where the peer is older
        self.usage = usage  # the text is a help, which is our own
        self.early = early  # ours ends as soon as all is decided
        self.program = name or self.peer

    @property
    def name(self):
        words = " ".join(str(word) if word else "''" for word in self.words) or "nothing"
        text = (f"as {self.user}: " if self.user else "") + words
        text = text if self.program == self.peer else f"{self.program} {text}"
        return text + "".join(f" then {number.name}" for _, number in self.signals)

    def run(self, reference, subject):
        """The two results; the first is None where the table says everything."""
        results = {"reference": None}

        def one(key, stage, path):
            with tempfile.TemporaryFile() as stdin:
                stdin.write(self.stdin.encode())
                stdin.seek(0)
                argv = [self.program, *self.words]
                with stage.net.near.start(argv, path=path, user=self.user, stdin=stdin) as program:
                    for seconds, number in self.signals:
                        time.sleep(max(0, program.started + seconds - time.monotonic()))
                        program.send_signal(number)
                    results[key] = program.finish(25)

        threads = [threading.Thread(target=one, args=("subject", subject, harness.SETTINGS.dropin))]
        if None in (self.out, self.err, self.code):
            threads.append(threading.Thread(target=one, args=("reference", reference, None)))
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return results["reference"], results["subject"]

    def texts(self, out, err, code):
        """What came, as one text without what no two runs have in common."""
        raise NotImplementedError

    def modern(self, result):
        """Texts and status of the installed peer as of the one that sonde stands in for."""
        raise NotImplementedError

    def expected(self, result):
        out, err, code = self.modern(result) if result else ("", "", 0)
        out = self.out if self.out is not None else out
        err = self.err if self.err is not None else err
        code = self.code if self.code is not None else code
        return self.texts(out, err, code)


class SideBySide(harness.Case):
    """What tables of comparisons have in common: see fill."""

    label = ""  # the peer and its version, for messages
    codes = (0, 1, 2)  # exit statuses that there are
    datagram = False

    @classmethod
    def script(cls):
        """What the far end does; each network has its own."""
        raise NotImplementedError

    @classmethod
    def check_installed(cls):
        """Skips the class where the peer is missing, or younger than its table."""
        raise NotImplementedError

    @classmethod
    def setUpClass(cls):
        cls.check_installed()
        cls.reference, cls.subject = Stage(cls.script()), Stage(cls.script())
        for stage in (cls.reference, cls.subject):
            if cls.datagram:
                stage.net.near.open_datagram_sockets()

    @classmethod
    def tearDownClass(cls):
        cls.reference.close()
        cls.subject.close()

    def compare(self, row):
        """On a busy machine either may miss what the other sees: they differ if they always do."""
        for _ in range(ATTEMPTS - 1):
            try:
                return self.compare_once(row)
            except AssertionError:
                pass
        return self.compare_once(row)

    def compare_once(self, row):
        theirs, ours = row.run(self.reference, self.subject)
        self.ended(ours, *self.codes)
        if theirs:
            self.assertFalse(theirs.timed_out, f"{self.label} did not end\n{theirs}")
            apart = ours.seconds - theirs.seconds
            said = f"{self.label} ended after {theirs.seconds:.2f} s\n{ours}"
            self.assertLess(apart, APART_S, said)
            if not row.early:
                self.assertGreater(apart, -APART_S, said)
        expected, came = row.expected(theirs), row.texts(ours.out, ours.err, ours.code)
        if expected != came:
            lines = difflib.unified_diff(
                expected.splitlines(), came.splitlines(), self.label, "sonde", "", "", 1, ""
            )
            self.fail(f"{row.name}\n" + "\n".join(line.replace("\b", "^H") for line in lines))


def fill(base, name, table, **members):
    """A class like `base` with a test for each line of the table."""
    for number, row in enumerate(table):

        def test(self, row=row):
            self.compare(row)

        words = re.sub(r"[^A-Za-z0-9.:]+", "_", row.name).strip("_").replace(".", "_")
        members[f"test_{number:02}_{words}"] = test
        test.__doc__ = row.name
    members["__module__"] = base.__module__
    return type(name, (base,), members)
