# make demo: set up, train DACS and DACS + BLDA on toy streets, write a report
# make test: set up, run the tests
# make docs: set up, build docs/_build/html; a warning is an error
# VENV may name a virtual environment to make or reuse.
PYTHON ?= python3
VENV ?= .venv
HASH := $(shell cat pyproject.toml setup.py | $(PYTHON) -c "import hashlib, sys; print(hashlib.sha256(sys.stdin.buffer.read()).hexdigest()[:16])")
STAMP := $(VENV)/.installed-$(HASH)

.PHONY: setup demo test lint docs clean

setup: $(STAMP)

# The stamp's name holds the hash of pyproject.toml and setup.py: a change of
# them installs anew, and what a stopped installation left behind is not taken
# for whole.
$(STAMP):
	test -x $(VENV)/bin/python || $(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --upgrade pip
	$(VENV)/bin/python -m pip install -e ".[lite,demo,test,docs]"
	rm -f $(VENV)/.installed-*
	touch $@

demo: setup
	$(VENV)/bin/python tools/demo.py

# One process a core and one thread a process: two threads of one process
# are slower than two processes.
test: setup
	$(VENV)/bin/ruff check .
	OMP_NUM_THREADS=1 $(VENV)/bin/python -m pytest \
	    -n auto --maxprocesses 8 --dist worksteal

lint: setup
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .

docs: setup
	$(VENV)/bin/python -m sphinx -W --keep-going -q -b html \
	    docs docs/_build/html

clean:
	rm -rf $(VENV)
