"""The bench `lab`: is what sonde lab decides done on time, and how many packets a second."""

import json
import os
import re
import statistics
import subprocess
import time

import lab
from figures import Row, percentile

DELAY_MS = 20
FIXED = f"host far 198.18.0.9 delay {DELAY_MS}ms\n"
PREFIX = "host net 10.0.0.0/8\n"
WINDOW = 4096                     # requests under way, of the flood that waits for answers
BUSY = 70                         # percent: the lab and the sender take less, waits included
SETTLE_S = 5                      # at most, for the rest of the machine to keep still


class Deliveries:
    def __init__(self, sonde, runner, directory, quick):
        self.sonde = sonde
        self.runner = runner
        self.flood = os.path.join(os.path.dirname(runner.measure), "flood")
        self.directory = directory
        self.quick = quick
        self.notes = []

    def scenario(self, name, text):
        path = os.path.join(self.directory, name)
        with open(path, "w", encoding="ascii") as file:
            file.write(text)
        return path

    def rows(self):
        return self.on_time() + self.throughput()

    # --- are answers on time --------------------------------------------------------------------

    def on_time(self):
        scenario = self.scenario("fixed.scn", FIXED)
        truth = os.path.join(self.directory, "fixed.json")
        seconds = 2 if self.quick else 5
        rows = []
        for rate in (200, 2000):
            lab.settle(SETTLE_S)
            before = lab.processor_ticks()
            self.runner.run([self.sonde, "lab", "--truth", truth, scenario, "--",
                             self.sonde, "ping", "-q", "-n", "-i", f"{1 / rate:g}",
                             "-c", str(rate * seconds), "far"], "sender", seconds + 20)
            share = lab.busy_share(before, lab.processor_ticks())
            late, off = self.errors(truth, rate * seconds)
            idle = "" if share <= BUSY else ", which is not idle"
            self.notes.append(
                f"lab: {rate * seconds:,} answers of {DELAY_MS} ms at {rate:,}/s; processors "
                f"{share:.0f} % busy{idle}; |left - came - {DELAY_MS} ms| p50 "
                f"{percentile(off, 50):.1f}, p99 {percentile(off, 99):.1f}, max {off[-1]:.1f} us")
            rows += [
                Row(f"lab: answers at {rate:,}/s late or early, p99 (us)",
                    {"sonde": percentile(late, 99)}, most=100),
                Row("  p50 (us)", {"sonde": percentile(late, 50)}),
                Row("  max (us)", {"sonde": late[-1]}),
            ]
        return rows

    @staticmethod
    def errors(truth, count):
        """In us and in order: against the time that was due, against the delay as scripted."""
        late, off = [], []
        with open(truth, encoding="utf-8") as file:
            for line in file:
                packet = json.loads(line)
                for decision in packet["decisions"]:
                    if decision["left_ns"] is not None:
                        late.append(abs(decision["left_ns"] - decision["due_ns"]) / 1000)
                        off.append(abs(decision["left_ns"] - packet["came_ns"]
                                       - DELAY_MS * 1_000_000) / 1000)
        if len(late) < count * 0.99:
            raise RuntimeError(f"lab: {len(late)} of {count} answers in the truth")
        return sorted(late), sorted(off)

    # --- how many packets a second --------------------------------------------------------------

    def throughput(self):
        scenario = self.scenario("prefix.scn", PREFIX)
        seconds = 2
        rounds = 1 if self.quick else 3
        rates, floods, costs, shares = [], [], [], []
        lab.settle(SETTLE_S)
        for _ in range(rounds):
            _, answered, took, share = self.flooded(scenario, seconds, WINDOW)
            rates.append(answered / took / 1000)
            costs.append(share * took / answered * 1e6)
            shares.append(100 * share)
            sent, answered, took, _ = self.flooded(scenario, seconds, 0)
            floods.append(answered / took / 1000)
        self.notes.append(
            f"lab: a /8 without delay or truth file, {rounds} x {seconds} s, 84-byte packets, at "
            f"most {WINDOW:,} requests under way; without regard to answers "
            f"{sent / took / 1000:,.0f} thousand/s are sent; sender, receiver and lab share the "
            "processors")
        return [
            Row("lab: packets answered (1,000/s)", {"sonde": statistics.median(rates)}, least=100),
            Row("  the same, more sent than it can answer (1,000/s)",
                {"sonde": statistics.median(floods)}),
            Row("  processor use of the lab (% of one)", {"sonde": statistics.median(shares)},
                digits=0),
            Row("  processor time a packet (us)", {"sonde": statistics.median(costs)}, digits=2),
        ]

    def flooded(self, scenario, seconds, window):
        """Sent, answered, s, and which share of one processor the lab took meanwhile."""
        process = subprocess.Popen(
            [self.sonde, "lab", scenario, "--", self.flood, "10.0.0.0/8", str(seconds),
             str(window)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True)
        try:
            time.sleep(0.3)
            start, used = time.monotonic(), lab.process_time(process.pid)
            time.sleep(seconds - 0.6)
            share = (lab.process_time(process.pid) - used) / (time.monotonic() - start)
            text, _ = process.communicate(timeout=10)
        finally:
            process.kill()
            process.wait()
        found = re.search(r"^(\d+) (\d+) (\d+) \d+ \d+$", text, re.MULTILINE)
        if process.returncode != 0 or not found:
            raise RuntimeError(f"lab: flood: {text.strip()[-300:]}")
        sent, answered, ns = (int(word) for word in found.groups())
        if not answered:
            raise RuntimeError("lab: flood: no answer at all")
        return sent, answered, ns / 1e9, share
