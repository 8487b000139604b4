"""Ours and public peers on the same networks, interleaved, each in a process of its own.

Prints a table in Markdown; `--json` keeps the numbers. A peer that is not named is left out, one that fails says why.
Ours runs on one thread, peers on `--threads`. Times are those of the processor, which other work on the machine
disturbs less than the wall clock (`--clock wall`).
"""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import select
import statistics
import subprocess
import sys
import tempfile
import time
from typing import Any, NamedTuple

import networks

HERE = pathlib.Path(__file__).parent


class How(NamedTuple):
    """How to run a contestant."""

    python: str
    threads: int
    checkout: tuple[str, ...] = ()


def limited(threads: int) -> dict[str, str]:
    """The environment with so many threads for the libraries that ask it; 0 leaves them their choice."""
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS") if threads else ()
    return {**os.environ, **dict.fromkeys(names, str(threads))}


class Contestant:
    """A running `contestant.py`."""

    def __init__(self, name: str, file: pathlib.Path, how: How, patience: float) -> None:
        command = [how.python, str(HERE / "contestant.py"), name, str(file), str(how.threads), *how.checkout]
        self.name, self.patience = name, patience
        self.times: dict[str, list[float]] = {"cpu": [], "wall": []}
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=limited(how.threads)
        )
        first = self.receive()
        self.problem = first.get("problem")
        self.found: dict[str, Any] = first.get("found", {})
        self.base, self.peak = first.get("base", 0), 0

    def receive(self) -> dict[str, Any]:
        """The next answer."""
        assert self.process.stdout
        if not select.select([self.process.stdout], [], [], self.patience)[0]:
            self.process.kill()
            return {"problem": f"no answer in {self.patience:g} s"}
        line = self.process.stdout.readline()
        return json.loads(line) if line else {"problem": "the process ended"}

    def go(self) -> None:
        """Measures once more."""
        if not self.problem:
            self.say("go")
            answer = self.receive()
            self.problem = answer.get("problem")
            if not self.problem:
                for clock, times in self.times.items():
                    times.append(answer[clock])

    def finish(self) -> None:
        """Asks for the peak of memory and ends the process."""
        if not self.problem:
            self.say("end")
            self.peak = self.receive().get("peak", 0)
        self.process.kill()
        self.process.wait()

    def say(self, word: str) -> None:
        """Sends one line."""
        assert self.process.stdin
        self.process.stdin.write(f"{word}\n".encode())
        self.process.stdin.flush()

    def row(self, clock: str) -> dict[str, Any]:
        """What is known about it; `seconds` is the median of the measurements."""
        times = self.times[clock]
        return {
            "seconds": statistics.median(times) if times else None,
            "times": self.times,
            "found": self.found,
            "problem": self.problem,
            "memory": max(self.peak - self.base, 0),
            "base": self.base,
        }


def machine_peak() -> float:
    """Multiply-adds per second of one core in a large double-precision matrix product."""
    done = subprocess.run([sys.executable, str(HERE / "peak.py")], env=limited(1), capture_output=True, check=True)
    return float(done.stdout)


def floor(net: networks.Net, cells: list[int]) -> float:
    """Multiply-adds that the recursion needs: on each cell that enters a layer, the next layer's functionals from the
    active units (half of them, as a rule), and the layer's units at the corners (4 in the plane, 20 in space)."""
    total = 0.0
    d = net.weights[0][0].shape[1]
    corners = {2: 4, 3: 20}[d]
    for layer, entering in enumerate([1, *cells[:-1]]):
        units, following = len(net.weights[layer][1]), len(net.weights[layer + 1][1])
        total += entering * ((d + 1) * units / 2 * following + d * corners * units)
    return total


def compare(name: str, peers: dict[str, How], repeat: int, patience: float, clock: str) -> dict[str, Any]:
    """One row: every contestant measured `repeat` times, in turns."""
    net = networks.load(name)
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "network.npz"
        networks.save(net, file)
        contestants = []
        for peer, how in peers.items():
            started = time.monotonic()
            contestants.append(Contestant(peer, file, how, patience))
            print(f"{name} {peer}: ready after {time.monotonic() - started:.1f} s", file=sys.stderr, flush=True)
        for _ in range(repeat):
            for contestant in contestants:
                contestant.go()
        for contestant in contestants:
            contestant.finish()
    row: dict[str, Any] = {"network": name} | {c.name: c.row(clock) for c in contestants}
    layers = row["ours"]["found"].get("layers")
    row["floor"] = floor(net, layers) if layers else None
    return row


