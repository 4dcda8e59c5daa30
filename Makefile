# The course, for someone who has a shell, make and Python. `make` alone lists what it can do.
#
# Everything happens in .venv, which is made when it is missing and brought up to date when
# pyproject.toml or requirements.lock changed: with uv where there is uv, else with pip.

PYTHON ?=
# Of JupyterLab, as in: make lab LAB_OPTIONS="--no-browser --port 9000"
LAB_OPTIONS ?=
# In a container one is root, and Jupyter asks to say so.
AS_ROOT := $(if $(filter 0,$(shell id -u)),--allow-root)
BIN := .venv/bin
READY := .venv/.ready

# Tools keep settings and caches in HOME. Where there is no such folder, any will do.
ifneq ($(shell test -w "$$HOME" && echo yes),yes)
export HOME := $(CURDIR)/_build/home
endif

# In the order of collection, chapters first: each takes long, and no worker waits for the last one.
PYTEST := $(BIN)/python -m pytest -n 2 --dist loadscope --no-loadscope-reorder

.DEFAULT_GOAL := help
.PHONY: help book lab run check test printed static bench clean

help: ## list what make can do
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-6s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

book: $(READY) ## print the book to _build/html; run what is out of date
	@$(BIN)/cnn-course build

lab: $(READY) ## open your own copy of the chapters in JupyterLab
	@$(BIN)/cnn-course copy
	@JUPYTER_CONFIG_PATH="$(CURDIR)/.jupyter:$$JUPYTER_CONFIG_PATH" \
	    JUPYTER_PATH="$(CURDIR)/.jupyter:$$JUPYTER_PATH" $(BIN)/jupyter lab \
	    --ServerApp.root_dir="$(CURDIR)" $(AS_ROOT) $(LAB_OPTIONS) \
	    --LabApp.default_url=/lab/tree/my-course/01-convolution-by-hand.ipynb

run: $(READY) ## run every chapter, whatever is stored
	@$(BIN)/cnn-course run --fresh

check: $(READY) static ## a minute's check while you work: style, types, plan, quick tests
	$(PYTEST) -m "not (tensorflow or kernel or browser or site or slow)" tests

test: $(READY) ## check everything that a change has to pass
	@$(MAKE) --no-print-directory --jobs=2 static printed
	$(PYTEST) --nbval --nbval-current-env notebooks book tests

printed: $(READY)
	$(BIN)/cnn-course build --compared

static: $(READY)
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/codespell
	$(BIN)/zizmor --offline --quiet --persona=auditor .github
	$(BIN)/cnn-course sync --check

bench: $(READY) printed ## measure what the course costs, for a page of the book
	@CUDA_VISIBLE_DEVICES= $(BIN)/python tests/bench.py

clean: ## remove what can be made again, full runs too, but not .venv
	rm -rf _build .pytest_cache .mypy_cache .ruff_cache .hypothesis

# A Python that the course runs on: the first of these, or the one that PYTHON names.
CANDIDATES := $(or $(PYTHON),python3 python3.13 python3.12 python3.11)
SUITS := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))

define MAKE_ENVIRONMENT
set -eu
mkdir -p "$$HOME"
fail() { echo "$$1" >&2; exit 1; }
suits() { "$$1" -c '$(SUITS)' >/dev/null 2>&1; }
if ! suits $(BIN)/python; then
    found=
    for name in $(CANDIDATES); do
        if suits "$$name"; then found=$$name; break; fi
    done
    if test -z "$$found" && command -v uv >/dev/null; then found=3.12; fi # uv fetches it
    test -n "$$found" || fail "No Python 3.11, 3.12 or 3.13 among: $(CANDIDATES).
Install one, or name it: make PYTHON=/path/to/python3.12 $(MAKECMDGOALS)"
    echo "Making .venv with Python: $$found"
    rm -rf .venv
    if command -v uv >/dev/null; then
        uv venv --quiet --python "$$found" .venv
    else
        "$$found" -m venv .venv || fail "$$found cannot make environments.
On Debian and Ubuntu: apt-get install python3-venv. Or install uv."
    fi
fi
echo "Installing what requirements.lock names."
if command -v uv >/dev/null; then
    # Without compiled bytecode every start of TensorFlow takes twice as long.
    uv pip install --quiet --compile-bytecode --python $(BIN)/python \
        --require-hashes -r requirements.lock
    uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
else
    $(BIN)/python -m pip --version >/dev/null 2>&1 || $(BIN)/python -m ensurepip >/dev/null
    $(BIN)/python -m pip install --quiet --disable-pip-version-check \
        --require-hashes -r requirements.lock
    $(BIN)/python -m pip install --quiet --disable-pip-version-check \
        --no-deps --no-build-isolation -e .
fi
touch $(READY)
endef
export MAKE_ENVIRONMENT

$(READY): pyproject.toml requirements.lock
	@sh -c "$$MAKE_ENVIRONMENT"
