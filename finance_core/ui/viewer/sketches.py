"""Drawing on a chart: the menu with the tools, and the storage of drawings.

Drawings of an admin are stored, and everybody sees them. Drawings of another visitor last as long as the visit.
"""

import datetime as dt
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final, NamedTuple, cast

import pandas as pd
import streamlit as st

from finance_core import formats, ticker_fields
from finance_core.bars import drawings
from finance_core.bars.drawings import LIMIT, POINTS, TEXT_LIMIT, Drawing, Kind, Placed, Point
from finance_core.categories import Category
from finance_core.charts.style import Style
from finance_core.errors import SisepanError
from finance_core.i18n import N_, _, translated
from finance_core.storage import drawings as stored_drawings
from finance_core.storage.database import MongoDatabase
from finance_core.ui.choices import icon_button, segmented
from finance_core.ui.decorators import toast, writes
from finance_core.ui.echart.component import Drawings
from finance_core.ui.viewer.shared import Chart, History
from finance_core.ui.visitor import may_edit, use_visitor_language

TOOLS: Final[dict[Kind | str, str]] = {
    "": N_("안 그림"),
    "trend": N_("추세선"),
    "level": N_("수평선"),
    "text": N_("글"),
}
"""Message ids of the tools."""
TOOL, TEXT, OWN, ANSWERED = "drawing_tool", "drawing_text", "drawings_of_visit", "drawings_answered"
SHOWN, CHANGES = "drawings_of_ticker", "drawing_changes"
"""Keys of the session state."""


class Change(NamedTuple):
    """What a visit did to a drawing."""

    before: Drawing | None
    """None where it drew a new one."""
    after: Drawing | None
    """None where it deleted one."""
    is_own: bool
    """Whether the drawing is one of the visit."""

    @property
    def id(self) -> str:
        """The id of the drawing."""
        return (self.before or cast("Drawing", self.after)).id

    @property
    def undo_label(self) -> str:
        """The label of a button that undoes the change."""
        if self.after is None:
            return _("지운 그림 되돌리기")
        return _("옮긴 그림 제자리로") if self.before else _("방금 그린 그림 취소")


