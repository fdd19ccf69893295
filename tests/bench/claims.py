"""What the tools say: their output as claims. What a tool does not say stays None or empty."""

import dataclasses
import re


@dataclasses.dataclass
class Echo:
    """Of a tool that asks one host again and again."""
    sent: int = None
    received: int = None
    duplicates: int = None
    corrupt: int = None
    errors: int = None
    reordered: int = None
    span_ms: tuple = ()           # min, average, max
    span_unit_ms: float = 0       # of their last digit
    periods: tuple = ()           # how many periods of loss, the longest of them
    percentiles_ms: dict = dataclasses.field(default_factory=dict)
    # {which request, from 0: (ms, value of the last digit)}, the first answer's
    rtts: dict = dataclasses.field(default_factory=dict)
    sources: set = dataclasses.field(default_factory=set)    # addresses that answered
    backward: int = 0             # warnings about time itself


@dataclasses.dataclass
class Hop:
    distance: int
    probes: list                  # (address or None, ms or None) of each probe shown
    others: list = dataclasses.field(default_factory=list)    # addresses shown besides
    loss: float = None            # percent
    average_ms: float = None
    hidden: bool = False          # the tool says that somebody in front of it did not answer

    def addresses(self):
        return {address for address, _ in self.probes if address} | set(self.others)


@dataclasses.dataclass
class Path:
    """Of a tool that asks for the way."""
    hops: list = dataclasses.field(default_factory=list)
    mtu: int = None
    reached: bool = None          # as told; None: only the last hop tells


def unit(text):
    """The value of the last digit of a number as printed."""
    return 10.0 ** -len(text.partition(".")[2])


def ping(text):
    """iputils, and sonde, which prints the same lines and some more."""
    echo = Echo()
    for line in text.splitlines():
        answer = re.match(r"\d+ bytes from (.*?): icmp_seq=(\d+) ttl=\d+(?: time=([\d.]+) ms)?(.*)",
                          line)
        if answer:
            source, sequence, rtt, rest = answer.groups()
            echo.sources.add(re.sub(r".*\((.*)\)$", r"\1", source))
            if "BAD CHECKSUM" in rest:
                echo.corrupt = (echo.corrupt or 0) + 1
            elif rtt and "DUP" not in rest:
                echo.rtts.setdefault(int(sequence) - 1, (float(rtt), unit(rtt)))
        elif "time of day goes back" in line:
            echo.backward += 1
    # Of several hosts a section of totals follows theirs.
    text = re.split(r"^--- \d+ targets", text, flags=re.MULTILINE)[0]
    summary = re.search(r"^(\d+) packets transmitted, (\d+) received(.*) packet loss", text,
                        re.MULTILINE)
    if summary:
        def extra(word):
            found = re.search(rf"\+(\d+) {word}", summary.group(3))
            return int(found.group(1)) if found else 0
        echo.sent, echo.received = int(summary.group(1)), int(summary.group(2))
        echo.duplicates, echo.errors = extra("duplicates"), extra("errors")
        corrupt = extra("corrupted")
        echo.corrupt = corrupt if corrupt else echo.corrupt
    span = re.search(r"^rtt min/avg/max/mdev = ([\d.]+)/([\d.]+)/([\d.]+)/", text, re.MULTILINE)
    if span:
        echo.span_ms = tuple(float(value) for value in span.groups())
        echo.span_unit_ms = unit(span.group(1))
    return echo


def sonde(text):
    echo = ping(text)
    # What it can tell and does not mention it says there was none of.
    if echo.sent is not None:
        echo.corrupt = echo.corrupt or 0
        found = re.search(r"^(\d+) reordered", text, re.MULTILINE)
        echo.reordered = int(found.group(1)) if found else 0
    found = re.search(r"^lost \d+ of \d+.* in (\d+) periods?, longest (\d+) in a row", text,
                      re.MULTILINE)
    if found:
        echo.periods = (int(found.group(1)), int(found.group(2)))
    shares = re.search(r"^rtt (p[\d.]+(?:/p[\d.]+)*) = ([\d./]+) ms", text, re.MULTILINE)
    if shares:
        echo.percentiles_ms = {float(name[1:]): float(value) for name, value in
                               zip(shares.group(1).split("/"), shares.group(2).split("/"))}
    return echo


def fping(text):
    echo = Echo()
    for index, rtt in re.findall(r": \[(\d+)\], \d+ bytes, ([\d.]+) ms", text):
        echo.rtts.setdefault(int(index), (float(rtt), unit(rtt)))
    echo.sources.update(re.findall(r"\[<- ([^\]]+)\]", text))
    summary = re.search(r"xmt/rcv/%(?:loss|return) = (\d+)/(\d+)/", text)
    if summary:
        echo.sent, echo.received = int(summary.group(1)), int(summary.group(2))
        echo.errors = len(re.findall(r"^ICMP .* from ", text, re.MULTILINE))
    span = re.search(r"min/avg/max = ([\d.]+)/([\d.]+)/([\d.]+)", text)
    if span:
        echo.span_ms = tuple(float(value) for value in span.groups())
        echo.span_unit_ms = max(unit(value) for value in span.groups())
    return echo


