"""mtr-packet's protocol, line by line, on real links and in `sonde lab`; and Debian's mtr through it."""

import collections
import ipaddress
import pathlib
import re
import socket
import struct
import subprocess
import threading
import unittest

from harness import SETTINGS, Capture, Case, chain, pair
from lab_case import Lab

FAR4, FAR6 = "10.55.0.2", "fd55::2"
GALLERY = pathlib.Path(__file__).resolve().parents[2] / "docs" / "scenarios"


def dropin():
    return f"{SETTINGS.dropin}/mtr-packet"


def replies_of(text):
    """{token: [words of its replies]}"""
    found = collections.defaultdict(list)
    for line in text.splitlines():
        token, rest = line.split(" ", 1)
        found[token].append(rest)
    return found


class Talk(Case):
    """Gives lines to a program of that name and takes its replies."""

    def whole(self, lines, *, space="near", program=None, timeout=60, **how):
        argv = [program or dropin()]
        with self.net.spaces[space].start(argv, stdin=subprocess.PIPE, **how) as started:
            out, err = started.process.communicate("".join(lines).encode("latin-1"), timeout)
            self.assertEqual((b"", 0), (err, started.process.returncode), out[-300:])
        return out.decode("latin-1")

    def talk(self, *lines, **how):
        return replies_of(self.whole([f"{line}\n" for line in lines], **how))

    def says(self, expected, *words, **how):
        """One probe's only reply, as a regular expression."""
        replies = self.talk(f"7 send-probe {' '.join(map(str, words))}", **how)
        self.assertEqual(["7"], list(replies), replies)
        self.assertEqual(1, len(replies["7"]), replies)
        self.assertRegex(replies["7"][0], f"^{expected}$", words)
        return replies["7"][0]


def rtt(kind, address):
    family = "ip-6" if ":" in address else "ip-4"
    return f"{kind} {family} {re.escape(address)} round-trip-time [0-9]+"


