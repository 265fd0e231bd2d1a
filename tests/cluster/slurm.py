"""The workflow on a real Slurm: `make test-cluster`. Needs root and the programs of Debian's slurm-wlm and munge.

Starts a cluster of one node, this machine, in a temporary folder; runs a tiny configuration through the profile of the
project; cancels a running job half-way; and compares memory, time and tables with what they should be, the tables with
those of a local run.
"""

import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pandas as pd

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[2])]
from test_workflow import TINY, Project  # noqa: E402

from sgdbayes.files import read_table  # noqa: E402

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "squeue", "scancel", "sinfo")
# The most that a rule asks for is four, as on any cluster; a smaller machine shares its own among them.
CPUS = max(4, os.cpu_count() or 4)
BLOCKS = 3
# Seconds; on two quiet cores the run takes a fraction of it.
LIMIT = int(os.environ.get("LIMIT", "600"))
# Networks are overtrained for so long that there is time to cancel one of their jobs.
CONFIGURATION = {
    **{key: TINY[key] for key in ("device", "tasks", "architectures", "optimizers", "domains", "comparison")},
    "name": "cluster",
    "block_size": 2,
    "posteriors": {"mse": {"noise_variance": 0.001}},
    "experiments": {"small": {"task": "small", "architecture": "fcn", "optimizer": "sgd", "networks": 2 * BLOCKS,
                              "batch_size": 8,
                              "domain_sizes": [8], "extra_epochs": 500}},
}  # fmt: skip
TABLES = ["runs.parquet", "domains.parquet", "studies.csv", "experiments/small/functions.parquet"]
TARGETS = [f"results/cluster/{name}" for name in (*TABLES, "summary.txt")]
SLURM_CONF = """
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ctld_port}
SlurmdPort={slurmd_port}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SwitchType=switch/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
SchedulerParameters=batch_sched_delay=0,sched_interval=1
SlurmdParameters=config_overrides
PropagateResourceLimits=NONE
ReturnToService=2
MinJobAge=3600
KillWait=5
NodeName=node NodeHostname={host} NodeAddr=127.0.0.1 CPUs={cpus} RealMemory=64000 State=UNKNOWN
PartitionName=main Nodes=node Default=YES MaxTime=INFINITE State=UP
"""


def main() -> None:
    missing = [name for name in PROGRAMS if shutil.which(name) is None]
    if missing or os.geteuid() != 0:
        why = f"{', '.join(missing)} not found (Debian: apt-get install slurm-wlm munge)" if missing else "not root"
        sys.exit(f"test-cluster: needs root and Slurm on this machine: {why}")
    started = time.monotonic()
    # So that `kill` cleans up as well.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("test-cluster: terminated"))
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="slurm-")))
        os.environ["SLURM_CONF"] = str(folder / "slurm.conf")
        os.environ["PATH"] = os.pathsep.join([str(srun_with(folder)), os.environ["PATH"]])
        stack.enter_context(cluster(folder))
        say(started, f"Slurm is up: {CPUS} CPUs")
        here, there = (Project(new_folder(folder / name)) for name in ("local", "cluster"))
        for project in (here, there):
            project.configure(CONFIGURATION)
        with ThreadPoolExecutor(1) as pool:
            # An option, or the targets would be read as more configuration files.
            local = pool.submit(here.snakemake, "--keep-going", *TARGETS)
            check_jobs(*on_slurm(there, started))
            say(started, "a cancelled job ran again with more memory and time, and all is done")
            assert local.result().returncode == 0, local.result().stderr
        for name in TABLES:
            tables = (read_table(project.folder / "results" / "cluster" / name) for project in (here, there))
            pd.testing.assert_frame_equal(*tables, check_exact=True)
        say(started, f"{', '.join(TABLES)} are those of a local run")
        say(started, f"config/paper.yaml is planned in {planning(there):.0f} s of processor time")


def say(started: float, what: str) -> None:
    print(f"test-cluster: {time.monotonic() - started:.0f} s: {what}", flush=True)


@contextmanager
def cluster(folder: Path) -> Iterator[None]:
    """Slurm with one node, this machine. Raises RuntimeError with the daemons' logs if it does not come up."""
    host = socket.gethostname().split(".")[0]
    ports = dict(zip(("ctld_port", "slurmd_port"), free_ports(2), strict=True))
    (folder / "slurm.conf").write_text(SLURM_CONF.format(host=host, folder=folder, cpus=CPUS, **ports))
    (folder / "munge.key").write_bytes(os.urandom(128))
    (folder / "munge.key").chmod(0o600)
    for name in ("state", "spool"):
        new_folder(folder / name)
    munge = {f"--{name}": folder / f"munge.{suffix}" for name, suffix in
             (("key-file", "key"), ("socket", "socket"), ("pid-file", "pid"),
               ("log-file", "log"), ("seed-file", "seed"))}  # fmt: skip
    options = [f"{name}={path}" for name, path in munge.items()]
    daemons = []
    try:
        daemons.append(daemon(folder, "munged", "--foreground", "--force", *options))
        wait_for("munged", (folder / "munge.socket").exists, daemons, folder)
        daemons.append(daemon(folder, "slurmctld", "-D"))
        daemons.append(daemon(folder, "slurmd", "-D", "-N", "node"))
        wait_for("an idle node", lambda: "idle" in call("sinfo", "-h", "-o", "%T"), daemons, folder)
        yield
    finally:
        if len(daemons) == 3:
            call("scancel", "--user=root", "--full", "--signal=KILL")
            call("scancel", "--user=root")
            deadline = time.monotonic() + 20
            while call("squeue", "-h") and time.monotonic() < deadline:
                time.sleep(0.5)
        for process in reversed(daemons):
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()


