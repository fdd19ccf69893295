"""What `sonde trace --json` says of a way, held against what the lab wrote down of the same packets."""

import json

from truth import play

SAID = {"reply", "error"}                 # fates whose answers are honest
LOST = {"lost", "lost-in-burst", "queue-full", "link-down", "black-hole", "dead", "no-host", "malformed"}
DISHONEST = {"garbage", "stray", "foreign", "hostile"}
CHANGED = {"corrupt", "truncated", "cut", "mangled", "forged"}
EARLY_NS = 300_000                        # an RTT may be shorter than the truth's by this: two clocks' habits
UNREACHABLE = {4: 3, 6: 1}
PORT_CLOSED = {4: 3, 6: 4}


class Probe:
    """A packet of the truth, and the one honest answer to it."""

    def __init__(self, packet):
        self.packet = packet
        self.hop = packet["hop_limit"]
        self.fates = {decision["fate"] for decision in packet["decisions"]}
        self.harmed = any(CHANGED & set(decision["harm"]) for decision in packet["decisions"])
        self.dishonest = bool(DISHONEST & self.fates) or self.harmed
        self.nodes = [step["node"] for step in packet["way"]]
        left = [decision for decision in packet["decisions"] if decision["left_ns"] is not None
                and decision["fate"] in SAID and not CHANGED & set(decision["harm"])
                and not self.third(decision["answer"])]
        self.decision = min(left, key=lambda decision: decision["left_ns"], default=None)
        self.answer = self.decision["answer"] if self.decision else None
        self.quote = (self.answer or {}).get("quote")

    def third(self, answer):
        """A connection has two ends (RFC 9293 section 3.3.1): what another address says is none of it."""
        return (self.packet["protocol"] == "tcp" == answer["protocol"]
                and answer["source"] != self.packet["destination"])

    def labels(self):
        objects = (self.answer or {}).get("extensions") or []
        return [label for each in objects for label in each.get("labels", [])]

    def translated(self):
        """Who quoted it saw another sender, port or identification; that of an echo request is the kernel's."""
        members = {"source", "source_port", "identifier"}
        if self.packet["protocol"] in ("udp", "tcp"):
            members.add("ip_id")
        return self.quote is not None and any(
            member in self.quote and self.quote[member] != self.packet[member] for member in members)

    def ended(self, target):
        """It came to the host, which said so."""
        if self.answer is None or self.nodes[-1:] != [self.decision["node"]]:
            return False
        if self.decision["fate"] == "reply":
            return True
        family = self.packet["family"]
        return (self.answer["source"] == target and self.answer.get("type") == UNREACHABLE[family]
                and self.answer.get("code") == PORT_CLOSED[family])


class Trace:
    def __init__(self, text):
        lines = [json.loads(line) for line in text.splitlines()]
        self.start = lines[0]
        self.probes = [line for line in lines if line["type"] == "trace_probe" and line["final"]]
        self.hops = {line["hop"]: line for line in lines if line["type"] == "trace_hop"}
        self.end = lines[-1]
        assert [self.start["type"], self.end["type"]] == ["trace_start", "trace_end"], text[-300:]


