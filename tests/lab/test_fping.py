"""sonde under the name fping beside Debian's: texts and exit statuses, one test a command line."""

import difflib
import json
import re
import unittest

import harness
from fping_dropin import INT, QUIT, TERM, Comparison as F
from fping_dropin import Stage, installed

APART_S = 0.45  # how far apart the ends of the two may be
ATTEMPTS = 3
USAGE = dict(usage=True)  # the text is our own

LOOPBACK = [
    F("127.0.0.1"),
    F("::1"),
    F("127.0.0.1", "::1", "127.0.0.2"),
    F("localhost"),
    F("-4", "localhost"),
    F("-6", "ip6-localhost"),
    F("-6", "::1", name="fping6"),
    F("::1", name="fping6"),
    F("127.0.0.1", name="fping6"),
    F("-4", "::1", name="fping6"),
    F("127.1"),
    F("-a", "127.0.0.1", "10.55.0.2"),
    F("-u", "127.0.0.1", "10.57.9.1", "-r0", "-t100"),
    F("-e", "127.0.0.1"),
    F("-e", "-a", "127.0.0.1"),
    F("-q", "127.0.0.1"),
    F("-s", "127.0.0.1", "127.0.0.2"),
    F("-q", "-s", "127.0.0.1"),
    F("-A", "localhost"),
    F("-n", "127.0.0.1"),
    F("-n", "localhost"),
    F("-d", "localhost"),
    F("-d", "127.0.0.1"),
    F("-A", "-n", "127.0.0.1"),
    F("-A", "-d", "localhost"),
    F("-n", "-A", "localhost"),
    F("-m", "-A", "localhost"),
    F("-m", "-4", "localhost"),
    F("-v", out="fping: Version 5.5", err="", code=0, usage=True),
    F("--version", out="fping: Version 5.5", err="", code=0, usage=True),
    F("-h", **USAGE),
    F("--help", **USAGE),
    F("-c1", "127.0.0.1"),
    F("-c3", "-p50", "127.0.0.1"),
    F("-c", "3", "-p", "50", "127.0.0.1", "::1"),
    F("--count=2", "--period=50", "127.0.0.1"),
    F("--count", "2", "--period", "50", "127.0.0.1"),
    F("-c2", "-p50", "-q", "127.0.0.1"),
    F("-c2", "-p50", "-D", "127.0.0.1"),
    F("-c2", "-p50", "-e", "127.0.0.1"),
    F("-c2", "-p50", "-s", "127.0.0.1"),
    F("-c2", "-p50", "-o", "127.0.0.1"),
    F("-c2", "-p50", "-A", "localhost"),
    F("-c2", "-p50", "-q", "-x1", "127.0.0.1"),
    F("-c2", "-p50", "-B1", "-r5", "127.0.0.1"),
    F("-C2", "-p50", "127.0.0.1"),
    F("-C3", "-p50", "-q", "127.0.0.1"),
    F("-C3", "-p50", "-q", "127.0.0.1", "::1"),
    F("-C2", "-p50", "-s", "127.0.0.1"),
    F("-C2", "-p50", "-D", "127.0.0.1"),
    F("-i0", "-c2", "-p50", "127.0.0.1"),
    F("-i", "0.5", "127.0.0.1", "127.0.0.2", "127.0.0.3"),
    F("-t", "0.5e3", "127.0.0.1"),
    F("-T", "5", "127.0.0.1"),
    F("-x1", "127.0.0.1"),
    F("-x2", "127.0.0.1", "10.57.9.1", "-r0"),
    F("-x1", "127.0.0.1", "10.57.9.1", "-r0"),
    F("-x", "1", "-q", "127.0.0.1"),
    F("-x1", "-a", "127.0.0.1"),
    F("-b", "0", "-c1", "127.0.0.1"),
    F("-b", "12", "-c1", "127.0.0.1"),
    F("-b", "1400", "-c1", "127.0.0.1"),
    F("-b", "65000", "-c1", "127.0.0.1"),
    F("-b", "65000", "-c1", "::1"),
    F("-R", "-c1", "127.0.0.1"),
    F("-M", "-c1", "127.0.0.1"),
    F("-O", "0x10", "-c1", "127.0.0.1"),
    F("-O", "16", "-c1", "::1"),
    F("-H", "1", "-c1", "127.0.0.1"),
    F("-H", "255", "::1"),
    F("-I", "lo", "127.0.0.1"),
    F("-S", "127.0.0.1", "127.0.0.1"),
    F("-S", "::1", "::1"),
    F("-S", "127.0.0.9", "::1", "127.0.0.1"),
    F("-g", "127.0.0.0/29"),
    F("-g", "127.0.0.1/32"),
    F("-g", "127.0.0.2/31"),
    F("-g", "127.0.0.1", "127.0.0.3"),
    F("-a", "-g", "127.0.0.9/30"),
    F("-g", "127.0.0.3", "127.0.0.1"),
    F("-c1", "-q", "-g", "127.0.0.9/29"),
    F(stdin="127.0.0.1\n127.0.0.2\n"),
    F(stdin="  127.0.0.1  further words\n# comment\n\n   #127.0.0.3\n127.0.0.2"),
    F("-f", "-", stdin="127.0.0.1\n"),
    F("-c1", "-q", stdin="127.0.0.1\n::1\n"),
    F(stdin=""),
    F("--", "127.0.0.1"),
    F("127.0.0.1", "-c1"),
]

