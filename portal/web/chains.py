"""The forms of a link between two cases, for both sides' pages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from portal import words
from portal.models import CaseLink
from portal.resale import chain as chain_links
from portal.resale import chain_view
from portal.web.fields import Choice, Money
from portal.web.forms import Form


class LinkForm(Form):
    """Which other case, and the ways that the goods take."""

    case = Choice("售后单", missing="请选择要关联的售后单", optional=True)
    route_back = Choice("商品怎么寄回", choices=list(chain_links.ROUTES_BACK.items()), default="via")
    route_out = Choice("换货商品怎么寄出", choices=list(chain_links.ROUTES_OUT.items()), default="via")


def pick(form: Any, rows: Sequence[Any]) -> None:
    """Offer these cases; the likely one is chosen already."""
    form.case.optional = False
    form.case.choices = [
        (str(row.id), f"{words.TYPE[row.type]} {row.case_no} {row.goods[:24]}（订单 {row.order_no}）") for row in rows
    ]
    likely = next((str(row.id) for row in rows if row.likely), None)
    if likely and not form.case.data:
        form.case.data = likely


class ArrangeForm(Form):
    """Routes, and the freight with who bears it."""

    route_back = Choice("商品怎么寄回", choices=list(chain_links.ROUTES_BACK.items()))
    route_out = Choice("换货商品怎么寄出", choices=list(chain_links.ROUTES_OUT.items()))
    freight_back = Money("寄回运费（元）", least=0, most=10_000_000, optional=True)
    freight_back_payer = Choice("寄回运费由谁承担", choices=list(chain_view.BEARERS.items()))
    freight_out = Money("发出运费（元）", least=0, most=10_000_000, optional=True)
    freight_out_payer = Choice("发出运费由谁承担", choices=list(chain_view.BEARERS.items()))

    def __init__(self, found: CaseLink | None, **kwargs: Any) -> None:
        names = ("route_back", "route_out", "freight_back_payer", "freight_out_payer")
        kept = {name: getattr(found, name) for name in names} if found is not None else {}
        if found is not None:
            kept |= {"freight_back": found.freight_back_fen or None, "freight_out": found.freight_out_fen or None}
        super().__init__(data=kept, **kwargs)

    def values(self) -> dict[str, Any]:
        """What chains.arrange is told."""
        return {
            "route_back": self.route_back.data,
            "route_out": self.route_out.data,
            "freight_back": (self.freight_back.data or 0, self.freight_back_payer.data),
            "freight_out": (self.freight_out.data or 0, self.freight_out_payer.data),
        }
