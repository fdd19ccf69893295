"""packaging/cluster/: each starter's example, as it stands there, divides a survey without overlap or gap."""

import contextlib
import json
import pathlib
import shutil
import subprocess
import tempfile
import unittest

import harness
from harness import SETTINGS, loopback, need
from test_survey import Survey

CLUSTER = pathlib.Path(__file__).resolve().parents[2] / "packaging" / "cluster"
WHOLE = {f"10.9.0.{last}" for last in range(64, 256)}


class Cluster(Survey):
    topology = staticmethod(loopback)
    weight = 3

    def setUp(self):
        super().setUp()
        self.net.near.do("ip", "route", "replace", "local", "10.9.0.0/24", "dev", "lo")
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="cluster-", dir=SETTINGS.work))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.write("targets", "10.9.0.0/24\n")
        self.write("exclude", "10.9.0.0/26\n")
        # the waiting for late answers would take most of the time
        self.write("bin/sonde", f'#!/bin/sh\nexec {SETTINGS.program} "$@" --cooldown .3\n').chmod(0o755)

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="ascii")
        return path

    def start(self, argv, env=None, **how):
        env = {"HOME": str(self.folder), **(env or {})}
        return self.net.near.start(argv, path=self.folder / "bin", env=env, cwd=self.folder, **how)

    def together(self, commands, **how):
        """Runs (argv, environment) at the same time; what they wrote to standard output."""
        with contextlib.ExitStack() as stack:
            programs = [stack.enter_context(self.start(argv, env, **how)) for argv, env in commands]
            return [self.ended(program.finish(), 0) for program in programs]

    @staticmethod
    def objects(text):
        return [json.loads(line) for line in text.splitlines()]

    def expect_whole(self, lines, shards):
        alive = [line["address"] for line in lines if line["type"] == "host"]
        self.assertEqual(len(alive), len(set(alive)))
        self.assertEqual(WHOLE, set(alive))
        parts = sorted(line["shard"] for line in lines if line["type"] == "survey_summary")
        self.assertEqual(list(range(1, shards + 1)), parts)
        self.assertEqual({shards}, {line["shards"] for line in lines if "shards" in line})

    def test_kubernetes(self):
        try:
            import yaml  # pylint: disable=import-outside-toplevel
        except ImportError as error:
            raise unittest.SkipTest("the YAML parser of Python is not installed") from error
        need("setpriv")
        job = yaml.safe_load((CLUSTER / "kubernetes.yaml").read_text(encoding="ascii"))
        self.assertEqual(("batch/v1", "Job"), (job["apiVersion"], job["kind"]))
        self.assertEqual("Indexed", job["spec"]["completionMode"])
        pod = job["spec"]["template"]["spec"]
        (container,) = pod["containers"]
        self.assertEqual({volume["name"] for volume in pod["volumes"]},
                         {mount["name"] for mount in container["volumeMounts"]})
        env = {item["name"]: item["value"] for item in container["env"]}
        shards = job["spec"]["completions"]
        self.assertEqual(str(shards), env["SONDE_SHARDS"])
        security = container["securityContext"]
        self.assertEqual((["ALL"], ["NET_RAW"]), (security["capabilities"]["drop"], security["capabilities"]["add"]))
        (text,) = container["args"]
        for folder in (mount["mountPath"] for mount in container["volumeMounts"]):
            text = text.replace(f"{folder}/", f"{self.folder}/")
        front = ["setpriv", "--nnp", "--bounding-set=-all,+net_raw", "--inh-caps=-all", "--"]
        self.together(
            [([*container["command"], text], {**env, "JOB_COMPLETION_INDEX": index}) for index in map(str, range(shards))],
            front=front,
        )
        done = [(self.folder / f"part-{index}.json").read_text(encoding="ascii") for index in range(shards)]
        self.expect_whole([line for text in done for line in self.objects(text)], shards)
        for index in range(shards):
            self.assertTrue((self.folder / f"part-{index}.resume").exists())

    def test_slurm(self):
        script = CLUSTER / "slurm.sh"
        (array,) = [line for line in script.read_text(encoding="ascii").splitlines() if "--array=" in line]
        first, last = map(int, array.partition("=")[2].split("-"))
        count = last - first + 1
        done = self.together(
            [
                (["sh", script], {
                    "SLURM_ARRAY_TASK_ID": str(task), "SLURM_ARRAY_TASK_MIN": str(first),
                    "SLURM_ARRAY_TASK_MAX": str(last), "SLURM_ARRAY_TASK_STEP": "1",
                    "SLURM_ARRAY_TASK_COUNT": str(count),
                })
                for task in range(first, last + 1)
            ]
        )
        self.expect_whole([line for result in done for line in self.objects(result.out)], count)

    def test_gnu_parallel(self):
        path = harness.find("parallel")
        version = path and subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout
        if not version or not version.startswith("GNU parallel"):
            raise unittest.SkipTest("GNU parallel is not installed")
        # the same machine twice: the second job waits for the first
        (done,) = self.together([(["sh", CLUSTER / "parallel.sh", ":,:"], {})])
        self.expect_whole(self.objects(done.out), 2)
        # once more: each part says that it is complete
        (again,) = self.together([(["sh", CLUSTER / "parallel.sh", ":,:"], {})])
        self.assertEqual("", again.out)
        self.assertEqual(2, again.err.count("all has been asked"))
