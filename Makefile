# make demo      render the example workflows into output/, without ComfyUI
# make test      lint, check types and run the whole test suite
# make gpu       measure everything on the GPU in less than ten minutes: make gpu ARGS="--parts device singan"
# make comfyui   serve this pack in the real editor: make comfyui COMFYUI_PATH=/path/to/ComfyUI ARGS="--cpu"

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.PHONY: demo test gpu comfyui

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --disable-pip-version-check --quiet

DEMO := gaugan_label_map_and_style gaugan_from_segmentation_colors gaugan_style_animation \
    singan_sample_bundled singan_harmonize singan_super_resolution singan_train_and_sample
ARGS ?=

demo: $(VENV)/.runtime
	@for name in $(DEMO); do \
	    echo "workflows/$$name.json"; \
	    $(BIN)/python run_workflow.py workflows/$$name.json --output output; \
	done
	@echo; echo "The pictures are in $(CURDIR)/output:"; ls -1 output

test: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/pytest --numprocesses 2 --dist loadfile $(ARGS)

# With the environment if there is one, else with a Python that has PyTorch and pytest: nothing is installed.
gpu:
	@$(firstword $(wildcard $(BIN)/python) $(PYTHON)) benchmarks/gpu.py $(ARGS)

# Links the pack into ComfyUI's custom_nodes, without overwriting anything there, and starts the server.
comfyui:
	@test -n "$${COMFYUI_PATH:-}" || { echo "COMFYUI_PATH is not set: make comfyui COMFYUI_PATH=/path/to/ComfyUI" >&2; exit 2; }
	@test -f "$$COMFYUI_PATH/main.py" || { echo "No main.py in $$COMFYUI_PATH: is that a ComfyUI folder?" >&2; exit 2; }
	@link="$$COMFYUI_PATH/custom_nodes/gan-atelier"; \
	if [ ! -e "$$link" ] && [ ! -L "$$link" ]; then ln -s "$(CURDIR)" "$$link"; fi; \
	[ "$$(realpath -m "$$link")" = "$$(realpath "$(CURDIR)")" ] \
	    || { echo "$$link is something else; remove it first." >&2; exit 2; }
	@cd "$$COMFYUI_PATH"; \
	for python in .venv/bin/python venv/bin/python python3; do \
	    command -v $$python >/dev/null && break; \
	done; \
	exec $$python main.py $(ARGS)

# The stamp files: the environment is made once, and updated when one of the files on the right changes.
$(VENV)/.runtime: pyproject.toml requirements.txt constraints.txt
	@test -x $(BIN)/python || { echo "Making $(VENV)"; $(PYTHON) -m venv $(VENV); }
	@echo "Installing what the nodes need into $(VENV)"
	@$(PIP) -r requirements.txt -c constraints.txt
	@touch $@

$(VENV)/.dev: $(VENV)/.runtime requirements-dev.txt
	@echo "Installing what the tests need into $(VENV)"
	@$(PIP) -r requirements-dev.txt -c constraints.txt
	@touch $@
