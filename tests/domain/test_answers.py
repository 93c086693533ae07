"""The answer card: action, amount, deadline, consequence, words, for each type in every state, from both sides."""

from __future__ import annotations

from datetime import timedelta

import pytest

from portal import flow, told, words
from portal.calendar import lengths
from portal.cases import answers, buyer_inbox, case_lists, case_view, deadlines
from portal.cases.clock import settle_now
from portal.cases.effects.hand_ins import InspectedLine
from portal.extensions import db, writing
from portal.flow import Actor, CaseType, State
from portal.models import Case, CaseEvent, CaseLine, Evidence, Shop
from portal.money.accounts import account_numbers, agreed_words
from tests.cast import PARCELS, Cast

BUYER, SELLER = Actor.BUYER, Actor.SELLER
REACHED = [
    (case_type, state)
    for case_type in CaseType
    for state in State
    if any(step.target == state and case_type in step.types for step in flow.STEPS)
]


def answer(case: Case, side: Actor, cast: Cast, later: timedelta = timedelta()) -> answers.Answer:
    return answers.work_out_answer(case_view.build_view(case, side, cast.now + later))


def amounts(card: answers.Answer) -> dict[str, str]:
    return dict(card.amounts)


@pytest.mark.parametrize(("case_type", "state"), REACHED, ids=[f"{kind}-{state}" for kind, state in REACHED])
def test_every_card_answers(cast: Cast, case_type: CaseType, state: State) -> None:
    if state == State.CLOSED and case_type in (CaseType.REFUND_ONLY, CaseType.REISSUE):
        case = cast.until("revising", case_type=case_type)
        settle_now(case.id, cast.now + timedelta(days=30))
        case = db.session.get_one(Case, case.id, populate_existing=True)
    else:
        case = cast.until(state, case_type=case_type)
    assert case.state == state
    for side in (BUYER, SELLER):
        card = answer(case, side, cast)
        assert card.head and "买家" not in (card.head if side is BUYER else "")
        assert card.due_at == case.due_at
        final = case.state in flow.FINAL
        assert bool(card.otherwise) == (not final), case.state
        assert final or card.mine or card.who, "somebody does it"
        assert not (card.mine and card.who)
        assert len(card.choices) <= 2
        assert not card.mine or card.choices or side is SELLER
        shown = {choice.step.name for choice in card.choices} | {step.name for step in card.more}
        assert shown == {step.name for step, why in case_view.build_view(case, side, cast.now).actions if why is None}
        assert card.amounts[0][1] == "2 双"
        if case_type in (CaseType.RETURN_REFUND, CaseType.REFUND_ONLY) and not final:
            assert any("¥" in text for _, text in card.amounts)


EXPECTED: list[tuple[CaseType, str, str, tuple[str, ...], tuple[str, ...]]] = [
    # type, state, the buyer's headline, the buyer's choices, the seller's headline and choices
    (CaseType.EXCHANGE, "applied", "等待商家审核", (), ("请审核申请", "agree", "ask_evidence")),
    (CaseType.EXCHANGE, "proposed", "请确认方案", ("accept_reship", "decline"), ("等待买家确认方案",)),
    (CaseType.EXCHANGE, "revising", "请补充资料", ("modify", "escalate"), ("等待买家补充资料",)),
    (CaseType.EXCHANGE, "returning", "请寄回商品", ("ship_return", "extend"), ("等待买家寄回",)),
    (CaseType.EXCHANGE, "inspecting", "等待商家验货", (), ("请收货并验货", "accept_goods", "propose")),
    (
        CaseType.EXCHANGE,
        "disputed",
        "请答复验货结果",
        ("accept_result", "object"),
        ("等待买家答复验货结果", "revise_inspection"),
    ),
    (CaseType.EXCHANGE, "paying", "请补差价", ("pay",), ("等待买家补差价", "waive")),
    (CaseType.EXCHANGE, "reshipping", "等待商家发货", (), ("请发出商品", "ship_replacement", "propose_other_sku")),
    (CaseType.EXCHANGE, "confirming", "请确认收货", ("confirm", "report_problem"), ("等待买家确认收货",)),
    (CaseType.EXCHANGE, "completed", "换货完成", (), ("换货完成",)),
    (CaseType.RETURN_REFUND, "returning", "请寄回商品", ("ship_return", "extend"), ("等待买家寄回",)),
    (
        CaseType.RETURN_REFUND,
        "disputed",
        "请答复验货结果",
        ("accept_result", "object"),
        ("等待买家答复验货结果", "revise_inspection"),
    ),
    (CaseType.RETURN_REFUND, "refunding", "等待商家退款", (), ("请退款", "refund_ok", "refund_fail")),
    (CaseType.REFUND_ONLY, "refund_failed", "退款没有成功，等待商家处理", (), ("退款没有成功，请处理", "retry")),
    (CaseType.REISSUE, "reshipping", "等待商家发货", (), ("请发出商品", "ship_replacement", "propose_other_sku")),
]


