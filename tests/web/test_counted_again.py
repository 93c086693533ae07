"""重新验货 says before it is pressed what was counted, what it comes to, and that the new count replaces it."""

from __future__ import annotations

import re

import pytest
from flask import Flask

from portal.extensions import db
from portal.flow import CaseType
from portal.models import CaseLine
from tests.cast import Cast, shows_money, sign_in

HINT = "提交后由新的结果代替，金额按新的结果计算"


@pytest.mark.parametrize(
    ("kind", "dearer", "said"),
    [
        (CaseType.RETURN_REFUND, None, "按这个结果退款 12.50 元"),
        (CaseType.EXCHANGE, None, "按这个结果买家不用补差价"),
        (CaseType.EXCHANGE, 300, "按这个结果买家补差价 3.00 元"),
        (CaseType.EXCHANGE, -300, "按这个结果退差价 3.00 元"),
    ],
)
def test_the_page_says_what_it_comes_to_now(
    app: Flask, cast: Cast, kind: CaseType, dearer: int | None, said: str
) -> None:
    case = cast.until("disputed", case_type=kind, dearer=dearer)
    page = sign_in(app, "seller").get(f"/seller/cases/{case.case_no}/revise_inspection").text
    assert "收到 2 双，通过 1 双" in page and said in page and HINT in page
    fields = dict(re.findall(r'name="(received|accepted|linenote)_[0-9]+"[^>]*value="([^"]*)"', page))
    line = db.session.scalars(db.select(CaseLine).where(CaseLine.case_id == case.id)).one()
    assert fields == {"received": "2", "accepted": "1", "linenote": line.inspection_note}  # as it was counted
    assert f'value="{line.condition}" selected' in re.sub(r"\s+", " ", page)


def test_who_sees_no_money_reads_the_count_alone_and_a_first_count_says_nothing(app: Flask, cast: Cast) -> None:
    cast.employ(cast.shop, "buyer2", "warehouse")
    case = cast.until("disputed", case_type=CaseType.RETURN_REFUND)
    page = sign_in(app, "buyer2").get(f"/seller/cases/{case.case_no}/revise_inspection").text
    assert "收到 2 双，通过 1 双" in page and HINT in page and not shows_money(page)
    case = cast.until("inspecting", case_type=CaseType.RETURN_REFUND)
    assert HINT not in sign_in(app, "seller").get(f"/seller/cases/{case.case_no}/accept_goods").text
