"""L, ranks and targets of the accuracy benchmark, on errors made by hand."""

import numpy as np
import pytest

from benchmarks._accuracy import summary
from benchmarks._accuracy.names import FOUR, RIVALS
from benchmarks._accuracy.targets import check_targets


def record(set_name, label, errors, seed=0, hide=0.0, seconds=1.0, fold=None):
    return {
        "set": set_name,
        "seed": seed,
        "fold": fold,
        "hide": hide,
        "label": label,
        "errors": errors,
        "fit_seconds": seconds,
    }


def records_of(values, seconds=1.0):
    """Return records of {label: [1-AUC of set 0, of set 1, ...]}."""
    return [
        record(f"set{i}", label, {"1-AUC": v, "log-loss binary": v}, seconds=seconds)
        for label, column in values.items()
        for i, v in enumerate(column)
    ]


def l_of(records):
    errors = summary.error_table(records)
    return summary.by_set(summary.relative(errors, FOUR))


def test_l_is_the_logarithm_over_the_best_of_four():
    peers = {"linear": [0.4], "forest": [0.2], "histgb": [0.3], "lightgbm": [0.5]}
    found = l_of(records_of({**peers, "net": [0.1], "xgboost": [0.05]})).loc["set0"]
    assert found["forest"] == 0.0
    assert found["net"] == pytest.approx(np.log(0.1 / 0.2))
    assert found["xgboost"] == pytest.approx(np.log(0.05 / 0.2))


def test_each_kind_and_split_has_a_best_of_its_own():
    records = []
    for seed, (a, b) in enumerate([(0.2, 0.4), (0.4, 0.2)]):
        for label, scale in zip(FOUR, (1.0, 2.0, 3.0, 4.0), strict=True):
            first = a * scale if label == "linear" else 1.0
            second = b if label == "forest" else 1.0
            errors = {"1-accuracy": first, "log-loss": second}
            records.append(record("s", label, errors, seed))
        records.append(record("s", "net", {"1-accuracy": 0.2, "log-loss": 0.2}, seed))
    # over kinds: ln(.2 / a), ln(.2 / b); one is 0 and the other ln(1/2) in both seeds
    assert l_of(records).loc["s", "net"] == pytest.approx(np.log(0.5) / 2)


def test_a_split_without_all_four_is_left_out():
    records = records_of({"linear": [0.1], "forest": [0.1], "net": [0.1]})
    assert l_of(records).empty
    full = records_of({label: [0.2] for label in FOUR} | {"net": [0.1]})
    lonely = record("set0", "net", {"1-AUC": 1e-3}, seed=7)
    assert l_of([*full, lonely]).loc["set0", "net"] == pytest.approx(np.log(0.5))


def test_the_log_loss_of_binary_tasks_is_no_part_of_l():
    records = records_of({label: [0.2] for label in FOUR})
    records.append(record("set0", "net", {"1-AUC": 0.2, "log-loss binary": 9.0}))
    assert l_of(records).loc["set0", "net"] == 0.0
    other = summary.by_set(summary.log_loss_against_four(records))
    assert other.loc["set0", "net"] == pytest.approx(np.log(9.0 / 0.2))


def test_the_summary_counts_sets():
    values = {label: [0.2] * 4 for label in FOUR}
    values["net"] = [0.1, 0.2, 0.202, 0.4]
    row = summary.digest(l_of(records_of(values))).loc["net"]
    assert row["<= 0"] == 0.5
    assert row["<= .02"] == 0.75
    assert row["worst"] == pytest.approx(np.log(2))
    assert row["w/o best"] == pytest.approx(np.log([1, 1.01, 2]).mean())


def test_ranks_and_the_critical_difference_are_those_of_the_textbook():
    rng = np.random.default_rng(0)
    labels = (*RIVALS, "net")
    values = {label: 0.2 + 0.05 * rng.random(11) for label in labels}
    values["net"] = np.full(11, 0.1)
    ranks, critical, p = summary.rank_table(l_of(records_of(values)), "net")
    assert ranks["net"] == 1.0
    assert ranks.sum() == pytest.approx(7 * 8 / 2)
    # Demšar 2006, table 5: q is 2.949 for seven models
    assert critical == pytest.approx(2.949 * np.sqrt(7 * 8 / (6 * 11)), abs=2e-3)
    assert 0 < p < 1


def test_costs_are_compared_over_sets_that_both_have():
    records = [
        record("a", "net", {}, seconds=1.0),
        record("a", "forest", {}, seconds=4.0),
        record("b", "net", {}, seconds=100.0),
    ]
    costs = summary.cost_table(records)
    assert summary.cost_ratio(costs, "net", ["forest"]) == 0.25
    assert np.isnan(summary.cost_ratio(costs, "net", ["lightgbm"]))


def test_sharing_compares_the_net_with_its_twin_at_the_same_share_of_labels():
    records = [
        record("s", "net", {"1-AUC": 0.1}),
        record("s", "twin", {"1-AUC": 0.2}),
        record("s", "net", {"1-AUC": 0.3}, hide=0.8),
        record("s", "twin", {"1-AUC": 0.3}, hide=0.8),
    ]
    table = summary.sharing_table(records, (0.0, 0.8))
    assert table.loc["s", "0% hidden"] == pytest.approx(np.log(0.5))
    assert table.loc["s", "80% hidden"] == 0.0


def test_variants_are_paired_by_split_with_the_base():
    records = []
    for seed, base in enumerate((0.1, 0.4)):
        records += [
            record("s", "net", {"1-AUC": base}, seed),
            record("s", "wide", {"1-AUC": 2 * base}, seed),
        ]
    errors = summary.error_table(records)
    table = summary.variant_table(summary.relative(errors, ["net"]), "net")
    assert table.loc["wide", "mean"] == pytest.approx(np.log(2))
    assert table.loc["wide", "better"] == 0


def test_targets_say_what_is_met_and_what_is_not_known():
    values = {label: [0.2, 0.2] for label in FOUR} | {"net": [0.1, 0.19]}
    table = check_targets(records_of(values)).set_index("what")
    assert table.loc["L mean", "met"] == "yes"
    assert table.loc["cost / forests", "met"] == "no"
    assert table.loc["cost net / twin", "met"] == "?"
