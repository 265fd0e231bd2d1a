"""Data sets, by the name the configuration calls them, and the binary tasks drawn from them."""

from sgdbayes.datasets.by_name import DATASETS, Dataset, load_task
from sgdbayes.datasets.task import Inputs, LabelledData, Task, draw_task

__all__ = ["DATASETS", "Dataset", "Inputs", "LabelledData", "Task", "draw_task", "load_task"]
