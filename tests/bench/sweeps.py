"""The bench `sweep`: many hosts once; as fast as possible, into a sink, at a rate, ever more."""

import contextlib
import os
import statistics
import subprocess

import lab
import scanners
from figures import Row

ALIVE = "10.128.0.0"              # /10: everyone answers
SINK = "10.192.0.0"               # /10: nobody does
SINK_VIA = "10.78.0.3"
SINK_MAC = "02:00:00:00:00:99"    # nobody's: dropped as soon as it is received
HOSTS = 65536
RATE = 50000
STRAY = 50                        # packets that may belong to something else: ARP, knocking
LIMIT_S = 40                      # of any command
LISTED = scanners.Listed.label
STATELESS = scanners.Stateless.label


class Arrivals:
    """What reaches the far end of the cable while inside the `with`: [(ns, packets so far)]."""

    def __init__(self, program, period_us):
        self.command = [program, "/run/netns/crowd", scanners.DEVICE, str(period_us)]
        self.readings = []

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, text=True,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        said = self.process.stdout.readline()
        if said != "ready\n":
            self.process.kill()
            self.process.wait()
            raise RuntimeError(said.strip())
        return self

    def __exit__(self, *_):
        text, _ = self.process.communicate(timeout=10)
        self.readings = [tuple(int(word) for word in line.split()) for line in text.splitlines()]

    def total(self):
        return self.readings[-1][1] - self.readings[0][1]

    def rate(self):
        """Packets a second, without the first and the last twentieth of them."""
        first, total = self.readings[0][1], self.total()
        inner = [reading for reading in self.readings
                 if 0.05 * total <= reading[1] - first <= 0.95 * total]
        if len(inner) < 2 or inner[-1][0] == inner[0][0]:
            raise RuntimeError(f"{total} packets arrived, too few for a rate")
        return (inner[-1][1] - inner[0][1]) / (inner[-1][0] - inner[0][0]) * 1e9

    def seconds(self):
        """Packets in each second that begins a multiple of 100 ms after the beginning."""
        ended = next(ns for ns, count in self.readings if count >= self.readings[-1][1] - STRAY)
        counts, at = [], self.began()
        while at + 1_000_000_000 <= ended:
            counts.append(self.until(at + 1_000_000_000) - self.until(at))
            at += 100_000_000
        return counts

    def began(self):
        """When the packets begin to come in earnest."""
        first = self.readings[0][1]
        return next(ns for ns, count in self.readings if count > first + STRAY)

    def until(self, ns):
        """By interpolation between two readings."""
        low, high = 0, len(self.readings) - 1
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self.readings[middle][0] <= ns else (low, middle)
        (before, least), (after, most) = self.readings[low], self.readings[high]
        return least + (most - least) * (ns - before) / max(1, after - before)


def networks():
    """Adds to `sender` and `crowd` a network that answers and one that does not."""
    lab.call("ip", "-n", "sender", "route", "add", f"{ALIVE}/10", "via", lab.FAR_NEAR)
    lab.call("ip", "-n", "crowd", "route", "add", "local", f"{ALIVE}/10", "dev", "lo")
    lab.call("ip", "-n", "sender", "neighbour", "add", SINK_VIA, "lladdr", SINK_MAC, "dev",
             scanners.DEVICE, "nud", "permanent")
    lab.call("ip", "-n", "sender", "route", "add", f"{SINK}/10", "via", SINK_VIA)
    # Limits of the host that answers, not of who asks. Kernels differ in which they have.
    for limit in ("icmp_ratelimit=0", "icmp_msgs_per_sec=2000000000"):
        subprocess.run(["ip", "netns", "exec", "crowd", "sysctl", "-q", "-w", f"net.ipv4.{limit}"],
                       stdin=subprocess.DEVNULL, capture_output=True, check=False)
    shown = subprocess.run(["ip", "-n", "crowd", "-o", "link", "show", scanners.DEVICE],
                           stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True)
    words = shown.stdout.split()
    return words[words.index("link/ether") + 1]


