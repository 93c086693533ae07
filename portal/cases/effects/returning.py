"""Effects of the steps by which goods go back: where each line goes, sending it there, correcting a number."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import delete, select

from portal.calendar.lengths import get_deadline
from portal.cases import places
from portal.cases.changes import may_differ
from portal.cases.effects.goods import record_parcel
from portal.cases.effects.hand_ins import GivenPlaces, HandIn, ParcelCorrection, PlacedLines, SentParcels
from portal.cases.effects.step_context import StepContext, effect, load_lines
from portal.cases.places import Place
from portal.extensions import db
from portal.flow import State
from portal.models import Parcel, ParcelLine, PlacedLine, ReturnAddress, ReturnPlace
from portal.money import differences, worth
from portal.parcels import following
from portal.rights import policies


def place_lines(context: StepContext[HandIn], placed: Sequence[PlacedLines]) -> dict[str, object]:
    """Fix where each line goes back to, in place of what was fixed before; returns the case's changed columns.

    Lines that go to one address are one place, unless one part is on its way already.
    """
    case = context.case
    lines = [line.id for line in load_lines(case)]
    if sorted(line_id for each in placed for line_id in each.case_line_ids) != sorted(lines):
        raise context.refuse("请为每一件商品选择退货地址")
    sent = {line_id for place in places.list_places(case) if place.sent for line_id in place.line_ids}
    groups = _group(_fall_back(context, placed), sent)
    known = next((each for each in groups if not each.waits), None)
    if known is None:
        raise context.refuse("还没有一个供应商给出退货地址，请选择自己的退货地址，或等供应商答复")
    forget_places(context)
    if len(groups) > 1:
        for each in groups:
            place = ReturnPlace(
                shop_id=case.shop_id,
                case_id=case.id,
                **dict(zip(("name", "phone", "address", "note"), each.to, strict=True)),
                waits=each.waits,
            )
            db.session.add(place)
            db.session.flush()
            db.session.add_all(
                PlacedLine(shop_id=case.shop_id, place_id=place.id, case_line_id=line_id)
                for line_id in each.case_line_ids
            )
        db.session.flush()
    columns = ("return_name", "return_phone", "return_address", "return_note")
    return {**dict(zip(columns, known.to, strict=True)), "place_count": len(groups)}


def _fall_back(context: StepContext[HandIn], placed: Sequence[PlacedLines]) -> Iterable[PlacedLines]:
    """The shop's default address stands in for one that isn't known yet."""
    default = policies.get_default_address(context.case.shop_id) if any(each.waits for each in placed) else None
    for each in placed:
        if each.waits and default is None and not each.to[2]:
            raise context.refuse("有供应商还没有给退货地址；请先添加一个默认退货地址，到期没有给的部分会寄到那里")
        if each.waits and default is not None:
            each = replace(each, to=(default.name, default.phone, default.address, default.note))
        yield each


def _group(placed: Iterable[PlacedLines], sent: set[int]) -> list[PlacedLines]:
    groups: dict[Any, PlacedLines] = {}
    for each in placed:
        key = (each.to[:3], each.waits and each.case_line_ids, any(line_id in sent for line_id in each.case_line_ids))
        if known := groups.get(key):
            each = replace(known, case_line_ids=(*known.case_line_ids, *each.case_line_ids))
        groups[key] = each
    return sorted(groups.values(), key=lambda each: (each.waits, min(each.case_line_ids)))


def forget_places(context: StepContext[HandIn]) -> None:
    """All goes to the case's own address from now on."""
    case = context.case
    if case.place_count <= 1:
        return
    own = select(ReturnPlace.id).where(ReturnPlace.case_id == case.id, ReturnPlace.shop_id == case.shop_id)
    db.session.execute(delete(PlacedLine).where(PlacedLine.shop_id == case.shop_id, PlacedLine.place_id.in_(own)))
    db.session.execute(delete(ReturnPlace).where(ReturnPlace.case_id == case.id, ReturnPlace.shop_id == case.shop_id))


def record_places(placed: Iterable[PlacedLines]) -> list[list[Sequence[object]]]:
    """For the event: receiver, phone, address, lines; no address where it isn't known yet."""
    return [[*(("", "", "") if each.waits else each.to[:3]), list(each.case_line_ids)] for each in placed]


def read_place(place: Place) -> PlacedLines:
    """A place as it would be handed in."""
    return PlacedLines((*place.where, place.note), place.line_ids, waits=place.waits)


def as_placed(address: ReturnAddress, line_ids: Iterable[int]) -> PlacedLines:
    """One of the shop's own addresses for these lines."""
    return PlacedLines((address.name, address.phone, address.address, address.note), tuple(line_ids))


@effect("give_place", takes=GivenPlaces)
def give_place(context: StepContext[GivenPlaces]) -> dict[str, object]:
    """Say where goods go that waited for it: to one of the shop's addresses, or where ``placed`` says."""
    known = places.list_places(context.case)
    waiting = [place for place in known if place.waits]
    asked = [place for place in waiting if place.id == context.handed.place_id] or waiting[:1]
    if len(waiting) > 1 and context.handed.place_id not in {place.id for place in waiting}:
        raise context.refuse("请选择为哪些商品给退货地址；页面已更新的话，请刷新")
    given = context.handed.placed
    if not given:
        address = db.session.get(ReturnAddress, (context.handed.address_id or 0, context.case.shop_id))
        if address is None or address.removed_at is not None:
            raise context.refuse("请选择退货地址；还没有的话，请先在「退货地址」里添加")
        given = [as_placed(address, asked[0].line_ids)]
    if all(each.waits for each in given):
        raise context.refuse("请选择退货地址")
    return _give(context, [place for place in known if place not in asked], given)


