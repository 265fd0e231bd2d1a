"""Write sgdbayes.yaml, the environment for `snakemake --software-deployment-method conda`, from requirements.txt."""

from pathlib import Path

HEAD = """# Made by `make lock` from requirements.txt.
channels:
  - conda-forge
dependencies:
  - python=3.11
  - pip
  - pip:
"""


def environment(requirements: str) -> str:
    """The environment file that holds the pins of ``requirements``, the text of requirements.txt."""
    pins = [line for line in requirements.splitlines() if line and not line.startswith("#")]
    return HEAD + "".join(f"      - {pin}\n" for pin in pins)


if __name__ == "__main__":
    here = Path(__file__).parent
    text = environment((here.parents[1] / "requirements.txt").read_text(encoding="utf-8"))
    (here / "sgdbayes.yaml").write_text(text, encoding="utf-8")