@dataclass(frozen=True)
class Sketch:
    """The drawings of one chart."""

    db: MongoDatabase
    category: Category
    ticker: str
    bars: pd.DataFrame
    """The bars in the interval of the chart."""
    splits: "pd.Series[float]"
    """The split factor of each trading day; 0 for none."""
    style: Style
    stored: list[Drawing]
    """The stored drawings as this visitor knows them: as they were when the page was drawn, and what they did since."""
    own: list[Drawing]
    """The drawings of this visit."""

    @property
    def is_possible(self) -> bool:
        """Whether the chart can have drawings: they are at traded prices, which prices with dividends are not."""
        return not self.style.total_return

    def shown(self) -> Drawings:
        """The drawings and the tool, for the chart component."""
        if not self.is_possible:
            return Drawings()
        rows = zip((*self.stored, *self.own), self.placed(), strict=True)
        items = [{"id": each.id, "movable": each in self._changeable, **placed._asdict()} for each, placed in rows]
        return Drawings(items, POINTS.get(cast("Kind", _tool()), 0), _answered())

    def placed(self) -> list[Placed]:
        """The drawings with their positions on the chart; [] where drawing is not possible."""
        if not self.is_possible:
            return []
        return [
            Placed(each.kind, self._placed(each), self._prices(each)[0] if each.kind == "level" else each.text)
            for each in (*self.stored, *self.own)
        ]

    def control(self) -> None:
        """The tools, each drawing with a button that deletes it, and a button that undoes the last change."""
        if not self.is_possible:
            st.caption(_("배당까지 반영한 가격에는 그리지 않습니다: 그림은 거래된 가격에 있습니다."))
            return
        segmented(_("그리기 도구"), f"{TOOL}_choice", translated(TOOLS), _tool(), _choose)
        if _tool() == "text":
            st.text_input(_("적을 글"), key=TEXT, max_chars=TEXT_LIMIT, placeholder=_("메모"))
        st.caption(
            _("차트를 눌러 그리고, 끌어서 옮깁니다. 그림은 저장되어 누구에게나 보입니다.")
            if may_edit()
            else _("차트를 눌러 그리고, 끌어서 옮깁니다. 그림은 이 방문 동안 당신에게만 보입니다.")
        )
        for each in self._changeable:
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                st.text(self._describe(each), width="stretch")
                erase = partial(self.erase, each.id)
                icon_button("delete", _("지우기"), f"erase_{each.id}", erase)
        if changes := _changes():
            st.button(changes[-1].undo_label, icon=":material/undo:", key="undo_drawing", on_click=self.undo)

    def tell(self, message: Mapping[str, Any]) -> None:
        """Handle a browser's message about the drawings; the message may have any content."""
        use_visitor_language()  # a callback runs before the page sets it
        st.session_state[ANSWERED] = _answered() + 1
        if not self.is_possible:  # nobody sees what would be changed
            return
        name, points = message.get("id"), message.get("points")
        match message.get("kind"):
            case "draw":
                self.add(points)
            case "move":
                self.move(name, points)
            case "erase":
                self.erase(name)
            case "undo":
                self.undo()

    def add(self, points: Any) -> None:
        """Keep a drawing of the chosen tool at `points`, a list of [day, price] from the browser, unchecked.

        Without a text the tool for texts stays chosen, so that one can be typed: the browser does not send what was
        typed and left with Escape.
        """
        tool = _tool()
        if tool == "text":
            try:
                problem = "" if _text() else _("적을 글이 비어 있습니다. 글을 적고 다시 누르십시오.")
            except SisepanError as error:  # control characters
                problem = str(error)
            if problem:
                toast(problem)
                return
        drawing = self._drawing(cast("Kind", tool), points) if tool in POINTS else None
        _choose("")
        if drawing:
            self._change(None, drawing, is_own=not may_edit())

    def move(self, name: Any, points: Any) -> None:
        """Move the drawing with the id `name` to `points`, a list of [day, price], or None for a point that stays."""
        drawing, is_own = self._changeable_named(name)
        if drawing and (moved := self._moved(drawing, points)):
            self._change(drawing, moved, is_own=is_own)

    def erase(self, name: Any) -> None:
        """Delete the drawing with the id `name`."""
        drawing, is_own = self._changeable_named(name)
        if drawing:
            self._change(drawing, None, is_own=is_own)

    def undo(self) -> None:
        """Undo the last change of this visit, unless somebody has changed the drawing since."""
        use_visitor_language()
        if changes := _changes():
            change = changes[-1]
            forget = partial(changes.remove, change)
            self._make(change._replace(before=change.after, after=change.before), forget, forget)

    def _change(self, before: Drawing | None, after: Drawing | None, *, is_own: bool) -> None:
        """Make a change that can be undone."""
        change = Change(before, after, is_own)
        self._make(change, partial(_changes().append, change))

    def _make(self, change: Change, done: Callable[[], None], refused: Callable[[], None] = lambda: None) -> None:
        """Make a change to the drawings of the visit, or to the stored ones, and call `done` if it was made.

        If somebody has changed or deleted the drawing meanwhile, say so and call `refused`.
        """
        before, after, is_own = change
        if not is_own:
            writes(self._write)(change, done, refused)
            return
        own = self._of_visit()
        changed = [after if each == before else each for each in own] if before else [*own, after]
        if len(changed) > LIMIT:
            toast(str(stored_drawings.too_many()))
            return
        st.session_state.setdefault(OWN, {})[self.category.key, self.ticker] = [each for each in changed if each]
        done()

    def _write(self, change: Change, done: Callable[[], None], refused: Callable[[], None]) -> None:
        before, after, _is_own = change
        place = self.db, self.category, self.ticker
        if before is None:
            stored_drawings.add(*place, cast("Drawing", after))
            is_made = True
        elif after is None:
            is_made = stored_drawings.remove(*place, before)
        else:
            is_made = stored_drawings.replace(*place, before, after)
        if is_made:
            kept = [after if each == before else each for each in self.stored]
            self.stored[:] = [each for each in (kept if before else [*kept, after]) if each]
            done()
        else:
            refused()
            _say_changed_meanwhile()

    def _of_visit(self) -> list[Drawing]:
        """The drawings of this visit, now."""
        return list(st.session_state.get(OWN, {}).get((self.category.key, self.ticker), []))

    def _changeable_named(self, name: Any) -> tuple[Drawing | None, bool]:
        """The drawing with the id `name` as it is now, if this visitor may change it; and whether it is of the visit.

        Several messages of the browser may come before the page is drawn again. What somebody else has changed since
        the page was drawn is left as it is, with a sentence.
        """
        for each in self._of_visit():
            if each.id == name:
                return each, True
        if not may_edit():
            return None, False
        stored_now = stored_drawings.load(self.db, self.category, self.ticker)
        present = next((each for each in stored_now if each.id == name), None)
        seen = next((each for each in self.stored if each.id == name), None)
        if seen and present != seen:
            _say_changed_meanwhile()
            return None, False
        return present, False

    @property
    def _changeable(self) -> list[Drawing]:
        """The drawings that this visitor may move and delete."""
        return [*(self.stored if may_edit() else []), *self.own]

    def _drawing(self, kind: Kind, points: Any) -> Drawing | None:
        """A new drawing at `points`; None where these are not on this chart."""
        places = self._points(points)
        if len(places) != POINTS[kind]:
            return None
        return Drawing(uuid.uuid4().hex, kind, places, self._last_day, _text() if kind == "text" else "")

    def _moved(self, drawing: Drawing, points: Any) -> Drawing | None:
        """`drawing` moved to `points`, where None keeps a point; returns None where they are not on this chart.

        All its prices become prices of the present bars, which include the splits since the drawing was made.
        """
        stay = zip(drawing.points, self._placed(drawing), strict=True)
        try:
            places = [
                Point(old.day, drawings.rounded(price)) if new is None else self._points([new])[0]
                for new, (old, (_position, price)) in zip(points, stay, strict=True)
            ]
        except (TypeError, ValueError, IndexError):
            return None
        return replace(drawing, points=tuple(places), drawn=self._last_day)

    def _points(self, points: Any) -> tuple[Point, ...]:
        """The `points` from the browser; () where not all of them are on this chart."""
        days = pd.DatetimeIndex(self.bars.index)
        try:
            places = tuple(Point(dt.date.fromisoformat(day), drawings.rounded(float(price))) for day, price in points)
        except (TypeError, ValueError, OverflowError):
            return ()
        return places if all(pd.Timestamp(place.day) in days for place in places) else ()

    @property
    def _last_day(self) -> dt.date:
        return cast("pd.Timestamp", self.bars.index[-1]).date()

    def _placed(self, drawing: Drawing) -> list[tuple[int, float]]:
        return drawings.placed(drawing, pd.DatetimeIndex(self.bars.index), self.splits)

    def _prices(self, drawing: Drawing) -> list[str]:
        return [formats.price(price, self.style.decimals) for _day, price in self._placed(drawing)]

    def _describe(self, drawing: Drawing) -> str:
        prices = self._prices(drawing)
        days = [formats.date(point.day) for point in drawing.points]
        where = (
            " – ".join(prices) if drawing.kind == "level" else " – ".join(map(" ".join, zip(days, prices, strict=True)))
        )
        return " · ".join(part for part in (_(TOOLS[drawing.kind]), drawing.text, where) if part)


