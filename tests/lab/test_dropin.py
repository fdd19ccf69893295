"""sonde under the name ping beside iputils' ping: texts and exit statuses, one test a command line."""

import difflib
import re
import unittest

import harness
from dropin import REFERENCE, Comparison as P
from dropin import Stage, installed

APART_S = 0.45  # how far apart the ends of the two may be
ATTEMPTS = 3
USAGE = dict(usage=True)  # only the line before the help text, and the status
HELP = dict(only=0)  # the text is our own
LOCALHOST = "localhost (127.0.0.1)"

NO_RAW = (
    "ping: socktype: SOCK_RAW\nping: socket: Operation not permitted\n"
    "ping: => missing cap_net_raw+p capability or setuid?\n"
)


def replied(host, label=None):
    return (
        f"PING {host} ({host}) 56(84) bytes of data.\n"
        f"64 bytes from {label or host}: icmp_seq=1 ttl=64 time=0.020 ms\n\n"
        f"--- {host} ping statistics ---\n"
        "1 packets transmitted, 1 received, 0% packet loss, time 0ms\n"
        "rtt min/avg/max/mdev = 0.020/0.020/0.020/0.000 ms\n"
    )


def corrupted(host):
    return (
        f"PING {host} ({host}) 56(84) bytes of data.\n"
        f"64 bytes from {host}: icmp_seq=1 ttl=61 time=0.020 ms (BAD CHECKSUM!)\n\n"
        f"--- {host} ping statistics ---\n"
        "1 packets transmitted, 0 received, +1 corrupted, 100% packet loss, time 0ms\n\n"
    )


def too_long(value, most):
    text = f"ping: invalid -s value: '{value}': out of range: 0 <= value <= {most}\n"
    return dict(out="", err=text, code=1)


