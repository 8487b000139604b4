"""The case runner itself: it must pass what is right, fail what is wrong, and count what it left out."""

import json
import re
import shutil

import numpy as np
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


@pytest.fixture
def policed(data, tmp_path):
    """A folder with cases of the room police: of each a copy that can be changed."""
    room = tmp_path / "cases" / "police"
    room.mkdir(parents=True)
    for name in ("square_minshift_relu", "certify_partial_relu_p", "pieces_relu6_p", "conv_tied_relu_p"):
        for suffix in (".json", ".bin"):
            shutil.copy(data / "police" / (name + suffix), room / (name + suffix))
            (room / (name + suffix)).chmod(0o644)
    return room


def disturb(room, case, array, change):
    """Changes the first number of an array of a case."""
    place = json.loads((room / f"{case}.json").read_text())["arrays"][array]
    numbers = np.memmap(room / f"{case}.bin", {"f64": "<f8", "i32": "<i4"}[place["dtype"]], "r+", place["offset"], 1)
    numbers[0] = change(numbers[0])
    numbers.flush()


def test_right_policed_networks_pass(policed, capsys):
    status, out, (passed, failed, skipped) = run(policed.parent, capsys)
    assert (status, failed, skipped) == (0, 0, 0), out
    assert passed > 50
    assert "pass  square_minshift_relu  wrong s0 = 0  expected 0  (exact)" in out


@pytest.mark.parametrize(
    ("case", "array", "figure"),
    [("square_minshift_relu", "e0", "e0"), ("square_minshift_relu", "s1", "wrong s1"),
     ("square_minshift_relu", "pv0", "wrong pv0"), ("square_minshift_relu", "fb2", "fb2"),
     ("square_minshift_relu", "A", "A"), ("square_minshift_relu", "c", "c"), ("square_minshift_relu", "Y", "Y"),
     ("square_minshift_relu", "dW1", "dW1"), ("square_minshift_relu", "db0", "db0"),
     ("square_minshift_relu", "dV", "dV"), ("square_minshift_relu", "dX", "dX"),
     ("pieces_relu6_p", "piece1", "wrong piece1"), ("conv_tied_relu_p", "fb", "fb")],
)  # fmt: skip
def test_wrong_policed_networks_fail(policed, capsys, case, array, figure):
    disturb(policed, case, array, lambda v: v + 1 if array in ("e0", "fb2") else -v - 1)
    status, out, _ = run(policed.parent, capsys)
    assert status == 1
    assert f"FAIL  {case}  {figure} = " in out


def test_wrong_certificates_and_words_fail(policed, data, capsys):
    path = policed / "certify_partial_relu_p.json"
    spec = json.loads(path.read_text())
    spec["must"] = "certified"
    spec["layers_report"][1]["crossing_units"] += 1
    path.write_text(json.dumps(spec))
    errors = json.loads((data / "police" / "errors.json").read_text())
    errors["cases"][0]["expect"] = "OK"
    (policed / "errors.json").write_text(json.dumps(errors))
    status, out, (_, failed, _) = run(policed.parent, capsys)
    assert (status, failed) == (1, 3), out
    assert "FAIL  errors  no_vertices = EMPTY_REGION  expected OK" in out


@pytest.fixture
def ranked(data, tmp_path):
    """A folder with the cases of the room rank."""
    room = tmp_path / "cases" / "rank"
    shutil.copytree(data / "rank", room)
    for path in room.iterdir():
        path.chmod(0o644)
    return room


def test_right_ranks_pass(ranked, capsys):
    status, out, (passed, failed, skipped) = run(ranked.parent, capsys)
    assert (status, failed, skipped) == (0, 0, 0), out
    assert passed > 2000
    for case in json.loads((ranked / "cases.json").read_text()):
        assert f"pass  {case['name']}  " in out
    assert "pass  select  index 0 = 1  expected 1  (exact)" in out


