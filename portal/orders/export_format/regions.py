"""省, 市, 区 and 街道 in columns of their own: other tools' addresses begin with them, and are none without."""

from __future__ import annotations

import re
from collections.abc import Mapping

from portal.orders.export_format.columns import normal_heading
from portal.sheets import Fault, Number, Row

ADDRESS = "收货地址"
BEFORE_ADDRESS = "{theirs}几列合在「收货地址」前面读取"
_WHOSE = "(?:收[货件]人?|买家|客户|收货人?所在|所在)?"
_STEPS = tuple(
    re.compile(f"{_WHOSE}(?:{names})(?:名称)?")
    for names in (
        "省份?|省/直辖市|省/自治区|省市区县?|省/市/区县?|省-市-区县?|省市县|省市区街道|省、市、区",
        "市|城市|地级市",
        "区|区县|区/县|县|县区|县/区|区域|地区|县级市",
        "街道|街道/乡镇|乡镇|镇|乡镇/街道|乡镇街道",
    )
)


class Regions:
    """The columns with an address's beginning. ``cells``: the headings that mean nothing else, by their places.

    Without a column of provinces there are none: 「区」 alone may be a warehouse's.
    """

    def __init__(self, cells: Mapping[int, str]) -> None:
        plain = {place: normal_heading(text) for place, text in sorted(cells.items())}
        found = [
            next(((place, cells[place]) for place, text in plain.items() if step.fullmatch(text)), None)
            for step in _STEPS
        ]
        self._steps = dict(each for each in found if each) if found[0] else {}
        self._address: int | None = None

    @property
    def places(self) -> frozenset[int]:
        return frozenset(self._steps)

    def stand_before(self, address: int | None) -> None:
        """The column of addresses, if there is one; without it the others are of no use."""
        self._address = address
        if address is None:
            self._steps = {}

    def say(self) -> str:
        return BEFORE_ADDRESS.format(theirs="".join(f"「{text.strip()}」" for text in self._steps.values()))

    def join(self, row: Row) -> Row:
        """The row with its whole address; one that is empty stays so: the row may only go on with its order."""
        cells = row.cells
        if self._address is None or not self._steps:
            return row
        address = cells.get(self._address, "")
        if isinstance(address, Fault | Number) or not address.strip():
            return row
        before: list[str] = []
        for place in self._steps:
            said = cells.get(place, "")
            text = "" if isinstance(said, Fault | Number) else " ".join(said.split())
            if text and text not in before and not _is_said(text, address):
                before.append(text)
        if not before:
            return row
        return row._replace(cells={**cells, self._address: " ".join([*before, address.strip()])})


def _is_said(region: str, address: str) -> bool:
    """Whether an address says this already: 「四川省」 in 「四川 成都…」 too."""
    plain = "".join(address.split())
    parts = [re.sub("(?:维吾尔|壮族|回族)?(?:自治[区州县]|[省市区县])$", "", part) or part for part in region.split()]
    return all(part in plain for part in parts)
