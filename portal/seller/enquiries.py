"""售前咨询 at the desk: who waits, the thread, handing it over, and what becomes a 常见问答 of the product."""

from __future__ import annotations

from typing import Any

from flask import abort, g, request
from flask.typing import ResponseReturnValue

from portal import inputs
from portal.calendar import officehours
from portal.extensions import db
from portal.models import Faq, Product, Shop
from portal.orders import customers, products
from portal.people import staffing
from portal.rights import phrases
from portal.seller import bp
from portal.service.honest_rules import NAMES
from portal.service.honest_words import Hit, check_text
from portal.talk import enquiries, faqs, promises, replies
from portal.web import guards, paging, quotas
from portal.web.fields import Line, Pick, Text
from portal.web.forms import Form
from portal.web.once import once
from portal.web.pages import page
from portal.web.photo_field import Photos


class AnswerForm(Form):
    """What the shop says."""

    words = Text("回复", limit=500, optional=True)
    photos = Photos("照片", most=6)


class HandForm(Form):
    """To whom a thread goes, and what they should know."""

    to = Pick("交给", missing="请选择同事")
    note = Line("交接说明", limit=120, optional=True)


class FaqForm(Form):
    """A question and its answer, as everybody reads them."""

    question = Line("问题", limit=200, missing="请写问题，像买家会问的那样")
    answer = Text("回答", limit=500, missing="请写回答；只写核实过的内容")


@bp.get("/enquiries")
def enquiry_list() -> ResponseReturnValue:
    """One tab: those that wait, the longest wait in office hours first; mine; all."""
    tab = request.args.get("tab", "waiting")
    if tab not in enquiries.TABS:
        abort(404)
    after = paging.moment_key(request.args.get("after", ""))
    rows, key = enquiries.list_of_shop(g.who.shop_id, tab, g.who.user_id, after)
    shop = db.session.get_one(Shop, g.who.shop_id)
    waits = {
        row.id: officehours.measure_elapsed(row.waiting_since, g.now, shop.opens, shop.closes)
        for row in rows
        if row.waiting_since is not None
    }
    return page(
        "seller/enquiries.html",
        rows=rows,
        tab=tab,
        tabs=enquiries.TABS,
        waits=waits,
        level=officehours.rate_level,
        target=officehours.TARGET,
        names=dict(staffing.list_colleagues(g.who.shop_id)),
        more=f"/seller/enquiries?tab={tab}&after={paging.said(key)}" if key else "",
    )


def _find(enquiry_id: int) -> Any:
    return guards.found(enquiries.find_of_shop(min(enquiry_id, 2**62), g.who.shop_id))


@bp.route("/enquiries/<int:enquiry_id>", methods=["GET", "POST"])
def enquiry(enquiry_id: int) -> ResponseReturnValue:
    """The thread; POST answers, or with ``does=hand`` hands it over."""
    found, here = _find(enquiry_id), f"/seller/enquiries/{enquiry_id}"
    answering, handing, status = AnswerForm(), HandForm(), 200
    colleagues = staffing.list_colleagues(g.who.shop_id, but=g.who.user_id)
    handing.to.choices = [("", "请选择"), *((str(user_id), name) for user_id, name in colleagues)]
    does = request.form.get("does", "") if request.method == "POST" else ""
    form = handing if does == "hand" else answering
    if request.method == "POST":
        status = 422
        phrase = request.form.get("phrase", "")
        good = form.validate_on_submit()
        said = phrase if phrase in phrases.BEFORE_PHRASES else answering.words.data or ""
        photos = list(answering.photos.data or [])
        if form is answering:
            quotas.limit_message()
            if good and not said and not photos:
                form.refuse("请写回复，或发一张照片", "words")
            if found.Enquiry.buyer_id == g.who.user_id:
                form.refuse("咨询的买家就是您，请由店里的另一位同事回复")
            if gaps := replies.find_gaps(said):
                form.refuse(f"还有没填的空：{''.join(gaps)}，请填好再发送", "words")
        if good and not form.errors:

            def done() -> str:
                thread = _find(enquiry_id).Enquiry
                if form is handing:
                    to, note = int(handing.to.data), handing.note.data or ""
                    if not enquiries.hand_over(thread, to, note, by=g.who.member_name, now=g.now):
                        abort(404)
                    return f"{here}?said=enquiry-handed"
                enquiries.answer(thread, g.who.user_id, said, photos, now=g.now)
                return form.and_say(here, "card-hidden")

            return once(done)
        found = _find(enquiry_id)
    elif wanted := request.args.get("reply", ""):
        answering.words.data = _insert(wanted, found.Product)
    key = paging.read_key("before")
    messages = enquiries.list_messages(found.Enquiry, key)
    shown = messages[-enquiries.MESSAGES :]
    return page(
        "seller/enquiry.html",
        status,
        enquiry=found.Enquiry,
        product=found.Product,
        buyer=found.buyer,
        bought=customers.find_newest_order(found.Enquiry.buyer_id, g.who.shop_id),
        here=here,
        answering=answering,
        handing=handing,
        form=form if form.errors else None,
        colleagues=colleagues,
        names=dict(staffing.list_colleagues(g.who.shop_id)),
        phrases=phrases.BEFORE_PHRASES,
        own=[row for row in replies.list_replies(g.who.shop_id) if not row.step],
        messages=shown,
        earlier=f"{here}?before={shown[0].id}" if len(messages) > enquiries.MESSAGES else "",
        photos=enquiries.list_photos(g.who.shop_id, [message.id for message in shown]),
    )


