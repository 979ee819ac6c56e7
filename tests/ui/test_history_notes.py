"""Splits that the prices before do not reflect, and jumps that nobody explains: what pages show, and what they say."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import pandas as pd
import pytest

from finance_core.categories import KOREAN_STOCKS
from finance_core.storage import category_state, tickers
from finance_core.storage.database import MongoDatabase
from finance_core.ui import listing
from tests import pages
from tests.yahoo import Listing, YahooStandIn
from updaters import category_update

pytestmark = pytest.mark.slow

SPLIT = pd.Timestamp("2026-11-16")
NOTE = "삼성전자 2026-11-16의 분할이 그 전 시세에 아직 반영되지 않은 채 저장되어 있어, 반영해서 보여 줍니다."


@pytest.fixture
def cliff(own_server_db: MongoDatabase, yahoo: YahooStandIn) -> pd.DataFrame:
    """Samsung, whose prices fall to a tenth on the day of its split; returned as they are without the cliff."""
    table = pages.made_table(halted=0)
    cliff = table.copy()
    cliff.loc[cliff.index < SPLIT, pages.PRICES] *= 10
    yahoo.listings["005930.KS"] = Listing(cliff, splits={SPLIT.date(): (10, 1)})
    yahoo.listings["000660.KS"] = Listing(pages.made_table(2, halted=0))
    tickers.register(own_server_db, KOREAN_STOCKS, [{"ticker": "005930", "name": "삼성전자", "market": "KOSPI"}])
    assert not category_update.run(own_server_db, KOREAN_STOCKS, ["005930", "000660"]).failures
    return table


def infos(page: pages.AppTest) -> list[str]:
    assert not page.exception
    return [info.value.replace("\\", "") for info in page.info]


def test_the_chart_and_its_header_show_no_cliff_and_the_page_says_why(
    cliff: pd.DataFrame, own_server_db: MongoDatabase
) -> None:
    page = pages.open_viewer(ticker="005930", period="MAX")
    _option, source = pages.chart(page)
    assert source["종가"].tolist() == pytest.approx(cliff["close"].tolist())
    assert infos(page) == [NOTE]
    (header,) = [element.proto.body for element in page.get("html") if "52주" in element.proto.body]
    year = cliff[cliff.index > cliff.index[-1] - pd.DateOffset(weeks=52)]
    assert f"{year['high'].max():,.0f}" in header, "the range of 52 weeks is of the same prices"
    assert "분할 반영" in header
    change = {"$set": {"unsettled_splits": [SPLIT.to_pydatetime()]}}
    own_server_db["ticker_metadata"].update_one({"ticker": "005930"}, change)
    assert not [each for each in pages.open_viewer(ticker="005930").get("html") if "분할 반영" in each.proto.body]
    assert infos(pages.open_viewer(ticker="000660")) == []


def test_a_comparison_shows_no_cliff_and_says_why(cliff: pd.DataFrame) -> None:
    listing.forget()
    page = pages.AppTest.from_file(pages.PAGES_DIR / "comparison.py", default_timeout=60)
    page.query_params["series"] = "korean_stocks:005930,korean_stocks:000660"
    page.query_params["period"] = "MAX"
    page.run()
    _option, source = pages.chart(page)
    assert source["price 0"].pct_change().abs().max() < 0.2
    assert infos(page) == [NOTE]


@pytest.fixture
def reduced(own_server_db: MongoDatabase, yahoo: YahooStandIn) -> pd.DataFrame:
    """Samsung, ten of whose shares became one, without a word of its source: the prices before are a tenth."""
    table = pages.made_table(halted=0)
    table.loc[table.index < SPLIT, pages.PRICES] /= 10
    pages.update_from(yahoo, own_server_db, {"005930": table, "000660": pages.made_table(2, halted=0)}, {})
    tickers.record(own_server_db, KOREAN_STOCKS, "005930", {"name": "삼성전자"})
    listing.forget()
    return table


def warnings(page: pages.AppTest) -> list[str]:
    assert not page.exception
    return [warning.value.replace("\\", "") for warning in page.warning]


def test_a_chart_marks_a_jump_and_no_number_table_or_bar_of_its_page_spans_it(reduced: pd.DataFrame) -> None:
    page = pages.open_viewer(ticker="005930", period="MAX")
    _option, source = pages.chart(page)
    assert source["종가"].tolist() == pytest.approx(reduced["close"].tolist()), "what is not known is not adjusted"
    assert source.index[source["marks"].str.contains("단절")].tolist() == [reduced.index.searchsorted(SPLIT)]
    (warning,) = warnings(page)
    assert "삼성전자" in warning
    assert "2026-11-16" in warning
    assert source.index[source["marks"].str.contains("52주")].min() >= reduced.index.searchsorted(SPLIT)
    (header,) = [element.proto.body for element in page.get("html") if "52주" in element.proto.body]
    after = reduced[reduced.index >= SPLIT]
    assert f"52주 {after['low'].min():,.0f}–{after['high'].max():,.0f}" in header
    total = after["close"].iloc[-1] / after["close"].iloc[0] - 1
    assert [f"2026-11-16부터 {total:+.2%}" in caption.value.replace("\\", "") for caption in page.caption].count(
        True
    ) == 1

    page = pages.open_viewer(ticker="005930", period="1M")
    page.toggle(key="table").set_value(True).run()
    table = next(frame.value for frame in page.get("dataframe") if "등락률" in frame.value)
    assert table["등락률"].isna().tolist() == [day == "2026-11-16" for day in table.index]

    # A month has the days after the jump, else its bar would be one of both sides, and so the indicators after it.
    _option, source = pages.chart(pages.open_viewer(ticker="005930", period="MAX", unit="M"))
    november = reduced[reduced.index >= SPLIT]
    month = source[source["날짜"].str.startswith("2026-11")].iloc[0]
    assert (month["시가"], month["저가"]) == (november["open"].iloc[0], november["low"].min())


def test_a_jump_that_is_not_in_view_is_not_told_about(reduced: pd.DataFrame) -> None:
    assert warnings(pages.open_viewer(ticker="005930", **{"from": "2026-11-16", "to": "2026-11-20"})) == []
    assert warnings(pages.open_viewer(ticker="005930", **{"from": "2026-01-02", "to": "2026-11-13"})) == []
    (warning,) = warnings(pages.open_viewer(ticker="005930", unit="W", period="1Y"))
    assert "%축" not in warning
    (warning,) = warnings(pages.open_viewer(ticker="005930", period="1Y", scale="percent"))
    assert "%축" in warning


def test_a_chart_keeps_its_place_when_the_note_above_it_goes(reduced: pd.DataFrame) -> None:
    """Else the browser makes another chart, which does not know how far a person has moved the one before."""
    after = {"from": "2026-11-16", "to": "2026-11-20"}
    for opened in (partial(pages.open_viewer, ticker="005930", period="1Y"), partial(comparison, period="1Y")):
        seen, unseen = opened(), opened(**after)
        assert (len(warnings(seen)), len(warnings(unseen))) == (1, 0)
        assert place_of_chart(seen) == place_of_chart(unseen)


def place_of_chart(page: pages.AppTest) -> tuple[int, ...]:
    """The positions of the first chart among the elements of the page."""

    def places(block: Any) -> Iterator[tuple[int, ...]]:
        for position, child in getattr(block, "children", {}).items():
            if getattr(getattr(child, "proto", None), "component_name", "") == pages.CHART:
                yield (position,)
            yield from ((position, *place) for place in places(child))

    return next(places(page._tree))


def comparison(**query: str) -> pages.AppTest:
    page = pages.AppTest.from_file(pages.PAGES_DIR / "comparison.py", default_timeout=60)
    page.query_params["series"] = "korean_stocks:005930,korean_stocks:000660"
    for name, value in query.items():
        page.query_params[name] = value
    return page.run()


def test_a_comparison_names_the_jump_that_its_values_span(reduced: pd.DataFrame) -> None:
    based = {"from": "2026-11-16", "base": "2026-11-02"}
    assert warnings(comparison(**based, scale="price")) == [], "a price has no base"
    for query in ({}, {**based, "scale": "percent"}):
        (warning,) = warnings(comparison(**query))
        assert "2026-11-16" in warning
    assert warnings(comparison(**{"from": "2026-11-16", "to": "2026-11-20"})) == []


def test_what_is_said_is_of_the_five_bars_that_a_chart_shows_at_least(reduced: pd.DataFrame) -> None:
    query = {"from": "2026-11-20", "to": "2026-11-20", "unit": "W"}
    page = comparison(**query)
    widened, warning = warnings(page)
    assert "1개뿐이라 2026-10-23부터 2026-11-20까지" in widened
    assert "2026-11-16" in warning
    close, measures = reduced["close"], pages.displayed(page.get("dataframe")[0])
    assert measures["수익률"].iloc[0] == f"{close['2026-11-20'] / close['2026-10-23'] - 1:+.2%}"
    viewer = pages.open_viewer(ticker="005930", **query)
    option, _source = pages.chart(viewer)
    assert option["shown"]["last"] - option["shown"]["first"] == 4
    assert warnings(viewer)[0] == widened
    assert len(warnings(viewer)) == 2


def test_a_page_and_its_picture_name_the_breaks_that_they_show_of_another_ticker_too(reduced: pd.DataFrame) -> None:
    """A picture is passed on without the page that says so."""
    beside = pages.open_viewer(ticker="000660", **{"with": "korean_stocks:005930", "period": "1Y"})
    (warning,) = warnings(beside)
    assert "삼성전자 2026-11-16" in warning
    assert "함께 그린" in warning
    pages_with_breaks = {
        "chart_of_ticker": beside,
        "chart_of_comparison": comparison(**{"from": "2026-11-10"}),
    }
    for chart, page in pages_with_breaks.items():
        page.button(key="picture").click().run()
        assert "단절 삼성전자 2026-11-16" in page.session_state[f"picture_asked {chart}"].about
    page = pages.open_viewer(ticker="005930", **{"from": "2026-01-02", "to": "2026-11-13"})
    page.button(key="picture").click().run()
    assert "단절" not in page.session_state["picture_asked chart_of_ticker"].about


def test_the_market_and_the_screener_count_the_bars_after_the_jump(reduced: pd.DataFrame) -> None:
    market = pages.AppTest.from_file(pages.PAGES_DIR / "market.py", default_timeout=60).run()
    assert not market.exception
    (about,) = [caption for caption in market.caption if "1종목은 하루 가격제한폭을 넘은 단절" in caption.value]
    assert about.proto.help.replace("\\", "") == "삼성전자 005930: 2026-11-16"
    screener = pages.AppTest.from_file(pages.PAGES_DIR / "screener.py", default_timeout=60)
    screener.query_params["rule"] = "change20 > -50%"
    screener.run()
    assert not screener.exception
    (reason,) = [each for each in screener.expander if "단절" in each.label]
    assert [caption.value for caption in reason.caption] == ["삼성전자 005930"]


def test_a_jump_of_the_last_day_is_no_gain_on_the_first_page(own_server_db: MongoDatabase, yahoo: YahooStandIn) -> None:
    table = pages.made_table(halted=0)
    table.loc[table.index < table.index[-1], pages.PRICES] /= 10
    pages.update_from(yahoo, own_server_db, {"005930": table, "000660": pages.made_table(2, halted=0)}, {})
    rows = {row["ticker"]: row for row in tickers.all_rows(own_server_db, KOREAN_STOCKS)}
    assert not {"change", "previous_close"} & rows["005930"].keys()
    assert rows["000660"]["change"]
    assert "005930" not in [
        row["ticker"]
        for rising in (True, False)
        for row in category_state.movers(own_server_db, KOREAN_STOCKS, 5, rising=rising)
    ]
    (header,) = [
        each.proto.body for each in pages.open_viewer(ticker="005930").get("html") if "52주" in each.proto.body
    ]
    assert "%" not in header


def test_a_time_without_bars_is_told_and_no_52_weeks_are_made_of_what_is_left(
    own_server_db: MongoDatabase, yahoo: YahooStandIn
) -> None:
    table = pages.made_table(halted=0)
    table = pd.concat([table.iloc[:-400], table.iloc[-10:]])
    pages.update_from(yahoo, own_server_db, {"005930": table, "000660": pages.made_table(2, halted=0)}, {})
    before, after = (f"{day:%Y-%m-%d}" for day in table.index[[-11, -10]])
    page = pages.open_viewer(ticker="005930", period="MAX", marks="high,low")
    (warning,) = warnings(page)
    assert f"{before} – {after}: 그 사이에 봉이 없어" in warning
    assert not pages.chart(page)[1]["marks"].str.contains("52주").any()
    assert not [element for element in page.get("html") if "52주" in element.proto.body]
    assert warnings(pages.open_viewer(ticker="005930", **{"from": after, "to": f"{table.index[-1]:%Y-%m-%d}"})) == []
    page = pages.AppTest.from_file(pages.PAGES_DIR / "comparison.py", default_timeout=60)
    page.query_params["series"], page.query_params["period"] = "korean_stocks:005930,korean_stocks:000660", "MAX"
    (warning,) = warnings(page.run())
    assert f"{before} – {after}: 그 사이에 봉이 없어" in warning
