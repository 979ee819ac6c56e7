"""The comparison page, run by Streamlit's own test runner on a real database."""

import datetime as dt
import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from openpyxl import load_workbook
from streamlit.testing.v1 import AppTest

from finance_core import spreadsheets
from finance_core.bars import candles, comparison
from finance_core.categories import CURRENCIES, INDICES, KOREAN_STOCKS, US_STOCKS, Category
from finance_core.charts.comparison import color_of
from finance_core.errors import SisepanError
from finance_core.foreign import file_source
from finance_core.storage import prices, tickers
from finance_core.storage.database import MongoDatabase
from finance_core.storage.named_values import COMPARISON_SETS
from finance_core.ui import downloads, listing
from finance_core.ui.comparison import analysis
from finance_core.ui.comparison.analysis import Files
from finance_core.ui.text import plain
from tests import pages

pytestmark = pytest.mark.slow

SAMSUNG, APPLE, KOSPI, WON = "korean_stocks:005930", "us_stocks:AAPL", "indices:^KS11", "currencies:USDKRW"


def store(db: MongoDatabase, category: Category, ticker: str, name: str, bars: pd.DataFrame, **more: Any) -> None:
    tickers.register(db, category, [{"ticker": ticker, "name": name, **more}])
    prices.write(db, category, ticker, candles.clean(bars)[0])


@pytest.fixture
def four(own_server_db: MongoDatabase) -> MongoDatabase:
    """A Korean stock, an American one, an index and an exchange rate."""
    store(own_server_db, KOREAN_STOCKS, "005930", "삼성전자", pages.made_table(1, halted=0))
    store(
        own_server_db, US_STOCKS, "AAPL", "애플", pages.made_table(2, halted=0) / 100, market="NASDAQ", currency="USD"
    )
    store(own_server_db, INDICES, "^KS11", "코스피", pages.made_table(3, halted=0))
    store(own_server_db, CURRENCIES, "USDKRW", "달러/원", pages.made_table(4, halted=0) / 40)
    return own_server_db


def open_page(*series: str, **query: str) -> AppTest:
    listing.forget()
    page = AppTest.from_file(pages.PAGES_DIR / "comparison.py", default_timeout=60)
    if series:
        page.query_params["series"] = ",".join(series)
    for name, value in query.items():
        page.query_params[name] = value
    return page.run()


def chart(page: AppTest) -> tuple[dict[str, Any], pd.DataFrame]:
    assert not page.exception, page.exception
    return pages.chart(page)


def lines(option: dict[str, Any]) -> list[dict[str, Any]]:
    return list(option["series"])


def axes(option: dict[str, Any]) -> list[dict[str, Any]]:
    """The settings of the axes of prices."""
    return [json.JSONDecoder().raw_decode(code.rpartition(")(")[2])[0] for code in option["yAxis"]]


def reason(page: AppTest) -> str:
    """Why the page shows the scale that it shows; "" where the visitor chose it."""
    return "".join(caption.value for caption in page.caption)


def notes(page: AppTest) -> dict[str, str]:
    """What the chips say of their series, by ticker."""
    chips = "".join(element.proto.body for element in page.get("html"))
    return dict(re.findall(r'opacity:.65">(\S+) (.*?)</span>', chips))


# The page


def test_without_series_it_says_how_to_begin(four: MongoDatabase) -> None:
    page = open_page()
    assert len(page.info) == 1
    assert not pages.has_chart(page)


def test_two_are_prices_each_on_its_own_axis_and_the_third_flips_the_page_to_percent_unless_a_scale_was_chosen(
    four: MongoDatabase,
) -> None:
    page = open_page(SAMSUNG, APPLE)
    option, source = chart(page)
    drawn = lines(option)
    assert [line["yAxisIndex"] for line in drawn] == [0, 1]
    for series in drawn:
        assert series["yAxisIndex"] == int(series["encode"]["y"][1]), "no axis is stretched by the other's prices"
    assert [(axis["position"], axis["relative"], axis["sign"]) for axis in axes(option)] == [
        ("left", "", "₩"),
        ("right", "", "$"),
    ]
    assert [axis["color"] for axis in axes(option)] == [line["itemStyle"]["color"] for line in drawn]
    assert source["price 0"].iloc[-1] == prices.load(four, KOREAN_STOCKS, "005930")["close"].iloc[-1]
    why_prices = reason(page)
    assert why_prices

    # From what is visible, and the page says why.
    page = open_page(SAMSUNG, APPLE, KOSPI)
    option, _source = chart(page)
    why_percent = reason(page)
    assert why_percent not in ("", why_prices)
    assert [axis["show"] for axis in axes(option)] == [True, False, False]
    assert {(axis["relative"], axis["log"], axis["since"]) for axis in axes(option)} == {("percent", False, None)}
    assert [axis["own"] for axis in axes(option)] == [line["yAxisIndex"] for line in lines(option)] == [0, 1, 2]
    assert axes(option)[0]["series"][2] == {"base": "price 2", "columns": ["y2"], "line": "코스피"}

    # Prices of three are refused with a sentence, and any other choice holds.
    page = open_page(SAMSUNG, APPLE, KOSPI, scale="price")
    assert {axis["relative"] for axis in axes(chart(page)[0])} == {"percent"}
    assert reason(page) not in ("", why_percent)
    for scale in ("index", "log"):
        page = open_page(SAMSUNG, APPLE, scale=scale)
        assert reason(page) == "", "a choice needs none"
        option, _source = chart(page)
        assert {(axis["relative"], axis["log"]) for axis in axes(option)} == {("index", scale == "log")}


