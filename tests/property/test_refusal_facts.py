"""A refusal that the data contradicts can't be given: against a table written from the rules alone.

What may be applied for, how late it is and what is left out is worked out here anew from the facts that were drawn; no
rule of the portal is asked. The desk's form, what it takes and what the buyer then reads are held against it.
"""

from __future__ import annotations

import html
import io
import random
import re
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import select, update

from portal.applications import applications, drafts
from portal.cases.effects.step_context import ActedBy
from portal.extensions import db, writing
from portal.flow import Actor
from portal.models import Case, Evidence, Order, OrderLine, Product
from portal.talk import conversations
from tests.cast import Cast, post, sign_in, token_of
from tests.conftest import NOW, Clock
from tests.pictures import photo

BEIJING = ZoneInfo("Asia/Shanghai")
EXCHANGE, REISSUE, RETURN, REFUND = "exchange", "reissue", "return_refund", "refund_only"
BACK = (EXCHANGE, RETURN)
# Of each reason: its ground, what it opens by right, and what the shop can be asked for.
REASONS = {
    "damaged": ("quality", BACK, BACK),
    "colour": ("quality", BACK, BACK),
    "size": ("quality", BACK, BACK),
    "defect": ("quality", BACK, BACK),
    "fake": ("quality", (RETURN,), (RETURN,)),
    "wrong_item": ("shipping", BACK, BACK),
    "missing_item": ("shipping", (REISSUE, REFUND), (REISSUE, REFUND)),
    "empty_parcel": ("shipping", (REFUND, REISSUE), (REFUND, REISSUE)),
    "wrong_order": ("ordering", (EXCHANGE,), BACK),
    "over_qty": ("ordering", (RETURN,), (RETURN,)),
    "disaster": ("special", (EXCHANGE,), BACK),
    "delay": ("special", (EXCHANGE,), BACK),
    "other": ("special", (EXCHANGE,), BACK),
    "promise": ("promise", (EXCHANGE,), BACK),
    "seven_day": ("no_reason", (RETURN,), (RETURN,)),
    "dislike": ("none", (), BACK),
    "personal_cancel": ("none", (), (RETURN,)),
    "not_wanted": ("unshipped", (REFUND,), ()),
    "late_ship": ("unshipped", (REFUND,), ()),
    "not_delivered": ("absent", (REFUND, REISSUE), ()),
    "refused_delivery": ("absent", (REFUND, REISSUE), ()),
}
REFUSALS = {
    "over_window": "已超过期限",
    "not_in_scope": "商品与描述相符，不属于退换范围",
    "evidence_insufficient": "举证不足",
    "man_made": "商品已使用或人为损坏，影响二次销售",
    "incomplete": "吊牌、包装、配件或赠品不全",
    "no_stock": "换货或补发的规格缺货",
    "amount": "申请的数量与实际不符",
    "already_agreed": "已与买家协商其他方案",
    "customised": "定制、鲜活等下单时已说明不支持退换",
    "other": "其他",
}
WITH_PHOTO = {"not_in_scope", "man_made", "incomplete", "amount", "already_agreed", "other"}
OF_THE_SHOP = ("quality", "shipping", "absent")  # grounds that are the shop's fault
CHINESE = {EXCHANGE: "换货", REISSUE: "补发", RETURN: "退货退款", REFUND: "仅退款"}


@dataclass(frozen=True)
class Facts:
    """What is drawn: the order, what it was sold with, and what is asked for."""

    reason: str
    kind: str
    place: str  # unshipped, in_transit, delivered, completed
    days: int | None  # since it was received; None: nobody knows when, or it wasn't
    window: int = 15
    hidden: int = 30
    published: bool = False  # by the shop itself, before the order
    later: int = 0  # a shorter window that the shop published after the order; 0: none
    promises: tuple[str, ...] = ()
    consumer: bool = False
    resold: bool = False
    law: str = ""  # made, unfit, unfit_confirmed, made_later
    shop: str = ""  # left_out, left_out_later
    photos: int = 1
    asked_evidence: bool = False
    now: datetime = NOW

    @property
    def ground(self) -> str:
        return REASONS[self.reason][0]

    @property
    def received_at(self) -> datetime | None:
        return None if self.days is None else self.now - timedelta(days=self.days, hours=3)

    @property
    def left_out_by_law(self) -> bool:
        return self.law in ("made", "unfit_confirmed")

    @property
    def left_out(self) -> bool:
        return self.left_out_by_law or self.shop == "left_out"

    @property
    def no_reason(self) -> bool:
        """Whether 7天无理由 holds: by law for what is bought for living, else where it was promised."""
        return not self.left_out_by_law and (self.consumer or "qtwlybt" in self.promises)


