"""Effective rank and its family against numpy's decompositions, closed forms and laws."""

import copy
import pickle
import threading

import matplotlib
import numpy as np
import pytest

import cpwl

matplotlib.use("Agg")


@pytest.fixture
def z():
    """Rows of a decaying spectrum about a mean that is not 0."""
    rng = np.random.default_rng(0)
    return rng.standard_normal((300, 40)) / np.arange(1, 41) + 0.3


def entropy(p):
    p = p[p > 0]
    return float(-(p * np.log(p)).sum())


def sigma(z, center=False):
    return np.linalg.svd(np.asarray(z, np.float64) - (np.mean(z, axis=0) if center else 0), compute_uv=False)


@pytest.mark.parametrize("shape", [(300, 40), (40, 300), (64, 64)])
@pytest.mark.parametrize("center", [False, True])
@pytest.mark.parametrize("exact", [False, True])
def test_singular_values_are_those_of_numpy(shape, center, exact):
    z = np.random.default_rng(1).standard_normal(shape) + 2
    s = cpwl.spectrum(z, center=center, exact=exact)
    want = sigma(z, center)
    if center and shape[0] <= shape[1]:
        want[-1] = 0
    tolerance = 1e-14 if exact else 1e-9
    np.testing.assert_allclose(s.singular_values, want, rtol=0, atol=tolerance * want[0])
    assert len(s) == min(shape)
    assert (s.n_rows, s.n_columns, s.centered) == (*shape, center)


def test_measures_are_their_formulas(z):
    s = cpwl.spectrum(z, center=True)
    values = sigma(z, center=True)
    p, lam = values / values.sum(), values**2
    q = lam / lam.sum()
    near = {
        s.effective_rank(center=True): np.exp(entropy(p)),
        s.entropy(center=True, base=2): entropy(p) / np.log(2),
        s.effective_rank("paper", center=True): np.exp(entropy(p + 1e-7)),
        s.effective_rank("stable_pretraining", center=True): np.exp(entropy(p + 1e-5)),
        s.effective_rank("reptrix"): np.exp(entropy(q + 1e-7)),
        s.effective_rank(eps=0.1, eps_mode="before", center=True): np.exp(
            entropy((values + 0.1) / (values + 0.1).sum())
        ),
        s.effective_rank(normalize=True, center=True): entropy(p) / np.log(40),
        s.von_neumann: entropy(q),
        s.renyi(0.5): 2 * np.log((q**0.5).sum()),
        s.renyi(2, "ln_rows"): -np.log((q**2).sum()) / np.log(300),
        s.renyi(np.inf): -np.log(q[0]),
        s.renyi(0): np.log(40),
        s.participation_ratio: lam.sum() ** 2 / (lam**2).sum(),
        s.stable_rank: lam.sum() / lam[0],
        s.nuclear_over_operator: values.sum() / values[0],
        s.nuclear_norm: values.sum(),
        s.frobenius_sq: lam.sum(),
        s.inverse_condition: values[-1] / values[0],
        s.pseudo_condition: values[0] / values[-1],
    }
    assert len(near) == 19
    for got, want in near.items():
        assert got == pytest.approx(want, rel=1e-10)
    np.testing.assert_allclose(s.variance_ratios, q, rtol=1e-9)
    assert s.numerical_rank() == s.numerical_rank("float64") == 40
    assert "300 x 40, centred" in repr(s)


