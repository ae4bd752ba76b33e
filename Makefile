# Every target does its own set-up. Only Python 3.11 or newer and make are needed.
.DEFAULT_GOAL := help
.PHONY: help run test check bench docs coverage format lock upgrade clean
PYTHON_HERE := .venv/bin/python
ARGS ?=

help: ## list these targets
	@grep -hE '^[a-z]+:.*## ' Makefile | sed -E 's/:.*## /\t/' | while IFS="$$(printf '\t')" read -r name what; do printf '  make %-9s %s\n' "$$name" "$$what"; done

run: ## start Sociable here (PORT, SMTP_PORT and DATA_DIR may be given); Ctrl-C stops it
	@scripts/setup
	@exec $(PYTHON_HERE) scripts/foreground $(PYTHON_HERE) -m sociable serve

test: ## run every test, on SQLite and on PostgreSQL (ARGS="-k word" for some)
	@scripts/setup dev
	@scripts/servers
	$(PYTHON_HERE) -m pytest -n 2 $(ARGS)
	$(PYTHON_HERE) -m tests.postgres $(PYTHON_HERE) -m pytest -n 2 $(ARGS) || { [ $$? = 5 ] && [ -n "$(ARGS)" ]; } # 5: none chosen

check: ## format, lint, types, rooms, migrations, templates, addresses
	@scripts/setup dev
	@scripts/check

bench: ## measure, and print the figures and the machine
	@scripts/setup dev
	@failed=; for script in $$(grep -l __main__ benchmarks/*.py); do \
		printf '\n== %s\n' "$$script"; $(PYTHON_HERE) "$$script" || failed="$$failed $$script"; \
	done; [ -z "$$failed" ] || { echo "Failed:$$failed"; exit 1; }

docs: ## render the documentation into build/docs and check every link in it
	@scripts/setup dev
	@$(PYTHON_HERE) scripts/docs

coverage: ## show which branches of the rules and journeys no test runs
	@scripts/setup dev
	@$(PYTHON_HERE) -m coverage erase
	$(PYTHON_HERE) -m coverage run -m pytest -q $(ARGS)
	@$(PYTHON_HERE) -m coverage combine --quiet
	@$(PYTHON_HERE) -m coverage report --include='src/sociable/domain/*,src/sociable/journeys/*'

format: ## put code and imports in the house's form
	@scripts/setup dev
	@$(PYTHON_HERE) -m ruff check --fix-only --quiet .
	@$(PYTHON_HERE) -m ruff format .

lock: ## write the lock files anew from requirements*.in
	@scripts/lock

upgrade: ## the same, taking newer releases
	@scripts/lock --upgrade

clean: ## remove what set-up and tests made; your data stays
	rm -rf .venv .tools .servers build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage .coverage.*
	find src tests scripts benchmarks -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true
