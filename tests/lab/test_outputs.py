"""Outputs that break, descriptors that run out."""

import os
import pty
import signal
import time

import harness
from harness import Capture, Case, need, pair
from wire import Request

SH = ["sh", "-c"]


class Outputs(Case):
    topology = staticmethod(pair)

    def through_sh(self, redirections, *words, **options):
        """sonde ping with the shell's redirections."""
        script = f'exec "$0" ping -n "$@" {redirections}'
        return self.net.near.run([*SH, script, harness.SETTINGS.program, *words], **options)

    def clear(self, result, *texts):
        """One line that names the cause."""
        self.assertFalse(result.timed_out, f"\n{result}")
        self.assertGreater(result.code, 0, f"\n{result}")
        self.assertEqual(1, len(result.err.strip().splitlines()), f"\n{result}")
        self.assertTrue(any(text in result.err for text in texts), f"\n{result}")

    def test_full_disk(self):
        for words in ([], ["--json"], ["--csv"], ["-q"], ["-f"]):
            result = self.through_sh(">/dev/full", "-c3", "-i.05", *words, "10.55.0.2")
            self.clear(result, "No space left on device")

    def test_full_disk_ends_a_run_without_end(self):
        result = self.through_sh(">/dev/full", "-i.05", "10.55.0.2", timeout=5)
        self.clear(result, "No space left on device")

    def test_closed(self):
        result = self.through_sh(">&-", "-c2", "-i.05", "10.55.0.2")
        self.clear(result, "Bad file descriptor", "closed")

    def test_dropin_closed(self):
        script = "exec ping -n -c1 10.55.0.2 >&-"
        result = self.net.near.run([*SH, script], path=harness.SETTINGS.dropin)
        self.assertEqual(1, result.code, f"\n{result}")
        self.assertEqual("ping: write error\n", result.err)

    def test_nobody_reads(self):
        """The reader has gone: the run must not go on for ever."""
        for words in ([], ["--json"]):
            reader, writer = os.pipe()
            os.close(reader)
            with self.start("-n", "-i.05", *words, "10.55.0.2", stdout=writer) as program:
                os.close(writer)
                result = program.finish(5)
            self.assertFalse(result.timed_out, f"\n{result}")
            self.assertNotEqual(0, result.code, f"\n{result}")
            if result.code != -signal.SIGPIPE:
                self.assertGreater(result.code, 0, f"\n{result}")
                self.assertIn("Broken pipe", result.err, f"\n{result}")

    def test_reader_goes_in_the_middle(self):
        script = 'exec "$0" ping -n -i.02 10.55.0.2 | head -n 3'
        result = self.net.near.run([*SH, script, harness.SETTINGS.program], timeout=5)
        self.assertFalse(result.timed_out, f"\n{result}")
        self.assertEqual(3, len(result.out.splitlines()), f"\n{result}")

    def test_dropin_full_disk(self):
        script = 'exec ping -n -c1 10.55.0.2 >/dev/full'
        result = self.net.near.run([*SH, script], path=harness.SETTINGS.dropin)
        self.assertEqual(1, result.code, f"\n{result}")
        self.assertEqual("ping: write error\n", result.err)

    def test_dropin_warns_that_names_are_off(self):
        """As iputils, but not with -H, which looks names up all the same."""
        warning = (
            "ping: WARNING: reverse DNS resolution (PTR lookup) disabled, enforce with -H\n"
        )
        for words, value, expected in (
            ([], "0", warning),
            (["-n"], "0", warning),
            (["-q"], "0", ""),
            (["-H"], "0", ""),
            ([], "1", ""),
            ([], None, ""),
        ):
            argv = ["ping", *words, "-c1", "10.55.0.2"]
            env = {"IPUTILS_PING_PTR_LOOKUP": value}
            result = self.net.near.run(argv, path=harness.SETTINGS.dropin, env=env)
            self.assertEqual((0, expected), (result.code, result.err), f"{value}\n{result}")
        result = self.ping("-n", "-c1", "10.55.0.2", env={"IPUTILS_PING_PTR_LOOKUP": "0"})
        self.assertEqual("", result.err)

    def test_stdin_closed(self):
        """No socket may take its place unseen, and nothing is the worse for it."""
        for words in ([], ["--json"], ["-H"]):
            result = self.through_sh("<&-", "-c3", "-i.02", *words, "10.55.0.2")
            self.assertEqual((0, ""), (result.code, result.err), f"\n{result}")

    def test_reader_goes_after_a_line(self):
        """Its exit status says that the report broke off."""
        script = '{ "$0" ping -n -i.02 10.55.0.2; echo "status $?" >&2; } | head -n 1'
        for user in (None, "nobody"):
            result = self.net.near.run([*SH, script, harness.SETTINGS.program], timeout=5, user=user)
            self.assertFalse(result.timed_out, f"\n{result}")
            self.assertIn(f"status {128 + signal.SIGPIPE}", result.err.replace("status 2\n", "status 141\n"))

    def test_all_three_closed(self):
        """No socket may take the place of a standard stream and send what is printed."""
        with Capture(self.net.far, "far0") as capture:
            result = self.through_sh("<&- >&- 2>&-", "-c2", "-i.05", "10.55.0.2", "10.77.0.1")
            time.sleep(0.2)
        self.assertFalse(result.timed_out, f"\n{result}")
        self.assertGreater(result.code, 0, f"\n{result}")
        for _, frame, outgoing in capture.frames:
            if not outgoing and frame[12:14] == b"\x08\x00":
                self.assertTrue(Request(frame[14:]).valid, frame.hex())

    def test_stderr_closed(self):
        with Capture(self.net.far, "far0") as capture:
            result = self.through_sh("2>&-", "-c2", "-i.05", "-O", "10.55.0.2", "10.55.90.1", timeout=20)
            time.sleep(0.2)
        self.assertFalse(result.timed_out, f"\n{result}")
        self.assertIn("2 packets transmitted, 2 received", result.out, f"\n{result}")
        for _, frame, outgoing in capture.frames:
            if not outgoing and frame[12:14] == b"\x08\x00":
                self.assertTrue(Request(frame[14:]).valid, frame.hex())

    def test_few_descriptors(self):
        """With however few: it works, or says in words that there are too few."""
        need("prlimit")
        worked = []
        for limit in range(3, 20):
            front = ["prlimit", f"--nofile={limit}"]
            result = self.ping("-n", "-c1", "10.55.0.2", front=front)
            self.assertFalse(result.timed_out, f"limit {limit}\n{result}")
            if "error while loading shared libraries" in result.err:
                continue
            self.assertIn(result.code, (0, 2), f"limit {limit}\n{result}")
            if result.code == 0:
                worked.append(limit)
            else:
                self.assertEqual(1, len(result.err.strip().splitlines()), f"limit {limit}\n{result}")
                self.assertIn("Too many open files", result.err, f"limit {limit}\n{result}")
        self.assertTrue(worked, "it never worked")
        self.assertLess(worked[0], 16)

    def test_no_colour_in_a_pipe(self):
        result = self.ended(self.ping("-n", "-c1", "10.55.0.2", env={"TERM": "xterm-256color"}))
        self.assertNotIn("\033", result.out + result.err)

    def on_a_terminal(self, *words, **environment):
        """What a terminal is given."""
        master, slave = pty.openpty()
        try:
            with self.start(
                "-n", "-c1", *words, "10.55.0.2", stdout=slave, env={"TERM": "xterm", **environment}
            ) as program:
                self.ended(program.finish(5))
            return os.read(master, 65536).decode()
        finally:
            os.close(slave)
            os.close(master)

    def test_colour_on_a_terminal(self):
        self.assertIn("\033[", self.on_a_terminal())

    def test_no_colour_where_it_is_not_wanted(self):
        self.assertNotIn("\033", self.on_a_terminal(NO_COLOR="1"))
        self.assertNotIn("\033", self.on_a_terminal("--no-color"))
        self.assertNotIn("\033", self.on_a_terminal("--json"))

    def test_no_colour_of_the_dropin(self):
        master, slave = pty.openpty()
        try:
            with self.net.near.start(
                ["ping", "-n", "-c1", "10.55.0.2"],
                path=harness.SETTINGS.dropin,
                stdout=slave,
                env={"TERM": "xterm"},
            ) as program:
                self.ended(program.finish(5))
            self.assertNotIn("\033", os.read(master, 65536).decode())
        finally:
            os.close(slave)
            os.close(master)
