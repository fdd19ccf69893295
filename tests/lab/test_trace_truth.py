"""sonde trace and sonde mtu beside the truth: every scenario of docs/scenarios in `sonde lab`, by every kind of
probe, each hop and each finding held against what the lab wrote down."""

import concurrent.futures
import json
import os
import re

from harness import SETTINGS, Case
from truth import play, traces

SIDE_BY_SIDE = 6
TRIES = 3                         # for the times: what else the machine does is not sonde's
HOSTS = {                         # besides far
    "asymmetric": "twin", "firewall": "quiet web closed-net", "hostile": "forger liar",
    "nat": "astray", "routing-loop": "near soon", "services": "bare quiet web",
    "lying-mtu": "zero same tiny",
}
WORDS = {"bleached": ["-Q", "186"], "rationed-hop": ["-q", "6"]}
KINDS = {"echo": [], "udp": ["--udp", "33434"], "tcp": ["--tcp", "80"]}
NOT_OURS = {("asymmetric", "twin", "tcp")}    # a connection has two ends, and no third
MTUS = {"black-hole": 1400, "tunnel-mtu": 1280}
MTU_PLANS = {                     # (scenario, host): the path MTU
    ("black-hole", "far"): 1400, ("tunnel-mtu", "far"): 1280, ("lan", "far"): 1500,
    ("ecmp", "far"): 1500, ("silent-hops", "far"): 1500, ("nat", "far"): 1500,
}


def untimely_ns():
    return 2_000_000_000 if SETTINGS.sanitized or os.getloadavg()[0] > os.cpu_count() else 5_000_000


def plans(kind, family):
    """(scenario, host, its address) of all that have one of this family."""
    for path in sorted(play.GALLERY.glob("*.scn")):
        text = path.read_text(encoding="utf-8")
        for host in ["far", *HOSTS.get(path.stem, "").split()]:
            if (path.stem, host, kind) in NOT_OURS:
                continue
            for address in play.addresses(text, host, (family,))[:1]:
                yield path.stem, host, address


class TraceTruth(Case):
    topology = staticmethod(play.Nothing)
    weight = 12

    def together(self, work, todo):
        """All of them, several at a time; what they return is wrong."""
        with concurrent.futures.ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
            wrong = [line for found in pool.map(lambda each: work(*each), todo) for line in found]
        self.assertFalse(wrong, "\n" + "\n".join(wrong[:40]))

    def trace_all(self, kind, family):
        def work(scenario, host, address):
            text = play.scenario(scenario)
            for _ in range(TRIES):
                found, result = traces.trace(
                    text, [*KINDS[kind], *WORDS.get(scenario, []), "-w", "1"], address,
                    untimely_ns=untimely_ns())
                if all("round trip" in line for line in found.differences):
                    if found.differences:
                        continue
                break
            return [f"{scenario} {host} by {kind}: {line}" for line in found.differences]

        self.together(work, list(plans(kind, family)))


def add(kind, family):
    def test(self):
        self.trace_all(kind, family)

    setattr(TraceTruth, f"test_{kind}_ipv{family}", test)


for each in KINDS:
    for number in (4, 6):
        add(each, number)
