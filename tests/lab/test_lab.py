"""sonde lab: what a command meets on its machine, how it ends, and that nothing is left of it."""

import json
import os
import pathlib
import select
import shutil
import signal
import subprocess
import time
import unittest

import harness
from harness import SETTINGS, Case, environment_of, loopback, need, wait_until

SIMPLE = """
router gw 198.18.0.2 2001:db8::2 reverse ae1.gw.example
host far 198.18.0.9 2001:db8::9 via gw delay 20ms
host many 10.0.0.0/8
"""
EMPTY = "0" * 16
USERS = (None, "nobody")


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


class Command(Lab):
    def test_exit_statuses(self):
        for user in USERS:
            for script, status in (
                ("true", 0),
                ("exit 7", 7),
                ("exit 255", 255),
                ("kill -KILL $$", 137),
                ("kill -TERM $$", 143),
                ("kill -SEGV $$", 139),
            ):
                result = self.lab("sh", "-c", script, user=user)
                self.ended(result, status)
                self.assertEqual("", result.err, f"\n{result}")

    def test_a_command_that_is_not_there(self):
        result = self.ended(self.lab("no-such-command"), 127)
        self.assertEqual(
            "sonde lab: cannot run no-such-command: No such file or directory\n", result.err
        )

    def test_a_command_that_cannot_be_run(self):
        result = self.ended(self.lab("/etc"), 126)
        self.assertEqual("sonde lab: cannot run /etc: Permission denied\n", result.err)

    def test_dashes_may_be_left_out(self):
        path = self.scenario()
        result = self.sonde("lab", path, "sh", "-c", "exit 3")
        self.ended(result, 3)
        result = self.sonde("lab", path, "--verbose", "sh", "-c", "exit 4")
        self.ended(result, 4)
        self.assertIn("net0 198.18.0.1 2001:db8::1 mtu 1500; seed ", result.err)

    def test_the_shell_is_the_default(self):
        script = SETTINGS.work / f"{self.id()}.sh"
        script.write_text("echo $((6 * 7)); exit 3\n", encoding="ascii")
        self.addCleanup(script.unlink)
        for shell in ("/bin/sh", None):
            with open(script, encoding="ascii") as stdin:
                result = self.sonde("lab", self.scenario(), stdin=stdin, env={"SHELL": shell})
            self.ended(result, 3)
            self.assertEqual(("42\n", ""), (result.out, result.err))

    def test_no_descriptor_but_the_standard_ones(self):
        result = self.ended(self.lab("ls", "/proc/self/fd", options=["--truth", "/dev/null"]))
        self.assertEqual(["0", "1", "2", "3"], result.out.split(), "3 is that of ls")

    def test_signals_are_as_the_caller_has_them(self):
        look = ["grep", "-E", "Sig(Blk|Ign|Cgt)", "/proc/self/status"]
        direct = self.net.near.run(look)
        self.assertEqual(direct.out, self.ended(self.lab(*look)).out)
        ignoring = "trap '' USR1; trap '' CHLD; exec " + " ".join(map(lambda w: f"'{w}'", look))
        direct = self.net.near.run(["sh", "-c", ignoring])
        inside = self.net.near.run(
            ["sh", "-c", "trap '' USR1; trap '' CHLD; exec \"$@\"", "sh", SETTINGS.program, "lab"]
            + [str(self.scenario()), "--", *look]
        )
        self.assertEqual(direct.out, self.ended(inside).out)

    def test_directory_and_environment_stay(self):
        result = self.lab("sh", "-c", "pwd; echo $WORD", env={"WORD": "word"}, cwd="/usr")
        self.assertEqual("/usr\nword\n", self.ended(result).out)


