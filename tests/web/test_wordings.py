"""文案检查 at the desk: advice with its ground, the word that somebody looked at it, cases beside the sentences."""

from __future__ import annotations

import hashlib
import html

from flask import Flask
from sqlalchemy import update

from portal.extensions import db, writing
from portal.models import Case, ImportJob, OrderLine, Product, Wording
from portal.rights.sizes import find_sizes, read_sizes, write_sizes
from portal.service import wordings
from tests.cast import Cast, post, sign_in

TITLE = "全网最低价 纯棉中筒袜"


def goods(cast: Cast, title: str = TITLE, **columns: object) -> int:
    """The product of a new order with this title."""
    order = cast.order(title=title, **columns)  # type: ignore[arg-type]
    found = db.session.scalars(db.select(OrderLine.product_id).where(OrderLine.order_id == order.id)).first()
    db.session.rollback()
    assert found is not None
    return int(found)


def digest(words: str) -> str:
    return hashlib.sha256(words.encode()).hexdigest()


def test_a_title_is_advised_on_until_somebody_looked(app: Flask, cast: Cast) -> None:
    product = goods(cast)
    goods(cast, "素色中筒袜")
    seller, here = sign_in(app, "seller"), f"/seller/products/{product}/words"
    listed = seller.get("/seller/products/words").text
    assert here in listed and "素色中筒袜" not in listed
    shown = seller.get(here).text
    assert "广告法第九条第三项" in shown and "可以改成：" in shown and "1 处建议" in shown

    done = post(seller, f"{here}/looked", {"place": "title", "seen": digest(TITLE), "note": "下周改"}, at=here)
    assert done.status_code == 303
    shown = seller.get(here).text
    assert "已看过" in shown and "下周改" in shown and "我看过这些建议" not in shown
    assert TITLE not in seller.get("/seller/products/words").text
    post(seller, f"{here}/looked", {"place": "title", "seen": digest(TITLE), "note": "又看"}, at=here)
    db.session.rollback()
    kept = db.session.scalars(db.select(Wording)).one()
    assert (kept.note, kept.looked_by, kept.found) == ("下周改", cast.seller, 1) and kept.looked_at

    with writing():
        db.session.execute(update(Product).where(Product.id == product).values(title="全国第一的袜子"))
    assert "全国第一的袜子" in seller.get("/seller/products/words").text  # another text: nobody looked at it


def test_a_text_that_changed_meanwhile_is_not_acknowledged(app: Flask, cast: Cast) -> None:
    product = goods(cast)
    seller, here = sign_in(app, "seller"), f"/seller/products/{product}/words"
    answer = post(seller, f"{here}/looked", {"place": "title", "seen": digest("别的"), "note": "看过了"}, at=here)
    assert answer.status_code == 422 and "这段文字刚刚变了" in answer.text and "看过了" in answer.text
    again = answer.text.split('name="seen" value="')[1].split('"')[0]
    assert again == digest(TITLE)
    assert post(seller, f"{here}/looked", {"place": "title", "seen": again}, at=here).status_code == 303
    assert (
        post(seller, f"{here}/looked", {"place": "promotion", "seen": again}, at=here).status_code == 422
    )  # there is none
    too_long = {"place": "title", "seen": again, "note": "长" * 201}
    assert post(seller, f"{here}/looked", too_long, at=here).status_code == 422


