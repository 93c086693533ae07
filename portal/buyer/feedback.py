"""反馈: what somebody says of the portal itself."""

from __future__ import annotations

from flask import g, request
from flask.typing import ResponseReturnValue

from portal.buyer import bp
from portal.talk import feedback
from portal.web import rates
from portal.web.fields import Choice, Text
from portal.web.forms import Form
from portal.web.once import once
from portal.web.pages import page


class FeedbackForm(Form):
    """What it is about, in words."""

    kind = Choice("类型", choices=list(feedback.KINDS.items()), missing="请选择类型")
    words = Text("内容", limit=500, missing="请写明您遇到了什么,或希望怎样")


@bp.route("/feedback", methods=["GET", "POST"])
def give_feedback() -> ResponseReturnValue:
    """The form; afterwards the receipt number is shown."""
    form = FeedbackForm()
    if form.validate_on_submit():
        rates.limit("feedback", g.who.user_id)

        def take() -> str:
            number = feedback.keep_feedback(g.who.user_id, form.kind.data, form.words.data or "", g.now)
            return f"/feedback?number={number}"

        return once(take)
    if request.method == "GET" and request.args.get("kind") in feedback.KINDS:
        form.kind.data = request.args["kind"]
    number = request.args.get("number", "")
    number = number if number.startswith("FK") and number[2:].isascii() and number[2:].isdigit() else ""
    return page("buyer/feedback.html", 422 if request.method == "POST" else 200, form=form, number=number[:20])
