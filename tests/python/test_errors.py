"""Every bad input gets an exception of the right kind, and a message that names the argument."""

import numpy as np
import pytest

import cpwl
from cpwl import layers as L

SQUARE = [[-1, -1], [1, -1], [1, 1], [-1, 1]]


def check(kind, builtin, condition, *words):
    """A context that expects an exception, its condition, and words in its message."""

    class Expect:
        def __enter__(self):
            return None

        def __exit__(self, found, problem, trace):
            assert found is kind, problem
            assert isinstance(problem, builtin)
            assert isinstance(problem, cpwl.Error)
            assert problem.condition == condition
            text = str(problem)
            assert text.startswith(f"[{condition}] ")
            for word in words:
                assert word in text, text
            return True

    return Expect()


def dense(*shape):
    return L.Dense(np.ones(shape))


def test_wrong_dtype(small):
    with check(cpwl.DtypeError, TypeError, "DTYPE", "x"):
        small[1](np.zeros((3, 2), np.complex128))
    with check(cpwl.DtypeError, TypeError, "DTYPE", "x"):
        small[1](np.zeros((3, 2), ">f8"))
    with check(cpwl.DtypeError, TypeError, "DTYPE", "x"):
        small[1](["a", "b"])
    with check(cpwl.DtypeError, TypeError, "DTYPE", "u8"):
        small[1](np.zeros((3, 2), np.uint8))
    with check(cpwl.DtypeError, TypeError, "DTYPE", "weight"):
        cpwl.Network.from_layers([L.Dense(np.ones((2, 2), np.int64))])


def test_wrong_shape(small):
    with check(cpwl.ShapeError, ValueError, "SHAPE", "(3, 3)", "(batch, 2)"):
        small[1](np.zeros((3, 3)))
    with check(cpwl.ShapeError, ValueError, "SHAPE", "5", "4", "layers[1]"):
        cpwl.Network.from_layers([dense(4, 2), dense(3, 5)])
    with check(cpwl.ShapeError, ValueError, "RANK", "weight"):
        cpwl.Network.from_layers([L.Dense(np.ones(3))], 3)
    with check(cpwl.ShapeError, ValueError, "SHAPE", "bias"):
        cpwl.Network.from_layers([L.Dense(np.ones((3, 2)), np.ones(2))])
    with check(cpwl.ShapeError, ValueError, "RANK", "vertices"):
        cpwl.Polygon(np.ones((4, 3, 2)))


def test_numbers_that_are_not_finite(small, square):
    for bad in (np.nan, np.inf):
        with check(cpwl.NonfiniteError, ValueError, "NONFINITE", "weight"):
            cpwl.Network.from_layers([L.Dense([[1.0, bad]])])
        with check(cpwl.NonfiniteError, ValueError, "NONFINITE", "lo"):
            cpwl.Box([bad, 0], [1, 1])
        with check(cpwl.NonfiniteError, ValueError, "NONFINITE"):
            cpwl.Polygon([[0, 0], [1, 0], [0, bad]])
        with check(cpwl.NonfiniteError, ValueError, "NONFINITE", "origin"):
            cpwl.Slice([0, bad], [[1, 0], [0, 1]])


def test_polygons_that_are_no_domain():
    with check(cpwl.ArgumentError, ValueError, "SELF_INTERSECTING"):
        cpwl.Polygon([[-1, -1], [1, 1], [1, -1], [-1, 1]])
    with check(cpwl.UnsupportedError, NotImplementedError, "NON_CONVEX", "convex"):
        cpwl.Polygon([[0, 0], [2, 0], [2, 2], [1, 0.5], [0, 2]])
    with check(cpwl.ArgumentError, ValueError, "ZERO_AREA"):
        cpwl.Polygon([[0, 0], [1, 1], [2, 2]])
    with check(cpwl.ArgumentError, ValueError, "ZERO_AREA"):
        cpwl.Polygon([[0, 0], [1, 1]])
    with check(cpwl.ArgumentError, ValueError, "ZERO_AREA"):
        cpwl.Box([0, 0], [1, 0])


def test_slices_that_are_no_plane(small):
    with check(cpwl.ArgumentError, ValueError, "DEPENDENT_AXES"):
        cpwl.Slice(np.zeros(3), [[1, 2, 3], [2, 4, 6]])
    with check(cpwl.ArgumentError, ValueError, "DEPENDENT_AXES"):
        cpwl.Slice.through([0, 0], [1, 1], [2, 2])
    with check(cpwl.ShapeError, ValueError, "SHAPE", "3", "2"):
        small[1].partition(cpwl.Slice(np.zeros(3), np.eye(3)[:2]))


