"""Convex sets: support functions against closed forms and linear programs, samples, laws, errors."""

import numpy as np
import pytest
from scipy.optimize import linprog

import cpwl
from cpwl.convex import as_set

D = 4
RNG = np.random.default_rng(0)
CENTER, RADIUS = RNG.normal(size=D), np.array([0.5, 0.0, 2.0, 1.0])
MATRIX, POINTS, RAYS = RNG.normal(size=(D, 3)), RNG.normal(size=(20, D)), RNG.normal(size=(2, D))
FLAT = RNG.normal(size=(40, 2)) @ RNG.normal(size=(2, D)) + 100.0
DIRECTIONS = RNG.normal(size=(50, D))
SIDES = RNG.normal(size=(12, D))
OFFSETS = 0.5 + RNG.random(12)
BALLS = {1: np.inf, 2: 2, np.inf: 1}

# What is made, and its support function in the rows of a, worked out another way.
KINDS = {
    "cube": (cpwl.Cube(CENTER, RADIUS), lambda a: a @ CENTER + np.abs(a) @ RADIUS),
    "point": (cpwl.Cube(CENTER, 0.0), lambda a: a @ CENTER),
    "zonotope": (cpwl.Zonotope(CENTER, MATRIX), lambda a: a @ CENTER + np.abs(a @ MATRIX).sum(axis=1)),
    "ellipsoid": (cpwl.Ellipsoid(CENTER, MATRIX), lambda a: a @ CENTER + np.linalg.norm(a @ MATRIX, axis=1)),
    "corner simplex": (cpwl.CornerSimplex(CENTER, 1.5), lambda a: a @ CENTER + 1.5 * np.maximum(a.max(axis=1), 0)),
    "probability simplex": (cpwl.ProbabilitySimplex(D, 2.0), lambda a: 2 * a.max(axis=1)),
    "vertices": (cpwl.Vertices(POINTS), lambda a: (a @ POINTS.T).max(axis=1)),
    "one vertex": (cpwl.Vertices(POINTS[:1]), lambda a: a @ POINTS[0]),
    "repeated vertices": (cpwl.Vertices(np.tile(POINTS, (3, 1))), lambda a: (a @ POINTS.T).max(axis=1)),
    "flat vertices": (cpwl.Vertices(FLAT), lambda a: (a @ FLAT.T).max(axis=1)),
    "half-spaces": (cpwl.HPolytope(SIDES, OFFSETS), lambda a: programs(a, SIDES, OFFSETS)),
} | {
    f"l{p} ball": (cpwl.LpBall(CENTER, 0.7, p), lambda a, q=q: a @ CENTER + 0.7 * np.linalg.norm(a, q, axis=1))
    for p, q in BALLS.items()
}  # fmt: skip


def programs(a, sides, offsets):
    """The largest a @ x with sides @ x <= offsets, by linear programming; infinite where there is none."""

    def largest(direction):
        found = linprog(-direction, sides, offsets, bounds=(None, None), method="highs")
        assert found.status in (0, 3)
        return -found.fun if found.status == 0 else np.inf

    return np.array([largest(direction) for direction in a])


@pytest.fixture(params=KINDS)
def kind(request):
    return KINDS[request.param]


def same(got, expected, tolerance=1e-9):
    infinite = np.isinf(expected)
    np.testing.assert_array_equal(np.isinf(got), infinite)
    np.testing.assert_allclose(got[~infinite], expected[~infinite], rtol=tolerance, atol=tolerance)


def test_support_functions(kind):
    made, expected = kind
    same(made.support(DIRECTIONS), expected(DIRECTIONS))
    assert made.support(DIRECTIONS[0]) == made.support(DIRECTIONS)[0]
    assert made.support(DIRECTIONS.reshape(5, 10, D)).shape == (5, 10)


