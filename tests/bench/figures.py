"""The benches. Each measures every tool in turn, several rounds, and gives rows of medians."""

import dataclasses
import math
import os
import statistics
import subprocess

import lab



@dataclasses.dataclass
class Row:
    """One line of the table. `ratio` and `goal` compare sonde with `peer` or with a fixed limit."""
    figure: str
    values: dict                 # tool: median, in the unit that the figure names
    peer: str = "ping"
    most: float = None           # goal: sonde's value is at most this
    least: float = None          # goal: at least this
    most_ratio: float = None     # goal: at most this times the peer's
    least_ratio: float = None    # goal: at least this times the peer's
    digits: int = 1


def percentile(values, share):
    """Nearest rank."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * share / 100) - 1)]


class Bench:
    def __init__(self, tools, runner, directory, quick):
        self.tools = tools
        self.runner = runner
        self.directory = directory
        self.quick = quick
        self.notes = []

    def only(self, *names):
        return {name: self.tools[name] for name in names if name in self.tools}

    def rounds(self, normal, quick):
        return quick if self.quick else normal

    def captured(self, tool, count):
        """Runs `count` probes at 10 ms across the routers: what was printed, what was captured."""
        capture = lab.Capture(os.path.join(self.directory, f"{tool.name}.pcap"))
        try:
            cost = self.runner.run(tool.paced(lab.FAR_ROUTED, count, 10), "sender", 40)
        finally:
            records = capture.stop()
        requests = [record for record in records if record[1] == 8]
        if len(requests) != count:
            raise RuntimeError(f"{tool.name}: {len(requests)} of {count} requests in the capture")
        return cost.output, requests, records

    def collect(self, tools, rounds, measure, settle=True):
        """
        {figure: {tool: median over the rounds}} of measure(tool) -> {figure: value}, and how busy
        the processors were meanwhile, in percent.
        """
        found = {}
        if settle:
            lab.settle()
        busy_before, all_before = lab.processor_ticks()
        for _ in range(rounds):
            for tool in tools.values():
                for figure, value in measure(tool).items():
                    found.setdefault(figure, {}).setdefault(tool.name, []).append(value)
        busy_after, all_after = lab.processor_ticks()
        share = 100 * (busy_after - busy_before) / max(1, all_after - all_before)
        medians = {figure: {tool: statistics.median(values) for tool, values in by_tool.items()}
                   for figure, by_tool in found.items()}
        return medians, share

    # --- 1: the RTT that is printed against the RTT on the wire ---------------------------------

    def rtt_errors(self, tool, count):
        output, requests, records = self.captured(tool, count)
        replies = {record[2:]: record[0] for record in reversed(records) if record[1] == 0}
        printed = tool.rtts(output)
        errors = []
        for index, (sent, _, identifier, sequence) in enumerate(requests):
            reply = replies.get((identifier, sequence))
            if reply is not None and index in printed:
                errors.append(printed[index] - (reply - sent) / 1000)
        if len(errors) < count * 0.99:
            raise RuntimeError(f"{tool.name}: {len(errors)} of {count} RTTs printed and captured")
        return {"median": statistics.median(errors),
                "low": percentile(errors, 1), "high": percentile(errors, 99),
                "spread": percentile(errors, 99) - percentile(errors, 1)}

    def rtt(self):
        count = self.rounds(500, 200)
        rounds = self.rounds(3, 1)
        tools = self.only("sonde", "ping", "fping")
        rows = []
        for state in ("idle", "busy"):
            if state == "busy":
                with lab.Load(300):
                    found, share = self.collect(
                        tools, rounds, lambda tool: self.rtt_errors(tool, count), settle=False)
            else:
                found, share = self.collect(tools, rounds,
                                            lambda tool: self.rtt_errors(tool, count))
            self.notes.append(f"rtt {state}: {rounds} x {count} probes a tool at 10 ms across "
                              f"{lab.ROUTERS} routers; processors {share:.0f} % busy")
            rows += [
                Row(f"RTT error spread p1..p99, {state} (us)", found["spread"], most_ratio=0.25,
                    digits=2),
                Row(f"  median error, {state} (us)", found["median"], digits=2),
                Row(f"  error p1, {state} (us)", found["low"], digits=2),
                Row(f"  error p99, {state} (us)", found["high"], digits=2),
            ]
        return rows

    # --- 2: is the interval the interval --------------------------------------------------------

    def pacing_once(self, tool, count):
        _, requests, _ = self.captured(tool, count)
        times = [record[0] / 1000 for record in requests]
        gaps = [abs(after - before - 10_000) for before, after in zip(times, times[1:])]
        return {"drift": (times[-1] - times[0] - (count - 1) * 10_000) / 1000,
                "gap": percentile(gaps, 99)}

    def timer_once(self, count):
        """Who only sleeps: what is worse than 100 us here is the machine's."""
        timer = os.path.join(os.path.dirname(self.runner.measure), "timer")
        done = subprocess.run([timer, str(count), "10000"], capture_output=True, text=True, check=True)
        return float(done.stdout)

    def pacing(self):
        count = 300
        rounds = self.rounds(5, 1)
        tools = self.only("sonde", "ping", "fping", "hping3")
        bare = []

        def once(tool):
            if tool.name == "sonde":
                bare.append(self.timer_once(count))
            return self.pacing_once(tool, count)

        idle, share = self.collect(tools, rounds, once)
        self.notes.append(f"pacing: {rounds} x {count} probes a tool at 10 ms; idle: processors "
                          f"{share:.0f} % busy; a bare timer's gap error p99 meanwhile: "
                          f"{statistics.median(bare):.1f} us; busy: 1 run")
        precise = {tool.name: tool.precise() for tool in self.only("sonde").values()}
        exact, _ = self.collect(precise, rounds, lambda tool: self.pacing_once(tool, count))
        with lab.Load(120):
            busy, _ = self.collect(tools, 1, lambda tool: self.pacing_once(tool, count),
                                   settle=False)
        return [
            Row("drift after 300 probes at 10 ms (ms)", idle["drift"], most=1, digits=3),
            Row("  the same, busy (ms)", busy["drift"], digits=3),
            Row("gap error p99, idle (us)", idle["gap"], most=100),
            Row("  the same, --precise (us)", exact.get("gap", {})),
            Row("  the same, busy (us)", busy["gap"]),
        ]

    # --- 3: as fast as answers come -------------------------------------------------------------

    def flood(self):
        count = self.rounds(100_000, 20_000)
        rounds = self.rounds(5, 3)

        def once(tool):
            cost = self.runner.run(tool.flood("127.0.0.1", count), "sender", 60)
            return {"rate": count / cost.wall_s / 1000, "cpu": cost.cpu_s / count * 1e6,
                    "lost": count - tool.received(cost.output)}

        found, share = self.collect(self.only("sonde", "ping"), rounds, once)
        self.notes.append(f"flood: {rounds} x {count} probes a tool to loopback, whole process; "
                          f"processors {share:.0f} % busy")
        return [
            Row("-f to loopback (1,000 probes/s)", found["rate"], least_ratio=1),
            Row("  processor time a probe (us)", found["cpu"], digits=2),
            Row("  answers lost", found["lost"], most=0, digits=0),
        ]

    # --- 4: one probe, start to end -------------------------------------------------------------

    def single(self):
        """In the locale of a terminal, and in that of a script that wants none: loading one takes time."""
        rounds = self.rounds(300, 60)
        tools = self.only("sonde", "ping", "fping")

        def once(tool):
            found = {}
            for locale in ("C.UTF-8", "C"):
                cost = self.runner.run(tool.single("127.0.0.1"), "sender", 10, read=False, locale=locale)
                found["wall", locale] = cost.wall_s * 1000
                found["cpu", locale] = cost.cpu_s * 1000
                found["memory", locale] = cost.memory_mib
            return found

        for tool in tools.values():
            once(tool)
        found, share = self.collect(tools, rounds, once)
        self.notes.append(f"single: {rounds} runs a tool and locale, interleaved; "
                          f"processors {share:.0f} % busy")
        return [
            Row("one probe to loopback, whole process (ms)", found["wall", "C.UTF-8"], most_ratio=1.2,
                digits=2),
            Row("  processor time of it (ms)", found["cpu", "C.UTF-8"], digits=2),
            Row("  peak resident memory (MiB)", found["memory", "C.UTF-8"], most=8, digits=2),
            Row("  the same, locale C (ms)", found["wall", "C"], digits=2),
        ]

    # --- 5: a monitor ---------------------------------------------------------------------------

    def monitor(self):
        """1,000 addresses of 198.18.0.0/22, one probe a second each."""
        hosts = [f"198.18.{n // 256}.{n % 256}" for n in range(1, 1001)]
        seconds = self.rounds(10, 3)
        rounds = self.rounds(3, 1)

        def once(tool):
            cost = self.runner.run(tool.monitor(hosts, seconds), "sender", 60)
            return {"cpu": cost.cpu_s, "wall": cost.wall_s,
                    "lost": len(hosts) * seconds - tool.received(cost.output),
                    "memory": cost.memory_mib}

        tools = self.only("sonde", "fping")
        found, share = self.collect(tools, rounds, once)
        burst = dict(found["cpu"])
        if "fping" in tools:
            command = tools["fping"].monitor(hosts, seconds, gap_ms=0)
            burst["fping"] = self.runner.run(command, "sender", 60).cpu_s
        self.notes.append(f"monitor: {rounds} x {seconds} s a tool, {len(hosts)} hosts as "
                          f"arguments, fping -i 1 (with -i 0 it sends each round in one burst); "
                          f"processors {share:.0f} % busy")
        return [
            Row(f"1,000 hosts, 1 probe/s, {seconds} s: CPU (s)", found["cpu"], peer="fping",
                most_ratio=0.5, digits=3),
            Row("  the same, fping -i 0 (s)", burst, peer="fping", digits=3),
            Row("  answers not recorded", found["lost"], peer="fping", most=0, digits=0),
            Row("  wall time (s)", found["wall"], peer="fping", digits=2),
            Row("  peak resident memory (MiB)", found["memory"], peer="fping", digits=2),
        ]
