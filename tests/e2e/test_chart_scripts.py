"""The functions of a chart that run in the browser, in a real one."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page

from finance_core import i18n
from finance_core.charts import parts
from finance_core.charts.script import SCRIPTS
from finance_core.storage.database import MongoDatabase
from finance_core.ui.echart import border
from tests import pages
from tests.e2e.test_korean_stocks import open_chart
from tests.yahoo import YahooStandIn

pytestmark = pytest.mark.slow

MONTHS = [f"{month}월" for month in range(1, 13)]
# ECharts lists the first and the last bar too, and does not draw them.
X_LABELS = """() => document.querySelector('.echarts-container').chart.getModel().findComponents({mainType: 'xAxis'})
  .at(-1).axis.getViewLabels().filter(label => !label.tick.offInterval).map(label => label.formattedLabel)"""


def made(name: str, settings: Any) -> str:
    """Code of what the script returns for its settings."""
    return border.called(SCRIPTS / f"{name}.js", settings)


@pytest.mark.parametrize(
    "path", sorted(SCRIPTS.glob("*.js")) + sorted(border.FILES.glob("*.js")), ids=lambda path: path.name
)
def test_every_file_is_one_function(page: Page, path: Any) -> None:
    assert page.evaluate(f"typeof ({border.source(path)})") == "function"


@pytest.mark.parametrize(
    ("language", "volume", "label"),
    [
        ("ko", 0, "0"),
        ("ko", 5_000, "5,000"),
        ("ko", 250_000, "25만"),
        ("ko", 60_000_000, "6천만"),
        ("ko", 65_000_000, "6,500만"),
        ("ko", 600_000_000, "6억"),
        ("ko", 150_000_000, "1.5억"),
        ("ko", 2_000_000_000_000, "2조"),
        ("ko", -150_000_000, "-1.5억"),
        ("ko", -60_000_000, "-6천만"),
        ("en", 600_000_000, "600M"),
        ("en", 1_500_000_000, "1.5B"),
        ("en", 2_500, "2.5K"),
    ],
)
def test_volumes_are_said_in_the_units_of_the_language(
    page: Page, language: i18n.Language, volume: int, label: str
) -> None:
    units = parts.VOLUME_UNITS[language]
    assert page.evaluate(f"{made('volume_label', {'units': units})}({volume})") == label
    i18n.use_language(language)
    said = parts.volume_text(volume)
    i18n.use_language("ko")
    assert said == label, "in a file too"


@pytest.mark.parametrize(
    ("text", "width", "height", "size"),
    [
        ("삼성전자\n+2.63%", 200, 100, 22),  # as large as labels get
        ("삼성전자\n+2.63%", 90, 100, 21),  # both lines have room
        ("삼성전자\n+2.63%", 200, 30, 10),  # two lines in 30 pixels
        ("현대지에프홀딩스\n+14.71%", 70, 100, 12),  # the name is cut, the change has room
        ("두산로보틱스\n-17.27%", 50, 100, 10),
        ("두산로보틱스\n-17.27%", 40, 100, 0.01),  # "-17..." would be no change
        ("두산\n-5.03%", 100, 20, 0.01),
        ("금융", 30, 10, None),  # an industry
        (None, 30, 10, None),
    ],
)
def test_a_change_on_the_map_is_shown_whole_or_not_at_all(
    page: Page, text: str | None, width: int, height: int, size: float | None
) -> None:
    area = {"text": text, "rect": {"width": width, "height": height}}
    assert page.evaluate(f"area => ({made('map_label_layout', {})})(area)", area).get("fontSize") == size


def test_an_area_of_the_map_has_two_lines_whatever_its_name_has(page: Page) -> None:
    leaf = {"name": "삼성\n전자", "data": {"change": "+2.63%"}}
    assert page.evaluate(f"leaf => ({made('map_label', {})})(leaf)", leaf) == "삼성 전자\n+2.63%"
    assert page.evaluate(f"leaf => ({made('map_label', {})})(leaf)", {"name": "금융", "data": {}}) == "금융"


@pytest.mark.parametrize(("line", "points"), [([1.0, 3.0, 2.0], "0,40 80,0 160,20"), ([5.0], "0,40")])
def test_the_box_of_an_area_has_the_line_of_its_closes_of_one_after_a_long_halt_too(
    page: Page, line: list[float], points: str
) -> None:
    data = {"ticker": "005930", "close": "₩1", "change": "+1.00%", "worth": ["10만"], "line": line}
    box = f"({made('map_tooltip', {'worth': ['시가총액']})})({{name: '<b>가', data: {json.dumps(data)}}})"
    assert page.evaluate(f"{box}.querySelector('polyline').getAttribute('points')") == points
    assert page.evaluate(f"{box}.textContent") == "<b>가 · 005930₩1  +1.00%시가총액 10만"


def test_the_box_of_a_day_says_its_date_once_and_is_empty_where_every_line_is_hidden(page: Page) -> None:
    columns = {"<b>KOSPI": {"decimals": 1, "suffix": "%"}, "lows": {"unsigned": True}}
    point = "{name: '2026-11-20', seriesName: '%s', value: [0, %s], encode: {y: [1]}, color: 'red'}"
    points = ", ".join([point % ("<b>KOSPI", "51.88"), point % ("lows", "-1234"), point % ("lows", "NaN")])
    box = f"{made('day_tooltip', {'columns': columns})}([{points}])"
    assert page.evaluate(f"{box}.textContent") == "2026-11-20●<b>KOSPI51.9%●lows1,234●lows–"
    assert page.evaluate(f"{made('day_tooltip', {'columns': {}})}([])") == ""


@pytest.mark.parametrize("scale", ["linear", "log"])
@pytest.mark.parametrize(
    ("low", "high"),
    [(53_000, 62_000), (7_000, 120_000), (0.5, 0.61), (1.0, 500.0), (100.0, 100.0), (0.0001, 0.0002), (1, 1_000_000)],
)
def test_a_price_axis_reaches_a_little_further_than_the_prices_and_never_below_zero(
    page: Page, scale: str, low: float, high: float
) -> None:
    settings = parts.price_axis([], decimals=2, log=scale == "log")
    extent = f"{{min: {low}, max: {high}}}"
    code = f"""(() => {{
      const axis = {made("price_axis", settings)};
      return {{low: axis.min({extent}), high: axis.max({extent}), ticks: axis.axisLabel.customValues}};
    }})()"""
    axis = page.evaluate(code)
    assert 0 <= axis["low"] < low
    assert axis["high"] > high
    if scale == "linear" and high > low:
        assert axis["high"] - high == pytest.approx((high - low) * 0.04)
        assert low - axis["low"] == pytest.approx(min((high - low) * 0.04, low))
    if scale == "log":
        inside = [tick for tick in axis["ticks"] if axis["low"] <= tick <= axis["high"]]
        assert 3 <= len(inside) <= 25
        assert all(float(f"{tick:.2g}") == pytest.approx(tick) or high / low < 1.2 for tick in inside), "round numbers"


def test_a_view_of_weeks_says_where_each_month_begins(
    own_server_db: MongoDatabase, yahoo: YahooStandIn, app: Callable[[], str], page: Page
) -> None:
    pages.update_from(yahoo, own_server_db, {"005930": pages.made_table(first="2024-01-02", halted=0)}, {})
    open_chart(page, f"{app()}/korean_stocks?from=2024-09-20&to=2024-12-10")  # no month of these begins on a Monday
    labels = page.evaluate(X_LABELS)
    months = [at for at, label in enumerate(labels) if label in MONTHS]
    assert [labels[at] for at in months] == ["10월", "11월", "12월"], labels
    assert {"9", "16", "23"} & set(labels), "a view of weeks"


@pytest.mark.parametrize(
    ("period", "least", "most"), [("1M", 8, 31), ("6M", 5, 26), ("1Y", 6, 24), ("5Y", 6, 24), ("MAX", 6, 24)]
)
def test_the_time_axis_says_years_months_and_days_as_a_person_does(
    own_server_db: MongoDatabase,
    yahoo: YahooStandIn,
    app: Callable[[], str],
    page: Page,
    period: str,
    least: int,
    most: int,
) -> None:
    table = pages.made_table(first="2014-01-02", halted=0)
    pages.update_from(yahoo, own_server_db, {"005930": table}, {})
    open_chart(page, f"{app()}/korean_stocks?period={period}")
    labels = page.evaluate(X_LABELS)
    assert least <= len(labels) <= most, labels
    years = [int(label) for label in labels if len(label) == 4 and label.isdecimal()]
    months = [MONTHS.index(label) for label in labels if label in MONTHS]
    days = [int(label) for label in labels if label.isdecimal() and len(label) < 3]
    assert len(years) + len(months) + len(days) == len(labels), labels
    assert years == sorted(set(years)), "the first bar of a year says which one"
    if period in ("5Y", "MAX"):
        assert set(years) <= set(table.index.year)
        assert not days
    if period == "1M":
        assert len(months) == 1
