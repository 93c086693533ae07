"""拒绝: every reason is shown with what it needs or why it is closed, as the domain has it; advice can be followed."""

from __future__ import annotations

import io
import itertools
import re
from datetime import timedelta

import pytest
from flask import Flask, g

from portal.cases import case_facts, refusing
from portal.cases.effects import application
from portal.cases.effects.hand_ins import Refusal
from portal.cases.effects.step_context import StepContext
from portal.extensions import db, writing
from portal.flow import MOST_APPLICATIONS, NEEDS, Actor, CaseType, StepRefused, find
from portal.models import Case, CaseEvent, Order
from portal.rights import refusal_words, solutions
from portal.rights.reasons import REASONS
from portal.seller import forms
from portal.talk import conversations
from tests.cast import Cast, post, sign_in
from tests.conftest import Clock
from tests.pictures import photo


def _write_to_buyer(cast: Cast, case: Case) -> None:
    with writing():
        order = db.session.get_one(Order, case.order_id)
        conversations.add_message(
            conversations.get_of_order(order, cast.now), "seller", cast.seller, "请补一张照片", now=cast.now
        )


def _accepts(cast: Cast, case: Case, refusal_id: str, photos: list[str]) -> str:
    """What the domain says of a refusal that has everything else it needs."""
    step = find(case.type, case.state, Actor.SELLER, "reject")
    handed = Refusal(refusal=refusal_id, note="说明", photos=photos)
    try:
        application.reject(StepContext(case, step, cast.by(Actor.SELLER), cast.now, handed))
    except StepRefused as refused:
        return refused.sentence
    return ""


# One reason of each ground and whose fault it is: the tables know no more of one.
KINDS = list({(reason.ground, reason.fault): reason for reason in REASONS}.values())


@pytest.mark.parametrize("case_type", [CaseType.EXCHANGE, CaseType.REFUND_ONLY])  # goods are sent, or none
def test_the_form_opens_what_the_domain_accepts_and_advises_what_is_open(
    app: Flask, cast: Cast, now: Clock, case_type: CaseType
) -> None:
    case, photos = cast.open_case(), cast.photos(1, cast.seller)
    _write_to_buyer(cast, case)
    case = db.session.get_one(Case, case.id)
    seen = set()
    with app.test_request_context(), writing():
        case.type = case_type
        g.now = now.at
        for reason, negotiated, excluded, tries, late in itertools.product(
            KINDS, (False, True), (False, True), (1, MOST_APPLICATIONS), (False, True)
        ):
            if late and not negotiated:
                continue  # what is late is no right
            case.reason, case.negotiated, case.applications = reason.id, negotiated, tries
            received = case.opened_at - timedelta(days=60 if late else 2)
            case.opened_on = {
                **case.opened_on,
                "left_out": [[excluded, excluded]],
                "received_at": received.isoformat(),
            }
            db.session.flush()
            form = forms.RejectForm(formdata=None)
            form.prepare(case, None)  # type: ignore[arg-type]  # the form asks nothing of the page
            askable = refusing.may_ask(case, g.now)
            advised = [why for why in form.closed.values() if "请补充凭证" in why]
            assert bool(advised) <= askable
            wrote = NEEDS["wrote"](case_facts.collect_facts(case, g.now)) or ""
            assert "补充凭证" not in wrote or askable
            if tries > 1 and excluded:
                continue
            for known in refusal_words.REFUSALS:
                why = _accepts(cast, case, known.id, photos)
                assert form.closed.get(known.id, "") == why, (reason.id, known.id)
                assert form.hints.get(known.id, "") == (why or ("要上传至少 1 张照片" if known.needs_evidence else ""))
                seen.add((known.id, bool(why)))
        db.session.rollback()
    never_open = {"evidence_insufficient"} | (
        {"no_stock"} if case_type in (CaseType.RETURN_REFUND, CaseType.REFUND_ONLY) else set()
    )
    assert {known for known, shut in seen if not shut} == {each.id for each in refusal_words.REFUSALS} - never_open


