# Everything a developer does, one line each; CI calls the same targets.

CARGO ?= cargo

.PHONY: help run test test-only lint schema

help: ## Say what there is
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

run: ## Start the whole product on this machine
	$(CARGO) run

test: ## Install what is missing, then run every test on SQLite and PostgreSQL
	scripts/install-tools nextest postgres
	scripts/with-postgres $(CARGO) nextest run --workspace --no-fail-fast
	$(CARGO) test --workspace --doc --quiet

test-only: ## Run the tests whose names contain T=…, on both databases
	scripts/with-postgres $(CARGO) nextest run --workspace $(T)

lint: ## Check format, clippy, licences, crate directions and drift of generated files
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets -- -D warnings
	scripts/install-tools nextest postgres deny
	scripts/deny check licenses bans sources
	scripts/with-postgres $(CARGO) nextest run -p finbridge-tests workshop

schema: ## Write the generated files anew: GraphQL schema, requirement coverage
	FINBRIDGE_UPDATE=1 $(CARGO) nextest run -p finbridge-tests workshop::schema workshop::requirements_coverage
