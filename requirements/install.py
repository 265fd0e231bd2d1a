"""Set up an environment with what the locks beside this file pin: `python requirements/install.py STAMP run.txt
[dev.txt]`.

The Makefile calls it with a stamp, a file in the folder of the environment. It is written when all is there and
checked, and says where the environment's programs are, as they do not run elsewhere. uv installs, and pip where uv
cannot; torch comes first, as the build that suits the machine.
"""

import ast
import fcntl
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import TextIO

_HERE = Path(__file__).resolve().parent
_UV = "uv==0.13.9"
_FIRST = ("torch", "torchvision")
_MODULES = ("torch", "torchvision", "jax", "neural_tangents", "gpytorch", "numba", "snakemake")
# What would let other packages in, or send these elsewhere.
_DROPPED = (
    "PYTHONPATH", "PYTHONHOME", "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "UV_SYSTEM_PYTHON", "UV_PYTHON", "UV_TARGET",
    "UV_PREFIX",
)  # fmt: skip
_UV_OF_PIP = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "no-index": "UV_NO_INDEX",
    "trusted-host": "UV_INSECURE_HOST",
    "cert": "SSL_CERT_FILE",
    "proxy": "ALL_PROXY",
}
_UV_SOURCES = ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_INDEX", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS", "UV_NO_INDEX")


class SetUpError(Exception):
    """What is wrong, and what to do, in one line."""


