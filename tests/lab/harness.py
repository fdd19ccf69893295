"""Private network namespaces, and programs in them.

A namespace here is nothing but a file descriptor: a thread leaves for a new one, opens what
/proc/thread-self/ns/net shows, and ends. With the last descriptor (and the last program inside) the
kernel removes the namespace with every interface, route and rule in it, however the run ended.
"""

import contextlib
import ctypes
import dataclasses
import errno
import functools
import os
import pathlib
import re
import select
import shutil
import socket
import struct
import subprocess
import tempfile
import threading
import time
import unittest

CLONE_NEWNET = 0x40000000
SO_TIMESTAMPNS = 35
ETH_P_ALL = 3
LIBC = ctypes.CDLL(None, use_errno=True)
TIME_LIMIT_S = 30.0
NOBODY = 65534
SEARCH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclasses.dataclass
class Settings:
    """What run.py found out before the first test."""

    build: pathlib.Path = pathlib.Path("build")
    work: pathlib.Path = pathlib.Path("/nonexistent")
    real_root: bool = False  # root of the machine, not of a user namespace
    sanitized: bool = False

    @property
    def program(self):
        return str(self.work / "sonde")

    @property
    def dropin(self):
        """The directory in which sonde has the names of its peers."""
        return str(self.work / "dropin")


SETTINGS = Settings()

# The kernel begins to stamp what it receives a moment after the first socket of the machine has asked
# for it (net_enable_timestamp() leaves it to a work queue). One that asks as long as we run keeps the
# first reply of each run from coming too early.
STAMPING = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
STAMPING.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)


def prepare(build):
    """Copies the program to where every user may run it. Returns why that cannot be, or None."""
    SETTINGS.build = pathlib.Path(build).resolve()
    SETTINGS.work = pathlib.Path(tempfile.mkdtemp(prefix="sonde-lab-"))
    SETTINGS.real_root = os.geteuid() == 0 and _everyone_is_mapped()
    os.chmod(SETTINGS.work, 0o755)
    source = SETTINGS.build / "sonde"
    if not source.exists():
        return f"there is no {source}"
    shutil.copy(source, SETTINGS.program)
    os.chmod(SETTINGS.program, 0o755)
    os.mkdir(SETTINGS.dropin)
    for peer in ("ping", "fping", "fping6", "mtr-packet"):
        os.symlink("../sonde", f"{SETTINGS.dropin}/{peer}")
    SETTINGS.sanitized = b"__asan_init" in source.read_bytes()
    return None


def clean_up():
    shutil.rmtree(SETTINGS.work, ignore_errors=True)


def _everyone_is_mapped():
    with open("/proc/self/uid_map", encoding="ascii") as file:
        return int(file.read().split()[2]) > NOBODY


def namespaces_possible():
    """None, or why this process may not make network namespaces."""
    try:
        with Namespace("trial"):
            return None
    except OSError as error:
        return f"no network namespaces: {error.strerror}"


@functools.cache
def find(command):
    return shutil.which(command, path=SEARCH)


def need(*commands):
    """Skips the test where a command is not installed."""
    for command in commands:
        if not find(command):
            raise unittest.SkipTest(f"{command} is not installed")


# --- programs --------------------------------------------------------------------------------------


@dataclasses.dataclass
class Result:
    argv: list
    out: str
    err: str
    code: int  # negative: ended by that signal
    seconds: float
    timed_out: bool = False

    def __str__(self):
        return (
            f"$ {' '.join(self.argv)}\n--- stdout\n{self.out}--- stderr\n{self.err}"
            f"--- status {self.code} after {self.seconds:.2f} s"
            f"{' (stopped by the test: it did not end)' if self.timed_out else ''}"
        )


