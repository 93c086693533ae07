"""Every step a seller can take: its form, what is counted line by line, where it leads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from flask import g, request
from flask.typing import ResponseReturnValue

from portal import inputs
from portal.cases import case_view, held, piles, staff_notes
from portal.cases.effects.goods import NOT_SENT
from portal.cases.effects.hand_ins import HandIn, InspectedLine, Inspection, Shipment
from portal.cases.effects.returning import as_placed
from portal.cases.effects.step_context import ActedBy
from portal.extensions import db
from portal.flow import Actor, State, Step
from portal.models import Case, CaseLine
from portal.parcels import disposals, intake
from portal.people import roles
from portal.resale import across, chain_view, risks
from portal.rights import conditions, policies
from portal.seller import bp, forms, listing, not_yours, payout_forms, step_forms
from portal.seller import disposals as room
from portal.seller.cases import asked_after, build_view, is_shown, show_page
from portal.web import guards
from portal.web.pages import page
from portal.web.taking import Gone, StepRoute, Typed


class SellerSteps(StepRoute[forms.StepForm]):
    """The desk's way of taking steps."""

    actor = Actor.SELLER

    def find(self, case_no: str) -> Case | None:
        return case_view.find_of_shop(case_no, g.who.shop_id)

    def view(self, case: Case) -> case_view.View:
        view = build_view(case)
        if held.is_held(case.shop_id, case.id):
            view.actions, view.unsaid = [], []  # what waits is said on the page; nothing is taken past it
        return view

    def make_form(self, case: Case, step_name: str) -> forms.StepForm:
        return step_forms.make_form(case, step_name)

    def fill_in(self, form: forms.StepForm, case: Case, view: case_view.View) -> dict[str, str]:
        return _fill_counted(form, case, view) | _fill_unsent(form, view) | _fill_from_above(form, case)

    def read(self, step_name: str, form: forms.StepForm, case: Case, view: case_view.View) -> Typed:
        typed = _read_lines(step_name, form, view)
        for sentence in typed.problems.values():
            form.refuse(sentence)
        return typed

    def show_form(
        self, form: forms.StepForm, case: Case, view: case_view.View, step: Step, typed: Typed, status: int
    ) -> ResponseReturnValue:
        risk = risks.describe_deciding(case, step.name)
        if step_forms.stands_in_case(form):
            return show_page(case, view, status, panel=step_forms.Panel(step, form, typed.texts, risk))
        return page(
            form.template,
            status,
            case=case,
            view=view,
            step=step,
            form=form,
            typed=typed.texts,
            conditions=conditions.CONDITIONS,
            disposal_kinds=disposals.SAID,
            scanned=step_forms.scanned_number(),
            asked=asked_after(listing.carry(), step_forms.scanned_number()),
            risk=risk,
            side="seller",
            hide_sums=partial(roles.hide_sums, g.who.role),
        )

    def show_case(self, case: Case, view: case_view.View, gone: Gone, status: int) -> ResponseReturnValue:
        return show_page(case, view, status, gone.form, gone.texts, gone.photos)

    def take(self, case_id: int, name: str, by: ActedBy, form: forms.StepForm, handed: HandIn) -> Case:
        case = db.session.get_one(Case, (case_id, g.who.shop_id))
        g.stood_at = {name: getattr(case, name) for name in piles.PLACES}
        if step_forms.scanned_number():
            waits = name in held.COUNTED and held.has_time(case, g.now)
        else:
            waits = listing.is_carried() and held.may_hold(case, name, g.now)
        if waits:
            held.hold(case, name, by=by, now=g.now, handed=handed, **form.as_shown)
            return db.session.get_one(Case, (case_id, g.who.shop_id))
        held.refuse_while_held(case, name, by=by, now=g.now)
        done = super().take(case_id, name, by, form, handed)
        if isinstance(form, payout_forms.SettleForm) and form.why.data:
            staff_notes.write_note(done, f"手工登记已付款：{form.why.data}", by=by, now=g.now)
        return done

    def go_on(self, done: Case, form: forms.StepForm) -> str:
        if number := step_forms.scanned_number():  # the next parcel is in the hand already
            intake.note_intake(done.shop_id, number, user_id=g.who.user_id, now=g.now, case_id=done.id)
            said = "parcel-held" if held.is_held(done.shop_id, done.id) else "parcel-counted"
            return form.and_say(f"/seller/scan?said={said}")
        if listing.is_carried():
            return form.and_say(find_next(done.id))
        if not is_shown(done):
            return "/seller?said=step-taken"
        return form.and_say(f"/seller/cases/{done.case_no}?v={done.version}")


