"""Whatever stands in a configuration, it is a plan or a mistake told in one line; whatever text is written to a table
is read again.
"""

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sgdbayes.files import read_table, write_table
from sgdbayes.pipeline.checking import check_kinds
from sgdbayes.pipeline.mistakes import ConfigurationError
from sgdbayes.pipeline.plan import Plan
from sgdbayes.pipeline.reading import read_configuration

ROOT = Path(__file__).parents[1]
WORKFLOW = ROOT / "workflow"
# Every key that there is, by the schema, stands in one of them.
CONFIGURATIONS = [yaml.safe_load((ROOT / f"config/{name}.yaml").read_text()) for name in ("quickstart", "volume")]
CONFIGURATIONS[0] |= {
    "domains": 4,
    "comparison": {"asked": 10, "drawn": 20, "min_count": 5, "top": 3, "seed": 1, "asked_found": 10},
    "sweeps": {"batch": {"setting": "batch_size", "experiments": ["b*"], "domain_size": 50}},
    "margins": {"draws": 10, "experiments": ["mnist-*"], "seed": 0},
    "complexity": {"measure": "auto", "frequent": 2, "sampled": 2, "networks": 1, "points": 5},
    "by_error": {"number": 5, "errors": 3, "seed": 0, "domain_sizes": [50]},
    "predictors": ["mnist-*"],
    "ep_against_exact": {"task": "mnist", "architecture": "fcn", "train_sizes": [10, 20], "seed": 0},
}
CONFIGURATIONS[0]["experiments"]["b{batch_size}"] = {
    "grid": {"batch_size": [8, 16]}, "task": "mnist", "architecture": "fcn", "optimizer": "sgd", "networks": 10,
    "domain_sizes": [50], "extra_epochs": 2, "target_loss": 0.1, "precision": "float32", "posteriors": ["mse"],
}  # fmt: skip

scalars = (
    st.none() | st.booleans() | st.integers() | st.sampled_from([-1, 0, 1, 2, 10**9, 10**30, 1e-4, 0.5, 1e308])
    | st.floats() | st.text(max_size=5)
    | st.sampled_from(["mnist", "fcn", "*", "", "{", "{a}", "1e-4", "..", "auto", "cuda", "SGD", "LSTM", "imdb", "a/b"])
    | st.dates()
)  # fmt: skip
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4) | st.integers(), inner, max_size=2),
    max_leaves=4,
)


def places(node: Any, path: tuple = ()) -> Iterator[tuple]:
    """Paths of all that stands in a configuration."""
    for key, value in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
        yield (*path, key)
        yield from places(value, (*path, key))


@st.composite
def configurations(draw: st.DrawFn) -> dict:
    """One of the above in which some things are others, gone, or new."""
    config = copy.deepcopy(draw(st.sampled_from(CONFIGURATIONS)))
    for _ in range(draw(st.integers(1, 3))):
        *around, last = draw(st.sampled_from(sorted(places(config), key=str)))
        place = config
        for key in around:
            place = place[key]
        match draw(st.sampled_from(["other", "other", "other", "gone", "new"])):
            case "other":
                place[last] = draw(values)
            case "gone":
                del place[last]
            case "new" if isinstance(place, dict):
                place[draw(st.text(max_size=6))] = draw(values)
        if not config:
            break
    return config


@settings(max_examples=150, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
@given(configurations())
def test_any_configuration_is_a_plan_or_a_mistake_in_one_line(config):
    try:
        configuration = read_configuration(config, WORKFLOW / "schemas/config.schema.yaml")
        check_kinds(configuration)
    except ConfigurationError as error:
        said = str(error)
        assert len(said.splitlines()) == 1 and len(said) < 1000, said
        return
    plan = Plan(configuration, WORKFLOW / "scripts")
    assert all(plan.blocks(name) and plan.key("compare", name) for name in plan.experiments)


# What a CSV file can hold: no lone surrogate, and nothing is not an empty text.
texts = st.text(st.characters(codec="utf-8"), min_size=1) | st.sampled_from(
    ["NA", "nan", "None", "null", "7", "007", "1e-1", "inf", "True", " ", "a,b", 'a"b', "a\nb", "\r", "\r\n", "#", "-"]
)


@pytest.mark.parametrize("ending", ["csv", "parquet"])
@settings(max_examples=100, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
@given(rows=st.lists(st.tuples(st.none() | texts, texts, st.integers(-10, 10)), min_size=1, max_size=5))
def test_any_text_in_a_table_is_read_as_it_was_written(rows, ending, tmp_path_factory):
    path = tmp_path_factory.mktemp("table") / f"table.{ending}"
    table = pd.DataFrame(rows, columns=["text", "name", "number"])
    write_table(path, table, {})
    found = read_table(path)
    assert found["name"].tolist() == table["name"].tolist()
    assert found["number"].tolist() == table["number"].tolist()
    assert [None if pd.isna(each) else each for each in found["text"]] == [text for text, _, _ in rows]
