"""Cache of finished fits, with one file per fit, from which a run can be resumed."""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

import joblib
import numpy as np

from sklearn_mtl.comparison.design._setting import package_versions
from sklearn_mtl.comparison.results._costs import Costs
from sklearn_mtl.comparison.results._rows import FitProblem
from sklearn_mtl.comparison.run._fits import Fit, FitJob, Material
from sklearn_mtl.utils._digest import digest_object, digest_table

__all__ = ["cache_paths", "read_fit", "write_fit"]

_WHO = "compare"


def cache_paths(
    jobs: Sequence[FitJob], material: Material, folder: str | os.PathLike[str]
) -> list[Path]:
    """Return the file of each job, named by a hash of everything that affects it."""
    root = Path(folder)
    root.mkdir(parents=True, exist_ok=True)
    tasks = [asdict(task) for task in material.scores.tasks]
    labels = digest_table(material.y_fit), digest_table(material.y_score)
    inputs = {
        raw: digest_table(material.raw_X if raw else material.X) for raw in (0, 1)
    }
    # Other package versions may give other scores.
    base = joblib.hash([package_versions(), tasks, labels, material.group])
    models = {job.model: _digest_model(job) for job in jobs}
    return [
        root
        / (
            joblib.hash(
                [base, inputs[job.takes_raw], models[job.model], job.is_inner]
                + [job.part >= 0, job.train, job.test, job.hidden]
            )
            + ".json"
        )
        for job in jobs
    ]


def _digest_model(job: FitJob) -> str:
    try:
        return digest_object(job.estimator)
    except (AttributeError, TypeError, pickle.PicklingError) as error:
        reason = " ".join(str(error).split())
        raise TypeError(
            f"{_WHO}: cache_dir requires estimators that can be pickled. Model "
            f"{job.name!r} cannot be pickled: {reason}"
        ) from error


def read_fit(path: Path, job: FitJob) -> Fit | None:
    """Return the cached fit of a job, or None."""
    try:
        file = json.loads(path.read_text(encoding="utf-8"))
        content, digest = file["fit"], file["sha256"]
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError):
        content, digest = None, ""
    if digest != _digest_content(content):
        # Remove a damaged file, so that the job runs again.
        with suppress(OSError):
            path.unlink()
        return None
    return Fit(
        job=job,
        scores=np.array(content["scores"], dtype=float),
        second_scores=np.array(content["second_scores"], dtype=float),
        # use the names and indices of this run, because other runs may differ
        problems=[
            FitProblem(**{**problem, "model": job.name, "split": job.split})
            for problem in content["problems"]
        ],
        costs=Costs(**content["costs"]),
    )


def _digest_content(content: Any) -> str:
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()


def write_fit(path: Path, fit: Fit) -> None:
    """Write a finished fit atomically.

    Failed fits are not written, because they may succeed in the next run. Nothing is
    written if the folder does not exist, as on another machine. The caller then writes
    the file.
    """
    failed = any(problem.kind == "error" for problem in fit.problems)
    if failed or path.exists() or not path.parent.is_dir():
        return
    content = {
        "scores": fit.scores.tolist(),
        "second_scores": fit.second_scores.tolist(),
        "problems": [asdict(problem) for problem in fit.problems],
        "costs": asdict(fit.costs),
    }
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", dir=path.parent, suffix=".part", delete=False
    ) as file:
        part = Path(file.name)
        try:
            json.dump({"sha256": _digest_content(content), "fit": content}, file)
            file.close()  # a full disk may only be detected here
            os.replace(part, path)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
