"""Faults of this machine, not of the network: every figure is compared with a capture beside it."""

import signal
import time

import harness
from far_end import FarEnd, silent_pair
from harness import Case, need, pair
from jsonl import Run
from on_wire import Wire
from test_faults import Later


def ends(run):
    """What was counted, and with which sockets."""
    return "\n".join(["", run.start[0]["transport"], *run.text.splitlines()[-2:]])


class Machine(Case):
    """Runs sonde beside a capture. `user`: None is root, with raw sockets; nobody has datagram ones."""

    topology = staticmethod(pair)
    fresh = True

    def setUp(self):
        super().setUp()
        self.net.near.open_datagram_sockets()

    def watched(self, *words, user=None, during=None, codes=(0,), check=True, **allowed):
        """A run with --json and its Wire; during(program) is called once it is under way."""
        with Wire(self.net.near) as wire:
            with self.start("--json", "-n", *words, user=user) as program:
                self.assertTrue(program.wait_for('"outcome":"reply"', times=2), program.early)
                if during:
                    during(program)
                result = self.ended(program.finish(), *codes)
            time.sleep(0.15)
        run = Run(result.out).check()
        transport = "dgram" if user else "raw"
        self.assertEqual(transport, run.start[0]["transport"], f"\n{result}")
        if check:
            wire.check(self, run, **allowed)
        return run, wire

    def for_both(self, *words, **options):
        for user in (None, "nobody"):
            result = None
            with self.subTest(user=user or "root"):
                result = self.watched(*words, user=user, **options)
            if result:
                yield result

    def between(self, breaks, repairs, seconds=0.5):
        def during(_):
            time.sleep(0.1)
            breaks()
            time.sleep(seconds)
            repairs()

        return during


def sleep_of(seconds):
    def during(program):
        program.send_signal(signal.SIGSTOP)
        time.sleep(seconds)
        program.send_signal(signal.SIGCONT)

    return during


class Stopped(Machine):
    """SIGSTOP for two seconds: what was not sent is not lost."""

    def test_in_a_run_with_a_count(self):
        for run, wire in self.for_both(
            "-c40", "-i.05", "-W1", "10.55.0.2", during=sleep_of(2)
        ):
            self.assertEqual(40, run.count("reply"), ends(run))
            self.assertGreater(run.end[0]["skipped"], 20, ends(run))

    def test_v6(self):
        for run, _ in self.for_both("-c40", "-i.05", "-W1", "fd55::2", during=sleep_of(2)):
            self.assertEqual(40, run.count("reply"), ends(run))

    def test_until_a_deadline(self):
        for run, _ in self.for_both("-w4", "-i.05", "-W1", "10.55.0.2", during=sleep_of(2)):
            self.assertEqual(run.summaries[0]["sent"], run.count("reply"), ends(run))
            self.assertGreater(run.end[0]["skipped"], 20, ends(run))

    def test_beyond_the_deadline(self):
        for run, _ in self.for_both(
            "-w1", "-i.05", "-W1", "10.55.0.2", during=sleep_of(2), codes=(0, 1)
        ):
            self.assertEqual(0, run.count("timed_out"), ends(run))

    def test_in_a_flood(self):
        for run, _ in self.for_both("-i.002", "-w3", "-W1", "10.55.0.2", during=sleep_of(1.5)):
            self.assertEqual(run.summaries[0]["sent"], run.count("reply"), ends(run))


class StoppedWithAnswersOnTheirWay(Machine):
    topology = staticmethod(silent_pair)

    def test_answers_come_meanwhile(self):
        """300 ms each: those that come while it sleeps are neither lost, late nor slow."""
        with FarEnd(self.net, lambda request, _: [(0.3, request.reply())]):
            for run, _ in self.for_both(
                "-c20", "-i.05", "-W1", "10.55.0.2", during=sleep_of(2)
            ):
                self.assertEqual(20, run.count("reply"), ends(run))

    def test_late_answers_come_meanwhile(self):
        """Late by their stamp, whenever they are read."""
        delays = {k: 0.05 if k % 20 < 4 else 0.6 for k in range(1000)}
        with FarEnd(self.net, lambda request, n: [(delays[request.sequence % 1000], request.reply())]):
            for run, _ in self.for_both(
                "-c15", "-i.05", "-W.4", "10.55.0.2", during=sleep_of(2)
            ):
                self.assertGreaterEqual(run.count("late"), 1, ends(run))


