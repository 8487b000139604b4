"""Data that several tests share."""

import pathlib

import numpy as np
import pytest

import cpwl
from cpwl.layers import Dense, LeakyReLU
from reference import random_mlp

DATA = pathlib.Path(__file__).parents[1] / "data"


@pytest.fixture(scope="session")
def data():
    """The folder tests/data."""
    return DATA


@pytest.fixture(params=["digits_mlp", "digits_conv", "moons_mlp"])
def trained(request):
    """A committed network: its ONNX path and what torch and onnxruntime compute with it."""
    with np.load(DATA / "nets" / f"{request.param}.expected.npz") as arrays:
        return DATA / "nets" / f"{request.param}.onnx", dict(arrays)


@pytest.fixture(scope="session")
def build():
    """Builds a network from weights [(W, b), ...] with leaky ReLUs between."""

    def build(weights, slope=0.0):
        chain = []
        for w, b in weights:
            chain += [Dense(w, b), LeakyReLU(slope)]
        return cpwl.Network.from_layers(chain[:-1])

    return build


@pytest.fixture(scope="session")
def small(build):
    """A random 2-12-12-3 network: its weights and the network."""
    weights = random_mlp([2, 12, 12, 3], seed=3)
    return weights, build(weights)


@pytest.fixture(scope="session")
def square():
    return cpwl.Box([-1, -1], [1, 1])


@pytest.fixture(scope="session")
def regions(small, square):
    """The partition of the small network on the square."""
    return small[1].partition(square)
