"""What an answer is worth, by its bytes alone: the definitions of docs/measurement.md once more."""

import dataclasses

from truth.datagram import (
    ICMP, ICMPV6, REQUESTS, TIMESTAMPS, divide, icmp_checksum_ok, lease, number, parse_ip,
)

ERROR_TYPES = {
    4: {3: "unreachable", 4: "source_quench", 5: "redirect", 11: "time_exceeded", 12: "parameter_problem"},
    6: {1: "unreachable", 2: "too_big", 3: "time_exceeded", 4: "parameter_problem"},
}
ERRORS = {"unreachable", "too_big", "time_exceeded", "parameter_problem"}
FINAL = ERRORS | {"reply"}


@dataclasses.dataclass
class Meaning:
    """`kind` is an outcome of docs/json.md, or "foreign", "malformed", "unseen" (the kernel or our
    filter drops it), or "nothing": one of these three."""

    kind: str
    lease: tuple = None  # (identifier, sequence) of whose answer it is
    facts: dict = dataclasses.field(default_factory=dict)


class Judge:
    """`probes`: {(identifier, sequence): [Probe]} in the order of sending."""

    def __init__(self, probes, socket="raw", many=()):
        self.probes = probes
        self.socket = socket
        self.many = set(many)
        self.identifiers = {identifier for identifier, _ in probes}

    def probe_of(self, key, at):
        """Who had this lease at that time."""
        sent = [probe for probe in self.probes.get(key, ()) if probe.came <= at]
        return sent[-1] if sent else None

    def judge(self, answer):
        ip = parse_ip(answer.data)
        careless = answer.fate in ("garbage", "hostile")
        if not ip or not ip.checksum_ok or ip.offset or ip.more:
            return Meaning("unseen")
        if ip.protocol != (ICMP if ip.family == 4 else ICMPV6):
            return Meaning("unseen")
        kind = number(ip.upper, 0, 1)
        if kind is None:
            return Meaning("nothing")
        whole = icmp_checksum_ok(ip)
        if not whole and self.socket == "dgram":
            return Meaning("unseen")  # the kernel drops it
        if kind in REQUESTS[ip.family].values():
            meaning = self._reply(ip, whole, answer.left)
        elif kind in ERROR_TYPES[ip.family]:
            meaning = self._error(ip, whole, answer.left)
        else:
            meaning = Meaning("unseen")
        if careless:
            meaning.facts.pop("extensions", None)  # which lie, and how much of them is read is not defined
        if careless and meaning.kind in ("foreign", "malformed", "unseen"):
            return Meaning("nothing")
        return meaning

    def _unknown(self, identifier):
        """Another identifier does not pass the filter, unless it belongs to our block."""
        if identifier in self.identifiers:
            return Meaning("foreign")
        return Meaning("unseen" if len(self.identifiers) == 1 else "nothing")

    def _reply(self, ip, whole, at):
        found = lease(ip.family, ip.upper)
        if not found:
            return Meaning("nothing")
        kind, *key = found
        probe = self.probe_of(tuple(key), at)
        if not probe or probe.ip.family != ip.family:
            return self._unknown(key[0])
        asked = REQUESTS[ip.family].get(probe.ip.upper[0])
        elsewhere = ip.source != probe.ip.to and probe.ip.to not in self.many
        if asked != kind:
            return Meaning("foreign" if self.socket == "raw" else "unseen")
        if not whole:
            return Meaning("foreign") if elsewhere else Meaning("corrupt", tuple(key), _common(ip))
        sent, got = probe.ip.upper[8:], ip.upper[8:]
        proof = 16 if len(sent) >= 16 else 8 if len(sent) >= 8 else 0
        echo = probe.ip.upper[0] in (8, 128)
        proven = echo and proof and len(got) >= proof
        if proven and sent[:proof] != got[:proof]:
            return Meaning("foreign")
        if (ip.family, kind) in TIMESTAMPS and sent[:4] != got[:4]:
            return Meaning("foreign")
        if elsewhere and not proven:
            return Meaning("foreign")
        facts = _common(ip)
        facts["foreign_source"] = True if ip.source != probe.ip.to else None
        if echo:
            facts |= _payload(sent, got, proof)
        return Meaning("reply", tuple(key), facts)

    def _error(self, ip, whole, at):
        if len(ip.upper) < 8:
            return Meaning("nothing")
        kind = ERROR_TYPES[ip.family][ip.upper[0]]
        if self.socket == "dgram" and not _told_to_users(ip):
            return Meaning("unseen")
        quote, objects = divide(ip.family, ip.upper)
        quoted = parse_ip(quote, quoted=True)
        if not quoted or quoted.offset or quoted.protocol not in (ICMP, ICMPV6):
            return Meaning("nothing")
        found = lease(quoted.family, quoted.upper)
        if not found:
            return Meaning("nothing")
        asked, *key = found
        probe = self.probe_of(tuple(key), at)
        if not probe:
            return self._unknown(key[0])
        sent, got = probe.ip.upper, quoted.upper
        proof = 16 if len(sent) >= 24 else 8 if len(sent) >= 16 else 0
        echo = sent[0] in (8, 128)
        if quoted.to != probe.ip.to or asked != sent[0] or quoted.family != ip.family:
            return Meaning("foreign")
        if echo and len(got) >= 8 + proof and got[8 : 8 + proof] != sent[8 : 8 + proof]:
            return Meaning("foreign")
        facts = _common(ip)
        facts["quote"] = {
            "from": quoted.source,
            "to": quoted.to,
            "ttl": quoted.hop_limit,
            "traffic_class": quoted.traffic_class,
            "total_bytes": min(quoted.total, 65535),
        }
        facts |= _of_error(ip, kind)
        facts["extensions"] = objects
        if ip.family == 4 and kind == "unreachable" and ip.upper[1] == 4:
            kind = "too_big"
        return Meaning(kind if whole else "corrupt", tuple(key), facts)


def _told_to_users(ip):
    """The kernel's error queue hears nothing of fragments that were missed elsewhere (IPv4)."""
    return ip.family == 6 or ip.upper[:2] != b"\x0b\x01"


def _common(ip):
    return {
        "from": ip.source,
        "to": ip.to,
        "bytes": len(ip.upper),
        "ttl": ip.hop_limit,
        "traffic_class": ip.traffic_class,
        "type": ip.upper[0],
        "code": ip.upper[1],
    }


def _payload(sent, got, proof):
    facts = {"truncated": True if len(got) < len(sent) else None, "payload_differs_at": None}
    for at in range(proof, min(len(sent), len(got))):
        if sent[at] != got[at]:
            facts["payload_differs_at"] = at
            break
    return facts


def _of_error(ip, kind):
    """The fields that only some errors have; None: the member is left out."""
    facts = {"mtu": None, "pointer": None, "gateway": None}
    if ip.family == 4 and kind == "unreachable" and ip.upper[1] == 4:
        facts["mtu"] = number(ip.upper, 6, 2) or None
    if kind == "too_big":
        facts["mtu"] = number(ip.upper, 4, 4) or None
    if kind == "parameter_problem":
        facts["pointer"] = ip.upper[4] if ip.family == 4 else number(ip.upper, 4, 4)
    if kind == "redirect":
        facts["gateway"] = ".".join(str(byte) for byte in ip.upper[4:8])
    return facts
