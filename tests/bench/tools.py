"""The programs that are compared: how each is asked for the same thing, and what it prints."""

import collections
import json
import os
import re
import shutil
import subprocess

NAMES = ("sonde", "ping", "fping", "hping3")

Cost = collections.namedtuple("Cost", "wall_s cpu_s memory_mib output")


class Runner:
    """Runs commands through the `measure` helper, in a namespace, bounded in time."""

    def __init__(self, measure, directory):
        self.measure = measure
        self.output = os.path.join(directory, "output")

    def run(self, command, network, seconds, read=True, most=0, through=(), locale="C"):
        """
        `most`: the highest exit status that is no failure, as where hosts may be silent; None: what
        had to be ended is no failure either. `through`: a command that runs another one, in a
        network of its own: then there is no `network`, and only what is run is measured.
        """
        place = "/proc/self/ns/net" if through else f"/run/netns/{network}"
        done = subprocess.run(
            [*through, self.measure, place, str(seconds), self.output, *command],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=seconds + 10,
            env={**os.environ, "LC_ALL": locale})
        if done.returncode != 0:
            raise RuntimeError(done.stderr.strip())
        wall, user, system, memory, status = (int(word) for word in done.stdout.split())
        failed = most is not None and (status & 127 or status >> 8 > most)
        text = ""
        if read or failed:
            with open(self.output, encoding="utf-8", errors="replace") as file:
                text = file.read()
        if failed:
            raise RuntimeError(f"{' '.join(command[:12])}: wait status {status:#x}: "
                               f"{text.strip()[-300:]}")
        return Cost(wall / 1e9, (user + system) / 1e6, memory / 1024, text)


class Ping:
    """iputils."""
    name = "ping"
    program = "ping"

    def __init__(self, path):
        self.command = [path]

    def paced(self, host, count, interval_ms):
        return [*self.command, "-n", "-c", str(count), "-i", str(interval_ms / 1000), host]

    def flood(self, host, count):
        return [*self.command, "-n", "-q", "-f", "-c", str(count), host]

    def single(self, host):
        return [*self.command, "-n", "-c", "1", host]

    def rtts(self, text):
        """{which request: RTT in us} as printed."""
        found = re.findall(r"icmp_seq=(\d+) .*time=([0-9.]+) ms", text)
        return {int(sequence) - 1: float(rtt) * 1000 for sequence, rtt in found}

    def received(self, text):
        return sum(int(n) for n in re.findall(r"transmitted, (\d+) received", text))


class Sonde(Ping):
    """The same options as ping's; RTTs in nanoseconds from its JSON lines."""
    name = "sonde"

    def __init__(self, path):
        self.command = [path, "ping"]

    def paced(self, host, count, interval_ms):
        return [*super().paced(host, count, interval_ms), "--json"]

    def precise(self):
        """The same program spinning through the last stretch before each probe."""
        variant = Sonde(self.command[0])
        variant.command.append("--precise")
        return variant

    def monitor(self, hosts, rounds):
        return [*self.command, "-n", "-q", "-i", "1", "-c", str(rounds), *hosts]

    def received(self, text):
        """Of all targets; a section of totals follows theirs when there are several."""
        return super().received(re.split(r"^--- \d+ targets", text, flags=re.MULTILINE)[0])

    def rtts(self, text):
        result = {}
        for line in text.splitlines():
            event = json.loads(line)
            if event["type"] == "outcome" and event["final"] and "rtt_ns" in event:
                result[event["seq"] - 1] = event["rtt_ns"] / 1000
        return result


class Fping:
    name = "fping"
    program = "fping"

    def __init__(self, path):
        self.command = [path]

    def paced(self, host, count, interval_ms):
        return [*self.command, "-c", str(count), "-p", str(interval_ms), host]

    def single(self, host):
        return [*self.command, "-c", "1", host]

    def monitor(self, hosts, rounds, gap_ms=1):
        """By its default of 10 ms between any two probes a round of 1,000 would take 10 s."""
        return [*self.command, "-q", "-c", str(rounds), "-p", "1000", "-i", str(gap_ms), *hosts]

    def rtts(self, text):
        found = re.findall(r": \[(\d+)\], \d+ bytes, ([0-9.]+) ms", text)
        return {int(index): float(rtt) * 1000 for index, rtt in found}

    def received(self, text):
        return sum(int(n) for n in re.findall(r"xmt/rcv/%loss = \d+/(\d+)/", text))


class Hping:
    name = "hping3"
    program = "hping3"

    def __init__(self, path):
        self.command = [path]

    def paced(self, host, count, interval_ms):
        return [*self.command, "-1", "-n", "-c", str(count), "-i", f"u{interval_ms * 1000}", host]


def find(sonde):
    """{name: tool} of what is here, in the order of the table."""
    tools = {}
    if os.access(sonde, os.X_OK):
        tools["sonde"] = Sonde(sonde)
    for tool in (Ping, Fping, Hping):
        path = shutil.which(tool.program)
        if path:
            tools[tool.name] = tool(os.path.realpath(path))
    return tools


def version(tool):
    option = {"sonde": "--version", "ping": "-V", "fping": "-v", "hping3": "-v",
              "zmap": "--version", "masscan": "--version"}[tool.name]
    done = subprocess.run([tool.command[0], option], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=10)
    return (done.stdout + done.stderr).strip().splitlines()[0]
