"""What goes wrong here and on the way while a run goes on: the run survives and tells it."""

import re
import threading
import time
import unittest

from far_end import FarEnd, silent_pair
from harness import Case, find, pair, wait_until
from jsonl import Run
from wire import address


class Later:
    """work() after so many seconds, in a thread."""

    def __init__(self, seconds, work):
        self.error = None

        def body():
            time.sleep(seconds)
            try:
                work()
            except Exception as error:  # told at the end of the block
                self.error = error

        self.thread = threading.Thread(target=body)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, kind, *_):
        self.thread.join()
        if self.error and kind is None:
            raise self.error


def sequences(text):
    """The sequence numbers of the replies in a text."""
    return [
        int(line.split("icmp_seq=")[1].split()[0])
        for line in text.splitlines()
        if " bytes from " in line and "icmp_seq=" in line
    ]


class OwnFirewall(Case):
    """EPERM from a filter on our own output."""

    topology = staticmethod(pair)

    def setUp(self):
        self.net.near.nft(
            """
            table inet lab {
                chain output {
                    type filter hook output priority 0;
                    icmp type echo-request drop
                    icmpv6 type echo-request drop
                }
            }
            """
        )
        self.up = True

    def tearDown(self):
        self.open()

    def open(self):
        if self.up:
            self.net.near.nft("delete table inet lab")
            self.up = False

    def told(self, *words):
        result = self.ended(self.ping("-n", "-c3", "-i.1", "-W.5", *words), 1)
        self.assertEqual(3, result.err.count("Operation not permitted"), f"\n{result}")
        self.assertIn("0 packets transmitted, 0 received", result.out, f"\n{result}")
        self.assertIn("3 not sent", result.out, f"\n{result}")

    def test_v4(self):
        self.told("10.55.0.2")

    def test_v6(self):
        self.told("fd55::2")

    def test_dgram(self):
        self.net.near.open_datagram_sockets()
        # IPv6: the kernel's ping_v6_sendmsg() keeps what the firewall said to itself.
        self.told("--socket", "dgram", "10.55.0.2")

    def test_opened_in_the_middle(self):
        with Later(0.5, self.open):
            result = self.ended(self.ping("-n", "-c20", "-i.05", "-W.5", "10.55.0.2"))
        self.assertIn("Operation not permitted", result.err)
        self.assertIn(20, sequences(result.out), f"\n{result}")
        self.assertNotIn(1, sequences(result.out), f"\n{result}")