BAD_OPTIONS = [
    F(*words, **how)
    for words, how in (
        (("-z",), {}),
        (("-Z", "127.0.0.1"), {}),
        (("--foo",), {}),
        (("--foo=1",), {}),
        (("-c",), {}),
        (("--count",), {}),
        (("--alive=1",), {}),
        (("-c0", "127.0.0.1"), USAGE),
        (("-c", "abc", "127.0.0.1"), USAGE),
        (("-C", "", "127.0.0.1"), USAGE),
        (("-t", "abc", "127.0.0.1"), USAGE),
        (("-t", "-1", "127.0.0.1"), USAGE),
        (("-i", "-1", "127.0.0.1"), USAGE),
        (("-p", "x", "127.0.0.1"), USAGE),
        (("-Q", "x", "-c1", "127.0.0.1"), USAGE),
        (("-Q", "-1", "-c1", "127.0.0.1"), USAGE),
        (("-H", "0", "127.0.0.1"), USAGE),
        (("-H", "256", "127.0.0.1"), {}),
        (("-x", "0", "127.0.0.1"), USAGE),
        (("-O", "x", "127.0.0.1"), USAGE),
        (("-b", "70000", "127.0.0.1"), {}),
        (("-b", "x", "127.0.0.1"), USAGE),
        (("-B", "0.5", "127.0.0.1"), {}),
        (("-B", "5.1", "127.0.0.1"), {}),
        (("-B", "x", "127.0.0.1"), USAGE),
        (("-4", "-6", "127.0.0.1"), {}),
        (("-6", "-4", "127.0.0.1"), {}),
        (("-a", "-u", "127.0.0.1"), {}),
        (("-c1", "-l", "127.0.0.1"), {}),
        (("-n", "-d", "127.0.0.1"), {}),
        (("-I", "nope0", "127.0.0.1"), {}),
        (("-S", "x", "127.0.0.1"), {}),
        (("-S", "9.9.9.9", "127.0.0.1"), {}),
        (("-f", "/nonexistent"), {}),
        (("-f", "/etc/hosts", "127.0.0.1"), USAGE),
        (("-g",), USAGE),
        (("-g", "-f", "/etc/hosts"), USAGE),
        (("-g", "127.0.0.1"), USAGE),
        (("-g", "127.0.0.1", "127.0.0.2", "127.0.0.3"), USAGE),
        (("-g", "127.0.0.0/0"), {}),
        (("-g", "127.0.0.0/33"), {}),
        (("-g", "x/30"), {}),
        (("-g", "x", "127.0.0.1"), {}),
        (("-g", "127.0.0.1", "x"), {}),
        (("nosuchname.invalid",), {}),
        (("256.1.1.1",), {}),
        (("256.1.1.1", "127.0.0.1"), {}),
        (("-q", "256.1.1.1", "127.0.0.1"), {}),
        (("-s", "256.1.1.1", "127.0.0.1"), {}),
        (("-x1", "256.1.1.1", "127.0.0.1"), {}),
        (("-4", "::1"), {}),
        (("-6", "127.0.0.1"), {}),
        (("fe80::1%nope0",), {}),
        (("",), {}),
    )
]