def test_all_in_won_converts_dollars_day_by_day_and_leaves_points_alone(four: MongoDatabase) -> None:
    _option, source = chart(open_page(APPLE, KOSPI, currency="KRW"))
    rate = prices.load(four, CURRENCIES, "USDKRW")["close"]
    apple = prices.load(four, US_STOCKS, "AAPL")["close"]
    assert source["price 0"].iloc[-1] == pytest.approx(apple.iloc[-1] * rate.iloc[-1])
    assert source["price 1"].iloc[-1] == prices.load(four, INDICES, "^KS11")["close"].iloc[-1]


def test_a_week_has_the_close_of_its_last_session_even_if_that_one_has_no_rate(four: MongoDatabase) -> None:
    days = prices.load(four, CURRENCIES, "USDKRW").index
    friday = next(day for day in reversed(days) if day.day_of_week == 4 and day < days[-20])
    gone = {"ticker": "USDKRW", "date": {"$gt": (friday - pd.Timedelta(days=9)).to_pydatetime()}}
    four["currencies"].delete_many(gone)
    page = open_page(APPLE, currency="KRW", unit="W", period="MAX", scale="price")
    source = chart(page)[1].set_index("날짜")["price 0"]
    apple, rate = (
        prices.load(four, each, name)["close"] for each, name in ((US_STOCKS, "AAPL"), (CURRENCIES, "USDKRW"))
    )
    week = str(friday.date())
    assert pd.isna(source[week]), "its Wednesday has a rate of seven days before, its Friday has none"
    before = friday - pd.Timedelta(days=7)
    assert source[str(before.date())] == pytest.approx(apple[before] * rate[:before].iloc[-1])


def test_no_day_has_the_change_of_the_weeks_without_a_rate(four: MongoDatabase) -> None:
    rates = prices.load(four, CURRENCIES, "USDKRW")
    rates.loc[rates.index[-60] :, candles.PRICES] *= 2
    four["currencies"].delete_many({"ticker": "USDKRW"})
    prices.write(four, CURRENCIES, "USDKRW", rates.drop(rates.index[-100:-60]))
    page = open_page(APPLE, currency="KRW", period="1Y")
    best = page.get("dataframe")[0].value["가장 오른 날"].iloc[0]
    assert float(best.split("+")[1].rstrip("%")) < 30, best
    assert page.get("dataframe")[0].value["수익률"].iloc[0] > 0.3, "over the whole time it doubled"


def test_a_price_of_cents_has_decimals_in_dollars(four: MongoDatabase) -> None:
    bars = candles.clean(pages.made_table(8, halted=0))[0]
    cheap = bars.assign(**{name: bars[name] / bars["close"].iloc[-1] for name in candles.PRICES})  # one won at last
    prices.write(four, KOREAN_STOCKS, "000040", cheap)
    tickers.register(four, KOREAN_STOCKS, [{"ticker": "000040", "name": "싼 종목"}])
    page = open_page("korean_stocks:000040", currency="USD", period="1M")
    last = pages.displayed(page.get("dataframe")[0])["끝"].iloc[0]
    assert re.fullmatch(r"\$0\.\d{4}", last)
    assert float(last[1:]) > 0


def test_one_whose_only_row_is_no_price_takes_nothing_from_the_others(four: MongoDatabase) -> None:
    tickers.register(four, KOREAN_STOCKS, [{"ticker": "000660", "name": "SK하이닉스"}])
    row = dict.fromkeys(("open", "high", "low", "close", "volume"), 0)
    four["korean_stocks"].insert_one({"ticker": "000660", "date": dt.datetime(2026, 1, 5), **row})
    page = open_page(SAMSUNG, "korean_stocks:000660", APPLE)
    assert not page.error
    assert {line["name"] for line in lines(chart(page)[0])} >= {"삼성전자", "애플"}


