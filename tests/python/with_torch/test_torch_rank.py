"""Effective rank of torch tensors: no copies, gradients against central differences, the loss, the callback."""

import pathlib
import subprocess
import sys
import types

import numpy as np
import pytest
import torch
from torch import nn

import cpwl
from cpwl import _tensor
from cpwl.torch import RankMeCallback, effective_rank, rankme_loss

EXAMPLE = pathlib.Path(__file__).parents[3] / "bindings" / "python" / "examples" / "rankme_training.py"


def rows(*shape, dtype=torch.float64, seed=0):
    torch.manual_seed(seed)
    return (torch.randn(*shape, dtype=torch.float64) / torch.arange(1, shape[1] + 1) ** 0.5).to(dtype)


def paper(z):
    """As published, by torch's decomposition."""
    sigma = torch.linalg.svdvals(z.detach().double())
    p = sigma / sigma.sum() + 1e-7
    return float((-(p * p.log()).sum()).exp())


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_tensors_are_read_where_they_lie(dtype):
    z = rows(200, 24, dtype=dtype)
    for lent in (z, z[::2, 3:], z.T, z[:5], z.clone().requires_grad_()):
        assert cpwl.rankme(lent) == pytest.approx(paper(lent), rel=1e-9)
        assert _tensor.borrow(lent.detach(), "z")._address + _tensor.borrow(lent.detach(), "z")._byte_offset == (
            lent.data_ptr()
        )
    state, queue = cpwl.Moments(24), cpwl.Queue(200, 24, "float64" if dtype == torch.float64 else "float32")
    for part in z.split(30):
        state.update(part)
        queue.push(part)
    assert state.rankme() == pytest.approx(paper(z), rel=1e-9) == queue.rankme()
    groups = z.reshape(25, 8, 24)
    want = cpwl.lidar(groups.double().numpy(), delta=1e-2)
    assert cpwl.lidar(groups, delta=1e-2).lidar == pytest.approx(want.lidar, rel=1e-9)


def test_no_copy_is_made_of_rows():
    # The rows are 128 MiB, sixteen times what the call may hold.
    z = torch.randn(262_144, 128)
    assert cpwl.rankme(z, memory_limit=8 << 20) > 120


@pytest.mark.parametrize("shape", [(9, 4), (4, 9), (6, 6)])
@pytest.mark.parametrize(
    "options",
    [{}, {"preset": "paper"}, {"preset": "reptrix", "of": "entropy"}, {"power": "eigen"}, {"normalize": True},
     {"of": "entropy", "base": 2.0, "center": True}, {"eps": 0.1, "eps_mode": "before"}],
)  # fmt: skip
def test_gradients(shape, options):
    z = (rows(*shape) + torch.eye(*shape)).requires_grad_()
    assert torch.autograd.gradcheck(lambda z: effective_rank(z, **options), (z,), eps=1e-6, atol=1e-7)
    with torch.no_grad():
        assert effective_rank(z, **options).item() == pytest.approx(cpwl.rank_gradient(z, **options).value, rel=1e-9)


def test_the_gradient_is_that_of_autograd_where_there_is_one():
    z = rows(30, 8).requires_grad_()
    sigma = torch.linalg.svdvals(z)
    p = sigma / sigma.sum() + 1e-7
    (want,) = torch.autograd.grad(3 * (p * p.log()).sum(), z)
    (got,) = torch.autograd.grad(3 * rankme_loss(z), z)
    torch.testing.assert_close(got, want, rtol=1e-9, atol=1e-12)


def test_repeated_and_zero_values_do_no_harm():
    for z in (torch.eye(6), torch.eye(6)[:4], torch.cat([torch.eye(3), torch.zeros(3, 3)], 1)):
        z = z.clone().requires_grad_()
        rankme_loss(z).backward()
        assert z.grad.isfinite().all()
        assert z.grad.abs().max() < 1e-6


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_types_of_values_and_gradients(dtype):
    z = rows(20, 6, dtype=dtype).requires_grad_()
    value = effective_rank(z)
    value.backward()
    assert value.dtype == (torch.float64 if dtype == torch.float64 else torch.float32)
    assert z.grad.dtype == dtype
    assert z.grad.shape == z.shape
    (first,) = torch.autograd.grad(effective_rank(z) ** 2, z, create_graph=True)
    with pytest.raises(RuntimeError, match="once_differentiable"):
        first.sum().backward()


def test_the_loss_raises_the_rank():
    torch.manual_seed(0)
    model = nn.Linear(16, 12)
    with torch.no_grad():
        model.weight[3:] *= 1e-2
    x = torch.randn(64, 16)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    before = cpwl.rankme(model(x))
    for _ in range(100):
        optimizer.zero_grad()
        rankme_loss(model(x)).backward()
        optimizer.step()
    assert before < 5
    assert cpwl.rankme(model(x)) > 11
    assert rankme_loss(torch.eye(12)).item() == pytest.approx(-np.log(12), abs=1e-5)


def model():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 10))


def test_a_callback_watches_the_last_rows():
    net = model()
    watch = RankMeCallback(lambda m: m[2], rows=64)
    with pytest.raises(RuntimeError, match="no outputs were seen"):
        watch.measure(0)
    watch.attach(net)
    seen = []
    for step in range(5):
        seen.append(net(torch.randn(2, 15, 8)).detach().reshape(-1, 10))
        last = torch.cat(seen)[-64:]
        assert watch.measure(step) == pytest.approx(paper(last), rel=1e-9)
    net.eval()
    net(torch.randn(30, 8))
    net.train()
    watch.detach()
    net(torch.randn(30, 8))
    assert len(watch.queue) == 64
    assert watch.measure(5) == pytest.approx(watch.ranks[-2], rel=1e-12)
    again = RankMeCallback(net)
    again.load_state_dict(watch.state_dict())
    assert (again.steps, again.ranks) == (watch.steps, watch.ranks)
    assert again.steps == [0, 1, 2, 3, 4, 5]


def test_the_hooks_of_a_trainer():
    """As Lightning calls them, and any that this version does not know."""
    net, logged = model(), {}
    net.log = lambda name, value: logged.setdefault(name, []).append(value)
    watch = RankMeCallback(lambda m: m[2], every=3, name="train/rank")
    trainer = types.SimpleNamespace(global_step=0)
    watch.setup(trainer, net, stage="fit")
    watch.on_train_start(trainer, net)
    for batch in range(7):
        net(torch.randn(20, 8))
        trainer.global_step += 1
        watch.on_train_batch_end(trainer, net, None, None, batch)
        watch.on_some_hook_of_the_future(trainer, net, batch)
    watch.on_train_end(trainer, net)
    assert watch.steps == [3, 6]
    assert logged == {"train/rank": watch.ranks}
    assert not net[2]._forward_hooks
    with pytest.raises(AttributeError):
        _ = watch.what_is_no_hook
    import matplotlib

    matplotlib.use("Agg")
    assert len(watch.plot().get_lines()) == 2


def test_the_example(tmp_path):
    command = [sys.executable, str(EXAMPLE), "--out", str(tmp_path), "--steps", "60"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "with the regulariser" in done.stdout
    assert (tmp_path / "rankme.png").stat().st_size > 10_000
