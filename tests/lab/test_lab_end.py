"""sonde lab: however it ends nothing is left; terminals; what cannot be."""

import os
import pathlib
import select
import shutil
import signal
import subprocess
import time

from harness import SETTINGS, environment_of, need, wait_until
from lab_case import SIMPLE, Lab

USERS = (None, "nobody")


class End(Lab):
    """However it ends."""

    weight = 5

    def test_background_processes(self):
        script = "setsid sh -c 'exec sleep 4711.1' & setsid sh -c 'trap \"\" TERM HUP; sleep 4711.2' & echo"
        self.ended(self.lab("sh", "-c", script))
        self.assertEqual([], self.processes("4711"))

    @staticmethod
    def processes(word):
        found = []
        for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
            try:
                text = path.read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue
            if f"sleep {word}" in text and "sonde" not in text:
                found.append(text)
        return found

    @staticmethod
    def in_namespace(name):
        found = []
        for path in pathlib.Path("/proc").glob("[0-9]*/ns/net"):
            try:
                if os.readlink(path) == name:
                    found.append(path)
            except OSError:
                continue
        return found

    def test_killed(self):
        for user in USERS:
            mounts = pathlib.Path("/proc/self/mounts").read_text()
            program = self.started(
                "sh", "-c", "readlink /proc/self/ns/net; setsid sleep 4712 & exec sleep 4712", user=user
            )
            self.assertTrue(program.wait_for("]"))
            name = program.early.decode().split()[0]
            self.assertTrue(wait_until(lambda: len(self.processes("4712")) == 2))
            os.kill(self.of_lab(program), signal.SIGKILL)
            program.finish()
            self.assertTrue(wait_until(lambda: self.processes("4712") == []), "processes are left")
            self.assertTrue(wait_until(lambda: self.in_namespace(name) == []), "the network is left")
            self.assertEqual(mounts, pathlib.Path("/proc/self/mounts").read_text())

    def test_terminated(self):
        program = self.started("sh", "-c", "trap 'echo bye; exit 5' TERM; echo up; while :; do sleep .1; done")
        self.assertTrue(program.wait_for("up"))
        os.kill(self.of_lab(program), signal.SIGTERM)
        self.assertIn("bye", self.ended(program.finish(), 5).out)

    def test_interrupt_is_the_commands(self):
        program = self.started("sh", "-c", "echo up; sleep 1; exit 6")
        self.assertTrue(program.wait_for("up"))
        for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGINT):
            os.kill(self.of_lab(program), number)
        self.ended(program.finish(), 6)

    def test_signals_of_the_scenario(self):
        text = SIMPLE + "at 200ms signal USR1\nat 400ms suspend 600ms\nat 1300ms signal TERM\n"
        program = self.started(
            "sh", "-c", "trap 'echo usr1' USR1; trap 'exit 9' TERM; while :; do sleep .05; done", text=text
        )
        result = self.ended(program.finish(), 9)
        self.assertEqual("usr1\n", result.out)
        self.assertGreater(result.seconds, 1.25)

    def test_no_file_is_left(self):
        before = set(os.listdir("/tmp"))
        directory = SETTINGS.work / f"{self.id()}.d"
        directory.mkdir(mode=0o777)
        self.addCleanup(shutil.rmtree, directory)
        self.ended(self.lab("true", env={"TMPDIR": str(directory), "HOME": str(directory)}, cwd=directory))
        self.assertEqual([], os.listdir(directory))
        new = set(os.listdir("/tmp")) - before
        self.assertEqual([], [name for name in new if "hosts" in name or "resolv" in name])


class Terminal(Lab):
    def talk(self, script, steps):
        """A shell script on a terminal of its own; steps: (text to wait for, what to type then)."""
        need("setsid")
        master, slave = os.openpty()
        process = subprocess.Popen(
            ["setsid", "--ctty", "--wait", "sh", "-c", script],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=environment_of(extra={"SHELL": "/bin/sh", "PS1": "$ "}),
        )
        os.close(slave)
        seen = b""
        try:
            for text, typed in steps:
                end = time.monotonic() + 10
                start = len(seen)
                while text.encode() not in seen[start:]:
                    left = end - time.monotonic()
                    if left <= 0 or not select.select([master], [], [], left)[0]:
                        self.fail(f"no '{text}' in {seen.decode()}")
                    try:
                        data = os.read(master, 4096)
                    except OSError:
                        self.fail(f"it ended without '{text}': {seen.decode()}")
                    seen += data
                if typed:
                    time.sleep(0.2)  # what has said so is about to begin
                    os.write(master, typed.encode())
            process.wait(10)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
            os.close(master)
        return process.returncode, seen.decode()

    def test_a_shell(self):
        status, seen = self.talk(
            f"exec {SETTINGS.program} lab {self.scenario()}",
            [("`exit` ends it", "echo $((1200 + 34))\n"), ("1234", "exit 4\n")],
        )
        self.assertEqual(4, status, seen)
        self.assertIn("Names: gw, far, many", seen)

    def test_interrupt(self):
        status, seen = self.talk(
            f"exec {SETTINGS.program} lab {self.scenario()} -- sh -c 'echo up; sleep 20'", [("up", "\x03")]
        )
        self.assertEqual(130, status, seen)

    def test_the_terminal_comes_back_from_a_shell_with_job_control(self):
        need("bash")
        for shell in "bash --norc -i", "sh":
            self.comes_back(shell)

    def comes_back(self, shell):
        status, seen = self.talk(
            f"{SETTINGS.program} lab {self.scenario()} -- {shell}; echo back $?; read word; echo $word",
            [("$ ", "echo $((5 * 5)); sleep 30\n"), ("25\r\n", "\x03"), ("$ ", "exit 3\n"), ("back 3", "hello\n"), ("hello\r\nhello", "")],
        )
        self.assertEqual(0, status, seen)


