"""What every Snakemake script of the workflow does around its one call: log, threads, one-line errors, provenance, how
far it is; and an end when the run that started it has ended.
"""

from __future__ import annotations

import json
import math
import os
import shlex
import signal
import sys
import threading
import time
import traceback
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, NoReturn

from sgdbayes.pipeline.provenance import code_hash, environment

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = [
    "MAIN",
    "SHOWN",
    "Job",
    "error_of",
    "forget_progress",
    "job",
    "name_run",
    "progress_of",
    "quote_python",
    "share_import_path",
]

# In the environment of jobs: the process of their run, and whether it shows their errors.
MAIN, SHOWN = "SGDBAYES_MAIN_PROCESS", "SGDBAYES_ERRORS_SHOWN"
_ERROR = "sgdbayes: error in "
_INTERRUPTED = 130
# Seconds between two looks whether the run is still there, and between two writings of how far a job is.
_LOOKS, _REPORTS = 1, 2


class Job:
    """A running job of the workflow."""

    def __init__(self, snakemake) -> None:  # noqa: ANN001 (the object Snakemake gives a script)
        self._progress, self._reported = _progress_path(snakemake.log[0]), -math.inf
        self.rule, self.parameters = snakemake.rule, dict(snakemake.params.items())
        self._inputs, self._threads = list(snakemake.input), snakemake.threads
        self.wildcards = dict(snakemake.wildcards.items())
        self._started = time.perf_counter()
        self._caption = self.parameters.get("caption", True)

    def provenance(self, *, inputs: Sequence[str] | None = None, **facts: Any) -> dict[str, Any]:  # noqa: ANN401
        """The record to write beside an output: rule, wildcards, threads, parameters, checksums of inputs, versions,
        wall time in seconds, ``facts``, which may replace any of these. ``inputs``: those behind this output, if not
        all of the job.
        """
        # Not at the top: `files` brings in numpy, whose BLAS settles its threads when it is loaded.
        from sgdbayes.files import provenance_path, read_checksum

        named = self._inputs if inputs is None else inputs
        inputs = [path for path in named if provenance_path(path).exists()]
        return {
            "rule": self.rule,
            "wildcards": self.wildcards,
            "threads": self._threads,
            "parameters": self.parameters,
            "inputs": {path: read_checksum(path) for path in inputs},
            "wall_time": round(time.perf_counter() - self._started, 3),
            **environment(),
            **facts,
        }

    def save_figure(self, figure: Figure, paths: Sequence[str], **facts: Any) -> None:  # noqa: ANN401
        """Save a figure at each of ``paths``, with the caption if the configuration says so; ``facts`` are those of
        `provenance`.
        """
        from sgdbayes.figures.style import save_figure

        save_figure(figure, paths, self.provenance(**facts), caption=self._caption)

    def report(self, **state: Any) -> None:  # noqa: ANN401 (what JSON can hold)
        """Say how far the job is, for whoever shows the run: any of done and missing, numbers of networks, and
        seconds_left. Its age in seconds is added.
        """
        now = time.perf_counter()
        if now - self._reported > _REPORTS:
            partial = self._progress.with_suffix(".partial")
            # No loss, if this cannot be written.
            with suppress(OSError):
                partial.write_text(json.dumps({"age": now - self._started, **state}), encoding="utf-8")
                partial.replace(self._progress)
            self._reported = now