def test_samples_lie_in_the_set(kind):
    made, expected = kind
    points = made.sample(500, seed=3)
    assert points.shape == (500, D)
    most = expected(DIRECTIONS)
    assert (points @ DIRECTIONS.T <= most + 1e-9 * (1 + np.abs(most))).all()
    np.testing.assert_array_equal(points[:9], made.sample(9, seed=3))
    if made.rank:
        assert not np.array_equal(points, made.sample(500, seed=4))
        # Not all in a corner: on average a sample comes half-way to where the set ends, and both ways.
        spread = (points @ DIRECTIONS.T).std(axis=0)
        assert (spread > 0.03 * (most + expected(-DIRECTIONS))).all()


def test_laws(kind):
    made, _expected = kind
    other = cpwl.Vertices(RNG.normal(size=(7, D)), RNG.normal(size=(1, D)))
    sigma, tau = made.support(DIRECTIONS), other.support(DIRECTIONS)
    same((made + other).support(DIRECTIONS), sigma + tau)
    same((other + made).support(DIRECTIONS), sigma + tau)
    same(cpwl.hull(made, other).support(DIRECTIONS), np.maximum(sigma, tau))
    matrix, shift = RNG.normal(size=(3, D)), RNG.normal(size=3)
    outer = RNG.normal(size=(20, 3))
    same(made.image(matrix, shift).support(outer), made.support(outer @ matrix) + outer @ shift)
    same(made.image(matrix).support(outer), made.support(outer @ matrix))
    both = np.hstack([DIRECTIONS, DIRECTIONS[::-1]])
    same(cpwl.product(made, other).support(both), sigma + tau[::-1])
    # The centre is a point of the set.
    middle = made.scaled(0.0)
    assert middle.rank == 0
    assert (middle.support(DIRECTIONS) <= sigma + 1e-9).all()
    same(made.scaled(0.3).support(DIRECTIONS), 0.3 * sigma + 0.7 * middle.support(DIRECTIONS))
    same(made.scaled(1.0).support(DIRECTIONS), sigma)


def test_sizes_and_words():
    cube = cpwl.Cube(CENTER, RADIUS)
    assert (cube.dim, cube.rank, cube.bounded) == (D, 3, True)
    np.testing.assert_array_equal(cube.rows, np.vstack([CENTER, np.diag(RADIUS)]))
    assert repr(cube) == "<cpwl.Cube of rank 3 in dimension 4>"
    assert repr(cpwl.ProbabilitySimplex(3) + cpwl.Cube(np.zeros(3), 1)) == "<cpwl.ConvexSet of dimension 3>"
    np.testing.assert_array_equal(cpwl.Zonotope(CENTER, MATRIX).rows, np.vstack([CENTER, MATRIX.T]))
    np.testing.assert_array_equal(cpwl.Vertices(POINTS, RAYS).rows, np.vstack([POINTS, RAYS]))
    np.testing.assert_array_equal((cube + cpwl.Vertices(POINTS)).rows, np.vstack([cube.rows, POINTS]))
    with pytest.raises(ValueError, match="read-only"):
        cube.rows[0, 0] = 1.0
    assert [KINDS[k][0].rank for k in ("point", "zonotope", "ellipsoid", "flat vertices")] == [0, 3, 3, 2]
    # 2^784 corners.
    assert cpwl.Cube(np.zeros(784), 1.0).support(np.ones(784)) == 784


def test_rays():
    wedge = cpwl.Vertices(POINTS, RAYS)
    assert not wedge.bounded
    expected = np.where((DIRECTIONS @ RAYS.T > 0).any(axis=1), np.inf, (DIRECTIONS @ POINTS.T).max(axis=1))
    same(wedge.support(DIRECTIONS), expected)
    points = wedge.sample(300)
    finite = np.isfinite(expected)
    assert (points @ DIRECTIONS[finite].T <= expected[finite] + 1e-12).all()
    same(wedge.scaled(0.5).support(DIRECTIONS[~finite]), expected[~finite])


