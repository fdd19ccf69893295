"""sonde ping --simulate FILE, as the user runs it: no network, no waiting, the same every time."""

import pathlib
import re
import os
import unittest

from harness import Case, Namespace, SETTINGS, find
from jsonl import Run

FIRST_USER_NAMESPACE = 0xEFFFFFFD  # linux/proc_ns.h
SCENARIOS = sorted((pathlib.Path(__file__).parent.parent / "sim" / "scenarios").glob("*.scn"))


class Empty:
    """A namespace in which not even the loopback is up."""

    def __init__(self):
        self.spaces = {"near": Namespace("near")}
        self.near = self.spaces["near"]

    def close(self):
        self.near.close()


class Simulate(Case):
    topology = staticmethod(Empty)

    def hosts(self, scenario):
        names = re.findall(r"^host (\S+) +\S", scenario.read_text(encoding="utf-8"), re.M)
        return list(dict.fromkeys(names))

    def simulate(self, scenario, *words, seed=7, **options):
        return self.ping(
            "--simulate", str(scenario), "--seed", str(seed), *words, *self.hosts(scenario), **options
        )

    def same_twice(self, scenario):
        for words in (["--json"], ["--csv"], []):
            first = self.ended(self.simulate(scenario, "-c300", "-i.5", *words), 0, 1)
            second = self.ended(self.simulate(scenario, "-c300", "-i.5", *words), 0, 1)
            self.assertEqual(first.out, second.out, f"two runs of {scenario.name} differ")
            self.assertLess(first.seconds, 5 if not SETTINGS.sanitized else 20)
            if words == ["--json"]:
                run = Run(first.out).check()
                for summary in run.summaries:
                    self.assertLessEqual(len(run.kinds(summary["target"])), 300)

    def test_other_seed_other_run(self):
        lossy = next(path for path in SCENARIOS if path.name == "lossy.scn")
        first = self.ended(self.simulate(lossy, "-c300", "-i.1", "--json"), 0, 1)
        other = self.ended(self.simulate(lossy, "-c300", "-i.1", "--json", seed=8), 0, 1)
        self.assertNotEqual(first.out, other.out)

    def test_an_hour_in_a_moment(self):
        clean = next(path for path in SCENARIOS if path.name == "clean.scn")
        result = self.ended(self.simulate(clean, "-c3600", "-q"), 0, 1)
        self.assertIn("3600 packets transmitted", result.out)
        self.assertLess(result.seconds, 10)

    def test_a_flood_knows_what_is_replayed(self):
        """Seconds later, as without a flood."""
        path = SETTINGS.work / "replays.scn"
        path.write_text("host far 198.18.0.9 delay 20ms duplicate 100% after 3s\n", encoding="ascii")
        run = Run(self.ended(self.simulate(path, "-f", "-c500", "--json"), 0).out).check()
        self.assertGreater(run.summaries[0]["outcomes"]["duplicate"], 300)
        self.assertEqual(0, run.end[0]["foreign"])

    def test_the_dropin_has_no_such_option(self):
        result = self.near_ping("--simulate", "x.scn", "far")
        self.assertEqual(2, result.code, f"\n{result}")

    def near_ping(self, *words):
        return self.net.near.run(["ping", *words], path=SETTINGS.dropin)

    def test_no_such_file(self):
        result = self.ended(self.ping("--simulate", "/nonexistent.scn", "-c1", "far"), 2)
        self.assertIn("/nonexistent.scn", result.err)
        self.assertIn("No such file", result.err)

    def test_a_mistake_is_named_with_its_line(self):
        path = SETTINGS.work / "wrong.scn"
        path.write_text("host far 198.18.0.9\n  delai 20ms\n", encoding="ascii")
        self.addCleanup(path.unlink)
        result = self.ended(self.ping("--simulate", str(path), "-c1", "far"), 2)
        self.assertRegex(result.err, r"wrong\.scn.*2.*", f"\n{result}")
        self.assertIn("delai", result.err)

    def test_no_socket_is_opened(self):
        if not find("strace"):
            raise unittest.SkipTest("strace is not installed")
        clean = next(path for path in SCENARIOS if path.name == "clean.scn")
        log = SETTINGS.work / "strace"
        result = self.net.near.run(
            ["strace", "-f", "-e", "trace=socket,sendto,sendmsg,sendmmsg", "-o", log,
             SETTINGS.program, "ping", "--simulate", clean, "-c2", *self.hosts(clean)]
        )
        self.ended(result, 0, 1)
        calls = [line for line in log.read_text().splitlines() if "(" in line and "AF_INET" in line]
        if os.stat("/proc/self/ns/user").st_ino != FIRST_USER_NAMESPACE:
            calls = [line for line in calls if "SOCK_RAW" not in line]  # whose network is it?
        self.assertEqual([], calls)


def add(scenario):
    def test(self):
        self.same_twice(scenario)

    setattr(Simulate, f"test_same_twice_{scenario.stem.replace('-', '_')}", test)


for each in SCENARIOS:
    add(each)