LOOPBACK = [
    P("-c1", "127.0.0.1"),
    P("-c1", "::1"),
    P("-c2", "-i.2", "127.0.0.1"),
    P("-c1", "localhost"),
    P("-4", "-c1", "localhost"),
    P("-n", "-c1", "localhost"),
    P("-6", "-c1", "ip6-localhost"),
    P("-c1", "0"),
    P("-c1", "127.1"),
    P("-c1", "::"),
    P("127.0.0.1", "-c1"),
    P("-c1", "--", "127.0.0.1"),
    P("-v", "-c1", "127.0.0.1"),
    P("-v", "-c1", "::1"),
    P("-v", "-4", "-c1", "localhost"),
    P("-d", "-c1", "127.0.0.1"),
    P("-r", "-c1", "127.0.0.1"),
    P("-C", "-c1", "127.0.0.1"),
    P("-U", "-c1", "127.0.0.1"),
    P("-D", "-c1", "127.0.0.1"),
    P("-a", "-c1", "127.0.0.1"),
    P("-a", "-q", "-c1", "127.0.0.1"),
    P("-q", "-c1", "127.0.0.1"),
    P("-f", "-c3", "127.0.0.1"),
    P("-f", "-q", "-c3", "127.0.0.1"),
    P("-f", "-c3", "::1"),
    P("-A", "-c3", "127.0.0.1"),
    P("-i", "0", "-c3", "127.0.0.1"),
    P("-l", "3", "-c3", "127.0.0.1"),
    P("-l", "3", "-c5", "-i", "0.2", "127.0.0.1"),
    P("-b", "-c1", "127.0.0.1"),
    P("-s", "0", "-c1", "127.0.0.1"),
    P("-s", "8", "-c1", "127.0.0.1"),
    P("-s", "15", "-c1", "127.0.0.1"),
    P("-s", "16", "-c1", "127.0.0.1"),
    P("-s", "1400", "-c1", "127.0.0.1"),
    P("-s", "65507", "-q", "-c1", "127.0.0.1"),
    P("-s", "65507", "-c1", "127.0.0.1"),
    P("-s", "0", "-c2", "-i0.2", "::1"),
    P("-s", "65527", "-q", "-c1", "::1"),
    P("-p", "ff", "-c1", "127.0.0.1"),
    P("-p", "f", "-c1", "127.0.0.1"),
    P("-p", "1234567", "-s", "20", "-c1", "127.0.0.1"),
    P("-p", "0123456789abcdef0123456789abcdef00", "-c1", "127.0.0.1"),
    P("-p", "", "-c1", "127.0.0.1"),
    P("-q", "-p", "ff", "-c1", "127.0.0.1"),
    P("-s", "5", "-p", "ff", "-c1", "127.0.0.1"),
    P("-Q", "0x10", "-c1", "127.0.0.1"),
    P("-Q", "16", "-c1", "127.0.0.1"),
    P("-Q", "0x10", "-c1", "::1"),
    P("-m", "5", "-c1", "127.0.0.1"),
    P("-e", "5", "-c1", "127.0.0.1"),
    P("-e", "5", "-v", "-c1", "127.0.0.1"),
    P("-F", "0x12345", "-c1", "::1"),
    P("-S", "100000", "-c1", "127.0.0.1"),
    P("-M", "do", "-c1", "127.0.0.1"),
    P("-M", "dont", "-c1", "127.0.0.1"),
    P("-M", "want", "-c1", "127.0.0.1"),
    P("-M", "probe", "-c1", "127.0.0.1", out=replied("127.0.0.1"), err="", code=0),
    P("-3", "-c1", "127.0.0.1", out=replied("127.0.0.1"), err="", code=0),
    P("-H", "-c1", "127.0.0.1", out=replied("127.0.0.1", LOCALHOST), err="", code=0),
    P("-n", "-H", "-c1", "127.0.0.1", out=replied("127.0.0.1", LOCALHOST), err="", code=0),
    P("-H", "-n", "-c1", "127.0.0.1", out=replied("127.0.0.1"), err="", code=0),
    P("-I", "lo", "-c1", "127.0.0.1"),
    P("-I", "lo", "-c1", "::1"),
    P("-I", "127.0.0.1", "-c1", "127.0.0.1"),
    P("-I", "::1", "-c1", "::1"),
    P("-I", "lo", "-I", "127.0.0.1", "-c1", "127.0.0.1"),
    P("-B", "-c1", "127.0.0.1"),
    P("-B", "-c1", "::1"),
    P("-t", "1", "-c1", "127.0.0.1"),
    P("-t", "0", "-c1", "::1"),
    P("-R", "-c1", "127.0.0.1"),
    P("-T", "tsonly", "-c1", "127.0.0.1"),
    P("-T", "tsandaddr", "-c1", "127.0.0.1"),
    P("-W", "0", "-c1", "127.0.0.1"),
    P("-W", "0.5", "-c1", "127.0.0.1"),
    P("-w", "0", "-c1", "127.0.0.1"),
    P("-w", "1", "-i", ".4", "127.0.0.1"),
    P("-w", "5", "-c2", "-i.1", "127.0.0.1"),
    P("-c", "+2", "-i.1", "127.0.0.1"),
    P("-i", "2147483", "-c1", "127.0.0.1"),
    P("-V", out="ping from iputils 20250605\n", err="", code=0, only=26),
]

