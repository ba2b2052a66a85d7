# Each target sets up what it needs in .venv. The second time there is nothing left to set up.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
PORT ?= 8888
BROWSER ?= yes
TOKEN ?= yes
NEWER ?= no
BIN := .venv/bin
READY := .venv/.ready
SOURCES := chronicle_notebook tests scripts benchmarks

# Python keeps what it compiles: JupyterLab, its kernels and the tests start hundreds of processes that import the same.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: lab test bounds lint types imports front bench docs badge format lock contracts clean

## lab: JupyterLab on your copy of the first tutorial, with a sandbox kernel (PORT=8888, BROWSER=yes, TOKEN=yes, NEWER=no)
lab: $(READY)
	@$(BIN)/chronicle-notebook lab --port $(PORT) \
		$(if $(filter no,$(BROWSER)),--no-browser) $(if $(filter no,$(TOKEN)),--no-token) \
		$(if $(filter yes,$(NEWER)),--newer)

## test: lint, types, import rules, and all tests, in two processes for each processor; what failed runs once more
test: $(READY)
	@$(MAKE) --no-print-directory -j 2 lint types imports front
	@for name in chromium chromium-browser google-chrome; do command -v $$name >/dev/null && exit; done; \
		echo "No Chromium: tests in a browser are left out. Get it by 'apt-get install chromium' or 'brew install chromium'."
	@$(BIN)/pytest -n auto || $(BIN)/python scripts/retry_tests.py $$?

## bounds: the tests of the core at the lowest and the newest versions that pyproject.toml allows
bounds: $(READY)
	$(BIN)/python scripts/check_bounds.py

## lint: ruff, lint and format
lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

## types: mypy, strict
types: $(READY)
	$(BIN)/mypy

## imports: check which room may import which
imports: $(READY)
	$(BIN)/lint-imports

## front: types and format of the front-end files; needs npm, and is skipped without it (but not in CI)
front:
	@if command -v npm >/dev/null; then \
		npm ci --prefix scripts/front --silent --no-audit --no-fund && \
		scripts/front/node_modules/.bin/tsc -p jsconfig.json && \
		scripts/front/node_modules/.bin/prettier --check "chronicle_notebook/widgets/static/*.{js,css}"; \
	elif [ -n "$$CI" ]; then echo "front: npm is not installed"; exit 1; \
	else echo "front: npm is not installed, left out"; fi

## bench: measure ratios against a peer or a limit, in one run
bench: $(READY)
	$(BIN)/python -m benchmarks

## docs: the site, in build/site
docs: $(READY)
	$(BIN)/python -m sphinx --quiet --fail-on-warning -c docs -d build/doctrees . build/site

## badge: write the Binder badge of the git remote origin into the README
badge: $(READY)
	$(BIN)/python scripts/write_badge.py

## format: let ruff format and fix the code
format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

## contracts: regenerate the modules of the wire contract
contracts: $(READY)
	$(BIN)/python scripts/generate_contracts.py

## lock: resolve the dependencies again
lock: $(READY)
	$(BIN)/uv pip compile --quiet --upgrade --no-header --no-annotate --generate-hashes --python-version 3.11 \
		--universal --all-extras --group dev pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile --quiet --upgrade --no-header --no-annotate --generate-hashes --python-version 3.11 \
		--universal scripts/generate_contracts.in -o scripts/generate_contracts.lock
	$(BIN)/uv pip compile --quiet --upgrade --no-header --no-annotate --generate-hashes --python-version 3.11 \
		--universal scripts/check_binder.in -o scripts/check_binder.lock
	$(MAKE) $(READY)
	$(BIN)/python scripts/lock_binder.py

clean:
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis

# The lock names the version of uv and its hashes. uv then installs all other packages of the lock, and checks theirs.
$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed")'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@awk '/^uv==/ {on = 1} on {print} on && !/\\$$/ {exit}' requirements.lock > .venv/uv.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r .venv/uv.lock
	@$(BIN)/uv pip sync --quiet --require-hashes requirements.lock
	@$(BIN)/uv pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $(READY)
