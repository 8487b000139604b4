"""Forward pass, patterns and affine maps against torch, onnxruntime and numpy."""

import numpy as np
import pytest

import cpwl
import reference as ref
from cpwl import layers as L

RNG = np.random.default_rng(11)


def close(a, b, tolerance):
    assert a.shape == b.shape
    assert np.abs(a - b).max() <= tolerance * max(1.0, np.abs(b).max())


def test_forward_agrees_with_torch_in_float64(trained):
    path, expected = trained
    net = cpwl.Network.from_onnx(path)
    close(net(expected["x"].astype(np.float64)), expected["y_torch_f64"], 1e-12)


def test_forward_agrees_with_onnxruntime_in_float32(trained):
    path, expected = trained
    y = cpwl.Network.from_onnx(path)(expected["x"])
    assert y.dtype == np.float32
    close(y, expected["y_onnxruntime_f32"], 1e-5)


def test_pattern_agrees_with_torch(trained):
    path, expected = trained
    net = cpwl.Network.from_onnx(path)
    assert net.n_units == expected["pattern"].shape[1]
    np.testing.assert_array_equal(net.pattern(expected["x"].astype(np.float64)), expected["pattern"])


def test_affine_map_agrees_with_autograd(trained):
    path, expected = trained
    a, b = cpwl.Network.from_onnx(path).affine_at(expected["x"].astype(np.float64))
    close(a, expected["affine_a"], 1e-12)
    close(b, expected["affine_b"], 1e-12)


def test_onnx_bytes_are_the_file(trained):
    path, expected = trained
    x = expected["x"].astype(np.float64)
    from_bytes = cpwl.Network.from_onnx(path.read_bytes())
    np.testing.assert_array_equal(from_bytes(x), cpwl.Network.from_onnx(path)(x))


def test_the_same_network_layer_by_layer(data):
    with np.load(data / "nets" / "digits_conv.expected.npz") as z:
        w = {key.removeprefix("weights/"): z[key] for key in z.files}
    norms = [
        L.BatchNorm(*(w[f"{i}.{k}"] for k in ("running_mean", "running_var", "weight", "bias")), eps=2.0**-16)
        for i in (1, 5)
    ]
    chain = [L.Conv2d(w["0.weight"], padding=1), norms[0], L.ReLU(), L.MaxPool2d(2),
             L.Conv2d(w["4.weight"], w["4.bias"], padding=1), norms[1], L.ReLU(), L.MaxPool2d(2),
             L.Flatten(), L.Dense(w["9.weight"], w["9.bias"])]  # fmt: skip
    net = cpwl.Network.from_layers(chain, (1, 8, 8))
    assert net.input_shape == (1, 8, 8)
    assert net.output_shape == (10,)
    assert [node.shape for node in net.nodes if node.op == "max_pool2d"] == [(6, 4, 4), (8, 2, 2)]
    close(net(w["x"].astype(np.float64)), w["y_torch_f64"], 1e-12)


IMAGES = 4 * RNG.normal(size=(5, 4, 7, 6))


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        (L.ReLU(), np.maximum(IMAGES, 0)),
        (L.LeakyReLU(0.25), np.where(IMAGES > 0, IMAGES, IMAGES / 4)),
        (L.LeakyReLU(0), np.maximum(IMAGES, 0)),
        (L.Abs(), np.abs(IMAGES)),
        (L.ReLU6(), np.clip(IMAGES, 0, 6)),
        (L.HardTanh(), np.clip(IMAGES, -1, 1)),
        (L.HardTanh(-0.5, 0.75), np.clip(IMAGES, -0.5, 0.75)),
        (L.Clip(hi=0.5), np.minimum(IMAGES, 0.5)),
        (L.HardSigmoid(), np.clip(IMAGES / 6 + 0.5, 0, 1)),
        (L.HardSigmoid(0.5, 0.0), np.clip(IMAGES / 2, 0, 1)),
        (L.PReLU([0.1, 0.2, 0.3, 0.4]),
         np.where(IMAGES > 0, IMAGES, IMAGES * np.array([0.1, 0.2, 0.3, 0.4])[:, None, None])),
        (L.PWL([-1, 0.5], [0, 2, -1], 0.25),
         np.where(IMAGES <= -1, 0.25, np.where(IMAGES <= 0.5, 0.25 + 2 * (IMAGES + 1), 3.25 - (IMAGES - 0.5)))),
        (L.Maxout(2), IMAGES.reshape(5, 2, 2, 7, 6).max(axis=2)),
        (L.MaxPool2d(2), ref.windows(IMAGES, 2, 2, 0, 0.0).max(axis=-1)),
        (L.MaxPool2d(3, 2, 1), ref.windows(IMAGES, 3, 2, 1, -np.inf).max(axis=-1)),
        (L.AvgPool2d(2), ref.windows(IMAGES, 2, 2, 0, 0.0).mean(axis=-1)),
        (L.AvgPool2d(3, 1, 1), ref.windows(IMAGES, 3, 1, 1, 0.0).mean(axis=-1)),
        (L.AvgPool2d(3, 1, 1, count_padding=False), np.nanmean(ref.windows(IMAGES, 3, 1, 1, np.nan), axis=-1)),
        (L.GlobalAvgPool(), IMAGES.mean(axis=(2, 3), keepdims=True)),
        (L.ScaleShift([2, -1, 0.5, 3], [1]), IMAGES * np.array([2, -1, 0.5, 3])[:, None, None] + 1),
        (L.BatchNorm([1, 2, 3, 4], [1, 4, 9, 16], [1, 1, 2, 2], [0, 1, 0, 1], eps=0.0),
         (IMAGES - np.arange(1, 5)[:, None, None]) / np.arange(1, 5)[:, None, None]
         * np.array([1, 1, 2, 2])[:, None, None] + np.array([0, 1, 0, 1])[:, None, None]),
        (L.Flatten(), IMAGES.reshape(5, -1)),
        (L.Reshape([7, -1, 4]), IMAGES.reshape(5, 7, 6, 4)),
    ],
    ids=lambda v: type(v).__name__ if isinstance(v, L.Layer) else "",
)  # fmt: skip
def test_layer_agrees_with_numpy(layer, expected):
    net = cpwl.Network.from_layers([layer], IMAGES.shape[1:])
    assert net.output_shape == expected.shape[1:]
    close(net(IMAGES), expected, 1e-14)


