"""A layout in sentences for a person: how documents are laid out, and what differs from this product's own layout."""

from typing import Final

from finance_core.errors import SisepanError
from finance_core.foreign import layouts
from finance_core.foreign.recognition import DateForm, Layout, TickerForm
from finance_core.i18n import N_

SHAPES: Final[dict[layouts.Shape, str]] = {
    "flat": N_("종목과 날짜마다 문서 하나"),
    "rows": N_("종목마다 문서 하나, 날짜별 목록"),
    "days": N_("종목마다 문서 하나, 날짜가 필드 이름"),
    "columns": N_("종목마다 문서 하나, 필드마다 배열"),
}


_TICKERS: Final[dict[TickerForm, str]] = {
    "suffixed": N_("종목 코드에 덧붙은 것이 있습니다(.KS, =X 따위; 표본의 {percent})."),
    "number": N_("종목 코드가 숫자로 저장되어 있습니다(표본의 {percent})."),
    "prefixed": N_("종목 코드 앞에 A가 있습니다(표본의 {percent})."),
    "other": N_("이 카테고리의 종목 코드가 아닌 것이 있습니다(표본의 {percent})."),
    "missing": N_("종목 코드가 없는 문서가 있습니다(표본의 {percent})."),
}


_DATES: Final[dict[DateForm, str]] = {
    "moment": N_("날짜가 자정(UTC)이 아닌 시각으로 저장되어 있습니다(표본의 {percent}; 시간대 {zone})."),
    "text": N_("날짜가 글자로 저장되어 있습니다(표본의 {percent})."),
    "number": N_("날짜가 숫자로 저장되어 있습니다(표본의 {percent})."),
    "unreadable": N_("읽을 수 없는 날짜가 있습니다(표본의 {percent})."),
    "missing": N_("날짜가 없는 문서가 있습니다(표본의 {percent})."),
}


def facts(layout: Layout) -> list[SisepanError]:
    """How documents are laid out."""
    facts = [SisepanError(SHAPES[shape]) for shape in layout.shapes]
    fields = ", ".join(f"{ours}={theirs}" for ours, theirs in layout.names.items() if ours != theirs)
    if fields:
        facts.append(SisepanError(N_("필드 이름: {fields}"), fields=fields))
    return facts


def obstacles(layout: Layout, *, duplicates: int, is_view: bool, has_index: bool) -> list[SisepanError]:
    """What has to be done about a layout before it is this product's own; nothing where it is."""
    result = []

    def say(message: str, **values: object) -> None:
        result.append(SisepanError(message, **values))

    if set(layout.shapes) != {"flat"}:
        say(N_("종목과 날짜마다 문서 하나가 아닙니다."))
    renamed = [theirs for ours, theirs in layout.names.items() if ours != theirs]
    if renamed:
        say(N_("필드 이름이 다릅니다: {fields}"), fields=", ".join(renamed))
    if not layout.is_uniform:
        say(N_("문서마다 필드 이름이 다릅니다."))
    for form, count in layout.tickers.items():
        message = _TICKERS.get(form)
        if message:
            say(message, percent=_percent(count, layout.rows))
    for date, count in layout.dates.items():
        message = _DATES.get(date)
        if message:
            say(message, percent=_percent(count, layout.rows), zone=layout.zone or "-")
    if "text" in layout.prices or "text" in layout.volumes:
        say(N_("숫자가 글자로 저장되어 있습니다."))
    if "decimal" in layout.prices or "decimal" in layout.volumes:
        say(N_("숫자가 Decimal128로 저장되어 있습니다."))
    if layout.without_close:
        say(N_("종가가 없는 문서가 있습니다(표본의 {percent})."), percent=_percent(layout.without_close, layout.rows))
    if duplicates:
        say(N_("같은 날이 두 번 이상 있습니다(살펴본 종목에서 {count}일)."), count=duplicates)
    if is_view:
        say(N_("뷰여서 인덱스를 가질 수 없습니다."))
    elif not has_index:
        say(N_("종목과 날짜의 인덱스가 없습니다."))
    return result


def _percent(part: int, whole: int) -> str:
    share = 100 * part / whole
    return f"{share:.0f}%" if share >= 1 else "<1%"
