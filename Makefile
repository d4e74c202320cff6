# Two commands do all the set-up: `make build` and `make test`. `make help` lists the rest.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
TARGET ?= duckdb
SCALE ?=
# Domains to load and build, separated by commas; empty: all that are declared.
DOMAINS ?= $(FINHOUSE_DOMAINS)
DAYS ?= 1
ARGS ?=
# Test processes at a time. On two cores a run with three was no faster.
JOBS ?= 2

export FINHOUSE_TARGET := $(TARGET)
export FINHOUSE_DOMAINS := $(DOMAINS)
export DBT_SEND_ANONYMOUS_USAGE_STATS := False
export DO_NOT_TRACK := 1
export PYTHONUTF8 := 1
# Compiled once, when installed, and not by every process where PYTHONDONTWRITEBYTECODE is set: dbt
# and Superset start in half the time. What is installed editable, uv leaves to us.
export UV_COMPILE_BYTECODE := 1

VENV := .venv
BIN := $(VENV)/bin
FINHOUSE := $(BIN)/finhouse
# A uv on the PATH serves; else make brings its own, pinned, into .tools.
UV := $(shell command -v uv 2>/dev/null || echo .tools/uv/bin/uv)
READY := $(VENV)/.ready
AIRFLOW_READY := $(VENV)/.airflow-ready
GATE := .venv-gate
GATE_READY := $(GATE)/.ready
SPARK_READY := $(VENV)/.spark-ready
SNOWFLAKE := .venv-snowflake
SNOWFLAKE_READY := $(SNOWFLAKE)/.ready
# What an engine needs beside the runtime.
ENGINE := $(if $(filter spark,$(TARGET)),$(SPARK_READY)) $(if $(filter snowflake,$(TARGET)),$(SNOWFLAKE_READY))
SUPERSET := .venv-superset
SUPERSET_READY := $(SUPERSET)/.ready
PACKAGES := dbt_project/dbt_packages/.ready

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# Refuses a Python that the pins of an environment do not install on, before pip fails half-way:
# $(call supported,environment,oldest,newest).
define supported
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if ($(subst .,$(comma),$(2))) <= v <= ($(subst .,$(comma),$(3))) else "$(1) needs Python $(2) to $(3), and $(PYTHON) is %d.%d: name another one, make PYTHON=/path/to/python$(2)" % v)'
endef
comma := ,
OLDEST := 3.11
NEWEST := 3.13
# Superset pins numpy 1.26 and pandas 2.1, which have no wheels for 3.13; PySpark 3.5 ends at 3.12.
NEWEST_SUPERSET := 3.12
NEWEST_SPARK := 3.12

.tools/uv/bin/uv: requirements/uv.txt
	$(call supported,finhouse,$(OLDEST),$(NEWEST))
	$(PYTHON) -m venv .tools/uv
	.tools/uv/bin/python -m pip install --quiet --require-hashes -r requirements/uv.txt
	@touch $@

$(READY): requirements/dev.txt pyproject.toml | $(UV)
	$(call supported,finhouse,$(OLDEST),$(NEWEST))
	$(UV) venv --quiet --allow-existing --python $(PYTHON) $(VENV)
	$(UV) pip sync --quiet --python $(BIN)/python --require-hashes requirements/dev.txt
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --editable .
	$(UV) run --quiet --no-project --python $(BIN)/python python -m compileall -q finhouse
	@touch $@

# Airflow in the same environment, with the same pins: tasks import finhouse and run dbt.
$(AIRFLOW_READY): requirements/airflow.txt $(READY)
	$(UV) pip sync --quiet --python $(BIN)/python --require-hashes requirements/airflow.txt
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --editable .
	@rm -f $(SPARK_READY)
	@touch $@

# Spark in the same environment: dbt runs it in its own process. Airflow's part, where it is wanted
# too, comes first: it would remove this one.
$(SPARK_READY): requirements/spark.txt $(READY) $(wildcard $(AIRFLOW_READY))
	$(call supported,Spark,$(OLDEST),$(NEWEST_SPARK))
	@echo "Spark and the Java it runs on"
	$(UV) pip install --quiet --python $(BIN)/python --require-hashes -r requirements/spark.txt
	@touch $@

# Snowflake's adapter and its emulator, apart: see requirements/snowflake.in.
$(SNOWFLAKE_READY): requirements/snowflake.txt | $(UV)
	$(call supported,Snowflake,$(OLDEST),$(NEWEST))
	@echo "Snowflake's adapter, and an emulator for where no account is set"
	$(UV) venv --quiet --allow-existing --python $(PYTHON) $(SNOWFLAKE)
	$(UV) pip sync --quiet --python $(SNOWFLAKE)/bin/python --require-hashes requirements/snowflake.txt
	@touch $@

