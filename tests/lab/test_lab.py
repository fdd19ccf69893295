"""sonde lab: what a command meets on its machine, and what is written down of it."""

import json
import os
import pathlib
import shutil
import signal
import unittest

import harness
from harness import SETTINGS, need
from lab_case import SIMPLE, Lab

EMPTY = "0" * 16
USERS = (None, "nobody")


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
        for feature in ("tx-checksumming", "tx-tcp-segmentation", "tx-tcp6-segmentation",
                        "generic-segmentation-offload", "generic-receive-offload"):
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
