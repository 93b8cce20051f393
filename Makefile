# `make` alone prints what there is. Nothing has to be installed by hand but Python 3.11 or later.

# The first that works: a version manager may put names on PATH that do not start.
PICK = for p in python3.13 python3.12 python3.11 python3; do \
	$$p -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done
PREPARE = p="$$($(PICK))"; test -n "$$p" || { echo "Python 3.11 or later with venv is needed"; exit 1; }; exec "$$p" .ci/prepare.py
BIN = .venv/bin
PYTEST = $(BIN)/python -m pytest -q
WORKERS = -n 2
# The plain-Python rooms are tested without Django, and without the fixtures of the folders above.
PLAIN = $(PYTEST) -p no:django
ROOMS = accounts/domain accounts/koscom orders/domain orders/kis

.PHONY: help run serve test check setup setup-check lint test-static test-rooms test-sqlite test-postgres test-browser test-chaos chaos fuzz histories lock

help:  ## this text
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-14s %s\n", $$1, $$2 }' Makefile

# `exec`, and no shell left around it: make passes SIGTERM to its child alone.
run: setup  ## the demo: simulators, notice stream, sync worker and portal in one go (PORT=, PORTAL_DATA_DIR=)
	@exec $(BIN)/python manage.py demo

serve: setup  ## the same portal for real connections; see manage.py connect
	@exec $(BIN)/python manage.py serve

test: setup-check test-static test-rooms test-sqlite test-postgres test-browser test-chaos  ## every test: SQLite, PostgreSQL and Valkey, real Chromium

check: setup-check lint test  ## format, lint, types, import arrows, migrations, then every test

setup:  ## what run and serve need: .venv, locked packages, the pages' files, translations
	@$(PREPARE) run

setup-check:  ## that, and what the tests and linters need
	@$(PREPARE) check

lint: setup-check  ## format, lint, types, import arrows and missing migrations
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/djlint --check templates
	$(BIN)/mypy . .ci/prepare.py
	$(BIN)/lint-imports
	$(BIN)/python manage.py makemigrations --check --dry-run

test-static: setup-check  ## the pages' own scripts, in Node
	@$(PREPARE) npm run --silent test

test-rooms: setup-check  ## the plain-Python rooms, each fully covered by its own tests
	@set -e; for room in $(ROOMS); do echo "== $$room"; \
	  $(PLAIN) $(WORKERS) --confcutdir=tests/$$room tests/$$room --cov=$$room --cov-branch --cov-fail-under=100 --cov-report=term:skip-covered; done

test-sqlite: setup-check  ## everything else on SQLite
	$(PYTEST) $(WORKERS) tests --ignore=tests/browser --ignore=tests/chaos $(foreach room,$(ROOMS),--ignore=tests/$(room))

test-postgres: setup-check  ## what uses a database, queue or channel layer, on PostgreSQL and Valkey
	$(PYTEST) $(WORKERS) tests --ignore=tests/browser --ignore=tests/chaos --database=postgres

test-browser: setup-check  ## the pages in real Chromium
	$(PYTEST) tests/browser

# Most of their time they wait for a lease, a silence or a back-off: three at once do not disturb each other.
test-chaos: setup-check  ## broken lines and killed processes, in short: each part once
	$(PYTEST) -n 3 tests/chaos

chaos: setup-check  ## the same as a proof, for hours (PART=fills|commands|crashes|leases|sockets|reconnects, DB=sqlite|postgres, SEED=, SHARE=4: a quarter)
	$(BIN)/python -m tests.chaos $(or $(PART),all) --heavy --database $(or $(DB),both) --seed $(or $(SEED),7) --share $(or $(SHARE),1)

fuzz: setup-check  ## the long run of the mutated frames and bodies that the tests take a sample of
	FUZZ_FRAMES=1000000 $(PLAIN) --confcutdir=tests/orders/kis tests/orders/kis/test_fuzz.py
	FUZZ_BODIES=100000 $(PLAIN) --confcutdir=tests/accounts/koscom tests/accounts/koscom/test_fuzz.py

histories: setup-check  ## the long run of the generated histories (HISTORIES=20000, FIRST_HISTORY=0 to go on from)
	HISTORIES=$(or $(HISTORIES),20000) FIRST_HISTORY=$(or $(FIRST_HISTORY),0) $(PYTEST) $(WORKERS) tests/orders/histories/test_histories.py

lock:  ## write uv.lock and the hashed requirements again (needs uv)
	uv lock
	uv export -q --no-header --no-annotate --no-emit-project --no-default-groups -o requirements.txt
	uv export -q --no-header --no-annotate --no-emit-project --no-default-groups --only-group assets -o requirements-assets.txt
	uv export -q --no-header --no-annotate --no-emit-project --no-default-groups --group dev -o requirements-dev.txt