@pytest.mark.parametrize("d", [2, 3, 5, 9, 30])
def test_half_spaces_against_linear_programs(d):
    """Enumerated and not, bounded and not, with a side that does nothing."""
    rng = np.random.default_rng(d)
    for m in (d + 1, 3 * d):
        sides, inside = rng.normal(size=(m, d)) * 10.0 ** rng.integers(-3, 4, (m, 1)), 10 * rng.normal(size=d)
        lengths = np.linalg.norm(sides, axis=1)
        offsets = sides @ inside + lengths * rng.random(m)
        made = cpwl.HPolytope(np.vstack([sides, sides[:1]]), np.append(offsets, offsets[0] + lengths[0]))
        directions = rng.normal(size=(10, d))
        same(made.support(directions), programs(directions, sides, offsets), 1e-8)
        assert (made.sample(20, m) @ sides.T <= offsets + 1e-8 * lengths * (1 + np.abs(made.rows).max())).all()


def test_half_spaces_with_lines():
    sides = RNG.normal(size=(2, D))
    made = cpwl.HPolytope(sides, [1.0, 1.0])
    assert not made.bounded
    assert made.rank == D
    assert np.isinf(made.support(DIRECTIONS)).all()
    # Along the axes it is exact: a slab.
    slab = cpwl.HPolytope([[2.0, 0.0], [-1.0, 0.0]], [2.0, 3.0])
    np.testing.assert_allclose(slab.support([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0]]), [1.0, 3.0, np.inf], rtol=1e-14)


def test_flat_half_spaces():
    # The probability simplex: an equation and d inequalities.
    d = 5
    sides = np.vstack([np.ones(d), -np.ones(d), -np.eye(d)])
    made = cpwl.HPolytope(sides, np.concatenate([[1.0, -1.0], np.zeros(d)]))
    assert (made.rank, made.bounded) == (d - 1, True)
    a = RNG.normal(size=(30, d))
    same(made.support(a), a.max(axis=1), 1e-12)
    # In more dimensions, by linear programs.
    d = 12
    sides = np.vstack([np.ones(d), -np.ones(d), -np.eye(d)])
    made = cpwl.HPolytope(sides, np.concatenate([[1.0, -1.0], np.zeros(d)]))
    assert (made.rank, len(made.rows)) == (d - 1, d)
    a = RNG.normal(size=(30, d))
    same(made.support(a), a.max(axis=1), 1e-12)


def test_domains_are_sets():
    triangle = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 2.0]])
    axes = RNG.normal(size=(2, D))
    tetrahedron = np.vstack([np.zeros(3), np.eye(3)])
    for domain, points in [
        (cpwl.Polygon(triangle), triangle),
        (cpwl.Simplex(tetrahedron), tetrahedron),
        (cpwl.Polyhedron(tetrahedron), tetrahedron),
        (cpwl.Slice(CENTER, axes, triangle), CENTER + triangle @ axes),
    ]:
        made = as_set(domain)
        a = RNG.normal(size=(20, made.dim))
        same(made.support(a), (a @ points.T).max(axis=1), 1e-12)
    for d in (1, 2, 5):
        box = as_set(cpwl.Box(np.full(d, 0.1), np.full(d, 0.7)))
        assert len(box.rows) == d + 1
        assert box.support(np.eye(d)[0]) >= 0.7
        assert box.support(-np.eye(d)[0]) >= -0.1
    assert as_set(cpwl.Ball([1.0, 2.0], 3.0)).support([1.0, 0.0]) == 4
    assert np.isinf(as_set(cpwl.Space(2)).support([[1.0, 0.0], [0.0, -1.0]])).all()
    same(as_set(cpwl.Polytope(SIDES, OFFSETS)).support(DIRECTIONS), programs(DIRECTIONS, SIDES, OFFSETS))
    cube = cpwl.Cube([0.0, 0.0], 1.0)
    assert as_set(cube) is cube
    assert (cube + cpwl.Box([0, 0], [1, 1])).support([1.0, 1.0]) == 4
    assert (cpwl.Box([0, 0], [1, 1]) + cube).support([1.0, 1.0]) == 4
    with pytest.raises(TypeError, match="int"):
        as_set(3)


