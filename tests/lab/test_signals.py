"""Signals: summary, running line, end; a sleep of the machine is no loss."""

import fcntl
import os
import re
import signal
import subprocess
import time

import harness
from far_end import FarEnd, silent_pair
from harness import Case, pair

F_SETPIPE_SZ = 1031
SUMMARY = re.compile(r"(\d+) packets transmitted, (\d+) received")


class Signals(Case):
    topology = staticmethod(pair)

    def running(self, *words, **options):
        program = self.start("-n", *words, **options)
        self.addCleanup(program.__exit__, None)
        self.assertTrue(program.wait_for("icmp_seq=", times=2), program.early)
        return program

    def test_int_prints_the_summary(self):
        program = self.running("-i.1", "10.55.0.2")
        program.send_signal(signal.SIGINT)
        result = self.ended(program.finish(3))
        sent, received = map(int, SUMMARY.search(result.out).groups())
        self.assertTrue(sent >= 2 and received >= sent - 1, f"\n{result}")
        self.assertEqual(received, result.out.count("icmp_seq="), f"\n{result}")

    def test_int_reads_what_a_flood_has_been_answered(self):
        """Once of three times: a starved machine may leave the last probes on their way."""
        for _ in range(3):
            with self.start("-n", "-q", "-f", "10.55.0.2") as program:
                self.assertTrue(program.wait_for("PING"))
                time.sleep(0.3)
                program.send_signal(signal.SIGINT)
                result = self.ended(program.finish(3))
            sent, received = map(int, SUMMARY.search(result.out).groups())
            if sent == received:
                return
        self.assertEqual(sent, received, f"\n{result}")

    def test_int_of_a_run_without_answer(self):
        with self.start("-n", "-i.1", "10.55.90.1") as program:
            self.assertTrue(program.wait_for("PING"))
            time.sleep(0.45)
            program.send_signal(signal.SIGINT)
            result = self.ended(program.finish(3), 1)
        sent, received = map(int, SUMMARY.search(result.out).groups())
        self.assertTrue(3 <= sent <= 8 and received == 0, f"\n{result}")

    def test_int_ends_the_wait_for_the_last_answer(self):
        with self.start("-n", "-c1", "-W20", "10.55.90.1") as program:
            self.assertTrue(program.wait_for("PING"))
            time.sleep(0.2)
            program.send_signal(signal.SIGINT)
            result = self.ended(program.finish(3), 1)
        self.assertIn("1 packets transmitted, 0 received", result.out)

    def test_second_int_ends_it_though_nobody_reads(self):
        """Standard output is full, so the program sleeps in write(): it must still be endable."""
        reader, writer = os.pipe()
        fcntl.fcntl(writer, F_SETPIPE_SZ, 4096)
        with self.start("-n", "-i.002", "-c100000", "10.55.0.2", stdout=writer) as program:
            os.close(writer)
            try:
                time.sleep(0.8)
                self.assertIsNone(program.process.poll())
                program.send_signal(signal.SIGINT)
                time.sleep(0.3)
                program.send_signal(signal.SIGINT)
                try:
                    program.process.wait(2)
                except subprocess.TimeoutExpired:
                    self.fail("two SIGINT did not end a run whose output nobody reads")
            finally:
                os.close(reader)

    def test_quit_prints_a_running_line(self):
        program = self.running("-i.1", "10.55.0.2")
        program.send_signal(signal.SIGQUIT)
        time.sleep(0.25)
        self.assertIsNone(program.process.poll(), "SIGQUIT ended it")
        program.send_signal(signal.SIGINT)
        result = self.ended(program.finish(3))
        self.assertRegex(
            result.err,
            r"\d+/\d+ packets, 0% loss, min/avg/ewma/max = \d+\.\d{3}/\d+\.\d{3}/\d+\.\d{3}/\d+\.\d{3} ms\n",
        )

    def test_quit_before_any_answer(self):
        with self.start("-n", "-i.2", "10.55.90.1") as program:
            self.assertTrue(program.wait_for("PING"))
            time.sleep(0.3)
            program.send_signal(signal.SIGQUIT)
            time.sleep(0.2)
            program.send_signal(signal.SIGINT)
            result = self.ended(program.finish(3), 1)
        self.assertRegex(result.err, r"0/\d+ packets, 100% loss\n")

    def test_quit_many(self):
        """Twenty running lines, and not one probe less for it."""
        program = self.running("-i.05", "-c20", "10.55.0.2")
        for _ in range(20):
            program.send_signal(signal.SIGQUIT)
            time.sleep(0.02)
        result = self.ended(program.finish(5))
        self.assertIn("20 packets transmitted, 20 received, 0% packet loss", result.out)

    def test_term_ends_it(self):
        program = self.running("-i.1", "10.55.0.2")
        program.send_signal(signal.SIGTERM)
        result = self.ended(program.finish(3), 0, -signal.SIGTERM)
        if result.code == 0:
            self.assertRegex(result.out, SUMMARY)

    def test_hup_ends_it(self):
        program = self.running("-i.1", "10.55.0.2")
        program.send_signal(signal.SIGHUP)
        self.ended(program.finish(3), 0, -signal.SIGHUP)

    def test_term_of_the_dropin_is_pings(self):
        """iputils' ping leaves SIGTERM and SIGHUP to the system: no summary, ended by the signal."""
        for number in (signal.SIGTERM, signal.SIGHUP):
            with self.net.near.start(
                ["ping", "-n", "-i.1", "10.55.0.2"], path=harness.SETTINGS.dropin
            ) as program:
                self.assertTrue(program.wait_for("icmp_seq=1"))
                program.send_signal(number)
                result = self.ended(program.finish(3), -number)
                self.assertNotIn("statistics", result.out)

    def suspended(self, words, *, path=None):
        """Two seconds asleep in the middle of four."""
        with self.start("-n", *words, path=path) as program:
            self.assertTrue(program.wait_for("icmp_seq=", times=3))
            program.send_signal(signal.SIGSTOP)
            time.sleep(2)
            program.send_signal(signal.SIGCONT)
            return self.ended(program.finish(10))

    def test_stop_and_continue(self):
        result = self.suspended(["-i.1", "-w4", "-W1", "10.55.0.2"])
        sent, received = map(int, SUMMARY.search(result.out).groups())
        self.assertEqual(sent, received, f"probes never sent are called lost\n{result}")
        self.assertTrue(15 <= sent <= 32, f"\n{result}")
        self.assertIn(" 0% packet loss", result.out)
        times = [float(text) for text in re.findall(r"time=([\d.]+)", result.out)]
        self.assertTrue(max(times) < 50, f"the time of the sleep is in an RTT\n{result}")

    def test_stop_and_continue_with_a_count(self):
        """All of the count is sent in the end."""
        result = self.suspended(["-i.1", "-c15", "-W1", "10.55.0.2"])
        self.assertIn("15 packets transmitted, 15 received, 0% packet loss", result.out, f"\n{result}")

    def test_stop_in_flood(self):
        with self.start("-n", "-q", "-i.005", "-w3", "-W1", "10.55.0.2") as program:
            self.assertTrue(program.wait_for("PING"))
            time.sleep(0.5)
            program.send_signal(signal.SIGSTOP)
            time.sleep(1.5)
            program.send_signal(signal.SIGCONT)
            result = self.ended(program.finish(10))
        sent, received = map(int, SUMMARY.search(result.out).groups())
        self.assertEqual(sent, received, f"\n{result}")


class SleepWithAnAnswerOnItsWay(Case):
    topology = staticmethod(silent_pair)

    def test_the_answer_came_while_we_slept(self):
        """It lies in the queue with the kernel's stamp: it is neither lost nor slow."""
        with FarEnd(self.net, lambda request, _: [(0.3, request.reply())]):
            with self.start("-n", "-c2", "-i3", "-W1", "10.55.0.2") as program:
                self.assertTrue(program.wait_for("PING"))
                time.sleep(0.1)
                program.send_signal(signal.SIGSTOP)
                time.sleep(1.7)
                program.send_signal(signal.SIGCONT)
                result = self.ended(program.finish(10))
        self.assertIn("2 packets transmitted, 2 received, 0% packet loss", result.out, f"\n{result}")
        times = [float(text) for text in re.findall(r"time=([\d.]+)", result.out)]
        self.assertTrue(all(290 < ms < 400 for ms in times), f"\n{result}")
