"""The viewer's page, run by Streamlit's own test runner on a real database."""

import datetime as dt
import os
from pathlib import Path
from urllib.parse import urlsplit

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from finance_core import background, starter
from finance_core.bars import candles
from finance_core.categories import KOREAN_STOCKS
from finance_core.mongod.server import EmbeddedMongod
from finance_core.storage import database, locations, prices, tickers
from finance_core.storage.database import Document, MongoDatabase
from finance_core.ui.text import plain
from tests import pages
from tests.processes import wait_until
from tests.yahoo import Listing, YahooStandIn

pytestmark = pytest.mark.slow


def test_the_page_draws_exactly_the_published_prices(own_server_db: MongoDatabase, yahoo: YahooStandIn) -> None:
    table = pages.made_table()
    pages.update_from(yahoo, own_server_db, {"005930": table}, {})
    assert_shown("005930", table)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(4))
@pytest.mark.sampled(2)
def test_the_page_draws_exactly_the_real_prices_of_all_tickers(
    own_server_db: MongoDatabase, yahoo: YahooStandIn, part: int
) -> None:
    tables = dict(list(pages.real_tables().items())[part::4])
    pages.update_from(yahoo, own_server_db, tables, pages.symbol_suffixes())
    for ticker, table in tables.items():
        assert_shown(ticker, table)


def test_a_collection_of_ones_own_that_is_gone_is_named(own_server_db: MongoDatabase) -> None:
    """The page told to update from Yahoo, which a category that is only read cannot."""
    tickers.register(own_server_db, KOREAN_STOCKS, [{"ticker": "005930", "name": "삼성전자"}])
    locations.point(own_server_db, KOREAN_STOCKS, locations.Location("kr", read_only=True))
    page = pages.open_viewer(ticker="005930")
    assert ["kr 컬렉션" in element.value for element in page.info] == [True]


def header(page: AppTest) -> str:
    return next(element.proto.body for element in page.get("html") if "baseline" in element.proto.body)


def assert_shown(ticker: str, table: pd.DataFrame) -> None:
    option, source = pages.chart(pages.open_viewer(ticker=ticker, period="MAX"))
    expected = pages.as_published(table)
    assert source["날짜"].tolist() == expected.index.strftime("%Y-%m-%d").tolist()
    for korean, english in zip(["시가", "고가", "저가", "종가", "거래량"], expected.columns, strict=True):
        assert source[korean].tolist() == expected[english].tolist(), (ticker, english)
    jumps = pd.DatetimeIndex(pages.JUMPS.get(ticker, [])).to_numpy()
    piece = (expected.index.to_numpy()[:, None] >= jumps).sum(axis=1)
    averages = expected["close"].groupby(piece).transform(lambda close: close.rolling(20).mean())
    assert source["MA20"].tolist() == pytest.approx(averages.tolist(), nan_ok=True)
    assert option["shown"]["first"] == 0
    assert option["graphic"] == [], "real prices are not called a sample"


@pytest.fixture
def samsung(own_server_db: MongoDatabase) -> MongoDatabase:
    prices.write(own_server_db, KOREAN_STOCKS, "005930", candles.clean(pages.made_table())[0])
    row = {"ticker": "005930", "name": "삼성전자", "market": "KOSPI"}
    tickers.register(own_server_db, KOREAN_STOCKS, [row])
    return own_server_db


@pytest.mark.usefixtures("samsung")
def test_the_first_view_is_one_month_with_all_averages_and_an_address_asks_for_another_period() -> None:
    opened = pages.open_viewer()
    option, source = pages.chart(opened)
    first = source.iloc[option["shown"]["first"]]
    assert first["날짜"] == "2026-10-21", "the day after the same day a month before 2026-11-20"
    assert first[[f"MA{average.window}" for average in KOREAN_STOCKS.averages]].notna().all()
    keys = {button.key for button in opened.button}
    assert not keys & {"update", "update_one", "star"}, "the test runner has no address at all, and may not edit"

    of_year, source = pages.chart(pages.open_viewer(ticker="005930", period="YTD"))
    assert source["날짜"].iloc[of_year["shown"]["first"]] == "2026-01-02"
    page = pages.open_viewer(period="forever")
    assert "forever" in page.warning[0].value
    assert pages.chart(page)[0]["shown"] == option["shown"], "the default"


