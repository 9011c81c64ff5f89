"""Calibration of the probabilities of one task on held-out predictions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize, minimize_scalar
from scipy.special import expit, log_softmax, softmax
from sklearn.isotonic import IsotonicRegression

__all__ = [
    "CALIBRATIONS",
    "LEAST",
    "Calibrator",
    "IsotonicCurve",
    "SigmoidCurve",
    "Temperature",
    "learn_calibrator",
]

# Trees predict probabilities of exactly 0 and 1, whose logits are infinite.
LEAST = 1e-7
# Upper bound on the absolute logarithm of a temperature, which would be infinite for
# separable labels.
_COLDEST = 6.0


@dataclass(frozen=True)
class Calibrator:
    """One-vs-rest calibration of the probabilities of all classes.

    Attributes
    ----------
    curves : tuple of Curve
        One curve for each class; with two classes, one curve for the second class.
    """

    curves: tuple[SigmoidCurve | IsotonicCurve, ...]

    def apply(self, proba: np.ndarray) -> np.ndarray:
        """Return calibrated probabilities (n_samples, n_classes)."""
        if len(self.curves) == 1:
            second = self.curves[0].apply(proba[:, 1])
            return np.column_stack([1 - second, second])
        parts = [curve.apply(p) for curve, p in zip(self.curves, proba.T, strict=True)]
        out = np.column_stack(parts)
        total = out.sum(axis=1, keepdims=True)
        # All calibrated probabilities are 0: the classes are equally probable.
        uniform = np.full_like(out, 1 / out.shape[1])
        return np.divide(out, total, out=uniform, where=total > 0)


@dataclass(frozen=True)
class SigmoidCurve:
    """Platt's sigmoid of the logit of a probability."""

    slope: float
    shift: float

    @classmethod
    def learn(cls, p: np.ndarray, is_class: np.ndarray, w: np.ndarray) -> SigmoidCurve:
        """Minimise the log-loss. Shapes: all (n_samples,)."""
        z = _logit(p)
        n_in, n_out = w[is_class].sum(), w[~is_class].sum()
        # Platt's smoothed targets keep the slope finite for separable labels.
        target = np.where(is_class, (n_in + 1) / (n_in + 2), 1 / (n_out + 2))
        share = w / w.sum()

        def loss(point: np.ndarray) -> tuple[float, np.ndarray]:
            raw = point[0] * z + point[1]
            error = share * (expit(raw) - target)
            value = share @ (np.logaddexp(0, raw) - target * raw)
            return float(value), np.array([error @ z, error.sum()])

        options = {"gtol": 1e-9}
        found = minimize(loss, [1.0, 0.0], jac=True, method="BFGS", options=options)
        return cls(float(found.x[0]), float(found.x[1]))

    def apply(self, p: np.ndarray) -> np.ndarray:
        """Return calibrated probabilities (n_samples,) of the class."""
        return expit(self.slope * _logit(p) + self.shift)


@dataclass(frozen=True)
class IsotonicCurve:
    """Monotone piecewise linear function of a probability."""

    x: np.ndarray
    y: np.ndarray

    @classmethod
    def learn(cls, p: np.ndarray, is_class: np.ndarray, w: np.ndarray) -> IsotonicCurve:
        """Minimise the squared error. Shapes: all (n_samples,)."""
        found = IsotonicRegression().fit(p, is_class * 1.0, w)
        return cls(found.X_thresholds_, found.y_thresholds_)

    def apply(self, p: np.ndarray) -> np.ndarray:
        """Return calibrated probabilities (n_samples,) of the class."""
        return np.interp(p, self.x, self.y)


@dataclass(frozen=True)
class Temperature:
    """Temperature scaling: log-probabilities divided by one number [1]_.

    References
    ----------
    .. [1] C. Guo, G. Pleiss, Y. Sun, K. Q. Weinberger, "On calibration of modern
       neural networks", ICML 2017.
    """

    inverse: float

    @classmethod
    def learn(cls, proba: np.ndarray, y: np.ndarray, w: np.ndarray) -> Temperature:
        """Minimise the log-loss.

        Shapes: proba (n_samples, n_classes), y and w (n_samples,).
        """
        logs, rows, share = _log(proba), np.arange(len(y)), w / w.sum()

        def loss(log_inverse: float) -> float:
            scaled = log_softmax(np.exp(log_inverse) * logs, axis=1)
            return float(-share @ scaled[rows, y])

        bounds, options = (-_COLDEST, _COLDEST), {"xatol": 1e-8}
        found = minimize_scalar(loss, bounds=bounds, method="bounded", options=options)
        return cls(float(np.exp(found.x)))

    def apply(self, proba: np.ndarray) -> np.ndarray:
        """Return calibrated probabilities (n_samples, n_classes)."""
        return softmax(self.inverse * _log(proba), axis=1)


def learn_calibrator(
    method: str, proba: np.ndarray, y: np.ndarray, w: np.ndarray
) -> Calibrator | Temperature:
    """Fit a calibrator of probabilities to observed classes.

    Shapes: proba (n_samples, n_classes), y (n_samples,) of class indices, w
    (n_samples,).
    """
    if method == "temperature":
        return Temperature.learn(proba, y, w)
    learn = CALIBRATIONS[method]
    assert learn is not None  # for the type checker
    n_classes = proba.shape[1]
    chosen = [1] if n_classes == 2 else range(n_classes)
    return Calibrator(tuple(learn(proba[:, k], y == k, w) for k in chosen))


def _logit(p: np.ndarray) -> np.ndarray:
    inside = np.clip(p, LEAST, 1 - LEAST)
    return np.log(inside) - np.log1p(-inside)


def _log(proba: np.ndarray) -> np.ndarray:
    return np.log(np.maximum(proba, LEAST))


Learn = Callable[[np.ndarray, np.ndarray, np.ndarray], "SigmoidCurve | IsotonicCurve"]
#: Functions that fit the curve of one class; None if all classes are fitted together.
CALIBRATIONS: dict[str, Learn | None] = {
    "isotonic": IsotonicCurve.learn,
    "sigmoid": SigmoidCurve.learn,
    "temperature": None,
}
