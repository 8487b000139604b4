"""Living in somebody's process: cancellation, Ctrl-C, progress, fork, pickling, threads."""

import copy
import os
import pickle
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

import cpwl
from reference import random_mlp

# Minutes of work: whoever waits for the end fails.
LONG = """
import time
import cpwl
from cpwl.layers import Abs, Dense
from reference import random_mlp
net = cpwl.Network.from_layers([layer for w, b in random_mlp([2] + [256] * 8, 0) for layer in (Dense(w, b), Abs())])
def work(**options):
    return net.partition(cpwl.Box([-50, -50], [50, 50]), count_only=True, **options)
"""


def python(code, **options):
    """Starts Python on LONG + code."""
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([os.path.dirname(__file__), os.environ.get("PYTHONPATH", "")])}
    return subprocess.Popen([sys.executable, "-c", LONG + code], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            text=True, env=env, **options)  # fmt: skip


@pytest.mark.parametrize("call", ["work(threads=1)", "work(threads=2)", "net(np.zeros((10**6, 2)))"])
def test_ctrl_c_comes_out_as_keyboard_interrupt(call):
    child = python(f"""
import numpy as np
print("working", flush=True)
try:
    {call}
except KeyboardInterrupt:
    # The library is usable at once, and the interrupt is used up.
    print(net.partition(cpwl.Box([0, 0], [1e-9, 1e-9]), count_only=True).n_regions > 0)
""")
    assert child.stdout.readline() == "working\n"
    time.sleep(1.0)
    assert child.poll() is None, child.communicate()
    sent = time.monotonic()
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=60)
    assert (out, child.returncode) == ("True\n", 0), err
    assert time.monotonic() - sent < 10


def test_cancel_at_once(small, square):
    with pytest.raises(cpwl.Cancelled) as caught:
        small[1].partition(square, cancel=lambda: True)
    assert caught.value.condition == "CANCELLED"


@pytest.mark.parametrize("threads", [1, 2])
def test_cancel_in_the_middle(threads):
    code = f"""
start = time.monotonic()
try:
    work(threads={threads}, cancel=lambda: time.monotonic() > start + 0.5)
except cpwl.Cancelled:
    print("cancelled")
"""
    assert python(code).communicate(timeout=60)[0] == "cancelled\n"


def test_an_exception_in_a_callback_comes_out(small, square):
    def fail(*_):
        raise LookupError("no more")

    for callback in ({"cancel": fail}, {"progress": fail}):
        with pytest.raises(LookupError, match="no more"):
            small[1].partition(square, **callback)
        assert small[1].partition(square).n_regions > 1


def test_progress_is_monotone_and_ends(build, square):
    heard = []
    build(random_mlp([2, 64, 64, 1], 0)).partition(
        square, progress=lambda fraction, stage: heard.append((stage, fraction))
    )
    assert heard
    for stage in {stage for stage, _ in heard}:
        fractions = [f for s, f in heard if s == stage]
        assert fractions == sorted(fractions)
        assert fractions[0] >= 0
        assert fractions[-1] == 1


def test_progress_bar(small, square, capsys):
    pytest.importorskip("tqdm")
    small[1].partition(square, progress=True)
    assert "100%" in capsys.readouterr().err


def test_fork_after_the_pool_was_used(build, square):
    net = build(random_mlp([2, 64, 64, 1], 0))
    context = cpwl.Context(threads=2)
    x = np.random.default_rng(0).normal(size=(5000, 2))
    expected = net.partition(square, context=context).n_regions, net(x, context=context)
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:  # only _exit from here on: this is a copy of the test runner
        try:
            signal.alarm(30)
            same = net.partition(square, context=context).n_regions == expected[0]
            same &= np.array_equal(net(x, context=context), expected[1])
            same &= net.partition(square).n_regions == expected[0]
            os.write(writer, b"same" if same else b"other")
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        assert pipe.read() == "same"
    assert os.waitpid(child, 0)[1] == 0


@pytest.mark.parametrize(
    "make", [lambda n, d: n, lambda n, d: d, lambda n, d: n.partition(d), lambda n, d: cpwl.Context()]
)
def test_native_objects_are_not_pickled(small, square, make):
    thing = make(small[1], square)
    with pytest.raises(TypeError, match=rf"cpwl.{type(thing).__name__} holds native memory and cannot be pickled; \w+"):
        pickle.dumps(thing)
    assert copy.deepcopy(thing) is thing


def test_one_network_in_many_threads(small):
    x = np.random.default_rng(0).normal(size=(1000, 2))
    expected = small[1](x)
    results = [None] * 8

    def work(i):
        for _ in range(20):
            results[i] = small[1](x, context=cpwl.Context(threads=1 + i % 3))

    threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert all(np.array_equal(r, expected) for r in results)


def test_partition_outside_the_main_thread(small, square):
    found = []
    thread = threading.Thread(target=lambda: found.append(small[1].partition(square).n_regions))
    thread.start()
    thread.join()
    assert found == [small[1].partition(square).n_regions]


def test_nothing_is_printed_and_no_thread_starts_at_import():
    code = "import threading, os; import cpwl; print(len(os.listdir('/proc/self/task')))"
    done = subprocess.run([sys.executable, "-X", "importtime", "-c", code], capture_output=True, text=True, check=True)
    assert all(line.startswith("import time:") for line in done.stderr.splitlines())
    numpy_only = "import numpy, os; print(len(os.listdir('/proc/self/task')))"
    before = subprocess.run([sys.executable, "-c", numpy_only], capture_output=True, text=True, check=True)
    assert done.stdout == before.stdout


def test_description(small):
    context = cpwl.Context(threads=3, isa="portable")
    assert repr(context) == "cpwl.Context(threads=3, isa='portable')"
    assert cpwl.Context(threads=0).threads == len(os.sched_getaffinity(0))
    assert cpwl.build_info().startswith(f"cpwl {cpwl.__version__}; isa: ")
