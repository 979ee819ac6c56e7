"""Which tickers a condition holds for, as of a day; which ones could not be judged, and why; and ready conditions.

`outcomes` computes what happened after such days in the past.

>>> from finance_core.bars import conditions, panel
>>> days = np.array(["2024-01-02", "2024-01-03"], dtype="datetime64[D]")
>>> closes = {"A": [2.0, 3.0], "B": [3.0, 2.0]}
>>> bars = {ticker: (days, dict.fromkeys(panel.FIELDS, close)) for ticker, close in closes.items()}
>>> result = screen(panel.of(bars), conditions.parse("change > 0"))
>>> result.tickers, result.columns["change1"].tolist(), result.judged
(('A',), [0.5], 2)
"""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple

import numpy as np

from finance_core.bars import evaluation
from finance_core.bars.condition_tree import Comparison, FieldOf, Node, kind_of, nodes
from finance_core.bars.field_values import Source
from finance_core.bars.panel import BETWEEN, BoolArray, IntArray, Panel
from finance_core.i18n import N_, _, in_all_languages

Reason = Literal["sample", "conflict", "jump", "no bars", "stale", "halted", "gap", "too few bars", "unknown"]

REASONS: Final[dict[Reason, str]] = {
    "sample": N_("표본 시세"),
    "conflict": N_("저장된 봉이 서로 어긋남"),
    "jump": N_("가격제한폭을 넘은 단절 뒤의 봉이 모자람"),
    "no bars": N_("그날까지 봉 없음"),
    "stale": N_("봉이 오래됨"),
    "halted": N_("거래정지"),
    "gap": N_("봉이 오래 비어 있음"),
    "too few bars": N_("봉이 모자람"),
    "unknown": N_("조건에 쓸 값이 없음"),
}
"""Why a ticker is not judged; the first that applies counts."""


@dataclass(frozen=True)
class Ready:
    """A condition with a name."""

    name: str
    """Message id."""
    rule: str
    note: str
    """Message id of a sentence that says what it looks for."""


READY: Final[dict[str, Ready]] = {
    "new_high": Ready(N_("52주 신고가"), "high >= high250", N_("그날 고가가 최근 250봉 가운데 가장 높습니다.")),
    "golden_cross": Ready(
        N_("골든크로스"), "crossed_above(ma20, ma60, 3)", N_("20봉 평균이 최근 3봉 안에 60봉 평균을 위로 뚫었습니다.")
    ),
    "volume_surge": Ready(N_("거래량 급증"), "volume_ratio20 > 3", N_("거래량이 앞 20봉 평균의 세 배를 넘습니다.")),
    "low_rebound": Ready(
        N_("52주 저점 반등"),
        "count(low <= low250, 20) >= 1 and close >= 1.1 * low250",
        N_("최근 20봉 안에 250봉 저점을 찍고 거기서 10% 이상 올랐습니다."),
    ),
    "oversold": Ready(N_("RSI 과매도"), "rsi14 < 30", N_("RSI(14)가 30보다 낮습니다.")),
    "aligned": Ready(
        N_("정배열"), "ma5 > ma20 and ma20 > ma60 and ma60 > ma120", N_("짧은 평균이 긴 평균 위에 차례로 있습니다.")
    ),
    "pullback": Ready(
        N_("눌림목"),
        "ma20 > ma60 and ma60 > ago(ma60, 20) and from_high20 <= -5% and low <= 1.02 * ma20 and close >= 0.98 * ma20",
        N_("오르는 추세에서 20봉 고점보다 5% 이상 내려와 20봉 평균 가까이에 있습니다."),
    ),
}
"""By key in addresses and commands."""


def rule_of(text: str) -> str:
    """The rule of the ready condition with the key or the name `text`, in either language; otherwise `text` itself.

    >>> rule_of("new_high"), rule_of(" rsi 과매도 "), rule_of("RSI oversold"), rule_of("close > 5")
    ('high >= high250', 'rsi14 < 30', 'rsi14 < 30', 'close > 5')
    """
    wanted = text.strip().casefold()
    for key, ready in READY.items():
        if wanted in {key, *(name.casefold() for name in in_all_languages(ready.name))}:
            return ready.rule
    return text


class Absent(NamedTuple):
    """A comparison with a text that holds for no ticker of a panel."""

    part: str
    known: tuple[str, ...]
    """The texts that the field has, if they are at most `MOST_KNOWN`."""