def test_one_that_cannot_be_read_is_told_and_the_others_are_drawn(four: MongoDatabase) -> None:
    four["us_stocks"].update_one({"ticker": "AAPL"}, {"$set": {"close": "many"}})
    page = open_page(SAMSUNG, APPLE, KOSPI)
    assert not page.error
    assert plain("AAPL: ") in page.warning[0].value
    assert {line["name"] for line in lines(chart(page)[0])} >= {"삼성전자", "코스피"}
    page.button(key=f"icon_remove_{APPLE}").click().run()
    assert list(page.warning) == []
    assert page.query_params["series"] == f"{SAMSUNG},{KOSPI}"


def test_prices_that_sample_rates_convert_are_samples_themselves(four: MongoDatabase) -> None:
    tickers.record(four, CURRENCIES, "USDKRW", {"source": "sample"})
    page = open_page(APPLE, SAMSUNG, KOSPI, currency="KRW")
    assert chart(page)[0]["graphic"]
    said = notes(page)
    assert "표본 환율" in said["AAPL"]
    assert "표본" not in said["005930"] + said["^KS11"]
    store(four, US_STOCKS, "ASML", "ASML Holding", pages.made_table(9, halted=0), currency="EUR")
    store(four, CURRENCIES, "EURKRW", "유로", pages.made_table(7, halted=0) / 30)
    tickers.record(four, CURRENCIES, "EURKRW", {"source": "sample"})
    tickers.record(four, CURRENCIES, "USDKRW", {"source": "yahoo"})
    said = notes(open_page(APPLE, "us_stocks:ASML", currency="KRW"))
    assert ("표본 환율" in said["AAPL"], "표본 환율" in said["ASML"]) == (False, True)
    tickers.record(four, CURRENCIES, "USDKRW", {"source": "sample"})
    for unconverted in (open_page(APPLE, SAMSUNG), open_page(SAMSUNG, KOSPI, currency="KRW")):
        assert not chart(unconverted)[0]["graphic"]
    tickers.record(four, CURRENCIES, "USDKRW", {"source": "yahoo"})
    page = open_page(APPLE, SAMSUNG, KOSPI, currency="KRW")
    assert not chart(page)[0]["graphic"], "of the same closes"
    assert "표본" not in notes(page)["AAPL"]


def test_a_currency_that_was_wrong_is_not_converted_from_any_more_once_it_is_right(four: MongoDatabase) -> None:
    store(four, US_STOCKS, "MSFT", "마이크로소프트", pages.made_table(5, halted=0), currency="USD")
    moment = {"bars_changed_at": dt.datetime(2026, 1, 5)}  # else nothing is kept for the next visitor
    for category, ticker in ((US_STOCKS, "AAPL"), (US_STOCKS, "MSFT"), (CURRENCIES, "USDKRW")):
        tickers.record(four, category, ticker, moment)
    tickers.record(four, US_STOCKS, "AAPL", {"currency": "KRW"})
    close = prices.load(four, US_STOCKS, "AAPL")["close"].iloc[-1]
    assert chart(open_page(APPLE, "us_stocks:MSFT", currency="KRW"))[1]["price 0"].iloc[-1] == close
    tickers.record(four, US_STOCKS, "AAPL", {"currency": "USD"})
    rate = prices.load(four, CURRENCIES, "USDKRW")["close"].iloc[-1]
    after = chart(open_page(APPLE, "us_stocks:MSFT", currency="KRW"))[1]
    assert after["price 0"].iloc[-1] == pytest.approx(close * rate)


def test_a_chip_says_what_is_converted_and_what_cannot_be(four: MongoDatabase) -> None:
    told = notes(open_page(SAMSUNG, APPLE, KOSPI, WON, currency="KRW"))
    assert told["AAPL"] == "USD→KRW"
    assert told["005930"] == "", "it is in won"
    assert "통화가 없는" in told["^KS11"]
    assert "환율" in told["USDKRW"]
    assert set(notes(open_page(SAMSUNG, APPLE, KOSPI, WON)).values()) == {""}


def test_each_series_has_a_small_chart_of_its_own_if_asked_for(four: MongoDatabase) -> None:
    page = open_page(SAMSUNG, APPLE, KOSPI)
    page.button_group(key="charts").set_value(True).run()
    assert page.query_params["charts"] == "each"
    option, source = chart(page)
    assert len(option["grid"]) == 3
    assert [series["name"] for series in option["series"]] == ["삼성전자", "애플", "코스피"]
    close = prices.load(four, US_STOCKS, "AAPL")["close"]
    assert source["y1"].iloc[-1] == close.iloc[-1], "prices, not changes"


