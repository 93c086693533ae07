"""Decide in place, then the next case of the same list: the list is in every address and never lost."""

from __future__ import annotations

import re
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal import words
from portal.cases import held, shipping
from portal.extensions import db
from portal.flow import Actor, CaseType
from portal.models import Case, HeldStep
from tests.cast import Cast, post, sign_in, token_of
from tests.conftest import Clock

LIST = "tab=applied&reason=damaged"


def state_of(case: Case) -> str:
    db.session.rollback()
    return str(db.session.get_one(Case, case.id).state)


def address(case: Case, step: str = "") -> str:
    return f"/seller/cases/{case.case_no}{'/' if step else ''}{step}?{LIST}"


def agrees(desk: FlaskClient, at: str, *, case: Case) -> str:
    """同意 as it stands on the page of the case; where that leads."""
    page = desk.get(at).text
    [action] = re.findall(r'action="([^"]+/agree[^"]*)"', page)
    chosen = re.findall(r'name="address_id" value="(\d+)" checked', page)
    answer = post(desk, unescape(action), {"address_id": chosen[0]}, at=at)
    assert answer.status_code == 303, answer.text
    return answer.location


def test_agreeing_opens_the_next_of_the_list_until_there_is_none(app: Flask, cast: Cast, now: Clock) -> None:
    cases = []
    for _ in range(3):
        cases.append(cast.open_case(now=now.at))
        now.forward(minutes=1)
    desk = sign_in(app, "seller")
    at = address(cases[0])
    for case, following in zip(cases, [*cases[1:], None], strict=True):
        at = agrees(desk, at, case=case)
        assert state_of(case) == "applied"  # held back
        if following is not None:
            assert at == address(following)
    assert at == f"/seller?{LIST}&said=list-done"
    page = desk.get(at).text
    assert "这一列后面没有了" in page and page.count("撤回") >= 3
    now.forward(seconds=11)
    assert held.carry_out_due(now.at) == 3
    assert {state_of(case) for case in cases} == {"returning"}


def test_one_that_fails_in_the_middle_leads_on_to_the_next(app: Flask, cast: Cast, now: Clock) -> None:
    """The buyer was faster: the case has left the list, whose next one is a click away, with tab and filters."""
    cases = []
    for _ in range(3):
        cases.append(cast.open_case(now=now.at))
        now.forward(minutes=1)
    desk = sign_in(app, "seller")
    second = agrees(desk, address(cases[0]), case=cases[0])
    assert second == address(cases[1])
    form = token_of(desk.get(second))
    cast.take(cases[1], "withdraw", Actor.BUYER, now=now.at)
    failed = desk.post(address(cases[1], "agree"), data=form)
    assert failed.status_code == 409 and "这一步没有办成" in failed.text
    [onward] = re.findall(r'<a class="btn" href="([^"]+)">看下一张</a>', failed.text)
    assert unescape(onward) == address(cases[2]), "neither this one nor one that is held"
    assert "看下一张" not in desk.get(address(cases[2])).text
    last = desk.get(address(cases[2]))
    cast.take(cases[2], "withdraw", Actor.BUYER, now=now.at)
    assert "看下一张" not in desk.post(address(cases[2], "agree"), data=token_of(last)).text, "there is none"


def test_what_could_not_be_done_is_said_however_many_were_decided_since(app: Flask, cast: Cast, now: Clock) -> None:
    """It is known ten seconds later, when whoever decides quickly is several cases further."""
    cases = [cast.open_case(now=now.at) for _ in range(9)]
    number = cases[0].case_no
    desk = sign_in(app, "seller")
    agrees(desk, address(cases[0]), case=cases[0])
    cast.take(cases[0], "withdraw", Actor.BUYER)
    now.forward(seconds=11)
    assert held.carry_out_due(now.at) == 0
    for case in cases[1:-1]:
        agrees(desk, address(case), case=case)
    page = desk.get(address(cases[-1])).text
    assert f"{number}</a> 没有同意" in page and "还有 6 张可以撤回" in page
    assert page.count(">撤回") == 7 and page.count('data-key="z"') == 1, "one button is in sight, and one has the key"


