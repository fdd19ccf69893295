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


def far_counts():
    """(echo requests received, echo replies sent) by `crowd` so far, as its kernel counts them."""
    shown = subprocess.run(["ip", "netns", "exec", "crowd", "cat", "/proc/net/snmp"],
                           stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True)
    names, values = [line.split()[1:] for line in shown.stdout.splitlines()
                     if line.startswith("Icmp:")]
    counts = dict(zip(names, values))
    return int(counts["InEchos"]), int(counts["OutEchoReps"])


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
        return [*self.crowd(10_000), *self.crowd(100_000), *self.one_processor(100_000), *self.rtt()]

    def one_processor(self, hosts):
        """What it costs sonde itself."""
        seconds = 5 if self.sweeps.quick else 20
        lab.settle(self.sweeps.settle_s)
        with far_end_elsewhere() as front:
            cost = self.sweeps.runner.run([*front, *self.command(hosts, seconds, "-q")], "sender",
                                          LIMIT_S, most=1)
        told = scanners.summary(cost.output)
        self.notes.append(
            f"watch {hosts:,} on one processor, the far end on another: {told['sent']:,} of "
            f"{hosts * seconds:,} sent, {told['answered']:,} answered, {told['receive_drops']:,} "
            f"dropped in the receive queue; send lag p99 {told['send_lag']['p99_ns'] / 1e6:.2f} ms")
        return [
            Row("  on one processor, the far end on another (% of one)",
                {"sonde": 100 * cost.cpu_s / cost.wall_s}),
            Row("    answered, not recorded", {"sonde": told["unanswered"]}, digits=0),
        ]

    def command(self, hosts, rounds, *options):
        last = scanners.address(scanners.number(ALIVE) + hosts - 1)
        return [self.sweeps.sonde, "sweep", "--json", "--rate", str(hosts), "-c", str(rounds),
                "-i", "1", *options, f"{ALIVE}-{last}"]

    def crowd(self, hosts):
        seconds = 5 if self.sweeps.quick else 20
        lab.settle(self.sweeps.settle_s)
        before = far_counts()
        cost = self.sweeps.runner.run(self.command(hosts, seconds, "-q"), "sender", LIMIT_S, most=1)
        asked, answered = (after - past for past, after in zip(before, far_counts()))
        told = scanners.summary(cost.output)
        wanted = hosts * seconds
        self.notes.append(
            f"watch {hosts:,}: {wanted:,} wanted, {told['sent']:,} sent, {asked:,} arrived, "
            f"{answered:,} replies left, {told['answered']:,} recorded ({told['late']:,} more "
            f"late); {told['skipped']:,} skipped, {told['receive_drops']:,} dropped in the receive "
            f"queue; stamps {stamps(told['send_stamps'])} and {stamps(told['receive_stamps'])}; "
            f"send lag max {told['send_lag']['max_ns'] / 1e6:.1f} ms")
        return [
            Row(f"{hosts:,} hosts, 1/s, {seconds} s: not sent", {"sonde": wanted - told["sent"]},
                most=0, digits=0),
            Row("  sent by its count, not arrived", {"sonde": told["sent"] - asked}, most=0,
                digits=0),
            Row("  answered, not recorded", {"sonde": answered - told["answered"]}, most=0,
                digits=0),
            Row("  send lag p99 (ms)", {"sonde": told["send_lag"]["p99_ns"] / 1e6}, most=5,
                digits=2),
            Row("  processor use, the far end's included (% of one)",
                {"sonde": 100 * cost.cpu_s / cost.wall_s}, most=100),
            Row("  processor time a probe (us)", {"sonde": cost.cpu_s / wanted * 1e6}, digits=2),
            Row("  peak resident memory (MiB)", {"sonde": cost.memory_mib}),
        ]

    def rtt(self):
        """Of one host in 256: what is told against what is captured."""
        hosts, rounds = 10_000, 2 if self.sweeps.quick else 4
        path = os.path.join(self.sweeps.directory, "watch.pcap")
        capture = lab.Capture(path, scanners.DEVICE,
                              f"icmp and (ip[15] == {SAMPLED} or ip[19] == {SAMPLED})")
        try:
            cost = self.sweeps.runner.run(self.command(hosts, rounds), "sender", LIMIT_S, most=1)
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
        self.notes.append(f"watch: RTTs of {len(errors)} probes among {hosts * rounds:,} against a "
                          "capture on the same device")
        return [
            Row("RTT error spread p1..p99 (us)", {"sonde": high - low}, digits=2),
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
