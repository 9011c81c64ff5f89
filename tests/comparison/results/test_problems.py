from sklearn_mtl.comparison.results._problems import summarise_problems
from sklearn_mtl.comparison.results._rows import FitProblem


def warning(model, split, text):
    return FitProblem(model, split, "warning", "test", f"UnseenLabelWarning: {text}")


def error(model, split, text, where="test"):
    return FitProblem(
        model, split, "error", where, f"ValueError: {text}", f"trace {split}"
    )


def test_warnings_of_one_category_are_one_line():
    lines = summarise_problems(
        [warning("b", 0, "x"), warning("a", 1, "y"), warning("b", 1, "x")]
    )
    assert lines == [
        (
            "warning in 3 fits of b and a (splits 1 and 2): UnseenLabelWarning: x "
            "(and 1 more of this kind)",
            "",
        )
    ]


def test_errors_are_told_by_model_message_and_place_and_come_first():
    lines = summarise_problems(
        [
            warning("a", 0, "x"),
            error("a", 2, "no"),
            error("a", 0, "no"),
            error("a", 0, "no", "choice"),
            error("b", 1, "no"),
        ]
    )
    assert [line for line, _ in lines[:3]] == [
        "error in a (inner fits of split 1): ValueError: no",
        "error in a (splits 1 and 3): ValueError: no",
        "error in b (split 2): ValueError: no",
    ]
    assert lines[1][1] == "trace 2"
    assert len(lines) == 4


def test_long_messages_are_cut():
    ((line, _),) = summarise_problems([error("a", 0, "x" * 1000)])
    assert len(line) < 400
    assert line.endswith("x ...")


def test_without_problems_there_is_nothing():
    assert summarise_problems([]) == []