class Links(Talk):
    topology = staticmethod(pair)

    def test_reply_of_every_protocol(self):
        for protocol in ("icmp", "udp", "tcp"):
            for words in ("", "port 9"):
                self.says(rtt("reply", FAR4), "ip-4", FAR4, "protocol", protocol, words)
                self.says(rtt("reply", FAR6), "ip-6", FAR6, "protocol", protocol, words)
        self.says(rtt("reply", FAR4), "ip-4", FAR4, "protocol sctp port 9")

    def test_errors_on_the_way(self):
        self.says("no-reply", "ip-4 10.55.90.1 timeout 1")
        self.says("no-reply", "ip-6 fd55:0:90::1 timeout 0")
        self.says(rtt("no-route", FAR4), "ip-4 10.55.91.1")  # the kernel rations these
        self.says(rtt("no-route", FAR4), "ip-4 10.55.92.1 protocol udp")
        for protocol in ("icmp", "udp", "tcp"):
            self.says(rtt("no-route", FAR6), "ip-6 fd55:0:93::1 protocol", protocol)

    def test_no_way_to_send(self):
        self.says("no-route", "ip-4 203.0.113.1")
        self.says("no-route", "ip-6 2001:db8::1")
        self.says("invalid-argument", "ip-4 10.55.0.255")
        self.says("address-not-available", "ip-4", FAR4, "local-ip-4 10.55.0.77")
        self.says("address-not-available", "ip-6", FAR6, "local-ip-6 fd55::77 protocol tcp")
        self.says("invalid-argument", "ip-4", FAR4, "local-device nosuch0")

    def test_forbidden_by_a_firewall(self):
        self.net.near.nft("add table ip t\n"
                          "add chain ip t out { type filter hook output priority 0; }\n"
                          "add rule ip t out ip daddr 10.55.0.2 ip ttl 77 drop")
        self.says("permission-denied", "ip-4", FAR4, "ttl 77")
        self.says(rtt("reply", FAR4), "ip-4", FAR4, "ttl 76")

    def test_lines_that_mean_nothing(self):
        text = self.whole([
            "\n", "hello\n", "x send-probe ip-4 10.55.0.2\n", "99999999999999999999 send-probe\n",
            "1\n", "2 explode\n", "3 send-probe\n", "4 send-probe ip-4\n", "5 send-probe ip-4 10.55.0.2 ttl 256\n",
            "6 check-support\n", "7 send-probe ip-4 \xff\x00\n", f"8 {'x' * 5000}\n", "9 check-support feature no-such\n",
            "10 send-probe ip-4 10.55.0.2\n", "11 send-probe ip-4 10.55.0.2 ttl\n", "\x00\n", f"12 {'y' * 70000}\n",
            "13 send-probe ip-4 10.55.0.2\n", "14 send-probe ip-4 10.55.0.2"])
        replies = replies_of(text)
        self.assertEqual(["command-parse-error"] * 5 + ["command-buffer-overflow"] * 2, sorted(replies["0"], reverse=True))
        self.assertEqual(["unknown-command"], replies["2"])
        for token in ("1", "3", "4", "5", "6", "7", "11"):
            self.assertEqual(["invalid-argument"], replies[token], token)
        self.assertEqual(["feature-support support no"], replies["9"])
        for token in ("10", "13"):
            self.assertRegex(replies[token][0], rtt("reply", FAR4))
        self.assertNotIn("14", replies, "no newline ends it: it may have been cut")

    def test_support(self):
        names = ("send-probe", "ip-4", "ip-6", "icmp", "udp", "tcp", "sctp", "mark", "local-device")
        replies = self.talk(*(f"{i} check-support feature {name}" for i, name in enumerate(names)),
                            "20 check-support feature version", "21 check-support feature teleport")
        for i, name in enumerate(names):
            self.assertEqual(["feature-support support ok"], replies[str(i)], name)
        self.assertRegex(replies["20"][0], r"^feature-support support \d+\.\d+\.\d+$")
        self.assertEqual(["feature-support support no"], replies["21"])

    def test_commands_from_a_file_replies_to_a_file(self):
        work = SETTINGS.work / f"{self.id()}.txt"
        self.addCleanup(work.unlink, missing_ok=True)
        script = f"printf '1 send-probe ip-4 {FAR4}\\n2 send-probe ip-6 {FAR6}\\n' > {work}; exec {dropin()} < {work} > {work}.out"
        self.ended(self.net.near.run(["sh", "-c", script]))
        out = pathlib.Path(f"{work}.out")
        self.addCleanup(out.unlink, missing_ok=True)
        replies = replies_of(out.read_text(encoding="ascii"))
        self.assertRegex(replies["1"][0], rtt("reply", FAR4))
        self.assertRegex(replies["2"][0], rtt("reply", FAR6))

    def test_the_command_of_sonde(self):
        script = f"echo '1 send-probe ip-4 {FAR4}' | {SETTINGS.program} packet"
        self.assertRegex(self.ended(self.net.near.run(["sh", "-c", script])).out, "^1 reply ip-4")
        self.assertEqual(2, self.sonde("packet", "--what").code)
        self.assertIn("Usage", self.ended(self.sonde("packet", "--help")).out)

    def test_nobody_reads(self):
        script = f"(for i in 1 2 3 4 5 6; do echo $i send-probe ip-4 {FAR4}; sleep .1; done) | {dropin()} | head -n1"
        self.assertRegex(self.ended(self.net.near.run(["sh", "-c", script])).out, "^1 reply")


