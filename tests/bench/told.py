"""What the lab wrote down with --truth, as the questions of the bench want it."""

import itertools
import json
import statistics

CHANGED = {"mangled", "truncated", "forged"}    # another payload under a right checksum
BROKEN = {"corrupt", "cut"}                     # nothing that a host would accept
LOST = {"lost", "lost-in-burst", "queue-full", "link-down", "black-hole"}


class Probe:
    """A request and its answers that left, in the order in which they did."""

    def __init__(self, packet):
        self.came_ns = packet["came_ns"]
        self.hop_limit = packet.get("hop_limit")
        self.way = [step["node"] for step in packet["way"]]
        self.decisions = packet["decisions"]
        left = sorted((decision for decision in self.decisions
                       if decision["left_ns"] is not None and decision.get("answer")),
                      key=lambda decision: decision["left_ns"])
        true = [decision for decision in left if decision["fate"] in ("reply", "duplicate")]
        self.good = [decision for decision in true
                     if not set(decision["harm"]) & (CHANGED | BROKEN)]
        self.changed = [decision for decision in true if set(decision["harm"]) & CHANGED
                        and not set(decision["harm"]) & BROKEN]
        self.corrupt = [decision for decision in true if "corrupt" in decision["harm"]]
        # What the broken bit left whole: by these one knows whose reply it was.
        self.corrupt_known = [decision for decision in self.corrupt if all(
            decision["answer"].get(member) == value for member, value in (
                ("type", {8: 0, 128: 129}.get(packet.get("type"))), ("code", 0),
                ("identifier", packet.get("identifier")), ("sequence", packet.get("sequence"))))]
        self.strays = sum(decision["fate"] == "stray" for decision in left)
        self.errors = [decision for decision in left if decision["fate"] == "error"]
        # Answers under way when the tool was gone.
        self.pending = any(decision["fate"] == "reply" and decision["left_ns"] is None
                           and decision["due_ns"] is not None for decision in self.decisions)
        self.usable = sorted(self.good + self.changed, key=lambda decision: decision["left_ns"])

    def rtt_ms(self):
        return self.usable[0]["rtt_ns"] / 1e6 if self.usable else None

    def answers(self):
        """Everything that the asked or a router on the way said of it."""
        return self.good + self.changed + self.errors

    def was_lost(self):
        return any(decision["fate"] in LOST for decision in self.decisions)


class Told:
    """`target` is an address; `targets` sees all packets."""

    def __init__(self, path):
        with open(path, encoding="utf-8") as file:
            self.packets = sorted((json.loads(line) for line in file),
                                  key=lambda packet: packet["number"])
        self.targets = {}
        for packet in self.packets:
            self.targets.setdefault(packet.get("destination"), []).append(packet)

    def probes(self, target):
        return [Probe(packet) for packet in self.targets.get(target, ())]

    def pings(self, target):
        """Echo requests of either family alone."""
        return [Probe(packet) for packet in self.targets.get(target, ())
                if (packet.get("protocol"), packet.get("type")) in (("icmp", 8), ("icmp6", 128))]

    def links(self):
        """Pairs of neighbours that packets went over, and who is next to the observer."""
        found = set()
        for packet in self.packets:
            nodes = [step["node"] for step in packet["way"]]
            found.update(zip(nodes, nodes[1:]))
        return found

    def nodes(self):
        """{address: node} of all who answered."""
        found = {}
        for packet in self.packets:
            for decision in packet["decisions"]:
                answer = decision.get("answer")
                if answer and decision["fate"] in ("reply", "error") and decision["node"]:
                    found[answer["source"]] = decision["node"]
        return found


def distances(probes, target):
    """How many hops away the target was from those whom it answered."""
    return {len(probe.way) for probe in probes if probe.good or any(
        decision["answer"]["source"] == target for decision in probe.errors)}


def reordered(probes):
    """Answers that came after one to a later request (RFC 4737, section 3.3)."""
    order = sorted((probe.usable[0]["left_ns"], index)
                   for index, probe in enumerate(probes) if probe.usable)
    highest = -1
    late = 0
    for _, index in order:
        late += index < highest
        highest = max(highest, index)
    return late


def duplicates(probes):
    """
    (fewest, most) answers beyond the first of each request. What left after the last first answer
    may have come when the tool was gone.
    """
    last = max((probe.usable[0]["left_ns"] for probe in probes if probe.usable), default=0)
    more = [decision["left_ns"] for probe in probes for decision in probe.usable[1:]]
    return sum(left <= last for left in more), len(more)


def periods(probes):
    """How many runs of unanswered requests, and the longest."""
    runs = [len(list(run)) for lost, run in itertools.groupby(not probe.usable
                                                              for probe in probes) if lost]
    return len(runs), max(runs, default=0)


def span_ms(probes):
    """Minimum, mean and maximum of the first answers; of all that were usable."""
    rtts = [probe.rtt_ms() for probe in probes if probe.usable]
    return (min(rtts), statistics.fmean(rtts), max(rtts)) if rtts else ()
