"""sonde sweep: who is alive, against the truth of the lab; how it is told; and what is refused."""

import collections
import csv
import io
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import time

from harness import SETTINGS, Case, environment_of, loopback
from lab_case import Lab

CROWD = """
router gw 198.18.0.2
host crowd 10.0.0.0/8 2001:db8:5::/64 alive 50% delay 5ms spread 40ms
host far 198.18.0.9 2001:db8::9 delay 20ms
host gone 198.18.0.77 via gw error unreachable host from gw
host dead 198.18.0.88 silent
"""


class Sweep(Lab):
    """Helpers for the classes below, which are the tests."""

    def sweep(self, *words, text=CROWD, **how):
        """Without a network: the simulated one."""
        scenario = self.scenario(text)
        return self.sonde("sweep", "--simulate", scenario, "--seed", "1", *words, **how)

    def in_lab(self, *words, **how):
        return self.lab(SETTINGS.program, "sweep", *words, text=CROWD, **how)

    def lines(self, result):
        return [json.loads(line) for line in result.out.splitlines()]

    def reconciled(self, summary):
        self.assertEqual(
            summary["sent"], summary["answered"] + summary["unanswered"] + summary["failed"], summary
        )
        states = ("alive", "silent", "refused", "unsent", "waiting")
        self.assertEqual(summary["hosts"], sum(summary[state] for state in states), summary)
        return summary

    def file(self, text, name="hosts"):
        path = SETTINGS.work / f"{self.id()}.{name}"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        os.chmod(path, 0o644)
        self.addCleanup(path.unlink, missing_ok=True)
        return path


class Truth(Sweep):
    """Beside the truth that the lab wrote down."""

    def asked_of(self, truth):
        """What the network knows: requests by destination, and replies that it gave."""
        asked, answered = collections.Counter(), collections.Counter()
        for line in truth.read_text(encoding="ascii").splitlines():
            packet = json.loads(line)
            if packet.get("protocol") not in ("icmp", "icmp6") or packet.get("type") not in (8, 128):
                continue
            asked[packet["destination"]] += 1
            answered[packet["destination"]] += any(
                decision["fate"] == "reply" for decision in packet["decisions"]
            )
        return asked, answered

    def check(self, *words, hosts):
        truth = SETTINGS.work / f"{self.id()}.truth"
        self.addCleanup(truth.unlink, missing_ok=True)
        result = self.ended(self.in_lab("--json", *words, options=["--truth", truth]), 0, 1)
        told = self.lines(result)
        asked, answered = self.asked_of(truth)
        summary = self.reconciled(told[-1])
        states = {line["address"]: line["state"] for line in told if line["type"] == "host"}
        self.assertEqual(hosts, len(states))
        self.assertEqual({host for host in answered if answered[host]},
                         {host for host, state in states.items() if state == "alive"})
        self.assertEqual(sum(asked.values()), summary["sent"])
        self.assertEqual(0, summary["skipped"], summary)
        for line in told:
            if line["type"] == "host":
                self.assertEqual(asked[line["address"]], line["sent"], line)
        return summary

    def test_alive(self):
        summary = self.check("--rate", "5k", "-W.5", "-r1", "10.1.0.0/21", hosts=2048)
        self.assertGreater(summary["alive"], 900)
        self.assertLess(summary["alive"], 1150)

    def test_alive_ipv6(self):
        self.check("-W.3", "-r1", "2001:db8:5::/120", "2001:db8:5::1:0-ff", hosts=512)

    def test_counts(self):
        summary = self.check("-q", "-c3", "-i.3", "-W.3", "10.1.0.0/24", hosts=256)
        self.assertEqual(3 * 256, summary["sent"])


