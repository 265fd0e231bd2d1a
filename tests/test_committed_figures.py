"""Every figure of the committed tables can be drawn, and drawing them leaves nothing to do."""

import pytest
from test_workflow import Project


@pytest.mark.slow
def test_make_figures_draws_all_from_the_tables_of_a_clone(tmp_path):
    project = Project(tmp_path)
    project.count_as_set_up()
    run = project.make("figures", "CONFIG=config/desk.yaml")
    assert run.returncode == 0, run.stdout + run.stderr
    pictures = [path for path in (tmp_path / "results/desk/figures").rglob("*.p*") if path.suffix != ".json"]
    assert len(pictures) > 230
    for path in pictures:
        assert path.read_bytes().startswith(b"\x89PNG" if path.suffix == ".png" else b"%PDF"), path
    again = project.call(
        "snakemake", "--configfile", "config/desk.yaml", "--rerun-triggers", "mtime", "-n", "--", "figures"
    )
    assert "Nothing to be done" in again.stdout + again.stderr
