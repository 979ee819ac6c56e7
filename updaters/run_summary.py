"""The summary of an update run, and the decision whether it is done, partial or failed.

The decision looks at all tickers together, not at single errors: if many tickers that Yahoo knew before are unknown at
once, Yahoo has an outage, and the tickers are not delisted. `category_update` handles the error of one ticker.
"""

import dataclasses
import datetime as dt
from dataclasses import dataclass, field

from bson import ObjectId

from finance_core.errors import FetchFailed, SisepanError
from finance_core.i18n import N_
from finance_core.storage import runs
from finance_core.storage.documents import State
from updaters.ticker_update import TickerResult
from updaters.yahoo import Unreachable

BULK_LEAST, BULK_SHARE = 3, 0.1
"""If at least this many tickers fail, and more than this share of the requested ones, they have a common reason."""

ALL_FAILED = N_("물어본 {count}종목이 모두 실패했습니다.")
ALL_UNREACHABLE = N_("물어본 {count}종목 모두 Yahoo에 연결되지 않았습니다. 네트워크를 확인하고 다시 실행하십시오.")


@dataclass
class Summary:
    """The progress of a run, or its outcome. `RunRecord` describes its counts."""

    category: str
    run: ObjectId
    """The `_id` of the run in `update_runs`."""
    total: int = 0
    done: int = 0
    current: int = 0
    deferred: int = 0
    delisted: int = 0
    added: int = 0
    replaced: int = 0
    removed: int = 0
    changed: int = 0
    refused: int = 0
    failed: int = 0
    quoted: int = 0
    requests: int = 0
    fresh: int = 0
    expected: int = 0
    seconds: float = 0.0
    continued: dt.datetime | None = None
    """The moment at which the full run began that this run continues (UTC, tz-naive); None if it continues none."""
    failures: list[runs.Failure] = field(default_factory=list)
    state: State = "running"
    reason: SisepanError | None = None
    """Why the run ended early or counts as failed; None if it did not."""

    @property
    def counts(self) -> dict[str, int]:
        """All counts by name, as `RunRecord` stores them."""
        return {count.name: getattr(self, count.name) for count in dataclasses.fields(self) if count.type is int}

    @property
    def asked(self) -> int:
        """The number of requested tickers, without known delisted ones."""
        return self.done - self.current - self.deferred - self.delisted

    def count(self, result: TickerResult) -> list[runs.Failure]:
        """Add the result of one ticker; returns its failure, if it failed."""
        self.done += 1
        self.added += result.written.added
        self.replaced += result.written.replaced
        self.removed += result.written.removed
        self.changed += sum(remark.action == "changed" for remark in result.remarks)
        self.refused += sum(remark.action == "refused" for remark in result.remarks)
        self.delisted += result.delisted
        failures = [runs.Failure(result.ticker, result.error)] if result.error and not result.delisted else []
        self.failed += len(failures)
        self.failures += failures
        return failures

    def settle(self, forgotten: int, known: int, *, by_person: bool) -> None:
        """Set the state and the reason of a run at its end.

        `known` is the number of requested tickers that Yahoo knew before, `forgotten` how many of them it does not know
        now. `by_person`: a run that ended early was stopped by a person, not by the end of the program.
        """
        if self.reason:
            self.state = "partial"
        elif self.done < self.total:
            self.state = "cancelled" if by_person else "interrupted"
        elif is_bulk(forgotten, known):
            self.state, self.reason = "partial", outage(forgotten)
        elif self.asked and self.failed == self.asked:
            self.state = "failed"
            is_cut_off = all(isinstance(failure.error, Unreachable) for failure in self.failures)
            self.reason = FetchFailed(ALL_UNREACHABLE if is_cut_off else ALL_FAILED, count=self.failed)
        elif is_bulk(self.failed, self.asked):
            sentence = N_("물어본 {asked}종목 가운데 {failed}종목이 실패했습니다.")
            self.state, self.reason = "partial", FetchFailed(sentence, asked=self.asked, failed=self.failed)
        else:
            self.state = "done"

    def is_outage(self, forgotten: int, known: int) -> bool:
        """Whether unknown tickers mean an outage of Yahoo: many known ones are forgotten, or all requests failed."""
        return is_bulk(forgotten, known) or (self.asked >= BULK_LEAST and self.failed == self.asked)


def is_bulk(count: int, of: int) -> bool:
    """Whether `count` failed tickers out of `of` are so many that they must have a common reason.

    >>> is_bulk(2, 2), is_bulk(3, 20), is_bulk(40, 2761)
    (False, True, False)
    """
    return count >= BULK_LEAST and count > BULK_SHARE * of


def outage(count: int) -> SisepanError:
    """The reason for a run in which Yahoo no longer knows `count` tickers at once that it knew before."""
    return FetchFailed(
        N_(
            "Yahoo가 전에 알던 {count}종목을 한꺼번에 모른다고 합니다. 상장폐지가 아니라 Yahoo의 장애로 봅니다. "
            "나중에 다시 실행하십시오."
        ),
        count=count,
    )
