"""What speaks for a partition."""

import numpy as np

import cpwl
from cpwl import layers as L


def test_a_generic_network_needs_floating_point_alone(regions):
    c = regions.certificate
    assert c.euler == 1
    assert abs(c.area - c.domain_area) <= 1e-12 * c.domain_area
    assert c.filter_signs > 0
    assert c.exact_signs == c.zero_signs == c.double_signs == 0
    assert 0 < c.sign_margin <= 2**-33
    assert c.approximations == ()


def test_lines_through_corners_are_zeros(square):
    diagonals = [L.Dense([[1.0, 1.0], [1.0, -1.0]]), L.ReLU()]
    c = cpwl.Network.from_layers(diagonals).partition(square).certificate
    # Each diagonal passes through two corners of the square.
    assert c.exact_signs >= c.zero_signs >= 4


def test_near_ties_are_settled_in_double_double(square):
    # The second line passes the corner (-1, -1) at a distance of 2^-60, far below the rounding of f64 sums.
    tiny = 2.0**-60
    net = cpwl.Network.from_layers([L.Dense([[1.0, 1.0]], [2.0 - 2.0**-52]), L.ReLU()])
    near = cpwl.Network.from_layers([L.Dense([[1.0, 1.0], [1.0, tiny]], [2.0 - 2.0**-52, 1.0]), L.ReLU()])
    assert net.partition(square).n_regions == 2
    c = near.partition(square).certificate
    assert c.double_signs > 0
    assert 0 < c.sign_margin < 2**-50
    assert near.partition(square).n_regions == near.partition(square, reference=True).n_regions


def test_replaced_activations_are_told(square):
    rng = np.random.default_rng(0)
    net = cpwl.Network.from_layers(
        [L.Dense(rng.normal(size=(4, 2))), L.GELU(knots=8), L.Dense(rng.normal(size=(1, 4)))]
    )
    p = net.partition(square)
    (only,) = p.certificate.approximations
    assert only.knots == 8
    assert 0 < only.bound < 0.1
    assert "1 smooth layer" in repr(p)
