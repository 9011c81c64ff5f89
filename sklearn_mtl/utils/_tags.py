"""Tags of meta-estimators."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sklearn.utils import ClassifierTags, RegressorTags, Tags, get_tags

__all__ = ["join_tags"]

_ALL = ("sparse", "allow_nan", "string", "categorical", "one_d_array", "dict")
_ANY = ("positive_only", "pairwise")


def join_tags(tags: Tags, estimators: Sequence[Any]) -> Tags:
    """Return tags that are valid for all of the estimators."""
    tags.target_tags.required = True
    tags.target_tags.multi_output = True
    inner = [get_tags(one) for one in estimators]
    if not inner:
        return tags
    for name in _ALL:
        setattr(tags.input_tags, name, all(_input(one, name) for one in inner))
    for name in _ANY:
        setattr(tags.input_tags, name, any(_input(one, name) for one in inner))
    tags.target_tags.positive_only = any(t.target_tags.positive_only for t in inner)
    tags.non_deterministic = any(t.non_deterministic for t in inner)
    tags.no_validation = all(t.no_validation for t in inner)
    types = {t.estimator_type for t in inner}
    tags.estimator_type = types.pop() if len(types) == 1 else None
    of_classifiers = [t.classifier_tags for t in inner if t.classifier_tags is not None]
    if tags.estimator_type != "regressor":
        tags.classifier_tags = ClassifierTags(
            poor_score=any(t.poor_score for t in of_classifiers),
            multi_class=all(t.multi_class for t in of_classifiers),
            multi_label=True,
        )
    of_regressors = [t.regressor_tags for t in inner if t.regressor_tags is not None]
    if tags.estimator_type != "classifier":
        tags.regressor_tags = RegressorTags(
            poor_score=any(t.poor_score for t in of_regressors)
        )
    return tags


def _input(tags: Tags, name: str) -> bool:
    return bool(getattr(tags.input_tags, name, False))
