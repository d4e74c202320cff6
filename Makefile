# Two commands do all the set-up: `make build` and `make test`. `make help` lists the rest.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
TARGET ?= duckdb
SCALE ?= 1
DAYS ?= 1

export FINHOUSE_TARGET := $(TARGET)
export DBT_SEND_ANONYMOUS_USAGE_STATS := False
export DO_NOT_TRACK := 1
export PYTHONUTF8 := 1

VENV := .venv
BIN := $(VENV)/bin
# A uv on the PATH serves; else make brings its own, pinned, into .tools.
UV := $(shell command -v uv 2>/dev/null || echo .tools/uv/bin/uv)
READY := $(VENV)/.ready
DEPS := dbt_project/dbt_packages/.ready

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.tools/uv/bin/uv: requirements/uv.txt
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if v >= (3, 11) else "finhouse needs Python 3.11 or newer, this is %d.%d: make PYTHON=/path/to/python3.11" % v)'
	$(PYTHON) -m venv .tools/uv
	.tools/uv/bin/python -m pip install --quiet --require-hashes -r requirements/uv.txt
	@touch $@

$(READY): requirements/dev.txt pyproject.toml | $(UV)
	$(UV) venv --quiet --allow-existing --python $(PYTHON) $(VENV)
	$(UV) pip sync --quiet --python $(BIN)/python --require-hashes requirements/dev.txt
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --editable .
	@touch $@

.PHONY: setup
setup: $(READY) ## install the environment