@pytest.mark.parametrize(
    ("case_type", "state", "head", "choices", "seller"), EXPECTED, ids=[f"{row[0]}-{row[1]}" for row in EXPECTED]
)
def test_what_is_done_and_by_whom(
    cast: Cast, case_type: CaseType, state: str, head: str, choices: tuple[str, ...], seller: tuple[str, ...]
) -> None:
    case = cast.until(state, case_type=case_type)
    mine, theirs = answer(case, BUYER, cast), answer(case, SELLER, cast)
    assert (mine.head, tuple(choice.step.name for choice in mine.choices)) == (head, choices)
    assert (theirs.head, *(choice.step.name for choice in theirs.choices)) == seller
    assert mine.mine == (flow.WAITS_FOR[State(state)] is BUYER)


def test_what_the_seller_asks_for_stands_in_the_buyers_card(cast: Cast) -> None:
    case = cast.until("revising")
    said = answer(case, BUYER, cast).said
    assert said is not None and (said.who, said.note) == ("商家", "请补拍外包装")
    assert answer(case, SELLER, cast).said is None  # they have said it themselves


def test_the_buyers_own_words_stand_in_the_sellers_card(cast: Cast) -> None:
    case = cast.open_case()
    said = answer(case, SELLER, cast).said
    assert said is not None and (said.who, said.note) == ("买家", "袜子破洞")
    assert answer(case, BUYER, cast).said is None


def test_a_difference_says_how_much_and_to_whom(cast: Cast) -> None:
    case = cast.until("paying")
    assert amounts(answer(case, BUYER, cast)) == {
        "换货数量": "2 双",
        "应补差价": "¥2.00",
        "付给": cast.shop_of(cast.seller).name,
    }
    before = cast.open_case(dearer=100)
    assert amounts(answer(before, BUYER, cast))["验货通过后补差价"] == "¥2.00"
    cheaper = cast.open_case(dearer=-100)
    assert amounts(answer(cheaper, BUYER, cast))["退差价"] == "¥2.00"


# Who advanced the way back claims it before a case ends, and one of which nothing passed ends at once.
_ENDS = (
    "没有商品通过验货，申请关闭，不能撤回；未通过的 2 双由商家在 72 小时内寄回给您"
    "；垫付过退回运费的，请先点「报退回运费」，售后结束后不能再报"
)


@pytest.mark.parametrize(
    ("case_type", "passed", "then"),
    [
        (CaseType.EXCHANGE, 1_000, "按通过的 1 双换货，不能撤回；未通过的 1 双由商家在 72 小时内寄回给您"),
        (CaseType.EXCHANGE, 0, _ENDS),
        (
            CaseType.RETURN_REFUND,
            1_000,
            "按通过的 1 双退款 12.50 元，不能撤回；未通过的 1 双由商家在 72 小时内寄回给您",
        ),
        (CaseType.RETURN_REFUND, 0, _ENDS),
    ],
)
def test_what_accepting_a_result_means_is_said_for_each_type(
    cast: Cast, case_type: CaseType, passed: int, then: str
) -> None:
    """「接受后按通过的数量换货」 stood on a 退货退款."""
    case = cast.until("inspecting", case_type=case_type)
    line = db.session.scalars(db.select(CaseLine).where(CaseLine.case_id == case.id)).one()
    counted = [InspectedLine(line.id, 2_000, passed, "not_resellable", "有污渍")]
    case = cast.take(case, "dispute_goods", SELLER, counted=counted, photos=cast.photos(2, cast.seller))
    card = answer(case, BUYER, cast)
    assert card.choices[0].then == then
    accepted = cast.take(case, card.choices[0].step.name, BUYER)
    if case_type is CaseType.RETURN_REFUND and passed:
        assert accepted.refund_fen == 1_250  # what was said is what is paid


