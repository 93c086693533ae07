"""GB/T 2828.1 (ISO 2859-1): how many of a batch to look at, and how many defective ones it may have.

Normal inspection, general level II, single sampling: tables 1 and 2-A, with the arrows of 2-A followed. An arrow leads
to another sample size; where the sample would be as large as the batch, all of it is looked at.
"""

from __future__ import annotations

from typing import Final, NamedTuple

CODES: Final = (  # up to this size of a batch: its letter
    (8, "A"),
    (15, "B"),
    (25, "C"),
    (50, "D"),
    (90, "E"),
    (150, "F"),
    (280, "G"),
    (500, "H"),
    (1_200, "J"),
    (3_200, "K"),
    (10_000, "L"),
    (35_000, "M"),
    (150_000, "N"),
    (500_000, "P"),
)
LETTERS: Final = "ABCDEFGHJKLMNPQR"
SAMPLES: Final = dict(zip(LETTERS, (2, 3, 5, 8, 13, 20, 32, 50, 80, 125, 200, 315, 500, 800, 1250, 2000), strict=True))
# By AQL the acceptance numbers of A to R; rejected at one more.
_TABLE: Final = {
    "0.65": "v v v v v 0 ^ v 1 2 3 5 7 10 14 21",
    "1.0": "v v v v 0 ^ v 1 2 3 5 7 10 14 21 ^",
    "1.5": "v v v 0 ^ v 1 2 3 5 7 10 14 21 ^ ^",
    "2.5": "v v 0 ^ v 1 2 3 5 7 10 14 21 ^ ^ ^",
    "4.0": "v 0 ^ v 1 2 3 5 7 10 14 21 ^ ^ ^ ^",
    "6.5": "0 ^ v 1 2 3 5 7 10 14 21 ^ ^ ^ ^ ^",
}
AQLS: Final = tuple(_TABLE)
LEAST_SIZE: Final = 2
MOST_SIZE: Final = 10_000_000


class Plan(NamedTuple):
    """The letter whose sample is taken, how many that is, and up to how many defective ones are accepted."""

    code: str
    sample: int
    most: int

    @property
    def reject(self) -> int:
        """From how many defective ones on the batch is rejected."""
        return self.most + 1


def find_plan(size: int, aql: str) -> Plan:
    """The plan for a batch of so many. Raises KeyError for an AQL that isn't in AQLS."""
    row = _TABLE[aql].split()
    place = LETTERS.index(next((letter for most, letter in CODES if size <= most), "Q"))
    while row[place] in ("v", "^"):
        place += 1 if row[place] == "v" else -1
    code = LETTERS[place]
    return Plan(code, min(SAMPLES[code], size), int(row[place]))
