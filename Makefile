# Thin lines over cargo, python and cc; `make help` lists the targets.

CARGO   ?= cargo
PYTHON  ?= python3
PREFIX  ?= /usr/local
PCPREFIX ?= $(PREFIX)
CASES   ?= ../shared/cases
CACHE   ?= $(if $(XDG_CACHE_HOME),$(XDG_CACHE_HOME),$(HOME)/.cache)/cpwl

VERSION  := $(shell sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
SOVERSION := $(basename $(VERSION))
DEST     := $(DESTDIR)$(PREFIX)
STAGE    := $(CURDIR)/build/stage
VENV     := build/venv
PY       := $(VENV)/bin/python
TORCH    := $(CACHE)/torch-venv
CBINDGEN_VERSION := 0.29.4
CBINDGEN := $(CACHE)/cbindgen-$(CBINDGEN_VERSION)/bin/cbindgen
TORCH_TESTS := tests/python/with_torch

.PHONY: help build venv demo test test-rust test-c test-python test-torch test-neon cases lint bench bench-peers header header-check abi \
        install stage dist clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1|/p' Makefile | while IFS='|' read -r t d; do printf '%-14s %s\n' "$$t" "$$d"; done

build: ## the release library: target/release/libcpwl.so and .a (LTO, which is why this is not `cargo build`)
	$(CARGO) rustc --release --locked --lib --crate-type cdylib,staticlib

venv: $(VENV)/ready
$(VENV)/ready: bindings/python/pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --editable 'bindings/python[test]'
	touch $@

demo: build venv ## exact regions of a network trained on handwritten digits, as a picture
	$(PY) -m cpwl demo --out demo-output

test: test-rust test-c test-python ## everything that needs no torch
	$(PY) -m cpwl cases tests/data

test-rust:
	$(CARGO) test --locked

test-c: stage
	tests/c/run.sh $(STAGE)

test-python: stage venv
	CPWL_STAGE=$(STAGE) $(PY) -m pytest -q tests/python --ignore=$(TORCH_TESTS)

test-torch: build $(TORCH)/ready ## what needs torch, in a virtual environment in the user's cache folder
	$(TORCH)/bin/python -m pytest -q $(TORCH_TESTS)
$(TORCH)/ready: bindings/python/pyproject.toml
	$(PYTHON) -m venv $(TORCH)
	$(TORCH)/bin/pip install --quiet --editable 'bindings/python[test,torch]'
	touch $@

# Needs `rustup target add aarch64-unknown-linux-gnu`, gcc-aarch64-linux-gnu and qemu-user; no part of `make test`.
ARM := aarch64-unknown-linux-gnu
test-neon: ## kernels, products of matrices, regions and spectra on 64-bit Arm, emulated
	CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc \
	CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER='qemu-aarch64 -L /usr/aarch64-linux-gnu' \
	$(CARGO) test --locked --target $(ARM) --lib --test regions --test rank --test factors -- \
		simd linalg regions public degenerate spectra merged factors tables groups

cases: build venv ## acceptance cases of a folder: make cases CASES=DIR
	$(PY) -m cpwl cases $(CASES)

lint: venv ## formatting, clippy, docs, Python style: warnings are errors
	$(CARGO) fmt --check
	$(CARGO) clippy --locked --all-targets -- -D warnings
	RUSTDOCFLAGS='-D warnings' $(CARGO) doc --locked --no-deps --document-private-items
	$(VENV)/bin/pip install --quiet ruff==0.17.6 mypy==2.4.1
	$(VENV)/bin/ruff check . && $(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy --check-untyped-defs --ignore-missing-imports bindings/python/cpwl

bench: ## criterion benchmarks
	$(CARGO) bench --locked

# Peers are given as folders of checkouts, and the Python that has their requirements where it is not the one made here.
BERZINS ?=
SPLINECAM ?=
SPLINECAM_PYTHON ?=
PEERS := build/peers
bench-peers: build ## ours beside public programs: make bench-peers [BERZINS=DIR] [SPLINECAM=DIR SPLINECAM_PYTHON=FILE]
	$(PYTHON) -m venv $(PEERS)
	$(PEERS)/bin/pip install --quiet --editable bindings/python onnx $(if $(BERZINS)$(SPLINECAM),torch)
	$(PEERS)/bin/python benches/peers/compare.py --json $(PEERS)/result.json $(if $(BERZINS),--berzins $(BERZINS)) \
	    $(if $(SPLINECAM),--splinecam $(SPLINECAM)) $(if $(SPLINECAM_PYTHON),--splinecam-python $(SPLINECAM_PYTHON))
	$(PEERS)/bin/python benches/peers/large.py

header: $(CBINDGEN) venv ## writes include/cpwl.h and the Python declarations from src/ffi
	$(CBINDGEN) --config cbindgen.toml --crate cpwl --quiet --output include/cpwl.h
	$(PY) bindings/python/tools/generate_abi.py

header-check: $(CBINDGEN) venv ## fails if `make header` would change anything
	$(CBINDGEN) --config cbindgen.toml --crate cpwl --output include/cpwl.h --verify
	$(PY) bindings/python/tools/generate_abi.py --check

$(CBINDGEN):
	$(CARGO) install --quiet --locked cbindgen --version $(CBINDGEN_VERSION) --root $(CACHE)/cbindgen-$(CBINDGEN_VERSION)

install: build ## headers, libraries and pkg-config file: make install DESTDIR=... PREFIX=...
	install -d $(DEST)/include $(DEST)/lib/pkgconfig
	install -m 644 include/cpwl.h include/cpwl.hpp include/cpwl_dlpack.h $(DEST)/include
	install -m 755 target/release/libcpwl.so $(DEST)/lib/libcpwl.so.$(VERSION)
	ln -sf libcpwl.so.$(VERSION) $(DEST)/lib/libcpwl.so.$(SOVERSION)
	ln -sf libcpwl.so.$(SOVERSION) $(DEST)/lib/libcpwl.so
	packaging/localise.sh target/release/libcpwl.a $(DEST)/lib/libcpwl.a
	sed 's|@PREFIX@|$(PCPREFIX)|; s|@VERSION@|$(VERSION)|' packaging/cpwl.pc.in > $(DEST)/lib/pkgconfig/cpwl.pc

stage: # an installation for the tests
	$(MAKE) install DESTDIR= PREFIX=$(STAGE)

dist: build venv ## dist/: a Python wheel and an archive of the installation
	rm -rf dist build/dist && mkdir -p dist
	$(VENV)/bin/pip wheel --quiet --no-deps --wheel-dir dist ./bindings/python
	$(MAKE) install DESTDIR=$(CURDIR)/build/dist PREFIX=/cpwl-$(VERSION) PCPREFIX='$$$${pcfiledir}/../..'
	tar -C build/dist -czf dist/cpwl-$(VERSION)-$(shell uname -s -m | tr 'A-Z ' 'a-z-').tar.gz cpwl-$(VERSION)

clean: ## removes everything that was built
	$(CARGO) clean
	rm -rf build dist demo-output
