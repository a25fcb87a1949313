# Everything anybody runs. `.venv` is made by the first target that needs it, and again when requirements.lock changes.
PYTHON ?= python3
ARGS ?=
DCLINT := dclint@3.1.0
READY := .venv/.ready

.PHONY: demo test check bench worker lock clean

demo: $(READY)
	@.venv/bin/python starter.py demo $(ARGS)

test: $(READY)
	.venv/bin/pytest -q -n 2 --dist loadfile $(ARGS)

check: $(READY)
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/pytest -q tests/test_house_rules.py
	@command -v npx >/dev/null || { echo "Node 20 or newer (npx) is needed to check docker-compose.yml." >&2; exit 1; }
	npx --yes $(DCLINT) --max-warnings 0 docker-compose.yml

bench: $(READY)
	.venv/bin/python -m bench $(ARGS)

worker: $(READY)
	@.venv/bin/python worker.py --dev $(ARGS)

# `make lock` keeps the versions that still fit; `make lock ARGS=--upgrade` takes the newest.
lock:
	.venv/bin/uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes \
	    --no-annotate --custom-compile-command "make lock" --quiet --output-file requirements.lock $(ARGS)

# .quietus, the development server's data, stays.
clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# uv itself is taken from the lock first, so that nothing is installed whose hash is not written down.
$(READY): requirements.lock
	@command -v $(PYTHON) >/dev/null || { echo "Quietus needs Python 3.11 or newer; there is no $(PYTHON) here." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Quietus needs Python 3.11 or newer; $(PYTHON) is %d.%d. Name another: make PYTHON=python3.11" % sys.version_info[:2])'
	@echo "Setting up .venv ..."
	@$(PYTHON) -m venv --clear .venv || { echo "Python's venv module is needed (Debian: apt install python3-venv)." >&2; exit 1; }
	@awk '/^[^ ]/ { wanted = /^uv==/ } wanted' requirements.lock > .venv/uv.lock
	@.venv/bin/pip install --quiet --no-cache-dir --disable-pip-version-check --require-hashes --requirement .venv/uv.lock
	@[ -w "$$HOME" ] || export UV_NO_CACHE=1; UV_LINK_MODE=copy .venv/bin/uv pip sync --quiet --compile-bytecode --python .venv/bin/python --require-hashes requirements.lock
	@touch $@
