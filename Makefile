# make          set up .venv and run the quickstart: from MNIST to tables and plots in results/quickstart/
# make test     the tests          make lint     ruff, snakefmt, snakemake --lint
# make test-cluster   the workflow on a real Slurm on this machine; needs root, slurm-wlm and munge
# make figures  draw all figures of results/desk/ anew, from its tables
# make docs     copy tables and figures of results/quickstart/ and results/desk/ to docs/, and their numbers into README.md
# make bench    speeds as ratios to baselines, into results/benchmarks/, in three quarters of an hour; needs the full MNIST
# make lock     resolve requirements.in into requirements.txt
# Settings: PYTHON=python3.12  CORES=8  CONFIG=config/quickstart.yaml  VENV=.venv

PYTHON ?= python3
VENV ?= .venv
CORES ?= $(shell getconf _NPROCESSORS_ONLN)
CONFIG ?= config/quickstart.yaml

BIN := $(VENV)/bin
# Named by the content of the pins: a changed pin is installed, a scrambled file time is not.
INSTALLED := $(VENV)/.installed-$(shell cksum < requirements.txt | tr -d ' \t')

.PHONY: run figures setup test test-cluster lint bench docs lock clean
.DEFAULT_GOAL := run

run: $(INSTALLED)
	PATH="$(abspath $(BIN)):$$PATH" snakemake --cores $(CORES) --configfile $(CONFIG) --quiet rules reason

# Only what is missing is drawn; tables, whatever made them, are used as they stand.
figures: CONFIG = config/desk.yaml
figures: NAME = $(shell sed -n 's/^name: *\([A-Za-z0-9][A-Za-z0-9_.-]*\).*/\1/p' $(CONFIG))
figures: $(INSTALLED)
	rm -rf "results/$(or $(NAME),$(error no name in $(CONFIG)))/figures"
	PATH="$(abspath $(BIN)):$$PATH" snakemake --cores $(CORES) --configfile $(CONFIG) --quiet rules reason --rerun-triggers mtime -- figures

setup: $(INSTALLED)

$(INSTALLED):
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || \
	  { echo "sgdbayes needs Python 3.11, 3.12 or 3.13; $(PYTHON) is not one: call make PYTHON=/path/to/python3.11"; exit 1; }
	@echo "Setting up $(VENV); this takes some minutes once."
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

# In two processes, the longest file first.
test: $(INSTALLED)
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder tests/test_workflow.py tests

test-cluster: $(INSTALLED)
	PATH="$(abspath $(BIN)):$$PATH" python tests/cluster/slurm.py

lint: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/snakefmt --check Snakefile workflow
	PATH="$(abspath $(BIN)):$$PATH" snakemake --lint

bench: $(INSTALLED)
	$(PYTHON) -m venv $(VENV)-bench
	$(VENV)-bench/bin/python -m pip install --quiet --disable-pip-version-check -r benchmarks/requirements.txt
	$(BIN)/python benchmarks/training.py
	$(BIN)/python benchmarks/posterior.py $(VENV)-bench/bin/python
	PATH="$(abspath $(BIN)):$$PATH" python benchmarks/workflow.py

# From what there is: `make` first for the quickstart's part, `make figures` for that of results/desk/.
docs: $(INSTALLED)
	$(BIN)/python docs/refresh.py

lock:
	$(PYTHON) -m venv $(VENV)-lock
	$(VENV)-lock/bin/python -m pip install --quiet -r requirements.in
	{ echo "# Made by \`make lock\` from requirements.in. With a GPU, torch brings its CUDA packages, which it pins itself, beside these."; \
	  $(VENV)-lock/bin/python -m pip freeze --all | sed -e 's/+cpu//' -e '/^\(pip\|wheel\|nvidia-\|cuda-\|triton\)/d'; } > requirements.txt
	$(PYTHON) workflow/envs/refresh.py
	rm -rf $(VENV)-lock

clean:
	rm -rf results/quickstart
