"""What a run must have told, by a capture on its own interface: what left, what came, and when."""

import calendar
import collections
import struct
import time

from harness import Capture
from wire import checksum

OURS = ("10.55.0.1", "fd55::1")  # of near0
PAUSE_NS = 5_000_000
SLACK_NS = 2_000_000  # between the kernel's stamp and the timer that gives the verdict


def echo(frame):
    """(is a reply, identifier, sequence) of an echo message in a frame, else None."""
    if frame[12:14] == b"\x08\x00":
        if len(frame) < 42 or frame[23] != 1 or struct.unpack("!H", frame[20:22])[0] & 0x1FFF:
            return None
        at, kinds = 14 + (frame[14] & 15) * 4, {8: False, 0: True}
        end = 14 + struct.unpack("!H", frame[16:18])[0]
        good = checksum(frame[at:end]) == 0
    elif frame[12:14] == b"\x86\xdd":
        if len(frame) < 62 or frame[20] != 58:
            return None
        at, kinds, good = 54, {128: False, 129: True}, True
    else:
        return None
    if frame[at] not in kinds or not good:
        return None
    return kinds[frame[at]], *struct.unpack("!HH", frame[at + 4 : at + 8])


def nanoseconds(text):
    """Of "2026-11-22T14:11:04.653123456Z", since 1970."""
    whole, fraction = text[:-1].split(".")
    return calendar.timegm(time.strptime(whole, "%Y-%m-%dT%H:%M:%S")) * 1_000_000_000 + int(fraction)


class Wire(Capture):
    """The echo requests that left through a device and the good replies that came, by (identifier, sequence)."""

    def __init__(self, space, device="near0"):
        super().__init__(space, device, lambda frame: echo(frame) is not None)

    def __exit__(self, *_):
        super().__exit__(*_)
        self.requests, self.replies = collections.defaultdict(list), collections.defaultdict(list)
        for at, frame, outgoing in self.frames:
            reply, *lease = echo(frame)
            if reply != outgoing:
                (self.replies if reply else self.requests)[tuple(lease)].append(at)

    def replies_until(self, end_ns):
        return sum(at < end_ns for came in self.replies.values() for at in came)

    def check(self, test, run, *, swallowed=False, deaf=False, rtt_ns=100_000):
        """Each verdict and each figure of a Run with one target is what happened.

        swallowed: what the kernel took may have been dropped before the interface, and is lost.
        deaf: replies may have come that never reached the program. rtt_ns: by how much an RTT may be
        longer than the capture's, which does not see how long a probe lay in the device's queue.
        """
        show = "\n" + "\n".join(run.text.splitlines()[-2:])
        timeout = run.start[0]["timeout_ns"]
        end = nanoseconds(run.end[0]["time"])
        sent = {tuple(line["wire"].values()): line for line in run.finals if "wire" in line}
        left, far_off = set(self.requests), []
        self.replies = {lease: came for lease, came in self.replies.items() if lease in left}
        test.assertFalse(left - set(sent), f"left, and not told as sent{show}")
        if not swallowed:
            test.assertFalse(set(sent) - left, f"told as sent, and never left{show}")
        for lease, line in sent.items():
            came = [at for at in self.replies.get(lease, []) if at < end]
            what = f"probe {line['seq']}: {line['outcome']}"
            if lease not in left:
                # Our own kernel may say that it found no neighbour to send it to.
                own = line["outcome"] == "unreachable" and line["from"] in OURS
                test.assertTrue(own or line["outcome"] in ("timed_out", "unfinished"), what + show)
                continue
            test.assertEqual(1, len(self.requests[lease]), what + show)
            took = [at - self.requests[lease][0] for at in came]
            if line["outcome"] == "reply":
                test.assertTrue(took, f"{what}, and none came{show}")
                off = line["rtt_ns"] - took[0]
                if not -100_000 < off < rtt_ns:
                    far_off.append((line["seq"], off))
            elif line["outcome"] == "timed_out" and not deaf:
                early = [ns for ns in took if ns < timeout - SLACK_NS]
                test.assertFalse(early, f"{what}, and a reply came after {early} ns{show}")
            elif line["outcome"] == "unfinished" and not deaf:
                test.assertFalse(took, f"{what}, and a reply came after {took} ns{show}")
        told = run.count("reply") + run.count("duplicate") + run.count("late")
        if not deaf:
            came = self.replies_until(end)
            test.assertEqual(came, told, f"replies that came, and that were told{show}")
        # A busy machine may pause between the kernel's stamp and the capture's, once in a while.
        paused = len(far_off) <= len(sent) // 20 and all(abs(off) < PAUSE_NS for _, off in far_off)
        test.assertTrue(paused, f"RTTs that are off, in ns: {far_off}{show}")
        summary = run.summaries[0]
        test.assertEqual(len(sent), summary["sent"], show)
        lost = summary["loss"]["lost"]
        test.assertEqual(sum(line["outcome"] == "timed_out" for line in sent.values()), lost, show)
