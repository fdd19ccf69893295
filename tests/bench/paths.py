"""The bench `paths`: sonde trace and sonde mtu beside the programs that ask for the way."""

import json
import os
import re
import shutil
import statistics
import subprocess

import lab
import ways
from figures import Row

GALLERY = os.path.join(os.path.dirname(__file__), "..", "..", "docs", "scenarios")
FAR = "198.18.0.9"
HOPS = 20
LINK_MS = 10                      # one way
ROUTERS = 9
ROUNDS = 10
INTERVAL_S = 0.1
WALKED = f"10.79.{ROUTERS}.2"     # the far end behind the routers
FLOWS = ("ecmp", "wide-diamond", "unequal-branches", "bad-member")
UNIFORM = ("wide-diamond", "bad-member")
LINKS_BY = {"lite": "MDA-Lite", "mda": "MDA"}
PATIENCE_S = 60                   # then scamper is ended, and its time is a lower bound
PEERS = ("traceroute", "mtr", "tracepath", "scamper")


def long_way():
    """A host behind 19 routers, 10 ms from each to the next."""
    names = [f"r{n}" for n in range(1, HOPS)]
    nodes = ["observer", *names, "far"]
    return "\n".join([
        *(f"router {name} 198.18.{n}.1" for n, name in enumerate(names, 1)),
        f"host far {FAR} via {' '.join(names)}",
        *(f"link {near} {far} delay {LINK_MS}ms" for near, far in zip(nodes, nodes[1:])), ""])


def slowest_ms(text):
    return max(float(value) for value in re.findall(r"([\d.]+) ms", text))


