# Two commands on a fresh machine: `make run` and `make test`. No key, no service, no Docker, no Node.
PYTHON ?= $(firstword $(wildcard /usr/bin/python3.11) python3)
BIN := .venv/bin

.PHONY: run demo test prove sandbox bench environment environment-dev lint lock

run: environment
	@exec $(BIN)/python -m console.running.launcher

# Forty accounts, 120 cards and three weeks of authorizations, in place of what is there, beside a running `make run`.
demo: environment
	@exec $(BIN)/python manage.py demo --reset

test: environment-dev
	@exec $(BIN)/python -m tests.run

# What is long by nature: big sizes, all of chaos on both databases, the intervals that are shipped; and the coverage.
prove: environment-dev
	@exec $(BIN)/python -m tests.run --prove

sandbox: environment
	@exec $(BIN)/python -m sandbox --port $${SANDBOX_PORT:-12111} --store $${VAR_DIR:-var}/sandbox-alone.sqlite3

bench: environment-dev
	@exec $(BIN)/python -m benchmarks

lint: environment-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	git ls-files -z '*.html' | xargs -0 $(BIN)/djade --target-version 5.2 --check
	$(BIN)/mypy console gateway accounts issuing sandbox

lock:
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-strip-extras --quiet requirements.in -o requirements.txt
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-strip-extras --quiet requirements-dev.in -o requirements-dev.txt
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-strip-extras --quiet benchmarks/peer.in -o benchmarks/peer.txt

# .venv is made again where Python's version changed or it does not start, and renewed where a lock differs. The locks are
# complete: nothing is resolved again. What is installed is copied into it last: what was broken off begins anew.
VERSION := $(shell $(PYTHON) -c 'import sys; print(sys.version.split()[0])' 2>/dev/null)
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet --require-hashes --no-deps

BROKEN := $(shell $(BIN)/python -c "" 2>/dev/null || rm -f .venv/python-*)
DIFFERENT := $(shell for lock in requirements requirements-dev; do \
  cmp -s $$lock.txt .venv/$$lock.txt || echo .venv/$$lock.txt; done)

environment: .venv/requirements.txt

environment-dev: .venv/requirements.txt .venv/requirements-dev.txt

.venv/%.txt: %.txt .venv/python-$(VERSION)
	@echo "Installing $< …"
	@$(PIP) -r $<
	@cp $< $@

$(DIFFERENT): FORCE

FORCE:

.venv/python-$(VERSION):
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed." if sys.version_info < (3, 11) else 0)'
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
	  || { echo "Python's venv module is missing. On Debian: apt-get install python3-venv" >&2; exit 1; }
	@echo "Making .venv …"
	@rm -rf .venv && $(PYTHON) -m venv .venv
	@touch $@
