"""
Serve a saved model
===================

Start the FastAPI server with ``MODEL=model.mtl uvicorn serve:app``.
"""

import os

import numpy as np
import pandas as pd
from fastapi import FastAPI, HTTPException
from pydantic import BaseModel

import sklearn_mtl

model = sklearn_mtl.load(os.environ["MODEL"])
names = list(model.feature_names_in_)  # requires a model fitted to a DataFrame
app = FastAPI()


class Rows(BaseModel):
    """Samples by column; null is a missing value."""

    columns: dict[str, list[float | str | None]]


@app.post("/predict")
def predict(rows: Rows) -> dict[str, list[dict[str, float] | float]]:
    """Return class probabilities or a value per sample, for each task."""
    try:
        X = pd.DataFrame(rows.columns).replace({None: np.nan})
        if set(X) == set(names):  # the columns of JSON have no order
            X = X[names]
        found = {task: value.tolist() for task, value in model.predict_frame(X).items()}
        if hasattr(model, "proba_frame"):
            frame = model.proba_frame(X).rename(str, axis=1, level=1)
            for task in frame.columns.unique(0):
                found[task] = frame[task].to_dict("records")
    except ValueError as error:  # names the column and the reason
        raise HTTPException(422, str(error)) from error
    return found


# sphinx_gallery_thumbnail_path = "_static/serve.svg"
