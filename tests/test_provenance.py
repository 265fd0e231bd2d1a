"""Which code a result depends on."""

import shutil
from pathlib import Path

import pytest

import sgdbayes
from sgdbayes.pipeline import provenance

SCRIPTS = Path(__file__).parents[1] / "workflow" / "scripts"


def names(script: str) -> set[str]:
    package = Path(sgdbayes.__file__).parent
    return {str(path.relative_to(package)) for path in provenance.imported_modules(SCRIPTS / f"{script}.py")}


def test_scripts_depend_on_the_modules_they_use_and_no_others():
    assert {"training/stack.py", "training/optimizers.py"} <= names("train")
    assert not {"posterior/ep.py", "comparison.py", "jobs.py"} & names("train")
    assert {"posterior/stored.py", "analysis/comparison.py"} <= names("compare")
    # Kinds are the code of those results that use them.
    assert not {"training/stack.py", "figures/distributions.py", "posterior/ep.py"} & names("posterior")
    assert {"figures/distributions.py", "figures/style.py"} <= names("ranks")
    assert not {"figures/against_frequency.py", "figures/__init__.py"} & names("ranks")


@pytest.mark.parametrize(
    ("edit", "same"),
    [
        (("A panel per study", "A study a panel"), True),
        (("rank = np.arange", "rank  =  np.arange"), True),
        (("alpha=0.15", "alpha=0.2"), False),
    ],
)
def test_hashes_change_with_code_not_with_comments(tmp_path, monkeypatch, edit, same):
    package = tmp_path / "sgdbayes"
    shutil.copytree(Path(sgdbayes.__file__).parent, package)
    monkeypatch.setattr(provenance, "_PACKAGE", package)

    def code_hash() -> str:
        for cached in (provenance.code_hash, provenance._module_hash, provenance._tree):
            cached.cache_clear()
        return provenance.code_hash(SCRIPTS / "ranks.py")

    before = code_hash()
    module = package / "figures" / "distributions.py"
    text = module.read_text()
    assert edit[0] in text
    module.write_text(text.replace(*edit))
    assert (code_hash() == before) is same


@pytest.fixture(autouse=True)
def forget_cached_code():
    yield
    for cached in (provenance.code_hash, provenance._module_hash, provenance._tree):
        cached.cache_clear()
