"""A consumer without account: a link to one case or one order, and 「查询售后」. Nobody is signed in here.

Whoever is signed in at this browser is not known on these pages: a link stands for its own case's buyer and nobody
else. A link's token is taken out of the address when it is opened, and kept by the browser for that link's pages alone;
they are never stored and send no referrer.
"""

from __future__ import annotations

from flask import Blueprint, Response, g

bp = Blueprint("consumer", __name__, url_prefix="/c")


@bp.before_request
def nobody() -> None:
    """Forget who is signed in, for this request."""
    g.who = g.was = None
    g.guest = 0


@bp.after_request
def keep_quiet(answer: Response) -> Response:
    """Nothing of these pages is stored or told to others."""
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["Referrer-Policy"] = "no-referrer"
    answer.headers["X-Robots-Tag"] = "noindex, nofollow"
    return answer


from portal.consumer import apply, cases, enter, opening, parcels, satisfied, steps  # noqa: E402, F401
