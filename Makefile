# A bare clone needs python3, make and git. Every target installs what it uses; a second run starts at once.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUN := .make/run
DEV := .make/dev

.DEFAULT_GOAL := help
.PHONY: help demo test check fast golden docs bench bench-faster nightly clean

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "sixdays needs Python 3.11 or later; this is $$($(PYTHON) -V)"; exit 1; }
	@$(PYTHON) -m venv $(VENV) 2>/dev/null || { rm -rf $(VENV); \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    apt-get update -qq && apt-get install -y -qq python3-venv >/dev/null && $(PYTHON) -m venv $(VENV); \
	  else echo "python3 has no venv: install it (Debian: apt install python3-venv)"; exit 1; fi; }

$(RUN): pyproject.toml | $(VENV)/bin/python
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@mkdir -p .make && touch $@

$(DEV): pyproject.toml | $(VENV)/bin/python
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev,exact]'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[torch]' || \
	  echo "torch 2.13.0 cannot be had here: tests that need it are skipped"
	@mkdir -p .make && touch $(RUN) $@

demo: $(RUN)  ## the story, live, in a minute
	@$(BIN)/sixdays demo

test: $(DEV)  ## all tests (under ten minutes on two cores)
	@$(BIN)/python -m pytest -n 2

fast: $(DEV)  ## unit tests and the command line: what you run every few minutes
	@$(BIN)/python -m pytest -n 2 tests/unit tests/golden tests/test_startup.py

check: $(DEV)  ## format, lint, layers, types, tests: what CI runs
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/mypy
	@$(BIN)/vulture
	@echo "longest files:" && wc -l $$(git ls-files 'src/*.py') | sort -rn | sed -n 2,6p
	@$(MAKE) --no-print-directory test

golden: $(DEV)  ## rewrites transcripts and the generated reference; read the diff
	@$(BIN)/python -m tests.golden.rewrite

bench: $(DEV)  ## every table of the docs, as ratios in one run, with the spread
	@$(BIN)/python -m benchmarks

bench-faster: $(DEV)  ## faster on eleven public scripts, patches by hand, commands that nothing helps: hours
	@$(BIN)/python -m benchmarks.faster --rounds $${ROUNDS:-1}
	@$(BIN)/python -m benchmarks.edits
	@$(BIN)/python -m benchmarks.nothing
	@$(BIN)/python -m benchmarks.agent

nightly: $(DEV)  ## the long searches: fuzzing, brute force, properties
	@$(BIN)/python -m pytest -n 2 -m nightly --override-ini addopts="-q --import-mode=importlib -p no:cacheprovider"

clean:  ## removes what make made
	rm -rf $(VENV) .make