BAD_OPTIONS = [
    P(),
    P("-c", "0", "127.0.0.1"),
    P("-c", "abc", "127.0.0.1"),
    P("-c", "", "127.0.0.1"),
    P("-c", "-1", "127.0.0.1"),
    P("-c", "99999999999999999999", "127.0.0.1"),
    P("-c", "1x", "127.0.0.1"),
    P("-c0x10", "127.0.0.1"),
    P("-i", "nan", "-c1", "127.0.0.1"),
    P("-i", "inf", "-c1", "127.0.0.1"),
    P("-i", "3000000", "-c1", "127.0.0.1"),
    P("-i", "2147484", "-c1", "127.0.0.1"),
    P("-i", "-1", "-c1", "127.0.0.1", out="", err="ping: bad timing interval: -1\n", code=2),
    P("-W", "-1", "-c1", "127.0.0.1"),
    P("-W", "3000000", "-c1", "127.0.0.1"),
    P("-w", "-1", "127.0.0.1"),
    P("-w", "abc", "127.0.0.1"),
    P("-w", "1.5", "127.0.0.1"),
    P("-w", "3000000000", "127.0.0.1"),
    P("-l", "0", "127.0.0.1"),
    P("-l", "70000", "127.0.0.1"),
    P("-m", "-1", "-c1", "127.0.0.1"),
    P("-m", "4294967296", "-c1", "127.0.0.1"),
    P("-m", "abc", "-c1", "127.0.0.1"),
    P("-M", "foo", "127.0.0.1"),
    P("-Q", "foo", "127.0.0.1"),
    P("-Q", "256", "127.0.0.1"),
    P("-Q", "0x100", "127.0.0.1"),
    P("-F", "foo", "::1"),
    P("-F", "0x100000", "::1"),
    P("-e", "70000", "127.0.0.1"),
    P("-e", "-1", "127.0.0.1"),
    P("-e", "abc", "127.0.0.1"),
    P("-s", "-1", "127.0.0.1"),
    P("-s", "65508", "-c1", "127.0.0.1", **too_long(65508, 65507)),
    P("-s", "65528", "-c1", "::1", **too_long(65528, 65527)),
    P("-s", "100000", "-c1", "127.0.0.1", **too_long(100000, 65507)),
    P("-s", "99999999999", "127.0.0.1"),
    P("-s", "abc", "127.0.0.1"),
    P("-S", "0", "127.0.0.1"),
    P("-S", "abc", "127.0.0.1"),
    P("-t", "256", "127.0.0.1"),
    P("-t", "-1", "127.0.0.1"),
    P("-t", "0", "-c1", "127.0.0.1"),
    P("-t", "64x", "127.0.0.1"),
    P("-T", "foo", "127.0.0.1"),
    P("-R", "-T", "tsonly", "127.0.0.1"),
    P("-T", "tsonly", "-R", "127.0.0.1"),
    P("-4", "-6", "localhost"),
    P("-6", "-4", "localhost"),
    P("-4", "-c1", "::1"),
    P("-6", "-c1", "127.0.0.1"),
    P("-p", "zz", "-c1", "127.0.0.1"),
    P("-p", "ffxx", "-c1", "127.0.0.1"),
    P("-I", "nope0", "-c1", "127.0.0.1"),
    P("-I", "nope0", "-c1", "::1"),
    P("-I", "9.9.9.9", "-c1", "127.0.0.1"),
    P("-I", "fe80::zz", "-c1", "::1"),
    P("-Z", **USAGE),
    P("-c", **USAGE),
    P("-?", **HELP),
    P("-h", **HELP),
    P("-c1", "nosuchname.invalid"),
    P("-c1", "fe80::1%nope0"),
    P("-c1", "10.1.2.3"),
    P("-c1", "2001:db8::1"),
    P("-c1", ""),
    P("-c1", "255.255.255.255"),
    P("-N", "help", **HELP),
    P("-N", "foo", "::1", **HELP),
    P("-N", "ipv6", "-N", "ipv4", "::1", **HELP),
]

REPLIES = [
    P("-c1", "10.55.0.2"),
    P("-c2", "-i.2", "10.57.1.1"),
    P("-c2", "-i.2", "-l2", "10.57.1.1"),
    P("-w1", "-c5", "-i.1", "10.57.1.1"),
    P("-c1", "-W.3", "10.57.2.1", out=corrupted("10.57.2.1"), err="", code=1),
    P("-c2", "-i.2", "10.57.3.1"),
    P("-c1", "10.57.4.1"),
    P("-c1", "-s", "100", "10.57.4.1"),
    P("-c1", "-p", "ff00", "-s", "40", "10.57.4.1"),
    P("-c1", "10.57.5.20"),
    P("-c1", "10.57.5.4"),
    P("-c1", "-s", "16", "10.57.5.10"),
    P("-c1", "-a", "-D", "10.57.5.20"),
    P("-c1", "10.57.6.50"),
    P("-c2", "-i.2", "10.57.6.15"),
    P("-c3", "-i.2", "-O", "10.57.7.1"),
    P("-c4", "-i.2", "-O", "-D", "10.57.7.1"),
    P("-c3", "-i.2", "-q", "-O", "10.57.7.1"),
    P("-c4", "-i.2", "-f", "10.57.7.1"),
    P("-c4", "-i.2", "-W1", "10.57.7.1"),
    P("-c1", "-W.3", "10.57.12.1"),
    P("-c2", "-i.2", "10.57.13.1"),
    P("-c1", "10.57.14.1"),
    P("-c1", "10.57.15.1"),
    P("-c1", "10.57.16.1"),
    P("-c1", "10.57.17.1"),
    P("-c1", "10.57.21.1"),
    P("-c3", "-i.2", "-R", "10.57.11.1"),
    P("-c1", "-T", "tsonly", "10.57.11.1"),
    P("-c1", "-T", "tsandaddr", "10.57.11.1"),
    P("-c1", "-T", "tsprespec", "10.57.0.3", "10.57.0.4", "10.57.11.1"),
    P("-c1", "-I", "near0", "10.55.0.2"),
    P("-c1", "-I", "10.55.0.1", "10.55.0.2"),
    P("-c1", "-I", "near0", "-I", "10.55.0.1", "10.55.0.2"),
    P("-c1", "-B", "10.55.0.2"),
    P("-c1", "-W.3", "-I", "lo", "10.55.0.2"),
    P("-c2", "-i.2", "-s", "1472", "-M", "do", "10.55.0.2"),
    P("-c1", "fd55::2"),
    P("-c2", "-i.2", "fd57::3"),
    P("-c2", "-i.2", "fd57::4"),
    P("-c1", "fd57::5"),
    P("-c1", "fd57::6"),
    P("-c3", "-i.2", "-O", "fd57::7"),
    P("-c1", "-F", "0x55", "fd57::2"),
    P("-c1", "-I", "near0", "fd57::2"),
    P("-c1", "-I", "fd55::1", "fd57::2"),
    P("-c1", "-B", "fd57::2"),
]

