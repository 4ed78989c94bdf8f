# Twelve tasks; continuous integration runs the same ones. Only Python 3.11 or newer is needed.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.ONESHELL:
.PHONY: help setup up demo down fmt check test docs verify bench faults soak

PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3.14 python3 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
ifeq ($(OS),Windows_NT)
BIN := .venv/Scripts
endif
STAMP := .venv/.ready

help:
	@echo "make up      start everything here, with demo data and sign-ins; Ctrl-C or make down stops it"
	echo "make demo    the same, and one certificate from the request to its activation (ONCE=1 ends there)"
	echo "make check   formatting, lint, types, import rules, generated docs"
	echo "make test    every test (what=tests/certificates for some)"
	echo "make verify  count that nothing was lost; list gaps (heal=1 mends, metrics=FILE for Prometheus, known=FILE)"
	echo "make bench   measure what we claim about speed"
	echo "make faults  make everything fail under load, and judge the whole history (ONLY=random-kills SEED=7)"
	echo "make soak    an hour of load with random kills: nothing may grow (MINUTES=60 RATE=1500 SEED=1)"
	echo "make setup fmt docs down"

setup: $(STAMP)

# The lock files are made by the commands in their first lines.
$(STAMP): requirements-dev.txt pyproject.toml tools/setup.sh
	@bash tools/setup.sh "$(PYTHON)" "$(BIN)" "$(STAMP)"

up: $(STAMP)
	@exec $(BIN)/python -m tools.stack.up

demo: $(STAMP)
	@exec $(BIN)/python -m tools.stack.demo

down: $(STAMP)
	@exec $(BIN)/python -m tools.stack.down

fmt: $(STAMP)
	@$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

check: $(STAMP)
	@$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy libs services tools tests bench faults
	$(BIN)/lint-imports
	$(BIN)/python -m tools.docs --check

what ?= tests
test: $(STAMP)
	@$(BIN)/python -m pytest $(what)

docs: $(STAMP)
	@$(BIN)/python -m tools.docs

verify: $(STAMP)
	@exec $(BIN)/python -m tools.verify $(if $(heal),--heal) $(if $(metrics),--metrics "$(metrics)") \
		$(if $(known),--known "$(known)")

bench: $(STAMP)
	@exec $(BIN)/python -m bench

ONLY ?=
SEED ?= 1
TIMES ?= 1
faults: $(STAMP)
	@exec $(BIN)/python -m faults --seed $(SEED) --times $(TIMES) $(if $(SINCE),--since $(SINCE)) $(ONLY)

MINUTES ?= 60
RATE ?= 1500
soak: $(STAMP)
	@exec $(BIN)/python -m faults.soak --minutes $(MINUTES) --rate $(RATE) --seed $(SEED) --write
