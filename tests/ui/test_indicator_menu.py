"""The menu of indicators on the page of a ticker, run by Streamlit's own test runner."""

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from finance_core import i18n
from finance_core.bars import curves
from finance_core.bars.indicators import INDICATORS
from finance_core.categories import KOREAN_STOCKS
from finance_core.storage import prices
from finance_core.storage.database import MongoDatabase
from tests import pages
from tests.yahoo import YahooStandIn

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def stored(own_server_db: MongoDatabase, yahoo: YahooStandIn) -> MongoDatabase:
    pages.update_from(yahoo, own_server_db, {"005930": pages.made_table(halted=0)}, {})
    return own_server_db


def read_out(page: AppTest) -> list[str]:
    return [entry["title"] for entry in pages.chart(page)[0]["readout"]]


def test_every_indicator_is_offered_and_those_of_the_address_are_drawn(stored: MongoDatabase) -> None:
    page = pages.open_viewer(ind="rsi(14),bollinger(20,2)")
    assert len(page.selectbox(key="added_indicator").options) == len(INDICATORS)
    option, source = pages.chart(page)
    bars = prices.load(stored, KOREAN_STOCKS, "005930")
    for curve in curves.curves(bars, curves.parse("rsi(14),bollinger(20,2)")[0]):
        np.testing.assert_allclose(source[curve.title], curve.values)
    assert len(option["grid"]) == 3


def test_the_same_one_is_added_twice_with_another_window() -> None:
    page = pages.open_viewer(ind="rsi(14)")
    page.selectbox(key="added_indicator").set_value("rsi").run()
    assert page.query_params["ind"] == "rsi(14),rsi(15)"
    assert {"RSI14", "RSI15"} <= set(read_out(page))


def test_a_number_that_is_typed_stays_whatever_is_clicked_in_the_same_moment() -> None:
    page = pages.open_viewer(ind="rsi(14),cci(20)")
    page.number_input(key="indicator_1_0").set_value(30)
    page.button(key="icon_remove_indicator_0").click().run()
    assert page.query_params["ind"] == "cci(30)"
    page.number_input[0].set_value(40)
    page.selectbox(key="added_indicator").set_value("rsi").run()
    assert page.query_params["ind"] == "cci(40),rsi(14)"


def test_a_fifth_pane_gets_a_message_and_changes_nothing() -> None:
    full = "rsi(14),cci(20),atr(14),macd(12,26,9)"
    page = pages.open_viewer(ind=full)
    page.selectbox(key="added_indicator").set_value("obv").run()
    assert page.query_params["ind"] == full
    assert str(curves.MOST_PANES) in page.toast[0].value


def test_settings_that_do_not_go_together_wait_for_the_other_with_a_message() -> None:
    page = pages.open_viewer(ind="macd(12,26,9)")
    page.number_input(key="indicator_0_0").set_value(30).run()
    assert page.query_params["ind"] == "macd(12,26,9)"
    (message,) = page.warning
    assert "단기" in message.value
    assert "MACD(12,26,9)" in read_out(page)
    page.number_input(key="indicator_0_1").set_value(60).run()
    assert page.query_params["ind"] == "macd(30,60,9)"
    assert not page.warning


def test_settings_that_wait_are_gone_when_another_address_is_opened() -> None:
    page = pages.open_viewer(ind="macd(12,26,9)")
    page.number_input(key="indicator_0_0").set_value(30).run()
    page.query_params["ind"] = "macd(5,20,5)"
    page.run()
    assert [page.number_input(key=f"indicator_0_{each}_1").value for each in range(3)] == [5, 20, 5]
    assert not page.warning


def test_a_message_of_a_callback_is_in_the_language_of_the_visitor() -> None:
    page = pages.open_viewer(ind="rsi(14),cci(20),atr(14),macd(12,26,9)", lang="en")
    i18n.use_language("en")  # in this thread, which formats the option; the page is run by another
    page.selectbox(key="added_indicator").set_value("obv").run()
    assert str(curves.MOST_PANES) in page.toast[0].value
    assert page.toast[0].value.isascii()


def test_the_last_one_that_is_removed_stays_removed() -> None:
    page = pages.open_viewer(ind="rsi(14)")
    page.button(key="icon_remove_indicator_0").click().run()
    assert page.query_params["ind"] == "none"
    page.run()
    assert "RSI14" not in read_out(page)


def test_what_was_chosen_is_there_on_the_page_of_the_next_ticker() -> None:
    page = pages.open_viewer(ind="rsi(21)", heights="50,10,40")
    del page.query_params["ind"], page.query_params["heights"]
    page.run()
    assert (page.query_params["ind"], page.query_params["heights"]) == ("rsi(21)", "50,10,40")
    assert "RSI21" in read_out(page)


def test_what_is_remembered_of_another_version_is_used_as_far_as_it_can_be_and_nobody_is_blamed() -> None:
    page = pages.open_viewer()
    page.session_state["sisepan_ind"] = "rsi(21),gone(3),macd(26,12,9)"
    page.session_state["sisepan_heights"] = "nonsense"
    page.run()
    assert page.query_params["ind"] == "rsi(21)"
    assert "heights" not in page.query_params
    assert not page.warning


@pytest.mark.parametrize(("name", "kept", "wrong"), [("ind", "rsi(14)", "rsi(1)"), ("heights", "50,10,40", "x")])
def test_a_link_with_a_mistake_does_not_replace_what_is_remembered(name: str, kept: str, wrong: str) -> None:
    page = pages.open_viewer(**{"ind": "rsi(14)", name: kept})
    page.query_params[name] = wrong
    page.run()
    assert len(page.warning) == 1
    del page.query_params[name]
    page.run()
    assert page.query_params[name] == kept


def test_heights_are_shared_out_by_sliders() -> None:
    page = pages.open_viewer(ind="rsi(14)")
    before = pages.chart(page)[0]["grid"]
    page.slider(key="height_2").set_value(60).run()
    assert page.query_params["heights"] == "70,12,60"
    after = pages.chart(page)[0]["grid"]
    assert float(after[2]["top"].rstrip("%")) < float(before[2]["top"].rstrip("%"))


def test_what_has_no_volume_or_too_few_bars_says_so() -> None:
    page = pages.open_viewer(unit="M", ind="rsi(60),ema(500)")
    told = [caption.value for caption in page.caption]
    assert any("RSI60" in text for text in told)
    assert any("EMA500" in text for text in told)


@pytest.mark.parametrize("language", ["ko", "en"])
def test_the_menu_and_its_explanations_speak_the_language_of_the_page(language: str) -> None:
    everything = ",".join(row.key for row in INDICATORS.values() if row.pane != "own")
    page = pages.open_viewer(lang=language, ind=everything)
    texts = [element.value + element.proto.help for element in page.markdown] + read_out(page)
    hangul = [text for text in texts if any("가" <= char <= "힣" for char in text)]
    assert bool(hangul) == (language == "ko")
