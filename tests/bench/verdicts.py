"""Claims against the truth: one Statement for each thing that a tool said or left unsaid."""

import dataclasses

from figures import percentile
import told

TRUE, WRONG, SILENT = "true", "wrong", "silent"


@dataclasses.dataclass
class Statement:
    subject: str
    said: str
    true: str
    verdict: str
    short: str = ""               # of a wrong one: a few words for a narrow table


def number(value):
    if abs(value) >= 1e7:
        return f"{value:.1e}"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def us(value_ms):
    return f"{number(value_ms * 1000)} us" if abs(value_ms) < 1 else f"{number(value_ms)} ms"


class Judge:
    def __init__(self):
        self.statements = []

    def say(self, subject, said, true, right, short=""):
        verdict = SILENT if right is None else TRUE if right else WRONG
        self.statements.append(Statement(subject, said, true, verdict, short))

    def silent(self, subject, true):
        self.say(subject, "-", true, None)

    # --- one host, again and again --------------------------------------------------------------

    def count(self, subject, said, low, high, short, remark=""):
        """A number that is right between `low` and `high`; said of nothing when there is none."""
        true = (f"{low}" if low == high else f"{low} to {high}") + remark
        if said is None:
            if high:
                self.silent(subject, true)
        elif said or low:
            self.say(subject, f"{said}", true, low <= said <= high,
                     f"{short}: {said}, not {true}")

    def echo(self, claims, probes, job):
        """`job` has interval_ms, target, tolerance_ms (None: ran side by side with others)."""
        if claims.sent is None:
            self.say("summary", "none", f"{len(probes)} requests", False, "no summary")
            return
        self.count("requests sent", claims.sent, len(probes), len(probes), "sent")
        good = sum(bool(probe.good) for probe in probes)
        usable = sum(bool(probe.usable) for probe in probes)
        self.received(claims, probes, good, usable)
        low, high = told.duplicates(probes)
        strays = sum(probe.strays for probe in probes)
        self.count("duplicates", claims.duplicates, low, high, "duplicates",
                   f", but {strays} forged replies" if strays else "")
        self.count("broken replies", claims.corrupt,
                   sum(len(probe.corrupt_known) for probe in probes),
                   sum(len(probe.corrupt) for probe in probes), "broken replies")
        errors = sum(len(probe.errors) for probe in probes)
        self.count("errors", claims.errors, errors, errors, "errors")
        late = told.reordered(probes)
        self.count("reordered", claims.reordered, late, late, "reordered")
        self.rtts(claims, probes, job)
        self.source(claims, probes, job)
        if claims.backward:
            self.say("time", f"\"time of day goes back\" {claims.backward} times",
                     "it did not", False, "clock said to go back")
        self.schedule(probes, job)

    def received(self, claims, probes, good, usable):
        true = f"{good}" if good == usable else f"{good}, {usable - good} more altered"
        right = good <= claims.received <= usable
        said = f"{claims.received} of {claims.sent}"
        pending = sum(probe.pending and not probe.usable for probe in probes)
        true += f", {pending} more under way" if pending else ""
        if not right and claims.received < good:
            waits = [probe.rtt_ms() for probe in probes if probe.usable]
            true += f" (after {number(min(waits))} to {number(max(waits))} ms)"
        self.say("answered", said, true, right,
                 f"answered: {claims.received}, not {good + pending}")
        if claims.periods and good == usable == claims.received:
            found = told.periods(probes)
            self.say("periods of loss, longest", "{}, {}".format(*claims.periods),
                     "{}, {}".format(*found), claims.periods == found, "periods of loss")

    def rtts(self, claims, probes, job):
        errors = []
        for index, (rtt, unit) in claims.rtts.items():
            if index < len(probes) and probes[index].usable:
                errors.append(max(0, abs(rtt - probes[index].rtt_ms()) - unit / 2))
        if errors and job.tolerance_ms:
            p99 = percentile(errors, 99)
            self.say("RTT of each", f"{len(errors)} RTTs", f"p99 of the error {us(p99)}",
                     p99 <= job.tolerance_ms, f"RTT off by {us(p99)} (p99)")
        true = told.span_ms(probes)
        if not claims.span_ms or not true:
            return
        if job.tolerance_ms:
            which, allowed = ((0, 1, 2), job.tolerance_ms + claims.span_unit_ms / 2)
        else:
            # Of the greatest a busy machine may be the cause, with others side by side.
            which, allowed = (0, 1), 1 + claims.span_unit_ms / 2 + 0.05 * true[1]
        names = ("min", "avg", "max")
        worst = max(which, key=lambda i: abs(claims.span_ms[i] - true[i]))
        self.say("RTT " + "/".join(names[i] for i in which),
                 "/".join(number(claims.span_ms[i]) for i in which) + " ms",
                 "/".join(number(true[i]) for i in which) + " ms",
                 abs(claims.span_ms[worst] - true[worst]) <= allowed,
                 f"RTT {names[worst]} {number(claims.span_ms[worst])}, not "
                 f"{number(true[worst])} ms")
        if job.tolerance_ms:
            self.percentiles(claims, probes, job)

    def percentiles(self, claims, probes, job):
        rtts = [probe.rtt_ms() for probe in probes if probe.usable]
        for share, said in claims.percentiles_ms.items():
            true = percentile(rtts, share)
            # From a histogram: within 1 %, says the manual.
            right = abs(said - true) <= job.tolerance_ms + true / 100
            self.say(f"RTT p{share:g}", f"{number(said)} ms", f"{number(true)} ms", right,
                     f"p{share:g} off by {us(abs(said - true))}")

    def source(self, claims, probes, job):
        true = {decision["answer"]["source"] for probe in probes for decision in probe.usable}
        if not true or true == {job.target}:
            return
        shown = ", ".join(sorted(true))
        if not claims.sources:
            self.silent("who answers", shown)
        else:
            self.say("who answers", ", ".join(sorted(claims.sources)), shown,
                     claims.sources == true, "who answers")

    def schedule(self, probes, job):
        if not job.interval_ms or not job.tolerance_ms or len(probes) < 2:
            return
        took = (probes[-1].came_ns - probes[0].came_ns) / 1e6
        due = (len(probes) - 1) * job.interval_ms
        mean = took / (len(probes) - 1)
        self.say("interval", f"{job.interval_ms:g} ms asked for", f"{mean:.3f} ms on average",
                 abs(took - due) <= 5, f"interval {mean:.4g} ms, not {job.interval_ms:g}")

    # --- the way --------------------------------------------------------------------------------

    def path(self, claims, seen, job, survey):
        """`survey`: what all runs in this scenario together saw (links, nodes, distances)."""
        probes = seen.probes(job.target)
        if not claims.hops:
            self.say("the way", "none", f"{len(probes)} probes", False, "said nothing")
            return
        self.hops(claims, probes)
        links, nodes, distances = survey
        self.links(claims, links, nodes)
        self.end(claims, probes, job, distances)
        self.path_mtu(claims, job)
        self.losses(claims, probes)
        if job.tolerance_ms:
            self.hop_times(claims, probes, job)

    def hops(self, claims, probes):
        heard = {}
        for probe in probes:
            for decision in probe.answers():
                heard.setdefault(probe.hop_limit, set()).add(decision["answer"]["source"])
        shown = {(hop.distance, address) for hop in claims.hops for address in hop.addresses()}
        false = [pair for pair in shown if pair[1] not in heard.get(pair[0], ())]
        self.say("who is at which hop", f"{len(shown)} addresses",
                 f"{len(shown) - len(false)} answered from there", not false,
                 f"{len(false)} of {len(shown)} hops false")

    def links(self, claims, links, nodes):
        """A reader joins the n-th probe of a hop with the n-th of the next, of mtr the lines."""
        shown = set()
        for near, far in zip(claims.hops, claims.hops[1:]):
            if far.distance != near.distance + 1 or far.hidden:
                continue
            for (left, _), (right, _) in zip(near.probes, far.probes):
                if left in nodes and right in nodes and left != right:
                    shown.add((nodes[left], nodes[right]))
        false = shown - links
        if shown:
            self.say("links from hop to hop", f"{len(shown)}", f"{len(shown) - len(false)} exist",
                     not false, f"{len(false)} of {len(shown)} links do not exist")

    def end(self, claims, probes, job, distances):
        """A distance may be that of any way; that there is none must be so of its own probes."""
        own = told.distances(probes, job.target)
        at = [hop.distance for hop in claims.hops if job.target in hop.addresses()]
        reached = bool(at) if claims.reached is None else claims.reached
        true = " or ".join(str(distance) for distance in sorted(distances))
        if reached:
            said = min(at, default=0)
            self.say("distance", f"{said} hops", f"{true} hops" if own else "not reached",
                     bool(own) and said in distances, f"distance {said}, not {true}")
        else:
            self.say("distance", "not reached", f"{true} hops" if own else "not by its probes",
                     not own, "said not to be reached")

    def path_mtu(self, claims, job):
        if claims.mtu is not None:
            self.say("path MTU", f"{claims.mtu}", f"{job.mtu}", claims.mtu == job.mtu,
                     f"path MTU {claims.mtu}, not {job.mtu}")

    def losses(self, claims, probes):
        """Loss of a hop that has an address, against packets that really were lost."""
        for hop in claims.hops:
            if hop.loss is None or not hop.probes[0][0]:
                continue
            there = [probe for probe in probes if probe.hop_limit == hop.distance]
            lost = sum(probe.was_lost() for probe in there)
            rationed = sum(decision["fate"] == "rationed" for probe in there
                           for decision in probe.decisions)
            last = hop is claims.hops[-1]
            if not hop.loss and not lost and not last:
                continue
            true = f"{lost} of {len(there)} lost" + (
                f", {rationed} errors rationed" if rationed else "")
            true_share = 100 * lost / max(1, len(there))
            self.say(f"loss at hop {hop.distance}", f"{hop.loss:g} %", true,
                     abs(hop.loss - true_share) < 0.1,
                     f"{hop.loss:g} % loss at hop {hop.distance}, none there" if not lost else
                     f"{hop.loss:g} % loss at hop {hop.distance}")

    def hop_times(self, claims, probes, job):
        errors = []
        for hop in claims.hops:
            there = [probe for probe in probes if probe.hop_limit == hop.distance]
            true = [min(decision["rtt_ns"] for decision in probe.answers()) / 1e6
                    for probe in there if probe.answers()]
            if not true:
                continue
            if hop.average_ms is not None:
                errors.append(abs(hop.average_ms - sum(true) / len(true)))
            elif len(there) == len(true) == len(hop.probes):
                errors += [abs(said - rtt) for (_, said), rtt in zip(hop.probes, true)
                           if said is not None]
        if errors:
            worst = max(errors)
            self.say("RTT of each hop", f"{len(errors)} times", f"off by at most {us(worst)}",
                     worst <= job.tolerance_ms, f"RTT of a hop off by {us(worst)}")

    # --- many hosts -----------------------------------------------------------------------------

    def sweep(self, found, seen):
        """`found`: the addresses that the tool calls alive."""
        asked = {address for address in seen.targets if address}
        true = {address for address in asked
                if any(probe.usable for probe in seen.pings(address))}
        wrong = len(found ^ true)
        self.say("who is alive", f"{len(found)} alive", f"{len(true)} of {len(asked)} answered",
                 not wrong, f"{wrong} of {len(asked)} addresses misjudged")
