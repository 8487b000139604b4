"""Command line: `python -m cpwl demo | info | cases`."""

from __future__ import annotations

import argparse
import pathlib
import sys

from . import build_info


def main(arguments: list[str] | None = None) -> int:
    """Runs one command; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m cpwl", description="Exact linear regions of ReLU-like networks.")
    commands = parser.add_subparsers(dest="command", required=True)

    demo = commands.add_parser("demo", help="draw the regions of a network trained on handwritten digits")
    demo.add_argument("--out", type=pathlib.Path, default=pathlib.Path("demo-output"), help="folder for the pictures")
    demo.add_argument("--threads", type=int, default=0, help="0 = all cores")
    demo.add_argument("--onnx", type=pathlib.Path, help="another network that takes 8x8 digits")

    commands.add_parser("info", help="say what the loaded library can do")

    cases = commands.add_parser("cases", help="compare with the expected values of a folder of cases")
    cases.add_argument("folder", type=pathlib.Path)
    cases.add_argument("--room", help="only this room")

    options = parser.parse_args(arguments)
    if options.command == "info":
        print(build_info())
        return 0
    if options.command == "cases":
        from .cases import main as run_cases

        return run_cases(options.folder, options.room)
    from .demo import main as run_demo

    return run_demo(options.out, options.threads, options.onnx)


if __name__ == "__main__":
    sys.exit(main())
