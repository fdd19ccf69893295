"""Runs of sonde in `sonde lab`, with the truth about them."""

import dataclasses
import json
import pathlib
import re
import tempfile
import unittest

from harness import SETTINGS, Program, as_nobody, environment_of
from jsonl import Run
from truth import records
from truth.compare import Comparison
from truth.describe import mistakes

GALLERY = pathlib.Path(__file__).resolve().parents[3] / "docs" / "scenarios"
OWN = pathlib.Path(__file__).resolve().parent
UNITS = {"ns": 1, "us": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9}
DURATION = re.compile(r"(\d+(?:\.\d+)?)(ns|us|ms|s|m|h)\b")
OPEN_DATAGRAM_SOCKETS = 'echo 0 0 > /proc/sys/net/ipv4/ping_group_range && exec "$@"'


@dataclasses.dataclass
class Played:
    run: Run
    packets: list
    comparison: Comparison
    result: object


def scaled(text, factor):
    """The same scenario, its changes `factor` times sooner and shorter; delays stay as they are."""

    def faster(match):
        return f"{int(float(match[1]) * UNITS[match[2]] / factor)}ns"

    def of_line(line):
        head = re.match(r"at \S+( every \S+)?( for \S+)?( suspend \S+)?", line)
        return DURATION.sub(faster, head[0]) + line[head.end() :] if head else line

    return "\n".join(of_line(line) for line in text.splitlines()) + "\n"


def scenario(name, factor=None, replace=()):
    path = OWN / f"{name}.scn" if (OWN / f"{name}.scn").exists() else GALLERY / f"{name}.scn"
    text = path.read_text(encoding="utf-8")
    for old, new in replace:
        assert old in text, f"{name} has no {old!r}"
        text = text.replace(old, new)
    return scaled(text, factor) if factor else text


def addresses(text, names, families=(4, 6)):
    """Those of hosts by their names; a word that is no name is taken as an address itself."""
    found = []
    for name in names.split():
        match = re.search(rf"^(?:host|router|group) {re.escape(name)}((?: +[0-9a-f][0-9a-f:.]*[.:][0-9a-f:.]*)+)", text, re.M)
        for address in match[1].split() if match else [name]:
            if (6 if ":" in address else 4) in families:
                found.append(address)
    return found


class Nothing:
    """The topology of a test whose lab makes its own namespaces."""

    def close(self):
        pass


class Stage:
    """Files of one run, in a directory of its own that every user may write to."""

    def __init__(self):
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="truth-", dir=SETTINGS.work))
        self.path.chmod(0o777)

    def file(self, name):
        return self.path / name


def run_in_lab(stage, text, inner, options, *, user, socket, seed, timeout):
    """The result of a command of sonde's in the lab that `text` describes."""
    stage.file("net.scn").write_text(text, encoding="utf-8")
    front = as_nobody() if user == "nobody" else []
    if socket == "dgram":
        inner = ["sh", "-c", OPEN_DATAGRAM_SOCKETS, "sh", *inner]
    argv = [SETTINGS.program, "lab", "--seed", str(seed), *options, stage.file("net.scn"), "--", *inner]
    argv = [str(word) for word in argv]
    with Program(argv, [*front, *argv], environment_of()) as program:
        result = program.finish(timeout)
    if result.code == 2 and "namespace" in result.err:
        raise unittest.SkipTest(result.err.strip())
    # sonde complains of failed sends, the sanitizers of worse
    assert not result.timed_out and result.code in (0, 1), f"\n{result}"
    assert "anitizer" not in result.err and "runtime error" not in result.err, f"\n{result}"
    return result


def command(text, words, *, user=None, socket="raw", seed=1, timeout=30.0):
    """One command of sonde's in the lab: where the truth is, and the result."""
    stage = Stage()
    truth = stage.file("truth")
    result = run_in_lab(stage, text, [SETTINGS.program, *words], ["--truth", truth], user=user,
                        socket=socket, seed=seed, timeout=timeout)
    return truth, result


def play(text, words, hosts, *, user=None, socket="raw", many=(), seed=1, timeout=30.0):
    """Returns Played; AssertionError where the run itself went wrong."""
    stage = Stage()
    truth, pcap = stage.file("truth"), stage.file("pcap")
    inner = [SETTINGS.program, "ping", "--json", "-n", f"--socket={socket}", *words, *hosts]
    result = run_in_lab(stage, text, inner, ["--truth", truth, "--pcap", pcap], user=user,
                        socket=socket, seed=seed, timeout=timeout)
    try:
        run = Run(result.out).check()
        packets = records.read(truth, pcap)
    except (AssertionError, KeyError, StopIteration, json.JSONDecodeError) as error:
        raise AssertionError(f"{error!r}\n{result}") from error
    ours = {packet.told["source"] for packet in packets}
    comparison = Comparison(run, packets, socket=socket, many=many, ours=ours)
    comparison.differences += mistakes(packets)
    return Played(run, packets, comparison, result)
