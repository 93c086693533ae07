"""Proposals (协商方案): versioned terms. Only the latest open one can be accepted; what was answered is never changed.

Called inside ``writing()``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, select, update

from portal import inputs, told, words
from portal.extensions import db
from portal.flow import CaseType, State, StepRefused
from portal.models import Case, CaseLine, OrderLine, Proposal, Sku
from portal.money import differences, entries, exchanged, worth
from portal.rights import policies

MOST = 20  # versions of one case


@dataclass(frozen=True)
class Terms:
    """What one side proposes. ``lines``: (case line, thousandths, SKU or None for the same specification)."""

    type: CaseType
    lines: tuple[tuple[int, int, int | None], ...]
    freight_payer: str
    goods_back: bool = False
    amount_fen: int = 0
    compensation_fen: int = 0
    difference_waived: bool = False
    note: str = ""


def find_open(case: Case) -> Proposal | None:
    """The terms that wait for an answer."""
    return db.session.scalars(
        select(Proposal).where(Proposal.case_id == case.id, Proposal.shop_id == case.shop_id, Proposal.state == "open")
    ).one_or_none()


def list_of_case(case: Case) -> Sequence[Proposal]:
    """All versions, the newest first."""
    return db.session.scalars(
        select(Proposal)
        .where(Proposal.case_id == case.id, Proposal.shop_id == case.shop_id)
        .order_by(Proposal.version.desc())
    ).all()


def read_terms(proposal: Proposal) -> Terms:
    """The terms of a stored version."""
    return Terms(
        type=CaseType(proposal.type),
        lines=tuple((line, milli, sku) for line, milli, sku, *_ in proposal.lines),
        freight_payer=proposal.freight_payer,
        goods_back=proposal.goods_back,
        amount_fen=proposal.amount_fen,
        compensation_fen=proposal.compensation_fen,
        difference_waived=proposal.difference_waived,
        note=proposal.note,
    )


def make_proposal(case: Case, side: str, terms: Terms, *, origin: str, by: int | None, at: datetime) -> Proposal:
    """Write the next version; an open one is replaced by it. Raises StepRefused for terms that can't be carried out."""
    check_terms(case, terms, origin)
    prices = load_prices(case.shop_id, terms)
    db.session.execute(
        update(Proposal)
        .where(Proposal.case_id == case.id, Proposal.shop_id == case.shop_id, Proposal.state == "open")
        .values(state="replaced", answered_at=at, answered_by=by)
        .execution_options(synchronize_session=False)
    )
    made = select(func.count()).where(Proposal.case_id == case.id, Proposal.shop_id == case.shop_id)
    version = int(db.session.scalar(made) or 0) + 1
    if version > MOST:
        raise StepRefused("协商的次数太多了，请在会话里谈好后再提出方案，或申请平台介入")
    proposal = Proposal(
        shop_id=case.shop_id,
        case_id=case.id,
        version=version,
        side=side,
        state="open",
        type=terms.type,
        goods_back=terms.goods_back,
        lines=[[*line, prices[line[0]]] for line in terms.lines],  # at the price that both sides are shown
        amount_fen=terms.amount_fen,
        note=terms.note,
        compensation_fen=terms.compensation_fen,
        freight_payer=terms.freight_payer,
        difference_fen=work_out_difference(case, terms),
        difference_waived=terms.difference_waived,
        made_at=at,
        made_by=by,
    )
    db.session.add(proposal)
    db.session.flush()
    return proposal


def check_terms(case: Case, terms: Terms, origin: str) -> None:
    if found := find_problem(case, terms, origin):
        raise StepRefused(found[1])