def srun_with(folder: Path) -> Path:
    """A folder with an srun for this cluster: within a job the executor calls it without SLURM_CONF."""
    path = new_folder(folder / "bin") / "srun"
    path.write_text(f'#!/bin/sh\nSLURM_CONF={folder}/slurm.conf exec {shutil.which("srun")} "$@"\n')
    path.chmod(0o755)
    return path.parent


def new_folder(path: Path) -> Path:
    path.mkdir()
    return path


def free_ports(number: int) -> list[int]:
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(number)]
        for item in sockets:
            item.bind(("127.0.0.1", 0))
        return [item.getsockname()[1] for item in sockets]


def daemon(folder: Path, *command: str) -> subprocess.Popen:
    with (folder / f"{command[0]}.out").open("wb") as log:
        return subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True)


def call(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60).stdout.strip()


def wait_for(
    what: str, there: Callable[[], bool], daemons: list[subprocess.Popen], folder: Path, seconds: float = 40
) -> None:
    deadline = time.monotonic() + seconds
    while not there():
        if time.monotonic() > deadline or any(process.poll() is not None for process in daemons):
            logs = [*folder.glob("*.log"), *folder.glob("*.out")]
            said = "\n".join(f"== {path.name}\n{path.read_text(errors='replace')[-2000:]}" for path in logs)
            raise RuntimeError(f"{what} did not come up within {seconds:.0f} s\n{said}")
        time.sleep(0.2)


def on_slurm(project: Project, started: float) -> tuple[str, pd.DataFrame, str]:
    """Run the targets on Slurm and cancel one running job of the rule train when its training has started: that job,
    all jobs, and what Snakemake said.
    """
    folder = project.folder
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    command = ["snakemake", "--profile", "workflow/profiles/slurm", "--configfile", "tiny.yaml",
               "--slurm-status-command", "squeue", "--slurm-init-seconds-before-status-checks", "1",
               "--seconds-between-status-checks", "1", "--latency-wait", "10", *TARGETS]  # fmt: skip
    with (folder / "said.txt").open("w") as log:
        run = subprocess.Popen(command, cwd=folder, env={**os.environ, "PATH": path}, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + LIMIT
        logs = folder / "results" / "cluster" / "logs" / "train" / "small"
        cancelled = ""
        while run.poll() is None:
            if not cancelled and any("of them to train" in item.read_text() for item in logs.glob("*.log")):
                running = jobs()
                # The first task of the array: the others must not depend on it.
                running = running[running["id"].str.endswith("_1") & (running["state"] == "RUNNING")]
                if len(running):
                    cancelled = running["id"].iloc[0]
                    call("scancel", cancelled)
                    say(started, f"job {cancelled} cancelled in its training")
            if time.monotonic() > deadline:
                raise RuntimeError(
                    f"not done after {LIMIT} s\n{jobs().to_string()}\n{(folder / 'said.txt').read_text()}"
                )
            time.sleep(0.3)
    finally:
        # Its jobs end with the cluster.
        run.kill()
        run.wait()
    said = (folder / "said.txt").read_text()
    assert run.returncode == 0, said
    return cancelled, jobs(), said


def planning(project: Project) -> float:
    """Processor time, in seconds, of a dry run of config/paper.yaml with the profile."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run = project.call("snakemake", "--profile", "workflow/profiles/slurm", "--configfile", "config/paper.yaml",
                       "--dry-run", "--quiet", "all")  # fmt: skip
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert run.returncode == 0, run.stderr
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def jobs() -> pd.DataFrame:
    """Every job that this Slurm has had."""
    columns = {"id": "%i", "rule": "%k", "state": "%T", "memory": "%m", "minutes": "%l", "cpus": "%C"}
    listed = call("squeue", "-h", "--array", "--states=all", "-o", "|".join(columns.values()))
    table = pd.DataFrame([line.split("|") for line in listed.splitlines()], columns=list(columns))
    table["rule"] = table["rule"].str.removeprefix("rule_").str.split("_wildcards").str[0]
    return table


def check_jobs(cancelled: str, table: pd.DataFrame, said: str) -> None:
    shown = f"{table.to_string()}\n{said}"
    train = table[table["rule"] == "train"].set_index("id")
    assert cancelled in train.index, shown
    assert train.loc[cancelled, "state"] == "CANCELLED", shown
    done = train[train["state"] == "COMPLETED"]
    assert len(done) == BLOCKS, shown
    assert len(train) == BLOCKS + 1, shown
    # Blocks went as an array; the one cancelled came again alone, with twice of everything.
    again = done[~done.index.str.contains("_")]
    assert len(again) == 1, shown
    first = train.loc[cancelled]
    assert megabytes(again["memory"].iloc[0]) >= 1.9 * megabytes(first["memory"]), shown
    assert (first["minutes"], again["minutes"].iloc[0]) == ("4:00:00", "8:00:00"), shown
    assert set(table[table["rule"] != "train"]["state"]) == {"COMPLETED"}, shown
    # The rules that are to run where Snakemake runs.
    assert set(table["rule"]).isdisjoint({"task", "all_comparisons", "summary"}), shown
    assert "is tried again" in said, shown


def megabytes(text: str) -> float:
    return float(text.rstrip("MG")) * (1024 if text.endswith("G") else 1)


if __name__ == "__main__":
    main()
