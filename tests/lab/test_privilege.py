"""Nothing is left of a privilege while the network is read, however it came; and what is asked of
those who have none."""

import os
import pathlib
import shutil
import signal
import time
import unittest

import harness
from harness import SETTINGS, Case, need, pair

EMPTY = "0" * 16
ALL_BLOCKED = "fffffffe7ffbfeff"  # but SIGKILL, SIGSTOP and the C library's two


def fit_for_privilege():
    """A directory on a file system that honours set-user-id and file capabilities."""
    for folder in (SETTINGS.work, SETTINGS.build):
        if not os.statvfs(folder).f_flag & os.ST_NOSUID:
            return folder
    raise unittest.SkipTest("every file system at hand is mounted nosuid")


class Privilege(Case):
    topology = staticmethod(pair)
    fresh = True

    def look(self, program, *words, user=None, bounding=True, uid=None):
        """The state of a running sonde."""
        with self.net.near.start(
            [program, "ping", "-n", "-i.1", *words, "10.55.0.2"], user=user
        ) as running:
            if not running.wait_for("icmp_seq=", times=2):
                self.fail(f"no reply\n{running.finish(1)}")
            status = running.status()
            threads = running.threads()
            sockets = os.listdir(f"/proc/{running.pid}/fd") if SETTINGS.real_root else []
        for thread in threads:
            self.has_nothing(thread, bounding)
        if uid is not None:
            for name in ("Uid", "Gid"):
                self.assertEqual([str(uid)] * 4, status[name].split(), name)
        self.assertLess(len(sockets), 20)
        return status

    def has_nothing(self, status, bounding=True):
        """A thread's status: no capability in any set, none to be had, and a filter."""
        sets = ["CapInh", "CapPrm", "CapEff", "CapAmb"] + (["CapBnd"] if bounding else [])
        self.assertEqual(dict.fromkeys(sets, EMPTY), {name: status[name] for name in sets})
        self.assertEqual(("1", "2"), (status["NoNewPrivs"], status["Seccomp"]), status["Name"])

    def test_root(self):
        self.look(SETTINGS.program, uid=0)

    def test_root_every_way_to_run(self):
        self.net.near.open_datagram_sockets()
        for words in (["--socket", "dgram"], ["--socket", "raw"], ["-D"], ["--precise"]):
            self.look(SETTINGS.program, *words)

    def test_root_with_names(self):
        """Without -n: the resolver is there too."""
        with self.start("-i.1", "10.55.0.2") as running:
            self.assertTrue(running.wait_for("icmp_seq=", times=1))
            status = running.status()
        self.assertEqual((EMPTY, "1", "2"), (status["CapPrm"], status["NoNewPrivs"], status["Seccomp"]))

    def test_root_with_threads(self):
        """Every thread has what the first one has: nothing, and the filter."""
        if len(os.sched_getaffinity(0)) < 2:
            raise unittest.SkipTest("one processor: there is no second thread")
        for words in (["ping", "-n", "-q", "-f", "10.55.0.2"],
                      ["ping", "-n", "-q", "-f", "localhost"],
                      ["sweep", "-q", "--loop", "--rate", "30k", "-i", "0.1", "10.55.0.2"]):
            with self.net.near.start([SETTINGS.program, *words]) as running:
                threads = self.confined_threads(running)
                running.send_signal(signal.SIGINT)
                result = running.finish()
            self.assertEqual(2, len(threads), f"{words}: {threads}\n{result}")
            for thread in threads:
                self.has_nothing(thread)
            self.assertEqual(1, len([1 for thread in threads if thread["SigBlk"] == ALL_BLOCKED]))
            self.assertIn(result.code, (0, 1), f"\n{result}")

    @staticmethod
    def confined_threads(running):
        """Those of a sonde that has come to its loop: the second filter, if there are two."""
        end = time.monotonic() + 10
        while time.monotonic() < end:
            threads = running.threads()
            if len(threads) > 1 and all(thread["Seccomp"] == "2" for thread in threads):
                return threads
            time.sleep(0.02)
        return running.threads()

    def test_dropin(self):
        with self.net.near.start(["ping", "-n", "-i.2", "10.55.0.2"], path=SETTINGS.dropin) as running:
            self.assertTrue(running.wait_for("icmp_seq="))
            status = running.status()
        for name in ("CapInh", "CapPrm", "CapEff", "CapAmb", "CapBnd"):
            self.assertEqual(EMPTY, status[name], name)
        self.assertEqual(("1", "2"), (status["NoNewPrivs"], status["Seccomp"]))

    def test_simulated(self):
        """It holds for every command, also for one that opens no socket."""
        scenario = pathlib.Path(__file__).parent.parent / "sim" / "scenarios" / "clean.scn"
        result = self.ping("--simulate", str(scenario), "-c1", "far")
        self.ended(result, 0, 1, 2)

    def need_real_users(self):
        if not SETTINGS.real_root:
            raise unittest.SkipTest("the machine's root is needed to give a file a privilege")
        need("setpriv")

    def copy(self, name):
        path = fit_for_privilege() / f"{name}-{os.getpid()}"
        shutil.copy(SETTINGS.program, path)
        self.addCleanup(path.unlink)
        return path

    def test_file_capability(self):
        """With cap_net_raw alone the kernel lets nobody shrink the bounding set."""
        self.need_real_users()
        need("setcap")
        program = self.copy("sonde-filecap")
        os.chmod(program, 0o755)
        try:
            self.net.near.do("setcap", "cap_net_raw+p", program)
        except RuntimeError as error:
            raise unittest.SkipTest("the file system takes no file capabilities") from error
        self.look(program, user="nobody", bounding=False, uid=harness.NOBODY)

    def test_file_capability_effective(self):
        """As Debian's ping has it."""
        self.need_real_users()
        need("setcap")
        program = self.copy("sonde-filecap-e")
        os.chmod(program, 0o755)
        try:
            self.net.near.do("setcap", "cap_net_raw+ep", program)
        except RuntimeError as error:
            raise unittest.SkipTest("the file system takes no file capabilities") from error
        self.look(program, user="nobody", bounding=False, uid=harness.NOBODY)

    def test_set_user_id(self):
        self.need_real_users()
        program = self.copy("sonde-setuid")
        os.chown(program, 0, 0)
        os.chmod(program, 0o4755)
        self.look(program, user="nobody", uid=harness.NOBODY)

    def test_set_user_id_reads_no_file_of_root(self):
        """The identity is given up before a file that the user names is opened."""
        self.need_real_users()
        program = self.copy("sonde-setuid-file")
        os.chmod(program, 0o4755)
        secret = SETTINGS.work / "secret.scn"
        secret.write_text("the-secret-word\n", encoding="ascii")
        os.chmod(secret, 0o600)
        self.addCleanup(secret.unlink)
        result = self.net.near.run([program, "ping", "--simulate", secret, "-c1", "far"], user="nobody")
        self.assertEqual(2, result.code, f"\n{result}")
        self.assertNotIn("secret-word", result.out + result.err)
        self.assertIn("Permission denied", result.err, f"\n{result}")

    def test_nothing(self):
        """No privilege at all; datagram sockets are open to the group."""
        self.net.near.open_datagram_sockets()
        status = self.look(SETTINGS.program, user="nobody", bounding=False)
        if SETTINGS.real_root:
            self.assertEqual(str(harness.NOBODY), status["Uid"].split()[0])

    def test_nothing_v6(self):
        self.net.near.open_datagram_sockets()
        result = self.ended(self.ping("-n", "-c1", "fd55::2", user="nobody"))
        self.assertIn("1 received", result.out)

    def test_nothing_connects(self):
        """Connections and UDP sockets need no privilege, and no more calls than the others."""
        for words, sockets in ((["--tcp", "9"], 300), (["--udp", "33434"], 40)):
            with self.net.near.start(
                [SETTINGS.program, "trace", "-n", "--rounds", "0", "-i", ".1", *words, "10.55.0.2"],
                user="nobody",
            ) as running:
                confined = harness.wait_until(lambda: running.status()["Seccomp"] == "2")
                self.assertTrue(confined, f"{words}")
                for thread in running.threads():
                    self.has_nothing(thread, bounding=False)
                if SETTINGS.real_root:
                    self.assertLess(len(os.listdir(f"/proc/{running.pid}/fd")), sockets)
                time.sleep(0.3)
                running.send_signal(signal.SIGINT)
                result = running.finish(5)
            self.assertIn("1 hop away; the port is closed", result.out, f"\n{result}")

    def foreign(self, *words, **how):
        """As root of a user namespace to which the network does not belong."""
        front = ["unshare", "--user", "--map-root-user", "--"]
        need("unshare")
        if self.net.near.run(["true"], front=front).code:
            raise unittest.SkipTest("no user namespaces")
        return self.net.near.run(words, front=front, **how)

    def test_the_network_of_another_user_namespace(self):
        """A container without root on the host's network: its capabilities open no raw socket."""
        self.net.near.open_datagram_sockets()
        sonde = SETTINGS.program
        result = self.ended(self.foreign("cat", "/proc/self/status"))
        self.assertRegex(result.out, r"CapEff:\t0*[1-9a-f]")
        for words in ([], ["--stateless", "--cooldown", ".2"]):
            result = self.ended(self.foreign(sonde, "sweep", "--json", *words, "10.55.0.2"))
            self.assertIn('"transport":"dgram"', result.out, f"\n{result}")
        for words in (["ping", "-c1"], ["trace", "-n"], ["trace", "-n", "--udp", "33434"],
                      ["sweep", "--tcp", "9"]):
            self.ended(self.foreign(sonde, *words, "10.55.0.2"))
        for peer in (["ping", "-c1"], ["fping"]):
            self.ended(self.foreign(*peer, "10.55.0.2", path=SETTINGS.dropin))
        for words in (["sweep", "--transport", "raw"], ["sweep", "--transport", "ring"]):
            self.ended(self.foreign(sonde, *words, "10.55.0.2"), 4)
        for words in (["sweep"], ["ping", "-c1"]):
            result = self.ended(self.foreign(sonde, *words, "--sctp", "9", "10.55.0.2"), 2, 4)
            self.assertIn("needs raw sockets", result.err, f"\n{result}")

    def test_closed(self):
        """The ways to open it are named."""
        for words in ([], ["--socket", "raw"], ["--socket", "dgram"]):
            result = self.ended(self.ping("-n", "-c1", *words, "10.55.0.2", user="nobody"), 2)
            self.assertEqual("", result.out, f"\n{result}")
            if words != ["--socket", "dgram"]:
                self.assertIn("cap_net_raw", result.err, f"\n{result}")
            if words != ["--socket", "raw"]:
                self.assertIn("ping_group_range", result.err, f"\n{result}")

    def test_closed_raw_asked_for(self):
        self.net.near.open_datagram_sockets()
        result = self.ended(self.ping("-n", "-c1", "--socket", "raw", "10.55.0.2", user="nobody"), 2)
        self.assertIn("cap_net_raw", result.err, f"\n{result}")

    # --- limits that protect others

    def refused(self, *words, says):
        self.net.near.open_datagram_sockets()
        result = self.ended(self.ping("-n", "-c1", "-W.3", *words, user="nobody"), 2)
        self.assertEqual(1, len(result.err.strip().splitlines()), f"\n{result}")
        self.assertIn(says, result.err, f"\n{result}")

    def test_user_interval(self):
        self.refused("-i.001", "10.55.0.2", says="2 ms")
        self.refused("-i0", "10.55.0.2", says="2 ms")
        self.ended(self.ping("-n", "-c3", "-i.002", "10.55.0.2", user="nobody"))

    def test_user_flood(self):
        self.refused("-f", "10.55.0.2", says="flood")

    def test_user_preload(self):
        self.refused("-l4", "10.55.0.2", says="3")
        self.ended(self.ping("-n", "-c3", "-l3", "10.55.0.2", user="nobody"))

    def test_user_broadcast(self):
        self.refused("10.55.0.255", says="-b")
        self.refused("-b", "-i.5", "10.55.0.255", says="broadcast")

    def test_user_adaptive_keeps_to_the_limit(self):
        self.net.near.open_datagram_sockets()
        result = self.ended(self.ping("-n", "-q", "-A", "-c100", "10.55.0.2", user="nobody"))
        self.assertGreater(result.seconds, 0.18, f"\n{result}")

    def test_user_many_hosts_keep_to_the_limit(self):
        """A host given fifty times is not asked fifty times as often."""
        self.net.near.open_datagram_sockets()
        result = self.ping("-n", "-q", "-c2", "-i.002", *["10.55.0.2"] * 50, user="nobody")
        self.assertIn(result.code, (0, 2), f"\n{result}")
        sent = 2 * result.out.count("ping statistics ---")
        if result.code == 0:
            self.assertGreater(result.seconds, 0.002 * (sent - 1), f"{sent} probes\n{result}")

    def test_user_mark(self):
        """A firewall mark needs a privilege: a warning or a refusal, never silence."""
        self.net.near.open_datagram_sockets()
        result = self.ended(self.ping("-n", "-c1", "-m5", "10.55.0.2", user="nobody"), 0, 2)
        self.assertIn("mark", result.err, f"\n{result}")