def progress_of(log: str | Path) -> dict[str, Any]:
    """What the job with this log last reported, {} if nothing."""
    try:
        return json.loads(_progress_path(log).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def forget_progress(log: str | Path) -> None:
    """Remove what an earlier job with this log reported that was killed."""
    with suppress(OSError):
        _progress_path(log).unlink()


def error_of(log: str | Path) -> str | None:
    """The line with which the job with this log ended in an error, None if there is none."""
    try:
        lines = Path(log).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return None
    return next((line for line in reversed(lines) if line.startswith(_ERROR)), None)


def _progress_path(log: str | Path) -> Path:
    return Path(f"{log}.progress")


@contextmanager
def job(snakemake) -> Iterator[Job]:  # noqa: ANN001
    """Send what the job prints to its log, hold libraries to its threads, end errors in one line, on the console unless
    the run shows it from the log.

    Import everything heavy inside the ``with`` block: threads are settled before libraries start them. The log also has
    the traceback of an error. Ends in an error too if the script or a module behind it is not what it was, by the
    parameter ``code``, when the run of Snakemake started.
    """
    console, path = os.dup(2), Path(snakemake.log[0])
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    _limit_threads(snakemake.threads)
    # Whatever the user has set for programs of their own.
    os.environ |= {"JAX_PLATFORMS": "cpu", "MPLBACKEND": "agg"}
    forget_progress(path)
    signal.signal(signal.SIGINT, _interrupt_once)
    _end_with_the_run()
    try:
        _check_code(snakemake)
        if plugins := snakemake.config.get("plugins"):
            from sgdbayes.pipeline.plugins import load_plugins

            load_plugins(plugins)
        with _style(snakemake):
            yield Job(snakemake)
    except KeyboardInterrupt:
        print("interrupted", flush=True)
        sys.exit(_INTERRUPTED)
    except Exception as error:
        message = _one_line(error, snakemake)
        traceback.print_exc()
        print(message, file=sys.stderr, flush=True)
        if SHOWN not in os.environ:
            os.write(console, f"{message}\n".encode())
        sys.exit(1)
    finally:
        forget_progress(path)


def _style(snakemake) -> AbstractContextManager:  # noqa: ANN001
    """In which a job that draws figures draws and saves them."""
    parameters = dict(snakemake.params.items())
    if "style" not in parameters:
        return nullcontext()
    from sgdbayes.figures.style import run_style

    return run_style(parameters["style"])


def _one_line(error: Exception, snakemake) -> str:  # noqa: ANN001
    """What is said of an ``error``; a damaged result is moved out of the way, so that the next run makes it again."""
    from sgdbayes.files import DamagedResultError

    said = str(error)
    # Only what this workflow makes itself, of which tables named in known_runs are none.
    if isinstance(error, DamagedResultError) and str(error.path) in map(str, snakemake.input):
        # Kept, for whoever wants to know what happened to it.
        with suppress(OSError):
            _move_aside(error.path)
            said = f"{error.path} {error.what}; moved to {error.path.name}.damaged, run again to make it anew"
    if not said.strip():
        what = "out of memory" if isinstance(error, MemoryError) else f"{type(error).__name__}, without a word"
        return f"{_ERROR}{snakemake.rule}: {what}; see {snakemake.log[0]}"
    message = f"{_ERROR}{snakemake.rule}: {' '.join(said.split())}"
    # These the package raises itself to say what is wrong; numpy's LinAlgError is a ValueError.
    if isinstance(error, ArithmeticError | OSError | RuntimeError | ValueError):
        return message
    return f"{message} ({type(error).__name__}; see {snakemake.log[0]})"


def _interrupt_once(number: int, _frame: FrameType | None) -> NoReturn:
    """The terminal and the run may both send it; the second must not disturb the end that the first one brings."""
    signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def _end_with_the_run() -> None:
    """End this process soon after the run of Snakemake that started it, on this machine, has ended: one that was killed
    has not told its jobs.
    """
    import psutil

    run = next((each for each in psutil.Process().parents() if str(each.pid) == os.environ.get(MAIN)), None)

    def watch() -> None:
        with suppress(psutil.NoSuchProcess):
            while run.is_running() and run.status() != psutil.STATUS_ZOMBIE:
                time.sleep(_LOOKS)
        os._exit(_INTERRUPTED)

    if run is not None:
        threading.Thread(target=watch, daemon=True).start()


def _move_aside(path: Path) -> None:
    whole = path.resolve()
    whole.rename(f"{whole}.damaged")
    if path.is_symlink():
        # Into Snakemake's cache between workflows.
        path.rename(f"{path}.damaged")


def name_run() -> None:
    """Let the jobs of the run that this process is know it, to end when it has ended."""
    os.environ[MAIN] = str(os.getpid())


def share_import_path() -> None:
    """Let the processes that this one starts import the package from where this one did."""
    here = str(Path(__file__).parents[2])
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [here, os.environ.get("PYTHONPATH")]))


def quote_python() -> None:
    """Let Snakemake, which writes paths into shell commands as they are, start a Python whose path has a space."""
    if Path(sys.executable).exists():
        sys.executable = shlex.quote(sys.executable)


def _check_code(snakemake) -> None:  # noqa: ANN001
    # Snakemake runs a copy of the script and lets it believe that it is the original.
    script = Path(sys.modules["__main__"].__file__)
    if code_hash(script, tuple(snakemake.params.uses)) != snakemake.params.code:
        raise RuntimeError(
            f"the code behind {snakemake.rule} has changed since this run started, and two versions must not mix: "
            "run again"
        )


def _limit_threads(threads: int) -> None:
    # Read by OpenMP (torch), the BLAS libraries, numba and XLA (neural-tangents) when they start.
    names = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS", "PJRT_NPROC", "NPROC")
    os.environ |= dict.fromkeys(names, str(threads))
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
