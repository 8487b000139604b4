"""The ctypes declarations against the header, and the header against a C compiler."""

import ctypes
import pathlib
import re
import shutil
import subprocess
import sys

import pytest

from cpwl import _abi, _lib

ROOT = pathlib.Path(__file__).parents[2]
HEADER = ROOT / "include" / "cpwl.h"
GENERATOR = ROOT / "bindings" / "python" / "tools" / "generate_abi.py"


def test_declarations_are_those_of_the_header():
    pytest.importorskip("pycparser")
    done = subprocess.run([sys.executable, str(GENERATOR), "--check"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_layout_is_that_of_the_compiler(tmp_path):
    if not shutil.which("cc"):
        pytest.skip("no C compiler")
    structs = [s for s in vars(_abi).values() if isinstance(s, type) and issubclass(s, ctypes.Structure)]
    assert len(structs) >= 10
    names = {c_name(s): s for s in structs}
    lines = ['#include "cpwl.h"', "#include <stdio.h>", "#include <stddef.h>", "int main(void) {"]
    for name, struct in names.items():
        numbers = [f"sizeof({name})", *(f"offsetof({name}, {field})" for field, _ in struct._fields_)]
        lines.append(rf'printf("{name}:{" %zu" * len(numbers)}\n", {", ".join(numbers)});')
    source = tmp_path / "layout.c"
    source.write_text("\n".join([*lines, "return 0; }"]))
    program = tmp_path / "layout"
    subprocess.run(["cc", "-I", str(HEADER.parent), str(source), "-o", str(program)], check=True)
    printed = subprocess.run([program], capture_output=True, text=True, check=True).stdout.splitlines()
    assert len(printed) == len(names)
    for line in printed:
        name, _, numbers = line.partition(":")
        struct = names[name]
        offsets = [getattr(struct, field).offset for field, _ in struct._fields_]
        assert [int(n) for n in numbers.split()] == [ctypes.sizeof(struct), *offsets], name


def c_name(struct):
    """ContextOptions -> the C name that the header uses for it."""
    words = "".join("_" + ch.lower() if ch.isupper() else ch for ch in struct.__name__)
    name = "cpwl" + words
    return name if f"}} {name};" in HEADER.read_text() else f"struct {name}"


def test_the_header_takes_no_name_that_is_not_ours():
    """A C program's own FEW or MAX_FACTORS stays its own."""
    text = HEADER.read_text()
    patterns = (r"#define\s+(\w+)", r"\s*(\w+) = -?\d+,?$", r"(?:typedef )?(?:struct|enum) (\w+)", r"} (\w+);")
    names = {name for pattern in patterns for name in re.findall(f"^{pattern}", text, re.M)}
    assert len(names) > 300
    assert [name for name in sorted(names) if not name.startswith(("CPWL_", "cpwl_"))] == []


def test_every_exported_function_is_declared():
    if not shutil.which("nm"):
        pytest.skip("no nm")
    listing = subprocess.run(["nm", "-D", "--defined-only", _lib.find()], capture_output=True, text=True, check=True)
    exported = {line.split()[-1] for line in listing.stdout.splitlines()}
    hidden = {"cpwl_test_panic"}  # for the test of the panic fence; not in the header
    assert {name for name in exported if name.startswith("cpwl_")} - hidden == set(_abi.FUNCTIONS)