class Interface(Machine):
    def down_and_up(self, host):
        down = lambda: self.net.near.ip("link set near0 down")
        up = lambda: self.net.near.ip("link set near0 up")
        for run, _ in self.for_both(
            "-c40", "-i.04", "-W.5", host, during=self.between(down, up), swallowed=True
        ):
            kinds = run.kinds()
            self.assertGreater(run.count("send_failed"), 5, ends(run))
            self.assertEqual(("reply", "reply"), (kinds[0], kinds[-1]), ends(run))
            self.assertLessEqual(run.count("timed_out"), 8, ends(run))

    def test_down_and_up_v4(self):
        self.down_and_up("10.55.0.2")

    def test_down_and_up_v6(self):
        self.net.near.set(net__ipv6__conf__near0__keep_addr_on_down=1)
        self.down_and_up("fd55::2")

    def test_down_for_good(self):
        def during(_):
            self.net.near.ip("link set near0 down")

        for user in (None, "nobody"):
            with self.subTest(user=user or "root"):
                run, _ = self.watched(
                    "-c15", "-i.04", "-W.5", "10.55.0.2", user=user, during=during, swallowed=True
                )
                self.assertEqual(15, len(run.finals), ends(run))
                self.assertGreater(run.count("send_failed"), 5, ends(run))
                self.net.near.ip("link set near0 up")

    def test_address_removed_and_back(self):
        """Another one stays, and the probes leave with that: nothing is lost."""
        self.net.near.ip("address add 10.55.0.31/24 dev near0")
        self.net.near.set(net__ipv4__conf__near0__promote_secondaries=1)

        def remove():
            self.net.near.ip("address del 10.55.0.1/24 dev near0")

        def back():
            self.net.near.ip("address add 10.55.0.1/24 dev near0")

        for run, _ in self.for_both(
            "-c40", "-i.04", "-W.5", "10.55.0.2", during=self.between(remove, back)
        ):
            self.assertEqual(40, run.count("reply"), ends(run))
            sources = {line["to"] for line in run.finals}
            self.assertEqual({"10.55.0.1", "10.55.0.31"}, sources, ends(run))
            self.net.near.ip("address del 10.55.0.31/24 dev near0")
            self.net.near.ip("address add 10.55.0.31/24 dev near0")

    def test_only_address_removed_and_back(self):
        def remove():
            self.net.near.ip("address del 10.55.0.1/24 dev near0")

        def back():
            self.net.near.ip("address add 10.55.0.1/24 dev near0")

        for run, _ in self.for_both(
            "-c40", "-i.04", "-W.5", "10.55.0.2", during=self.between(remove, back)
        ):
            kinds = run.kinds()
            self.assertEqual(("reply", "reply"), (kinds[0], kinds[-1]), ends(run))
            self.assertGreater(run.count("send_failed"), 5, ends(run))

    def test_source_removed_and_back(self):
        """-I wants this address and no other: without it nothing is sent, and nothing lost."""
        for source, host, bits in (("10.55.0.51", "10.55.0.2", 32), ("fd55::51", "fd55::2", 128)):
            self.net.near.ip(f"address add {source}/{bits} dev near0 nodad")
            remove = lambda: self.net.near.ip(f"address del {source}/{bits} dev near0")
            back = lambda: self.net.near.ip(f"address add {source}/{bits} dev near0 nodad")
            words = ("-c40", "-i.04", "-W.5", "-I", source, host)
            for run, _ in self.for_both(*words, during=self.between(remove, back)):
                kinds = run.kinds()
                self.assertEqual(("reply", "reply"), (kinds[0], kinds[-1]), ends(run))
                self.assertGreater(run.count("send_failed"), 5, ends(run))
                self.assertEqual(0, run.summaries[0]["loss"]["lost"], ends(run))

    def test_route_removed_and_back(self):
        self.net.far.ip("address add 10.55.70.1/32 dev lo")
        remove = lambda: self.net.near.ip("route del 10.55.64.0/18 via 10.55.0.2")
        back = lambda: self.net.near.ip("route add 10.55.64.0/18 via 10.55.0.2")
        for run, _ in self.for_both(
            "-c40", "-i.04", "-W.5", "10.55.70.1", during=self.between(remove, back)
        ):
            self.assertGreater(run.count("send_failed"), 5, ends(run))
            self.assertEqual(40, run.count("send_failed") + run.count("reply"), ends(run))
            self.assertEqual(0, run.summaries[0]["loss"]["lost"], ends(run))


