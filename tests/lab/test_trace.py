"""sonde trace and sonde mtu as their user runs them: real routers, options, signals, privilege, what they write."""

import csv
import fcntl
import io
import json
import os
import re
import signal
import struct
import termios
import time

from harness import SETTINGS, Case, chain, find, loopback
from lab_case import SIMPLE, Lab
from truth import play

ROUTERS = 3
FAR4, FAR6 = f"10.55.{ROUTERS}.2", f"fd55:0:0:{ROUTERS}::2"
WAY4 = [*(f"10.55.{k}.2" for k in range(ROUTERS)), FAR4]
WAY6 = ["fd55::2", *(f"fd55:0:0:{k}::2" for k in range(1, ROUTERS)), FAR6]
EMPTY = "0" * 16
HOST = "127.0.0.1"
SYN = 2
LONG_WAIT = """
router r1 198.18.1.1
router r2 198.18.2.1 silent
host far 198.18.0.9 via r1 r2 silent
"""


def few_routers(narrow=1500):
    return chain(ROUTERS, narrow)


def lines_of(result):
    return [json.loads(line) for line in result.out.splitlines()]


def hops_of(result):
    """[address or None] of each hop, of the JSON lines."""
    return [line["addresses"][0]["address"] if line["addresses"] else None
            for line in lines_of(result) if line["type"] == "trace_hop"]


