"""The examples of README.md run as they stand and print what the README says (Rust: as a doc test of the crate)."""

import os
import pathlib
import re
import shutil
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
EXPECTED = "4 regions, 1.414214 of decision boundary\n"


def block(language):
    """The only example in that language."""
    blocks = re.findall(rf"^```{re.escape(language)}\n(.*?)^```", README, re.M | re.S)
    assert len(blocks) == 1, f"README has {len(blocks)} {language} blocks"
    assert len(blocks[0].splitlines()) <= 24
    return blocks[0]


def test_python(tmp_path):
    done = subprocess.run([sys.executable, "-c", block("python")], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout == EXPECTED


@pytest.mark.parametrize(("language", "compiler", "flags"), [("c", "cc", "-std=c99"), ("cpp", "c++", "-std=c++17")])
def test_compiled(tmp_path, language, compiler, flags):
    stage = os.environ.get("CPWL_STAGE")
    if not stage:
        pytest.skip("CPWL_STAGE names no installation (make test sets it)")
    for tool in (compiler, "pkg-config"):
        if not shutil.which(tool):
            pytest.skip(f"{tool} is not installed")
    source = tmp_path / f"example.{language}"
    source.write_text(block(language))
    env = {**os.environ, "PKG_CONFIG_PATH": f"{stage}/lib/pkgconfig", "LD_LIBRARY_PATH": f"{stage}/lib"}
    found = subprocess.run(
        ["pkg-config", "--cflags", "--libs", "cpwl"], capture_output=True, text=True, env=env, check=True
    )
    program = tmp_path / "example"
    warnings = ["-Wall", "-Wextra", "-Wpedantic", "-Werror", flags]
    subprocess.run([compiler, *warnings, str(source), *found.stdout.split(), "-o", str(program)], check=True, env=env)
    done = subprocess.run([program], capture_output=True, text=True, env=env, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout == EXPECTED