class OwnFirewall(Machine):
    def test_some_are_dropped(self):
        """What our own firewall refuses never left: not sent, and no loss."""
        self.net.near.nft(
            """
            table inet lab {
                chain output {
                    type filter hook output priority 0;
                    icmp type echo-request icmp sequence { 3, 4, 9, 16 } drop
                    icmpv6 type echo-request icmpv6 sequence { 3, 4, 9, 16 } drop
                }
            }
            """
        )
        for user, host in ((None, "10.55.0.2"), (None, "fd55::2"), ("nobody", "10.55.0.2")):
            with self.subTest(user=user or "root", host=host):
                run, _ = self.watched("-c20", "-i.02", "-W.5", host, user=user)
                self.assertEqual({"reply": 16, "send_failed": 4}, run.summaries[0]["outcomes"])
                self.assertEqual(0, run.summaries[0]["loss"]["lost"], ends(run))


class Queues(Machine):
    def shape(self, *words):
        need("tc")
        try:
            self.net.near.do("tc", "qdisc", "add", "dev", "near0", "root", *words)
        except RuntimeError as error:
            self.skipTest(f"the kernel has no {words[0]}: {error}")

    def test_full_send_queue(self):
        """Eight times what the shaped device carries: what its queue refuses has not been sent."""
        self.shape("tbf", "rate", "50kbit", "burst", "2000", "limit", "3000")
        run, wire = self.watched(
            "-c400", "-i.002", "-W2", "10.55.0.2", codes=(0, 1), rtt_ns=2_000_000_000
        )
        refused = [line for line in run.finals if line["outcome"] == "send_failed"]
        self.assertGreater(len(refused), 50, ends(run))
        self.assertEqual({105}, {line["error"]["errno"] for line in refused}, "ENOBUFS")
        self.assertEqual(0, run.summaries[0]["loss"]["lost"], ends(run))

    def test_full_send_queue_of_datagram_sockets(self):
        self.shape("tbf", "rate", "50kbit", "burst", "2000", "limit", "3000")
        run, wire = self.watched(
            "-c400", "-i.002", "-W2", "10.55.0.2", user="nobody", codes=(0, 1), rtt_ns=2_000_000_000
        )
        self.assertEqual(0, run.summaries[0]["loss"]["lost"], ends(run))

    def test_small_send_buffer(self):
        """The socket may hold one datagram at a time, and the device is slow."""
        self.shape("tbf", "rate", "200kbit", "burst", "2000", "limit", "100000")
        for run, _ in self.for_both(
            "-c200", "-i.002", "-W3", "-S", "1", "10.55.0.2", codes=(0, 1), rtt_ns=3_000_000_000
        ):
            self.assertEqual(0, run.summaries[0]["loss"]["lost"], ends(run))


class ReceiveQueue(Machine):
    topology = staticmethod(silent_pair)

    @staticmethod
    def script(request, number):
        """The first five at once, the others after half a second, many of them twenty times."""
        reply = request.reply()
        if number <= 5:
            return [reply]
        return [(0.5, reply)] * (20 if number <= 120 else 1)

    def overflow(self, program):
        time.sleep(0.3)
        sleep_of(2)(program)

    def test_told_in_json(self):
        """While it sleeps more comes than its queue holds: each that was dropped there is told."""
        for user in (None, "nobody"):
            with self.subTest(user=user or "root"), FarEnd(self.net, self.script):
                words = ("-s1400", "-c400", "-i.002", "-W3", "10.55.0.2")
                run, wire = self.watched(*words, user=user, during=self.overflow, deaf=True)
                told = run.count("reply") + run.count("duplicate") + run.count("late")
                drops = run.end[0]["receive_drops"]
                self.assertGreater(drops, 0, ends(run))
                self.assertEqual(wire.replies_until(2**63), told + drops, ends(run))

    def test_told_in_text(self):
        with FarEnd(self.net, self.script):
            with self.start("-n", "-s1400", "-c400", "-i.002", "-W3", "10.55.0.2") as program:
                self.assertTrue(program.wait_for("icmp_seq=", times=2))
                self.overflow(program)
                result = self.ended(program.finish())
        self.assertRegex(
            result.out.splitlines()[-1],
            r"[1-9]\d* dropped in our receive queue \(answers may be among them: some loss is our own\)",
        )


