"""What a comparison of sonde under the name fping with Debian's fping needs (side_by_side.py).

What no two runs have in common (times) is taken out of the texts before. Where the installed fping is
older than the one that sonde stands in for (5.5), a line of the table says itself what must come.
"""

import collections
import functools
import re
import signal
import subprocess

import harness
import side_by_side
from side_by_side import ERR, OUT, declared
from wire import address

ROUTER4, ROUTER6 = address("10.55.0.254"), address("fd55::fe")


@functools.cache
def installed():
    """The version of the installed fping as a pair, (0, 0) when there is none."""
    path = harness.find("fping")
    if not path:
        return (0, 0)
    done = subprocess.run([path, "-v"], capture_output=True, text=True, timeout=5, check=False)
    match = re.search(r"Version (\d+)\.(\d+)", done.stdout)
    return (int(match.group(1)), int(match.group(2))) if match else (0, 0)


# --- the far end -----------------------------------------------------------------------------------


class Script:
    """For FarEnd: the destination says what happens.

    10.56.TYPE.CODE, fd56::TYPE:CODE: that ICMP error. 10.57.KIND.N, fd57::KIND: a kind of reply.
    """

    def __init__(self):
        self.seen = collections.Counter()

    def __call__(self, request, _):
        key = (request.identifier, request.to)
        self.seen[key] += 1
        if request.six:
            groups = [int.from_bytes(request.to[k : k + 2], "big") for k in range(0, 16, 2)]
            if groups[0] == 0xFD56:
                return error6(request, groups[6], groups[7])
            return reply(request, groups[7], 10, self.seen[key], "fd57::99")
        _, second, kind, value = request.to
        if second == 56:
            return error4(request, kind, value)
        if second == 57:
            return reply(request, kind, value, self.seen[key], "10.57.99.99")
        return [request.reply()]


def error4(request, kind, code):
    rest = {5: address("10.55.0.77"), 12: b"\x14\0\0\0", 3: b"\0\0\x05\x78"}.get(kind, bytes(4))
    quote = request.datagram[: request.header + 28]
    error = request.error(kind, code, rest, source=ROUTER4, quote=quote)
    return [error, request.reply()] if kind in (4, 5) else [error]


def error6(request, kind, code):
    rest = {2: 1280, 4: 6}.get(kind, 0).to_bytes(4, "big")
    return [request.error(kind, code, rest, source=ROUTER6)]


def reply(request, kind, value, number, stranger):
    """`number` counts the requests of one run to one address, from 1."""
    good = request.reply(ttl=61)
    if kind == 1:
        return [good, (0.02, good)]
    if kind == 2:
        return [request.reply(ttl=61, wrong=0x1111)]
    if kind == 3:
        return [request.reply(ttl=61, source=address(stranger))]
    if kind == 4:
        return [request.reply(ttl=61, source=address(stranger)), (0.02, good)]
    if kind == 5:
        return [request.reply(request.payload[:value], ttl=61)]
    if kind == 6:
        return [(value / 100, good)]
    if kind == 7:
        return [] if number % 2 == 0 else [good]
    if kind == 8:
        return [] if number <= value else [good]
    if kind == 9:
        return []
    return [good]


# --- comparing -------------------------------------------------------------------------------------


def digits(text):
    """T when fping's rounding gives a time of that size so many decimals."""
    value = float(text)
    expected = 3 if value < 1 else 2 if value < 10 else 1 if value < 100 else 0
    return "T" if len(text.partition(".")[2]) == expected else f"T as {text}"


NUMBER = r"\d+(?:\.\d+)?"


def normal(text):
    """The text without what differs from run to run."""

    def times(match):
        return re.sub(NUMBER, lambda number: digits(number.group(0)), match.group(0))

    text = re.sub(rf"(?m)(?<= : )(?:{NUMBER}|-)(?: (?:{NUMBER}|-))*$", times, text)
    text = re.sub(rf"{NUMBER} ms\b", times, text)
    text = re.sub(rf"{NUMBER} avg\b", times, text)
    text = re.sub(rf"(?<=min/avg/max = ){NUMBER}/{NUMBER}/{NUMBER}", times, text)
    text = re.sub(r"(?m)^\[\d{10}\.\d{5}\] ", "[stamp] ", text)
    text = re.sub(r"(?m)^\[\d\d:\d\d:\d\d\]$", "[clock]", text)
    text = re.sub(r"(?m)^ {1,12}\d+\.\d{3} sec", " N sec", text)
    text = re.sub(r"(?m)^SET (min|avg|max) = \d+$", r"SET \1 = N", text)
    text = re.sub(r"(Originate|Receive|Transmit|Localreceive)=\d+", r"\1=N", text)
    return text


# What docs/drop-in.md declares: (names of the rows, why, where, fping's text, ours). It is put into
# fping's text, and all else must be the same.
DECLARED = [
    (
        ["*256.1.1.1*"],
        "what cannot be a name is not looked up, so that no answer is missing",
        ERR,
        "256.1.1.1: Temporary failure in name resolution",
        "256.1.1.1: Name or service not known",
    ),
    (
        ["-l * 10.57.1.1 *"],
        "a duplicate is no probe that was sent",
        OUT | ERR,
        r"xmt/rcv/%loss = \d+/\d+/0%",
        "xmt/rcv/%loss = N/N/0%",
    ),
]


# What has changed from the fping that may be installed, 5.1, to the one that sonde stands in for.
CHANGED = [
    ((5, 2), OUT, r"('FPing (?:Packets|Quality|Latency)) for host [^']*'", r"\1'"),
    ((5, 3), ERR, "must be lower than 65488", "must not be larger than 65507"),
    ((5, 5), ERR, "SO_BINTODEVICE", "SO_BINDTODEVICE"),
]


def modern(words, out, err):
    """The texts of the installed fping as those of 5.5."""
    counts = any(re.match("-[cC]|--v?count", str(word)) for word in words)
    if installed() < (5, 5) and counts and "-q" in words:
        err = re.sub(r"(?m)^\S+ : duplicate for .*\n", "", err)
    for since, where, theirs, ours in CHANGED:
        if installed() < since:
            out = re.sub(theirs, ours, out) if where & OUT else out
            err = re.sub(theirs, ours, err) if where & ERR else err
    return out, err


class Comparison(side_by_side.Comparison):
    """A line for fping."""

    peer = "fping"

    def __init__(self, *words, loose=False, **how):
        super().__init__(*words, **how)
        self.loose = loose  # how many lines there are depends on the moment

    def texts(self, out, err, code):
        if self.usage:
            out, err = out.partition(" ")[0], err.partition(" ")[0]
        out, err = declared(DECLARED, self.name, normal(out), normal(err))
        if self.loose:
            out, err = ("\n".join(sorted(set(text.splitlines()))) for text in (out, err))
        return f"--- stdout\n{out}\n--- stderr\n{err}\n--- status {code}\n"

    def modern(self, result):
        return *modern(self.words, result.out, result.err), result.code


INT, QUIT, TERM = signal.SIGINT, signal.SIGQUIT, signal.SIGTERM
