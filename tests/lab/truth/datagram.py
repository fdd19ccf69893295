"""IP datagrams taken apart, both families; written anew, so that no mistake of sonde's is shared."""

import dataclasses
import ipaddress

from wire import checksum

ICMP, ICMPV6, FRAGMENT = 1, 58, 44
EXTENSIONS = {0, 43, 60}  # hop-by-hop, routing, destination options: eight bytes and n times eight
QUOTED_AT_LEAST = 128  # RFC 4884 section 5.5: where extensions of the old form begin


def number(data, at, count):
    """A field, or None where the bytes end before it does."""
    return int.from_bytes(data[at : at + count], "big") if at + count <= len(data) else None


@dataclasses.dataclass
class Ip:
    family: int
    source: str
    to: str
    hop_limit: int
    traffic_class: int
    total: int  # as the header claims
    protocol: int  # of what follows the extension headers; None: it cannot be told
    header: int  # bytes in front of it
    upper: bytes  # as far as it is there
    offset: int = 0  # of a fragment
    more: bool = False  # fragments follow
    checksum_ok: bool = True
    dont_fragment: bool = True
    id: int = None  # of the datagram that a fragment belongs to


def parse_ip(data, quoted=False):
    """None where it is no IP header. A quote may end early; anything else not."""
    if not data:
        return None
    parse = {4: _parse_v4, 6: _parse_v6}.get(data[0] >> 4)
    ip = parse(data) if parse else None
    return None if ip and not quoted and ip.total > len(data) else ip


def _parse_v4(data):
    words = data[0] & 15
    if words < 5 or len(data) < 4 * words:
        return None
    total, flags = number(data, 2, 2), number(data, 6, 2)
    if total < 4 * words:
        return None
    return Ip(
        4,
        str(ipaddress.IPv4Address(data[12:16])),
        str(ipaddress.IPv4Address(data[16:20])),
        data[8],
        data[1],
        total,
        data[9],
        4 * words,
        data[4 * words : total],
        (flags & 0x1FFF) * 8,
        bool(flags & 0x2000),
        checksum(data[: 4 * words]) == 0,
        bool(flags & 0x4000),
        number(data, 4, 2),
    )


def _parse_v6(data):
    if len(data) < 40:
        return None
    total = 40 + number(data, 4, 2)
    ip = Ip(
        6,
        str(ipaddress.IPv6Address(data[8:24])),
        str(ipaddress.IPv6Address(data[24:40])),
        data[7],
        number(data, 0, 2) >> 4 & 0xFF,
        total,
        data[6],
        40,
        data[40:total],
    )
    while ip.protocol in EXTENSIONS or ip.protocol == FRAGMENT:
        if len(ip.upper) < 8:
            ip.protocol = None
            break
        length = 8
        if ip.protocol == FRAGMENT:
            flags = number(ip.upper, 2, 2)
            ip.offset, ip.more, ip.id = flags & 0xFFF8, bool(flags & 1), number(ip.upper, 4, 4)
        else:
            length += 8 * ip.upper[1]
        ip.protocol, ip.upper = ip.upper[0], ip.upper[length:]
        ip.header += length
        if ip.offset:
            break
    return ip


def icmp_checksum_ok(ip):
    pseudo = b""
    if ip.family == 6:
        pseudo = ipaddress.ip_address(ip.source).packed + ipaddress.ip_address(ip.to).packed
        pseudo += len(ip.upper).to_bytes(4, "big") + bytes((0, 0, 0, ICMPV6))
    return checksum(pseudo + ip.upper) == 0


REQUESTS = {4: {8: 0, 13: 14, 42: 43}, 6: {128: 129, 160: 161}}  # and their replies
EXTENDED = {(4, 42), (4, 43), (6, 160), (6, 161)}
TIMESTAMPS = {(4, 13), (4, 14)}


def lease(family, icmp):
    """(type, identifier, sequence) of a request or reply, or None."""
    kind, identifier = number(icmp, 0, 1), number(icmp, 4, 2)
    extended = (family, kind) in EXTENDED
    sequence = number(icmp, 6, 1 if extended else 2)
    if sequence is None or kind not in {*REQUESTS[family], *REQUESTS[family].values()}:
        return None
    return kind, identifier, sequence


def _structure(data):
    """An RFC 4884 extension structure: True whole, None without a checksum, False broken."""
    if len(data) < 4 or data[0] >> 4 != 2:
        return False
    if data[2:4] == b"\0\0":
        return None
    return checksum(data) == 0


def divide(family, icmp):
    """Quote and extension objects [(class, type, bytes)] of an ICMP error."""
    body = icmp[8:]
    unit = {(4, 3): 4, (4, 11): 4, (4, 12): 4, (6, 1): 8, (6, 3): 8}.get((family, icmp[0]), 0)
    if not unit:
        return body, []
    told = icmp[5 if family == 4 else 4] * unit
    begin = told or QUOTED_AT_LEAST
    if begin >= len(body):
        return body, []
    whole = _structure(body[begin:])
    if not told and not whole:
        return body, []
    if whole is False:
        return body[:begin], []
    objects, at = [], begin + 4
    while at + 4 <= len(body):
        length = number(body, at, 2)
        if length < 4 or at + length > len(body):
            break
        objects.append((body[at + 2], body[at + 3], body[at + 4 : at + length]))
        at += length
    return body[:begin], objects
