"""What holds of freight that a buyer says they advanced for the way back, in every row of ``cases``."""

from __future__ import annotations

from portal.flow import FINAL, State

MOST_FREIGHT = 50_000  # 分, of one case; more is a slip of the hand, or to be agreed on in a proposal

_ENDED = ",".join(f"'{state}'" for state in State if state in FINAL)
# open: waits for the shop; dropped: the case ended before an answer; carried: the case that goes on has it.
FREIGHT_HELD = (
    "freight_claim IN ('','open','accepted','declined','dropped','carried') "
    f"AND freight_fen BETWEEN 0 AND {MOST_FREIGHT} AND (freight_claim = '') = (freight_fen = 0) "
    f"AND (freight_claim <> 'open' OR state NOT IN ({_ENDED}))"
)
