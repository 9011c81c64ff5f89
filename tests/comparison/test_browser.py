"""The page in a real browser; skipped where none is installed."""

import shutil

import numpy as np
import pytest

from sklearn_mtl.comparison.results._rows import TaskRow

playwright = pytest.importorskip("playwright.sync_api")

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PATH = next((path for name in NAMES if (path := shutil.which(name))), None)
pytestmark = pytest.mark.skipif(PATH is None, reason=f"none of {NAMES} is installed")

PHONE, DESK = {"width": 360, "height": 740}, {"width": 1280, "height": 800}
# WCAG 2.1, success criterion 1.4.3
LEAST_CONTRAST = 4.5

CONTRAST = """() => {
  const parse = text => text.match(/[\\d.]+/g).map(Number);
  const light = rgb => {
    const [r, g, b] = rgb.slice(0, 3).map(v => {
      v /= 255;
      return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = element => {  // colours of the ancestors, one over the other
    const layers = [];
    for (let e = element; e; e = e.parentElement)
      layers.push(parse(getComputedStyle(e).backgroundColor));
    return layers.reverse().reduce((under, c) => {
      const a = c.length > 3 ? c[3] : 1;
      return under.map((v, i) => a * c[i] + (1 - a) * v);
    }, [255, 255, 255]);
  };
  const worst = {ratio: 99};
  for (const e of document.querySelectorAll('p, li, a, th, td, td span, summary, h1')) {
    if (!e.textContent.trim() || !e.getClientRects().length) continue;
    const [a, b] = [light(parse(getComputedStyle(e).color)), light(ground(e))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < worst.ratio)
      Object.assign(worst, {ratio, text: e.textContent.slice(0, 40)});
  }
  return worst;
}"""
FOCUSED = """() => {
  const e = document.activeElement, style = getComputedStyle(e);
  return {tag: e.tagName, name: e.getAttribute('aria-label') || e.textContent,
          seen: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0};
}"""


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as driver:
        # no sandbox: containers run as root
        started = driver.chromium.launch(executable_path=PATH, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def page_file(with_problems, with_curve, tmp_path):
    """A page with everything that a page may have."""
    comparison = with_problems
    comparison.curve = with_curve.curve
    path = tmp_path / "page.html"
    comparison.to_html(
        path, affinity=np.array([[0, 0.2, -0.1], [0.3, 0, 0], [-1, 1, 0]])
    )
    return path


@pytest.fixture(params=["light", "dark"])
def scheme(request):
    return request.param


def opened(browser, path, viewport, scheme="light"):
    """Return the page, and lists that hold what it asks for and complains of."""
    context = browser.new_context(viewport=viewport, color_scheme=scheme)
    page = context.new_page()
    asked, told = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: told.append(message.text))
    page.on("pageerror", lambda error: told.append(str(error)))
    page.goto(path.as_uri())
    return page, asked, told


def test_it_loads_one_file_without_a_complaint(browser, page_file):
    _, asked, told = opened(browser, page_file, DESK)
    assert [url for url in asked if not url.startswith("data:")] == [page_file.as_uri()]
    assert told == []


@pytest.mark.parametrize("n_tasks", [3, 7])
def test_the_table_of_scores_is_whole_on_a_phone(browser, make, tmp_path, n_tasks):
    names = ["digit", "rotation of the digit", "hours", "a", "b", "c", "d"][:n_tasks]
    tasks = [TaskRow(name, "binary", 2, 900, "roc_auc") for name in names]
    comparison = make(tasks=tasks)
    path = tmp_path / "page.html"
    comparison.to_html(path)
    page, _, _ = opened(browser, path, PHONE)
    for width in (PHONE["width"], 390):
        page.set_viewport_size({**PHONE, "width": width})
        table = page.locator("section table").first
        cells = table.locator("td").all()
        assert len(cells) == len(comparison.table) * (n_tasks + 1)
        for cell in cells:
            box = cell.bounding_box()
            assert 0 <= box["x"] <= box["x"] + box["width"] <= width
        frame = page.locator("section div").first
        assert frame.evaluate("e => e.scrollWidth <= e.clientWidth")


def test_a_server_that_forbids_scripts_changes_nothing(browser, page_file):
    policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
    page = browser.new_context(viewport=DESK).new_page()
    told = []
    page.on("console", lambda message: told.append(message.text))
    body = page_file.read_text(encoding="utf-8")
    headers = {"Content-Security-Policy": policy, "Content-Type": "text/html"}
    page.route("**", lambda route: route.fulfill(body=body, headers=headers))
    page.goto("http://page.test/")
    assert told == []
    ground = page.evaluate("getComputedStyle(document.querySelector('section')).border")
    assert ground.startswith("1px solid")