class Limits(Case):
    """Too little of something: it works, or says in words what there is too little of."""

    topology = staticmethod(pair)

    def setUp(self):
        need("prlimit")
        self.net.near.open_datagram_sockets()

    def sweep(self, option, limits, words, text, **options):
        worked = []
        for limit in limits:
            front = ["prlimit", f"--{option}={limit}"]
            result = self.ping("-n", *words, front=front, **options)
            what = f"limit {limit}\n{result}"
            self.assertFalse(result.timed_out, what)
            if "error while loading shared libraries" in result.err or "prlimit" in result.err:
                continue  # it was not sonde that failed
            if result.code in (126, 127) or (result.code < 0 and not result.err and not result.out):
                continue  # the system could not start it
            self.assertIn(result.code, (0, 1, 2), what)
            if result.code == 0:
                worked.append(limit)
            elif result.code == 1:
                self.nothing_sent(result, text, what)
            else:
                self.assertEqual(1, len(result.err.strip().splitlines()), what)
                self.assertIn(text, result.err, what)
        self.assertTrue(worked, "it never worked")

    def nothing_sent(self, result, text, what):
        """What is not sent for want of something says so, each time, and is not lost."""
        self.assertNotRegex(result.out, r"[1-9]\d*% packet loss", what)
        if "--json" in result.argv:
            run = Run(result.out).check()
            self.assertEqual({"send_failed"}, set(run.kinds()), what)
            self.assertEqual({text}, {line["error"]["text"] for line in run.finals}, what)
        else:
            self.assertEqual({True}, {text in line for line in result.err.splitlines()}, what)
            self.assertIn("not sent", result.err, what)

    def test_descriptors(self):
        for user in (None, "nobody"):
            for words in (["10.55.0.2"], ["10.55.0.2", "fd55::2", "127.0.0.1"], ["-H", "10.55.0.2"]):
                with self.subTest(user=user or "root", words=words):
                    self.sweep(
                        "nofile", range(3, 24), ["-c1", *words], "Too many open files", user=user
                    )

    def test_memory(self):
        if harness.SETTINGS.sanitized:
            self.skipTest("a sanitizer needs all the addresses there are")
        hosts = [f"127.0.0.{k}" for k in range(1, 101)]
        for words in (["10.55.0.2"], ["--json", "10.55.0.2"], ["-i.2", *hosts]):
            with self.subTest(words=words[:2]):
                limits = [n << 18 for n in (*range(8, 48), *range(48, 256, 12))]
                self.sweep("as", limits, ["-c2", "-i.01", *words], "Cannot allocate memory")

    def test_file_size(self):
        """SIGXFSZ is for who writes files beyond the limit: standard output is one."""
        need("sh")
        script = 'exec "$0" ping -n -c5 -i.01 10.55.0.2 >"$1"'
        path = harness.SETTINGS.work / "short"
        front = ["prlimit", "--fsize=100"]
        result = self.net.near.run(["sh", "-c", script, harness.SETTINGS.program, path], front=front)
        self.assertFalse(result.timed_out, f"\n{result}")
        if result.code != -signal.SIGXFSZ:
            self.assertEqual(2, result.code, f"\n{result}")
            self.assertIn("File too large", result.err, f"\n{result}")


class Clock(Case):
    """Faults of the clock, simulated: the same network without the fault is the truth."""

    topology = staticmethod(harness.loopback)
    NETWORK = "observer clock 2024-06-30T23:59:50Z\nhost far 198.18.0.9 delay 120ms jitter normal 9ms\n"

    def played(self, fault, *words):
        path = harness.SETTINGS.work / f"{self.id()}.scn"
        path.write_text(self.NETWORK + fault, encoding="ascii")
        words = ("--json", "-c60", "-i.2", "-W1", *words, "--seed", "5", "--simulate", str(path), "far")
        return Run(self.ended(self.ping(*words)).out).check()

    def test_steps(self):
        """Back half a minute and forward an hour, with replies on their way: no figure moves."""
        steps = "at 4050ms clock-step -30s\nat 8050ms clock-step 1h\n"
        truth, run = self.played(""), self.played(steps)
        self.assertEqual(
            [(line["seq"], line["outcome"], line["rtt_ns"]) for line in truth.finals],
            [(line["seq"], line["outcome"], line["rtt_ns"]) for line in run.finals],
        )
        for member in ("sent", "received", "outcomes", "loss", "rtt", "percentiles", "ipdv"):
            self.assertEqual(truth.summaries[0][member], run.summaries[0][member], member)
        self.assertEqual((0, 2), (truth.end[0]["clock_steps"], run.end[0]["clock_steps"]))
        self.assertEqual(truth.end[0]["send_lag"], run.end[0]["send_lag"])

    def test_suspended(self):
        """The machine stands still: nothing is lost, no RTT grows, what was not sent is told."""
        truth, run = self.played(""), self.played("at 3050ms suspend 2s\n")
        self.assertEqual({"reply": 60}, run.summaries[0]["outcomes"], ends(run))
        longest = truth.summaries[0]["rtt"]["max_ns"]
        self.assertLessEqual(run.summaries[0]["rtt"]["max_ns"], longest + 30_000_000, ends(run))
        self.assertGreater(run.end[0]["skipped"], 5, ends(run))