NO_REPLIES = [
    P("-c2", "-i.2", "-W.3", "10.57.9.1"),
    P("-c2", "-i.2", "-W.3", "fd57::9"),
    P("-c1", "-W.001", "10.57.9.1"),
    P("-c1", "-i3", "-W1", "10.57.9.1"),
    P("-w1", "-i.3", "10.57.9.1"),
    P("-w1", "-c9", "-i.3", "10.55.0.2"),
    P("-w2", "-W1", "-c1", "10.57.9.1"),
    P("-w0", "-c2", "-i.2", "-W.3", "10.57.9.1"),
    P("-w1", "-i.2", "10.57.6.50"),
    P("-w3", "-c2", "-i.2", "10.57.6.50"),
    P("-c5", "-i.2", "10.57.18.1"),
    P("-w3", "-c3", "-i.2", "10.57.18.1"),
    P("-c3", "-i.2", "-W3", "10.57.7.1"),
    P("-f", "-c3", "-i.1", "-W.3", "10.57.9.1"),
    P("-q", "-c2", "-i.2", "-W.3", "10.57.9.1"),
    P("-O", "-c3", "-i.2", "-W.3", "10.57.9.1"),
    P("-b", "-c1", "-W.3", "10.55.0.255"),
    P("-c1", "-W.3", "10.55.0.255"),
    P("-c1", "-W.3", "-I", "near0", "224.0.0.5"),
    P("-c1", "-W.3", "-I", "near0", "ff02::9"),
]

ERRORS = [
    *[P("-c1", "-W.3", "-n", f"10.56.3.{code}") for code in range(0, 16)],
    *[P("-c1", "-W.3", "-n", f"10.56.{t}") for t in ("4.0", "5.0", "5.1", "5.2", "5.3", "11.0", "12.0")],
    P("-c1", "-W.3", "-v", "10.56.11.0"),
    P("-c1", "-W.3", "-v", "10.56.3.1"),
    P("-c1", "-W.3", "-D", "10.56.11.0"),
    P("-c2", "-i.2", "-W.3", "-q", "10.56.11.0"),
    P("-c2", "-i.2", "-W.3", "-f", "10.56.11.0"),
    P("-c2", "-i.2", "-W.3", "-O", "10.56.11.0"),
    P("-w2", "-i.2", "10.56.3.0"),
    P("-s", "2000", "-M", "do", "-c2", "-i.2", "-W.3", "10.55.0.2"),
    P("-s", "2000", "-M", "do", "-c2", "-f", "-W.3", "10.55.0.2"),
    P("-6", "-c1", "-s", "2000", "-M", "do", "-W.3", "fd55::2"),
    *[
        P("-c1", "-W.3", "-n", f"fd56::{t}")
        for t in "1:0 1:1 1:2 1:3 1:4 1:5 1:6 1:7 2:0 2:3 3:0 3:1 3:2 4:0 4:1 4:2 4:3".split()
    ],
    P("-c1", "-W.3", "-v", "fd56::1:0"),
    P("-c2", "-i.2", "-W.3", "-f", "fd56::1:0"),
]

