"""投诉与意见: one form for everybody, also for visitors; what came of it, by its receipt number or its link."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from typing import Any

from flask import current_app, g, redirect, request
from flask.typing import ResponseReturnValue

from portal.buyer import bp
from portal.columns import PhotoSeen
from portal.evidence import evidence
from portal.extensions import writing
from portal.models import Complaint
from portal.talk import complaint_lists, complaints
from portal.talk.complaints import Told
from portal.web import guards, paging, rates
from portal.web.fields import Choice, Line, Text
from portal.web.forms import Form
from portal.web.once import once
from portal.web.pages import page
from portal.web.photo_field import Photos, find_shop_of_request


class ComplainForm(Form):
    """What it is about, in words and pictures; a visitor may say where to ask back."""

    kind = Choice("类型", choices=list(complaints.TOPICS.items()), missing="请选择类型")
    about = Line("涉及的订单号、售后单号、店铺名或页面", limit=200, optional=True, exact=True)
    words = Text("内容", limit=1000, missing="请写明您遇到了什么，或希望怎样")
    photos = Photos("照片或截图", most=6)
    contact = Line("联系方式", limit=120, optional=True, exact=True)

    def leave_out(self) -> None:
        """What this person can't fill in: a visitor has no place for photos, a member needs no contact."""
        if g.who is None or find_shop_of_request() is None:
            del self.photos
        if g.who is not None:
            del self.contact

    def tell(self, token: str) -> Told | None:
        """What is handed in; None when the field ``about`` has to say more, which it explains."""
        about = self.about.data or ""
        own = (complaints.find_own(about, g.who.user_id) if about and g.who is not None else None) or {}
        shop_id = own.get("shop_id") or (complaints.find_shop_named(about) if about else None)
        if self.kind.data == "shop" and not about:
            self.refuse("请填写订单号、售后单号或店铺名，平台才能找到这家店铺", "about")
            return None
        return Told(
            self.kind.data,
            self.words.data or "",
            g.who.user_id if g.who is not None else None,
            shop_id,
            own.get("order_id"),
            own.get("case_id"),
            about=about,
            contact=self.contact.data or "" if "contact" in self else "",
            token=token,
            photos=self.photos.data or () if "photos" in self else (),
        )


class AgainForm(Form):
    """Why the answer isn't right."""

    words = Text("哪里不对，或有什么新情况", limit=500, missing="请写明答复哪里不对，或有什么新情况")


@bp.route("/feedback", methods=["GET", "POST"])
def complain() -> ResponseReturnValue:
    """The form; a member is led to the complaint among their own, a visitor to its link."""
    form = ComplainForm()
    form.leave_out()
    token = _make_token(form.form_key.data or "")
    if form.validate_on_submit() and (told := form.tell(token)) is not None:
        if g.who is None:
            return _keep_of_visitor(told)
        rates.limit("complaint", g.who.user_id)
        return once(lambda: form.and_say(f"/me/complaints/{complaints.keep_complaint(told, g.now)}"))
    if request.method == "GET" and request.args.get("kind") in complaints.TOPICS:
        form.kind.data = request.args["kind"]
    if request.method == "GET" and request.args.get("about"):
        form.about.data = request.args["about"][:60]
    return page("buyer/complain.html", 422 if request.method == "POST" else 200, form=form)


def _make_token(form_key: str) -> str:
    """What a visitor's link is made of: the same for the same form, so that sending it twice makes one complaint."""
    key = str(current_app.secret_key).encode()
    return hmac.new(key, f"complaint:{form_key}".encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


def _keep_of_visitor(told: Told) -> ResponseReturnValue:
    here = f"/complaints/{told.token}"
    if complaint_lists.find_of_link(told.token) is None:
        if not rates.count("complaint", f"visitor:{request.remote_addr}", g.now):
            raise rates.TooOften("complaint", g.now)
        with writing():
            if complaint_lists.find_of_link(told.token) is None:
                complaints.keep_complaint(told, g.now)
    return redirect(here, 303)


@bp.route("/complaints/<token>", methods=["GET", "POST"])
def show_receipt(token: str) -> ResponseReturnValue:
    """A visitor's complaint, by the link that its receipt is; POST asks to look into it once more."""
    found = guards.found(complaint_lists.find_of_link(token))
    return _show(found, (), f"/complaints/{token}", by_link=True)


@bp.get("/me/complaints")
def list_complaints() -> ResponseReturnValue:
    """What this member complained of, the newest first."""
    before = paging.read_key("before")
    rows = complaint_lists.list_of_person(g.who.user_id, before)
    size = complaint_lists.PAGE
    more = f"/me/complaints?before={rows[size - 1].id}" if len(rows) > size else ""
    return page("buyer/complaints.html", rows=rows[:size], more=more, **_words())


@bp.route("/me/complaints/<number>", methods=["GET", "POST"])
def show_complaint(number: str) -> ResponseReturnValue:
    """One complaint: its receipt number, how far it is, until when it is answered, the answer; POST as by the link."""
    found = guards.found(complaint_lists.find(number, g.who.user_id))
    return _show(found, evidence.list_of_complaint(found.id), f"/me/complaints/{number}", by_link=False)


def _show(row: Complaint, photos: Sequence[PhotoSeen], here: str, *, by_link: bool) -> ResponseReturnValue:
    form, status = AgainForm(), 200
    if request.method == "POST":
        status = 422
        if form.validate_on_submit():
            with writing():
                done = complaints.ask_again(row.number, form.words.data or "", g.now)
            if done or (row.again_at is not None and row.state != "answered"):  # sent twice: it is asked once
                return redirect(form.and_say(f"{here}?said=complaint-again"), 303)
            form.refuse("这条投诉现在不能再次核实，页面显示的是最新状态")
            status = 409
    again = complaints.can_ask_again(row)
    return page(
        "buyer/complaint.html", status, row=row, photos=photos, by_link=by_link, form=form, again=again, **_words()
    )


def _words() -> dict[str, Any]:
    return {"kinds": complaints.KINDS, "states": complaints.STATES, "outcomes": complaints.OUTCOMES}