def end_of(start: datetime, days: int) -> datetime:
    """Midnight after the last of these days; the first one doesn't count."""
    last = start.astimezone(BEIJING).date() + timedelta(days=days)
    return datetime.combine(last + timedelta(days=1), time(), BEIJING)


def roll(end: datetime) -> datetime:
    """To the end of the first working day where the last day is one of rest (no holiday is near)."""
    while (end - timedelta(days=1)).weekday() >= 5:
        end += timedelta(days=1)
    return end


def after_workdays(start: datetime, days: int) -> datetime:
    day = start.astimezone(BEIJING).date()
    while days:
        day += timedelta(days=1)
        days -= day.weekday() < 5
    return datetime.combine(day + timedelta(days=1), time(), BEIJING)


def promised_days(facts: Facts) -> int:
    return max([{"qtbh": 7, "swtbh": 15}.get(code, 0) for code in facts.promises], default=0)


def find_end(facts: Facts) -> datetime | None:
    """Until when what is asked for can be asked for; None: the term hasn't begun, or nobody knows when."""
    start = facts.received_at
    if start is None:
        return None
    if facts.ground == "no_reason":
        return roll(end_of(start, 7))
    if facts.ground == "promise" and facts.kind == EXCHANGE and promised_days(facts):
        return end_of(start, promised_days(facts))
    window = max(facts.window, facts.hidden) if facts.reason == "defect" else facts.window
    ends = [end_of(start, window)]
    if facts.resold and facts.ground not in ("promise", "absent"):
        ends = [after_workdays(start, 7), *(ends if facts.published else [])]
    if facts.kind in (EXCHANGE, REISSUE) and not facts.resold:
        ends.append(end_of(start, promised_days(facts)))
    if facts.ground == "promise":
        ends.append(end_of(start, promised_days(facts)))
    return max(ends)


def stands(facts: Facts) -> str:
    """right, asked, or "" for what can't be applied for at all."""
    ground, by_right, by_asking = REASONS[facts.reason]
    if (ground == "unshipped") != (facts.place == "unshipped"):
        return ""
    if ground == "absent" and facts.place == "completed":
        return ""
    if ground in OF_THE_SHOP and facts.reason not in ("not_delivered",) and facts.photos == 0:
        return ""
    end = find_end(facts)
    late = end is not None and facts.now >= end
    right = facts.kind in by_right and not late
    right |= facts.reason == "damaged" and facts.kind == REISSUE and "psbj" in facts.promises and not late
    if ground == "promise":
        right = right and promised_days(facts) > 0
    elif ground == "no_reason":
        right = right and facts.no_reason
    elif ground in ("ordering", "special"):
        right = right and facts.shop != "left_out"
    if right:
        return "right"
    kinds = set(by_asking)
    if facts.resold and late and ground not in ("promise", "no_reason", "absent", "unshipped"):
        kinds |= set(by_right)
        kinds |= {REISSUE} if facts.reason == "damaged" and "psbj" in facts.promises else set()
    return "asked" if facts.kind in kinds else ""