class Rate(Sweep):
    weight = 4
    topology = staticmethod(loopback)

    def rate(self, rate, seconds, *words):
        """Probes in each whole second, as the machine's own counter saw them."""
        count = rate * seconds
        self.net.near.do("ip", "route", "replace", "local", "10.0.0.0/8", "dev", "lo")
        last = f"10.{count - 1 >> 16}.{count - 1 >> 8 & 255}.{count - 1 & 255}"
        began = time.monotonic()
        result = self.sonde(
            "sweep", "--json", "-a", "-q", "--rate", str(rate), "-r0", *words, f"10.0.0.0-{last}"
        )
        took = time.monotonic() - began
        summary = self.reconciled(self.lines(self.ended(result))[-1])
        self.assertEqual(count, summary["answered"], summary)
        return summary, took

    def test_exact(self):
        summary, took = self.rate(5000, 2)
        self.assertAlmostEqual(2.0, summary["elapsed_ns"] / 1e9, delta=0.02)
        self.assertLess(took, 3.0)

    def test_exact_when_fast(self):
        if SETTINGS.sanitized:
            self.skipTest("sanitizers are slow")
        summary, _ = self.rate(20000, 2)
        self.assertAlmostEqual(2.0, summary["elapsed_ns"] / 1e9, delta=0.02)

    def test_as_fast_as_possible(self):
        self.net.near.do("ip", "route", "replace", "local", "10.0.0.0/8", "dev", "lo")
        result = self.sonde("sweep", "--json", "-q", "--rate", "max", "10.0.0.0/19")
        self.assertEqual(8192, self.lines(self.ended(result))[-1]["alive"])

    def test_the_limits_of_users(self):
        self.net.near.open_datagram_sockets()
        for words in (["--rate", "1001"], ["--rate", "max"], ["-c2", "-i.001"]):
            result = self.ended(self.sonde("sweep", *words, "127.0.0.1", user="nobody"), 3)
            self.assertIn("only root", result.err)
        self.ended(self.sonde("sweep", "-q", "--rate", "1k", "127.0.0.1", user="nobody"), 0)


