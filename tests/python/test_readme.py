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
    """The first example in that language, and in languages other than Python the only one."""
    found = blocks(language)
    assert len(found) == 1 or language == "python", f"README has {len(found)} {language} blocks"
    return found[0]


def blocks(language):
    return re.findall(rf"^```{re.escape(language)}\n(.*?)^```", README, re.M | re.S)


def printed(here, word):
    """The lines that the one example in Python with that word prints."""
    [example] = [block for block in blocks("python") if word in block]
    done = subprocess.run([sys.executable, "-c", example], capture_output=True, text=True, cwd=here)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_the_example_of_police(here):
    lines = printed(here, "cpwl.police")
    assert any(line.startswith("certified: ") for line in lines)
    assert lines[-1] == "1"


def test_the_example_of_ranks(here):
    paper_and_other, ratio_and_alpha, full = printed(here, "cpwl.Moments")
    rng = np.random.default_rng(0)
    z = np.concatenate(
        [rng.standard_normal((512, 128)).astype(np.float32) / np.arange(1, 129) ** 0.5 for _ in range(20)]
    )
    p = np.linalg.svd(z, compute_uv=False)
    p /= p.sum()
    paper, other = (np.exp(-((p + eps) * np.log(p + eps)).sum()) for eps in (1e-7, 1e-5))
    variances = np.linalg.eigvalsh(np.cov(z.T))[::-1]
    ratio = variances.sum() ** 2 / (variances**2).sum()
    t = np.arange(2, 101)
    alpha = np.polyfit(-np.log(t), np.log(variances[1:100]), 1, w=t**-0.5)[0]
    assert paper_and_other == f"RankMe {paper:.2f}, as stable-pretraining has it {other:.2f}"
    assert ratio_and_alpha == f"participation ratio {ratio:.2f}, alpha {alpha:.3f}"
    assert full.startswith("full rank would be 12")


def test_the_example_of_independence(here):
    hsic, cka, p, _ = printed(here, "cpwl.hsic")
    assert 0 < float(hsic) < 1
    assert 0 < float(cka) < 1
    assert float(p) < 0.05


def test_the_example_of_diet(here):
    loss, excess = map(float, re.findall(r"\d+\.\d+", "\n".join(printed(here, "cpwl.DietHead"))))
    # Scores are small before training; the floor is the entropy of the targets.
    n, eps = 50_000, 0.8
    a, b = 1 - eps + eps / n, eps / n
    assert abs(loss - np.log(n)) < 0.5
    assert abs(loss - excess - -(a * np.log(a) + (n - 1) * b * np.log(b))) < 2e-3


def test_the_example_of_priors(here):
    first, second = printed(here, "cpwl.prior_matching_loss")
    loss, *terms = map(float, re.findall(r"\d+\.\d+", first))
    assert abs(loss - sum(terms)) < 2e-3
    exponent, p = map(float, re.findall(r"\d+\.\d+", second))
    assert 0.5 < exponent < 0.7
    assert p < 0.01


def test_the_example_of_factors(here):
    [line] = printed(here, "cpwl.factor_report")
    rng = np.random.default_rng(0)
    rng.integers(0, 1000, 20_000)
    active = rng.random((20_000, 3)) < [0.5, 0.1, 0.01]
    wrong = (rng.random((2, 20_000)) < 0.2 + 0.1 * active[:, 1])[0]
    x, e_f, e = active[:, 1], wrong[active[:, 1]].mean(), wrong.mean()
    psi = (x * (wrong - e_f) / x.mean() - e_f / e * (wrong - e)) / e
    reach = np.exp(1.959963984540054 * psi.std() / np.sqrt(len(x)) / (e_f / e))
    ratio = e_f / e
    assert line == f"blur: {ratio:.3f}, 95 % from {ratio / reach:.3f} to {ratio * reach:.3f}"


def test_python(here, expected):
    done = subprocess.run([sys.executable, "-c", block("python")], capture_output=True, text=True, cwd=here)
    assert done.returncode == 0, done.stderr
    assert done.stdout == expected


def test_rust(here, expected):
    if not shutil.which("cargo"):
        pytest.skip("cargo is not installed")
    subprocess.run(["cargo", "build", "--quiet", "--locked", "--lib"], cwd=ROOT, check=True)
    source = here / "example.rs"
    source.write_text(block("rust"))
    built = ROOT / "target" / "debug"
    command = ["rustc", "--edition", "2024", "--deny", "warnings", "--extern", f"cpwl={built}/libcpwl.rlib"]
    subprocess.run([*command, "-L", f"dependency={built}/deps", str(source), "-o", str(here / "example")], check=True)
    done = subprocess.run([here / "example"], capture_output=True, text=True, cwd=here)
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
