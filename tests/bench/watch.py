"""The bench `watch`: very many hosts, one probe a second each, beside what the far end counted."""

import contextlib
import json
import os
import shutil
import subprocess

import lab
import scanners
from figures import Row, percentile
from sweeps import ALIVE, LIMIT_S

SAMPLED = 77                      # the last byte of the addresses whose RTTs are compared


def icmp_counts(space, *names):
    """What the kernel of a namespace has counted of ICMP so far (RFC 2011)."""
    shown = subprocess.run(["ip", "netns", "exec", space, "cat", "/proc/net/snmp"],
                           stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True)
    known, values = [line.split()[1:] for line in shown.stdout.splitlines()
                     if line.startswith("Icmp:")]
    counts = dict(zip(known, values))
    return [int(counts[name]) for name in names]


def far_counts():
    """(echo requests received, echo replies sent) by `crowd` so far."""
    return icmp_counts("crowd", "InEchos", "OutEchoReps")


@contextlib.contextmanager
def far_end_elsewhere():
    """
    The command's beginning that leaves it the first processor; what arrives at the far end is taken
    in by the second one, where the far end's answers and our receiving cost nobody here, as on a
    machine whose network device interrupts another processor (receive packet steering). On a pair of
    devices the kernel else answers within the call that sends, at the sender's cost.
    """
    taskset = shutil.which("taskset")
    queue = f"/sys/class/net/{scanners.DEVICE}/queues/rx-0/rps_cpus"
    processors = sorted(os.sched_getaffinity(0))
    if not taskset or len(processors) < 2:
        raise RuntimeError("watch: needs taskset and two processors")

    def steer(mask):
        lab.call("ip", "netns", "exec", "crowd", "sh", "-c", f"echo {mask:x} > {queue}")

    steer(1 << processors[1])
    try:
        yield [taskset, "-c", str(processors[0])]
    finally:
        steer(0)


def stamps(counts):
    return ", ".join(f"{count:,} {origin}" for origin, count in counts.items()) or "none"