class Hosts(Sweep):
    """Whom it asks."""

    def hosts_of(self, *words, code=(0, 1), **how):
        result = self.ended(self.sweep("--json", *words, **how), *code)
        return [line["address"] for line in self.lines(result) if line["type"] == "host"], result

    def test_each_once(self):
        hosts, _ = self.hosts_of("10.0.0.0/30", "10.0.0.2-5", "10.0.0.1", "10.0.0.1-10.0.0.1", "far")
        self.assertEqual(7, len(hosts))
        self.assertEqual(sorted(set(hosts)), sorted(hosts))

    def test_in_the_order_given(self):
        hosts, _ = self.hosts_of("-c1", "-q", "10.0.0.9", "far", "10.0.0.1-2", "10.0.0.9", "10.0.0.0/30")
        self.assertEqual(
            ["10.0.0.9", "198.18.0.9", "10.0.0.1", "10.0.0.2", "10.0.0.0", "10.0.0.3"], hosts
        )

    def test_exclusions(self):
        path = self.file("# not these\n10.0.0.4/31   10.0.0.6-7 # nor those\n")
        hosts, _ = self.hosts_of("10.0.0.0/28", "-x", "10.0.0.0/30", "-X", path, "-x", "10.0.0.15")
        self.assertEqual({f"10.0.0.{n}" for n in range(8, 15)}, set(hosts))

    def test_a_huge_range_of_which_little_is_left(self):
        hosts, _ = self.hosts_of("10.0.0.0/8", "-x", "10.0.0.3-10.255.255.255")
        self.assertEqual({"10.0.0.0", "10.0.0.1", "10.0.0.2"}, set(hosts))
        hosts, _ = self.hosts_of("2001:db8:5::/64", "-x", "2001:db8:5::2-2001:db8:5:0:ffff:ffff:ffff:ffff")
        self.assertEqual({"2001:db8:5::", "2001:db8:5::1"}, set(hosts))

    def test_all_that_is_excluded(self):
        result = self.ended(self.sweep("10.0.0.0/30", "-x", "10.0.0.0/29"), 3)
        self.assertIn("nobody is left", result.err)

    def test_a_file(self):
        path = self.file("# hosts\n10.0.0.1 10.0.0.2\r\n\n  far # a name\n10.0.0.0/31")
        hosts, _ = self.hosts_of("-f", path)
        self.assertEqual({"10.0.0.0", "10.0.0.1", "10.0.0.2", "198.18.0.9"}, set(hosts))
        with open(path, encoding="ascii") as stdin:
            also, _ = self.hosts_of("--file", "-", stdin=stdin)
        self.assertEqual(hosts, also)

    def test_standard_input_once(self):
        path = self.file("10.0.0.1")
        for words in (["-X", "-", "-f", "-"], ["-f", "-", "-f", "-"]):
            with open(path, encoding="ascii") as stdin:
                result = self.ended(self.sweep(*words, "far", stdin=stdin), 3)
            self.assertIn("standard input can be read once", result.err)
            self.assertEqual(1, result.err.count("\n"), result.err)
        with open(path, encoding="ascii") as stdin:
            hosts, _ = self.hosts_of("10.0.0.0/31", "-X", "-", stdin=stdin)
        self.assertEqual(["10.0.0.0"], list(hosts))

    def test_lines_that_are_no_host(self):
        path = self.file(b"10.0.0.1\nfoo!bar\n10.0.0.0/33 10.0.0.2\n\n10.0.0.9-1\nx\0y\n10.0.0.3\n")
        hosts, result = self.hosts_of("-f", path, code=[2])
        self.assertEqual({"10.0.0.1", "10.0.0.2", "10.0.0.3"}, set(hosts))
        for line in (2, 3, 5, 6):
            self.assertIn(f"{path}:{line}: ", result.err)
        self.assertEqual(4, result.err.count(str(path)), result.err)
        self.assertIn("foo!bar", result.err)

    def test_lines_that_cannot_be_asked(self):
        path = self.file("far\n\n  who # nobody\n10.0.0.1\n")
        _, result = self.hosts_of("-f", path, code=[2])
        self.assertIn(f": {path}:3: who: there is no such name", result.err)
        _, result = self.hosts_of("-4", "-f", self.file("10.0.0.1 ::1", "other"), code=[2])
        self.assertIn(".other:1: ::1: is of the family", result.err)
        result = self.ended(self.sweep("-f", self.file("10.0.0.1\n224.0.0.0/31", "special")), 3)
        self.assertIn(".special:2: 224.0.0.0 to 224.0.0.1: multicast", result.err)
        result = self.ended(self.sweep("far", "10.0.0.1", "-X", path), 2)
        self.assertIn(f": {path}:3: who: there is no such name", result.err)
        result = self.ended(self.sweep("who", "224.0.0.0/31"), 3)
        self.assertIn("sweep: who: there is no such name", result.err)
        self.assertIn("sweep: 224.0.0.0 to 224.0.0.1: multicast", result.err)

    def test_files_that_cannot_be_read(self):
        for option in ("-f", "-X"):
            result = self.ended(self.sweep(option, "/nonexistent", "far"), 4)
            self.assertIn("/nonexistent: No such file", result.err)
        result = self.ended(self.sweep("-f", "/", "far"), 4)
        self.assertIn("Is a directory", result.err)

    def test_wrong_operands(self):
        for word, why in (
            ("10.0.0.0/33", "prefix length"),
            ("10.0.0.9-10.0.0.1", "end comes before"),
            ("10.0.0.1-::1", "family"),
            ("a b", "no host"),
            ("", "no host"),
        ):
            result = self.ended(self.sweep(word), 3)
            self.assertIn(why, result.err)
            self.assertEqual(1, result.err.count("\n"), result.err)
        self.ended(self.sweep(), 3)

    def test_an_unclear_exclusion_stops_it(self):
        result = self.ended(self.sweep("10.0.0.0/30", "-x", "nobody-knows"), 2)
        self.assertIn("nobody is asked", result.err)
        self.assertEqual("", result.out)

    def test_special_addresses(self):
        for word in ("224.0.0.1", "0.0.0.0/8", "255.255.255.255", "240.0.0.1", "ff02::1"):
            result = self.ended(self.sweep("-r0", word), 3)
            self.assertIn("--special", result.err)
        self.ended(self.sweep("-r0", "-W.1", "--special", "224.0.0.1"), 1)

    def test_too_many_to_be_listed(self):
        result = self.ended(self.sweep("-c2", "10.0.0.0/8"), 3)
        self.assertIn("1048576 addresses", result.err)

    def test_families(self):
        hosts, _ = self.hosts_of("-4", "far")
        self.assertEqual(["198.18.0.9"], hosts)
        hosts, _ = self.hosts_of("-6", "far")
        self.assertEqual(["2001:db8::9"], hosts)
        hosts, result = self.hosts_of("-6", "far", "10.0.0.1", code=[2])
        self.assertEqual(["2001:db8::9"], hosts)
        self.assertIn("10.0.0.1", result.err)


