"""Comparisons in addresses."""

import datetime as dt

from hypothesis import given, settings
from hypothesis import strategies as st

from finance_core.bars import comparison
from finance_core.ui.comparison import address
from finance_core.ui.comparison.address import View

SERIES = ["korean_stocks:005930", "us_stocks:AAPL", "indices:^KS11", "currencies:USDKRW", "us_stocks:NVDA"]


@settings(deadline=None, max_examples=100)
@given(
    st.lists(st.sampled_from(SERIES), unique=True, max_size=6),
    st.sampled_from(["1Y", "MAX", "1M"]),
    st.sampled_from(["D", "W", "M"]),
    st.sampled_from([None, "price", "percent", "index", "log"]),
    st.sampled_from(["local", "KRW", "USD"]),
    st.none() | st.dates(dt.date(2000, 1, 1), dt.date(2026, 1, 1)),
    st.randoms(use_true_random=False),
)
def test_an_address_names_the_view_that_it_was_made_of(series, period, interval, scale, money, base, random) -> None:  # type: ignore[no-untyped-def]
    slots = tuple(random.sample(range(20), len(series)))
    view = View(tuple(series), slots, scale, money, base, period=period, interval=interval)
    parsed, problems = address.parse(address.texts_of(view))
    assert (parsed, problems) == (view, [])


@settings(deadline=None, max_examples=200)
@given(
    st.dictionaries(
        st.sampled_from(["series", "colors", "base", "scale", "period", "from", "to"]), st.text(max_size=80)
    )
)
def test_no_address_breaks_the_page(parameters: dict[str, str]) -> None:
    view, _problems = address.parse(parameters)
    assert len(view.series) == len(view.slots) <= comparison.LIMIT
    assert len(set(view.slots)) == len(view.slots)
