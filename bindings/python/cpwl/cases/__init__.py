"""Runs acceptance cases: compares what the library computes with the expected values in a folder.

A folder holds one sub-folder per room, each with a README that fixes layout, meaning and tolerances; the runner of a
room is the module of that name in this package. Any other folder of the same layout can be given.
"""

from __future__ import annotations

import importlib
import pathlib
from dataclasses import dataclass

ROOMS = ("regions", "police", "rank", "hsic", "diet", "prior", "factors")


@dataclass
class Report:
    """Prints one line per figure and counts verdicts."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def exact(self, case: str, figure: str, value: object, expected: object) -> None:
        """A figure that must be equal."""
        self._verdict(value == expected, case, figure, value, expected, "exact")

    def close(self, case: str, figure: str, value: float, expected: float, tolerance: float) -> None:
        """A figure that may differ by at most `tolerance`."""
        self._verdict(abs(value - expected) <= tolerance, case, figure, value, expected, f"+-{tolerance:.1e}")

    def bound(self, case: str, figure: str, error: float, tolerance: float) -> None:
        """A largest error, which must not exceed `tolerance`."""
        self._verdict(error <= tolerance, case, figure, f"{error:.1e}", "0", f"+-{tolerance:.1e}")

    def error(self, case: str, figure: str, problem: object) -> None:
        """A figure that could not be computed."""
        self._verdict(False, case, figure, problem, "a result", "-")

    def skip(self, case: str, why: str) -> None:
        """A case that was not run."""
        self.skipped += 1
        print(f"skip  {case}  {why}", flush=True)

    def note(self, case: str, figure: str, what: str) -> None:
        """A figure that is not compared; counts as nothing."""
        print(f"note  {case}  {figure}: {what}", flush=True)

    def _verdict(self, good: bool, case: str, figure: str, value: object, expected: object, tolerance: str) -> None:
        self.passed += good
        self.failed += not good
        verdict = "pass" if good else "FAIL"
        print(f"{verdict}  {case}  {figure} = {value}  expected {expected}  ({tolerance})", flush=True)


def main(folder: pathlib.Path, room: str | None = None) -> int:
    """Runs every room found in `folder`, or the one named; returns the exit status."""
    report = Report()
    rooms = [room] if room else [name for name in ROOMS if (folder / name).is_dir()]
    for name in rooms:
        if not (folder / name).is_dir():
            report.error(name, "folder", f"{folder / name} does not exist")
            continue
        importlib.import_module(f".{name}", __name__).run(folder / name, report)
    if not rooms:
        report.error("-", "folder", f"{folder} has none of the rooms {', '.join(ROOMS)}")
    print(f"{report.passed} passed, {report.failed} failed, {report.skipped} skipped")
    return 1 if report.failed or not report.passed else 0
