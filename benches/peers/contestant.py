"""One contestant in a process of its own: `python contestant.py NAME network.npz THREADS [checkout]`.

Answers on standard output with a JSON object a line. First, after a run that does not count, what was found and the
memory before it; then, for each line `go` on standard input, the median time of one run; at the end the peak of memory.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import resource
import statistics
import sys
import time
from collections.abc import Callable

import networks

# Runs of less than this are repeated until they take as long.
LEAST = 0.05


def memory(field: str) -> int:
    """`VmRSS` or `VmHWM` of this process in bytes."""
    with open("/proc/self/status") as status:
        return next(1024 * int(line.split()[1]) for line in status if line.startswith(field))


def processor() -> float:
    """Seconds that this process and the workers that it has waited for have used of the processor."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def measure(run: Callable[[], object]) -> dict[str, float]:
    """Median seconds of one run: of the processor, and on the wall."""
    clocks = {"cpu": processor, "wall": time.perf_counter}
    times: dict[str, list[float]] = {name: [] for name in clocks}
    while sum(times["wall"]) < LEAST:
        before = {name: clock() for name, clock in clocks.items()}
        run()
        for name, clock in clocks.items():
            times[name].append(clock() - before[name])
    return {name: statistics.median(numbers) for name, numbers in times.items()}


def main(name: str, file: str, threads: str, checkout: str = "") -> None:
    """Serves one contestant until standard input ends."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)

    def answer(**what: object) -> None:
        print(json.dumps(what), file=answers)

    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere), contextlib.redirect_stderr(nowhere):
        try:
            if checkout:
                os.chdir(checkout)
                sys.path.insert(0, checkout)
            contestant = importlib.import_module(f"run_{name}").contestant(networks.read(file), int(threads))
            base = memory("VmRSS")
            with open("/proc/self/clear_refs", "w") as clear:
                clear.write("5")  # the peak starts from here
            found = contestant.run()
            answer(found=found, base=base)
            for line in sys.stdin:
                if line.strip() != "go":
                    break
                answer(**measure(contestant.run))
            answer(peak=memory("VmHWM"))
        except BaseException as problem:
            answer(problem=f"{type(problem).__name__}: {' '.join(str(problem).split())[:200]}")


if __name__ == "__main__":
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    main(*sys.argv[1:])
