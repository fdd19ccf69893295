"""A scripted far end: it takes datagrams off a link and answers with whatever the script says."""

import heapq
import itertools
import select
import socket
import struct
import threading
import time

from harness import ETH_P_ALL, connect, Net
from wire import Request

NEAR = {4: "10.55.0.1", 6: "fd55::1"}
FAR = {4: "10.55.0.2", 6: "fd55::2"}


def silent_pair():
    """Like pair(), but nobody lives at the far end: far0 is up and has no address."""
    net = Net("near", "far")
    net.near.prepare()
    net.far.prepare()
    net.far.set(net__ipv6__conf__default__disable_ipv6=1)
    connect(net.near, "near0", net.far, "far0")
    net.far.ip("link set far0 arp off")
    net.mac = {}
    for space, device in ((net.near, "near0"), (net.far, "far0")):
        text = mac(space, device)
        net.mac[device] = bytes.fromhex(text.replace(":", ""))
        net.mac[device + "_text"] = text
    net.near.ip(
        f"""
        address add 10.55.0.1/24 dev near0
        address add fd55::1/64 dev near0 nodad
        neighbor replace 10.55.0.2 lladdr {net.mac["far0_text"]} dev near0 nud permanent
        neighbor replace fd55::2 lladdr {net.mac["far0_text"]} dev near0 nud permanent
        """
    )
    return net


def mac(space, device):
    words = space.do("ip", "-o", "link", "show", device).split()
    return words[words.index("link/ether") + 1]


class FarEnd:
    """Calls script(request, number) for every echo request; it yields datagrams, or (delay_s, datagram)."""

    def __init__(self, net, script):
        self.net, self.script = net, script
        self.socket = net.far.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        net.far.call(lambda: self.socket.bind(("far0", 0)))
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        self.requests = 0
        self.error = None
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, kind, *_):
        self.stop.set()
        self.thread.join()
        self.socket.close()
        if self.error and kind is None:
            raise self.error

    def _send(self, datagram):
        protocol = 0x86DD if datagram[:1] and datagram[0] >> 4 == 6 else 0x0800
        head = self.net.mac["near0"] + self.net.mac["far0"] + struct.pack("!H", protocol)
        try:
            self.socket.send(head + datagram)
        except OSError:
            pass  # longer than the link takes, or the link is down: nothing is sent then

    def _serve(self):
        waiting, order = [], itertools.count()
        try:
            while not self.stop.is_set():
                pause = max(0.0, waiting[0][0] - time.monotonic()) if waiting else 0.05
                readable, _, _ = select.select([self.socket], [], [], min(pause, 0.05))
                while waiting and waiting[0][0] <= time.monotonic():
                    self._send(heapq.heappop(waiting)[2])
                if not readable:
                    continue
                frame, address = self.socket.recvfrom(70000)
                if address[2] == socket.PACKET_OUTGOING or frame[12:14] not in (b"\x08\x00", b"\x86\xdd"):
                    continue
                request = Request(frame[14:])
                if not request.valid:
                    continue
                self.requests += 1
                for answer in self.script(request, self.requests) or ():
                    delay, datagram = answer if isinstance(answer, tuple) else (0, answer)
                    if delay:
                        heapq.heappush(waiting, (time.monotonic() + delay, next(order), datagram))
                    else:
                        self._send(datagram)
        except Exception as error:  # told when the block is left
            self.error = error
