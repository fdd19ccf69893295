"""Answers that were made to hurt. Nothing may crash, and nothing may be counted that is not so."""

import random
import signal
import struct
import time

from far_end import FarEnd, silent_pair
from harness import SETTINGS, wait_until
from name_server import PTR, NameServer, asking, labels
from test_figures import JsonCase
from wire import address, icmp, icmp6, ipv4, ipv6

ROUTER4, ROUTER6 = address("10.55.0.254"), address("fd55::fe")


class Hostile(JsonCase):
    topology = staticmethod(silent_pair)
    hosts = ("10.55.0.2", "fd55::2")

    def against(self, script, *words, host="10.55.0.2", codes=(0, 1), **options):
        with FarEnd(self.net, script):
            return self.json("-n", "-W.3", *words, host, codes=codes, **options)

    # --- payloads

    def test_forged_times(self):
        """CVE-2025-47268, CVE-2025-48964: a time in the payload is never believed."""
        forgeries = [
            struct.pack("<qq", seconds, micro)
            for seconds in (0, -1, 1 << 62, -(1 << 63), (1 << 63) - 1, 1)
            for micro in (0, -1, (1 << 63) - 1, -(1 << 63), 999999)
        ]

        def answer(request, number):
            forged = forgeries[(number - 1) % len(forgeries)]
            return [request.reply(forged[: len(request.payload)] + request.payload[16:])]

        for words in ([], ["-s", "16"], ["-s", "24"], ["-s", "8"]):
            for host in self.hosts:
                run = self.against(answer, f"-c{len(forgeries)}", "-i.005", *words, host=host)
                for line in run.outcomes:
                    self.assertLess(line.get("rtt_ns", 0), 300_000_000, line)

    def test_forged_proof(self):
        """Everything that proves the reply ours is wrong: it is nobody's, and the probe is lost."""

        def answer(request, _):
            return [request.reply(bytes(255 - byte for byte in request.payload))]

        for host in self.hosts:
            run = self.against(answer, "-c5", "-i.02", host=host)
            self.assertEqual(["timed_out"] * 5, run.kinds(), run.text)
            self.assertGreaterEqual(run.end[0]["foreign"], 5, run.text)

    def test_guessed_numbers(self):
        """Replies to probes that were never sent: all identifiers' neighbours, all sequences."""

        def answer(request, number):
            wrong = [
                request.reply(identifier=(request.identifier + 1) & 0xFFFF),
                request.reply(identifier=request.identifier ^ 0x8000),
                request.reply(sequence=(request.sequence + 1) & 0xFFFF),
                request.reply(sequence=request.sequence ^ 0x8000),
            ]
            return wrong if number % 2 else wrong + [request.reply()]

        run = self.against(answer, "-c6", "-i.02")
        self.assertEqual(["timed_out", "reply"] * 3, run.kinds(), run.text)

    def test_answer_to_an_earlier_probe(self):
        """An old reply repeated is a duplicate of its own probe, not an answer to this one."""
        kept = []

        def answer(request, _):
            kept.append(request.reply())
            return [kept[0]]

        run = self.against(answer, "-c5", "-i.02")
        self.assertEqual(["reply"] + ["timed_out"] * 4, run.kinds(), run.text)
        self.assertEqual(4, run.count("duplicate"), run.text)

    # --- copies, strangers, lengths

    def test_a_thousand_copies(self):
        for host in self.hosts:
            run = self.against(lambda r, _: [r.reply()] * 1000, "-c3", "-i.3", host=host)
            self.assertEqual(["reply"] * 3, run.kinds())
            self.assertGreaterEqual(run.count("duplicate") + run.end[0]["receive_drops"], 1998)

    def test_from_another_address(self):
        stranger = {"10.55.0.2": address("10.55.0.66"), "fd55::2": address("fd55::66")}
        for host in self.hosts:
            run = self.against(lambda r, _: [r.reply(source=stranger[host])], "-c3", "-i.02", host=host)
            for line in run.outcomes:
                if line["outcome"] == "reply":
                    self.assertTrue(line.get("foreign_source"), line)

    def test_truncated_to_every_length(self):
        for host in self.hosts:
            run = self.against(lambda r, n: [r.reply(r.payload[: n - 1])], "-c56", "-i.005", host=host)
            for line in run.finals:
                if line["outcome"] == "reply":
                    self.assertTrue(line["truncated"], line)

    def test_longer_than_asked(self):
        for host in self.hosts:
            run = self.against(lambda r, n: [r.reply(r.payload + bytes(n * 100))], "-c13", "-i.01", host=host)
            self.assertEqual(13, len(run.finals))

    def test_wrong_checksum(self):
        for host in self.hosts:
            run = self.against(lambda r, n: [r.reply(wrong=1 << n % 16)], "-c16", "-i.01", host=host)
            self.assertEqual(["timed_out"] * 16, run.kinds(), run.text)

    def test_lengths_in_the_header_that_lie(self):
        """More than there is, less than a header, none at all."""

        def answer(request, number):
            body = request.reply()[20:]
            totals = [0, 1, 19, 20, 21, 27, 28, 29, 83, 85, 200, 1500, 65535]
            words = [0, 1, 4, 6, 10, 15]
            total = totals[number % len(totals)]
            return [
                ipv4(request.to, request.source, body, total=total),
                ipv4(request.to, request.source, body, header_words=words[number % len(words)]),
                request.reply(),
            ]

        run = self.against(answer, "-c40", "-i.005")
        self.assertEqual(["reply"] * 40, run.kinds(), run.text)

    def test_options_in_replies(self):
        """IPv4 options of all kinds and lengths, right and wrong, printed by the text report."""
        generator = random.Random(4)

        def answer(request, number):
            options = bytes([number % 256, generator.randrange(256)]) + generator.randbytes(38)
            mixed = [
                b"\x07\x27\x04",
                b"\x44\x28\xff\xff",
                b"\x83\x03\x04",
                b"\x89\x02",
                b"\x07\x00\x04",
                b"\x44\x04\x05",
            ]
            chosen = mixed[number % len(mixed)].ljust(40, b"\x07")
            return [request.reply(options=options), request.reply(options=chosen), request.reply()]

        with FarEnd(self.net, answer):
            result = self.ended(self.ping("-n", "-R", "-c260", "-i.002", "-W.3", "10.55.0.2"))
        self.assertIn("260 packets transmitted, 260 received", result.out)

    # --- errors

    def test_errors_that_quote_options(self):
        """CVE-2022-23093: the quoted header has 40 bytes of options."""

        def quote_of(request, options, words=None, cut=None):
            inner = ipv4(request.source, request.to, request.icmp[:8], options=options, header_words=words)
            return inner[:cut]

        def answer(request, number):
            quotes = [
                quote_of(request, b"\x01" * 40),
                quote_of(request, bytes(40)),
                quote_of(request, b"\x07\x27\x04" + bytes(37)),
                quote_of(request, b"", words=15),
                quote_of(request, b"", words=4),
                quote_of(request, b"", words=0),
                quote_of(request, b"\x01" * 40, cut=20),
                quote_of(request, b"\x01" * 40, cut=59),
                quote_of(request, b"\x01" * 40, cut=61),
                b"",
                b"\x4f",
                b"\x45",
            ]
            quote = quotes[number % len(quotes)]
            return [request.error(kind, 0, quote=quote, source=ROUTER4) for kind in (3, 4, 5, 11, 12)]

        run = self.against(answer, "-c48", "-i.005", codes=(0, 1))
        self.assertEqual(48, len(run.finals))
        self.assertNotIn("reply", run.kinds())
        for words in (["-v"], ["-f"], ["-R"]):
            with FarEnd(self.net, answer):
                self.ended(self.ping("-n", *words, "-c48", "-i.005", "-W.3", "10.55.0.2"), 1)

    def test_errors_about_somebody_elses_probe(self):
        """Another target, another protocol, another identifier in the quote, or no request at all."""

        def answer(request, number):
            other = address("10.55.0.77")
            foreign = struct.pack("!HH", (request.identifier + 1) & 0xFFFF, request.sequence)
            inner = request.icmp
            quotes = [
                ipv4(request.source, other, inner),
                ipv4(request.source, request.to, inner, protocol=17),
                ipv4(request.source, request.to, icmp(8, 0, foreign, inner[8:])),
                ipv4(request.source, request.to, icmp(0, 0, inner[4:8], inner[8:])),
            ]
            errors = [request.error(3, 1, quote=quote, source=ROUTER4) for quote in quotes]
            return errors + [(0.02, request.reply())]

        run = self.against(answer, "-c5", "-i.05")
        self.assertEqual(["reply"] * 5, run.kinds(), run.text)

    def test_error_with_a_wrong_checksum(self):
        run = self.against(
            lambda r, _: [r.error(3, 1, source=ROUTER4, wrong=0x55), (0.02, r.reply())], "-c3", "-i.05"
        )
        self.assertEqual(["reply"] * 3, run.kinds(), run.text)

    def test_absurd_mtu(self):
        """"Too big" with an MTU of 0, 1, 67, 65535: told, not obeyed into nonsense."""

        def answer(request, number):
            mtu = [0, 1, 67, 68, 575, 65535][number % 6]
            if request.six:
                return [request.error(2, 0, mtu.to_bytes(4, "big"), source=ROUTER6)]
            return [request.error(3, 4, mtu.to_bytes(4, "big"), source=ROUTER4)]

        for host in self.hosts:
            run = self.against(answer, "-c12", "-i.02", "-s", "1000", host=host)
            self.assertEqual(12, len(run.finals), run.text)
            self.net.near.do("ip", "route", "flush", "cache")

    def test_extensions(self):
        """RFC 4884 structures with lengths of 0, of more than there is, and without end."""
        generator = random.Random(9)

        def answer(request, number):
            padded = request.datagram[:128].ljust(128, b"\0")
            objects = [
                b"\x20\0\0\0" + b"\0\x08\x01\x01" + bytes(4),
                b"\x20\0\0\0" + b"\0\0\x01\x01" * 50,
                b"\x20\0\0\0" + b"\xff\xff\x01\x01" + bytes(8),
                b"\x20\0\0\0" + b"\0\x03\x01\x01",
                b"\x20\0\0\0" + b"\0\x0c\x02\xff" + generator.randbytes(64),
                generator.randbytes(100),
            ]
            rest = bytes([0, generator.choice([0, 1, 32, 255]), 0, 0])
            return [request.error(11, 0, rest, quote=padded + objects[number % len(objects)], source=ROUTER4)]

        run = self.against(answer, "-c60", "-i.005")
        self.assertEqual(60, len(run.finals))

    # --- noise

    def test_every_type_and_code(self):
        """All 256 types with eight codes each, quoting our probe; then the reply."""

        def answer(request, number):
            noise = []
            for kind in range((number - 1) * 8, number * 8):
                if kind in (0, 128):  # replies have tests of their own; 8 and 129 answer nobody
                    continue
                for code in (0, 1, 2, 5, 7, 15, 16, 255):
                    noise.append(request.error(kind, code, source=ROUTER6 if request.six else ROUTER4))
            return noise + [request.reply()]

        for host in self.hosts:
            run = self.against(answer, "-c32", "-i.03", host=host)
            self.assertEqual(32, len(run.finals))
            self.assertTrue(set(run.kinds()) - {"timed_out"} == set(run.kinds()), run.kinds())

    def test_garbage_four(self):
        generator = random.Random(1)

        def answer(request, _):
            noise = []
            for _ in range(40):
                length = generator.choice([0, 1, 3, 4, 7, 8, 9, 20, 28, 36, 64, 200, 1400])
                body = generator.randbytes(length)
                noise.append(ipv4(generator.randbytes(3).rjust(4, b"\x0a"), request.source, body))
                noise.append(ipv4(request.to, request.source, bytes([generator.choice([0, 3, 11, 12])]) + body))
                noise.append(generator.randbytes(generator.randrange(0, 100)))
            return noise + [request.reply()]

        run = self.against(answer, "-c40", "-i.02")
        self.assertEqual(["reply"] * 40, run.kinds(), run.text)

    def test_garbage_six(self):
        generator = random.Random(2)

        def answer(request, _):
            noise = []
            for _ in range(40):
                body = generator.randbytes(generator.choice([0, 1, 4, 8, 40, 48, 56, 200, 1400]))
                kind = generator.choice([1, 2, 3, 4, 129, 140])
                rest = generator.randbytes(4)
                code = generator.randrange(256)
                message = icmp6(request.to, request.source, kind, code, rest, body)
                noise.append(ipv6(request.to, request.source, message))
                following = generator.choice([0, 43, 44, 58, 59, 60])
                noise.append(ipv6(request.to, request.source, body, next_header=following))
            return noise + [request.reply()]

        run = self.against(answer, "-c40", "-i.02", host="fd55::2")
        self.assertEqual(["reply"] * 40, run.kinds(), run.text)

    def test_garbage_on_datagram_sockets(self):
        """What the kernel lets through to them, and its error queue."""
        self.net.near.open_datagram_sockets()
        generator = random.Random(3)

        def answer(request, number):
            source = ROUTER6 if request.six else ROUTER4
            noise = []
            for _ in range(3):
                kind = generator.choice([1, 2, 3, 4] if request.six else [3, 11, 12])
                code, rest = generator.randrange(20), generator.randbytes(4)
                quote = request.datagram[: generator.randrange(20, 84)]
                noise.append(request.error(kind, code, rest, quote=quote, source=source))
            replies = [request.reply(generator.randbytes(generator.randrange(0, 300))), request.reply()]
            return (noise if number % 2 else []) + replies

        for host in self.hosts:
            run = self.against(answer, "-c40", "-i.01", "--socket", "dgram", host=host)
            self.assertEqual(40, len(run.finals))

    def test_a_flood_of_strangers_costs_nothing(self):
        """Other people's ICMP is dropped by the filter: it neither fills our queue nor is counted."""

        def answer(request, _):
            other = request.reply(identifier=(request.identifier + 77) & 0xFFFF)
            return [other] * 400 + [request.reply()]

        run = self.against(answer, "-c20", "-i.05")
        self.assertEqual(["reply"] * 20, run.kinds(), run.text)
        self.assertEqual(0, run.end[0]["receive_drops"])

    def test_sweep_of_text_reports(self):
        """The text report, the flood and ping's own JSON against a mixture of everything."""
        generator = random.Random(5)

        def answer(request, number):
            kind, code = generator.choice([3, 5, 11, 12]), generator.randrange(256)
            return [
                request.reply(generator.randbytes(len(request.payload))),
                request.error(kind, code, generator.randbytes(4), source=ROUTER4),
                request.reply(request.payload[: generator.randrange(60)]),
                request.reply(request.payload[:20] + b"!" + request.payload[21:]),
                request.reply(),
                request.reply(),
            ]

        ways = ["-v", "-f", "-q", "-D -O", "-a", "-A", "--csv", "-j", "-R", "-T tsandaddr"]
        for words in map(str.split, ways):
            with FarEnd(self.net, answer):
                result = self.ping("-n", *words, "-c60", "-i.003", "-W.2", "10.55.0.2")
            self.ended(result, 0, 1)


