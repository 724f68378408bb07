# Everything a newcomer, a developer and CI run. Needs make and Python 3.11 or newer, nothing else.
#   make demo                      PYTHON=/path/to/python3.12 make demo
#   make test TESTS=tests/mail     make test ARGS="-k bounce -x"
VENV := .venv
BIN := $(VENV)/bin
PY := $(BIN)/python
INSTALL := $(PY) -m pip install -qq --disable-pip-version-check --constraint constraints.txt
CODE := bot handlers mail storage tests scripts
TESTS ?= tests
ARGS ?=
# Tests wait for servers half of their time: one more at once than there are processors. The files come
# in their order, because the long ones stand first.
WORKERS ?= $(shell echo $$(($$(nproc 2>/dev/null || getconf _NPROCESSORS_ONLN) + 1)))
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
export PYTHON

.PHONY: help demo test check format types layers catalogs catalogs-check bench browser-test pictures \
	faults soak coverage venv constraints pre-commit clean

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' Makefile | sed -E 's/:.*## /\t/' | expand -t 16

demo: $(VENV)/.installed ## a whole Canal with a small Slack in the browser; Ctrl-C ends it
	@exec $(BIN)/canal demo $(ARGS)

test: $(VENV)/.installed-dev ## all tests; a missing server skips its tests (CANAL_REQUIRE_SERVERS=1: fails)
	@$(PY) -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(TESTS) $(ARGS)

browser-test: $(VENV)/.installed-dev ## the loop in a real Chromium, screenshots in test-artefacts/
	@$(PY) -m pytest tests -m browser $(ARGS)

pictures: $(VENV)/.installed-dev ## the pictures of the README, from a real run of the demo
	@$(PY) -m tests.e2e.pictures

check: $(VENV)/.installed-dev ## formatting, lint, types, layers, migrations, catalogs
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/ruff check $(CODE)
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(PY) -m pytest -q tests/storage -k "migration"
	$(PY) scripts/catalogs.py --check

format: $(VENV)/.installed-dev ## writes what `check` would complain of
	$(BIN)/ruff format $(CODE)
	$(BIN)/ruff check --fix $(CODE)

catalogs: $(VENV)/.installed-dev ## takes new sentences into the translations
	$(PY) scripts/catalogs.py

faults: $(VENV)/.installed-dev ## kill -9 at every step in the midst of 500 mails; replicas killed for two minutes
	@CANAL_FAULTS=full $(PY) -m pytest -n 2 tests/faults tests/app/test_wires.py tests/app/test_replicas.py $(ARGS)

soak: $(VENV)/.installed-dev ## ten minutes at half load: nothing may grow (ARGS="--minutes 60 --rate 20")
	@$(PY) -m tests.faults.soak $(ARGS)

bench: $(VENV)/.installed-bench ## what Canal takes per second, beside others; ARGS="end_to_end" is one part
	@$(PY) -m tests.bench $(ARGS)

coverage: $(VENV)/.installed-dev ## lines and branches that no test reaches
	$(BIN)/coverage run -m pytest -q $(TESTS) $(ARGS)
	$(BIN)/coverage report --skip-covered --show-missing

venv: $(VENV)/.installed-dev ## only the virtual environment, with all tools

constraints: ## takes newer versions of everything within pyproject.toml's bounds
	@scripts/make-venv build/constraints
	build/constraints/bin/python -m pip install -q --disable-pip-version-check '.[dev,bench]'
	@{ echo "# Exact versions of all that Canal and its tests use. Made by: make constraints"; \
	   build/constraints/bin/python -m pip freeze --exclude canal | grep -v ' @ '; } > build/constraints.txt
	@mv build/constraints.txt constraints.txt && rm -rf build/constraints

pre-commit: $(VENV)/.installed-dev ## the quick part of check before every commit
	$(BIN)/pre-commit install

clean: ## removes what was made here, never data
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .coverage htmlcov

$(VENV)/.installed: pyproject.toml constraints.txt
	@scripts/make-venv $(VENV)
	@echo "Installing Canal (once; a minute or so)"
	@$(INSTALL) --editable .
	@touch $@

$(VENV)/.installed-dev: pyproject.toml constraints.txt
	@scripts/make-venv $(VENV)
	@echo "Installing Canal and its tools (once; a minute or two)"
	@$(INSTALL) --editable '.[dev]'
	@touch $(VENV)/.installed $@

$(VENV)/.installed-bench: $(VENV)/.installed-dev
	@$(INSTALL) --editable '.[dev,bench]'
	@touch $@