class Program:
    """A running program. Leaving the block ends it."""

    def __init__(self, argv, command, environment, **popen):
        popen.setdefault("stdin", subprocess.DEVNULL)
        popen.setdefault("stdout", subprocess.PIPE)
        popen.setdefault("stderr", subprocess.PIPE)
        self.argv = argv
        self.early = b""  # what wait_for() has read of stdout
        self.started = time.monotonic()
        self.process = subprocess.Popen(command, env=environment, **popen)

    pid = property(lambda self: self.process.pid)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            if pipe:
                pipe.close()

    def send_signal(self, number):
        self.process.send_signal(number)

    def status(self):
        """/proc/PID/status as a dictionary."""
        with open(f"/proc/{self.pid}/status", encoding="ascii") as file:
            return dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)

    def threads(self):
        """/proc/PID/task/TID/status of every thread, as dictionaries."""
        found = []
        for task in os.listdir(f"/proc/{self.pid}/task"):
            with open(f"/proc/{self.pid}/task/{task}/status", encoding="ascii") as file:
                found.append(dict(line.rstrip("\n").split(":\t", 1)
                                  for line in file if ":\t" in line))
        return found

    def wait_for(self, text, seconds=10.0, times=1):
        """True as soon as stdout has shown `text` so many times; False when it did not in time."""
        end = time.monotonic() + seconds
        descriptor = self.process.stdout.fileno()
        while self.early.count(text.encode()) < times:
            left = end - time.monotonic()
            if left <= 0 or not select.select([descriptor], [], [], left)[0]:
                return False
            data = os.read(descriptor, 65536)
            if not data:
                return False
            self.early += data
        return True

    def finish(self, timeout=TIME_LIMIT_S):
        late = False
        try:
            out, err = self.process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            late = True
            self.process.kill()
            out, err = self.process.communicate()
        return Result(
            self.argv,
            (self.early + (out or b"")).decode("utf-8", "backslashreplace"),
            (err or b"").decode("utf-8", "backslashreplace"),
            self.process.returncode,
            time.monotonic() - self.started,
            late,
        )


def environment_of(path=None, extra=None):
    """Ours with as little as possible in it, so that no setting of the machine matters."""
    environment = {
        "PATH": f"{path}:{SEARCH}" if path else SEARCH,
        "LC_ALL": "C",
        "HOME": "/nonexistent",
        "TZ": "UTC",
        # Without capabilities and under a filter the leak checker cannot look at its own process.
        "ASAN_OPTIONS": "detect_leaks=0",
    }
    environment.update(extra or {})
    return {name: value for name, value in environment.items() if value is not None}