@pytest.mark.parametrize(("received", "passed"), [(2_000, 0), (2_000, 1_000), (1_000, 1_000), (1_000, 0), (0, 0)])
def test_a_result_adds_up(cast: Cast, received: int, passed: int) -> None:
    case = cast.until("inspecting")
    line = db.session.scalars(db.select(CaseLine).where(CaseLine.case_id == case.id)).one()
    counted = [InspectedLine(line.id, received, passed, "not_resellable", "有污渍")]
    photos = cast.photos(2, cast.seller)
    case = cast.take(case, "dispute_goods", SELLER, counted=counted, photos=photos, note="请看照片")
    for side in (BUYER, SELLER):
        result = answer(case, side, cast).result
        assert result is not None
        for row in (*result.rows, result.total):
            assert row.sent == row.passed + row.failed + row.missing == 2_000
        assert {photo.public_id for photo in result.photos} == set(photos)
        assert bool(result.rows[0].why) == (passed < received)
    said = answer(case, BUYER, cast).said
    assert said is not None and said.note == "请看照片"


def test_units_that_failed_are_not_forgotten(cast: Cast) -> None:
    """After 验货 the units that failed were never mentioned again."""
    case = cast.until("disputed")
    case = cast.take(case, "accept_result", BUYER)
    for _ in range(2):
        result = answer(case, BUYER, cast).result
        assert result is not None and (result.total.passed, result.total.failed) == (1_000, 1_000)
        assert dict(answer(case, BUYER, cast).amounts)["验货通过"] == "1 双"
        if case.state == State.RESHIPPING:
            line = db.session.scalars(db.select(CaseLine).where(CaseLine.case_id == case.id)).one()
            case = cast.take(case, "ship_replacement", SELLER, parcels=PARCELS, shipped={line.id: 1_000})


def test_what_is_overdue_offers_no_button(cast: Cast) -> None:
    """A live button stood there a minute before the case was closed."""
    case = cast.until("returning")
    late = answer(case, BUYER, cast, timedelta(days=30))
    assert late.overdue and not late.mine and not late.choices and not late.more
    assert "系统正在按规则处理" in late.otherwise


def test_a_refund_that_asks_for_an_account_is_the_buyers_turn(cast: Cast) -> None:
    with writing():
        db.session.execute(db.update(Shop).values(bank_data=True))
    case = cast.until("refund_failed", case_type=CaseType.REFUND_ONLY)
    case = cast.take(case, "ask_account", SELLER)
    card = answer(case, BUYER, cast)
    assert (card.head, card.mine) == ("请填写收款账户", True)
    assert [choice.step.name for choice in card.choices] == ["give_account", "decline_account"]
    assert card.otherwise == "不提供账户也不影响退款；到期还没有退款的，由平台介入"
    assert "商家超过法定期限未退款" in answer(cast.take(case, "decline_account", BUYER), BUYER, cast).otherwise


@pytest.mark.parametrize("case_type", [CaseType.REFUND_ONLY, CaseType.RETURN_REFUND])
def test_a_refund_that_was_paid_says_what_both_answers_mean_and_until_when(cast: Cast, case_type: CaseType) -> None:
    case = cast.until("completed", case_type=case_type)
    [entry] = case_view.build_view(case, BUYER, cast.now).entries
    until = words.end(entry.settled_at + lengths.get_deadline("arrival_objection"))
    said = {choice.button: choice.then for choice in answer(case, BUYER, cast).choices}
    assert list(said) == ["已到账", "未到账"]
    assert said["未到账"] == f"没有收到请在 {until} 前提出；商家须提交付款凭证，或登记没有付成后重新付款"
    assert "不能再对这笔款项提出「未到账」" in said["已到账"]
    cast.now += timedelta(hours=1)
    cast.paid_beside(case)
    [later] = [choice.then for choice in answer(case, BUYER, cast).choices if choice.button == "未到账"]
    assert later.startswith(f"没有收到请在 {until} 前提出（几笔款项中最早的期限）；")


