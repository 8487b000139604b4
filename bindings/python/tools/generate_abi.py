"""Writes cpwl/_abi.py (ctypes structures, constants, prototypes) from include/cpwl.h.

    python tools/generate_abi.py            writes the file
    python tools/generate_abi.py --check    fails if the committed file differs from what the header says

Needs a C compiler (for the preprocessor) and pycparser.
"""

from __future__ import annotations

import argparse
import pathlib
import re
import subprocess
import sys
import tempfile

from pycparser import c_ast, c_parser

HERE = pathlib.Path(__file__).resolve().parent
HEADER = HERE.parents[2] / "include" / "cpwl.h"
TARGET = HERE.parent / "cpwl" / "_abi.py"

# What the header takes from the C library, reduced to what a parser of declarations needs.
SYSTEM_HEADERS = {
    "stddef.h": "typedef unsigned long size_t; typedef long ptrdiff_t;",
    "stdint.h": "".join(f"typedef int {u}int{n}_t;" for n in (8, 16, 32, 64) for u in ("", "u"))
    + "typedef int intptr_t; typedef int uintptr_t;",
    "stdbool.h": "",
    "stdarg.h": "",
    "stdlib.h": "",
}

SCALARS = {
    "char": "c_char", "int": "c_int", "float": "c_float", "double": "c_double", "size_t": "c_size_t",
    "int8_t": "c_int8", "uint8_t": "c_uint8", "int32_t": "c_int32", "uint32_t": "c_uint32",
    "int64_t": "c_int64", "uint64_t": "c_uint64", "bool": "c_bool", "_Bool": "c_bool",
}  # fmt: skip


def preprocess(header: pathlib.Path) -> str:
    with tempfile.TemporaryDirectory() as fake:
        for name, text in SYSTEM_HEADERS.items():
            (pathlib.Path(fake) / name).write_text(text + "\n")
        command = ["cc", "-E", "-P", "-nostdinc", "-I", fake, "-D__attribute__(x)=", str(header)]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def class_name(c_name: str) -> str:
    """cpwl_network_info -> NetworkInfo."""
    return "".join(part.capitalize() for part in c_name.removeprefix("cpwl_").split("_"))


def macros(text: str) -> dict[str, int]:
    """Integer macros `#define CPWL_X 1u`, in the order of the header."""
    found = re.findall(r"^#define\s+(CPWL_\w+)\s+\(?(-?(?:0[xX][0-9a-fA-F]+|\d+))[uUlL]*\)?\s*$", text, re.M)
    return {name: int(value, 0) for name, value in found}


class Header:
    """The declarations of the header: constants, structures with fields, callbacks and functions."""

    def __init__(self, path: pathlib.Path) -> None:
        self.constants = macros(path.read_text())
        self.aliases: dict[str, c_ast.Node] = {}
        self.structs: dict[str, list[c_ast.Decl]] = {}
        self.functions: dict[str, c_ast.FuncDecl] = {}
        for node in c_parser.CParser().parse(preprocess(path)).ext:
            if isinstance(node, c_ast.Typedef):
                self.aliases[node.name] = node.type
                self.collect(node.type)
            elif isinstance(node, c_ast.Decl) and isinstance(node.type, c_ast.FuncDecl):
                self.functions[node.name] = node.type
            elif isinstance(node, c_ast.Decl):
                self.collect(node.type)

    def collect(self, node: c_ast.Node) -> None:
        inner = node.type if isinstance(node, c_ast.TypeDecl) else node
        if isinstance(inner, c_ast.Struct) and inner.decls:
            self.structs[inner.name or node.declname] = inner.decls
        elif isinstance(inner, c_ast.Enum) and inner.values:
            value = -1
            for item in inner.values.enumerators:
                value = int(item.value.value.rstrip("uUlL"), 0) if item.value is not None else value + 1
                self.constants[item.name] = value

    def ctype(self, node: c_ast.Node) -> str:
        """The ctypes expression of a C type."""
        if isinstance(node, c_ast.ArrayDecl):
            return f"{self.ctype(node.type)} * {node.dim.value}"
        if isinstance(node, c_ast.PtrDecl):
            return self.pointer(node.type)
        names = getattr(node.type, "names", None)
        if names is None:  # struct X by tag
            return class_name(node.type.name)
        name = " ".join(names)
        if name == "void":
            return "None"
        if name in SCALARS:
            return f"c.{SCALARS[name]}"
        if name in self.structs:
            return class_name(name)
        return self.ctype(self.aliases[name])

    def pointer(self, to: c_ast.Node) -> str:
        if isinstance(to, c_ast.FuncDecl):
            return f"c.CFUNCTYPE({', '.join([self.ctype(to.type), *self.arguments(to)])})"
        if isinstance(to, c_ast.PtrDecl):
            return f"c.POINTER({self.pointer(to.type)})"
        names = getattr(to.type, "names", None)
        name = " ".join(names) if names else to.type.name
        if name == "char":
            return "c.c_char_p"
        if name in self.aliases and isinstance(self.aliases[name], c_ast.PtrDecl):
            return self.pointer(self.aliases[name].type)  # a named callback type
        if name == "void" or (name not in SCALARS and name not in self.structs):
            return "c.c_void_p"  # opaque handles
        return f"c.POINTER({self.ctype(to)})"

    def arguments(self, function: c_ast.FuncDecl) -> list[str]:
        types = [self.ctype(p.type) for p in function.args.params] if function.args else []
        return [] if types == ["None"] else types


def render(header: Header) -> str:
    lines = [
        '"""The C ABI as ctypes sees it. Written by tools/generate_abi.py from include/cpwl.h; do not edit."""',
        "",
        "import ctypes as c",
        "",
    ]
    for name, value in header.constants.items():
        lines.append(f"{name} = {value:#x}" if value > 4096 else f"{name} = {value}")
    for name, fields in header.structs.items():
        lines += ["", "", f"class {class_name(name)}(c.Structure):", "    _fields_ = ["]
        lines += [f'        ("{field.name}", {header.ctype(field.type)}),' for field in fields]
        lines += ["    ]"]
    lines += ["", "", "# name: (result, arguments); handles are void pointers", "FUNCTIONS = {"]
    for name, function in sorted(header.functions.items()):
        arguments = ", ".join(header.arguments(function))
        lines.append(f'    "{name}": ({header.ctype(function.type)}, [{arguments}]),')
    return "\n".join([*lines, "}", ""])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    parser.add_argument("--header", type=pathlib.Path, default=HEADER)
    args = parser.parse_args()
    text = render(Header(args.header))
    if not args.check:
        TARGET.write_text(text)
        return 0
    if TARGET.read_text() == text:
        return 0
    print(f"{TARGET} is not what {args.header} says; run {pathlib.Path(__file__).name}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
