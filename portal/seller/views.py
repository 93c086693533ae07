"""Views of the queue by name: kept, opened like any list, forgotten."""

from __future__ import annotations

from flask import g, redirect, request
from flask.typing import ResponseReturnValue
from wtforms import BooleanField

from portal.cases import saved_views
from portal.extensions import writing
from portal.seller import bp, listing
from portal.web.fields import Line
from portal.web.forms import Form
from portal.web.once import once
from portal.web.pages import page


class ViewForm(Form):
    """What a list is to be called, and who sees it."""

    name = Line("名称", limit=20, missing="请给这个视图起个名称，例如：破损待审核")
    shared = BooleanField("全店可见")


class RenameForm(Form):
    """What a view is called from now on."""

    name = Line("新名称", limit=20, missing="请填写新名称")


@bp.route("/views", methods=["GET", "POST"])
def keep_view() -> ResponseReturnValue:
    """The list of the address, kept by name."""
    here = listing.read()
    form = ViewForm()
    if request.method == "POST" and form.validate_on_submit():
        query = here.at(None).query
        if len(query) > saved_views.LONGEST:
            form.refuse("筛选条件太长，保存不下；请把搜索的文字改短一些再保存")

        def kept() -> str:
            saved_views.save(
                g.who.shop_id, g.who.user_id, form.name.data or "", query, shared=form.shared.data, now=g.now
            )
            return f"/seller?{query}&said=view-saved"

        try:
            if not form.errors:
                return once(kept)
        except saved_views.TooMany:
            form.refuse(f"已有 {saved_views.MOST} 个视图，请先删除不用的")
    return _show(here, form, 422 if form.errors else 200)


def _show(
    here: listing.Listing, form: ViewForm, status: int, renamed: tuple[int, RenameForm] | None = None
) -> ResponseReturnValue:
    """The page of views; ``renamed``: the view whose new name was refused, and its form."""
    return page(
        "seller/views.html",
        status,
        here=here,
        tab=listing.list_tabs()[here.tab],
        form=form,
        renamed=renamed or (0, None),
        second_form=renamed and renamed[1],
        blank=RenameForm(formdata=None),
        views=saved_views.list_views(g.who.shop_id, g.who.user_id),
    )


@bp.route("/views/<int:view_id>/rename", methods=["GET", "POST"])
def rename_view(view_id: int) -> ResponseReturnValue:
    """Another name; of a shared view of somebody else's only by the owner."""
    here = listing.carry()
    form = RenameForm()
    form.name.id = f"name-{view_id}"  # each view on the page has such a field

    def renamed() -> str:
        any_of_shop = g.who.role == "owner"
        name = form.name.data or ""
        there = saved_views.rename(g.who.shop_id, view_id, g.who.user_id, name, any_of_shop=any_of_shop)
        return f"/seller/views?{here.at(None).query}&said={'view-renamed' if there else 'view-gone'}"

    if request.method == "POST" and form.validate_on_submit():
        try:
            return once(renamed)
        except saved_views.Taken:
            form.refuse(f"已有名为「{form.name.data}」的视图，请换一个名称", "name")
    return _show(here, ViewForm(formdata=None), 422 if form.errors else 200, (view_id, form))


@bp.post("/views/<int:view_id>/remove")
def remove_view(view_id: int) -> ResponseReturnValue:
    """Forget a view; a shared one of somebody else's only the owner. One that is gone already is gone."""
    with writing():
        saved_views.remove(g.who.shop_id, view_id, g.who.user_id, any_of_shop=g.who.role == "owner")
    return redirect("/seller?said=view-removed", 303)