class Wire(Talk):
    """What each argument does to the datagram that leaves."""

    topology = staticmethod(pair)

    def sent(self, *words, protocol, **how):
        """The IP datagrams of the protocol that leave for one send-probe."""

        def wanted(frame):
            six = frame[12:14] == b"\x86\xdd"
            return frame[20 if six else 23] == protocol and (not six or frame[54] != 135)

        with Capture(self.net.near, "near0", wanted) as capture:
            self.talk(f"7 send-probe {' '.join(map(str, words))}", **how)
        return [frame[14:] for _, frame, outgoing in capture.frames if outgoing]

    def one(self, *words, protocol, **how):
        datagrams = self.sent(*words, protocol=protocol, **how)
        self.assertEqual(1, len(datagrams), words)
        return datagrams[0]

    def test_size_ttl_tos_and_pattern_of_ipv4(self):
        for size in (32, 64, 100, 1500):
            datagram = self.one(f"ip-4 {FAR4} size {size} ttl 9 tos 184 bit-pattern 165", protocol=1)
            self.assertEqual(size, struct.unpack("!H", datagram[2:4])[0])
            self.assertEqual((184, 9), (datagram[1], datagram[8]))
            self.assertEqual(set(datagram[46:size]) or {165}, {165}, "behind 18 bytes that tell whose it is")

    def test_size_ttl_tos_and_pattern_of_ipv6(self):
        for size in (64, 100, 1500):
            datagram = self.one(f"ip-6 {FAR6} size {size} ttl 9 tos 184 bit-pattern 90", protocol=58)
            self.assertEqual(size - 40, struct.unpack("!H", datagram[4:6])[0])
            self.assertEqual((184, 9), (struct.unpack("!I", datagram[:4])[0] >> 20 & 0xFF, datagram[7]))
            self.assertEqual(set(datagram[66:size]) or {90}, {90})

    def test_smaller_than_its_headers(self):
        self.assertEqual(32, len(self.one(f"ip-4 {FAR4} size 10", protocol=1)[:32]))

    def test_larger_than_the_link(self):
        self.assertEqual(2, len(self.sent(f"ip-4 {FAR4} size 2000", protocol=1)))

    def test_ports(self):
        for protocol, number in (("udp", 17), ("tcp", 6), ("sctp", 132)):
            datagram = self.one(f"ip-4 {FAR4} protocol {protocol} port 4711", protocol=number)
            self.assertEqual(4711, struct.unpack("!H", datagram[22:24])[0], protocol)
        for protocol, number in (("tcp", 6), ("sctp", 132)):
            datagram = self.one(f"ip-4 {FAR4} protocol {protocol}", protocol=number)
            self.assertEqual(80, struct.unpack("!H", datagram[22:24])[0], protocol)

    def test_local_port(self):
        for family, at, far in (("ip-4", 20, FAR4), ("ip-6", 40, FAR6)):
            datagram = self.one(f"{family} {far} protocol udp port 9 local-port 5000", protocol=17)
            self.assertEqual((5000, 9), struct.unpack("!HH", datagram[at : at + 4]))

    def test_local_address(self):
        self.net.near.ip("address add 10.55.0.71/24 dev near0\naddress add fd55::71/64 dev near0 nodad")
        self.addCleanup(self.net.near.ip, "address del 10.55.0.71/24 dev near0\naddress del fd55::71/64 dev near0")
        datagram = self.one(f"ip-4 {FAR4} local-ip-4 10.55.0.71", protocol=1)
        self.assertEqual(bytes([10, 55, 0, 71]), datagram[12:16])
        datagram = self.one(f"ip-6 {FAR6} local-ip-6 fd55::71", protocol=58)
        self.assertEqual(b"\xfd\x55" + bytes(13) + b"\x71", datagram[8:24])

    def test_mark(self):
        self.net.near.ip("rule add fwmark 5 table 7\nroute add blackhole default table 7")
        self.addCleanup(self.net.near.ip, "rule del fwmark 5 table 7\nroute flush table 7")
        lines = [f"{i} send-probe ip-4 {FAR4} timeout 1 {words}"
                 for i, words in enumerate(("mark 5", "", "mark 6"))]
        replies = self.talk(*lines)
        self.assertNotRegex(replies["0"][0], "^reply")
        self.assertNotRegex(replies["1"][0], "^reply", "it stays, as in mtr-packet")
        self.assertEqual(["permission-denied"], replies["2"])
        replies = self.talk(*(line.replace("mark 5", "mark 8") for line in lines))
        self.assertRegex(replies["0"][0], "^reply")
        self.assertEqual(["permission-denied"], self.talk(*reversed(lines))["0"])

    def test_local_device(self):
        self.net.near.ip("link add other0 type veth\nlink set other0 up\naddress add 10.77.0.1/24 dev other0")
        self.addCleanup(self.net.near.ip, "link del other0")
        self.says(rtt("reply", FAR4), f"ip-4 {FAR4} local-device near0")
        self.assertEqual([], self.sent(f"ip-4 {FAR4} timeout 1 local-device other0", protocol=1))

    def test_network_down(self):
        self.net.near.ip("link add down0 type veth\nlink set down0 up\naddress add 10.78.0.1/24 dev down0")
        self.addCleanup(self.net.near.ip, "link del down0")
        with self.net.near.start([dropin()], stdin=subprocess.PIPE) as program:
            pipe = program.process.stdin
            pipe.write(b"1 send-probe ip-4 10.78.0.9 timeout 0 local-device down0\n")
            pipe.flush()
            self.assertTrue(program.wait_for("1 no-reply\n"))
            self.net.near.ip("link set down0 down")
            pipe.write(b"2 send-probe ip-4 10.78.0.9 timeout 1 local-device down0\n")
            pipe.flush()
            self.assertTrue(program.wait_for("2 n"), "network-down or no-route")
            self.assertNotIn(b"2 no-reply", program.early)

    def test_local_ports_run_out_honestly(self):
        lines = [f"{port} send-probe ip-4 10.55.90.1 protocol udp port 9 local-port {port} timeout 1"
                 for port in range(5000, 5017)]
        replies = self.talk(*lines)
        self.assertEqual(["address-in-use"], replies.pop("5016"))
        self.assertEqual({"no-reply"}, {reply[0] for reply in replies.values()})

    def test_udp_answers_to_local_ports(self):
        """An echo service: what comes back is a datagram, not an error. Five times as many ports as places."""
        server = self.net.far.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(server.close)
        server.bind((FAR4, 7007))
        server.settimeout(5)

        def serve():
            for _ in range(80):
                data, client = server.recvfrom(2000)
                server.sendto(data, client)

        threading.Thread(target=serve, daemon=True).start()
        with self.net.near.start([dropin()], stdin=subprocess.PIPE) as program:
            for i in range(80):
                line = f"{i} send-probe ip-4 {FAR4} protocol udp port 7007 local-port {5000 + i} timeout 3\n"
                program.process.stdin.write(line.encode())
                program.process.stdin.flush()
                self.assertTrue(program.wait_for(f"{i} reply ip-4 {FAR4} "), program.early[-200:])