def find_problem(case: Case, terms: Terms, origin: str) -> tuple[str, str] | None:
    """What is wrong with terms: the field (type, lines, goods_back, amount, compensation, freight_payer), the sentence.

    ``origin``: the state that they are made in; None: they can be carried out.
    """
    own = {
        line.id: line
        for line in db.session.scalars(
            select(CaseLine).where(CaseLine.case_id == case.id, CaseLine.shop_id == case.shop_id)
        )
    }
    if not terms.lines or {line for line, _, _ in terms.lines} != set(own):
        return "lines", "请填写每一件商品的数量"
    if terms.freight_payer not in ("buyer", "seller"):
        return "freight_payer", "请选择运费由谁承担"
    if terms.type not in list_types(case):
        return "type", f"这张售后单不能改为{TYPE_NAMES[terms.type]}"
    for line_id, milli, sku_id in terms.lines:
        most = own[line_id].accepted_milli if origin == State.RESHIPPING else own[line_id].quantity_milli
        if not 0 < milli <= most:
            return "lines", "方案的数量须大于 0，且不能超过申请的数量"
        if sku_id is not None and (
            terms.type not in (CaseType.EXCHANGE, CaseType.REISSUE) or not list_skus(sku_id, own[line_id])
        ):
            return "lines", "所选的规格已不可选，请重新选择"
    if terms.goods_back and (is_with_seller(case, origin) or terms.type in (CaseType.REISSUE, CaseType.REFUND_ONLY)):
        return "goods_back", "商品已在商家处，或这种方案不用寄回，请不要勾选"
    if terms.goods_back and policies.get_default_address(case.shop_id) is None:
        return "goods_back", "店铺还没有默认退货地址，请先在「退货地址」里添加"
    most_fen = worth.add_up(work_out_worth(case, terms))
    if terms.type in REFUNDS and not 0 < terms.amount_fen <= most_fen:
        return "amount", f"请填写退款金额，大于 0，最多 {inputs.money_text(most_fen)} 元"
    if terms.type not in REFUNDS and terms.amount_fen:
        return "amount", "换货和补发的方案不填写退款金额；要给买家补偿，请填写补偿金额"
    given = entries.add_up_back(case, ("settled",))
    if given and terms.type is CaseType.EXCHANGE and work_out_difference(case, terms) > -given:
        return "lines", f"已退给买家差价 {inputs.money_text(given)} 元，方案的规格不能更贵；可以改为其他方案"
    if terms.compensation_fen > most_fen:
        return "compensation", f"补偿金额不能超过这些商品的实付金额 {inputs.money_text(most_fen)} 元"
    return None


def list_skus(sku_id: int, line: CaseLine) -> bool:
    """Whether this is a specification of the product that the line is of."""
    same = (
        select(Sku.id)
        .join(OrderLine, and_(OrderLine.product_id == Sku.product_id, OrderLine.shop_id == Sku.shop_id))
        .where(Sku.id == sku_id, Sku.shop_id == line.shop_id, OrderLine.id == line.order_line_id)
    )
    return db.session.scalar(same) is not None


def list_types(case: Case) -> tuple[CaseType, ...]:
    """What a case may be turned into by agreement, its own type first: nothing is returned that was never sent."""
    if case.goods_state == "unshipped":
        found = [CaseType.REFUND_ONLY]
    else:
        found = [CaseType.EXCHANGE, CaseType.REISSUE, CaseType.RETURN_REFUND, CaseType.REFUND_ONLY]
    return tuple(sorted(found, key=lambda kind: kind != case.type))


REFUNDS = (CaseType.RETURN_REFUND, CaseType.REFUND_ONLY)
TYPE_NAMES = words.TYPE


def work_out_worth(case: Case, terms: Terms) -> list[worth.Worth]:
    """What the units of these terms are worth."""
    lines = {
        line.id: line.order_line_id
        for line in db.session.scalars(
            select(CaseLine).where(CaseLine.case_id == case.id, CaseLine.shop_id == case.shop_id)
        )
    }
    units = [(lines[line_id], milli) for line_id, milli, _ in terms.lines]
    return exchanged.work_out_ended(case, units)


def is_with_seller(case: Case, origin: str) -> bool:
    """Whether the goods are with the seller already, in the state that the proposal was made in."""
    if origin == State.INSPECTING:
        return True
    return origin == State.RESHIPPING and case.type == CaseType.EXCHANGE and bool(case.return_address)


def work_out_outcome(case: Case, terms: Terms, difference_fen: int) -> str:
    """Where accepted terms lead: convert, return, reship, pay or refund."""
    if terms.type != case.type:
        return "convert"
    if terms.goods_back:
        return "return"
    if terms.type in (CaseType.RETURN_REFUND, CaseType.REFUND_ONLY):
        return "refund"
    if difference_fen <= 0 or terms.difference_waived:
        return "reship"
    return "pay" if difference_fen > differences.find_kept_difference(case) else "reship"


