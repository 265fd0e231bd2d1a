"""Where torch computes: on a GPU if there is one."""

__all__ = ["check_device", "resolve_device"]


def check_device(device: str) -> None:
    """Raise ValueError for a name that is none of a device."""
    if device not in ("auto", "cpu", "cuda"):
        raise ValueError(f"device must be auto, cpu or cuda, got {device!r}")


def resolve_device(device: str) -> str:
    """What "auto" stands for here: a GPU where there is one. Raises as `check_device` does, RuntimeError if a GPU is
    asked for and there is none.
    """
    check_device(device)
    if device == "cpu":
        return device
    # Seconds to import: only who asks pays for it.
    import torch

    if device == "cuda" and not torch.cuda.is_available():
        raise RuntimeError("device is cuda, but torch finds no GPU here: set device to auto or cpu")
    return "cuda" if torch.cuda.is_available() else "cpu"
