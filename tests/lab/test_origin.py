"""Where addresses are at home: --geo from a file, --as from a name server."""

import json

from harness import SETTINGS, Case, loopback
from mmdb import database
from name_server import NameServer, asking

TXT = 16


def record(name, kind):
    if kind != TXT or name != "1.0.0.127.origin.asn.cymru.com":
        return None
    text = b"64500 | 127.0.0.0/8 | DE | test | 2001-02-03"
    return bytes([len(text)]) + text


class Dns(Case):
    topology = staticmethod(loopback)

    def test_the_zone_is_asked_for_the_reversed_address(self):
        front = asking(self.net.near)
        server = NameServer(self.net.near, record)
        self.addCleanup(server.close)
        done = self.sonde("trace", "--as", "-n", "127.0.0.1", front=front)
        self.assertIn("127.0.0.1 [AS64500 127.0.0.0/8 DE]", done.out, str(done))
        self.assertEqual(done.code, 0)

    def test_who_is_not_known_is_shown_without(self):
        front = asking(self.net.near)
        server = NameServer(self.net.near, lambda name, kind: None)
        self.addCleanup(server.close)
        done = self.sonde("trace", "--as", "-n", "127.0.0.1", front=front)
        self.assertIn("127.0.0.1  ", done.out, str(done))
        self.assertNotIn("[", done.out)


class File(Case):
    topology = staticmethod(loopback)

    def file(self, octets):
        path = SETTINGS.work / "test.mmdb"
        path.write_bytes(octets)
        return str(path)

    def test_what_the_file_tells_stands_behind_the_address(self):
        path = self.file(database({
            ("127.0.0.0", 8): {"autonomous_system_number": 64500,
                               "autonomous_system_organization": "Example\x1b[31m Net",
                               "country": {"iso_code": "DE"}, "city": {"names": {"en": "Köln"}}},
        }))
        done = self.sonde("trace", "--geo", path, "-n", "127.0.0.1")
        self.assertIn("127.0.0.1 [AS64500 Example\\x1b[31m Net, DE, Köln]", done.out, str(done))
        done = self.sonde("trace", "--geo", path, "--json", "-n", "127.0.0.1")
        hops = [json.loads(line) for line in done.out.splitlines()]
        told = [hop for hop in hops if hop["type"] == "trace_hop"]
        self.assertIn("AS64500", told[0]["addresses"][0]["origin"])

    def test_addresses_that_are_not_in_it(self):
        path = self.file(database({("192.0.2.0", 24): {"autonomous_system_number": 64500}}))
        done = self.sonde("trace", "--geo", path, "-n", "127.0.0.1")
        self.assertNotIn("[", done.out)
        self.assertEqual(done.code, 0)

    def test_a_file_that_is_none_is_one_clear_line(self):
        for octets in (b"", b"rubbish" * 100):
            done = self.sonde("trace", "--geo", self.file(octets), "127.0.0.1")
            self.assertEqual((done.out, done.code), ("", 2))
            self.assertEqual(len(done.err.splitlines()), 1, done.err)
            self.assertIn("--geo", done.err)