def traceroute(text):
    path = Path()
    for line in text.splitlines():
        found = re.match(r"\s*(\d+)  ?(\S.*)", line)
        if not found or "hops max" in line:
            continue
        hop = Hop(int(found.group(1)), [])
        address = None
        for word in re.finditer(r"(\*)|([\d.]+) ms|([0-9a-f]*[.:][0-9a-f.:]+)(?! ms)",
                                found.group(2)):
            star, rtt, name = word.groups()
            if name:
                address = name
            elif star:
                hop.probes.append((None, None))
            else:
                hop.probes.append((address, float(rtt)))
        path.hops.append(hop)
        for mtu in re.findall(r"F=(\d+)", line):
            path.mtu = int(mtu)
    return path


def sonde_findings(path, text):
    path.reached = re.search(r"^\S+ is \d+ hops? away", text, re.MULTILINE) is not None
    hidden = re.findall(r"^Before hop (\d+) a router passes packets on", text, re.MULTILINE)
    for hop in path.hops:
        hop.hidden = str(hop.distance) in hidden
    return path


def sonde_trace(text):
    """Hops are told as traceroute's are, each further address on a line of its own."""
    text = re.sub(r"\n {5}(?=[0-9a-f.:]+  )", "  ", text)
    path = traceroute("\n".join(line for line in text.splitlines() if re.match(r" +(\d+ )? ", line)))
    return sonde_findings(path, text)


def sonde_report(text):
    """The table; where the verdict is that nothing is lost, the share is of answers, not of loss."""
    path = Path()
    for line in text.splitlines():
        found = re.match(r" *(\d+)  (\S+) +([\d.]+%|-) +\d+(?: +[\d.]+ +([\d.]+))?(.*)", line)
        other = re.match(r" +([0-9a-f]*[.:][0-9a-f.:]+)$", line)
        if found:
            distance, address, loss, average, rest = found.groups()
            address = None if address == "*" else address
            loss = None if loss == "-" else 0 if "no loss" in rest else float(loss[:-1])
            path.hops.append(Hop(int(distance), [(address, None)], [], loss,
                                 float(average) if average else None))
        elif other and path.hops:
            path.hops[-1].others.append(other.group(1))
    return sonde_findings(path, text)


def sonde_mtu(text):
    path = Path()
    for distance, address in re.findall(r"^ *(\d+) +\d+  (\S+)$", text, re.MULTILINE):
        path.hops.append(Hop(int(distance), [(None if address == "*" else address, None)]))
    found = re.search(r"^The path MTU to \S+ is (\d+) bytes", text, re.MULTILINE)
    path.mtu = int(found.group(1)) if found else None
    return path


def tracepath(text):
    path = Path()
    path.reached = False
    hops = {}
    for line in text.splitlines():
        found = re.match(r"\s*(\d+):\s+(?:no reply|(\S+)\s+([\d.]+)ms(.*))", line)
        # Lines with a path MTU tell of that, not of the hop.
        if found and "pmtu" not in line:
            distance, address, rtt, rest = found.groups()
            hops[int(distance)] = [(address, float(rtt) if rtt else None)]
            path.reached = path.reached or (rest or "").split()[:1] == ["reached"]
    path.hops = [Hop(distance, probes) for distance, probes in sorted(hops.items())]
    found = re.search(r"Resume: pmtu (\d+)", text)
    path.mtu = int(found.group(1)) if found else None
    return path


def mtr(text):
    """The report: one line a hop, below it the other addresses that answered from there."""
    path = Path()
    for line in text.splitlines():
        found = re.match(r"\s*(\d+)\.\|?-*\s+(\S+)\s+([\d.]+)%?\s+\d+\s+[\d.]+\s+([\d.]+)", line)
        other = re.match(r"[\s|`-]+([0-9a-f]*[.:][0-9a-f.:]+)\s*$", line)
        if found:
            distance, address, loss, average = found.groups()
            address = None if address == "???" else address
            path.hops.append(Hop(int(distance), [(address, None)], [], float(loss),
                                 float(average) if address else None))
        elif other and path.hops:
            path.hops[-1].others.append(other.group(1))
    return path


def alive(text):
    """fping -a: the addresses it calls alive."""
    return set(re.findall(r"^(\d+\.\d+\.\d+\.\d+)$", text, re.MULTILINE))


def answering(text):
    """sonde ping HOST...: the addresses that answered at least once."""
    found = re.findall(r"^--- (\S+) ping statistics ---\n\d+ packets transmitted, (\d+) received",
                       text, re.MULTILINE)
    return {address for address, received in found if int(received)}