def as_nobody():
    """The words in front of a command that is to run as an ordinary user."""
    if SETTINGS.real_root:
        need("setpriv")
        ids = [f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
        return ["setpriv", *ids, "--inh-caps=-all", "--"]
    need("unshare")
    return ["unshare", "--user", "--map-user=1000", "--map-group=1000", "--"]


# --- namespaces ------------------------------------------------------------------------------------


def _in_thread(work):
    """Runs work() in a thread of its own, which may change its namespace, and returns its result."""
    box = {}

    def body():
        try:
            box["result"] = work()
        except BaseException as error:  # handed over to the caller
            box["error"] = error

    thread = threading.Thread(target=body)
    thread.start()
    thread.join()
    if "error" in box:
        raise box["error"]
    return box.get("result")


class Namespace:
    def __init__(self, name):
        self.name = name
        self.descriptor = _in_thread(self._create)
        self.path = f"/proc/{os.getpid()}/fd/{self.descriptor}"

    @staticmethod
    def _create():
        if LIBC.unshare(CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        return os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1

    def call(self, work):
        """work() with this namespace around it; sockets made there stay there."""

        def inside():
            if LIBC.setns(self.descriptor, CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
            return work()

        return _in_thread(inside)

    def socket(self, *arguments):
        return self.call(lambda: socket.socket(*arguments))

    def set(self, **values):
        """sysctl; a double underscore stands for a dot: set(net__ipv4__ip_forward=1)"""

        def write():
            for name, value in values.items():
                path = "/proc/sys/" + name.replace("__", "/")
                with open(path, "w", encoding="ascii") as file:
                    file.write(str(value))

        self.call(write)

    def start(self, argv, *, user=None, path=None, env=None, front=(), **popen):
        """Starts a program. user="nobody": as an ordinary user. `front`: words before the command."""
        need("nsenter")
        argv = [str(word) for word in argv]
        before = ["nsenter", f"--net={self.path}", "--", *front]
        if user == "nobody":
            before += as_nobody()
        return Program(argv, before + argv, environment_of(path, env), **popen)

    def run(self, argv, *, timeout=TIME_LIMIT_S, **options):
        with self.start(argv, **options) as program:
            return program.finish(timeout)

    def do(self, *argv, stdin=None):
        """A command that must succeed."""
        need(argv[0])
        command = ["nsenter", f"--net={self.path}", "--", *map(str, argv)]
        done = subprocess.run(
            command,
            input=stdin,
            env=environment_of(),
            capture_output=True,
            text=True,
            timeout=TIME_LIMIT_S,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"{' '.join(map(str, argv))}: {done.stderr.strip()}\n{stdin or ''}")
        return done.stdout

    def ip(self, text):
        """Lines for ip(8). Addresses are usable when this returns."""
        self.do("ip", "-batch", "-", stdin=text)
        # What arrives for a new IPv6 address is lost until a worker of the kernel has made a route to it.
        wanted = {f"local {address}" for address in re.findall(r"address add (\S+:\S*)/\d+.* nodad", text)}
        wait_until(lambda: not wanted or wanted <= self._local_routes(), step=0.002)

    def _local_routes(self):
        lines = self.do("ip", "-6", "route", "show", "table", "local").splitlines()
        return {" ".join(line.split()[:2]) for line in lines}

    def nft(self, text):
        need("nft")
        try:
            self.do("nft", "-f", "-", stdin=text)
        except RuntimeError as error:
            if "Operation not supported" in str(error) or "No such file" in str(error):
                raise unittest.SkipTest("the kernel has no such nftables expression") from error
            raise

    def open_datagram_sockets(self):
        """Datagram ICMP sockets for every group; in a new namespace they are for nobody."""
        last = 2147483647 if SETTINGS.real_root else 0
        self.set(net__ipv4__ping_group_range=f"0 {last}")

    def prepare(self, forwards=False):
        """Loopback up, addresses usable at once, no rationing of ICMP errors."""
        values = {
            "net__ipv6__conf__all__accept_dad": 0,
            "net__ipv6__conf__default__accept_dad": 0,
            "net__ipv6__conf__default__dad_transmits": 0,
            "net__ipv6__conf__default__router_solicitations": 0,
            "net__ipv6__icmp__ratelimit": 0,
            "net__ipv4__icmp_ratelimit": 0,
        }
        if forwards:
            values["net__ipv4__ip_forward"] = 1
            values["net__ipv6__conf__all__forwarding"] = 1
        self.set(**values)
        # Since 6.13 the overall limit belongs to the namespace.
        for name in ("icmp_msgs_per_sec", "icmp_msgs_burst"):
            with contextlib.suppress(OSError):
                self.set(**{f"net__ipv4__{name}": 1000000})
        self.ip("link set lo up")


def connect(left, left_name, right, right_name, mtu=1500):
    left.ip(
        f"link add {left_name} type veth peer name {right_name} netns {right.path}\n"
        f"link set {left_name} mtu {mtu} up"
    )
    right.ip(f"link set {right_name} mtu {mtu} up")


class Net:
    """Namespaces that belong together; members by name."""

    def __init__(self, *names):
        self.spaces = {}
        for name in names:
            self.spaces[name] = Namespace(name)

    def __getattr__(self, name):
        try:
            return self.__dict__["spaces"][name]
        except KeyError:
            raise AttributeError(name) from None

    def close(self):
        for space in self.spaces.values():
            space.close()


# --- topologies ------------------------------------------------------------------------------------


def loopback():
    net = Net("near")
    net.near.prepare()
    return net


def pair():
    """near (10.55.0.1, fd55::1) and far (10.55.0.2, fd55::2) on one link.

    far is near's router to what does not answer: .90 silence, .91 no route, .92 unreachable, .93
    prohibited (10.55.9x.0/24 and fd55:0:9x::/48). Nobody has 10.55.0.9 and fd55::9.
    """
    net = Net("near", "far")
    net.near.prepare()
    net.far.prepare(forwards=True)
    connect(net.near, "near0", net.far, "far0")
    net.near.ip(
        """
        address add 10.55.0.1/24 dev near0
        address add fd55::1/64 dev near0 nodad
        route add 10.55.64.0/18 via 10.55.0.2
        route add fd55:0:90::/44 via fd55::2
        """
    )
    net.far.ip(
        """
        address add 10.55.0.2/24 dev far0
        address add fd55::2/64 dev far0 nodad
        route add blackhole 10.55.90.0/24
        route add unreachable 10.55.92.0/24
        route add prohibit 10.55.93.0/24
        route add blackhole fd55:0:90::/48
        route add unreachable fd55:0:92::/48
        route add prohibit fd55:0:93::/48
        """
    )
    net.near.set(
        net__ipv4__neigh__near0__retrans_time_ms=60, net__ipv6__neigh__near0__retrans_time_ms=60
    )
    return net


def chain(routers=8, narrow=1500):
    """near, r1 … rN, far in a row; link k is 10.55.k.0/24 and fd55:0:0:k::/64, .1 to the left.

    `narrow` is the MTU of the link behind the middle router.
    """
    names = ["near", *(f"r{k}" for k in range(1, routers + 1)), "far"]
    net = Net(*names)
    for name in names:
        net.spaces[name].prepare(forwards=name.startswith("r"))
    for k in range(routers + 1):
        left, right = net.spaces[names[k]], net.spaces[names[k + 1]]
        connect(left, "right", right, "left", narrow if k == routers // 2 else 1500)
        left.ip(f"address add 10.55.{k}.1/24 dev right\naddress add fd55:0:0:{k}::1/64 dev right nodad")
        right.ip(f"address add 10.55.{k}.2/24 dev left\naddress add fd55:0:0:{k}::2/64 dev left nodad")
    for k in range(routers + 2):
        routes = []
        for other in range(routers + 1):
            if other > k:
                routes.append(f"route add 10.55.{other}.0/24 via 10.55.{k}.2")
                routes.append(f"route add fd55:0:0:{other}::/64 via fd55:0:0:{k}::2")
            elif other < k - 1:
                routes.append(f"route add 10.55.{other}.0/24 via 10.55.{k - 1}.1")
                routes.append(f"route add fd55:0:0:{other}::/64 via fd55:0:0:{k - 1}::1")
        net.spaces[names[k]].ip("\n".join(routes))
    net.last = routers
    return net


# --- the test case ---------------------------------------------------------------------------------


class Case(unittest.TestCase):
    """One topology for all tests of a class, or a fresh one for each: `topology` makes it."""

    topology = staticmethod(loopback)
    fresh = False
    weight = 1  # seconds, about
    alone = False  # not beside other tests: it looks at short times
    longMessage = True
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        if not cls.fresh:
            cls.net = cls.topology()

    @classmethod
    def tearDownClass(cls):
        if not cls.fresh:
            cls.net.close()

    def setUp(self):
        if self.fresh:
            self.net = self.topology()
            self.addCleanup(self.net.close)

    def sonde(self, *words, space="near", **options):
        return self.net.spaces[space].run([SETTINGS.program, *words], **options)

    def ping(self, *words, **options):
        return self.sonde("ping", *words, **options)

    def start(self, *words, space="near", **options):
        return self.net.spaces[space].start([SETTINGS.program, "ping", *words], **options)

    def ended(self, result, *codes):
        """It ended by itself, with one of these statuses, and no sanitizer complained."""
        self.assertFalse(result.timed_out, f"\n{result}")
        for word in ("Sanitizer", "runtime error", "stack smashing", "Assertion"):
            self.assertNotIn(word, result.err, f"\n{result}")
        self.assertIn(result.code, codes or (0,), f"\n{result}")
        return result


def wait_until(condition, seconds=5.0, step=0.01):
    """True as soon as condition() is; False when it never was."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(step)
    return bool(condition())


# --- looking at the wire ---------------------------------------------------------------------------



class Capture:
    """Frames on an interface with the kernel's times, read in a thread until the block is left."""

    def __init__(self, space, device, keep=None):
        self.socket = space.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        self.socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        space.call(lambda: self.socket.bind((device, 0)))
        self.socket.settimeout(0.1)
        self.keep = keep
        self.frames = []  # (ns, bytes, outgoing)
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self._read, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        self.thread.join()
        self.socket.close()

    def _read(self):
        while not self.stop.is_set():
            try:
                data, ancillary, _, address = self.socket.recvmsg(70000, 256)
            except TimeoutError:
                continue
            except OSError as error:
                if error.errno != errno.ENETDOWN:  # told once when the interface goes down
                    raise
                continue
            at = 0
            for level, kind, value in ancillary:
                if level == socket.SOL_SOCKET and kind == SO_TIMESTAMPNS:
                    seconds, nanoseconds = struct.unpack("qq", value[:16])
                    at = seconds * 1000000000 + nanoseconds
            if self.keep is None or self.keep(data):
                self.frames.append((at, data, address[2] == socket.PACKET_OUTGOING))
