"""sonde under the name fping in scripted networks: beside Debian's fping, for what is younger than that
one, past its limits, and below SmokePing."""

import contextlib
import difflib
import json
import pathlib
import re
import shutil
import tempfile
import time
import unittest

import harness
from fping_dropin import installed, modern, normal
from harness import SETTINGS, Case, loopback
from lab_case import Lab

NETWORK = """
router gw 198.18.0.2 reverse ae1.gw.example
router r1 198.18.1.1
host far 198.18.0.9 2001:db8::9 via gw delay 20ms
host slow 198.18.0.10 delay 130ms
host lossy 198.18.0.11 delay 5ms loss 40%
host gone 198.18.0.12 silent
host refused 198.18.0.13 via r1 error unreachable prohibited from r1
host twice 198.18.0.14 delay 5ms duplicate 100% after 33ms
host elsewhere 198.18.0.15 delay 5ms reply-from 198.18.0.99
host many 10.0.0.0/16 delay 2ms alive 30%
"""

HOSTS = [f"198.18.0.{last}" for last in range(9, 16)]

ROWS = [
    ("-t200", "-r1", *HOSTS),
    ("-e", "-s", "-t200", "-r1", *HOSTS),
    ("-c5", "-p200", "-t155", *HOSTS),
    ("-C5", "-p200", "-q", *HOSTS),
    ("-C5", "-p100", "-t300", "-q", *HOSTS),
    ("-c3", "-p200", "-t155", "-D", "-A", *HOSTS),
    ("-a", "-r0", "-t100", "-i1", "-g", "10.0.0.0/25"),
    ("-u", "-r0", "-t100", "-i1", "-g", "10.0.1.0/25"),
    ("-c2", "-p500", "-q", "-i1", "-g", "10.0.2.1", "10.0.2.40"),
    ("-x10", "-r0", "-t100", "-i1", "-g", "10.0.3.0/25"),
]


