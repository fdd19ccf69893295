"""A database file in MaxMind's format, as small as it can be: for --geo.

The format: maxmind.github.io/MaxMind-DB. A binary tree over the bits of an address with records of 24
bits, 16 zero bytes, the data, and behind a marker the metadata.
"""

RECORD_BITS = 24
MARKER = b"\xab\xcd\xefMaxMind.com"
MAP, UINT32, UTF8, ARRAY, UINT16, UINT64 = 7, 6, 2, 11, 5, 9


def control(kind, size):
    assert size < 285
    small, more = (size, b"") if size < 29 else (29, bytes([size - 29]))
    if kind < 8:
        return bytes([kind << 5 | small]) + more
    return bytes([small, kind - 7]) + more


def number(kind, value):
    octets = value.to_bytes((value.bit_length() + 7) // 8, "big")
    return control(kind, len(octets)) + octets


def encoded(value):
    if isinstance(value, dict):
        return control(MAP, len(value)) + b"".join(encoded(k) + encoded(v) for k, v in value.items())
    if isinstance(value, list):
        return control(ARRAY, len(value)) + b"".join(map(encoded, value))
    if isinstance(value, tuple):
        return number(*value)
    if isinstance(value, int):
        return number(UINT32, value)
    text = value.encode()
    return control(UTF8, len(text)) + text


def database(networks):
    """networks: {("192.0.2.0", 24): {...}}, IPv4."""
    nodes = [[None, None]]
    data, offsets = b"", []
    for (first, length), entry in networks.items():
        bits = int.from_bytes(bytes(map(int, first.split("."))), "big")
        at = 0
        for i in range(length):
            side = bits >> (31 - i) & 1
            if i == length - 1:
                nodes[at][side] = ("data", len(data))
            elif nodes[at][side] is None:
                nodes[at][side] = len(nodes)
                nodes.append([None, None])
                at = nodes[at][side]
            else:
                at = nodes[at][side]
        data += encoded(entry)
    count = len(nodes)
    tree = b""
    for node in nodes:
        for record in node:
            value = count if record is None else (
                count + 16 + record[1] if isinstance(record, tuple) else record)
            tree += value.to_bytes(RECORD_BITS // 8, "big")
    metadata = encoded({
        "node_count": count, "record_size": (UINT16, RECORD_BITS), "ip_version": (UINT16, 4),
        "database_type": "Test", "languages": ["en"],
        "binary_format_major_version": (UINT16, 2), "binary_format_minor_version": (UINT16, 0),
        "build_epoch": (UINT64, 1700000000), "description": {"en": "test"},
    })
    return tree + bytes(16) + data + MARKER + metadata