def judge(facts: Facts, how: str) -> dict[str, bool | None]:
    """Of each refusal whether it is open; None where the rules leave it to the shop's table."""
    end = find_end(facts)
    late = end is not None and facts.now >= end
    ground, asked = facts.ground, how == "asked"
    found: dict[str, bool | None] = dict.fromkeys(REFUSALS)
    found["over_window"] = asked and late
    if asked and ground == "promise" and late and end is not None and facts.received_at is not None:
        longest = max(end, end_of(facts.received_at, facts.window))
        found["over_window"] = True if facts.now >= longest else None  # 包换 is over, and what the shop takes isn't
    if facts.kind in (RETURN, REFUND):
        found["no_stock"] = False
    if not facts.asked_evidence:
        found["evidence_insufficient"] = False
    if ground == "no_reason":
        found |= dict.fromkeys(("not_in_scope", "evidence_insufficient", "man_made", "incomplete", "amount"), False)
        found["customised"] = asked and facts.left_out_by_law
        found |= dict.fromkeys(("already_agreed", "other"), asked)
    elif not facts.left_out or ground in OF_THE_SHOP:
        found["customised"] = False
    if ground in ("unshipped", "absent"):
        found |= dict.fromkeys(("not_in_scope", "evidence_insufficient", "man_made", "incomplete"), False)
    if ground == "quality" or (asked and ground != "no_reason"):
        found |= dict.fromkeys(("not_in_scope", "man_made", "incomplete", "amount", "already_agreed", "other"), True)
        found["evidence_insufficient"] = facts.asked_evidence
    if ground == "quality" and facts.kind in (EXCHANGE, REISSUE):
        found["no_stock"] = True
    return found


def draw(dice: random.Random, now: datetime) -> Facts:
    reason = dice.choice(sorted(REASONS))
    ground, by_right, by_asking = REASONS[reason]
    kinds = sorted({*by_right, *by_asking, *([REISSUE] if reason == "damaged" else [])})
    place = dice.choice(["delivered", "completed", "completed", "completed", "in_transit"])
    if ground == "unshipped":
        place = "unshipped"
    if ground == "absent":
        place = dice.choice(["in_transit", "delivered"])
    window = dice.choice([7, 15, 20])
    hidden = dice.choice([10, 30])
    published = window != 15 or hidden != 30 or dice.random() < 0.3
    edges = [0, 1, 6, 7, 8, 9, 10, 11, 14, 15, 16, window, window + 1, hidden, hidden + 1]
    days = None if place in ("unshipped", "in_transit") or dice.random() < 0.08 else min(dice.choice(edges), 38)
    resold = dice.random() < 0.2
    return Facts(
        reason=reason,
        kind=dice.choice(kinds),
        place=place,
        days=days,
        window=window,
        hidden=hidden,
        published=published,
        later=dice.choice([0, 0, 7]) if published and window > 7 else 0,
        promises=() if resold else tuple(dice.sample(["qtbh", "swtbh", "qtwlybt", "psbj"], dice.choice([0, 0, 1, 2]))),
        consumer=not resold and dice.random() < 0.3,
        resold=resold,
        law=dice.choice(["", "", "", "made", "unfit", "unfit_confirmed", "made_later"]),
        shop=dice.choice(["", "", "", "left_out", "left_out_later"]),
        photos=dice.choice([0, 1, 1, 1, 2]),
        asked_evidence=dice.random() < 0.4,
        now=now,
    )


def make_order(cast: Cast, facts: Facts) -> Order:
    placed = cast.now - timedelta(days=45)
    order = cast.order(
        status=facts.place,
        milli=2_000,
        received_at=facts.received_at,
        ordered_at=placed,
        paid_at=placed,
        consumer=facts.consumer,
        downstream_order_no="XY778899" if facts.resold else "",
    )
    line = select(OrderLine.product_id).where(OrderLine.order_id == order.id)
    later = cast.now - timedelta(days=1)
    values = {
        "no_reason_excluded": facts.law.split("_")[0],
        "excluded_at": later if facts.law == "made_later" else placed - timedelta(days=5),
        "exchangeable": not facts.shop,
        "unexchangeable_at": later if facts.shop == "left_out_later" else placed - timedelta(days=5),
    }
    with writing():
        db.session.execute(update(Product).where(Product.id.in_(line)).values(**values))
        own = {"guarantees": ",".join(facts.promises)}
        if facts.law == "unfit_confirmed":
            own["unfit_confirmed_at"] = placed  # type: ignore[assignment]
        db.session.execute(update(OrderLine).where(OrderLine.order_id == order.id).values(**own))
    return db.session.get_one(Order, (order.id, order.shop_id), populate_existing=True)