@pytest.mark.parametrize("case_type", [CaseType.EXCHANGE, CaseType.REISSUE])
def test_a_new_case_is_told_from_a_word_to_the_seller(cast: Cast, case_type: CaseType) -> None:
    card = answer(cast.until("confirming", case_type=case_type), BUYER, cast)
    assert [choice.button for choice in card.choices] == ["确认收货", "商品有问题"]
    assert [choice.button for choice in card.apart] == ["再次售后"]
    assert "由商家处理" in card.choices[1].then and "转为新的售后单" in card.apart[0].then


@pytest.mark.parametrize("side", [BUYER, SELLER])
def test_in_a_mediation_evidence_is_asked_for_and_then_waited_for(cast: Cast, side: Actor) -> None:
    case = cast.mediated(cast.until("disputed"), "evidence")
    card = answer(case, side, cast)
    assert (card.head, card.mine) == ("平台介入：请提交证据", True)
    assert [choice.step.name for choice in card.choices] == ["submit_evidence"]
    case = cast.take(case, "submit_evidence", side, note="看照片", photos=[])
    assert answer(case, side, cast).head == f"平台介入：等待{'商家' if side is BUYER else '买家'}提交证据"
    other = answer(case, SELLER if side is BUYER else BUYER, cast)
    assert other.said is not None and other.said.note == "看照片"
    case = cast.take(case, "submit_evidence", SELLER if side is BUYER else BUYER, note="看记录", photos=[])
    assert [answer(case, each, cast).head for each in (BUYER, SELLER)] == ["平台介入：双方已提交证据，等待平台裁决"] * 2
    assert deadlines.list_who_must_act(case) == [Actor.MEDIATOR]


def test_open_terms_are_in_the_card_of_who_answers(cast: Cast) -> None:
    case = cast.open_case()
    terms = cast.terms(case, compensation_fen=100, note="补您一元")
    case = cast.take(case, "propose", SELLER, terms=terms)
    card = answer(case, BUYER, cast)
    assert "另外补偿 1.00 元" in "".join(card.terms)
    assert card.said is not None and card.said.note == "补您一元"
    assert card.choices[0].then.endswith("接受后方案不能再改")


def test_the_inbox_holds_what_waits_and_what_is_asked(cast_both: Cast) -> None:
    cast = cast_both
    with writing():
        db.session.execute(db.update(Shop).values(bank_data=True))
    first = cast.until("disputed")
    asked = cast.take(cast.until("refund_failed", case_type=CaseType.REFUND_ONLY), "ask_account", SELLER)
    evidence = cast.mediated(cast.until("inspecting"), "evidence")
    heard = cast.mediated(cast.until("inspecting"), "evidence", heard="buyer")
    cast.until("applied")
    found = [row.case_no for row in buyer_inbox.list_page(cast.buyer)[0]]
    assert set(found) == {first.case_no, asked.case_no, evidence.case_no} and heard.case_no not in found
    assert buyer_inbox.count_waiting(cast.buyer) == 3 and len(buyer_inbox.read_inbox(cast.buyer, 2).waiting) == 2
    dues = [row.due_at for row in buyer_inbox.list_page(cast.buyer)[0]]
    assert dues == sorted(dues)
    rows, _ = case_lists.list_of_buyer(cast.buyer, tab="refund", words="袜")
    assert [row.case_no for row in rows] == [asked.case_no]
    assert buyer_inbox.count_waiting(cast.buyer2) == 0


OPEN = [(kind, state) for kind, state in REACHED if state not in flow.FINAL]


@pytest.mark.parametrize(("case_type", "state"), OPEN, ids=[f"{kind}-{state}" for kind, state in OPEN])
def test_until_the_deadline_and_from_it_on(cast: Cast, case_type: CaseType, state: State) -> None:
    """What can be done can be done until the minute before; from the deadline on nothing is offered to anybody."""
    case = cast.until(state, case_type=case_type)
    assert case.due_at is not None
    left = case.due_at - cast.now
    for side in (BUYER, SELLER):
        before = answer(case, side, cast, left - timedelta(minutes=1))
        assert not before.overdue and before.due_at == case.due_at
        if before.mine:
            assert before.choices, "whose turn it is has something to press"
        after = answer(case, side, cast, left)
        assert after.overdue and not (after.mine or after.choices or after.more)
        assert after.otherwise == "期限已到，系统正在按规则处理，请稍后刷新"


