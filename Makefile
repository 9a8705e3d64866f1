# Two commands do everything: `make demo` and `make test`. Both set up their own environment.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt
DEMO := .demo

.PHONY: demo test lint bench clean env env-test

# torch comes first, by its exact pin: unpinned it drags gigabytes of CUDA packages.
$(VENV)/.installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or later is needed, this is " + sys.version.split()[0]) if sys.version_info < (3, 11) else None'
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV) || \
		(echo "The venv module is missing: apt-get install python3-venv" >&2; exit 1)
	@echo "Installing into $(VENV); the first time takes a few minutes." >&2
	$(PIP) torch==2.13.0
	$(PIP) -e ".[all]"
	@touch $@

$(VENV)/.installed-test: $(VENV)/.installed
	$(PIP) "pip>=25.1"
	$(PIP) --group test --group samples --group notebooks
	@touch $@

$(VENV)/.installed-lint: $(VENV)/.installed-test
	$(PIP) --group lint
	@touch $@

env: $(VENV)/.installed

env-test: $(VENV)/.installed-test

demo: env
	@$(BIN)/python -m mejurix_cli.demo --store $(DEMO)/store

test: env-test
	$(BIN)/mejurix-st install
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q -n 2 --dist loadfile

lint: $(VENV)/.installed-lint
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Measures the default model beside its peers; needs the development data (MEJURIX_DATA).
bench: env-test
	$(PIP) -e ".[all,peers]"
	$(BIN)/mejurix-st evaluate --output runs/evaluation

clean:
	rm -rf $(DEMO) build dist *.egg-info .import_linter_cache .benchmarks .pytest_cache .mypy_cache .ruff_cache .hypothesis
