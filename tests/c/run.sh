#!/usr/bin/env bash
# run.sh [--sanitize] PREFIX: builds the C and C++ consumers against the installation at PREFIX and runs them.
#
# Every C file is compiled as C99 and as C++17, by gcc and by clang, warnings being errors, and the programs are linked
# with the shared and with the static library, through pkg-config. Then the exported symbols are compared with the
# header. With --sanitize the same programs run under ASan, LeakSanitizer and UBSan, and under valgrind instead.
# shellcheck disable=SC2086 # flags are lists
set -euo pipefail
sanitize=
[ "${1:-}" != --sanitize ] || { sanitize=yes; shift; }
[ $# -eq 1 ] || { echo "usage: $0 [--sanitize] PREFIX" >&2; exit 2; }
prefix=$(realpath "$1")
tests=$(realpath "$(dirname "$0")/..")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

export PKG_CONFIG_PATH=$prefix/lib/pkgconfig
flags="-g -O1 -Wall -Wextra -Wpedantic -Werror -D_GNU_SOURCE $(pkg-config --cflags cpwl)"
shared="$(pkg-config --libs cpwl) -Wl,-rpath,$prefix/lib -lpthread -lm"
static=$(pkg-config --static --libs cpwl | sed 's/-lcpwl/-l:libcpwl.a/')

# build CC CXX EXTRA: the four programs c-shared, c-static (C99) and cxx-shared, cxx-static (C++17, with tests/cpp).
build() {
    local source
    rm -f ./*.o c-* cxx-*
    for source in "$tests"/c/*.c; do
        $1 -std=c99 $flags $3 -c "$source" -o "c-$(basename "$source" .c).o"
        $2 -std=c++17 $flags $3 -x c++ -c "$source" -o "cxx-$(basename "$source" .c).o"
    done
    for source in "$tests"/cpp/*.cpp; do
        $2 -std=c++17 $flags $3 -c "$source" -o "cpp-$(basename "$source" .cpp).o"
    done
    $1 $3 c-*.o $shared -o c-shared
    $1 $3 c-*.o $static -o c-static
    $2 $3 cxx-*.o $shared -o cxx-shared
    $2 $3 cxx-*.o $static -o cxx-static
    $2 $3 cpp-*.o $shared -o cpp-shared
    $2 $3 cpp-*.o $static -o cpp-static
}

# run LABEL PROGRAMS COMMAND..: runs each program under the command, with $arguments.
arguments=
run() {
    local label=$1 program programs=$2
    shift 2
    for program in $programs; do
        printf '%-24s %-12s ' "$label" "$program"
        "$@" "./$program" $arguments
    done
}
all="c-shared c-static cxx-shared cxx-static cpp-shared cpp-static"

if [ -z "$sanitize" ]; then
    for compilers in "gcc g++" "clang clang++"; do
        label=${compilers% *}
        if ! command -v "$label" >/dev/null; then
            echo "skipped: there is no $label here"
            continue
        fi
        build $compilers ""
        run "$label" "$all" env
    done
    # The shared library shows what the header declares, and the hook of the panic test.
    { grep -oE '\bcpwl_[a-z0-9_]+\(' "$prefix/include/cpwl.h" | tr -d '('; echo cpwl_test_panic; } | sort -u > declared
    nm -D --defined-only "$prefix/lib/libcpwl.so" | awk '{ print $3 }' | sort -u > exported
    diff declared exported || { echo "exported symbols are not those of the header" >&2; exit 1; }
    objdump -p "$prefix/lib/libcpwl.so" | grep -q 'SONAME *libcpwl\.so\.[0-9]*\.[0-9]*$'
    echo "$(wc -l < exported) symbols exported, as declared"
else
    build gcc g++ "-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer"
    run "gcc, sanitizers" "$all" env ASAN_OPTIONS=detect_leaks=1:detect_stack_use_after_return=1
    build gcc g++ ""
    valgrind="valgrind --quiet --error-exitcode=99"
    leaks="--leak-check=full --show-leak-kinds=definite --errors-for-leak-kinds=definite"
    # In a forked child the memory of the parent's other threads is lost by nature: no leak check there.
    run valgrind cpp-shared $valgrind $leaks
    arguments=-fork
    run "valgrind, but for fork" "c-shared c-static" $valgrind $leaks
    arguments=fork
    run "valgrind, fork" c-shared $valgrind
fi
