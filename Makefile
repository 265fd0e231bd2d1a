# make          set up .venv and run the quickstart: from MNIST to tables and plots in results/quickstart/
# make test     the tests that every change needs          make lint     ruff, mypy, snakefmt, snakemake --lint
# make test-all those, and the slow ones: killed runs, changed settings, all committed figures, a browser where there is one
# make test-slow      the slow ones alone          make test-cluster   on a real Slurm on this machine; needs root, slurm-wlm and munge
# make figures  draw all figures of results/desk/ anew, from its tables; with CONFIG=FILE those of another configuration
# make docs     copy tables and figures of results/quickstart/ and results/desk/ to docs/; fill README.md and texts from docs/templates/
# make site     README.md, the texts in docs/ and the tour as pages for a browser, in build/site/
# make bench    speeds as ratios to baselines, into results/benchmarks/, in an hour; needs the full MNIST
# make lock     resolve pyproject.toml into requirements/; with UPGRADE=--upgrade to the newest versions
# Settings: PYTHON=python3.12  CORES=8  CONFIG=config/quickstart.yaml  VENV=.venv

PYTHON ?= python3
VENV ?= .venv
CORES ?= $(shell getconf _NPROCESSORS_ONLN)
CONFIG ?= config/quickstart.yaml

BIN := $(VENV)/bin
IN_VENV := PATH="$$(cd "$(BIN)" && pwd):$$PATH"
# Named by the content of the pins: a changed pin is installed, a scrambled file time is not.
INSTALLED := $(VENV)/.installed-run-$(shell cksum < requirements/run.txt | tr -d ' \t')
DEVELOPING := $(VENV)/.installed-dev-$(shell cat requirements/run.txt requirements/dev.txt | cksum | tr -d ' \t')
# $(1) is there, of an environment that has not been moved and whose Python runs.
have = [ "$$(cat "$(1)" 2>/dev/null)" = "$$(cd "$(BIN)" 2>/dev/null && pwd -P)" ] && "$(BIN)/python" -c "" 2>/dev/null

# No packages but those of the environment.
unexport PYTHONPATH
export PYTHONNOUSERSITE = 1

.PHONY: run unlock figures setup setup-dev test test-slow test-all test-cluster lint bench docs site lock clean
.DEFAULT_GOAL := run

# What Snakemake cannot read it meets with a traceback.
READABLE = @$(IN_VENV) python -m sgdbayes.pipeline "$(CONFIG)"
run: setup
	$(READABLE)
	$(IN_VENV) snakemake --cores $(CORES) --configfile "$(CONFIG)"

# The plan is made first, as a configuration that is wrong has no figures to be removed. Tables that are there are used as they stand.
figures: CONFIG = config/desk.yaml
figures: DRAW = $(IN_VENV) snakemake --cores $(CORES) --configfile "$(CONFIG)" --rerun-triggers mtime
figures: setup
	$(READABLE)
	$(DRAW) --dry-run --quiet all -- figures
	rm -rf "results/$$("$(BIN)/python" -c 'import sys, yaml; print(yaml.safe_load(open(sys.argv[1]))["name"])' "$(CONFIG)")/figures"
	$(DRAW) -- figures

# After a run was killed: Snakemake leaves the folder locked.
unlock: setup
	$(IN_VENV) snakemake --cores 1 --configfile "$(CONFIG)" --unlock --quiet all

setup:
	@{ $(call have,$(INSTALLED)); } || { \
	  "$(PYTHON)" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || \
	  { echo "sgdbayes needs Python 3.11, 3.12 or 3.13; $(PYTHON) is not one: call make PYTHON=/path/to/python3.11"; exit 1; }; \
	  echo "Setting up $(VENV); this takes a minute or two, once."; \
	  "$(PYTHON)" requirements/install.py "$(INSTALLED)" run.txt; }

setup-dev: setup
	@{ $(call have,$(DEVELOPING)); } || { \
	  echo "Adding to $(VENV) what tests and development need."; \
	  "$(BIN)/python" requirements/install.py "$(DEVELOPING)" run.txt dev.txt; }

# In two processes, the longest file first.
PYTEST := "$(BIN)/python" -m pytest -n 2 --dist loadfile --no-loadscope-reorder
test: setup-dev
	$(PYTEST) -m "not slow" tests/test_workflow.py tests

test-slow: setup-dev
	$(PYTEST) -m slow tests/test_committed_figures.py tests/test_faults.py tests

# On Slurm, too, where its programs are and may be started.
test-all: test test-slow
	@if [ "$$(id -u)" = 0 ] && command -v slurmctld munged > /dev/null; then $(MAKE) --no-print-directory test-cluster; \
	else echo "make test-cluster left out: it needs root, slurm-wlm and munge"; fi

test-cluster: setup-dev
	$(IN_VENV) python tests/cluster/slurm.py

lint: setup-dev
	"$(BIN)/ruff" check .
	"$(BIN)/ruff" format --check .
	"$(BIN)/mypy"
	"$(BIN)/snakefmt" --check Snakefile workflow
	$(IN_VENV) snakemake --lint

bench: setup-dev
	"$(BIN)/python" -m venv "$(VENV)-bench"
	"$(VENV)-bench/bin/python" -m pip install --quiet --disable-pip-version-check -r requirements/bench.txt
	"$(BIN)/python" benchmarks/training.py
	"$(BIN)/python" benchmarks/training_steps.py
	"$(BIN)/python" benchmarks/independent.py
	"$(BIN)/python" benchmarks/posterior.py "$(VENV)-bench/bin/python"
	$(IN_VENV) python benchmarks/workflow.py

# From what there is: `make` first for the quickstart's part, `make figures` for that of results/desk/.
docs: setup-dev
	"$(BIN)/python" docs/refresh.py

site: setup-dev
	rm -rf build/site
	"$(BIN)/python" -m sphinx -q -W -c docs . build/site
	@echo "look first at  build/site/index.html"

lock: setup
	"$(BIN)/python" requirements/lock.py "$(BIN)/uv" $(UPGRADE)

clean:
	rm -rf results/quickstart
