"""Next steps after a comparison: code that fits the recommended model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from sklearn_mtl.utils._fit_params import fit_params_for

if TYPE_CHECKING:
    from sklearn_mtl.comparison.results._result import ComparisonResult

__all__ = ["NextSteps", "next_steps"]

_PROGRAM = "sklearn-mtl"
_OWN_TABLE = "compare TABLE --targets a b"


class NextSteps(NamedTuple):
    """Description of the next steps with shell and Python code, which may be empty."""

    what: str
    shell: str
    python: str


def next_steps(comparison: ComparisonResult) -> NextSteps | None:
    """Return the next steps for the recommended model, or None without one."""
    name = comparison.recommended
    if name is None or name not in comparison.estimators:
        return None
    what = f"To fit {name} to all samples:"
    if "fit_command" in comparison.setting:
        return NextSteps(what, _shell(comparison, name), _python(comparison, name))
    if "command" in comparison.setting:  # on the built-in data
        own = f"{comparison.setting.get('program', _PROGRAM)} {_OWN_TABLE}"
        return NextSteps("To compare models on your own table:", own, "")
    return NextSteps(what, "", _python(comparison, name))


def _shell(comparison: ComparisonResult, name: str) -> str:
    program = comparison.setting.get("program", _PROGRAM)
    model = f"'{name}'" if " " in name else name
    return (
        f"{comparison.setting['fit_command']} --model {model} -o model.mtl\n"
        f"{program} predict model.mtl NEW_TABLE -o predictions.csv"
    )


def _python(comparison: ComparisonResult, name: str) -> str:
    setting, lines = comparison.setting, []
    made = "comparison.best_estimator()"
    if name in setting.get("named_models", ()):
        given = "".join(f", {option}" for option in _options(setting))
        made = f"make_estimator({name!r}, X, y{given})"
        lines = ["from sklearn_mtl.comparison import make_estimator"]
    imports, data = setting.get("data_lines", ((), ()))
    lines += [*imports, "", *data] if imports else []
    keys = _group_keys(comparison, name)
    if not data:
        given = "".join(f", {key}=groups" for key in keys)
        return "\n".join([*lines, f"model = {made}.fit(X, y{given})"])
    # the same Pipeline as in the command fit, which can predict new tables
    given = "".join(f", model__{key}=table.groups" for key in keys)
    return "\n".join(
        [
            *lines,
            f"estimator = {made}",
            'model = Pipeline([("inputs", inputs), ("model", estimator)])',
            f"model.fit(table.data, y{given})",
        ]
    )


def _options(setting: dict[str, Any]) -> list[str]:
    """Return the arguments of `compare` that `make_estimator` needs."""
    options = []
    if setting.get("task_types") is not None:
        options.append(f"task_types={setting['task_types']!r}")
    if setting.get("has_trunk"):
        options.append("trunk=trunk")
    if setting.get("random_state") != 0:  # the default
        options.append(f"random_state={setting.get('random_state')!r}")
    return options


def _group_keys(comparison: ComparisonResult, name: str) -> list[str]:
    """Return the names of the arguments of fit that take the groups, if any."""
    if not comparison.setting.get("n_groups"):
        return []
    estimator = comparison.estimators[name]
    return list(fit_params_for(estimator, {"groups": "groups"}, "compare"))