class Machine(Lab):
    def test_ping(self):
        need("ping")
        for user in USERS:
            for family in "-4", "-6":
                result = self.ended(
                    self.lab("ping", family, "-c2", "-i.2", "far", user=user)
                )
                self.assertIn(" 0% packet loss", result.out)
                self.assertEqual(2, result.out.count("ttl=63 time=2"), f"\n{result}")

    def test_sonde(self):
        for user in USERS:
            for words in ([], ["--socket", "dgram"]):
                result = self.lab(
                    SETTINGS.program, "ping", "-c2", "-i.2", *words, "far", user=user
                )
                self.assertIn(" 0% packet loss", self.ended(result).out, f"\n{result}")

    def test_names(self):
        need("getent")
        script = """
            getent ahostsv4 far | head -n 1; getent ahostsv6 far | head -n 1
            getent hosts 198.18.0.2; getent ahostsv4 many | head -n 1
            getent hosts localhost >/dev/null && echo localhost
            getent hosts nowhere.example || echo unknown
        """
        for user in USERS:
            result = self.ended(self.lab("sh", "-c", script, user=user))
            words = [line.split() for line in result.out.splitlines()]
            self.assertEqual(["198.18.0.9", "2001:db8::9"], [line[0] for line in words[:2]])
            self.assertEqual(["198.18.0.2", "ae1.gw.example", "gw"], words[2])
            self.assertEqual("10.0.0.1", words[3][0])
            self.assertEqual([["localhost"], ["unknown"]], words[4:], f"\n{result}")
            self.assertLess(result.seconds, 2.5, "an unknown name is known to be so at once")

    def test_only_what_the_command_sends_is_on_the_wire(self):
        truth = SETTINGS.work / f"{self.id()}.json"
        self.addCleanup(truth.unlink)
        result = self.lab("sleep", "2", options=["-v", "--truth", truth])
        self.assertIn(" 0 packets came, 0 answers left", self.ended(result).err)
        self.assertNotIn("ignored", result.err)
        self.assertEqual("", truth.read_text())

    def test_one_family(self):
        need("ip")
        result = self.lab("ip", "-6", "route", text="observer 10.0.0.1\nhost far 10.9.0.9\n")
        self.assertNotIn("default", self.ended(result).out)
        result = self.lab("ip", "route", text="observer fd00::1\nhost far fd00::9\n")
        self.assertEqual("", self.ended(result).out)

    def test_mtu(self):
        need("ip")
        for mtu in 1280, 1400, 9000:
            result = self.lab("ip", "link", "show", "net0", text=SIMPLE + f"observer mtu {mtu}\n")
            self.assertIn(f" mtu {mtu} ", self.ended(result).out)

    def test_ipv4_goes_on_where_ipv6_has_no_room(self):
        result = self.lab(
            SETTINGS.program, "ping", "-4", "-c1", "far", text=SIMPLE + "observer mtu 600\n"
        )
        self.ended(result)

    def test_packets_are_as_on_a_real_wire(self):
        """Neither checksum nor segmentation is left to a device."""
        need("ethtool")
        result = self.ended(self.lab("ethtool", "-k", "net0"))
        for feature in ("tx-checksumming", "tcp-segmentation-offload", "generic-receive-offload"):
            self.assertIn(f"{feature}: off", result.out)

    def test_checksums_and_sizes_are_those_of_a_real_wire(self):
        """Segmentation and checksums that are left to a device would be seen as faults."""
        need("bash")
        truth = SETTINGS.work / f"{self.id()}.json"
        self.addCleanup(truth.unlink, missing_ok=True)
        script = """
            exec 3<>/dev/tcp/198.18.0.9/7 && head -c 60000 /dev/zero >&3
            exec 4<>/dev/udp/198.18.0.9/7 && echo word >&4 && timeout 2 dd bs=64 count=1 <&4 2>/dev/null
            sleep .5
        """
        text = "host far 198.18.0.9 delay 1ms tcp open 7 closed udp open 7 closed\n"
        result = self.lab("bash", "-c", script, options=["--truth", truth], text=text)
        self.assertEqual("word\n", self.ended(result).out, f"\n{result}")
        lines = [json.loads(line) for line in truth.read_text().splitlines()]
        self.assertGreaterEqual(sum(line["length"] for line in lines), 60000)
        for line in lines:
            self.assertLessEqual(line["length"], 1500)
            self.assertNotIn("malformed", [one["fate"] for one in line["decisions"]], line)

    def test_settings_that_cannot_be_written(self):
        """/proc/sys is often read-only in containers."""
        need("unshare", "mount")
        shut = "mount --bind /proc/sys /proc/sys && mount -o remount,ro,bind /proc/sys && exec \"$@\""
        front = ["unshare", "--mount", "sh", "-c", shut, "sh"]
        truth = SETTINGS.work / f"{self.id()}.json"
        self.addCleanup(truth.unlink, missing_ok=True)
        result = self.lab("sleep", "2", options=["--truth", truth, "-v"], front=front)
        self.assertNotIn("ignored", self.ended(result).err)
        self.assertEqual("", truth.read_text())
        result = self.lab(SETTINGS.program, "ping", "-6", "-c1", "far", front=front)
        self.ended(result)

    def test_processes(self):
        result = self.ended(self.lab("sh", "-c", "echo $$; ls -d /proc/[0-9]* | wc -l"))
        number, count = map(int, result.out.split())
        self.assertLess(number, 10)
        self.assertLess(count, 10)

    def test_files_stay_out_of_reach(self):
        secret = SETTINGS.work / f"{self.id()}.secret"
        secret.write_text("the-secret-word\n", encoding="ascii")
        os.chmod(secret, 0o600)
        self.addCleanup(secret.unlink)
        if not SETTINGS.real_root:
            raise unittest.SkipTest("two users are needed")
        result = self.ended(self.lab("cat", secret, user="nobody"), 1)
        self.assertNotIn("secret-word", result.out + result.err)
        self.assertIn("secret-word", self.ended(self.lab("cat", secret)).out)