@pytest.mark.usefixtures("samsung")
def test_a_chosen_period_and_unit_are_in_the_address_and_a_range_that_is_left_stays_left_in_a_slow_browser() -> None:
    page = pages.open_viewer()
    page.button_group(key="period").set_value("5Y").run()
    page.button_group(key="unit").set_value("W").run()
    assert page.query_params == {"period": "5Y", "unit": "W"}
    page.button_group(key="period").set_value("1M").run()
    assert page.query_params == {"unit": "W"}, "what is the default is left out"

    page = pages.open_viewer(**{"from": "2026-08-21"})
    assert page.button_group(key="period").value is None, "no period is what is shown"

    page = pages.open_viewer(**{"from": "2024-01-02", "to": "2024-06-03"})
    page.button_group(key="period").set_value("1Y")
    kept = page._tree.get_widget_states()
    page.run()
    pages.run_late(page, kept, lambda: page.button_group(key="unit").set_value("W"))
    assert page.query_params == {"period": "1Y", "unit": "W"}


def test_an_unknown_ticker_in_the_address_gets_a_sentence_and_the_default_and_a_name_with_markup_is_text(
    samsung: MongoDatabase,
) -> None:
    for ticker in ("999999", "<script>alert(1)</script>", ".*", "가" * 10_000, "🚀", "$where"):
        page = pages.open_viewer(ticker=ticker)
        assert plain(ticker[:40]) in page.warning[0].value
        assert "005930 · KOSPI" in header(page)
        assert "분할" not in header(page), "there was none"
        assert not page.error
    samsung["ticker_metadata"].update_one({"ticker": "005930"}, {"$set": {"name": "<img src=x onerror=alert(1)>"}})
    page = pages.open_viewer()
    assert "&lt;img" in header(page)
    assert "<img" not in header(page)


def test_bars_without_any_metadata_are_shown(own_server_db: MongoDatabase, yahoo: YahooStandIn) -> None:
    pages.update_from(yahoo, own_server_db, {"000660": pages.made_table()}, {})
    own_server_db.drop_collection("ticker_metadata")
    page = pages.open_viewer()
    assert not page.error
    assert "000660" in header(page)
    assert len(pages.chart(page)[1])


def test_a_halted_day_as_the_exchange_publishes_it_is_drawn_flat_also_from_a_collection_of_ones_own(
    own_server_db: MongoDatabase,
) -> None:
    own_server_db["korean_stocks"].insert_many(
        [
            {
                "ticker": "000660",
                "date": dt.datetime(2024, 1, 2),
                "open": 10,
                "high": 12,
                "low": 9,
                "close": 11,
                "volume": 5,
            },
            {
                "ticker": "000660",
                "date": dt.datetime(2024, 1, 3),
                "open": 0,
                "high": 0,
                "low": 0,
                "close": 11,
                "volume": 0,
            },
        ]
    )
    source = pages.chart(pages.open_viewer())[1]
    assert source.loc[1, ["시가", "고가", "저가", "종가"]].tolist() == [11, 11, 11, 11]


def test_an_empty_server_of_ones_own_gets_a_next_step_and_is_left_as_it_is(own_server_db: MongoDatabase) -> None:
    page = pages.open_viewer()
    assert plain("python -m updaters.update_kr") in page.info[0].value
    assert own_server_db.name not in own_server_db.client.list_database_names()


def test_a_ticker_without_bars_gets_a_next_step(own_server_db: MongoDatabase) -> None:
    own_server_db["ticker_metadata"].insert_one({"category": "korean_stocks", "ticker": "005930", "name": "삼성전자"})
    page = pages.open_viewer()
    assert "005930" in page.info[0].value
    assert not pages.has_chart(page)


def test_a_ticker_that_cannot_be_drawn_gets_a_sentence_and_leaves_the_search(own_server_db: MongoDatabase) -> None:
    own_server_db["korean_stocks"].insert_one({"ticker": "005930", "date": "2024-01-02", "close": 1.0})
    page = pages.open_viewer()
    (error,) = page.error
    assert plain("2024-01-02") in error.value
    assert plain("korean_stocks") in error.value
    assert page.get("bidi_component"), "the search box"


