"""Hosts near and far, dead, hidden and forbidden: what is printed must be what is there."""

import re

from harness import Case, chain, loopback, pair

REPLY = re.compile(r"^(\d+) bytes from (\S+?):? .*icmp_seq=(\d+) ttl=(\d+) time=([\d.]+) ms$", re.M)


def replies(result):
    """[(bytes, from, sequence, ttl, ms)]"""
    return [
        (int(b), a, int(s), int(t), float(ms)) for b, a, s, t, ms in REPLY.findall(result.out)
    ]


class Loopback(Case):
    topology = staticmethod(loopback)

    def answers(self, host, size=56, *words):
        result = self.ended(self.ping("-n", "-c", "2", "-i", "0.1", "-s", str(size), *words, host))
        found = replies(result)
        self.assertEqual([1, 2], [reply[2] for reply in found], f"\n{result}")
        for length, _, _, ttl, ms in found:
            self.assertEqual((size + 8, 64), (length, ttl), f"\n{result}")
            self.assertTrue(0 < ms < 50, f"\n{result}")
        self.assertIn("2 packets transmitted, 2 received, 0% packet loss", result.out)
        return result

    def test_v4(self):
        self.answers("127.0.0.1")

    def test_v6(self):
        self.answers("::1")

    def test_v4_another_loopback_address(self):
        self.answers("127.9.8.7")

    def test_v4_the_largest(self):
        self.answers("127.0.0.1", 65507)

    def test_v6_the_largest(self):
        self.answers("::1", 65527)

    def test_dgram_v4(self):
        self.net.near.open_datagram_sockets()
        self.answers("127.0.0.1", 56, "--socket", "dgram")

    def test_dgram_v6(self):
        self.net.near.open_datagram_sockets()
        self.answers("::1", 56, "--socket", "dgram")

    def test_several_hosts(self):
        result = self.ended(self.ping("-n", "-c2", "-i.1", "127.0.0.1", "::1", "127.0.0.2"))
        for host in ("127.0.0.1", "::1", "127.0.0.2"):
            self.assertIn(f"--- {host} ping statistics ---", result.out)
        self.assertEqual(3, result.out.count("2 packets transmitted, 2 received, 0% packet loss"))

    def test_blackhole_route(self):
        self.net.near.ip("route replace blackhole 10.99.0.0/24")
        result = self.ended(self.ping("-n", "-c1", "-W.3", "10.99.0.1"), 1, 2)
        self.assertIn("10.99.0.1", result.out + result.err, f"\n{result}")


