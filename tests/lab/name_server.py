"""A name server of our own in a namespace, and programs that ask it."""

import socket
import struct
import threading
import unittest

from harness import SETTINGS, need

A, PTR, AAAA = 1, 12, 28
NO_SUCH_NAME = 3


def labels(name):
    """A name of the DNS, of labels in bytes or of text with dots, as it is sent."""
    parts = name.encode().split(b".") if isinstance(name, str) else name
    return b"".join(bytes([len(part)]) + part for part in parts) + b"\0"


class NameServer:
    """
    Answers on 127.0.0.1 of a namespace. `answer` is given name and type of a question and says the
    data of the record, b"" when there is none of that type, None when there is no such name, and
    False when nothing is to be said at all. Each answer takes `delay` seconds, many at a time.
    """

    def __init__(self, space, answer, delay=0):
        self.answer, self.delay = answer, delay
        self.socket = space.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 53))
        self.socket.settimeout(0.1)
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def close(self):
        self.stop.set()
        self.thread.join()
        self.socket.close()

    def _serve(self):
        while not self.stop.is_set():
            try:
                question, client = self.socket.recvfrom(2048)
            except TimeoutError:
                continue
            reply = self._reply(question)
            if reply:
                threading.Timer(self.delay, self._send, (reply, client)).start()

    def _send(self, reply, client):
        if not self.stop.is_set():
            self.socket.sendto(reply, client)

    def _reply(self, question):
        end = question.index(b"\0", 12) + 5
        name, at = [], 12
        while question[at]:
            name.append(question[at + 1 : at + 1 + question[at]].decode("latin1"))
            at += 1 + question[at]
        kind = struct.unpack_from("!H", question, end - 4)[0]
        data = self.answer(".".join(name), kind)
        if data is False:
            return None
        head = struct.pack("!HHHHH", 0x8180 | (NO_SUCH_NAME if data is None else 0), 1, 1 if data else 0, 0, 0)
        record = b"\xc0\x0c" + struct.pack("!HHIH", kind, 1, 60, len(data)) + data if data else b""
        return question[:2] + head + question[12:end] + record


def asking(space):
    """What stands before a program that is to ask our server: it sees a resolv.conf of its own."""
    need("unshare", "mount")
    path = SETTINGS.work / "resolv.conf"
    path.write_text("nameserver 127.0.0.1\noptions timeout:1 attempts:1\n", encoding="ascii")
    front = [
        "unshare", "--mount", "--propagation", "private", "sh", "-c",
        'mount --bind "$0" /etc/resolv.conf && exec "$@"', str(path),
    ]
    if space.run(["true"], front=front).code:
        raise unittest.SkipTest("no private mount of /etc/resolv.conf")
    return front