class FpingLab(Lab):
    """Chance in a lab depends on its seed and on who asked how often: both see the same."""

    weight = 40

    def fping(self, *words, path=SETTINGS.dropin, **how):
        program = f"{SETTINGS.dropin}/fping" if path else harness.find("fping")
        return self.lab(program, *words, options=("--seed", "4"), text=NETWORK, **how)

    def same(self, words):
        for _ in range(3):
            theirs, ours = self.fping(*words, path=None), self.fping(*words)
            out, err = modern(words, theirs.out, theirs.err)
            name = harness.find("fping")
            pages = [
                f"{normal(out)}---\n{normal(err.replace(name, 'fping'))}---\n{theirs.code}\n",
                f"{normal(ours.out)}---\n{normal(ours.err)}---\n{ours.code}\n",
            ]
            if pages[0] == pages[1]:
                return
        lines = difflib.unified_diff(*(page.splitlines() for page in pages), "fping", "sonde", "", "", 1, "")
        self.fail(" ".join(words) + "\n" + "\n".join(lines))

    def lines_of(self, *words):
        done = self.fping(*words)
        return [json.loads(line) for line in done.out.splitlines()], done

    def test_json_lines(self):
        lines, done = self.lines_of("-J", "-c2", "-p200", "-s", "-o", *HOSTS[:4])
        self.assertEqual(done.err, "")
        kinds = [next(iter(line)) for line in lines]
        self.assertEqual(kinds.count("resp") + kinds.count("timeout"), 8)
        self.assertEqual(kinds[-5:], ["summary"] * 4 + ["stats"])
        summary = {line["summary"]["host"]: line["summary"] for line in lines if "summary" in line}
        self.assertEqual(summary["198.18.0.12"], {"host": "198.18.0.12", "xmt": 2, "rcv": 0, "loss": 100, "outage(ms)": 400})
        self.assertAlmostEqual(summary["198.18.0.9"]["rttMin"], 20, delta=5)
        stats = lines[-1]["stats"]
        self.assertEqual((stats["targets"], stats["icmpEchosSent"], stats["unreachable"]), (4, 8, 1 + (summary["198.18.0.11"]["rcv"] == 0)))

    def test_json_of_every_round_trip_time(self):
        lines, _ = self.lines_of("-J", "-C3", "-q", "-p150", *HOSTS[:4])
        sums = {line["vSum"]["host"]: line["vSum"]["values"] for line in lines}
        self.assertEqual([len(values) for values in sums.values()], [3] * 4)
        self.assertEqual(sums["198.18.0.12"], [None] * 3)

    def test_json_names_what_is_unknown(self):
        lines, done = self.lines_of("-J", "-c1", "-q", "256.1.1.1", "198.18.0.9")
        self.assertEqual(lines[0]["warning"]["host"], "256.1.1.1")
        self.assertEqual(done.code, 2)

    def test_cumulative_intervals(self):
        done = self.fping("-c8", "-p100", "-Q.3,cumulative", "198.18.0.9")
        sent = [int(number) for number in re.findall(r"%loss = (\d+)/", done.err)]
        self.assertGreaterEqual(len(sent), 3)
        self.assertEqual(sent, sorted(sent))
        self.assertEqual(sent[-1], 8)

    def test_source_that_is_checked(self):
        self.assertEqual(self.fping("198.18.0.15").out, "198.18.0.15 is alive\n")
        done = self.fping("--check-source", "-r1", "-t50", "198.18.0.15", "198.18.0.9")
        self.assertEqual(done.out, "198.18.0.9 is alive\n198.18.0.15 is unreachable\n")
        done = self.fping("--check-source", "-c2", "-p100", "198.18.0.15")
        self.assertEqual(done.out.count("timed out"), 2)
        self.assertIn("= 2/0/100%", done.err)

    def test_header_fields(self):
        done = self.fping("--print-tos", "--print-ttl", "-c1", "198.18.0.9", "2001:db8::9")
        self.assertEqual(len(re.findall(r"loss\) \(TOS 0\) \(TTL 63\)$", done.out, re.M)), 2)

    def test_timestamp_requests(self):
        done = self.fping("--icmp-timestamp", "198.18.0.9")
        times = re.fullmatch(
            r"198\.18\.0\.9 is alive, timestamps: Originate=(\d+) Receive=(\d+) "
            r"Transmit=(\d+) Localreceive=(\d+)\n", done.out
        )
        self.assertTrue(times, str(done))
        self.assertLessEqual(int(times.group(4)) - int(times.group(1)), 200)

    def test_timestamps_in_other_forms(self):
        for form, pattern in (
            ("ctime", r"\[\w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4}\] "),
            ("iso", r"\[\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+0000\] "),
            ("rfc3339", r"\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\] "),
        ):
            done = self.fping("-c1", "-D", "--timestamp-format", form, "198.18.0.9")
            self.assertRegex(done.out, rf"\A{pattern}198\.18\.0\.9 : \[0\], 64 bytes")

    def test_enough_hosts_end_it(self):
        done = self.fping("-X2", "-t5000", "198.18.0.12", "198.18.0.9", "198.18.0.10")
        self.assertEqual(done.out, "Enough hosts reachable (required: 2, reachable: 2)\n")
        self.assertEqual(done.code, 0)
        self.assertLess(done.seconds, 3)

    def test_ipv6_prefix(self):
        done = self.fping("-g", "-r0", "-t200", "2001:db8::8/127")
        self.assertEqual(sorted(done.out.splitlines()), ["2001:db8::8 is unreachable", "2001:db8::9 is alive"])

    def test_duplicates_leave_the_figures_alone(self):
        fping = f"{SETTINGS.dropin}/fping"
        words = ["timeout", "-s", "INT", "0.58", fping, "-l", "-p100", "198.18.0.14"]
        done = self.lab(*words, text=NETWORK)
        found = re.search(r"%loss = (\d+)/(\d+)/0%", done.err)
        self.assertTrue(found, str(done))
        sent, received = map(int, found.groups())
        self.assertEqual(sent, received)
        self.assertIn(sent, (5, 6), str(done))
        self.assertGreaterEqual(done.out.count("[2], 64 bytes"), 2)


def fill():
    for number, words in enumerate(ROWS):

        def test(self, words=words):
            if installed() == (0, 0):
                raise unittest.SkipTest("fping is not installed")
            self.same(words)

        setattr(FpingLab, f"test_{number:02}_" + re.sub(r"\W+", "_", " ".join(words[:4])), test)


fill()