def test_every_way_to_a_rank_gives_the_same(z):
    want = float(np.exp(entropy(sigma(z) / sigma(z).sum() + 1e-7)))
    state, queue = cpwl.Moments(40), cpwl.Queue(300, 40, "float64")
    for part in np.array_split(z, 7):
        state.update(part)
        queue.push(part)
    known = cpwl.Spectrum.from_values(sigma(z)[::-1], z.shape)
    for source in (z, z.tolist(), np.asfortranarray(z), state, queue, known, queue.moments()):
        assert cpwl.rankme(source) == pytest.approx(want, rel=1e-10)
        assert cpwl.effective_rank(source, "paper") == pytest.approx(want, rel=1e-10)
    assert state.rankme() == pytest.approx(want, rel=1e-10) == queue.rankme()
    centred = float(np.exp(entropy(sigma(z, True) ** 2 / (sigma(z, True) ** 2).sum() + 1e-7)))
    for source in (z, state, queue):
        assert cpwl.effective_rank(source, "reptrix") == pytest.approx(centred, rel=1e-10)
    with pytest.raises(cpwl.ArgumentError, match="center"):
        cpwl.effective_rank(known, "reptrix")


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_types_and_strides(z, dtype):
    base = np.zeros((600, 50), dtype)
    base[::2, 5:45] = z
    lent = base[::2, 5:45]
    want = float(np.exp(entropy(sigma(lent) / sigma(lent).sum())))
    assert cpwl.effective_rank(lent) == pytest.approx(want, rel=1e-10)
    assert cpwl.effective_rank(lent.T) == pytest.approx(want, rel=1e-10)
    assert cpwl.effective_rank(lent[::-1, ::-1]) == pytest.approx(want, rel=1e-10)


def test_bits_do_not_depend_on_threads():
    z = np.random.default_rng(2).standard_normal((3000, 300)).astype(np.float32)
    ranks = {cpwl.rankme(z, threads=threads) for threads in (1, 2, 3)}
    assert len(ranks) == 1


@pytest.mark.parametrize("scale", [1e-170, 1e-30, 1, 1e30, 1e170])
def test_ranks_have_no_scale(z, scale):
    assert cpwl.rankme(z * scale) == pytest.approx(cpwl.rankme(z), rel=1e-12)
    q = np.linalg.qr(np.random.default_rng(3).standard_normal((40, 40)))[0]
    assert cpwl.rankme(z[::-1] @ q) == pytest.approx(cpwl.rankme(z), rel=1e-10)


def test_what_has_no_rank():
    with pytest.raises(cpwl.NumericError, match="zero spectrum"):
        cpwl.rankme(np.zeros((4, 3)))
    with pytest.raises(cpwl.NumericError, match="zero spectrum"):
        cpwl.spectrum(np.ones((4, 3)), center=True)
    with pytest.raises(cpwl.NonfiniteError):
        cpwl.rankme([[1.0, np.nan]])
    with pytest.raises(cpwl.ShapeError):
        cpwl.rankme(np.ones(3))
    with pytest.raises(cpwl.ShapeError):
        cpwl.rankme(np.ones((0, 3)))
    with pytest.raises(cpwl.DtypeError):
        cpwl.rankme(np.ones((3, 3), np.int64))
    with pytest.raises(ValueError, match="preset is 'rankme'; expected one of 'roy_vetterli'"):
        cpwl.effective_rank(np.ones((3, 3)), "rankme")
    with pytest.raises(TypeError, match="unit_rows"):
        cpwl.spectrum(cpwl.Moments(2), unit_rows=True)
    assert cpwl.effective_rank(np.ones((1, 5))) == 1 == cpwl.effective_rank(np.ones((5, 1)))


def test_moments_are_those_of_numpy(z):
    state = cpwl.Moments(40)
    state.update(z[:100].astype(np.float32))
    state.update(z[:0])
    state.update(z[100:])
    state.downdate(z[250:])
    all_rows = np.concatenate([z[:100].astype(np.float32), z[100:250]])
    np.testing.assert_allclose(state.mean(), all_rows.mean(axis=0), rtol=0, atol=1e-14)
    np.testing.assert_allclose(state.products(), all_rows.T @ all_rows, rtol=0, atol=1e-11)
    centred = all_rows - all_rows.mean(axis=0)
    np.testing.assert_allclose(state.products(center=True), centred.T @ centred, rtol=0, atol=1e-11)
    assert (state.n_rows, state.n_columns, state.exponent) == (250, 40, 0)
    lam = np.linalg.eigvalsh(centred.T @ centred)
    assert state.participation_ratio(center=True) == pytest.approx(lam.sum() ** 2 / (lam**2).sum(), rel=1e-11)
    before = state.to_bytes()
    with pytest.raises(cpwl.NonfiniteError):
        state.update(np.full((3, 40), np.inf))
    with pytest.raises(cpwl.ShapeError):
        state.update(z[:, :3])
    assert state.to_bytes() == before
    state.clear()
    with pytest.raises(cpwl.ShapeError, match="no rows yet"):
        state.rankme()