class Routers(Case):
    """Namespaces that forward as Linux does."""

    topology = staticmethod(few_routers)
    weight = 6

    def trace(self, *words, **options):
        return self.sonde("trace", "-n", *words, **options)

    def test_every_kind_of_probe(self):
        for words, said in (([], "icmp_reply"), (["--udp", "33434"], "port_closed"), (["--tcp", "80"], "rst")):
            for host, way in ((FAR4, WAY4), (FAR6, WAY6)):
                result = self.ended(self.trace("--json", *words, host))
                self.assertEqual(way, hops_of(result), f"\n{result}")
                end = lines_of(result)[-1]
                self.assertEqual(("reached", said, len(way)), (end["reason"], end["said"], end["hop"]))

    def test_without_privilege(self):
        self.net.near.open_datagram_sockets()
        for words in ([], ["--udp", "33434"], ["--tcp", "80"]):
            for host, way in ((FAR4, WAY4), (FAR6, WAY6)):
                result = self.ended(self.trace("--json", *words, host, user="nobody"))
                self.assertNotEqual("raw", lines_of(result)[0]["transport"], f"\n{result}")
                self.assertEqual(way, hops_of(result), f"\n{result}")

    def test_nobody_may_not_send_raw(self):
        for words in (["--socket=raw"], ["--sctp", "9"], ["--multipath"], ["--tcp", "80", "-s", "9"]):
            result = self.ended(self.trace(*words, FAR4, user="nobody"), 2)
            self.assertEqual(("", 1), (result.out, len(result.err.splitlines())), f"\n{result}")
            self.assertIn("setcap cap_net_raw+p", result.err, f"\n{result}")

    def test_sockets_that_are_refused(self):
        for command in ("ping", "mtu"):
            result = self.ended(self.sonde(command, "--socket=raw", FAR4, user="nobody"), 2)
            self.assertEqual(("", 1), (result.out, len(result.err.splitlines())), f"\n{result}")
            self.assertIn("setcap cap_net_raw+p", result.err, f"\n{result}")

    def test_the_text_is_like_traceroutes(self):
        result = self.ended(self.trace(FAR4))
        head, *hops, end = result.out.splitlines()
        self.assertTrue(head.startswith(f"trace to {FAR4} ({FAR4}), ICMP echo"), f"\n{result}")
        for number, (line, address) in enumerate(zip(hops, WAY4), 1):
            self.assertRegex(line, rf"^ +{number}  {re.escape(address)}(  [\d.]+ ms){{3}}$", f"\n{result}")
        self.assertEqual(f"{FAR4} is {len(WAY4)} hops away.", end)

    def test_first_and_last_hop(self):
        result = self.ended(self.trace("--json", "-f", "2", "-m", "3", FAR4), 1)
        self.assertEqual(WAY4[1:3], hops_of(result))
        self.assertEqual("last_hop", lines_of(result)[-1]["reason"])

    def test_rationed_as_linux_does(self):
        """Its token bucket gives each destination six errors at once, then one a second."""
        names = [f"r{k}" for k in range(1, ROUTERS + 1)]
        for name in names:
            self.net.spaces[name].set(net__ipv4__icmp_ratelimit=1000)
        try:
            result = self.ended(self.trace("--json", "--rounds", "30", "-i", "0.05", FAR4))
        finally:
            for name in names:
                self.net.spaces[name].set(net__ipv4__icmp_ratelimit=0)
        verdicts = [line["verdict"] for line in lines_of(result) if line["type"] == "trace_hop"]
        self.assertEqual(["rationed"] * ROUTERS + ["fine"], verdicts, f"\n{result}")

    def test_report(self):
        result = self.ended(self.trace("--report", "--rounds", "3", "-i", "0.05", FAR4))
        rows = [line.split() for line in result.out.splitlines() if re.match(r" +\d+  ", line)]
        self.assertEqual([[str(k), way, "0.0%", "3"] for k, way in enumerate(WAY4, 1)],
                         [row[:4] for row in rows], f"\n{result}")
        for row in rows:
            last, mean, best, worst = map(float, row[4:8])
            self.assertTrue(best <= mean <= worst and best <= last <= worst, f"\n{result}")

    def test_csv(self):
        result = self.ended(self.trace("--csv", FAR4))
        rows = list(csv.reader(io.StringIO(result.out)))
        self.assertEqual(1, len({len(row) for row in rows}), f"\n{result}")
        self.assertTrue(all(any(way in row for row in rows) for way in WAY4), f"\n{result}")

    def test_closes_what_it_opens(self):
        """A connection that a SYN has opened does not stay there, half open."""
        listener = self.net.far.call(lambda: __import__("socket").create_server((FAR4, 8080)))
        self.addCleanup(listener.close)
        result = self.ended(self.trace("--json", "--tcp", "8080", FAR4))
        self.assertEqual("syn_ack", lines_of(result)[-1]["said"], f"\n{result}")
        table = self.net.far.do("cat", "/proc/net/tcp").splitlines()[1:]
        self.assertEqual([], [line for line in table if line.split()[3] in ("01", "03")])

    def test_nothing_is_left_of_a_privilege(self):
        for words in ([], ["--tcp", "80"], ["--multipath"]):
            with self.net.near.start([SETTINGS.program, "trace", "-n", "-w", "5", *words, "10.55.0.9"]) as running:
                end = time.monotonic() + 3
                while time.monotonic() < end:
                    threads = running.threads()
                    if all(thread["Seccomp"] == "2" for thread in threads):
                        break
                for thread in threads:
                    sets = [thread[name] for name in ("CapInh", "CapPrm", "CapEff", "CapAmb", "CapBnd")]
                    self.assertEqual([EMPTY] * 5 + ["1", "2"], [*sets, thread["NoNewPrivs"], thread["Seccomp"]])

    def test_device_and_source(self):
        for words in (["-I", "right"], ["-I", "10.55.0.1"], ["-Q", "ef"], ["-s", "900"], ["-z", "0"]):
            self.assertEqual(WAY4, hops_of(self.ended(self.trace("--json", *words, FAR4))), words)
        self.assertEqual(WAY6, hops_of(self.ended(self.trace("--json", "-F", "0x12345", FAR6))))

    def test_no_route(self):
        result = self.ended(self.trace("192.0.2.1"), 2)
        self.assertEqual(("", 1), (result.out, len(result.err.splitlines())), f"\n{result}")


