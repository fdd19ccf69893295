"""The programs that ask many hosts once: how each is asked for the same thing, what it found."""

import json
import os
import re
import shutil
import subprocess

import lab
from tools import version

DEVICE = "near"                   # of `sender`, towards `crowd`


class Listed:
    """sonde sweep with state for each host."""
    name = "sonde"
    label = "sonde sweep"
    kept = ()
    left_out = 0                  # of a prefix

    def __init__(self, path):
        self.command = [path, "sweep", "-q", "--json", *self.kept]

    def sweep(self, network, _mac):
        return [*self.command, "--rate", "max", network]

    def into_sink(self, network, _mac, seconds):
        """Of a million hosts, which is more than it gets through."""
        return [*self.command, "--rate", "max", "-r", "0", "-w", str(seconds),
                f"{network.split('/', maxsplit=1)[0]}/12"]

    def paced(self, first, last, _mac, rate):
        return [*self.command, "--rate", str(rate), "-r", "0", f"{first}-{last}"]

    def found(self, output):
        """How many hosts are alive."""
        return summary(output)["alive"]


class Stateless(Listed):
    """sonde sweep that keeps nothing, over an AF_PACKET ring."""
    label = "sonde sweep --stateless"
    kept = ("--stateless", "--transport", "ring", "-I", DEVICE, "--cooldown", "1")
    cooldown_s = 1                # how long it waits at the end

    def into_sink(self, network, _mac, seconds):
        return [*self.command, "--rate", "max", "-w", str(seconds), network]

    def paced(self, first, last, _mac, rate):
        return [*self.command, "--rate", str(rate), f"{first}-{last}"]


class Fping:
    """It has 65,535 sequence numbers; of a prefix it leaves out the first address and the last."""
    name = label = "fping"
    left_out = 2

    def __init__(self, path):
        self.command = [path]

    def sweep(self, network, _mac):
        return [*self.command, "-q", "-s", "-i", "0", "-r", "0", "-g", network]

    def found(self, output):
        return int(re.search(r"^ *(\d+) alive$", output, re.MULTILINE).group(1))


class Zmap:
    name = label = "zmap"
    left_out = 0

    def __init__(self, path):
        self.command = [path, "-M", "icmp_echoscan", "-q", "--disable-syslog", "-v", "1", "-b",
                        os.devnull, "-i", DEVICE, "-S", lab.NEAR, "-c", "1", "-O", "csv", "-f",
                        "saddr,classification"]

    def sweep(self, network, mac):
        return [*self.command, "-r", "0", "-G", mac, network]

    def into_sink(self, network, mac, seconds):
        return [*self.sweep(network, mac), "-t", str(seconds)]

    def paced(self, first, last, mac, rate):
        count = number(last) - number(first) + 1
        return [*self.command, "-r", str(rate), "-G", mac, "-n", str(count), f"{first}/10"]

    def found(self, output):
        return len(set(re.findall(r"^([\d.]+),echoreply", output, re.MULTILINE)))


class Masscan:
    name = label = "masscan"
    left_out = 0

    def __init__(self, path):
        self.command = [path, "--ping", "-e", DEVICE, "--source-ip", lab.NEAR, "--wait", "1", "-oL",
                        "-"]

    def sweep(self, network, mac):
        return [*self.command, "--rate", "10000000", "--router-mac", mac, network]

    def into_sink(self, network, mac, _seconds):
        """It has no limit of time: of half a million hosts."""
        return self.sweep(f"{network.split('/', maxsplit=1)[0]}/13", mac)

    def paced(self, first, last, mac, rate):
        return [*self.command, "--rate", str(rate), "--router-mac", mac, f"{first}-{last}"]

    def found(self, output):
        return len(set(re.findall(r"^open icmp 0 ([\d.]+) ", output, re.MULTILINE)))


def number(address):
    value = 0
    for byte in address.split("."):
        value = value << 8 | int(byte)
    return value


def address(value):
    return ".".join(str(value >> shift & 255) for shift in (24, 16, 8, 0))


def summary(output):
    """The last line of sonde's JSON."""
    for line in reversed(output.splitlines()):
        if re.match(r'{"type":"(sweep|survey)_summary"', line):
            return json.loads(line)
    raise RuntimeError(f"sonde sweep: no summary: {output.strip()[-300:]}")


def find(sonde):
    """[scanner] of what is here, and a line about each that is not."""
    done = subprocess.run([sonde, "sweep", "--help"], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=10)
    if done.returncode != 0:
        raise RuntimeError("sonde sweep: not in this build")
    scanners, missing = [Listed(sonde)], []
    if "--stateless" in done.stdout and "--transport" in done.stdout:
        scanners.append(Stateless(sonde))
    else:
        missing.append("sonde sweep --stateless: not in this build, not measured")
    for scanner in (Fping, Zmap, Masscan):
        path = shutil.which(scanner.name)
        if path:
            scanners.append(scanner(os.path.realpath(path)))
        else:
            missing.append(f"{scanner.name}: not here, not measured")
    return scanners, missing


def versions(scanners):
    return [f"{scanner.name}: {version(scanner)}" for scanner in scanners
            if scanner.name in ("zmap", "masscan")]