@contextlib.contextmanager
def knocking(scanner):
    """masscan's receiver ends at a packet, any packet, after its time: without one it never does"""
    if scanner.name != "masscan":
        yield
        return
    ping = subprocess.Popen(
        ["ip", "netns", "exec", "crowd", "ping", "-q", "-n", "-i", "0.2", "-w", str(LIMIT_S),
         lab.NEAR], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        ping.kill()
        ping.wait()


class Sweeps:
    def __init__(self, sonde, runner, directory, quick):
        self.sonde = sonde
        self.runner = runner
        self.programs = os.path.dirname(runner.measure)
        self.directory = directory
        self.quick = quick
        self.settle_s = 1 if quick else 3    # at most, for the rest of the machine to keep still
        self.notes = []
        self.mac = None
        self.scanners = []

    def prepare(self):
        """Once, for sweep and watch."""
        if self.mac:
            return
        self.scanners, missing = scanners.find(self.sonde)
        self.notes += [*scanners.versions(self.scanners), *missing]
        self.mac = networks()

    def run(self, scanner, command, period_us=1000):
        """(cost, arrivals) of one command."""
        arrivals = Arrivals(os.path.join(self.programs, "arrivals"), period_us)
        with knocking(scanner), arrivals:
            # sonde and fping: 1 when a host is silent.
            cost = self.runner.run(command, "sender", LIMIT_S, most=1)
        return cost, arrivals

    def medians(self, rounds, measure, which):
        """{figure: {label of the scanner: median}} of measure(scanner) -> {figure: value}."""
        found = {}
        before = lab.processor_ticks()
        for _ in range(rounds):
            for scanner in which:
                for figure, value in measure(scanner).items():
                    found.setdefault(figure, {}).setdefault(scanner.label, []).append(value)
        share = lab.busy_share(before, lab.processor_ticks())
        return {figure: {label: statistics.median(values) for label, values in labels.items()}
                for figure, labels in found.items()}, share

    @staticmethod
    def pair(figure, labels, **goal):
        """Two rows: sonde's listed mode beside the others, and its stateless mode."""
        others = {name: value for name, value in labels.items() if not name.startswith("sonde")}
        listed = {"sonde": labels[LISTED]} if LISTED in labels else {}
        stateless = {"sonde": labels[STATELESS]} if STATELESS in labels else {}
        return [Row(f"{figure}, listed", listed | others, **goal),
                Row("  --stateless", stateless | others, **goal)]

    def rows(self):
        self.prepare()
        return [*self.fastest(), *self.sink(), *self.rate(), *self.linear()]

    # --- everyone answers -----------------------------------------------------------------------

    def fastest(self):
        rounds = 1 if self.quick else 3
        waits = {STATELESS: scanners.Stateless.cooldown_s}

        def once(scanner):
            cost, arrivals = self.run(scanner, scanner.sweep(f"{ALIVE}/16", self.mac))
            busy_s = cost.wall_s - waits.get(scanner.label, 0)
            asked = HOSTS - scanner.left_out
            return {"hosts": asked / busy_s / 1000, "packets": arrivals.rate() / 1000,
                    "missed": asked - scanner.found(cost.output), "memory": cost.memory_mib,
                    "cpu": cost.cpu_s / asked * 1e6}

        lab.settle(self.settle_s)
        found, share = self.medians(rounds, once, self.scanners)
        # Theirs is above all their waiting for what may still come.
        hosts = {name: value for name, value in found["hosts"].items()
                 if name not in ("zmap", "masscan")}
        self.notes.append(
            f"sweep: {rounds} x {HOSTS:,} hosts a tool, all alive, over one veth pair; hosts a "
            "second of the whole process (less the cooldown of 1 s), packets a second as they "
            "reach the far end (without the first and last 5 %); what the far end does is in the "
            f"sender's processor time, of all tools alike; processors {share:.0f} % busy")
        return [
            *self.pair("65,536 hosts alive: hosts (1,000/s)", hosts, peer="fping", least_ratio=2),
            *self.pair("  packets (1,000/s)", found["packets"], peer="zmap", least_ratio=1.2),
            *self.pair("  answers missed", found["missed"], peer="zmap", most=0, digits=0),
            *self.pair("  processor time a host (us)", found["cpu"], peer="fping", digits=2),
            *self.pair("  peak resident memory (MiB)", found["memory"], peer="fping", most=32),
        ]

    # --- nobody answers -------------------------------------------------------------------------

    def sink(self):
        rounds, seconds = (1, 1) if self.quick else (2, 1)
        rates = []

        def once(scanner):
            command = scanner.into_sink(f"{SINK}/10", SINK_MAC, seconds)
            _, arrivals = self.run(scanner, command)
            return {"packets": arrivals.rate() / 1000}

        def bare():
            arrivals = Arrivals(os.path.join(self.programs, "arrivals"), 1000)
            with arrivals:
                self.runner.run([os.path.join(self.programs, "ring"), scanners.DEVICE, SINK_MAC,
                                 lab.NEAR, SINK, str(seconds)], "sender", LIMIT_S)
            rates.append(arrivals.rate() / 1000)

        which = [scanner for scanner in self.scanners if hasattr(scanner, "into_sink")]
        found = {}
        lab.settle(self.settle_s)
        for _ in range(rounds):
            bare()
            for figure, labels in self.medians(1, once, which)[0].items():
                for label, value in labels.items():
                    found.setdefault(label, []).append(value)
        labels = {label: statistics.median(values) for label, values in found.items()}
        labels["ring"] = statistics.median(rates)
        self.notes.append(f"sink: {rounds} x {seconds} s a tool, dropped as received at the far "
                          "end; `ring` is a bare loop over an AF_PACKET transmit ring (ring.c)")
        return self.pair("into a sink: packets (1,000/s)", labels, peer="ring", least_ratio=0.8)

    # --- is the rate the rate -------------------------------------------------------------------

    def rate(self):
        rows = []
        off, worst = {}, {}
        for scanner in self.scanners:
            if not hasattr(scanner, "paced"):
                continue
            ours = scanner.name == "sonde"
            seconds = (10 if ours else 3) if not self.quick else 2
            count = RATE * seconds
            first = scanners.number(ALIVE)
            command = scanner.paced(ALIVE, scanners.address(first + count - 1), self.mac, RATE)
            cost, arrivals = self.run(scanner, command, 2000)
            counts = arrivals.seconds()
            # Of the plan: what came in the time that so many probes have.
            end = arrivals.began() + seconds * 1_000_000_000
            came = arrivals.until(end) - arrivals.readings[0][1]
            off[scanner.label] = 100 * abs(came - count) / count
            worst[scanner.label] = max(100 * abs(number - RATE) / RATE for number in counts)
            self.notes.append(
                f"rate: {scanner.label}: {came:,.0f} of {count:,} in {seconds} s, "
                f"{count - scanner.found(cost.output):,} answers missed; a second had "
                f"{min(counts):,.0f} to {max(counts):,.0f}")
        rows += self.pair(f"at {RATE:,}/s: off in all (%)", off, peer="zmap", most=1, digits=2)
        rows += self.pair("  the worst second of any (%)", worst, peer="zmap", most=2, digits=2)
        return rows

    # --- does the cost grow with the number -----------------------------------------------------

    def linear(self):
        """The same rate for all, so that what is done in batches is done in equal ones."""
        pace = 100_000
        costs = {}
        lab.settle(self.settle_s)
        for hosts in (1000, 10_000, 100_000, *(() if self.quick else (1_000_000,))):
            times = max(1, pace // hosts)
            last = scanners.address(scanners.number(ALIVE) + hosts - 1)
            cost = self.runner.run(
                [self.sonde, "sweep", "-q", "--rate", str(pace), "-c", str(times), "-i",
                 f"{hosts / pace:g}", f"{ALIVE}-{last}"], "sender", LIMIT_S, read=False)
            costs[hosts] = cost.cpu_s / (hosts * times) * 1e6
        return [
            *(Row(f"{hosts:,} hosts at {pace:,}/s: processor time a probe (us)", {"sonde": value},
                  digits=2) for hosts, value in costs.items()),
            Row("  the most by the least", {"sonde": max(costs.values()) / min(costs.values())},
                most=1.5, digits=2),
        ]


