import json

import numpy as np
import pandas as pd
import pytest


def test_table_has_a_row_a_model_and_the_selected_row_after_its_sources(comparison):
    table = comparison.table
    assert table.index.tolist() == [
        "dummy",
        "linear",
        "forest",
        "automatically selected",
        "net, one per task",
        "net",
    ]
    scores = comparison.measured.scores
    np.testing.assert_allclose(table.loc["net", "ill"], scores[4, :, 1].mean())
    skills = (scores[4].mean(axis=0) - [0.1, 0.5, 0.0]) / [0.9, 0.5, 1.0]
    np.testing.assert_allclose(table.loc["net", "mean"], skills.mean())
    np.testing.assert_allclose(
        table.loc["automatically selected", "hours"], scores[2, :, 2].mean()
    )
    assert table["fit seconds"].iloc[-1] == 12
    assert np.isnan(table.loc["automatically selected", "fit seconds"])


def test_table_and_gain_agree(comparison):
    gain = comparison.gain
    row = gain[(gain["against"] == "twin") & (gain["task"] == "mean")].iloc[0]
    shared = comparison.table.loc["net"]
    assert shared["gain from sharing"] == row["gain"]
    assert shared["gain from sharing low"] == row["adjusted_low"]
    assert shared["gain from sharing high"] == row["adjusted_high"]
    assert np.isnan(comparison.table.loc["linear", "gain from sharing"])
    assert len(gain) == 4 * 4  # over twin, selection, linear and forest


def test_scores_are_long_and_hold_both_metrics(comparison):
    scores = comparison.scores
    assert len(scores) == 5 * 5 * 3 + 5 * 5
    one = scores.query("model == 'net' and split == 2 and task == 'digit'")
    assert one["metric"].tolist() == ["balanced_accuracy", "neg_log_loss"]
    assert one["score"].iloc[0] == comparison.measured.scores[4, 2, 0]
    assert one["score"].iloc[1] == comparison.measured.second_scores[4, 2, 0]


def test_chosen_counts_are_by_task_and_most_often_first(comparison):
    comparison.measured.chosen[:, 0] = [1, 2, 2, 2, 0]
    counts = comparison.chosen_counts()["digit"]
    assert counts == {"forest": 3, "dummy": 1, "linear": 1}
    assert next(iter(counts)) == "forest"


def test_unknown_row_is_named_with_the_known_ones(comparison):
    with pytest.raises(KeyError, match=r"no model 'tree'\. Known models: \['dummy'"):
        comparison.row("tree")


def test_json_is_strict_and_complete(with_problems, tmp_path):
    with_problems.measured.scores[0, 0, 0] = np.nan
    path = tmp_path / "out.json"
    with_problems.to_json(path)
    read = json.loads(path.read_text(), parse_constant=pytest.fail)
    assert read == with_problems.to_dict()
    assert read["scores"][0]["score"] is None
    assert read["verdict"] == with_problems.verdict
    assert read["recommended"] == with_problems.recommended
    ranks = {row["model"]: row["score"] for row in read["ranking"]}
    assert ranks == with_problems.recommendation.scores
    assert read["setting"]["versions"] == {"scikit-learn": "1.6"}
    assert [row["model"] for row in read["table"]][-1] == "net"
    assert len(read["problems"]) == 3
    assert np.array(read["fit_seconds"]).shape == (5, 5)


def test_str_is_the_text_and_repr_is_short(comparison):
    assert str(comparison) == comparison.to_text()
    assert repr(comparison) == "<Comparison of 5 models on 3 tasks, 5 splits>"


def test_csv_holds_the_table_with_all_digits(comparison, tmp_path):
    path = tmp_path / "table.csv"
    text = comparison.to_csv(path)
    assert path.read_text(encoding="utf-8") == text
    read = pd.read_csv(path, index_col="model")
    pd.testing.assert_frame_equal(read, comparison.table, check_exact=True)


def test_a_row_without_an_estimator_is_named(comparison):
    with pytest.raises(ValueError, match="model 'net' has no estimator"):
        comparison.best_estimator("net")
    with pytest.raises(KeyError, match="no model 'tree'"):
        comparison.best_estimator("tree")
    comparison.measured.scores[:, 0] = np.nan
    comparison.measured.scores[0, 0] = 0
    comparison.measured.scores[:, 1] = np.nan
    comparison.measured.scores[1, 1] = 0
    with pytest.raises(ValueError, match="no model has all scores, so none is recomm"):
        comparison.best_estimator()