class Watch:
    def __init__(self, sweeps):
        self.sweeps = sweeps
        self.notes = []

    def rows(self):
        self.sweeps.prepare()
        return [
            *self.crowd(10_000),
            *self.crowd(100_000),
            *self.crowd_by_ring(100_000),
            *self.one_processor(100_000, "raw"),
            *self.one_processor(100_000, "ring"),
            *self.rtt("raw"),
            *self.rtt("ring"),
        ]

    def seconds(self):
        return 5 if self.sweeps.quick else 20

    def ask(self, hosts, *options, front=()):
        """(what it cost, what its summary says) of asking them once a second."""
        lab.settle(self.sweeps.settle_s)
        command = self.command(hosts, self.seconds(), "-q", *options)
        cost = self.sweeps.runner.run([*front, *command], "sender", LIMIT_S, most=1)
        return cost, scanners.summary(cost.output)

    def one_processor(self, hosts, transport):
        """
        What it costs sonde itself. The kernels' backlogs of 1,000 packets lose some when the other
        processor is taken from them for a moment; what our kernel has counted must be recorded.
        """
        with far_end_elsewhere() as front:
            before, = icmp_counts("sender", "InEchoReps")
            cost, told = self.ask(hosts, "--transport", transport, front=front)
            arrived = icmp_counts("sender", "InEchoReps")[0] - before
        self.notes.append(
            f"watch {hosts:,} on one processor, {transport}, the far end on another: "
            f"{told['sent']:,} of {hosts * self.seconds():,} sent, {arrived:,} answers arrived, "
            f"{told['answered']:,} recorded, {told['receive_drops']:,} dropped in the receive queue")
        return [
            Row(f"{hosts:,} hosts on one processor, {transport}, the far end on another: its use (%)",
                {"sonde": 100 * cost.cpu_s / cost.wall_s}, most=100),
            Row("  arrived, not recorded", {"sonde": arrived - told["answered"]}, most=0, digits=0),
            Row("  send lag p99 (ms)", {"sonde": told["send_lag"]["p99_ns"] / 1e6}, most=5,
                digits=2),
        ]

    def crowd_by_ring(self, hosts):
        cost, told = self.ask(hosts, "--transport", "ring")
        return [
            Row(f"{hosts:,} hosts by --transport ring: processor use, the far end's included (% of one)",
                {"sonde": 100 * cost.cpu_s / cost.wall_s}, most=100),
            Row("  not answered", {"sonde": hosts * self.seconds() - told["answered"]}, most=0,
                digits=0),
            Row("  send lag p99 (ms)", {"sonde": told["send_lag"]["p99_ns"] / 1e6}, most=5,
                digits=2),
        ]

    def command(self, hosts, rounds, *options):
        last = scanners.address(scanners.number(ALIVE) + hosts - 1)
        return [self.sweeps.sonde, "sweep", "--json", "--rate", str(hosts), "-c", str(rounds),
                "-i", "1", *options, f"{ALIVE}-{last}"]

    def crowd(self, hosts):
        before = far_counts()
        cost, told = self.ask(hosts)
        asked, answered = (after - past for past, after in zip(before, far_counts()))
        wanted = hosts * self.seconds()
        self.notes.append(
            f"watch {hosts:,}: {wanted:,} wanted, {told['sent']:,} sent, {asked:,} arrived, "
            f"{answered:,} replies left, {told['answered']:,} recorded ({told['late']:,} more "
            f"late); {told['skipped']:,} skipped, {told['receive_drops']:,} dropped in the receive "
            f"queue; stamps {stamps(told['send_stamps'])} and {stamps(told['receive_stamps'])}; "
            f"send lag max {told['send_lag']['max_ns'] / 1e6:.1f} ms")
        return [
            Row(f"{hosts:,} hosts, 1/s, {self.seconds()} s: not sent", {"sonde": wanted - told["sent"]},
                most=0, digits=0),
            Row("  sent by its count, not arrived", {"sonde": told["sent"] - asked}, most=0,
                digits=0),
            Row("  answered, not recorded", {"sonde": answered - told["answered"]}, most=0,
                digits=0),
            Row("  send lag p99 (ms)", {"sonde": told["send_lag"]["p99_ns"] / 1e6}, most=5,
                digits=2),
            Row("  processor use, the far end's included (% of one)",
                {"sonde": 100 * cost.cpu_s / cost.wall_s}),
            Row("  processor time a probe (us)", {"sonde": cost.cpu_s / wanted * 1e6}, digits=2),
            Row("  peak resident memory (MiB)", {"sonde": cost.memory_mib}),
        ]

    def rtt(self, transport):
        """Of one host in 256: what is told against what is captured."""
        hosts, rounds = 10_000, 2 if self.sweeps.quick else 4
        path = os.path.join(self.sweeps.directory, "watch.pcap")
        capture = lab.Capture(path, scanners.DEVICE,
                              f"icmp and (ip[15] == {SAMPLED} or ip[19] == {SAMPLED})")
        try:
            cost = self.sweeps.runner.run(self.command(hosts, rounds, "--transport", transport),
                                          "sender", LIMIT_S, most=1)
        finally:
            capture.stop()
        wire = captured(path)
        errors = []
        for line in cost.output.splitlines():
            if not line.startswith('{"type":"probe"'):
                continue
            probe = json.loads(line)
            key = (probe["address"], probe["seq"])
            if key in wire and "rtt_ns" in probe:
                errors.append((probe["rtt_ns"] - wire[key]) / 1000)
        if len(errors) < 0.99 * len(wire) or not errors:
            raise RuntimeError(f"watch: {len(errors)} of {len(wire)} RTTs told and captured")
        low, high = percentile(errors, 1), percentile(errors, 99)
        self.notes.append(f"watch, {transport}: RTTs of {len(errors)} probes among "
                          f"{hosts * rounds:,} against a capture on the same device")
        return [
            Row(f"RTT error spread p1..p99, {transport} (us)", {"sonde": high - low}, digits=2),
            Row("  median error (us)", {"sonde": percentile(errors, 50)}, digits=2),
            Row("  error p1 (us)", {"sonde": low}, digits=2),
            Row("  error p99 (us)", {"sonde": high}, digits=2),
        ]


def captured(path):
    """{(address, which request to it, from 1): RTT in ns}; an answer belongs to the request with
    the same identifier and sequence number."""
    requests, order, wire = {}, {}, {}
    for ns, frame in lab.frames(path):
        source, destination = (".".join(str(byte) for byte in frame[at:at + 4]) for at in (26, 30))
        kind, numbers = frame[34], frame[38:42]
        if kind == 8:
            order[destination] = order.get(destination, 0) + 1
            requests[destination, numbers] = (ns, order[destination])
        elif kind == 0 and (source, numbers) in requests:
            sent, index = requests[source, numbers]
            wire.setdefault((source, index), ns - sent)
    return wire
