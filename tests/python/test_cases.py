"""The case runner itself: it must pass what is right, fail what is wrong, and count what it left out."""

import json
import re
import shutil

import pytest

from cpwl.__main__ import main

CASE = "c08_degenerate"


@pytest.fixture
def folder(data, tmp_path):
    """A folder of cases with one case, whose expected values can be changed."""
    room = tmp_path / "cases" / "regions"
    room.mkdir(parents=True)
    for suffix in (".npz", ".cells.npz"):
        shutil.copy(data / "regions" / f"{CASE}{suffix}", room)
    expected = json.loads((data / "regions" / "expected.json").read_text())[CASE]
    (room / "expected.json").write_text(json.dumps({CASE: expected}))
    return room.parent


def change(folder, **values):
    path = folder / "regions" / "expected.json"
    expected = json.loads(path.read_text())
    expected[CASE].update(values)
    path.write_text(json.dumps(expected))


def run(folder, capsys, *more):
    status = main(["cases", str(folder), *more])
    out = capsys.readouterr().out
    counts = re.search(r"^(\d+) passed, (\d+) failed, (\d+) skipped$", out.splitlines()[-1])
    assert counts, out
    return status, out, tuple(map(int, counts.groups()))


def test_right_values_pass(folder, capsys):
    status, out, (passed, failed, skipped) = run(folder, capsys)
    assert (status, failed, skipped) == (0, 0, 0), out
    assert passed >= 18
    assert f"pass  {CASE}  regions = 70  expected 70  (exact)" in out


@pytest.mark.parametrize(
    ("figure", "wrong"),
    [("regions", 71), ("V", 77), ("total_area", "4.00000001"), ("min_area", 7.1023e-05), ("euler", 2),
     ("zero_level_length_out0", 2.76031260), ("argmax_boundary_length", 4.5), ("cells_after_layer_op", {"1": 21})],
)  # fmt: skip
def test_wrong_values_fail(folder, capsys, figure, wrong):
    change(folder, **{figure: wrong})
    status, out, (_, failed, _) = run(folder, capsys)
    assert (status, failed) == (1, 1)
    assert f"FAIL  {CASE}  {figure} = " in out


def test_wrong_cells_fail(folder, data, capsys):
    shutil.copy(data / "regions" / "c15_lowbit4_relu_2-20-20-20-3.cells.npz", folder / "regions" / f"{CASE}.cells.npz")
    status, out, (_, failed, _) = run(folder, capsys)
    assert (status, failed) == (1, 1)
    assert f"FAIL  {CASE}  cells_matched_by_pattern = 0" in out


def test_a_case_without_expected_values_fails(folder, data, capsys):
    shutil.copy(data / "regions" / "c01_relu_2-16-16-1.npz", folder / "regions")
    assert run(folder, capsys)[0] == 1


def test_folders_that_hold_nothing_fail(tmp_path, capsys):
    assert run(tmp_path, capsys)[0] == 1
    assert run(tmp_path, capsys, "--room", "regions")[0] == 1
