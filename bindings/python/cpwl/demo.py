"""The demo: exact regions of a network trained on handwritten digits, on the plane through three real images; a
classifier that is made affine on a hexagon; and the effective rank of an encoder in training."""

from __future__ import annotations

import importlib.resources
import importlib.util
import pathlib
import time

import numpy as np

from . import Boundary, Network, Partition, Slice, build_info, demo_police, demo_rank

SHADES = " .:-=+*#%@"


def main(out: pathlib.Path, threads: int = 0, onnx: pathlib.Path | None = None) -> int:
    """Computes, prints and draws; the pictures go to the folder `out`."""
    print(build_info())
    data = importlib.resources.files(__package__) / "data"
    net = Network.from_onnx(onnx if onnx else (data / "digits_mlp.onnx").read_bytes())
    with (data / "digits_three.npz").open("rb") as file, np.load(file) as arrays:
        images, labels = arrays["images"], arrays["labels"]
    print(f"{net}\n\nThree handwritten digits that the network has not seen in training:\n\n{ascii_art(images)}")
    inputs = images.reshape(3, *net.input_shape) / 16.0
    print("labels " + " ".join(map(str, labels)) + ", predicted " + " ".join(map(str, net(inputs).argmax(axis=1))))

    a, b, c = inputs
    plane = Slice.through(a, b, c, margin=0.5)
    start = time.perf_counter()
    regions = net.partition(plane, threads=threads)
    seconds = time.perf_counter() - start
    boundary = regions.decision_boundary()
    print(f"\n{regions.n_regions} linear regions on the plane through them, exactly, in {1e3 * seconds:.1f} ms")
    print(f"decision boundary: {len(boundary)} segments of total length {boundary.length:.6f}\n\n{regions.stats()}\n")

    out.mkdir(parents=True, exist_ok=True)
    written = [out / "digits.svg", out / "digits.html"]
    regions.to_svg(written[0], boundary=boundary)
    title = "A digit classifier on the plane through three handwritten digits"
    regions.to_html(written[1], color="class", boundary=boundary, title=title)
    if importlib.util.find_spec("matplotlib"):
        written.append(out / "digits.png")
        draw(regions, boundary, images, labels, written[-1])
    else:
        print("matplotlib is not installed: no PNG")
    written += demo_police.main(out)
    written += demo_rank.main(out)
    print("written: " + ", ".join(str(path.resolve()) for path in written))
    print("open digits.html in a browser to zoom in and to point at regions")
    return 0


def ascii_art(images: np.ndarray) -> str:
    """Grey images (n, 8, 8), values 0..16, side by side as text."""
    rows = np.concatenate([np.pad(image, ((0, 0), (1, 1))) for image in images], axis=1)
    return "\n".join("".join(2 * SHADES[min(v, 15) * len(SHADES) // 16] for v in row) for row in rows)


def draw(p: Partition, boundary: Boundary, images: np.ndarray, labels: np.ndarray, path: pathlib.Path) -> None:
    """Two views of the partition, with the three images where they lie in the plane."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot
    from matplotlib.offsetbox import AnnotationBbox, OffsetImage

    figure, (left, right) = pyplot.subplots(1, 2, figsize=(13, 6), layout="constrained")
    p.plot(left, color="class", boundary=boundary)
    p.plot(right, color="slope", boundary=boundary)
    left.set_title("predicted class")
    right.set_title("norm of the slope")
    for axes in (left, right):
        for image, label, at in zip(images, labels, ((0, 0), (1, 0), (0, 1)), strict=True):
            picture = OffsetImage(image, zoom=4, cmap="gray_r")
            frame = {"boxstyle": "round,pad=0.1", "linewidth": 1}
            axes.add_artist(AnnotationBbox(picture, at, xybox=(26, 26), boxcoords="offset points", bboxprops=frame,
                                           arrowprops={"arrowstyle": "-", "linewidth": 1}))  # fmt: skip
            axes.plot(*at, "o", color="black", markersize=4, label=f"a {label}")
    figure.suptitle(f"{p.n_regions} linear regions of a digit classifier on the plane through three handwritten digits")
    figure.savefig(path, dpi=120)
    pyplot.close(figure)
