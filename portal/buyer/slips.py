"""退货单: what goes into the box, one for each address that goods go back to."""

from __future__ import annotations

import io

import segno
from flask import g, request
from flask.typing import ResponseReturnValue

from portal.buyer import bp
from portal.cases import case_view, places
from portal.flow import Actor
from portal.resale import across, slips
from portal.rights import addresses
from portal.rights.addresses import Shown
from portal.web import guards
from portal.web.pages import page


@bp.get("/cases/<case_no>/slip")
def slip(case_no: str) -> ResponseReturnValue:
    """A return slip for the box: the case's number, also as a QR code; no telephone number in clear."""
    case = guards.found(case_view.find_of_buyer(case_no, g.who.user_id))
    view = case_view.build_view(case, Actor.BUYER, g.now)
    sender = addresses.show(Shown.MASKED, case.receiver_name, case.receiver_phone, "")  # the box passes many hands
    return page(
        "buyer/slip.html",
        case=case,
        view=view,
        sender=sender,
        slips=slips.list_slips(case, view.lines, view.back.shown),
    )


@bp.get("/cases/<case_no>/qr.svg")
def qr(case_no: str) -> ResponseReturnValue:
    """The QR code of the slip: black on its own white, also on a dark page, with the quiet zone that readers need."""
    case = guards.found(case_view.find_of_buyer(case_no, g.who.user_id))
    asked = request.args.get("place", "")
    where = next((place.where for place in places.list_places(case) if str(place.id) == asked), None) if asked else None
    out = io.BytesIO()
    segno.make(across.find_parcel_no(case, where), error="m").save(
        out, kind="svg", scale=4, border=4, light="#fff", xmldecl=False, svgns=True
    )
    return out.getvalue(), 200, {"Content-Type": "image/svg+xml"}
