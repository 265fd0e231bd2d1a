"""Let each task of a Slurm job array run its own command from the start.

snakemake-executor-plugin-slurm 2.8.0 starts all tasks of an array with the command of the first. That starts a task's
own command as a child, but at the end looks for the output of the *first* task: a task that ends well before the first
one, or beside a first one that failed, would count as failed. Here it becomes its own command instead.
"""

import os
import sys
import zlib
from collections.abc import Mapping, Sequence

__all__ = ["array_command", "become_array_task"]

_OPTION = "--slurm-jobstep-array-execs="


def become_array_task() -> None:
    """Replace this process by the command of its array task, if it is one and not the first."""
    command = array_command(sys.argv, os.environ)
    if command is not None:
        sys.stdout.flush()
        sys.stderr.flush()
        os.execv("/bin/sh", ["sh", "-c", command])


def array_command(arguments: Sequence[str], environment: Mapping[str, str]) -> str | None:
    """The shell command of the array task that ``environment`` names, out of those in ``arguments``; None for its first
    task, whose own command this is, and outside arrays.
    """
    commands = next((item.removeprefix(_OPTION) for item in arguments if item.startswith(_OPTION)), None)
    task = environment.get("SLURM_ARRAY_TASK_ID")
    if commands is None or task is None:
        return None
    from snakemake_executor_plugin_slurm_jobstep import parse_array_execs

    compressed = parse_array_execs(commands).get(task)
    return None if compressed is None else zlib.decompress(bytes.fromhex(compressed)).decode()
