"""What is handed in for many cases at once: an address, words, a table of parcels."""

from __future__ import annotations

import re
from collections.abc import Mapping

from portal import inputs
from portal.cases import bulk, owners
from portal.parcels import carriers, naming, numbers
from portal.people import roles
from portal.rights import policies
from portal.web.fields import Choice, Line, Text
from portal.web.forms import Form

_CASE_NO = re.compile(r"[A-Z]{2}\d{8,20}")


class BulkForm(Form):
    """Nothing but the yes to what the page shows."""

    def prepare(self, shop_id: int, *, first: bool) -> None:
        """Fill in what depends on the shop; ``first``: nothing was sent yet."""

    def fill(self, facts: Mapping[str, object]) -> None:
        """Fill in what the run was made with."""

    def facts(self) -> dict[str, object]:
        """What is handed in with every case."""
        return {}

    def parcels(self, _waiting: Mapping[str, int]) -> dict[int, list[tuple[str, str]]] | None:
        """Carriers and numbers by item; None where nothing is sent."""
        return None


class AgreeForm(BulkForm):
    """同意: where all of it goes back to."""

    address_id = Choice("退货地址", missing="请选择退货地址；还没有的话，请先在「退货地址」里添加")

    def prepare(self, shop_id: int, *, first: bool) -> None:
        known = policies.list_addresses(shop_id)
        self.address_id.choices = [(str(each.id), f"{each.name} {each.phone} {each.address}") for each in known]
        if first and known:
            self.address_id.data = str(known[0].id)

    def facts(self) -> dict[str, object]:
        return {"address_id": int(self.address_id.data)}


class AskForm(BulkForm):
    """请补充凭证."""

    note = Text("需要补充什么", limit=500, missing="请写明需要买家补充什么凭证")

    def facts(self) -> dict[str, object]:
        return {"note": self.note.data or ""}


class ReplyForm(AskForm):
    """回复."""

    note = Text("回复内容", limit=500, missing="请写下要发给买家的话")


class ShipForm(BulkForm):
    """发货: a line for each parcel."""

    table = Text("售后单号、物流公司、运单号，每行一个包裹", limit=100_000, missing="请粘贴表格：每行一个包裹")

    def fill(self, facts: Mapping[str, object]) -> None:
        self.table.data = facts.get("table", "")

    def parcels(self, waiting: Mapping[str, int]) -> dict[int, list[tuple[str, str]]] | None:
        """Reads the table; what can't be read is put to the form, line by line."""
        found: dict[int, list[tuple[str, str]]] = {}
        wrong: list[str] = []
        for place, line in enumerate((self.table.data or "").splitlines(), 1):
            if line.strip() and not line.strip().startswith("售后单"):
                problem = _read_line(line, waiting, found)
                wrong += [f"第 {place} 行：{problem}"] if problem else []
        for sentence in wrong[:10]:
            self.refuse(sentence, "table")
        if not found and not wrong:
            self.refuse("表格里没有售后单", "table")
        return found


def _read_line(line: str, waiting: Mapping[str, int], found: dict[int, list[tuple[str, str]]]) -> str:
    """Take a line into ``found``; returns what is wrong with it."""
    cells = [cell for cell in re.split(r"[\t,，;；|\s]+", line.strip()) if cell]
    if len(cells) != 3 or not _CASE_NO.fullmatch(cells[0].upper()):
        return "要有售后单号、物流公司、运单号三列"
    item_id = waiting.get(cells[0].upper())
    if item_id is None:
        return f"{cells[0]} 不在这次要发货的售后单里"
    carrier = carriers.by_code(cells[1].upper()) or naming.from_text(cells[1])
    if carrier is None:
        return f"不认识物流公司「{cells[1][:20]}」"
    try:
        parcel = carrier.code, numbers.check_number(cells[2], carrier=carrier.code)
        if parcel in found.get(item_id, []):
            return f"{cells[0]} 的运单号 {cells[2]} 出现了两次"
        found.setdefault(item_id, []).append(parcel)
    except inputs.InputRefused as refused:
        return refused.sentence
    return ""


class HandOverForm(BulkForm):
    """转交: to whom, and a line for them."""

    to = Choice("转交给", missing="请选择转交给谁")
    line = Line("留言", limit=200, optional=True)

    def prepare(self, shop_id: int, *, first: bool) -> None:
        people = owners.list_colleagues(shop_id)
        self.to.choices = [(str(each.user_id), f"{each.member_name}（{roles.ROLES[each.role]}）") for each in people]

    def facts(self) -> dict[str, object]:
        return {"to": int(self.to.data), "words": self.line.data or ""}


FORMS: dict[str, type[BulkForm]] = {
    "agree": AgreeForm,
    "ask_evidence": AskForm,
    "ship_replacement": ShipForm,
    bulk.REPLY: ReplyForm,
    bulk.HAND_OVER: HandOverForm,
}
