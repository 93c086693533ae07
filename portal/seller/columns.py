"""Which columns of the queue this person sees."""

from __future__ import annotations

from flask import g, redirect, request
from flask.typing import ResponseReturnValue

from portal.cases import columns, desk_facts
from portal.extensions import writing
from portal.seller import bp, listing
from portal.web.fields import Boxes
from portal.web.forms import Form
from portal.web.pages import page


class ColumnsForm(Form):
    """Any of the columns; none is a choice too."""

    columns = Boxes("列", choices=list(columns.COLUMNS.items()))


@bp.route("/columns", methods=["GET", "POST"])
def queue_columns() -> ResponseReturnValue:
    """The choice; POST keeps it and goes back to the list of the address."""
    here = listing.read()
    shown = desk_facts.load_of_list(g.who.shop_id, [], g.who.user_id, g.now).columns
    form = ColumnsForm(data={"columns": list(shown)})
    form.columns.choices = list(listing.list_columns().items())
    if request.method == "POST" and form.validate_on_submit():
        with writing():
            columns.keep_columns(g.who.shop_id, g.who.user_id, form.columns.data or [])
        return redirect(f"{here.address}&said=columns-kept", 303)
    return page("seller/columns.html", 422 if form.errors else 200, here=here, form=form)
