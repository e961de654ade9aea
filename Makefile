# Everything that a developer or an operator of one machine types. Needs make and Python 3.11 to 3.13; the rest it brings.

PY := .venv/bin/python
RUN_STAMP := .venv/.locked
DEV_STAMP := .venv/.locked-dev
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
.PHONY: help run test browser test-servers check format bench faults lock contracts migrate clean

help: ## This list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

run: $(RUN_STAMP) ## Start everything on this machine: SQLite, no broker to install; Ctrl-C stops it
	@exec $(PY) -m services run

test: $(DEV_STAMP) test-servers ## Everything that must hold before a change goes in
	@.ci/tests

browser: $(DEV_STAMP) test-servers ## Only the tests of pages, in Chromium; screenshots are left in var/screenshots
	@.ci/browser

test-servers:
	@.ci/install-servers

check: $(DEV_STAMP) ## Style, types, and who may import whom; no test is run
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports --no-logo

format: $(DEV_STAMP) ## Put the code into its one shape
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .

bench: $(DEV_STAMP) test-servers ## Measure, beside the floors of the machine
	$(PY) -m bench

faults: $(DEV_STAMP) test-servers ## Break everything that may break, and write docs/reliability.md
	$(PY) -m tests.faults.long

contracts: $(DEV_STAMP) ## Write OpenAPI, AsyncAPI and JSON Schemas to docs/contracts
	$(PY) -m services contracts

migrate: $(RUN_STAMP) ## Bring databases and broker to what this version needs
	$(PY) -m services migrate

lock: $(DEV_STAMP) ## Renew the locked versions of all dependencies
	.venv/bin/uv pip compile --upgrade --universal --generate-hashes --no-header --python-version 3.11 \
	  --quiet --output-file requirements.lock pyproject.toml
	.venv/bin/uv pip compile --upgrade --universal --generate-hashes --no-header --python-version 3.11 \
	  --quiet --output-file requirements-dev.lock --constraint requirements.lock --group dev pyproject.toml

clean: ## Remove the environment and caches; var/, where the data is, stays
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build
	find services shared tests bench -name __pycache__ -type d -prune -exec rm -rf {} +

# By uv, which takes a quarter of pip's time; by pip where uv is not to be had, or does not know of an index that pip knows of.
PIP = $(PY) -m pip install --no-compile --quiet --disable-pip-version-check --no-input --require-hashes -r
install = { .venv/bin/uv pip install --quiet --python $(PY) --require-hashes -r $(1) 2>/dev/null || $(PIP) $(1); }
# Compiled apart, by all cores at once. What is no Python of this version is left.
COMPILE = $(PY) -m compileall -q -j 0 .venv/lib >/dev/null || true

# A stamp is newer than its lock when the lock is installed. A half-made environment is removed, so that the next try is whole.
$(PY):
	@python=$$(.ci/find-python) && echo "Making .venv with $$($$python --version)" && \
	  $$python -m venv .venv || { rm -rf .venv; exit 1; }
	@sed -n '/^uv==/,/[^\\]$$/p' requirements-dev.lock >.venv/uv.lock && $(PIP) .venv/uv.lock || true

$(RUN_STAMP): requirements.lock | $(PY)
	@echo "Installing the locked dependencies (a minute the first time)"
	@$(call install,requirements.lock)
	@$(COMPILE)
	@touch $@

$(DEV_STAMP): requirements-dev.lock requirements.lock | $(PY)
	@echo "Installing the locked dependencies, with the tools for tests (a minute the first time)"
	@$(call install,requirements-dev.lock)
	@$(COMPILE)
	@touch $(RUN_STAMP) $@
