import hashlib
import re
import subprocess
import sys
from base64 import b64encode
from html.parser import HTMLParser
from types import SimpleNamespace

import numpy as np
import pytest

from sklearn_mtl.comparison.results._rows import ModelRow, TaskRow
from tests.comparison.conftest import MODELS

VOID = {"br", "img", "link", "meta", "source"}


class Page(HTMLParser):
    """Checks that tags are closed in order, and keeps them and the text."""

    def __init__(self, source):
        super().__init__()
        self.open, self.tags, self.text, self.attributes = [], [], [], []
        self.feed(source)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        assert tag in VOID
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def page_of(comparison, tmp_path):
    path = tmp_path / "page.html"
    comparison.to_html(path)
    source = path.read_text(encoding="utf-8")
    return source, Page(source)


def test_page_is_well_formed_and_complete(with_problems, tmp_path):
    _, page = page_of(with_problems, tmp_path)
    text = " ".join(page.text)
    for line in with_problems.verdict.split("\n"):
        assert all(part in text for part in line.split(". "))
    facts = "1000 samples, 7 features, 3 tasks, 5 splits; 30% of the labels hidden"
    assert facts in text
    assert page.tags.count("picture") == 1
    # a box a task, one for the error, one for the models
    assert page.tags.count("details") == 3 + 1 + 1
    assert "sklearn-mtl compare a.csv --targets digit ill hours" in text
    assert "RandomForestClassifier()" in text


def test_shares_of_hidden_labels_by_task_are_told(make, tmp_path):
    setting = {"missing_fraction": [0.1, 0.4, 0.0]}
    source, _ = page_of(make(setting=setting), tmp_path)
    assert "up to 40% of the labels hidden" in source


def test_page_asks_the_network_for_nothing(with_problems, tmp_path):
    source, page = page_of(with_problems, tmp_path)
    written = re.sub(r"base64,[A-Za-z0-9+/=]+", "", source)
    assert not re.search(r"https?:|//|@import|url\(", written)
    assert "script" not in page.tags
    names = ("src", "srcset", "href")
    asked = [value for name, value in page.attributes if name in names]
    assert {value.split(",")[0] for value in asked if not value.startswith("#")} == {
        "data:",
        "data:image/svg+xml;base64",
    }


def test_each_section_explains_before_it_shows(with_curve, tmp_path):
    with_curve.to_html(tmp_path / "page.html", affinity=np.eye(3))
    source = (tmp_path / "page.html").read_text(encoding="utf-8")
    sections = re.findall(r"<section.*?</section>", source, re.DOTALL)
    titles = [re.search(r"<h2.*?>(.*?)</h2>", one)[1] for one in sections]
    assert titles[:3] == ["Compared models", "Scores", "Gain from sharing: net"]
    for title, one in zip(titles, sections, strict=True):
        first = re.search("<(?:p|dl|details|table|picture|pre)[ >]", one)[0]
        if title != "How to reproduce":
            assert first[1:-1] in ("p", "details"), title


def test_every_row_is_told_apart_in_plain_words(comparison, tmp_path):
    source, _ = page_of(comparison, tmp_path)
    told = re.search('<section id="s0".*?</section>', source, re.DOTALL)[0]
    for name in comparison.table.index:
        assert name in told
    assert "Twin: the same estimator, fitted separately to each task." in told


def test_the_number_of_splits_stands_without_a_digest(make, tmp_path):
    setting = {"folds": "5 splits", "folds_digest": "8fbfee85"}
    source, _ = page_of(make(setting=setting), tmp_path)
    assert "8fbfee85" not in source
    assert "digest" not in source


def test_its_policy_allows_its_own_style_and_pictures_and_nothing_else(
    with_problems, tmp_path
):
    path = tmp_path / "page.html"
    with_problems.to_html(path, affinity=np.eye(3))
    source = path.read_text(encoding="utf-8")
    (style,) = re.findall(r"<style>(.*?)</style>", source, re.DOTALL)
    digest = b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'; "
        "base-uri 'none'; form-action 'none'"
    )
    assert f'<meta http-equiv="Content-Security-Policy" content="{policy}">' in source
    names = [name for name, _ in Page(source).attributes]
    assert "style" not in names
    assert not [name for name in names if name.startswith("on")]


