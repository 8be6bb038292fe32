# Two commands do it all on a machine with git, make and a python3 with pip: `make all` and `make test`.
SHELL := /bin/bash
UV := .tools/bin/uv
BIN := .venv/bin
READY := .venv/.ready
PEERS := .venv/.peers
CLUSTER := .venv/.cluster
export PATH := $(CURDIR)/$(BIN):$(PATH)
export VIRTUAL_ENV :=
export PYTHONPATH :=

.PHONY: all test slow test-slurm test-site check format docs env lock sbom advisories clean

# compileall: where Python is told to write no bytecode, as in many containers, each of some sixty steps would compile
# the package anew.
all: $(READY)
	@python -m compileall -q sverige_did
	@sverige-did run .

env: $(READY)

test: $(PEERS)
	@pytest -m "not slow and not cluster and not site" -n auto --dist loadfile

slow: $(PEERS)
	@pytest -m slow

# A cluster of one node on this machine: needs Debian or Ubuntu, and root.
test-slurm: $(CLUSTER)
	@command -v slurmctld > /dev/null || { apt-get update -qq && apt-get install -y -qq --no-install-recommends slurm-wlm munge; }
	@pytest -m cluster tests/cluster

# The documentation as a site, and every link in it.
test-site: $(PEERS)
	@pytest -q -m site tests/docs

# Everything that CI checks, with the same options.
check: $(READY)
	@ruff format --check .
	@ruff check .
	@mypy
	@lint-imports --no-logo
	@codespell
	@python .ci/lint_workflow.py

format: $(READY)
	@ruff format . && ruff check --fix .

# The pages that are written from the code (the plan's schema, the registers, the rooms in ARCHITECTURE.md), then the site.
docs: $(PEERS)
	@python docs/make.py
	@python docs/site/build.py site
	@echo "The site: site/index.html"

$(UV):
	@echo "Fetching uv ..."
	@for python in $$(type -aP python3); do \
		if $$python -m pip --version > /dev/null 2>&1; then \
			exec $$python -m pip install --quiet --disable-pip-version-check --root-user-action ignore --target .tools uv; \
		fi; \
	done; \
	echo "No python3 with pip was found on PATH." >&2; exit 1

# --compile-bytecode: without it the first import of the Bayesian stack takes 9 s.
$(READY): requirements.lock pyproject.toml .python-version | $(UV)
	@echo "Making the environment in .venv ..."
	@$(UV) venv --quiet --allow-existing .venv || { \
		echo "Python $$(cat .python-version) cannot be fetched; taking any from 3.12 on."; \
		$(UV) venv --quiet --allow-existing --python ">=3.12" .venv; }
	@$(UV) pip sync --quiet --python .venv --require-hashes --compile-bytecode requirements.lock
	@$(UV) pip install --quiet --python .venv --no-deps --no-build-isolation --editable .
	@touch $@

# The packages that ours is compared with and timed against, and those of the site; `make all` does without them.
$(PEERS): requirements-bench.lock $(READY)
	@echo "Adding the peers that the tests compare with ..."
	@$(UV) pip install --quiet --python .venv --require-hashes --compile-bytecode --requirement requirements-bench.lock
	@touch $@

# The executors of profiles/.
$(CLUSTER): requirements-cluster.lock $(READY)
	@echo "Adding the executors for clusters ..."
	@$(UV) pip install --quiet --python .venv --require-hashes --compile-bytecode --requirement requirements-cluster.lock
	@touch $@

# Run after a change of the dependencies in pyproject.toml. For the oldest Python that this project takes, and all after it.
lock: | $(UV)
	@$(UV) pip compile --quiet --upgrade --generate-hashes --universal --python-version 3.12 --group dev \
		--custom-compile-command "make lock" pyproject.toml --output-file requirements.lock
	@$(UV) pip compile --quiet --generate-hashes --universal --python-version 3.12 --group dev --group bench \
		--group docs \
		--constraint requirements.lock --custom-compile-command "make lock" pyproject.toml \
		--output-file requirements-bench.lock
	@$(UV) pip compile --quiet --generate-hashes --universal --python-version 3.12 --extra slurm --extra cluster \
		--constraint requirements.lock --custom-compile-command "make lock" pyproject.toml \
		--output-file requirements-cluster.lock

# What a release is made of; docs/releasing.md says when.
sbom: $(READY)
	@mkdir -p dist && python .ci/sbom.py requirements.lock dist/sbom.cdx.json

# Asks the network; docs/releasing.md says when.
advisories: $(READY)
	@python .ci/advisories.py requirements.lock requirements-cluster.lock

clean:
	rm -rf results release site .snakemake .ruff_cache .mypy_cache .pytest_cache reports/*.html