class Interface(Case):
    topology = staticmethod(pair)
    fresh = True

    def survives(self, host, breaks, repairs):
        """Replies, a break of half a second, replies again."""
        with Later(0.5, breaks), Later(1.0, repairs):
            result = self.ended(self.ping("-n", "-c50", "-i.04", "-W.5", host))
        found = sequences(result.out)
        self.assertIn(1, found, f"\n{result}")
        self.assertIn(50, found, f"\n{result}")
        missing = sorted(set(range(1, 51)) - set(found))
        self.assertTrue(4 <= len(missing) <= 25, f"missing {missing}\n{result}")
        self.assertEqual(list(range(missing[0], missing[-1] + 1)), missing, f"\n{result}")
        return result

    def accounted(self, result, count):
        """Sent and not sent make the count."""
        sent = int(re.search(r"(\d+) packets transmitted", result.out).group(1))
        refused = re.search(r"(\d+) not sent", result.out)
        self.assertEqual(count, sent + int(refused.group(1) if refused else 0), f"\n{result}")

    def test_down_and_up_v4(self):
        result = self.survives(
            "10.55.0.2",
            lambda: self.net.near.ip("link set near0 down"),
            lambda: self.net.near.ip("link set near0 up"),
        )
        self.assertRegex(result.err, "Network is (unreachable|down)", f"\n{result}")

    def test_down_and_up_v6(self):
        self.net.near.set(net__ipv6__conf__near0__keep_addr_on_down=1)
        result = self.survives(
            "fd55::2",
            lambda: self.net.near.ip("link set near0 down"),
            lambda: self.net.near.ip("link set near0 up"),
        )
        self.assertRegex(result.err, "(is (unreachable|down)|Cannot assign)", f"\n{result}")

    def test_far_end_down_and_up(self):
        """No carrier. The neighbour table may keep what is sent meanwhile, and send it afterwards."""
        with Later(0.5, lambda: self.net.far.ip("link set far0 down")):
            with Later(1.0, lambda: self.net.far.ip("link set far0 up")):
                result = self.ended(self.ping("-n", "-c50", "-i.04", "-W1", "10.55.0.2"))
        found = sequences(result.out)
        self.assertIn(1, found, f"\n{result}")
        self.assertIn(50, found, f"\n{result}")

    def test_down_and_up_bound_to_it(self):
        with Later(0.5, lambda: self.net.near.ip("link set near0 down")):
            with Later(1.0, lambda: self.net.near.ip("link set near0 up")):
                result = self.ended(
                    self.ping("-n", "-I", "near0", "-c50", "-i.04", "-W.5", "10.55.0.2")
                )
        self.assertIn(50, sequences(result.out), f"\n{result}")

    def test_address_removed_and_back(self):
        self.net.near.ip("address add 10.55.0.31/24 dev near0")
        with Later(0.5, lambda: self.net.near.ip("address del 10.55.0.1/24 dev near0")):
            with Later(1.0, lambda: self.net.near.ip("address add 10.55.0.1/24 dev near0")):
                result = self.ended(self.ping("-n", "-c50", "-i.04", "-W.5", "10.55.0.2"))
        self.assertIn(1, sequences(result.out), f"\n{result}")
        self.assertIn(50, sequences(result.out), f"\n{result}")

    def test_only_address_removed(self):
        """There is no way any more; every probe is accounted for."""
        with Later(0.4, lambda: self.net.near.ip("address del 10.55.0.1/24 dev near0")):
            result = self.ended(self.ping("-n", "-c20", "-i.05", "-W.5", "10.55.0.2"))
        self.accounted(result, 20)
        self.assertIn("unreachable", result.err, f"\n{result}")

    def test_device_gone(self):
        with Later(0.4, lambda: self.net.near.ip("link delete near0")):
            result = self.ended(self.ping("-n", "-c20", "-i.05", "-W.5", "10.55.0.2"))
        self.accounted(result, 20)

    def test_route_appears(self):
        """A host without a route gets one while we are at it."""
        add = "route add 10.66.0.0/16 via 10.55.0.2"
        self.net.far.ip("address add 10.66.0.1/32 dev lo")
        with Later(0.5, lambda: self.net.near.ip(add)):
            result = self.ended(
                self.ping("-n", "-c20", "-i.05", "-W.5", "10.55.0.2", "10.66.0.1"), 0, 1, 2
            )
        self.assertIn("20 packets transmitted, 20 received", result.out, f"\n{result}")


class Medium:
    """The same faults of a link, made by whichever means: netem or the scripted far end."""

    def run_with(self, fault, *words):
        raise NotImplementedError

    def test_delay(self):
        result = self.run_with("delay", "-c5", "-i.1")
        self.assertIn("5 packets transmitted, 5 received", result.out)
        times = [
            float(line.split("time=")[1].split()[0])
            for line in result.out.splitlines()
            if "time=" in line
        ]
        for ms in times:
            self.assertTrue(50 <= ms < 80, f"\n{result}")

    def test_loss(self):
        result = self.run_with("loss", "-c10", "-i.03")
        self.assertIn("10 packets transmitted, 0 received, 100% packet loss", result.out)

    def test_duplicate(self):
        result = self.run_with("duplicate", "-c5", "-i.05")
        self.assertIn("5 packets transmitted, 5 received", result.out, f"\n{result}")
        duplicates = result.out.count("(DUP!)")
        self.assertTrue(4 <= duplicates <= 5, f"\n{result}")
        self.assertIn(f"+{duplicates} duplicates", result.out, f"\n{result}")

    def test_reorder(self):
        result = self.run_with("reorder", "-c20", "-i.02")
        self.assertIn("20 packets transmitted, 20 received", result.out, f"\n{result}")
        found = sequences(result.out)
        self.assertNotEqual(sorted(found), found, f"\n{result}")

    def test_corrupt(self):
        """A wrong checksum is no answer."""
        result = self.run_with("corrupt", "-c10", "-i.03")
        self.assertIn("10 packets transmitted, 0 received", result.out, f"\n{result}")