def work_out_difference(case: Case, terms: Terms) -> int:
    """The price difference of these terms, 分: positive, the buyer pays."""
    if terms.type is not CaseType.EXCHANGE or case.type != CaseType.EXCHANGE:
        return 0  # a case that becomes an exchange asks for no difference
    lines = dict(
        db.session.execute(
            select(CaseLine.id, CaseLine.order_line_id).where(
                CaseLine.case_id == case.id, CaseLine.shop_id == case.shop_id
            )
        ).all()
    )
    prices = load_prices(case.shop_id, terms)
    return worth.work_out_difference(
        case.order_id, [(lines[line_id], milli, prices[line_id]) for line_id, milli, _ in terms.lines], case.opened_on
    )


def load_prices(shop_id: int, terms: Terms) -> Mapping[int, int | None]:
    """The price of the replacement by case line; None: the same specification."""
    found: dict[int, int | None] = {}
    for line_id, _, sku_id in terms.lines:
        sku = db.session.get(Sku, (sku_id, shop_id)) if sku_id is not None else None
        found[line_id] = sku.price_fen if sku else None
    return found


def read_prices(proposal: Proposal) -> Mapping[int, int | None]:
    """The same as both sides were shown it: what the specification is sold for since changes nothing."""
    now = load_prices(proposal.shop_id, read_terms(proposal))
    return {**now} | {line_id: known[0] for line_id, _, _, *known in proposal.lines if known}


def answer_proposal(case: Case, state: str, *, by: int | None, at: datetime) -> Proposal:
    """The open version is accepted, declined or lapses; from then on it is never changed."""
    proposal = find_open(case)
    if proposal is None:
        raise StepRefused("没有待答复的方案，页面显示的是最新状态")
    done = db.session.execute(
        update(Proposal)
        .where(Proposal.id == proposal.id, Proposal.shop_id == proposal.shop_id, Proposal.state == "open")
        .values(state=state, answered_at=at, answered_by=by)
        .execution_options(synchronize_session=False)
    )
    if done.rowcount != 1:  # type: ignore[attr-defined]
        raise StepRefused("方案已被答复，页面显示的是最新状态")
    db.session.expire(proposal)
    return proposal


def collect_facts(case: Case) -> dict[str, object]:
    """What conditions ask of a case that has been proposed to."""
    origin = (case.origin or {}).get("state", "")
    proposal = find_open(case)
    if proposal is None:
        return {"origin": origin, "outcome": ""}
    return {"origin": origin, "outcome": work_out_outcome(case, read_terms(proposal), proposal.difference_fen)}


def describe(proposal: Proposal, lines: Sequence[CaseLine], side: str = "") -> list[str]:
    """The terms of a version in sentences; ``lines`` are those of the case, with id, title, spec and unit."""
    own = {line.id: line for line in lines}
    several = len(own) > 1
    found = []
    for line_id, milli, sku_id, *_ in proposal.lines:
        line = own.get(line_id)
        if line is None:
            continue
        spec = load_specs([sku_id]).get(sku_id, "") if sku_id else line.spec if proposal.type == "exchange" else ""
        title = f"{line.title} " if several else ""
        goes = f"，{'换成' if proposal.type == 'exchange' else '发'} {spec}" if spec else ""
        found.append(f"{words.TYPE[proposal.type]}：{title}{inputs.quantity_text(milli)} {line.unit}{goes}")
    if proposal.type in REFUNDS:
        found.append(f"退款 {inputs.money_text(proposal.amount_fen)} 元")
    if proposal.difference_fen:
        way = "补" if proposal.difference_fen > 0 else "退"
        free = "，商家免除" if proposal.difference_waived and proposal.difference_fen > 0 else ""
        found.append(f"{way}差价 {inputs.money_text(abs(proposal.difference_fen))} 元{free}")
    if proposal.compensation_fen:
        found.append(f"另外补偿 {inputs.money_text(proposal.compensation_fen)} 元")
    found.append(told.to_buyer("买家先寄回商品", side) if proposal.goods_back else "商品不用寄回")
    found.append(f"运费由{told.tell_payer(proposal.freight_payer, side)}")
    return found


def load_specs(sku_ids: Sequence[int | None]) -> dict[int, str]:
    """The words of specifications, by id."""
    wanted = [sku_id for sku_id in sku_ids if sku_id is not None]
    if not wanted:
        return {}
    return {row.id: row.spec for row in db.session.execute(select(Sku.id, Sku.spec).where(Sku.id.in_(wanted)))}
