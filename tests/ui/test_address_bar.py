"""An address that the browser sent before it heard of a change, run by Streamlit's own test runner."""

import pytest
from streamlit.testing.v1 import AppTest

from finance_core.storage.database import MongoDatabase
from finance_core.ui import address_bar
from tests import pages
from tests.yahoo import YahooStandIn

pytestmark = pytest.mark.slow


@pytest.fixture
def page(own_server_db: MongoDatabase, yahoo: YahooStandIn) -> AppTest:
    pages.update_from(yahoo, own_server_db, {"005930": pages.made_table()}, {})
    return pages.open_viewer(period="1Y")


def name(page: AppTest, **address: str) -> AppTest:
    """What the browser tells together with the address that it has."""
    page.query_params.clear()
    page.query_params.update(address)
    return page


def test_an_address_that_was_sent_too_early_undoes_nothing(page: AppTest) -> None:
    page.button_group(key="scale").set_value("log").run()
    assert page.query_params == {"period": "1Y", "scale": "log"}
    name(page, period="1Y").button_group(key="kind").set_value("line").run()
    assert page.query_params == {"period": "1Y", "scale": "log", "type": "line"}
    name(page, period="1Y", scale="log").toggle(key="table").set_value(True).run()
    assert page.query_params == {"period": "1Y", "scale": "log", "type": "line"}


def test_what_was_shown_before_can_be_chosen_again_at_once(page: AppTest) -> None:
    for period in ("3Y", "1Y", "3Y"):
        page.button_group(key="period").set_value(period).run()
        assert page.query_params == {"period": period}


def test_a_link_to_what_was_shown_a_while_ago_is_followed(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    page.button_group(key="scale").set_value("log").run()
    monkeypatch.setattr(address_bar, "LATE", 0.0)
    name(page, period="1Y").run()
    assert page.query_params == {"period": "1Y"}


def test_a_link_to_what_was_never_shown_is_followed_at_once(page: AppTest) -> None:
    page.button_group(key="scale").set_value("log").run()
    name(page, period="3Y").run()
    assert page.query_params == {"period": "3Y"}
