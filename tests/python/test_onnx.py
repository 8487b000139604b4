"""Networks written as ONNX files: what onnx, onnxruntime and the reference evaluator of onnx make of them."""

import numpy as np
import pytest

import cpwl
from cpwl import layers as L

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")


def run(file, x):
    """What onnxruntime computes; in float64 the reference evaluator of onnx where onnxruntime lacks an operator."""
    onnx.checker.check_model(onnx.load_from_string(file), full_check=True)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    if x.dtype == np.float64:  # its fusion of a ReLU with a Clip fails on doubles
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    try:
        session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
    except onnxruntime.capi.onnxruntime_pybind11_state.NotImplemented:
        if x.dtype == np.float32:
            raise
        from onnx.reference import ReferenceEvaluator

        session = ReferenceEvaluator(onnx.load_from_string(file))
        return session.run(None, {session.input_names[0]: x})[0]
    return session.run(None, {session.get_inputs()[0].name: x})[0]


def agrees(net, batch=5, seed=0):
    x = np.random.default_rng(seed).normal(size=(batch, *net.input_shape))
    y = net(x)
    scale = max(1.0, np.abs(y).max(initial=0.0))
    for dtype, tolerance in [(np.float32, 2e-5), (np.float64, 1e-12)]:
        theirs = run(net.to_onnx(dtype=dtype), x.astype(dtype))
        assert theirs.dtype == dtype
        assert theirs.shape == (batch, *net.output_shape)
        np.testing.assert_allclose(theirs, y, rtol=0, atol=tolerance * scale)


RNG = np.random.default_rng(5)
STEPS = {"knots": [-0.5, 0.25, 0.5], "slopes": [0.5, -1.0, 0.0, 2.0], "value": 0.125}
W = RNG.normal(size=(4, 3, 2, 3))

LAYERS = {
    "dense": L.Dense(RNG.normal(size=(4, 60)), RNG.normal(size=4)),
    "dense_without_bias": L.Dense(RNG.normal(size=(4, 60))),
    "conv": L.Conv2d(W, RNG.normal(size=4), stride=(2, 1), padding=(1, 2), dilation=(1, 2)),
    "conv_without_bias": L.Conv2d(W),
    "conv_groups": L.Conv2d(RNG.normal(size=(6, 1, 2, 2)), groups=3),
    "relu": L.ReLU(),
    "leaky": L.LeakyReLU(0.1),
    "abs": L.Abs(),
    "relu6": L.ReLU6(),
    "hard_tanh": L.HardTanh(-0.5, 0.75),
    "clip_above": L.Clip(hi=0.5),
    "clip_below": L.Clip(lo=-0.5),
    "no_clip": L.Clip(),
    "hard_sigmoid": L.HardSigmoid(),
    "hard_swish": L.HardSwish(),
    "prelu": L.PReLU([0.1, -2.0, 0.0]),
    "pwl": L.PWL(**STEPS),
    "vee": L.PWL([0.5], [-1.0, 3.0], 2.0),
    "bent": L.PWL([0.5], [0.0, 1.0], 2.0),
    "line": L.PWL([], [2.0], 0.5),
    "constant": L.PWL([], [0.0], 0.5),
    "maxout": L.Maxout(3),
    "max_pool": L.MaxPool2d((2, 3), stride=(2, 1), padding=(1, 1)),
    "max_pool_ceil": L.MaxPool2d((2, 2), stride=(3, 3), ceil_mode=True),
    "max_pool_dilated": L.MaxPool2d(2, stride=1, padding=1, dilation=2),
    "max_pool_wide": L.MaxPool2d(2, stride=1, padding=2, dilation=3),
    "avg_pool": L.AvgPool2d((2, 3), stride=(2, 1), padding=(1, 1)),
    "avg_pool_real": L.AvgPool2d((2, 3), stride=(2, 1), padding=(1, 1), count_padding=False),
    "avg_pool_ceil": L.AvgPool2d(2, stride=2, padding=1, ceil_mode=True),
    "avg_pool_ceil_real": L.AvgPool2d(2, stride=2, padding=1, ceil_mode=True, count_padding=False),
    "global_avg_pool": L.GlobalAvgPool(),
    "batch_norm": L.BatchNorm(RNG.normal(size=3), RNG.uniform(0.5, 2, 3), RNG.normal(size=3), RNG.normal(size=3)),
    "scale": L.ScaleShift(scale=-2.5),
    "shift": L.ScaleShift(shift=RNG.normal(size=3)),
    "per_element": L.ScaleShift(RNG.normal(size=60), RNG.normal(size=60)),
    "nothing": L.ScaleShift(),
    "reshape": L.Reshape([2, -1]),
}


@pytest.mark.parametrize("name", LAYERS)
def test_every_layer_on_an_image(name):
    flat = [L.Flatten()] if name.startswith("dense") else []
    agrees(cpwl.Network.from_layers([*flat, LAYERS[name]], (3, 4, 5)))