def test_states_merge_travel_and_copy(z):
    whole = cpwl.Moments(40)
    whole.update(z)
    parts = []
    for rows in np.array_split(z, 3):
        part = cpwl.Moments(40)
        part.update(rows)
        parts.append(cpwl.Moments.from_bytes(part.to_bytes()))
    total = cpwl.Moments(40)
    for part in reversed(parts):
        total.merge(part)
    assert total.rankme() == pytest.approx(whole.rankme(), rel=1e-12)
    total.subtract(parts[1])
    rest = np.concatenate([np.array_split(z, 3)[i] for i in (0, 2)])
    assert total.rankme() == pytest.approx(cpwl.rankme(rest), rel=1e-11)
    for other in (pickle.loads(pickle.dumps(whole)), copy.copy(whole), copy.deepcopy(whole)):
        assert other.rankme() == pytest.approx(whole.rankme(), rel=1e-14)
        other.clear()
    assert whole.n_rows == 300
    with pytest.raises(cpwl.ArgumentError, match="itself"):
        whole.merge(whole)
    with pytest.raises(cpwl.ArgumentError, match="MALFORMED"):
        cpwl.Moments.from_bytes(whole.to_bytes()[:-1])
    for what in (cpwl.Queue(3, 2), cpwl.Lidar(2)):
        with pytest.raises(TypeError, match="cannot be"):
            copy.copy(what)
        with pytest.raises(TypeError, match="cannot be pickled"):
            pickle.dumps(what)


def test_an_all_reduce_sums_states(z):
    shift = z[0]
    flats = []
    for rows in np.array_split(z.astype(np.float32), 4):
        state = cpwl.Moments(shift=shift)
        state.update(rows)
        flats.append(state.to_flat())
    total = cpwl.Moments.from_flat(sum(flats), shift=shift)
    assert total.n_rows == 300
    assert total.rankme() == pytest.approx(cpwl.rankme(z.astype(np.float32)), rel=1e-12)
    again = pickle.loads(pickle.dumps(total))
    np.testing.assert_array_equal(again.to_flat(), total.to_flat())
    with pytest.raises(cpwl.ArgumentError, match="chose its own shift"):
        cpwl.Moments(40).to_flat()
    with pytest.raises(TypeError):
        cpwl.Moments()
    with pytest.raises(ValueError, match="shift has shape"):
        cpwl.Moments(3, shift=shift)


def test_a_queue_forgets(z):
    queue = cpwl.Queue(64, 40, "float64")
    for start in range(0, 300, 7):
        queue.push(z[start : start + 7])
        stop = min(300, start + 7)
        have = z[max(0, stop - 64) : stop]
        assert len(queue) == len(have)
        assert queue.rankme() == pytest.approx(cpwl.rankme(have), rel=1e-9)
    assert (queue.capacity, queue.n_columns) == (64, 40)
    with pytest.raises(cpwl.DtypeError):
        cpwl.Queue(64, 40).push(z)