@pytest.mark.slow
def test_a_server_that_is_away_gets_one_sentence_and_the_page_heals_when_it_is_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = EmbeddedMongod(tmp_path / "away", has_unix_sockets=False)
    server.ensure_running()
    address = server.uri.replace("mongodb://", "mongodb://analyst:s3cret@") + "&authSource=admin"
    server.shut_down()
    monkeypatch.setenv("MONGO_URI", address)
    page = pages.open_viewer()
    (error,) = page.error
    assert plain(urlsplit(server.uri).netloc.rpartition("@")[2]) in error.value
    assert "s3cret" not in error.value
    server.ensure_running()
    monkeypatch.setenv("MONGO_URI", server.uri)  # without the user, as this server knows none
    page.button(key="retry").click().run()
    assert not page.error
    database.close()
    server.release()


@pytest.mark.usefixtures("samsung")
def test_the_page_speaks_english_where_the_address_says_so() -> None:
    page = pages.open_viewer(lang="en", ticker="nothing")
    assert page.warning[0].value == plain("nothing is not in this list, so another ticker is shown.")
    assert "Close of 2026-11-20" in header(page)
    assert pages.chart(page)[1].columns[0] == "Date"


def finish_update(page: AppTest) -> None:
    assert wait_until(lambda: not background.running())
    page.run()


@pytest.mark.parametrize(("key", "added"), [("update", "2"), ("update_one", "1")])
def test_the_update_buttons_bring_new_bars_and_say_what_they_did(
    own_server_db: MongoDatabase, yahoo: YahooStandIn, monkeypatch: pytest.MonkeyPatch, key: str, added: str
) -> None:
    pages.sit_at_the_machine(monkeypatch)
    table = pages.made_table()
    pages.update_from(yahoo, own_server_db, dict.fromkeys(("005930", "000660"), table.iloc[:-1]), {})
    page = pages.open_viewer(ticker="005930")
    assert len(pages.chart(page)[1]) == len(table) - 1
    yahoo.listings |= dict.fromkeys(("005930.KS", "000660.KS"), Listing(table))
    page.button(key=key).click().run()
    finish_update(page)
    assert f"봉 {added}개를 추가" in page.success[0].value
    assert pages.chart(page)[1]["날짜"].iloc[-1] == "2026-11-20"
    page.run()
    assert not page.success, "an outcome is told once"


