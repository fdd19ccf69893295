"""Commands inside `sonde lab`, on a network of a few lines."""

import os
import pathlib

from harness import SETTINGS, Case, loopback

SIMPLE = """
router gw 198.18.0.2 2001:db8::2 reverse ae1.gw.example
host far 198.18.0.9 2001:db8::9 via gw delay 20ms
host many 10.0.0.0/8
"""


class Lab(Case):
    topology = staticmethod(loopback)

    def scenario(self, text=SIMPLE):
        """A file that every user may read."""
        path = SETTINGS.work / f"{self.id()}.scn"
        path.write_text(text, encoding="ascii")
        os.chmod(path, 0o644)
        self.addCleanup(path.unlink, missing_ok=True)
        return path

    def lab(self, *command, options=(), text=SIMPLE, program=None, **how):
        words = [program or SETTINGS.program, "lab", *options, self.scenario(text)]
        how.setdefault("env", {"SHELL": "/bin/sh"})
        return self.net.near.run([*words, "--", *command], **how)

    def started(self, *command, options=(), text=SIMPLE, **how):
        words = [SETTINGS.program, "lab", *options, self.scenario(text), "--", *command]
        program = self.net.near.start(words, **how)
        self.addCleanup(program.__exit__, None)
        return program

    def of_lab(self, program):
        """The process of sonde, behind those that harness has put in front of it."""
        pid = program.pid
        while pathlib.Path(f"/proc/{pid}/comm").read_text(encoding="ascii").strip() != "sonde":
            pid = int(pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])
        return pid
