"""Tells whether an answer of Yahoo's is the chart that was asked for, or a refusal. Pure: nothing is asked here."""

import json
import re
from collections.abc import Mapping
from typing import Any

from finance_core.errors import FetchFailed
from finance_core.i18n import N_

OTHER_SYMBOL = N_("Yahoo가 {symbol} 대신 {other}의 시세를 보내서 쓰지 않았습니다.")
OTHER_INTERVAL = N_("Yahoo가 {symbol}의 일봉(1d) 대신 간격이 {interval}인 봉을 보내서 쓰지 않았습니다.")
_LONGEST_REFUSAL = 1_000
"""Bytes."""


def check(symbol: str, meta: Mapping[str, Any]) -> None:
    """Raise FetchFailed if `meta`, the description of a chart, names another symbol than `symbol`, or not daily bars.

    A description that lacks one of them tells nothing.
    """
    other, interval = meta.get("symbol") or symbol, meta.get("dataGranularity") or "1d"
    if _pair(str(other)) != _pair(symbol):
        raise FetchFailed(OTHER_SYMBOL, symbol=symbol, other=other)
    if interval != "1d":
        raise FetchFailed(OTHER_INTERVAL, symbol=symbol, interval=interval)


def refusal(content: bytes) -> str:
    """The reason in `content`, an answer of Yahoo's gateway instead of its charts; "" if it is another answer.

    >>> refusal(b'{"finance":{"result":null,"error":{"code":"Unauthorized","description":"Invalid Crumb"}}}')
    'Invalid Crumb'
    >>> refusal(b'{"chart":{"result":null,"error":null}}')
    ''
    """
    if len(content) > _LONGEST_REFUSAL:
        return ""
    try:
        return str(json.loads(content)["finance"]["error"]["description"] or "")
    except (ValueError, KeyError, TypeError):
        return ""


def _pair(symbol: str) -> str:
    """`symbol` in capitals; a rate that is named by one currency is that of the dollar.

    >>> _pair("krw=x"), _pair("EURKRW=X"), _pair("^ks11")
    ('USDKRW=X', 'EURKRW=X', '^KS11')
    """
    return re.sub(r"^([A-Z]{3}=X)$", r"USD\1", symbol.upper())
