"""What a comparison of sonde under the name ping with iputils' ping needs (side_by_side.py).

What no two runs have in common (times, identifiers) is taken out of the texts before. The ping that is
installed may be older than the one that sonde stands in for (20250605). What has changed since is put
into its texts first; a line of the table may also say what must come.
"""

import functools
import re
import subprocess

import harness
import side_by_side
from side_by_side import ERR, OUT, declared
from wire import address

REFERENCE = 20250605
ROUTER4, ROUTER6 = address("10.55.0.254"), address("fd55::fe")


@functools.cache
def installed():
    """The date in the version of the installed ping, 0 when there is none."""
    path = harness.find("ping")
    if not path:
        return 0
    done = subprocess.run([path, "-V"], capture_output=True, text=True, timeout=5, check=False)
    match = re.search(r"iputils (?:s)?(\d{8})", done.stdout)
    return int(match.group(1)) if match else 0


# --- the far end -----------------------------------------------------------------------------------


def script(request, _):
    """For FarEnd: the destination says what happens.

    10.56.TYPE.CODE, fd56::TYPE:CODE: that ICMP error. 10.57.KIND.N, fd57::KIND: a kind of reply.
    """
    if request.six:
        groups = [int.from_bytes(request.to[k : k + 2], "big") for k in range(0, 16, 2)]
        if groups[0] == 0xFD56:
            return error6(request, groups[6], groups[7])
        return reply6(request, groups[7])
    _, second, kind, value = request.to
    if second == 56:
        return error4(request, kind, value)
    if second == 57:
        return reply4(request, kind, value)
    return [request.reply()]


def error4(request, kind, code):
    rest = {5: address("10.55.0.77"), 12: b"\x14\0\0\0", 3: b"\0\0\x05\x78"}.get(kind, bytes(4))
    return [request.error(kind, code, rest, source=ROUTER4, quote=request.datagram[: request.header + 28])]


def error6(request, kind, code):
    rest = {2: 1280, 4: 6}.get(kind, 0).to_bytes(4, "big")
    return [request.error(kind, code, rest, source=ROUTER6)]


def flipped(payload, at):
    at = min(at, len(payload) - 1)
    return payload[:at] + bytes([payload[at] ^ 0xFF]) + payload[at + 1 :]


def options_of(kind):
    three, four = address("10.3.3.3"), address("10.4.4.4")
    return {
        12: b"\x01\x83\x0b\x0c" + three + four,
        13: b"\x07\x0b\x0c" + three + four + b"\0",
        14: b"\x44\x0c\x0d\x20" + (1000).to_bytes(4, "big") + (1005).to_bytes(4, "big"),
        15: b"\x44\x14\x15\x01" + three + (1000).to_bytes(4, "big") + four + b"\x80\0\0\x05",
        16: b"\x94\x04\0\0",
        17: b"\x07\x0b\x04" + bytes(9),
        21: b"\x44\x14\x15\x11" + bytes(4) + (1000).to_bytes(4, "big") + four + (2000).to_bytes(4, "big"),
    }.get(kind)


def reply4(request, kind, value):
    sequence, good = request.sequence, request.reply(ttl=61)
    if kind == 1:  # not the last of a run: whether its copy is still read depends on the moment
        return [good, good] if sequence == 1 else [good]
    if kind == 2:
        return [request.reply(ttl=61, wrong=0x1111)]
    if kind == 3:
        return [request.reply(ttl=61, source=address("10.57.99.99"))]
    if kind == 4:
        return [request.reply(flipped(request.payload, 20), ttl=61)]
    if kind == 5:
        return [request.reply(request.payload[:value], ttl=61)]
    if kind == 6:
        return [(value / 100, good)]
    if kind == 7:
        return [] if sequence % 2 == 0 else [good]
    if kind == 8:
        return [] if sequence < 3 else [good]
    if kind == 9:
        return []
    if kind == 11:
        return [request.reply(ttl=61, options=request.options)]
    if kind == 18:
        return [request.error(11, 0, source=ROUTER4)] if sequence < 3 else [good]
    if options_of(kind) is not None:
        return [request.reply(ttl=61, options=options_of(kind))]
    return [good]