REPLIES = [
    F("-r0", "-t200", "10.57.9.1"),
    F("-r1", "-t100", "-B1", "10.57.9.1", "10.57.0.1"),
    F("-r2", "-t100", "-B2", "10.57.9.1"),
    F("-t100", "10.57.8.2"),
    F("-e", "-t100", "-r1", "10.57.8.1"),
    F("-s", "-t100", "-r1", "10.57.9.1", "10.57.0.1"),
    F("-a", "-t100", "-r0", "10.57.9.1", "10.57.0.1"),
    F("-u", "-t100", "-r0", "10.57.9.1", "10.57.0.1"),
    F("-q", "-t100", "-r0", "10.57.9.1"),
    F("-c2", "-p100", "-t80", "10.57.9.1", "10.57.0.1"),
    F("-c2", "-p100", "-t80", "10.57.9.1", "10.57.255.255"),
    F("-D", "-c2", "-p100", "-t80", "10.57.9.1", "10.57.0.1"),
    F("-c4", "-p100", "-t80", "10.57.7.1"),
    F("-c4", "-p100", "-t80", "-o", "10.57.7.1"),
    F("-c4", "-p100", "-q", "-o", "10.57.7.1"),
    F("-C4", "-p100", "-t80", "10.57.7.1"),
    F("-C4", "-p100", "-q", "10.57.7.1", "10.57.9.1", "10.57.0.1"),
    F("-c4", "-p100", "-t80", "-s", "10.57.7.1"),
    F("-c3", "-p100", "10.57.6.5"),
    F("-c2", "-p200", "10.57.6.15"),
    F("-C2", "-p100", "-t500", "10.57.6.20"),
    F("-c2", "-p100", "-t50", "10.57.6.8"),
    F("-c3", "-p100", "10.57.6.15"),
    F("-c2", "-p100", "10.57.1.1"),
    F("10.57.1.1", "10.57.6.10"),
    F("-q", "10.57.1.1", "10.57.6.10"),
    F("-a", "10.57.1.1", "10.57.6.10"),
    F("10.57.3.1"),
    F("-a", "10.57.3.1"),
    F("-e", "10.57.3.1"),
    F("-c2", "-p100", "10.57.3.1"),
    F("-c2", "-p100", "-q", "10.57.3.1"),
    F("-c1", "10.57.5.20"),
    F("-S", "10.55.0.1", "10.55.0.2"),
    F("-I", "near0", "10.55.0.2", "fd55::2"),
    F("-n", "10.55.0.2", "127.0.0.1"),
    F("-d", "-A", "10.55.0.2", "localhost", "-c1"),
    F("-k", "5", "10.55.0.2", out="10.55.0.2 is alive\n", err="", code=0),
    F("-b", "3000", "-M", "-c1", "10.55.0.2"),
    F("-b", "3000", "-M", "-r0", "10.55.0.2"),
    F("-r0", "-t100", "fd57::9", "fd57::1"),
    F("-c2", "-p100", "-t80", "fd57::7", "fd57::9"),
    F("-c2", "-p100", "fd57::3"),
    F("-C3", "-q", "-p100", "fd57::7", "10.57.7.1"),
    F("-r0", "-t100", "-A", "-m", "fd57::1", "10.57.0.1"),
    F("-g", "-r0", "-t100", "10.57.9.1", "10.57.9.3"),
    F("10.1.2.3", "-r0"),
    F("2001:db8::1", "-r0"),
    F("-c1", "-t100", "10.1.2.3", "10.57.0.1"),
    F("-C1", "-q", "-t100", "10.1.2.3", "10.57.0.1"),
    F("-a", "10.1.2.3", "-r0"),
    F("-x1", "-t100", "-r0", "10.57.9.1", "10.57.0.1"),
    F("-x3", "-t100", "-r0", "10.57.9.1", "10.57.0.1"),
]