@effect("timeout_place")
def fall_back(context: StepContext[HandIn]) -> dict[str, object]:
    known = places.list_places(context.case)
    given = [replace(read_place(place), waits=False) for place in known if place.waits]
    return _give(context, [place for place in known if not place.waits], given)


def _give(context: StepContext[Any], kept: Sequence[Place], given: Sequence[PlacedLines]) -> dict[str, object]:
    context.data["return_places"] = record_places(given)
    return place_lines(context, [*map(read_place, kept), *given])


@effect("ship_return", takes=SentParcels)
def ship_return(context: StepContext[SentParcels]) -> dict[str, object]:
    """Everything that goes to one place is on its way: which parcel holds what is known where it was said.

    One parcel to one of several places holds all that goes there.
    """
    parcels = context.handed.parcels
    if not parcels:
        raise context.refuse("请填写物流公司和运单号")
    place = _find_place(context)
    contents = _check_contents(context, place)
    for number, (carrier, tracking_no) in enumerate(parcels):
        made = record_parcel(context, "back", carrier, tracking_no, shipped_at=context.at, phone=place.phone)
        _pack(made, contents[number] if contents else {})
    context.data["parcels"] = [list(item) for item in parcels]
    if contents:
        context.data["contents"] = [[list(item) for item in packed.items()] for packed in contents]
    return {}


def _find_place(context: StepContext[SentParcels]) -> Place:
    known, asked = places.list_places(context.case), context.handed.place_id
    if len(known) == 1:
        return known[0]
    place = next((place for place in known if place.id == asked), None)
    if place is None and asked is None:
        place = next((place for place in known if place.open), None)
    if place is None:
        raise context.refuse("退货地址已更新，请刷新页面后重新填写")
    if place.sent:
        raise context.refuse("寄到这个地址的商品已经登记了运单；填错了可以修改运单")
    if place.waits:
        raise context.refuse("这些商品的退货地址还没有给出，请先寄其他商品")
    return place


def _check_contents(context: StepContext[SentParcels], place: Place) -> list[Mapping[int, int]]:
    """What is in each parcel: all lines of the place, each with all its units; empty where that wasn't said."""
    parcels, contents = context.handed.parcels, [dict(packed) for packed in context.handed.contents]
    whole = {line.id: line.quantity_milli for line in load_lines(context.case) if line.id in place.line_ids}
    if not contents and place.id is not None and len(parcels) == 1:
        return [whole]
    if not contents and place.id is not None:
        raise context.refuse("请填写每个包裹里各有多少商品")
    if not contents:
        return []
    if len(contents) != len(parcels) or any(not any(packed.values()) for packed in contents):
        raise context.refuse("请填写每个包裹里各有多少商品；空的包裹不用登记")
    added: dict[int, int] = {}
    for packed in contents:
        for line_id, milli in packed.items():
            if milli < 0 or (milli and line_id not in whole):
                raise context.refuse("包裹里有不寄到这个地址的商品，请核对")
            added[line_id] = added.get(line_id, 0) + milli
    if any(added.get(line_id, 0) != milli for line_id, milli in whole.items()):
        raise context.refuse("各个包裹里的数量加起来要等于寄到这个地址的数量，请核对")
    return [{line_id: milli for line_id, milli in packed.items() if milli} for packed in contents]


def _pack(parcel: Parcel, packed: Mapping[int, int]) -> None:
    db.session.add_all(
        ParcelLine(shop_id=parcel.shop_id, parcel_id=parcel.id, case_line_id=line_id, quantity_milli=milli)
        for line_id, milli in packed.items()
    )
    db.session.flush()


@effect("edit_parcel", takes=ParcelCorrection)
def edit_parcel(context: StepContext[ParcelCorrection]) -> dict[str, object]:
    case = context.case
    old = db.session.get(Parcel, (context.handed.parcel_id or 0, case.shop_id))
    if old is None or old.case_id != case.id or old.leg != "back" or old.voided_at is not None:
        raise context.refuse("没有找到要修改的运单，请刷新页面")
    packed = places.list_contents(case).get(old.id, {})
    phone = next((place.phone for place in places.list_places(case) if old.id in place.parcel_ids), case.return_phone)
    old.voided_at = context.at
    following.end_following(case, context.at, parcel_id=old.id)
    handed = context.handed
    new = record_parcel(context, "back", handed.carrier, handed.number, shipped_at=old.shipped_at, phone=phone)
    _pack(new, packed)
    context.data |= {"before": [old.carrier, old.tracking_no], "after": [new.carrier, new.tracking_no]}
    return _leave_time(context)


def _leave_time(context: StepContext[ParcelCorrection]) -> dict[str, object]:
    """The shop couldn't know of the goods by the number that was wrong: it has the time it has after a 签收."""
    case = context.case
    if case.state != State.INSPECTING or case.escalated or case.due_at is None:
        return {}
    least = min(case.due_at, context.at + get_deadline("seller_receive_signed"))
    return {"not_before": max(least, case.not_before or least)}


@effect("timeout_part")
def go_on_with_a_part(context: StepContext[HandIn]) -> dict[str, object]:
    """What wasn't sent is neither exchanged nor refunded: the price difference is of what was."""
    case, unsent = context.case, places.list_unsent(context.case)
    context.data["unsent"] = sorted(unsent)
    if not may_differ(case) or not unsent:
        return {}
    wanted = [
        (line.order_line_id, line.quantity_milli, line.wanted_price_fen)
        for line in load_lines(case)
        if line.id not in unsent
    ]
    fen = worth.work_out_difference(case.order_id, wanted, case.opened_on)
    return {"difference_fen": fen, **({} if fen else differences.keep_cancelling(case, wanted))}