@dataclass(frozen=True, eq=False)
class Result:
    """The answer to one question."""

    day: dt.date | None
    """The last session that was used; None if there is none."""
    tickers: tuple[str, ...]
    """The tickers for which the condition holds, in the order of the panel."""
    dates: tuple[dt.date, ...]
    """The day of the last bar of each of `tickers`, at which the condition was judged."""
    columns: dict[str, Any]
    """By field: one number or text for each of `tickers`. Close and change come first, then the condition's fields."""
    recent: tuple[list[float], ...]
    """The last `RECENT` closes of each of `tickers`."""
    judged: int
    """Number of tickers for which the condition holds or fails."""
    behind: int
    """How many of the judged tickers have their last bar before `day`."""
    unjudged: dict[Reason, tuple[str, ...]]
    """All other tickers, by the reason; only reasons that occur."""
    absent: tuple[Absent, ...]

    def remarks(self) -> list[str]:
        """What the condition asks for and is nowhere: a sentence each, in the running language."""
        nowhere, instead = (
            _("{part}: 그런 종목이 하나도 없습니다."),
            _("{part}: 그런 종목이 하나도 없습니다. 있는 것: {known}"),
        )
        return [
            (instead if known else nowhere).format(part=part, known=", ".join(known)) for part, known in self.absent
        ]


MOST_KNOWN: Final = 40
RECENT: Final = 60
ALWAYS: Final = (FieldOf("close"), FieldOf("change", (1,)))
"""Columns of every result."""


def screen(panel: Panel, tree: Node, as_of: np.datetime64 | None = None) -> Result:
    """Which tickers of `panel` the condition `tree` holds for at their last bar up to `as_of`.

    No bar after that day is used. The panel must reach `evaluation.bars_needed(tree)` bars back from it.
    """
    then = panel if as_of is None else panel.as_of(as_of)
    columns = columns_of(tree)
    needed = max(map(evaluation.bars_needed, [tree, *columns]))
    source = Source(then.tail(needed))
    truth = evaluation.truth(tree, source)
    holds, fails = (source.panel.at_last(each, False) for each in truth)
    reasons = _reasons(then, evaluation.bars_needed(tree), ~(holds | fails))
    judged = np.array([reason is None for reason in reasons], dtype=bool)
    chosen = np.flatnonzero(holds & judged)
    at = then.at[then.last[judged]]
    return Result(
        day=then.sessions[-1].item() if len(then.sessions) else None,
        tickers=tuple(then.tickers[position] for position in chosen),
        dates=tuple(then.sessions[then.at[then.last[chosen]]].tolist()),
        columns={str(node): _column(node, source)[chosen] for node in columns},
        recent=tuple(_recent(then, chosen)),
        judged=len(at),
        behind=int((at < len(then.sessions) - 1).sum()),
        unjudged={
            reason: tuple(ticker for ticker, why in zip(then.tickers, reasons, strict=True) if why == reason)
            for reason in REASONS
            if reason in reasons
        },
        absent=tuple(_absent(tree, source)),
    )


def columns_of(tree: Node) -> list[FieldOf]:
    """The columns of a result: close, change, and the fields that the condition uses, each once."""
    used = (node for node in nodes(tree) if isinstance(node, FieldOf))
    return list(dict.fromkeys([*ALWAYS, *used]))


def _absent(tree: Node, source: Source) -> Iterator[Absent]:
    for node in nodes(tree):
        if not (isinstance(node, Comparison) and node.operator in ("==", "in") and kind_of(node.left) == "text"):
            continue
        fields = [part for part in (node.left, node.right) if isinstance(part, FieldOf)]
        if len(fields) == 1 and source.panel.tickers and not evaluation.texts_compared(node, source)[0].any():
            there = evaluation.values(fields[0], source)
            texts = {text.strip() for each in there for text in each.split(BETWEEN)} - {""}
            yield Absent(str(node), tuple(sorted(texts)) if len(texts) <= MOST_KNOWN else ())


def _recent(panel: Panel, chosen: IntArray) -> Iterator[list[float]]:
    ends = panel.starts[1:][chosen]
    begins = np.maximum(panel.last_piece[chosen], ends - RECENT)
    for begin, end in zip(begins.tolist(), ends.tolist(), strict=True):
        yield panel.bars["close"][begin:end].tolist()


def _column(node: Node, source: Source) -> Any:
    values = evaluation.values(node, source)
    return values if kind_of(node) == "text" else source.panel.at_last(values, np.nan)


def _reasons(panel: Panel, needed: int, unknown: BoolArray) -> list[Reason | None]:
    """Why each ticker is not judged; None where it is."""
    since_jump = panel.starts[1:] - panel.last_piece
    is_so: dict[Reason, BoolArray] = {
        "sample": panel.text("source") == "sample",
        "conflict": np.array([ticker in panel.unreadable for ticker in panel.tickers], dtype=bool),
        "jump": unknown & (since_jump < panel.counts) & (since_jump < needed),
        "no bars": (panel.counts == 0) & ~panel.has_begun(),
        "stale": panel.stale(),
        "halted": panel.halted(),
        "gap": unknown & (panel.counts < needed) & panel.began_before(),
        "too few bars": unknown & (panel.counts < needed),
        "unknown": unknown,
    }
    reasons: list[Reason | None] = [None] * len(panel.tickers)
    for reason in reversed(REASONS):
        for position in np.flatnonzero(is_so[reason]):
            reasons[position] = reason
    return reasons
