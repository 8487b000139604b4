"""The datum-index loss against numpy."""

import numpy as np
import pytest

import cpwl


def definition(f, w, q, scale=1.0, bias=0.0):
    """Losses and gradients of their mean for targets q (B, N), in f64."""
    f, w = np.asarray(f, float), np.asarray(w, float)
    z = scale * f @ w.T + bias
    top = z.max(1, keepdims=True)
    p = np.exp(z - top)
    lse = np.log(p.sum(1)) + top[:, 0]
    p /= p.sum(1, keepdims=True)
    g = (p - q) / len(f)
    return lse - (q * z).sum(1), scale * g @ w, scale * g.T @ f, g.sum(0)


@pytest.fixture
def batch():
    rng = np.random.default_rng(3)
    return rng.normal(size=(7, 5)), rng.normal(size=(31, 5)), rng.integers(0, 31, 7)


def smoothed(t, eps):
    return (1 - eps) * t + eps / t.shape[1]


def test_losses_and_gradients(batch):
    f, w, y = batch
    bias = np.linspace(-1, 1, 31)
    for eps in (0.0, 0.3, 1.0):
        row, df, dw, db = definition(f, w, smoothed(np.eye(31)[y], eps), 2.5, bias)
        found = cpwl.diet_loss(f, w, y, eps, bias=bias, scale=2.5, gradients=True, entropy=True)
        np.testing.assert_allclose(found.row_loss, row, atol=1e-13)
        np.testing.assert_allclose(found.loss, row.mean(), atol=1e-13)
        np.testing.assert_allclose(found.d_features, df, atol=1e-14)
        np.testing.assert_allclose(found.d_head, dw, atol=1e-14)
        np.testing.assert_allclose(found.d_bias, db, atol=1e-14)
        assert found.excess >= 0
        assert len(found.entropy) == 7
        z = 2.5 * f @ w.T + bias
        assert found.best.tolist() == z.argmax(1).tolist()
        assert found.accuracy == (z.argmax(1) == y).mean()


def test_mixtures_weights_and_ignored_rows(batch):
    f, w, y = batch
    other = np.roll(y, 1)
    share = np.linspace(0.1, 0.9, 7)
    t = share[:, None] * np.eye(31)[y] + (1 - share[:, None]) * np.eye(31)[other]
    row, df, *_ = definition(f, w, smoothed(t, 0.8))
    found = cpwl.diet_loss(f, w, np.stack([y, other], 1), shares=np.stack([share, 1 - share], 1), gradients=True)
    np.testing.assert_allclose(found.row_loss, row, atol=1e-13)
    np.testing.assert_allclose(found.d_features, df, atol=1e-14)
    kept = np.arange(7) % 3 != 0
    ignored = cpwl.diet_loss(f, w, np.where(kept, y, -100), gradients=True)
    only = cpwl.diet_loss(f[kept], w, y[kept], gradients=True)
    assert ignored.n_valid == kept.sum()
    assert (ignored.row_loss[~kept] == 0).all()
    np.testing.assert_allclose(ignored.loss, only.loss, atol=1e-14)
    np.testing.assert_allclose(ignored.d_head, only.d_head, atol=1e-15)
    weighted = cpwl.diet_loss(f, w, y, weights=kept.astype(float))
    np.testing.assert_allclose(weighted.loss, only.loss, atol=1e-14)
    assert np.isnan(cpwl.diet_loss(f, w, y, reduction="none").loss)
    assert np.isnan(cpwl.diet_loss(f, w, np.full(7, -100)).loss)
    assert cpwl.diet_loss(f[:0], w, [], gradients=True).d_head.max() == 0


def test_any_memory_layout_and_dtype(batch):
    f, w, y = batch
    want = cpwl.diet_loss(f, w, y, gradients=True)
    wide = np.zeros((62, 10))
    wide[::2, ::2] = w
    for head in (np.asfortranarray(w), wide[::2, ::2], w[::-1][::-1]):
        found = cpwl.diet_loss(f[:, ::-1][:, ::-1], head, y, gradients=True)
        np.testing.assert_allclose(found.d_head, want.d_head, atol=1e-15)
    half = cpwl.diet_loss(f.astype(np.float16), w.astype(np.float16), y, gradients=True)
    exact = cpwl.diet_loss(f.astype(np.float16).astype(float), w.astype(np.float16).astype(float), y, gradients=True)
    assert half.d_head.dtype == np.float32
    np.testing.assert_allclose(half.d_head, exact.d_head, atol=1e-6)
    out = np.full((31, 5), 7.0, np.float32)
    assert cpwl.diet_loss(f, w, y, d_head=out).d_head is out
    np.testing.assert_allclose(out, want.d_head, atol=1e-7)


