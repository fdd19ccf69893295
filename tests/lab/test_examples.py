"""The examples of the pages run as they are written, in virtual time."""

import pathlib
import re
import shlex

from harness import loopback
from lab_case import Lab
from truth import play

DOCS = play.GALLERY.parent
PAGES = ["man/sonde-trace.1.scd", "man/sonde-mtu.1.scd", "paths.md"]
NETWORK = """
router gw 198.18.0.2 2001:db8::2
host host.example 198.18.0.9 2001:db8::9 via gw delay 20ms
"""


def examples(page):
    """Lines of code that begin with the program: indented in manual pages, fenced or indented in others."""
    lines = (DOCS / page).read_text(encoding="utf-8").splitlines()
    fenced, found = False, []
    for line in lines:
        if line.startswith("```"):
            fenced = not fenced
        elif re.match(r"sonde " if fenced else r"(\t| {4})sonde ", line):
            found.append(line.strip())
    return found


class Examples(Lab):
    topology = staticmethod(loopback)

    def words_of(self, line, network):
        """Files are those of the gallery; where none is named the network is ours."""
        words = shlex.split(re.split(r"[|>]", line)[0])[1:]
        words = [str(play.GALLERY / pathlib.Path(word).name) if word.endswith(".scn") else word for word in words]
        return words if "--simulate" in words or words[0] == "lab" else [*words, "--simulate", network]

    def test_they_run(self):
        network = self.scenario(NETWORK)
        for page in PAGES:
            for line in examples(page):
                with self.subTest(f"{page}: {line}"):
                    result = self.ended(self.sonde(*self.words_of(line, network), timeout=20), 0, 1)
                    self.assertEqual("", result.err, f"\n{result}")
                    self.assertNotEqual("", result.out, f"\n{result}")

    def test_manual_pages_have_some(self):
        for page in PAGES:
            if page.startswith("man/"):
                self.assertLess(1, len(examples(page)), page)
