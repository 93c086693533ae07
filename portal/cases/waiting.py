"""How the desk says that a step of a case waits to be carried out: which, by whom, until when."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Row

from portal import words


class Waiting(NamedTuple):
    """A step that was taken and is held back: nobody takes another meanwhile."""

    step: str
    user_id: int
    author: str
    due_at: datetime

    def tell(self, reader_id: int, now: datetime) -> str:
        """For a page and an answer: 您已同意，14:05:09 生效，在那之前可以撤回."""
        can_undo = self.user_id == reader_id and self.due_at > now
        return f"{self._tell_done(reader_id, now, '，')}{'，在那之前可以撤回' if can_undo else ''}"

    def tell_short(self, reader_id: int, now: datetime) -> str:
        """For a row, below the strip with its button: 您已同意 · 14:05:09 生效."""
        return self._tell_done(reader_id, now, " · ")

    def _tell_done(self, reader_id: int, now: datetime, between: str) -> str:
        who = "您" if self.user_id == reader_id else f"{self.author} "
        when = f"{words.clock(self.due_at)} 生效" if self.due_at > now else "正在生效"
        return f"{who}已{words.STEP_DONE[self.step]}{between}{when}"


def read_waiting(row: Row[int, str, int, str, datetime]) -> Waiting:
    """Of the columns step, user_id, author and due_at."""
    return Waiting(row.step, row.user_id, row.author, row.due_at)


def tell_each(waiting: Mapping[int, Waiting], reader_id: int, now: datetime) -> dict[int, str]:
    """What waits of some cases, for their rows, by the case."""
    return {case_id: each.tell_short(reader_id, now) for case_id, each in waiting.items()}
