# Each target does all of its own set-up; a second call installs nothing.
#   make compare PYTHON=python3.12      another interpreter
#   make test PIP_ARGS="--extra-index-url https://download.pytorch.org/whl/cpu"
#                                       PyTorch's CPU build (see the README)
#   make compare ARGS="table.csv --targets a b"   your own table

PYTHON ?= python3
VENV ?= .venv
PIP_ARGS ?=
ARGS ?=
WORKERS ?= 2
# Percent of lines and branches that the tests must reach, 0 to measure alone. Measuring
# takes half as long again, so a test by hand does without.
COVERAGE ?=

BIN := $(VENV)/bin
# --prefer-binary: a wheel of an older release beats compiling a newer one.
INSTALL = $(BIN)/python -m pip install --prefer-binary $(PIP_ARGS) -c constraints.txt
# The extras of the package and the dependency group that a target needs.
NEEDS_cli := -e ".[cli]"
NEEDS_docs := -e ".[plot,ranks]" --group docs
NEEDS_test := -e ".[all]" --group test
NEEDS_bench := -e ".[balancing,numba,onnx,plot,retrieval]" --group bench
# On disk, with PyTorch's CPU build; its CUDA build is several GB more.
SIZE_cli := 1.6 GB
SIZE_docs := 1.6 GB
SIZE_test := 3 GB
SIZE_bench := 2 GB
DECLARED := pyproject.toml constraints.txt
# `make gpu` runs benchmarks/gpu.py.
BENCHMARKS ?= $(filter-out gpu,$(patsubst benchmarks/%.py,%,$(wildcard benchmarks/[a-z]*.py)))
# Peers whose pins conflict with ours or with each other: an environment each.
PEERS := $(patsubst benchmarks/peers/%.txt,%,$(wildcard benchmarks/peers/*.txt))
# Small matrices: threads that wait for each other cost more than they bring.
ONE_THREAD := OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help compare test test-kernels check check-all bench gpu docs clean

help:  ## Show this list
	@sed -n 's/^\([a-z-]*\):.*##/  make \1\t/p' $(firstword $(MAKEFILE_LIST)) | expand -t 22

compare: $(VENV)/.stamp-cli  ## Does sharing help? On built-in data, or ARGS="table.csv --targets a b"
	$(BIN)/python -m sklearn_mtl compare --report compare.html $(ARGS)

test: $(VENV)/.stamp-test  ## Run the tests and doctests; COVERAGE=95 asks for so many percent
	$(ONE_THREAD) $(BIN)/python -m pytest -n $(WORKERS) $(ARGS) \
		$(if $(COVERAGE),--cov --cov-report=term --cov-fail-under=$(COVERAGE))

test-kernels: $(VENV)/.stamp-test  ## Run the tests as older processors compute; KERNELS=Nehalem for one
	@for kernel in $(or $(KERNELS),$$($(BIN)/python -m tests.kernels)); do \
		echo "== $$kernel"; \
		env $(ONE_THREAD) $$($(BIN)/python -m tests.kernels $$kernel) \
			$(BIN)/python -m pytest -n $(WORKERS) $(ARGS) || exit 1; \
	done

check: $(VENV)/.stamp-test  ## Check format, style, types, docstrings, spelling, layers and figures
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/codespell
	$(BIN)/python -m benchmarks._figures --check
	$(ONE_THREAD) $(BIN)/python -m pytest -q tests/test_layers.py tests/test_docstrings.py

check-all: check $(VENV)/.stamp-test  ## Run check, and the long tests that test leaves out
	$(ONE_THREAD) $(BIN)/python -m pytest -n $(WORKERS) -m exhaustive tests $(ARGS)
	$(ONE_THREAD) SCIPY_ARRAY_API=1 $(BIN)/python -m pytest -n $(WORKERS) \
		-m "exhaustive or not exhaustive" tests/test_configurations.py $(ARGS)

bench: $(VENV)/.stamp-bench $(PEERS:%=$(VENV)-%/.stamp)  ## Measure beside the peers; BENCHMARKS="wrapping" for one
	@for name in $(BENCHMARKS); do \
		echo "== $$name"; $(ONE_THREAD) $(BIN)/python -m benchmarks.$$name $(ARGS) || exit 1; \
	done

gpu: $(VENV)/.stamp-test  ## Run the tests and the benchmark that need a CUDA GPU
	$(BIN)/python -m pytest -q -m gpu -o addopts="--import-mode=importlib" tests/gpu
	$(BIN)/python -m benchmarks.gpu --json benchmarks/figures/gpu.json $(ARGS)

docs: $(VENV)/.stamp-docs  ## Build the documentation; warnings are errors
	$(ONE_THREAD) $(BIN)/python -m sphinx -W --keep-going -b html docs docs/_build/html
	@echo "Open docs/_build/html/index.html"

clean:  ## Remove what the other targets wrote, the environment apart
	rm -rf docs/_build docs/api/generated docs/gallery docs/sg_execution_times.rst \
		compare.html htmlcov .coverage .mypy_cache .pytest_cache .ruff_cache .hypothesis

$(VENV)/.stamp-venv:
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "$(PYTHON) does not start," \
		"or cannot make virtual environments (on Debian: apt install python3-venv)." \
		"Name another Python of 3.11 or newer: make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit( \
		"sklearn-mtl needs Python 3.11 or newer; $(PYTHON) is " + sys.version.split()[0] \
		+ ". Name another one: make PYTHON=python3.12")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }
	@touch $@

$(VENV)/.stamp-%: $(VENV)/.stamp-venv $(DECLARED)
	@echo "Installing sklearn-mtl and what make $* needs into $(VENV): $(SIZE_$*) on disk with" \
		"PyTorch's CPU build, several GB more with CUDA (see the README)." \
		"It is done once, and takes a minute or two if the download is fast."
	@$(BIN)/python -m pip install --quiet $(PIP_ARGS) "pip>=25.1"  # knows --group
	$(INSTALL) $(NEEDS_$*)
	@touch $@

# NAME.nodeps lists what must come without its own dependencies.
$(VENV)-%/.stamp: benchmarks/peers/%.txt $(wildcard benchmarks/peers/*.nodeps)
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/python -m pip install --quiet --prefer-binary $(PIP_ARGS) -r $<
	@! test -f benchmarks/peers/$*.nodeps || \
		$(@D)/bin/python -m pip install --quiet --no-deps -r benchmarks/peers/$*.nodeps
	@touch $@