class Told(Sweep):
    """How it is told, and the exit codes."""

    def test_exit_codes(self):
        self.ended(self.sweep("far"), 0)
        self.ended(self.sweep("far", "dead"), 1)
        self.ended(self.sweep("far", "who"), 2)
        self.ended(self.sweep("who"), 2)
        self.ended(self.sweep("--no-such-option"), 3)
        self.ended(self.sonde("sweep", "--simulate", "/nonexistent", "far"), 4)
        self.ended(self.sweep("--min-alive", "1", "far", "dead"), 0)
        self.ended(self.sweep("--min-alive", "2", "far", "dead"), 1)

    def test_lines_for_people(self):
        result = self.ended(self.sweep("far", "dead", "gone"), 1)
        self.assertEqual(
            [
                "dead (198.18.0.88) is unreachable: no answer",
                "far (198.18.0.9) is alive, 20.000 ms",
                "gone (198.18.0.77) is unreachable: Destination Host Unreachable, from 198.18.0.2",
            ],
            sorted(result.out.splitlines()),
        )
        self.assertIn("3 hosts: 1 alive, 1 silent, 1 refused, 0 unsent, 0 undecided\n", result.err)
        self.assertIn("7 probes sent: 1 answered, 3 unanswered, 3 failed; ", result.err)

    def test_selections(self):
        for option, words in (("-a", ["far"]), ("-u", ["dead", "gone"]), ("-A", ["dead", "far", "gone"])):
            result = self.ended(self.sweep(option, "far", "dead", "gone"), 1)
            self.assertEqual(words, sorted(line.split()[0] for line in result.out.splitlines()))
        self.assertEqual("", self.ended(self.sweep("-q", "far")).out)

    def test_sorted(self):
        result = self.ended(self.sweep("--sort", "--fields", "address", "far", "10.9.0.0/28", "10.0.0.0/28"), 1)
        told = result.out.split()
        key = lambda text: [int(part) for part in text.split(".")]
        self.assertEqual(33, len(told))
        self.assertEqual(sorted(told, key=key), told)

    def test_fields(self):
        result = self.ended(self.sweep("--fields", "state,address,rtt_ns,loss,reason", "far"))
        self.assertEqual("alive\t198.18.0.9\t20000000\t0.000000\t-\n", result.out)
        for bad in ("", "state,", "states", "state,state"):
            result = self.ended(self.sweep("--fields", bad, "far"), 3)
            self.assertIn("rtt_avg_ns", result.err)

    def test_csv(self):
        result = self.ended(self.sweep("--csv", "far", "dead", "gone"), 1)
        rows = list(csv.DictReader(io.StringIO(result.out)))
        self.assertEqual({"alive", "silent", "refused"}, {row["state"] for row in rows})
        refused = next(row for row in rows if row["state"] == "refused")
        self.assertEqual("Destination Host Unreachable, from 198.18.0.2", refused["reason"])

    def test_figures_of_each_interval(self):
        result = self.ended(
            self.sweep("-l", "-i.5", "-w3.2", "-q", "--json", "--summary-interval", "1", "far", "dead"), 1
        )
        told = self.lines(result)
        far = [line for line in told if line["type"] == "interval" and line["host"] == "far"]
        self.assertEqual(3, len(far))
        total = next(line for line in told if line["type"] == "host" and line["host"] == "far")
        self.assertEqual(7, total["sent"])
        self.assertEqual(7, total["received"])
        self.assertEqual(20000000, total["rtt_min_ns"])
        self.reconciled(told[-1])

    def test_the_same_seed_the_same_run(self):
        words = ["--json", "10.3.0.0/22"]
        self.assertEqual(self.sweep(*words).out, self.sweep(*words).out)

    def test_help_says_what_one_owes(self):
        result = self.ended(self.sonde("sweep", "--help"))
        self.assertIn("--payload-text", result.out)
        self.assertIn("Networks of other people", result.out)

    def test_options_that_exclude_each_other(self):
        for words in (
            ["-4", "-6"],
            ["-c1", "-l"],
            ["-c1", "-r1"],
            ["-c1", "-B2"],
            ["-i1"],
            ["--summary-interval", "1"],
            ["--json", "--csv"],
            ["-s20", "--payload-text", "who we are"],
            ["--payload-text", "x" * 2000],
            ["-R0"],
            ["-R5M"],
            ["-Rfast"],
            ["-B0.5"],
        ):
            result = self.ended(self.sweep(*words, "far"), 3)
            self.assertEqual(1, result.err.count("\n"), f"{words}: {result.err}")

    def test_output_that_nobody_takes(self):
        with open("/dev/full", "wb") as full:
            command = [SETTINGS.program, "sweep", "--simulate", str(self.scenario(CROWD)), "10.0.0.0/24"]
            done = subprocess.run(
                command, stdout=full, stderr=subprocess.PIPE, env=environment_of(), timeout=30, check=False
            )
        self.assertEqual(4, done.returncode)
        self.assertIn(b"No space left", done.stderr)


