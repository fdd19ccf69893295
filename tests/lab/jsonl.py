"""What `sonde ping --json` printed, read strictly, with the promises that hold for every run."""

import collections
import json

FINAL = {
    "reply",
    "time_exceeded",
    "unreachable",
    "too_big",
    "parameter_problem",
    "timed_out",
    "send_failed",
    "unfinished",
}
NOTICES = {"late", "duplicate", "corrupt", "redirect", "source_quench", "later_error"}
ERRORS = {"time_exceeded", "unreachable", "too_big", "parameter_problem"}


def no_constant(name):
    raise ValueError(f"{name} is not JSON")


class Run:
    """The objects of a run, by type; check() raises AssertionError where a promise is broken."""

    def __init__(self, text):
        self.text = text
        assert text.endswith("\n"), "the last line has no end"
        self.lines = [
            json.loads(line, parse_constant=no_constant) for line in text.splitlines()
        ]
        by_type = collections.defaultdict(list)
        for line in self.lines:
            by_type[line["type"]].append(line)
        self.start, self.end = by_type["start"], by_type["end"]
        self.targets, self.summaries = by_type["target"], by_type["summary"]
        self.outcomes = by_type["outcome"]
        self.finals = [line for line in self.outcomes if line["outcome"] in FINAL]
        self.notices = [line for line in self.outcomes if line["outcome"] in NOTICES]

    def kinds(self, target=0):
        """The final outcomes of a target, in the order of its probes."""
        finals = [line for line in self.finals if line["target"] == target]
        return [line["outcome"] for line in sorted(finals, key=lambda line: line["seq"])]

    def count(self, outcome):
        return sum(line["outcome"] == outcome for line in self.outcomes)

    def check(self):
        assert len(self.start) == 1 and self.lines[0]["type"] == "start", "one start, first"
        assert len(self.end) == 1 and self.lines[-1]["type"] == "end", "one end, last"
        assert len(self.targets) == len(self.summaries) == self.start[0]["targets"]
        for line in self.outcomes:
            assert line["outcome"] in FINAL | NOTICES, line
            assert line["final"] == (line["outcome"] in FINAL), line
            assert line.get("rtt_ns", 0) >= 0, line
        for summary in self.summaries:
            self._check_target(summary)
        return self

    def _check_target(self, summary):
        finals = [line for line in self.finals if line["target"] == summary["target"]]
        times = collections.Counter(line["seq"] for line in finals)
        twice = [number for number, count in times.items() if count > 1]
        assert not twice, f"more than one verdict on probes {twice}"
        assert sorted(times) == list(range(1, len(times) + 1)), f"probes without a verdict: {sorted(times)}"
        counted = collections.Counter(
            line["outcome"] for line in self.outcomes if line["target"] == summary["target"]
        )
        assert dict(counted) == summary["outcomes"], (dict(counted), summary["outcomes"])
        failed = counted["send_failed"]
        errors = sum(counted[kind] for kind in ERRORS)
        total = counted["reply"] + counted["timed_out"] + errors + counted["unfinished"]
        assert summary["sent"] == total, f"sent {summary['sent']}, told {total}"
        assert summary["received"] == counted["reply"], summary
        assert len(finals) == total + failed
        rtts = [line["rtt_ns"] for line in finals if line["outcome"] == "reply" and "rtt_ns" in line]
        if rtts:
            rtt = summary["rtt"]
            assert rtt["count"] == len(rtts), (rtt, len(rtts))
            assert rtt["min_ns"] == min(rtts) and rtt["max_ns"] == max(rtts), (rtt, rtts)
            assert abs(rtt["mean_ns"] - sum(rtts) / len(rtts)) <= 1, (rtt, rtts)
        else:
            assert "rtt" not in summary, summary