def table(rows: list[dict[str, Any]], peak: float) -> str:
    """The rows as Markdown, and below it what kept a peer from running."""
    peers = [peer for peer in ("berzins", "splinecam") if any(peer in row for row in rows)]
    titles = ["network", "regions", "ours ms", "M regions/s", "with mesh ms", "floor ms"]
    for peer in peers:
        titles += [f"{peer} ms", "ratio", "ratio, mesh"]
    titles += ["ours MiB", *(f"{peer} MiB" for peer in peers)]
    lines = [f"| {' | '.join(titles)} |", "|" + "---|" * len(titles)]
    notes = []
    for row in rows:
        ours, mesh = row["ours"], row["mesh"]
        regions = ours["found"].get("regions")
        seconds, meshed = ours["seconds"], mesh["seconds"]
        cells = [row["network"], f"{regions:,}" if regions else "-", milliseconds(seconds),
                 f"{regions / seconds / 1e6:.2f}" if regions and seconds else "-", milliseconds(meshed),
                 milliseconds(row["floor"] / peak if row["floor"] else None)]  # fmt: skip
        memory = [mebibytes(ours)]
        for peer in peers:
            other = row[peer]
            cells += [milliseconds(other["seconds"]), ratio(other, seconds), ratio(other, meshed)]
            memory.append(mebibytes(other))
            notes += differences(row["network"], peer, other, mesh["found"])
        notes += [
            f"- {row['network']}, {c}: {row[c]['problem']}"
            for c in row
            if c in (*peers, "ours", "mesh") and row[c]["problem"]
        ]
        lines.append(f"| {' | '.join(cells + memory)} |")
    return "\n".join([*lines, "", *notes])


def differences(network: str, peer: str, other: dict[str, Any], ours: dict[str, Any]) -> list[str]:
    """What the peer counted otherwise."""
    return [f"- {network}, {peer}: {value:,} {what}, ours {ours[what]:,}"
            for what, value in other["found"].items() if what in ours and value != ours[what]]  # fmt: skip


def milliseconds(seconds: float | None) -> str:
    """Three digits."""
    if seconds is None:
        return "-"
    return f"{1e3 * seconds:.3g}" if seconds < 1 else f"{1e3 * seconds:,.0f}"


def ratio(other: dict[str, Any], seconds: float | None) -> str:
    """How many times as long the other takes."""
    return f"{other['seconds'] / seconds:,.0f}" if other["seconds"] and seconds else "-"


def mebibytes(one: dict[str, Any]) -> str:
    """Peak memory beyond what the process had before its first run."""
    return f"{one['memory'] / 2**20:,.1f}" if one["seconds"] else "-"


def main() -> int:
    """Runs the comparison; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    for peer in ("berzins", "splinecam"):
        parser.add_argument(f"--{peer}", type=pathlib.Path, help="folder of a checkout")
        parser.add_argument(f"--{peer}-python", default=sys.executable, help="the Python that has its requirements")
    parser.add_argument("--networks", nargs="+", default=networks.names(), metavar="NAME")
    parser.add_argument("--skip", nargs="*", default=[], metavar="PEER:NETWORK", help="e.g. splinecam:c11")
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--patience", type=float, default=300, help="seconds to wait for one answer")
    parser.add_argument("--threads", type=int, default=1, help="of the peers; 0 = as they choose")
    parser.add_argument("--clock", choices=("cpu", "wall"), default="cpu")
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()
    peers = {name: How(sys.executable, 1) for name in ("ours", "mesh")}
    for peer in ("berzins", "splinecam"):
        checkout = getattr(options, peer)
        if checkout is None:
            print(f"{peer}: skipped, no checkout named (--{peer} DIR)", file=sys.stderr)
        elif not checkout.is_dir():
            parser.error(f"--{peer} is {checkout}; expected a folder")
        else:
            peers[peer] = How(getattr(options, f"{peer}_python"), options.threads, (str(checkout.resolve()),))
    peak = machine_peak()
    rows = []
    for name in options.networks:
        chosen = {p: how for p, how in peers.items() if f"{p}:{name}" not in options.skip}
        row = compare(name, chosen, options.repeat, options.patience, options.clock)
        for peer in peers:
            row.setdefault(peer, {"seconds": None, "found": {}, "problem": "not run, as asked for", "memory": 0})
        rows.append(row)
        if options.json:
            options.json.write_text(json.dumps({"peak": peak, "rows": rows}, indent=1))
    print(f"One core does {peak / 1e9:.1f} G multiply-adds/s (double-precision matrix product).\n\n{table(rows, peak)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