def test_the_strip_takes_a_step_back_and_the_list_is_still_there(app: Flask, cast: Cast, now: Clock) -> None:
    first, second = cast.open_case(now=now.at), cast.open_case(now=now.forward(minutes=1))
    desk = sign_in(app, "seller")
    page = desk.get(agrees(desk, address(first), case=first)).text
    assert f"已同意 <strong>{first.case_no}</strong>" in page and f"售后单 {second.case_no}" in page
    [undo] = re.findall(r'action="(/seller/held/\d+/undo[^"]*)"', page)
    back = post(desk, unescape(undo), at=address(second))
    assert back.location == f"{address(first)}&said=undone"
    assert "已撤回" in desk.get(back.location).text
    late = post(desk, unescape(undo), at=address(second))
    assert "undo-late" in late.location and LIST in late.location
    now.forward(seconds=11)
    assert held.carry_out_due(now.at) == 0 and state_of(first) == "applied"


def test_a_case_of_its_own_is_decided_at_once_and_stays(app: Flask, cast: Cast, now: Clock) -> None:
    case = cast.open_case()
    desk = sign_in(app, "seller")
    at = f"/seller/cases/{case.case_no}"
    assert agrees(desk, at, case=case).startswith(f"{at}?v=") and state_of(case) == "returning"


@pytest.mark.parametrize("step", ["ask_evidence", "agree", "agree_no_return"])
def test_the_form_stands_beside_the_evidence_at_its_own_address(app: Flask, cast: Cast, now: Clock, step: str) -> None:
    case = cast.open_case()
    page = sign_in(app, "seller").get(address(case, step)).text
    assert f'action="/seller/cases/{case.case_no}/{step}?tab=applied&amp;reason=damaged"' in page
    for evidence in ("申请内容", "袜子破洞", "买家与订单", 'id="case"'):
        assert evidence in page
    assert page.count("<form") - page.count("/search") == page.count('name="csrf_token"')


@pytest.mark.parametrize(
    ("state", "opened", "standing"),
    [
        ("applied", "", "agree"),
        ("applied", "agree", "agree"),
        ("applied", "agree_no_return", "agree_no_return"),
        ("applied", "ask_evidence", "ask_evidence"),
        ("inspecting", "", ""),
        ("inspecting", "accept_goods", "accept_goods"),
        ("reshipping", "ship_replacement", "ship_replacement"),
    ],
)
def test_the_line_that_stays_offers_each_step_once_and_submits_the_form_that_stands(
    app: Flask, cast: Cast, now: Clock, state: str, opened: str, standing: str
) -> None:
    case = cast.until(state)
    page = sign_in(app, "seller").get(f"/seller/cases/{case.case_no}" + (f"/{opened}" if opened else "")).text
    line = page.split('<section id="case"')[1].split("</section>")[0]
    links = re.findall(rf'href="/seller/cases/{case.case_no}/(\w+)', line)
    buttons = re.findall(r'<button type="submit" form="step-form"[^>]*>([^<]+)<', line)
    forms = re.findall(rf'action="/seller/cases/{case.case_no}/(\w+)" class="form" id="step-form"', page)
    assert forms == ([standing] if standing else []) and standing not in links
    form = page.split('id="step-form"')[1].split("</form>")[0] if standing else ""
    assert buttons == re.findall(r'<button type="submit" class="btn (?:primary|danger)"[^>]*>([^<]+)<', form)
    expected = {"applied": "agree", "inspecting": "accept_goods", "reshipping": "ship_replacement"}[state]
    assert [*links, *forms].count(expected) == 1 and len(buttons) == bool(standing)


