"""
Serve a saved classifier
========================

With FastAPI: ``MODEL=model.mtl uvicorn serve:app``.
"""

import os

import numpy as np
import pandas as pd
from fastapi import FastAPI, HTTPException
from pydantic import BaseModel

import sklearn_mtl

model = sklearn_mtl.load(os.environ["MODEL"])
app = FastAPI()


class Rows(BaseModel):
    """Samples by column; null is a missing value."""

    columns: dict[str, list[float | str | None]]


@app.post("/predict")
def predict(rows: Rows) -> dict[str, list[dict[str, float]]]:
    """Return for each task a probability of each class, sample by sample."""
    try:
        X = pd.DataFrame(rows.columns).replace({None: np.nan})
        frame = model.proba_frame(X)
    except ValueError as error:  # says which column is wrong, and how
        raise HTTPException(422, str(error)) from error
    tasks = frame.columns.unique(0)
    return {
        str(task): frame[task].rename(str, axis=1).to_dict("records") for task in tasks
    }
