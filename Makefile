# make          set up .venv and run the quickstart: from MNIST to tables and plots in results/quickstart/
# make test     the tests          make lint     ruff, snakefmt, snakemake --lint
# make test-cluster   the workflow on a real Slurm on this machine; needs root, slurm-wlm and munge
# make figures  draw all figures of results/desk/ anew, from its tables; with CONFIG=FILE those of another configuration
# make docs     copy tables and figures of results/quickstart/ and results/desk/ to docs/, and their numbers into README.md
# make bench    speeds as ratios to baselines, into results/benchmarks/, in an hour; needs the full MNIST
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

# The plan is made first, as a configuration that is wrong has no figures to be removed. Tables that are there are used as they stand.
figures: CONFIG = config/desk.yaml
figures: DRAW = PATH="$(abspath $(BIN)):$$PATH" snakemake --cores $(CORES) --configfile $(CONFIG) --rerun-triggers mtime
figures: $(INSTALLED)
	$(DRAW) --dry-run --quiet all -- figures
	rm -rf "results/$$($(BIN)/python -c 'import sys, yaml; print(yaml.safe_load(open(sys.argv[1]))["name"])' $(CONFIG))/figures"
	$(DRAW) --quiet rules reason -- figures

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
