"""HSIC and its kin against explicit Gram matrices in numpy, scipy, and laws."""

import math

import numpy as np
import pytest
import scipy.spatial.distance as sd
import scipy.stats

import cpwl
from cpwl import Kernel, Product
from cpwl.hsic import LayerCka


def gram(x, kind, gamma, **p):
    """The Gram matrix of a kernel, by scipy's distances."""
    x = np.asarray(x, dtype=np.float64).reshape(len(x), -1)
    square, absolute = sd.cdist(x, x, "sqeuclidean"), sd.cdist(x, x, "cityblock")
    return {
        "linear": lambda: x @ x.T,
        "rbf": lambda: np.exp(-gamma * square),
        "laplace_l1": lambda: np.exp(-gamma * absolute),
        "exp_l2": lambda: np.exp(-gamma * np.sqrt(square)),
        "poly": lambda: (gamma * x @ x.T + p.get("coef0", 1.0)) ** p.get("degree", 3),
        "rational_quadratic": lambda: (1 + gamma * square / p.get("alpha", 1.0)) ** -p.get("alpha", 1.0),
        "inverse_multiquadric": lambda: (1 + gamma * square) ** -0.5,
        "discrete": lambda: (square == 0).astype(float),
        "distance": lambda: -np.sqrt(square),
    }[kind]()


def biased(k, l):  # noqa: E741
    n = len(k)
    h = np.eye(n) - 1 / n
    return np.trace(k @ h @ l @ h) / n**2


def unbiased(k, l):  # noqa: E741
    """The form of Song et al. 2012."""
    n = len(k)
    k, l = k - np.diag(np.diag(k)), l - np.diag(np.diag(l))  # noqa: E741
    cross = k.sum() * l.sum() / ((n - 1) * (n - 2)) - 2 / (n - 2) * k.sum(0) @ l.sum(0)
    return (np.trace(k @ l) + cross) / (n * (n - 3))


@pytest.fixture
def pair():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(203, 12))
    return x, np.stack([x[:, 0] ** 2, x[:, 1]], axis=1) + 0.5 * rng.normal(size=(203, 2))


@pytest.mark.parametrize(
    "kind", ["linear", "rbf", "laplace_l1", "exp_l2", "poly", "rational_quadratic", "inverse_multiquadric", "distance"]
)
def test_values_are_those_of_explicit_gram_matrices(pair, kind):
    x, y = pair
    gamma = None if kind in ("linear", "distance") else 0.07
    k, l = gram(x, kind, gamma), gram(y, "rbf", 0.3)  # noqa: E741
    kernels = (Kernel(kind, gamma), Kernel("rbf", 0.3))
    e = cpwl.hsic_estimates(x, y, kernel=kernels)
    assert e.biased == pytest.approx(biased(k, l), rel=1e-10)
    assert e.biased_nm1 == pytest.approx(biased(k, l) * (203 / 202) ** 2, rel=1e-10)
    assert e.unbiased == pytest.approx(unbiased(k, l), rel=1e-9)
    assert e.cka == pytest.approx(biased(k, l) / math.sqrt(biased(k, k) * biased(l, l)), rel=1e-10)
    assert cpwl.cka(x, y, kernel=kernels, debiased=True) == pytest.approx(
        unbiased(k, l) / math.sqrt(unbiased(k, k) * unbiased(l, l)), rel=1e-9
    )
    given = cpwl.hsic(k, y, kernel=("precomputed", Kernel("rbf", 0.3)), estimator="unbiased")
    assert given == pytest.approx(unbiased(k, l), rel=1e-9)
    single = cpwl.hsic(x.astype(np.float32), y.astype(np.float32), kernel=kernels)
    assert single == pytest.approx(e.biased, rel=2e-5)


def test_labels_and_products(pair):
    x, _ = pair
    labels = (x[:, 0] > 0).astype(float) + (x[:, 1] > 0)
    k, l = gram(x, "rbf", 0.07), gram(labels, "discrete", None)  # noqa: E741
    assert cpwl.hsic(x, labels, kernel=(Kernel("rbf", 0.07), "discrete")) == pytest.approx(biased(k, l), rel=1e-10)
    product = Product((x[:, :3], Kernel("rbf", 0.2)), (labels, "discrete"))
    k = gram(x[:, :3], "rbf", 0.2) * l
    assert cpwl.hsic(product, x, kernel=Kernel("rbf", 0.07)) == pytest.approx(
        biased(k, gram(x, "rbf", 0.07)), rel=1e-10
    )