class Narrow(Case):
    """A link of 1,400 bytes behind the first router."""

    topology = staticmethod(lambda: few_routers(1400))
    weight = 3

    def mtu(self, *words, **options):
        return self.ended(self.sonde("mtu", "-n", "--json", *words, **options))

    def told(self, result):
        said = json.loads(result.out)
        self.assertEqual(("found", 1400, 4), (said["end"], said["mtu"], said["hops_away"]), f"\n{result}")
        self.assertEqual([("router", 1400, 1)],
                         [(step["by"], step["bytes"], step["after_hop"]) for step in said["steps"]])

    def test_every_kind_of_probe(self):
        for words in ([], ["--udp", "33434"], ["--tcp", "80"]):
            for host in (FAR4, FAR6):
                self.told(self.mtu(*words, host))

    def test_twice(self):
        """The kernel remembers what fits; that changes nothing."""
        self.told(self.mtu(FAR4))
        self.told(self.mtu(FAR4))

    def test_without_privilege(self):
        self.net.near.open_datagram_sockets()
        for words in ([], ["--udp", "33434"]):
            said = json.loads(self.mtu(*words, FAR4, user="nobody").out)
            self.assertEqual(("found", 1400), (said["end"], said["mtu"]))

    def test_text(self):
        result = self.ended(self.sonde("mtu", "-n", FAR4))
        self.assertIn(f"The path MTU to {FAR4} is 1400 bytes.", result.out, f"\n{result}")

    def test_no_larger_than_asked(self):
        result = self.ended(self.sonde("mtu", "-n", "--most", "1300", FAR4))
        self.assertIn("is 1300 bytes, the most that was tried.", result.out, f"\n{result}")
        self.assertNotIn("black hole", result.out)

    def test_loopback_has_no_black_hole(self):
        for words in ([], ["--udp", "9"], ["--tcp", "9"]):
            said = json.loads(self.mtu(*words, "127.0.0.1").out)
            self.assertEqual(("found", []), (said["end"], said["steps"]), words)


class Datagrams(Lab):
    KINDS = ([], ["-s", "0"], ["--udp", "53"], ["--udp", "123"], ["--udp", "443"], ["--udp", "33434"],
             ["--udp", "53", "-s", "100"], ["--tcp", "80"], ["--tcp", "80", "-s", "100"], ["--sctp", "9"])

    def test_they_are_as_long_as_is_told(self):
        """By what routers quote: the scripted network's quote the length that came to them."""
        for family in "-4", "-6":
            for words in self.KINDS:
                result = self.ended(self.sonde("trace", family, "--json", *words, "--simulate",
                                               play.GALLERY / "services.scn", "far"))
                lines = lines_of(result)
                quoted = {line["quote"]["bytes"] for line in lines if "quote" in line}
                self.assertEqual({lines[0]["datagram_bytes"]}, quoted, f"\n{result}")

    def test_they_leave_as_long_as_is_told(self):
        """By what the lab saw on its cable."""
        for words in (["--udp", "53"], ["--tcp", "80"], ["--tcp", "80", "-s", "100"]):
            truth = SETTINGS.work / f"{self.id()}.truth"
            self.addCleanup(truth.unlink, missing_ok=True)
            result = self.ended(self.lab(SETTINGS.program, "trace", "-n", "-w", "0.3", "--json", *words, "far",
                                         options=("--truth", truth), text=SIMPLE))
            seen = {packet["length"] for packet in map(json.loads, truth.read_text().splitlines())
                    if packet.get("destination_port") in (53, 80) and packet.get("tcp_flags", SYN) == SYN}
            self.assertEqual({lines_of(result)[0]["datagram_bytes"]}, seen, f"\n{result}")

    def test_the_systems_own_length_is_not_told(self):
        listening = self.sonde("trace", "-n", "--json", "--socket=dgram", "--tcp", "9", HOST)
        self.assertNotIn("datagram_bytes", lines_of(self.ended(listening))[0])

    def test_mtu_asks_servers_too(self):
        """What DNS and its like say has a size of its own, which would be no search."""
        for port in "5", "53", "123", "443":
            said = json.loads(self.ended(self.sonde("mtu", "--json", "--udp", port, "--simulate",
                                                    play.GALLERY / "tunnel-mtu.scn", "far")).out)
            self.assertEqual(1280, said["mtu"], port)


