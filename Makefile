# make | make demo | make test | make test-slow | make docs | make bench | make clean
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt
INSTALLED := $(VENV)/.installed
INSTALLED_TEST := $(VENV)/.installed-test
BENCH := .venv-bench
INSTALLED_BENCH := $(BENCH)/.installed
DOCS := .venv-docs
INSTALLED_DOCS := $(DOCS)/.installed
SITE := docs/_build
MADE_DOCS := $(SITE) docs/gallery docs/api/names

.PHONY: install demo test test-slow docs bench clean

install: $(INSTALLED)

# Two processes of one thread each: small nets on many threads are slow on a busy machine.
test test-slow: export OMP_NUM_THREADS := 1
BOTH_CORES := -n 2 --dist worksteal

demo: $(INSTALLED)
	$(BIN)/further compare digits

test: $(INSTALLED_TEST)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest $(BOTH_CORES) -m "not slow"

test-slow: $(INSTALLED_TEST)
	$(BIN)/python -m pytest $(BOTH_CORES) -m slow

# The examples are run; a warning is an error. What was built before is not trusted.
docs: $(INSTALLED_DOCS)
	rm -rf $(MADE_DOCS)
	$(DOCS)/bin/sphinx-build -q -W --keep-going -b html docs $(SITE)
	@echo "$(CURDIR)/$(SITE)/index.html"

bench: $(INSTALLED_BENCH)
	set -e; for script in benchmarks/*_vs_*.py; do $(BENCH)/bin/python $$script; done

clean:
	rm -rf $(VENV) $(BENCH) $(DOCS) $(MADE_DOCS) build dist
	rm -rf .mypy_cache .ruff_cache .hypothesis .import_linter_cache

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "further needs Python 3.11 or newer; say which: make PYTHON=python3.12" >&2; exit 2; }
	$(PYTHON) -m venv $(VENV)

$(INSTALLED): pyproject.toml constraints.txt | $(BIN)/python
	$(INSTALL) -e .
	@touch $@

$(INSTALLED_TEST): $(INSTALLED)
	$(INSTALL) -e ".[test]"
	@touch $@

# The peers need a torch with a matching torchvision, so they have an environment of their own.
$(INSTALLED_BENCH): pyproject.toml benchmarks/requirements.txt
	test -x $(BENCH)/bin/python || $(PYTHON) -m venv $(BENCH)
	$(BENCH)/bin/python -m pip install --quiet --disable-pip-version-check \
	  -e . -r benchmarks/requirements.txt
	@touch $@

# Sphinx and its extensions move what they need by themselves, so they have one too.
$(INSTALLED_DOCS): pyproject.toml constraints.txt
	test -x $(DOCS)/bin/python || $(PYTHON) -m venv $(DOCS)
	$(DOCS)/bin/python -m pip install --quiet --disable-pip-version-check \
	  -c constraints.txt -e ".[docs]"
	@touch $@
