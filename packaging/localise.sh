#!/bin/sh
# localise.sh IN.a OUT.a: a static library that shows nothing but the C ABI.
#
# A Rust static library carries the whole standard library with global symbols, and two of them in one program clash
# (rust_eh_personality and others). One relocatable object is made of what the C ABI reaches, and everything but
# cpwl_* becomes local. DW.ref.* stay global: the linker merges them by name.
set -eu
[ $# -eq 2 ] || { echo "usage: $0 IN.a OUT.a" >&2; exit 2; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
symbols=$(nm --defined-only --extern-only "$1" 2>/dev/null | awk '$2 == "T" && $3 ~ /^cpwl_/ { print "-u", $3 }' | sort -u)
# shellcheck disable=SC2086
${LD:-ld} -r --gc-sections $symbols "$1" -o "$work/cpwl.o"
# The bitcode that Rust's standard library carries is of no use, and old archivers stumble over it.
${OBJCOPY:-objcopy} --wildcard --keep-global-symbol='cpwl_*' --keep-global-symbol='DW.ref.*' \
    --remove-section=.llvmbc --remove-section=.llvmcmd --strip-unneeded "$work/cpwl.o"
rm -f "$2"
${AR:-ar} rcsD "$2" "$work/cpwl.o"