def find_next(case_id: int) -> str:
    """The address of the case after this one in the list it was opened from; of the list, when it was the last."""
    here = listing.carry()
    place = g.stood_at[piles.find_sort(here.tab, here.sort).column], case_id
    after, _ = here.at(place).load()
    waiting = held.list_held(g.who.shop_id, [row.id for row in after])
    found = next((row for row in after if row.id not in waiting), None)
    waits = held.is_held(g.who.shop_id, case_id)  # then its strip says what was done
    if found is None:
        return f"{here.at(None).address}&said={'list-done' if waits else 'step-last'}"
    shown, _ = here.load()
    if all(row.id != found.id for row in shown):
        here = here.at(place)
    address = here.of_case(found.case_no)
    return address if waits else f"{address}&said=step-done"


STEPS = SellerSteps()


@bp.route("/cases/<case_no>/<step_name>", methods=["GET", "POST"])
def take_step(case_no: str, step_name: str) -> ResponseReturnValue:
    """Every step a seller can take; which ones, and when, is flow.STEPS' business."""
    guards.found(STEPS.find(case_no))
    if not roles.may_take(g.who.role, step_name):
        return not_yours()
    return STEPS.answer(case_no, step_name)


def _fill_from_above(form: forms.StepForm, case: Case) -> dict[str, str]:
    """铺货: what the supplier has done is offered, filled in; the distributor looks at it and sends it."""
    if (
        isinstance(form, forms.ShipForm)
        and (found := chain_view.describe_above(case))
        and (sent := chain_view.build_chain(found).out)
    ):
        form.carrier.data, form.number.data = sent.carrier, sent.tracking_no
    if not isinstance(form, forms.InspectForm):
        return {}
    typed = {}
    for line_id, (received, accepted, note) in across.find_counted_above(case).items():
        typed[f"received_{line_id}"] = inputs.quantity_text(received) if received else "0"
        typed[f"accepted_{line_id}"] = inputs.quantity_text(accepted) if accepted else "0"
        typed[f"linenote_{line_id}"] = note
    return typed


def _fill_counted(form: forms.StepForm, case: Case, view: case_view.View) -> dict[str, str]:
    """Who counts again begins with what was counted: an Enter changes no result into one of everything passed."""
    if not isinstance(form, forms.InspectForm) or case.state != State.DISPUTED:
        return {}
    typed: dict[str, str] = {}
    for line in view.lines:
        typed[f"received_{line.id}"] = inputs.quantity_text(line.received_milli or 0)
        typed[f"accepted_{line.id}"] = inputs.quantity_text(line.accepted_milli)
        typed |= {f"condition_{line.id}": line.condition, f"linenote_{line.id}": line.inspection_note}
    return typed


def _fill_unsent(form: forms.StepForm, view: case_view.View) -> dict[str, str]:
    """Of lines that were never sent nothing is there to be counted."""
    if not isinstance(form, forms.InspectForm):
        return {}
    typed: dict[str, str] = {}
    for line in view.returns.list_lines(sent=False):
        typed |= {f"received_{line.id}": "0", f"accepted_{line.id}": "0", f"linenote_{line.id}": NOT_SENT}
        typed[f"condition_{line.id}"] = "short"
    return typed


def _read_lines(step_name: str, form: forms.StepForm, view: case_view.View) -> Typed:
    """What was counted or sent, line by line; where it decides, the step that is really meant."""
    sent = {
        name: form.without_cards(value) for name, value in request.form.items() if name.split("_")[0] in _LINE_FIELDS
    }
    texts = {name: value[:60] for name, value in sent.items()}
    if isinstance(form, forms.InspectForm):
        return _read_inspection(step_name, form, view, sent, texts)
    if isinstance(form, forms.ShipForm):
        return _read_shipment(form, view, texts)
    if isinstance(form, forms.AgreeForm) and form.is_apart(texts) and not form.errors:
        return _read_places(form, texts)
    return Typed(texts, handed=None if form.errors else form.hand_in())


def _read_places(form: forms.AgreeForm, texts: dict[str, str]) -> Typed:
    """Lines that go back to another of the shop's addresses than the rest."""
    handed = form.hand_in()
    known = {str(each.id): each for each in policies.list_addresses(g.who.shop_id)}
    chosen: dict[str, list[int]] = {}
    problems = {}
    for line in form.apart_lines:
        value = texts.get(f"place_{line.id}", "")
        if value and value not in known:
            problems[line.id] = f"{line.title}：所选的退货地址已删除，请重新选择"
        elif value:
            chosen.setdefault(value, []).append(line.id)
    placed = [as_placed(known[value], line_ids) for value, line_ids in chosen.items()]
    return Typed(texts, problems, handed=None if problems else replace(handed, placed=placed))


