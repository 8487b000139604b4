"""The examples of README.md run as they stand and print the line that the README promises."""

import os
import pathlib
import re
import shutil
import subprocess
import sys

import numpy as np
import pytest

import reference as ref

ROOT = pathlib.Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
NETWORK = "moons_mlp.onnx"


@pytest.fixture(scope="module")
def expected():
    """The line, from rational arithmetic on the weights."""
    with np.load(ROOT / "tests" / "data" / "nets" / "moons_mlp.expected.npz") as z:
        weights = [(z[f"weights/{i}.weight"], z[f"weights/{i}.bias"]) for i in (0, 2, 4)]
    cells = ref.exact_regions(weights, [[-2, -2], [3, -2], [3, 2], [-2, 2]])
    line = f"{len(cells)} regions, decision boundary of length {ref.tie_length(cells):.6f}"
    assert f"`{line}`" in README
    return line + "\n"


@pytest.fixture
def here(tmp_path):
    """A folder with the network in it."""
    shutil.copy(ROOT / "tests" / "data" / "nets" / NETWORK, tmp_path)
    return tmp_path


def block(language):
    """The only example in that language."""
    blocks = re.findall(rf"^```{re.escape(language)}\n(.*?)^```", README, re.M | re.S)
    assert len(blocks) == 1, f"README has {len(blocks)} {language} blocks"
    return blocks[0]


def test_python(here, expected):
    done = subprocess.run([sys.executable, "-c", block("python")], capture_output=True, text=True, cwd=here)
    assert done.returncode == 0, done.stderr
    assert done.stdout == expected


def test_rust(here, expected):
    """As an example of the crate, compiled without optimisation."""
    if not shutil.which("cargo"):
        pytest.skip("cargo is not installed")
    package = here / "example"
    (package / "src").mkdir(parents=True)
    (package / "src" / "main.rs").write_text(block("rust"))
    manifest = ["[package]", 'name = "example"', 'edition = "2024"', "[dependencies]", f'cpwl = {{ path = "{ROOT}" }}']
    (package / "Cargo.toml").write_text("\n".join([*manifest, "[workspace]", "[profile.dev]", "opt-level = 1"]))
    shutil.copy(ROOT / "Cargo.lock", package)  # the versions that the crate was tested with
    command = ["cargo", "run", "--quiet", "--manifest-path", str(package / "Cargo.toml")]
    env = {**os.environ, "CARGO_TARGET_DIR": str(ROOT / "target")}
    done = subprocess.run(command, capture_output=True, text=True, cwd=here, env=env)
    assert done.returncode == 0, done.stderr
    assert done.stdout == expected


@pytest.mark.parametrize(("language", "compiler", "flags"), [("c", "cc", "-std=c99"), ("cpp", "c++", "-std=c++17")])
def test_compiled(here, expected, language, compiler, flags):
    stage = os.environ.get("CPWL_STAGE")
    if not stage:
        pytest.skip("CPWL_STAGE names no installation (make test sets it)")
    for tool in (compiler, "pkg-config"):
        if not shutil.which(tool):
            pytest.skip(f"{tool} is not installed")
    source = here / f"example.{language}"
    source.write_text(block(language))
    env = {**os.environ, "PKG_CONFIG_PATH": f"{stage}/lib/pkgconfig", "LD_LIBRARY_PATH": f"{stage}/lib"}
    found = subprocess.run(
        ["pkg-config", "--cflags", "--libs", "cpwl"], capture_output=True, text=True, env=env, check=True
    )
    program = here / "example"
    warnings = ["-Wall", "-Wextra", "-Wpedantic", "-Werror", flags]
    subprocess.run([compiler, *warnings, str(source), *found.stdout.split(), "-o", str(program)], check=True, env=env)
    done = subprocess.run([program], capture_output=True, text=True, env=env, cwd=here)
    assert done.returncode == 0, done.stderr
    assert done.stdout == expected