def test_page_fits_a_phone(comparison, tmp_path):
    source, page = page_of(comparison, tmp_path)
    assert ("content", "width=device-width, initial-scale=1") in page.attributes
    # wide tables scroll by themselves, also from the keyboard
    scrolling = source.count('<div class="scroll" tabindex="0" role="region"')
    whole = source.count('<div class="stacks">') + source.count('<div class="whole">')
    assert scrolling + whole == page.tags.count("table")
    assert '<div class="whole"><table aria-label="scores">' in source


def test_scores_of_many_tasks_become_cards_on_a_phone(make, tmp_path):
    tasks = [TaskRow(f"task{i}", "binary", 2, 9, "roc_auc") for i in range(6)]
    source, _ = page_of(make(tasks=tasks), tmp_path)
    assert '<div class="cards" tabindex="0" role="region"' in source


def test_pictures_say_in_words_what_they_show(with_curve, tmp_path):
    _, page = page_of(with_curve, tmp_path)
    alts = [value for name, value in page.attributes if name == "alt"]
    assert len(alts) == 1 + 1 + 3  # gains, and curves of the mean and of each task
    assert alts[0] == (
        "Gains of net by task, with 95% intervals. Sharing: helps on digit; "
        "no evidence on ill and mean; hurts on hours."
    )
    first, last = with_curve.learning_curve.query("task == 'mean'").iloc[[0, -1]].iloc
    assert alts[1] == (
        "Scores of net and its twin against the number of labels, mean over tasks: "
        f"with 8 labels {first['score']:.3f} versus {first['twin']:.3f}, "
        f"with 80 labels {last['score']:.3f} versus {last['twin']:.3f}."
    )
    media = [value for name, value in page.attributes if name == "media"]
    assert media == ["(prefers-color-scheme: dark)"] * len(alts)


def test_curves_stand_in_tables_too(with_curve, tmp_path):
    source, _ = page_of(with_curve, tmp_path)
    for task in ("mean", "digit", "ill", "hours"):
        assert f'aria-label="table of scores of net by labels, {task}"' in source


def test_names_and_messages_are_escaped(make, tmp_path):
    name = "<script>alert('1')</script>\"&$x$"
    comparison = make(tasks=[TaskRow(name, "binary", 2, 9, "roc_auc")])
    source, page = page_of(comparison, tmp_path)
    assert "script" not in page.tags
    assert "&lt;script&gt;" in source
    assert f"{name}: binary, 2 classes, 9 labels" in page.text
    assert "<script" not in comparison._repr_html_()


def test_errors_open_to_their_traceback(with_problems, tmp_path):
    source, _ = page_of(with_problems, tmp_path)
    assert "error in forest (splits 2 and 4): ValueError: &lt;b&gt;broken" in source
    assert source.count("Traceback 1") == 1


def test_task_boxes_hold_every_split_and_the_choice(comparison, tmp_path):
    _, page = page_of(comparison, tmp_path)
    text = " ".join(page.text)
    assert "digit: multiclass, 10 classes, 900 labels" in text
    assert "split 5" in text
    assert "Automatically selected, by split: forest (5)." in text
    assert f"{comparison.measured.scores[4, 3, 0]:.3f}" in text


def test_several_shared_models_have_a_section_each(make, tmp_path):
    comparison = make()
    comparison.models[2] = type(comparison.models[4])("deep", "shared", "linear")
    comparison.measured.chosen[:] = 1
    _, page = page_of(comparison, tmp_path)
    assert page.tags.count("picture") == 2


@pytest.mark.parametrize("n_splits", [1, 2])
def test_few_splits_still_give_a_page(make, tmp_path, n_splits):
    _, page = page_of(make(n_splits=n_splits), tmp_path)
    assert "picture" in page.tags


