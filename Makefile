# One way to do each chore. Needs Python 3.11 with venv, make and git; everything else goes into .venv.
#   make kb      the default knowledge base from seeds/, with Wikidata's facts about it, and some answers
#   make test    the whole test suite        make lint    style, types, layers
#   make bench   speed and memory            make clean   remove what was made

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check
KB := $(BIN)/kb
SOURCES := $(shell find kb ontology queries -type f -not -name '*.pyc' -not -path 'kb/language/train/*' 2>/dev/null)
SEEDS := $(wildcard seeds/*)

.PHONY: kb answers test lint bench clean setup
.DELETE_ON_ERROR:

kb: kb.nq kb.ttl wikidata.ttl answers

setup: $(READY)

$(READY): pyproject.toml
	$(PYTHON) -m venv .venv
	$(PIP) install --editable '.[dev]'
	@touch $@

kb.nq kb.ttl: $(READY) $(SOURCES) $(SEEDS)
	$(KB) export seeds --output $@

wikidata.ttl: kb.nq
	$(KB) link extract $< -o $@

answers: kb.nq wikidata.ttl
	$(KB) ask military-actions $<
	$(KB) ask agreements $<
	$(KB) ask positions $<
	$(KB) ask supporters $<
	$(KB) ask critics $<
	$(KB) ask wikidata-offices $^

test: $(READY)
	$(BIN)/python -m pytest

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(READY)
	$(BIN)/python -m benchmarks

clean:
	rm -rf .venv build dist out kb.nq kb.ttl wikidata.ttl .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