class Netem(Medium, Case):
    topology = staticmethod(pair)
    faults = {
        "delay": "delay 50ms",
        "loss": "loss 100%",
        "duplicate": "duplicate 100%",
        "reorder": "delay 30ms reorder 50% gap 3",
        "corrupt": "corrupt 100%",
    }

    def run_with(self, fault, *words):
        if not find("tc"):
            raise unittest.SkipTest("tc is not installed")
        try:
            self.net.far.do("tc", "qdisc", "add", "dev", "far0", "root", "netem", *self.faults[fault].split())
        except RuntimeError as error:
            raise unittest.SkipTest("the kernel has no netem") from error
        try:
            return self.ended(self.ping("-n", "-W.4", *words, "10.55.0.2"), 0, 1)
        finally:
            self.net.far.do("tc", "qdisc", "del", "dev", "far0", "root")


class Scripted(Medium, Case):
    topology = staticmethod(silent_pair)

    @staticmethod
    def script(fault):
        def answer(request, number):
            good = request.reply()
            return {
                "delay": [(0.05, good)],
                "loss": [],
                "duplicate": [good, good],
                "reorder": [(0.05 if number % 3 == 1 else 0, good)],
                "corrupt": [request.reply(wrong=1 << number % 16)],
            }[fault]

        return answer

    def run_with(self, fault, *words):
        with FarEnd(self.net, self.script(fault)):
            return self.ended(self.ping("-n", "-W.4", *words, "10.55.0.2"), 0, 1)

    def test_corrupt_is_told(self):
        result = self.run_with("corrupt", "-c10", "-i.03")
        self.assertEqual(10, result.out.count("(BAD CHECKSUM!)"), f"\n{result}")
        self.assertIn("+10 corrupted", result.out, f"\n{result}")

    def test_late(self):
        """Answers after the verdict stay lost, and are told as late."""
        with FarEnd(self.net, lambda request, _: [(0.4, request.reply())]):
            result = self.ended(self.ping("-n", "-W.2", "-c6", "-i.1", "10.55.0.2"), 1)
        self.assertIn("6 packets transmitted, 0 received", result.out, f"\n{result}")
        self.assertIn("LATE", result.out, f"\n{result}")

    def test_error_then_reply(self):
        """An error is the verdict on its probe, and no more than that."""

        def answer(request, number):
            if number <= 2:
                return [request.error(11, 0, source=address("10.55.0.254"))]
            return [request.reply()]

        with FarEnd(self.net, answer):
            result = self.ended(self.ping("-n", "-W.4", "-c5", "-i.05", "10.55.0.2"))
        self.assertEqual(2, result.out.count("Time to live exceeded"), f"\n{result}")
        self.assertEqual([3, 4, 5], sequences(result.out), f"\n{result}")

    def test_reply_then_error(self):
        """The error comes too late to be the verdict, and is no duplicate of the reply."""

        def answer(request, number):
            error = request.error(3, 1, source=address("10.55.0.254"))
            return [request.reply(), (0.01, error)] if number == 2 else [request.reply()]

        with FarEnd(self.net, answer):
            result = self.ended(self.ping("-n", "-W.4", "-c3", "-i.05", "10.55.0.2"))
        self.assertEqual([1, 2, 3], sequences(result.out), f"\n{result}")
        self.assertIn("icmp_seq=2 Destination Host Unreachable (answered before)", result.out)
        self.assertIn("3 packets transmitted, 3 received, 0% packet loss", result.out)
        with FarEnd(self.net, answer):
            words = ("--json", "-n", "-W.4", "-c3", "-i.05", "10.55.0.2")
            result = self.ended(self.ping(*words))
        run = Run(result.out).check()
        self.assertEqual({"reply": 3, "later_error": 1}, run.summaries[0]["outcomes"], run.text)

    def test_full_send_queue_is_waited_for(self):
        """The device's queue is short: nothing may be lost by us."""
        self.net.near.ip("link set near0 txqueuelen 2")
        with FarEnd(self.net, lambda request, _: [request.reply()]) as end:
            result = self.ended(self.ping("-n", "-q", "-c200", "-i.002", "-W1", "10.55.0.2"))
            self.assertTrue(wait_until(lambda: end.requests >= 200), end.requests)
        self.assertIn("200 packets transmitted, 200 received", result.out, f"\n{result}")
