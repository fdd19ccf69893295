"""Network namespaces, captures, load: the places in which the programs are measured.

run.sh has put this process into mount, network and process namespaces of its own. What is made here
is seen by nobody else and goes away with this process.
"""

import os
import select
import signal
import struct
import subprocess
import time

ROUTERS = 8
FAR_ROUTED = f"10.77.{ROUTERS}.2"
NEAR = "10.78.0.1"                # of `sender`, on the device of that name
FAR_NEAR = "10.78.0.2"

QUIET = """
net.ipv6.conf.all.disable_ipv6=1
net.ipv6.conf.default.disable_ipv6=1
net.ipv4.ip_forward=1
""".split()


def call(*command):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()}")


def scratch(path):
    """A directory in memory: no disk amid a measurement, nothing left behind."""
    os.makedirs(path, exist_ok=True)
    call("mount", "-t", "tmpfs", "tmpfs", path)
    return path


def namespace(name):
    """A network namespace without IPv6's own traffic."""
    call("ip", "netns", "add", name)
    call("ip", "netns", "exec", name, "sysctl", "-q", "-w", *QUIET)
    call("ip", "-n", name, "link", "set", "lo", "up")


def link(left, left_device, left_address, right, right_device, right_address):
    call("ip", "link", "add", left_device, "netns", left, "type", "veth",
         "peer", "name", right_device, "netns", right)
    for name, device, address in ((left, left_device, left_address),
                                  (right, right_device, right_address)):
        call("ip", "-n", name, "address", "add", f"{address}/24", "dev", device)
        call("ip", "-n", name, "link", "set", device, "up")
        # No ARP refresh amid a measurement.
        call("ip", "netns", "exec", name, "sysctl", "-q", "-w",
             f"net.ipv4.neigh.{device}.base_reachable_time_ms=3600000")


def chain(first, routers, last, net):
    """Namespaces one behind the other, link n in the network `net`.n; the names, in order."""
    names = [first, *routers, last]
    for name in names:
        namespace(name)
    for n in range(len(names) - 1):
        link(names[n], "right", f"{net}.{n}.1", names[n + 1], "left", f"{net}.{n}.2")
    for n, name in enumerate(names[:-1]):
        call("ip", "-n", name, "route", "add", "default", "via", f"{net}.{n}.2")
        if n > 1:
            call("ip", "-n", name, "route", "add", f"{net}.0.0/24", "via", f"{net}.{n - 1}.1")
    call("ip", "-n", last, "route", "add", "default", "via", f"{net}.{len(routers)}.1")
    return names


def build():
    """`sender` - 8 routers - `far`; `sender` - `crowd`, which answers for 198.18.0.0/15."""
    scratch("/run/netns")
    chain("sender", [f"router{n}" for n in range(1, ROUTERS + 1)], "far", "10.77")
    namespace("crowd")

    link("sender", "near", NEAR, "crowd", "near", FAR_NEAR)
    call("ip", "-n", "sender", "route", "add", "198.18.0.0/15", "via", FAR_NEAR)
    call("ip", "-n", "crowd", "route", "add", "local", "198.18.0.0/15", "dev", "lo")


class Capture:
    """tcpdump on a device of `sender`; records are (ns, icmp type, id, sequence), in order."""

    def __init__(self, path, device="right", only="icmp[0] == 0 or icmp[0] == 8"):
        self.path = path
        self.tcpdump = subprocess.Popen(
            ["ip", "netns", "exec", "sender", "tcpdump", "-i", device, "-Z", "root", "-n", "-U",
             "-B", "8192", "-s", "96", "-j", "host", "--time-stamp-precision=nano",
             "-w", path, only],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        said = b""
        until = time.monotonic() + 10
        while b"listening on" not in said:
            ready, _, _ = select.select([self.tcpdump.stderr], [], [], until - time.monotonic())
            chunk = os.read(self.tcpdump.stderr.fileno(), 4096) if ready else b""
            if not chunk:
                self.tcpdump.kill()
                raise RuntimeError(f"tcpdump does not start: {said.decode(errors='replace')}")
            said += chunk

    def stop(self):
        # The kernel hands captured packets over in blocks, at least once a second.
        time.sleep(1.2)
        self.tcpdump.send_signal(signal.SIGINT)
        try:
            self.tcpdump.wait(10)
        except subprocess.TimeoutExpired:
            self.tcpdump.kill()
            self.tcpdump.wait()
        self.tcpdump.stderr.close()
        return read_capture(self.path)


def frames(path):
    """(ns, bytes) of each."""
    with open(path, "rb") as file:
        data = file.read()
    order = "<" if data[:4] == b"\x4d\x3c\xb2\xa1" else ">"
    magic, = struct.unpack_from(order + "I", data)
    if magic != 0xA1B23C4D:
        raise RuntimeError(f"{path}: not a capture with nanoseconds")
    at = 24
    while at + 16 <= len(data):
        seconds, ns, captured, _ = struct.unpack_from(order + "IIII", data, at)
        yield seconds * 1_000_000_000 + ns, data[at + 16:at + 16 + captured]
        at += 16 + captured


def read_capture(path):
    records = []
    for ns, frame in frames(path):
        icmp = 14 + 4 * (frame[14] & 15)
        kind, = struct.unpack_from("!B", frame, icmp)
        identifier, sequence = struct.unpack_from("!HH", frame, icmp + 4)
        records.append((ns, kind, identifier, sequence))
    return records


class Load:
    """One busy loop a core while inside the `with`; each ends by itself after `seconds`."""

    def __init__(self, seconds):
        self.seconds = seconds
        self.pids = []

    def __enter__(self):
        for core in sorted(os.sched_getaffinity(0)):
            pid = os.fork()
            if pid == 0:
                for number in (signal.SIGTERM, signal.SIGINT, signal.SIGALRM):
                    signal.signal(number, signal.SIG_DFL)
                signal.alarm(self.seconds)
                os.sched_setaffinity(0, {core})
                while True:
                    pass
            self.pids.append(pid)
        time.sleep(0.3)
        return self

    def __exit__(self, *_):
        for pid in self.pids:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        self.pids.clear()


def processor_ticks():
    """(busy, all) ticks of the whole machine so far."""
    with open("/proc/stat", encoding="ascii") as file:
        ticks = [int(word) for word in file.readline().split()[1:9]]
    return sum(ticks) - ticks[3] - ticks[4], sum(ticks)


def busy_share(before, after):
    """Percent, of two results of processor_ticks."""
    return 100 * (after[0] - before[0]) / max(1, after[1] - before[1])


def process_time(pid):
    """User and system time so far of one process, without its children, in seconds."""
    with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
        words = file.read().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def settle(seconds=20):
    """Waits, not for ever, until the rest of the machine keeps still."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        busy_before, all_before = processor_ticks()
        time.sleep(0.5)
        busy_after, all_after = processor_ticks()
        if busy_after - busy_before <= 0.1 * (all_after - all_before):
            return
