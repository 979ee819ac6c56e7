"""Several files that are read as one source, such as one file a year, or one file a ticker. They are never written."""

import hashlib
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence

from finance_core.errors import SisepanError
from finance_core.foreign.shapes import Rows
from finance_core.foreign.table_source import Source
from finance_core.i18n import N_

OTHER_COLUMNS = N_(
    "두 파일의 열이 달라 함께 읽을 수 없습니다. {file}에만 있는 열: {columns}. {first}에만 있는 열: {expected}. "
    "같은 열의 파일끼리 가져오십시오."
)


class JoinedSource(Source):
    """The rows of all `files`, as if they stood one below another: whatever is checked is checked over all of them.

    The columns of all files must have the same names: 종가(원) beside 종가($) would be prices in two units. The place
    of a row is its place in its file, after the name of the file.
    """

    def __init__(self, files: Sequence[Source]) -> None:
        """`files` in the order of their rows: of two rows of one day, that of the later file is used."""
        first = files[0]
        for file in files:
            if file._names != first._names:
                columns, expected = (
                    ", ".join(sorted(names.values())) or "-" for names in _unlike(file._names, first._names)
                )
                raise SisepanError(OTHER_COLUMNS, file=file.name, columns=columns, first=first.name, expected=expected)
        super().__init__(name_of([file.name for file in files]), first._names)
        self._files = files

    def fingerprint(self) -> str:
        """A hash of the fingerprints and the names of all files."""
        text = "\n".join(f"{file.fingerprint()} {file.name}" for file in self._files)
        return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()

    def _portions(self, names: Iterable[str]) -> Iterator[Rows]:
        names, order = list(names), itertools.count()
        for file in self._files:
            for rows in file._portions(names):
                places = [f"{file.name}:{place}" for place in rows.places]
                yield Rows(rows.columns, list(itertools.islice(order, len(rows))), places)


def _unlike(one: Mapping[str, str], other: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """What is in one of two dictionaries only."""
    return dict(one.items() - other.items()), dict(other.items() - one.items())


def name_of(names: Sequence[str]) -> str:
    """The name of a source of files with these names.

    >>> name_of(["2022.csv"]), name_of(["2022.csv", "2023.csv", "2024.csv"])
    ('2022.csv', '2022.csv … 2024.csv (3)')
    """
    return names[0] if len(names) == 1 else f"{names[0]} … {names[-1]} ({len(names)})"
