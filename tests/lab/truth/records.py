"""What the lab wrote down: `--truth` (decisions, times) and `--pcap` (the bytes), put together."""

import collections
import dataclasses
import json
import re
import struct

SECTION, PACKET, COMMENT, RAW = 0x0A0D0D0A, 6, 1, 101


@dataclasses.dataclass
class Answer:
    """A decision; `data` where something left."""

    fate: str
    harm: frozenset
    node: str = None
    returning: bool = False
    due: int = None
    left: int = None  # ns since 1970
    data: bytes = None
    told: dict = None  # what the truth says of it


@dataclasses.dataclass
class Packet:
    number: int
    came: int
    data: bytes
    answers: list
    told: dict = None
    way: list = None


def read(truth_path, pcap_path):
    """The packets in the order in which they came."""
    with open(truth_path, encoding="utf-8") as file:
        lines = [json.loads(line) for line in file]
    came, left = _read_pcap(pcap_path)
    packets = []
    for line in sorted(lines, key=lambda line: line["number"]):
        number = line["number"]
        at, data = came.pop(number)
        assert at == line["came_ns"], f"packet {number}: truth {line['came_ns']}, pcap {at}"
        answers = [_answer(number, decision, left) for decision in line["decisions"]]
        packets.append(Packet(number, at, data, answers, line, line["way"]))
    assert not came, f"the truth lacks packets {sorted(came)}"
    assert not any(left.values()), f"the truth lacks answers {[key for key in left if left[key]]}"
    return packets


def _answer(number, decision, left):
    data = None
    if decision["left_ns"] is not None:
        waiting = left[number, decision["left_ns"]]
        at = next(
            i for i, (data, fate) in enumerate(waiting)
            if fate == decision["fate"] and len(data) == decision["answer"]["length"]
        )
        data = waiting.pop(at)[0]
    return Answer(
        decision["fate"],
        frozenset(decision["harm"]),
        decision["node"],
        decision["returning"],
        decision["due_ns"],
        decision["left_ns"],
        data,
        decision["answer"],
    )


def _blocks(data):
    at = 0
    while at < len(data):
        kind, length = struct.unpack_from("=II", data, at)
        assert length >= 12 and length % 4 == 0 and at + length <= len(data), "a broken block"
        assert struct.unpack_from("=I", data, at + length - 4) == (length,), "lengths that differ"
        yield kind, data[at + 8 : at + length - 4]
        at += length


def _comment(options):
    at = 0
    while at + 4 <= len(options):
        code, length = struct.unpack_from("=HH", options, at)
        if code == COMMENT:
            return options[at + 4 : at + 4 + length].decode()
        at += 4 + (length + 3 & ~3)
    return ""


def _read_pcap(path):
    """{number: (time, bytes)} of what came, {(number, time): [(bytes, fate)]} of what left."""
    came, left, first = {}, collections.defaultdict(list), True
    with open(path, "rb") as file:
        blocks = list(_blocks(file.read()))
    for kind, body in blocks:
        assert first == (kind == SECTION), "a section header, first and alone"
        first = False
        if kind != PACKET:
            continue
        _, high, low, kept, length = struct.unpack_from("=IIIII", body)
        assert kept == length, "packets are never cut"
        at, data = high << 32 | low, body[20 : 20 + kept]
        comment = _comment(body[20 + (kept + 3 & ~3) :])
        if match := re.match(r"packet (\d+):", comment):
            came[int(match[1])] = at, data
        elif match := re.match(r"answer to packet (\d+): (\S+?)[ ,]", comment):
            left[int(match[1]), at].append((data, match[2]))
        else:
            raise AssertionError(f"a comment that says nothing: {comment!r}")
    return came, left
