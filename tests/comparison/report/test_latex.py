import numpy as np

from sklearn_mtl.comparison.report._latex import escape, latex_table


def test_table_has_a_row_a_model_and_the_best_score_in_bold(comparison):
    lines = comparison.to_latex().splitlines()
    assert lines[:4] == [
        r"\begin{tabular}{lrrrr}",
        r"\toprule",
        r"model & digit & ill & hours & mean \\",
        r"\midrule",
    ]
    assert lines[-2:] == [r"\bottomrule", r"\end{tabular}"]
    names = [line.split(" & ")[0] for line in lines[4:-2]]
    assert names == list(comparison.table.index)
    best = comparison.table["digit"].idxmax()
    bold = [line.split(" & ")[0] for line in lines[4:-2] if r"& \textbf" in line]
    assert best in bold


def test_best_is_found_before_numbers_are_rounded():
    values = np.array([[0.70012, -1.0], [0.70011, -2.0], [np.nan, np.nan]])
    lines = latex_table(["", "a", "b"], ["x", "y", "z"], values).splitlines()[4:7]
    assert lines == [
        r"x & \textbf{0.700} & \textbf{$-$1.000} \\",
        r"y & 0.700 & $-$2.000 \\",
        r"z & -- & -- \\",
    ]


def test_all_of_equal_best_scores_are_bold():
    text = latex_table(["", "a"], ["x", "y"], np.array([[0.5], [0.5]]))
    assert text.count("textbf") == 2


def test_columns_without_a_score_have_no_best():
    text = latex_table(["", "a"], ["x", "y"], np.full((2, 1), np.nan))
    assert "textbf" not in text


def test_names_cannot_be_commands():
    assert escape(r"a_b & 5% \input{x} ~^") == (
        r"a\_b \& 5\% \textbackslash{}input\{x\} \textasciitilde{}\textasciicircum{}"
    )


def test_marks_mean_the_same_in_every_font():
    assert escape("<a|b>\t\r\nc") == r"\textless{}a\textbar{}b\textgreater{}   c"


def test_names_are_no_arguments_of_the_command_before_them():
    # LaTeX reads [x] and * after a line break and after a rule as their arguments
    text = latex_table(["", "[a]"], ["[x] y", "*z", "w[1]*"], np.zeros((3, 1)))
    starts = [line.split(" & ")[0] for line in text.splitlines()[4:7]]
    assert starts == ["{}[x] y", "{}*z", "w[1]*"]


def test_it_is_written_to_a_file(comparison, tmp_path):
    path = tmp_path / "scores.tex"
    text = comparison.to_latex(path)
    assert path.read_text(encoding="utf-8") == text