class FpingPastLimits(Case):
    """What fping dies of, or is late with."""

    topology = staticmethod(loopback)
    weight = 12

    def fping(self, *words, **how):
        return self.net.near.run(["fping", *words], path=SETTINGS.dropin, **how)

    def test_more_probes_than_sequence_numbers(self):
        done = self.fping("-i0", "-p100", "-c36", "-q", "-g", "127.0.0.1", "127.0.7.255")
        self.assertEqual(done.code, 0, str(done)[:400])
        self.assertEqual(len(re.findall(r"= 36/36/0%", done.err)), 2047)

    def test_many_hosts_at_once(self):
        done = self.fping("-a", "-i0", "-g", "127.1.0.0/16", timeout=60)
        self.assertEqual(done.code, 0, str(done)[:400])
        self.assertEqual(len(set(done.out.splitlines())), 65534)

    def test_periods_do_not_drift(self):
        done = self.fping("-D", "-c21", "-p50", "127.0.0.1")
        at = [float(text) for text in re.findall(r"(?m)^\[([\d.]+)\]", done.out)]
        self.assertEqual(len(at), 21)
        self.assertAlmostEqual(at[-1] - at[0], 1.0, delta=0.02)

    def test_output_that_cannot_be_written(self):
        with open("/dev/full", "w", encoding="ascii") as full:
            done = self.fping("127.0.0.1", stdout=full)
        self.assertEqual(done.code, 4)
        self.assertIn("not all of the output could be written", done.err)

    def test_ordinary_users_send_a_thousand_a_second_at_most(self):
        self.net.near.open_datagram_sockets()
        started = time.monotonic()
        done = self.fping("-i0", "-a", "-g", "127.0.0.1", "127.0.1.244", user="nobody")
        self.assertEqual(done.code, 0, str(done)[:400])
        self.assertEqual(len(done.out.splitlines()), 500)
        self.assertGreater(time.monotonic() - started, 0.499)


SMOKEPING = """
*** General ***
owner = nobody
contact = nobody@localhost
sendmail = /bin/true
imgcache = {folder}
imgurl = img
datadir = {folder}
dyndir = {folder}
piddir = {folder}
cgiurl = http://localhost/smokeping.cgi
smokemail = /etc/smokeping/smokemail
tmail = /etc/smokeping/tmail
*** Alerts ***
to = nobody@localhost
from = nobody@localhost
*** Database ***
step = 300
pings = 5
AVERAGE 0.5 1 100
*** Presentation ***
template = /etc/smokeping/basepage.html
+ overview
width = 600
height = 50
range = 10h
+ detail
width = 600
height = 200
unison_tolerance = 2
"Last 3 Hours" 3h
*** Probes ***
+ FPing
binary = {fping}
hostinterval = 0.1
timeout = 0.3
mininterval = 0.01
packetsize = 100
tos = 0x10
*** Targets ***
probe = FPing
menu = Top
title = Top
+ far
host = 198.18.0.9
menu = far
title = far
+ slow
host = 198.18.0.10
menu = slow
title = slow
+ gone
host = 198.18.0.12
menu = gone
title = gone
"""


class SmokePing(Lab):
    """Debian's SmokePing measures a scripted network through sonde under the name fping."""

    weight = 5

    def test_one_round(self):
        harness.need("smokeping")
        if not SETTINGS.real_root:
            raise unittest.SkipTest("SmokePing wants the machine's root")
        with contextlib.ExitStack() as stack:
            folder = pathlib.Path(tempfile.mkdtemp(prefix="sonde-smokeping-"))
            stack.callback(shutil.rmtree, folder, ignore_errors=True)
            config = folder / "config"
            text = SMOKEPING.format(folder=folder, fping=f"{SETTINGS.dropin}/fping")
            config.write_text(text, encoding="ascii")
            done = self.lab(
                harness.find("smokeping"), f"--config={config}", "--debug", "--nosleep", text=NETWORK
            )
        said = done.out + done.err
        self.assertRegex(said, r"Executing \S*/fping -C 5 -q -B1 -r1 ")
        self.assertNotRegex(said, "ERROR|WARNING")
        measured = {
            name: values.split(":")[2:]
            for name, values in re.findall(r"RRDs::update\(\S*/(\w+)\.rrd --template \S+ \d+:(\S+)\)", said)
        }
        self.assertEqual(set(measured), {"far", "slow", "gone"}, said)
        for name, seconds in (("far", 0.020), ("slow", 0.130)):
            for value in measured[name]:
                self.assertAlmostEqual(float(value), seconds, delta=0.01, msg=name)
        self.assertEqual(set(measured["gone"]), {"U"})
