"""The losses of DIET and MSN in torch, against torch's own."""

import numpy as np
import pytest
import torch
from torch.nn import functional

import cpwl
from cpwl.torch import diet_loss, diet_step, prior_matching_loss


@pytest.fixture(autouse=True)
def one_thread():
    """Small tensors: threads that wait for each other would be all that is measured."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def test_loss_and_gradients_are_those_of_cross_entropy():
    torch.manual_seed(0)
    for dtype, gate in ((torch.float64, 1e-13), (torch.float32, 1e-5)):
        f, w, b = (torch.randn(*s, dtype=dtype, requires_grad=True) for s in ((9, 6), (50, 6), (50,)))
        scale = torch.tensor(1.7, dtype=dtype, requires_grad=True)
        y = torch.randint(0, 50, (9,))
        leaves = (f, w, b, scale)
        want = functional.cross_entropy(scale * f @ w.T + b, y, label_smoothing=0.8)
        expected = torch.autograd.grad(3 * want, leaves)
        got = diet_loss(f, w, y, bias=b, scale=scale)
        assert abs(got - want) <= 10 * gate
        for g, e in zip(torch.autograd.grad(3 * got, leaves), expected, strict=True):
            assert g.dtype == dtype
            assert (g - e).abs().max() <= gate * e.abs().max()


def test_cosine_heads():
    torch.manual_seed(1)
    f, w = (torch.randn(*s, dtype=torch.float64, requires_grad=True) for s in ((9, 6), (50, 6)))
    y = torch.randint(0, 50, (9,))
    z = 8 * functional.normalize(f, dim=1) @ functional.normalize(w, dim=1).T
    want = functional.cross_entropy(z, y, label_smoothing=0.3)
    expected = torch.autograd.grad(want, (f, w))
    got = diet_loss(f, w, y, 0.3, norm="cosine", scale=torch.tensor(8.0))
    for g, e in zip(torch.autograd.grad(got, (f, w)), expected, strict=True):
        assert (g - e).abs().max() <= 1e-13


@pytest.mark.parametrize("optimizer", ["adamw", "sgd"])
def test_fifty_fused_steps_are_those_of_torch(optimizer):
    torch.manual_seed(2)
    rate = {"adamw": 1e-3, "sgd": 0.1}[optimizer]
    head = cpwl.DietHead(300, 16, optimizer=optimizer, lr=rate, weight_decay=0.05)
    weight = torch.nn.Parameter(torch.from_numpy(head.weight.copy()))
    if optimizer == "adamw":
        theirs = torch.optim.AdamW([weight], lr=rate, weight_decay=0.05)
    else:
        theirs = torch.optim.SGD([weight], lr=rate, momentum=0.9, weight_decay=0.05)
    for _ in range(50):
        f, y = torch.randn(32, 16), torch.randint(0, 300, (32,))
        theirs.zero_grad()
        functional.cross_entropy(f @ weight.T, y, label_smoothing=0.8).backward()
        theirs.step()
        head.step(f, y)
    assert (torch.from_numpy(head.weight) - weight).abs().max() <= 1e-6


def test_a_step_trains_the_encoder_too():
    torch.manual_seed(3)
    x = torch.randn(64, 10)
    encoder = torch.nn.Sequential(torch.nn.Linear(10, 32), torch.nn.ReLU(), torch.nn.Linear(32, 16))
    optimizer = torch.optim.AdamW(encoder.parameters(), lr=3e-3)
    head = cpwl.DietHead(64, 16, lr=3e-2, weight_decay=0.0)
    excess = []
    for _ in range(120):
        optimizer.zero_grad()
        loss, found = diet_step(head, encoder(x), torch.arange(64))
        loss.backward()
        optimizer.step()
        excess.append(found.excess)
    assert excess[-1] < 0.4 * excess[0]
    assert found.accuracy > 0.9


def test_the_prototype_loss_is_that_of_its_formula():
    torch.manual_seed(4)
    anchors, protos = (torch.randn(*s, dtype=torch.float64, requires_grad=True) for s in ((12, 5), (8, 5)))
    targets = torch.randn(6, 5, dtype=torch.float64)
    prior = cpwl.power_law_prior(8)
    got, found = prior_matching_loss(anchors, targets, protos, prior, entropy_weight=0.2)
    logs = torch.log_softmax(functional.normalize(anchors, dim=1) @ functional.normalize(protos, dim=1).T / 0.1, 1)
    t = torch.from_numpy(np.tile(found.targets, (2, 1)))
    log_mean = torch.logsumexp(logs, 0) - np.log(12)
    divergence = (log_mean.exp() * (log_mean - torch.from_numpy(np.log(prior)))).sum()
    want = -(t * logs).sum(1).mean() + divergence - 0.2 * (logs.exp() * logs).sum(1).mean()
    assert abs(got - want) <= 1e-13
    expected = torch.autograd.grad(2 * want, (anchors, protos))
    for g, e in zip(torch.autograd.grad(2 * got, (anchors, protos)), expected, strict=True):
        assert (g - e).abs().max() <= 1e-12


def test_bfloat16_features():
    torch.manual_seed(5)
    f = torch.randn(9, 6).bfloat16().requires_grad_()
    w = torch.randn(50, 6).bfloat16().requires_grad_()
    y = torch.randint(0, 50, (9,))
    diet_loss(f, w, y).backward()
    exact = f.detach().double().requires_grad_()
    functional.cross_entropy(exact @ w.detach().double().T, y, label_smoothing=0.8).backward()
    assert f.grad.dtype == torch.bfloat16
    assert (f.grad.double() - exact.grad).norm() <= 5e-3 * exact.grad.norm()