def _insert(wanted: str, product: Product) -> str:
    """One of the shop's own 常用语 that promises no step; only the goods are known before an order."""
    reply_id = inputs.read_id(wanted)
    row = replies.find_reply(g.who.shop_id, reply_id) if reply_id is not None else None
    return replies.fill_in(row.words, {"商品": product.title}) if row is not None and not row.step else ""


@bp.post("/enquiries/<int:enquiry_id>/pin/<int:message_id>")
def pin_promise(enquiry_id: int, message_id: int) -> ResponseReturnValue:
    """Something said here is to stand in later cases."""
    thread = _find(enquiry_id).Enquiry
    here = f"/seller/enquiries/{enquiry_id}"

    def pinned() -> str:
        return f"{here}?said=pinned" if promises.pin(thread, message_id, "seller", g.now) else here

    return once(pinned)


@bp.route("/enquiries/<int:enquiry_id>/faq/<int:message_id>", methods=["GET", "POST"])
def make_faq(enquiry_id: int, message_id: int) -> ResponseReturnValue:
    """An answer becomes one for everybody: worded here, shown after a look on the product's page."""
    found = _find(enquiry_id)
    draft = guards.found(faqs.draft_from(found.Enquiry.id, message_id, g.who.shop_id))
    form = FaqForm(data={"question": draft[0], "answer": draft[1]})
    if form.validate_on_submit():

        def kept() -> str:
            product = _find(enquiry_id).Product
            made = faqs.keep(product, form.question.data, form.answer.data or "", by=g.who.user_id, now=g.now)
            return f"/seller/faqs/{made.id}?said=faq-drafted"

        return once(kept)
    status = 422 if request.method == "POST" else 200
    return page("seller/faq.html", status, product=_find(enquiry_id).Product, form=form, faq=None, here=request.path)


@bp.route("/products/<int:product_id>/faqs", methods=["GET", "POST"])
def product_faqs(product_id: int) -> ResponseReturnValue:
    """What others asked about a product, with what people say of the answers; POST adds one."""
    product = guards.found(products.find_of_shop(min(product_id, 2**62), g.who.shop_id))
    form = FaqForm()
    if form.validate_on_submit():

        def kept() -> str:
            mine = guards.found(products.find_of_shop(product_id, g.who.shop_id))
            made = faqs.keep(mine, form.question.data, form.answer.data or "", by=g.who.user_id, now=g.now)
            return f"/seller/faqs/{made.id}?said=faq-drafted"

        return once(kept)
    product = guards.found(products.find_of_shop(min(product_id, 2**62), g.who.shop_id))
    rows = faqs.list_of_product(g.who.shop_id, product_id, drafts=True)
    return page(
        "seller/faqs.html",
        422 if request.method == "POST" else 200,
        product=product,
        faqs=[(row, len(_check(row, product))) for row in rows],
        form=form,
    )


def _check(faq: Faq, product: Product) -> list[Hit]:
    """The advice on an answer that everybody reads."""
    return check_text(faq.answer, no_reason=not product.no_reason_excluded)


@bp.route("/faqs/<int:faq_id>", methods=["GET", "POST"])
def edit_faq(faq_id: int) -> ResponseReturnValue:
    """A look at one: other words, show it (``does=show``), or take it away (``does=remove``)."""
    found = guards.found(faqs.find(min(faq_id, 2**62), g.who.shop_id))
    product_id, does = found.Product.id, request.form.get("does", "")
    back = f"/seller/products/{product_id}/faqs"
    form = FaqForm(data={"question": found.Faq.question, "answer": found.Faq.answer})
    if request.method == "POST" and does in ("show", "remove"):
        state = "shown" if does == "show" else "removed"

        def decided() -> str:
            faqs.decide(faq_id, g.who.shop_id, state, by=g.who.user_id)
            return f"{back}?said=faq-{state}"

        return once(decided)
    if form.validate_on_submit():

        def kept() -> str:
            row = guards.found(faqs.find(faq_id, g.who.shop_id))
            question, answer = form.question.data, form.answer.data or ""
            faqs.keep(row.Product, question, answer, by=g.who.user_id, now=g.now, faq=row.Faq)
            return f"/seller/faqs/{faq_id}?said=faq-drafted"

        return once(kept)
    found = guards.found(faqs.find(min(faq_id, 2**62), g.who.shop_id))
    return page(
        "seller/faq.html",
        422 if request.method == "POST" else 200,
        product=found.Product,
        faq=found.Faq,
        form=form,
        here=f"/seller/faqs/{faq_id}",
        hits=_check(found.Faq, found.Product),
        names=NAMES,
        objections=faqs.list_objections(faq_id, g.who.shop_id),
    )