def test_a_failed_update_names_the_ticker_and_the_reason(
    own_server_db: MongoDatabase, yahoo: YahooStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages.sit_at_the_machine(monkeypatch)
    pages.update_from(yahoo, own_server_db, {"005930": pages.made_table()}, {})
    del yahoo.listings["005930.KS"]
    page = pages.open_viewer()
    page.button(key="update").click().run()
    finish_update(page)
    assert len(page.error) == 1, "every ticker that was asked for failed"
    assert "005930" in page.text[0].value
    assert len(pages.chart(page)[1]) == len(pages.made_table()), "what was stored is still shown"


@pytest.mark.slow
def test_an_embedded_database_opens_with_sample_prices_that_say_so(
    db: MongoDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "korean_stocks.csv").write_text("ticker,name,market\n005930,삼성전자,KOSPI\n", encoding="utf-8")
    monkeypatch.setattr(starter, "DIRECTORY", tmp_path)
    AppTest.from_file(pages.PAGES_DIR.parent / "Home.py", default_timeout=60).run()
    page = pages.open_viewer()
    assert "삼성전자" in header(page)
    assert ":material/science:" in page.markdown[0].value, "the badge of a sample"
    option, source = pages.chart(page)
    assert option["graphic"][0]["style"]["text"], "the watermark"
    assert len(source) > 2_300, "ten years"


def test_no_configuration_of_the_machine_leaks_into_these_tests() -> None:
    assert "MONGO_URI" not in os.environ


def test_an_open_chart_says_when_newer_bars_have_come_and_shows_them_on_request(
    own_server_db: MongoDatabase, yahoo: YahooStandIn
) -> None:
    table = pages.made_table(halted=0)
    pages.update_from(yahoo, own_server_db, {"005930": table.iloc[:-1]}, {})
    page = pages.open_viewer()
    drawn = tickers.get(own_server_db, KOREAN_STOCKS, "005930")
    assert drawn is not None
    assert not page.info
    pages.update_from(yahoo, own_server_db, {"005930": table.iloc[:-1]}, {})
    assert not fragment_of(drawn).info, "an update that brought nothing is no news"

    pages.update_from(yahoo, own_server_db, {"005930": table}, {})

    assert len(fragment_of(drawn).info) == 1
    assert pages.chart(page.run())[1]["날짜"].iloc[-1] == "2026-11-20"
    assert not page.info


def fragment_of(drawn: Document) -> AppTest:
    """What looks for newer bars by itself, for a chart that was drawn when the metadata were `drawn`."""

    def script(drawn: dict[str, object]) -> None:
        from finance_core.categories import KOREAN_STOCKS
        from finance_core.ui import update_actions

        update_actions.newer(KOREAN_STOCKS, "005930", drawn)

    return AppTest.from_function(script, args=(drawn,), default_timeout=60).run()


def test_a_ticker_that_is_probably_delisted_says_so(own_server_db: MongoDatabase, yahoo: YahooStandIn) -> None:
    pages.update_from(yahoo, own_server_db, {"005930": pages.made_table(halted=0)}, {})
    tickers.record(own_server_db, KOREAN_STOCKS, "005930", {"last_status": "delisted"})
    assert any(":material/block:" in element.value for element in pages.open_viewer().markdown)


def test_closes_alone_are_drawn_as_a_line_whatever_kind_of_bars_is_asked_for(own_server_db: MongoDatabase) -> None:
    days = pd.bdate_range("2024-01-02", periods=30)
    closes = [
        {"ticker": "000660", "date": day.to_pydatetime(), "close": 10.0 + place} for place, day in enumerate(days)
    ]
    own_server_db["korean_stocks"].insert_many(closes)
    for kind, drawn in (("hollow", "line"), ("bars", "line"), ("area", "line")):
        option = pages.chart(pages.open_viewer(type=kind))[0]
        assert option["series"][0]["type"] == drawn
        assert ("areaStyle" in option["series"][0]) == (kind == "area")
        assert [entry["title"] for entry in option["readout"]][:2] == ["종", ""], "no open, high and low are claimed"


def test_a_bar_whose_open_high_or_low_is_not_stored_is_marked_but_not_one_of_closes_alone(
    own_server_db: MongoDatabase, yahoo: YahooStandIn
) -> None:
    table = pages.made_table(halted=0)
    pages.update_from(yahoo, own_server_db, {"005930": table, "000660": table}, {})
    bars, lost = own_server_db["korean_stocks"], dict.fromkeys(["open", "high", "low"], "")
    bars.update_one({"ticker": "005930", "date": table.index[50]}, {"$unset": lost})
    bars.update_one({"ticker": "005930", "date": table.index[60]}, {"$unset": {"low": ""}})
    close = {"close": float(table["close"].iloc[69]) + 1}
    bars.update_one({"ticker": "005930", "date": table.index[70]}, {"$unset": {**lost, "volume": ""}, "$set": close})
    bars.update_many({"ticker": "000660"}, {"$unset": lost})
    source = pages.chart(pages.open_viewer(ticker="005930", marks="incomplete,halted"))[1]
    assert source.index[source["marks"] == "시·고·저 모름"].tolist() == [50, 60, 70]
    assert "거래정지" not in set(source["marks"]), "a close that has changed was no halt"
    assert set(pages.chart(pages.open_viewer(ticker="000660", marks="incomplete"))[1]["marks"]) == {""}


def test_bars_that_an_update_left_out_and_halts_are_marked_and_marks_can_be_put_out(
    own_server_db: MongoDatabase, yahoo: YahooStandIn
) -> None:
    table = pages.made_table(halted=3)
    pages.update_from(yahoo, own_server_db, {"005930": table}, {})
    gap = next(day for day in pd.date_range(table.index[50], table.index[-1]) if day not in table.index)
    remark = {"ticker": "005930", "date": gap.to_pydatetime(), "action": "refused", "reason": "closed day"}
    own_server_db["update_runs"].update_one({"category": "korean_stocks"}, {"$push": {"remarks": remark}})
    _option, source = pages.chart(pages.open_viewer())
    after = table.index.searchsorted(gap)
    assert source["marks"].iloc[after] == "앞에 뺀 봉"
    assert source.index[source["marks"] == "거래정지"].tolist() == [*range(len(table) - 8, len(table) - 5)]
    page = pages.open_viewer(marks="none")
    assert set(pages.chart(page)[1]["marks"]) == {""}
    page.button_group(key="marks").set_value(["halted"]).run()
    assert page.query_params["marks"] == "halted"
    assert set(pages.chart(page)[1]["marks"]) == {"", "거래정지"}


def test_a_bar_that_was_left_out_and_has_come_by_now_has_no_mark(
    own_server_db: MongoDatabase, yahoo: YahooStandIn
) -> None:
    table = pages.made_table(halted=0)
    pages.update_from(yahoo, own_server_db, {"005930": table}, {})
    day = next(day for day in table.index[-40:] if day.day_of_week == 2 and day.day in range(10, 20))
    remark = {"ticker": "005930", "date": day.to_pydatetime(), "action": "refused", "reason": "no close"}
    own_server_db["update_runs"].update_one({"category": "korean_stocks"}, {"$push": {"remarks": remark}})
    for interval in ("D", "W", "M"):
        source = pages.chart(pages.open_viewer(interval=interval))[1]
        assert "앞에 뺀 봉" not in set(source["marks"]), interval


def test_prices_with_dividends_say_so_and_are_those_of_the_function(
    own_server_db: MongoDatabase, yahoo: YahooStandIn
) -> None:
    table = pages.made_table(halted=0)
    pages.update_from(yahoo, own_server_db, {"005930": table}, {})
    day = table.index[200]
    own_server_db["korean_stocks"].update_one({"ticker": "005930", "date": day}, {"$set": {"dividends": 1_000.0}})
    page = pages.open_viewer(adjusted="dividends", period="MAX")
    assert any("배당까지 반영한 가격" in element.value for element in page.markdown), "the badge"
    source = pages.chart(page)[1]
    kept = 1 - 1_000 / table["close"].iloc[199]
    assert source["종가"].iloc[:200].tolist() == pytest.approx((table["close"].iloc[:200] * kept).tolist())
    assert source["종가"].iloc[200:].tolist() == table["close"].iloc[200:].tolist()
    page.button(key="picture").click().run()
    days = f"{table.index[0]:%Y-%m-%d}_{table.index[-1]:%Y-%m-%d}"
    assert page.session_state["picture_asked chart_of_ticker"].file == f"005930_dividends_{days}.png", "as other files"


def test_a_real_ticker_beside_a_sample_is_no_sample_in_its_files(
    own_server_db: MongoDatabase, yahoo: YahooStandIn
) -> None:
    table = pages.made_table()
    pages.update_from(yahoo, own_server_db, {"005930": table, "000660": table}, {})
    own_server_db["ticker_metadata"].update_one({"ticker": "000660"}, {"$set": {"source": "sample"}})
    page = pages.open_viewer(ticker="005930", **{"with": "korean_stocks:000660"})
    assert pages.chart(page)[0]["graphic"], "the chart has a sample in it"
    page.toggle(key="table").set_value(True).run()
    assert "종가" in page.dataframe[0].value.columns


@pytest.mark.parametrize(("days", "told"), [(2, "2026-01-05, 2026-01-06"), (7, "2026-01-05 – 2026-01-11 (7일)")])
def test_a_ticker_of_which_every_row_is_refused_says_so(own_server_db: MongoDatabase, days: int, told: str) -> None:
    tickers.register(own_server_db, KOREAN_STOCKS, [{"ticker": "005930", "name": "삼성전자"}])
    nothing = dict.fromkeys(("open", "high", "low", "close", "volume"), 0.0)
    stored = [{"ticker": "005930", "date": dt.datetime(2026, 1, 5 + day), **nothing} for day in range(days)]
    own_server_db["korean_stocks"].insert_many(stored)
    page = pages.open_viewer(ticker="005930")
    assert not page.error
    assert [plain(f"삼성전자 {told}: 하루 시세일 수 없는 값이라 그리지 않았습니다.")] == [
        each.value for each in page.warning
    ]
