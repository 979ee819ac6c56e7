"""What the page does with what a browser tells of its chart: a zoom, a drawing, anything."""

from dataclasses import replace
from typing import Any, cast

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from finance_core.bars import candles, periods
from finance_core.bars.drawings import LIMIT, Drawing, Point
from finance_core.categories import KOREAN_STOCKS
from finance_core.charts.style import Style
from finance_core.storage import drawings as stored_drawings
from finance_core.storage.database import MongoDatabase
from finance_core.ui.viewer.address import View
from finance_core.ui.viewer.sketches import Sketch
from tests import pages
from tests.yahoo import YahooStandIn

pytestmark = pytest.mark.slow

BARS = candles.clean(pages.made_table(halted=0))[0]
DAYS, SPLITS = pd.DatetimeIndex(BARS.index), BARS["stock_splits"]
ANYTHING = st.recursive(
    st.one_of(st.none(), st.booleans(), st.floats(), st.integers(), st.text(), st.sampled_from(["2024-01-02", "draw"])),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(), inner, max_size=4)),
    max_leaves=8,
)
VIEW = View("005930", ())


TREND = Drawing("a", "trend", (Point(DAYS[3].date(), 58_000.0), Point(DAYS[9].date(), 60_000.0)), DAYS[-1].date())


def script(tool: str, text: str, points: object, times: int) -> None:
    """Adds a drawing as the chart's callback does."""
    import streamlit as st

    from finance_core.categories import KOREAN_STOCKS
    from finance_core.charts.style import Style
    from finance_core.storage import database
    from finance_core.ui.decorators import errors_shown
    from finance_core.ui.viewer import sketches
    from tests.ui.test_sketches import BARS, SPLITS

    for _time in range(times):
        st.session_state[sketches.TOOL], st.session_state[sketches.TEXT] = tool, text
        own = st.session_state.get(sketches.OWN, {}).get((KOREAN_STOCKS.key, "005930"), [])
        sketches.Sketch(database.connect(), KOREAN_STOCKS, "005930", BARS, SPLITS, Style(), [], own).add(points)
    with errors_shown():
        pass


def moved(name: object, points: object) -> None:
    """Moves a drawing as the chart's callback does."""
    import streamlit as st

    from finance_core.categories import KOREAN_STOCKS
    from finance_core.charts.style import Style
    from finance_core.storage import database, drawings
    from finance_core.ui.decorators import errors_shown
    from finance_core.ui.viewer import sketches
    from tests.ui.test_sketches import BARS, SPLITS, TREND

    stored = drawings.load(database.connect(), KOREAN_STOCKS, "005930")
    own = [] if stored else [TREND]
    st.session_state[sketches.OWN] = {(KOREAN_STOCKS.key, "005930"): own}
    sketch = sketches.Sketch(database.connect(), KOREAN_STOCKS, "005930", BARS, SPLITS, Style(), stored, own)
    sketch.tell({"kind": "move", "id": name, "points": points})
    with errors_shown():
        pass


def move(points: Any, name: Any = "a") -> AppTest:
    return AppTest.from_function(moved, args=(name, points), default_timeout=60).run()


def add(tool: str, points: Any, text: str = "", times: int = 1) -> AppTest:
    return AppTest.from_function(script, args=(tool, text, points, times), default_timeout=60).run()


def kept(page: AppTest) -> list[Drawing]:
    assert not page.exception
    every = page.session_state["drawings_of_visit"] if "drawings_of_visit" in page.session_state else {}  # noqa: SIM401 - it has no get
    return list(every.get(("korean_stocks", "005930"), []))


