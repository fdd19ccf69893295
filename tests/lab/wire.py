"""Datagrams by hand: what a hostile or broken far end would send."""

import socket
import struct

ECHO_REPLY, UNREACHABLE, QUENCH, REDIRECT, ECHO, EXCEEDED, PARAMETER = 0, 3, 4, 5, 8, 11, 12


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def address(text):
    return socket.inet_pton(socket.AF_INET6 if ":" in text else socket.AF_INET, text)


def ipv4(source, to, payload, *, ttl=64, protocol=1, options=b"", total=None, header_words=None):
    words = header_words if header_words is not None else 5 + len(options) // 4
    total = total if total is not None else 20 + len(options) + len(payload)
    head = struct.pack(
        "!BBHHHBBH4s4s", 0x40 | words, 0, total & 0xFFFF, 0x1234, 0, ttl, protocol, 0, source, to
    )
    head += options
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + payload


def icmp(kind, code, rest, body=b"", *, wrong=0):
    """`rest` are the four bytes behind the checksum; `wrong` is xor-ed into it."""
    packet = struct.pack("!BBH", kind, code, 0) + rest + body
    return packet[:2] + struct.pack("!H", checksum(packet) ^ wrong) + packet[4:]


def ipv6(source, to, payload, *, hops=64, next_header=58, total=None):
    length = total if total is not None else len(payload)
    return struct.pack("!IHBB16s16s", 6 << 28, length, next_header, hops, source, to) + payload


def icmp6(source, to, kind, code, rest, body=b"", *, wrong=0):
    packet = struct.pack("!BBH", kind, code, 0) + rest + body
    pseudo = source + to + struct.pack("!II", len(packet), 58)
    return packet[:2] + struct.pack("!H", checksum(pseudo + packet) ^ wrong) + packet[4:]


class Request:
    """An echo request as it came over the wire."""

    def __init__(self, datagram):
        self.datagram = datagram
        self.six = datagram[0] >> 4 == 6
        if self.six:
            self.source, self.to = datagram[8:24], datagram[24:40]
            self.header, protocol = 40, datagram[6]
            expected = 128
        else:
            self.source, self.to = datagram[12:16], datagram[16:20]
            self.header, protocol = (datagram[0] & 15) * 4, datagram[9]
            expected = ECHO
            self.options = datagram[20 : self.header]
            datagram = datagram[: struct.unpack("!H", datagram[2:4])[0]]
        self.icmp = datagram[self.header :]
        self.valid = (
            protocol == (58 if self.six else 1)
            and len(self.icmp) >= 8
            and self.icmp[0] == expected
        )
        if self.valid:
            self.identifier, self.sequence = struct.unpack("!HH", self.icmp[4:8])
            self.payload = self.icmp[8:]

    def reply(self, payload=None, *, source=None, wrong=0, ttl=64, options=b"", identifier=None, sequence=None):
        payload = self.payload if payload is None else payload
        rest = struct.pack(
            "!HH",
            self.identifier if identifier is None else identifier,
            self.sequence if sequence is None else sequence,
        )
        source = source or self.to
        if self.six:
            return ipv6(source, self.source, icmp6(source, self.source, 129, 0, rest, payload, wrong=wrong), hops=ttl)
        return ipv4(
            source, self.source, icmp(ECHO_REPLY, 0, rest, payload, wrong=wrong), ttl=ttl, options=options
        )

    def error(self, kind, code, rest=bytes(4), quote=None, *, source, wrong=0):
        quote = self.datagram if quote is None else quote
        if self.six:
            body = icmp6(source, self.source, kind, code, rest, quote[:1232], wrong=wrong)
            return ipv6(source, self.source, body)
        return ipv4(source, self.source, icmp(kind, code, rest, quote[:548], wrong=wrong))