class Unprivileged(Talk):
    topology = staticmethod(lambda: chain(1))

    def setUp(self):
        super().setUp()
        self.net.near.open_datagram_sockets()

    def nobody(self, *lines):
        return self.talk(*lines, user="nobody")

    def test_what_datagram_sockets_allow(self):
        for protocol in ("icmp", "udp", "tcp"):
            replies = self.nobody(f"1 send-probe ip-4 10.55.1.2 protocol {protocol}",
                                  f"2 send-probe ip-4 10.55.1.2 ttl 1 protocol {protocol}",
                                  "3 send-probe ip-4 10.55.1.2 protocol sctp")
            self.assertRegex(replies["1"][0], rtt("reply", "10.55.1.2"), protocol)
            self.assertRegex(replies["2"][0], rtt("ttl-expired", "10.55.0.2"), protocol)
            self.assertEqual(["invalid-argument reason protocol-not-supported"], replies["3"])

    def test_what_they_do_not(self):
        replies = self.nobody("1 check-support feature sctp", f"2 send-probe ip-4 10.55.1.2 protocol sctp",
                              f"3 send-probe ip-4 10.55.1.2 mark 5", f"4 send-probe ip-4 10.55.1.2",
                              f"5 send-probe ip-4 10.55.1.2 protocol tcp", f"6 send-probe ip-4 10.55.1.2 protocol udp port 53")
        self.assertEqual(["feature-support support no"], replies["1"])
        self.assertEqual(["invalid-argument reason protocol-not-supported"], replies["2"])
        for token in ("3", "5", "6"):
            self.assertEqual(["permission-denied"], replies[token], token)
        self.assertRegex(replies["4"][0], rtt("reply", "10.55.1.2"))


class Routers(Talk):
    topology = staticmethod(chain)
    weight = 5

    def test_every_hop_of_every_protocol(self):
        for protocol in ("icmp", "udp", "tcp", "sctp"):
            for family, far, hop in (("ip-4", "10.55.8.2", "10.55.{}.2"), ("ip-6", "fd55:0:0:8::2", "fd55:0:0:{}::2")):
                replies = self.talk(*(f"{ttl} send-probe {family} {far} protocol {protocol} ttl {ttl} timeout 3"
                                      for ttl in range(1, 10)))
                for ttl in range(1, 10):
                    kind = "ttl-expired" if ttl < 9 else "reply"
                    self.assertRegex(replies[str(ttl)][0], f"^{kind} {family} {ipaddress.ip_address(hop.format(ttl - 1))} ",
                                     protocol)


class Many(Talk):
    topology = staticmethod(pair)
    weight = 8

    def all_reply(self, count, words):
        text = self.whole([f"{i} send-probe {words}\n" for i in range(count)])
        replies = replies_of(text)
        self.assertEqual(count, len(replies))
        self.assertEqual(count, text.count("\n"))
        self.assertEqual(count, text.count(" reply "), collections.Counter(line.split()[1] for line in text.splitlines()))

    def test_a_hundred_thousand_probes_of_one_session(self):
        self.all_reply(110_000, f"ip-4 {FAR4}")

    def test_ten_thousand_of_each_other_kind(self):
        self.all_reply(10_000, f"ip-6 {FAR6} protocol udp")
        self.all_reply(10_000, f"ip-4 {FAR4} protocol tcp port 9")

    def test_hosts_without_number(self):
        """More than there are places for; memory does not grow with them."""
        lines = [f"{i} send-probe ip-4 127.{i >> 16}.{i >> 8 & 255}.{i & 255}\n" for i in range(1, 100_001)]
        text = self.whole(lines)
        self.assertEqual(100_000, text.count(" reply ip-4 127."))
        for token, reply in replies_of(text).items():
            i = int(token)
            self.assertEqual(f"127.{i >> 16}.{i >> 8 & 255}.{i & 255}", reply[0].split()[2])


