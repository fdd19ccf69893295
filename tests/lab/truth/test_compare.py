"""The comparer must be able to fail: a real run beside a truth that was falsified afterwards, one lie at a time; and
its parts beside examples worked out by hand."""

import copy
import dataclasses
import json
import socket
import struct
import tempfile
import unittest

import wire
from harness import Case
from jsonl import Run
from truth import figures, play, records
from truth.compare import MS, Comparison, Probe
from truth.datagram import divide, icmp_checksum_ok, parse_ip
from truth.describe import mistakes
from truth.judge import Judge
from truth.records import Answer

__all__ = ["Datagrams", "Falsified", "Figures", "Judged", "Scenarios"]

SCENARIO = """
router r1 198.18.1.1 2001:db8:1::1 mpls 17/0/1
host mixed 198.18.0.9 2001:db8::9
  delay 20ms via r1 loss 10% duplicate 15% after 3ms corrupt 5% stray 10%
host odd 198.18.0.10 2001:db8::10
  delay 10ms via r1 error unreachable host from r1 chance 40%
host slow 198.18.0.11 2001:db8::11
  delay 90ms via r1
"""
HOSTS = ["198.18.0.9", "2001:db8::9", "198.18.0.10", "2001:db8::10", "198.18.0.11"]


def sealed(data):
    """The datagram with right checksums, after a change."""
    ip = parse_ip(data)
    head, message = data[: ip.header], bytearray(ip.upper)
    message[2:4] = b"\0\0"
    pseudo = b""
    if ip.family == 6:
        pseudo = data[8:40] + struct.pack("!II", len(message), 58)
    else:
        head = head[:10] + b"\0\0" + head[12:]
        head = head[:10] + struct.pack("!H", wire.checksum(head)) + head[12:]
    message[2:4] = struct.pack("!H", wire.checksum(pseudo + bytes(message)))
    return head + bytes(message)


def changed(data, at, value):
    return sealed(data[:at] + bytes([value]) + data[at + 1 :])