BY_STEPS = [
    pair for pair in REACHED if pair[1] != State.CLOSED or pair[0] in (CaseType.EXCHANGE, CaseType.RETURN_REFUND)
]


@pytest.mark.parametrize(("case_type", "state"), BY_STEPS, ids=[f"{kind}-{state}" for kind, state in BY_STEPS])
def test_the_other_sides_words_stand_in_the_card(cast: Cast, case_type: CaseType, state: State) -> None:
    """What the other side wrote or photographed last, as long as the reader took no step since."""
    case = cast.until(state, case_type=case_type)
    query = db.select(CaseEvent).where(CaseEvent.case_id == case.id, CaseEvent.shop_id == case.shop_id)
    events = list(db.session.scalars(query.order_by(CaseEvent.version.desc())))
    with_photos = set(db.session.scalars(db.select(Evidence.event_version).where(Evidence.case_id == case.id)))
    for side in (BUYER, SELLER):
        said = answer(case, side, cast).said
        moved = next((event.version for event in events if event.actor == side and event.source != event.target), 0)
        since = [event for event in events if event.actor != side and event.version > moved]
        wrote = [event for event in since if event.note or event.version in with_photos or event.step == "propose"]
        if wrote:
            assert said is not None and said.at == wrote[0].at
            assert wrote[0].note in said.note or wrote[0].step == "propose"
            assert bool(said.photos) == (wrote[0].version in with_photos)
        assert said is None or said.note or said.photos or state == State.PROPOSED


ENDED = [(kind, state) for kind, state in REACHED if state in flow.FINAL]


@pytest.mark.parametrize(("case_type", "state"), ENDED, ids=[f"{kind}-{state}" for kind, state in ENDED])
@pytest.mark.parametrize("side", [BUYER, SELLER])
def test_a_card_of_an_ended_case_says_how_it_ended(cast: Cast, case_type: CaseType, state: State, side: Actor) -> None:
    if state == State.CLOSED and case_type in (CaseType.REFUND_ONLY, CaseType.REISSUE):
        case = cast.until("revising", case_type=case_type)
        settle_now(case.id, cast.now + timedelta(days=30))
        case = db.session.get_one(Case, case.id, populate_existing=True)
    else:
        case = cast.until(state, case_type=case_type)
    card = answer(case, side, cast)
    last = case_view.build_view(case, side, cast.now).events[0]
    assert card.ending is not None and card.ending.at == last.at
    assert bool(card.ending.what) != (card.said is not None and card.said.at == last.at), "once, not twice"
    children = db.session.scalars(db.select(Case.case_no).where(Case.parent_id == case.id)).all()
    assert card.ending.goes_on == (children[0] if state == State.CONVERTED else "")


def test_a_card_of_an_open_case_tells_no_ending(cast: Cast) -> None:
    assert answer(cast.until("applied"), BUYER, cast).ending is None


def test_a_payment_that_did_not_come_is_told_before_it_is_made_twice(cast: Cast) -> None:
    case = cast.take(cast.until("paying", dearer=300), "pay", BUYER, reference="20261123001")
    case = cast.take(case, "deny_payment", SELLER)
    card = answer(case, BUYER, cast)
    assert card.mine and card.head == "商家没有收到差价，请核对"
    assert card.said is not None and card.said.what == "商家没有收到差价，请您核对"
    assert card.said.details == ("没有收到的是 6.00 元，流水号 20261123001",)
    assert [choice.step.name for choice in card.choices] == ["pay", "escalate"]
    assert "不要再付一次" in card.choices[0].then
    assert answer(case, SELLER, cast).head == "等待买家核对差价"
    again = answer(cast.take(case, "pay", BUYER, reference="20261123002"), BUYER, cast)
    assert again.said is None and again.head == "等待商家发货"