USERS = [
    P("-c3", "-i0.001", "10.55.0.2", user="nobody"),
    P("-c3", "-i0", "10.55.0.2", user="nobody"),
    P("-f", "-c3", "10.55.0.2", user="nobody"),
    P("-c3", "-i0.002", "-q", "10.55.0.2", user="nobody"),
    P("-A", "-c3", "10.55.0.2", user="nobody"),
    P("-l4", "-c4", "10.55.0.2", user="nobody"),
    P("-l3", "-c4", "-i.2", "10.55.0.2", user="nobody"),
    P("-c1", "10.55.0.2", user="nobody"),
    P("-c1", "fd55::2", user="nobody"),
    P("-c1", "-v", "10.55.0.2", user="nobody"),
    P("-c1", "-e", "77", "-v", "10.55.0.2", user="nobody"),
    P("-c1", "-W.3", "10.56.3.1", user="nobody"),
    P("-c1", "-W.3", "10.56.11.0", user="nobody"),
    P("-c1", "-W.3", "fd56::1:0", user="nobody"),
    P("-c2", "-i.2", "10.57.1.1", user="nobody"),
    P("-c1", "10.57.4.1", user="nobody"),
    P("-c1", "10.57.5.20", user="nobody"),
    P("-c2", "-i.2", "-R", "10.57.11.1", user="nobody"),
    P("-c1", "-T", "tsonly", "10.57.11.1", user="nobody"),
    P("-c1", "-s", "65507", "-W.3", "-M", "dont", "127.0.0.1", user="nobody"),
    P("-c1", "-W.3", "10.55.0.255", user="nobody"),
    P("-b", "-i.5", "-c1", "-W.3", "10.55.0.255", user="nobody", out=""),
    P("-b", "-M", "dont", "-c1", "-W.3", "10.55.0.255", user="nobody", out=""),
    P("-I", "near0", "-i.5", "-c1", "-W.3", "ff02::9", user="nobody", out=""),
    P("-N", "name", "-c1", "-W.3", "fd55::2", user="nobody", out="", err=NO_RAW, code=2),
]


class DropIn(harness.Case):
    """What the tables have in common; `table` is filled in below."""

    weight = 30

    @classmethod
    def setUpClass(cls):
        if not installed():
            raise unittest.SkipTest("iputils' ping is not installed")
        if installed() > REFERENCE:
            raise unittest.SkipTest(f"ping is {installed()}, newer than {REFERENCE}")
        cls.reference, cls.subject = Stage(), Stage()
        for stage in (cls.reference, cls.subject):
            if cls.datagram:
                stage.net.near.open_datagram_sockets()

    datagram = False

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
        if theirs:
            self.assertFalse(theirs.timed_out, f"iputils' ping did not end\n{theirs}")
        self.ended(ours, 0, 1, 2)
        if theirs:
            apart = abs(theirs.seconds - ours.seconds)
            self.assertLess(apart, APART_S, f"iputils' ping ended after {theirs.seconds:.2f} s\n{ours}")
        expected, came = row.expected(theirs), row.texts(ours.out, ours.err, ours.code)
        if expected != came:
            lines = difflib.unified_diff(
                expected.splitlines(), came.splitlines(), "iputils 20250605", "sonde", "", "", 1, ""
            )
            self.fail(f"{row.name}\n" + "\n".join(line.replace("\b", "^H") for line in lines))


def fill(name, table, **members):
    """A class with a test for each line of the table."""
    for number, row in enumerate(table):

        def test(self, row=row):
            self.compare(row)

        words = re.sub(r"[^A-Za-z0-9.:]+", "_", row.name).strip("_").replace(".", "_")
        members[f"test_{number:02}_{words}"] = test
        test.__doc__ = row.name
    members["__module__"] = __name__
    return type(name, (DropIn,), members)


DropInLoopback = fill("DropInLoopback", LOOPBACK)
DropInBadOptions = fill("DropInBadOptions", BAD_OPTIONS)
DropInReplies = fill("DropInReplies", REPLIES)
DropInNoReplies = fill("DropInNoReplies", NO_REPLIES)
DropInErrors = fill("DropInErrors", ERRORS)
DropInUsers = fill("DropInUsers", USERS, datagram=True)
