"""bench.py BUILD [--quick] [BENCH...]: see run.sh, which starts it in namespaces of its own."""

import argparse
import os
import platform
import signal
import subprocess
import sys
import time

import deliveries
import figures
import lab
import paths
import sweeps
import tools
import truth
import watch

BENCHES = ("rtt", "pacing", "flood", "single", "monitor", "lab", "sweep", "watch", "paths",
           "truth")
TOOLS = ("sonde", "ping", "fping", "hping3", "zmap", "masscan", "ring", *paths.PEERS)


def verdict(row):
    """(ratio, goal, verdict) as text."""
    ours = row.values.get("sonde")
    peer = row.values.get(row.peer)
    ratio = ours / peer if ours is not None and peer and ours * peer > 0 else None
    shown = f"{ratio:.2f} x {row.peer}" if ratio is not None else ""
    if row.most is not None:
        goal = f"<= {row.most:g}"
        met = ours is not None and abs(ours) <= row.most
    elif row.least is not None:
        goal = f">= {row.least:g}"
        met = ours is not None and ours >= row.least
    elif row.most_ratio is not None:
        goal = f"<= {row.most_ratio:g} x {row.peer}"
        met = ratio is not None and ratio <= row.most_ratio
    elif row.least_ratio is not None:
        goal = f">= {row.least_ratio:g} x {row.peer}"
        met = ratio is not None and ratio >= row.least_ratio
    else:
        return shown, "", ""
    if ours is None:
        return shown, goal, "not measured"
    if peer is None and row.most is None and row.least is None:
        return shown, goal, f"no {row.peer} here"
    return shown, goal, "met" if met else "NOT MET"


def table(rows):
    names = [name for name in TOOLS if any(name in row.values for row in rows)]
    lines = [["", *names, "ratio", "goal", ""]]
    for row in rows:
        cells = [f"{row.values[name]:,.{row.digits}f}" if name in row.values else "-"
                 for name in names]
        lines.append([row.figure, *cells, *verdict(row)])
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    text = []
    for line in lines:
        cells = [line[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(line[1:-2], widths[1:-2])]
        cells += [cell.ljust(width) for cell, width in zip(line[-2:], widths[-2:])]
        text.append("  ".join(cells).rstrip())
    return text


def arguments():
    parser = argparse.ArgumentParser(prog="tests/bench/run.sh", allow_abbrev=False)
    parser.add_argument("build", metavar="BUILD")
    parser.add_argument("--quick", action="store_true", help="fewer repeats, for a first look")
    parser.add_argument("--markdown", action="store_true",
                        help="the table of `truth` as Markdown as well")
    parser.add_argument("benches", metavar="BENCH", nargs="*", help=" ".join(BENCHES))
    given = parser.parse_intermixed_args()
    unknown = [name for name in given.benches if name not in BENCHES]
    if unknown:
        parser.error(f"no such bench: {' '.join(unknown)} (there are {' '.join(BENCHES)})")
    return given


def end(number, _):
    sys.exit(128 + number)


def main():
    given = arguments()
    # The first process of a process namespace ignores what it has no handler for.
    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGHUP, end)
    found = tools.find(os.path.join(given.build, "sonde"))
    head = [
        f"{platform.system()} {platform.release()} {platform.machine()}, "
        f"{len(os.sched_getaffinity(0))} processors, load {os.getloadavg()[0]:.2f}, "
        f"{time.strftime('%Y-%m-%d %H:%M:%S UTC', time.gmtime())}",
        *(f"{name}: {tools.version(tool)}" for name, tool in found.items()),
        *(f"{name}: not here, not measured" for name in tools.NAMES if name not in found),
    ]
    print("\n".join(head), flush=True)

    rows = []
    report = []
    failures = []
    started = time.monotonic()
    directory = lab.scratch(os.path.join(given.build, "bench", "work"))
    lab.build()
    runner = tools.Runner(os.path.join(given.build, "bench", "measure"), directory)
    bench = figures.Bench(found, runner, directory, given.quick)
    sonde = os.path.join(given.build, "sonde")
    player = deliveries.Deliveries(sonde, runner, directory, given.quick)
    many = sweeps.Sweeps(sonde, runner, directory, given.quick)
    watcher = watch.Watch(many)
    walker = paths.Paths(sonde, runner, directory, given.quick)
    for name in given.benches or BENCHES:
        print(f"... {name}", file=sys.stderr, flush=True)
        try:
            if name == "lab":
                rows += player.rows()
            elif name == "sweep":
                rows += many.rows()
            elif name == "watch":
                rows += watcher.rows()
            elif name == "paths":
                rows += walker.rows()
            elif name == "truth":
                report = ["", *truth.bench(sonde, directory, given.quick, given.markdown)]
            else:
                rows += getattr(bench, name)()
        except (OSError, RuntimeError, subprocess.SubprocessError) as error:
            failures.append(f"{name}: could not be measured: {error}")
            print(failures[-1], file=sys.stderr, flush=True)
    text = ["", *table(rows), "", "Values are medians of the runs."] if rows else []
    text += [*bench.notes, *player.notes, *many.notes, *watcher.notes, *walker.notes,
             *report, *failures, "",
             f"took {time.monotonic() - started:.0f} s" + (", --quick" if given.quick else "")]
    print("\n".join(text))
    with open(os.path.join(given.build, "bench.txt"), "w", encoding="utf-8") as file:
        file.write("\n".join(head + text) + "\n")
    return 1 if failures else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
