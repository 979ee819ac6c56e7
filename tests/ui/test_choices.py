"""A row of buttons, one of which is marked, when something else than a click moves the mark."""

from streamlit.testing.v1 import AppTest


def script() -> None:
    import streamlit as st

    from finance_core.ui.choices import segmented

    titles = st.session_state.get("titles", {"1M": "1개월", "1Y": "1년"})
    segmented(
        "기간", "period", titles, st.session_state.get("marked", "1M"), lambda key: st.session_state.update(marked=key)
    )


def zoomed() -> AppTest:
    """A page on which a zoom has taken the mark from the month that was marked at first."""
    page = AppTest.from_function(script, default_timeout=60).run()
    page.session_state["marked"] = None
    return page.run()


def test_a_row_that_names_its_old_mark_moves_nothing() -> None:
    page = zoomed()
    assert [row.key for row in page.get("button_group")] == ["period_1", "period"]
    page.run()
    assert page.session_state["marked"] is None


def test_a_row_that_is_gone_moves_nothing_though_a_slow_browser_still_sends_it() -> None:
    page = zoomed()
    old = page.button_group(key="period").set_value("1M")  # the browser has not heard of the next replacement
    for mark in ("1Y", None):
        page.session_state["marked"] = mark
        page.run()
    assert [row.key for row in page.get("button_group")] == ["period_2", "period_1"]
    old.run()
    assert page.session_state["marked"] is None


def test_a_row_of_other_choices_that_is_gone_moves_nothing_either() -> None:
    page = AppTest.from_function(script, default_timeout=60).run()
    old = page.button_group(key="period").set_value("1M")
    page.session_state["titles"], page.session_state["marked"] = {"1Y": "1년", "5Y": "5년"}, "1Y"
    page.run()
    old.run()
    assert page.session_state["marked"] == "1Y"


def test_a_click_on_the_row_that_was_just_replaced_counts() -> None:
    page = zoomed()
    page.button_group(key="period").set_value("1Y").run()
    assert page.session_state["marked"] == "1Y"
    assert page.button_group(key="period_1").value == "1Y"
    page.run()
    assert page.session_state["marked"] == "1Y"


def test_a_replaced_row_of_other_choices_is_not_drawn() -> None:
    page = AppTest.from_function(script, default_timeout=60).run()
    page.session_state["titles"], page.session_state["marked"] = {"5Y": "5년"}, "5Y"
    page.run()
    assert not page.exception
    assert [row.key for row in page.get("button_group")] == ["period_1"]
