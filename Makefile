# Every target sets up what it needs by itself; `make` alone lists them.
.DEFAULT_GOAL := help
.PHONY: examples setup-examples help demo watch stack check test integration end-to-end faults faults-short faults-mutants fuzz bench build image sbom clean setup setup-test setup-stack setup-fuzz setup-image chart chart-api-server setup-chart

TS := node --import tsx

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: setup-stack dist/cli.js ## See it work: failures, crashes, and every key in order (ARGS=... is passed on)
	@$(TS) dev/demo/main.ts $(ARGS)

watch: setup-test dist/cli.js ## Prometheus, and Grafana if it is installed, watch it in changing weather, until Ctrl-C (ARGS=--draw)
	@exec $(TS) dev/watch/main.ts $(ARGS)

stack: setup-stack ## Kafka and Redis on this machine until Ctrl-C; prints their addresses
	@exec $(TS) dev/stack/main.ts

check: setup ## Types, lint, format, dead code, import direction, fast tests: under a minute, no servers
	@npm run --silent check

test: check integration end-to-end faults-short ## Everything: check, the tests against a real Kafka and Redis, two minutes of faults

integration: setup-test
	@npm run --silent test:integration

end-to-end: setup-test dist/cli.js
	@DIST=dist npm run --silent test:end-to-end

faults: setup-test dist/cli.js ## Faults of all kinds under load, and what they broke (SEED=, MINUTES=10, KEEP=DIR)
	@$(TS) test/faults/main.ts

# The same plan each time: what fails then is what was changed. `make faults` tries others.
faults-short: setup-test dist/cli.js ## The same in two minutes (SEED=31)
	@MINUTES=2 SEED=$${SEED:-31} $(TS) test/faults/main.ts

faults-mutants: setup-test ## Does the fault suite find bugs? One after another is built in (ARGS="name name")
	@$(TS) test/faults/mutants/main.ts $(ARGS)

fuzz: setup-fuzz dist/cli.js ## Attack the live service with what its OpenAPI document allows, and what not (SEED=, EXAMPLES=50)
	@$(TS) dev/fuzz/main.ts

bench: setup-test build ## Measure (ARGS=... is passed on)
	@$(TS) bench/main.ts $(ARGS)

examples: setup-examples dist/cli.js ## Run the examples of all languages, kill some, and check the order
	@DIST=dist npm run --silent jest -- --selectProjects examples

build: setup
	@npm run --silent build

# For those who only want to run it: built when something has changed since.
dist/cli.js: $(shell find src -type f) tsconfig.build.json | setup
	@npm run --silent build

image: setup-image ## Build the image, and try it: read-only, as its user, against a real Kafka and Redis
	@$(TS) dev/image/main.ts

sbom: setup ## What the service is made of, as CycloneDX: dist/sbom.json
	@dev/image/sbom.sh

clean: ## Remove what was built and installed
	rm -rf dist coverage node_modules

chart: setup-chart ## The Helm chart: lint, unit tests, schemas, and a real Kubernetes API server where one was built
	@npm run --silent jest -- --selectProjects chart $(ARGS)

chart-api-server: setup-chart ## The same, and builds that API server first (some minutes, once)
	@dev/chart/build-tools.sh etcd kube-apiserver >/dev/null
	@npm run --silent jest -- --selectProjects chart $(ARGS)

setup:
	@dev/setup.sh

setup-stack:
	@dev/setup.sh stack

setup-test:
	@dev/setup.sh servers

setup-image:
	@dev/setup.sh image

setup-fuzz: setup-stack
	@dev/setup.sh python

setup-examples:
	@dev/setup.sh examples

setup-chart:
	@dev/setup.sh chart