def test_where_the_rate_is_missing_the_line_is_blank_and_its_chip_says_so(four: MongoDatabase) -> None:
    four["currencies"].delete_many({"date": {"$gte": dt.datetime(2026, 10, 1)}})
    page = open_page(SAMSUNG, APPLE, currency="KRW")
    option, source = chart(page)
    assert source["y1"].isna().iloc[-1]
    assert source["y0"].notna().iloc[-1]
    assert str(source["y1"].iloc[option["shown"]["first"] :].isna().sum()) in notes(page)["AAPL"]
    assert notes(page)["005930"] == ""


def test_a_series_keeps_its_colour_when_another_goes(four: MongoDatabase) -> None:
    page = open_page(SAMSUNG, APPLE, KOSPI, WON)
    before = {line["name"]: line["itemStyle"]["color"] for line in lines(chart(page)[0])}
    assert before["코스피"] == color_of(2)
    page.button(key=f"icon_remove_{APPLE}").click().run()
    after = {line["name"]: line["itemStyle"]["color"] for line in lines(chart(page)[0])}
    assert after == {name: color for name, color in before.items() if name != "애플"}
    asked = {name: str(page.query_params[name]) for name in ("series", "colors")}
    assert asked == {"series": ",".join([SAMSUNG, KOSPI, WON]), "colors": "0,2,3"}
    again = open_page(**asked)
    assert {line["name"]: line["itemStyle"]["color"] for line in lines(chart(again)[0])} == after


def test_an_arrow_moves_a_series_forward(four: MongoDatabase) -> None:
    page = open_page(SAMSUNG, APPLE)
    page.button(key=f"icon_up_{APPLE}").click().run()
    assert [line["name"] for line in lines(chart(page)[0])] == ["애플", "삼성전자"]


def test_a_ready_set_shows_what_there_is_of_it_and_says_what_is_not(four: MongoDatabase) -> None:
    page = open_page()
    next(button for button in page.button if "KOSPI" in button.label).click().run()
    assert [line["name"] for line in lines(chart(page)[0])] == ["코스피", "달러/원"]
    assert any(plain("^GSPC") in warning.value for warning in page.warning)


def test_what_has_no_prices_or_none_in_the_period_says_so_and_the_rest_is_drawn(four: MongoDatabase) -> None:
    tickers.register(four, KOREAN_STOCKS, [{"ticker": "000001", "name": "빈 종목", "market": "KOSPI"}])
    store(four, KOREAN_STOCKS, "000002", "옛 종목", pages.made_table(5, last="2024-03-29", halted=0))
    store(four, KOREAN_STOCKS, "000003", "새 종목", pages.made_table(6, first="2026-11-20", halted=0))
    page = open_page("korean_stocks:000001", "korean_stocks:000002", "korean_stocks:000003", SAMSUNG)
    option, source = chart(page)
    assert len(lines(option)) == 4, "every chosen series is there"
    without, before, after, whole = notes(page).values()
    assert "" not in (without, before, after)
    assert without != before, "nothing at all, and nothing in the period"
    assert "2026-11-20" in after, "the day of its base"
    assert whole == ""
    assert source["y3"].notna().any()


def test_the_base_is_the_first_close_on_or_after_the_day_and_the_chip_says_which(four: MongoDatabase) -> None:
    page = open_page(SAMSUNG, APPLE, KOSPI, base="2026-10-03")
    option, source = chart(page)
    days = source["날짜"].tolist()
    first_after = next(day for day in days if day >= "2026-10-03")
    assert {axis["since"] for axis in axes(option)} == {days.index(first_after)}
    assert first_after != "2026-10-03"
    assert first_after in notes(page)["005930"]


def test_two_days_in_the_address_are_what_the_chart_and_the_measures_show(four: MongoDatabase) -> None:
    page = open_page(SAMSUNG, APPLE, **{"from": "2026-09-01", "to": "2026-10-15"})
    option, source = chart(page)
    days = source["날짜"]
    assert (days[option["shown"]["first"]], days[option["shown"]["last"]]) == ("2026-09-01", "2026-10-15")
    close = prices.load(four, KOREAN_STOCKS, "005930")["close"].loc["2026-09-01":"2026-10-15"]  # type: ignore[misc]
    found = comparison.statistics(close)
    assert found is not None
    assert pages.displayed(page.get("dataframe")[0])["수익률"].iloc[0] == f"{found.total:+.2%}"
    assert page.button_group(key="period").value in (None, [])
    page.button_group(key="period").set_value("3Y").run()
    assert {"period": "3Y", "series": f"{SAMSUNG},{APPLE}"} == {
        name: str(page.query_params[name]) for name in page.query_params
    }


