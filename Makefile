# `make help` lists the targets. Each works alone, on a machine with nothing but Python and make.

PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11 python; do \
	$$python -c "$(NEW_ENOUGH)" 2>/dev/null && echo $$python && break; done)
NEW_ENOUGH = import sys; sys.exit(sys.version_info < (3, 11))
VENV := .venv
BIN := $(VENV)/$(if $(filter Windows_NT,$(OS)),Scripts,bin)
READY := $(VENV)/ready
BENCH_READY := .venv-bench/ready
LESSON ?= 00
GIVEN = $(if $(filter command line,$(origin LESSON)),$(LESSON))
LESSONS = $(sort $(wildcard notebooks/*.ipynb))

# Small tensors gain little from a second thread, and on two busy cores torch's threads wait for
# each other: training is then ten times slower.
export OMP_NUM_THREADS ?= 1

.PHONY: help env lab lecture test test-browser lint format bench seeds site slides pictures release grade teaching clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' Makefile

env: $(READY) ## the virtual environment .venv with everything pinned

$(READY): requirements.txt
$(BENCH_READY): requirements.txt requirements-bench.txt

# Made anew when what it depends on is newer, so a second run costs nothing.
%/ready: pyproject.toml
	@"$(PYTHON)" -c "$(NEW_ENOUGH)" 2>/dev/null || { echo \
	"The course needs Python 3.11 or newer: install it, or name one, make env PYTHON=..."; exit 1; }
	"$(PYTHON)" -m venv $*
	$(BIN:$(VENV)/%=$*/%)/python -m pip install $(addprefix -r ,$(filter %.txt,$^))
	$(BIN:$(VENV)/%=$*/%)/python -m pip install --no-deps --no-build-isolation --editable .
	touch $@

lab: $(READY) ## JupyterLab, opened on the first lesson
	$(BIN)/python classroom lab

lecture: $(READY) ## a lesson as live slides: make lecture LESSON=01
	$(BIN)/python classroom lecture $(LESSON)

test: $(READY) ## all tests: units, properties, notebooks; of one lesson: make test LESSON=05
	$(BIN)/pytest -n 2 --dist loadscope $(if $(GIVEN),-k "$(GIVEN)_ or $(GIVEN).")

test-browser: $(VENV)/ready-browser ## what `make site` and `make slides` have made, in the system's Chromium
	$(BIN)/pytest tests/browser

# What only these two need; no other target installs it.
$(VENV)/ready-%: requirements-%.txt $(READY)
	$(BIN)/python -m pip install -r $<
	touch $@

lint: $(READY) ## style and types
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

format: $(READY) ## mend the style, strip the notebooks' outputs
	$(BIN)/ruff check --fix
	$(BIN)/ruff format
	$(BIN)/jupyter nbconvert --clear-output $(LESSONS)

bench: $(BENCH_READY) ## times and errors beside other libraries, into docs; a part: make bench PART=vae
	cd tests && ../$(BIN:.venv/%=.venv-bench/%)/python -m bench $(PART)

seeds: $(READY) ## the claims that hang on a seed, at five others
	cd tests && ../$(BIN)/python -m seeds $(GIVEN)

site: $(VENV)/ready-book ## the web book, as build/site
	$(BIN)/python book $(GIVEN)

slides: $(VENV)/ready-book ## every lesson as a deck without a kernel, and as PDF, in build/slides
	$(BIN)/python book/deck.py $(GIVEN) $(if $(NOTES),--notes)

pictures: $(READY) ## the README's pictures, into docs
	$(BIN)/python -m course_utils.lessons.pictures

release: $(READY) ## the lessons for students, without solutions, as build/release
	$(BIN)/python -m grading release

grade: $(READY) ## a folder of submissions as a table: make grade FOLDER=submitted
	$(BIN)/python -m grading "$(FOLDER)"

teaching: $(READY) ## for instructors: plans, an answer key, usual errors, as build/teaching
	$(BIN)/python -m grading teaching

clean: ## remove all that make has made
	rm -rf $(VENV) .venv-bench .venv-grading build *.egg-info .pytest_cache .hypothesis .mypy_cache .ruff_cache
	find course_utils tests -name __pycache__ -prune -exec rm -rf {} +