class Neighbour(Case):
    topology = staticmethod(pair)

    def answers(self, *words):
        result = self.ended(self.ping("-n", "-c2", "-i.1", *words))
        self.assertEqual(2, len(replies(result)), f"\n{result}")
        for reply in replies(result):
            self.assertTrue(0 < reply[4] < 50, f"\n{result}")
        return result

    def test_v4(self):
        self.answers("10.55.0.2")

    def test_v6(self):
        self.answers("fd55::2")

    def link_local(self):
        text = self.net.far.do("ip", "-o", "-6", "address", "show", "dev", "far0", "scope", "link")
        return re.search(r"fe80::[0-9a-f:]+", text).group(0)

    def test_v6_link_local(self):
        address = self.link_local()
        result = self.answers(f"{address}%near0")
        self.assertIn(f"{address}%near0", result.out)

    def test_v6_link_local_by_device_option(self):
        self.answers("-I", "near0", self.link_local())

    def test_v6_link_local_dgram(self):
        self.net.near.open_datagram_sockets()
        self.answers("--socket", "dgram", f"{self.link_local()}%near0")

    def test_v6_all_nodes(self):
        """Many answer, each under its own address."""
        result = self.ended(self.ping("-n", "-c1", "-W.5", "-I", "near0", "ff02::1"))
        self.assertIn("fe80::", result.out)

    def test_source_and_device(self):
        self.net.near.ip("address add 10.55.0.44/24 dev near0")
        self.answers("-I", "10.55.0.44", "10.55.0.2")
        self.answers("-I", "near0", "10.55.0.2")

    def test_fragments_of_ours(self):
        """Larger than the link takes: fragmented by us, put together there, and back."""
        for host in ("10.55.0.2", "fd55::2"):
            result = self.answers("-s", "8000", host)
            self.assertEqual({8008}, {reply[0] for reply in replies(result)}, f"\n{result}")

    def test_fragments_of_the_largest(self):
        self.answers("-s", "65507", "10.55.0.2")
        self.answers("-s", "65500", "fd55::2")

    def test_dont_fragment_tells_the_mtu(self):
        result = self.ended(self.ping("-n", "-c1", "-W.5", "-M", "do", "-s", "1473", "10.55.0.2"), 1)
        self.assertRegex(result.out + result.err, r"too long.*mtu.{0,4}1500", f"\n{result}")
        result = self.ended(self.ping("-n", "-c1", "-W.5", "-M", "do", "-s", "1453", "fd55::2"), 1)
        self.assertRegex(result.out + result.err, r"too long.*mtu.{0,4}1500", f"\n{result}")

    def test_several_hosts_one_silent(self):
        """The status says that not every host has answered."""
        result = self.ended(self.ping("-n", "-c2", "-i.1", "-W.3", "10.55.0.2", "10.55.90.1"), 1)
        self.assertIn("2 packets transmitted, 2 received", result.out)
        self.assertIn("2 packets transmitted, 0 received", result.out)

    def test_dead_v4(self):
        """Nobody has the address: the neighbour table's own error after its three questions."""
        result = self.ended(self.ping("-n", "-c1", "-W2", "10.55.0.9"), 1)
        self.assertIn("From 10.55.0.1 icmp_seq=1 Destination Host Unreachable", result.out)
        self.assertIn("+1 errors", result.out)

    def test_dead_v6(self):
        result = self.ended(self.ping("-n", "-c1", "-W2", "fd55::9"), 1)
        self.assertIn("From fd55::1 icmp_seq=1 Destination unreachable: Address unreachable", result.out)

    def test_silent(self):
        for host in ("10.55.90.1", "fd55:0:90::1"):
            result = self.ended(self.ping("-n", "-c3", "-i.1", "-W.3", host), 1)
            self.assertIn("3 packets transmitted, 0 received, 100% packet loss", result.out)
            self.assertNotIn("errors", result.out.splitlines()[-1])
            self.assertTrue(0.4 < result.seconds < 3, f"\n{result}")

    def test_no_route_at_the_router(self):
        result = self.ended(self.ping("-n", "-c1", "-W1", "10.55.91.1"), 1)
        self.assertIn("From 10.55.0.2 icmp_seq=1 Destination Net Unreachable", result.out)
        result = self.ended(self.ping("-n", "-c1", "-W1", "fd55:0:91::1"), 1)
        self.assertIn("From fd55::2 icmp_seq=1 Destination unreachable: No route", result.out)

    def test_host_unreachable_at_the_router(self):
        result = self.ended(self.ping("-n", "-c1", "-W1", "10.55.92.1"), 1)
        self.assertIn("From 10.55.0.2 icmp_seq=1 Destination Host Unreachable", result.out)

    def test_prohibited_at_the_router(self):
        result = self.ended(self.ping("-n", "-c1", "-W1", "10.55.93.1"), 1)
        self.assertIn("From 10.55.0.2 icmp_seq=1 Packet filtered", result.out)
        result = self.ended(self.ping("-n", "-c1", "-W1", "fd55:0:93::1"), 1)
        self.assertIn("icmp_seq=1 Destination unreachable: Administratively prohibited", result.out)

    def test_rejected_by_a_firewall(self):
        self.net.far.nft(
            """
            table inet lab {
                chain input {
                    type filter hook input priority 0;
                    ip daddr 10.55.0.2 ip dscp 8 reject with icmp type admin-prohibited
                    ip6 daddr fd55::2 ip6 dscp 8 reject with icmpv6 type admin-prohibited
                }
            }
            """
        )
        try:
            result = self.ended(self.ping("-n", "-c2", "-i.1", "-W1", "-Q", "0x20", "10.55.0.2"), 1)
            self.assertIn("From 10.55.0.2 icmp_seq=2 Packet filtered", result.out)
            result = self.ended(self.ping("-n", "-c2", "-i.1", "-W1", "-Q", "0x20", "fd55::2"), 1)
            self.assertIn("icmp_seq=2 Destination unreachable: Administratively prohibited", result.out)
        finally:
            self.net.far.nft("delete table inet lab")

    def test_errors_through_the_error_queue(self):
        self.net.near.open_datagram_sockets()
        result = self.ended(
            self.ping("-n", "-c1", "-W1", "--socket", "dgram", "fd55:0:91::1"), 1
        )
        self.assertIn("From fd55::2 icmp_seq=1 Destination unreachable: No route", result.out)
        result = self.ended(self.ping("-n", "-c1", "-W2", "--socket", "dgram", "10.55.0.9"), 1)
        self.assertIn("From 10.55.0.1 icmp_seq=1 Destination Host Unreachable", result.out)

    def test_no_route_here(self):
        """Where ping gives up before it starts, and only one host was asked: so do we."""
        result = self.ended(self.ping("-n", "-c1", "-W1", "10.77.0.1"), 1, 2)
        self.assertIn("Network is unreachable", result.out + result.err, f"\n{result}")

    def test_no_route_here_beside_a_good_host(self):
        result = self.ended(self.ping("-n", "-c2", "-i.1", "-W1", "10.55.0.2", "10.77.0.1"), 1, 2)
        self.assertIn("unreachable", result.out + result.err, f"\n{result}")
        self.assertIn("2 packets transmitted, 2 received", result.out, f"\n{result}")

    def test_broadcast(self):
        self.net.far.set(net__ipv4__icmp_echo_ignore_broadcasts=0)
        result = self.ended(self.ping("-n", "-c1", "-W1", "10.55.0.255"), 2)
        self.assertIn("-b", result.err)
        result = self.ended(self.ping("-n", "-b", "-c1", "-W1", "10.55.0.255"))
        self.assertIn("bytes from 10.55.0.2", result.out)
        self.assertNotIn("DIFFERENT ADDRESS", result.out)


