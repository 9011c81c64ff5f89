import mlflow

import sklearn_mtl


class MultiTaskModel(mlflow.pyfunc.PythonModel):
    """A saved model of sklearn_mtl that MLflow serves."""

    def load_context(self, context):
        self.model = sklearn_mtl.load(context.artifacts["model"])

    def predict(self, context, model_input, params=None):
        return self.model.predict_frame(model_input)


def log(model):
    """Log a fitted model in the active MLflow run."""
    sklearn_mtl.save(model, "model.mtl")
    mlflow.pyfunc.log_model(
        name="model",
        python_model=MultiTaskModel(),
        artifacts={"model": "model.mtl"},
    )
