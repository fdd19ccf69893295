"""The links of a scenario, read from its own words: who stands in front of whom."""

import ipaddress


def statements(path):
    """The words of each statement; a line that begins with a blank continues the one above."""
    found = []
    with open(path, encoding="utf-8") as file:
        for line in file:
            words = line.split("#")[0].split()
            if words and line[0].isspace():
                found[-1] += words
            elif words:
                found.append(words)
    return found


def names_of(words):
    """{name as a way says it: the IPv4 addresses that stand for it} of one router or bank."""
    if words[0] == "router":
        return {words[1]: {words[2]}}
    first = ipaddress.ip_address(words[3])
    return {words[1]: {str(first + n) for n in range(int(words[2]))}}


def walk(words, names, before):
    """
    Takes the words behind `via` up to the end of a bracket or of the way. Returns who stands at the
    end of it, and all pairs of neighbours.
    """
    begin, ends, pairs = before, set(), set()
    for word in words:
        if word == "(":
            before, inner = walk(words, names, before)
            pairs |= inner
        elif word == "|":
            ends, before = ends | before, begin
        elif word in names:
            pairs |= {(near, far) for near in before for far in names[word]}
            before = names[word]
        else:
            break
    return ends | before, pairs


def links(path, host):
    """All pairs of addresses, of the first statement about `host`; None is the observer."""
    names = {}
    for words in statements(path):
        if words[0] in ("router", "bank"):
            names |= names_of(words)
        elif words[:2] == ["host", host]:
            ends, pairs = walk(iter(words[words.index("via") + 1:]), names, {None})
            return pairs | {(end, words[2]) for end in ends}
    raise RuntimeError(f"{path}: no {host}")
