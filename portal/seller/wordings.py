"""文案检查: advice on what the shop writes of its products, and the word that somebody looked at it."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import urlencode

from flask import g, request
from flask.typing import ResponseReturnValue
from wtforms import HiddenField

from portal import inputs
from portal.models import Product
from portal.orders import products
from portal.rights import reasons
from portal.seller import bp
from portal.service import mismatches, wordings
from portal.service.honest_rules import NAMES
from portal.web import guards, paging
from portal.web.fields import Line, Pick, Text
from portal.web.forms import Form
from portal.web.once import once
from portal.web.pages import page

LONGEST = 5000
CHANGED = "这段文字刚刚变了，请看新的建议"


class WordsForm(Form):
    """A text to be checked."""

    place = Pick("这是", choices=[("description", "商品描述"), ("promotion", "促销文案")])
    words = Text("文字", limit=LONGEST, exact=True, missing="请粘贴要检查的文字")


class LookedForm(Form):
    """Somebody looked at the advice on one text; ``seen`` is the digest of the text that it was given on."""

    place = HiddenField()
    seen = HiddenField()
    note = Line("备注（可以不写）", limit=200, optional=True)


class Shown(NamedTuple):
    """A text and its form; None when there is nothing to look at."""

    text: wordings.Checked
    form: LookedForm | None


def _product(product_id: int) -> Product:
    return guards.found(products.find_of_shop(min(product_id, 2**62), g.who.shop_id))


@bp.get("/products/words")
def title_list() -> ResponseReturnValue:
    """Titles with advice that nobody has looked at yet."""
    try:
        title = inputs.line(request.args.get("after", ""), limit=300)
    except inputs.InputRefused:
        title = ""
    row_id = paging.read_key("id")
    after = (title, row_id) if title and row_id is not None else None
    rows, key = wordings.list_open_titles(g.who.shop_id, after)
    more = "/seller/products/words?" + urlencode({"after": key[0], "id": key[1]}) if key else ""
    return page("seller/wordings.html", rows=rows, more=more, names=NAMES, later=after is not None)


@bp.route("/products/<int:product_id>/words", methods=["GET", "POST"])
def product_words(product_id: int) -> ResponseReturnValue:
    """What is written of a product, its advice, and a form for another text."""
    form = WordsForm()
    if form.validate_on_submit():

        def write() -> str:
            product = _product(product_id)
            wordings.write_text(product, form.place.data or "", form.words.data or "", by=g.who.user_id, now=g.now)
            return f"/seller/products/{product_id}/words?said=words-checked"

        return once(write)
    return _show(product_id, form, None)


@bp.post("/products/<int:product_id>/words/looked")
def look_at_words(product_id: int) -> ResponseReturnValue:
    """The advice was looked at; nothing else follows from it."""
    form = LookedForm()
    if not form.validate_on_submit():
        return _show(product_id, WordsForm(formdata=None), form)

    def look() -> str:
        wordings.look_at(
            _product(product_id),
            form.place.data or "",
            form.seen.data or "",
            form.note.data or "",
            by=g.who.user_id,
            now=g.now,
        )
        return f"/seller/products/{product_id}/words?said=words-looked"

    try:
        return once(look)
    except wordings.WordingRefused as refused:
        form.refuse(refused.sentence)
        return _show(product_id, WordsForm(formdata=None), form)


def _show(product_id: int, form: WordsForm, looked: LookedForm | None) -> ResponseReturnValue:
    product = _product(product_id)
    cases = mismatches.list_mismatches(g.who.shop_id, product.id)
    texts = wordings.list_texts(product, cases)
    key = paging.read_key("before")
    history, older = wordings.list_looked(product, key)
    shown = [Shown(each, _make_looked(each, looked)) for each in texts]
    return page(
        "seller/wording.html",
        422 if request.method == "POST" else 200,
        product=product,
        form=form,
        problem=""
        if looked is None or any(each.form is looked for each in shown)
        else "这段文字刚刚变了，请看新的建议",
        texts=shown,
        names=NAMES,
        places=wordings.PLACES,
        reasons={name: described.zh for name in mismatches.REASONS if (described := reasons.reason(name))},
        cases=cases,
        figures=mismatches.count_mismatches(g.who.shop_id, product.id),
        history=history,
        more=f"/seller/products/{product_id}/words?before={older}" if older else "",
    )


def _make_looked(text: wordings.Checked, sent: LookedForm | None) -> LookedForm | None:
    """The form below a text that nobody has looked at; what was typed into it stays."""
    if not text.open:
        return None
    again = sent is not None and sent.place.data == text.place
    form = sent if sent is not None and again else LookedForm(formdata=None)
    form.place.data, form.seen.data = text.place, text.digest
    form.note.id = f"note-{text.place}"
    form.note.label.field_id = form.note.id
    return form
