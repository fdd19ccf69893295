"""What the truth says of packets and answers, beside their bytes: the lab reads them with sonde's own eyes."""

import ipaddress

from truth.datagram import ICMP, ICMPV6, divide, lease, number, parse_ip

NAMES = {ICMP: "icmp", ICMPV6: "icmp6", 6: "tcp", 17: "udp", 132: "sctp"}
MPLS, INTERFACE = 1, 2  # classes of RFC 4950 and RFC 5837


def mistakes(packets):
    """Where the two differ, and where the lab contradicts itself."""
    found = []
    for packet in packets:
        told = packet.told
        found += _compare(f"packet {packet.number}", told, packet.data)
        if not packet.answers:
            found.append(f"packet {packet.number}: nothing was decided")
        for answer, line in zip(packet.answers, told["decisions"]):
            name = f"packet {packet.number}, {answer.fate}"
            if answer.data is not None:
                found += _compare(name, answer.told, answer.data, lies=answer.fate == "hostile")
            if answer.left is not None:
                wrong = (line["rtt_ns"] - (answer.left - packet.came), line["late_ns"] - (answer.left - answer.due))
                if wrong != (0, 0) or answer.left < packet.came:
                    found.append(f"{name}: times that contradict each other: {line}")
        steps = [step["at_ns"] for step in packet.way]
        if steps != sorted(steps) or (steps and steps[0] < packet.came):
            found.append(f"packet {packet.number}: a way back in time: {packet.way}")
    return found


def _compare(name, told, data, lies=False):
    true = _describe(data)
    if lies:
        true.pop("extensions", None)
    wrong = {key: (told.get(key), value) for key, value in true.items() if told.get(key) != value}
    return [f"{name}: the truth says, and the bytes say: {wrong}"] if wrong else []


def _describe(data):
    about = {"length": len(data)}
    ip = parse_ip(data)
    if ip and ip.checksum_ok:
        about |= _of_ip(ip)
    return about


def _of_ip(ip):
    about = {
        "family": ip.family,
        "source": ip.source,
        "destination": ip.to,
        "hop_limit": ip.hop_limit,
        "traffic_class": ip.traffic_class,
    }
    if ip.protocol is not None:
        about["protocol"] = NAMES.get(ip.protocol, ip.protocol)
    if ip.offset or ip.more:
        about |= {"fragment_offset": ip.offset, "more_fragments": ip.more}
    if ip.offset or ip.protocol != (ICMP if ip.family == 4 else ICMPV6) or len(ip.upper) < 8:
        return about
    about |= {"type": ip.upper[0], "code": ip.upper[1], "checksum": number(ip.upper, 2, 2)}
    found = lease(ip.family, ip.upper)
    if found:
        about |= {"identifier": found[1], "sequence": found[2]}
    elif ip.upper[0] < 128 and (ip.family == 6 or ip.upper[0] in (3, 4, 5, 11, 12)):
        about |= _of_error(ip)
    return about


def _of_error(ip):
    about = {}
    kind = ip.family, ip.upper[0]
    if kind == (6, 2):
        about["mtu"] = number(ip.upper, 4, 4)
    if (*kind, ip.upper[1]) == (4, 3, 4):
        about["mtu"] = number(ip.upper, 6, 2)
    if kind == (4, 12):
        about["pointer"] = ip.upper[4]
    quote, objects = divide(ip.family, ip.upper)
    quoted = parse_ip(quote, quoted=True)
    if objects:
        about["extensions"] = Objects(objects)
    if quoted and quoted.family == ip.family:
        part = _of_ip(quoted) | {"length": min(quoted.total, 65535)}
        about["quote"] = _Part({key: part[key] for key in part if "fragment" not in key})
    return about


class _Part(dict):
    """Equal to a dictionary that holds as much or more."""

    def __eq__(self, other):
        return isinstance(other, dict) and all(other.get(key) == value for key, value in self.items())

    __hash__ = None

    def __ne__(self, other):
        return not self == other


def _of_labels(data):
    words = [number(data, at, 4) for at in range(0, len(data) - 3, 4)]
    return [
        {"label": w >> 12, "traffic_class": w >> 9 & 7, "bottom": bool(w >> 8 & 1), "ttl": w & 255}
        for w in words
    ]


def _of_interface(kind, data):
    """RFC 5837 section 4; what is cut is left out."""
    about, at = {"role": kind >> 6}, 0
    if kind & 8:
        about["index"], at = number(data, at, 4), at + 4
    if kind & 4:
        length = {1: 4, 2: 16}.get(number(data, at, 2), 0)
        if length:
            about["address"] = str(ipaddress.ip_address(data[at + 4 : at + 4 + length]))
        at += 4 + length
    if kind & 2:
        length = data[at]
        about["name"] = data[at + 1 : at + length].rstrip(b"\0").decode("ascii")
        at += length
    if kind & 1:
        about["mtu"] = number(data, at, 4)
    return about


class Objects(list):
    """RFC 4884 objects [(class, C-type, bytes)], equal to what JSON says of them."""

    def described(self):
        for kind, sub, data in self:
            one = {"class": kind, "c_type": sub}
            if kind == MPLS:
                one["labels"] = _of_labels(data)
            if kind == INTERFACE:
                one |= _of_interface(sub, data)
            yield one

    def __eq__(self, other):
        if not isinstance(other, list):
            return False
        told = [dict(one) for one in other]
        for label in (label for one in told for label in one.get("labels", ())):
            label.setdefault("bottom", False)
        return told == list(self.described())

    __hash__ = None

    def __ne__(self, other):
        return not self == other

    def __repr__(self):
        return repr(list(self.described()))
