"""问题类型 at the desk: on the case and at the inspection, with its history."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import select

from portal.extensions import db, writing
from portal.models import Case, CaseEvent, CaseLine, FaultLine, Product, StaffNote
from tests.cast import Cast, post, sign_in


def find_fault(case_id: int) -> str:
    return db.session.scalars(select(FaultLine.fault).where(FaultLine.case_id == case_id)).one()


def find_line(case: Case) -> int:
    return db.session.scalars(select(CaseLine.id).where(CaseLine.case_id == case.id)).one()


def test_a_person_sets_what_is_wrong_and_colleagues_read_it(app: Flask, cast: Cast) -> None:
    case = cast.open_case()
    line, case_id, here = find_line(case), case.id, f"/seller/cases/{case.case_no}"
    with writing():
        for product in db.session.scalars(select(Product)):
            product.kind = "wear"
    seller = sign_in(app, "seller")
    assert f'href="{here}/fault"' in seller.get(here).text
    shown = seller.get(f"{here}/fault").text
    assert (
        '<option value="broken" selected>破损</option>' in shown and "开线、脱线" in shown and "不能开机" not in shown
    )
    answer = post(seller, f"{here}/fault", {f"fault_{line}": "thread"})
    assert answer.status_code == 303
    assert "问题类型已保存" in seller.get(answer.location).text
    assert find_fault(case_id) == "thread"
    note = db.session.scalars(select(StaffNote.words).where(StaffNote.case_id == case_id)).one()
    assert note.startswith("问题类型：破损 → 开线、脱线（")
    refused = post(seller, f"{here}/fault", {f"fault_{line}": "nonsense"})
    assert refused.status_code == 422 and "请选择问题类型" in refused.text
    assert find_fault(case_id) == "thread"
    assert sign_in(app, "seller2").get(f"{here}/fault").status_code == 404


def test_who_counts_can_say_what_is_wrong(app: Flask, cast: Cast) -> None:
    case = cast.until("inspecting")
    line, case_id, address = find_line(case), case.id, f"/seller/cases/{case.case_no}/accept_goods"
    seller = sign_in(app, "seller")
    shown = seller.get(address).text
    assert f'name="fault_{line}"' in shown and '<option value="broken" selected>' in shown
    wrong = post(seller, address, {f"received_{line}": "x", f"accepted_{line}": "1", f"fault_{line}": "packing"})
    assert wrong.status_code == 422 and '<option value="packing" selected>' in wrong.text
    done = post(seller, address, {f"received_{line}": "2", f"accepted_{line}": "2", f"fault_{line}": "packing"})
    assert done.status_code == 303
    assert find_fault(case_id) == "packing"
    event = db.session.scalars(
        select(CaseEvent).where(CaseEvent.case_id == case_id, CaseEvent.step == "accept_goods")
    ).one()
    assert event.data["faults"] == [[line, "broken", "packing"]]
