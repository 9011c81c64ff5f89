"""What to do next: the lines that fit the recommended model to all samples."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sklearn_mtl.utils._fit_params import fit_params_for

if TYPE_CHECKING:
    from sklearn_mtl.comparison.results._result import ComparisonResult

__all__ = ["NextSteps", "next_steps"]


class NextSteps(NamedTuple):
    """Lines for a shell and for Python; an empty text where there are none."""

    model: str
    shell: str
    python: str


def next_steps(comparison: ComparisonResult) -> NextSteps | None:
    """Return the lines for the recommended row; None where none is recommended."""
    name = comparison.recommended
    if name is None or name not in comparison.estimators:
        return None
    is_known = name in comparison.setting.get("named_models", ())
    shell = _shell(comparison, name) if is_known else ""
    return NextSteps(name, shell, _python(comparison, name, is_known=is_known))


def _shell(comparison: ComparisonResult, name: str) -> str:
    command = comparison.setting.get("fit_command")
    if command is None:
        return ""
    model = f"'{name}'" if " " in name else name
    return (
        f"{command} --model {model} -o model.mtl\n"
        "sklearn-mtl predict model.mtl NEW_TABLE -o predictions.csv"
    )


def _python(comparison: ComparisonResult, name: str, *, is_known: bool) -> str:
    setting, lines = comparison.setting, []
    if is_known:
        options = {key: setting[key] for key in ("task_types",) if setting.get(key)}
        if setting.get("random_state") != 0:  # the default
            options["random_state"] = setting.get("random_state")
        given = "".join(f", {key}={value!r}" for key, value in options.items())
        made = f"make_estimator({name!r}, X, y{given})"
        lines = ["from sklearn_mtl.comparison import make_estimator"]
    elif "command" not in setting:
        made = "comparison.best_estimator()"
    else:
        return ""  # models of the command line that have no name
    imports, data = setting.get("data_lines", ((), ()))
    lines += [*imports, "", *data] if imports else []
    groups = "table.groups" if data else "groups"
    given = "".join(f", {key}={groups}" for key in _group_keys(comparison, name))
    return "\n".join([*lines, f"model = {made}.fit(X, y{given})"])


def _group_keys(comparison: ComparisonResult, name: str) -> list[str]:
    """Return the arguments by which fit takes groups, if there were groups."""
    if not comparison.setting.get("n_groups"):
        return []
    estimator = comparison.estimators[name]
    return list(fit_params_for(estimator, {"groups": "groups"}, "compare"))
