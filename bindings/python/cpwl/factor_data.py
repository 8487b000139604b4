"""Reads annotations and predictions in the layout of the ImageNet-X toolkit, and joins them by image name.

The annotations of ImageNet-X themselves are CC BY-NC 4.0 and no part of this package: bring your copy.
"""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from . import errors
from .factors import FACTORS, Factors

__all__ = ["ImageAnnotations", "ImagePredictions", "Joined", "join_predictions", "read_annotations", "read_predictions"]

#: Fields of annotation files that are no factors.
_OTHER = frozenset({"file_name", "class", "metaclass", "justification", "one_word"})


class ImageAnnotations(NamedTuple):
    """``file_names`` (n), ``labels`` (n), ``factors`` (n, F) of 0 and 1, ``names`` of the factors."""

    file_names: list[str]
    labels: npt.NDArray[np.int32]
    factors: npt.NDArray[np.uint8]
    names: tuple[str, ...]


class ImagePredictions(NamedTuple):
    """``file_names`` (p), ``classes`` (p), ``confidence`` (p, NaN where the file has none)."""

    file_names: list[str]
    classes: npt.NDArray[np.int32]
    confidence: npt.NDArray[np.float64]


class Joined(NamedTuple):
    """Models on the images that all of them and the annotations have.

    Attributes
    ----------
    images : Factors
    predictions : (M, p) int32
    confidence : (M, p)
    file_names : list of str
    without_annotation : (M,) int
        Predictions that are left out because the annotations lack their image.
    without_prediction : int
        Annotated images that are left out because a model lacks them.
    """

    images: Factors
    predictions: npt.NDArray[np.int32]
    confidence: npt.NDArray[np.float64]
    file_names: list[str]
    without_annotation: npt.NDArray[np.int64]
    without_prediction: int


def _refuse(text: str) -> errors.ArgumentError:
    return errors.ArgumentError(f"[ARGUMENT] {text}")


def _unique(names: Sequence[str], where: str) -> dict[str, int]:
    index: dict[str, int] = {}
    for i, name in enumerate(names):
        if index.setdefault(name, i) != i:
            raise _refuse(f"{where}: image {name!r} occurs twice; expected each image once")
    return index


def read_annotations(
    path: str | os.PathLike[str],
    *,
    names: Sequence[str] = FACTORS,
    extra: Iterable[str] = (),
    exclude: Iterable[str] = (),
) -> ImageAnnotations:
    """Reads JSON lines: ``file_name``, ``class``, and a column of 0 and 1 for each factor, in any order.

    Parameters
    ----------
    path : path
    names : sequence of str
        The factors to read; all must be there.
    extra : iterable of str
        Further columns that are expected and ignored, beside justification, one_word and metaclass.
    exclude : iterable of str
        Names of images to leave out, such as the prototypes that annotators compared with.

    Raises
    ------
    ArgumentError
        A factor that is missing, a column that is not known, a value that is neither 0 nor 1, an image that occurs
        twice.
    """
    known, left_out = _OTHER | set(extra) | set(names), set(exclude)
    files: list[str] = []
    labels: list[int] = []
    rows: list[list[int]] = []
    with open(path, encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            where = f"{os.fspath(path)}, line {number}"
            try:
                record = json.loads(line)
            except json.JSONDecodeError as problem:
                raise _refuse(f"{where}: no JSON ({problem})") from None
            if not isinstance(record, dict):
                raise _refuse(f"{where}: expected an object")
            missing = [c for c in ("file_name", "class", *names) if c not in record]
            unknown = [c for c in record if c not in known]
            if missing or unknown:
                what = f"column {missing[0]!r} is missing" if missing else f"column {unknown[0]!r} is not known"
                raise _refuse(f"{where}: {what}; expected the factors {', '.join(names)}")
            bad = next((c for c in names if record[c] not in (0, 1)), None)
            if bad is not None:
                raise _refuse(f"{where}: {bad} is {record[bad]!r}; expected 0 or 1")
            if record["file_name"] in left_out:
                continue
            files.append(str(record["file_name"]))
            labels.append(_class(record["class"], where))
            rows.append([int(record[c]) for c in names])
    _unique(files, os.fspath(path))
    factors = np.array(rows, np.uint8).reshape(len(files), len(names))
    return ImageAnnotations(files, np.array(labels, np.int32), factors, tuple(names))


def _class(value: Any, where: str) -> int:
    try:
        number = int(value)
    except (TypeError, ValueError):
        raise _refuse(f"{where}: class is {value!r}; expected a number") from None
    return number


def read_predictions(path: str | os.PathLike[str]) -> ImagePredictions:
    """Reads the predictions of one model: CSV with columns file_name, predicted_class, and perhaps
    predicted_probability.

    Raises
    ------
    ArgumentError
        A missing column, a value that is no number, an image that occurs twice.
    """
    files, classes, confidence = [], [], []
    with open(path, encoding="utf-8", newline="") as lines:
        reader = csv.DictReader(lines)
        for column in ("file_name", "predicted_class"):
            if column not in (reader.fieldnames or ()):
                raise _refuse(f"{os.fspath(path)}: there is no column {column}")
        for number, row in enumerate(reader, 2):
            where = f"{os.fspath(path)}, line {number}"
            files.append(row["file_name"])
            classes.append(_class(row["predicted_class"], where))
            given = row.get("predicted_probability")
            try:
                confidence.append(float(given) if given else np.nan)
            except ValueError:
                raise _refuse(f"{where}: predicted_probability is {given!r}; expected a number") from None
    _unique(files, os.fspath(path))
    return ImagePredictions(files, np.array(classes, np.int32), np.array(confidence, np.float64))


def join_predictions(annotations: ImageAnnotations, models: Sequence[ImagePredictions], **options: Any) -> Joined:
    """Joins models and annotations by image name.

    Parameters
    ----------
    annotations : ImageAnnotations
    models : sequence of ImagePredictions
    **options
        Passed on to :class:`cpwl.Factors`: `class_groups`, say. `groups` and `accepted` go with the annotations.
    """
    index = _unique(annotations.file_names, "annotations")
    of = [_unique(m.file_names, f"model {k}") for k, m in enumerate(models)]
    kept = [name for name in annotations.file_names if all(name in images for images in of)]
    rows = np.array([index[name] for name in kept], np.int64)
    labels: Any = annotations.labels
    if options.get("accepted") is not None:
        labels = None
    images = Factors(annotations.factors, labels, names=annotations.names, rows=rows, **options)
    at = [np.array([images[name] for name in kept], np.int64) for images in of]
    shape = (len(models), len(kept))
    return Joined(
        images,
        np.array([m.classes[i] for m, i in zip(models, at, strict=True)], np.int32).reshape(shape),
        np.array([m.confidence[i] for m, i in zip(models, at, strict=True)], np.float64).reshape(shape),
        kept,
        np.array([sum(name not in index for name in images) for images in of], np.int64),
        len(annotations.file_names) - len(kept),
    )
