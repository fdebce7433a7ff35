# `make track` and `make test` work from a bare clone: they build .venv once and use it from then on.

PYTHON ?= $(shell for p in python3.12 python3.13 python3.11 python3.14 python3 python; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
TRACK ?= --style reel --instrument violin --bars 32

.PHONY: help setup track test check clean
help: ## show this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(STAMP) ## build .venv with everything pinned (once)

$(STAMP): pyproject.toml constraints.txt
	@if [ ! -x $(BIN)/python ]; then \
		[ -n "$(PYTHON)" ] || { echo "genaudio needs Python 3.11 or newer; none was found on the PATH. Install one, or say which: make PYTHON=/path/to/python3.12" >&2; exit 2; }; \
		echo "Building $(VENV) with $$($(PYTHON) --version); this takes a few minutes, once." >&2; \
		$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "This Python cannot build virtual environments (on Debian: its venv package is missing); try another: make PYTHON=..." >&2; exit 2; }; \
	fi
	@$(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "$(VENV) was built with a Python older than 3.11; remove the folder and run make again" >&2; exit 2; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev,training,audio-screening]'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps basic-pitch==0.4.0
	@touch $@

track: $(STAMP) ## compose, render and screen a track of about 30 seconds into outputs/
	@$(BIN)/genaudio make $(TRACK)

test: $(STAMP) ## run the whole test suite
	@$(BIN)/python -m pytest

check: $(STAMP) ## lint, format and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy genaudio checks

clean: ## remove caches and builds, not .venv and not outputs
	rm -rf build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +
