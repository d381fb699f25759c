# Everything one does with Rounds; `make help` lists it. What takes more than a line stands as a script in tools/.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help up cluster build test generate lint fmt unit integration e2e journeys race bench chaos

TOOL := go tool -modfile=tools/go.mod
LINT := go tool -modfile=tools/lint/go.mod golangci-lint
# Packages of one kind of test; `go test` of nothing is not a success, so an empty list fails.
SOLO := ./cmd/... ./contract/... ./kit/... ./rules/... ./service/...
SUM := go run ./test/sum

help: ## List what can be made
	@sed -nE 's/^([a-z0-9]+):.*## (.*)/  make \1|\2/p' Makefile | column -t -s '|'

up: ## Run everything on this machine; options in ARGS, such as ARGS="--port 9000 --fresh"
	@tools/need --if-root postgresql
	@$(MAKE) --no-print-directory build
	@exec bin/rounds up $(ARGS)

build: ## Build the one binary, bin/rounds
	go build -o bin/rounds ./cmd/rounds

cluster: ## Run the shape of production on this machine: two processes of each service behind NGINX, on PostgreSQL, RabbitMQ and Redis; options in ARGS
	@tools/need postgresql rabbitmq-server redis-server nginx
	@$(MAKE) --no-print-directory build
	@exec go run ./deploy/cluster $(ARGS)

test: ## Prove everything: fresh generated files, linters, all tests; what CI runs
	@tools/test

generate: ## Write all generated files again: contracts, queries, pages, assets
	tools/generate

lint: node_modules/.package-lock.json ## Look for mistakes and for what is not in our style
	$(LINT) run ./...
	$(TOOL) buf lint
	$(TOOL) templ fmt -fail -log-level error service
	npm run --silent check

fmt: ## Format Go and pages
	$(LINT) fmt ./...
	$(TOOL) templ fmt -log-level error service

unit: ## Test each package by itself, with a real PostgreSQL where it stores
	@tools/need postgresql rabbitmq-server
	@go test -json $(SOLO) | $(SUM)

integration: ## Test the services together: rooms, rights, routes, crashes
	@tools/need postgresql redis-server
	@go test -json $$(go list ./test/... | grep -v /test/e2e) | $(SUM)

e2e: ## Walk the journeys in a real browser
	@tools/need postgresql chromium
	@go test -json ./test/e2e/... | $(SUM)

journeys: node_modules/.package-lock.json ## Walk the journeys of the whole program through NGINX, in the shape of production
	@tools/need postgresql rabbitmq-server redis-server nginx chromium
	@ROUNDS_TEST_SHAPE=cluster go test -json -timeout 20m ./test/e2e -run 'TestEvening|TestHosting|TestTour' | $(SUM)

race: ## Test each package with the race detector
	@tools/need postgresql rabbitmq-server
	@go test -json -race $(SOLO) | $(SUM)

bench: ## Measure, and print a table with what the machine was
	@tools/need postgresql
	go run ./test/load $(ARGS)

chaos: ## Kill services, database and broker at random under load, and look whether every promise held
	@tools/need postgresql rabbitmq-server
	go run ./test/chaos $(ARGS)

node_modules/.package-lock.json: package-lock.json
	npm ci --no-audit --no-fund
	@touch $@
