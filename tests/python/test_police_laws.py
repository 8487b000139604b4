"""The law of POLICE at scale: a thousand random networks on every kind of region, a million points in f32."""

import numpy as np
import pytest

import cpwl
from cpwl.layers import Abs, Dense, HardTanh, LeakyReLU, ReLU, ReLU6

N_NETWORKS = 1000
N_POINTS = 64

ACTIVATIONS = [ReLU(), LeakyReLU(0.01), LeakyReLU(-0.5), Abs(), HardTanh(-1.0, 1.0), ReLU6()]


def box(rng, d):
    return cpwl.Cube(rng.normal(size=d), rng.uniform(0, 1, d))


def vertices(rng, d):
    return cpwl.Vertices(rng.normal(size=(int(rng.integers(1, 4 * d)), d)))


def many_vertices(rng, d):
    return cpwl.Vertices(rng.normal(size=(300, d)))


def flat(rng, d):
    return cpwl.Vertices(rng.normal(size=(5, 1)) * rng.normal(size=d) + rng.normal(size=d))


def zonotope(rng, d):
    return cpwl.Zonotope(rng.normal(size=d), rng.normal(size=(d, int(rng.integers(1, 2 * d)))) / 2)


def ellipsoid(rng, d):
    return cpwl.Ellipsoid(rng.normal(size=d), rng.normal(size=(d, d)) / 2)


def corner_simplex(rng, d):
    return cpwl.CornerSimplex(rng.normal(size=d), rng.uniform(0.1, 1.0))


def half_spaces(rng, d):
    a = np.concatenate([np.eye(d), -np.eye(d), rng.normal(size=(3, d))])
    return cpwl.HPolytope(a, np.concatenate([np.ones(2 * d), rng.uniform(0.2, 1, 3)]))


KINDS = {
    "point": lambda rng, d: cpwl.Vertices(rng.normal(size=(1, d))),
    "segment": lambda rng, d: cpwl.Vertices(rng.normal(size=(2, d))),
    "flat": flat,
    "vertices": vertices,
    "many vertices": many_vertices,
    "box": box,
    "zonotope": zonotope,
    "ellipsoid": ellipsoid,
    "l1 ball": lambda rng, d: cpwl.LpBall(rng.normal(size=d), 0.8, p=1),
    "l2 ball": lambda rng, d: cpwl.LpBall(rng.normal(size=d), 0.8, p=2),
    "linf ball": lambda rng, d: cpwl.LpBall(rng.normal(size=d), 0.8, p=np.inf),
    "corner simplex": corner_simplex,
    "probability simplex": lambda rng, d: cpwl.ProbabilitySimplex(d),
    "half-spaces": half_spaces,
    "image": lambda rng, d: box(rng, d + 1).image(rng.normal(size=(d, d + 1)), rng.normal(size=d)),
    "sum": lambda rng, d: vertices(rng, d) + ellipsoid(rng, d),
    "product": lambda rng, d: cpwl.product(box(rng, d - 1), cpwl.Vertices(rng.normal(size=(3, 1)))),
    "hull": lambda rng, d: cpwl.hull(box(rng, d), cpwl.LpBall(rng.normal(size=d), 0.5)),
}


def network(rng, d, dtype=np.float64):
    """A random plain network with one kind of units."""
    units = ACTIVATIONS[rng.integers(len(ACTIVATIONS))]
    layers, n = [], d
    for _ in range(int(rng.integers(1, 4))):
        m = int(rng.integers(2, 17))
        layers += [Dense((rng.normal(size=(m, n)) / np.sqrt(n)).astype(dtype), rng.normal(size=m).astype(dtype)), units]
        n = m
    return cpwl.Network.from_layers([*layers, Dense(rng.normal(size=(2, n)).astype(dtype), np.zeros(2, dtype))])


@pytest.mark.parametrize("kind", KINDS)
def test_a_policed_network_is_its_map_on_the_region_and_provably_so(kind):
    rng = np.random.default_rng(sorted(KINDS).index(kind))
    for _ in range(-(-N_NETWORKS // len(KINDS))):
        d = int(rng.integers(2, 6))
        net, region = network(rng, d), KINDS[kind](rng, d)
        done = cpwl.police(net, region)
        a, c = done.affine()
        x = region.sample(N_POINTS, seed=int(rng.integers(1 << 30)))
        y = done(x)
        assert np.abs(y - (x @ a.T + c)).max() <= 1e-12 * max(1.0, np.abs(y).max())
        assert (done.net.pattern(x) == done.net.pattern(x[:1])).all()
        verdict = done.certify()
        assert verdict, verdict


@pytest.mark.parametrize("kind", ["vertices", "box", "ellipsoid", "zonotope"])
def test_no_unit_of_a_network_in_single_precision_changes_sides(kind):
    """A million samples in all, evaluated in f32 with the default margin."""
    rng = np.random.default_rng(5)
    for _ in range(25):
        d = int(rng.integers(2, 6))
        net, region = network(rng, d, np.float32), KINDS[kind](rng, d)
        done = cpwl.police(net, region)
        x = region.sample(10_000, seed=int(rng.integers(1 << 30))).astype(np.float32)
        codes = done.net.pattern(x)
        assert (codes == codes[0]).all()
        assert (codes[0] == np.concatenate([layer.codes[0] for layer in done.layers])).all()
