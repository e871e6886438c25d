# make demo   sets everything up and sorts real photographs before your eyes
# make test   sets everything up and runs every check and test
# make coverage  runs the tests and says which lines they do not reach
# make docs   writes the generated parts of the pages and builds the site
# make pages  runs the commands that the pages show, and writes what they print into the pages
#
# Both need Python 3.11, 3.12 or 3.13 and nothing else: they make .venv themselves.

SUPPORTED := import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))
PYTHON ?= $(shell for name in python3.12 python3.13 python3.11 python3 python; do \
	if $$name -c '$(SUPPORTED)' >/dev/null 2>&1; then echo $$name; break; fi; done)

ifeq ($(OS),Windows_NT)
BIN := .venv/Scripts
else
BIN := .venv/bin
endif

.PHONY: demo test coverage lint docs pages clean

demo: .venv/installed
	$(BIN)/python -c "import shutil; shutil.rmtree('demo', ignore_errors=True)"
	$(BIN)/python examples/make_photos.py demo/photos
	$(BIN)/imgsort categorize demo/photos
	$(BIN)/imgsort outliers demo/photos --method knn --threshold auto
	$(BIN)/imgsort history demo/photos
	$(BIN)/python examples/make_picture.py demo/photos demo/sorted.jpg
	@echo "Look into demo/photos, or at demo/sorted.jpg. '$(BIN)/imgsort undo demo/photos' takes back a run at a time."

# Two processes at a time, a file of tests in one: each imports TensorFlow, and converts models, once.
test: .venv/installed lint
	$(BIN)/python -m pytest --numprocesses=2 --dist=loadfile

# Which lines the tests run; it takes a third longer.
coverage: .venv/installed
	$(BIN)/python -m pytest --numprocesses=2 --dist=loadfile --cov --cov-report=term:skip-covered

lint: .venv/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# The options of every command, the tree of errors, the picture of the house; a dead link is an error.
docs: .venv/installed
	$(BIN)/python -m cogapp -r docs/commands.md docs/exit-codes.md
	$(BIN)/python tools/draw_house.py docs/house.png
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --quiet

pages: .venv/installed
	$(BIN)/python tools/console.py --write

.venv/installed: pyproject.toml
ifeq ($(strip $(PYTHON)),)
	@echo "imgsort needs Python 3.11, 3.12 or 3.13 with its venv module (TensorFlow has no wheel for 3.14 yet)." >&2
	@echo "Install one, on Debian with 'apt install python3 python3-venv', or name it: make PYTHON=/path/to/python3.12" >&2
	@exit 1
endif
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	$(BIN)/python -c "import pathlib; pathlib.Path('.venv/installed').touch()"

clean:
	$(BIN)/python -c "import shutil; [shutil.rmtree(d, ignore_errors=True) for d in ('demo', 'dist', 'build', 'htmlcov', 'site')]"
