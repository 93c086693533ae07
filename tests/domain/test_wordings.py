"""文案检查 in the database: the newest text of each place, one look at each, cases beside their product only."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from portal.extensions import db, writing
from portal.models import Case, Order, OrderLine, Product, User
from portal.service import mismatches, wordings
from portal.service.honest_rules import Kind
from tests.cast import Cast


@pytest.fixture
def cast(cast_both: Cast) -> Cast:
    return cast_both


def product_of(order: Order) -> Product:
    found = select(Product).join(OrderLine, OrderLine.product_id == Product.id).where(OrderLine.order_id == order.id)
    return db.session.scalars(found).first() or pytest.fail("no product")


def describe(case: Case, words: str) -> None:
    with writing():
        db.session.execute(update(Case).where(Case.id == case.id).values(description=words))


def test_the_newest_text_counts_and_the_first_look_stays(cast: Cast) -> None:
    product = product_of(cast.order(title="顶级面料袜子"))
    with writing():
        wordings.write_text(product, "promotion", "全网最低价", by=cast.seller, now=cast.now)
        wordings.write_text(product, "promotion", "纯棉", by=cast.seller, now=cast.now)
        wordings.write_text(product, "promotion", "纯棉", by=cast.seller, now=cast.now)
    title, promotion = wordings.list_texts(product, [])
    assert title.open and [hit.kind for hit in title.hits] == [Kind.ABSOLUTE]
    assert promotion.words == "纯棉" and not promotion.open
    with pytest.raises(wordings.WordingRefused), writing():
        wordings.look_at(product, "promotion", title.digest, "", by=cast.seller, now=cast.now)
    for note in ("先这样", "再看一次"):
        with writing():
            wordings.look_at(product, "title", title.digest, note, by=cast.seller, now=cast.now)
    rows, older = wordings.list_looked(product)
    who = db.session.scalars(select(User.member_name).where(User.id == cast.seller)).one()
    assert [(row.note, row.looked_by, row.looked_at, row.found) for row in rows] == [("先这样", who, cast.now, 1)]
    assert older is None and not wordings.list_texts(product, [])[0].open
    assert wordings.list_open_titles(cast.shop) == ([], None)


def test_looks_page_by_their_key(cast: Cast) -> None:
    product = product_of(cast.order())
    for number in range(wordings.HISTORY + 2):
        with writing():
            wordings.write_text(product, "description", f"第一品牌 {number}", by=cast.seller, now=cast.now)
            text = next(each for each in wordings.list_texts(product, []) if each.place == "description")
            wordings.look_at(product, "description", text.digest, "", by=cast.seller, now=cast.now)
    rows, older = wordings.list_looked(product)
    assert len(rows) == wordings.HISTORY and older == rows[-1].id
    rest, none = wordings.list_looked(product, older)
    assert [row.words for row in rest] == ["第一品牌 1", "第一品牌 0"] and none is None


def test_cases_stand_beside_what_they_contradict(cast: Cast) -> None:
    first, other = cast.order(title="卫衣", lines=2), cast.order(title="衬衫")
    size, colour = cast.open_case(first, reason="size", lines=1), cast.open_case(other, reason="colour")
    cast.open_case(cast.order(title="卫衣"), reason="damaged")
    describe(size, "标注 70cm，实测 66cm。平铺")
    product = product_of(first)
    cases = mismatches.list_mismatches(cast.shop, product.id)
    assert [(each.case_no, each.stated, each.measured) for each in cases] == [(size.case_no, "70cm", "66cm")]
    assert mismatches.count_mismatches(cast.shop, product.id).cases == 1
    assert mismatches.list_mismatches(cast.shop2, product.id) == []
    text = "衣长 70 厘米。藏青色。\n袖长 66 厘米"
    assert [sentence for sentence, _ in mismatches.find_contradicted(text, cases)] == ["衣长 70 厘米。"]
    hits = mismatches.check_sizes(text, cases)
    assert [(hit.kind, hit.found) for hit in hits] == [(Kind.SIZE, "70 厘米")] and "66cm" in hits[0].ground
    about = mismatches.list_mismatches(cast.shop, product_of(other).id)
    assert [each.case_no for each in about] == [colour.case_no]
    assert [sentence for sentence, _ in mismatches.find_contradicted(text, about)] == ["藏青色。"]


def test_a_measurement_that_agrees_or_has_no_unit_contradicts_nothing(cast: Cast) -> None:
    order = cast.order(title="卫衣")
    case = cast.open_case(order, reason="size")
    product = product_of(order)
    for said in ("标注 70cm，实测 700mm。", "标注 70，实测 66。", "短了四厘米"):
        describe(case, said)
        cases = mismatches.list_mismatches(cast.shop, product.id)
        assert len(cases) == 1 and mismatches.check_sizes("衣长 70 厘米", cases) == []


def test_titles_without_advice_are_passed_over_page_by_page(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wordings, "SCANNED", 3)
    monkeypatch.setattr(wordings, "PAGE", 2)
    for number in range(8):
        cast.order(title=f"{number} 纯棉袜" if number < 4 else f"{number} 顶级面料袜")
    seen, after, pages = [], None, 0
    while pages < 9:
        rows, after = wordings.list_open_titles(cast.shop, after)
        seen += [product.title[0] for product, _ in rows]
        pages += 1
        if after is None:
            break
    assert seen == ["4", "5", "6", "7"] and 3 <= pages <= 5
    assert wordings.list_open_titles(cast.shop2) == ([], None)
