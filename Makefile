# The same commands for people and for CI. Everything is written inside the checkout.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

export TMPDIR := $(CURDIR)/.offhook/tmp

.PHONY: demo test check soak bench docs picture clean

demo: $(VENV)/.run   ## set up and hear a Lambda integration on voice, on chat, and with a failing function
	@$(BIN)/python examples/demo.py

test: $(READY)       ## set up and run every test
	@$(BIN)/python -m pytest -n auto

check: $(READY)      ## what must pass before a commit: format, lint, types, layers, tests
	@$(BIN)/ruff format --check src tests bench examples
	@$(BIN)/ruff check src tests bench examples
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/python -m pytest -n auto --cov=offhook --cov-branch --cov-report=
	@$(BIN)/python -m coverage report --include='*/offhook/model/*,*/offhook/core/*,*/offhook/blocks/*,*/offhook/flowjson/*,*/offhook/templates/*' --fail-under=100 --skip-covered --show-missing

soak: $(READY)       ## functions, clients and power cuts at random, thousands of times; OFFHOOK_SEED chooses how
	@OFFHOOK_SOAK=2000 $(BIN)/python -m pytest tests/test_chaos.py
	@OFFHOOK_SOAK=10000 $(BIN)/python -m pytest tests/test_api_fuzz.py tests/test_wire.py
	@OFFHOOK_SOAK=200 $(BIN)/python -m pytest tests/test_kill.py

bench: $(READY)      ## measure the budgets, as ratios in one run
	@$(BIN)/python -m bench

docs: $(READY)       ## regenerate docs/blocks and docs/aws-apis.md
	@$(BIN)/python -m offhook.cli.docs docs/blocks
	@$(BIN)/python -m offhook.cli.apis docs/aws-apis.md

picture: $(READY)    ## record the run that the README shows
	@$(BIN)/python examples/picture.py

clean:               ## forget the environment and caches
	rm -rf $(VENV) .offhook .pytest_cache .mypy_cache .ruff_cache .hypothesis build

# what running needs, and what developing needs, each from pinned versions
$(VENV)/.run: requirements.txt pyproject.toml
	@mkdir -p $(TMPDIR)
	@echo "setting up $(VENV): half a minute or so, once"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --cache-dir .offhook/pip -r requirements.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --cache-dir .offhook/pip --no-deps --no-build-isolation -e .
	@touch $@

$(READY): $(VENV)/.run requirements-dev.txt
	@echo "setting up what tests need: a minute or so, once"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --cache-dir .offhook/pip -r requirements-dev.txt
	@touch $@