def test_advice_to_ask_for_evidence_ends_where_it_can_not_be_asked(app: Flask, cast: Cast, now: Clock) -> None:
    case = db.session.get_one(Case, cast.open_case().id)
    assert "请补充凭证" in refusing.judge_reasons(case, now.at)["evidence_insufficient"]
    with writing():
        case.applications = MOST_APPLICATIONS
    case = db.session.get_one(Case, case.id)
    sentence = refusing.judge_reasons(case, now.at)["evidence_insufficient"]
    assert sentence == "没有请买家补充过凭证，现在也不能再请，不能以举证不足拒绝"
    page = sign_in(app, "seller").get(f"/seller/cases/{case.case_no}").text
    suggested = page.split("建议：")[1].split("</p>")[0]
    assert "补充凭证" not in suggested
    gone = sign_in(app, "seller").get(f"/seller/cases/{case.case_no}/reject").text
    assert "请先在会话里和买家沟通" in gone and "先请买家补充凭证" not in gone


@pytest.mark.parametrize("askable", [True, False])
@pytest.mark.parametrize("rejectable", [True, False])
@pytest.mark.parametrize("reason", [reason.id for reason in REASONS])
def test_suggestions_name_only_open_steps(reason: str, askable: bool, rejectable: bool) -> None:
    for case_type, photos, negotiated in itertools.product(CaseType, (0, 3), (False, True)):
        made = solutions.suggest(
            solutions.Application(
                case_type, reason, photos, negotiated=negotiated, askable=askable, rejectable=rejectable
            )
        )
        assert ("补充凭证" in made.what) <= askable and ("拒绝" in made.what) <= rejectable


def test_the_page_says_everything_before_anything_is_typed_and_all_that_is_wrong_at_once(
    app: Flask, cast: Cast, now: Clock
) -> None:
    case = cast.until("applied")
    _write_to_buyer(cast, case)
    client, url = sign_in(app, "seller"), f"/seller/cases/{case.case_no}/reject"
    page = client.get(url).text
    radios = re.findall(r'<input type="radio" [^>]*name="refusal" value="(\w+)"( disabled)?', page)
    assert [value for value, _ in radios] and {value for value, _ in radios} == {
        each.id for each in refusal_words.REFUSALS
    }
    shut = {value for value, disabled in radios if disabled}
    assert "over_window" in shut and "申请提交时没有超过期限，不能以超期拒绝" in page
    assert "evidence_insufficient" in shut and "请先用「请补充凭证」" in page
    assert radios == sorted(radios, key=lambda each: bool(each[1]))  # the open ones first
    assert "要上传至少 1 张照片" in page and "必填，买家会看到" in page

    wrong = post(client, url, {"refusal": "man_made", "note": ""})
    assert wrong.status_code == 422
    assert "请填写拒绝的说明" in wrong.text and "请至少上传 1 张照片" in wrong.text
    forged = post(client, url, {"refusal": "over_window", "note": ""})
    assert forged.status_code == 422
    assert "请填写拒绝的说明" in forged.text and forged.text.count("不能以超期拒绝") == 3
    done = post(
        client,
        url,
        {"refusal": "man_made", "note": "有水洗痕迹", "photos": [(io.BytesIO(photo((320, 240))), "1.jpg")]},
        content_type="multipart/form-data",
    )
    assert done.status_code == 303, done.text


def test_who_takes_the_step_without_the_form_is_told_everything_too(cast: Cast) -> None:
    case = cast.open_case()
    _write_to_buyer(cast, case)
    with pytest.raises(StepRefused) as refused:
        cast.take(case, "reject", Actor.SELLER, refusal="man_made", note="")
    assert "请填写拒绝的说明" in refused.value.sentence and "请至少上传 1 张照片" in refused.value.sentence
    db.session.expire_all()
    assert db.session.scalar(db.select(CaseEvent.id).where(CaseEvent.step == "reject")) is None
