"""sonde beside the truth: every scenario of docs/scenarios and of tests/lab/truth in `sonde lab`, and each verdict,
time, count and figure of sonde's held against what the lab wrote down."""

import dataclasses
import os
import unittest

from harness import SETTINGS, Case
from jsonl import FINAL, NOTICES
from truth import play
from truth.compare import TOLERANCE, quantile
from truth.test_compare import *  # noqa: F403 -- the tests of the comparer itself

SHOWN = 5  # differences of a run
TRIES = 3  # for the times: what else the machine does is not sonde's


def busy():
    return SETTINGS.sanitized or os.getloadavg()[0] > os.cpu_count()


@dataclasses.dataclass
class Plan:
    """`must`: what has to occur among sonde's outcomes or the truth's fates, lest the run prove nothing."""

    scenario: str
    hosts: str
    words: str
    must: str = "reply"
    name: str = ""
    scale: float = None
    replace: tuple = ()
    families: tuple = (4, 6)
    options: dict = dataclasses.field(default_factory=dict)

    @property
    def title(self):
        return f"{self.scenario}_{self.name}".strip("_").replace("-", "_")


QUICK = "-c50 -i10ms -W300ms"
DGRAM = {"socket": "dgram"}
NOBODY = {"user": "nobody"}

GALLERY = [
    Plan("asymmetric", "far twin", QUICK),
    Plan("asymmetric", "far", f"{QUICK} -t3", "time_exceeded", "hop"),
    Plan("bad-member", "far", "-c120 -i5ms -W300ms", "reply timed_out lost"),
    Plan("black-hole", "far", f"{QUICK} -s1400 -M probe", "timed_out black-hole", "large"),
    Plan("black-hole", "far", QUICK),
    Plan("bleached", "far", f"{QUICK} -Q184 -t3", "time_exceeded", "hop"),
    Plan("bleached", "far", f"{QUICK} -Q185", "reply"),
    Plan("broadcast", "198.18.0.255", "-b -c15 -i40ms -W300ms", "reply duplicate",
         options={"many": ("198.18.0.255",)}),
    Plan("congested", "far", "-c320 -i5ms -W300ms", "reply queue-full", scale=75,
         replace=(("load 109%", "load 140%"),)),
    Plan("corrupting", "far", "-c250 -i4ms -W200ms", "reply timed_out corrupt malformed"),
    Plan("delay-step", "far", "-c120 -i10ms -W300ms", scale=100),
    Plan("dsl", "far", "-c250 -i10ms -W400ms", "reply timed_out late queue-full", scale=30,
         replace=(("load 130%", "load 400%"),)),
    Plan("ecmp", "far", f"{QUICK} -t2", "time_exceeded", "hop"),
    Plan("ecmp", "far", QUICK),
    Plan("firewall", "far quiet web closed-net", QUICK, "reply timed_out unreachable filtered"),
    Plan("flapping", "far", "-c200 -i5ms -W200ms", "reply timed_out link-down", scale=40),
    Plan("half-dead", "198.19.7.1 198.19.7.2 198.19.7.3 198.19.7.4 198.19.0.9 2001:db8:5::9 2001:db8:5::1 2001:db8:5::2 "
         "2001:db8:5::3", "-c15 -i40ms -W200ms", "reply timed_out dead"),
    Plan("hostile", "far forger liar", "-c60 -i10ms -W200ms", "reply timed_out hostile stray foreign garbage"),
    Plan("intercontinental", "far", "-c40 -i10ms -W1s"),
    Plan("intercontinental", "far", "-c40 -i10ms -W1s -t8", "time_exceeded", "labels"),
    Plan("intercontinental", "far", "-c60 -i10ms -W200ms -w900ms", "timed_out late", "impatient"),
    Plan("lan", "far", "-c200 -i5ms"),
    Plan("laptop", "far", "-c150 -i10ms -W300ms", "reply", scale=30),
    Plan("lying-mtu", "far zero same tiny", QUICK, "reply too_big"),
    Plan("mobile", "far", "-c150 -i10ms -W500ms", "reply timed_out", scale=25),
    Plan("nat", "far astray", QUICK, families=(4,)),
    Plan("nat", "far astray", f"{QUICK} -t3", "time_exceeded timed_out", "hop", families=(4,)),
    Plan("per-packet", "far", "-c150 -i5ms -W300ms"),
    Plan("rationed-hop", "far", "-c120 -i10ms -W300ms -t3", "time_exceeded timed_out rationed", "hop",
         replace=(("1 per 3s", "1 per 100ms"),)),
    Plan("rationed-hop", "far", QUICK),
    Plan("replayed", "far", "-c120 -i10ms -W300ms", "reply duplicate",
         replace=(("after 3s", "after 150ms"),)),
    Plan("reroute", "far", "-c150 -i10ms -W300ms", "reply timed_out link-down", scale=90),
    Plan("routing-loop", "near far soon", "-c120 -i10ms -W400ms", "reply time_exceeded", scale=30),
    Plan("satellite", "far", "-c150 -i10ms -W1s", "reply timed_out lost-in-burst", scale=100),
    Plan("satellite", "far", "-c100 -i10ms -W400ms -w1500ms", "timed_out late", "impatient"),
    Plan("services", "far bare quiet web", QUICK, "reply timed_out unanswered"),
    Plan("silent-hops", "far", f"{QUICK} -t4", "timed_out mute", "hop"),
    Plan("silent-hops", "far", f"{QUICK} -t6", "time_exceeded timed_out mute", "mute"),
    Plan("survey", "10.1.2.3 10.1.2.4 10.1.2.5 10.77.0.1 10.66.0.1 10.88.0.1", "-c15 -i40ms -W400ms",
         "reply timed_out unreachable dead"),
    Plan("ttl-zero", "far", f"{QUICK} -t2", "time_exceeded", "hop"),
    Plan("tunnel-mtu", "far", f"{QUICK} -s1400 -M probe", "too_big", "probe"),
    Plan("tunnel-mtu", "far", f"{QUICK} -s1400 -M do", "too_big send_failed", "do"),
    Plan("unequal-branches", "far", f"{QUICK} -t4", "time_exceeded", "hop"),
    Plan("unequal-branches", "far", QUICK),
    Plan("wide-diamond", "far", f"{QUICK} -t2", "time_exceeded"),
    Plan("wifi", "far", "-c200 -i5ms -W300ms", "reply timed_out duplicate lost-in-burst"),
]

