"""Many names at a time: what a slow name server costs, and in which order hosts are told."""

import re
import time

from harness import SETTINGS, Case, loopback
from name_server import AAAA, A, NameServer, asking

DELAY_S = 0.15
NAMES = 60


def answer(name, kind):
    """nK.test is 127.0.1.K, but every seventh name there is not."""
    host, _, domain = name.partition(".")
    if domain != "test" or not host[1:].isdigit() or int(host[1:]) % 7 == 3:
        return None
    return bytes([127, 0, 1, int(host[1:])]) if kind == A else b"" if kind == AAAA else None


class ManyNames(Case):
    topology = staticmethod(loopback)
    weight = 4

    def run_with(self, *argv, **how):
        front = asking(self.net.near)
        server = NameServer(self.net.near, answer, DELAY_S)
        self.addCleanup(server.close)
        started = time.monotonic()
        done = self.net.near.run(argv, front=front, **how)
        return done, time.monotonic() - started

    def names(self, count=NAMES):
        return [f"n{number}.test" for number in range(count)]

    def expect_fping(self, done, names):
        dead = [name for name in names if int(re.sub(r"\D", "", name)) % 7 == 3]
        alive = [name for name in names if name not in dead]
        self.assertEqual(done.out.splitlines(), [f"{name} is alive" for name in alive], str(done))
        self.assertEqual(done.err.splitlines(), [f"{name}: Name or service not known" for name in dead])
        self.assertEqual(done.code, 2)

    def test_fping_looks_up_many_together(self):
        names = self.names()
        done, seconds = self.run_with("fping", *names, path=SETTINGS.dropin)
        self.expect_fping(done, names)
        self.assertLess(seconds, NAMES * DELAY_S / 3)

    def test_fping_looks_up_the_names_of_a_file_together(self):
        names = self.names()[::-1]
        path = SETTINGS.work / "names"
        path.write_text("".join(f"{name}\n" for name in names), encoding="ascii")
        done, seconds = self.run_with("fping", "-f", str(path), path=SETTINGS.dropin)
        self.expect_fping(done, names)
        self.assertLess(seconds, NAMES * DELAY_S / 3)

    def test_few_and_many_names_are_told_alike(self):
        few, _ = self.run_with("fping", *self.names(5), path=SETTINGS.dropin)
        self.expect_fping(few, self.names(5))

    def test_numbers_are_never_asked_for(self):
        hosts = ["127.1", "0x7f000001", "0177.1", "127.0.0.9"] * 4
        done = self.net.near.run(["fping", *hosts], path=SETTINGS.dropin, front=asking(self.net.near))
        self.assertEqual(done.out.splitlines(), [f"{host} is alive" for host in hosts], str(done))

    def test_sweep_looks_up_many_together(self):
        done, seconds = self.run_with(SETTINGS.program, "sweep", "-a", "-q", "--csv", *self.names())
        self.assertEqual(done.code, 2, str(done))
        self.assertEqual(done.err.count(": Name or service not known"), 9)
        self.assertLess(seconds, NAMES * DELAY_S / 3)