def test_bad_input_gets_a_sentence_and_the_rest_is_drawn(four: MongoDatabase) -> None:
    cases: list[tuple[dict[str, str], str]] = [
        ({"series": f"{SAMSUNG},{SAMSUNG},{APPLE}"}, SAMSUNG),
        ({"series": f"{SAMSUNG},korean_stocks:999999"}, "999999"),
        ({"series": f"{SAMSUNG},nonsense,other:AAPL,us_stocks:"}, "nonsense"),
        ({"series": ",".join([SAMSUNG, *(f"korean_stocks:{n:06}" for n in range(500))])}, "20"),
        ({"series": SAMSUNG, "base": "2999-01-01"}, "2999-01-01"),
        ({"series": SAMSUNG, "base": "yesterday"}, "base=yesterday"),
        ({"series": SAMSUNG, "scale": "cubic", "currency": "BTC", "period": "2W", "unit": "H"}, "scale=cubic"),
        ({"series": SAMSUNG, "colors": "x,99999,-1"}, ""),
    ]
    for query, named in cases:
        page = open_page(**query)
        assert "삼성전자" in [line["name"] for line in lines(chart(page)[0])], query
        warnings = [warning.value for warning in page.warning]
        assert any(plain(named) in warning for warning in warnings) if named else warnings == [], query


def test_a_sample_is_called_one(four: MongoDatabase) -> None:
    tickers.record(four, US_STOCKS, "AAPL", {"source": "sample"})
    assert chart(open_page(SAMSUNG, KOSPI))[0]["graphic"] == []
    assert chart(open_page(SAMSUNG, APPLE))[0]["graphic"] != []


def test_the_table_measures_the_period_that_is_shown(four: MongoDatabase) -> None:
    page = open_page(SAMSUNG, APPLE, KOSPI, period="MAX")
    table = pages.displayed(page.get("dataframe")[0])
    found = comparison.statistics(prices.load(four, KOREAN_STOCKS, "005930")["close"])
    assert found is not None
    assert table["이름"].tolist() == ["삼성전자", "애플", "코스피"]
    assert table["수익률"].iloc[0] == f"{found.total:+.2%}"
    assert table["변동성"].iloc[0] == f"{found.volatility:.1%}"
    assert table["상관계수"].iloc[0] == "+1.00"


def test_each_price_of_the_table_has_the_decimals_of_its_own_size(four: MongoDatabase) -> None:
    bars = prices.load(four, KOREAN_STOCKS, "005930")
    growth = np.geomspace(1 / 2_000, 1, len(bars))
    small = bars.assign(**{name: bars[name] * growth for name in candles.PRICES})
    prices.write(four, KOREAN_STOCKS, "005930", small, remove_others=True)
    tickers.record(four, KOREAN_STOCKS, "005930", {"bars_changed_at": tickers.now()})
    table = pages.displayed(open_page(SAMSUNG, APPLE, period="MAX").get("dataframe")[0])
    assert table["처음"].iloc[0] == f"₩{small['close'].iloc[0]:.1f}"
    assert table["끝"].iloc[0] == f"₩{small['close'].iloc[-1]:,.0f}"


def test_a_series_without_prices_has_dashes_for_measures(four: MongoDatabase) -> None:
    tickers.register(four, KOREAN_STOCKS, [{"ticker": "000001", "name": "빈 종목", "market": "KOSPI"}])
    table = open_page(SAMSUNG, "korean_stocks:000001").get("dataframe")[0]
    assert set(pages.displayed(table).iloc[1, 1:]) == {"–"}
    numbers = table.value[["처음", "끝", "수익률", "연환산", "변동성", "최대 낙폭", "상관계수"]]
    assert set(numbers.dtypes) == {np.dtype(float)}, "a click on a header sorts by the number, not by its digits"


def test_the_measures_of_the_file_are_those_of_the_page(
    four: MongoDatabase, files: dict[str, Callable[[], Any]]
) -> None:
    tickers.register(four, KOREAN_STOCKS, [{"ticker": "000001", "name": "빈 종목", "market": "KOSPI"}])
    page = open_page(SAMSUNG, APPLE, "korean_stocks:000001", period="MAX")
    shown = pages.displayed(page.get("dataframe")[0])
    (table,) = re.findall(r"<tbody>.*?</tbody>", of_kind(files, "html")[1], re.DOTALL)
    assert re.findall(r"<td>(.*?)</td>", table) == shown.to_numpy().ravel().tolist()


