"""商品: a picture for what orders know only by its title, and what isn't exchanged without the shop's fault."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import g, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import BooleanField

from portal import inputs
from portal.models import Product
from portal.orders import products
from portal.rights import faults
from portal.rights import goods as goods_facts
from portal.seller import bp
from portal.service import packings
from portal.web import guards, paging
from portal.web.fields import Pick
from portal.web.forms import Form
from portal.web.once import once
from portal.web.pages import page
from portal.web.photo_field import Photos


class ProductForm(Form):
    """What a seller may set of a product."""

    photos = Photos("商品图片", most=1)
    remove_picture = BooleanField("删除现在的图片")
    exchangeable = BooleanField("可以换货")
    kind = Pick("商品类别", choices=list(faults.KINDS.items()), optional=True)
    packing = Pick("包装方式", choices=[("", "按店铺通常的包装"), *packings.WAYS.items()], optional=True)
    no_reason_excluded = Pick(
        "7天无理由退货",
        choices=[("", "适用"), *((code, f"不适用：{words}") for code, words in goods_facts.EXCLUSIONS.items())],
        optional=True,
    )


@bp.get("/products")
def product_list() -> ResponseReturnValue:
    """By title; search and place in the address."""
    words, problem = "", ""
    try:
        words = inputs.line(request.args.get("q", ""), limit=60)
        title = inputs.line(request.args.get("after", ""), limit=300)
    except inputs.InputRefused as refused:
        title, problem = "", refused.sentence
    row_id = paging.read_key("id")
    after = (title, row_id) if title and row_id is not None else None
    rows, key = products.list_page(g.who.shop_id, words=words, after=after)
    more = "/seller/products?" + urlencode({"q": words, "after": key[0], "id": key[1]}) if key else ""
    return page("seller/products.html", rows=rows, q=words, problem=problem, more=more)


def _product(product_id: int) -> Product:
    return guards.found(products.find_of_shop(min(product_id, 2**62), g.who.shop_id))


@bp.route("/products/<int:product_id>", methods=["GET", "POST"])
def product(product_id: int) -> ResponseReturnValue:
    """One product and its form."""
    shown = _product(product_id)
    form = ProductForm(
        data={
            "exchangeable": shown.exchangeable,
            "no_reason_excluded": shown.no_reason_excluded,
            "kind": shown.kind,
            "packing": packings.find_way(g.who.shop_id, shown.id),
        }
    )
    if form.validate_on_submit():
        picture = next(iter(form.photos.data or []), "" if form.remove_picture.data else None)

        def change() -> str:
            products.change_product(
                _product(product_id),
                exchangeable=bool(form.exchangeable.data),
                no_reason_excluded=form.no_reason_excluded.data or "",
                kind=form.kind.data or "",
                picture=picture,
                owner_id=g.who.user_id,
                now=g.now,
            )
            packings.set_way(g.who.shop_id, product_id, form.packing.data or "", by=g.who.user_id, now=g.now)
            return f"/seller/products/{product_id}?said=product-saved"

        return once(change)
    status = 422 if request.method == "POST" else 200
    address = url_for("buyer.show_product", shop_id=g.who.shop_id, product_id=product_id, _external=True)
    return page(
        "seller/product.html",
        status,
        product=_product(product_id),
        form=form,
        address=address,
        packed=packings.list_history(g.who.shop_id, product_id),
        name_way=packings.name_way,
    )
