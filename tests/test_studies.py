"""Statistics over training sets, of made rows: Student's t by hand."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from sgdbayes.analysis.comparison import COVERS
from sgdbayes.analysis.studies import COVERS_STUDY, study_table
from sgdbayes.files import read_table, write_table

COUNTS = {"networks": 100, "trained": 110, "diverged": 1, "domains": 20, "functions": 40.5, "compared": 9.5,
          "unresolved": 0.5, "unique": 0.2, "domains_with_r": 12}  # fmt: skip


def row(experiment: str, *, posterior: str = "mse", **statistics: float) -> dict:
    seed = experiment.split("-")[1]
    about = {"experiment": experiment, "task": f"mnist-{seed}", "optimizer": "sgd", "posterior": posterior}
    about |= {"domain_size": 50, **COUNTS, "effective_draws": 80.0 + int(seed), "covers": COVERS[0], "note": ""}
    for name, value in ({"gap": 3.0, "gap_per_point": 0.06, "test_error": 0.1} | statistics).items():
        about |= {name: value, f"{name}_low": value - 0.01, f"{name}_high": value + 0.01, f"{name}_sd": 0.02}
    return about


def test_a_study_has_the_mean_and_students_interval_of_its_seeds():
    gaps, errors = [3.1, 3.4, 3.3], [0.01, 0.05, 0.002]
    rows = [row(f"mnist-{seed}-sgd", gap=gap, test_error=error)
            for seed, (gap, error) in enumerate(zip(gaps, errors, strict=True))]  # fmt: skip
    rows[1] |= {"networks": 70, "compared": 12.5, "note": "no r: 3 of 20 domains"}
    others = [row("mnist-0-sgd", posterior="ep"), row("mnist-0-adam")]
    table = study_table(
        pd.DataFrame([*rows, *others]), {"mnist-sgd": [f"mnist-{seed}-sgd" for seed in range(3)], "b": ["mnist-0-adam"]}
    )
    assert table[["study", "posterior", "seeds"]].to_numpy().tolist() == [
        ["mnist-sgd", "mse", 3], ["mnist-sgd", "ep", 3], ["b", "mse", 1],
    ]  # fmt: skip
    # Of EP there is a row of one seed alone.
    assert table.loc[1, ["gap", "gap_low", "gap_sd", "test_error", "effective_draws"]].isna().all()
    assert table.loc[1, "note"] == "no row of mnist-1-sgd, mnist-2-sgd"
    assert (table.loc[1, "task"], table.loc[1, "domain_size"], table.loc[1, "networks"]) == ("mnist-0", 50, 100)
    study = table.iloc[0]
    low, high = stats.t.interval(0.95, 2, np.mean(gaps), stats.sem(gaps))
    assert study[["gap", "gap_low", "gap_high", "gap_sd"]].tolist() == pytest.approx(
        [np.mean(gaps), low, high, np.std(gaps, ddof=1)], rel=1e-4
    )
    # No share of wrong labels is below 0, however little three seeds say.
    assert (study["test_error"], study["test_error_low"]) == (pytest.approx(np.mean(errors)), 0)
    assert (study["networks"], study["compared"], study["trained"]) == (90, 10.5, 110)
    assert (study["task"], study["optimizer"], study["domain_size"]) == ("mnist-0", "sgd", 50)
    assert (study["covers"], study["note"], study["effective_draws"]) == (COVERS_STUDY, "", 80)
    assert "experiment" not in table


def test_a_statistic_that_one_seed_lacks_is_missing_and_said_to_be():
    rows = [row("mnist-0-sgd"), row("mnist-1-sgd", gap=np.nan) | {"effective_draws": np.nan}, row("mnist-2-sgd")]
    study = study_table(pd.DataFrame(rows), {"s": [each["experiment"] for each in rows]}).iloc[0]
    assert study[["gap", "gap_low", "gap_high", "gap_sd", "effective_draws"]].isna().all()
    assert study["note"] == "of some seed missing: gap"
    assert study["gap_per_point"] == pytest.approx(0.06)


def test_experiments_that_differ_in_a_setting_are_no_study():
    rows = [row("mnist-0-sgd") | {"target_loss": np.nan}, row("mnist-1-sgd") | {"target_loss": np.nan}]
    assert len(study_table(pd.DataFrame(rows), {"s": ["mnist-0-sgd", "mnist-1-sgd"]})) == 1
    rows[1]["optimizer"] = "adam"
    with pytest.raises(ValueError, match="differ in optimizer: mnist-0-sgd has sgd, mnist-1-sgd has adam"):
        study_table(pd.DataFrame(rows), {"s": ["mnist-0-sgd", "mnist-1-sgd"]})


@pytest.mark.parametrize(("note", "said"), [("", "one training set"), ("no r: x", "one training set; no r: x")])
def test_a_study_of_one_seed_has_the_interval_of_its_experiment(tmp_path, note, said):
    """Also of a table from a file, where an empty note is read as a missing value."""
    write_table(tmp_path / "comparison.csv", pd.DataFrame([row("mnist-0-sgd") | {"note": note}]), {})
    study = study_table(read_table(tmp_path / "comparison.csv"), {"s": ["mnist-0-sgd"]}).iloc[0]
    assert study[["gap", "gap_low", "gap_high"]].tolist() == pytest.approx([3.0, 2.99, 3.01])
    assert np.isnan(study["gap_sd"])
    assert (study["seeds"], study["covers"], study["note"]) == (1, COVERS[0], said)