FAULTS = [
    Plan("broken", "flipped cropped crumb chopped altered unproven absurd noisy crossed stranger evil elsewhere all",
         "-c30 -i40ms -W300ms", "reply timed_out corrupt duplicate truncated cut mangled forged garbage stray foreign hostile "
         "reordered"),
    Plan("broken", "flipped cropped crumb altered crossed all", "-c40 -i20ms -W300ms -s0", "reply", "without_payload"),
    Plan("broken", "flipped cropped crumb altered unproven crossed all", "-c40 -i20ms -W300ms -s12", "reply timed_out",
         "short_proof"),
    Plan("errors", "net host protocol port prohibited odd reassembly narrow pointer quench better twofold",
         "-c25 -i40ms -W300ms", "reply unreachable time_exceeded too_big parameter_problem redirect source_quench "
         "duplicate later_error"),
    Plan("limits", "near far twice tail", "-c80 -i10ms -W60ms", "reply timed_out late duplicate"),
    Plan("limits", "far", "-i20ms -w700ms -W5s", "reply unfinished", "deadline"),
    Plan("queue", "thin mixed", "-c80 -i6ms -W300ms", "reply timed_out queue-full reordered duplicate"),
    Plan("queue", "mixed", "-c8 -i50ms -W300ms -s20000", "reply", "fragments"),
    Plan("lan", "far", "-c20 -i20ms -s8000", "reply", "fragments"),
    Plan("interrupted", "far", "-i10ms -W5s", "reply unfinished"),
    Plan("wifi", "far", "-f -c300 -W300ms", "reply timed_out duplicate", "flood"),
    Plan("wifi", "far", "-A -c60 -W200ms", "reply", "adaptive"),
    Plan("queue", "thin mixed", "--poisson -l5 -c60 -i8ms -W300ms", "reply timed_out", "poisson"),
    Plan("half-dead", " ".join(f"198.19.7.{k}" for k in range(80)), "-c5 -i100ms -W300ms", "reply timed_out dead", "many"),
    *[Plan("quotes", "far", f"-c12 -i10ms -W300ms -t{hop}", "time_exceeded", f"hop_{hop}") for hop in range(1, 11)],
    Plan("kinds", "all coded mute stale", "-c40 -i20ms -W300ms --icmp-type=timestamp", "reply timed_out", "timestamp",
         families=(4,)),
    Plan("kinds", "all coded mute stale", "-c40 -i20ms -W300ms --icmp-type=extended --interface=lo", "reply timed_out",
         "extended"),
]

