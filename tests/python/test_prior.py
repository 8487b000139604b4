"""Prototype losses, Sinkhorn and priors against numpy."""

import numpy as np
import pytest

import cpwl


def unit(x):
    return x / np.linalg.norm(x, axis=1, keepdims=True)


def log_softmax(z):
    z = z - z.max(1, keepdims=True)
    return z - np.log(np.exp(z).sum(1, keepdims=True))


def iterate(scores, a, b, n):
    """Sinkhorn by plain matrices: columns, then rows."""
    q = np.exp(scores)
    for _ in range(n):
        q *= b / q.sum(0)
        q *= (a / q.sum(1))[:, None]
    return q


@pytest.fixture
def views():
    rng = np.random.default_rng(5)
    return rng.normal(size=(18, 4)), rng.normal(size=(6, 4)), rng.normal(size=(9, 4))


def test_the_loss_is_the_sum_of_its_terms(views):
    anchors, targets, protos = views
    prior = cpwl.power_law_prior(9, 0.7)
    logs = log_softmax(unit(anchors) @ unit(protos).T / 0.1)
    sharp = log_softmax(unit(targets) @ unit(protos).T / 0.025)
    t = 6 * iterate(sharp, np.full(6, 1 / 6), np.full(9, 1 / 9), 3)
    mean = np.exp(logs).mean(0)
    found = cpwl.prior_matching_loss(*views, prior, entropy_weight=0.2, weight=2.0)
    np.testing.assert_allclose(found.targets, t, atol=1e-13)
    np.testing.assert_allclose(found.cross_entropy, -(np.tile(t, (3, 1)) * logs).sum(1).mean(), atol=1e-13)
    np.testing.assert_allclose(found.divergence, (mean * np.log(mean / prior)).sum(), atol=1e-13)
    np.testing.assert_allclose(found.entropy, -(np.exp(logs) * logs).sum(1).mean(), atol=1e-13)
    total = found.cross_entropy + 2 * found.divergence + 0.2 * found.entropy
    np.testing.assert_allclose(found.loss, total, atol=1e-14)
    other = cpwl.prior_matching_loss(*views, prior, direction="prior_to_mean")
    np.testing.assert_allclose(other.divergence, (prior * np.log(prior / mean)).sum(), atol=1e-13)


def test_gradients_are_those_of_differences(views):
    anchors, targets, protos = views
    settings = {"prior": cpwl.power_law_prior(9), "entropy_weight": 0.3, "sinkhorn": 0}
    found = cpwl.prior_matching_loss(anchors, targets, protos, gradients=True, **settings)
    for i, j in ((0, 0), (7, 2), (17, 3)):
        moved = [anchors.copy(), anchors.copy()]
        moved[0][i, j] += 1e-5
        moved[1][i, j] -= 1e-5
        up, down = (cpwl.prior_matching_loss(x, targets, protos, **settings).loss for x in moved)
        np.testing.assert_allclose(found.d_anchors[i, j], (up - down) / 2e-5, atol=1e-7)


def test_means_of_several_processes(views):
    anchors, targets, protos = views
    whole = cpwl.prior_matching_loss(*views, gradients=True)
    states = [cpwl.cluster_mean(part, protos) for part in np.split(anchors, 3)]
    log_mean = cpwl.cluster_log_mean(states)
    np.testing.assert_allclose(log_mean, whole.log_mean, atol=1e-13)
    parts = [
        cpwl.prior_matching_loss(part, targets, protos, log_mean=log_mean, gradients=True)
        for part in np.split(anchors, 3)
    ]
    np.testing.assert_allclose(np.mean([p.loss for p in parts]), whole.loss, atol=1e-13)
    np.testing.assert_allclose(np.concatenate([p.d_anchors / 3 for p in parts]), whole.d_anchors, atol=1e-13)
    np.testing.assert_allclose(np.mean([p.d_prototypes for p in parts], 0), whole.d_prototypes, atol=1e-13)


def test_no_temperature_makes_a_nan():
    rng = np.random.default_rng(0)
    protos = rng.normal(size=(1024, 8)).astype(np.float32)
    same = np.repeat(protos[:1], 16, 0)
    for tau, sharp in ((0.02, 0.25), (1e-3, 0.01), (1e-6, 1e-3)):
        found = cpwl.prior_matching_loss(same, same, protos, temperature=tau, sharpening=sharp, gradients=True)
        for x in (found.loss, found.d_anchors, found.d_prototypes, found.targets):
            assert np.isfinite(x).all(), (tau, sharp)
        np.testing.assert_allclose(found.targets.sum(1), 1, atol=1e-5)


