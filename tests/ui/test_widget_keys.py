"""Widgets whose value other things change too, rows that come and go, and questions that close."""

from streamlit.testing.v1 import AppTest


def numbers() -> None:
    import streamlit as st

    from finance_core.ui.widget_keys import owned

    def choose(value: int) -> int | None:
        if value % 2:
            return None  # not taken yet
        st.session_state["taken"] = value
        return min(value, 8)

    shown, waits = st.session_state.get("taken", 0), st.session_state.get("waits")
    st.number_input("수", 0, 100, min(shown, 8), **owned("number", min(shown, 8), choose, waits=waits))


def opened() -> AppTest:
    return AppTest.from_function(numbers, default_timeout=60).run()


def test_the_own_change_of_a_widget_keeps_it() -> None:
    page = opened()
    page.number_input[0].set_value(4).run()
    assert (page.number_input[0].key, page.number_input[0].value, page.session_state["taken"]) == ("number", 4, 4)


def test_what_takes_a_value_can_return_another_to_show() -> None:
    page = opened()
    page.number_input[0].set_value(12).run()
    assert (page.number_input[0].key, page.number_input[0].value, page.session_state["taken"]) == ("number", 8, 12)


def test_a_change_by_something_else_makes_another_widget_and_the_old_one_changes_nothing() -> None:
    page = opened()
    old = page.number_input[0].set_value(4)
    page.session_state["taken"] = 6
    page.run()
    page.session_state["taken"] = 2
    page.run()
    assert page.number_input[0].value == 2
    old.run()
    assert page.session_state["taken"] == 2


def test_a_value_that_is_not_taken_yet_stays_only_while_what_it_waits_for_is_the_same() -> None:
    page = opened()
    page.number_input[0].set_value(3).run()
    assert page.number_input[0].value == 0, "without anything to wait for"
    page.session_state["waits"] = "one"
    page.run()
    page.number_input[0].set_value(3).run()
    assert page.run().number_input[0].value == 3
    page.session_state["waits"] = "another"
    assert page.run().number_input[0].value == 0


def rows() -> None:
    import streamlit as st

    from finance_core.ui.widget_keys import identities

    st.session_state["numbers"] = identities("kept", st.session_state["items"])


def test_a_row_keeps_its_number_when_others_come_and_go_and_when_it_changes() -> None:
    page = AppTest.from_function(rows, default_timeout=60)
    found = []
    for items in ("abc", "bc", "bd", "bdb", "db", "", "xyz"):
        page.session_state["items"] = tuple(items)
        found.append(page.run().session_state["numbers"])
    assert found == [[0, 1, 2], [1, 2], [1, 2], [1, 2, 0], [2, 1], [], [0, 1, 2]], (
        "those of rows that are gone come back"
    )


def questions() -> None:

    from finance_core.ui.choices import question

    for name in ("prices", "prices_1"):
        popover, close = question("묻기", f"plan_{name}")
        popover.button("예", key=f"yes_{name}", on_click=close)


def test_questions_close_whatever_their_names_end_with() -> None:
    page = AppTest.from_function(questions, default_timeout=60).run()
    page.button(key="yes_prices").click().run()
    page.button(key="yes_prices_1").click().run()
    assert not page.exception
