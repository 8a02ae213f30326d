# What a person does here. CI calls the same targets.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help setup run test lint format demo simulate simulate-mutants chaos failover bench screen-demo recovery-demo bench-webhooks check-infra pictures clean

PYTHON_ENV := .venv/bin
CALLS ?= 40
RECORDINGS ?= 2000
SEEDS ?= 20
chaos: TRIALS ?= 20
failover: TRIALS ?= 10

help: ## Show what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

setup: ## Make the Python environment and install Azurite (once; PYTHON=... names a Python 3.13)
	@PYTHON="$(PYTHON)" lab/setup.sh

run: setup ## Run the pair with a simulated organisation until Ctrl-C (ARGS="--seconds 60", HOST=func|standin)
	@$(PYTHON_ENV)/python -m lab.run $(ARGS)

# What measures time, or has real processes that must answer in time, comes last: it leaves the processor mostly idle.
TIMED := tests/desktop tests/browser $(addprefix tests/lab/test_,\
	chaos.py host_drain.py host_queues.py host_timers.py pair.py screen_demo.py webhook_load.py)
TWO_AT_ONCE := --numprocesses 2 --dist loadfile

test: lint check-infra ## Check style, types, layers and templates, then run all tests (ARGS="-k election" runs some)
ifdef ARGS
	@$(PYTHON_ENV)/python -m pytest $(ARGS)
else
	@$(PYTHON_ENV)/python -m pytest $(TWO_AT_ONCE) $(addprefix --ignore=,$(TIMED))
	@$(PYTHON_ENV)/python -m pytest $(TWO_AT_ONCE) $(TIMED)
endif

demo: setup ## Kill the ACTIVE node in the middle of CALLS=40 calls and check the archives (REPORT=file.json)
	@$(PYTHON_ENV)/python -m lab.demo --calls $(CALLS) $(if $(REPORT),--report $(REPORT)) $(ARGS)

simulate: setup ## Play SEEDS=20 histories of 1,000 recordings with every fault, in virtual time (REPORT=file.json)
	@$(PYTHON_ENV)/python -m tests.simulation run --recordings 1000 --seeds $(SEEDS) $(if $(REPORT),--report $(REPORT)) $(ARGS)

simulate-mutants: setup ## Put faults into the protocol, one by one: the simulation must notice each (REPORT=file.json)
	@$(PYTHON_ENV)/python -m tests.simulation mutants $(if $(REPORT),--report $(REPORT)) $(ARGS)

chaos: setup ## Fault after fault, TRIALS=20 of them, while calls keep coming (REPORT=file.json, ARGS="--seed 1")
	@$(PYTHON_ENV)/python -m lab.chaos --trials $(TRIALS) $(if $(REPORT),--report $(REPORT)) $(ARGS)

failover: setup ## Measure TRIALS=10 crashes and planned handovers of the ACTIVE node (REPORT=file.json)
	@$(PYTHON_ENV)/python -m lab.failover --trials $(TRIALS) $(if $(REPORT),--report $(REPORT)) $(ARGS)

bench: setup ## Measure the archive step beside other ways to do it (REPORT=file.json)
	@$(PYTHON_ENV)/python -m bench $(if $(REPORT),--report $(REPORT)) $(ARGS)

screen-demo: setup ## Record agents' screens, kill a node in the middle, check every video (REPORT=file.json)
	@$(PYTHON_ENV)/python -m lab.screen_demo $(if $(REPORT),--report $(REPORT)) $(ARGS)

recovery-demo: setup ## Suppress 5 % of RECORDINGS=2000 and let recovery and verification find them (REPORT=file.json)
	@$(PYTHON_ENV)/python -m lab.recovery_demo --recordings $(RECORDINGS) $(if $(REPORT),--report $(REPORT)) $(ARGS)

bench-webhooks: setup ## Measure the webhooks' receiver calm and with a node killed (REPORT=file.json)
	@$(PYTHON_ENV)/python -m lab.webhook_bench $(if $(REPORT),--report $(REPORT)) $(ARGS)

pictures: setup ## Take the pictures of the console for docs/images/
	@$(PYTHON_ENV)/python -m lab.console_pictures

# Without ruff's cache: what it remembers of a file does not depend on which packages stand beside it, the order of
# imports does.
lint: setup ## Check style, types and the direction of imports
	@$(PYTHON_ENV)/ruff check --quiet --no-cache
	@$(PYTHON_ENV)/ruff format --check --quiet || { $(PYTHON_ENV)/ruff format --check; exit 1; }
	@$(PYTHON_ENV)/mypy --no-error-summary -p capture -p desktop_recorder -p infra.checks -m function_app
	@PYTHONPATH=desktop $(PYTHON_ENV)/lint-imports --no-logo > .lab/lint-imports.txt || { cat .lab/lint-imports.txt; exit 1; }
	@echo "lint: style, types and import directions are as they should be"

check-infra: setup ## Check templates, scripts and queries of infra/, without Azure
	@infra/checks/run.sh

format: setup ## Bring the code into the house's format
	@$(PYTHON_ENV)/ruff check --fix --quiet --no-cache
	@$(PYTHON_ENV)/ruff format --quiet

clean: ## Remove everything that was made here: environments, logs, caches
	rm -rf .venv node_modules .lab .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