# Superset needs an environment of its own: see requirements/superset.in.
$(SUPERSET_READY): requirements/superset.txt | $(UV)
	$(call supported,Superset,$(OLDEST),$(NEWEST_SUPERSET))
	@echo "Superset's environment"
	$(UV) venv --quiet --allow-existing --python $(PYTHON) $(SUPERSET)
	$(UV) pip sync --quiet --python $(SUPERSET)/bin/python --require-hashes requirements/superset.txt
	@touch $@

# dbt-bouncer needs an environment of its own: see requirements/gate.in.
$(GATE_READY): requirements/gate.txt | $(UV)
	$(call supported,The gate,$(OLDEST),$(NEWEST))
	$(UV) venv --quiet --allow-existing --python $(PYTHON) $(GATE)
	$(UV) pip sync --quiet --python $(GATE)/bin/python --require-hashes requirements/gate.txt
	@touch $@

$(PACKAGES): dbt_project/packages.yml $(wildcard dbt_project/compat/dbt_utils/macros/*.sql) $(READY)
	@echo "dbt packages"
	@$(FINHOUSE) packages
	@touch $@

.PHONY: setup
setup: $(READY) $(PACKAGES) $(ENGINE) ## install the environment and the dbt packages (TARGET=)

.PHONY: deps
deps: $(READY) ## install the dbt packages anew (hub, else the compatibility package)
	@rm -f $(PACKAGES)
	@$(MAKE) --no-print-directory $(PACKAGES)

.PHONY: build
build: setup ## run the whole job: OLTP, load, dbt, publish, scorecard (TARGET=, SCALE=, DOMAINS=)
	@$(FINHOUSE) build $(if $(SCALE),--scale $(SCALE)) $(ARGS)

.PHONY: day
day: setup ## the demo company lives DAYS= more days, then an incremental build
	@$(FINHOUSE) day --days $(DAYS)

.PHONY: airflow
airflow: $(READY) $(AIRFLOW_READY) setup ## start Airflow with all DAGs on loopback (TARGET=, SCALE=)
	@$(FINHOUSE) airflow start $(if $(SCALE),--scale $(SCALE))

.PHONY: airflow-run
airflow-run: ## trigger all loads and wait for the transform that follows
	@$(FINHOUSE) airflow run

.PHONY: airflow-stop
airflow-stop: ## stop Airflow
	@$(FINHOUSE) airflow stop

.PHONY: serve
serve: setup $(SUPERSET_READY) ## start Superset with all dashboards (TARGET=)
	@$(FINHOUSE) dashboards serve

.PHONY: serve-stop
serve-stop: ## stop Superset
	@if [ -x $(FINHOUSE) ]; then $(FINHOUSE) dashboards stop; fi

.PHONY: api
api: setup ## start the KPI API on loopback (TARGET=, DOMAINS=, ARGS=--require-key)
	@$(FINHOUSE) api start $(ARGS)

.PHONY: api-stop
api-stop: ## stop the KPI API
	@if [ -x $(FINHOUSE) ]; then $(FINHOUSE) api stop; fi

.PHONY: browser
browser: ## install Chromium for the dashboards' tests, where root and apt-get are at hand
	@if ! command -v chromium chromium-browser google-chrome chrome >/dev/null; then \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
			apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null; \
		else echo "install Chromium with your package manager: the dashboards are opened in it"; fi; \
	fi

PYTEST := $(BIN)/python -m pytest --numprocesses $(JOBS) --dist loadscope --no-loadscope-reorder

.PHONY: test
test: setup $(AIRFLOW_READY) $(SUPERSET_READY) ## run the quick lane of the tests (JOBS=)
	@$(PYTEST) -m "not full" $(ARGS)

.PHONY: test-all
test-all: setup $(AIRFLOW_READY) $(SPARK_READY) $(SNOWFLAKE_READY) $(SUPERSET_READY) $(GATE_READY) ## run every test: engines, Airflow, browser, kills, mistakes (JOBS=)
	@$(PYTEST) $(ARGS)

.PHONY: test-mistakes
test-mistakes: setup $(GATE_READY) ## try each seeded mistake alone against the gate (long)
	@FINHOUSE_TEST_MISTAKES=alone $(BIN)/python -m pytest -o timeout=3000 tests/gate/test_mistakes.py

.PHONY: test-increments
test-increments: setup ## prove that 30 daily increments equal a full refresh (long)
	@FINHOUSE_TEST_INCREMENTS=30 $(BIN)/python -m pytest -o timeout=14400 \
		-k test_incremental_days_equal_a_full_refresh tests/e2e/test_lifecycle.py

.PHONY: test-swaps
test-swaps: setup $(SUPERSET_READY) ## prove that dashboards outlive a hundred publications (long)
	@FINHOUSE_TEST_SWAPS=100 $(BIN)/python -m pytest -k test_reading_while_publishing_never_fails \
		tests/dashboards/test_serving.py

.PHONY: screenshots
screenshots: setup $(SUPERSET_READY) ## take pictures of all dashboards: data/screenshots
	@FINHOUSE_TEST_SCREENSHOTS=1 $(BIN)/python -m pytest -k test_viewer_sees_every_chart \
		tests/dashboards/test_browser.py

.PHONY: ci
ci: setup $(GATE_READY) ## the pull-request gate: judge the work tree against main (ARGS="--base REF")
	@$(FINHOUSE) gate run $(ARGS)

.PHONY: lint
lint: setup ## check SQL, YAML and Python
	$(BIN)/ruff check finhouse airflow notebooks tests
	$(BIN)/ruff format --check finhouse airflow notebooks tests
	$(BIN)/yamllint --strict .
	$(BIN)/sqlfluff lint --disable-progress-bar --processes 0 dbt_project/models dbt_project/tests
	$(FINHOUSE) dashboards check

.PHONY: docs
docs: setup ## document models, column lineage and coverage of what is built: docs/site/index.html
	@$(FINHOUSE) docs

.PHONY: dbt
dbt: setup ## run dbt: make dbt ARGS="build --select marts.wallet"
	@$(FINHOUSE) dbt $(ARGS)

.PHONY: verify-real
verify-real: setup ## run the job on real data and compare with reference figures (TARGET=)
	@$(FINHOUSE) verify-real

.PHONY: bench
bench: setup ## measure extract-load and dbt beside the bare engines (ARGS=--quick), the API (ARGS=--api)
	@$(FINHOUSE) bench $(ARGS)

.PHONY: parity
parity: setup $(SPARK_READY) $(SNOWFLAKE_READY) ## build the same input on all engines, compare every mart row by row
	@$(FINHOUSE) parity $(if $(SCALE),--scale $(SCALE)) $(ARGS)

.PHONY: reconcile
reconcile: setup ## compare raw with its sources (ARGS=--heal, ARGS="wallet transactions")
	@$(FINHOUSE) reconcile $(ARGS)

.PHONY: purge
purge: setup ## say which rows are past their retention; ARGS=--apply purges them (TARGET=)
	@$(FINHOUSE) purge $(or $(ARGS),--dry-run)

.PHONY: backup
backup: setup ## copy the house, encrypted, into data/backups (TARGET=, ARGS="--to FOLDER --keep 7")
	@$(FINHOUSE) backup $(ARGS)

.PHONY: restore-test
restore-test: setup ## restore the newest backup into a new place, compare it, remove it (TARGET=)
	@$(FINHOUSE) restore-test $(ARGS)

.PHONY: restore
restore: setup ## put BACKUP=, a folder or its name, in the place of the warehouse (TARGET=)
	@$(if $(BACKUP),$(FINHOUSE) restore "$(BACKUP)",echo "name the backup: make restore BACKUP=..."; exit 2)

.PHONY: doctor
doctor: setup ## look for what a kill or a fault has left (ARGS=--repair)
	@$(FINHOUSE) doctor $(ARGS)

.PHONY: stop
stop: serve-stop api-stop ## stop Superset, the API, Airflow, the embedded PostgreSQL and the emulator
	@if [ -x $(FINHOUSE) ]; then \
		$(FINHOUSE) airflow stop; $(FINHOUSE) snowflake stop; $(FINHOUSE) oltp stop; fi

.PHONY: clean
clean: stop ## remove all data and build output (environments and data/backups stay)
	@if [ -d data ]; then find data -mindepth 1 -maxdepth 1 ! -name backups -exec rm -rf {} +; fi
	rm -rf docs/site

.PHONY: requirements
requirements: | $(UV) ## compile requirements/*.in into pinned, hashed *.txt
	cd requirements && for name in uv runtime dev airflow spark superset snowflake gate; do \
		$(if $(findstring .tools,$(UV)),$(CURDIR)/$(UV),$(UV)) pip compile --quiet --universal --python-version 3.11 \
			--generate-hashes --no-emit-index-url \
			--custom-compile-command 'make requirements' $$name.in -o $$name.txt; \
	done