class Falsified(Case):
    topology = staticmethod(play.Nothing)
    alone = True

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        words = ["-c40", "-i20ms", "-W70ms", "-w1s"]
        cls.played = play.play(SCENARIO, words, HOSTS)

    def setUp(self):
        super().setUp()
        self.packets = copy.deepcopy(self.played.packets)
        self.text = self.played.result.out

    def compare(self):
        return Comparison(Run(self.text), self.packets)

    def assert_noticed(self, word):
        """The difference is told, and told as what it is."""
        differences = self.compare().differences
        self.assertTrue(differences, "nobody noticed")
        self.assertTrue(any(word in text for text in differences), f"{word!r} is not in {differences[:3]}")

    def answer(self, fate="reply", to=None, harm=frozenset()):
        """One in the middle of the run."""
        found = [
            (packet, answer) for packet in self.packets for answer in packet.answers
            if answer.fate == fate and answer.harm == harm and answer.left
            and (to is None or packet.told["destination"] == to)
        ]
        self.assertTrue(found, f"no {fate} to {to}")
        return found[len(found) // 2]

    def rewrite(self, kind, change, pick=lambda line: True):
        """Changes the first line of sonde's of that type."""
        lines, done = [], False
        for text in self.text.splitlines():
            line = json.loads(text)
            if not done and line["type"] == kind and pick(line):
                change(line)
                done = True
            lines.append(json.dumps(line))
        self.assertTrue(done)
        self.text = "\n".join(lines) + "\n"

    def test_nothing(self):
        self.assertEqual([], self.played.comparison.differences)
        self.assertEqual([], self.compare().differences)
        told = {line["outcome"] for line in self.played.run.outcomes}
        self.assertLessEqual({"reply", "timed_out", "late", "duplicate", "unreachable"}, told)

    def test_times(self):
        self.assertIsNone(self.compare().untimely(busy=True))
        for packet in self.packets:
            for answer in packet.answers:
                if answer.left:
                    answer.left += MS * 3 // 2
        comparison = self.compare()
        self.assertIsNotNone(comparison.untimely())
        self.assertIsNotNone(comparison.untimely(busy=True))

    def test_one_time(self):
        _, answer = self.answer(to="198.18.0.10")
        answer.left -= 2 * MS
        self.assertIsNotNone(self.compare().untimely())

    def test_a_reply_that_never_left(self):
        _, answer = self.answer(to="198.18.0.10")
        answer.left = answer.data = None
        self.assert_noticed("sonde says reply")

    def test_a_late_reply_that_never_left(self):
        _, answer = self.answer(to="198.18.0.11")
        answer.left = answer.data = None
        self.assert_noticed("heard ['late']; the truth is timed_out, heard []")

    def test_a_late_reply_in_time(self):
        packet, answer = self.answer(to="198.18.0.11")
        answer.left = packet.came + 60 * MS
        self.assert_noticed("the truth is reply")

    def test_a_reply_after_the_timeout(self):
        packet, answer = self.answer(to="198.18.0.10")
        answer.left = packet.came + 80 * MS
        self.assert_noticed("the truth is timed_out")

    def test_one_more_duplicate(self):
        packet, answer = self.answer(to="198.18.0.10")
        packet.answers.append(dataclasses.replace(answer, fate="duplicate", left=answer.left + MS))
        self.assert_noticed("heard ['reply', 'duplicate']")

    def test_one_duplicate_less(self):
        packet, answer = self.answer("duplicate", "2001:db8::9")
        packet.answers.remove(answer)
        self.assert_noticed("heard ['reply', 'duplicate']; the truth is reply, heard ['reply']")

    def test_a_packet_that_sonde_does_not_know(self):
        packet = copy.deepcopy(self.packets[7])
        packet.came += MS
        self.packets.insert(8, packet)
        self.assert_noticed("2 came, sonde says it sent 1")

    def test_a_packet_that_never_came(self):
        del self.packets[9]
        self.assert_noticed("none came")

    def test_somebody_elses_packet(self):
        packet = copy.deepcopy(self.packets[7])
        packet.data = changed(packet.data, len(packet.data) - 64, 3)
        self.packets.append(packet)
        self.assertTrue(self.compare().differences)

    def test_another_code(self):
        _, answer = self.answer("error", "2001:db8::10")
        answer.data = changed(answer.data, 41, 4)
        self.assert_noticed("ICMP")

    def test_another_router(self):
        _, answer = self.answer("error", "2001:db8::10")
        answer.data = changed(answer.data, 23, 99)
        self.assert_noticed("from is 2001:db8:1::1")

    def test_another_hop_limit(self):
        _, answer = self.answer(to="2001:db8::10")
        answer.data = changed(answer.data, 7, 17)
        self.assert_noticed("ttl is")

    def test_another_hop_limit_in_the_quote(self):
        _, answer = self.answer("error", "2001:db8::10")
        answer.data = changed(answer.data, 48 + 7, 17)
        self.assert_noticed("quote is")

    def test_another_payload(self):
        _, answer = self.answer(to="2001:db8::10")
        answer.data = changed(answer.data, 48 + 30, 0xEE)
        self.assert_noticed("payload_differs_at is None in reply, the truth is 30")

    def test_a_payload_without_proof(self):
        _, answer = self.answer(to="2001:db8::10")
        answer.data = changed(answer.data, 48 + 3, 0xEE)
        self.assertTrue(self.compare().differences)

    def test_a_wrong_checksum(self):
        for to in ("198.18.0.10", "2001:db8::10"):
            self.packets = copy.deepcopy(self.played.packets)
            _, answer = self.answer(to=to)
            answer.data = answer.data[:-1] + bytes([answer.data[-1] ^ 1])
            self.assert_noticed("heard ['corrupt']")

    def test_replies_in_another_order(self):
        """Two probes of a host, the answers to which change places."""
        mine = [
            packet for packet in self.packets
            if packet.told["destination"] == "198.18.0.10" and packet.answers[0].fate == "reply"
            and len(packet.answers) == 1
        ]
        first = mine[3]
        first.answers[0].left = mine[4].answers[0].left + 1000
        self.assert_noticed("reordering")

    def test_one_stray_more(self):
        packet, answer = self.answer("stray", "198.18.0.9")
        packet.answers.append(copy.deepcopy(answer))
        self.assert_noticed("foreign, malformed")

    def test_one_stray_less(self):
        packet, answer = self.answer("stray", "2001:db8::9")
        packet.answers.remove(answer)
        self.assert_noticed("foreign, malformed")

    def test_sondes_sums(self):
        """Every figure of the first host's, wrong by one or by a millisecond."""
        self.rewrite("summary", lambda line: None)
        kept = self.text

        def more(*path, by):
            def change(line):
                for key in path[:-1]:
                    line = line[key]
                line[path[-1]] += by

            self.text = kept
            self.rewrite("summary", change)

        for path, by, word in [
            (("sent",), 1, "sent"),
            (("received",), 1, "received"),
            (("outcomes", "duplicate"), 1, "outcomes"),
            (("loss", "lost"), 1, "loss"),
            (("loss", "judged"), 1, "loss"),
            (("loss_periods", "longest"), 1, "loss periods"),
            (("loss_periods", "count"), 1, "loss periods"),
            (("reordering", "reordered"), 1, "reordering"),
            (("rtt", "count"), 1, "rtt.count"),
            (("rtt", "min_ns"), 5 * MS, "rtt.min_ns"),
            (("rtt", "mean_ns"), 5 * MS, "rtt.mean_ns"),
            (("rtt", "max_ns"), 5 * MS, "rtt.max_ns"),
            (("rtt", "deviation_ns"), 5 * MS, "rtt.deviation_ns"),
            (("ipdv", "count"), 1, "ipdv.count"),
            (("percentiles", "p50_ns"), 5 * MS, "p50_ns"),
        ]:
            more(*path, by=by)
            self.assert_noticed(word)

    def test_sondes_counters(self):
        for name, by in (("foreign", 1), ("foreign", -1), ("malformed", 1), ("receive_drops", 100), ("clock_steps", 1)):
            self.text = self.played.result.out
            self.rewrite("end", lambda line, name=name, by=by: line.update({name: line[name] + by}))
            self.assertTrue(self.compare().differences, name)

    def test_a_verdict_of_sondes(self):
        def is_lost(line):
            return line["outcome"] == "timed_out" and line["address"] == "198.18.0.9"

        self.rewrite("outcome", lambda line: line.update(outcome="unfinished"), is_lost)
        self.assert_noticed("sonde says unfinished")

    def test_extensions(self):
        def is_error(line):
            return line["outcome"] == "unreachable" and line["address"] == "2001:db8::10"

        self.rewrite("outcome", lambda line: line["extensions"][0]["labels"][0].update(label=18), is_error)
        self.assert_noticed("'label': 18")
        self.text = self.played.result.out
        self.rewrite("outcome", lambda line: line.pop("extensions"), is_error)
        self.assert_noticed("extensions is []")

    def test_the_lab_contradicts_itself(self):
        self.assertEqual([], mistakes(self.packets))
        packet, answer = self.answer("error", "198.18.0.10")
        answer.told["code"] = 13
        packet.told["hop_limit"] = 1
        self.assertEqual(2, len(mistakes(self.packets)))

    def test_labels_told_wrongly(self):
        _, answer = self.answer("error", "198.18.0.10")
        answer.told["extensions"][0]["labels"][0]["label"] = 18
        self.assertEqual(1, len(mistakes(self.packets)))


OURS, FAR, OTHER = (socket.inet_aton(text) for text in ("198.18.0.1", "198.18.0.9", "198.18.0.66"))
PAYLOAD = bytes(range(56))


def echo(kind, payload=PAYLOAD, identifier=7, sequence=3, **more):
    return wire.icmp(kind, 0, struct.pack("!HH", identifier, sequence), payload, **more)


class Judged(unittest.TestCase):
    weight, alone = 1, False

    def judge(self, message, source=FAR, how="raw", fate="reply", payload=PAYLOAD, **header):
        request = parse_ip(wire.ipv4(OURS, FAR, echo(8, payload)))
        judge = Judge({(7, 3): [Probe(1000, request, [])]}, how)
        data = wire.ipv4(source, OURS, message, **header)
        return judge.judge(Answer(fate, frozenset(), left=2000, data=data)).kind

    def test_replies(self):
        self.assertEqual("reply", self.judge(echo(0)))
        self.assertEqual("reply", self.judge(echo(0), source=OTHER))
        self.assertEqual("reply", self.judge(echo(0, PAYLOAD[:20])))
        self.assertEqual("reply", self.judge(echo(0, PAYLOAD[:4])))
        self.assertEqual("foreign", self.judge(echo(0, PAYLOAD[:4]), source=OTHER))
        self.assertEqual("foreign", self.judge(echo(0, b"x" * 56)))
        self.assertEqual("foreign", self.judge(echo(0, sequence=4)))
        self.assertEqual("unseen", self.judge(echo(0, identifier=8)))
        self.assertEqual("unseen", self.judge(echo(8)))
        self.assertEqual("corrupt", self.judge(echo(0, wrong=1)))
        self.assertEqual("unseen", self.judge(echo(0, wrong=1), how="dgram"))
        self.assertEqual("unseen", self.judge(echo(0), total=2000))
        self.assertEqual("reply", self.judge(echo(0, b"y" * 4), payload=b"x" * 4))

    def test_errors(self):
        quoted = wire.ipv4(OURS, FAR, echo(8))
        for kind, code, outcome in (
            (3, 1, "unreachable"), (3, 4, "too_big"), (11, 0, "time_exceeded"), (12, 0, "parameter_problem"),
            (5, 1, "redirect"), (4, 0, "source_quench"),
        ):
            self.assertEqual(outcome, self.judge(wire.icmp(kind, code, bytes(4), quoted), source=OTHER))
        exceeded = [
            (quoted[:28], "time_exceeded"),
            (quoted[:26], "nothing"),
            (wire.ipv4(OURS, OTHER, echo(8)), "foreign"),
            (wire.ipv4(OURS, FAR, echo(8, b"x" * 56)), "foreign"),
            (wire.ipv4(OURS, FAR, echo(8, identifier=9)), "unseen"),
        ]
        for quote, outcome in exceeded:
            self.assertEqual(outcome, self.judge(wire.icmp(11, 0, bytes(4), quote), source=OTHER), quote)

    def test_hostile_ones_may_be_counted_as_anything(self):
        self.assertEqual("nothing", self.judge(echo(0, b"x" * 56), fate="hostile"))
        self.assertEqual("reply", self.judge(echo(0), fate="hostile"))


class Datagrams(unittest.TestCase):
    weight, alone = 1, False

    def test_extensions(self):
        quote = wire.ipv4(OURS, FAR, echo(8)).ljust(128, b"\0")
        objects = struct.pack("!HBBI", 8, 1, 1, 17 << 12 | 1 << 8 | 1)
        structure = b"\x20\0\0\0" + objects
        structure = structure[:2] + struct.pack("!H", wire.checksum(structure)) + structure[4:]
        found = [(1, 1, objects[4:])]
        self.assertEqual((quote, found), divide(4, wire.icmp(11, 0, bytes([0, 32, 0, 0]), quote + structure)))
        self.assertEqual((quote, found), divide(4, wire.icmp(11, 0, bytes(4), quote + structure)))
        broken = structure[:-1] + b"\x07"
        self.assertEqual((quote, []), divide(4, wire.icmp(11, 0, bytes([0, 32, 0, 0]), quote + broken)))
        self.assertEqual(quote + broken, divide(4, wire.icmp(11, 0, bytes(4), quote + broken))[0])

    def test_checksums(self):
        source, to = (socket.inet_pton(socket.AF_INET6, text) for text in ("2001:db8::9", "2001:db8::1"))
        data = sealed(wire.ipv6(source, to, echo(129)))
        self.assertTrue(icmp_checksum_ok(parse_ip(data)))
        self.assertFalse(icmp_checksum_ok(parse_ip(data[:-1] + b"\0")))

    def test_short_ones(self):
        data = wire.ipv4(OURS, FAR, echo(8))
        self.assertIsNone(parse_ip(data[:19]))
        self.assertIsNone(parse_ip(data[:-1]))
        self.assertEqual(len(data), parse_ip(data[:-1], quoted=True).total)
        self.assertIsNone(parse_ip(b""))
        self.assertIsNone(parse_ip(b"\x50" * 60))

    def test_a_broken_pcap(self):
        with tempfile.NamedTemporaryFile() as file:
            file.write(struct.pack("=III", 0x0A0D0D0A, 28, 0x1A2B3C4D) + bytes(8) + struct.pack("=II", 0, 27))
            file.flush()
            with self.assertRaises(AssertionError):
                records.read("/dev/null", file.name)


class Figures(unittest.TestCase):
    weight, alone = 1, False

    def test_loss_periods(self):
        verdicts = [{"o": "reply", "x": "timed_out", "e": "unreachable"}[letter] for letter in "ooxxoxexxxo"]
        self.assertEqual({"count": 3, "longest": 3, "mean": 2.0}, figures.loss_periods(verdicts))
        self.assertIsNone(figures.loss_periods(["reply", "unreachable"]))
        self.assertEqual({"judged": 11, "lost": 6}, figures.loss([*verdicts, "unfinished"]))

    def test_reordering(self):
        for numbers, reordered, extent in (
            ([1, 2, 3], 0, 0), ([1, 3, 2, 4], 1, 1), ([2, 3, 4, 1], 1, 3), ([3, 1, 2], 2, 2), ([], 0, 0),
            ([1, 5, 2, 6, 3], 2, 3),
        ):
            true = {"arrivals": len(numbers), "reordered": reordered, "extent_max": extent}
            self.assertEqual(true, figures.reordering(numbers))

    def test_variation(self):
        self.assertEqual(
            {"count": 2, "min_ns": -5, "max_ns": 3, "mean_abs_ns": 4.0},
            figures.variation([10, 13, None, 20, 15]),
        )
        self.assertIsNone(figures.variation([10, None, 10]))

    def test_distribution(self):
        found = figures.distribution([10, 20, 30, 20])
        self.assertEqual((4, 10, 20.0, 30), tuple(found[key] for key in ("count", "min_ns", "mean_ns", "max_ns")))
        self.assertAlmostEqual(50**0.5, found["deviation_ns"])
        self.assertEqual(20, figures.nearest_rank([10, 20, 30, 20], 50))
        self.assertEqual(30, figures.nearest_rank([10, 20, 30, 20], 99))


class Scenarios(unittest.TestCase):
    weight, alone = 1, False

    def test_scaled(self):
        text = "host far 10.0.0.1 delay 20ms\nat 60s..2m link a b loss 5%\nat 10s..1h every 30s for 4s link a b down\n" \
               "at 10s suspend 5s\nat 1s host far delay 30s\n"
        self.assertEqual(
            "host far 10.0.0.1 delay 20ms\nat 6000000000ns..12000000000ns link a b loss 5%\n"
            "at 1000000000ns..360000000000ns every 3000000000ns for 400000000ns link a b down\n"
            "at 1000000000ns suspend 500000000ns\nat 100000000ns host far delay 30s\n",
            play.scaled(text, 10),
        )

    def test_addresses(self):
        text = "router r 198.18.0.2\nhost far 198.18.0.9 2001:db8::9\n  delay 1ms\nhost b 10.0.0.1 delay 1ms\n"
        self.assertEqual(["198.18.0.9", "2001:db8::9", "10.0.0.1"], play.addresses(text, "far b"))
        self.assertEqual(["198.18.0.9", "10.9.9.9"], play.addresses(text, "far 10.9.9.9", (4,)))