def test_a_description_is_kept_and_compared_with_flag_and_cases(app: Flask, cast: Cast) -> None:
    order = cast.order(title="卫衣")
    product = db.session.scalars(db.select(OrderLine.product_id).where(OrderLine.order_id == order.id)).one()
    case = cast.open_case(order, reason="size")
    coloured = cast.open_case(cast.order(title="卫衣"), reason="colour")
    same = db.session.scalars(db.select(Product.id)).all()
    with writing():
        said = write_sizes("70 厘米", "66cm") + "平铺量的"
        db.session.execute(update(Case).where(Case.id == case.id).values(description=said))
        db.session.execute(update(Product).where(Product.id == product).values(no_reason_excluded="custom"))
    case_no, other_no = case.case_no, coloured.case_no
    seller, here = sign_in(app, "seller"), f"/seller/products/{product}/words"
    text = "衣长 700 毫米，袖长 60 厘米。\n藏青色。支持七天无理由退货！"
    assert post(seller, here, {"place": "description", "words": text}).status_code == 303
    shown = html.unescape(seller.get(here).text)
    assert "与售后实测不一致" in shown and "「700 毫米」" in shown and "「60 厘米」" not in shown
    assert "与商品设置不一致" in shown and f"/seller/cases/{case_no}" in shown
    if len(same) == 1:
        assert f"/seller/cases/{other_no}" in shown
    assert post(seller, here, {"place": "description", "words": text}).status_code == 303
    db.session.rollback()
    assert db.session.scalar(db.select(db.func.count()).select_from(Wording)) == 1

    problem = post(seller, here, {"place": "description", "words": ""})
    assert problem.status_code == 422 and "请粘贴要检查的文字" in problem.text
    long = post(seller, here, {"place": "promotion", "words": "最好的。" * 2000})
    assert long.status_code == 422 and "最好的。最好的。" in long.text


def test_other_shops_see_none_of_it(app: Flask, cast: Cast) -> None:
    product = goods(cast)
    other, here = sign_in(app, "seller2"), f"/seller/products/{product}/words"
    assert other.get(here).status_code == 404
    assert post(other, here, {"place": "promotion", "words": "好"}, at="/seller/import").status_code == 404
    looked = {"place": "title", "seen": digest(TITLE)}
    assert post(other, f"{here}/looked", looked, at="/seller/import").status_code == 404
    assert TITLE not in other.get("/seller/products/words").text
    assert "没有要看的标题" in other.get("/seller/products/words").text


def test_titles_page_by_their_key(app: Flask, cast: Cast) -> None:
    for number in range(wordings.PAGE + 3):
        goods(cast, f"第{number:02d}款 顶级面料袜子")
    seller = sign_in(app, "seller")
    first = seller.get("/seller/products/words").text
    assert "第00款" in first and "第31款" not in first and "下一页" in first
    more = html.unescape(first.split('href="/seller/products/words?')[1].split('"')[0])
    second = seller.get(f"/seller/products/words?{more}").text
    assert "第31款" in second and "第32款" in second and "第00款" not in second
    assert seller.get("/seller/products/words?after=%00&id=1").status_code == 200


def test_sizes_are_read_as_they_are_written() -> None:
    assert read_sizes(write_sizes("70cm", "66 厘米") + "平铺") == ("70cm", "66 厘米")
    assert read_sizes("袖子短了") is None
    assert find_sizes("长 70 厘米").keys() == find_sizes("0.7米").keys() == find_sizes("700MM").keys()
    assert find_sizes("70 双，500 ml³，3 m²") == {}
    assert len(find_sizes("1kg、2斤、1000 克、1 升")) == 2


def test_after_an_import_the_titles_are_named_and_nothing_is_refused(app: Flask, cast: Cast) -> None:
    seller = sign_in(app, "seller")
    with writing():
        job = ImportJob(
            shop_id=cast.shop,
            public_id="done1",
            user_id=cast.seller,
            file_name="订单.xlsx",
            path="none",
            state="done",
            report={},
            created_at=cast.now,
            updated_at=cast.now,
        )
        db.session.add(job)
    assert "导入不受影响" not in seller.get("/seller/import/done1").text
    product = goods(cast)
    shown = seller.get("/seller/import/done1").text
    assert "导入不受影响" in shown and "「全网最低价」" in shown
    here = f"/seller/products/{product}/words"
    post(seller, f"{here}/looked", {"place": "title", "seen": digest(TITLE)}, at=here)
    assert "导入不受影响" not in seller.get("/seller/import/done1").text
