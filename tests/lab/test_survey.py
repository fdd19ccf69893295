"""sonde sweep without memory of hosts: against the truth of the lab, in shards, interrupted and
continued, through packet rings, and what it refuses."""

import collections
import json
import os
import signal
import time

from harness import SETTINGS, connect, pair, wait_until
from test_sweep import CROWD, Sweep


class Survey(Sweep):
    """Helpers for the classes below, which are the tests."""

    def survey(self, *words, **how):
        """Without a network: the simulated one."""
        scenario = self.scenario(CROWD)
        return self.sonde("sweep", "--simulate", scenario, *words, **how)

    def told(self, result, *codes):
        """Alive hosts, refused ones, and the summary."""
        lines = self.lines(self.ended(result, *(codes or (0, 1))))
        self.assertEqual("survey_start", lines[0]["type"])
        alive = [line["address"] for line in lines if line.get("state") == "alive"]
        refused = [line["address"] for line in lines if line.get("state") == "refused"]
        return alive, refused, self.balanced(lines[-1])

    def balanced(self, summary):
        self.assertEqual("survey_summary", summary["type"])
        self.assertEqual(
            summary["sent"], summary["answered"] + summary["unanswered"] + summary["failed"], summary
        )
        self.assertEqual(summary["failed"], summary["refused"] + summary["unsent"], summary)
        return summary

    def resume_file(self):
        path = SETTINGS.work / f"{self.id()}.resume"
        self.addCleanup(path.unlink, missing_ok=True)
        return path


class Truth(Survey):
    """Beside the truth that the lab wrote down."""

    weight = 4

    def check(self, *words, addresses, **how):
        truth = SETTINGS.work / f"{self.id()}.truth"
        self.addCleanup(truth.unlink, missing_ok=True)
        result = self.in_lab(
            "--stateless", "--json", "--cooldown", ".5", *words, options=["--truth", truth], **how
        )
        alive, refused, summary = self.told(result)
        asked, answered = collections.Counter(), set()
        for line in truth.read_text(encoding="ascii").splitlines():
            packet = json.loads(line)
            if packet.get("protocol") not in ("icmp", "icmp6") or packet.get("type") not in (8, 128):
                continue
            asked[packet["destination"]] += 1
            if any(decision["fate"] == "reply" for decision in packet["decisions"]):
                answered.add(packet["destination"])
        self.assertEqual(addresses, len(asked))
        self.assertEqual(len(alive), len(set(alive)))
        self.assertEqual(answered, set(alive))
        self.assertEqual(sum(asked.values()), summary["sent"])
        self.assertEqual(len(refused), summary["refused"])
        return asked, refused

    def test_prefix(self):
        self.check("--rate", "5k", "10.1.0.0/21", addresses=2048)

    def test_both_families(self):
        words = ["2001:db8:5::/121", "10.1.0.0/25", "--all-addresses", "far"]
        self.check("--rate", "2k", *words, addresses=258)

    def test_errors_have_a_name(self):
        _, refused = self.check("198.18.0.77", "198.18.0.88", "198.18.0.9", addresses=3)
        self.assertEqual(["198.18.0.77"], refused)

    def test_copies(self):
        asked, _ = self.check("--copies", "3", "--rate", "2k", "10.1.0.0/26", addresses=64)
        self.assertEqual({3}, set(asked.values()))

    def test_transports(self):
        for transport in ("raw", "ring"):
            with self.subTest(transport):
                self.check("--transport", transport, "--rate", "2k", "10.1.0.0/25", addresses=128)