USERS = [
    Plan("broken", "flipped cropped crumb chopped altered unproven absurd noisy crossed stranger evil elsewhere all",
         "-c20 -i40ms -W300ms", "reply timed_out", "dgram", options=DGRAM),
    Plan("errors", "net host protocol port prohibited odd reassembly narrow pointer quench better twofold", "-c20 -i40ms -W300ms",
         "reply unreachable time_exceeded", "dgram", options=DGRAM),
    Plan("limits", "near far twice tail", "-c60 -i10ms -W60ms", "reply timed_out late duplicate", "dgram", options=DGRAM),
    Plan("lan", "far", "-c20 -i20ms -W300ms -s8000", "reply", "dgram_fragments", options=DGRAM),
    Plan("wifi", "far", "-c100 -i10ms -W300ms", "reply", "nobody", options=NOBODY),
    Plan("limits", "near far twice tail", "-c60 -i10ms -W60ms", "reply timed_out late duplicate", "nobody", options=NOBODY),
    Plan("broken", "flipped chopped altered all", "-c40 -i20ms -W300ms", "reply timed_out", "nobody", options=NOBODY),
    Plan("intercontinental", "far", "-c40 -i10ms -W1s -t7", "time_exceeded", "nobody", options=NOBODY),
    Plan("wifi", "far", "-c60 -i10ms -W300ms", "reply", "nobody_dgram", options=DGRAM | NOBODY),
]


class TruthCase(Case):
    topology = staticmethod(play.Nothing)
    alone = True
    errors = []  # of the round-trip times of all runs, ns

    def played(self, plan):
        text = play.scenario(plan.scenario, plan.scale, plan.replace)
        hosts = play.addresses(text, plan.hosts, plan.families)
        return play.play(text, plan.words.split(), hosts, **plan.options)

    def assert_told(self, played):
        differences = played.comparison.differences
        shown = "\n".join(differences[:SHOWN])
        self.assertFalse(differences, f"{len(differences)} differences:\n{shown}\n{' '.join(played.result.argv)}")

    def assert_proves(self, plan, played):
        fates = set(played.comparison.counts) - FINAL - NOTICES
        there = {line["outcome"] for line in played.run.outcomes} | fates
        self.assertFalse(set(plan.must.split()) - there, f"did not occur; there were {sorted(there)}")

    def tell_the_truth(self, plan):
        wrong = None
        for _ in range(TRIES):
            played = self.played(plan)
            self.assert_told(played)
            self.assert_proves(plan, played)
            wrong = played.comparison.untimely(busy())
            if not wrong:
                TruthCase.errors += map(abs, played.comparison.errors)
                return
        self.fail(f"{plan.title}: {wrong}")


class Gallery(TruthCase):
    """docs/scenarios, changes sooner than written."""

    def test_every_scenario_is_played(self):
        there = {path.stem for path in play.GALLERY.glob("*.scn")}
        self.assertEqual(there, {plan.scenario for plan in GALLERY})


class Faults(TruthCase):
    """What the gallery lacks."""

    alone = False
    weight = 25


class Users(TruthCase):
    """Datagram sockets, and a lab of an ordinary user's."""

    def test_zz_over_all(self):
        """Runs last: the distribution over all runs."""
        found = TruthCase.errors
        if not found:
            raise unittest.SkipTest("no run before this one")
        self.assertLessEqual(quantile(found, 0.99), TOLERANCE * (20 if busy() else 1))
        shares = {name: quantile(found, share) for name, share in (("p50", 0.5), ("p90", 0.9), ("p99", 0.99))}
        print(f"errors of {len(found)} round-trip times, in ns: {shares}, max {max(found)}", flush=True)


def add(kind, plan):
    def test(self):
        self.tell_the_truth(plan)

    assert not hasattr(kind, f"test_{plan.title}"), plan.title
    setattr(kind, f"test_{plan.title}", test)


for each in GALLERY:
    add(Gallery, each)
for each in FAULTS:
    add(Faults, each)
for each in USERS:
    add(Users, each)
