"""Which corruptions do classifiers of handwritten digits fail on?

    python digits_factors.py [--out FOLDER]

Trains classifiers of scikit-learn on clean digits, corrupts the test images by chance, and *measures* on every image
what became of it: how far its ink moved, how much contrast, sharpness, thickness and ink is left beside the clean one.
What is measured beyond a threshold is a factor. Prints the table of each model and a paired comparison of the two best,
and draws the error ratios.
"""

from __future__ import annotations

import argparse
import pathlib

import numpy as np
from scipy import ndimage
from sklearn.datasets import load_digits
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC

import cpwl

CORRUPTIONS = {
    "shift": lambda x, rng: ndimage.shift(x, rng.choice([-1, 0, 1], 2), order=0),
    "blur": lambda x, rng: ndimage.gaussian_filter(x, rng.uniform(0.5, 1.2)),
    "occlusion": lambda x, rng: _occlude(x, rng.integers(0, 6, 2)),
    "contrast": lambda x, rng: x * rng.uniform(0.3, 0.7),
    "thickness": lambda x, rng: ndimage.grey_dilation(x, size=(2, 2)),
}


def _occlude(x: np.ndarray, corner: np.ndarray) -> np.ndarray:
    x = x.copy()
    x[corner[0] : corner[0] + 3, corner[1] : corner[1] + 3] = 0
    return x


def measured(clean: np.ndarray, now: np.ndarray) -> dict[str, np.ndarray]:
    """What can be seen of a corruption in the images themselves."""

    def centre(x: np.ndarray) -> np.ndarray:
        grid = np.stack(np.meshgrid(np.arange(8), np.arange(8), indexing="ij"))
        return np.einsum("nij,aij->na", x, grid) / np.maximum(x.sum((1, 2)), 1e-9)[:, None]

    def edges(x: np.ndarray) -> np.ndarray:
        # Of the scaled image, so that low contrast is not taken for blur.
        x = x / np.maximum(x.max((1, 2), keepdims=True), 1e-9)
        return sum((np.diff(x, axis=a) ** 2).sum((1, 2)) for a in (1, 2))

    ink = now.sum((1, 2)) / clean.sum((1, 2))
    brightest = now.max((1, 2)) / clean.max((1, 2))
    return {
        "shift": np.linalg.norm(centre(now) - centre(clean), axis=1) > 0.6,
        "blur": edges(now) / edges(clean) < 0.6,
        "occlusion": ((clean > 4) & (now < 0.05 * clean)).sum((1, 2)) >= 3,
        "contrast": brightest < 0.75,
        "thickness": ink / brightest > 1.2,
    }


def main() -> None:
    """Trains, corrupts, measures, reports."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("digits-factors"))
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    rng = np.random.default_rng(options.seed)
    digits = load_digits()
    order = rng.permutation(len(digits.target))
    train, test = order[:900], order[900:]
    clean = np.repeat(digits.images[test], 4, axis=0)
    labels = np.repeat(digits.target[test], 4)
    images = clean.copy()
    for i in range(len(images)):
        for corrupt in CORRUPTIONS.values():
            if rng.random() < 0.2:
                images[i] = corrupt(images[i], rng)
    found = measured(clean, images)
    models = {
        "logistic": LogisticRegression(max_iter=2000),
        "SVM": SVC(),
        "nearest": KNeighborsClassifier(3),
        "forest": RandomForestClassifier(200, random_state=0),
        "naive Bayes": GaussianNB(),
    }
    predictions = []
    for model in models.values():
        model.fit(digits.data[train], digits.target[train])
        predictions.append(model.predict(images.reshape(len(images), -1)))
    factors = cpwl.Factors(np.stack(list(found.values()), axis=1), labels, names=list(found))
    report = factors.report(predictions, models=list(models))
    print(report.to_markdown())
    best, second = np.argsort(-report.average)[:2]
    pairing = factors.compare(predictions[best], predictions[second])
    print(f"{report.models[best]} against {report.models[second]}: difference of error ratios (p of equal accuracy)")
    for f, name in enumerate(factors.names):
        print(f"  {name:10s} {pairing.delta[f]:+.3f} +- {pairing.standard_error[f]:.3f}  (p {pairing.holm[f]:.2g})")
    options.out.mkdir(parents=True, exist_ok=True)
    report.plot().figure.savefig(options.out / "error_ratios.png", dpi=150)
    report.plot(kind="heatmap").figure.savefig(options.out / "heatmap.png", dpi=150)


if __name__ == "__main__":
    main()
