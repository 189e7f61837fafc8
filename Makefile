# A fresh machine needs Python 3.11 or newer and make. Every target installs what it needs into .venv, from locks with hashes.
.PHONY: demo demo-tune test test-slow test-ray test-remote check bench bundle lock clean
PYTHON ?= python3
PIP = .venv/bin/python -m pip install --quiet --disable-pip-version-check
BASE = .venv/.base
DEV = .venv/.dev
TUNE = .venv/.tune
RAY = .venv/.ray
REMOTE = .venv/.remote
OFFLINE = HF_HUB_OFFLINE=1 TRANSFORMERS_OFFLINE=1 TOKENIZERS_PARALLELISM=false OMP_NUM_THREADS=1

demo: $(BASE)            ## certify a synthetic corpus, extend a tokenizer, report coverage
	sh docs/demo.sh

demo-tune: $(TUNE)       ## the whole chain, to a verified adapter
	sh docs/demo.sh tune

test: $(TUNE)            ## every test but the long ones
	$(OFFLINE) .venv/bin/python -m pytest -n auto --dist loadfile -m "not slow and not gpu and not ray and not remote and not mlflow"

test-slow: $(TUNE)       ## the long ones
	$(OFFLINE) .venv/bin/python -m pytest -n auto --dist loadfile -m "slow and not gpu and not ray and not remote and not mlflow"

test-ray: $(RAY)         ## those on a Ray cluster of their own
	$(OFFLINE) .venv/bin/python -m pytest -m "ray and not slow"

test-remote: $(REMOTE)   ## those that speak to an S3 server of their own, on this machine
	$(OFFLINE) .venv/bin/python -m pytest -m "remote and not slow"

check: $(DEV)            ## style and types
	.venv/bin/ruff check .
	.venv/bin/mypy

bench: $(DEV)            ## speed and detection beside plain Presidio
	$(OFFLINE) .venv/bin/python benchmarks/speed.py
	$(OFFLINE) .venv/bin/python benchmarks/detection.py

bundle: $(DEV)           ## dist/assay-….tar, to install with no network; also EXTRAS=tune, SIGN_KEY=keys/sign.pem
	.venv/bin/python -m requirements.bundle --extras "$(EXTRAS)" $(if $(SIGN_KEY),--sign-key "$(SIGN_KEY)")

lock:                    ## resolve requirements/ anew; needs uv
	sh requirements/lock.sh

clean:
	rm -rf .venv demo dist .pytest_cache .mypy_cache .ruff_cache .hypothesis

.venv/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.11")'
	$(PYTHON) -m venv .venv

# The project goes in last: another package's `tune` script must not stand over ours.
$(BASE): requirements/base.txt requirements/build.txt pyproject.toml | .venv/bin/python
	$(PIP) --require-hashes -r requirements/base.txt -r requirements/build.txt
	$(PIP) --no-deps --no-build-isolation --editable .
	touch $@

$(DEV): requirements/dev.txt $(BASE)
	$(PIP) --require-hashes -r requirements/dev.txt
	$(PIP) --no-deps --no-build-isolation --editable .
	touch $@

$(TUNE): requirements/tune.txt $(DEV)
	$(PIP) --require-hashes -r requirements/tune.txt
	$(PIP) --no-deps --no-build-isolation --editable .
	touch $@

$(RAY): requirements/ray.txt $(DEV)
	$(PIP) --require-hashes -r requirements/ray.txt
	$(PIP) --no-deps --no-build-isolation --editable .
	touch $@

$(REMOTE): requirements/remote.txt $(DEV)
	$(PIP) --require-hashes -r requirements/remote.txt
	$(PIP) --no-deps --no-build-isolation --editable .
	touch $@
