"""What people drew on the charts of tickers (`chart_drawings`). All visitors of the installation see it."""

import datetime as dt
from typing import cast

from pymongo.errors import DuplicateKeyError

from finance_core.bars.drawings import LIMIT, Drawing, Point
from finance_core.categories import Category
from finance_core.errors import SisepanError
from finance_core.i18n import N_
from finance_core.storage import database
from finance_core.storage.database import MongoDatabase
from finance_core.storage.documents import DRAWINGS
from finance_core.storage.user_documents import DrawingEntry, DrawingsOfTicker


def load(db: MongoDatabase, category: Category, ticker: str) -> list[Drawing]:
    """The drawings on the chart of a ticker, the oldest first."""
    document = cast("DrawingsOfTicker | None", db[DRAWINGS].find_one({"_id": category.key_of(ticker)}))
    return [_of_entry(entry) for entry in document["drawings"]] if document else []


def add(db: MongoDatabase, category: Category, ticker: str, drawing: Drawing) -> None:
    """Store a drawing. Raises SisepanError if there are `LIMIT` drawings already, or as `database.prepare_writing`."""
    database.prepare_writing(db, category)
    room = {"_id": category.key_of(ticker), f"drawings.{LIMIT - 1}": {"$exists": False}}
    try:
        db[DRAWINGS].update_one(room, {"$push": {"drawings": dict(_entry(drawing))}}, upsert=True)
    except DuplicateKeyError:  # the ticker has its document, and no room in it
        raise too_many() from None


def replace(db: MongoDatabase, category: Category, ticker: str, before: Drawing, after: Drawing) -> bool:
    """Store `after` in the place of `before`; False if somebody has changed or deleted that one. Raises as `add`."""
    database.prepare_writing(db, category)
    there = {"_id": category.key_of(ticker), "drawings": {"$elemMatch": dict(_entry(before))}}
    return db[DRAWINGS].update_one(there, {"$set": {"drawings.$": dict(_entry(after))}}).matched_count > 0


def remove(db: MongoDatabase, category: Category, ticker: str, drawing: Drawing) -> bool:
    """Delete `drawing`; False if somebody has changed or deleted it."""
    change = {"$pull": {"drawings": dict(_entry(drawing))}}
    return db[DRAWINGS].update_one({"_id": category.key_of(ticker)}, change).modified_count > 0


def too_many() -> SisepanError:
    """The error if a ticker has `LIMIT` drawings already."""
    sentence = N_("차트 하나에 그림은 {limit}개까지입니다. 쓰지 않는 것을 지우십시오.")
    return SisepanError(sentence, limit=LIMIT)


def _entry(drawing: Drawing) -> DrawingEntry:
    return {
        "id": drawing.id,
        "kind": drawing.kind,
        "days": [dt.datetime.combine(point.day, dt.time()) for point in drawing.points],
        "prices": [point.price for point in drawing.points],
        "drawn": dt.datetime.combine(drawing.drawn, dt.time()),
        "text": drawing.text,
    }


def _of_entry(entry: DrawingEntry) -> Drawing:
    points = tuple(Point(day.date(), price) for day, price in zip(entry["days"], entry["prices"], strict=True))
    return Drawing(entry["id"], entry["kind"], points, entry["drawn"].date(), entry["text"])
