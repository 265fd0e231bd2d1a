"""Where torch computes: on a GPU if there is one."""

__all__ = ["resolve_device"]


def resolve_device(device: str) -> str:
    """What "auto" stands for here: a GPU where there is one. Raises RuntimeError if a GPU is asked for and there is
    none, ValueError for another name.
    """
    if device not in ("auto", "cpu", "cuda"):
        raise ValueError(f"device must be auto, cpu or cuda, got {device!r}")
    if device == "cpu":
        return device
    # Seconds to import: only who asks pays for it.
    import torch

    if device == "cuda" and not torch.cuda.is_available():
        raise RuntimeError("device is cuda, but torch finds no GPU here: set device to auto or cpu")
    return "cuda" if torch.cuda.is_available() else "cpu"