class HostileNames(JsonCase):
    """A name server of our own whose names are escape sequences, or which says nothing."""

    topology = staticmethod(silent_pair)
    fresh = True

    def serve(self, name):
        """Answers every PTR question with `name` (bytes of one label); None: never answers."""
        record = name and labels(name)
        server = NameServer(self.net.near, lambda _, kind: record if record and kind == PTR else False)
        self.addCleanup(server.close)

    def front(self):
        return asking(self.net.near)

    def test_escape_sequences(self):
        self.serve([b"\x1b[31mred\x1b]0;title\x07", b"evil\r\nSet-Cookie", b"example"])
        front = self.front()
        for words in ([], ["--json"], ["--csv"], ["-j"]):
            with FarEnd(self.net, lambda r, _: [r.reply()]):
                result = self.ended(self.ping("-H", "-c2", "-i.3", *words, "10.55.0.2", front=front))
            text = (result.out + result.err).replace("\r\n", "\n")  # RFC 4180 ends rows so
            for bad in ("\033", "\x07", "\r"):
                self.assertNotIn(bad, text, f"\n{result!r}")
            self.assertNotIn("\nSet-Cookie", text)
        self.assertIn("10.55.0.2", text)

    def test_a_name(self):
        self.serve([b"far", b"example"])
        with FarEnd(self.net, lambda r, _: [r.reply()]):
            result = self.ended(self.ping("-H", "-c2", "-i.3", "10.55.0.2", front=self.front()))
        self.assertIn("from far.example (10.55.0.2)", result.out, f"\n{result}")

    def test_a_silent_server_delays_no_probe(self):
        self.serve(None)
        front = self.front()
        with FarEnd(self.net, lambda r, _: [r.reply()]) as end:
            with self.net.near.start(
                [SETTINGS.program, "ping", "-H", "--json", "-c10", "-i.1", "10.55.0.2"], front=front
            ) as program:
                sent = wait_until(lambda: end.requests >= 10, 2.5)
                result = self.ended(program.finish(20))
        self.assertTrue(sent, f"{end.requests} probes in 2.5 s\n{result}")
        self.assertIn('"received":10', result.out, f"\n{result}")

    def test_a_silent_server_and_an_interrupt(self):
        self.serve(None)
        front = self.front()
        with FarEnd(self.net, lambda r, _: [r.reply()]):
            with self.net.near.start([SETTINGS.program, "ping", "-H", "-i.1", "10.55.0.2"], front=front) as program:
                time.sleep(0.6)
                started = time.monotonic()
                program.send_signal(signal.SIGINT)
                result = self.ended(program.finish(10))
        self.assertLess(time.monotonic() - started, 1.5, f"\n{result}")
        self.assertIn("packets transmitted", result.out)