@pytest.mark.parametrize("name", [k for k, v in LAYERS.items() if not isinstance(v, L.Conv2d) and "pool" not in k])
def test_every_layer_on_a_flat_value(name):
    first = L.Dense(RNG.normal(size=(60 if name in ("dense", "dense_without_bias", "per_element") else 3, 2)))
    agrees(
        cpwl.Network.from_layers([first, LAYERS[name], L.ReLU()] if name != "reshape" else [first, L.Reshape([3, 1])])
    )


def test_a_graph_with_branches():
    conv = [L.Conv2d(RNG.normal(size=(3, 3, 3, 3)) / 5, RNG.normal(size=3), padding=1) for _ in range(2)]
    net = cpwl.Network.from_layers(
        [conv[0], L.ReLU(name="a"), conv[1], L.Add("a", name="b"), L.Concat("a", "b"), L.MaxPool2d(2), L.Flatten(),
         L.Dense(RNG.normal(size=(3, 54)) / 7)],
        (3, 6, 4),
    )  # fmt: skip
    agrees(net)
    agrees(net.fuse_relu_max())
    graph = onnx.load_from_string(net.to_onnx()).graph
    assert [n.name for n in graph.node if n.op_type in ("Relu", "Add")] == ["a", "b"]
    relu = cpwl.Network.from_layers([conv[0], L.ReLU(), L.MaxPool2d(2)], (3, 6, 4)).fuse_relu_max()
    assert [n.op_type for n in onnx.load_from_string(relu.to_onnx()).graph.node] == ["Conv", "Relu", "MaxPool"]


@pytest.mark.parametrize("seed", range(40))
def test_random_networks(seed):
    """Layers of every kind behind each other, wherever they fit."""
    rng = np.random.default_rng(seed)
    kinds = [v for k, v in LAYERS.items() if k not in ("reshape", "per_element") and not k.startswith("dense")]
    layers, shape = [], (3, 9, 8)
    while len(layers) < 6:
        layer = kinds[rng.integers(len(kinds))]
        try:
            shape = cpwl.Network.from_layers([*layers, layer], (3, 9, 8)).output_shape
        except cpwl.Error:
            continue
        layers.append(layer)
    tail = [L.Flatten(), L.Dense(rng.normal(size=(4, int(np.prod(shape)))) / 3, rng.normal(size=4)), L.PWL(**STEPS)]
    agrees(cpwl.Network.from_layers([*layers, *tail], (3, 9, 8)), seed=seed)


def test_an_empty_batch():
    net = cpwl.Network.from_layers([L.Reshape([2, 3, 5]), L.Maxout(2)], (30,))
    assert run(net.to_onnx(), np.empty((0, 30), np.float32)).shape == (0, 1, 3, 5)


@pytest.mark.parametrize("folder", ["onnx", "nets", "smooth"])
def test_files_of_torch_written_again(data, folder):
    """The numbers that onnxruntime computes for a file, from the file that we write of it."""
    files = sorted((data / folder).glob("*.onnx"))
    assert files
    for path in files:
        smooth = 7 if folder == "smooth" else None
        net = cpwl.Network.from_onnx(path, smooth_knots=smooth)
        agrees(net)
        if smooth is None:
            x = np.random.default_rng(1).normal(size=(4, *net.input_shape))
            kind = onnx.load(path).graph.input[0].type.tensor_type.elem_type
            x = x.astype(np.float64 if kind == onnx.TensorProto.DOUBLE else np.float32)
            theirs, again = run(path.read_bytes(), x), run(net.to_onnx(), x)
            np.testing.assert_allclose(again, theirs, rtol=0, atol=1e-5 * max(1.0, np.abs(theirs).max()))


def test_the_file_says_what_it_is(tmp_path):
    net = cpwl.Network.from_layers([L.Dense(np.eye(2), name="first"), L.ReLU(name="on")])
    path = tmp_path / "net.onnx"
    path.write_bytes(b"old")
    file = net.to_onnx(path)
    assert path.read_bytes() == file
    assert list(tmp_path.iterdir()) == [path]
    model = onnx.load(path)
    assert (model.producer_name, model.producer_version) == ("cpwl", cpwl.__version__)
    assert [(o.domain, o.version) for o in model.opset_import] == [("", 13)]
    value = model.graph.input[0]
    assert value.name == "input"
    assert value.type.tensor_type.shape.dim[0].dim_param == "N"
    assert model.graph.output[0].name == "on"
    weight = onnx.numpy_helper.to_array(model.graph.initializer[0])
    assert weight.dtype == np.float64
    assert (weight == np.eye(2)).all()
    single = cpwl.Network.from_layers([L.Dense(np.eye(2, dtype=np.float32))])
    weight = onnx.load_from_string(single.to_onnx()).graph.initializer[0]
    assert onnx.numpy_helper.to_array(weight).dtype == np.float32


def test_what_cannot_be_written(tmp_path):
    net = cpwl.Network.from_layers([L.Dense([[1e39]])])
    with pytest.raises(cpwl.NonfiniteError, match="beyond the range of single precision"):
        net.to_onnx(dtype="float32")
    with pytest.raises(cpwl.ArgumentError, match="dtype is int64"):
        net.to_onnx(dtype=np.int64)
    with pytest.raises(cpwl.FileError, match="cannot write"):
        net.to_onnx(tmp_path / "none" / "net.onnx")
