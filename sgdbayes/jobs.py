"""What every Snakemake script of the workflow does around its one call: log, threads, one-line errors, provenance."""

import os
import shlex
import sys
import time
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sgdbayes.provenance import code_hash, environment

__all__ = ["Job", "job", "quote_python", "share_import_path"]


class Job:
    """A running job of the workflow."""

    def __init__(self, snakemake) -> None:  # noqa: ANN001 (the object Snakemake gives a script)
        self.rule, self.parameters = snakemake.rule, dict(snakemake.params.items())
        self._inputs, self._threads = list(snakemake.input), snakemake.threads
        self._wildcards = dict(snakemake.wildcards.items())
        self._started = time.perf_counter()

    def provenance(self, *, inputs: Sequence[str] | None = None, **facts: Any) -> dict[str, Any]:  # noqa: ANN401
        """The record to write beside an output: rule, wildcards, threads, parameters, checksums of inputs, versions, wall time in
        seconds, ``facts``, which may replace any of these. ``inputs``: those behind this output, if not all of the job.
        """
        # Not at the top: storage brings in numpy, whose BLAS settles its threads when it is loaded.
        from sgdbayes.storage import provenance_path, read_checksum

        named = self._inputs if inputs is None else inputs
        inputs = [path for path in named if provenance_path(path).exists()]
        return {
            "rule": self.rule,
            "wildcards": self._wildcards,
            "threads": self._threads,
            "parameters": self.parameters,
            "inputs": {path: read_checksum(path) for path in inputs},
            "wall_time": round(time.perf_counter() - self._started, 3),
            **environment(),
            **facts,
        }


@contextmanager
def job(snakemake) -> Iterator[Job]:  # noqa: ANN001
    """Send what the job prints to its log, hold libraries to its threads, end errors in one line on the console.

    Import everything heavy inside the ``with`` block: threads are settled before libraries start them. The log also has
    the traceback of an error. Ends in an error too if the script or a module behind it is not what it was, by the parameter
    ``code``, when the run of Snakemake started.
    """
    console, path = os.dup(2), Path(snakemake.log[0])
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    _limit_threads(snakemake.threads)
    try:
        _check_code(snakemake)
        yield Job(snakemake)
    except Exception as error:
        from sgdbayes.storage import DamagedResultError

        said = str(error)
        # Only what this workflow makes itself, of which tables named in known_runs are none.
        if isinstance(error, DamagedResultError) and str(error.path) in map(str, snakemake.input):
            # Out of the way, so that the next run makes it again, and kept, for whoever wants to know what happened to it.
            with suppress(OSError):
                _move_aside(error.path)
                said = f"{error.path} {error.what}; moved to {error.path.name}.damaged, run again to make it anew"
        message = f"sgdbayes: error in {snakemake.rule}: {' '.join(said.split())}"
        # These the package raises itself to say what is wrong; numpy's LinAlgError is a ValueError.
        if not isinstance(error, ArithmeticError | OSError | RuntimeError | ValueError):
            message = f"{message} ({type(error).__name__}; see {path})"
        traceback.print_exc()
        print(message, file=sys.stderr, flush=True)
        os.write(console, f"{message}\n".encode())
        sys.exit(1)


def _move_aside(path: Path) -> None:
    whole = path.resolve()
    whole.rename(f"{whole}.damaged")
    if path.is_symlink():
        # Into Snakemake's cache between workflows.
        path.rename(f"{path}.damaged")


def share_import_path() -> None:
    """Let the processes that this one starts import the package from where this one did."""
    here = str(Path(__file__).parents[1])
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [here, os.environ.get("PYTHONPATH")]))


def quote_python() -> None:
    """Let Snakemake start this Python from a folder with a space in its path: it writes the path into shell commands as it is."""
    if Path(sys.executable).exists():
        sys.executable = shlex.quote(sys.executable)


def _check_code(snakemake) -> None:  # noqa: ANN001
    # Snakemake runs a copy of the script and lets it believe that it is the original.
    script = Path(sys.modules["__main__"].__file__)
    if code_hash(script) != snakemake.params.code:
        raise RuntimeError(
            f"the code behind {snakemake.rule} has changed since this run started, and two versions must not mix: run again"
        )


def _limit_threads(threads: int) -> None:
    # Read by OpenMP (torch), the BLAS libraries, numba and XLA (neural-tangents) when they start.
    for name in (
        "OMP_NUM_THREADS",
        "MKL_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "NUMBA_NUM_THREADS",
        "PJRT_NPROC",
        "NPROC",
    ):
        os.environ[name] = str(threads)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