@pytest.mark.parametrize(
    ("case", "place", "wrong", "figures"),
    [("gauss_48x16", ("expected", "erank"), 15.0, {"erank", "exact erank"}),
     ("gauss_48x16", ("expected_centred", "stable_rank"), 9.0, {"centred stable_rank", "exact centred stable_rank"}),
     ("gauss_48x16", ("expected", "rankme_eps_1e-7"), "14.0",
      {"rankme_eps_1e-7", "exact rankme_eps_1e-7", "rankme()", "queue"}),
     ("gauss_48x16", ("expected", "num_rank_f32"), 15, {"num_rank_f32", "exact num_rank_f32"}),
     ("gauss_48x16", ("expected", "nuclear_norm"), "nan", {"nuclear_norm", "exact nuclear_norm"}),
     ("nan_8x4", ("status",), "zero",
      {"outcome", "centred outcome", "exact outcome", "exact centred outcome", "rankme()"}),
     ("stream_50x6", ("rows",), 51, {"rows"}), ("stream_50x6", ("expected", "renyi_2"), 0.078, {"renyi_2"}),
     ("lidar_ragged", ("expected", "lidar_unbiased"), 3.3424, {"lidar_unbiased"}),
     ("grad_12x5", ("value",), "4.39", {"value"}),
     ("tokens_20x8", ("expected", "curvature_abs"), 1.34, {"curvature_abs"}),
     ("twonn_100x6", ("expected", "used"), 99, {"used"}),
     ("coherence_40x6", ("expected", "coherence"), 2.6, {"coherence"}),
     ("selfcluster_ones", ("expected", "selfcluster"), 0.9, {"selfcluster"})],
)  # fmt: skip
def test_wrong_ranks_fail(ranked, capsys, case, place, wrong, figures):
    path = ranked / "cases.json"
    cases = json.loads(path.read_text())
    entry = next(c for c in cases if c["name"] == case)
    for key in place[:-1]:
        entry = entry[key]
    entry[place[-1]] = wrong
    path.write_text(json.dumps(cases))
    status, out, _ = run(ranked.parent, capsys)
    assert status == 1
    found = {line.split("  ")[2].split(" = ")[0] for line in out.splitlines() if line.startswith("FAIL")}
    assert found == figures


@pytest.mark.parametrize(
    ("file", "case", "figure"),
    [("grad_5x9_entropy_grad.f64", "grad_5x9_entropy", "gradient"), ("queue_70x8_C.f64", "queue_70x8", "comoment"),
     ("alpha_data_300x120_evr.f64", "alpha_data_300x120", "explained_variance_ratio")],
)  # fmt: skip
def test_wrong_arrays_of_ranks_fail(ranked, capsys, file, case, figure):
    values = np.memmap(ranked / file, "<f8", "r+")
    values[0] *= 1.001
    values.flush()
    status, out, _ = run(ranked.parent, capsys)
    assert status == 1
    assert next(line for line in out.splitlines() if line.startswith("FAIL")).startswith(f"FAIL  {case}  {figure} = ")


@pytest.fixture(params=["diet", "prior"])
def losses(request, data, tmp_path):
    """A folder with the cases of the room diet or of the room prior."""
    room = tmp_path / "cases" / request.param
    shutil.copytree(data / request.param, room)
    for path in room.iterdir():
        path.chmod(0o644)
    return room


def test_right_losses_pass(losses, capsys):
    status, out, (passed, failed, skipped) = run(losses.parent, capsys)
    assert (status, failed, skipped) == (0, 0, 0), out
    assert passed > 200
    for case in json.loads((losses / "cases.json").read_text())["cases"]:
        assert f"pass  {case['name']}  " in out


def test_wrong_losses_fail(losses, capsys):
    path = losses / "cases.json"
    spec = json.loads(path.read_text())
    name, array = ("small_eps0.8", "dW") if losses.name == "diet" else ("pmsn_pl0.25", "d_protos")
    case = next(c for c in spec["cases"] if c["name"] == name)
    case["expect"]["loss"] += 1e-9
    path.write_text(json.dumps(spec))
    values = np.memmap(losses / case["file"], "u1", "r+")
    at = case["expect"][array]["offset"]
    values[at : at + 8] = np.frombuffer(np.float64(7.0).tobytes(), "u1")
    values.flush()
    status, out, _ = run(losses.parent, capsys)
    assert status == 1
    failed = set(re.findall(rf"^FAIL  {re.escape(name)}  (.*?) = ", out, re.M))
    plain = {figure.split(", ")[-1] for figure in failed}
    assert plain - {f"f32 {array}"} == {"loss", array}, failed
    assert all(line.startswith(f"FAIL  {name}  ") for line in out.splitlines() if line.startswith("FAIL"))