class EightRouters(Case):
    topology = staticmethod(chain)

    def test_v4(self):
        result = self.ended(self.ping("-n", "-c2", "-i.1", "10.55.8.2"))
        self.assertEqual({("10.55.8.2", 56)}, {reply[1:4:2] for reply in replies(result)}, f"\n{result}")

    def test_v6(self):
        result = self.ended(self.ping("-n", "-c2", "-i.1", "fd55:0:0:8::2"))
        self.assertEqual({56}, {reply[3] for reply in replies(result)}, f"\n{result}")

    def test_record_route(self):
        """The option holds nine addresses: ours, and eight routers'."""
        result = self.ended(self.ping("-n", "-c1", "-R", "10.55.8.2"))
        recorded = re.findall(r"^(?:RR: )?\t(\d+\.\d+\.\d+\.\d+)$", result.out, re.M)
        self.assertEqual(
            ["10.55.0.1", *(f"10.55.{k}.1" for k in range(1, 9))], recorded, f"\n{result}"
        )

    def each_hop(self, far, router, text, *words):
        for hop in range(1, self.net.last + 1):
            result = self.ended(self.ping("-n", "-c1", "-W1", "-t", str(hop), *words, far), 1)
            line = f"From {router(hop - 1)} icmp_seq=1 {text}"
            self.assertIn(line, result.out, f"\n{result}")
            self.assertIn("1 packets transmitted, 0 received, +1 errors", result.out)

    def test_exceeded_at_each_hop_v4(self):
        self.each_hop("10.55.8.2", lambda k: f"10.55.{k}.2", "Time to live exceeded")

    def test_exceeded_at_each_hop_v6(self):
        def router(k):
            return f"fd55:0:0:{k}::2" if k else "fd55::2"

        self.each_hop("fd55:0:0:8::2", router, "Time exceeded: Hop limit")

    def test_exceeded_at_each_hop_dgram(self):
        self.net.near.open_datagram_sockets()
        words = ("--socket", "dgram")
        self.each_hop("10.55.8.2", lambda k: f"10.55.{k}.2", "Time to live exceeded", *words)


class NarrowLink(Case):
    """A link of 1400 bytes behind the fourth router."""

    @staticmethod
    def topology():
        return chain(8, 1400)

    def setUp(self):
        """What the last test learnt is forgotten."""
        self.net.near.do("ip", "-4", "route", "flush", "cache")
        self.net.near.do("ip", "-6", "route", "flush", "cache")

    def test_v4(self):
        words = ("-n", "-c2", "-i.2", "-W1", "-M", "do", "-s", "1472", "10.55.8.2")
        result = self.ended(self.ping(*words), 1)
        self.assertIn("From 10.55.3.2 icmp_seq=1 Frag needed and DF set (mtu = 1400)", result.out)
        self.assertIn("1 packets transmitted, 0 received, +1 errors", result.out)
        self.assertIn("icmp_seq=2 not sent: Message too long, mtu=1400", result.err, f"\n{result}")

    def test_v6(self):
        words = ("-n", "-c2", "-i.2", "-W1", "-M", "do", "-s", "1452", "fd55:0:0:8::2")
        result = self.ended(self.ping(*words), 1)
        self.assertIn("From fd55:0:0:3::2 icmp_seq=1 Packet too big: mtu=1400", result.out)
        self.assertIn("icmp_seq=2 not sent: Message too long, mtu=1400", result.err, f"\n{result}")

    def test_probe_ignores_what_was_learnt(self):
        """-M probe asks the network each time."""
        words = ("-n", "-c2", "-i.2", "-W1", "-M", "probe", "-s", "1472", "10.55.8.2")
        result = self.ended(self.ping(*words), 1)
        for sequence in (1, 2):
            text = f"From 10.55.3.2 icmp_seq={sequence} Frag needed and DF set (mtu = 1400)"
            self.assertIn(text, result.out, f"\n{result}")

    def test_fits_v4(self):
        self.ended(self.ping("-n", "-c1", "-M", "do", "-s", "1372", "10.55.8.2"))

    def test_fragments_on_the_way_v4(self):
        self.ended(self.ping("-n", "-c2", "-i.1", "-M", "dont", "-s", "1472", "10.55.8.2"))

    def test_fragmented_after_the_first_v6(self):
        """Once the path MTU is known, what is larger goes in fragments."""
        result = self.ping("-n", "-c3", "-i.2", "-W1", "-s", "1452", "fd55:0:0:8::2")
        self.ended(result, 0)
        self.assertIn("icmp_seq=3 ttl=56", result.out, f"\n{result}")