class Parts(Survey):
    """Shards, and a run that goes on."""

    WORDS = ("--json", "--rate", "5k", "--seed", "7", "10.0.0.0/22", "2001:db8:5::/122")

    def test_shards_are_the_whole(self):
        whole, _, summary = self.told(self.survey("--stateless", *self.WORDS))
        self.assertEqual(1024 + 64, summary["sent"])
        parts, sent = [], 0
        for i in (1, 2, 3):
            alive, _, summary = self.told(self.survey("--shard", f"{i}/3", *self.WORDS))
            self.assertEqual((i, 3), (summary["shard"], summary["shards"]))
            parts += alive
            sent += summary["sent"]
        self.assertEqual(1024 + 64, sent)
        self.assertEqual(len(parts), len(set(parts)))
        self.assertEqual(set(whole), set(parts))

    def test_shards_of_starters(self):
        starters = {
            (2, 3): {"JOB_COMPLETION_INDEX": "1", "SONDE_SHARDS": "3"},
            (4, 4): {"SLURM_ARRAY_TASK_ID": "7", "SLURM_ARRAY_TASK_MIN": "1",
                     "SLURM_ARRAY_TASK_COUNT": "4", "SLURM_ARRAY_TASK_STEP": "2"},
            (5, 5): {"PARALLEL_SEQ": "5", "SONDE_SHARDS": "5"},
        }
        for expected, env in starters.items():
            with self.subTest(env):
                result = self.survey("--shard", "auto", *self.WORDS, env=env)
                summary = self.told(result)[2]
                self.assertEqual(expected, (summary["shard"], summary["shards"]))

    def test_bad_shards(self):
        cases = [
            (["--shard", "4/3", "--seed", "1"], {}, "is not a shard"),
            (["--shard", "0/3", "--seed", "1"], {}, "is not a shard"),
            (["--shard", "1/3"], {}, "needs --seed"),
            (["--shard", "300/300", "--seed", "1"], {}, "nobody to ask"),
            (["--shard", "auto", "--seed", "1"], {}, "neither"),
            (["--shard", "auto", "--seed", "1"], {"PARALLEL_SEQ": "1"}, "SONDE_SHARDS"),
            (["--shard", "auto", "--seed", "1"], {"PARALLEL_SEQ": "4", "SONDE_SHARDS": "3"}, "overlap"),
            (["--shard", "auto", "--seed", "1"],
             {"PARALLEL_SEQ": "1", "JOB_COMPLETION_INDEX": "0", "SONDE_SHARDS": "3"}, "two starters"),
        ]
        for words, env, expected in cases:
            with self.subTest(words=words, env=env):
                result = self.ended(self.survey(*words, "10.0.0.0/24", env=env), 3)
                self.assertIn(expected, result.err)
                self.assertEqual(1, result.err.count("\n"), result.err)
                self.assertEqual("", result.out)

    def test_goes_on(self):
        path = self.resume_file()
        first = self.told(self.survey("--resume", path, "--deadline", ".1", *self.WORDS))
        self.assertLess(first[2]["position"], first[2]["positions"])
        second = self.told(self.survey("--resume", path, *self.WORDS))
        self.assertEqual(first[2]["positions"], second[2]["position"])
        whole = self.told(self.survey("--stateless", *self.WORDS))
        self.assertEqual(sorted(whole[0]), sorted(first[0] + second[0]))
        third = self.ended(self.survey("--resume", path, *self.WORDS), 0)
        self.assertIn("all has been asked", third.err)

    def test_goes_on_after_a_signal(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(number):
                self.interrupt(number)

    def interrupt(self, number):
        self.net.near.do("ip", "route", "replace", "local", "10.0.0.0/8", "dev", "lo")
        path = self.resume_file()
        path.unlink(missing_ok=True)
        words = ["--json", "--rate", "1000", "--cooldown", ".3", "--resume", path, "10.2.0.0/21"]
        argv = [SETTINGS.program, "sweep", *words]
        with self.net.near.start(argv) as program:
            self.assertTrue(program.wait_for('"host"', times=200))
            program.send_signal(signal.SIGUSR1)
            time.sleep(0.2)
            program.send_signal(number)
            first = program.finish()
        self.assertIn("of 2048 addresses", first.err)
        alive, _, summary = self.told(first)
        self.assertLess(summary["sent"], 2048)
        rest, _, summary = self.told(self.sonde("sweep", *words))
        self.assertEqual(2048, summary["position"])
        self.assertEqual(2048, len(alive + rest))
        self.assertEqual(2048, len(set(alive + rest)))

    def test_goes_on_after_a_kill(self):
        """What was written last may be old, but leaves nobody out."""
        self.net.near.do("ip", "route", "replace", "local", "10.0.0.0/8", "dev", "lo")
        path = self.resume_file()
        words = ["--json", "--rate", "1000", "--cooldown", ".3", "--resume", path, "10.2.0.0/22"]
        with self.net.near.start([SETTINGS.program, "sweep", *words]) as program:
            self.assertTrue(program.wait_for('"host"', times=200))
            busy = self.ended(self.sonde("sweep", *words), 3)
            self.assertIn("another sweep", busy.err)
            program.send_signal(signal.SIGKILL)
            program.finish()
        rest, _, _ = self.told(self.sonde("sweep", *words))
        self.assertEqual(1024, len(set(rest)))

    def test_another_run(self):
        path = self.resume_file()
        self.told(self.survey("--resume", path, "--deadline", ".1", *self.WORDS))
        cases = [
            (["--seed", "7", "10.0.0.0/22"], "other addresses"),
            ([*self.WORDS, "--seed", "8"], "its seed is 7"),
            ([*self.WORDS, "--shard", "1/2"], "its shard is 1/1"),
        ]
        for words, expected in cases:
            with self.subTest(words):
                result = self.ended(self.survey("--resume", path, *words), 3)
                self.assertIn(expected, result.err)
                self.assertEqual(1, result.err.count("\n"), result.err)

    def test_no_such_file(self):
        for text, expected in ((b"hello\n", "--resume"), (b"{}" * 500, "damaged")):
            path = self.file(text, "resume")
            result = self.ended(self.survey("--resume", path, "10.0.0.0/24"), 3)
            self.assertIn(expected, result.err)
            self.assertEqual(text, path.read_bytes())
        result = self.ended(self.survey("--resume", "/nonexistent/file", "10.0.0.0/24"), 4)
        self.assertIn("cannot open /nonexistent/file", result.err)
        result = self.ended(self.survey("--resume", "/dev/null", "10.0.0.0/24"), 3)
        self.assertIn("no regular file", result.err)

    def test_a_torn_write_is_passed_over(self):
        path = self.resume_file()
        self.told(self.survey("--resume", path, "--deadline", ".1", *self.WORDS))
        data = bytearray(path.read_bytes())
        at = data.rindex(b'"position":') + len(b'"position":')
        data[at] ^= 1
        path.write_bytes(data)
        summary = self.told(self.survey("--resume", path, *self.WORDS))[2]
        self.assertEqual(summary["positions"], summary["sent"])


class Large(Survey):
    def test_chosen_by_itself(self):
        alive, _, summary = self.told(
            self.survey("--json", "--rate", "100k", "--deadline", ".5", "-a", "10.0.0.0/8")
        )
        self.assertEqual(2**24, summary["positions"])
        self.assertAlmostEqual(50000, summary["sent"], delta=500)
        self.assertEqual(len(alive), summary["alive"])
        self.assertAlmostEqual(summary["sent"] / 2, len(alive), delta=1000)
        self.assertGreater(len({address.split(".")[1] for address in alive}), 250)

    def test_exclusions(self):
        alive, _, summary = self.told(
            self.survey("--json", "--stateless", "10.0.0.0/24", "-x", "10.0.0.0/25")
        )
        self.assertEqual(128, summary["sent"])
        self.assertTrue(all(int(address.split(".")[3]) >= 128 for address in alive))

    def test_special_ranges(self):
        result = self.ended(self.survey("0.0.0.0/0"), 3)
        self.assertIn("--special", result.err)
        self.assertEqual(1, result.err.count("\n"))

    def test_too_many(self):
        for words in (["fd88::/64"], ["fd88::/65", "fd89::1"], ["--stateless", "::/0"]):
            result = self.ended(self.survey(*words), 3)
            self.assertIn("2^63 are the most, and a /65 of IPv6 has so many", result.err)
            self.assertEqual(1, result.err.count("\n"), result.err)
        words = ["--json", "-q", "-w", ".1", "--cooldown", ".1", "fd88::/65"]
        _, _, summary = self.told(self.survey(*words), 1)
        self.assertGreater(summary["sent"], 0)

    def test_what_needs_memory(self):
        for words in (["-c2"], ["-l"], ["-r3"], ["-B2"], ["--sort"], ["-W1"], ["-s8"], ["--fields=loss"]):
            for hosts in (["--stateless", "10.0.0.0/24"], ["10.0.0.0/8"]):
                with self.subTest(words=words, hosts=hosts):
                    result = self.ended(self.survey(*words, *hosts), 3)
                    self.assertIn("survey", result.err)
                    self.assertEqual(1, result.err.count("\n"), result.err)

    def test_forms(self):
        rows = self.ended(self.survey("--stateless", "--csv", "far"), 0).out.split("\r\n")
        self.assertEqual("time,host,address,state,rtt_ns,reason", rows[0])
        self.assertTrue(rows[1].endswith("198.18.0.9,198.18.0.9,alive,20000000,"), rows)
        fields = self.survey("--stateless", "--fields", "rtt_ns,address", "far")
        self.assertEqual("20000000\t198.18.0.9\n", self.ended(fields, 0).out)
        words = ["--stateless", "far", "gone", "dead"]
        alive = self.ended(self.survey("-a", *words), 1)
        self.assertEqual("198.18.0.9 is alive, 20.000 ms\n", alive.out)
        refused = self.ended(self.survey("-u", *words), 1)
        self.assertIn("198.18.0.77 is unreachable: Destination Host Unreachable", refused.out)
        self.assertNotIn("alive", refused.out)
        self.assertIn("3 probes sent: 1 answered, 1 unanswered, 1 failed", refused.err)
        self.ended(self.survey("--min-alive", "1", *words), 0)
        self.ended(self.survey("--min-alive", "2", *words), 1)

    def test_why_probes_did_not_leave(self):
        """There is no way to these in this namespace, but there is to another one."""
        words = ["--stateless", "--cooldown", ".1", "198.51.100.0/30", "2001:db8:77::/127", "127.0.0.1"]
        result = self.ended(self.sonde("sweep", *words), 1)
        self.assertIn("6 unsent\n", result.err)
        self.assertIn("\n4 unsent: Network is unreachable\n", result.err)
        _, _, summary = self.told(self.sonde("sweep", "--json", *words))
        self.assertEqual(6, sum(refusal["probes"] for refusal in summary["refusals"]))

    def test_without_a_network_nobody_is_asked(self):
        file = SETTINGS.work / f"{self.id()}.resume"
        self.addCleanup(file.unlink, missing_ok=True)
        words = ["--stateless", "--cooldown", ".1", "--resume", file, "198.51.100.0/29"]
        for _ in range(2):
            result = self.ended(self.sonde("sweep", *words), 4)
            self.assertIn("cannot go on without a network: Network is unreachable", result.err)
            self.assertIn("ended at position 0 of 8;", result.err)

    def test_other_people_s_networks(self):
        """Without a way to them; a word about what was missing, where there are such."""
        said = "other people's networks are owed"
        words = ["--stateless", "-q", "--cooldown", ".1", "--rate", "max", "-w", ".3"]
        for more, hosts, expected in (
            ([], ["198.51.100.0/30"], "a name to contact (--payload-text), leaving out who objects "
             "(--exclude-file), a rate (--rate)\n"),
            (["-x", "198.51.100.1"], ["198.51.100.0/30"], "a name to contact (--payload-text), a rate (--rate)\n"),
            (["--payload-text", "noc@host.example"], ["198.51.100.0/30"], None),
            ([], ["10.0.0.0/30", "127.0.0.1", "::1", "fd00::/126"], None),
            (["--json"], ["198.51.100.0/30"], None),
        ):
            result = self.sonde("sweep", *words, *more, *hosts)
            if expected:
                self.assertIn(f"\n{said} {expected}", result.err)
            else:
                self.assertNotIn(said, result.err + result.out)

    def test_memory(self):
        """The whole of IPv4, in a namespace without a way out, where a route says so."""
        if SETTINGS.sanitized:
            self.skipTest("sanitizers take memory")
        self.net.near.do("ip", "route", "add", "unreachable", "0.0.0.0/1")
        self.net.near.do("ip", "route", "add", "unreachable", "128.0.0.0/1")
        self.addCleanup(self.net.near.do, "ip", "route", "del", "unreachable", "0.0.0.0/1")
        self.addCleanup(self.net.near.do, "ip", "route", "del", "unreachable", "128.0.0.0/1")
        words = ["--special", "--rate", "max", "-q", "--deadline", "1", "--cooldown", "2", "0.0.0.0/0"]
        with self.net.near.start([SETTINGS.program, "sweep", *words]) as program:
            time.sleep(.8)
            peak = int(program.status()["VmHWM"].split()[0])
            result = self.ended(program.finish(), 1)
        self.assertLessEqual(peak, 32 * 1024)
        self.assertIn("4294967296 addresses", result.err)

    def test_an_ordinary_user(self):
        self.net.near.open_datagram_sockets()
        self.net.near.do("ip", "route", "replace", "local", "10.0.0.0/8", "dev", "lo")
        words = ["--stateless", "--json", "--cooldown", ".3", "10.3.0.0/25"]
        alive, _, summary = self.told(self.sonde("sweep", *words, user="nobody"), 0)
        self.assertEqual(128, len(set(alive)))
        self.assertEqual(1000, summary["rate"])
        result = self.ended(self.sonde("sweep", "--rate", "2k", *words, user="nobody"), 3)
        self.assertIn("only root", result.err)


class Ring(Survey):
    """Through a pair of devices."""

    topology = staticmethod(pair)

    def setUp(self):
        super().setUp()
        self.net.near.do("ip", "route", "replace", "10.64.0.0/10", "via", "10.55.0.2")
        self.net.far.do("ip", "route", "replace", "local", "10.64.0.0/10", "dev", "lo")
        self.net.far.set(net__ipv4__icmp_msgs_per_sec=1000000)

    def test_chosen_by_itself(self):
        result = self.sonde("sweep", "--stateless", "--json", "--rate", "20k", "--cooldown", ".3",
                            "10.64.0.0/19")
        self.assertEqual("ring", self.lines(result)[0]["transport"])
        alive, _, _ = self.told(result, 0)
        self.assertEqual(8192, len(set(alive)))

    def automatic(self, *words):
        """Which transport is chosen, who is alive, and the summary."""
        result = self.sonde("sweep", "--stateless", "--json", "--rate", "20k", "--cooldown", ".3", *words)
        alive, _, summary = self.told(result)
        return self.lines(result)[0]["transport"], set(alive), summary

    def test_another_device(self):
        """A route in the midst of the range leads elsewhere: raw sockets reach those hosts, too."""
        connect(self.net.near, "near1", self.net.far, "far1")
        self.addCleanup(self.net.near.ip, "link delete near1")
        self.net.near.ip("address add 10.56.0.1/24 dev near1")
        self.net.far.ip("address add 10.56.0.2/24 dev far1")
        self.net.near.ip("route add 10.64.7.77/32 via 10.56.0.2")
        self.net.far.set(net__ipv4__conf__all__rp_filter=0)
        for default in (False, True):
            with self.subTest(default):
                if default:
                    self.net.near.ip("route add default via 10.55.0.2")
                    self.addCleanup(self.net.near.ip, "route delete default")
                transport, alive, summary = self.automatic("10.64.0.0/19")
                self.assertEqual("raw", transport)
                self.assertEqual((8192, 0), (len(alive), summary["failed"]))
                self.assertEqual("ring", self.automatic("10.64.8.0/24", "10.64.0.0/22")[0])

    def test_no_route(self):
        """Nobody on the link is asked for an address that has none."""
        transport, alive, summary = self.automatic("10.64.0.0/24", "172.16.0.0/25")
        self.assertEqual("ring", transport)
        self.assertEqual((256, 128, 128), (len(alive), summary["failed"], summary["unsent"]))
        self.assertNotIn("172.16.", self.net.near.do("ip", "neigh"))

    def test_each_route_has_its_source(self):
        """Answers come only to the source that belongs to the gateway."""
        self.net.near.ip("address add 10.50.0.1/16 dev near0")
        self.addCleanup(self.net.near.ip, "address delete 10.50.0.1/16 dev near0")
        self.net.far.ip("address add 10.50.0.2/16 dev far0")
        self.net.near.ip("route add 10.65.0.0/16 via 10.50.0.2")
        self.net.far.nft(
            """
            table ip filter {
                chain input {
                    type filter hook input priority 0;
                    ip daddr 10.64.0.0/16 ip saddr != 10.55.0.1 drop
                    ip daddr 10.65.0.0/16 ip saddr != 10.50.0.1 drop
                }
            }
            """
        )
        self.addCleanup(self.net.far.nft, "delete table ip filter")
        transport, alive, summary = self.automatic("10.64.0.0/24", "10.65.0.0/24")
        self.assertEqual("ring", transport)
        self.assertEqual((512, 0), (len(alive), summary["unanswered"]))

    def test_privilege_is_gone(self):
        words = ["--stateless", "-q", "--rate", "100", "10.64.0.0/20"]
        with self.net.near.start([SETTINGS.program, "sweep", *words]) as program:
            self.assertTrue(wait_until(lambda: program.status()["Seccomp"] == "2"))
            status = program.status()
            for name in ("CapEff", "CapPrm", "CapInh", "CapAmb"):
                self.assertEqual(0, int(status[name], 16), status)
            self.assertEqual(1, len(program.threads()), "at a low rate")
            program.send_signal(signal.SIGTERM)
            program.send_signal(signal.SIGQUIT)

    def fast(self, *before):
        """Threads while it sends as fast as it can, and the summary after an interruption."""
        words = ["--stateless", "-q", "--json", "--rate", "max", "--cooldown", ".5", "10.64.0.0/10"]
        with self.net.near.start([*before, SETTINGS.program, "sweep", *words]) as program:
            self.assertTrue(wait_until(lambda: program.status()["Seccomp"] == "2"))
            time.sleep(.3)
            threads = program.threads()
            program.send_signal(signal.SIGINT)
            summary = self.told(program.finish(), 1)[2]
        self.assertGreater(summary["sent"], 10000)
        self.assertEqual(0, summary["failed"])
        self.assertEqual(summary["sent"], summary["answered"] + summary["unanswered"])
        self.assertLessEqual(summary["unanswered"], summary["receive_drops"])
        return threads

    def test_several_threads_send(self):
        threads = self.fast()
        self.assertEqual(min(4, len(os.sched_getaffinity(0))), len(threads))
        for thread in threads:
            for name in ("CapEff", "CapPrm", "CapInh", "CapAmb"):
                self.assertEqual(0, int(thread[name], 16), thread)
            self.assertEqual(("1", "2"), (thread["NoNewPrivs"], thread["Seccomp"]), thread)

    def test_one_processor(self):
        cpu = str(min(os.sched_getaffinity(0)))
        self.assertEqual(1, len(self.fast("taskset", "-c", cpu)))

    def test_the_device_goes_down(self):
        """Nobody counts as asked meanwhile."""
        words = ["--stateless", "-q", "--json", "--rate", "max", "--cooldown", ".3", "-w", "1",
                 "10.64.0.0/10"]
        with self.net.near.start([SETTINGS.program, "sweep", *words]) as program:
            time.sleep(.5)
            self.net.near.do("ip", "link", "set", "near0", "down")
            summary = self.told(program.finish(), 1)[2]
        self.assertEqual(0, summary["failed"], summary)
        self.assertEqual(summary["sent"], summary["position"], summary)
        self.assertGreater(summary["answered"], 0)

    def test_errors(self):
        result = self.sonde("sweep", "--transport", "ring", "--stateless", "--json", "--cooldown",
                            ".5", "--rate", "20", "10.55.93.0/29", "10.64.0.0/30")
        alive, refused, summary = self.told(result, 1)
        self.assertEqual(4, len(alive))
        self.assertEqual(len(refused), summary["refused"])
        self.assertGreater(summary["refused"], 0)

    def test_a_ring_that_cannot_be(self):
        result = self.ended(self.sonde("sweep", "--transport", "ring", "-I", "nowhere", "10.64.0.1"), 4)
        self.assertIn("there is no device 'nowhere'", result.err)
        result = self.ended(self.sonde("sweep", "--transport", "ring", "10.64.0.1", user="nobody"), 4)
        self.assertIn("cannot", result.err)

    def test_listed_hosts_too(self):
        result = self.ended(self.sonde("sweep", "--transport", "ring", "--json", "10.64.0.0/27"))
        self.assertEqual("ring", self.lines(result)[0]["transport"])
        self.assertEqual(32, self.lines(result)[-1]["alive"])
        words = ["--transport", "ring", "-q", "10.64.0.0/27"]
        self.ended(self.sonde("sweep", *words, "-s", "1472"))
        result = self.ended(self.sonde("sweep", *words, "-s", "1473"), 3)
        self.assertIn("1473 bytes of payload do not fit the MTU of 1500", result.err)
        self.ended(self.sonde("sweep", "-q", "-s", "1473", "10.64.0.0/27"))
