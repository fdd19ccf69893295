"""The differences between what sonde said of a run and what the lab did in it."""

import calendar
import collections
import dataclasses
import math
import statistics
import time

from truth import figures
from truth.datagram import ICMP, ICMPV6, REQUESTS, Ip, parse_ip
from truth.describe import Objects
from truth.judge import ERROR_TYPES, ERRORS, FINAL, Judge
from truth.records import Packet

MS = 1_000_000
NEAR = 2 * MS  # so close to a limit either side of it will do
LINGER = 10_000 * MS
TOLERANCE = 50_000  # ns: what round-trip times may differ from the truth at the 99th percentile,
WORST = MS  # and one of them
MEMBERS = ("from", "to", "bytes", "ttl", "traffic_class", "foreign_source", "truncated",
           "payload_differs_at", "mtu", "pointer", "gateway", "quote", "extensions")


def nanoseconds(text):
    """Of a time of day of docs/json.md, since 1970."""
    seconds, fraction = text.removesuffix("Z").split(".")
    return calendar.timegm(time.strptime(seconds, "%Y-%m-%dT%H:%M:%S")) * 10**9 + int(fraction)


@dataclasses.dataclass
class Probe:
    """A request that came to the lab; `ip` is put together where it came in fragments, of which the first
    begins the round trip."""

    came: int
    ip: Ip
    packets: list
    answers: list = dataclasses.field(default_factory=list)  # (left, Meaning, Answer)
    line: dict = None  # sonde's verdict
    notices: list = dataclasses.field(default_factory=list)

    @property
    def lease(self):
        kind = self.ip.upper[0]
        identifier = int.from_bytes(self.ip.upper[4:6], "big")
        extended = kind in (42, 160)
        return identifier, self.ip.upper[6] if extended else int.from_bytes(self.ip.upper[6:8], "big")

    def name(self):
        return f"{self.ip.to} {self.lease[0]}/{self.lease[1]} (packet {self.packets[-1].number})"


@dataclasses.dataclass
class Fate:
    """What must have been told of a probe: the verdict, the answer that decided, and all that were heard."""

    verdict: str
    decided: tuple = None
    heard: list = dataclasses.field(default_factory=list)  # (outcome, answer) in the order of arrival
    foreign: int = 0

    @property
    def kinds(self):
        return [kind for kind, _ in self.heard]


