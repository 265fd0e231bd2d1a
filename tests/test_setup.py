"""The set-up: what is declared and pinned, and what requirements/install.py does when something is missing or fails."""

import ast
import fcntl
import importlib.util
import re
import subprocess
import sys
import threading
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from test_workflow import Project

from sgdbayes.pipeline.jobs import quote_python

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
LOCKS = ROOT / "requirements"
# Plays Python, pip and uv: writes down how it is called, and fails where the environment says so.
STUB = r"""#!/bin/sh
echo "$(basename "$0") $*" >> "$CALLS"
case "$(basename "$0") $*" in
  *" -m venv "*) mkdir -p "$3/bin" && cp "$0" "$3/bin/python" && : > "$3/pyvenv.cfg";;
  *" -m pip install "*" uv=="*) [ -z "$NO_UV" ] && cp "$0" "$(dirname "$0")/uv";;
  *" -m pip install "*) [ -z "$NO_PIP" ] || { echo "ERROR: no matching distribution"; echo; exit 1; };;
  "uv pip install "*) [ -z "$NO_INDEX_OF_TORCH$UV_FAILS" ] || [ -z "$UV_TORCH_BACKEND$UV_FAILS" ];;
  *" --check "*) [ -z "$LACKS" ] || { echo "$LACKS"; exit 1; };;
  *" -c import pip"*) [ -z "$OTHER_VERSION" ];;
esac
"""


@pytest.fixture
def install(tmp_path, monkeypatch):
    """install.py, with all that it calls played by a stub; its calls are in `calls`."""
    module = load(LOCKS / "install.py")
    stub = tmp_path / "python"
    stub.write_text(STUB)
    stub.chmod(0o755)
    monkeypatch.setattr(sys, "_base_executable", str(stub))
    monkeypatch.setenv("CALLS", str(tmp_path / "calls"))
    return module


@pytest.fixture
def stamp(tmp_path) -> Path:
    return tmp_path / "a b ü" / ".venv" / ".installed-run-1"


def calls(stamp: Path) -> list[str]:
    """How the stub was called since this was asked last."""
    path = stamp.parents[2] / "calls"
    found = path.read_text().splitlines() if path.exists() else []
    path.unlink(missing_ok=True)
    return found


