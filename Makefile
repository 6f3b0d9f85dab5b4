# How Payam is run and tested. `make help` lists what there is.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

# One file or one test instead of everything: make test TEST=tests/api/test_users.py
TEST ?=

# SIGINT lets pytest stop its servers and report. macOS has no timeout: no limit there.
TEST_SECONDS := 2400
LIMIT := $(if $(shell command -v timeout),timeout --foreground --signal=INT --kill-after=60 $(TEST_SECONDS))

# What `make soak` breaks, and how often.
FAULT_ROUNDS ?= 20
FAULT_MESSAGES ?= 10000
# Messages per second meanwhile. A machine that does other work besides needs fewer.
FAULT_RATE ?= 1600

# How many times as many inputs `make fuzz` tries.
FUZZ ?= 1

# Of `python -m loadtest compare`: make bench BENCH="--scenario fanout --rounds 1"
BENCH ?=

# What is imported again and again is compiled once, whatever the environment says.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help run test fuzz audit soak bench asyncapi autobahn lint style analysis format clean

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(firstword $(MAKEFILE_LIST)) | expand -t 10

run: $(VENV)/runtime.stamp ## serve on http://127.0.0.1:8000, with SQLite in data/
	@exec $(BIN)/python server.py

# More processes than cores: most of a test's time is waiting, for what is broken to be found.
test: $(VENV)/dev.stamp $(if $(TEST),,style) ## lint and every test; TEST=path for one file alone
	@.ci/services
	@$(if $(TEST),,.ci/in_memory .ci/beside_analysis) $(LIMIT) $(BIN)/python -m pytest \
		$(or $(TEST),-n 4 --dist loadfile --no-loadscope-reorder)

fuzz: $(VENV)/dev.stamp ## try the API and the sockets with very many inputs, for hours; FUZZ=times as many
	@.ci/services
	@SCHEMATHESIS_EXAMPLES=$$((100 * $(FUZZ))) FUZZ_EXAMPLES=$$((5000 * $(FUZZ))) \
		$(BIN)/python -m pytest tests/api/test_schemathesis.py tests/realtime/test_fuzzed_frames.py

audit: $(VENV)/dev.stamp ## look for known weaknesses of what runs, in a database in the internet
	@$(BIN)/python .ci/audit

soak: $(VENV)/dev.stamp ## break everything again and again, in four hours; writes docs/reliability.md
	@.ci/services
	@FAULT_ROUNDS=$(FAULT_ROUNDS) FAULT_MESSAGES=$(FAULT_MESSAGES) FAULT_RATE=$(FAULT_RATE) \
		FAULT_REPORT=docs/reliability.md $(BIN)/python -m pytest $(or $(TEST),tests/faults)

bench: $(VENV)/dev.stamp ## measure it beside six other servers, in an hour
	@.ci/services
	@$(BIN)/python -m loadtest compare $(BENCH)

asyncapi: $(VENV)/runtime.stamp ## hold the websockets' document to AsyncAPI's own tool, which npm brings
	@.ci/asyncapi

autobahn: $(VENV)/dev.stamp ## hold the websockets to Autobahn's test suite, which needs Python 2.7
	@.ci/autobahn

lint: style analysis ## style, formatting, types, unsafe code, and which layer may import which

style: $(VENV)/dev.stamp
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check

analysis: $(VENV)/dev.stamp
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/bandit --quiet --configfile pyproject.toml -r chat config server.py

format: $(VENV)/dev.stamp ## put the code into its format
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format

clean: ## remove the virtual environment and every cache, but not data/
	rm -rf $(VENV) .bench .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -not -path './.git/*' -prune -exec rm -rf {} +

# The stamps live in the venv, so they go with it, and pip runs only when a list changed.
$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo 'Payam needs Python 3.11 or newer; name one: make PYTHON=python3.11' >&2; exit 1; }
	@$(PYTHON) -m venv --clear $(VENV) || { rm -rf $(VENV); exit 1; }

$(VENV)/runtime.stamp: requirements.txt | $(BIN)/python
	$(PIP) install -r requirements.txt
	@touch $@

# What only tests import is compiled when it is imported: most of it never is.
$(VENV)/dev.stamp: requirements-dev.txt loadtest/requirements.txt $(VENV)/runtime.stamp
	$(PIP) install --no-compile -r requirements-dev.txt
	@touch $@
