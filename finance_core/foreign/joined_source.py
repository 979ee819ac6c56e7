"""Several files that are read as one source, such as one file a year, or one file a ticker. They are never written."""

import hashlib
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence

from finance_core.bars import candles
from finance_core.errors import SisepanError
from finance_core.foreign import field_names, raw_tickers
from finance_core.foreign.shapes import Rows
from finance_core.foreign.table_source import Source
from finance_core.i18n import N_

OTHER_COLUMNS = N_(
    "두 파일의 열이 달라 함께 읽을 수 없습니다. {file}에만 있는 열: {columns}. {first}에만 있는 열: {expected}. "
    "같은 열의 파일끼리 가져오십시오."
)
SAME_NAME = N_("이름이 같은 파일이 둘 이상입니다. 파일 이름으로 가져온 곳을 기억하므로 이름이 달라야 합니다.")


class JoinedSource(Source):
    """The rows of all `files`, as if they stood one below another: whatever is checked is checked over all of them.

    The fields of bars must be the same, in the same currency: 종가(원) beside 종가($) would be prices in two. The place
    of a row is its place in its file, after the name of the file.
    """

    def __init__(self, files: Sequence[Source]) -> None:
        """`files` in the order of their rows: of two rows of one day, that of the later file is used."""
        if len({file.name for file in files}) < len(files):
            raise SisepanError(SAME_NAME)
        first = files[0]
        names: dict[str, str] = {}
        for file in files:
            only_here, only_there = _unlike(file._names, first._names)
            if only_here or only_there:
                columns, expected = (", ".join(sorted(only)) or "-" for only in (only_here, only_there))
                raise SisepanError(OTHER_COLUMNS, file=file.name, columns=columns, first=first.name, expected=expected)
            names |= {ours: theirs for ours, theirs in file._names.items() if ours not in names}
        super().__init__(name_of([file.name for file in files]), names)
        self._files = files

    def fingerprint(self) -> str:
        """A hash of the fingerprints and the names of all files."""
        return _digest([f"{file.fingerprint()} {file.name}" for file in self._files])

    def _portions(self, names: Iterable[str]) -> Iterator[Rows]:
        names, order = list(names), itertools.count()
        for file in self._files:
            for rows in file._portions([ours for ours in names if ours in file._names]):
                places = [f"{file.name}:{place}" for place in rows.places]
                yield Rows(rows.columns, list(itertools.islice(order, len(rows))), places, file.name)


def _unlike(one: Mapping[str, str], other: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """The names of the columns of bars in one of two files that mean another field or currency than in the other."""
    meanings = [
        {
            (ours, *raw_tickers.currencies([field_names.unit_of(theirs)])): theirs
            for ours, theirs in names.items()
            if ours in candles.COLUMNS
        }
        for names in (one, other)
    ]
    here, there = meanings
    return [here[key] for key in here.keys() - there], [there[key] for key in there.keys() - here]


def _digest(texts: Sequence[str]) -> str:
    return hashlib.blake2b("\n".join(texts).encode(), digest_size=16).hexdigest()


def name_of(names: Sequence[str]) -> str:
    """The name of a source of files with these names. It differs where any of them does.

    >>> name_of(["2022.csv"]), name_of(["2022.csv", "2023.csv", "2024.csv"])
    ('2022.csv', '2022.csv … 2024.csv (3, d4eb)')
    """
    return names[0] if len(names) == 1 else f"{names[0]} … {names[-1]} ({len(names)}, {_digest(names)[:4]})"
