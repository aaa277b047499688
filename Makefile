# Everything here runs inside .venv, which `make install` builds from pyproject.toml and
# constraints.txt. Needs Python 3.11 or newer; PYTHON=… names one that is not found by itself.

PORT ?= 8000
PYTHON ?= $(shell for name in python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$name" && break; done)
PY = .venv/bin/python
# Eighteen threads may make pages or wait for them (explorer/limits.py); six are left for kept pages. Each
# keeps a database connection, of which PostgreSQL grants a hundred.
GRANIAN = exec $(PY) -m granian --interface wsgi --no-ws --blocking-threads 24 --backpressure 64 \
	--host 127.0.0.1 --port "$(PORT)" hubsite.wsgi:application

# The sample library lives in a file of its own, unless DATABASE_URL says otherwise.
demo demo-admin: export DATABASE_URL := $(or $(DATABASE_URL),sqlite:///demo.sqlite3)
export PORT

# Tests and checks do not depend on what a person's environment says of their own installation.
OWN_SETTINGS = ALLOWED_HOSTS CLASSIFIER_MODEL CONTACT_EMAIL CROSSREF_API_KEY CROSSREF_URL CSRF_TRUSTED_ORIGINS \
	DATABASE_POOL DEBUG FETCHED_DAYS FETCHED_FOLDER GROBID_URL HSTS_SECONDS LIBRARY_NAME LLM_API_KEY LLM_BASE_URL LLM_BUDGET_REQUESTS \
	LLM_BUDGET_TOKENS LLM_MODEL OPENALEX_API_KEY OPENALEX_URL PORT \
	PROXY_SETS_FORWARDED_PROTO PUBLIC_URL REPLICA_URL SEMANTIC_SCHOLAR_API_KEY SEMANTIC_SCHOLAR_URL SERVED_OVER_HTTPS TIME_ZONE
CLEAN = env $(addprefix -u ,$(OWN_SETTINGS)) STATIC_ROOT=.venv/nothing-collected SECRET_KEY=only-for-tests
# Each core runs its share of the tests, with a database of its own.
PYTEST = -m pytest -n auto $(ARGS)

.PHONY: help install demo demo-admin serve test test-sqlite test-postgres test-spark lint messages bench bench-labels \
	screenshots clean
.NOTPARALLEL:

help: ## Say what can be made (the default)
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-14s %s\n", $$1, $$2 }' Makefile

install: .venv/installed ## Build .venv with all that the commands, the tests and the checks need

.venv/installed: pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed, as python3 or named by PYTHON=…" >&2; exit 1; }
	@echo "Installing into .venv; the first time takes a minute or two."
	@"$(PYTHON)" -m venv .venv
	@$(PY) -c 'import tomllib; project = tomllib.load(open("pyproject.toml", "rb"))["project"]; \
		extras = project["optional-dependencies"]; \
		print(*project["dependencies"], *extras["classifier"], *extras["batch"], *extras["dev"], sep="\n")' > .venv/requirements.txt
	@$(PY) -m pip install --disable-pip-version-check --quiet -c constraints.txt -r .venv/requirements.txt
	@touch $@

demo: install ## Load the sample library and serve it (PORT=… for another port than 8000)
	@$(PY) manage.py migrate --verbosity 0
	@said=$$($(PY) manage.py load_sample) || exit; \
	printf '\nThe best hub:\n%s\n\n' "$$(printf '%s\n' "$$said" | tail -n 1)"
	@echo "For the admin, make a login with \`make demo-admin\` in another terminal, then go to"
	@printf 'http://127.0.0.1:%s/admin/\n\n' "$(PORT)"
	@$(GRANIAN)

demo-admin: install ## Make a login for the admin of the sample library
	@$(PY) manage.py migrate --verbosity 0
	@$(PY) manage.py createsuperuser

serve: install ## Serve the library that DATABASE_URL names on 127.0.0.1 (PORT=…)
	@$(PY) manage.py migrate --verbosity 0
	@$(GRANIAN)

test: test-sqlite test-postgres ## Run all tests, on SQLite and then on PostgreSQL (ARGS=… for pytest)

test-sqlite: install ## Run the tests on SQLite, in memory
	@echo "Tests on SQLite"
	@$(CLEAN) DATABASE_URL=sqlite:// $(PY) $(PYTEST)

test-postgres: install ## Run the tests on a PostgreSQL that is made for them and thrown away
	@echo "Tests on PostgreSQL"
	@$(CLEAN) $(PY) tests/postgres.py $(if $(filter true,$(CI)),,--optional) -- $(PY) $(PYTEST)

# Not part of `make test`: 435 MB of pyspark, and a Java.
test-spark: install ## Run the rollup on a Spark of this machine (needs Java 17 or newer; fetches pyspark)
	@java -version >/dev/null 2>&1 || { echo "Java 17 or newer is needed (Debian: default-jre-headless)" >&2; exit 1; }
	@$(PY) -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["project"] \
		["optional-dependencies"]["spark"], sep="\n")' > .venv/spark.txt
	@$(PY) -m pip install --disable-pip-version-check --quiet -c constraints.txt -r .venv/spark.txt
	@$(CLEAN) DATABASE_URL=sqlite:// $(PY) -m pytest -m spark $(ARGS)

lint: install ## Check style, types, templates, settings and migrations
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m djlint --quiet --check --lint templates
	@$(PY) -m mypy
	@$(CLEAN) DATABASE_URL=sqlite:// $(PY) manage.py check
	@$(CLEAN) DATABASE_URL=sqlite:// $(PY) manage.py makemigrations --check --dry-run

# Needs GNU gettext. The compiled .mo are committed beside the .po, since an installation may lack it.
messages: install ## Bring locale/ up to date with the code: new strings in, old ones out, compiled
	@$(CLEAN) DATABASE_URL=sqlite:// $(PY) manage.py makemessages --all --no-obsolete --add-location file
	@$(CLEAN) DATABASE_URL=sqlite:// $(PY) manage.py compilemessages --ignore .venv

bench: install ## Measure loading, pages, serving, explorer and refresh (ARGS="--only PART --works N" for less)
	@$(CLEAN) $(PY) -m tests.bench $(ARGS)

bench-labels: install ## Measure how well labels are read, on published sets (ARGS=FOLDER of the files)
	@$(CLEAN) $(PY) -m tests.bench.labels $(ARGS)
	@$(CLEAN) $(PY) -m tests.bench.hubs $(ARGS)

screenshots: install ## Take the pictures of docs/ anew, of the sample library (needs a Chromium)
	@$(CLEAN) $(PY) -m tests.screenshots

clean: ## Remove what was made here, the sample library too; never db.sqlite3 or .secret-key
	rm -rf .venv staticfiles .mypy_cache .pytest_cache .ruff_cache .hypothesis demo.sqlite3 demo.sqlite3-*
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
