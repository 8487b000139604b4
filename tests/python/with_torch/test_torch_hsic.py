"""Independence in torch: `gradcheck` of every function, values against torch's own arithmetic."""

import pytest
import torch

import cpwl
from cpwl import Kernel
from cpwl.torch import barlow_twins, cka, hsic, pairwise_hsic_mean, vcreg, vicreg, wmse

check = torch.autograd.gradcheck


@pytest.fixture
def pair():
    torch.manual_seed(0)
    x = torch.randn(13, 3, dtype=torch.float64)
    y = x[:, :2] ** 2 + 0.3 * torch.randn(13, 2, dtype=torch.float64)
    return x.requires_grad_(), y.requires_grad_()


@pytest.mark.parametrize("kind", ["rbf", "linear", "laplace_l1", "exp_l2", "poly", "distance", "inverse_multiquadric"])
@pytest.mark.parametrize("estimator", ["biased", "biased_nm1", "unbiased"])
def test_hsic(pair, kind, estimator):
    kernel = (Kernel(kind, None if kind in ("linear", "distance") else 0.4), Kernel("rbf", 0.5))
    assert check(lambda x, y: hsic(x, y, kernel=kernel, estimator=estimator), pair)


@pytest.mark.parametrize("debiased", [False, True])
def test_cka(pair, debiased):
    assert check(lambda x, y: cka(x, y, debiased=debiased), pair)
    assert check(lambda x, y: cka(x, y, kernel=Kernel("rbf", 0.3), debiased=debiased), pair)
    x, y = pair
    assert check(lambda x: cka(x, y.detach(), debiased=debiased), (x,))


@pytest.mark.parametrize("normalised", [False, True])
def test_pairwise_mean(pair, normalised):
    assert check(lambda x: pairwise_hsic_mean(x, gammas=[0.3, 0.5, 0.7], normalised=normalised), (pair[0],))


@pytest.mark.parametrize("shape", [(11, 4), (6, 9)])
def test_losses(shape):
    torch.manual_seed(1)
    z1 = (0.6 * torch.randn(*shape, dtype=torch.float64)).requires_grad_()
    z2 = (z1.detach() + 0.2 * torch.randn(*shape, dtype=torch.float64)).requires_grad_()
    assert check(lambda z: vcreg(z, alpha=0.5, beta=2.0), (z1,))
    for variant in ("fair", "paper"):
        assert check(lambda a, b, v=variant: vicreg(a, b, variant=v), (z1, z2))
    assert check(lambda a, b: barlow_twins(a, b), (z1, z2))
    assert check(lambda a, b: wmse(a, b, eps=0.2), (z1, z2))


def test_against_automatic_differentiation():
    torch.manual_seed(2)
    x = torch.randn(300, 20, dtype=torch.float64, requires_grad=True)
    y = torch.randn(300, 4, dtype=torch.float64) + x[:, :4].detach()

    def gram(x, gamma):
        return torch.exp(-gamma * (x[:, None] - x[None]).square().sum(-1))

    k, l = gram(x, 0.02), gram(y, 0.2)  # noqa: E741
    h = torch.eye(300, dtype=torch.float64) - 1 / 300
    (want,) = torch.autograd.grad((h @ k @ h * l).sum() / 300**2, x)
    kernel = (Kernel("rbf", 0.02), Kernel("rbf", 0.2))
    (got,) = torch.autograd.grad(hsic(x, y, kernel=kernel), x)
    assert (got - want).abs().max() <= 1e-10 * want.abs().max()
    single = x.detach().float().requires_grad_()
    (got,) = torch.autograd.grad(3 * hsic(single, y.float(), kernel=kernel), single)
    assert got.dtype == torch.float32
    assert (got.double() - 3 * want).abs().max() <= 3e-4 * want.abs().max()


def test_half_precision_and_training():
    torch.manual_seed(3)
    z = torch.randn(64, 16).bfloat16().requires_grad_()
    loss = vcreg(z)
    loss.backward()
    assert z.grad.dtype == torch.bfloat16
    assert torch.isfinite(z.grad).all()
    w = torch.randn(8, 8, requires_grad=True)
    data = torch.randn(256, 8) @ torch.randn(8, 8)
    optimizer = torch.optim.Adam([w], lr=0.05)
    start = float(vcreg(data @ w))
    for _ in range(60):
        optimizer.zero_grad()
        loss = vcreg(data @ w)
        loss.backward()
        optimizer.step()
    assert float(loss) < 0.1 * start
    assert cpwl.pairwise_mean((data @ w).detach(), gammas=0.5) >= 0