def load(path: Path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def locked(name: str) -> list[str]:
    return [line for line in (LOCKS / name).read_text().splitlines() if not line.startswith("#")]


def names_of(requirements: list[str]) -> set[str]:
    return {re.split("[<>=]", each)[0].lower().replace("_", "-") for each in requirements}


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (each.name.split(".")[0] for each in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.module.split(".")[0]


def test_a_lock_holds_one_version_of_each_and_nothing_that_is_left_out():
    pins = [*locked("run.txt"), *locked("dev.txt")]
    assert all(re.fullmatch(r"[a-z0-9-]+==[\w.]+", pin) for pin in pins)
    names = [pin.split("==")[0] for pin in pins]
    assert len(names) == len(set(names))
    without = set(PROJECT["tool"]["uv"]["exclude-dependencies"])
    assert "tensorflow" in without
    assert not (without | {"keras", "triton"}) & set(names)
    assert not [name for name in names if name.startswith(("nvidia-", "cuda-"))]
    for path in LOCKS.glob("*.txt"):
        assert not re.search(r"//|^-|@", path.read_text(), re.MULTILINE)


def test_what_is_declared_is_locked():
    extras = PROJECT["project"]["optional-dependencies"]
    running = names_of([*PROJECT["project"]["dependencies"], *extras["workflow"]])
    assert running <= names_of(locked("run.txt"))
    assert names_of(extras["dev"]) <= names_of([*locked("run.txt"), *locked("dev.txt")])


@pytest.mark.parametrize(
    ("folders", "extras"),
    [
        (["sgdbayes"], ["workflow"]),
        (["workflow"], ["workflow"]),
        (["tests", "docs", "requirements"], ["workflow", "dev"]),
    ],
)
def test_what_is_imported_is_declared(folders, extras):
    declared = names_of(PROJECT["project"]["dependencies"])
    for extra in extras:
        declared |= names_of(PROJECT["project"]["optional-dependencies"][extra])
    of, files = packages_distributions(), [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    # Triton comes with torch's build for GPUs, and is imported nowhere else.
    own = {
        "sgdbayes",
        "triton",
        *(path.stem for folder in ("docs", *folders) for path in (ROOT / folder).rglob("*.py")),
    }
    for path in files:
        for module in set(imports(path)) - own - sys.stdlib_module_names:
            assert names_of(of.get(module, [module])) & declared, f"{path}: {module}"


def test_the_conda_environment_is_that_of_the_lock():
    files = load(LOCKS / "lock.py").conda_files((LOCKS / "run.txt").read_text())
    assert len(files) == 2
    for path, text in files.items():
        assert path.read_text() == text


def test_torch_comes_first_with_what_it_needs_then_all_without(install, stamp, capsys):
    install.install(stamp, ["run.txt"])
    first, rest = [call for call in calls(stamp) if call.startswith("uv ")]
    assert "torch==2" in first
    assert "--no-deps" not in first
    assert f"--constraint {LOCKS / 'run.txt'}" in first
    assert f"--no-deps --requirement {LOCKS / 'run.txt'}" in rest
    assert stamp.read_text().strip() == str(stamp.parent / "bin")
    assert not (stamp.parent / ".unfinished").exists()
    assert re.search(r"  torch \.\.\. \d+ s\n", capsys.readouterr().out)


def test_what_is_there_is_not_installed_again(install, stamp):
    install.install(stamp, ["run.txt"])
    calls(stamp)
    install.install(stamp, ["run.txt"])
    assert calls(stamp) == ["python -c "]


def test_development_is_added_to_what_runs(install, stamp):
    install.install(stamp, ["run.txt"])
    old = stamp.with_name(".installed-dev-0")
    old.write_text(stamp.read_text())
    calls(stamp)
    install.install(stamp.with_name(".installed-dev-1"), ["run.txt", "dev.txt"])
    (rest,) = [call for call in calls(stamp) if call.startswith("uv ")]
    assert str(LOCKS / "dev.txt") in rest
    assert stamp.exists()
    assert not old.exists()


def test_other_pins_replace_the_stamps_of_old_ones(install, stamp):
    for name in (".installed-run-1", ".installed-run-2"):
        install.install(stamp.with_name(name), ["run.txt"])
    assert not stamp.exists()
    assert sum("-m venv" in call for call in calls(stamp)) == 1


@pytest.mark.parametrize("what", ["cut short", "other version", "moved", "no Python"])
def test_what_is_not_whole_is_made_again(install, stamp, what, monkeypatch):
    install.install(stamp, ["run.txt"])
    folder, kept = stamp.parent, stamp.parent / "kept"
    kept.touch()
    if what == "cut short":
        (folder / ".unfinished").touch()
    elif what == "other version":
        monkeypatch.setenv("OTHER_VERSION", "1")
    elif what == "moved":
        stamp.write_text("/elsewhere/bin\n")
    else:
        (folder / "bin" / "python").unlink()
    calls(stamp)
    install.install(stamp.with_name(".installed-run-2"), ["run.txt"])
    assert sum("-m venv" in call for call in calls(stamp)) == 1
    assert not kept.exists()


def test_a_folder_that_is_no_environment_is_left_alone(install, stamp):
    stamp.parent.mkdir(parents=True)
    kept = stamp.parent / "thesis.tex"
    kept.touch()
    with pytest.raises(install.SetUpError, match="is not an environment of Python: move it away"):
        install.install(stamp, ["run.txt"])
    assert kept.exists()


def test_uv_does_without_torchs_own_registry(install, stamp, monkeypatch):
    monkeypatch.setenv("NO_INDEX_OF_TORCH", "1")
    install.install(stamp, ["run.txt"])
    said = calls(stamp)
    assert sum(call.startswith("uv ") for call in said) == 3
    assert not any("-m pip install" in call and "torch" in call for call in said)


@pytest.mark.parametrize("variable", ["NO_UV", "UV_FAILS"])
def test_pip_installs_where_uv_fails(install, stamp, variable, monkeypatch):
    monkeypatch.setenv(variable, "1")
    install.install(stamp, ["run.txt"])
    first, rest = [call for call in calls(stamp) if "-m pip install" in call and "uv==" not in call]
    assert "torch==2" in first
    assert "--no-deps" in rest
    assert stamp.exists()


def test_when_all_fails_there_is_one_line_and_no_stamp(install, stamp, monkeypatch, capsys):
    for variable in ("NO_UV", "NO_PIP"):
        monkeypatch.setenv(variable, "1")
    said = install.main([str(stamp), "run.txt"])
    assert said == (
        "sgdbayes: error in the set-up: torch could not be installed (ERROR: no matching distribution); all of it is "
        f"in {stamp.parent}.log: see to the network, the proxy or pip's settings and call make again"
    )
    assert not stamp.exists()
    assert (stamp.parent / ".unfinished").exists()
    assert "ERROR" not in capsys.readouterr().out


def test_development_that_fails_leaves_what_runs(install, stamp, monkeypatch):
    install.install(stamp, ["run.txt"])
    for variable in ("UV_FAILS", "NO_PIP"):
        monkeypatch.setenv(variable, "1")
    with pytest.raises(install.SetUpError):
        install.install(stamp.with_name(".installed-dev-1"), ["run.txt", "dev.txt"])
    assert stamp.exists()
    assert not (stamp.parent / ".unfinished").exists()


def test_what_the_check_misses_is_one_line_and_no_stamp(install, stamp, monkeypatch):
    monkeypatch.setenv("LACKS", "numpy is missing, not 2.4.6")
    said = install.main([str(stamp), "run.txt"])
    assert said.endswith("the environment is not as in run.txt: numpy is missing, not 2.4.6: call make again")
    assert not stamp.exists()


def test_a_second_set_up_waits_for_the_first(install, stamp, capsys):
    stamp.parent.mkdir(parents=True)
    with Path(f"{stamp.parent}.log").open("a") as first:
        fcntl.flock(first, fcntl.LOCK_EX)
        second = threading.Thread(target=install.install, args=(stamp, ["run.txt"]))
        second.start()
        second.join(0.5)
        assert second.is_alive()
        (stamp.parent / "bin").mkdir()
        (stamp.parent / "bin" / "python").symlink_to(sys.executable)
        stamp.write_text(f"{stamp.parent / 'bin'}\n")
    second.join()
    assert capsys.readouterr().out == "Another make is setting up .venv: waiting for it.\n"
    assert not calls(stamp)


def test_no_packages_of_others_and_no_cache_where_none_can_be(install, stamp, monkeypatch, tmp_path):
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    monkeypatch.setenv("PIP_USER", "1")
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    environment = install._Installer(stamp.parent, None).environment
    assert "PYTHONPATH" not in environment
    assert {key: environment[key] for key in ("PIP_USER", "PYTHONNOUSERSITE", "UV_NO_CACHE", "PIP_NO_CACHE_DIR")} == {
        "PIP_USER": "0", "PYTHONNOUSERSITE": "1", "UV_NO_CACHE": "1", "PIP_NO_CACHE_DIR": "1",
    }  # fmt: skip


def test_uv_looks_where_pip_looks(install):
    listing = (
        ":env:.find-links='/wheels'\n:env:.retries='1'\nglobal.extra-index-url='file:///a/simple\\nfile:///b/simple'\n"
        "global.find-links='/other'\ninstall.index-url='https://mirror/simple'\n"
    )
    assert install.uv_settings(listing, {}) == {
        "UV_FIND_LINKS": "/wheels",
        "UV_INDEX": "file:///a/simple file:///b/simple",
        "UV_DEFAULT_INDEX": "https://mirror/simple",
        "UV_INDEX_STRATEGY": "unsafe-best-match",
    }
    assert install.uv_settings(listing, {"UV_INDEX_URL": "https://mine/simple"}) == {}


def test_a_check_names_what_does_not_agree_but_not_what_is_left_out(install):
    said = (
        "neural-tangents 0.6.5 requires tensorflow, which is not installed.\n"
        "numba 0.68.1 has requirement numpy<2.4, but you have numpy 2.4.6.\n"
        "somebody-else 1.0 requires nothing, which is not installed.\n"
        "PyYAML 6.0.3 is not supported on this platform\nNo broken requirements found.\n"
    )
    found = install.inconsistent(said, {"neural-tangents", "numba", "pyyaml"}, {"tensorflow"})
    assert [line.split()[0] for line in found] == ["numba", "PyYAML"]


def test_this_environment_is_what_the_lock_says(install):
    assert install.check(["run.txt"]) == []


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Project:
    return Project(tmp_path_factory.mktemp("a b ü"))


def test_a_clone_without_set_up_makes_one_first(project):
    commands = project.call("make", "-n", "VENV=new-venv").stdout
    assert commands.index("requirements/install.py") < commands.index("snakemake --cores")
    (call,) = [line for line in commands.splitlines() if "install.py" in line]
    assert re.search(r'"new-venv/\.installed-run-\d+" run\.txt', call)


def test_only_who_develops_gets_what_development_needs(project):
    assert "dev.txt" not in project.call("make", "-n", "VENV=new-venv").stdout
    for target in ("test", "lint", "docs", "site", "bench"):
        commands = project.call("make", "-n", target, "VENV=new-venv").stdout
        assert commands.index(".installed-run-") < commands.index(" run.txt dev.txt")


def test_what_is_set_up_is_used_in_any_folder(project):
    project.count_as_set_up()
    run = project.call("make", "setup", f"VENV={sys.prefix}", "PYTHON=false")
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")


def test_make_refuses_an_unsuitable_python(project):
    old = project.folder / "old-python"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    run = project.call("make", f"PYTHON={old}", "VENV=new-venv")
    assert run.returncode != 0
    assert "sgdbayes needs Python 3.11, 3.12 or 3.13" in run.stdout
    assert not (project.folder / "new-venv").exists()


def test_what_runs_does_not_see_other_peoples_packages(project, tmp_path, monkeypatch):
    (tmp_path / "yaml.py").write_text("raise SystemExit('the wrong yaml')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    run = subprocess.run(
        ["make", "-s", "-f", "-", f"VENV={sys.prefix}", "seen"], cwd=project.folder, capture_output=True, text=True,
        input='include Makefile\nseen:\n\t@$(IN_VENV) python -c "import yaml; print(yaml.__file__)"\n',
    )  # fmt: skip
    assert run.stdout.startswith(sys.prefix), run.stderr


def test_snakemake_can_start_a_python_in_a_folder_with_a_space(tmp_path, monkeypatch):
    python = tmp_path / "a b" / "python"
    python.parent.mkdir()
    python.touch()
    for path, quoted in ((str(python), f"'{python}'"), (sys.prefix, sys.prefix)):
        monkeypatch.setattr(sys, "executable", path)
        for _ in range(2):
            quote_python()
            assert sys.executable == quoted
