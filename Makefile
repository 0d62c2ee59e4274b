# make demo    threat-model the example server, over real stdio
# make test    all tests        make lint    style, formatting, types
# make soak    the long runs: 200,000 hostile inputs, 1,000 scans in one process, 50 at once; more than an hour
# make bench   how long things take, beside what they are compared with
# make docs    write what README, SECURITY.md and docs/ show of the program, from the program and its rules
#
# Every target sets itself up: a virtual environment in .venv, with the versions of constraints.txt.

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

# The first Python that is new enough; override with `make PYTHON=/path/to/python demo`.
PYTHON ?= $(shell for name in python3 python3.13 python3.12 python3.11; do \
	$$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$name && break; done)

.DEFAULT_GOAL := help
.PHONY: help demo test lint soak bench docs wheel clean

help:
	@sed -n '/^# make/s/^# //p' Makefile

$(READY): pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed; install it, or name it: make PYTHON=/path/to/python"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@$(BIN)/python -m compileall -q server scoring  # as pip does for a wheel: also where Python may not write bytecode
	@touch $@

demo: $(READY)
	@$(BIN)/mcp-threat-model demo

test: $(READY)
	$(BIN)/python -m pytest -n auto

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# One process for each part, so that a part can also be run by itself: make soak PARTS=part07
PARTS ?= $(foreach n,00 01 02 03 04 05 06 07 08 09 10 11 12 13 14 15 16 17 18 19,part$(n))

soak: $(READY)
	@for part in $(PARTS); do $(BIN)/python -m pytest tests/soak/test_inputs.py -m soak -s -k $$part || exit 1; done
	$(BIN)/python -m pytest tests/soak/test_scans.py -m soak -s

bench: $(READY)
	$(BIN)/python tests/bench.py

docs: $(READY)
	$(BIN)/python -m tests.made_pages

# What would be published, and nothing of what is not: .ci/run installs it into an empty environment and runs it there.
wheel: $(READY)
	rm -rf dist
	$(BIN)/python -m build --wheel --outdir dist

clean:
	rm -rf $(VENV) dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis
