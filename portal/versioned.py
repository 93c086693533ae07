"""What is worked out of rows that have a version, kept by each process under that version.

Whoever changes such rows moves the version on in the same transaction; so what is found under a version was true when
it was read, and whoever reads a later version looks afresh. No time may go into it. A database that is made anew under
the running portal counts its versions from the start: a key needs something that never comes again, an id or a session.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from itertools import islice
from typing import Generic, TypeVar

from portal.per_app import PerApp

T = TypeVar("T")


class Versioned(Generic[T]):
    """Values by their keys, of the current app, ``most`` of them; the oldest go first."""

    def __init__(self, name: str, most: int = 1000) -> None:
        self._values: PerApp[dict[Hashable, T] | None] = PerApp(name, None)
        self._most = most

    def find(self, key: Hashable, work_out: Callable[[], T]) -> T:
        """The value of a key, its version in it; worked out when it isn't there."""
        values = self._values.get()
        if values is None:
            values = {}
            self._values.set(values)
        found = values.get(key)
        if found is None:
            found = work_out()
            if len(values) >= self._most:
                for oldest in list(islice(values, self._most // 8 + 1)):
                    values.pop(oldest, None)
            values[key] = found
        return found