def publish(cast: Cast, facts: Facts) -> None:
    """The shop's words of this order's time, and shorter ones after it."""
    if facts.published:
        cast.publish_policy(facts.window, facts.hidden, at=cast.now - timedelta(days=60))
    if facts.later:
        cast.publish_policy(facts.later, facts.hidden, at=cast.now - timedelta(days=1))


def apply_for(cast: Cast, facts: Facts, order: Order) -> Case | None:
    """The application, as it is handed in; None where it isn't taken."""
    line = db.session.scalars(select(OrderLine.id).where(OrderLine.order_id == order.id)).one()
    shown = cast.photos(facts.photos, cast.buyer)
    try:
        with writing():
            draft = drafts.start_draft(cast.shop, order.id, cast.buyer, source="order", now=cast.now, line_id=line)
            fields = {
                "type": facts.kind,
                "reason": facts.reason,
                "negotiated": True,
                "quantities": {str(line): 1_000},
                "description": "收到后看过了，想请商家处理一下，谢谢",
                "stated": "40",
                "measured": "38",
                "name": "李雯",
                "phone": "13425059650",
                "address": "四川省成都市武侯区一环路南二段8号",
            }
            drafts.save_draft(draft, fields, cast.now)
            drafts.keep_photos(draft, shown)
            made = applications.submit_draft(draft, by=ActedBy(Actor.BUYER, cast.buyer, "buyer", "r"), now=cast.now).id
    except applications.NotEligible:
        db.session.rollback()
        return None
    return db.session.get_one(Case, (made, cast.shop))


def write_to_buyer(cast: Cast, order: Order) -> None:
    with writing():
        talk = conversations.get_of_order(db.session.get_one(Order, (order.id, order.shop_id)), cast.now)
        conversations.add_message(talk, "seller", cast.seller, "请看说明", now=cast.now)


def read(text: str) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", text.partition("<main")[2])))


def say(moment: datetime) -> str:
    local = moment.astimezone(BEIJING)
    return f"{local.month}月{local.day}日 {local:%H:%M}"


def hold_against(app: Flask, cast: Cast, facts: Facts, dice: random.Random) -> set[tuple[str, str, str]]:
    """One application with these facts, refused by every reason there is; returns the refusals that were open."""
    order = make_order(cast, facts)
    how, case = stands(facts), apply_for(cast, facts, order)
    assert ("" if case is None else "asked" if case.negotiated else "right") == how, facts
    if case is None:
        return set()
    write_to_buyer(cast, order)
    if facts.asked_evidence:
        desk = sign_in(app, "seller")
        done = post(desk, f"/seller/cases/{case.case_no}/ask_evidence", {"note": "请补拍外包装"})
        if done.status_code == 303:
            cast.take(case, "modify", Actor.BUYER, description="补了一句，请看")
        else:
            assert facts.ground in ("no_reason", "unshipped", "absent", "promise"), (facts, done.text)
    expected = judge(facts, how)
    desk, url = sign_in(app, "seller"), f"/seller/cases/{case.case_no}/reject"
    page = desk.get(url)
    radios = re.findall(r'<input type="radio" [^>]*name="refusal" value="(\w+)"( disabled)?', page.text)
    offered = {known for known, shut in radios if not shut}
    if not radios:  # nothing in the data lets the shop refuse it
        assert not any(expected.values()), (facts, how, expected)
        assert how == "right"
    for known, is_open in expected.items():
        assert is_open is None or is_open == (known in offered), (facts, how, known, is_open)
    hidden = token_of(page)
    shut = sorted(set(REFUSALS) - offered)
    for known in dice.sample(shut, min(len(shut), 4)):
        tried = desk.post(url, data={**hidden, "refusal": known, "note": "我们核对过了"})
        assert tried.status_code in (409, 422), (facts, known, tried.status_code)
        assert db.session.get_one(Case, (case.id, cast.shop), populate_existing=True).state == "applied"
        db.session.rollback()
    if not offered:
        return set()
    chosen = dice.choice(sorted(offered))
    if chosen in WITH_PHOTO:
        bare = desk.post(url, data={**hidden, "refusal": chosen, "note": "我们核对过了"})
        assert bare.status_code == 422 and "请至少上传 1 张照片" in bare.text, (facts, chosen)
    shown = {"photos": [(io.BytesIO(PROOF), "1.jpg")]} if chosen in WITH_PHOTO else {}
    done = post(desk, url, {"refusal": chosen, "note": "我们核对过了", **shown}, content_type="multipart/form-data")
    assert done.status_code == 303, (facts, chosen, read(done.text)[:400])
    look_at(app, cast, facts, db.session.get_one(Case, (case.id, cast.shop), populate_existing=True), chosen)
    return {(facts.ground, how, chosen)}


