"""商品图片: many at once by 货号, or one fetched from a public address because the shop asked for it."""

from __future__ import annotations

from dataclasses import dataclass

from flask import g, request
from flask.typing import ResponseReturnValue

from portal.evidence import evidence, fetching, imaging
from portal.extensions import db, writing
from portal.orders import pictures, products
from portal.seller import bp
from portal.web import guards, quotas, rates
from portal.web.fields import Line
from portal.web.forms import Form
from portal.web.once import once
from portal.web.pages import page
from portal.web.photo_field import store

MOST_AT_ONCE = 30


_WHERE = "店铺商品页里主图的地址，以 https:// 开头。图片只在您点「取图片」时取一次，保存在本平台"


class PicturesForm(Form):
    """Nothing but the files, which the route reads."""


class AddressForm(Form):
    """Where a picture is."""

    address = Line("图片地址", limit=1000, exact=True, missing="请填写图片地址", description=_WHERE)


@dataclass(frozen=True)
class Outcome:
    """What became of one file."""

    name: str
    said: str
    good: bool = False


@bp.route("/products/pictures", methods=["GET", "POST"])
def product_pictures() -> ResponseReturnValue:
    """Many pictures, each named after its 货号; says of each what became of it."""
    form, outcomes = PicturesForm(), []
    if request.method == "POST" and form.validate_on_submit():
        files = [file for file in request.files.getlist("pictures") if file and file.filename]
        refusal = quotas.photo_refusal(len(files), g.who.user_id) if files else "请选择图片"
        if len(files) > MOST_AT_ONCE:
            refusal = f"一次最多 {MOST_AT_ONCE} 张图片，请分几次上传"
        if refusal:
            form.refuse(refusal)
        else:
            outcomes = _take([imaging.IncomingFile(file.filename or "", file.stream) for file in files])
    status = 422 if form.errors else 200
    return page("seller/product_pictures.html", status, form=form, outcomes=outcomes, most=MOST_AT_ONCE)


def _take(files: list[imaging.IncomingFile]) -> list[Outcome]:
    found, refused = pictures.match_names(g.who.shop_id, [file.name for file in files])
    outcomes = []
    for place, file in enumerate(files):
        said = refused.get(place) or _keep(file, found[place])
        outcomes.append(Outcome(file.name, said or "已换上", not said))
    return outcomes


def _keep(file: imaging.IncomingFile, product_id: int) -> str:
    """Give a product its picture; returns why it can't, "" when it has it."""
    shop_id, owner_id = g.who.shop_id, g.who.user_id
    db.session.rollback()  # decoding takes its time, and needs no transaction
    images, refusals = imaging.prepare_each([file])
    if refusals:
        return refusals[0].sentence.replace("第 1 张", "这张", 1)
    stored = evidence.add_photo(store(), images)
    with writing():
        [picture] = evidence.keep_photos(stored, shop_id=shop_id, owner_id=owner_id, side="seller", now=g.now)
        product = guards.found(products.find_of_shop(product_id, shop_id))
        products.change_product(
            product,
            exchangeable=product.exchangeable,
            no_reason_excluded=product.no_reason_excluded,
            kind=product.kind,
            picture=picture,
            owner_id=owner_id,
            now=g.now,
        )
    return ""


@bp.route("/products/<int:product_id>/fetch", methods=["GET", "POST"])
def fetch_picture(product_id: int) -> ResponseReturnValue:
    """A picture from a public address, fetched now and once."""
    shown = guards.found(products.find_of_shop(min(product_id, 2**62), g.who.shop_id))
    form = AddressForm()
    if form.validate_on_submit():
        rates.limit("fetch", g.who.user_id)
        address, shop_product = form.address.data or "", shown.id
        try:
            db.session.rollback()
            content = fetching.fetch_picture(address)
            refusal = quotas.photo_refusal(1, g.who.user_id) or _keep(
                imaging.IncomingFile("picture", content), shop_product
            )
        except fetching.FetchRefused as refused:
            refusal = refused.sentence
        if not refusal:
            return once(lambda: f"/seller/products/{shop_product}?said=product-saved")
        form.refuse(refusal, "address")
    status = 422 if request.method == "POST" else 200
    product = guards.found(products.find_of_shop(min(product_id, 2**62), g.who.shop_id))
    return page("seller/product_fetch.html", status, product=product, form=form)