class Graph(Lab):
    def graph(self, *words, scenario="ecmp"):
        return self.ended(self.sonde("trace", "-n", "--multipath", "--simulate", play.GALLERY / f"{scenario}.scn",
                                     *words, "far"))

    def test_dot_is_dot(self):
        result = self.graph("--dot")
        edges = re.findall(r'^\s*"?(\w+)"?\s*->\s*"?(\w+)"?', result.out, re.M)
        graph = json.loads(self.graph("--json").out.splitlines()[-1])
        self.assertEqual(len(graph["links"]), len(edges), f"\n{result}")
        self.assertEqual(result.out.count("{"), result.out.count("}"))
        self.assertTrue(result.out.startswith("digraph"))
        if find("dot"):
            self.ended(self.net.near.run(["dot", "-Tcanon"], stdin=self.file_of(result.out)))

    def file_of(self, text):
        file = (SETTINGS.work / f"{self.id()}.dot").open("w+", encoding="utf-8")
        self.addCleanup(file.close)
        file.write(text)
        file.seek(0)
        return file

    def test_the_drawing_has_everybody(self):
        result = self.graph(scenario="unequal-branches")
        for address in ("198.18.1.1", "198.18.2.1", "198.18.3.1", "198.18.4.1", "198.18.4.2", "198.18.4.3",
                        "198.18.6.1", "198.18.0.9"):
            self.assertIn(address, result.out, f"\n{result}")

    def listed_on(self, columns):
        """How many addresses stand side by side on a terminal of that width, where a hop has 96."""
        master, slave = os.openpty()
        try:
            fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
            words = ["trace", "-n", "--multipath", "--simulate", play.GALLERY / "wide-diamond.scn", "far"]
            with self.net.near.start([SETTINGS.program, *words], stdout=slave, env={"TERM": "xterm"}) as program:
                self.ended(program.finish(10))
            lines = os.read(master, 65536).decode().splitlines()
        finally:
            os.close(slave)
            os.close(master)
        return max(line.count("198.18.10.") for line in lines)

    def test_lists_are_as_wide_as_the_terminal(self):
        narrow, usual, wide = (self.listed_on(columns) for columns in (50, 80, 200))
        self.assertTrue(narrow < usual < wide, (narrow, usual, wide))

    def test_names(self):
        result = self.ended(self.sonde("trace", "--simulate", play.GALLERY / "intercontinental.scn", "far"))
        self.assertIn("be12.agg1.fra2.access.example (198.18.1.2)", result.out, f"\n{result}")
        result = self.ended(self.sonde("trace", "--simulate", play.GALLERY / "hostile.scn", "-w", "1", "far"), 0, 1)
        self.assertNotIn("\033", result.out)

    def test_a_silent_host_is_not_reached(self):
        result = self.ended(self.lab(SETTINGS.program, "trace", "-n", "-w", "0.3", "far", text=LONG_WAIT), 1)
        self.assertIn("far is not reached: ", result.out, f"\n{result}")


class Interrupted(Lab):
    weight = 4

    def running(self, *words):
        program = self.net.near.start([SETTINGS.program, "lab", self.scenario(LONG_WAIT), "--", SETTINGS.program,
                                       "trace", "-n", *words, "far"], env={"SHELL": "/bin/sh"})
        self.addCleanup(program.__exit__, None)
        time.sleep(1)
        return program, self.inner(program)

    def inner(self, program):
        """The sonde that traces: of the lab's descendants the one whose second word is `trace`."""
        waiting = [program.pid]
        while waiting:
            pid = waiting.pop()
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                if file.read().split(b"\0")[1:2] == [b"trace"]:
                    return pid
            with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
                waiting += map(int, file.read().split())
        self.fail("it does not run")

    def test_int_tells_what_is_known(self):
        program, pid = self.running("--rounds", "0", "-i", "0.2", "-w", "20")
        os.kill(pid, signal.SIGINT)
        result = self.ended(program.finish(3), 1)
        self.assertRegex(result.out, r"(?m)^ +1  198\.18\.1\.1  ", f"\n{result}")

    def test_quit_writes_the_table(self):
        program, pid = self.running("--rounds", "0", "-i", "0.2", "-w", "1", "--report")
        os.kill(pid, signal.SIGQUIT)
        time.sleep(0.3)
        self.assertIsNone(program.process.poll(), "SIGQUIT ended it")
        os.kill(pid, signal.SIGINT)
        result = self.ended(program.finish(5), 1)
        self.assertRegex(result.err, r"(?m)^ +1  198\.18\.1\.1 ", f"\n{result}")
        self.assertRegex(result.out, r"(?m)^ +1  198\.18\.1\.1 ", f"\n{result}")

    def test_int_leaves_whole_json(self):
        program, pid = self.running("--json", "--rounds", "0", "-i", "0.2", "-w", "20")
        os.kill(pid, signal.SIGINT)
        lines = lines_of(self.ended(program.finish(3), 1))
        self.assertEqual(("trace_start", "trace_end"), (lines[0]["type"], lines[-1]["type"]))