def test_plans(views):
    rng = np.random.default_rng(2)
    scores = rng.normal(size=(3, 5, 8))
    a, b = rng.dirichlet(np.ones(5)), rng.dirichlet(np.ones(8))
    found = cpwl.sinkhorn(scores, a, b, iterations=7)
    for z, plan in zip(scores, found.plan, strict=True):
        np.testing.assert_allclose(plan, iterate(z, a, b, 7), atol=1e-14)
    done = cpwl.sinkhorn(scores[0], a, b, iterations=1000, tolerance=1e-13)
    assert done.iterations < 1000
    assert done.column_error <= 1e-13
    np.testing.assert_allclose(done.plan.sum(0), b, atol=1e-12)
    sharp = cpwl.sinkhorn(scores[0], a, b, iterations=50, reg=1e-3)
    assert np.isfinite(sharp.plan).all()
    assert sharp.row_error < 1e-13
    b[3] = 0
    b /= b.sum()
    assert (cpwl.sinkhorn(scores[0], a, b).plan[:, 3] == 0).all()
    assert cpwl.sinkhorn(scores[0].astype(np.float32)).plan.dtype == np.float32


def test_families():
    i = np.arange(1, 13)
    np.testing.assert_allclose(cpwl.power_law_prior(12, 2), i**-2.0 / (i**-2.0).sum(), rtol=1e-14)
    np.testing.assert_allclose(cpwl.cluster_prior("counts", 12, counts=i, alpha=1.0), (i + 1) / (i + 1).sum())
    np.testing.assert_allclose(cpwl.cluster_prior("uniform", 12), np.full(12, 1 / 12))
    assert cpwl.cluster_prior("step", 12, head=3, ratio=5.0)[0] == pytest.approx(5 / 24)
    assert cpwl.cluster_prior("dirichlet", 12, alpha=0.5, seed=1).sum() == pytest.approx(1)
    with pytest.raises(ValueError, match="kind"):
        cpwl.cluster_prior("zipf", 12)


def test_fits_tell_a_power_law_from_chance():
    rng = np.random.default_rng(0)
    drawn = rng.choice(40, 8000, p=cpwl.power_law_prior(40, 0.6))
    fit = cpwl.fit_prior(drawn, 40, null=400, bootstrap=400)
    low, high = fit.exponent_interval
    assert low < 0.6 < high
    assert fit.null_p < 0.01
    assert fit.g_p < 1e-10
    assert abs(fit.entropy - -(fit.shares * np.log(fit.shares)).sum()) < 1e-12
    chance = cpwl.fit_prior(rng.multinomial(2000, np.full(40, 1 / 40)), null=400)
    assert chance.exponent > 0
    assert chance.null_p > 0.01
    again = cpwl.fit_prior(drawn, 40, null=400, bootstrap=400, threads=1)
    assert again.null_mean == fit.null_mean
    assert again.exponent_interval == fit.exponent_interval


def test_a_fit_is_plotted():
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    ax = cpwl.fit_prior([50, 20, 9, 0], null=50).plot()
    assert "effective of 4 clusters" in ax.get_title()
    assert len(ax.lines) == 3
    matplotlib.pyplot.close(ax.figure)


def test_refusals(views):
    for change in ({"temperature": 0.0}, {"sharpening": -1.0}, {"weight": -1.0}, {"prior": np.full(9, 0.2)}):
        with pytest.raises(cpwl.ArgumentError):
            cpwl.prior_matching_loss(*views, **change)
    with pytest.raises(ValueError, match="direction"):
        cpwl.prior_matching_loss(*views, direction="both")
    with pytest.raises(cpwl.NonfiniteError):
        cpwl.prior_matching_loss(np.full((6, 4), np.nan), *views[1:])
    with pytest.raises(cpwl.ArgumentError, match="rows"):
        cpwl.sinkhorn(np.zeros((2, 2)), [1.0, 0.0])
    with pytest.raises(cpwl.ArgumentError):
        cpwl.fit_prior([0, 0, 0])
    with pytest.raises(ValueError, match="assignments"):
        cpwl.fit_prior([0, 5], 3)
