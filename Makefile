# Everything a developer does, one line each; CI calls the same targets.

CARGO ?= cargo

# In tools/graphql, with the tools of front-end developers.
FRONTEND := npm --silent --prefix tools/graphql run
WITH_SERVER := tools/graphql/with-server
# Fuzzing must not be throttled; the examples show what it is to be.
ROOMY := FINBRIDGE_LIMITS_COST_BUCKET=1000000000 FINBRIDGE_LIMITS_COST_RESTORE=1000000000
NARROW := FINBRIDGE_LIMITS_COST_PER_REQUEST=1000 FINBRIDGE_LIMITS_COST_BUCKET=1000 FINBRIDGE_LIMITS_COST_RESTORE=200

.PHONY: help run test test-only lint schema server frontend frontend-schema frontend-server frontend-fuzz clients guard bench-pages bench-emulator bench-graphql bench-guard bench-sync

help: ## Say what there is
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

run: ## Start the whole product on this machine
	$(CARGO) run

test: ## Install what is missing, then run every test on SQLite and PostgreSQL, published clients, GraphQL audits and example clients
	scripts/install-tools nextest postgres
	scripts/with-postgres $(CARGO) nextest run --workspace --no-fail-fast
	$(CARGO) test --workspace --doc --quiet
	$(MAKE) clients
	$(MAKE) frontend-server

test-only: ## Run the tests whose names contain T=…, on both databases
	scripts/with-postgres $(CARGO) nextest run --workspace $(T)

lint: ## Check format, clippy, licences, crate directions, drift of generated files, and the GraphQL schema
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets -- -D warnings
	scripts/install-tools nextest postgres deny
	scripts/deny check licenses bans sources
	scripts/with-postgres $(CARGO) nextest run --workspace -E 'test(workshop::)'
	$(MAKE) frontend-schema

schema: ## Write the generated files anew: GraphQL schema, requirement coverage, emulator coverage
	FINBRIDGE_UPDATE=1 $(CARGO) nextest run --workspace -E 'test(workshop::schema) or test(workshop::requirements_coverage) or test(docs::the_coverage_file)'

frontend: frontend-schema frontend-server frontend-fuzz ## All that front-end developers rely on: the next three

frontend-schema: ## Lint the schema; compile Relay and TypeScript against it; compare it with the last release
	scripts/install-tools frontend
	@echo "== The checks' own tests, and docs/graphql.md"
	$(FRONTEND) test
	@echo "== Lint of api/schema.graphql"
	$(FRONTEND) lint:schema
	@echo "== Relay"
	$(FRONTEND) relay
	@echo "== Generated TypeScript"
	$(FRONTEND) codegen
	@echo "== Comparison with the last release"
	$(FRONTEND) compare

frontend-server: server ## Audit GraphQL over HTTP, and run the example clients, against a throwaway server
	scripts/install-tools frontend python
	@echo "== GraphQL over HTTP"
	$(WITH_SERVER) $(FRONTEND) audit
	@echo "== Example clients"
	$(NARROW) $(WITH_SERVER) $(FRONTEND) examples

frontend-fuzz: server ## Fuzz a throwaway server: 2,000 requests, always the same ones
	scripts/install-tools fuzz
	@echo "== Fuzzing"
	$(ROOMY) $(WITH_SERVER) tools/graphql/.venv/bin/python tools/graphql/fuzz/run.py

clients: server ## Run published clients of the finance APIs, as they are, against an emulator
	tests/clients/run

guard: server ## Attack the server that the tests built: every attack must be refused in time, and within memory
	timeout 120 bench/guard/run.py --binary "$${FINBRIDGE_BIN:-target/debug/finbridge}" --milliseconds 400 --alone 5

bench-pages: ## Show what far pages of a list cost beside near ones, on both databases
	scripts/install-tools postgres
	scripts/with-postgres $(CARGO) run --release -p finbridge-bench --bin pages

bench-emulator: ## Show what the emulator's contact calls cost beside bare handlers, and among a million contacts
	$(CARGO) run --release -p finbridge-bench --no-default-features --bin emulator -- 10000 1000000

bench-sync: ## Show what runs cost in time, requests and memory, beside a bare client, on both databases
	scripts/install-tools postgres
	scripts/with-postgres $(CARGO) run --release -p finbridge-bench --bin sync

bench-graphql: ## Show what GraphQL operations cost beside a bare handler and PostGraphile, and how fast deals become documents
	scripts/install-tools postgres
	cd bench/graphql && npm ci --no-progress --loglevel=error
	$(CARGO) build --release -p finbridge -p finbridge-bench --bin finbridge --bin graphql
	scripts/with-postgres target/release/graphql

bench-guard: ## Show how fast attacks are refused, and what others notice
	$(CARGO) build --release
	bench/guard/run.py

# As the tests build it, so that nothing is compiled twice. FINBRIDGE_BIN names a server that is built already.
server:
	@test -n "$(FINBRIDGE_BIN)" || { scripts/install-tools nextest && $(CARGO) nextest run --workspace --no-run; }