ERRORS = [
    *(F("-r0", "-t100", f"10.56.3.{code}", early=True) for code in range(17)),
    *(F("-r0", "-t100", f"10.56.{kind}.0", early=True) for kind in (4, 5, 11, 12)),
    F("-r0", "-t100", "10.56.11.1", early=True),
    F("-r1", "-t100", "-B1", "10.56.3.1", early=True),
    F("-c2", "-p100", "-t80", "10.56.3.1", early=True),
    F("-c2", "-p100", "-t80", "10.56.3.1", "10.57.0.1", early=True),
    F("-C2", "-p100", "-t80", "10.56.3.1", "10.57.7.1", early=True),
    F("-c2", "-p100", "-q", "10.56.3.1", early=True),
    F("-q", "-r0", "-t100", "10.56.3.1", early=True),
    F("-s", "-r0", "-t100", "10.56.3.1", "10.57.0.1", early=True),
    F("-a", "-r0", "-t100", "10.56.3.1", "10.57.0.1", early=True),
    F("-u", "-r0", "-t100", "10.56.11.0", "10.57.0.1", early=True),
    F("-c2", "-p100", "10.56.5.1"),
    F("-A", "-c1", "-t100", "10.56.3.13", early=True),
]

LOOPS = [
    F("-l", "-p100", "127.0.0.1", signals=[(0.45, INT)]),
    F("-l", "-p100", "-t80", "10.57.7.1", "10.57.0.1", signals=[(0.66, INT)]),
    F("-l", "-p100", "-q", "127.0.0.1", signals=[(0.25, INT)]),
    F("-l", "-p100", "-Q", "0.35", "127.0.0.1", signals=[(0.95, INT)], loose=True),
    F("-l", "-p100", "-Q", ".35", "-o", "10.57.7.1", signals=[(1.06, INT)], loose=True),
    F("-l", "-p100", "-Q", "1", "127.0.0.1", signals=[(0.25, INT)]),
    F("-l", "-p100", "-Q1", "-N", "127.0.0.1", "localhost", signals=[(2.25, INT)], loose=True),
    F("-l", "-p100", "-D", "127.0.0.1", signals=[(0.25, INT)]),
    F("-l", "-p100", "127.0.0.1", signals=[(0.25, QUIT), (0.45, INT)]),
    F("-l", "-p100", "127.0.0.1", signals=[(0.25, TERM)]),
    F("-l", "-p100", "10.57.1.1", signals=[(0.45, INT)], loose=True),
    F("-c5", "-p100", "127.0.0.1", signals=[(0.25, INT)]),
    F("-c5", "-p100", "-q", "127.0.0.1", signals=[(0.25, QUIT)]),
    F("-C5", "-p100", "-q", "127.0.0.1", "10.57.9.1", signals=[(0.35, INT)]),
    F("-c5", "-p100", "-Q", "0.25", "127.0.0.1", loose=True),
    F("-c5", "-p100", "-Q", "10", "127.0.0.1"),
    F("-t1000", "10.57.9.1", "127.0.0.1", signals=[(0.3, INT)], early=True),
    F("-t1000", "10.57.9.1", "127.0.0.1", signals=[(0.3, QUIT), (0.5, INT)], early=True),
    F("-x1", "-t1000", "10.57.9.1", "127.0.0.1", signals=[(0.3, INT)], early=True),
    F("-a", "-t1000", "10.57.9.1", signals=[(0.3, INT)], early=True),
    F("-u", "-t1000", "10.57.9.1", signals=[(0.3, INT)], early=True),
]

USERS = [
    F("127.0.0.1", user="nobody"),
    F("-c2", "-p50", "10.55.0.2", "fd55::2", user="nobody"),
    F("-C2", "-p50", "-q", "10.57.7.1", user="nobody"),
    F("-r0", "-t100", "10.56.3.1", user="nobody", early=True),
    F("-c1", "-t50", "-i0", "127.0.0.1", user="nobody"),
    F("-I", "near0", "10.55.0.2", user="nobody"),
]

