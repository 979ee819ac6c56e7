"""Edits of the ticker lists on a real MongoDB: rules, conflicts, history, undo, adding and removing."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from pymongo.collection import Collection

from finance_core import ticker_fields
from finance_core.bars import candles
from finance_core.categories import INDICES, KOREAN_STOCKS
from finance_core.errors import SisepanError
from finance_core.storage import database, prices, ticker_edits, tickers
from finance_core.storage.database import Document, MongoDatabase
from finance_core.storage.ticker_edits import Edit
from tests.edits import history
from tests.pages import made_table

EMPTY, CONTROL = "이름이 비어 있습니다.", "제어 문자가 있습니다. 그 글자를 지우십시오."


@pytest.fixture
def listed(db: MongoDatabase) -> MongoDatabase:
    """Three Korean stocks, as they were registered."""
    rows = [("000660", "SK하이닉스"), ("005930", "삼성전자"), ("035720", "카카오")]
    tickers.register(db, KOREAN_STOCKS, [{"ticker": ticker, "name": name, "market": "KOSPI"} for ticker, name in rows])
    return db


def row(db: MongoDatabase, ticker: str) -> Document:
    found = tickers.get(db, KOREAN_STOCKS, ticker)
    assert found is not None
    return found


def edit(db: MongoDatabase, ticker: str, **changes: Any) -> Edit:
    """What an editor who sees the row now wants of it."""
    now = row(db, ticker)
    return Edit(ticker, {name: ticker_fields.shown(now)[name] for name in changes}, changes)


def save(db: MongoDatabase, *edits: Edit, who: str = "me") -> ticker_edits.Saved:
    return ticker_edits.save(db, KOREAN_STOCKS, edits, who)


# Saving


def test_an_edit_applies(listed: MongoDatabase) -> None:
    saved = save(listed, edit(listed, "005930", name="삼전", market="KOSDAQ", marker="diamond", active=False))
    assert (saved.applied, saved.conflicts, saved.refused) == (["005930"], [], {})
    now = row(listed, "005930")
    assert (now["name"], now["market"], now["marker"], now["active"]) == ("삼전", "KOSDAQ", "diamond", False)


@pytest.mark.parametrize(
    "name",
    [
        "한글",
        "A & B",
        "<b>굵게</b>",
        "\"따옴표' 둘",
        "📈 이모지 👩‍👩‍👧",
        "=1+1",
        "$ne",
        "a.b",
        "\\",
        "x" * 200,
        "עברית",
    ],
)
def test_a_name_may_hold_anything_printable_and_is_kept_as_typed(listed: MongoDatabase, name: str) -> None:
    assert save(listed, edit(listed, "005930", name=name)).applied == ["005930"]
    assert row(listed, "005930")["name"] == name


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"name": ""}, EMPTY),
        ({"name": "  \u3000"}, EMPTY),
        ({"name": None}, EMPTY),
        ({"name": "x" * 201}, "이름이 200자를 넘습니다."),
        ({"name": "a\nb"}, CONTROL),
        ({"name": "a\x00b"}, CONTROL),
        ({"name": "a\u2028b"}, CONTROL),
        ({"name": "a\ud800"}, CONTROL),
        ({"name": "\u200b\u200d \ufeff"}, EMPTY),
        ({"name": "abc\u202e"}, CONTROL),
        ({"market": "NASDAQ"}, "모르는 시장입니다: NASDAQ. 쓸 수 있는 것: KOSPI, KOSDAQ"),
        (
            {"marker": "star"},
            "모르는 표식입니다: star. 쓸 수 있는 것: "
            "circle ●, rect ■, triangle ▲, diamond ◆, pin ▼, arrow ➤, emptyCircle ○",
        ),
        ({"active": "yes"}, "사용 여부는 예 또는 아니요여야 합니다."),
    ],
)
def test_what_breaks_a_rule_is_refused_with_that_rule_and_the_rest_is_saved(
    listed: MongoDatabase, changes: Document, rule: str
) -> None:
    before = row(listed, "005930")
    saved = save(listed, edit(listed, "005930", **changes), edit(listed, "000660", name="하이닉스"))
    assert str(saved.refused["005930"]) == rule
    assert saved.applied == ["000660"]
    assert row(listed, "005930") == before


def test_a_market_label_of_the_users_own_may_stay(listed: MongoDatabase) -> None:
    tickers.record(listed, KOREAN_STOCKS, "005930", {"market": "반도체"})
    kept = Edit("005930", {"market": "반도체", "name": "삼성전자"}, {"market": "반도체", "name": "n"})
    assert save(listed, kept).applied == ["005930"]


def test_a_row_of_the_users_own_without_a_name_can_be_edited(listed: MongoDatabase) -> None:
    tickers.collection(listed).insert_one({"category": "korean_stocks", "ticker": "123450"})
    mine, theirs = (edit(listed, "123450", name=name) for name in ("나", "너"))
    assert mine.original == {"name": "123450"}
    assert save(listed, mine).applied == ["123450"]
    assert [conflict.mine for conflict in save(listed, theirs).conflicts] == [theirs]
    assert row(listed, "123450")["name"] == "나"


# Conflicts


def test_a_row_that_someone_changed_meanwhile_is_a_conflict_and_the_other_edits_are_saved(
    listed: MongoDatabase,
) -> None:
    mine, other = edit(listed, "005930", name="내 이름"), edit(listed, "000660", name="하이닉스")
    save(listed, edit(listed, "005930", name="남의 이름"), who="you")

    saved = save(listed, mine, other)

    (conflict,) = saved.conflicts
    assert conflict.mine == mine
    assert conflict.theirs is not None
    assert conflict.theirs["name"] == "남의 이름"
    assert row(listed, "005930")["name"] == "남의 이름", "nothing is overwritten"
    assert saved.applied == ["000660"]


def test_a_row_that_is_gone_is_a_conflict_without_theirs(listed: MongoDatabase) -> None:
    mine = edit(listed, "005930", name="x")
    ticker_edits.delete(listed, KOREAN_STOCKS, ["005930"], "you")
    (conflict,) = save(listed, mine).conflicts
    assert conflict.theirs is None
    assert tickers.get(listed, KOREAN_STOCKS, "005930") is None


def test_what_the_updater_records_is_no_conflict(listed: MongoDatabase) -> None:
    mine = edit(listed, "005930", name="x")
    tickers.record(listed, KOREAN_STOCKS, "005930", {"last_status": "ok", "bar_count": 5})
    assert save(listed, mine).applied == ["005930"]


def test_of_many_who_save_the_same_row_at_once_exactly_one_does(listed: MongoDatabase) -> None:
    edits = [edit(listed, "005930", name=f"이름 {number}") for number in range(8)]
    outcomes: list[ticker_edits.Saved] = []
    threads = [threading.Thread(target=lambda each=each: outcomes.append(save(listed, each))) for each in edits]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(len(saved.applied) for saved in outcomes) == [0] * 7 + [1]
    (applied,) = [saved.entry for saved in outcomes if saved.entry]
    assert row(listed, "005930")["name"] == applied["rows"][0]["after"]["name"]
    assert len(history(listed, KOREAN_STOCKS, 10)) == 1


def test_a_thousand_edits_are_saved_in_one_go(db: MongoDatabase) -> None:
    names = [f"{number:06}" for number in range(1_000)]
    tickers.register(db, KOREAN_STOCKS, [{"ticker": ticker, "name": ticker, "market": "KOSPI"} for ticker in names])
    edits = [Edit(ticker, {"name": ticker}, {"name": f"이름 {ticker}"}) for ticker in names]
    assert len(save(db, *edits).applied) == 1_000
    assert row(db, "000999")["name"] == "이름 000999"
    (change,) = history(db, KOREAN_STOCKS, 10)
    assert len(change["rows"]) == 1_000


@pytest.mark.parametrize("transactions", [True, False])
def test_two_who_change_different_fields_of_a_row_both_succeed(
    listed: MongoDatabase, transactions: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "has_transactions", lambda _db: transactions)
    mine, theirs = edit(listed, "005930", name="나"), edit(listed, "005930", market="KOSDAQ", active=False)
    assert save(listed, theirs).applied == ["005930"]
    assert save(listed, mine).applied == ["005930"]
    assert (
        ticker_fields.shown(row(listed, "005930")).items()
        >= {"name": "나", "market": "KOSDAQ", "active": False}.items()
    )


def test_a_ticker_removed_and_added_again_is_not_the_one_that_an_editor_saw(listed: MongoDatabase) -> None:
    mine = edit(listed, "005930", name="내 이름")
    ticker_edits.delete(listed, KOREAN_STOCKS, ["005930"], "you")
    ticker_edits.add(listed, KOREAN_STOCKS, [{"ticker": "005930", "name": "새 이름"}], "you")
    (conflict,) = save(listed, mine).conflicts
    assert conflict.theirs is not None
    assert conflict.theirs["name"] == row(listed, "005930")["name"] == "새 이름"


# History and undo


def test_every_save_is_one_entry_with_who_when_before_and_after(listed: MongoDatabase) -> None:
    save(listed, edit(listed, "005930", name="a"), edit(listed, "000660", name="b", active=False), who="192.168.0.7")
    (change,) = history(listed, KOREAN_STOCKS, 10)
    assert (change["kind"], change["who"]) == ("edit", "192.168.0.7")
    assert change["when"] <= tickers.now()
    assert change["rows"] == [
        {"ticker": "005930", "before": {"name": "삼성전자"}, "after": {"name": "a"}},
        {"ticker": "000660", "before": {"name": "SK하이닉스", "active": True}, "after": {"name": "b", "active": False}},
    ]
    assert history(listed, INDICES, 10) == []


def test_a_save_of_which_nothing_applied_leaves_no_entry_and_one_of_which_some_did_only_those(
    listed: MongoDatabase,
) -> None:
    stale, fresh = edit(listed, "005930", name="x"), edit(listed, "000660", name="y")
    save(listed, edit(listed, "005930", name="z"))
    save(listed, stale)
    save(listed, stale, fresh)
    changes = history(listed, KOREAN_STOCKS, 9)
    assert sorted([row["ticker"] for row in change["rows"]] for change in changes) == [["000660"], ["005930"]]


def test_a_save_is_undone_and_the_undoing_too(listed: MongoDatabase) -> None:
    before = row(listed, "005930")
    save(listed, edit(listed, "005930", name="a", marker="pin"))
    (change,) = history(listed, KOREAN_STOCKS, 1)

    assert ticker_edits.undo(listed, KOREAN_STOCKS, change["_id"], "me").applied == ["005930"]

    now = row(listed, "005930")
    assert ticker_fields.held(now) == ticker_fields.held(before)
    (undone, _first) = history(listed, KOREAN_STOCKS, 2)
    assert undone["kind"] == "undo"
    ticker_edits.undo(listed, KOREAN_STOCKS, undone["_id"], "me")
    assert row(listed, "005930")["name"] == "a"


def test_an_undo_leaves_what_was_changed_since_and_says_so(listed: MongoDatabase) -> None:
    save(listed, edit(listed, "005930", name="a"), edit(listed, "000660", name="b"), edit(listed, "035720", name="c"))
    (change,) = history(listed, KOREAN_STOCKS, 1)
    save(listed, edit(listed, "005930", name="newer"))
    save(listed, edit(listed, "035720", marker="pin"))  # another field: no hindrance

    undone = ticker_edits.undo(listed, KOREAN_STOCKS, change["_id"], "me")

    assert undone.applied == ["000660", "035720"]
    assert [conflict.mine.ticker for conflict in undone.conflicts] == ["005930"]
    assert (row(listed, "005930")["name"], row(listed, "000660")["name"]) == ("newer", "SK하이닉스")
    assert (row(listed, "035720")["name"], row(listed, "035720")["marker"]) == ("카카오", "pin")


# Adding, comparing, removing


def test_new_tickers_are_added_once_and_what_is_there_stays(listed: MongoDatabase) -> None:
    rows = [
        {"ticker": "005930", "name": "다른 이름"},
        {"ticker": "373220", "name": "LG", "market": "KOSPI"},
    ]
    assert ticker_edits.add(listed, KOREAN_STOCKS, rows, "me") == ["373220"]
    assert ticker_edits.add(listed, KOREAN_STOCKS, rows, "me") == []
    assert row(listed, "005930")["name"] == "삼성전자"
    assert row(listed, "373220")["active"] is True
    assert [change["kind"] for change in history(listed, KOREAN_STOCKS, 9)] == ["add"]


def test_a_ticker_is_added_together_with_its_entry_in_the_history_or_not_at_all(
    listed: MongoDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = Collection.bulk_write

    def dies(*arguments: Any, **options: Any) -> None:
        write(*arguments, **options)
        raise KeyboardInterrupt

    monkeypatch.setattr(Collection, "bulk_write", dies)
    with pytest.raises(KeyboardInterrupt):
        ticker_edits.add(listed, KOREAN_STOCKS, [{"ticker": "373220", "name": "LG"}], "me")
    assert tickers.get(listed, KOREAN_STOCKS, "373220") is None
    assert history(listed, KOREAN_STOCKS, 9) == []


@pytest.mark.parametrize("transactions", [True, False])
def test_of_twenty_who_add_a_ticker_one_is_told_so(
    db: MongoDatabase, transactions: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "has_transactions", lambda _db: transactions)
    database.prepare_writing(db, KOREAN_STOCKS)

    def add(number: int) -> list[str]:
        return ticker_edits.add(db, KOREAN_STOCKS, [{"ticker": "005930", "name": f"이름 {number}"}], f"editor {number}")

    with ThreadPoolExecutor(20) as pool:
        added = list(pool.map(add, range(20)))
    (winner,) = [number for number, new in enumerate(added) if new]
    (entry,) = history(db, KOREAN_STOCKS, 30)
    assert (entry["who"], row(db, "005930")["name"]) == (f"editor {winner}", f"이름 {winner}")


@pytest.mark.exhaustive
@pytest.mark.slow
def test_ten_thousand_tickers_are_added_with_one_look_at_what_is_there(db: MongoDatabase) -> None:
    rows = [{"ticker": f"{n:06}", "name": f"회사 {n}"} for n in range(10_000)]
    db.command("profile", 1, filter={"op": "query", "ns": tickers.collection(db).full_name})
    assert len(ticker_edits.add(db, KOREAN_STOCKS, rows, "me")) == 10_000
    db.command("profile", 0)
    assert db["system.profile"].count_documents({}) == 1 + 2, "two of them see whether anything may be written"


def test_nothing_is_added_where_one_breaks_a_rule(listed: MongoDatabase) -> None:
    with pytest.raises(SisepanError):
        ticker_edits.add(
            listed, KOREAN_STOCKS, [{"ticker": "000001", "name": "a"}, {"ticker": "000002", "name": ""}], ""
        )
    assert tickers.get(listed, KOREAN_STOCKS, "000001") is None


def test_an_import_is_compared_with_what_is_stored_and_writes_nothing(listed: MongoDatabase) -> None:
    before = list(tickers.collection(listed).find())
    rows = [
        {"ticker": "005930", "name": "삼성전자"},
        {"ticker": "000660", "name": "하이닉스", "market": "KOSPI"},
        {"ticker": "373220", "name": "LG"},
        {"ticker": "123450"},
    ]
    found = ticker_edits.compare(listed, KOREAN_STOCKS, rows)
    assert found.unchanged == ["005930"]
    assert found.edits == [Edit("000660", {"name": "SK하이닉스"}, {"name": "하이닉스"})]
    assert [(each["ticker"], each["name"]) for each in found.new] == [
        ("373220", "LG"),
        ("123450", "123450"),
    ]
    assert list(tickers.collection(listed).find()) == before


def test_taking_tickers_off_the_list_keeps_their_bars_and_can_be_undone(listed: MongoDatabase) -> None:
    bars = candles.clean(made_table(halted=0))[0]
    prices.write(listed, KOREAN_STOCKS, "005930", bars)
    assert ticker_edits.deactivate(listed, KOREAN_STOCKS, ["005930"], "me").applied == ["005930"]
    assert "005930" not in {each["ticker"] for each in tickers.active(listed, KOREAN_STOCKS)}
    assert prices.count(listed, KOREAN_STOCKS, "005930") == len(bars)
    (change,) = history(listed, KOREAN_STOCKS, 1)
    ticker_edits.undo(listed, KOREAN_STOCKS, change["_id"], "me")
    assert "005930" in {each["ticker"] for each in tickers.active(listed, KOREAN_STOCKS)}


def test_what_is_off_the_list_already_is_not_taken_off_again_nor_brought_back_by_an_undo(listed: MongoDatabase) -> None:
    save(listed, edit(listed, "000660", active=False))
    assert ticker_edits.deactivate(listed, KOREAN_STOCKS, ["000660", "005930"], "me").applied == ["005930"]
    ticker_edits.undo(listed, KOREAN_STOCKS, history(listed, KOREAN_STOCKS, 1)[0]["_id"], "me")
    assert (row(listed, "000660")["active"], row(listed, "005930")["active"]) == (False, True)


def test_deleting_tickers_takes_their_bars_and_no_others_and_is_remembered(listed: MongoDatabase) -> None:
    bars = candles.clean(made_table(halted=0))[0]
    for ticker in ("005930", "000660"):
        prices.write(listed, KOREAN_STOCKS, ticker, bars)
    assert ticker_edits.delete(listed, KOREAN_STOCKS, ["005930"], "me") == len(bars)
    assert tickers.get(listed, KOREAN_STOCKS, "005930") is None
    assert prices.count(listed, KOREAN_STOCKS, "005930", "000660") == len(bars)
    (change,) = history(listed, KOREAN_STOCKS, 1)
    assert (change["kind"], change["rows"][0]["before"]["name"]) == ("remove", "삼성전자")
    with pytest.raises(SisepanError):
        ticker_edits.undo(listed, KOREAN_STOCKS, change["_id"], "me")


# Pages of the list


def test_a_page_is_searched_sorted_and_cut_by_mongodb(listed: MongoDatabase) -> None:
    tickers.record(listed, KOREAN_STOCKS, "035720", {"active": False, "bar_count": 7})
    page = tickers.page(listed, KOREAN_STOCKS, sort="name", limit=2)
    assert ([each["ticker"] for each in page.rows], page.total) == (["000660", "005930"], 3)
    assert [each["ticker"] for each in tickers.page(listed, KOREAN_STOCKS, sort="name", skip=2, limit=2).rows] == [
        "035720"
    ]
    assert [each["ticker"] for each in tickers.page(listed, KOREAN_STOCKS, "sk").rows] == ["000660"]
    assert [each["ticker"] for each in tickers.page(listed, KOREAN_STOCKS, "3572").rows] == ["035720"]
    assert tickers.page(listed, KOREAN_STOCKS, ".*").total == 0, "a search is no regular expression"
    assert tickers.page(listed, KOREAN_STOCKS, sort="bar_count", descending=True).rows[0]["ticker"] == "035720"
