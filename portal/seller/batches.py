"""抽检: incoming batches, how many to look at, what was found, and what was sold out of them."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import g, request
from flask.typing import ResponseReturnValue

from portal import inputs
from portal.models import Product
from portal.orders import products
from portal.rights import faults
from portal.seller import bp
from portal.seller.quality import name_cases
from portal.service import batches, sampling
from portal.service.fault_cases import Chosen
from portal.web import guards, paging
from portal.web.fields import Line, Pick, Text, Whole, read_day
from portal.web.forms import Form
from portal.web.once import once
from portal.web.pages import page
from portal.web.photo_field import Photos
from portal.words import BEIJING


class BatchForm(Form):
    """A batch that came in."""

    product = Pick("商品", missing="请选择商品")
    spec = Line("规格", limit=300, optional=True)
    supplier = Line("供应商", limit=60, missing="请填写供应商")
    size = Whole("批量（件）", least=sampling.LEAST_SIZE, most=sampling.MOST_SIZE)
    day = Line("从哪一天起发这一批", limit=10, missing="请填写日期")
    aql = Pick("接收质量限（AQL）", choices=[(each, each) for each in sampling.AQLS])


class ResultForm(Form):
    """What the sampling found."""

    defects = Whole("不合格数", least=0, most=sampling.MOST_SIZE)
    note = Text("说明", limit=500, optional=True)
    photos = Photos("照片")


@bp.get("/batches")
def batch_list() -> ResponseReturnValue:
    """The newest first, each with what was sold out of it; of one product with ``product``."""
    raw = request.args.get("product", "")
    product = guards.found(_find(raw)) if raw else None
    after = paging.moment_key(request.args.get("after", ""))
    rows, key = batches.list_page(g.who.shop_id, after, product.id if product else None)
    query = {"product": product.id} if product else {}
    more = "/seller/batches?" + urlencode(query | {"after": paging.said(key)}) if key else ""
    return page("seller/batches.html", rows=rows, more=more, judge=batches.judge, product=product)


@bp.route("/batches/new", methods=["GET", "POST"])
def add_batch() -> ResponseReturnValue:
    """A batch and its plan."""
    form = BatchForm(data={"product": request.args.get("product", ""), "day": f"{g.now.astimezone(BEIJING):%Y-%m-%d}"})
    form.aql.data = form.aql.data or "2.5"
    known, _ = products.list_page(g.who.shop_id)
    chosen = _find(form.product.data or "")
    offered = {product.id: product.title for product in (*known, *([chosen] if chosen else []))}
    form.product.choices = [("", "请选择"), *((str(key), title) for key, title in offered.items())]
    if form.validate_on_submit() and chosen is not None and _check(form, chosen):
        product_id, from_at = chosen.id, read_day(form.day.data)

        def make() -> str:
            product = guards.found(products.find_of_shop(product_id, g.who.shop_id))
            made = batches.make_batch(
                product,
                spec=form.spec.data or "",
                supplier=form.supplier.data,
                size=form.size.data,
                from_at=from_at or g.now,
                aql=form.aql.data,
                by=g.who.user_id,
                now=g.now,
            )
            return f"/seller/batches/{made.id}?said=incoming-made"

        return once(make)
    return page("seller/batch_new.html", 422 if request.method == "POST" else 200, form=form, any=bool(known))


def _find(raw: str) -> Product | None:
    product_id = inputs.read_id(raw)
    return products.find_of_shop(product_id, g.who.shop_id) if product_id is not None else None


def _check(form: BatchForm, product: Product) -> bool:
    """What the fields alone can't know: a real date, a specification that the product has."""
    specs = [sku.spec for sku in products.list_skus(product.id, product.shop_id)]
    if read_day(form.day.data) is None:
        form.refuse("请填写正确的日期，例如 2026-11-28", "day")
    elif form.spec.data and form.spec.data not in specs:
        form.refuse(f"这件商品没有这个规格；有的规格：{'、'.join(specs[:10]) or '无'}。留空就是全部规格", "spec")
    return not form.errors


@bp.route("/batches/<int:batch_id>", methods=["GET", "POST"])
def sampled_batch(batch_id: int) -> ResponseReturnValue:
    """The plan, the result, what was sold out of it. POST: what was found."""
    batch = guards.found(batches.find_of_shop(min(batch_id, 2**62), g.who.shop_id))
    form = ResultForm()
    if form.validate_on_submit():

        def record() -> str:
            found = guards.found(batches.find_of_shop(batch_id, g.who.shop_id))
            photos = form.photos.data or ()
            batches.record_defects(found, form.defects.data, form.note.data or "", photos, by=g.who.user_id, now=g.now)
            return f"/seller/batches/{batch_id}?said=incoming-judged"

        try:
            return once(record)
        except batches.BatchRefused as refused:
            form.refuse(refused.sentence, "defects")
        batch = guards.found(batches.find_of_shop(batch_id, g.who.shop_id))
    product = guards.found(products.find_of_shop(batch.product_id, g.who.shop_id))
    return page(
        "seller/batch.html",
        422 if request.method == "POST" else 200,
        batch=batch,
        product=product,
        form=form,
        verdict=batches.judge(batch),
        photos=batches.list_photos(batch),
        share=batches.measure_batches(g.who.shop_id, [batch.id])[batch.id],
        cases=name_cases(Chosen(batch_id=batch.id)),
        faults=[
            (faults.name_fault(code), share, name_cases(Chosen(fault=code, batch_id=batch.id)))
            for code, share in batches.list_faults(batch)
        ],
    )
