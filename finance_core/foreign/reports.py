"""Reports of runs on the user's own data: as text for a person, as JSON for a program, refused rows as CSV.

Also has the words for an inspected collection that commands and pages share.
"""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from finance_core import categories, formats
from finance_core.bars.candles import REASONS
from finance_core.categories import Category
from finance_core.errors import SisepanError, WrongUse, unwritable
from finance_core.foreign import import_records, inspection
from finance_core.foreign.conversion import Conversion, Refusal
from finance_core.foreign.import_records import Summary
from finance_core.foreign.inspection import Inspected
from finance_core.i18n import N_, _
from finance_core.spreadsheets import defused
from finance_core.storage.database import MongoDatabase

VERDICTS: Final[dict[inspection.Verdict, str]] = {
    "ours": N_("이 제품의 구성"),
    "readable": N_("그대로 읽을 수 있음"),
    "convertible": N_("전환하면 쓸 수 있음"),
    "unknown": N_("모르는 구성"),
}
SHOWN_FAILURES = 100
"""The most tickers that a text report names; JSON has all."""

STILL_READ = N_(
    "그 종목의 차트가 사라지지 않게 {category}의 차트는 계속 {source} 컬렉션에서 그립니다. 문서를 고치고 다시 "
    "전환하십시오. 그 종목 없이 옮기려면 먼저 '읽기 그만두기'를 누르거나 --give-up으로 그만 읽으십시오."
)


def text(category: Category, summary: Summary) -> str:
    """What a run did, or a dry run would do: counts, refused rows, failed tickers, and the result of verification."""
    return "\n".join(_lines_of_reading(category, summary) if summary.kind == "read" else _lines(category, summary))


def _lines(category: Category, summary: Summary) -> list[str]:
    counts = {name: formats.count(number) for name, number in summary.counts.items()}
    ends = {"first": formats.date(summary.first), "last": formats.date(summary.last)}
    differing = ", ".join(summary.differing[:SHOWN_FAILURES])
    values = {"source": summary.source, "category": _(category.title), "tickers": differing, **ends, **counts}

    def line(message: str, count: int | None = None) -> list[str]:
        """A list with the sentence; empty if its count is 0."""
        return [] if count == 0 else [_(message).format(**values, count=formats.count(count))]

    first = (
        N_("{source} → {category}: {rows}행이 {total}종목의 봉 {bars}개가 됩니다. 아무것도 바꾸지 않았습니다.")
        if summary.is_dry
        else N_(
            "{source} → {category}: {rows}행, {done}/{total}종목, 봉 {bars}개 중 {added}개 추가, {replaced}개 교체, "
            "{removed}개 삭제"
        )
    )
    lines = [
        *line(first),
        *line(N_("기간: {first} ~ {last}"), 0 if summary.first is None else None),
        *line(N_("앞서 중단된 가져오기에서 끝낸 종목 {count}개"), summary.current),
        *line(N_("고친 봉 {count}개 (자세한 내용은 로그에 있습니다)"), summary.changed),
        *_counted(reasons({REASONS[reason]: count for reason, count in summary.mended.items()})),
        *changes(summary),
        *line(N_("받지 않은 행 {count}개:"), summary.refused),
        *_counted(reasons(summary.reasons, summary.examples)),
        *line(N_("저장된 시세를 그대로 둔 종목 {count}개:"), len(summary.failures)),
        *_failures(summary),
        *line(STILL_READ, int(summary.is_still_read)),
        *line(N_("다시 읽어 보니 읽은 것과 다른 종목 {count}개: {tickers}"), len(summary.differing)),
    ]
    if summary.is_dry:
        return [*lines, *map(_example, summary.conversions)]
    if summary.state == "done":
        text = N_("다시 읽어 보니 {verified}종목 모두 봉 수, 날짜 범위, 종가의 체크섬이 읽은 것과 같습니다.")
        lines.append(_(text).format(verified=formats.count(summary.verified)))
        checked = _(
            "다른 방법으로 확인한 것: 거래소 달력과 견준 봉 {days}개(휴장일 {closed}개), "
            "원본에서 다시 읽은 행 {rows}개, 전에 저장된 종가와 같은 봉 {compared}개"
        )
        lines.append(checked.format(**{name: formats.count(count) for name, count in asdict(summary.checks).items()}))
    elif summary.state == "cancelled":
        lines.append(_("중단했습니다. 다시 실행하면 이어서 합니다."))
    elif not summary.bars:
        lines.append(_("봉을 하나도 받지 못했습니다."))
    elif not summary.differing:
        lines.append(_("다른 실행이 이 카테고리를 넘겨받아 멈췄습니다. 다시 실행하면 이어서 합니다."))
    return lines


def _lines_of_reading(category: Category, summary: Summary) -> list[str]:
    if summary.state == "done":
        sentence = _(
            "종목 {count}개의 봉 {bars}개를 모두 읽어 확인했습니다. 이제 {category}의 차트에서 볼 수 있습니다."
        )
        counts = {"count": formats.count(summary.total), "bars": formats.count(summary.bars)}
        return [sentence.format(category=_(category.title), **counts)]
    if not summary.failures:
        return [_("중단했습니다. 아무것도 바꾸지 않았습니다.")]
    return [unread(summary), *_failures(summary)]


