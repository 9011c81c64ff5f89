import sys
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from scipy import stats

from sklearn_mtl.comparison import CriticalDifferenceDisplay, DatasetsComparison
from sklearn_mtl.comparison.report._html_datasets import _short
from tests.comparison.report.test_html import page_of

# Demsar (2006), table 6: AUC of C4.5 with parameters m, cf, both, on 14 data sets.
AUC = np.array(
    [
        [0.763, 0.768, 0.771, 0.798],
        [0.599, 0.591, 0.590, 0.569],
        [0.954, 0.971, 0.968, 0.967],
        [0.628, 0.661, 0.654, 0.657],
        [0.882, 0.888, 0.886, 0.898],
        [0.936, 0.931, 0.916, 0.931],
        [0.661, 0.668, 0.609, 0.685],
        [0.583, 0.583, 0.563, 0.625],
        [0.775, 0.838, 0.866, 0.875],
        [1.000, 1.000, 1.000, 1.000],
        [0.940, 0.962, 0.965, 0.962],
        [0.619, 0.666, 0.614, 0.669],
        [0.972, 0.981, 0.9751, 0.975],
        [0.957, 0.978, 0.946, 0.970],
    ]
)
LETTERS = "abcdefghijklmn"


@pytest.fixture
def published(make):
    """A comparison of 14 data sets whose scores are those of the paper."""
    comparisons = {}
    for letter, row in zip(LETTERS, AUC, strict=True):
        made = make(n_splits=2)
        made.measured.scores[1:] = row[:, None, None]
        made.measured.chosen[:] = 1
        comparisons[letter] = made
    return DatasetsComparison(comparisons)


NAMES = ["linear", "forest", "net, one per task", "net"]


@pytest.fixture
def ranked(published, monkeypatch):
    """The same, ranked without the row that is chosen from the others."""
    table = published.table[NAMES]
    monkeypatch.setattr(DatasetsComparison, "_ranked", table)
    return published


@pytest.mark.parametrize(
    ("ranks", "said"),
    [
        ([1, 1], "1.5 among 2 models; no model ranks better."),
        ([2, 1], "1 among 2 models, the best of all."),
    ],
)
def test_a_mean_rank_that_is_shared_is_not_called_the_best(
    published, monkeypatch, ranks, said
):
    table = pd.DataFrame([ranks] * 14, columns=["net", "linear"], index=[*LETTERS])
    monkeypatch.setattr(DatasetsComparison, "_ranked", table)
    assert published.verdict.endswith(f"Its mean rank is {said}")


def test_data_sets_where_a_row_lacks_scores_are_not_ranked(published):
    published.comparisons["c"].measured.scores[2, 0, 1] = np.nan
    assert published.not_ranked == ["c"]
    assert published.table.notna().all(axis=None)


def test_mean_ranks_are_those_of_the_paper(ranked):
    expected = dict(zip(NAMES, [3.143, 2.000, 2.893, 1.964], strict=True))
    assert ranked.mean_ranks.round(3).to_dict() == expected
    assert list(ranked.mean_ranks.index) == ["net", "forest", NAMES[2], "linear"]


def test_the_critical_difference_is_that_of_the_paper(ranked):
    # Demsar (2006), section 3.2.4: CD = 2.569 sqrt(4 * 5 / (6 * 14)) = 1.25
    np.testing.assert_allclose(ranked.critical_difference, 1.25, atol=0.005)
    ranked.alpha = 0.1  # q = 2.291
    np.testing.assert_allclose(ranked.critical_difference, 1.12, atol=0.005)


def test_friedman_and_nemenyi_agree_with_the_published_conclusions(ranked):
    statistic, p_value = ranked.friedman
    # the paper gives 9.28; SciPy also corrects for ties: one of 4, three of 2
    np.testing.assert_allclose(statistic * (1 - (60 + 3 * 6) / (14 * 60)), 9.28, 1e-3)
    np.testing.assert_allclose(p_value, stats.chi2.sf(statistic, 3))
    p_values = ranked.p_values
    assert list(p_values.index) == list(ranked.mean_ranks.index)
    differences = np.abs(
        ranked.mean_ranks.to_numpy()[:, None] - ranked.mean_ranks.to_numpy()
    )
    significant = p_values.to_numpy() < ranked.alpha
    np.testing.assert_array_equal(significant, differences > ranked.critical_difference)


def test_dummies_and_a_choice_among_one_model_are_not_ranked(published, make):
    assert list(published.ranks.columns) == [
        "linear",
        "forest",
        "automatically selected",
        *NAMES[2:],
    ]
    made = {name: make() for name in "ab"}
    for comparison in made.values():
        del comparison.models[2]
        comparison.measured.chosen[:] = 1
        costs = ("fit_seconds", "predict_seconds", "model_bytes")
        for name in ("scores", "second_scores", *costs):
            values = getattr(comparison.measured, name)
            object.__setattr__(comparison.measured, name, np.delete(values, 2, axis=0))
    assert "automatically selected" not in DatasetsComparison(made).ranks


def test_a_data_set_on_which_a_model_failed_is_not_ranked_and_named(make, tmp_path):
    made = {name: make() for name in "abc"}
    made["b"].measured.scores[1] = np.nan
    found = DatasetsComparison(made)
    assert found.not_ranked == ["b"]
    assert list(found.ranks.index) == ["a", "c"]
    text = " ".join(page_of(found, tmp_path)[1].text)
    assert "Data sets without ranks, because a model has no score: b." in text