class Privilege(Lab):
    def test_the_player_has_none(self):
        for user in USERS:
            program = self.started("sh", "-c", "echo up; sleep 30", user=user)
            self.assertTrue(program.wait_for("up"))
            status = pathlib.Path(f"/proc/{self.of_lab(program)}/status").read_text()
            status = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
            for name in ("CapInh", "CapPrm", "CapEff", "CapAmb", "CapBnd"):
                self.assertEqual(EMPTY, status[name], f"{name} for {user}")
            self.assertEqual(("1", "2"), (status["NoNewPrivs"], status["Seccomp"]))
            program.send_signal(signal.SIGTERM)
            self.ended(program.finish(), 143)

    def privileged(self, mode, capability=None):
        """A program with a privilege of its file."""
        if not SETTINGS.real_root:
            raise unittest.SkipTest("the machine's root is needed to give a file a privilege")
        places = [
            place
            for place in (SETTINGS.work, SETTINGS.build)
            if not os.statvfs(place).f_flag & os.ST_NOSUID
        ]
        if not places:
            raise unittest.SkipTest("every file system at hand is mounted nosuid")
        path = places[0] / f"sonde-{self.id()}-{os.getpid()}"
        shutil.copy(SETTINGS.program, path)
        self.addCleanup(path.unlink, missing_ok=True)
        os.chmod(path, mode)
        if capability:
            need("setcap")
            try:
                self.net.near.do("setcap", capability, path)
            except RuntimeError as error:
                raise unittest.SkipTest("the file system takes no file capabilities") from error
        return path

    def look(self, program):
        secret = SETTINGS.work / f"{self.id()}.secret"
        secret.write_text("the-secret-word\n", encoding="ascii")
        os.chmod(secret, 0o600)
        self.addCleanup(secret.unlink)
        script = f"cat /proc/self/uid_map; cat {secret}; {SETTINGS.program} ping -c1 far"
        result = self.ended(self.lab("sh", "-c", script, user="nobody", program=program))
        self.assertEqual(["0", str(harness.NOBODY), "1"], result.out.split()[:3], f"\n{result}")
        self.assertNotIn("secret-word", result.out)
        self.assertIn(" 0% packet loss", result.out)
        words = [program, "lab", "--truth", secret, self.scenario(), "true"]
        result = self.net.near.run(words, user="nobody")
        self.assertIn("Permission denied", self.ended(result, 2).err)

    def test_set_user_id(self):
        self.look(self.privileged(0o4755))

    def test_file_capabilities(self):
        self.look(self.privileged(0o755, "cap_net_raw,cap_net_admin,cap_setpcap+ep"))


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


class Truth(Lab):
    def fates(self, seed):
        path = SETTINGS.work / f"{self.id()}.json"
        self.addCleanup(path.unlink, missing_ok=True)
        self.lab(
            SETTINGS.program, "ping", "-q", "-c40", "-i.005", "-W.2", "-4", "far",
            options=["--seed", seed, "--truth", path], text="host far 198.18.0.9 loss 50%\n",
        )
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        lines.sort(key=lambda line: line["number"])
        self.assertEqual(list(range(1, 41)), [line["number"] for line in lines])
        return [line["decisions"][0]["fate"] for line in lines]

    def test_the_same_seed_the_same_fate(self):
        first = self.fates("7")
        self.assertEqual({"reply", "lost"}, set(first))
        self.assertEqual(first, self.fates("7"))
        self.assertNotEqual(first, self.fates("8"))

    def test_round_trip_times(self):
        path = SETTINGS.work / f"{self.id()}.json"
        self.addCleanup(path.unlink, missing_ok=True)
        result = self.ended(
            self.lab(
                SETTINGS.program, "ping", "-j", "-c5", "-i.05", "far", options=["--truth", path]
            )
        )
        told = [json.loads(line) for line in result.out.splitlines()]
        told = [line["rtt_ns"] for line in told if line.get("outcome") == "reply"]
        true = [json.loads(line)["decisions"][0]["rtt_ns"] for line in path.read_text().splitlines()]
        self.assertEqual(5, len(told), f"\n{result}")
        for mine, its in zip(told, true):
            self.assertLess(abs(mine - its), 2_000_000, f"{told} {true}")
