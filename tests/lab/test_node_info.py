"""Questions to whoever has a name: a responder of our own, which joins its group as RFC 4620 says."""

import hashlib
import ipaddress
import socket
import struct
import threading

from harness import SETTINGS, Case, pair

QUERY, REPLY = 139, 140
NAME, IPV6 = 2, 3
SUBJECT_NAME = 1


def group_of(label):
    """RFC 4620 section 5."""
    digest = hashlib.md5(bytes([len(label)]) + label.lower()).digest()
    return ipaddress.IPv6Address("ff02::2:ff00:0").packed[:13] + digest[:3]


class Responder:
    """Answers on far0 for one name, to queries that come to the name's group."""

    def __init__(self, space, label):
        self.label, self.asked = label, []
        self.socket = space.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
        device = space.call(lambda: socket.if_nametoindex("far0"))
        self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, group_of(label) + struct.pack("=I", device))
        self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
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
                message, ancillary, _, client = self.socket.recvmsg(2048, 256)
            except TimeoutError:
                continue
            to = next((data[:16] for _, kind, data in ancillary if kind == socket.IPV6_PKTINFO), None)
            if message[0] != QUERY or to != group_of(self.label):
                continue
            kind, = struct.unpack_from("!H", message, 4)
            self.asked.append((message[1], kind, message[16:]))
            data = bytes(4) + (bytes([len(self.label)]) + self.label + b"\0\0" if kind == NAME
                               else ipaddress.IPv6Address("fd55::2").packed)
            self.socket.sendto(bytes([REPLY, 0, 0, 0]) + message[4:6] + bytes(2) + message[8:16] + data, client)


class NodeInfo(Case):
    topology = staticmethod(pair)

    def ask(self, *words, label=b"host7", program="sonde"):
        responder = Responder(self.net.far, label)
        self.addCleanup(responder.close)
        if program == "ping":
            result = self.net.near.run(["ping", *words], path=SETTINGS.dropin)
        else:
            result = self.ping("-c1", "-W1", *words)
        return responder, result

    def test_the_addresses_of_a_name(self):
        for words in (["-N", "subject-name=Host7%near0"], ["-N", "subject-name=host7.example", "-I", "near0"],
                      ["-N", "ipv6", "-N", "subject-fqdn=host7%near0"]):
            with self.subTest(words):
                responder, result = self.ask(*words)
                self.ended(result, 0)
                self.assertEqual([(SUBJECT_NAME, IPV6)], [asked[:2] for asked in responder.asked])
                self.assertIn("fd55::2", result.out)
                responder.close()

    def test_its_full_name(self):
        responder, result = self.ask("-N", "name", "-N", "subject-name=host7%near0")
        self.ended(result, 0)
        self.assertEqual([(SUBJECT_NAME, NAME, b"\5host7\0\0")], responder.asked)
        self.assertIn("host7", result.out)

    def test_nobody_has_the_name(self):
        responder, result = self.ask("-N", "subject-name=host8%near0")
        self.ended(result, 1)
        self.assertEqual([], responder.asked)

    def test_a_host_that_is_given_is_asked(self):
        responder, result = self.ask("-N", "name", "-N", "subject-name=host7", "fd55::2")
        self.ended(result, 1)
        self.assertEqual([], responder.asked)

    def test_under_the_name_ping(self):
        responder, result = self.ask("-c1", "-W1", "-N", "name", "-N", "subject-name=host7%near0", program="ping")
        self.ended(result, 0)
        self.assertEqual(1, len(responder.asked))

    def test_what_cannot_be(self):
        for words, expected in (
            (["-N", "subject-name=a..b"], "is not a name"),
            (["-N", "subject-name=host7%"], "no name of a device"),
            (["-N", "subject-name=host7%nowhere0"], "nowhere0"),
            (["-N", "name"], "a host is missing"),
            (["-N", "subject-ipv6=::1"], "a host is missing"),
        ):
            with self.subTest(words):
                result = self.ended(self.ping("-c1", *words), 2)
                self.assertIn(expected, result.err)
                self.assertEqual(1, result.err.count("\n"), result.err)
