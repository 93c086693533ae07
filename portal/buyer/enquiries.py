"""商品页 and 售前咨询 for buyers: what a product is, what others asked, and asking oneself."""

from __future__ import annotations

from typing import Any

from flask import g, redirect, request
from flask.typing import ResponseReturnValue

from portal import inputs, words
from portal.buyer import bp
from portal.calendar import officehours
from portal.orders import products
from portal.rights import guarantees, policies
from portal.service import remedies
from portal.talk import enquiries, faqs, promises
from portal.web import guards, paging, quotas
from portal.web.fields import Choice, Line, Text
from portal.web.forms import Form
from portal.web.once import once
from portal.web.pages import page
from portal.web.photo_field import Photos


class AskForm(Form):
    """A question, or a photo."""

    words = Text("您的问题", limit=500, optional=True)
    photos = Photos("照片", most=6)


class VoteForm(Form):
    """What somebody says of an answer."""

    vote = Choice("这个回答", choices=list(faqs.VOTES.items()), missing="请选择这个回答有没有用")
    words = Line("哪里不对", limit=200, optional=True)


def _product(shop_id: int, product_id: int) -> Any:
    return guards.found(enquiries.find_product(min(shop_id, 2**62), min(product_id, 2**62)))


@bp.get("/products/<int:shop_id>/<int:product_id>")
def show_product(shop_id: int, product_id: int) -> ResponseReturnValue:
    """Specifications, picture, what the shop guarantees, and what others asked."""
    found = _product(shop_id, product_id)
    policy = policies.get_current(shop_id)
    codes = guarantees.codes(policy.guarantees)
    return page(
        "buyer/product.html",
        product=found.Product,
        shop=found.shop,
        skus=products.list_skus(product_id, shop_id),
        policy=policy,
        ways=[words.TYPE[kind] for kind in ("exchange", "return_refund") if kind in policy.types.split(",")],
        promises=[known for known in guarantees.GUARANTEES if known.code in codes],
        tries=remedies.list_shown(found.Product),
        least=remedies.LEAST,
        faqs=faqs.list_of_product(shop_id, product_id),
        votes=faqs.VOTES,
        form=VoteForm(),
    )


@bp.route("/products/<int:shop_id>/<int:product_id>/ask", methods=["GET", "POST"])
def ask(shop_id: int, product_id: int) -> ResponseReturnValue:
    """The thread about this product; before the question, what may answer it already."""
    found = _product(shop_id, product_id)
    here, form, status = f"/products/{shop_id}/{product_id}/ask", AskForm(), 200
    form.photos.upload_url = ""  # who has bought nothing yet has no other place for them than this form
    if request.method == "POST":
        status = 422
        quotas.limit_message()
        good = form.validate_on_submit()
        said, photos = form.words.data or "", list(form.photos.data or [])
        if good and not said and not photos:
            form.refuse("请写下您的问题，或发一张照片", "words")
        if good and not form.errors:

            def asked() -> str:
                enquiries.ask(shop_id, product_id, g.who.user_id, said, photos, now=g.now)
                return form.and_say(here, "card-hidden")

            return once(asked)
        found = _product(shop_id, product_id)
    try:
        asked_for = inputs.line(request.args.get("q", ""), limit=100)
    except inputs.InputRefused:
        asked_for = ""
    if asked_for and request.method == "GET":
        form.words.data = asked_for
    known = faqs.list_of_product(shop_id, product_id)
    thread = enquiries.find_of_buyer(shop_id, product_id, g.who.user_id)
    key = paging.read_key("before")
    messages = enquiries.list_messages(thread, key)
    shown = messages[-enquiries.MESSAGES :]
    return page(
        "buyer/ask.html",
        status,
        product=found.Product,
        shop=found.shop,
        hours=[officehours.clock_time(found.opens), officehours.clock_time(found.closes)],
        here=here,
        form=form,
        vote_form=VoteForm(formdata=None),
        votes=faqs.VOTES,
        suggested=faqs.suggest(known, asked_for),
        q=asked_for,
        messages=shown,
        earlier=f"{here}?before={shown[0].id}" if len(messages) > enquiries.MESSAGES else "",
        photos=enquiries.list_photos(shop_id, [message.id for message in shown]),
    )


@bp.post("/products/<int:shop_id>/<int:product_id>/pin/<int:message_id>")
def pin_promise(shop_id: int, product_id: int, message_id: int) -> ResponseReturnValue:
    """Something that the shop said here is to stand in later cases."""
    _product(shop_id, product_id)
    thread = guards.found(enquiries.find_of_buyer(shop_id, product_id, g.who.user_id))
    here = f"/products/{shop_id}/{product_id}/ask"

    def pinned() -> str:
        done = promises.pin(thread, message_id, "buyer", g.now)
        return f"{here}?said=pinned" if done else here

    return once(pinned)


@bp.post("/products/<int:shop_id>/<int:product_id>/faqs/<int:faq_id>")
def vote(shop_id: int, product_id: int, faq_id: int) -> ResponseReturnValue:
    """有用, 没用, or what is wrong with an answer."""
    found = guards.found(faqs.find(faq_id, shop_id))
    if found.Product.id != product_id or found.Faq.state != "shown":
        guards.found(None)
    form, faq = VoteForm(), found.Faq
    here = f"/products/{shop_id}/{product_id}"
    if not form.validate_on_submit():
        return redirect(f"{here}?said=vote-missing", 303)

    def voted() -> str:
        faqs.vote(faq, g.who.user_id, form.vote.data, form.words.data or "", g.now)
        return f"{here}?said={'vote-wrong' if form.vote.data == 'wrong' else 'voted'}"

    return once(voted)


@bp.get("/me/enquiries")
def my_enquiries() -> ResponseReturnValue:
    """What this person asked, the newest first."""
    key = paging.read_key("before")
    rows = enquiries.list_of_person(g.who.user_id, key)
    more = f"/me/enquiries?before={rows[enquiries.PAGE - 1].last_message_id}" if len(rows) > enquiries.PAGE else ""
    return page("buyer/enquiries.html", rows=rows[: enquiries.PAGE], more=more)