@pytest.mark.parametrize("case_type", CaseType)
def test_every_decision_stands_beside_what_was_applied_for(
    app: Flask, cast: Cast, now: Clock, case_type: CaseType
) -> None:
    """Its words and its goods, whatever is applied for and whatever is decided; 同意 is there without a click."""
    case = cast.open_case(case_type=case_type, reason="missing_item" if case_type == CaseType.REISSUE else "damaged")
    desk = sign_in(app, "seller")
    page = desk.get(address(case)).text
    assert f'action="/seller/cases/{case.case_no}/agree?' in page and "data-takes" in page
    steps = {"agree", *re.findall(rf'class="btn [a-z]+" href="/seller/cases/{case.case_no}/([a-z_]+)', page)}
    assert steps >= {"agree", "ask_evidence", "propose"}
    for step in sorted(steps):
        shown = desk.get(address(case, step)).text
        assert "袜子破洞" in shown and "黑色" in shown, step


def test_what_was_wrong_is_said_in_place_and_the_list_is_kept(app: Flask, cast: Cast, now: Clock) -> None:
    case = cast.open_case()
    desk = sign_in(app, "seller")
    answer = post(desk, address(case, "ask_evidence"), {"note": " "})
    assert answer.status_code == 422 and "请写明需要买家补充什么凭证" in answer.text
    assert "袜子破洞" in answer.text and "tab=applied&amp;reason=damaged" in answer.text
    asked = post(desk, address(case, "ask_evidence"), {"note": "请补拍外包装"})
    assert asked.status_code == 303
    now.forward(seconds=11)
    held.carry_out_due(now.at)
    assert state_of(case) == "revising"


def test_a_step_that_cannot_wait_is_taken_and_the_next_opens(app: Flask, cast: Cast, now: Clock) -> None:
    ready = [cast.until("inspecting", now=now.at), cast.until("inspecting", now=now.forward(minutes=1))]
    desk = sign_in(app, "seller")
    at = f"/seller/cases/{ready[0].case_no}/accept_goods?tab=way"
    lines = dict(re.findall(r'name="((?:received|accepted)_\d+)"[^>]*value="([^"]+)"', desk.get(at).text))
    lines |= {name.replace("received", "condition"): "intact" for name in lines if name.startswith("received")}
    done = post(desk, at, lines)
    assert done.location == f"/seller/cases/{ready[1].case_no}?tab=way&said=step-done"
    assert state_of(ready[0]) == "reshipping"


def test_a_colleague_is_told_that_a_step_waits(app: Flask, cast: Cast, now: Clock) -> None:
    case = cast.open_case()
    cast.employ(cast.shop, "buyer2", "agent")
    agrees(sign_in(app, "seller"), address(case), case=case)
    other = post(sign_in(app, "buyer2"), address(case, "ask_evidence"), {"note": "请补拍"})
    assert other.status_code == 409 and "seller 已同意，" in other.text and "请补拍" in other.text
    assert "您填写的内容在下面" in other.text and "刚刚有人" not in other.text


def row_of(page: str, case: Case) -> str:
    """The row of a case in the queue."""
    return page.split(f">{case.case_no}</a>")[1].split("</tr>")[0]


