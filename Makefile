# SPDX-License-Identifier: Apache-2.0

# One set of flags for everything: with two, each package would be compiled twice.
export CGO_ENABLED ?= 0
export GOFLAGS     := $(GOFLAGS) -trimpath -tags=grpcnotrace

OCB      := go tool builder --config builder-config.yaml --skip-compilation
TOOL     := go tool -modfile=tools/go.mod
REVISION := $(shell git rev-parse --short HEAD 2>/dev/null)
BACKEND  ?= debug
LDFLAGS  := -s -w -X main.revision=$(REVISION)
VERSION  := $(shell sed -n 's/^  version: //p' builder-config.yaml)

.DEFAULT_GOAL := help
.PHONY: help run build image test test-race e2e faults soak fuzz bench lint vet generate tidy check clean

help: ## Show this list.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: build ## Follow this machine's logs on the terminal; BACKEND=otlp (loki-otlp, ...) sends them there instead.
	@./distro/run.sh $(BACKEND)

build: ## Compile the collector to bin/tributary.
	go build -ldflags '$(LDFLAGS)' -o bin/.linked/ ./distro/tributary
	@# What the linker has written lies in the page cache in pieces of up to 2 MB, each of which is resident as a whole
	@# when a byte of it is used: 8 MB more than on a node, where the file is read from the disk. A copy is not like that.
	@cmp -s bin/.linked/tributary bin/tributary || \
		{ new=$$(mktemp bin/.tributary.XXXXXX) && cp bin/.linked/tributary $$new && chmod 755 $$new && mv $$new bin/tributary; }

# IMAGE is its name: give one with a registry to push it. ARCHS=amd64 leaves out what this machine does not need.
IMAGE   ?= tributary:$(VERSION)
ARCHS   ?= amd64 arm64
ARCHIVE ?= bin/tributary-$(VERSION).tar
image: ## Write the container image to bin/tributary-<version>.tar, for ARCHS (amd64 arm64), named IMAGE; needs no container engine.
	@for arch in $(ARCHS); do \
		GOOS=linux GOARCH=$$arch go build -ldflags '$(LDFLAGS)' -o bin/image/$$arch/binary/ ./distro/tributary || exit 1; \
	done
	go -C tools run ./image -name '$(IMAGE)' -version '$(VERSION)' -revision '$(shell git rev-parse HEAD 2>/dev/null)' \
		-created "$${SOURCE_DATE_EPOCH:-$(shell git log -1 --format=%ct 2>/dev/null || echo 0)}" -out '$(abspath $(ARCHIVE))' $(ARCHS)

test: build ## Run every test: units, the distribution, and the built binary end to end.
	go test ./...

test-race: ## Run the unit tests with the race detector (needs a C compiler).
	CGO_ENABLED=1 go test -race $$(go list ./... | grep -v -e /distro/tributary -e /tests/integration -e /tests/journal)

e2e: build ## Run the tests against real servers, Loki, VictoriaLogs and Kubernetes, built once from their modules into the user's cache (some minutes).
	TRIBUTARY_E2E=1 go test -timeout 60m ./tests/loki/... ./tests/backends/... ./tests/kubernetes/...

# FAULTS=ours leaves out the pipelines of upstream and the document, RUN is a pattern of rows: TestFaults/P1_.
FAULTS ?= all
faults: build ## Try everything that could lose a line, also on the usual pipelines, and write docs/reliability.md (half an hour).
	TRIBUTARY_FAULTS=$(FAULTS) TRIBUTARY_FAULT_REPORT=$(if $(filter all,$(FAULTS)),$(CURDIR)/docs/reliability.md) \
		go test -count=1 -timeout 80m $(if $(RUN),-run '$(RUN)') ./tests/faults/

# A number of runs: a time can end a run in its middle, which counts as a failure. Making an interesting input smaller takes
# a minute each, if nobody says otherwise.
# Its files are made in memory where there is such a place: a disk would be all that it waits for.
FUZZTIME ?= 25000x
FUZZDIR  := $(if $(wildcard /dev/shm),/dev/shm,/tmp)
fuzz: ## Read broken input, FUZZTIME (25000x, or 10m) with each fuzz test of the product.
	@grep -rl --include='*_test.go' '^func Fuzz' components distro | xargs -n 1 dirname | sort -u | while read -r folder; do \
		for test in $$(sed -n 's/^func \(Fuzz[A-Za-z0-9]*\).*/\1/p' $$folder/*_test.go); do \
			echo "$$folder $$test"; \
			GOTMPDIR=$${TMPDIR:-/tmp} TMPDIR=$(FUZZDIR) go test -run '^$$' -fuzz "^$$test\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 20x ./$$folder || exit 1; \
		done || exit 1; \
	done

DURATION ?= 1h
soak: build ## Break things at random for DURATION (1h) while 50,000 lines a second are shipped; goes on where it was stopped.
	TRIBUTARY_SOAK_DURATION=$(DURATION) TRIBUTARY_SOAK_REPORT=$${TRIBUTARY_SOAK_REPORT:-$(CURDIR)/docs/soak.md} \
		go test -count=1 -v -timeout 0 -run '^TestSoak$$' ./tests/faults/

bench: build ## Measure size, start, memory and CPU, side by side with the upstream pipeline (some 40 minutes).
	go test -run '^$$' -bench . -benchtime 1x -timeout 120m ./tests/bench/

lint: ## Check style with golangci-lint, pinned in tools/go.mod.
	$(TOOL) golangci-lint run

vet: ## Run go vet.
	go vet ./...

PROMETHEUS_RULE := deploy/kubernetes/components/prometheus-operator/prometheusrule.yaml

generate: ## Write distro/tributary from builder-config.yaml, and the alerts as an object of the Prometheus operator.
	$(OCB) --skip-get-modules
	gofmt -w -r 'otelcol.NewCommand(p) -> newCommand(p)' distro/tributary/main.go
	gofmt -w distro/tributary
	@{ sed '/^spec:$$/q' $(PROMETHEUS_RULE); sed -n '/^groups:/,$$s/^./  &/p' deploy/prometheus/tributary-rules.yaml; } > $(PROMETHEUS_RULE).new
	@mv $(PROMETHEUS_RULE).new $(PROMETHEUS_RULE)

tidy: ## Tidy go.mod and check its versions against builder-config.yaml.
	$(OCB) --skip-generate --skip-strict-versioning=false

check: generate tidy vet lint ## Fail if generated code or go.mod is stale, or vet or lint find something.
	git diff --exit-code -- distro go.mod go.sum $(PROMETHEUS_RULE)

clean: ## Remove what was built, and the state of `make run`.
	rm -rf bin .tributary
