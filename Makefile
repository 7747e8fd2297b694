# Everything a person does with this repository. Needs make and Python 3.11 or newer, nothing else.
# `make run PORT=9000 SANDBOX_PORT=9001` listens elsewhere; `make test ARGS="tests/crm -x"` runs a part.

PYTHON ?= python3
VENV := .venv/bin
# "" in TALLYBOOK_ENV_FILE: the checks below never read a developer's own .env.
BARE := TALLYBOOK_ENV_FILE= SECRET_KEY=only-for-checks-0123456789abcdefghijklmnopqrstuvwxyz-ABCDEFG \
	FIELD_ENCRYPTION_KEYS=MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE= DATABASE_URL=sqlite:///:memory:

.PHONY: run test lint types migrations deploy-check test-postgres check bench campaign lock screenshots setup setup-dev

run: setup
	@exec $(VENV)/python scripts/run.py

test: setup-dev
	@$(VENV)/python scripts/test.py $(ARGS)

test-postgres: setup-dev
	@$(VENV)/python scripts/postgres.py $(VENV)/python scripts/test.py $(ARGS)

lint: setup-dev
	$(VENV)/ruff check .
	$(VENV)/ruff format --check .
	$(VENV)/djlint templates --lint --quiet
	$(VENV)/bandit --quiet --configfile pyproject.toml --recursive -ll crm invoicing messaging integrations sandbox scripts bench campaign

types: setup-dev
	$(BARE) $(VENV)/mypy crm invoicing messaging integrations sandbox scripts bench campaign

migrations: setup-dev
	$(BARE) $(VENV)/python manage.py makemigrations --check --dry-run

deploy-check: setup-dev
	$(BARE) SITE_URL=https://crm.example.com ALLOWED_HOSTS=crm.example.com \
		$(VENV)/python manage.py check --deploy --fail-level WARNING

# What CI calls: the quick answers first, then the whole suite on both databases.
check: lint types migrations deploy-check test test-postgres

bench: setup-dev
	@$(VENV)/python -m bench $(ARGS)

# A generated bookkeeper against the whole running product: make campaign ARGS="--steps 10000 --seed 7"
campaign: setup-dev
	@$(VENV)/python -m campaign $(ARGS)

screenshots: setup-dev
	@$(VENV)/python scripts/screenshots.py $(ARGS)

# Pins and hashes, and no address of any package index. `make lock UPGRADE=--upgrade` takes newer releases.
LOCK := $(VENV)/python -m uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	--quiet $(UPGRADE)
lock: setup-dev
	$(VENV)/python -m pip install --quiet uv
	$(LOCK) requirements.in -o requirements.txt
	$(LOCK) requirements-dev.in -o requirements-dev.txt
	@! grep -n '://' requirements.txt requirements-dev.txt

setup:
	@$(PYTHON) scripts/setup.py

setup-dev:
	@$(PYTHON) scripts/setup.py --dev
