"""The reasons by which the shop may refuse an application now, and why each of the others is closed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import func, select

from portal import flow
from portal.cases import case_facts
from portal.extensions import db
from portal.flow import Actor, StepRefused
from portal.models import Case, CaseEvent
from portal.rights import refusal_words, refusals

PHOTO = "这个原因需要上传凭证，请至少上传 1 张照片"
IDS = tuple(known.id for known in refusal_words.REFUSALS)
NOTE = "请填写拒绝的说明，买家会看到"


def judge_reasons(case: Case, now: datetime, ids: Iterable[str] = IDS) -> Mapping[str, str]:
    """Of each of these reasons by its id why it can't be given now, or ""."""
    application = case_facts.application_of(case)
    found = {}
    for refusal_id in ids:
        asks = refusal_id == "evidence_insufficient"  # what the others don't depend on isn't looked up for them
        asked = asks and was_asked(case)
        askable = asks and not asked and may_ask(case, now)
        found[refusal_id] = refusals.why_closed(refusal_id, application, asked=asked, askable=askable)
    return found


def was_asked(case: Case) -> bool:
    """Whether the buyer was asked for evidence in this case."""
    asked = (
        select(func.count())
        .select_from(CaseEvent)
        .where(CaseEvent.case_id == case.id, CaseEvent.shop_id == case.shop_id, CaseEvent.step == "ask_evidence")
    )
    return bool(db.session.scalar(asked))


def may_ask(case: Case, now: datetime) -> bool:
    """Whether the shop can ask the buyer for evidence now, or offer to while the platform is in it."""
    facts = case_facts.collect_facts(case, now)
    try:
        flow.choose(case.type, case.state, Actor.SELLER, "ask_evidence", facts)
    except StepRefused:
        return flow.find_offered(case.type, case.state, Actor.SELLER, "ask_evidence", facts) is not None
    return True