def reply6(request, kind):
    good = request.reply(ttl=60)
    if kind == 3:
        return [good, good] if request.sequence == 1 else [good]
    if kind == 4:
        return [request.reply(ttl=60, source=address("fd57::99"))]
    if kind == 5:
        return [request.reply(request.payload[:32], ttl=60)]
    if kind == 6:
        return [request.reply(flipped(request.payload, 30), ttl=60)]
    if kind == 7:
        return [] if request.sequence % 2 == 0 else [good]
    if kind == 9:
        return []
    return [good]


# --- comparing -------------------------------------------------------------------------------------


def decimals(text):
    """The number of decimals that ping's rounding gives a time of that size."""
    whole, _, fraction = text.partition(".")
    expected = 3 if int(whole) < 1 else 2 if int(whole) < 10 else 1 if int(whole) < 100 else 0
    return "T" if len(fraction) == expected else f"T with {len(fraction)} decimals: {text}"


def normal(text, three=False):
    """The text without what differs from run to run."""

    def time_of(match):
        if three:
            return "time=T3 ms" if re.fullmatch(r"\d+\.\d{3}", match.group(1)) else match.group(0)
        return f"time={decimals(match.group(1))} ms"

    text = re.sub(r"time=([\d.]+) ms", time_of, text)
    text = re.sub(r"packet loss, time \d+ms", "packet loss, time Nms", text)
    text = re.sub(
        r"= \d+\.\d{3}/\d+\.\d{3}/\d+\.\d{3}/\d+\.\d{3} ms", "= D/D/D/D ms", text
    )
    text = re.sub(r"ipg/ewma \d+\.\d{3}/\d+\.\d{3} ms", "ipg/ewma D/D ms", text)
    text = re.sub(r"(?m)^\[\d{10,}\.\d{6}\] ", "[stamp] ", text)
    text = re.sub(r"\t-?\d+( absolute)", r"\tN\1", text)
    text = re.sub(r"(?m)^\t(\d+\.\d+\.\d+\.\d+)?(\t)?-?\d+$", r"\t\1\2N", text)
    text = re.sub(r"sock4\.fd: \d+", "sock4.fd: N", text)
    text = re.sub(r"sock6\.fd: \d+", "sock6.fd: N", text)
    text = re.sub(r"ident=\d+", "ident=N", text)
    text = re.sub(r" from fe80::[0-9a-f:]+%\d+ ", " from fe80::N%N ", text)
    return text


def flood_normal(text):
    """Dots and the backspaces over them come in any order; what counts is how many of each."""
    head, _, rest = text.partition("\n")
    body, _, tail = rest.partition("\n---")
    left = body.count(".") - body.count("\b \b")
    marks = re.sub(r"\.|\x08 \x08", "", body)
    return f"{head}\n{left} dots {marks}\n---{tail}"


def modern(out, err, code):
    """What the installed ping said, in the words of 20250605."""
    version = installed()
    if version < 20231222:
        out = re.sub(r"(?m)^PING (\S+:\S*|\S+)\((\S+)\) ", r"PING \1 (\2) ", out)
        out = out.replace("able: Unknown code 5", "able: Source address failed ingress/egress policy")
        out = out.replace("able: Unknown code 6", "able: Reject route to destination")
        lines = [line for line in out.splitlines(True) if line.startswith("ai->ai_family")]
        if lines:
            out = "".join(line for line in out.splitlines(True) if line not in lines)
            err = err.replace("\n\n", "\n") + "".join("ping: " + line for line in lines)
        err = err.replace(
            "ping: cannot flood; minimal interval allowed for user is 2ms",
            "ping: cannot flood, minimal interval for user must be >= 2 ms, use -i 0.002 (or higher)",
        )
        for kind in ("broadcast", "multicast"):
            err = re.sub(
                rf"ping: {kind} ping with too short interval: \d+",
                f"ping: minimal interval for {kind} ping for user must be >= 1000 ms, use -i 1 (or higher)",
                err,
            )
    if version < 20240905 and "usage error: Destination address required" in err:
        code = 2
    return out, err, code


