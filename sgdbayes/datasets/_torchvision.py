"""torchvision, also beside a CPU-only build of torch."""

import contextlib

import torch

__all__ = ["torchvision"]

# torchvision's binary from the registry is linked against the CUDA build of torch; beside the CPU build two of its
# operators are missing and its import fails. Declaring them is enough for data sets, which call neither.
for _operator in ("nms", "qnms"):
    with contextlib.suppress(RuntimeError):  # declared already: torchvision works as it is
        torch.library.define(f"torchvision::{_operator}", "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")

import torchvision  # noqa: E402
