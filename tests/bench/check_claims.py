"""The parsers of claims.py against what the tools print. Run by run.sh before the benches."""

import claims

PING = """PING far (198.18.0.9) 56(84) bytes of data.
64 bytes from far (198.18.0.9): icmp_seq=1 ttl=63 time=9.04 ms
64 bytes from 198.18.0.66: icmp_seq=2 ttl=63 time=10 ms (DIFFERENT ADDRESS!)
64 bytes from 198.18.0.9: icmp_seq=1 ttl=63 time=3009 ms (DUP!)
64 bytes from 198.18.0.9: icmp_seq=3 ttl=62 time=16.0 ms (BAD CHECKSUM!)
ping: Warning: time of day goes back (-9us), taking countermeasures

--- far ping statistics ---
4 packets transmitted, 2 received, +1 duplicates, +2 errors, 50% packet loss, time 5926ms
rtt min/avg/max/mdev = 9.031/147.725/3009.046/629.407 ms, pipe 30
"""
SONDE = """--- far ping statistics ---
60 packets transmitted, 54 received, +1 corrupted, 10% packet loss, time 5900ms
rtt min/avg/max/mdev = 16.018/16.024/16.050/0.004 ms
rtt p50/p99.9 = 16.050/16.051 ms
lost 6 of 60, true rate between 4.66% and 20.1% (95% confidence), in 5 periods, longest 2 in a row
22 reordered (by 3 at most)
"""
FPING = """ [<- 198.18.0.66]twin : [0], 64 bytes, 30.0 ms (30.0 avg, 0% loss)
twin : [1], timed out (30.0 avg, 50% loss)
ICMP Host Unreachable from 198.18.2.1 for ICMP Echo sent to 198.18.0.10

twin : xmt/rcv/%loss = 2/1/50%, min/avg/max = 30.0/30.0/30.1
"""
TRACEROUTE = """traceroute to far (198.18.0.9), 30 hops max, 65000 byte packets
 1  198.18.1.1  2.029 ms F=1480  2.009 ms *
 2  * * *
 3  198.18.10.8  7.132 ms 198.18.10.6  7.087 ms !H 198.18.10.1  7.135 ms
"""
TRACEPATH = """ 1?: [LOCALHOST]                      pmtu 1500
 1:  198.18.1.1                                            3.217ms asymm  2
 1:  198.18.1.1                                            3.565ms
 2:  198.18.1.1                                            6.041ms pmtu 1480
 2:  198.18.2.1                                            9.038ms
 3:  no reply
 4:  198.18.0.9                                           18.061ms reached
     Resume: pmtu 1480 hops 4 back 6
"""
MTR = """Start: 2026-01-01T18:10:20+0000
HOST: vm                          Loss%   Snt   Last   Avg  Best  Wrst StDev
  1.|-- 198.18.1.1                80.0%    10    2.1   2.8   2.1   7.5   1.6
  2.|-- 198.18.10.1                0.0%    10    7.3   7.1   6.1   9.1   1.0
        198.18.10.6
  3.|-- ???                       100.0    10    0.0   0.0   0.0   0.0   0.0
"""
SONDE_TRACE = """trace to far (198.18.0.9), ICMP echo, 60 bytes, 30 hops at most
  1  198.18.1.1  2.00 ms  2.00 ms  *
  2  198.18.2.1  10.0 ms
     198.18.2.3  40.0 ms
     198.18.2.1  10.0 ms
  3  *  *  *
  4  198.18.0.9  20.0 ms  50.0 ms  20.0 ms
far is 4 hops away.
Before hop 2 a router passes packets on whose hop limit is 0: its own answer is missing.
"""
SONDE_REPORT = """Hop  Address           Loss   Sent     Last      Avg     Best  Verdict
  1  198.18.1.1        0.0%     10     2.00     2.10     2.00
  2  198.18.2.1       80.0%     10     10.2     10.4     10.2  no loss, it rations its answers
     198.18.2.3
  3  *                    -     10  does not answer, but forwards
  4  198.18.0.9       10.0%     10     22.2     22.3     22.1
far is 4 hops away.
"""
SONDE_MTU = """  1   1500  198.18.1.1
  2   1280  *
The path MTU to far is 1280 bytes.
"""


def check():
    echo = claims.ping(PING)
    assert (echo.sent, echo.received, echo.duplicates, echo.errors) == (4, 2, 1, 2), echo
    assert echo.rtts == {0: (9.04, 0.01), 1: (10.0, 1.0)} and echo.corrupt == 1, echo
    assert echo.sources == {"198.18.0.9", "198.18.0.66"} and echo.backward == 1, echo
    assert echo.span_ms == (9.031, 147.725, 3009.046), echo

    echo = claims.sonde(SONDE)
    assert (echo.sent, echo.received, echo.corrupt, echo.reordered) == (60, 54, 1, 22), echo
    assert echo.percentiles_ms == {50: 16.05, 99.9: 16.051} and echo.periods == (5, 2), echo

    echo = claims.fping(FPING)
    assert (echo.sent, echo.received, echo.errors, echo.duplicates) == (2, 1, 1, None), echo
    assert echo.rtts == {0: (30.0, 0.1)} and echo.sources == {"198.18.0.66"}, echo

    path = claims.traceroute(TRACEROUTE)
    assert path.hops[0].probes == [("198.18.1.1", 2.029), ("198.18.1.1", 2.009), (None, None)]
    assert path.mtu == 1480 and path.hops[1].addresses() == set() and len(path.hops) == 3, path
    assert [address for address, _ in path.hops[2].probes] == [
        "198.18.10.8", "198.18.10.6", "198.18.10.1"], path

    path = claims.tracepath(TRACEPATH)
    assert [hop.probes[0][0] for hop in path.hops] == [
        "198.18.1.1", "198.18.2.1", None, "198.18.0.9"], path
    assert path.reached and path.mtu == 1480, path

    path = claims.mtr(MTR)
    assert [hop.loss for hop in path.hops] == [80, 0, 100], path
    assert path.hops[1].addresses() == {"198.18.10.1", "198.18.10.6"}, path
    assert path.hops[0].average_ms == 2.8 and path.hops[2].addresses() == set(), path

    path = claims.sonde_trace(SONDE_TRACE)
    assert [address for address, _ in path.hops[1].probes] == [
        "198.18.2.1", "198.18.2.3", "198.18.2.1"], path
    assert path.reached and len(path.hops) == 4 and path.hops[2].addresses() == set(), path

    assert [hop.hidden for hop in path.hops] == [False, True, False, False], path

    path = claims.sonde_report(SONDE_REPORT)
    assert [hop.loss for hop in path.hops] == [0, 0, None, 10] and path.reached, path
    assert path.hops[1].addresses() == {"198.18.2.1", "198.18.2.3"}, path
    assert path.hops[1].average_ms == 10.4 and path.hops[2].addresses() == set(), path

    path = claims.sonde_mtu(SONDE_MTU)
    assert path.mtu == 1280 and [hop.addresses() for hop in path.hops] == [
        {"198.18.1.1"}, set()], path

    assert claims.alive("198.19.7.1\n198.19.7.3\n") == {"198.19.7.1", "198.19.7.3"}
    assert claims.answering("--- 10.0.0.1 ping statistics ---\n1 packets transmitted, 1 received, "
                            "0% packet loss, time 0ms\n") == {"10.0.0.1"}


if __name__ == "__main__":
    check()