# --- declared differences --------------------------------------------------------------------------

# What docs/drop-in.md declares, row by row: (names of the rows, why, where, iputils' text, ours). It is
# put into iputils' text, and all else must be the same.
DECLARED = [
    (
        ["*-v *"],
        "-v tells no descriptors and no steps of a lookup",
        ERR,
        r"(?m)^ping: (sock4\.fd: |ai->ai_family: ).*\n",
        "",
    ),
    (
        ["-c1 -W.3 -n fd56::1:7"],
        "RFC 6550 has words for this code",
        OUT,
        "unreachable: Unknown code 7",
        "unreachable: Error in source routing header",
    ),
    (
        ["-c1 -W.3 -n fd56::4:3"],
        "RFC 7112 has words for this code",
        OUT,
        "problem: code 3 at 6",
        "problem: First fragment has incomplete header chain at 6",
    ),
    (
        [f"as nobody: {words} 10.55.0.2" for words in ("-c3 -i0.001", "-c3 -i0", "-f -c3")],
        "a run that is refused does not begin",
        OUT,
        r"\APING .*\n",
        "",
    ),
    (
        ["-c1 -W.3 -I lo 10.55.0.2", "-c1 -W.3 -I near0 ff02::9", "as nobody: -I near0 * ff02::9"],
        "no warning where nothing is wrong yet",
        ERR,
        r"(?m)^ping: Warning: source address might be selected on device other than: .*\n",
        "",
    ),
    (
        ["as nobody: -I near0 * ff02::9"],
        "no warning where the device is given",
        ERR,
        r"(?m)^ping: Warning: IPv6 link-local address on ICMP datagram socket may require .*\n",
        "",
    ),
    (
        ["-c1 -W.3 -I near0 ff02::9"],
        "the address that the probes really come from",
        OUT,
        "from :: near0:",
        "from fe80::N%N near0:",
    ),
    (
        ["as nobody: *-R 10.57.11.1"],
        "options are seen with raw sockets only",
        OUT,
        r"(?m)^RR: .*\n(\t.*\n)+\n|\t\(same route\)$",
        "",
    ),
    (
        ["as nobody: *-T tsonly 10.57.11.1"],
        "options are seen with raw sockets only",
        OUT,
        r"(?m)^TS: .*\n(\t.*\n)+\n",
        "",
    ),
    (
        ["-i nan -c1 127.0.0.1", "-i inf -c1 127.0.0.1"],
        "not a number at all, so not one out of range",
        ERR,
        ": Numerical result out of range",
        "",
    ),
]


class Comparison(side_by_side.Comparison):
    """A line for ping."""

    peer = "ping"

    def __init__(self, *words, only=None, **how):
        super().__init__(*words, **how)
        self.only = only  # so many characters of standard output count, and nothing of the other

    def texts(self, out, err, code):
        short = [word for word in self.words if word.startswith("-")]
        out = normal(out, three="-3" in short)
        if "-f" in short and out.startswith("PING"):
            out = flood_normal(out)
        if "ipg/ewma" in out or "-i0.002" in short:  # a matter of the moment
            out = re.sub(r", pipe \d+", "", out)
        err = normal(err)
        if self.usage:
            out, err = "", err.partition("\n")[0]
        if self.only is not None:
            out, err = out[: self.only], ""
        return f"--- stdout\n{out}\n--- stderr\n{err}\n--- status {code}\n"

    def modern(self, result):
        out, err, code = modern(result.out, result.err, result.code)
        return *declared(DECLARED, self.name, out, err), code