class Comparison:
    """`differences`: a line for each thing that is not as it was."""

    def __init__(self, trace, packets, untimely_ns):
        self.trace = trace
        self.untimely_ns = untimely_ns
        self.target = trace.start["address"]
        self.differences = []
        self.asked = {}
        for packet in sorted(packets, key=lambda packet: packet["number"]):
            # What closes a connection is no question.
            if packet["destination"] == self.target and packet.get("tcp_flags") in (None, 2):
                probe = Probe(packet)
                self.asked.setdefault(probe.hop, []).append(probe)
        self.each_probe()
        self.each_hop()
        self.the_end()

    def differ(self, what, said, true):
        if said != true:
            self.differences.append(f"{what}: {said!r}, and true is {true!r}")

    def each_probe(self):
        """The n-th question to a hop is its n-th packet."""
        for line in self.trace.probes:
            hop, at = line["hop"], line["query"] - 1
            where = f"hop {hop}, query {line['query']}"
            if at >= len(self.asked.get(hop, ())):
                if line["outcome"] not in ("send_failed", "unfinished"):
                    self.differences.append(f"{where}: {line['outcome']}, and was never asked")
                continue
            probe = self.asked[hop][at]
            if probe.dishonest:
                continue
            if "rtt_ns" not in line:
                waited = probe.decision and probe.decision["rtt_ns"]
                if waited and waited < 200_000_000 and hop <= self.trace.end["hop"]:
                    self.differ(where, line["outcome"], probe.decision["fate"])
                continue
            if probe.answer is None:
                self.differ(where, f"{line['outcome']} from {line['from']}", sorted(probe.fates))
                continue
            self.differ(f"{where}: from", line["from"], probe.answer["source"])
            error = line["rtt_ns"] - probe.decision["rtt_ns"]
            if not -EARLY_NS <= error <= self.untimely_ns:
                self.differ(f"{where}: round trip", line["rtt_ns"], probe.decision["rtt_ns"])
            if probe.quote and "quote" in line:
                self.differ(f"{where}: quoted", (line["quote"]["ttl"], line["quote"]["tclass"]),
                            (probe.quote["hop_limit"], probe.quote["traffic_class"]))
            labels = [label for each in line.get("extensions", [])
                      for label in each.get("labels", [])]
            self.differ(f"{where}: labels", labels, probe.labels())

    def each_hop(self):
        known = self.trace.start.get("traffic_class", self.sent_class())
        before, at, translated = known, 0, False
        for hop, said in sorted(self.trace.hops.items()):
            probes = self.asked.get(hop, [])
            if any(probe.dishonest for probe in probes):
                heard = {decision["answer"].get("source") for probe in probes for decision in
                         probe.packet["decisions"] if decision.get("answer")}
                self.differ(f"hop {hop}: others than answered",
                            {each["address"] for each in said["addresses"]} - heard, set())
                self.nothing_forged(hop, said, probes)
                continue
            answered = [probe for probe in probes if probe.answer]
            sources = {probe.answer["source"] for probe in answered}
            self.differ(f"hop {hop}: who", {each["address"] for each in said["addresses"]}, sources)
            quotes = [probe.quote for probe in answered if probe.quote]
            if quotes and len(sources) == 1:
                seen = quotes[-1]["traffic_class"]
                rewritten = (before, seen, at) if seen != before else (None, None, None)
                self.differ(f"hop {hop}: class", tuple(said.get(member) for member in (
                    "tclass_before", "tclass", "rewritten_after_hop")), rewritten)
                self.differ(f"hop {hop}: hop limit 0", said.get("ttl_zero_before", False),
                            quotes[-1]["hop_limit"] == 0)
                self.differ(f"hop {hop}: labels", said.get("mpls", []), answered[-1].labels())
                now = any(probe.translated() for probe in answered)
                self.differ(f"hop {hop}: NAT in front", said.get("nat_after_hop"),
                            at if now and not translated else None)
                before, at, translated = seen, hop, now
            self.verdict(hop, said, probes)

    def nothing_forged(self, hop, said, probes):
        """Where some lie, nothing is claimed that nobody honest has shown."""
        quotes = [probe.quote for probe in probes if probe.quote]
        if "rewritten_after_hop" in said and said["tclass"] not in {each["traffic_class"] for each in quotes}:
            self.differences.append(f"hop {hop}: class: {said['tclass']}, and nobody honest saw that")
        told = [label for probe in probes for label in probe.labels()]
        self.differ(f"hop {hop}: labels of nobody",
                    [label for label in said.get("mpls", []) if label not in told], [])
        if "nat_after_hop" in said and not any(
                probe.translated() for at, asked in self.asked.items() if at >= hop for probe in asked):
            self.differences.append(f"hop {hop}: NAT in front, and nobody honest saw one")

    def sent_class(self):
        return next(iter(self.asked.values()))[0].packet["traffic_class"]

    def verdict(self, hop, said, probes):
        """Of what nobody lost a packet nobody is accused; nor of what only was rationed."""
        fates = set().union(*(probe.fates for probe in probes))
        if "rationed" in fates and not fates & LOST:
            if said["verdict"] not in ("rationed", "unreachable") and said["addresses"]:
                self.differ(f"hop {hop}: verdict", said["verdict"], "rationed")
        elif said["verdict"] in ("rationed", "loss") and not fates & LOST:
            self.differ(f"hop {hop}: verdict", said["verdict"], f"no such thing: {sorted(fates)}")

    def the_end(self):
        reached = [hop for hop, probes in self.asked.items()
                   if any(probe.ended(self.target) for probe in probes)]
        loops = any(len(set(probe.nodes)) < len(probe.nodes)
                    for probes in self.asked.values() for probe in probes)
        end = self.trace.end
        if any(probe.dishonest for probes in self.asked.values() for probe in probes):
            return
        if reached:
            self.differ("end", (end["reason"], end["hop"]), ("reached", min(reached)))
        elif loops:
            self.differ("end", end["reason"], "loop")
        else:
            self.differ("end: reached", end["reason"] == "reached", False)


def trace(scenario, words, host, *, untimely_ns, seed=1, timeout=40.0, **how):
    """Returns (Comparison, result) of one run."""
    truth, result = play.command(scenario, ["trace", "--json", "-n", *words, host], seed=seed,
                                 timeout=timeout, **how)
    with open(truth, encoding="utf-8") as file:
        packets = [json.loads(line) for line in file]
    return Comparison(Trace(result.out), packets, untimely_ns), result