class _Installer:
    """Fills the environment in ``folder``; all that its commands say goes to ``log``."""

    def __init__(self, folder: Path, log: TextIO) -> None:
        self.folder = folder
        self.python = folder / "bin" / "python"
        self.uv = folder / "bin" / "uv"
        self.log = log
        self.environment = {name: value for name, value in os.environ.items() if name not in _DROPPED}
        # Each is asked twice in any case.
        self.environment.setdefault("PIP_RETRIES", "2")
        self.environment |= {"PYTHONNOUSERSITE": "1", "PIP_USER": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
        if not _can_be_written(self.environment):
            self.environment |= {"UV_NO_CACHE": "1", "PIP_NO_CACHE_DIR": "1"}

    def call(self, *command: object, **environment: str) -> bool:
        """Whether ``command`` succeeded, with ``environment`` where the user has not set it."""
        words = [str(word) for word in command]
        print("$", *words, file=self.log, flush=True)
        try:
            done = subprocess.run(
                words,
                stdin=subprocess.DEVNULL,
                stdout=self.log,
                stderr=subprocess.STDOUT,
                env=environment | self.environment,
            )
        except OSError as error:
            print(error, file=self.log, flush=True)
            return False
        return done.returncode == 0

    def make_environment(self) -> None:
        """Make the environment, unless there is a whole one of this Python that has not been moved."""
        unfinished = self.folder / ".unfinished"
        moved = any(not _in_place(stamp) for stamp in self.folder.glob(".installed-*"))
        version = f"import pip, sys; sys.exit(sys.version_info[:2] != {sys.version_info[:2]})"
        if not unfinished.exists() and not moved and self.call(self.python, "-c", version):
            return
        if self.folder.exists():
            if any(self.folder.iterdir()) and not unfinished.exists() and not (self.folder / "pyvenv.cfg").exists():
                raise SetUpError(
                    f"{self.folder} is not an environment of Python: move it away, or name another: make VENV=FOLDER"
                )
            shutil.rmtree(self.folder)
        self.folder.mkdir(parents=True)
        unfinished.touch()
        with _stage(f"{self.folder.name} for Python {sys.version_info.major}.{sys.version_info.minor}"):
            # This Python may be the one of the folder that is made again.
            python = getattr(sys, "_base_executable", sys.executable)
            if not self.call(python, "-m", "venv", self.folder):
                raise self.failure(f"{python} -m venv failed", "install what it asks for, such as python3-venv")

    def find_uv(self) -> None:
        """Have uv, if it can be had, and let it look where pip looks."""
        with _stage("uv"):
            self.call(self.python, "-m", "pip", "install", "--quiet", "--no-compile", _UV)
            listing = subprocess.run(
                [self.python, "-m", "pip", "config", "list"], env=self.environment, capture_output=True, text=True
            )
        self.environment = uv_settings(listing.stdout, self.environment) | self.environment

    def install(self, *what: str, backend: bool = False) -> bool:
        """Install by uv, or else by pip, which is asked twice: a download may break off."""
        uv = (self.uv, "pip", "install", "--quiet", "--python", self.python, *what)
        pip = (self.python, "-m", "pip", "install", "--quiet", "--no-compile", *what)
        # uv's packages of torch for each kind of GPU and for none come from torch's own registry, which may be out of
        # reach.
        if backend and self.call(*uv, UV_TORCH_BACKEND="auto", UV_HTTP_RETRIES="1"):
            return True
        return self.call(*uv) or self.call(*pip) or self.call(*pip)

    def failure(self, what: str, advice: str) -> SetUpError:
        """``what`` went wrong, with what the last command said of it."""
        self.log.flush()
        said = Path(self.log.name).read_text(encoding="utf-8", errors="replace").rpartition("\n$ ")[2]
        broken = re.search(r"connection broken by '(\w+)", said)
        errors = [line for line in said.splitlines() if line.lower().startswith("error")]
        why = f"no connection: {broken[1]}" if broken else [said.strip().splitlines()[-1], *errors][-1][:200]
        return SetUpError(f"{what} ({why}); all of it is in {self.log.name}: {advice} and call make again")


def install(stamp: Path, locks: Sequence[str]) -> None:
    """Have the environment in the folder of ``stamp`` hold what ``locks`` pin, and write ``stamp``."""
    folder = stamp.parent.resolve()
    folder.parent.mkdir(parents=True, exist_ok=True)
    with _alone(Path(f"{folder}.log")) as log:
        started = time.monotonic()
        installer = _Installer(folder, log)
        if _in_place(stamp) and installer.call(installer.python, "-c", ""):
            return
        log.truncate(0)
        installer.make_environment()
        # Of other pins; those that run stay when those of development are added.
        for old in folder.glob(".installed-dev-*" if len(locks) > 1 else ".installed-*"):
            old.unlink()
        running = any(folder.glob(".installed-*"))
        unfinished = folder / ".unfinished"
        # One that runs stays in use while more is added.
        if not running:
            unfinished.touch()
        installer.find_uv()
        files = [_HERE / name for name in locks]
        pins = [pin for file in files for pin in _pins(file)]
        first = [pin for pin in pins if _name(pin) in _FIRST]
        everything = [word for file in files for word in ("--requirement", str(file))]
        constraints = [word for file in files for word in ("--constraint", str(file))]
        steps = [(f"{len(pins)} packages", ["--no-deps", *everything], False)]
        if not running:
            steps.insert(0, ("torch", [*first, *constraints], True))
        for name, what, backend in steps:
            with _stage(name):
                done = installer.install(*what, backend=backend)
            if not done:
                raise installer.failure(
                    f"{name} could not be installed", "see to the network, the proxy or pip's settings"
                )
        with _stage("check"):
            command = [installer.python, "-I", __file__, "--check", *locks]
            problems = subprocess.run(command, env=installer.environment, capture_output=True, text=True)
        if problems.returncode:
            said = (problems.stdout or problems.stderr).strip().splitlines()
            print(*said, sep="\n", file=log)
            more = f" and {len(said) - 1} more in {log.name}" if len(said) > 1 else ""
            raise SetUpError(f"the environment is not as in {' and '.join(locks)}: {said[-1]}{more}: call make again")
        if not running:
            # What fails here is compiled when it is used.
            with _stage("compile"):
                installer.call(installer.python, _HERE / "compile.py")
        unfinished.unlink(missing_ok=True)
        stamp.write_text(f"{folder / 'bin'}\n", encoding="utf-8")
        print(f"{folder.name} is set up, in {time.monotonic() - started:.0f} s.", flush=True)


def check(locks: Sequence[str]) -> list[str]:
    """What the environment of this Python lacks of what ``locks`` pin, a line each."""
    pins = [pin for name in locks for pin in _pins(_HERE / name)]
    problems = []
    for pin in pins:
        name, version = pin.split("==")
        try:
            # A build such as +cpu is the same version.
            found = metadata.version(name).split("+")[0]
        except (metadata.PackageNotFoundError, AttributeError):
            found = "missing"
        if found != version:
            problems.append(f"{name} is {found}, not {version}")
    run = subprocess.run([sys.executable, "-m", "pip", "check"], capture_output=True, text=True)
    problems.extend(inconsistent(run.stdout, {_name(pin) for pin in pins}, left_out()))
    problems.extend(f"module {name} is missing" for name in _MODULES if find_spec(name) is None)
    return problems


def inconsistent(said: str, names: set[str], without: set[str]) -> list[str]:
    """The lines that `pip check` ``said`` about packages of ``names`` and that do not ask for one of ``without``."""
    return [
        line
        for line in said.splitlines()
        if _name(line.split(" ")[0]) in names
        and not any(re.search(rf"requires {re.escape(name)}, which is not installed", line) for name in without)
    ]


def left_out() -> set[str]:
    """The packages that others ask for and that are not installed: pyproject.toml says why."""
    project = tomllib.loads((_HERE.parent / "pyproject.toml").read_text(encoding="utf-8"))
    return set(project["tool"]["uv"]["exclude-dependencies"])


def uv_settings(listing: str, environment: Mapping[str, str]) -> dict[str, str]:
    """Environment variables that give uv the settings in ``listing`` by `pip config list`, unless uv has its own."""
    if any(name in environment for name in _UV_SOURCES):
        return {}
    found = {}
    lines = [line.partition("=") for line in listing.splitlines()]
    for section in ("global", "install", ":env:"):
        for key, _, value in lines:
            of, _, name = key.rpartition(".")
            if of == section and name in _UV_OF_PIP:
                separator = "," if name == "find-links" else " "
                found[_UV_OF_PIP[name]] = separator.join(ast.literal_eval(value).split())
    # pip takes the best version of all indexes.
    return found | {"UV_INDEX_STRATEGY": "unsafe-best-match"}


def _in_place(stamp: Path) -> bool:
    return stamp.exists() and stamp.read_text(encoding="utf-8").strip() == str(stamp.parent.resolve() / "bin")


def _pins(file: Path) -> list[str]:
    return [line for line in file.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]


def _name(pin: str) -> str:
    return re.sub("[-_.]+", "-", pin.split("==")[0]).lower()


def _can_be_written(environment: Mapping[str, str]) -> bool:
    """Whether the user has a place for caches."""
    try:
        cache = Path(environment.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=cache):
            return True
    except (OSError, RuntimeError):
        return False


@contextmanager
def _alone(path: Path) -> Iterator[TextIO]:
    """The log at ``path``, once no other process is setting up the same environment."""
    with path.open("a", encoding="utf-8") as log:
        try:
            fcntl.flock(log, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"Another make is setting up {path.stem}: waiting for it.", flush=True)
            fcntl.flock(log, fcntl.LOCK_EX)
        except OSError:
            # Some network file systems know no locks.
            pass
        yield log


@contextmanager
def _stage(name: str) -> Iterator[None]:
    started = time.monotonic()
    print(f"  {name} ... ", end="", flush=True)
    try:
        yield
    finally:
        print(f"{time.monotonic() - started:.0f} s", flush=True)


def main(arguments: Sequence[str]) -> int | str:
    """Set up, or with --check say what is missing; returns what to exit with."""
    if arguments[0] == "--check":
        problems = check(arguments[1:])
        print(*problems, sep="\n")
        return int(bool(problems))
    try:
        install(Path(arguments[0]), arguments[1:])
    except (SetUpError, OSError) as error:
        return f"sgdbayes: error in the set-up: {error}"
    except KeyboardInterrupt:
        return "sgdbayes: the set-up was stopped: call make again"
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
