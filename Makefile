# `make lab` to study, `make test` to check; both set up .venv first, once.

ifeq ($(OS),Windows_NT)
BIN := .venv/Scripts
PYTHON ?= python
else
BIN := .venv/bin
PYTHON ?= python3
endif
PY := $(BIN)/python
OLDEST := $(subst .venv,.venv-oldest,$(PY))

# In a container one is often root, and where there is no display a browser cannot open: Lab then prints its address.
LAB_FLAGS := $(shell [ "$$(id -u 2>/dev/null)" = 0 ] && echo --allow-root)
ifeq ($(OS),)
ifeq ($(shell uname),Linux)
LAB_FLAGS += $(if $(DISPLAY)$(WAYLAND_DISPLAY),,--no-browser)
endif
endif

# What `make bundle` packs brings its wheels and texts along: then nothing is asked of the network.
ifneq ($(wildcard wheels),)
OFFLINE := --no-index --find-links wheels
endif
ifneq ($(wildcard texts),)
TEXT_TO_TENSORS_DATA ?= $(CURDIR)/texts
export TEXT_TO_TENSORS_DATA
endif

.PHONY: lab test test-oldest quick test-busy lint notebooks slides site bundle clean

# The stamp is newer than what it was made from, so a second `make` does no set-up work.
.venv/installed: requirements.txt pyproject.toml
	$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11) and 'Python 3.11 or newer is needed; name it with: make PYTHON=python3.12')"
ifdef OFFLINE
	$(PYTHON) -c "import sys; made = [int(n) for n in open('wheels/python-version').read().split('.')]; sys.exit(not made <= list(sys.version_info[:3]) < [3, made[1] + 1] and 'The wheels here are for another Python: README-OFFLINE.txt says which. Name it with: make lab PYTHON=...')"
endif
	$(PYTHON) -m venv .venv
	$(PY) -m pip install --disable-pip-version-check $(OFFLINE) -r requirements.txt
	@touch $@

lab: .venv/installed
	$(PY) -m jupyter lab --config=tools/lab/config.py $(LAB_FLAGS) $(LAB)

# A notebook is run once: a lesson in the browser where there is one, else by nbval; the outputs are always compared.
NBVAL := --nbval --nbval-current-env --nbval-cell-timeout 180 --nbval-sanitize-with tests/nbval_sanitize.cfg
# One process more than the two cores: one of them often waits
SPREAD := -n 3 --dist loadfile

test: .venv/installed lint
	$(PY) -m pytest $(SPREAD) $(NBVAL) --durations 15 --durations-min 5 $(PYTEST)

# For those who change a helper: its tests alone, without those that take long
NOT_QUICK := notebooks lessons tests/lessons $(foreach name,answers notebooks slides bundle site,tests/test_$(name).py) tests/bpe/test_site_playground.py
quick: .venv/installed lint
	$(PY) -m pytest $(SPREAD) -m "not browser and not slow" $(NOT_QUICK:%=--ignore=%) $(PYTEST)

# Three times in a row beside four busy loops: all notebooks by nbval, and the tests without a browser
test-busy: .venv/installed
	$(PY) tools/run_busy.py -- -n 2 --dist loadfile $(NBVAL) --nbval-cell-timeout 900 -m "not browser" -q $(PYTEST)

lint: .venv/installed
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .

# Execute the notebooks afresh and store their outputs: make notebooks NB=notebooks/01_download.ipynb
notebooks: .venv/installed
	$(PY) tools/run_notebooks.py $(NB)

# Slides for a class, in the folder slides: they open in any browser, without a network
slides: .venv/installed
	$(PY) tools/make_slides.py $(NB)

# All pages as a site, in the folder site, for any web server: it asks nothing of any other
site: .venv/installed
	$(PY) tools/make_site.py

# One archive with everything, for a room without a network: dist/from-text-to-tensors-...-offline-....zip
bundle: .venv/installed
	$(PY) tools/make_bundle.py

# The notebooks from top to bottom and the unit tests, with the oldest versions that pyproject.toml allows (about those
# of Colab). Outputs are not compared, as they come from the newer versions in requirements.txt.
.venv-oldest/installed: constraints-oldest.txt pyproject.toml
	$(PYTHON) -m venv .venv-oldest
	$(OLDEST) -m pip install --disable-pip-version-check -c constraints-oldest.txt -e . ipykernel nbval pytest pytest-xdist hypothesis playwright
	@touch $@

NOT_OLDEST := $(foreach name,test_browser test_bundle test_site test_slides test_notebooks lessons/test_exercises,--ignore=tests/$(name).py)
test-oldest: .venv-oldest/installed
	$(OLDEST) -m pytest -n 2 --dist loadfile --nbval-lax --nbval-current-env --nbval-cell-timeout 300 -m "not browser" $(NOT_OLDEST) $(PYTEST)

clean:
	rm -rf .venv .venv-oldest .pytest_cache .ruff_cache .hypothesis build site slides
