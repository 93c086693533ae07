"""先试试: what buyers can try about a fault of a product, checked and shown after a look, with whom it helped."""

from __future__ import annotations

from flask import abort, g, request
from flask.typing import ResponseReturnValue
from wtforms import BooleanField

from portal import inputs
from portal.models import Product, Remedy
from portal.orders import products
from portal.rights import faults
from portal.seller import bp
from portal.service import remedies
from portal.service.honest_rules import NAMES
from portal.web import guards
from portal.web.fields import Line, Pick, Text
from portal.web.forms import Form
from portal.web.once import once
from portal.web.pages import page
from portal.web.photo_field import Photos


class RemedyForm(Form):
    """About which fault, of what, the steps, how long they take, a picture."""

    fault = Pick("问题", missing="请选择问题")
    of = Pick("适用于", choices=[("product", "只这件商品")])
    steps = Text("怎么做", limit=500, missing="请写买家可以做的几步，一行一步")
    minutes = Line("大约几分钟", limit=2, missing="请填写大约要几分钟")
    photos = Photos("图片（可以没有）", most=1)
    remove_picture = BooleanField("删除现在的图片")


def _product(product_id: int) -> Product:
    return guards.found(products.find_of_shop(min(product_id, 2**62), g.who.shop_id))


def _make_form(product: Product, remedy: Remedy | None = None) -> RemedyForm:
    """The form with the faults of this kind of goods; filled with what is there."""
    data: dict[str, object] = {"minutes": "2", "of": "product"}
    if remedy is not None:
        of = "kind" if remedy.product_id is None else "product"
        data = {"fault": remedy.fault, "of": of, "steps": remedy.steps, "minutes": str(remedy.minutes)}
    form = RemedyForm(data=data)
    form.fault.choices = list(faults.list_remediable(product.kind).items())
    if product.kind:
        form.of.choices = [("product", "只这件商品"), ("kind", f"本店所有「{faults.KINDS[product.kind]}」类商品")]
    form.photos.already = 0
    return form


def _read_minutes(form: RemedyForm) -> int | None:
    raw = form.minutes.data or ""
    minutes = inputs.read_id(raw) or 0
    if 1 <= minutes <= 60:
        return minutes
    form.refuse("请填写 1 到 60 之间的整数", "minutes")
    return None


def _keep(product: Product, remedy: Remedy | None, form: RemedyForm, minutes: int) -> Remedy:
    return remedies.keep(
        product,
        remedy,
        of_kind=form.of.data == "kind" and bool(product.kind),
        fault=form.fault.data or "",
        minutes=minutes,
        steps=form.steps.data or "",
        picture=next(iter(form.photos.data or []), "" if form.remove_picture.data else None),
        by=g.who.user_id,
        now=g.now,
    )


@bp.route("/products/<int:product_id>/remedies", methods=["GET", "POST"])
def product_remedies(product_id: int) -> ResponseReturnValue:
    """What there is for a product and its kind, and whom it helped; POST adds one."""
    form = _make_form(_product(product_id))
    if form.validate_on_submit() and (minutes := _read_minutes(form)) is not None:

        def kept() -> str:
            made = _keep(_product(product_id), None, form, minutes)
            return f"/seller/products/{product_id}/remedies/{made.id}?said=remedy-drafted"

        return once(kept)
    product = _product(product_id)
    rows = remedies.list_of_product(product)
    counts = remedies.count_answers(g.who.shop_id, [row.id for row in rows])
    return page(
        "seller/remedies.html",
        422 if request.method == "POST" else 200,
        product=product,
        kinds=faults.KINDS,
        rows=[(row, counts.get(row.id, remedies.NOBODY), remedies.check(row, product)) for row in rows],
        name_fault=faults.name_fault,
        form=form,
    )


@bp.route("/products/<int:product_id>/remedies/<int:remedy_id>", methods=["GET", "POST"])
def edit_remedy(product_id: int, remedy_id: int) -> ResponseReturnValue:
    """A look at one with its advice: other words, show it (``does=show``), or take it away (``does=remove``)."""
    product, remedy = _product(product_id), _find(product_id, remedy_id)
    back = f"/seller/products/{product_id}/remedies"
    form, does = _make_form(product, remedy), request.form.get("does", "")
    if request.method == "POST" and does in ("show", "remove"):
        state = "shown" if does == "show" else "removed"

        def decided() -> str:
            remedies.decide(_find(product_id, remedy_id), state, by=g.who.user_id)
            return f"{back}?said=remedy-{state}"

        return once(decided)
    if form.validate_on_submit() and (minutes := _read_minutes(form)) is not None:

        def kept() -> str:
            _keep(_product(product_id), _find(product_id, remedy_id), form, minutes)
            return f"{back}/{remedy_id}?said=remedy-drafted"

        return once(kept)
    product, remedy = _product(product_id), _find(product_id, remedy_id)
    return page(
        "seller/remedy.html",
        422 if request.method == "POST" else 200,
        product=product,
        remedy=remedy,
        form=form,
        count=remedies.count_answers(g.who.shop_id, [remedy.id]).get(remedy.id, remedies.NOBODY),
        hits=remedies.check(remedy, product),
        names=NAMES,
    )


def _find(product_id: int, remedy_id: int) -> Remedy:
    """Steps of this product, or of its kind."""
    remedy = guards.found(remedies.find(min(remedy_id, 2**62), g.who.shop_id))
    product = _product(product_id)
    if remedy.product_id != product.id and (remedy.product_id is not None or remedy.kind != product.kind):
        abort(404)
    return remedy