SLOW = """
router gw 198.18.0.2 2001:db8::2
host far 198.18.0.9 2001:db8::9 via gw delay 400ms
"""


class Inside(Lab):
    weight = 6

    def talk_inside(self, lines, text=None, gallery=None):
        work = SETTINGS.work / f"{self.id()}.lines"
        work.write_text("".join(f"{line}\n" for line in lines), encoding="ascii")
        self.addCleanup(work.unlink, missing_ok=True)
        if gallery:
            text = (GALLERY / f"{gallery}.scn").read_text(encoding="utf-8")
        script = f"cat {work} | {dropin()}"
        return replies_of(self.ended(self.lab("sh", "-c", script, text=text)).out)

    def test_five_thousand_in_flight(self):
        for words in ("ip-4 198.18.0.9", "ip-6 2001:db8::9 protocol udp", "ip-4 198.18.0.9 protocol tcp"):
            replies = self.talk_inside([f"{i} send-probe {words} timeout 5" for i in range(5000)], SLOW)
            self.assertEqual(5000, len(replies))
            for reply in replies.values():
                self.assertEqual("reply", reply[0].split()[0])
                self.assertGreaterEqual(int(reply[0].split()[-1]), 400_000)

    def test_labels(self):
        replies = self.talk_inside(
            [f"{family[0]}{ttl} send-probe ip-{family[0]} {family[1]} ttl {ttl} size 200"
             for ttl in (5, 6, 7, 8) for family in (("4", "198.18.0.9"), ("6", "2001:db8::9"))],
            gallery="intercontinental")
        for family in "46":
            self.assertNotIn("mpls", replies[f"{family}5"][0])
            for ttl, label in ((6, 24015), (7, 300112), (8, 24701)):
                self.assertRegex(replies[f"{family}{ttl}"][0], f"^ttl-expired .* mpls {label},0,1,1$")


REPORT = re.compile(r"^\s*(\d+)\.\|-- (\S+)\s+([\d.]+)%?\s+(\d+)\s+([\d.]+)\s+([\d.]+)", re.M)


@unittest.skipUnless(pathlib.Path("/usr/bin/mtr").exists(), "mtr is not installed")
class Mtr(Lab):
    """Debian's mtr with its own mtr-packet and with ours: the same path, the same loss, the same times."""

    weight = 25

    def report(self, scenario, *words, packet=None):
        text = (GALLERY / f"{scenario}.scn").read_text(encoding="utf-8")
        env = [f"MTR_PACKET={packet}"] if packet else []
        result = self.ended(self.lab("env", *env, "mtr", "-n", "--report", "-c3", "-i0.3", *words, text=text))
        return [(int(hop), address, float(loss), int(sent), float(last), float(mean))
                for hop, address, loss, sent, last, mean in REPORT.findall(result.out)]

    def test_same_path_same_loss(self):
        for words in (["-4", "far"], ["-6", "-u", "far"]):
            theirs = self.report("intercontinental", *words)
            ours = self.report("intercontinental", *words, packet=dropin())
            self.assertEqual(14, len(ours), f"{words}: {ours}")
            self.assertEqual([row[:4] for row in theirs], [row[:4] for row in ours], words)
            for a, b in zip(theirs, ours, strict=True):
                self.assertAlmostEqual(a[5], b[5], delta=8, msg=f"{words}: {a} {b}")

    def test_ports_of_both_ends(self):
        ours = self.report("intercontinental", "-u", "-P", "53", "-L", "5000", "far", packet=dropin())
        self.assertEqual([0.0] * 14, [row[2] for row in ours])

    def test_sctp_without_the_kernel_s(self):
        ours = self.report("intercontinental", "-4", "-S", "far", packet=dropin())
        self.assertEqual([0.0] * 14, [row[2] for row in ours])

    def test_size_pattern_and_traffic_class(self):
        ours = self.report("intercontinental", "-4", "-s", "300", "-B", "300", "-Q", "8", "far", packet=dropin())
        self.assertEqual([0.0] * 14, [row[2] for row in ours])