class Comparison:
    """`differences` is empty when sonde told the truth; `errors` are those of its RTTs, in ns."""

    def __init__(self, run, packets, *, socket="raw", many=(), ours=None):
        self.run, self.packets, self.socket = run, packets, socket
        self.differences, self.errors, self.user_stamps = [], [], 0
        self.counts = collections.Counter()  # what the truth had in it, for who wants to know
        self.probes = self._probes(ours)
        leases = collections.defaultdict(list)
        for probe in self.probes:
            leases[probe.lease].append(probe)
        self.judge = Judge(leases, socket, many)
        self._match(leases)
        if self.differences:
            return  # nothing else can be compared
        self._find_end()
        self.nothing, self.foreign, self.malformed = 0, 0, 0
        self._judge_answers()
        self._settle_patience()
        fates = {id(probe): self._compare(probe) for probe in self.probes}
        if not self.differences:
            self._counters(fates)
            self._figures(fates)

    def differ(self, text):
        self.differences.append(text)

    def untimely(self, busy=False):
        """What is wrong with the times, or None. Where the machine is busy its own share is larger."""
        if not self.errors:
            return None
        found = sorted(map(abs, self.errors))
        factor = 20 if busy else 1
        if quantile(found, 0.99) <= TOLERANCE * factor and found[-1] <= WORST * factor:
            return None
        return (f"errors of {len(found)} round-trip times: median {quantile(found, 0.5)} ns, "
                f"p99 {quantile(found, 0.99)}, worst {found[-1]}")

    # --- who asked what ---

    def _probes(self, ours):
        """Requests of sonde's, fragments put together. Others are told as differences."""
        probes, pieces = [], collections.defaultdict(list)
        for packet in self.packets:
            ip = parse_ip(packet.data)
            if not ip or ip.protocol not in (ICMP, ICMPV6) or (ours and ip.source not in ours):
                self.differ(f"packet {packet.number} is none of sonde's: {packet.told}")
                continue
            held = pieces[ip.source, ip.to, ip.id] if ip.offset or ip.more else [(ip, packet)]
            if ip.offset or ip.more:
                held.append((ip, packet))
                if not _complete(held):
                    continue
                del pieces[ip.source, ip.to, ip.id]
            whole, packets = _together(held)
            if whole.upper and whole.upper[0] in ERROR_TYPES[whole.family]:
                continue  # our kernel's protest against something broken
            if not whole.upper or whole.upper[0] not in REQUESTS[whole.family]:
                self.differ(f"packet {packet.number} is no request: {packet.told}")
                continue
            probes.append(Probe(packets[0].came, whole, packets))
        for left in pieces.values():
            self.differ(f"a datagram in fragments never came whole: {left[0][1].told}")
        return probes

    def _match(self, leases):
        """Each probe that sonde says it sent came, and none else."""
        lines = collections.defaultdict(list)
        notices = collections.defaultdict(list)
        for line in sorted(self.run.outcomes, key=lambda line: line["seq"]):
            if not line["final"]:
                notices[line["target"], line["seq"]].append(line)
            elif line["outcome"] != "send_failed" and "sent" in line:
                key = line["address"], line["wire"]["identifier"], line["wire"]["sequence"]
                lines[key].append(line)
        for lease, probes in leases.items():
            for address in {probe.ip.to for probe in probes}:
                to = [probe for probe in probes if probe.ip.to == address]
                told = lines.pop((address, *lease), [])
                if len(to) != len(told):
                    self.differ(f"{address} {lease}: {len(to)} came, sonde says it sent {len(told)}")
                for probe, line in zip(to, told):
                    probe.line = line
                    probe.notices = notices.pop((line["target"], line["seq"]), [])
        for key, told in lines.items():
            self.differ(f"{key}: sonde says it sent {len(told)}, none came")
        for key in notices:
            self.differ(f"target, probe {key}: notices about what was not sent")
        sent = sum(summary["sent"] for summary in self.run.summaries)
        if sent != len(self.probes):
            self.differ(f"sonde says it sent {sent}, {len(self.probes)} came")

    def _find_end(self):
        """The end of the run on the lab's clock: the two tell the time of day a little differently."""
        apart = [nanoseconds(probe.line["sent"]["time"]) - probe.came for probe in self.probes]
        self.offset = int(statistics.median(apart)) if apart else 0
        self.end = nanoseconds(self.run.end[0]["time"]) - self.offset

    # --- what came back ---

    def _judge_answers(self):
        for packet in self.packets:
            for answer in packet.answers:
                self.counts[answer.fate] += 1
                self.counts.update(answer.harm)
                if answer.left is None or answer.data is None or answer.left > self.end + NEAR:
                    continue
                meaning = self.judge.judge(answer)
                intact = answer.fate in ("reply", "duplicate") and not answer.harm - {"reordered"}
                if intact and meaning.kind not in ("reply", "unseen"):
                    self.differ(f"packet {packet.number}: an intact reply is {meaning}")
                probe = self.judge.probe_of(meaning.lease, answer.left) if meaning.lease else None
                if probe:
                    probe.answers.append((answer.left, meaning, answer))
                elif meaning.kind == "foreign":
                    self.foreign += 1
                elif meaning.kind == "malformed":
                    self.malformed += 1
                elif meaning.kind == "nothing":
                    self.nothing += 1
        for probe in self.probes:
            probe.answers.sort(key=lambda entry: entry[0])

    def _settle_patience(self):
        """How long sonde waits at the end: docs/measurement.md, "At the end of a run"."""
        start = self.run.start[0]
        self.timeout = start["timeout_ns"]
        longest = {target["target"]: None for target in self.run.targets}
        for probe in self.probes:
            first = next((a for a in probe.answers if a[1].kind in FINAL), None)
            if first and first[1].kind == "reply" and first[0] - probe.came <= self.timeout:
                target = probe.line["target"]
                longest[target] = max(longest[target] or 0, first[0] - probe.came)
        self.patience = self.timeout
        if not start.get("wait_out") and all(rtt is not None for rtt in longest.values()):
            wait = max(start["interval_ns"], *(2 * rtt for rtt in longest.values()))
            self.patience = min(wait, self.timeout)

    def _fate(self, probe, timeout, end, waited_enough):
        fate, decided_at = Fate("unfinished"), None
        for answer in probe.answers:
            left, meaning, _ = answer
            if left > end:
                break
            closed = decided_at if decided_at is not None else probe.came + timeout
            if left > closed + LINGER:
                fate.foreign += 1
            elif meaning.kind not in FINAL:
                fate.heard.append((meaning.kind, answer))
            elif fate.decided or (decided_at is None and left > probe.came + timeout):
                late = fate.decided is None
                again = "duplicate" if meaning.kind == "reply" else "later_error"
                fate.heard.append(("late" if late else again, answer))
                if late:
                    fate.verdict, fate.decided, decided_at = "timed_out", answer, closed
            else:
                fate.verdict, fate.decided, decided_at = meaning.kind, answer, left
                fate.heard.append((meaning.kind, answer))
        if fate.decided and fate.verdict == "timed_out":
            fate.decided = None
        elif not fate.decided:
            gone = probe.came + timeout <= end or waited_enough
            fate.verdict = "timed_out" if gone else "unfinished"
        return fate

    def _fates(self, probe):
        """All that will do: more than one where something happened close to a limit."""
        waited = self.end - probe.came
        enough = {waited + NEAR >= self.patience, waited - NEAR >= self.patience * 7 / 8 and waited >= self.patience}
        if abs(waited - self.patience) < self.patience / 8 + NEAR:
            enough = {True, False}
        for timeout in (self.timeout, self.timeout - NEAR, self.timeout + NEAR):
            for end in (self.end, self.end - NEAR, self.end + NEAR):
                for value in sorted(enough, reverse=True):
                    yield self._fate(probe, timeout, end, value)

    # --- what sonde said of it ---

    def _compare(self, probe):
        line = probe.line
        heard = [told for told in [*probe.notices, line] if "received" in told]
        heard.sort(key=lambda told: nanoseconds(told["received"]["time"]))
        told = [told["outcome"] for told in heard]
        fates = list(self._fates(probe))
        fit = [
            fate for fate in fates
            if fate.verdict == line["outcome"] and sorted(fate.kinds) == sorted(told)
        ]
        if not fit:
            best = fates[0]
            self.differ(f"{probe.name()}: sonde says {line['outcome']}, heard {told}; "
                        f"the truth is {best.verdict}, heard {best.kinds}\n  {line}\n"
                        f"  {[(answer.fate, left - probe.came, meaning) for left, meaning, answer in probe.answers]}")
            return fates[0]
        fate = fit[0]
        if fate.kinds != told and self.socket == "raw":
            self.differ(f"{probe.name()}: heard in the order {told}, the truth is {fate.kinds}")
            return fate
        for (kind, answer), outcome in zip(_paired(fate.heard, heard), heard):
            self._compare_answer(probe, kind, answer, outcome)
        return fate

    def _compare_answer(self, probe, kind, answer, line):
        left, meaning, _ = answer
        if kind != "corrupt" or "rtt_ns" in line:
            self._compare_rtt(probe, left - probe.came, line)
        facts = dict(meaning.facts)
        if kind == "corrupt":
            facts = {key: facts[key] for key in ("from", "bytes", "ttl") if key in facts}
        elif (line["icmp"]["type"], line["icmp"]["code"]) != (facts["type"], facts["code"]):
            self.differ(f"{probe.name()}: ICMP {line['icmp']}, the truth is {facts}")
        for member in MEMBERS:
            if member not in facts or (self.socket == "dgram" and member not in line):
                continue
            told, true = line.get(member), facts[member]
            if member == "extensions":
                told, true = told or [], Objects(true)
            if told != true:
                self.differ(f"{probe.name()}: {member} is {told} in {line['outcome']}, the truth is {true}")

    def _compare_rtt(self, probe, true, line):
        if "rtt_ns" not in line:
            self.differ(f"{probe.name()}: {line['outcome']} without an RTT")
        elif line["received"]["stamp"] != "kernel" or line["sent"]["stamp"] != "kernel":
            self.user_stamps += 1
            if not -TOLERANCE <= line["rtt_ns"] - true:
                self.differ(f"{probe.name()}: RTT {line['rtt_ns']}, the truth is {true}")
        else:
            self.errors.append(line["rtt_ns"] - true)

    # --- sums ---

    def _counters(self, fates):
        end = self.run.end[0]
        foreign = self.foreign + sum(fate.foreign for fate in fates.values())
        told = end["foreign"], end["malformed"]
        low, high = foreign + self.malformed, foreign + self.malformed + self.nothing
        if not (low <= sum(told) <= high and told[0] >= foreign and told[1] >= self.malformed):
            self.differ(f"foreign, malformed: {told}, the truth is {foreign}, {self.malformed} "
                        f"and {self.nothing} that may be counted as either")
        if end["receive_drops"]:
            self.differ(f"{end['receive_drops']} were dropped in our queue")
        if end["clock_steps"]:
            self.differ(f"the clock was stepped {end['clock_steps']} times")

    def _figures(self, fates):
        by_target = collections.defaultdict(list)
        for probe in self.probes:
            by_target[probe.line["target"]].append((probe, fates[id(probe)]))
        for summary in self.run.summaries:
            self._figures_of(summary, by_target[summary["target"]])

    def _figures_of(self, summary, mine):
        mine.sort(key=lambda entry: entry[0].line["seq"])
        name = f"{summary['name']} {summary['address']}"
        verdicts = [fate.verdict for _, fate in mine]
        counted = collections.Counter(verdicts)
        for _, fate in mine:
            counted.update(kind for kind in fate.kinds if kind not in FINAL)
        counted["send_failed"] = summary["outcomes"].get("send_failed", 0)
        self._same(name, "outcomes", summary["outcomes"], {k: n for k, n in counted.items() if n})
        self._same(name, "sent", summary["sent"], len(mine))
        self._same(name, "received", summary["received"], verdicts.count("reply"))
        judged = figures.loss(verdicts)
        self._same(name, "loss", {key: summary["loss"][key] for key in judged}, judged)
        periods = figures.loss_periods([v for v in verdicts if v in ERRORS | {"reply", "timed_out"}])
        told = summary.get("loss_periods")
        self._same(name, "loss periods", told and {key: told[key] for key in periods or told}, periods)
        rtts = {p.line["seq"]: f.decided[0] - p.came for p, f in mine if f.verdict == "reply"}
        arrived = sorted((f.decided[0], p.line["seq"]) for p, f in mine if f.verdict == "reply")
        order = [number for _, number in arrived]
        if "reordering" in summary:
            self._same(name, "reordering", summary["reordering"], figures.reordering(order))
        if self.user_stamps:
            return  # the times of those are not comparable
        worst = max((abs(error) for error in self.errors), default=0)
        last = max((line["seq"] for line in self.run.finals if line["target"] == summary["target"]), default=0)
        ordered = [rtts.get(number) for number in range(1, last + 1)]
        self._close(name, "rtt", summary.get("rtt"), figures.distribution([rtts[n] for n in order]), worst)
        self._close(name, "ipdv", summary.get("ipdv"), figures.variation(ordered), 2 * worst)
        for key, told in summary.get("percentiles", {}).items() if rtts else ():
            true = figures.nearest_rank(rtts.values(), float(key[1:-3]))
            if told is not None and abs(told - true) > true / 128 + worst + 1:
                self.differ(f"{name}: {key} is {told}, the truth is {true}")

    def _same(self, name, what, told, true):
        if told != true and not _alike(told, true):
            self.differ(f"{name}: {what} {told}, the truth is {true}")

    def _close(self, name, what, told, true, allowed):
        """Counts exactly, times as closely as the single RTTs are."""
        if told is None or true is None:
            self._same(name, what, told, true)
            return
        for key, value in true.items():
            limit = 0 if key == "count" else 2 * allowed + 1 if key in ("jitter_ns",) else allowed + 1
            if abs(told[key] - value) > limit:
                self.differ(f"{name}: {what}.{key} is {told[key]}, the truth is {value}")


