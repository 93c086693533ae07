"""A photo of one of several goods: picked in its row, and shown beside just that line, to the shop too."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from portal.extensions import db, writing
from portal.models import Case, Evidence, Order, OrderLine
from portal.rights.reasons import most_photos
from tests.cast import Cast, post, sign_in
from tests.conftest import Clock
from tests.web.test_apply import WHERE, choose
from tests.web.test_drafts import different, send


@pytest.fixture
def buyer(app: Flask, cast: Cast, now: Clock) -> FlaskClient:
    return sign_in(app, "buyer")


def begin(cast: Cast, buyer: FlaskClient, lines: int = 3) -> tuple[str, list[int]]:
    """An order whose lines have specifications of their own, and whose application has a reason."""
    order: Order = cast.order(lines=lines)
    number, found = order.order_no, lines_of(order)
    with writing():
        for place, line_id in enumerate(found):
            db.session.execute(update(OrderLine).where(OrderLine.id == line_id).values(spec=f"黑色;{place} 码"))
    choose(buyer, number, found[0])
    return number, found


def lines_of(order: Order) -> list[int]:
    wanted = select(OrderLine.id).where(OrderLine.order_id == order.id).order_by(OrderLine.position)
    return list(db.session.scalars(wanted))


def upload(buyer: FlaskClient, number: str, of: object, picture: int) -> Any:
    return send(buyer, f"/orders/{number}/apply/photos?of={of}", different(picture))


def hand_in(buyer: FlaskClient, number: str, lines: list[int], **more: Any) -> Any:
    data = {**{f"quantity_{line}": "1" for line in lines}, "description": "破洞", **WHERE, **more}
    return post(buyer, f"/orders/{number}/apply/details", data, content_type="multipart/form-data")


def read_beside(text: str) -> dict[str, str]:
    """The photos of a part of a page, each as the number by which it was made, and the last size named before it."""
    width = dict(db.session.execute(select(Evidence.public_id, Evidence.width)).all())
    db.session.rollback()
    found, size = {}, ""
    for each in re.finditer(r"黑色;([0-9]) 码|/f/([0-9a-f]{32})/thumb", re.sub(r' alt="[^"]*"', "", text)):
        size = each[1] or size
        if each[2]:
            found[str((width[each[2]] - 64) // 8)] = size
    return found


def test_each_stands_beside_its_line_for_both_sides(app: Flask, cast: Cast, buyer: FlaskClient) -> None:
    number, lines = begin(cast, buyer)
    tile = upload(buyer, number, lines[1], 1)
    assert tile.status_code == 200 and "前移" not in tile.text, "it has no place among those of the whole"
    assert upload(buyer, number, lines[2], 2).status_code == 200 and upload(buyer, number, "", 0).status_code == 200
    details = buyer.get(f"/orders/{number}/apply/details").text
    rows = {line: details.partition(f"?of={line}")[2].partition("</div>\n</div>")[0] for line in lines}
    assert [row.count("/thumb") for row in (rows[line].partition("tile add")[0] for line in lines)] == [0, 1, 1]
    assert details.partition('id="on-draft"')[2].partition("tile add")[0].count("/thumb") == 1
    assert hand_in(buyer, number, lines).status_code == 303
    check = buyer.get(f"/orders/{number}/apply/check").text.partition("<main")[2]
    assert read_beside(check.partition("申请类型")[0]) == {"1": "1", "2": "2"}
    assert [*read_beside(check.partition("申请类型")[2])] == ["0"]
    assert post(buyer, f"/orders/{number}/apply/check").status_code == 303
    db.session.rollback()
    case_no = db.session.scalars(select(Case.case_no)).one()
    seller = sign_in(app, "seller").get(f"/seller/cases/{case_no}").text.partition("换货商品</h2>")[2]
    goods, _, said = seller.partition("申请内容</h2>")
    assert read_beside(goods) == {"1": "1", "2": "2"}
    assert [*read_beside(said.partition("</section>")[0])] == ["0"], "and nothing twice"
    own = buyer.get(f"/cases/{case_no}").text.partition("换货商品</h2>")[2].partition("</section>")[0]
    assert read_beside(own) == {"1": "1", "2": "2"}


def test_it_is_sent_with_the_form_without_script(cast: Cast, buyer: FlaskClient) -> None:
    """The photo that a reason asks for may be one of a line."""
    number, lines = begin(cast, buyer)
    picture = (io.BytesIO(different(4)), "一.jpg")
    assert hand_in(buyer, number, lines, **{f"photo_of_{lines[2]}": picture}).status_code == 303
    db.session.rollback()
    assert db.session.scalars(select(Evidence.order_line_id).where(Evidence.draft_id.is_not(None))).all() == [lines[2]]
    dropped = db.session.scalars(select(Evidence.public_id)).one()
    hand_in(buyer, number, lines, drop_photo=dropped)
    db.session.rollback()
    assert db.session.execute(select(Evidence.draft_id, Evidence.order_line_id)).one() == (None, None)


def test_what_is_wrong_names_its_line(cast: Cast, buyer: FlaskClient) -> None:
    number, lines = begin(cast, buyer)
    bad = (io.BytesIO(b"no picture"), "二.jpg")
    page = hand_in(buyer, number, lines, **{f"photo_of_{lines[1]}": bad, f"quantity_{lines[2]}": "99"})
    assert page.status_code == 422
    over = page.text.partition('class="summary"')[2].partition("</div>")[0]
    title = "纯棉中筒袜 男女同款"
    assert (
        f"{title} 黑色;1 码：" in over
        and f"{title} 黑色;2 码：请填写 1 到 10" in over
        and f"{title} 黑色;0 码" not in over
    )
    assert f'id="photo-of-{lines[1]}-err"' in page.text and f'id="quantity-{lines[2]}-err"' in page.text
    assert '<details class="stack" open>' in page.text, "the fields that are wrong can be seen"


def test_a_line_of_another_order_binds_nothing(cast: Cast, buyer: FlaskClient) -> None:
    other = cast.order()
    number, _ = begin(cast, buyer)
    for place, of in enumerate((lines_of(other)[0], "x", "9" * 30)):
        assert upload(buyer, number, of, place).status_code == 200
    db.session.rollback()
    assert set(db.session.scalars(select(Evidence.order_line_id))) == {None}


def test_the_same_picture_is_not_added_twice(cast: Cast, buyer: FlaskClient) -> None:
    number, lines = begin(cast, buyer)
    upload(buyer, number, lines[1], 1)
    assert "data-twice" in upload(buyer, number, lines[1], 1).text
    refused = upload(buyer, number, lines[2], 1)
    assert refused.status_code == 422 and "另一处" in refused.text


def test_one_photo_too_many_is_refused_wherever_it_is_picked(cast: Cast, buyer: FlaskClient) -> None:
    """Nine, and one more for each further line."""
    number, lines = begin(cast, buyer)
    for picture in range(11):
        assert upload(buyer, number, lines[picture % 3], picture).status_code == 200
    for of in (lines[0], ""):
        refused = upload(buyer, number, of, 12)
        assert refused.status_code == 422 and "最多 11 张照片，这一张没有添加" in refused.text
    page = hand_in(buyer, number, lines, **{f"photo_of_{lines[1]}": (io.BytesIO(different(12)), "一.jpg")})
    assert page.status_code == 422 and "最多 11 张照片" in page.text
    assert "最多 11 张，每张不超过 10 MB" in buyer.get(f"/orders/{number}/apply/details").text
    page = hand_in(buyer, number, lines, photos=(io.BytesIO(different(13)), "一.jpg"))
    assert page.status_code == 422 and "最多 11 张照片，多出的 1 张没有保存" in page.text
    assert hand_in(buyer, number, lines).status_code == 303 and post(buyer, f"/orders/{number}/apply/check")
    db.session.rollback()
    assert db.session.scalars(select(Case.photo_count)).one() == 11


def test_each_of_fifteen_lines_has_a_photo_of_its_own(cast: Cast, buyer: FlaskClient) -> None:
    """Beside nine of the whole; the next one is refused with the number of this application."""
    number, lines = begin(cast, buyer, lines=15)
    for picture, line in enumerate(lines):
        assert upload(buyer, number, line, picture).status_code == 200
    for picture in range(15, 23):
        assert upload(buyer, number, "", picture).status_code == 200
    assert "最多 23 张照片，这一张没有添加" in upload(buyer, number, "", 23).text
    assert hand_in(buyer, number, lines).status_code == 303
    assert post(buyer, f"/orders/{number}/apply/check").status_code == 303
    db.session.rollback()
    assert db.session.scalars(select(Case.photo_count)).one() == 23
    shown = select(Evidence.order_line_id).where(Evidence.case_id.is_not(None), Evidence.order_line_id.is_not(None))
    assert {*db.session.scalars(shown)} == {*lines}


def test_the_room_for_photos_ends_at_thirty() -> None:
    assert [most_photos(lines) for lines in (0, 1, 2, 15, 22, 23, 400)] == [9, 9, 10, 23, 30, 30, 30]


def test_a_single_line_has_one_strip(cast: Cast, buyer: FlaskClient) -> None:
    number, _ = begin(cast, buyer, lines=1)
    assert "photo_of_" not in buyer.get(f"/orders/{number}/apply/details").text