def test_gains_are_those_of_the_mean_with_holm_over_data_sets(make):
    made = {name: make(spread=0.02) for name in "abc"}
    found = DatasetsComparison(made)
    gains = [gain for gain in found.gains if gain.against == "twin"]
    assert [gain.task for gain in gains] == ["a", "b", "c"]
    one = next(g for g in made["a"].gains if g.task == "mean" and g.against == "twin")
    assert gains[0].interval == one.interval
    np.testing.assert_allclose(gains[0].p_adjusted, min(1, 3 * one.p_adjusted))
    assert found.counts["unknown"].tolist() == [0, 0]


def test_without_the_tests_package_the_rest_is_there(published, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "scikit_posthocs", None)
    with pytest.raises(ImportError, match=r"needs scikit-posthocs: .*\[ranks\]"):
        published.plot()
    assert len(published.mean_ranks) == 5
    text = " ".join(page_of(published, tmp_path)[1].text)
    assert "not tested pairwise, because scikit-posthocs is not installed" in text


def test_two_comparisons_and_a_level_are_needed(make):
    with pytest.raises(ValueError, match="comparisons has length 1; at least two are"):
        DatasetsComparison({"a": make()})
    with pytest.raises(ValueError, match=r"alpha is 5; it must be in \(0, 1\)"):
        DatasetsComparison({"a": make(), "b": make()}, alpha=5)


def test_the_diagram_holds_ranks_and_a_bar_for_each_run(ranked):
    display = ranked.plot()
    np.testing.assert_array_equal(display.mean_ranks, ranked.mean_ranks)
    assert display.highlighted == ["net"]
    drawn = [text.get_text() for text in display.ax_.texts]
    assert "net (1.96)" in drawn
    assert "critical difference 1.25" in drawn
    plt.close("all")


def test_the_latex_table_has_a_row_for_each_data_set_and_the_mean_ranks(
    published, tmp_path
):
    path = tmp_path / "ranks.tex"
    text = published.to_latex(path)
    assert path.read_text(encoding="utf-8") == text
    lines = text.splitlines()
    names = [line.split(" & ")[0] for line in lines if " & " in line]
    assert names == ["data set", *published.table.index, "mean rank"]
    header, first, ranks = (cells_of(lines[place]) for place in (2, 4, -3))
    scores = published.table.iloc[0]
    for model, score, rank in zip(header, first, ranks, strict=True):
        assert number_in(score) == pytest.approx(scores[model], abs=5e-4)
        assert ("textbf" in score) == (scores[model] == scores.max())
        expected = published.mean_ranks.get(model, np.nan)
        assert number_in(rank) == pytest.approx(expected, abs=5e-4, nan_ok=True)
        assert ("textbf" in rank) == (expected == published.mean_ranks.min())


def cells_of(line):
    return line.removesuffix(r" \\").split(" & ")[1:]


def number_in(cell):
    text = cell.removeprefix(r"\textbf{").removesuffix("}").replace("$-$", "-")
    return np.nan if text == "--" else float(text)


def test_text_and_repr_are_short(published):
    assert repr(published) == "<DatasetsComparison of 6 models on 14 data sets>"
    assert "net: " in str(published)


def test_the_page_draws_the_ranks_and_tells_them_in_numbers(ranked, tmp_path):
    source, page = page_of(ranked, tmp_path)
    text = " ".join(page.text)
    assert "Shared models are blue." in text
    assert "(critical difference 1.25)" in text
    alts = [value for name, value in page.attributes if name == "alt"]
    told = "net 1.96, forest 2.00, net, one per task 2.89 and linear 3.14"
    assert alts[0] == (
        f"Mean ranks (1 is the best): {told}. Bars connect models that do not differ "
        "significantly."
    )
    assert '<th scope="row">forest</th><td data-label="mean rank">2.00</td>' in source


def test_names_that_shorten_to_one_are_numbered():
    names = ["a model of one kind", "a model, one kind", "b"]
    assert len(set(_short(names).values())) == 3
    assert _short(["a", "b"]) == {"a": "a", "b": "b"}


def test_a_notebook_shows_verdict_and_scores(published, monkeypatch):
    shown = published._repr_html_()
    assert "net: " in shown
    assert "<td" in shown
    monkeypatch.setitem(sys.modules, "jinja2", None)
    assert published._repr_html_() is None


def test_shapes_that_do_not_fit_are_refused():
    message = r"mean_ranks must have shape \(2,\) and p_values \(2, 2\); got \(1,\)"
    with pytest.raises(ValueError, match=message):
        CriticalDifferenceDisplay([1.0], [[1.0]], model_names=["a", "b"])


def test_without_shared_models_or_enough_models_nothing_is_claimed(make, tmp_path):
    made = {name: make() for name in "ab"}
    for comparison in made.values():
        comparison.models[3:] = [
            replace(model, role="dummy", twin=None) for model in comparison.models[3:]
        ]
        comparison.models[1] = replace(comparison.models[1], role="dummy")
    found = DatasetsComparison(made)
    assert found.verdict == "No shared model was compared."
    assert list(found.ranks.columns) == ["forest"]
    assert np.isnan(found.friedman).all()
    assert np.isnan(found.critical_difference)
    source, _ = page_of(found, tmp_path)
    assert "Mean ranks" not in source


def test_models_whose_scores_differ_by_rounding_share_a_rank(make):
    made = {name: make() for name in "ab"}
    for comparison in made.values():
        scores = comparison.measured.scores
        scores[2] = scores[1] * (1 + 2**-52)
    ranks = DatasetsComparison(made).ranks
    np.testing.assert_array_equal(ranks["forest"], ranks["linear"])