def _read_inspection(
    step_name: str, form: forms.InspectForm, view: case_view.View, sent: Mapping[str, str], texts: dict[str, str]
) -> Typed:
    """Everything there and accepted is the step itself; anything else is a disputed inspection."""
    counted, problems = _read_counts(view, sent)
    unsent = {line.id for line in view.returns.list_lines(sent=False)}
    whole = bool(counted) and all(
        item.received == item.accepted == (0 if line.id in unsent else line.quantity_milli)
        for item, line in zip(counted, view.lines, strict=False)
    )
    name = step_name if step_name not in ACCEPTING or whole else "dispute_goods"
    handed = Inspection(counted=counted, note=form.note.data or "", photos=form.photos.data or ())
    return Typed(texts, problems, name, None if problems else handed)


def _read_shipment(form: forms.ShipForm, view: case_view.View, texts: dict[str, str]) -> Typed:
    """Everything that is left is the whole replacement; less is a part."""
    shipped: dict[int, int] = {}
    problems: dict[int, str] = {}
    for line in view.lines:
        raw = request.form.get(f"shipped_{line.id}", "").strip()
        left = line.accepted_milli - line.shipped_milli
        if raw in ("", "0"):
            continue
        try:
            shipped[line.id] = inputs.quantity(raw, most=left, unit=line.unit)
        except inputs.InputRefused as refused:
            problems[line.id] = f"{line.title}：{refused.sentence}"
    if not shipped and not problems:
        problems[0] = "请填写本次发出的数量"
    whole = all(line.accepted_milli - line.shipped_milli == shipped.get(line.id, 0) for line in view.lines)
    handed = None if problems or form.errors else Shipment(parcels=[form.parcel], shipped=shipped)
    return Typed(texts, problems, "ship_replacement" if whole else "ship_part", handed)


ACCEPTING = ("accept_goods", "accept_goods_diff")
_LINE_FIELDS = frozenset(
    {"received", "accepted", "condition", "fault", "linenote", "shipped", "place", *disposals.SAID}
)


def _read_counts(view: case_view.View, sent: Mapping[str, str]) -> tuple[list[InspectedLine], dict[int, str]]:
    counted: list[InspectedLine] = []
    problems: dict[int, str] = {}
    for line in view.lines:
        numbers = {}
        for name, label in (("received", "收到"), ("accepted", "通过")):
            raw = sent.get(f"{name}_{line.id}", "").strip()
            if raw.isdecimal() and len(raw) > 1 and raw[0] == "0":  # typed before the number that stood there
                _add_problem(problems, line.id, f"{line.title}的{label}数量：分不清是 0 还是 {raw[1:]}，请重新填写")
                continue
            try:
                numbers[name] = 0 if raw == "0" else inputs.quantity(raw, most=line.quantity_milli, unit=line.unit)
            except inputs.InputRefused as refused:
                _add_problem(problems, line.id, f"{line.title}的{label}数量：{refused.sentence}")
        try:
            note = inputs.line(sent.get(f"linenote_{line.id}", ""), limit=200)
        except inputs.InputRefused as refused:
            note = ""
            _add_problem(problems, line.id, refused.sentence)
        condition = sent.get(f"condition_{line.id}", "intact")
        fault = sent.get(f"fault_{line.id}", "")
        if len(numbers) == 2:
            goes = _read_disposals(line, numbers["accepted"], sent, problems)
            counted.append(
                InspectedLine(line.id, numbers["received"], numbers["accepted"], condition, note, fault, goes)
            )
    return counted, problems


def _read_disposals(line: CaseLine, accepted: int, sent: Mapping[str, str], problems: dict[int, str]) -> dict[str, int]:
    """Where some of the accepted units go; all others go where the condition says."""
    raw = {kind: sent.get(f"{kind}_{line.id}", "") for kind in disposals.SAID}
    found, wrong = room.read_kinds(line.title, line.unit, accepted, raw)
    if not wrong and sum(found.values()) > accepted:
        said = inputs.quantity_text(sum(found.values()))
        wrong = [f"{line.title}：去向的数量合计是 {said}，不能多于通过的 {inputs.quantity_text(accepted)} {line.unit}"]
    for sentence in wrong:
        _add_problem(problems, line.id, sentence)
    return found


def _add_problem(problems: dict[int, str], line_id: int, sentence: str) -> None:
    """A line may have several mistakes, and each is said."""
    problems[line_id] = "；".join(part for part in (problems.get(line_id, ""), sentence) if part)
