"""sonde ping and sonde sweep with --udp, --tcp and --sctp: ports of real hosts, and scripted ones."""

import json
import pathlib
import select
import socket
import threading

from harness import SETTINGS, Case, pair
from jsonl import Run
from lab_case import Lab

GALLERY = pathlib.Path(__file__).parent.parent.parent / "docs" / "scenarios"
HOSTS = ("10.55.0.2", "fd55::2")
OPEN, CLOSED, DNS = 8080, 8081, 53


class Servers:
    """At the far end: TCP listens on OPEN, and whoever asks a DNS question on UDP 53 gets an answer."""

    def __init__(self, space):
        self.questions = []
        self.sockets, self.listeners = [], []
        for family, address in ((socket.AF_INET, HOSTS[0]), (socket.AF_INET6, HOSTS[1])):
            server = space.socket(family, socket.SOCK_DGRAM)
            server.bind((address, DNS))
            self.sockets.append(server)
            listener = space.socket(family, socket.SOCK_STREAM)
            listener.bind((address, OPEN))
            listener.listen(64)
            self.listeners.append(listener)
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self):
        while not self.stop.is_set():
            for server in select.select(self.sockets, [], [], 0.1)[0]:
                question, client = server.recvfrom(4096)
                self.questions.append(question)
                if question[4:6] == b"\0\1" and question[12:17] == b"\0\0\2\0\1":  # root NS, IN
                    server.sendto(question[:2] + b"\x81\x80" + question[4:], client)

    def close(self):
        self.stop.set()
        self.thread.join()
        for each in self.sockets + self.listeners:
            each.close()


def stage():
    net = pair()
    net.servers = Servers(net.far)
    close = net.close

    def close_all():
        net.servers.close()
        close()

    net.close = close_all
    return net


class Ports(Case):
    topology = staticmethod(stage)
    weight = 3

    def told(self, host, *words, said, user=None, count=4, kernel=True):
        """Every probe is answered, with what is told of it."""
        result = self.ended(
            self.ping("--json", f"-c{count}", "-i.05", "-W2", *words, host, user=user), 0
        )
        run = Run(result.out).check()
        self.assertEqual(["reply"] * count, run.kinds(), f"\n{result}")
        for line in run.finals:
            self.assertEqual(said, line["said"], f"\n{result}")
            self.assertEqual(host, line["from"], f"\n{result}")
            self.assertEqual("icmp" in line, said == "port_closed", f"\n{result}")
            self.assertLess(line["rtt_ns"], 50_000_000, f"\n{result}")
            if kernel:
                self.assertEqual("kernel", line["sent"]["stamp"], f"\n{result}")
                self.assertEqual("kernel", line["received"]["stamp"], f"\n{result}")
        self.assertEqual(count, len({line["wire"]["identifier"] for line in run.finals}), "flows")
        self.assertEqual(0, run.end[0]["foreign"], f"\n{result}")
        return run

    def each(self, *words, user=None, **expected):
        for host in HOSTS:
            with self.subTest(host=host, user=user):
                self.told(host, *words, user=user, **expected)

    def test_an_open_tcp_port(self):
        self.each("--tcp", str(OPEN), said="syn_ack")

    def test_an_open_tcp_port_without_privilege(self):
        self.each("--tcp", str(OPEN), said="syn_ack", user="nobody", kernel=False)

    def test_a_closed_tcp_port(self):
        self.each("--tcp", str(CLOSED), said="rst")

    def test_a_closed_tcp_port_without_privilege(self):
        self.each("--tcp", str(CLOSED), said="rst", user="nobody", kernel=False)

    def test_data_behind_a_syn(self):
        self.each("--tcp", str(CLOSED), "-s", "100", said="rst")

    def test_a_closed_udp_port(self):
        self.each("--udp", str(CLOSED), said="port_closed")

    def test_a_closed_udp_port_without_privilege(self):
        self.each("--udp", str(CLOSED), said="port_closed", user="nobody")

    def test_a_question_to_a_closed_port_without_privilege(self):
        """Nothing but the flow says which probe the error is about."""
        words = ("--udp", str(CLOSED), "--payload", "dns")
        self.each(*words, said="port_closed", user="nobody")

    def test_a_name_server(self):
        for user in (None, "nobody"):
            self.net.servers.questions.clear()
            self.each("--udp", "53", said="udp", user=user)
            self.assertEqual(8, len(self.net.servers.questions))

    def test_a_pattern_is_no_question(self):
        """The server takes it and says nothing."""
        result = self.ended(
            self.ping("--json", "-c1", "-W.2", "--udp", "53", "-s", "40", HOSTS[0]), 1
        )
        self.assertEqual(["timed_out"], Run(result.out).check().kinds())
        self.assertEqual(40, len(self.net.servers.questions[-1]))

    def test_others_say_that_there_is_no_way(self):
        """That is no reply of the host's. Kernels ration such errors for all namespaces together."""
        words = ("--json", "-c4", "-i.3", "-W1", "--tcp", "80", "10.55.93.1")
        result = self.ended(self.ping(*words), 1)
        run = Run(result.out).check()
        self.assertGreater(run.count("unreachable"), 0, f"\n{result}")
        self.assertNotIn('"said"', result.out)

    def test_a_flood_of_syns(self):
        result = self.ended(
            self.ping("--json", "-q", "-f", "-c2000", "--tcp", str(CLOSED), HOSTS[0]), 0
        )
        self.assertEqual(2000, Run(result.out).summaries[0]["received"], f"\n{result}")

    def test_sctp_needs_privilege(self):
        result = self.ended(self.ping("-c1", "--sctp", "9", HOSTS[0], user="nobody"), 2)
        self.assertRegex(result.err, r"\A[^\n]*--sctp needs raw sockets[^\n]*\n\Z")
        result = self.ended(
            self.sonde("sweep", "--sctp", "9", HOSTS[0], user="nobody"), 4
        )
        self.assertRegex(result.err, r"\A[^\n]*--sctp needs raw sockets[^\n]*\n\Z")

    def test_a_sweep(self):
        for user in (None, "nobody"):
            for words, said in (
                (["--tcp", str(OPEN)], "syn_ack"),
                (["--tcp", str(CLOSED)], "rst"),
                (["--udp", "53"], "udp"),
                (["--udp", str(CLOSED)], "port_closed"),
            ):
                with self.subTest(words=words, user=user):
                    result = self.ended(
                        self.sonde("sweep", "--json", "-W.3", "-r1", *words, *HOSTS, "10.55.90.1",
                                   user=user), 1
                    )
                    lines = [json.loads(line) for line in result.out.splitlines()]
                    hosts = {line["address"]: line for line in lines if line["type"] == "host"}
                    for host in HOSTS:
                        self.assertEqual("alive", hosts[host]["state"], f"\n{result}")
                        self.assertEqual(said, hosts[host]["said"], f"\n{result}")
                    self.assertNotEqual("alive", hosts["10.55.90.1"]["state"], f"\n{result}")
                    self.assertNotIn("said", hosts["10.55.90.1"], f"\n{result}")

    def test_a_sweep_of_many(self):
        """Every address of a /24, which the far end has: each says that its port is closed."""
        self.net.far.ip("route add local 10.55.80.0/24 dev lo")
        self.addCleanup(self.net.far.ip, "route del local 10.55.80.0/24 dev lo")
        for words in (["--tcp", str(CLOSED)], ["--udp", str(CLOSED), "--rate", "500"]):
            result = self.ended(self.sonde("sweep", "--json", "-q", *words, "10.55.80.0/24"), 0, 1)
            summary = json.loads(result.out.splitlines()[-1])
            self.assertEqual(summary["hosts"], summary["alive"], f"\n{result}")


