from .kinds import DATASETS as DATASETS
from .kinds import Dataset as Dataset
from .kinds import register_dataset as register_dataset
from .loading import load_task as load_task
from .task import Inputs as Inputs
from .task import LabelledData as LabelledData
from .task import Task as Task
from .task import draw_task as draw_task
