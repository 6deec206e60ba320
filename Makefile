# make bench    measure, judge, write the report        make test     test the code
# make smoke    every experiment for a moment           make speed    time every layer at every shape
# make report   judge the published records again       make lint     style, types, schemas
# make frameworks   the conformance kit on other frameworks' batch norms, and publish what it found
# Each makes .venv first, when it is missing or older than pyproject.toml and constraints.txt; the
# last one makes .venv-frameworks, with JAX, Keras, TensorFlow and others.
# More options: make bench ARGS="--bn-workers 4". Another interpreter: make test PYTHON=python3.13.

SHELL := /bin/sh
BIN := .venv/bin
READY := .venv/.installed
FRAMEWORKS := .venv-frameworks/.installed
ARGS ?=

# The first of these that is new enough and can make a virtual environment.
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3.14 python3; do \
	$$p -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)

.PHONY: bench test smoke speed frameworks report lint clean
.DELETE_ON_ERROR:

bench: $(READY)
	$(BIN)/pytest benchmarks/ $(ARGS)

test: $(READY)
	$(BIN)/pytest tests/ -m "not slow and not nightly" -n auto --timeout 120 $(ARGS)

smoke: $(READY)
	$(BIN)/pytest benchmarks/ --bn-scale smoke $(ARGS)

speed: $(READY)
	$(BIN)/pytest benchmarks/ -m speed $(ARGS)

frameworks: $(FRAMEWORKS)
	.venv-frameworks/bin/pytest benchmarks/test_conformance.py --bn-publish $(ARGS)

report: $(READY)
	$(BIN)/bnref report $(ARGS)

lint: $(READY)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/ci.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.citation-file-format CITATION.cff

# Measurements in .bnref stay: they cost time.
clean:
	rm -rf .venv .venv-frameworks .benchmarks .mypy_cache .pytest_cache .ruff_cache build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(READY): EXTRAS := dev
$(FRAMEWORKS): EXTRAS := dev,frameworks,tensorflow

$(READY) $(FRAMEWORKS): pyproject.toml constraints.txt
	@py="$(PYTHON)"; \
	if [ -z "$$py" ]; then \
		echo "make: found no Python 3.11 or newer that can make a virtual environment." >&2; \
		echo "make: install one (on Debian and Ubuntu also: apt install python3-venv), or name it: make PYTHON=/path/to/python" >&2; \
		exit 1; \
	fi; \
	"$$py" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "make: $$py is no Python 3.11 or newer; name another: make PYTHON=/path/to/python" >&2; exit 1; }; \
	"$$py" -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "make: $$py cannot make a virtual environment; on Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }; \
	echo "make: installing into $(@D) with $$("$$py" --version) (torch is large: this takes minutes)"; \
	"$$py" -m venv $(@D)
	$(@D)/bin/python -m pip install --disable-pip-version-check -c constraints.txt -e '.[$(EXTRAS)]'
	@touch $@