def test_a_workbook_has_the_measures_as_numbers_and_days() -> None:
    closes = pd.DataFrame(
        {name: pages.made_table(seed, halted=0)["close"] for seed, name in enumerate(["가", "나"])}
    ).assign(없음=float("nan"))
    files = Files("", closes, jumps={"나": [closes.index[5]]})
    sheets = analysis._sheets(closes, {"가": 0, "나": 0}, files)
    book = load_workbook(io.BytesIO(spreadsheets.workbook(sheets)))
    assert book.sheetnames == ["종가", "통계", "상관관계", "가격제한폭을 넘은 단절"]
    assert [*book["가격제한폭을 넘은 단절"].values][1] == ("나", closes.index[5].to_pydatetime())
    header, first, *_others, empty = book["통계"].iter_rows(values_only=True)
    told = dict(zip(header, first, strict=True))
    expected = comparison.statistics(closes["가"])
    assert expected is not None
    assert expected.best is not None
    assert told["수익률 %"] == pytest.approx(expected.total * 100, abs=0.005)
    assert told["가장 오른 날 %"] == pytest.approx(expected.best[1] * 100, abs=0.005)
    assert told["가장 오른 날"] == expected.best[0].to_pydatetime()
    assert told["상관계수"] == 1
    assert empty[0] == "없음"
    assert set(empty[1:]) == {None}


def test_the_files_of_a_converted_series_name_its_currency_and_keep_its_changes() -> None:
    close = pages.made_table(halted=0)["close"]
    closes = pd.DataFrame({"가": close, "나": close / close.iloc[0] * 0.15})
    sheets = analysis._sheets(closes, {"가": 0, "나": 2}, Files("", closes, converted={"나": "USD"}))
    assert list(sheets["종가"].table.columns) == ["가", "나 (USD)"]
    assert list(sheets["통계"].table["이름"]) == list(sheets["상관관계"].table.columns) == ["가", "나 (USD)"]
    first = sheets["종가"]
    written = pd.read_csv(io.BytesIO(spreadsheets.to_csv(first.table, index=True, decimals=first.decimals)))
    assert written["가"].dtype == "int64"
    read = written["나 (USD)"].iloc[-1] / written["나 (USD)"].iloc[0]
    assert read == pytest.approx(close.iloc[-1] / close.iloc[0], rel=1e-4)


def test_two_of_several_series_are_measured_against_each_other(four: MongoDatabase) -> None:
    page = open_page(SAMSUNG, APPLE, KOSPI)
    page.session_state[analysis.NEAR] = True
    for key in ("rolling", "spread", "ratio", "beta"):
        page.button_group(key="analysis").set_value(key).run()
        page.selectbox(key=f"{key}_first").set_value("코스피").run()
        assert page.selectbox(key=f"{key}_second").options == ["삼성전자", "애플"]
        assert len(page.get("plotly_chart")) == 1
        assert not page.exception


@pytest.mark.parametrize("interval", ["W", "M"])
@pytest.mark.sampled(2)
def test_measures_are_of_days_since_the_first_shown_close(four: MongoDatabase, interval: str) -> None:
    page = open_page(SAMSUNG, APPLE, period="6M", unit=interval)
    option, source = pages.chart(page)
    first = source["날짜"].iloc[option["shown"]["first"]]
    days = open_page(SAMSUNG, APPLE, **{"from": first})
    pd.testing.assert_frame_equal(page.get("dataframe")[0].value, days.get("dataframe")[0].value)


@pytest.mark.parametrize("interval", ["W", "M"])
@pytest.mark.sampled(2)
def test_measures_begin_where_the_line_does_though_the_first_bar_has_no_close_of_its_day(
    four: MongoDatabase, interval: str
) -> None:
    """A week that ends with a Korean holiday has the date of New York's last session."""
    page = open_page(SAMSUNG, APPLE, period="6M", unit=interval, scale="percent")
    option, source = chart(page)
    day = pd.Timestamp(source["날짜"].iloc[option["shown"]["first"]])
    four["korean_stocks"].delete_one({"ticker": "005930", "date": day.to_pydatetime()})
    page = open_page(SAMSUNG, APPLE, period="6M", unit=interval, scale="percent")
    close = prices.load(four, KOREAN_STOCKS, "005930")["close"]
    expected = close.iloc[-1] / close[:day].iloc[-1] - 1
    assert pages.displayed(page.get("dataframe")[0])["수익률"].iloc[0] == f"{expected:+.2%}"