def test_bandwidths_and_their_default(pair):
    x, y = pair
    distances = sd.pdist(x)
    assert cpwl.bandwidth(x, "distance") == pytest.approx(np.median(distances), rel=1e-13)
    assert cpwl.bandwidth(x, "nonzero") == pytest.approx(math.sqrt(0.5 * np.median(distances**2)), rel=1e-13)
    half = math.sqrt(np.sort(distances**2)[len(distances) // 2] / 2)
    assert cpwl.bandwidth(x) == pytest.approx(half, rel=1e-13)
    found = cpwl.hsic_estimates(x, y)
    assert found.gamma[0] == pytest.approx(0.5 / half**2, rel=1e-12)
    assert found.biased == cpwl.hsic(x, y, kernel=tuple(Kernel("rbf", g) for g in found.gamma))
    with pytest.raises(cpwl.NumericError) as e:
        cpwl.hsic(np.ones((9, 1)), y[:9])
    assert e.value.condition == "ZERO_MEDIAN"
    many = np.random.default_rng(1).normal(size=5000)
    assert cpwl.bandwidth(many, "distance", seed=3) == pytest.approx(np.median(sd.pdist(many[:, None])), rel=0.03)


def test_distance_covariance_and_dhsic(pair):
    x, y = pair
    u, v = x[:, 0], y[:, 0]
    a, b = (sd.squareform(sd.pdist(t[:, None])) for t in (u, v))
    a, b = (t - t.mean(0) - t.mean(1)[:, None] + t.mean() for t in (a, b))
    for n in (203, 1500):  # tiles, and n log n
        rng = np.random.default_rng(n)
        u = rng.normal(size=n).round(2)
        v = u**2 + rng.normal(size=n).round(1)
        a, b = (sd.squareform(sd.pdist(t[:, None])) for t in (u, v))
        a, b = (t - t.mean(0) - t.mean(1)[:, None] + t.mean() for t in (a, b))
        assert cpwl.hsic(u, v, kernel="distance") == pytest.approx((a * b).mean(), rel=1e-10)
    grams = [gram(t, "rbf", 0.5) for t in (x[:, 0], x[:, 1], y)]
    want = np.prod(grams, axis=0).mean() + np.prod([g.mean() for g in grams])
    want -= 2 * np.prod([g.mean(1) for g in grams], axis=0).mean()
    assert cpwl.dhsic(x[:, 0], x[:, 1], y, kernel=Kernel("rbf", 0.5)) == pytest.approx(want, rel=1e-9)


def test_pairs_of_features(pair):
    f, _ = pair
    gammas = np.linspace(0.2, 0.6, f.shape[1])
    grams = [gram(c, "rbf", g) for c, g in zip(f.T, gammas, strict=True)]
    want = np.array([[biased(a, b) for b in grams] for a in grams])
    assert np.allclose(cpwl.pairwise_hsic(f, gammas=gammas), want, rtol=1e-10, atol=1e-15)
    want_u = np.array([[unbiased(a, b) for b in grams] for a in grams])
    assert np.allclose(cpwl.pairwise_hsic(f, gammas=gammas, estimator="unbiased"), want_u, rtol=1e-9, atol=1e-14)
    roots = np.sqrt(np.diag(want))
    assert np.allclose(cpwl.pairwise_hsic(f, gammas=gammas, estimator="cka"), want / np.outer(roots, roots), rtol=1e-9)
    k = f.shape[1]
    off = ~np.eye(k, dtype=bool)
    assert cpwl.pairwise_mean(f, gammas=gammas) == pytest.approx(want[off].mean(), rel=1e-9)
    constant = f.copy()
    constant[:, 3] = 2.0
    cka = cpwl.pairwise_hsic(constant, gammas=gammas, estimator="cka")
    assert np.isnan(cka[3]).all()
    assert np.isnan(cka[:, 3]).all()
    assert np.isfinite(np.delete(np.delete(cka, 3, 0), 3, 1)).all()
    # Each column by its own median.
    sigma = [cpwl.bandwidth(c) for c in f.T]
    assert np.allclose(cpwl.pairwise_hsic(f), cpwl.pairwise_hsic(f, gammas=[0.5 / s**2 for s in sigma]), rtol=1e-12)


def test_p_of_all_pairs(pair):
    f = np.column_stack([pair[0][:60, :3], pair[0][:60, 0] ** 2])
    p = cpwl.pairwise_test(f, gammas=0.5, permutations=99, seed=3)
    assert (p == p.T).all()
    assert (np.diag(p) == 1).all()
    for a in range(4):
        for b in range(a + 1, 4):
            one = cpwl.hsic_test(f[:, a], f[:, b], kernel=Kernel("rbf", 0.5), permutations=99, seed=3)
            assert p[a, b] == one.p
    assert p[0, 3] == 0.01


def test_gradients_are_central_differences(pair):
    x, y = pair[0][:12, :3], pair[1][:12]
    found = cpwl.hsic_gradient(x, y, kernel=(Kernel("rbf", 0.3), Kernel("laplace_l1", 0.5)), objective="cka_debiased")
    h = 1e-6
    for e in np.ndindex(*x.shape):
        step = np.zeros_like(x)
        step[e] = h
        ends = [
            cpwl.cka(x + s * step, y, kernel=(Kernel("rbf", 0.3), Kernel("laplace_l1", 0.5)), debiased=True)
            for s in (1, -1)
        ]
        assert found.x[e] == pytest.approx((ends[0] - ends[1]) / (2 * h), abs=1e-7)
    with pytest.raises(cpwl.UnsupportedError):
        cpwl.hsic_gradient(gram(x, "rbf", 0.3), y, kernel=("precomputed", "linear"))


def test_tests_of_independence(pair):
    x, y = pair
    rng = np.random.default_rng(5)
    z = rng.normal(size=(203, 2))
    kernel = Kernel("rbf", 0.2)
    for method in ("permutation", "gamma", "gamma_dhsic"):
        assert cpwl.hsic_test(x[:, :2], y, kernel=kernel, method=method, permutations=199).p <= 0.005
        assert cpwl.hsic_test(x[:, :2], z, kernel=kernel, method=method, permutations=199).p > 0.01
    found = cpwl.hsic_test(x[:, :2], y, kernel=kernel, permutations=99, seed=7)
    assert found.p == (1 + (found.permuted >= found.statistic).sum()) / 100
    again = cpwl.hsic_test(x[:, :2], y, kernel=kernel, permutations=99, seed=7, threads=1)
    assert (again.permuted == found.permuted).all()
    orders = np.stack([rng.permutation(203) for _ in range(5)])
    given = cpwl.hsic_test(x[:, :2], y, kernel=kernel, permutations=orders)
    want = [cpwl.hsic(x[:, :2], y[p], kernel=kernel) for p in orders]
    assert np.allclose(given.permuted, want, rtol=1e-11)
    # The tail, far out: p itself underflows, its logarithm does not.
    t = cpwl.hsic_test(x[:, :2], x[:, :2], kernel=kernel, method="gamma")
    assert t.log_p == pytest.approx(scipy.stats.gamma.logsf(t.statistic, t.shape, scale=t.scale), rel=1e-6)
    three = cpwl.dhsic_test(x[:, 0], x[:, 1], x[:, 0] * x[:, 1] + 0.1 * z[:, 0], kernel=Kernel("rbf", 0.5))
    assert three.p <= 0.005


def test_explicit_features(pair):
    x, y = pair[0][:, :2], pair[1]
    kernels = (Kernel("rbf", 0.2), Kernel("rbf", 0.3))
    exact = cpwl.hsic(x, y, kernel=kernels)
    wx, bx = cpwl.random_features(2, 4000, gamma=0.2, seed=1)
    wy, by = cpwl.random_features(2, 4000, gamma=0.3, seed=2)
    found = cpwl.hsic_random_features(x, y, wx, bx, wy, by)
    assert abs(found.estimates.biased - exact) <= 4 * found.error < 0.2 * exact
    for kind in ("laplace_l1", "exp_l2"):
        w, b = cpwl.random_features(2, 40000, kernel=kind, gamma=0.4, seed=3)
        phi = np.sqrt(2 / 40000) * np.cos(x[:30] @ w + b)
        assert np.abs(phi @ phi.T - gram(x[:30], kind, 0.4)).max() < 0.03
    near = cpwl.hsic_nystrom(x, y, np.arange(0, 203, 4), kernel=kernels)
    assert -1e-12 <= exact - near.estimates.biased <= near.error
    assert cpwl.hsic_nystrom(x, y, np.arange(203), kernel=kernels, rcond=1e-14).estimates.biased == pytest.approx(
        exact, rel=1e-6
    )


def test_blocks_and_layers(pair):
    x, y = pair
    kernels = [gram(t, "linear", None) for t in (x, y)]
    blocks = [slice(i, i + 50) for i in range(0, 200, 50)]
    own = [
        [unbiased(a[b, b], c[b, b]) for b in blocks]
        for a, c in ((kernels[0], kernels[1]), kernels[:1] * 2, kernels[1:] * 2)
    ]
    xy, xx, yy = np.mean(own, axis=1)
    found = cpwl.hsic_blocks(x, y, 50, kernel="linear")
    assert found.hsic == pytest.approx(xy, rel=1e-10)
    assert found.cka == pytest.approx(xy / math.sqrt(xx * yy), rel=1e-10)
    assert found.dropped == 3
    assert np.allclose(found.batches, own[0])
    layers = LayerCka(2, 1)
    with pytest.raises(cpwl.ShapeError, match="TOO_FEW"):
        layers.result()
    for b in blocks:
        layers.push([x[b], y[b].reshape(-1, 2, 1)], [y[b]])
    assert layers.batches == 4
    assert np.allclose(layers.result(), [[xy / math.sqrt(xx * yy)], [1.0]])
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    ax = layers.plot(names=(["first", "second"], ["only"]))
    assert [t.get_text() for t in ax.get_yticklabels()] == ["first", "second"]
    assert len(ax.texts) == 2


def test_losses_are_their_formulas():
    rng = np.random.default_rng(3)
    for n, d in ((30, 6), (8, 20)):
        z1, z2 = rng.normal(size=(2, n, d)) * 0.8
        c = np.cov(z1.T)
        off = (c**2).sum() - (np.diag(c) ** 2).sum()
        hinge = np.maximum(0, 1 - np.sqrt(np.diag(c)))
        found = cpwl.vcreg_loss(z1, alpha=2.0, beta=0.5)
        assert found.value == pytest.approx(2 * hinge.sum() + 0.5 * off, rel=1e-10)
        assert cpwl.vcreg_loss(z1, alpha=0.0).value == pytest.approx(off, rel=1e-10)
        assert cpwl.vcreg_loss(z1, per_feature=True).terms["covariance"] == pytest.approx(off / d, rel=1e-10)
        fair, paper = (cpwl.vicreg_loss(z1, z2, variant=v).terms for v in ("fair", "paper"))
        assert paper["variance"] == pytest.approx(2 * fair["variance"])
        assert paper["invariance"] == pytest.approx(d * fair["invariance"])
        assert fair["invariance"] == pytest.approx(((z1 - z2) ** 2).mean())
        standard = [(z - z.mean(0)) / z.std(0) for z in (z1, z2)]
        c = standard[0].T @ standard[1] / n
        want = ((1 - np.diag(c)) ** 2).sum() + 0.005 * ((c**2).sum() - (np.diag(c) ** 2).sum())
        assert cpwl.barlow_loss(z1, z2).value == pytest.approx(want, rel=1e-10)
    z1, z2 = rng.normal(size=(2, 40, 5))

    def white(z):
        z = z - z.mean(0)
        v = np.linalg.solve(np.linalg.cholesky(np.cov(z.T)), z.T).T
        return v / np.linalg.norm(v, axis=1, keepdims=True)

    want = ((white(z1) - white(z2)) ** 2).sum(1).mean()
    assert cpwl.wmse_loss(z1, z2).value == pytest.approx(want, rel=1e-10)


def test_independent_components():
    rng = np.random.default_rng(11)
    t = np.arange(2000)
    s = np.stack([np.sign(np.sin(0.031 * t)), rng.laplace(size=2000), rng.uniform(-1, 1, size=2000)], axis=1)
    x = s @ rng.normal(size=(3, 3))
    found = cpwl.ica(x, restarts=4, steps=300)
    c = np.abs(np.corrcoef(found.sources.T, s.T)[:3, 3:])
    assert c.max(0).min() > 0.97
    assert np.allclose((x - x.mean(0)) @ found.unmixing, found.sources)
    assert found.best == found.objectives.argmin()
    assert isinstance(found.agree, bool)


def test_what_has_no_value_says_so(pair):
    x, y = pair
    bad = x.copy()
    bad[7, 3] = np.inf
    with pytest.raises(cpwl.NonfiniteError, match=r"x\[7, 3\] is inf"):
        cpwl.hsic(bad, y)
    with pytest.raises(cpwl.ShapeError, match="TOO_FEW"):
        cpwl.hsic(x[:3], y[:3], estimator="unbiased")
    with pytest.raises(cpwl.NumericError, match="UNDEFINED"):
        cpwl.cka(x, np.full((203, 1), 0.3))
    with pytest.raises(cpwl.ShapeError):
        cpwl.hsic(x, y[:50])
    with pytest.raises(ValueError, match="expected one of rbf, linear"):
        cpwl.hsic(x, y, kernel="gaussian")
    with pytest.raises(ValueError, match="gamma of the kernel"):
        cpwl.hsic(x, y, kernel=Kernel("rbf", 0.0))
    with pytest.raises(ValueError, match="gamma of the kernel is 0"):
        cpwl.hsic(x, y, kernel=Kernel("laplace_l1"))
    with pytest.raises(cpwl.ShapeError, match="TOO_FEW"):
        cpwl.vicreg_loss(x[:1], x[:1])
    with pytest.raises(ValueError, match="ddof is 2"):
        cpwl.vcreg_loss(x, ddof=2)
