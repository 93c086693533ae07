"""How a cell says that it can't be taken."""

from __future__ import annotations


class CellRefused(Exception):
    """A cell that can't be taken; ``sentence`` says why."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence
