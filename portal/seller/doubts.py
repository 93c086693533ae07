"""未采信: what files said of orders and wasn't believed, by order and by upload, and believing it after all."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from flask import g, redirect, request
from flask.typing import ResponseReturnValue

from portal import inputs
from portal.flow import Actor
from portal.models import Order
from portal.orders import accepting, order_lists, to_send
from portal.orders import uploads as order_uploads
from portal.orders import versions as order_versions
from portal.people import roles
from portal.rights import addresses
from portal.seller import bp
from portal.web import guards, rates
from portal.web.fields import Line
from portal.web.forms import Form
from portal.web.once import once
from portal.web.pages import page

SIZE = 50


class AcceptForm(Form):
    """Why what a file says is right after all; which of it is ticked in the list."""

    reason = Line("采信的依据", limit=200, missing="请写明依据，例如：平台后台显示退款已撤销")

    def read_chosen(self) -> list[int]:
        """The ids that are ticked."""
        ticked = (inputs.read_id(text) for text in request.form.getlist("doubt"))
        return [doubt_id for doubt_id in ticked if doubt_id is not None][:SIZE]


@bp.route("/orders/<order_no>/doubts", methods=["GET", "POST"])
def order_doubts(order_no: str) -> ResponseReturnValue:
    """What wasn't believed of one order. POST: believe what is ticked; a withdrawn refund is lifted so."""
    order = guards.found(order_lists.find_of_shop(order_no, g.who.shop_id))
    form, here = AcceptForm(), f"/seller/orders/{order_no}/doubts"
    if (chosen := _read(form)) is not None:
        own = {each.id for each in accepting.list_of_order(order.shop_id, order.id, size=accepting.MOST)}
        return once(lambda: form.and_say(f"{here}?said={_accept(form, [each for each in chosen if each in own])}"))
    return _show_order(order, form)


def _show_order(order: Order, form: AcceptForm) -> ResponseReturnValue:
    rows = accepting.list_of_order(order.shop_id, order.id, _after(), SIZE)
    more = f"/seller/orders/{order.order_no}/doubts?after={rows[SIZE - 1].id}" if len(rows) > SIZE else ""
    sends = roles.may_open(g.who.role, "ship") and bool(to_send.list_waiting(order.shop_id, [order.id]))
    shown = _decide({"ship_order"} if sends else set())
    versions = order_versions.list_accepted(order.shop_id, order.id)
    return page(
        "seller/order_doubts.html",
        422 if form.errors else 200,
        order=order,
        form=form,
        rows=_hide(rows[:SIZE], shown),
        more=more,
        chosen=form.read_chosen(),
        versions=[each._replace(changes=addresses.show_changes(shown, each.changes)) for each in versions],
    )


def _decide(open_now: set[str]) -> addresses.Shown:
    """How who reads this is shown a receiver: a file's is no less somebody's than the one that is kept."""
    return addresses.decide_receiver(addresses.Reader(Actor.SELLER, g.who.role), open_now)


def _hide(rows: Sequence[accepting.Doubtful], shown: addresses.Shown) -> list[accepting.Doubtful]:
    """What wasn't believed, with receivers as they may be shown."""
    found = []
    for row in rows:
        said = addresses.show_changes(shown, [[row.heading, row.kept, row.said]])
        _, kept, told = said[0] if said else ("", "", "")
        found.append(row._replace(kept=kept, said=told))
    return found


@bp.route("/import/<job_id>/doubts", methods=["GET", "POST"])
def import_doubts(job_id: str) -> ResponseReturnValue:
    """What wasn't believed of an upload, in groups. POST: believe of one group what is ticked, or all that can be."""
    job = guards.found(order_uploads.find_of_shop(job_id, g.who.shop_id))
    groups = {_name(group): group for group in accepting.list_groups(job.shop_id, job.id)}
    name = request.args.get("group", "")
    group = groups.get(name)
    form, here = AcceptForm(), f"/seller/import/{job_id}/doubts"
    if group is None and request.method == "POST":  # all of it was believed, or replaced by another file, meanwhile
        return redirect(f"{here}?said=doubts-none", 303)
    if group is not None and (chosen := _read(form)) is not None:
        own = set(accepting.list_acceptable(job.shop_id, job.id, group))
        whole = request.form.get("scope") == "group"
        ids = [each for each in (own if whole else chosen) if each in own]
        return once(lambda: form.and_say(f"{here}?group={name}&said={_accept(form, ids)}"))
    rows = accepting.list_of_import(job.shop_id, job.id, group, _after(), SIZE) if group else []
    return page(
        "seller/import_doubts.html",
        422 if form.errors else 200,
        job=job,
        form=form,
        groups=groups,
        group=group,
        group_name=name,
        rows=_hide(rows[:SIZE], _decide(set())),
        more=f"{here}?group={name}&after={rows[SIZE - 1].id}" if len(rows) > SIZE else "",
        chosen=form.read_chosen(),
        most=accepting.MOST,
    )


def _read(form: AcceptForm) -> list[int] | None:
    """What is ticked, when the form can be taken; None when there is none or it explains itself."""
    if not form.validate_on_submit():
        return None
    chosen = form.read_chosen()
    if not chosen and request.form.get("scope") != "group":
        form.refuse("请勾选要采信的内容")
        return None
    rates.limit("import", g.who.shop_id)
    return chosen


def _accept(form: AcceptForm, ids: list[int]) -> str:
    done = accepting.accept(g.who.shop_id, ids, reason=form.reason.data or "", user_id=g.who.user_id, now=g.now)
    return "doubts-accepted" if done else "doubts-none"


def _after() -> int:
    text = request.args.get("after", "")
    return inputs.read_id(text) or 0


def _name(group: accepting.Group) -> str:
    return hashlib.sha256(f"{group.heading}|{group.why}".encode()).hexdigest()[:12]
