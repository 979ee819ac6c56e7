"""The lists of whole markets: the last good one of each, and what it would change in the ticker lists.

A list ships with the program (`starter`); a newer list that was fetched is stored. A list changes no ticker before
somebody applies it: `difference` says what would change, and `apply` changes it as one entry of the history. Names that
a person gave stay: a list replaces only names that it gave itself before.
"""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

from finance_core import formats, ticker_fields
from finance_core.categories import Category
from finance_core.i18n import N_, _
from finance_core.starter import MARKET_LISTS, MarketList, shipped
from finance_core.storage import locations, ticker_edits, tickers
from finance_core.storage.database import MongoDatabase
from finance_core.storage.documents import LISTS, ListedTicker, MarketListing, TickerRow
from finance_core.storage.ticker_edits import Edit, Saved

Kind = Literal["new", "renamed", "moved", "delisted", "filled"]
"""What a list changes of a ticker. filled: the list gives a value that was missing."""
TITLES: dict[Kind, str] = {
    "new": N_("새 종목"),
    "renamed": N_("이름 바뀜"),
    "moved": N_("시장 옮김"),
    "delisted": N_("상장폐지된 듯함"),
    "filled": N_("빈칸 채움"),
}
"""Message ids."""
GIVEN = ("name", "name_en", "industry")
"""The fields that a list gives and a person may change."""
TRADED_WITHIN = dt.timedelta(days=7)
"""A ticker with a bar within this time before it left the list, or later, is not delisted, whatever the list says."""


@dataclass(frozen=True)
class Difference:
    """What the lists of one category would change."""

    category: Category
    names: dict[str, str]
    """The name of each ticker with an edit: its present name, else that of the list."""
    edits: dict[Kind, list[Edit]]
    """By kind. A row with several changes stands under the first of its kinds in the order of `_kind`."""
    kept: list[str]
    """Tickers whose name, given by a person, differs from that of the list and stays."""
    unchanged: int
    left_out: dict[str, int]
    """Tickers on markets that Yahoo does not have, by market."""

    @property
    def all(self) -> list[Edit]:
        """The edits of every kind."""
        return [edit for edits in self.edits.values() for edit in edits]

    @property
    def additions(self) -> list[Edit]:
        """The edits that only add values that were missing, and so need no yes."""
        return [*self.edits["new"], *self.edits["filled"]]


def chosen(keys: Iterable[str]) -> dict[str, list[MarketList]]:
    """The lists with these keys, by the key of their category."""
    wanted = set(keys)
    lists = [market_list for market_list in MARKET_LISTS if market_list.key in wanted]
    return {each.category.key: [other for other in lists if other.category == each.category] for each in lists}


def last_good(db: MongoDatabase, file: str) -> MarketListing:
    """The list that was fetched last, else the one that ships with the program."""
    stored = db[LISTS].find_one({"_id": file})
    ours = from_file(file)
    if stored is not None and stored["date"] >= ours["date"]:
        return cast("MarketListing", stored)
    return ours


def from_file(file: str) -> MarketListing:
    """The list that ships with the program."""
    day, rows, _shares = shipped(file)
    date = dt.datetime(day.year, day.month, day.day)
    return MarketListing(_id=file, source="file", date=date, rows=cast("list[ListedTicker]", rows))


def keep(db: MongoDatabase, category: Category, listing: MarketListing) -> None:
    """Store `listing` as the last good one. Raises NotAdopted where the user's own data was not adopted."""
    locations.require_adopted(db, category)
    db[LISTS].replace_one({"_id": listing["_id"]}, cast("dict[str, Any]", listing), upsert=True)


def merged(last: MarketListing, fetched: Iterable[ListedTicker], date: dt.datetime) -> MarketListing:
    """The list after a source has answered with `fetched` on `date`.

    Names and industries that the source does not know stay. A ticker that the source does not list any more is `gone`.
    A name that the source has changed since its last answer replaces the present one.
    """
    before = {row["ticker"]: row for row in last["rows"]}
    now = {row["ticker"]: row for row in fetched}
    rows = [_merged(before.get(ticker), row) for ticker, row in now.items()]
    rows += [{"gone": date, **row} for ticker, row in before.items() if ticker not in now]
    rows.sort(key=lambda row: row["ticker"])
    return MarketListing(_id=last["_id"], source="yahoo", date=date, rows=rows)


def _merged(before: ListedTicker | None, now: ListedTicker) -> ListedTicker:
    if before is None:
        return {**now, "name": now["name"] or now["name_en"] or now["ticker"], "quoted_as": now["name_en"]}
    row: ListedTicker = {**before, "market": now["market"], "quoted_as": now["name_en"]}
    row.pop("gone", None)
    known, name = before["name_en"], now["name_en"]
    if not known:
        row["name_en"] = name
    elif name and before.get("quoted_as", name) != name:
        row["name_en"], row["former"] = name, [*before.get("former", []), known]
        if before["name"] == known:  # only the source's own name is known
            row["name"] = name
    return row


