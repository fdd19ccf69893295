"""The bench `truth`: what tools say in scenarios of the gallery, against the truth file."""

import concurrent.futures
import dataclasses
import os
import re
import shutil
import signal
import subprocess

import claims
import lab
import told
import verdicts

GALLERY = os.path.join(os.path.dirname(__file__), "..", "..", "docs", "scenarios")
FAR = "198.18.0.9"
SEED = "1"
SIDE_BY_SIDE = 4
EXACT_MS = 0.06                   # of RTTs, one tool after the other; 0.01 is the device's own
HOP_MS = 1.0                      # of times of hops
LIMIT_S = 20                      # beyond its weight; then a run is interrupted, as with ^C

VERSION = {"sonde": "--version", "ping": "-V", "fping": "-v", "traceroute": "--version",
           "mtr": "--version", "tracepath": "-V"}
PARSERS = {"sonde": claims.sonde, "ping": claims.ping, "fping": claims.fping,
           "traceroute": claims.traceroute, "mtr": claims.mtr, "tracepath": claims.tracepath,
           ("sonde", "path"): claims.sonde_trace, ("sonde", "report"): claims.sonde_report,
           ("sonde", "mtu"): claims.sonde_mtu}
WAYS = ("path", "report", "mtu")  # kinds of jobs that tell of a way


@dataclasses.dataclass
class Job:
    scene: str                    # as the table calls it
    scenario: str                 # file
    tool: str
    arguments: list
    kind: str = "echo"            # echo, path, report, mtu, sweep; survey: only to see the links
    target: str = FAR
    mtu: int = 1500               # of the way
    interval_ms: float = None
    tolerance_ms: float = None    # None: side by side with others
    weight: float = 3             # seconds that it takes, about
    output: str = ""
    truth: str = ""
    interrupted: bool = False


def echoes(scene, scenario, count, interval_ms, target=("far", FAR), fping=(), **more):
    """The three that ask a host again and again, with the same count and interval."""
    name, address = target
    seconds = f"{interval_ms / 1000:g}"
    more = {"target": address, "interval_ms": interval_ms,
            "weight": count * interval_ms / 1000 + 1, **more}
    for tool, arguments in (
            ("sonde", ["ping", "-4", "-n", "-c", str(count), "-i", seconds, name]),
            ("ping", ["-4", "-n", "-c", str(count), "-i", seconds, name]),
            ("fping", ["-4", *fping, "-c", str(count), "-p", f"{interval_ms:g}", name])):
        yield Job(scene, scenario, tool, arguments, **more)


def paths(scene, scenario, cycles=10, tracepath=(), **more):
    yield Job(scene, scenario, "sonde", ["ping", "-q", "-4", "-i", "0.004", "-c", "250", "far"],
              "survey", weight=2)
    yield Job(scene, scenario, "sonde", ["trace", "-4", "-n", "far"], "path", **more)
    yield Job(scene, scenario, "sonde", ["trace", "-4", "-n", "--report", "--rounds", str(cycles), "-i",
                                         "0.5", "far"], "report", **{"weight": cycles / 2, **more})
    if more.get("mtu"):
        yield Job(scene, scenario, "sonde", ["mtu", "-4", "-n", "far"], "mtu", **more)
    for tool, arguments, weight in (
            ("traceroute", ["-4", "-n", "far"], 6),
            ("mtr", ["-4", "-n", "-r", "-c", str(cycles), "-i", "0.5", "far"],
             cycles / 2 + 6),
            ("tracepath", ["-4", "-n", *tracepath, "far"], 10)):
        yield Job(scene, scenario, tool, arguments, "path", **{"weight": weight, **more})


def alone(quick):
    """One after the other: RTTs to the microsecond."""
    count = 60 if quick else 200
    for scene in ("clean LAN", "clean LAN, busy processors"):
        yield from echoes(scene, "lan", count, 10, tolerance_ms=EXACT_MS)
    yield from paths("Frankfurt to Tokyo", "intercontinental", cycles=3, tolerance_ms=HOP_MS)


