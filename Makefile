# make demo: set up, train DACS and DACS + BLDA on toy streets, write a report
# make test: set up, lint, types, all tests; COVERAGE=1 measures them as well
# make test-fast: the same without what trains or starts tools
# make lint: ruff check, ruff format --check, mypy
# make docs: set up, build docs/_build/html; a warning is an error
# make test-forks: the core of the tests beside the forks of OpenMMLab, which
#   have an environment of their own, $(VENV)-forks; see docs/compatibility.md
# VENV may name a virtual environment to make or reuse.
PYTHON ?= python3
VENV ?= .venv
HASH := $(shell cat pyproject.toml setup.py | $(PYTHON) -c "import hashlib, sys; print(hashlib.sha256(sys.stdin.buffer.read()).hexdigest()[:16])")
STAMP := $(VENV)/.installed-$(HASH)
FORKS := $(VENV)-forks
FORKS_STAMP := $(FORKS)/.installed-$(HASH)
# what meets the upstream packages: their registries, models, loop, configs,
# checkpoints and tools
CORE := tests/test_compat.py tests/logits tests/models tests/configuration \
    tests/engine/test_loops.py tests/tools/test_train_test_tools.py \
    tests/tools/test_resumed_runs.py tests/tools/test_mmseg_tools.py

.PHONY: setup demo test test-fast test-forks lint docs clean

setup: $(STAMP)

# The stamp's name holds the hash of pyproject.toml and setup.py: a change of
# them installs anew, and what a stopped installation left behind is not taken
# for whole.
$(STAMP): EXTRAS := lite,demo,panoptic,test,docs
$(FORKS_STAMP): EXTRAS := onedl,demo,test
$(STAMP) $(FORKS_STAMP):
	test -x $(@D)/bin/python || $(PYTHON) -m venv $(@D)
	$(@D)/bin/python -m pip install --quiet --upgrade pip
	$(@D)/bin/python -m pip install -e ".[$(EXTRAS)]"
	rm -f $(@D)/.installed-*
	touch $@

demo: setup
	$(VENV)/bin/python tools/demo.py

# One process a core and one thread a process: two threads of one process
# are slower than two processes.
PYTEST := OMP_NUM_THREADS=1 $(VENV)/bin/python -m pytest \
    -n auto --maxprocesses 8 --dist worksteal
test: lint
	$(PYTEST) $(if $(COVERAGE),--cov --cov-report=term:skip-covered)

test-fast: lint
	$(PYTEST) -m "not slow"

test-forks: $(FORKS_STAMP)
	OMP_NUM_THREADS=1 $(FORKS)/bin/python -m pytest $(CORE) \
	    -n auto --maxprocesses 8 --dist worksteal

lint: setup
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy

docs: setup
	$(VENV)/bin/python -m sphinx -W --keep-going -q -b html \
	    docs docs/_build/html

clean:
	rm -rf $(VENV) $(FORKS)