def test_bits_do_not_depend_on_threads():
    rng = np.random.default_rng(0)
    f, w = rng.normal(size=(100, 40)).astype(np.float32), rng.normal(size=(3001, 40)).astype(np.float32)
    y = rng.integers(0, 3001, 100)
    one, three = (cpwl.diet_loss(f, w, y, gradients=True, threads=n) for n in (1, 3))
    assert one.loss == three.loss
    assert (one.d_features == three.d_features).all()
    assert (one.d_head == three.d_head).all()
    kept = cpwl.diet_loss(f, w, y, gradients=True, workspace=1 << 30)
    assert (one.d_head == kept.d_head).all()


def test_no_scores_in_memory():
    f, w = np.ones((64, 8), np.float32), np.zeros((200_000, 8), np.float32)
    # The scores alone would be 51 MB.
    found = cpwl.diet_loss(f, w, np.arange(64), gradients=True, memory_limit=4 << 20, threads=2)
    assert abs(found.loss - np.log(200_000)) < 1e-5
    with pytest.raises(cpwl.LimitError):
        cpwl.diet_loss(f, w, np.arange(64), memory_limit=1000)


def test_heads_learn_their_data():
    rng = np.random.default_rng(1)
    f = rng.normal(size=(40, 16)).astype(np.float32)
    for settings in ({"lr": 0.03}, {"optimizer": "sgd", "lr": 5.0}, {"optimizer": "lars", "lr": 20.0, "trust": 0.01}):
        head = cpwl.DietHead(40, 16, weight_decay=0.0, **settings)
        before = head.loss(f, np.arange(40))
        for _ in range(300):
            head.step(f, np.arange(40))
        after = head.loss(f, np.arange(40))
        assert after.accuracy > 0.9 > before.accuracy, settings
        assert after.excess < 0.5 * before.excess, settings
        assert head.steps == 300


def test_clipping_is_that_of_the_whole_gradient(batch):
    f, w, y = batch
    want = cpwl.diet_loss(f, w, y, gradients=True)
    norm = np.linalg.norm(want.d_head)
    head = cpwl.DietHead(31, 5, optimizer="sgd", lr=1.0, momentum=0.0, weight_decay=0.0, clip=norm / 4, dtype="float64")
    head.weight = w.copy()
    found = head.step(f, y)
    np.testing.assert_allclose(w - head.weight, want.d_head / 4, atol=1e-15)
    np.testing.assert_allclose(found.d_features, want.d_features, atol=1e-15)


def test_recipes_and_near_duplicates():
    head = cpwl.DietHead.recipe("diet", 3000, 8, batch=512)
    assert (head.lr, head.smoothing, head.norm) == (2e-3, 0.8, None)
    assert cpwl.DietHead.recipe("diet-cp", 3, 2, lr=0.5).lr == 0.5
    head.weight[2500], head.weight[40] = 3 * head.weight[7], head.weight[7]
    unit = head.weight / np.linalg.norm(head.weight, axis=1, keepdims=True)
    want = np.argwhere(np.triu(unit @ unit.T > 0.999, 1))
    found = head.near_duplicates(0.999)
    assert {(7, 40), (7, 2500), (40, 2500)} <= set(map(tuple, found.tolist()))
    assert sorted(found.tolist()) == want.tolist()
    with pytest.raises(ValueError, match="name"):
        cpwl.DietHead.recipe("dino", 3, 2)


def test_latents_up_to_a_linear_map():
    rng = np.random.default_rng(0)
    z, noise = rng.normal(size=(500, 3)), rng.normal(size=(500, 3))
    assert cpwl.latent_r2(z @ rng.normal(size=(3, 9)) + 4, z) == pytest.approx(1)
    # As much noise as latents: half of the variance.
    assert cpwl.latent_r2(z + noise, z) == pytest.approx(0.5, abs=0.08)
    with pytest.raises(ValueError, match="shapes"):
        cpwl.latent_r2(z, z[:9])


def test_refusals(batch):
    f, w, y = batch
    with pytest.raises(cpwl.ArgumentError, match="row 2"):
        cpwl.diet_loss(f, w, np.where(np.arange(7) == 2, 31, y))
    for change in ({"smoothing": 1.5}, {"smoothing": float("nan")}, {"scale": float("inf")}):
        with pytest.raises(cpwl.ArgumentError):
            cpwl.diet_loss(f, w, y, **change)
    for change in ({"norm": "rows"}, {"reduction": "max"}):
        with pytest.raises(ValueError, match="expected"):
            cpwl.diet_loss(f, w, y, **change)
    with pytest.raises(cpwl.ShapeError):
        cpwl.diet_loss(f, w[:, :4], y)
    with pytest.raises(cpwl.DtypeError):
        cpwl.diet_loss(f.astype(int), w, y)
    with pytest.raises(ValueError, match="optimizer"):
        cpwl.DietHead(3, 2, optimizer="adam")