def test_unknown_words(regions, square):
    with pytest.raises(ValueError, match="isa is 'sse'; expected one of auto, portable"):
        cpwl.Context(isa="sse")
    with pytest.raises(ValueError, match="want is 'everything'; expected one of 'polygons'"):
        regions.network.partition(square, want=["everything"])
    with pytest.raises(ValueError, match="mode is 'max'; expected one of 'argmax', 'pairwise'"):
        regions.decision_boundary("max")
    with pytest.raises(ValueError, match="color is 'blue'; expected one of 'slope'"):
        regions.to_svg("never.svg", color="blue")
    with pytest.raises(TypeError, match="not both"):
        regions.network.partition(square, context=cpwl.Context(), threads=2)
    with pytest.raises(TypeError, match="domain is a list"):
        regions.network.partition([[-1, -1], [1, 1]])


def test_instruction_set_that_this_cpu_lacks():
    missing = "neon" if "neon" not in cpwl.build_info().partition("available:")[2] else "avx2"
    with check(cpwl.UnsupportedError, NotImplementedError, "UNSUPPORTED", missing):
        cpwl.Context(isa=missing)


def test_onnx_files_that_are_none(data, tmp_path):
    whole = (data / "nets" / "moons_mlp.onnx").read_bytes()
    for bad in (b"", b"garbage" * 20, whole[: len(whole) // 2], bytes(range(256)) * 4):
        with check(cpwl.ArgumentError, ValueError, "MALFORMED"):
            cpwl.Network.from_onnx(bad)
    with check(cpwl.FileError, OSError, "IO", "nowhere.onnx"):
        cpwl.Network.from_onnx(tmp_path / "nowhere.onnx")


def test_graphs_that_do_not_hang_together():
    with check(cpwl.ArgumentError, ValueError, "ARGUMENT", "'skip'", "layers[1]"):
        cpwl.Network.from_layers([dense(2, 2), L.Add("skip")])
    with check(cpwl.ArgumentError, ValueError, "ARGUMENT", "'a'"):
        cpwl.Network.from_layers([L.Dense(np.eye(2), name="a"), L.Dense(np.eye(2), name="a")])
    with check(cpwl.ArgumentError, ValueError, "ARGUMENT", "input_shape"):
        cpwl.Network.from_layers([L.Conv2d(np.ones((1, 1, 2, 2)))])
    with pytest.raises(TypeError, match=r"layers\[0\]"):
        cpwl.Network.from_layers([np.eye(2)])
    with pytest.raises(ValueError, match="stride is 0"):
        cpwl.Network.from_layers([L.Conv2d(np.ones((1, 1, 2, 2)), stride=0)], (1, 4, 4))


def test_units_of_too_many_pieces():
    wide = [dense(300, 2), L.Maxout(300, name="the max")]
    with check(cpwl.UnsupportedError, NotImplementedError, "UNSUPPORTED", "the max", "300 candidates; at most 256"):
        cpwl.Network.from_layers(wide).partition(cpwl.Box([0, 0], [1, 1]))
    knots = np.arange(300.0)
    stairs = [dense(2, 2), L.PWL(knots, np.arange(301.0), 0.0, name="stairs")]
    with check(cpwl.UnsupportedError, NotImplementedError, "UNSUPPORTED", "stairs", "300 knots; at most 255"):
        cpwl.Network.from_layers(stairs).partition(cpwl.Box([0, 0], [1, 1]))


def test_limits(small, square):
    with check(cpwl.LimitError, RuntimeError, "MAX_REGIONS", "10"):
        small[1].partition(square, max_regions=10)
    with check(cpwl.LimitError, RuntimeError, "MEMORY_LIMIT", "1000"):
        small[1].partition(square, memory_limit=1000)
    assert small[1].partition(square).n_regions > 10


def test_parts_that_were_not_kept(small, square):
    counted = small[1].partition(square, count_only=True)
    assert counted.n_regions == small[1].partition(square).n_regions
    for part in ("areas", "vertices", "patterns", "maps"):
        with check(cpwl.ArgumentError, ValueError, "NOT_STORED"):
            getattr(counted, part)
    bare = small[1].partition(square, want=["polygons"])
    assert len(bare.areas) == counted.n_regions
    with check(cpwl.ArgumentError, ValueError, "NOT_STORED"):
        bare.maps  # noqa: B018


def test_outputs_that_do_not_exist(regions, square):
    with check(cpwl.ArgumentError, ValueError, "ARGUMENT", "output", "3"):
        regions.level_set(3)
    with check(cpwl.NonfiniteError, ValueError, "NONFINITE", "level"):
        regions.level_set(0, np.nan)
    single = cpwl.Network.from_layers([dense(1, 2)]).partition(square)
    with check(cpwl.ArgumentError, ValueError, "ARGUMENT", "one output"):
        single.decision_boundary()
    with pytest.raises(IndexError, match=f"region {regions.n_regions}"):
        regions.cells(regions.n_regions)


def test_files_that_cannot_be_written(regions, tmp_path):
    with check(cpwl.FileError, OSError, "IO", "missing"):
        regions.to_svg(tmp_path / "missing" / "x.svg")


@pytest.mark.parametrize("condition", ["ARGUMENT", "SHAPE", "NONFINITE", ""])
def test_condition_of_an_error(condition):
    assert cpwl.Error(f"[{condition}] text" if condition else "text").condition == condition