class Mistakes(Lab):
    def test_scenarios(self):
        for text, line, word in (
            ("host far 198.18.0.9 dealy 10ms\n", 1, "dealy"),
            ("\nhost far 198.18.0.9\nhost far 198.18.0.10\n", 3, ""),
            ("link a b delay 3ms\n", 1, "a"),
        ):
            result = self.ended(self.lab("echo", "ran", text=text), 2)
            self.assertRegex(result.err, rf"^sonde lab: .*\.scn:{line}: .*{word}")
            self.assertEqual("", result.out)
            simulated = self.sonde("ping", "--simulate", self.scenario(text), "-c1", "far")
            self.assertEqual(
                simulated.err.replace("sonde ping:", "sonde lab:").split(":", 3)[2:],
                result.err.split(":", 3)[2:],
            )

    def test_no_scenario(self):
        result = self.ended(self.sonde("lab"), 2)
        self.assertIn("the scenario is missing", result.err)
        result = self.ended(self.sonde("lab", "/nonexistent.scn", "true"), 2)
        self.assertIn("No such file or directory", result.err)

    def test_options(self):
        for words in (["--nonsense"], ["--seed", "x"], ["--truth"]):
            self.ended(self.sonde("lab", *words), 2)

    def test_check(self):
        result = self.ended(self.sonde("lab", "--check", self.scenario()))
        self.assertIn("2 hosts, 1 router, 0 groups, 0 links", result.out)
        self.assertIn("hosts: far, many\nrouters: gw\n", result.out)
        result = self.sonde("lab", "--check", self.scenario("nonsense\n"))
        self.assertIn(":1: ", self.ended(result, 2).err)

    def closed(self, what, *front):
        """As an ordinary user of a user namespace in which `what` is used up."""
        need("unshare", "setpriv")
        script = f'echo 0 >/proc/sys/user/{what} && exec "$@"'
        before = ["unshare", "--user", "--map-root-user", "--net", "sh", "-c", script, "sh"]
        return self.net.near.run(
            [SETTINGS.program, "lab", self.scenario(), "echo", "ran"],
            front=[*before, *front],
        )

    def test_user_namespaces_closed(self):
        result = self.closed(
            "max_user_namespaces", "setpriv", "--bounding-set=-all", "--inh-caps=-all"
        )
        self.ended(result, 2)
        self.assertEqual("", result.out)
        self.assertRegex(
            result.err,
            r"^sonde lab: cannot create a user namespace: .*; .*sysctl user.max_user_namespaces.*root\n$",
        )

    def test_network_namespaces_closed(self):
        result = self.ended(self.closed("max_net_namespaces"), 2)
        self.assertRegex(result.err, r"^sonde lab: cannot create a network namespace: .*; .*sysctl.*\n$")

    def test_truth_that_cannot_be_written(self):
        result = self.ended(self.lab("echo", "ran", options=["--truth", "/nonexistent/t"]), 2)
        self.assertEqual("", result.out)
        self.assertEqual(
            "sonde lab: cannot write /nonexistent/t: No such file or directory\n", result.err
        )
        ping = [SETTINGS.program, "ping", "-c1", "far"]
        for option in "--truth", "--pcap":
            result = self.ended(self.lab(*ping, options=[option, "/dev/full"]), 2)
            self.assertIn("cannot write /dev/full: No space left on device", result.err)
            result = self.lab("sh", "-c", "exit 5", options=[option, "/dev/full"])
            self.assertIn(self.ended(result, 5, 2).code, (5,), f"\n{result}")

    def test_a_reader_of_the_truth_that_goes_away(self):
        program = self.started(
            "sh", "-c", f"echo up >&2; sleep .3; {SETTINGS.program} ping -q -c5 -i.01 far >&2; exit 0",
            options=["--truth", "-"],
        )
        program.process.stdout.close()
        program.process.stdout = None
        result = program.finish()
        self.ended(result, 2)
        self.assertIn("cannot write to standard output: Broken pipe", result.err)
        self.assertIn("5 packets transmitted, 5 received", result.err)
