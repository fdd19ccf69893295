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
MTUS = {                          # scenario: the path MTU of far, how far it is, who says so, behind which hop
    "black-hole": (1400, 4, [("black_hole", 1400, 2)]),
    "tunnel-mtu": (1280, 6, [("router", 1480, 2), ("router", 1280, 4)]),
    "lan": (1500, 1, []), "ecmp": (1500, 8, []), "nat": (1500, 5, []), "asymmetric": (1500, 5, []),
    "silent-hops": (1500, 8, []), "rationed-hop": (1500, 6, []), "bad-member": (1500, 4, []),
}


def untimely_ns():
    return 2_000_000_000 if SETTINGS.sanitized or os.getloadavg()[0] > os.cpu_count() else 5_000_000


def plans(kind, family):
    """(scenario, host, its address) of all that have one of this family."""
    for path in sorted(play.GALLERY.glob("*.scn")):
        text = path.read_text(encoding="utf-8")
        for host in ["far", *HOSTS.get(path.stem, "").split()]:
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
                if not found.differences or any("round trip" not in line for line in found.differences):
                    break
            return [f"{scenario} {host} by {kind}: {line}" for line in found.differences]

        self.together(work, list(plans(kind, family)))


    def mtu_all(self, kind, family):
        def work(scenario, true):
            text = play.scenario(scenario)
            found = play.addresses(text, "far", (family,))
            if not found:
                return []
            _, result = play.command(text, ["mtu", "--json", "-n", *KINDS[kind], found[0]])
            said = json.loads(result.out)
            steps = [(step["by"], step["bytes"], step.get("after_hop")) for step in said["steps"]]
            if (said["end"], said.get("mtu"), said["hops_away"], steps) == ("found", *true):
                return []
            return [f"{scenario} by {kind}: {said} and true is {true}"]

        self.together(work, MTUS.items())

    def test_users_trace_without_privilege(self):
        """What the kernel tells through error queues: who, how fast, and where the host is."""
        def work(scenario, words):
            text = play.scenario(scenario)
            found, _ = traces.trace(text, [*words, "--socket=dgram", "-w", "1"],
                                    play.addresses(text, "far", (4,))[0],
                                    untimely_ns=untimely_ns(), socket="dgram", user="nobody")
            return [f"{scenario} {words}: {line}" for line in found.differences
                    if not re.search("quoted|labels|class|NAT|hop limit 0|round trip", line)]

        self.together(work, [(scenario, words)
                             for scenario in ("lan", "tunnel-mtu", "silent-hops", "bleached", "routing-loop")
                             for words in ([], ["--udp", "33434"], ["--tcp", "80"])])

    def test_rounds(self):
        """A loss that is one, one that is none, and a way that changes."""
        def work(scenario, words, scale, expected):
            text = play.scenario(scenario, scale)
            _, result = play.command(text, ["trace", "--json", "-n", "-w", "1", *words,
                                            play.addresses(text, "far", (4,))[0]])
            hops = traces.Trace(result.out).hops
            said = {hop: hops[hop]["verdict"] for hop in expected if hop != "changes"}
            wrong = [] if said == {hop: word for hop, word in expected.items() if hop != "changes"} \
                else [f"{scenario}: {said} and true is {expected}"]
            if "changes" in expected and not hops[expected["changes"]].get("changes"):
                wrong.append(f"{scenario}: no change at hop {expected['changes']}")
            return wrong

        self.together(work, [
            ("rationed-hop", ["--rounds", "40", "-i", "100ms"], None,
             {1: "fine", 2: "fine", 3: "rationed", 4: "fine", 5: "fine", 6: "fine"}),
            ("reroute", ["--rounds", "40", "-i", "100ms"], 20, {1: "fine", "changes": 2}),
        ])


def add_mtu(kind, family):
    def test(self):
        self.mtu_all(kind, family)

    setattr(TraceTruth, f"test_mtu_{kind}_ipv{family}", test)


def add(kind, family):
    def test(self):
        self.trace_all(kind, family)

    setattr(TraceTruth, f"test_{kind}_ipv{family}", test)


for each in KINDS:
    for number in (4, 6):
        add(each, number)
        if each != "tcp":
            add_mtu(each, number)
