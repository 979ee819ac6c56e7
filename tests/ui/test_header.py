"""How fresh a header says that a price is."""

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from finance_core.categories import CURRENCIES, KOREAN_STOCKS, US_STOCKS, Category
from finance_core.ui.viewer import header

FRIDAY, MONDAY = dt.date(2026, 11, 20), dt.date(2026, 11, 23)


def seoul(day: dt.date, hour: int, minute: int = 0) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(hour, minute), ZoneInfo("Asia/Seoul"))


def stored(moment: dt.datetime) -> dt.datetime:
    """As MongoDB has it."""
    return moment.astimezone(dt.UTC).replace(tzinfo=None)


def freshness(category: Category, row: dict[str, Any], last_bar: dt.date, now: dt.datetime) -> str:
    """What the header says, by the calendar of the ticker's own market."""
    return header.freshness(row, last_bar, now, category.market(row.get("market", "")).calendar)


@pytest.mark.parametrize(
    ("last_bar", "fetched", "now", "said"),
    [
        (FRIDAY, seoul(FRIDAY, 16), seoul(FRIDAY, 17), "최신"),
        (FRIDAY, seoul(FRIDAY, 16), seoul(MONDAY, 8), "최신"),  # over the weekend
        (FRIDAY, seoul(FRIDAY, 16), seoul(MONDAY, 16), "1거래일 뒤짐"),
        (FRIDAY, seoul(FRIDAY, 10), seoul(FRIDAY, 11), "장중"),  # the session still runs
        (dt.date(2030, 1, 2), seoul(FRIDAY, 10), seoul(FRIDAY, 11), "아직 오지 않은 날짜"),  # another program wrote it
        (FRIDAY, seoul(FRIDAY, 10), seoul(FRIDAY, 17), "마감 전 값"),  # nobody looked since the close
        (FRIDAY, seoul(FRIDAY, 15) + dt.timedelta(minutes=59), seoul(FRIDAY, 17), "확정 전"),  # it may have changed
        (FRIDAY, None, seoul(FRIDAY, 17), "최신"),  # a collection of one's own says no time
    ],
)
def test_a_bar_is_up_to_date_only_once_its_session_is_over_and_it_was_fetched_since(
    last_bar: dt.date, fetched: dt.datetime | None, now: dt.datetime, said: str
) -> None:
    row: dict[str, Any] = {"market": "KOSPI", "source": "yahoo"}
    if fetched:
        row["updated_at"] = stored(fetched)
    assert freshness(KOREAN_STOCKS, row, last_bar, now) == said


def test_freshness_goes_by_the_calendar_of_the_tickers_own_market() -> None:
    now = seoul(MONDAY, 9)  # Sunday evening in New York
    assert freshness(US_STOCKS, {"market": "NYSE"}, FRIDAY, now) == "최신"
    assert freshness(KOREAN_STOCKS, {"market": "KOSPI"}, dt.date(2026, 11, 19), now) == "1거래일 뒤짐"
    assert freshness(CURRENCIES, {"market": "FX"}, FRIDAY, now) == "최신"


def test_a_sample_is_never_fresh() -> None:
    assert freshness(KOREAN_STOCKS, {"source": "sample"}, FRIDAY, seoul(FRIDAY, 17)) == "표본"