@pytest.mark.parametrize("step", ["agree", "agree_no_return", "ask_evidence"])
def test_what_waits_is_said_in_the_row_on_the_page_and_to_who_presses_again(
    app: Flask, cast: Cast, now: Clock, step: str
) -> None:
    """Never that it waits for the shop, which has decided; never that somebody else did it, never that words are kept
    where there were none."""
    case, other = cast.open_case(now=now.at), cast.open_case(now=now.forward(minutes=1))
    cast.employ(cast.shop, "buyer2", "agent")
    desk, colleague = sign_in(app, "seller"), sign_in(app, "buyer2")
    page = desk.get(address(case, step)).text
    form = {"note": "请补拍"} if step == "ask_evidence" else {}
    form |= dict(re.findall(r'name="(address_id)" value="(\d+)" checked', page))
    assert post(desk, address(case, step), form).status_code == 303
    until = words.clock(now.at + held.HELD_FOR)
    done = f"已{words.STEP_DONE[step]}"
    for reader, who in ((desk, "您"), (colleague, "seller ")):
        queue = reader.get(f"/seller?{LIST}").text
        assert f"{who}{done} · {until} 生效<" in row_of(queue, case) and "待商家审核" not in row_of(queue, case)
        assert done not in row_of(queue, other), "the others stand as they were"
        assert 'data-label="期限">–<' in row_of(queue, case) and 'data-label="期限">–<' not in row_of(queue, other)
        for at in (address(case), f"/seller/cases/{case.case_no}", address(case, "agree"), address(other)):
            shown = reader.get(at).text
            in_list = shown.split('<ul class="rows list">')[1].split("</ul>")[0] if "rows list" in shown else ""
            if "?" in at:
                assert f"{who}{done} · {until} 生效<" in in_list
                assert "<time" not in in_list.split(case.case_no)[1].split("</li>")[0], (
                    "no deadline of the state before"
                )
            if other.case_no not in at:
                line = shown.split('id="case"')[1].split("</section>")[0]
                assert f"{who}{done}，{until} 生效" in line and "待商家审核" not in line and "需要您处理" not in line
                assert ("在那之前可以撤回" in line, "/undo" in shown) == (reader is desk, reader is desk)
                assert "到期未处理" not in shown and "截止" not in line
                assert 'id="step-form"' not in shown, "nothing is taken past it"
        for at in (address(case, "agree_no_return"), f"/seller/cases/{case.case_no}/agree_no_return"):
            again = post(reader, at, {}, at=address(other, "agree_no_return"))
            assert again.status_code == 409 and f"{who}{done}，{until} 生效" in again.text
            assert not re.search("刚刚有人|内容都?已保留|填写的内容", again.text)
    now.forward(seconds=11)
    assert f"您{done} · 正在生效<" in row_of(desk.get(f"/seller?{LIST}").text, case), "its time has come"
    assert held.carry_out_due(now.at) == 1


@pytest.mark.parametrize(("step", "note"), [("agree", ""), ("ask_evidence", "请补拍"), ("reject", "")])
def test_words_are_said_to_be_kept_only_where_some_were_typed(
    app: Flask, cast: Cast, now: Clock, step: str, note: str
) -> None:
    """An address that the page itself had chosen isn't typed."""
    case = cast.open_case()
    desk = sign_in(app, "seller")
    page = desk.get(address(case, step))
    form = token_of(page) | {"note": note}
    form |= dict(re.findall(r'name="(address_id)" value="(\d+)" checked', page.text))
    assert ("address_id" in form) is (step == "agree")
    late = desk.post(address(case, step), data=form | {"version": "99"})
    assert late.status_code in (409, 422) and 'role="alert"' in late.text
    assert ("填写的内容都已保留" in late.text) is bool(note) and note in late.text
    assert "填写的内容已保留" not in late.text


@pytest.mark.parametrize("step", sorted(held.HOLDABLE | held.COUNTED | {shipping.STEP}))
def test_every_step_that_can_wait_has_its_word(step: str) -> None:
    assert words.STEP_DONE[step]


def test_what_could_not_be_carried_out_is_told_to_who_took_it(app: Flask, cast: Cast, now: Clock) -> None:
    case = cast.open_case()
    desk = sign_in(app, "seller")
    agrees(desk, address(case), case=case)
    cast.take(case, "withdraw", Actor.BUYER, now.at)
    now.forward(seconds=11)
    held.carry_out_due(now.at)
    page = desk.get("/seller").text
    assert f"{case.case_no}</a> 没有同意：" in page


@pytest.mark.parametrize("role", ["warehouse", "finance"])
def test_who_may_not_agree_has_no_button_and_is_refused(app: Flask, cast: Cast, now: Clock, role: str) -> None:
    case = cast.open_case()
    cast.employ(cast.shop, "buyer2", role)
    desk = sign_in(app, "buyer2")
    assert desk.get(address(case, "agree")).status_code == 403
    assert db.session.scalars(db.select(HeldStep)).all() == []


def test_a_key_that_does_nothing_has_its_reason_on_the_page(app: Flask, cast: Cast, now: Clock) -> None:
    case = cast.open_case(reason="seven_day")
    page = sign_in(app, "seller").get(address(case)).text
    for key in ("a", "r", "e"):
        assert f'data-key="{key}"' in page or f'data-why="{key}"' in page