PROOF = photo((64, 48))


def look_at(app: Flask, cast: Cast, facts: Facts, case: Case, chosen: str) -> None:
    """What the buyer reads of it."""
    page = sign_in(app, "buyer").get(f"/cases/{case.case_no}").text
    said = read(page)
    until = cast.now + timedelta(days=7)
    assert f"拒绝原因：{REFUSALS[chosen]}" in said and "我们核对过了" in said, facts
    assert f"可以在 {say(until)} 前提出" in said and "按商家的拒绝关闭" in said, said
    assert "申请平台介入" in said and "修改申请" in said, said
    shot = select(Evidence.public_id).where(Evidence.case_id == case.id, Evidence.side == "seller")
    photos = db.session.scalars(shot).all()
    assert len(photos) == (chosen in WITH_PHOTO) and all(name in page for name in photos), facts
    closing = said.partition("按商家的拒绝关闭。")[2].partition("修改申请")[0]
    assert find_again(facts, until) in closing, (facts, closing)
    assert find_basis(facts, case.negotiated) in said, (facts, said)


def find_again(facts: Facts, at: datetime) -> str:
    """What can be applied for at that moment, and until when."""
    if facts.received_at is None:
        return "关闭后还可申请 2 双"
    visible, hidden = (find_end(replace(facts, reason=reason, kind=EXCHANGE)) for reason in ("damaged", "defect"))
    if visible is not None and at < visible:
        return f"关闭后还可申请 2 双{LEFT_OUT if facts.shop == 'left_out' else ''}，请在 {say_last(visible)} 前提交"
    if hidden is not None and at < hidden:
        return f"现在只有使用中才发现的质量问题可以申请，请在 {say_last(hidden)} 前提交"
    return "关闭后不能重新申请"


LEFT_OUT = "，这件商品在质量问题或发错时可以换货"


def say_last(end: datetime) -> str:
    day = (end - timedelta(minutes=1)).astimezone(BEIJING)
    return f"{day.month}月{day.day}日 24:00"


def find_basis(facts: Facts, negotiated: bool) -> str:
    """The article of law and the last day, where there is a right that has them."""
    if negotiated:
        return "依据"
    article, end = "", find_end(facts)
    if facts.ground in ("quality", "shipping"):
        trade = "《民法典》第五百八十二条、第六百一十七条"
        article = "《消费者权益保护法》第二十四条" if facts.consumer else trade
    if facts.ground == "no_reason" and facts.consumer:
        article = "《消费者权益保护法》第二十五条"
    last = f"最后一天 {say_last(end)}" if end is not None else ""
    return "；".join(part for part in (article, last) if part)


BY_DAY = 3
SEEDS = [*range(BY_DAY), *(pytest.param(seed, marks=pytest.mark.nightly) for seed in range(BY_DAY, 200))]


@pytest.mark.parametrize("seed", SEEDS)
def test_only_what_the_data_allows_can_be_refused(app: Flask, cast: Cast, now: Clock, seed: int) -> None:
    dice = random.Random(seed)
    words = draw(dice, cast.now)
    publish(cast, words)
    terms = {name: getattr(words, name) for name in ("window", "hidden", "published", "later")}
    for _ in range(7):
        drawn = draw(dice, cast.now)
        hold_against(app, cast, Facts(**{**drawn.__dict__, **terms}), dice)
