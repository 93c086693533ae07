"""扫描台: one box for a scanner; a parcel in the hand opens its case, ready to be counted."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

from flask import g, redirect, request
from flask.typing import ResponseReturnValue

from portal import inputs, searching
from portal.cases import case_view, finding, held
from portal.extensions import writing
from portal.flow import State
from portal.inputs import InputRefused
from portal.parcels import intake, numbers
from portal.seller import bp
from portal.seller.cases import build_view, is_shown
from portal.web import label_photo
from portal.web.fields import Line
from portal.web.forms import Form
from portal.web.once import once
from portal.web.pages import page
from portal.web.photo_field import Photos

SINCE = timedelta(hours=12)  # of the running list: one shift
LEAST_TAIL = 4  # digits by which a case is found
COUNTING = ("accept_goods", "accept_goods_diff")


class UnidentifiedForm(Form):
    """登记无主件: whatever helps to find out whose it is."""

    number = Line("运单号", limit=40, exact=True, optional=True)
    goods = Line("里面是什么", limit=200, optional=True)
    sender = Line("寄件人留的话", limit=200, optional=True)
    phone_tail = Line("寄件人手机尾号", limit=8, exact=True, optional=True)
    photos = Photos("照片", most=1)

    @property
    def tells(self) -> bool:
        """Whether anything but a number says whose it may be."""
        return bool(self.goods.data or self.sender.data or self.phone_tail.data or self.photos.data)


def find_next(hit: Any, number: str) -> str:
    """Where a hit leads: to be counted where that is due, else to the case; "" where this role has nothing to do in it,
    and a scanner must not be led away from its box.
    """
    if not is_shown(hit):
        return ""
    case = case_view.find_of_shop(hit.case_no, g.who.shop_id)
    if case is not None and case.state == State.INSPECTING:
        for step, refusal in build_view(case).actions:
            if step.name in COUNTING and not refusal:
                return f"/seller/cases/{case.case_no}/{step.name}?scanned={quote(number)}"
    return f"/seller/cases/{hit.case_no}"


@bp.route("/scan", methods=["GET", "POST"])
def scan() -> ResponseReturnValue:
    """The box, what was counted in this shift; a number that means one case goes there at once. POST: 登记无主件."""
    if request.method == "POST":
        return _register_unidentified()
    raw = request.args.get("number", "")[: searching.MOST_TYPED]
    typed = searching.read_typed(raw)
    hits = finding.find_scanned(g.who.shop_id, raw, State.INSPECTING)
    if len(hits) == 1 and (address := find_next(hits[0], typed.number)):
        return redirect(address, 303)
    form = UnidentifiedForm(formdata=None, data={"number": typed.number})
    doubt = _tell_doubt(raw) if raw and not hits else ""
    return _page(raw, typed.number, hits, form, 200, doubt=doubt)


def _tell_doubt(raw: str) -> str:
    """Why what was scanned can't be a parcel's number, which no buyer will ever name; "" where it can."""
    if not searching.read_typed(raw).number:
        return "这不是号码，请扫描面单，或把运单号输全"
    if len(numbers.normalise(raw)) < numbers.LEAST_LENGTH:
        return "号码太短，不是完整的运单号，请重新扫描面单，或把运单号输全"
    try:
        numbers.check_number(raw)
    except InputRefused as refused:
        return str(refused)
    return ""


def _register_unidentified() -> ResponseReturnValue:
    form = UnidentifiedForm()
    valid = form.validate_on_submit()
    typed = form.number.data or ""
    if valid and typed and (doubt := _tell_doubt(typed)):
        form.number.errors, valid = [doubt], False
    tail = "".join(re.findall("[0-9]", inputs.fold(form.phone_tail.data or "")))
    if valid and form.phone_tail.data and len(tail) < LEAST_TAIL:  # nothing would ever be found by it
        form.phone_tail.errors, valid = ["请填写手机号的最后 4 位数字或更多；看不清的留空"], False
    if valid and not typed and not form.tells:
        form.number.errors, valid = ["请扫描或填写运单号；看不清的，至少写明里面是什么、寄件人或添加照片"], False
    if valid:
        photo = next(iter(form.photos.data or []), None)

        def kept() -> str:
            intake.note_intake(
                g.who.shop_id,
                searching.read_typed(typed).number or typed.upper() or intake.make_number(g.who.shop_id, g.now),
                user_id=g.who.user_id,
                now=g.now,
                goods=form.goods.data or "",
                sender=form.sender.data or "",
                phone_tail=tail,
                photo=photo,
            )
            return f"/seller/scan?said=parcel-{'noted' if typed else 'numbered'}"

        return once(kept)
    return _page(form.number.raw, form.number.raw, (), form, 422)


@bp.post("/scan/photo")
def scan_photo() -> ResponseReturnValue:
    """用照片读: the number on a photographed label or slip goes into the box; of several one is chosen."""
    found, sentence = label_photo.read_scannable("label", g.who.user_id, "label-desk")
    if len(found) == 1:
        return redirect(f"/seller/scan?number={quote(found[0])}", 303)
    form = UnidentifiedForm(formdata=None)
    return _page("", "", (), form, 200 if found else 422, found=found, sentence=sentence)


@bp.post("/scan/held/<int:held_id>/undo")
def undo_scan(held_id: int) -> ResponseReturnValue:
    """撤回: what was counted isn't so after all; the parcel stays noted, and its case waits to be counted."""
    with writing():
        case_no = held.undo(g.who.shop_id, min(held_id, 2**62), g.who.user_id, g.now)
    return redirect(f"/seller/scan?said={'undo-late' if case_no is None else 'parcel-undone'}", 303)


def _list_recent() -> list[Any]:
    """What this person scanned in this shift, the newest first: each parcel, and each case that was counted from it."""
    since = g.now - SINCE
    parcels = [row._asdict() for row in intake.list_recent(g.who.shop_id, g.who.user_id, since)]
    known = {row["case_id"] for row in parcels}
    beside = held.list_counted_beside(g.who.shop_id, g.who.user_id, since, known)
    rows = [SimpleNamespace(**{"inside": "", **row}) for row in (*beside, *parcels)]
    return sorted(rows, key=lambda row: row.at, reverse=True)


def _rank(address: str, waits: bool) -> tuple[bool, bool]:
    """Of several cases those to be counted come first, those that aren't this role's last."""
    return waits or "?scanned=" not in address, not address


def _page(
    raw: str,
    number: str,
    hits: Any,
    form: UnidentifiedForm,
    status: int,
    *,
    found: Sequence[str] = (),
    sentence: str = "",
    doubt: str = "",
) -> ResponseReturnValue:
    recent = _list_recent()
    cases = [row.case_id for row in recent if row.case_id is not None]
    waiting = held.tell_waiting(g.who.shop_id, [*cases, *(row.id for row in hits)], g.who.user_id, g.now)
    leads = [(row, find_next(row, number)) for row in hits[: finding.MOST_SCANNED]]
    return page(
        "seller/scan.html",
        status,
        raw=raw,
        number=number,
        hits=sorted(leads, key=lambda hit: _rank(hit[1], hit[0].id in waiting)),
        more=len(hits) > finding.MOST_SCANNED,
        opens=sum(bool(address) for _, address in leads),
        form=form,
        recent=recent,
        theirs={row.case_id for row in recent if row.case_no and is_shown(row)},
        waiting=waiting,
        held=held.list_counted(g.who.shop_id, cases, g.who.user_id) if cases else {},
        now=g.now,
        found=found,
        sentence=sentence,
        doubt=doubt,
        unnumbered="unnumbered" in request.args,
    )