def test_page_and_display_are_imported_without_what_draws_them():
    code = (
        "import sys, sklearn_mtl.comparison, sklearn_mtl.comparison.report._html; "
        "heavy = {'jinja2', 'matplotlib', 'torch', 'tqdm'}; "
        "sys.exit(' '.join(heavy & {*sys.modules}) or None)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_which_model_stands_first_and_then_sharing_model_by_model(make, tmp_path):
    comparison = make()
    comparison.models[2] = type(comparison.models[4])("deep", "shared", "linear")
    comparison.measured.chosen[:] = 1
    text = " ".join(page_of(comparison, tmp_path)[1].text)
    parts = [
        "Which model should I use?",
        "No clear winner; start with net, one per task (0.526).",
        "Does sharing help?",
        "deep: it helps on 2 and hurts on 1 of 3 tasks; net: it helps on 1 and hurts",
        "Sharing helps deep on 2 of 3 tasks",
        "Sharing helps net on 1 of 3 tasks",
    ]
    places = [text.index(part) for part in parts]
    assert places == sorted(places)


def test_wins_and_losses_are_counted(comparison, tmp_path):
    text = " ".join(page_of(comparison, tmp_path)[1].text)
    assert (
        "It is significantly better than its twin on 1 of 3 tasks and significantly "
        "worse on 1."
    ) in text
    assert "delta_m" not in text  # these are scores, not errors


def test_delta_m_is_shown_for_errors(make, tmp_path):
    task = TaskRow("dose", "regression", 0, 80, "neg_mean_squared_error")
    comparison = make(tasks=[task])
    comparison.measured.scores[:] = -1 + 0.5 * comparison.measured.scores
    less = f"errors change by {-comparison.delta_m():+.1%} (mean, delta_m)"
    assert less in " ".join(page_of(comparison, tmp_path)[1].text)


def test_costs_are_shown_for_every_model(comparison, tmp_path):
    text = " ".join(page_of(comparison, tmp_path)[1].text)
    part = text[text.index("Mean time of a fit") :]
    for column in ("fit seconds", "predict seconds", "model MB"):
        assert column in part
    assert "automatically selected" not in part[: part.index("Details by task")]


def test_every_cell_of_the_scores_has_its_log_loss(comparison, tmp_path):
    text = "".join(page_of(comparison, tmp_path)[1].text)
    losses = comparison.second_table["digit"]
    assert len(losses) == 6
    for loss in losses:
        assert f"log-loss {loss:.3f}" in text


def test_the_association_of_labels_is_not_called_help(comparison, tmp_path):
    found = SimpleNamespace(names=["digit", "ill", "hours"], values=np.eye(3))
    path = tmp_path / "page.html"
    for found.method, title in (
        ("label", "Association between labels"),
        ("transfer", "Affinity between tasks"),
    ):
        comparison.to_html(path, affinity=found)
        source = path.read_text(encoding="utf-8")
        assert title in Page(source).text
        is_help = found.method != "label"
        assert ('<th scope="col">helps</th>' in source) == is_help
        assert ("Affinity between tasks" in source) == is_help


def test_a_given_affinity_is_shown(comparison, tmp_path):
    path = tmp_path / "page.html"
    comparison.to_html(path, affinity=np.array([[0, 0.5, 0], [-0.25, 0, 0], [0, 0, 0]]))
    page = Page(path.read_text(encoding="utf-8"))
    assert "Affinity between tasks" in page.text
    assert {"+0.500", "-0.250"} <= set(page.text)
    assert "Affinity between tasks" not in page_of(comparison, tmp_path)[1].text


def test_the_same_comparison_gives_the_same_bytes(make, tmp_path):
    assert page_of(make(), tmp_path)[0] == page_of(make(), tmp_path)[0]


@pytest.mark.parametrize("name", ["jinja2", "matplotlib"])
def test_without_the_extra_the_page_names_it(comparison, tmp_path, monkeypatch, name):
    monkeypatch.setitem(sys.modules, name, None)
    message = rf"Comparison.to_html needs {name}: pip install 'sklearn-mtl\[report\]'"
    path = tmp_path / "page.html"
    with pytest.raises(ImportError, match=message):
        comparison.to_html(path)
    assert not path.exists()


def test_a_notebook_shows_verdict_and_tables_or_the_text(comparison, monkeypatch):
    page = Page(comparison._repr_html_())
    assert set(comparison.verdict.split("\n")) <= set(page.text)
    assert page.tags.count("table") == 2  # scores and gains
    monkeypatch.setitem(sys.modules, "jinja2", None)
    assert comparison._repr_html_() is None


def test_a_page_without_shared_models_says_so(make, tmp_path):
    comparison = make(models=MODELS[:3])
    text = " ".join(page_of(comparison, tmp_path)[1].text)
    assert "No shared model was compared." in text


def test_the_title_of_gains_speaks_of_sharing_where_there_is_a_twin(make, tmp_path):
    comparison = make()
    comparison.models[2] = ModelRow("deep", "shared")
    comparison.measured.chosen[:] = 1
    source, _ = page_of(comparison, tmp_path)
    titles = re.findall(r"<h2 id=.*?>(.*?)</h2>", source)
    assert "Gain from sharing: net" in titles
    assert "Compared with one model per task: deep" in titles