class Paths:
    def __init__(self, sonde, runner, directory, quick):
        self.sonde = sonde
        self.runner = runner
        self.directory = directory
        self.quick = quick
        self.notes = []
        self.peers = {name: path for name in PEERS if (path := shutil.which(name))}
        self.notes += [f"{name}: not here, not measured" for name in PEERS
                       if name not in self.peers]

    def rows(self):
        return [*self.many_hops(), *self.rounds(), *self.all_ways(), *self.mtu()]

    def played(self, scenario, command, seconds, most=1):
        """What `command` costs in the lab, without the lab's own beginning and end."""
        return self.runner.run(command, None, seconds, most=most, through=[
            self.sonde, "lab", "--seed", "1", scenario, "--"])

    def medians(self, rounds, commands, run):
        """{tool: median of the wall times in ms}, and what each printed last."""
        times, outputs = {}, {}
        for _ in range(rounds):
            for tool, command in commands.items():
                cost = run(command)
                times.setdefault(tool, []).append(cost.wall_s * 1000)
                outputs.setdefault(tool, []).append(cost.output)
        return {tool: statistics.median(found) for tool, found in times.items()}, outputs

    # --- many hops ------------------------------------------------------------------------------

    def many_hops(self):
        """Three queries a hop; tracepath asks once, and again what was not answered."""
        scenario = os.path.join(self.directory, "long-way.scn")
        with open(scenario, "w", encoding="ascii") as file:
            file.write(long_way())
        options = {"traceroute": ["-n", "-q", "3", FAR], "mtr": ["-n", "-r", "-c", "3", FAR],
                   "tracepath": ["-n", FAR], "scamper": ["-I", f"trace -q 3 {FAR}"]}
        commands = {"sonde": [self.sonde, "trace", "-n", FAR]}
        rounds = 1 if self.quick else 5
        lab.settle(1 if self.quick else 5)
        times, outputs = self.medians(rounds, commands, lambda c: self.played(scenario, c, 60))
        slowest = statistics.median(slowest_ms(text) for text in outputs["sonde"])
        ratio = times["sonde"] / slowest
        for name, path in self.peers.items():
            found, _ = self.medians(1 if self.quick else 3, {name: [path, *options[name]]},
                                    lambda c: self.played(scenario, c, 60))
            times |= found
        others = {name: value for name, value in times.items() if name != "sonde"}
        fastest = min(others, key=others.get, default="traceroute")
        self.notes.append(
            f"paths: {HOPS} hops, {LINK_MS} ms each way from one to the next, in the lab, without "
            f"names: sonde trace ({rounds} runs), traceroute -q 3, mtr -r -c 3, tracepath (one "
            f"query a hop), scamper trace -q 3; the slowest RTT that sonde printed is "
            f"{slowest:.0f} ms")
        return [
            Row(f"{HOPS} hops, 3 queries each: whole process (ms)", times, peer=fastest,
                most_ratio=1, digits=0),
            Row("  by the slowest RTT", {"sonde": ratio}, most=1.3, digits=2),
        ]

    # --- again and again, over real routers -----------------------------------------------------

    def rounds(self):
        names = lab.chain("walker", [f"hop{n}" for n in range(1, ROUTERS + 1)], "walked", "10.79")
        rows = []
        for limit, what in ((0, "without limit"), (1000, "as Linux rations them")):
            # Kernels differ in which limits they have.
            for name in names[1:]:
                for setting in (f"icmp_ratelimit={limit}", f"icmp_msgs_per_sec={10**6}"):
                    subprocess.run(["ip", "netns", "exec", name, "sysctl", "-q", "-w",
                                    f"net.ipv4.{setting}"], stdin=subprocess.DEVNULL,
                                   capture_output=True, check=False)
            commands = {"sonde": [self.sonde, "trace", "-n", "--report", "--rounds", str(ROUNDS),
                                  "-i", str(INTERVAL_S), WALKED]}
            if "mtr" in self.peers and not (self.quick and limit):
                commands["mtr"] = [self.peers["mtr"], "-n", "-r", "-c", str(ROUNDS), "-i",
                                   str(INTERVAL_S), WALKED]
            lab.settle(1 if self.quick else 5)
            times, outputs = self.medians(
                1 if self.quick else 3, commands,
                lambda c: self.runner.run(c, "walker", 40, most=1))
            ideal_ms = (ROUNDS - 1) * INTERVAL_S * 1000 + self.report_worst(outputs["sonde"][-1])
            goal = {"most": 10} if limit == 0 else {}
            rows += [
                Row(f"{ROUTERS} routers, {ROUNDS} rounds every {INTERVAL_S:g} s, errors {what} "
                    "(ms)", times, peer="mtr", digits=0),
                Row("  over the ideal (%)", {tool: 100 * (value / ideal_ms - 1)
                                             for tool, value in times.items()},
                    peer="mtr", digits=2, **goal),
            ]
        self.notes.append(
            f"paths: {ROUTERS} routers in namespaces; ideal are {ROUNDS - 1} intervals and the "
            "slowest RTT. Linux rations its errors to one a second (6 at once) to each address: "
            "then the last round has questions without answer, and waits for them")
        return rows

    @staticmethod
    def report_worst(text):
        """The largest of the column `Worst` in ms."""
        head = next(line for line in text.splitlines() if line.startswith("Hop "))
        end = head.index("Worst") + len("Worst")
        return max(float(line[:end].split()[-1]) for line in text.splitlines()
                   if re.match(r"\s*\d+  \d", line))

    # --- all ways -------------------------------------------------------------------------------

    def all_ways(self):
        rows = []
        runs = 20 if self.quick else 100
        for name in FLOWS:
            scenario = os.path.join(GALLERY, name + ".scn")
            truth = ways.links(scenario, "far")
            probes = {}
            for algorithm, title in LINKS_BY.items():
                right, over, probes[algorithm] = self.found(scenario, truth, algorithm, 95, runs)
                surer, over_surer, _ = self.found(scenario, truth, algorithm, 99, runs)
                rows += [
                    Row(f"{name}, {title}: runs with the true links, at 95 % (%)",
                        {"sonde": right}, least=95),
                    Row("  at 99 % (%)", {"sonde": surer}, least=99),
                    Row("  runs with more probes than the bound", {"sonde": over + over_surer},
                        most=0, digits=0),
                    Row("  probes, at 95 %", {"sonde": probes[algorithm]}, digits=0),
                ]
            goal = {"most": 0.7} if name in UNIFORM else {}
            rows.append(Row("  MDA-Lite's by those of MDA",
                            {"sonde": probes["lite"] / probes["mda"]}, digits=2, **goal))
            rows += self.beside_scamper(name, scenario)
        self.notes.append(
            f"paths: all ways: {runs} runs with seeds from 1 on, in virtual time; the links "
            "beside those that the scenario's own words give. What was asked again because an "
            "answer was lost is not counted against the bound. The time is that of a run in the "
            "lab, beside scamper -p 10000 -I tracelb")
        return rows

    def found(self, scenario, truth, algorithm, confidence, runs):
        """Percent of the runs that are right; those over the bound; the mean of the probes."""
        right, over, probes = 0, 0, []
        for seed in range(1, runs + 1):
            done = subprocess.run(
                [self.sonde, "trace", "--simulate", scenario, "--seed", str(seed), "-4", "-n",
                 "--multipath", "--algorithm", algorithm, "--confidence", str(confidence),
                 "--json", "far"], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                timeout=60)
            if done.returncode not in (0, 1):
                raise RuntimeError(f"{scenario}: {done.stderr.strip()}")
            graph = json.loads(done.stdout.splitlines()[-1])
            addresses = [vertex.get("address") for vertex in graph["vertices"]]
            links = {(addresses[link["from"]], addresses[link["to"]]) for link in graph["links"]}
            right += links == truth
            over += graph["probes"] - graph["lost"] > graph["bound"]
            probes.append(graph["probes"])
        return 100 * right / runs, over, statistics.fmean(probes)

    def beside_scamper(self, name, scenario):
        ours = [self.played(scenario, [self.sonde, "trace", "-4", "-n", "--multipath", FAR],
                            60).wall_s for _ in range(1 if self.quick else 3)]
        times = {"sonde": statistics.median(ours)}
        row = Row("  whole process (s)", times, peer="scamper", most_ratio=0.2, digits=2)
        if "scamper" in self.peers and not (self.quick and name != "unequal-branches"):
            limit_s = 10 if self.quick else PATIENCE_S
            cost = self.played(scenario, [self.peers["scamper"], "-p", "10000", "-I",
                                          f"tracelb {FAR}"], limit_s, most=None)
            times["scamper"] = cost.wall_s
            if cost.wall_s >= limit_s:
                self.notes.append(f"paths: {name}: scamper was ended after {limit_s} s")
        return [row]

    # --- path MTU -------------------------------------------------------------------------------

    def mtu(self):
        rows = []
        scenario = os.path.join(GALLERY, "black-hole.scn")
        for family in ("4", "6"):
            command = [self.sonde, "mtu", f"-{family}", "-n", "far"]
            times, outputs = self.medians(1 if self.quick else 3, {"sonde": command},
                                          lambda c: self.played(scenario, c, 40, most=1))
            said = {"sonde": self.said(outputs["sonde"][-1], r"path MTU to \S+ is (\d+)")}
            if "tracepath" in self.peers and not self.quick:
                cost = self.played(scenario, [self.peers["tracepath"], f"-{family}", "-n", "-m",
                                              "8", "far"], 60)
                times["tracepath"] = cost.wall_s * 1000
                said["tracepath"] = self.said(cost.output, r"pmtu (\d+)")
            wrong = {tool: value - 1400 for tool, value in said.items() if value}
            rows += [
                Row(f"black hole at 1,400 bytes, IPv{family}: path MTU off by (bytes)", wrong,
                    peer="tracepath", most=0, digits=0),
                Row("  whole process (ms)", times, peer="tracepath", most=3000, digits=0),
            ]
        self.notes.append("paths: tracepath -m 8: it waits three seconds for each hop behind the "
                          "hole")
        return rows

    @staticmethod
    def said(text, pattern):
        found = re.findall(pattern, text)
        return int(found[-1]) if found else None