def together(quick):
    """Side by side: counts, ways, sizes."""
    yield from echoes("satellite, 560 ms", "satellite", 15, 100)
    yield from echoes("Wi-Fi: tail, bursts, duplicates", "wifi", 40 if quick else 100, 50)
    yield from echoes("bit-flipping link", "corrupting", 100 if quick else 200, 20)
    yield from echoes("duplicates and replays", "replayed", 45 if quick else 80, 100)
    # By itself fping waits no longer than its interval: that is seen at the satellite.
    yield from echoes("per-packet balancer", "per-packet", 100, 10, fping=("-t", "1000"))
    yield from echoes("answers from another address", "asymmetric", 5, 200, ("twin", "198.18.0.10"))
    yield from echoes("hostile host", "hostile", 40, 50, weight=12)
    yield from echoes("unreachable host", "survey", 5, 200, ("10.66.0.1", "10.66.0.1"))
    yield from paths("per-packet balancer", "per-packet")
    yield from paths("rationed hop", "rationed-hop")
    yield from paths("ECMP core", "ecmp")
    yield from paths("unequal branches", "unequal-branches")
    yield from paths("hop that forwards TTL 0", "ttl-zero")
    yield from paths("tunnel that says what fits", "tunnel-mtu", mtu=1280)
    yield from paths("path MTU black hole", "black-hole", mtu=1400, weight=25,
                     tracepath=("-m", "8"))
    if not quick:
        yield from paths("silent hops", "silent-hops", weight=20)
    hosts = [f"198.19.7.{n}" for n in range(1, 63)]
    yield Job("half-dead network", "half-dead", "sonde",
              ["ping", "-q", "-n", "-c", "1", "-W", "1", *hosts], "sweep")
    yield Job("half-dead network", "half-dead", "fping", ["-a", "-g", "198.19.7.0/26"], "sweep",
              weight=6)


class Runs:
    """Runs jobs in the lab and keeps what they printed and what was true."""

    def __init__(self, sonde, directory):
        self.sonde = sonde
        self.directory = os.path.join(directory, "truth")
        os.makedirs(self.directory, exist_ok=True)
        self.programs = {name: sonde if name == "sonde" else shutil.which(name)
                         for name in VERSION}

    def versions(self):
        for name, path in self.programs.items():
            if not path:
                yield f"{name}: not here, not measured"
                continue
            done = subprocess.run([path, VERSION[name]], stdin=subprocess.DEVNULL,
                                  capture_output=True, text=True, timeout=10)
            yield f"{name}: {((done.stdout + done.stderr).strip() or '?').splitlines()[0]}"

    def run(self, job):
        name = re.sub(r"\W+", "-", f"{job.scene}-{job.tool}-{job.kind}")
        job.truth = os.path.join(self.directory, name + ".json")
        output = os.path.join(self.directory, name + ".out")
        scenario = os.path.join(GALLERY, job.scenario + ".scn")
        with open(output, "wb") as file:
            process = subprocess.Popen(
                [self.sonde, "lab", "--seed", SEED, "--truth", job.truth, scenario, "--",
                 self.programs[job.tool], *job.arguments],
                stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT,
                start_new_session=True)
            try:
                process.wait(LIMIT_S + job.weight)
            except subprocess.TimeoutExpired:
                job.interrupted = True
                os.killpg(process.pid, signal.SIGINT)
                try:
                    process.wait(5)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
        with open(output, encoding="utf-8", errors="replace") as file:
            job.output = file.read()
        if not os.path.exists(job.truth):
            raise RuntimeError(f"{job.scene}, {job.tool}: {job.output.strip()[-300:]}")

    def all(self, quick):
        jobs = []
        lab.settle(10)
        for job in alone(quick):
            if not self.programs[job.tool]:
                continue
            if "busy" in job.scene:
                with lab.Load(60):
                    self.run(job)
            else:
                self.run(job)
            jobs.append(job)
        rest = [job for job in together(quick) if self.programs[job.tool]]
        with concurrent.futures.ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
            list(pool.map(self.run, sorted(rest, key=lambda job: -job.weight)))
        return jobs + rest