REFUSED = [                       # words, and what the line must name
    (["trace"], "host"), (["trace", HOST, "127.0.0.2"], "one host"), (["trace", "nosuch.invalid"], "nosuch.invalid"),
    (["trace", "-4", "::1"], "::1"), (["trace", "-m", "0", HOST], "--max-hops"), (["trace", "-m", "256", HOST], "256"),
    (["trace", "-f", "9", "-m", "3", HOST], "--first-hop"), (["trace", "-q", "0", HOST], "--queries"),
    (["trace", "--udp", "0", HOST], "--udp"), (["trace", "--tcp", "65536", HOST], "65536"),
    (["trace", "--sctp", "x", HOST], "--sctp"), (["trace", "--udp", "5", "--tcp", "6", HOST], "--tcp"),
    (["trace", "--dot", HOST], "--multipath"), (["trace", "--multipath", "--csv", HOST], "--csv"),
    (["trace", "--multipath", "--report", HOST], "--report"), (["trace", "--json", "--csv", HOST], "--csv"),
    (["trace", "--confidence", "50", "--multipath", HOST], "--confidence"), (["trace", "--algorithm", "x", HOST], "x"),
    (["trace", "--payload", "dns", HOST], "--udp"), (["trace", "--seed", "3", HOST], "--simulate"),
    (["trace", "--geo", "/nonexistent", HOST], "/nonexistent"), (["trace", "--via", "127.0.0.1", "::1"], "IPv4"),
    (["trace", "-w", "-1", HOST], "-1"), (["trace", "-s", "70000", HOST], "70000"), (["trace", "-z", "x", HOST], "x"),
    (["trace", "-I", "nope0", HOST], "nope0"), (["trace", "--socket=dgram", "--multipath", HOST], "raw"),
    (["trace", "--socket=dgram", "--sctp", "9", HOST], "raw"), (["trace", "--nonsense", HOST], "--nonsense"),
    (["trace", "--confidence", "99", HOST], "--multipath"), (["trace", "--algorithm", "lite", HOST], "--multipath"),
    (["trace", "--udp", "53", "--payload", "dns", "-s", "9", HOST], "--payload"),
    (["trace", "--tcp", "5", "-s", "65500", HOST], "65483"), (["trace", "--udp", "5", "-s", "1", "::1"], "--size"),
    (["trace", "192.0.2.1"], "192.0.2.1"), (["mtu"], "host"), (["mtu", "--least", "20", HOST], "--least"),
    (["mtu", "--least", "1400", "--most", "1300", HOST], "--least"), (["mtu", "--sctp", "9", HOST], "--sctp"),
    (["mtu", "--udp", "5", "--tcp", "6", HOST], "--tcp"), (["mtu", "--most", "70000", HOST], "70000"),
    (["mtu", "nosuch.invalid"], "nosuch.invalid"), (["mtu", "-6", HOST], HOST), (["mtu", "192.0.2.1"], "192.0.2.1"),
    (["mtu", "--simulate", "/nonexistent", "far"], "/nonexistent"),
]


class Refused(Case):
    topology = staticmethod(loopback)

    def test_bad_input(self):
        """One clear line on stderr, nothing on stdout, exit status 2."""
        for words, names in REFUSED:
            with self.subTest(" ".join(words)):
                result = self.ended(self.sonde(*words, timeout=8), 2)
                self.assertEqual(("", 1), (result.out, len(result.err.splitlines())), f"\n{result}")
                self.assertTrue(result.err.startswith(f"sonde {words[0]}: "), f"\n{result}")
                self.assertIn(names, result.err, f"\n{result}")
