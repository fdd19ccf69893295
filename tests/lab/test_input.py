"""Bad input gets one clear line on stderr, nothing on stdout, and exit status 2."""

import re

from harness import Case, loopback

HOST = "127.0.0.1"
HUGE = "99999999999999999999"

# What each option must refuse, besides words that are no value at all.
NUMBERS = {
    "-c": ["0", "-1", "1x", "1.5", HUGE],
    "-i": ["-1", "1x", "3000000", HUGE, "nan", "inf", "1e999", "1 s"],
    "-w": ["-1", "1x", "3000000000", HUGE, "nan"],
    "-W": ["-1", "1x", "3000000000", HUGE, "nan"],
    "-l": ["0", "-1", "65537", HUGE],
    "-s": ["-1", "65508", "2147483648", HUGE, "1x"],
    "-t": ["-1", "256", HUGE, "64x"],
    "-Q": ["-1", "256", "0x100", HUGE],
    "-e": ["-1", "65536", HUGE],
    "-m": ["-1", "4294967296", HUGE],
    "-S": ["0", "-1", HUGE],
    "-F": ["-1", "0x100000", HUGE],
    "--seed": ["-1", HUGE],
    "--percentiles": ["-1", "101", "50,,90", "50,x", HUGE],
}
WORDS = {
    "-p": ["zz", "ffxx", "-1"],
    "-M": ["foo"],
    "-T": ["foo"],
    "-N": ["foo"],
    "-I": ["nope0", "fe80::zz"],
    "--socket": ["foo"],
    "--timestamps": ["foo"],
    "--icmp-type": ["foo"],
}
COMBINATIONS = [
    ([HOST, "-4", "-6"], "ipv4"),
    (["-4", "::1"], "::1"),
    (["-6", HOST], HOST),
    (["-R", "-T", "tsonly", HOST], "-R"),
    (["--json", "--csv", HOST], "csv"),
    (["nosuchname.invalid"], "nosuchname.invalid"),
    ([""], ""),
    (["fe80::1%nope0"], "nope0"),
    (["10.1.2.3"], "10.1.2.3"),
    (["2001:db8::1"], "2001:db8::1"),
    (["256.1.1.1"], "256.1.1.1"),
    (["-Z", HOST], "Z"),
    (["--nonsense", HOST], "--nonsense"),
    (["-c"], "-c"),
    ([], "host"),
    (["-s", "65528", "::1"], "65527"),
    (["-I", "192.0.2.1", HOST], "192.0.2.1"),
    (["-I", "nope0", "::1"], "nope0"),
    (["--icmp-type", "timestamp", "::1"], "timestamp"),
    (["x" * 300], "xxx"),
    (["a\033[31mb.invalid"], "invalid"),
]


class Input(Case):
    topology = staticmethod(loopback)

    def refused(self, words, names):
        result = self.ended(self.ping("-W1", *words, timeout=8), 2)
        self.assertEqual("", result.out, f"\n{result}")
        self.assertEqual(1, len(result.err.splitlines()), f"one line\n{result}")
        self.assertTrue(result.err.startswith("sonde ping: "), f"\n{result}")
        self.assertNotIn("\033", result.err)
        self.assertIn(names.lower(), result.err.lower(), f"it does not say what is wrong\n{result}")


def add(name, words, names):
    def test(self):
        self.refused(words, names)

    test.__doc__ = " ".join(words)
    setattr(Input, "test_" + re.sub(r"[^A-Za-z0-9.:]+", "_", name).strip("_"), test)


for option, values in (NUMBERS | WORDS).items():
    nothing = [] if option == "-p" else [""]  # ping takes an empty pattern
    for value in values + (["abc", ""] if option in NUMBERS else nothing):
        count = [] if option == "-c" else ["-c1"]
        add(f"{option} {value or 'empty'}".replace("-1", "minus_1").replace(".", "_"),
            [*count, f"{option}={value}" if option.startswith("--") else option]
            + ([] if option.startswith("--") else [value])
            + ["::1" if option in ("-F", "-N") else HOST], value)
for number, (line, says) in enumerate(COMBINATIONS):
    add(f"{number:02} {' '.join(line)[:40]}".replace(".", "_"), line, says)