def judge(jobs):
    """[(job, statements)]"""
    seen = {id(job): told.Told(job.truth) for job in jobs}
    surveys = {}
    for job in jobs:
        links, nodes, distances = surveys.setdefault(job.scenario, (set(), {}, set()))
        truth = seen[id(job)]
        links.update(truth.links())
        nodes.update(truth.nodes())
        distances.update(told.distances(truth.probes(job.target), job.target))
    result = []
    for job in jobs:
        if job.kind == "survey":
            continue
        judge_ = verdicts.Judge()
        truth = seen[id(job)]
        if job.interrupted:
            judge_.say("its end", f"none within {LIMIT_S + job.weight:.0f} s", "-", False,
                       "did not end")
        if job.kind == "sweep":
            found = claims.alive if job.tool == "fping" else claims.answering
            judge_.sweep(found(job.output), truth)
        elif job.kind in WAYS:
            parse = PARSERS.get((job.tool, job.kind), PARSERS[job.tool])
            judge_.path(parse(job.output), truth, job, surveys[job.scenario])
        else:
            judge_.echo(PARSERS[job.tool](job.output), truth.pings(job.target), job)
        result.append((job, judge_.statements))
    return result


def totals(judged):
    """{tool: [true, wrong, silent]}"""
    found = {name: [0, 0, 0] for name in VERSION}
    for job, statements in judged:
        for statement in statements:
            found[job.tool][(verdicts.TRUE, verdicts.WRONG, verdicts.SILENT)
                            .index(statement.verdict)] += 1
    return found


def text_table(judged):
    lines = [["scenario", "tool", "about", "said", "true", ""]]
    shown = None
    for job, statements in judged:
        for statement in statements:
            lines.append([job.scene if job.scene != shown else "", job.tool, statement.subject,
                          statement.said, statement.true,
                          "WRONG" if statement.verdict == verdicts.WRONG else statement.verdict])
            shown = job.scene
    widths = [max(len(line[column]) for line in lines) for column in range(6)]
    text = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip()
            for line in lines]
    text.append("")
    for name, (true, wrong, silent) in totals(judged).items():
        if true + wrong:
            text.append(f"{name}: told the truth in {true} of {true + wrong} statements"
                        + (f", silent about {silent} more" if silent else ""))
    return text


def cell(statements):
    """`true/checked: what was wrong`"""
    true = sum(statement.verdict == verdicts.TRUE for statement in statements)
    checked = sum(statement.verdict != verdicts.SILENT for statement in statements)
    wrong = [statement.short for statement in statements if statement.verdict == verdicts.WRONG]
    silent = [statement.subject for statement in statements
              if statement.verdict == verdicts.SILENT]
    text = f"{true}/{checked}"
    if wrong:
        text += ": " + "; ".join(wrong)
    if silent:
        text += f" (silent about {', '.join(silent)})"
    return text


def markdown(judged):
    """One line a scenario, one column a tool."""
    scenes = {}
    for job, statements in judged:
        scenes.setdefault(job.scene, {}).setdefault(job.tool, []).extend(statements)
    names = [name for name, (true, wrong, _) in totals(judged).items() if true + wrong]
    lines = ["| scenario | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|"]
    for scene, by_tool in scenes.items():
        lines.append(f"| {scene} | " + " | ".join(
            cell(by_tool[name]) if name in by_tool else "" for name in names) + " |")
    sums = totals(judged)
    lines.append("| **statements that were true** | " + " | ".join(
        f"**{sums[name][0]} of {sum(sums[name][:2])}**" for name in names) + " |")
    return lines


def bench(sonde, directory, quick, as_markdown):
    """The lines of the report."""
    runs = Runs(sonde, directory)
    judged = judge(runs.all(quick))
    order = []
    for job, _ in judged:
        if job.scene not in order:
            order.append(job.scene)
    tools = list(VERSION)
    judged.sort(key=lambda entry: (order.index(entry[0].scene), tools.index(entry[0].tool)))
    head = ["Who told the truth: each tool's output against the lab's record of that very run",
            *runs.versions(),
            f"Seed {SEED}. Where tools ran one after the other RTTs are right within "
            f"{EXACT_MS * 1000:.0f} us and half of the last digit, hops within {HOP_MS:g} ms;",
            f"where {SIDE_BY_SIDE} ran side by side, minimum and mean within 1 ms and 5 %.",
            "Links: the n-th address of a hop joined with the n-th of the next, of mtr the lines; "
            "they exist when a packet went that way.", ""]
    return head + text_table(judged) + (["", *markdown(judged)] if as_markdown else [])