# The command lines of programs that are built upon fping.
CALLERS = [
    # SmokePing, lib/Smokeping/probes/FPing.pm
    F("-C", "1", "localhost"),
    F("-4", "-i10", "-p100", "-C", "5", "-q", "-B1", "-r1", "127.0.0.1", "10.57.7.1"),
    F("-4", "-b56", "-t150", "-i1", "-p200", "-O0x10", "-C", "3", "-q", "-B1", "-r1", "10.57.9.1", "10.55.0.2"),
    F("-6", "-i10", "-p100", "-C", "3", "-q", "-B1", "-r1", "fd57::7"),
    # Zabbix, src/libs/zbxicmpping/icmpping.c
    F("-c1", "-t50", "-i0", "10.55.0.2"),
    F("-6", "-c1", "-t50", "fd55::2"),
    F("-C3", "-p100", "-b68", "-t150", "-i0", stdin="10.55.0.2\n10.57.9.1\n10.57.7.1\n"),
    F("-C3", "-i0", "-p100", "-S10.55.0.1", stdin="10.55.0.2\n"),
    F("-6", "-C3", "-i0", "-p100", stdin="fd55::2\n"),
    # LibreNMS, LibreNMS/Data/Source/Fping.php
    F("-4", "-e", "-q", "-c", "3", "-p", "100", "-t", "100", "-O", "0", "10.57.7.1"),
    F("-6", "-e", "-q", "-c", "3", "-p", "100", "-t", "100", "-O", "0", "fd55::2"),
    F("-e", "-q", "-c", "3", "-p", "100", "-t", "100", "-O", "0", "::1", name="fping6"),
    # netdata's fping plugin
    F(
        "-N", "-l", "-R", "-Q", "1", "-p", "200", "-b", "56", "-i", "1", "-r", "0", "-t", "5000",
        "10.55.0.2", "localhost", signals=[(2.3, INT)], loose=True,
    ),
]


class FpingDropIn(harness.Case):
    datagram = False

    @classmethod
    def setUpClass(cls):
        if installed() == (0, 0):
            raise unittest.SkipTest("fping is not installed")
        if installed() > (5, 2):
            raise unittest.SkipTest("the installed fping is younger than what the table knows")
        cls.reference, cls.subject = Stage(), Stage()
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
        self.assertFalse(ours.timed_out, f"it did not end\n{ours}")
        if theirs:
            self.assertFalse(theirs.timed_out, f"fping did not end\n{theirs}")
            apart = ours.seconds - theirs.seconds
            self.assertLess(apart, APART_S, f"fping ended after {theirs.seconds:.2f} s\n{ours}")
            if not row.early:
                self.assertGreater(apart, -APART_S, f"fping ended after {theirs.seconds:.2f} s\n{ours}")
        expected, came = row.expected(theirs), row.texts(ours.out, ours.err, ours.code)
        if expected != came:
            lines = difflib.unified_diff(
                expected.splitlines(), came.splitlines(), "fping", "sonde", "", "", 1, ""
            )
            self.fail(f"{row.name}\n" + "\n".join(lines))


def fill(name, table, **members):
    """A class with a test for each line of the table."""
    for number, row in enumerate(table):

        def test(self, row=row):
            self.compare(row)

        words = re.sub(r"[^A-Za-z0-9.:]+", "_", row.name).strip("_").replace(".", "_")
        members[f"test_{number:02}_{words}"] = test
        test.__doc__ = row.name
    members["__module__"] = __name__
    return type(name, (FpingDropIn,), members)


FpingLoopback = fill("FpingLoopback", LOOPBACK)
FpingBadOptions = fill("FpingBadOptions", BAD_OPTIONS)
FpingReplies = fill("FpingReplies", REPLIES)
FpingErrors = fill("FpingErrors", ERRORS)
FpingLoops = fill("FpingLoops", LOOPS)
FpingUsers = fill("FpingUsers", USERS, datagram=True)
FpingCallers = fill("FpingCallers", CALLERS)