def difference(db: MongoDatabase, lists: Sequence[MarketList], fetched: Iterable[MarketListing] = ()) -> Difference:
    """What `lists`, which are of one category, would change in its ticker list. Writes nothing.

    A listing in `fetched` takes the place of the last good one.
    """
    category = lists[0].category
    stored = {row["ticker"]: row for row in tickers.all_rows(db, category)}
    known = {"", *(market.key for market in category.markets)}
    edits: dict[Kind, list[Edit]] = {kind: [] for kind in TITLES}
    names: dict[str, str] = {}
    kept: list[str] = []
    left_out: Counter[str] = Counter()
    unchanged = 0
    for listing, listed in _listed(db, lists, fetched):
        if listed["market"] not in known:
            left_out[listed["market"]] += 1
            continue
        row = stored.get(listed["ticker"])
        edit = _edit(category, listing, listed, row)
        if edit:
            edits[_kind(edit)].append(edit)
            names[edit.ticker] = (row or {}).get("name") or listed["name"]
        else:
            unchanged += row is not None
        if row and ({} if edit is None else edit.changes).get("name", row.get("name")) != listed["name"]:
            kept.append(listed["ticker"])
    return Difference(category, names, edits, kept, unchanged, dict(left_out))


def _listed(
    db: MongoDatabase, lists: Sequence[MarketList], fetched: Iterable[MarketListing]
) -> Iterator[tuple[MarketListing, ListedTicker]]:
    """The tickers of `lists`; where these are all that the category has of a file, also those of its other markets."""
    of_category = {market.key for market in lists[0].category.markets}
    for file, listing in _listings(db, lists, fetched).items():
        wanted = {each.market for each in lists if each.file == file}
        for listed in listing["rows"]:
            if "" in wanted or listed["market"] in wanted or listed["market"] not in of_category <= wanted:
                yield listing, listed


def _listings(
    db: MongoDatabase, lists: Sequence[MarketList], fetched: Iterable[MarketListing]
) -> dict[str, MarketListing]:
    """By file: the fetched list, else the last good one."""
    of_file = {listing["_id"]: listing for listing in fetched}
    return {file: of_file.get(file) or last_good(db, file) for file in dict.fromkeys(each.file for each in lists)}


def _edit(category: Category, listing: MarketListing, listed: ListedTicker, row: TickerRow | None) -> Edit | None:
    """What the list changes of one ticker; None where it changes nothing."""
    gone = listed.get("gone")
    given = {name: value for name, value in cast("Mapping[str, str]", listed).items() if name in GIVEN and value}
    if row is None:
        return None if gone else Edit(listed["ticker"], {}, {**given, "market": listed["market"]})
    now = ticker_fields.shown(row)
    changes: dict[str, Any] = {}
    if gone is None:
        replaceable = {"", listed["ticker"], *listed.get("former", [])}
        changes.update({name: value for name, value in given.items() if now[name] in replaceable - {value}})
        # Updates find out the market, so that a file, which may be older, keeps it. The user's own word stays.
        markets = ["", *(market.key for market in category.markets if listing["source"] != "file")]
        if listed["market"] and now["market"] in markets and now["market"] != listed["market"]:
            changes["market"] = listed["market"]
    elif now["active"] and not row.get("last_date", dt.datetime.min) >= gone - TRADED_WITHIN:
        changes["active"] = False
    if not changes:
        return None
    return Edit(listed["ticker"], {name: now[name] for name in changes}, changes)


def _kind(edit: Edit) -> Kind:
    if not edit.original:
        return "new"
    if "active" in edit.changes:
        return "delisted"
    if edit.original.get("market"):
        return "moved"
    is_named = any(edit.original.get(name) not in (None, "", edit.ticker) for name in GIVEN)
    return "renamed" if is_named else "filled"


def apply(db: MongoDatabase, category: Category, edits: Sequence[Edit], who: str) -> Saved:
    """Make these edits of a difference, as one entry of the history that one step undoes."""
    return ticker_edits.save(db, category, edits, who, "list")


def dates(db: MongoDatabase, lists: Sequence[MarketList], fetched: Iterable[MarketListing] = ()) -> list[str]:
    """A sentence for each list: its day, its source and its number of tickers."""
    listings = _listings(db, lists, fetched)
    lines = []
    for each in lists:
        listing = listings[each.file]
        count = sum("gone" not in row and each.market in ("", row["market"]) for row in listing["rows"])
        source = _("Yahoo") if listing["source"] == "yahoo" else _("프로그램에 든 목록")
        sentence = _("{title}: {date} ({source}), {count}종목")
        date = formats.date(listing["date"])
        lines.append(formats.filled(sentence, title=_(each.title), date=date, source=source, count=count))
    return lines


def summary(changes: Difference) -> str:
    """How many tickers there are of each kind, as a sentence."""
    counts = {_(TITLES[kind]): len(edits) for kind, edits in changes.edits.items()}
    counts[_("그대로")] = changes.unchanged
    return ", ".join(f"{title} {formats.count(count)}" for title, count in counts.items())


def remarks(changes: Difference) -> list[str]:
    """What a list does not change, and why, as sentences."""
    left_out = [
        formats.filled(_("{market} {count}종목은 Yahoo에 없어서 뺐습니다."), market=market, count=count)
        for market, count in changes.left_out.items()
    ]
    if not changes.kept:
        return left_out
    names = ", ".join(changes.kept[:5]) + ("…" if len(changes.kept) > 5 else "")
    sentence = _("목록과 다른 이름 {count}개는 사람이 붙인 것이라 그대로 둡니다: {tickers}")
    return [*left_out, formats.filled(sentence, count=len(changes.kept), tickers=names)]


def described(edit: Edit) -> str:
    """What an edit changes, in one line; for a new ticker, all values of the list except the name."""
    fields = ticker_fields.by_key()
    if not edit.original:
        return " · ".join(str(value) for key, value in edit.changes.items() if value and key != "name")
    words = []
    for key, value in edit.changes.items():
        title, before = _(fields[key].title), fields[key].label(edit.original[key]) or formats.MISSING
        words.append(f"{title} {before} → {fields[key].label(value)}")
    return ", ".join(words)