def test_every_text_of_the_page_is_there_in_english(four: MongoDatabase) -> None:
    tickers.register(four, KOREAN_STOCKS, [{"ticker": "000001", "name": "Empty", "market": "KOSPI"}])
    for ticker, category in (("005930", KOREAN_STOCKS), ("AAPL", US_STOCKS), ("^KS11", INDICES)):
        tickers.record(four, category, ticker, {"name_en": ticker})
    page = open_page(SAMSUNG, APPLE, KOSPI, "korean_stocks:000001", SAMSUNG, "x", lang="en", base="2999-01-01")
    korean = [text for text in pages.visible_text(page) if any("가" <= char <= "힣" for char in text)]
    assert [text for text in korean if "삼성전자 · SK" not in text] == [], "but for the names in a ready set"


# Sets


def test_what_is_shown_is_saved_under_a_name_found_again_and_removed(
    four: MongoDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages.sit_at_the_machine(monkeypatch)
    page = open_page(SAMSUNG, KOSPI)
    page.text_input(key="set_name").set_value(" 내 <묶음>. ")
    page.button(key="save_set_name").click().run()
    assert COMPARISON_SETS.load(four) == {"내 <묶음>.": [SAMSUNG, KOSPI]}

    page = open_page(APPLE)
    page.button(key="saved_내 <묶음>.").click().run()
    assert [line["name"] for line in lines(chart(page)[0])] == ["삼성전자", "코스피"]
    page.button(key="icon_forget_내 <묶음>.").click().run()
    assert COMPARISON_SETS.load(four) == {}


def test_a_visitor_uses_saved_sets_and_changes_none(four: MongoDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    COMPARISON_SETS.save(four, "a", [SAMSUNG])
    pages.sit_at_the_machine(monkeypatch, False)
    page = open_page(APPLE)
    assert not [button for button in page.button if button.key in ("save_set_name", "icon_forget_a")]
    page.button(key="saved_a").click().run()
    assert [line["name"] for line in lines(chart(page)[0])] == ["삼성전자"]


# Analysis


def test_an_analysis_is_drawn_once_the_visitor_comes_to_it(four: MongoDatabase) -> None:
    for series in ((SAMSUNG,), (SAMSUNG, APPLE, KOSPI)):
        page = open_page(*series)
        assert not page.get("plotly_chart"), "not before the visitor comes to it"
        page.session_state[analysis.NEAR] = True
        page.run()
        assert not page.exception
        assert len(page.get("plotly_chart")) == 1, "only that of the open tab"


# Files


@pytest.fixture
def files(monkeypatch: pytest.MonkeyPatch) -> dict[str, Callable[[], Any]]:
    """What makes the content of each file that a page offers, by the name of the file."""
    offered: dict[str, Callable[[], Any]] = {}
    monkeypatch.setattr(downloads, "button", lambda _label, file, make, **_key: offered.update({file: make}))
    return offered


def of_kind(files: dict[str, Callable[[], Any]], kind: str) -> tuple[str, Any]:
    """The name without its ending and the content of the one file that ends with `kind`."""
    (name,) = [name for name in files if name.endswith(f".{kind}")]
    return name.removesuffix(f".{kind}"), files[name]()


def heads(files: dict[str, Callable[[], Any]]) -> list[str]:
    """The heads of the closes, which are the same in CSV and Excel."""
    written = pd.read_csv(io.BytesIO(of_kind(files, "csv")[1]), encoding="utf-8-sig").columns.tolist()
    book = load_workbook(io.BytesIO(of_kind(files, "xlsx")[1]))
    assert [cell.value for cell in book["종가"][1]] == written
    assert [row[0] for row in book["통계"].iter_rows(min_row=2, values_only=True)] == written[1:]
    return written[1:]


def test_files_say_which_closes_are_samples(four: MongoDatabase, files: dict[str, Callable[[], Any]]) -> None:
    open_page(SAMSUNG, APPLE, KOSPI)
    assert heads(files) == ["삼성전자", "애플", "코스피"]
    assert "표본" not in "".join(files)
    files.clear()
    tickers.record(four, INDICES, "^KS11", {"source": "sample"})
    tickers.record(four, CURRENCIES, "USDKRW", {"source": "sample"})
    page = open_page(SAMSUNG, APPLE, KOSPI, currency="KRW")
    assert heads(files) == ["삼성전자", "애플 (KRW, 표본 환율)", "코스피 (표본)"]
    assert all(name.startswith("005930_AAPL_KS11_KRW_표본_") for name in files)
    page.button(key="picture").click().run()
    assert page.session_state["picture_asked chart_of_comparison"].file == f"{of_kind(files, 'csv')[0]}.png"


def test_an_import_takes_no_closes_of_samples(
    four: MongoDatabase, files: dict[str, Callable[[], Any]], tmp_path: Path
) -> None:
    """Names that are tickers would make the table one of closes by ticker."""
    store(four, KOREAN_STOCKS, "000660", "000660", pages.made_table(5, halted=0))
    tickers.record(four, KOREAN_STOCKS, "005930", {"name": "005930"})
    path = tmp_path / "종가.csv"
    for source in ("yahoo", "sample"):
        files.clear()
        tickers.record(four, KOREAN_STOCKS, "005930", {"source": source})
        open_page(SAMSUNG, "korean_stocks:000660")
        path.write_bytes(of_kind(files, "csv")[1])
        if source == "yahoo":
            assert file_source.open_file(path, KOREAN_STOCKS).counts().keys() == {"005930", "000660"}
    with pytest.raises(SisepanError, match=r"005930 \(표본\)"):
        file_source.open_file(path, KOREAN_STOCKS)


@pytest.mark.parametrize(("interval", "word"), [("W", "weekly"), ("M", "monthly")])
@pytest.mark.sampled(2)
def test_files_have_the_rows_of_the_chart_and_say_what_is_of_days(
    four: MongoDatabase, files: dict[str, Callable[[], Any]], interval: str, word: str
) -> None:
    page = open_page(SAMSUNG, APPLE, period="6M", unit=interval)
    option, source = chart(page)
    drawn = source.iloc[option["shown"]["first"] : option["shown"]["last"] + 1]
    name, content = of_kind(files, "csv")
    assert name == f"005930_AAPL_{word}_{drawn['날짜'].iloc[0]}_{drawn['날짜'].iloc[-1]}"
    written = pd.read_csv(io.BytesIO(content), encoding="utf-8-sig")
    assert written["날짜"].tolist() == drawn["날짜"].tolist()
    assert written["삼성전자"].tolist() == drawn["price 0"].tolist()
    book = load_workbook(io.BytesIO(of_kind(files, "xlsx")[1]))
    assert [f"{row[0]:%Y-%m-%d}" for row in book["종가"].iter_rows(min_row=2, values_only=True)] == drawn[
        "날짜"
    ].tolist()
    assert book.sheetnames[1:] == ["통계 (일 종가)", "상관관계 (일 종가)"]
    first = drawn["날짜"].iloc[0]
    of_days = comparison.statistics(prices.load(four, KOREAN_STOCKS, "005930")["close"].loc[first:])
    assert of_days is not None
    header, measured, *_others = book["통계 (일 종가)"].iter_rows(values_only=True)
    assert dict(zip(header, measured, strict=True))["변동성 %"] == pytest.approx(of_days.volatility * 100, abs=0.005)  # type: ignore[operator]
    sentence = "통계와 분석은 이 기간의 일 종가로 셈합니다."
    assert plain(sentence) in [caption.value for caption in page.caption]
    assert sentence in of_kind(files, "html")[1]
    assert plain(sentence) not in [caption.value for caption in open_page(SAMSUNG, APPLE).caption]


def test_the_file_to_take_away_says_what_the_picture_and_the_page_say(
    four: MongoDatabase, files: dict[str, Callable[[], Any]]
) -> None:
    store(four, KOREAN_STOCKS, "000002", "옛 <종목>", pages.made_table(5, last="2024-03-29", halted=0))
    split, halved = dt.datetime(2026, 11, 16), {name: {"$multiply": [f"${name}", 0.5]} for name in candles.PRICES}
    four["korean_stocks"].update_many({"ticker": "005930", "date": {"$gte": split}}, [{"$set": halved}])
    four["korean_stocks"].update_one({"ticker": "005930", "date": split}, {"$set": {"stock_splits": 2.0}})
    four["currencies"].delete_many({"date": {"$gte": dt.datetime(2026, 10, 1)}})
    page = open_page(SAMSUNG, APPLE, "korean_stocks:000002", currency="KRW")
    page.button(key="picture").click().run()
    text = of_kind(files, "html")[1]
    told = re.findall(r"<p>(.*?)</p>", text)
    assert told[0] == page.session_state["picture_asked chart_of_comparison"].about
    assert told[0].endswith("만듦")
    assert all(part in told[0] for part in (" – 2026-11-20 · 일 · 원화로", "분할 반영", "가져온 시세"))
    assert told[1:] == [
        f"애플: {notes(page)['AAPL']}",
        "옛 &lt;종목&gt;: 이 기간에는 시세나 환율이 없습니다",
        page.info[0].value.replace("\\", ""),
    ]
    assert "환율이 없는 봉" in told[1]
    assert "삼성전자 2026-11-16의 분할" in told[3]