BACK = [  # who brought a case back to where it had been, and what the buyer reads of it; nobody wrote a word
    ("refund_failed", SELLER, "refunding", "商家重新办理退款"),
    ("proposed", Actor.CLOCK, "applied", "您超时未答复，商家的方案作废"),
]


@pytest.mark.parametrize(("source", "who", "target", "told"), BACK, ids=[row[0] for row in BACK])
def test_what_brings_a_case_back_is_said(cast: Cast, source: str, who: Actor, target: str, told: str) -> None:
    case = cast.until(source, case_type=CaseType.RETURN_REFUND)
    if who is Actor.CLOCK:
        assert case.due_at is not None
        settle_now(case.id, case.due_at + timedelta(minutes=1))
        case = db.session.get_one(Case, case.id, populate_existing=True)
    else:
        case = cast.take(case, "retry", who)
    said = answer(case, BUYER, cast).said
    assert case.state == target and said is not None and said.what == told


@pytest.mark.parametrize("case_type", list(CaseType))
def test_a_payment_that_has_not_arrived_is_looked_at_and_not_paid_again(cast: Cast, case_type: CaseType) -> None:
    """Recorded, contested, shown: no page asks the shop to pay, and who answers is asked to."""
    case = cast.until("refunding", case_type=case_type)
    case = cast.take(case, "refund_ok", SELLER, cast.now, reference="2026112300001")
    case = cast.take(case, "deny_arrival", BUYER, cast.now + timedelta(hours=1), note="账户里没有")
    heads = [answer(case, side, cast).head for side in (BUYER, SELLER)]
    assert heads == ["等待商家核对您没有收到的款项", "请核对买家没有收到的款项"]
    assert [told.tell_chip(case, side) for side in (BUYER, SELLER)] == ["待商家核对到账", "买家未收到"]
    proof = cast.photos(1, cast.seller)
    case = cast.take(case, "show_payment", SELLER, cast.now + 2 * timedelta(hours=1), note="已原路退回", photos=proof)
    cards = [answer(case, side, cast) for side in (BUYER, SELLER)]
    assert [card.head for card in cards] == ["请核对款项是否到账", "等待买家核对款项是否到账"]
    assert [card.mine for card in cards] == [True, False]
    case = cast.take(case, "escalate", BUYER, cast.now + 3 * timedelta(hours=1), note="没有收到", because="not_paid")
    cards = [answer(case, side, cast) for side in (BUYER, SELLER, Actor.MEDIATOR)]
    assert [card.head for card in cards] == [
        "平台介入：等待商家提交证据",
        "平台介入：请提交证据",
        "平台介入：等待商家提交证据",
    ]
    assert [(card.mine, card.who) for card in cards] == [(False, "商家"), (True, ""), (False, "商家")]


PAYS = [(kind, state) for kind in CaseType for state in (State.REFUNDING, State.REFUND_FAILED)]


@pytest.mark.parametrize(("case_type", "state"), PAYS, ids=[f"{kind}-{state}" for kind, state in PAYS])
def test_when_a_payment_is_made_is_said_as_long_as_it_may_still_be_so(
    cast: Cast, case_type: CaseType, state: State
) -> None:
    """「商家一般在 24 小时内付款」 stood after a payment that came back, after the legal limit, and in a mediation."""
    case = cast.until(state, case_type=case_type)

    def term(later: timedelta = timedelta()) -> str:
        view = case_view.build_view(case, BUYER, cast.now + later)
        [entry] = [each for each in view.entries if each.state in ("due", "failed")]
        assert case_view.build_view(case, SELLER, cast.now + later).payment(entry).term == ""
        return view.payment(entry).term

    if state == State.REFUND_FAILED:
        assert term() == term(timedelta(days=2)) == ""  # that it is paid anew stands beside why it came back
        case = cast.take(case, "retry", SELLER)
        assert term() == "从应付款时起超过 24 小时还没有付成的，您可以申请平台介入"
    else:
        assert term() == "商家一般在 24 小时内付款，超过的您可以申请平台介入"
    assert term(timedelta(hours=25)) == "还没有付款的，您现在就可以申请平台介入"
    settle_now(case.id, cast.now + timedelta(days=8))
    case = db.session.get_one(Case, case.id, populate_existing=True)
    assert case.escalated and term(timedelta(days=8)) == ""


