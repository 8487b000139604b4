"""Makes the ONNX files of this folder and the numbers that the tests expect of them.

    python make.py [folder]

Needs torch, onnx, onnxscript and onnxruntime; not run by the tests. Every network is a dense layer and one smooth
activation. `<name>.dynamo.onnx` and `<name>.script.onnx` come from the two exporters of torch, `<name>.old.onnx` from the
second with operator set 13, where most activations are spelt out; `<name>.bin` holds little-endian float64:

    B, n_in, n_out           (three numbers)
    x        (B, n_in)
    y        (B, n_out)      torch, float64 arithmetic on the weights of the file
    y_ort    (B, n_out)      onnxruntime on `<name>.dynamo.onnx` (float32)
"""

import math
import sys
import warnings
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
import torch.nn.functional as F
from torch import nn


class Function(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


def gelu_tanh(x):
    return 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def gelu_tanh_factored(x):
    return x * 0.5 * (1 + torch.tanh(0.7978845608028654 * x * (1 + 0.044715 * x * x)))


CASES = {
    "gelu": nn.GELU(),
    "gelu_tanh": nn.GELU(approximate="tanh"),
    "silu": nn.SiLU(),
    "tanh": nn.Tanh(),
    "sigmoid": nn.Sigmoid(),
    "softplus": nn.Softplus(),
    "softplus_steep": nn.Softplus(beta=3.0, threshold=10.0),
    "elu": nn.ELU(alpha=0.5),
    "selu": nn.SELU(),
    "celu": nn.CELU(alpha=0.5),
    "mish": nn.Mish(),
    "hard_swish": nn.Hardswish(),
    "gelu_spelt": Function(lambda x: x * 0.5 * (torch.erf(x / math.sqrt(2)) + 1)),
    "gelu_tanh_spelt": Function(gelu_tanh),
    "gelu_tanh_factored": Function(gelu_tanh_factored),
    "silu_spelt": Function(lambda x: torch.sigmoid(x) * x),
    "silu_steep": Function(lambda x: x * torch.sigmoid(1.702 * x)),
    "mish_spelt": Function(lambda x: x * torch.tanh(F.softplus(x))),
    "hard_swish_spelt": Function(lambda x: x * F.relu6(x + 3) / 6),
    "tanh_scaled": Function(lambda x: 1.5 - 2 * torch.tanh(x / 4 + 1)),
    "silu_of_scaled": Function(lambda x: F.silu(2 * x - 1)),
}


def export(module, x, path, exporter):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if exporter == "dynamo":
            batch = ({0: torch.export.Dim("batch")},)
            options = {"dynamo": True, "external_data": False, "verbose": False, "dynamic_shapes": batch}
        else:
            names = {"input_names": ["x"], "output_names": ["y"]}
            options = {"dynamo": False, **names, "dynamic_axes": {"x": {0: "batch"}, "y": {0: "batch"}}}
            if exporter == "old":
                options["opset_version"] = 13
        torch.onnx.export(module, (x,), path, **options)
    model = onnx.load(path)
    # Traces of the exporter (source lines, paths) are no part of the network.
    for node in model.graph.node:
        node.doc_string = ""
        del node.metadata_props[:]
    del model.metadata_props[:], model.graph.metadata_props[:], model.graph.value_info[:]
    for value in [*model.graph.input, *model.graph.output, *model.graph.initializer]:
        del value.metadata_props[:]
        value.doc_string = ""
    onnx.save(model, path)


def main(folder):
    for k, (name, activation) in enumerate(CASES.items()):
        torch.manual_seed(2000 + k)
        module = nn.Sequential(nn.Linear(3, 4), activation).eval()
        x = 6 * torch.randn(40, 3)
        for exporter in ("dynamo", "script", "old"):
            # Operator set 13 has no CELU, nor can the exporter spell it out.
            try:
                export(module, x, folder / f"{name}.{exporter}.onnx", exporter)
            except torch.onnx.errors.UnsupportedOperatorError as problem:
                print(f"{name}: no {exporter} file: {problem}")
        session = onnxruntime.InferenceSession(folder / f"{name}.dynamo.onnx", providers=["CPUExecutionProvider"])
        y_ort = session.run(None, {session.get_inputs()[0].name: x.numpy()})[0]
        module, x = module.double(), x.double()
        arrays = [np.array([*x.shape, 4]), x, module(x).detach(), y_ort]
        np.concatenate([np.asarray(v, dtype="<f8").ravel() for v in arrays]).tofile(folder / f"{name}.bin")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent))