def unread(summary: Summary) -> str:
    """A sentence that a collection cannot be read as it is, and whether converting it helps."""
    sentence = _("그대로 읽을 수 없는 종목이 {count}개 있어 아무것도 바꾸지 않았습니다.")
    helps = [_("전환하면 쓸 수 있습니다.")] if summary.is_convertible else []
    return " ".join([sentence.format(count=formats.count(len(summary.failures))), *helps])


def changes(summary: Summary) -> list[str]:
    """What was changed in numbers on the way, a sentence for each field and way, with an example."""
    sentence = _("{field}: {what} ({times}개, 예: {before} → {after})")
    return [
        sentence.format(field=name, what=_(message), **change._asdict() | {"times": formats.count(change.times)})
        for (name, message), change in summary.changes.items()
    ]


def _failures(summary: Summary) -> list[str]:
    return [f"  {failure.ticker}: {failure.error}" for failure in summary.failures[:SHOWN_FAILURES]]


def _counted(numbers: Mapping[str, int]) -> list[str]:
    return [f"  {formats.count(count)}: {reason}" for reason, count in numbers.items()]


def _example(conversion: Conversion) -> str:
    raw = f"[{conversion.place}] {conversion.raw_ticker} {conversion.raw_date}"
    return f"  {raw} → {conversion.ticker} {formats.date(conversion.date)} {conversion.close:.10g}"


def reasons(counts: Mapping[str, int], examples: Mapping[str, Mapping[str, object]] | None = None) -> dict[str, int]:
    """The number of refused rows by reason, in words, the commonest first.

    The values of single rows are those of the `examples`, with "…" behind them for the other rows; without examples
    "…" alone, so that the words are the same in each run.
    """
    commonest = sorted(counts.items(), key=lambda counted: -counted[1])
    known = examples or {}
    return {_(message).format_map(_Elided(known.get(message, {}), count)): count for message, count in commonest}


class _Elided(dict[str, str]):
    def __init__(self, example: Mapping[str, object], count: int) -> None:
        # A terminal would obey unprintable characters.
        shown = {name: "".join(of if of.isprintable() else "?" for of in str(held)) for name, held in example.items()}
        super().__init__({name: f"{held}, …" if count > 1 else held for name, held in shown.items()})

    def __missing__(self, _name: str) -> str:
        return "…"


def as_json(summary: Summary) -> dict[str, Any]:
    """The same facts as `text`, as JSON for a program."""
    failures = [{"ticker": failure.ticker, "reason": str(failure.error)} for failure in summary.failures]
    of_run = {"category": summary.category, "source": summary.source, "state": summary.state, **summary.counts}
    if summary.kind == "read":
        names = ("category", "state", "total", "done", "bars", "failed")
        return {**{name: of_run[name] for name in names}, "problems": failures}
    conversions = [
        {**conversion._asdict(), "date": formats.date(conversion.date)} for conversion in summary.conversions
    ]
    return {
        **of_run,
        "first": formats.date(summary.first) if summary.first else None,
        "last": formats.date(summary.last) if summary.last else None,
        "reasons": reasons(summary.reasons),
        "mended": dict(summary.mended),
        "still_read": summary.is_still_read,
        "failures": failures,
        "verified": summary.verified,
        "differing": summary.differing,
        "checked": asdict(summary.checks),
        "changes": [
            {"field": name, "what": _(message), **change._asdict()}
            for (name, message), change in summary.changes.items()
        ],
        **({"conversions": conversions} if conversions else {}),
    }


def extent(collection: Inspected, dash: str) -> list[str]:
    """The size of a collection of prices, its first and last day, and its layout, as short texts."""
    tickers = _("종목 {count}") if collection.is_exact else _("표본에서 종목 {count}")
    days = f"{formats.date(collection.first)} {dash} {formats.date(collection.last)}"
    facts = [
        _(categories.category(collection.category).title) if collection.category else "",
        _("문서 {count}개").format(count=formats.count(collection.documents)),
        tickers.format(count=formats.count(collection.tickers)),
        days if collection.first and collection.last else "",
        *map(str, collection.facts),
    ]
    return list(filter(None, facts))


def not_drawn(collection: Inspected) -> tuple[str, list[tuple[str, str]]]:
    """A sentence that tickers of a collection are not drawn, "" if all are; and each of them with the reason."""
    reasons = [(each["ticker"], str(SisepanError.from_document(each))) for each in collection.refused]
    return _("그리지 않는 종목이 있습니다. 그 문서를 고치거나 지우십시오.") if reasons else "", reasons


def require_writable(path: Path) -> None:
    """Raise WrongUse unless a file can be written at `path`. Call it before an import, not after it."""
    try:
        is_new = not path.exists()
        path.open("ab").close()
        if is_new:
            path.unlink()
    except OSError as error:
        raise unwritable(path, error, WrongUse) from error


def write_refusals(db: MongoDatabase, path: Path, summaries: Iterable[Summary]) -> int:
    """Write every refused row of each run as CSV that Excel can open (UTF-8 with BOM); returns their number."""
    count = 0
    try:
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(["source", "place", "ticker", "date", "reason"])
            for summary in summaries:
                for refusal in summary.refusals or import_records.refusals(db, summary.import_id):
                    rows.writerow(map(defused, (summary.source, *cells(refusal))))
                    count += 1
    except OSError as error:
        raise unwritable(path, error, WrongUse) from error
    return count


def cells(refusal: Refusal) -> tuple[str, str, str, str]:
    """A refused row as the cells of a table."""
    return refusal.place, refusal.ticker, refusal.date, str(refusal.reason)