class Scripted(Lab):
    """The gallery's hosts with services, simulated and behind a device."""

    def check(self, scenario, words, expected):
        text = (GALLERY / scenario).read_text(encoding="ascii")
        for command in (
            lambda *line: self.sonde(*line[:1], "--simulate", self.scenario(text), *line[1:]),
            lambda *line: self.lab(SETTINGS.program, *line, text=text),
        ):
            for family in ("-4", "-6"):
                result = self.ended(
                    command("ping", "--json", "-c2", "-i.1", "-W.3", family, *words, *expected), 0, 1
                )
                run = Run(result.out).check()
                names = [target["name"] for target in run.targets]
                for host, says in expected.items():
                    index = next(i for i, name in enumerate(names) if host in name)
                    told = [
                        line.get("said", line["outcome"])
                        for line in run.finals if line["target"] == index
                    ]
                    self.assertEqual([says] * 2, told, f"{host}\n{result}")

    def test_tcp(self):
        self.check("services.scn", ["--tcp", "443"],
                   {"far": "syn_ack", "bare": "rst", "quiet": "timed_out", "web": "syn_ack"})

    def test_udp(self):
        self.check("services.scn", ["--udp", "53"],
                   {"far": "udp", "bare": "port_closed", "quiet": "timed_out", "web": "timed_out"})

    def test_sctp(self):
        self.check("services.scn", ["--sctp", "3868"],
                   {"far": "init_ack", "bare": "abort", "quiet": "timed_out"})
        self.check("services.scn", ["--sctp", "9"], {"far": "abort"})

    def test_firewalls(self):
        self.check("firewall.scn", ["--tcp", "443"],
                   {"far": "unreachable", "quiet": "timed_out", "web": "syn_ack",
                    "closed-net": "unreachable"})

    def test_in_words(self):
        text = (GALLERY / "services.scn").read_text(encoding="ascii")
        result = self.sonde("ping", "--simulate", self.scenario(text), "-c1", "--tcp", "22", "far", "bare")
        self.ended(result, 0)
        self.assertIn("PING far (198.18.0.9): TCP port 22\n", result.out)
        self.assertIn("\nsyn/ack from far (198.18.0.9): seq=1 ttl=62 time=16.0 ms\n", result.out)
        self.assertIn("\nrst (port closed) from bare (198.18.0.10): seq=1 ttl=62", result.out)
        result = self.sonde("sweep", "--simulate", self.scenario(text), "--udp", "53", "far", "bare")
        self.ended(result, 0)
        self.assertIn("far (198.18.0.9) is alive, 16.000 ms: udp reply\n", result.out)
        self.assertIn("bare (198.18.0.10) is alive, 16.000 ms: port closed\n", result.out)

    def test_contradictions(self):
        for words, code in (
            (["ping", "--tcp", "80", "--udp", "53", "h"], 2),
            (["ping", "--tcp", "0", "h"], 2),
            (["ping", "--tcp", "65536", "h"], 2),
            (["ping", "--tcp", "80", "--icmp-type", "timestamp", "h"], 2),
            (["ping", "--payload", "dns", "h"], 2),
            (["ping", "--sctp", "9", "-s", "10", "h"], 2),
            (["sweep", "--tcp", "80", "--stateless", "h"], 3),
            (["sweep", "--tcp", "80", "--transport", "ring", "h"], 3),
            (["sweep", "--tcp", "80", "10.0.0.0/8"], 3),
        ):
            result = self.ended(self.sonde(*words), code)
            self.assertRegex(result.err, r"\A[^\n]+\n\Z", f"\n{result}")