def _alike(told, true):
    """Equal but for ratios, which are written with nine digits."""
    if not isinstance(told, dict) or not isinstance(true, dict) or told.keys() != true.keys():
        return False
    return all(math.isclose(told[key], true[key], rel_tol=1e-8) for key in true)


def _paired(heard, lines):
    """Heard answers in the order of the lines, which may differ between sockets' queues."""
    left = list(heard)
    for line in lines:
        at = next(i for i, (kind, _) in enumerate(left) if kind == line["outcome"])
        yield left.pop(at)


def _complete(pieces):
    pieces = sorted(pieces, key=lambda piece: piece[0].offset)
    reached = 0
    for ip, _ in pieces:
        if ip.offset != reached:
            return False
        reached += len(ip.upper)
    return not pieces[-1][0].more


def _together(pieces):
    """The datagram, and its packets in the order in which they came."""
    packets = sorted((packet for _, packet in pieces), key=lambda packet: packet.number)
    pieces = sorted(pieces, key=lambda piece: piece[0].offset)
    first = pieces[0][0]
    whole = dataclasses.replace(first, upper=b"".join(ip.upper for ip, _ in pieces), more=False)
    return whole, packets


def quantile(values, share):
    values = sorted(values)
    return values[min(len(values) - 1, int(share * len(values)))]


__all__ = ["Comparison", "Fate", "Packet", "Probe", "nanoseconds", "quantile"]
