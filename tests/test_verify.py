"""Networks trained again are the same, and what is not is counted."""

import pytest

from sgdbayes.functions import pack, unpack
from sgdbayes.training.campaign import train_block
from sgdbayes.training.verify import verify_runs

SETTINGS = {
    "architecture": {"kind": "FullyConnected", "depth": 1, "width": 12},
    "optimizer": {"kind": "Adam", "learning_rate": 0.03},
    "loss": "cross_entropy", "batch_size": 8, "max_epochs": 300, "extra_epochs": 0, "target_loss": None,
    "precision": "float32", "seed": 3,
}  # fmt: skip


@pytest.fixture
def runs(task):
    return train_block(task, SETTINGS, "0-12", experiment="e", key="k", code="c", known=[], device="cpu")


def test_networks_come_out_the_same(task, runs):
    table = verify_runs(task, SETTINGS, runs, share=0.5, device="cpu")
    assert len(table) == 6
    assert table["index"].is_monotonic_increasing
    assert (table["labels"] == 16).all()
    assert (table["different_labels"] == 0).all()
    assert table["same_epochs"].all()
    assert len(verify_runs(task, SETTINGS, runs, share=1e-9, device="cpu")) == 1


def test_changed_labels_and_epochs_are_counted(task, runs):
    labels = unpack(runs["labels"].tolist(), 16)
    labels[4, [0, 9]] ^= True
    runs["labels"] = pack(labels)
    runs.loc[7, "epochs"] += 1
    table = verify_runs(task, SETTINGS, runs, share=1, device="cpu").set_index("index")
    assert table["different_labels"].to_dict() == {n: 2 * (n == 4) for n in range(12)}
    assert table.index[~table["same_epochs"]].tolist() == [7]


@pytest.mark.parametrize("share", [0, -1, 1.5])
def test_a_share_is_a_share(task, runs, share):
    with pytest.raises(ValueError, match="must be above 0 and at most 1"):
        verify_runs(task, SETTINGS, runs, share=share, device="cpu")
