"""Finished fits in a folder, one file each, so that a killed run can go on."""

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

__all__ = ["cell_paths", "read_cell", "write_cell"]

_WHO = "compare"


def cell_paths(
    jobs: Sequence[FitJob], material: Material, folder: str | os.PathLike[str]
) -> list[Path]:
    """Return the file of every job, named after all that its result depends on."""
    root = Path(folder)
    root.mkdir(parents=True, exist_ok=True)
    tasks = [asdict(task) for task in material.scores.tasks]
    labels = digest_table(material.y_fit), digest_table(material.y_score)
    inputs = {
        raw: digest_table(material.raw_X if raw else material.X) for raw in (0, 1)
    }
    # Other versions of the packages may give other scores.
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
            f"{_WHO}: cache_dir needs estimators that can be pickled; {job.name!r} "
            f"cannot: {reason}"
        ) from error


def read_cell(path: Path, job: FitJob) -> Fit | None:
    """Return the finished fit of a job, or None."""
    try:
        file = json.loads(path.read_text(encoding="utf-8"))
        content, digest = file["fit"], file["sha256"]
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError):
        content, digest = None, ""
    if digest != _digest_content(content):
        # A damaged file is as good as none: the job is run again.
        with suppress(OSError):
            path.unlink()
        return None
    return Fit(
        job=job,
        scores=np.array(content["scores"], dtype=float),
        beside=np.array(content["beside"], dtype=float),
        # names and numbers are those of this run; another one may have other rows
        problems=[
            FitProblem(**{**problem, "model": job.name, "split": job.split})
            for problem in content["problems"]
        ],
        costs=Costs(**content["costs"]),
    )


def _digest_content(content: Any) -> str:
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()


def write_cell(path: Path, fit: Fit) -> None:
    """Write a finished fit in one step, so that no half of it is ever seen.

    A fit that failed is not kept: it may succeed in the next run. Neither is one where
    the folder is not there, as on another machine; the caller writes it there.
    """
    # Only complete fits are kept, because an error may be gone in the next run.
    failed = any(problem.kind == "error" for problem in fit.problems)
    if failed or path.exists() or not path.parent.is_dir():
        return
    content = {
        "scores": fit.scores.tolist(),
        "beside": fit.beside.tolist(),
        "problems": [asdict(problem) for problem in fit.problems],
        "costs": asdict(fit.costs),
    }
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", dir=path.parent, suffix=".part", delete=False
    ) as file:
        part = Path(file.name)
        try:
            json.dump({"sha256": _digest_content(content), "fit": content}, file)
            file.close()  # on a full disk it may fail only now
            os.replace(part, path)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
