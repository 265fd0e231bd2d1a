"""Resolve pyproject.toml into run.txt and dev.txt beside this file and into workflow/envs/: `make lock`.

Versions that stand there are kept where they can be; `make lock UPGRADE=--upgrade` takes the newest.
"""

import subprocess
import sys
from pathlib import Path

_HERE = Path(__file__).parent
_ENVIRONMENT = _HERE.parent / "workflow" / "envs" / "sgdbayes.yaml"
# torch pins these itself, where it needs them: its build for the CPU does without.
_BROUGHT_BY_TORCH = ("nvidia-", "cuda-", "triton==")
# neural-tangents comes last and alone: pip would bring tensorflow with it (pyproject.toml says why it is left out).
_ALONE = "neural-tangents=="
_HEAD = "# Made by `make lock` from pyproject.toml"


def pins(text: str) -> list[str]:
    """The lines of a lock that are pins."""
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def conda_files(lock: str) -> dict[Path, str]:
    """The files of the environment for Snakemake's conda deployment, by path, from the text of run.txt."""
    together = "".join(f"      - {pin}\n" for pin in pins(lock) if not pin.startswith(_ALONE))
    alone = next(pin for pin in pins(lock) if pin.startswith(_ALONE))
    environment = (
        "# Made by `make lock`; sgdbayes.post-deploy.sh adds neural-tangents.\nchannels:\n  - conda-forge\n"
        f"dependencies:\n  - python=3.11\n  - pip\n  - pip:\n{together}"
    )
    script = (
        "# Made by `make lock`. Without tensorflow, which neural-tangents asks for and sgdbayes does not use.\n"
        f"python -m pip install --no-deps {alone}\n"
    )
    return {_ENVIRONMENT: environment, _ENVIRONMENT.with_suffix(".post-deploy.sh"): script}


def _resolved(uv: str, path: Path, *options: str) -> list[str]:
    command = "pip compile --quiet --universal --fork-strategy fewest --no-header --no-annotate --python-version 3.11"
    command = [uv, *command.split(), *options, "pyproject.toml", "--output-file", str(path)]
    subprocess.run(command, cwd=_HERE.parent, check=True)
    # One version each, which all platforms can have: their conditions are left out.
    found = [line.split(" ;")[0] for line in pins(path.read_text(encoding="utf-8"))]
    return [pin for pin in found if not pin.startswith(_BROUGHT_BY_TORCH)]


def _write(path: Path, what: str, found: list[str]) -> str:
    names = [pin.split("==")[0] for pin in found]
    if len(set(names)) < len(names):
        sys.exit(f"{path.name}: two versions of one package: narrow its range in pyproject.toml")
    text = f"{_HEAD}: {what}.\n" + "".join(f"{pin}\n" for pin in found)
    path.write_text(text, encoding="utf-8")
    return text


def main(uv: str, *options: str) -> None:
    run, dev = _HERE / "run.txt", _HERE / "dev.txt"
    running = _resolved(uv, run, "--extra", "workflow", *options)
    lock = _write(run, "all that `make` installs", running)
    developing = _resolved(uv, dev, "--extra", "workflow", "--extra", "dev", "--constraint", str(run), *options)
    _write(dev, "what tests and development add", [pin for pin in developing if pin not in running])
    for path, text in conda_files(lock).items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