def of(db: MongoDatabase, category: Category, ticker: str, history: History, chart: Chart) -> Sketch:
    """The drawings on the `chart` of a ticker with this `history`; on that of another one, no tool is chosen yet."""
    if st.session_state.get(SHOWN) != (category.key, ticker):
        _choose("")
        st.session_state[SHOWN] = category.key, ticker
        st.session_state.pop(CHANGES, None)
    stored, splits = stored_drawings.load(db, category, ticker), history.bars["stock_splits"]
    own = st.session_state.get(OWN, {}).get((category.key, ticker), [])
    return Sketch(db, category, ticker, chart.bars, splits, chart.style, stored, own)


def _answered() -> int:
    """How many messages about drawings this visit has answered."""
    return int(st.session_state.get(ANSWERED, 0))


def _changes() -> list[Change]:
    """What this visit did to the drawings of the ticker, the oldest first."""
    return cast("list[Change]", st.session_state.setdefault(CHANGES, []))


def _tool() -> str:
    return str(st.session_state.get(TOOL, ""))


def _text() -> str:
    """The text to draw, "" if none was typed."""
    return ticker_fields.clean_text(st.session_state.get(TEXT, ""))[:TEXT_LIMIT]


def _say_changed_meanwhile() -> None:
    toast(_("그 사이에 다른 사람이 고치거나 지운 그림이라 그대로 두었습니다."))


def _choose(tool: str) -> None:
    st.session_state[TOOL] = tool