@pytest.mark.parametrize(
    ("stride", "padding", "dilation", "groups"),
    [((1, 1), (0, 0, 0, 0), (1, 1), 1), ((2, 1), (1, 0, 2, 1), (1, 2), 1), ((1, 3), (1, 1, 1, 1), (2, 1), 2)],
)
def test_convolution_agrees_with_numpy(stride, padding, dilation, groups):
    weight, bias = RNG.normal(size=(6, 4 // groups, 3, 2)), RNG.normal(size=6)
    layer = L.Conv2d(weight, bias, stride, padding, dilation, groups)
    net = cpwl.Network.from_layers([layer], IMAGES.shape[1:])
    close(net(IMAGES), ref.conv2d(IMAGES, weight, bias, stride, padding, dilation, groups), 1e-13)


def test_residual_and_concatenation():
    w, v = RNG.normal(size=(2, 3, 3))
    chain = [L.Dense(w, name="a"), L.ReLU(), L.Dense(v), L.Add("a"), L.Abs(), L.Concat("a", "input")]
    x = RNG.normal(size=(9, 3))
    a = x @ w.T
    expected = np.concatenate([np.abs(np.maximum(a, 0) @ v.T + a), a, x], axis=1)
    close(cpwl.Network.from_layers(chain)(x), expected, 1e-14)


def test_a_layer_may_read_a_labelled_value():
    w, v = RNG.normal(size=(2, 3, 3))
    chain = [L.Dense(w, name="left"), L.Dense(v, after="input"), L.ReLU(), L.Add("left")]
    x = RNG.normal(size=(4, 3))
    close(cpwl.Network.from_layers(chain)(x), np.maximum(x @ v.T, 0) + x @ w.T, 1e-14)


def test_random_networks_agree_with_numpy(build):
    for seed, sizes in enumerate([(2, 5, 1), (3, 20, 20, 4), (7, 33, 65, 17, 2), (1, 1, 1)]):
        weights = ref.random_mlp(sizes, seed)
        net = build(weights, slope=0.125)
        x = RNG.normal(size=(50, sizes[0]))
        y, codes = ref.mlp(weights, x, 0.125)
        close(net(x), y, 1e-13)
        np.testing.assert_array_equal(net.pattern(x), codes)
        a, b = net.affine_at(x)
        close(np.einsum("bij,bj->bi", a, x) + b, y, 1e-13)


def test_a_unit_at_its_knot_is_off():
    net = cpwl.Network.from_layers([L.Dense([[1.0], [-1.0]]), L.ReLU()])
    assert net.pattern([[0.0], [1.0], [-1.0]]).tolist() == [[0, 0], [1, 0], [0, 1]]
    hat = cpwl.Network.from_layers([L.PWL([0.0, 1.0, 2.0], [0.0, 1.0, -1.0, 0.0])], 1)
    assert hat.pattern([[-1.0], [0.0], [0.5], [1.0], [2.0], [2.5]]).ravel().tolist() == [0, 0, 1, 1, 2, 3]


def test_ties_of_a_max_unit_go_to_the_lowest_index():
    net = cpwl.Network.from_layers([L.Maxout(3)], 3)
    assert net.pattern([[1.0, 1.0, 1.0], [0.0, 1.0, 1.0], [0.0, 1.0, 2.0]]).ravel().tolist() == [0, 1, 2]


def test_one_sample_has_no_batch_axis(small):
    weights, net = small
    x = np.array([0.25, -0.5])
    y, codes = ref.mlp(weights, x[None])
    close(net(x), y[0], 1e-14)
    assert net.pattern(x).tolist() == codes[0].tolist()
    a, b = net.affine_at(x)
    assert a.shape == (3, 2)
    close(a @ x + b, y[0], 1e-13)


def test_an_empty_batch_is_fine(small):
    assert small[1](np.empty((0, 2))).shape == (0, 3)


def test_images_may_come_flat(data):
    net = cpwl.Network.from_onnx(data / "nets" / "digits_conv.onnx")
    x = np.random.default_rng(0).random((3, 1, 8, 8))
    np.testing.assert_array_equal(net(x), net(x.reshape(3, 64)))


def test_threads_and_instruction_sets_agree(trained):
    path, expected = trained
    net = cpwl.Network.from_onnx(path)
    x = np.tile(expected["x"].astype(np.float64), (40,) + (1,) * (expected["x"].ndim - 1))
    one = net(x, context=cpwl.Context(threads=1))
    np.testing.assert_array_equal(one, net(x, context=cpwl.Context(threads=8)))
    for options in ({"isa": "portable"}, {"reference": True}):
        close(net(x, context=cpwl.Context(**options)), one, 1e-13)


def test_description(data):
    net = cpwl.Network.from_onnx(data / "nets" / "digits_mlp.onnx")
    assert repr(net) == "<cpwl.Network 64 -> 10: 8970 parameters, 128 units in 2 layers>"
    assert net.n_parameters == 64 * 64 + 64 + 64 * 64 + 64 + 64 * 10 + 10
    units = [(node.first_unit, node.n_units) for node in net.nodes if node.n_units]
    assert units == [(0, 64), (64, 64)]