def test_threads_may_share_a_state(z):
    state = cpwl.Moments(40)

    def work():
        for part in np.array_split(z, 10):
            state.update(part)
            state.rankme()

    threads = [threading.Thread(target=work) for _ in range(4)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert state.n_rows == 1200
    assert state.effective_rank() == pytest.approx(cpwl.effective_rank(z), rel=1e-11)


def test_estimates_say_how_far_off_they_are():
    rng = np.random.default_rng(4)
    state = cpwl.Moments(200)
    state.update(rng.standard_normal((1000, 200)) / np.arange(1, 201) ** 0.5)
    truth = state.effective_rank()
    inside = 0
    for seed in range(20):
        found = state.approximate_rank(deflation=16, seed=seed)
        assert 0 < found.error < 0.1 * truth
        inside += abs(found.rank - truth) <= found.error
    assert inside >= 17
    assert state.approximate_rank(seed=3) == state.approximate_rank(seed=3)
    with pytest.raises(ValueError, match="probes is 0"):
        state.approximate_rank(probes=0)


def of_lidar(groups, delta, eps):
    """The formula as it stands."""
    means = np.stack([g.mean(axis=0) for g in groups])
    spread = np.concatenate([g - g.mean(axis=0) for g in groups])
    between = (means - means.mean(axis=0)).T @ (means - means.mean(axis=0)) / len(groups)
    within = spread.T @ spread / len(spread) + delta * np.eye(spread.shape[1])
    values, vectors = np.linalg.eigh(within)
    root = vectors @ np.diag(values**-0.5) @ vectors.T
    lam = np.linalg.eigvalsh(root @ between @ root).clip(0)
    return float(np.exp(entropy(lam / lam.sum() + eps)))


def test_lidar_is_its_formula():
    rng = np.random.default_rng(5)
    z = rng.standard_normal((30, 1, 6)) / np.arange(1, 7) + 0.1 * rng.standard_normal((30, 8, 6))
    want = of_lidar(list(z), 1e-3, 1e-6)
    flat = z.reshape(240, 6)
    for got in (
        cpwl.lidar(z, delta=1e-3, eps=1e-6),
        cpwl.lidar(flat, 8, delta=1e-3, eps=1e-6),
        cpwl.lidar(flat, [8] * 30, delta=1e-3, eps=1e-6, threads=1),
        cpwl.lidar(np.ascontiguousarray(z.transpose(2, 1, 0)).T, delta=1e-3, eps=1e-6),
    ):
        assert got.lidar == pytest.approx(want, rel=1e-10)
        assert (np.diff(got.eigenvalues) <= 0).all()
    sizes = [3, 5, 12, 20] + [40] * 5
    ragged = np.split(flat, np.cumsum(sizes)[:-1])
    assert cpwl.lidar(flat, sizes).lidar == pytest.approx(of_lidar(ragged, 1e-4, 1e-8), rel=1e-9)
    for wrong in (None, 7, [240, 1], [240, 0], 0):
        with pytest.raises(cpwl.ShapeError):
            cpwl.lidar(flat, wrong)
    with pytest.raises(cpwl.NumericError):
        cpwl.lidar(z[:1])


def test_measures_of_rows(z):
    unit = z / np.linalg.norm(z, axis=1, keepdims=True)
    random = 300 + 300 * 299 / 40
    want = (np.linalg.norm(unit @ unit.T) ** 2 - random) / (300**2 - random)
    assert cpwl.self_cluster(z) == pytest.approx(want, rel=1e-11)
    leverages = (np.linalg.qr(z)[0] ** 2).sum(axis=1)
    assert cpwl.coherence(z) == pytest.approx(leverages.max() * 300 / 40, rel=1e-9)
    assert cpwl.self_cluster(np.ones((5, 3))) == pytest.approx(1)
    with pytest.raises(cpwl.NumericError, match="row of zeros"):
        cpwl.self_cluster(np.eye(3)[[0, 1, 2, 2]] * [[1], [1], [1], [0]])
    path = np.array([[0, 0], [1, 0], [1, 1], [1, 0.0]])
    assert cpwl.curvature(path) == pytest.approx(np.pi / 4)
    assert cpwl.curvature(path, signed=True) == pytest.approx(3 * np.pi / 4)


def test_the_dimension_of_a_sheet():
    rng = np.random.default_rng(6)
    sheet = rng.random((800, 2)) @ rng.standard_normal((2, 9))
    found = cpwl.two_nn(np.concatenate([sheet, sheet[:1]]))
    assert found.n_used == 799
    assert found.n_dropped == 2
    distances = np.sort(np.linalg.norm(sheet[1:, None] - sheet[1:], axis=2), axis=1)
    mu = distances[:, 2] / distances[:, 1]
    nearest = cpwl.two_nn(sheet[1:])
    assert nearest.likelihood == pytest.approx(799 / np.log(mu).sum(), rel=1e-9)
    assert 1.8 < nearest.dimension < 2.2


def test_gradients_are_differences(z):
    z = z[:12, :5]
    for options in ({}, {"preset": "reptrix"}, {"of": "entropy", "base": 2.0}, {"eps": 0.01, "eps_mode": "before"}):
        found = cpwl.rank_gradient(z, **options)
        moved = np.zeros_like(z)
        for i in np.ndindex(*z.shape):
            step = np.zeros_like(z)
            step[i] = 1e-5
            plus, minus = (cpwl.rank_gradient(z + sign * step, **options).value for sign in (1, -1))
            moved[i] = (plus - minus) / 2e-5
        np.testing.assert_allclose(found.gradient, moved, rtol=0, atol=1e-7 * np.abs(moved).max())
    assert cpwl.rank_gradient(z.astype(np.float32)).gradient.dtype == np.float32
    same = cpwl.rank_gradient(np.eye(6))
    assert same.value == pytest.approx(6)
    assert np.abs(same.gradient).max() < 1e-12


def test_power_laws():
    t = np.arange(1, 601)
    fit = cpwl.alpha_req(7.0 * t**-1.3)
    assert fit.alpha == pytest.approx(1.3)
    assert fit.intercept == pytest.approx(np.log(7))
    assert fit.r2 == pytest.approx(1)
    noisy = t**-0.9 * np.exp(0.1 * np.random.default_rng(7).standard_normal(600))
    slope, intercept = np.polyfit(-np.log(t[4:300]), np.log(noisy[4:300]), 1)
    fit = cpwl.alpha_req(noisy, 5, 300, weighting=None)
    assert (fit.alpha, fit.intercept) == pytest.approx((slope, intercept))
    weighted = np.polyfit(-np.log(t[10:100]), np.log(noisy[10:100]), 1, w=t[10:100] ** -0.5)
    assert cpwl.alpha_req(noisy).alpha == pytest.approx(weighted[0])
    assert cpwl.alpha_robust(7.0 * t**-1.3) == pytest.approx(1.3)
    with pytest.raises(ValueError, match="start is 0"):
        cpwl.alpha_req(noisy, 0, 10)
    with pytest.raises(cpwl.ArgumentError):
        cpwl.alpha_req(noisy[:50])


def test_what_to_expect_of_a_sample_size():
    assert cpwl.sample_size_law(1) == pytest.approx(0.805041, abs=5e-7)
    assert cpwl.expected_rank(4096, 512) == pytest.approx(503.69, abs=0.01)
    draw = cpwl.spectrum(np.random.default_rng(8).standard_normal((4096, 512)).astype(np.float32))
    assert draw.effective_rank() == pytest.approx(draw.expected_rank, rel=1e-3)
    assert cpwl.select_run([0.1, 0.2, 0.3], [10, 20, 19.9], tolerance=0.01) == 1
    assert cpwl.select_run([0.1, 0.2, 0.3], [10, 20, 19.9], tolerance=0.01, prefer="max") == 2


def test_pictures(z, tmp_path):
    from matplotlib import pyplot

    s = cpwl.spectrum(z, center=True)
    ax = s.plot(fit=(3, 100))
    curve, law = ax.get_lines()
    np.testing.assert_array_equal(curve.get_ydata(), s.variance_ratios)
    alpha = s.alpha_req(3, 40).alpha
    slope = np.diff(np.log(law.get_ydata())) / np.diff(np.log(law.get_xdata()))
    assert slope == pytest.approx(-alpha)
    assert f"{alpha:.3g}" in law.get_label()
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")
    assert len(s.plot(fit=None).get_lines()) == 1
    assert len(cpwl.Spectrum.from_values([1, 0], (2, 2)).plot().get_lines()) == 1
    ax = cpwl.ranks_over_training([0, 10, 20], [5.0, 7.0, 8.0], n_rows=4096, n_columns=512)
    assert ax.get_lines()[1].get_ydata()[0] == pytest.approx(503.69, abs=0.01)
    ax.figure.savefig(tmp_path / "ranks.png")
    pyplot.close("all")
