"""``python -m sgdbayes.pipeline FILE``: whether Snakemake can read a configuration file, which it does before any code
of this project runs, and fails with a traceback where it cannot.
"""

import sys
from pathlib import Path

from sgdbayes.pipeline.mistakes import ConfigurationError
from sgdbayes.pipeline.reading import check_keys

if __name__ == "__main__":
    try:
        check_keys(Path(sys.argv[1]))
    except ConfigurationError as error:
        sys.exit(f"sgdbayes: error in the configuration: {error}")