@pytest.mark.parametrize(
    ("make", "kind", "condition"),
    [
        (lambda: cpwl.Vertices(np.zeros((0, 2))), cpwl.ArgumentError, "EMPTY_REGION"),
        (lambda: cpwl.Vertices([]), cpwl.ArgumentError, "EMPTY_REGION"),
        (lambda: cpwl.hull(), cpwl.ArgumentError, "EMPTY_REGION"),
        (lambda: cpwl.product(), cpwl.ArgumentError, "EMPTY_REGION"),
        (lambda: cpwl.HPolytope([[1.0], [-1.0]], [0.0, -1.0]), cpwl.ArgumentError, "EMPTY_REGION"),
        (lambda: cpwl.Vertices([[0.0, np.nan]]), cpwl.NonfiniteError, "NONFINITE"),
        (lambda: cpwl.Vertices([[0.0, 1.0]], [[np.inf, 1.0]]), cpwl.NonfiniteError, "NONFINITE"),
        (lambda: cpwl.Cube([0.0, np.inf], 1.0), cpwl.NonfiniteError, "NONFINITE"),
        (lambda: cpwl.LpBall([0.0], np.nan), cpwl.NonfiniteError, "NONFINITE"),
        (lambda: cpwl.Cube([0.0], 1.0).scaled(np.nan), cpwl.NonfiniteError, "NONFINITE"),
        (lambda: cpwl.LpBall([0.0], 1.0).scaled(np.nan), cpwl.NonfiniteError, "NONFINITE"),
        (lambda: cpwl.Vertices([[1e200]]).image([[1e200]]), cpwl.NonfiniteError, "NONFINITE"),
        (lambda: cpwl.Vertices([[1e200]]).support([1e200]), cpwl.NonfiniteError, "NONFINITE"),
        (lambda: cpwl.Cube([0.0, 0.0], [1.0, -1.0]), cpwl.ArgumentError, "BAD_REGION"),
        (lambda: cpwl.LpBall([0.0], -1.0), cpwl.ArgumentError, "BAD_REGION"),
        (lambda: cpwl.CornerSimplex([0.0], -1.0), cpwl.ArgumentError, "BAD_REGION"),
        (lambda: cpwl.ProbabilitySimplex(2, -1.0), cpwl.ArgumentError, "BAD_REGION"),
        (lambda: cpwl.Cube([0.0], 1.0).scaled(-0.1), cpwl.ArgumentError, "BAD_REGION"),
        (lambda: cpwl.LpBall([0.0], 1.0).scaled(1.1), cpwl.ArgumentError, "BAD_REGION"),
        (lambda: cpwl.LpBall([0.0], 1.0, p=3), cpwl.UnsupportedError, "UNSUPPORTED"),
        (lambda: cpwl.Cube([0.0], 1.0) + cpwl.Cube([0.0, 0.0], 1.0), cpwl.ShapeError, "DIM_MISMATCH"),
        (lambda: cpwl.hull(cpwl.Cube([0.0], 1.0), cpwl.Box([0, 0], [1, 1])), cpwl.ShapeError, "DIM_MISMATCH"),
        (lambda: cpwl.Cube([0.0, 0.0], [1.0]), cpwl.ShapeError, "SHAPE"),
        (lambda: cpwl.Zonotope([0.0, 0.0], np.ones((3, 2))), cpwl.ShapeError, "SHAPE"),
        (lambda: cpwl.Cube([0.0], 1.0).support([1.0, 2.0]), cpwl.ShapeError, "SHAPE"),
        (lambda: cpwl.Cube([0.0], 1.0).image([[1.0, 2.0]]), cpwl.ShapeError, "SHAPE"),
        (lambda: cpwl.ProbabilitySimplex(0), cpwl.ShapeError, "SHAPE"),
        (lambda: cpwl.Vertices([["a"]]), cpwl.DtypeError, "DTYPE"),
    ],
)  # fmt: skip
def test_errors(make, kind, condition):
    with pytest.raises(kind) as problem:
        make()
    assert type(problem.value) is kind
    assert problem.value.condition == condition