def test_axe_finds_nothing(browser, page_file, scheme):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    for viewport in (PHONE, DESK):
        page, _, _ = opened(browser, page_file, viewport, scheme)
        page.evaluate(
            "document.querySelectorAll('details').forEach(d => d.open = true)"
        )
        found = axe.run(page).response["violations"]
        assert [(one["id"], one["nodes"][0]["html"]) for one in found] == []


@pytest.mark.parametrize("viewport", [PHONE, DESK], ids=["phone", "desk"])
def test_nothing_sticks_out_of_the_screen(browser, page_file, viewport):
    page, _, _ = opened(browser, page_file, viewport)
    for summary in page.locator("summary").all():
        summary.click()
    assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]


def test_pictures_are_as_wide_as_the_phone_and_not_scaled(browser, page_file):
    page, _, _ = opened(browser, page_file, PHONE)
    widths = [img.bounding_box()["width"] for img in page.locator("img:visible").all()]
    assert widths == [PHONE["width"]] * len(widths)


def test_both_answers_are_seen_without_scrolling(browser, page_file):
    page, _, _ = opened(browser, page_file, PHONE)
    answers = page.locator(".answer").all()
    assert len(answers) == 2
    for answer in answers:
        box = answer.bounding_box()
        assert box["y"] + box["height"] < PHONE["height"]


def test_rows_of_gains_become_cards_on_a_phone(browser, page_file):
    page, _, _ = opened(browser, page_file, PHONE)
    cells = page.locator(".stacks tbody tr").first.locator("td").all()
    tops = [cell.bounding_box()["y"] for cell in cells]
    assert tops[0] < tops[1]


def test_every_stop_of_the_keyboard_has_a_name_and_is_seen(browser, page_file):
    page, _, _ = opened(browser, page_file, PHONE)
    stops = []
    for _ in range(80):
        page.keyboard.press("Tab")
        stop = page.evaluate(FOCUSED)
        if stop["tag"] == "BODY":
            break
        stops.append(stop)
    assert all(stop["seen"] and stop["name"].strip() for stop in stops)
    tags = [stop["tag"] for stop in stops]
    n_links = page.locator("nav a").count()
    assert tags[:n_links] == ["A"] * n_links  # in the order of the page
    assert tags.count("SUMMARY") == page.locator("summary").count()
    assert tags.count("DIV") == page.locator("[tabindex]:visible").count()


def test_details_open_by_the_keyboard_and_links_lead_to_sections(browser, page_file):
    page, _, _ = opened(browser, page_file, DESK)
    summary = page.locator("summary").first
    summary.focus()
    page.keyboard.press("Enter")
    assert summary.locator("..").get_attribute("open") is not None
    for link in page.locator("nav a").all():
        assert page.locator(link.get_attribute("href")).count() == 1


def test_pictures_and_tables_have_names_for_those_who_listen(browser, page_file):
    page, _, _ = opened(browser, page_file, DESK)
    for role in ("img", "region", "navigation"):
        found = page.get_by_role(role).all()
        assert found
        for element in found:
            names = ("alt", "aria-label", "aria-labelledby")
            assert any(element.get_attribute(name) for name in names)
    assert page.locator("html").get_attribute("lang") == "en"
    assert page.get_by_role("heading", level=1).count() == 1


def test_text_is_readable_in_light_and_dark(browser, page_file, scheme):
    page, _, _ = opened(browser, page_file, DESK, scheme)
    worst = page.evaluate(CONTRAST)
    assert worst["ratio"] >= LEAST_CONTRAST, worst


def test_a_picture_of_it_is_not_empty(browser, page_file, scheme, tmp_path):
    page, _, _ = opened(browser, page_file, PHONE, scheme)
    path = tmp_path / "page.png"
    page.screenshot(path=path, full_page=True)
    import matplotlib.image as mpimg

    picture = mpimg.imread(path)
    assert picture.shape[1] == PHONE["width"]
    ground = picture[2, 2, :3]
    assert (ground.mean() > 0.5) == (scheme == "light")
    assert (np.abs(picture[..., :3] - ground).sum(axis=2) > 0.5).mean() > 0.02