@pytest.mark.parametrize("case_type", list(CaseType))
def test_an_account_to_which_a_payment_failed_can_be_given_anew(cast: Cast, case_type: CaseType) -> None:
    """The card said nothing: who had mistyped it had to find 撤回收款账户 among what can be done besides."""
    with writing():
        db.session.execute(db.update(Shop).values(bank_data=True))
    case = cast.take(cast.until("refund_failed", case_type=case_type), "ask_account", SELLER)
    first = account_numbers.Account("李雯", "工商银行", "6222021234567890128")
    case = cast.take(case, "give_account", BUYER, account=first, consent=agreed_words.CONSENT)
    assert not answer(case, BUYER, cast).choices, "it is the shop's turn to pay"
    later = cast.now + timedelta(hours=1)
    case = cast.take(cast.take(case, "retry", SELLER, later), "refund_fail", SELLER, later, note="户名不符")
    card = answer(case, BUYER, cast)
    [choice] = card.choices
    assert (card.mine, choice.button, choice.step.name) == (False, "重新填写收款账户", "give_account")
    assert choice.then == "付到尾号 0128 的账户没有成功；账户填错了的，请重新填写，原来的账户立即删除"
    second = account_numbers.Account("李雯", "招商银行", "6225880112345678")
    case = cast.take(case, "give_account", BUYER, later, account=second, consent=agreed_words.CONSENT)
    held = [row.last4 for row in case_view.build_view(case, BUYER, cast.now).accounts if row.erased_at is None]
    assert held == ["5678"] and not answer(case, BUYER, cast).choices


def test_what_was_asked_is_gone_once_it_is_answered(cast: Cast) -> None:
    """「商家提交了付款凭证，请您查收」, 「商家验货有异议，请您答复」 stood over what the reader had answered."""
    case = cast.take(cast.until("completed", case_type=CaseType.RETURN_REFUND), "deny_arrival", BUYER, note="没有到")
    doubts = (
        words.ARRIVAL["proved"],
        words.ARRIVAL["missing"],
    )
    for left in (1, 0):
        case = cast.take(case, "show_payment", SELLER, note="附回单", photos=cast.photos(1, cast.seller))
        card = answer(case, BUYER, cast)
        assert card.said is not None and card.said.note == "附回单" and answer(case, SELLER, cast).said is None
        [then] = [choice.then for choice in card.choices if choice.step.name == "doubt_payment"]
        assert ("商家须再次答复" in then) == bool(left)
        case = cast.take(case, "doubt_payment", BUYER, note="不是我的账户")
        assert answer(case, BUYER, cast).said is None
        for side in (BUYER, SELLER):
            view = case_view.build_view(case, side, cast.now)
            assert view.payment(view.entries[0]).arrival == told.to_reader(doubts[left], side)
    disputed = cast.take(cast.until("disputed"), "object", BUYER, note="来时就有")
    card = answer(disputed, BUYER, cast)
    assert card.said is None and card.result is not None and card.result.photos


@pytest.mark.parametrize("case_type", list(CaseType))
def test_the_rule_says_that_what_is_owed_stays_owed(cast: Cast, case_type: CaseType) -> None:
    """「以现在的情况，结果是「按原流程继续」」 said nothing to who waited for a refund past its legal limit."""
    case = cast.until("refunding", case_type=case_type)
    settle_now(case.id, cast.now + timedelta(days=8))
    case = db.session.get_one(Case, case.id, populate_existing=True)
    ruling = case_view.build_view(case, BUYER, cast.now + timedelta(days=8)).ruling
    assert case.escalated and ruling is not None and ruling[1] == "按原流程继续，商家仍须付清款项"


def test_the_arithmetic_of_a_result_names_no_application(cast: Cast) -> None:
    """「申请 1 副，可退 76.00 元」 stood over two that had been applied for and one that passed."""
    case = cast.until("disputed", case_type=CaseType.RETURN_REFUND)
    change = case_view.build_view(case, BUYER, cast.now).change
    assert change is not None and change.moves
    assert ["2 双可退" in change.before.working[0], "其中 1 双可退 12.50 元" in change.after.working[0]] == [True, True]