class Ended(Case):
    """Interrupted and asked, on real sockets: 127.0.0.0/8 answers, 203.0.113.0/24 swallows."""

    topology = staticmethod(loopback)

    def setUp(self):
        super().setUp()
        self.net.near.do("ip", "route", "replace", "blackhole", "203.0.113.0/25")

    def begin(self, *words, user=None):
        program = self.net.near.start([SETTINGS.program, "sweep", *words], user=user)
        self.addCleanup(program.__exit__, None)
        return program

    def process(self, program):
        """sonde itself, behind those that harness has put in front of it."""
        pid = program.pid
        while pathlib.Path(f"/proc/{pid}/comm").read_text(encoding="ascii").strip() != "sonde":
            pid = int(pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])
        return pid

    def test_interrupted(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            program = self.begin("--json", "-l", "-i.1", "127.0.0.1-9")
            self.assertTrue(program.wait_for("reply", times=20))
            os.kill(self.process(program), number)
            result = self.ended(program.finish(), 0)
            told = [json.loads(line) for line in result.out.splitlines()]
            self.assertEqual(9, sum(line["type"] == "host" for line in told))
            summary = told[-1]
            self.assertEqual("sweep_summary", summary["type"])
            self.assertEqual(
                summary["sent"], summary["answered"] + summary["unanswered"] + summary["failed"]
            )
            self.assertEqual(9, summary["alive"])

    def test_how_far(self):
        for number in (signal.SIGQUIT, signal.SIGUSR1):
            program = self.begin("-l", "-i.1", "127.0.0.1-9")
            self.assertTrue(program.wait_for("seq=2 "))
            os.kill(self.process(program), number)
            time.sleep(0.3)
            os.kill(self.process(program), signal.SIGINT)
            result = self.ended(program.finish(), 0)
            self.assertRegex(result.err, r"(?m)^\d+ s: 9 of 9 hosts, 9 alive \(100\.0%\); \d+ probes")
            self.assertNotIn(" of 9 hosts", result.out)

    def test_more_hosts_than_the_rate_serves(self):
        words = ["-q", "-c2", "--rate", "50", "127.0.0.1-20"]
        result = self.ended(self.sonde("sweep", "-i.2", *words))
        first = "sonde sweep: 20 hosts take turns of 0.4 s at this rate, not of 0.2 s; --rate 100 would"
        self.assertTrue(result.err.startswith(first), result.err)
        self.assertNotIn("turns", self.ended(self.sonde("sweep", "-i.4", *words)).err)

    def test_progress_does_not_disturb(self):
        result = self.ended(
            self.sonde("sweep", "--progress", "always", "-c4", "-i.4", "-q", "--csv", "127.0.0.1-3")
        )
        self.assertIn("\r\x1b[K", result.err)
        self.assertIn("s left", result.err)
        self.assertEqual(4, len(result.out.splitlines()))
        self.assertNotIn("\x1b", result.out)

    def test_what_cannot_be_sent(self):
        result = self.ended(self.sonde("sweep", "-r0", "--json", "203.0.113.1", "127.0.0.1"), 1)
        told = [json.loads(line) for line in result.out.splitlines()]
        unsent = next(line for line in told if line.get("address") == "203.0.113.1")
        self.assertEqual("unsent", unsent["state"])
        self.assertRegex(unsent["reason"], "^cannot send: ")
        self.assertEqual(1, told[-1]["failed"])

    def test_neighbours_that_are_not_there_keep_nobody_else_from_being_asked(self):
        """The kernel keeps what is for them for three seconds, at the cost of the socket's buffer."""
        self.net.near.do("ip", "link", "add", "wire5", "type", "veth", "peer", "name", "wire6")
        self.net.near.do("ip", "address", "add", "10.60.3.1/22", "dev", "wire5")
        for end in ("wire5", "wire6"):
            self.net.near.do("ip", "link", "set", end, "up")
        result = self.sonde("sweep", "-r0", "-W.5", "--json", "10.60.0.0/23", "127.0.0.1-20")
        told = [json.loads(line) for line in self.ended(result, 1).out.splitlines()]
        self.assertEqual((20, 0), (told[-1]["alive"], told[-1]["unsent"]), told[-1])

    def test_broadcasts_of_our_networks_are_left_out(self):
        self.net.near.do("ip", "link", "add", "wire7", "type", "veth", "peer", "name", "wire8")
        self.net.near.do("ip", "address", "add", "192.0.2.1/29", "dev", "wire7")
        for end in ("wire7", "wire8"):
            self.net.near.do("ip", "link", "set", end, "up")
        result = self.sonde("sweep", "-r0", "-W.1", "--json", "-q", "192.0.2.0/29")
        summary = json.loads(self.ended(result, 1).out.splitlines()[-1])
        self.assertIn(summary["hosts"], (6, 7))  # 6 where the first address is one, too

    def test_datagram_sockets(self):
        self.net.near.open_datagram_sockets()
        result = self.ended(self.sonde("sweep", "--json", "127.0.0.1-99", user="nobody"), 0)
        told = [json.loads(line) for line in result.out.splitlines()]
        self.assertEqual("dgram", told[0]["transport"])
        self.assertEqual(99, told[-1]["alive"])

    def test_no_such_device_or_source(self):
        result = self.ended(self.sonde("sweep", "-I", "nope0", "127.0.0.1"), 4)
        self.assertIn("no device 'nope0'", result.err)
        result = self.ended(self.sonde("sweep", "-S", "192.0.2.250", "127.0.0.1"), 4)
        self.assertIn("no address of this machine", result.err)

    def test_the_contact_travels(self):
        if not shutil.which("strace"):
            self.skipTest("strace is not installed")
        log = SETTINGS.work / "sweep-strace"
        self.addCleanup(log.unlink, missing_ok=True)
        self.net.near.run(
            ["strace", "-f", "-s", "200", "-e", "trace=sendmmsg,sendmsg,sendto", "-o", log,
             SETTINGS.program, "sweep", "-q", "--payload-text", "survey@noc.example", "127.0.0.1"]
        )
        self.assertTrue(re.search(r"survey@noc\.example\\0", log.read_text(errors="replace")))