def test_a_visitors_drawing_stays_with_the_visit_and_an_admins_is_stored(
    own_server_db: MongoDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    points = [[str(DAYS[3].date()), 58123.456789], [str(DAYS[9].date()), 60000]]
    (drawing,) = kept(add("trend", points))
    assert drawing.points == (Point(DAYS[3].date(), 58123.46), Point(DAYS[9].date(), 60000.0))
    assert drawing.drawn == DAYS[-1].date()
    assert stored_drawings.load(own_server_db, KOREAN_STOCKS, "005930") == []

    pages.sit_at_the_machine(monkeypatch)
    assert kept(add("trend", points)) == []
    (stored,) = stored_drawings.load(own_server_db, KOREAN_STOCKS, "005930")
    assert stored.points == drawing.points


@pytest.mark.parametrize(
    ("tool", "points", "text"),
    [
        ("level", [["1999-01-01", 5]], ""),  # no bar of the chart
        ("level", [["2024-01-02", -5]], ""),
        ("level", [["2024-01-02", "NaN"]], ""),
        ("level", [["2024-01-02", 10**400]], ""),
        ("trend", [["2024-01-02", 5]], ""),
        ("text", [["2024-01-02", 5]], " \u200b "),
        ("", [["2024-01-02", 5]], ""),
        ("moon", [["2024-01-02", 5]], ""),
        ("level", None, ""),
        ("level", "2024-01-02", ""),
        ("level", {"$where": 1}, ""),
    ],
)
def test_what_is_no_drawing_is_not_kept(own_server_db: MongoDatabase, tool: str, points: Any, text: str) -> None:
    assert kept(add(tool, points, text)) == []


def test_a_text_that_was_not_typed_is_said_to_be_missing_and_the_tool_stays(own_server_db: MongoDatabase) -> None:
    page = add("text", [[str(DAYS[3].date()), 100]])
    assert "적을 글이 비어 있습니다" in page.toast[0].value
    assert (kept(page), page.session_state["drawing_tool"]) == ([], "text")


@pytest.mark.parametrize("text", ["두\t칸", "왼쪽\u202e으로"])
def test_a_text_with_a_control_character_is_refused_and_the_tool_stays(own_server_db: MongoDatabase, text: str) -> None:
    page = add("text", [[str(DAYS[3].date()), 100]], text)
    assert not page.exception
    assert "제어 문자" in page.toast[0].value
    assert (kept(page), page.session_state["drawing_tool"]) == ([], "text")


def test_a_visit_keeps_no_more_than_the_limit_and_says_so(own_server_db: MongoDatabase) -> None:
    page = add("level", [[str(DAYS[3].date()), 100]], times=LIMIT + 2)
    assert len(kept(page)) == LIMIT
    assert str(LIMIT) in page.toast[0].value


def test_an_end_is_moved_and_the_other_one_stays_on_its_day(
    own_server_db: MongoDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    (drawing,) = kept(move([None, [str(DAYS[12].date()), 61_000]]))
    assert drawing == Drawing("a", "trend", (TREND.points[0], Point(DAYS[12].date(), 61_000.0)), DAYS[-1].date())

    stored_drawings.add(own_server_db, KOREAN_STOCKS, "005930", TREND)
    points = [[str(DAYS[4].date()), 5], [str(DAYS[5].date()), 6]]
    move(points)
    assert stored_drawings.load(own_server_db, KOREAN_STOCKS, "005930") == [TREND], "a visitor moves none of others"
    pages.sit_at_the_machine(monkeypatch)
    assert not move(points).exception
    (stored,) = stored_drawings.load(own_server_db, KOREAN_STOCKS, "005930")
    assert stored.points == (Point(DAYS[4].date(), 5.0), Point(DAYS[5].date(), 6.0))


@pytest.mark.parametrize(
    "points", [None, [], [None], [None, ["1999-01-01", 5]], [None, [str(DAYS[4].date()), -5]], "ab"]
)
def test_a_move_to_where_the_chart_has_nothing_is_answered_and_changes_nothing(
    own_server_db: MongoDatabase, points: Any
) -> None:
    page = move(points)
    assert kept(page) == [TREND]
    assert page.session_state["drawings_answered"] == 1
    assert kept(move([None, None], name={"$ne": 1})) == [TREND]


def test_a_move_on_a_chart_of_months_leaves_the_other_end_where_it_was() -> None:
    bars, (split, drawn) = BARS.copy(), [pd.Timestamp(day) for day in ("2024-03-12", "2024-03-13")]
    bars.loc[split, "stock_splits"] = 2.0
    line = Drawing("a", "trend", (Point(DAYS[3].date(), 50.0), Point(drawn.date(), 60.0)), drawn.date())
    months, splits = periods.resample(bars, "M"), bars["stock_splits"]
    sketch = Sketch(cast("MongoDatabase", None), KOREAN_STOCKS, "005930", months, splits, Style(), [], [line])
    moved = sketch._moved(line, [None, [str(months.index[5].date()), 70.0]])
    assert moved
    assert moved.points == (line.points[0], Point(months.index[5].date(), 70.0)), "the split was before it was drawn"


@given(ANYTHING)
def test_no_points_that_a_browser_may_tell_break_a_move(points: Any) -> None:
    sketch = Sketch(cast("MongoDatabase", None), KOREAN_STOCKS, "005930", BARS, SPLITS, Style(), [], [TREND])
    moved = sketch._moved(TREND, points)
    assert moved is None or len(moved.points) == 2


def test_drawings_are_on_the_chart_and_on_a_link_but_not_on_other_prices(
    own_server_db: MongoDatabase, yahoo: YahooStandIn
) -> None:
    pages.update_from(yahoo, own_server_db, {"005930": pages.made_table(halted=0)}, {})
    level = Drawing("a", "level", (Point(DAYS[7].date(), 50_000.5),), DAYS[-1].date())
    stored_drawings.add(own_server_db, KOREAN_STOCKS, "005930", level)
    shown = pages.chart(pages.open_viewer(ticker="005930"))[0]["drawings"]
    expected = {"id": "a", "movable": False, "kind": "level", "points": [[7, 50_000.5]], "text": "50,000"}
    assert shown == [expected], "rounded as in the menu; a visitor moves none of others"
    with_dividends = pages.open_viewer(ticker="005930", adjusted="dividends")
    assert pages.chart(with_dividends)[0]["drawings"] == []
    assert any("거래된 가격" in caption.value for caption in with_dividends.caption)


def test_a_tool_that_was_chosen_for_one_ticker_does_not_draw_on_the_next(
    own_server_db: MongoDatabase, yahoo: YahooStandIn
) -> None:
    tables = {"005930": pages.made_table(halted=0), "000660": pages.made_table(2)}
    pages.update_from(yahoo, own_server_db, tables, {})
    page = pages.open_viewer(ticker="005930")
    page.session_state["drawing_tool"] = "trend"
    page.run()
    assert page.session_state["drawing_tool"] == "trend"
    page.query_params["ticker"] = "000660"
    page.run()
    assert page.session_state["drawing_tool"] == ""


def test_a_deleted_drawing_is_brought_back_as_it_was_but_not_to_another_chart(
    own_server_db: MongoDatabase, yahoo: YahooStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    tables = {"005930": pages.made_table(halted=0), "000660": pages.made_table(2)}
    pages.update_from(yahoo, own_server_db, tables, {})
    pages.sit_at_the_machine(monkeypatch)
    stored_drawings.add(own_server_db, KOREAN_STOCKS, "005930", TREND)
    page = pages.open_viewer(ticker="005930")
    page.button(key=f"icon_erase_{TREND.id}").click().run()
    assert stored_drawings.load(own_server_db, KOREAN_STOCKS, "005930") == []
    page.button(key="undo_drawing").click().run()
    (restored,) = stored_drawings.load(own_server_db, KOREAN_STOCKS, "005930")
    assert (restored.kind, restored.points, restored.drawn) == (TREND.kind, TREND.points, TREND.drawn)
    page.button(key=f"icon_erase_{restored.id}").click().run()
    page.query_params["ticker"] = "000660"
    page.run()
    assert "undo_drawing" not in [button.key for button in page.button]


def written_over(*place: Any) -> None:
    (drawing,) = stored_drawings.load(*place)
    stored_drawings.replace(*place, drawing, replace(TREND, text="B"))


def emptied(*place: Any) -> None:
    for drawing in stored_drawings.load(*place):
        stored_drawings.remove(*place, drawing)


def undone_after(change_by_another: object) -> None:
    """Moves a drawing, lets another person do something, and undoes the move, as the chart's callbacks do."""
    from finance_core.categories import KOREAN_STOCKS
    from finance_core.charts.style import Style
    from finance_core.storage import database, drawings
    from finance_core.ui.decorators import errors_shown
    from finance_core.ui.viewer import sketches
    from tests.ui.test_sketches import BARS, DAYS, SPLITS, TREND

    place = database.connect(), KOREAN_STOCKS, "005930"
    drawings.add(*place, TREND)
    sketch = sketches.Sketch(*place, BARS, SPLITS, Style(), drawings.load(*place), [])
    sketch.tell({"kind": "move", "id": TREND.id, "points": [None, [str(DAYS[12].date()), 61_000]]})
    change_by_another(*place)  # type: ignore[operator]
    sketch.tell({"kind": "undo"})
    sketch.tell({"kind": "undo"})
    with errors_shown():
        pass


@pytest.mark.parametrize(
    ("change_by_another", "expected"),
    [
        (lambda *_place: None, [TREND]),
        (written_over, [replace(TREND, text="B")]),
        (emptied, []),
    ],
)
def test_a_change_is_undone_unless_another_person_changed_the_drawing_since(
    own_server_db: MongoDatabase, monkeypatch: pytest.MonkeyPatch, change_by_another: Any, expected: list[Drawing]
) -> None:
    pages.sit_at_the_machine(monkeypatch)
    page = AppTest.from_function(undone_after, args=(change_by_another,), default_timeout=60).run()
    assert not page.exception
    assert stored_drawings.load(own_server_db, KOREAN_STOCKS, "005930") == expected
    assert [toast.value for toast in page.toast if "다른 사람" in toast.value] == [toast.value for toast in page.toast]
    assert bool(page.toast) == (expected != [TREND])


def told_after(message: object, change_by_another: object) -> None:
    """Shows a drawing, lets another person do something, and tells a message of the chart that still shows it."""
    from finance_core.categories import KOREAN_STOCKS
    from finance_core.charts.style import Style
    from finance_core.storage import database, drawings
    from finance_core.ui.decorators import errors_shown
    from finance_core.ui.viewer import sketches
    from tests.ui.test_sketches import BARS, SPLITS, TREND

    place = database.connect(), KOREAN_STOCKS, "005930"
    drawings.add(*place, TREND)
    sketch = sketches.Sketch(*place, BARS, SPLITS, Style(), drawings.load(*place), [])
    change_by_another(*place)  # type: ignore[operator]
    sketch.tell(message)  # type: ignore[arg-type]
    with errors_shown():
        pass


@pytest.mark.parametrize(("change_by_another", "expected"), [(written_over, [replace(TREND, text="B")]), (emptied, [])])
@pytest.mark.parametrize(
    "message", [{"kind": "erase", "id": "a"}, {"kind": "move", "id": "a", "points": [None, [str(DAYS[12].date()), 1]]}]
)
def test_what_another_person_has_changed_meanwhile_is_not_overwritten(
    own_server_db: MongoDatabase,
    monkeypatch: pytest.MonkeyPatch,
    message: dict[str, Any],
    change_by_another: Any,
    expected: list[Drawing],
) -> None:
    pages.sit_at_the_machine(monkeypatch)
    page = AppTest.from_function(told_after, args=(message, change_by_another), default_timeout=60).run()
    assert not page.exception
    assert stored_drawings.load(own_server_db, KOREAN_STOCKS, "005930") == expected
    assert ["다른 사람" in toast.value for toast in page.toast] == [True]


def hidden() -> None:
    """Tells a chart of prices with dividends, which shows no drawings, what its keys may tell."""
    from dataclasses import replace as replaced

    from finance_core.categories import KOREAN_STOCKS
    from finance_core.charts.style import Style
    from finance_core.storage import database, drawings
    from finance_core.ui.decorators import errors_shown
    from finance_core.ui.viewer import sketches
    from tests.ui.test_sketches import BARS, DAYS, SPLITS, TREND

    place = database.connect(), KOREAN_STOCKS, "005930"
    drawings.add(*place, TREND)
    sketch = sketches.Sketch(*place, BARS, SPLITS, Style(), drawings.load(*place), [])
    sketch.tell({"kind": "move", "id": TREND.id, "points": [None, [str(DAYS[12].date()), 61_000]]})
    sketch = replaced(sketch, style=Style(total_return=True), stored=drawings.load(*place))
    sketch.tell({"kind": "undo"})
    sketch.tell({"kind": "erase", "id": TREND.id})
    with errors_shown():
        pass


def test_no_key_changes_a_drawing_that_is_not_shown(
    own_server_db: MongoDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages.sit_at_the_machine(monkeypatch)
    assert not AppTest.from_function(hidden, default_timeout=60).run().exception
    (kept,) = stored_drawings.load(own_server_db, KOREAN_STOCKS, "005930")
    assert kept.points[1] == Point(DAYS[12].date(), 61_000.0)


def hurried(messages: object) -> None:
    """Tells a chart several things before the page is drawn again."""
    import streamlit as st

    from finance_core.categories import KOREAN_STOCKS
    from finance_core.charts.style import Style
    from finance_core.storage import database, drawings
    from finance_core.ui.decorators import errors_shown
    from finance_core.ui.viewer import sketches
    from tests.ui.test_sketches import BARS, SPLITS, TREND

    place = database.connect(), KOREAN_STOCKS, "005930"
    stored = drawings.load(*place)
    own = [] if stored else [TREND]
    st.session_state[sketches.OWN] = {(KOREAN_STOCKS.key, "005930"): own}
    sketch = sketches.Sketch(*place, BARS, SPLITS, Style(), stored, own)
    for message in messages:  # type: ignore[attr-defined]
        sketch.tell(message)
    with errors_shown():
        pass


def moving(day: int, price: float) -> dict[str, Any]:
    return {"kind": "move", "id": "a", "points": [None, [str(DAYS[day].date()), price]]}


@pytest.mark.parametrize("visitor", ["admin", "guest"])
def test_what_was_undone_is_changed_again_at_once(
    own_server_db: MongoDatabase, monkeypatch: pytest.MonkeyPatch, visitor: str
) -> None:
    if visitor == "admin":
        pages.sit_at_the_machine(monkeypatch)
        stored_drawings.add(own_server_db, KOREAN_STOCKS, "005930", TREND)
    undo, erase = {"kind": "undo"}, {"kind": "erase", "id": "a"}
    messages = [moving(12, 61_000), undo, moving(15, 62_000), undo, erase, undo, erase]
    page = AppTest.from_function(hurried, args=(messages,), default_timeout=60).run()
    assert not page.toast
    drawn = stored_drawings.load(own_server_db, KOREAN_STOCKS, "005930") if visitor == "admin" else kept(page)
    assert drawn == []


@pytest.mark.parametrize("visitor", ["admin", "guest"])
def test_what_is_done_in_a_hurry_counts_each_time_and_is_undone_step_by_step(
    own_server_db: MongoDatabase, monkeypatch: pytest.MonkeyPatch, visitor: str
) -> None:
    steps = [moving(12, 61_000), moving(15, 62_000), {"kind": "erase", "id": "a"}]
    after = [61_000.0, 62_000.0, None, 62_000.0, 61_000.0, 60_000.0]
    if visitor == "admin":
        pages.sit_at_the_machine(monkeypatch)
    for count, price in enumerate(after, start=1):
        emptied(own_server_db, KOREAN_STOCKS, "005930")
        if visitor == "admin":
            stored_drawings.add(own_server_db, KOREAN_STOCKS, "005930", TREND)
        messages = [*steps, *[{"kind": "undo"}] * 3][:count]
        page = AppTest.from_function(hurried, args=(messages,), default_timeout=60).run()
        drawn = kept(page)
        if visitor == "admin":
            drawn = stored_drawings.load(own_server_db, KOREAN_STOCKS, "005930")
        assert [each.points[1].price for each in drawn] == ([] if price is None else [price])
        assert not page.toast


def full() -> None:
    """Undoes a deletion on a chart without room, and again when there is room."""
    from dataclasses import replace

    from finance_core.bars.drawings import LIMIT
    from finance_core.categories import KOREAN_STOCKS
    from finance_core.charts.style import Style
    from finance_core.storage import database, drawings
    from finance_core.ui.decorators import errors_shown
    from finance_core.ui.viewer import sketches
    from tests.ui.test_sketches import BARS, SPLITS, TREND

    place = database.connect(), KOREAN_STOCKS, "005930"
    drawings.add(*place, TREND)
    sketch = sketches.Sketch(*place, BARS, SPLITS, Style(), drawings.load(*place), [])
    sketch.tell({"kind": "erase", "id": TREND.id})
    for number in range(LIMIT):
        drawings.add(*place, replace(TREND, id=str(number)))
    sketch.tell({"kind": "undo"})
    drawings.remove(*place, replace(TREND, id="0"))
    sketch.tell({"kind": "undo"})
    with errors_shown():
        pass


def test_an_undo_that_cannot_be_stored_can_be_asked_for_again(
    own_server_db: MongoDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages.sit_at_the_machine(monkeypatch)
    page = AppTest.from_function(full, default_timeout=60).run()
    assert not page.exception
    assert [str(LIMIT) in toast.value for toast in page.toast] == [True]
    drawn = stored_drawings.load(own_server_db, KOREAN_STOCKS, "005930")
    assert [each.id for each in drawn[-2:]] == [str(LIMIT - 1), TREND.id]
