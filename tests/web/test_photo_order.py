"""Photos of an application: put in order by buttons, chosen from the conversation, filed and shown in that order."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal.applications import drafts, talk_photos
from portal.extensions import db, writing
from portal.models import Case, Conversation, Draft, Evidence, Message, Order
from tests.cast import Cast, post, sign_in
from tests.conftest import Clock
from tests.web.test_apply import choose, fill, line_of
from tests.web.test_drafts import different, send


@pytest.fixture
def buyer(both: Flask, cast_both: Cast, now: Clock) -> FlaskClient:
    return sign_in(both, "buyer")


@pytest.fixture
def begun(cast_both: Cast, buyer: FlaskClient) -> Iterator[Order]:
    """An order whose application has three photos."""
    order = cast_both.order()
    choose(buyer, order.order_no, line_of(order))
    for number in range(3):
        assert send(buyer, f"/orders/{order.order_no}/apply/photos", different(number)).status_code == 200
    yield order


def shown(client: FlaskClient, url: str) -> list[str]:
    """The widths of the photos of a page in the order in which it shows them; each photo has another."""
    found = dict.fromkeys(re.findall(r'src="/f/([0-9a-f]{32})/thumb"', client.get(url).text))
    db.session.rollback()
    width = dict(db.session.execute(db.select(Evidence.public_id, Evidence.width)).all())
    return [str((width[each] - 64) // 8) for each in found]


def photo_of(client: FlaskClient, url: str, place: int) -> str:
    return list(dict.fromkeys(re.findall(r'src="/f/([0-9a-f]{32})/thumb"', client.get(url).text)))[place]


def move(client: FlaskClient, order: Order, place: int, way: str, **more: str) -> str:
    details = f"/orders/{order.order_no}/apply/details"
    data = {way: photo_of(client, details, place), "description": "", **more}
    answer = post(client, f"/orders/{order.order_no}/apply/strip", data, at=details)
    assert answer.status_code == 303
    return str(answer.location)


def test_the_order_given_is_filed_and_shown_to_both_sides(both: Flask, begun: Order, buyer: FlaskClient) -> None:
    details = f"/orders/{begun.order_no}/apply/details"
    assert shown(buyer, details) == ["0", "1", "2"]
    move(buyer, begun, 2, "earlier")
    move(buyer, begun, 0, "later")
    assert shown(buyer, details) == ["2", "0", "1"]
    fill(buyer, begun.order_no, line_of(begun), photos=0)
    check = f"/orders/{begun.order_no}/apply/check"
    assert shown(buyer, check) == ["2", "0", "1"]
    assert post(buyer, check).status_code == 303
    db.session.rollback()
    case_no = db.session.scalar(db.select(Case.case_no))
    assert shown(buyer, f"/cases/{case_no}") == ["2", "0", "1"]
    assert shown(sign_in(both, "seller"), f"/seller/cases/{case_no}") == ["2", "0", "1"]


@pytest.mark.parametrize(("place", "way"), [(0, "earlier"), (2, "later")])
def test_at_either_end_all_stay_where_they_are(begun: Order, buyer: FlaskClient, place: int, way: str) -> None:
    move(buyer, begun, place, way)
    assert shown(buyer, f"/orders/{begun.order_no}/apply/details") == ["0", "1", "2"]


def test_what_comes_later_is_last_whatever_was_moved(begun: Order, buyer: FlaskClient) -> None:
    move(buyer, begun, 1, "earlier")
    answer = send(buyer, f"/orders/{begun.order_no}/apply/photos", different(7))
    assert "照片 4" in answer.text and "前移" in answer.text
    assert shown(buyer, f"/orders/{begun.order_no}/apply/details") == ["1", "0", "2", "7"]


def test_moving_keeps_what_was_typed_and_the_focus_on_the_photo(begun: Order, buyer: FlaskClient) -> None:
    line = line_of(begun)
    location = move(buyer, begun, 2, "earlier", **{"description": "写到一半", f"quantity_{line}": "1.5"})
    page = buyer.get(location).text
    assert "写到一半" in page and 'value="1.5"' in page
    moved = photo_of(buyer, location, 1)
    [focused] = re.findall(r"<button[^>]*autofocus[^>]*>", page)
    assert f'value="{moved}"' in focused and 'name="earlier"' in focused
    location = move(buyer, begun, 1, "earlier")
    [focused] = re.findall(r"<button[^>]*autofocus[^>]*>", buyer.get(location).text)
    assert 'name="later"' in focused, "the first photo can only go on"


def test_enter_goes_on_and_moves_nothing(begun: Order, buyer: FlaskClient) -> None:
    """The first button of a form is what Enter presses in a field."""
    for url in ("/apply/details", f"/apply?line={line_of(begun)}"):
        page = buyer.get(f"/orders/{begun.order_no}{url}").text
        form = page[page.index("data-saves") :]
        first = re.findall(r"<button(?![^>]*type=\"button\")[^>]*>", form)[0]
        assert "formaction" not in first, url


def test_nobody_moves_anothers_photos(both: Flask, begun: Order, buyer: FlaskClient) -> None:
    photo = photo_of(buyer, f"/orders/{begun.order_no}/apply/details", 2)
    stranger = sign_in(both, "buyer2")
    data = {"earlier": photo, "description": ""}
    assert post(stranger, f"/orders/{begun.order_no}/apply/strip", data, at="/me").status_code == 404
    assert shown(buyer, f"/orders/{begun.order_no}/apply/details") == ["0", "1", "2"]


@pytest.mark.parametrize("sent", ["", "x", "0" * 32, "1" * 33, "'; --"])
def test_a_photo_that_is_not_there_moves_nothing(begun: Order, buyer: FlaskClient, sent: str) -> None:
    data = {"earlier": sent, "later": sent, "talk_photo": sent, "description": "字"}
    answer = post(buyer, f"/orders/{begun.order_no}/apply/strip", data, at=f"/orders/{begun.order_no}/apply/details")
    assert answer.status_code == 303 and buyer.get(answer.location).status_code == 200
    assert shown(buyer, f"/orders/{begun.order_no}/apply/details") == ["0", "1", "2"]


# from the conversation


def say_photos(client: FlaskClient, order: Order, *numbers: int) -> list[str]:
    """Send photos in the conversation; their public ids, oldest first."""
    for number in numbers:
        kept = re.findall(r'value="([0-9a-f]{32})"', send(client, "/photos", different(number)).text)[0]
        data = {"words": "看照片", "photos_kept": kept}
        assert post(client, f"/orders/{order.order_no}/contact", data).status_code == 303
    db.session.rollback()
    query = db.select(Evidence.public_id).where(Evidence.message_id.is_not(None)).order_by(Evidence.id)
    return list(db.session.scalars(query))


def test_photos_of_the_conversation_are_chosen(both: Flask, cast_both: Cast, buyer: FlaskClient) -> None:
    order = cast_both.order()
    said = say_photos(buyer, order, 4, 5, 6)
    first = f"/orders/{order.order_no}/apply?line={line_of(order)}"
    assert "从聊天中选择（3 张）" in buyer.get(first).text
    choose(buyer, order.order_no, line_of(order))
    details = f"/orders/{order.order_no}/apply/details"
    data = {"talk_photo": said[1], "description": ""}
    answer = post(buyer, f"/orders/{order.order_no}/apply/strip", data, at=details)
    page = buyer.get(answer.location).text
    assert page.count('name="drop_photo"') == 1 and "从聊天中选择（2 张）" in page
    assert fill(buyer, order.order_no, line_of(order), photos=0, talk_photo=said[0]).location.endswith("/check")
    assert post(buyer, f"/orders/{order.order_no}/apply/check").status_code == 303
    db.session.rollback()
    case = db.session.scalars(db.select(Case)).one()
    filed = db.select(Evidence.width).where(Evidence.case_id == case.id).order_by(*Evidence.in_order())
    assert list(db.session.scalars(filed)) == [64 + 8 * 5, 64 + 8 * 4]
    assert db.session.scalar(db.select(db.func.count()).where(Evidence.message_id.is_not(None))) == 3
    assert sign_in(both, "seller").get(f"/seller/orders/{order.order_no}/contact").text.count("/thumb") >= 3


def test_only_ones_own_of_this_order_are_offered(both: Flask, cast_both: Cast, buyer: FlaskClient) -> None:
    order, other = cast_both.order(), cast_both.order()
    others = say_photos(buyer, other, 4)
    seller = sign_in(both, "seller")
    kept = re.findall(r'value="([0-9a-f]{32})"', send(seller, "/seller/photos", different(5)).text)[0]
    post(seller, f"/seller/orders/{order.order_no}/contact", {"words": "样子", "photos_kept": kept})
    choose(buyer, order.order_no, line_of(order))
    details = f"/orders/{order.order_no}/apply/details"
    assert "从聊天中选择" not in buyer.get(details).text
    data = {"talk_photo": [*others, kept], "description": ""}
    post(buyer, f"/orders/{order.order_no}/apply/strip", data, at=details)
    assert 'name="drop_photo"' not in buyer.get(details).text


def test_the_tenth_is_refused_where_it_is_chosen(cast_both: Cast, buyer: FlaskClient) -> None:
    order = cast_both.order()
    said = say_photos(buyer, order, *range(10))
    choose(buyer, order.order_no, line_of(order))
    details = f"/orders/{order.order_no}/apply/details"
    answer = post(buyer, f"/orders/{order.order_no}/apply/strip", {"talk_photo": said, "description": ""}, at=details)
    page = buyer.get(answer.location).text
    assert "最多 9 张，每张不超过 10 MB，有照片没有添加" in page and page.count('name="drop_photo"') == 9
    late = fill(buyer, order.order_no, line_of(order), photos=0, talk_photo=said[0])
    assert late.status_code in (303, 422)
    again = [photo for photo in said if photo in buyer.get(details).text]
    full = fill(buyer, order.order_no, line_of(order), photos=0, talk_photo=again)
    assert full.status_code == 422 and "从聊天中选择的有 1 张没有添加" in full.text


def test_the_same_photo_is_copied_once(cast_both: Cast, buyer: FlaskClient) -> None:
    order = cast_both.order()
    said = say_photos(buyer, order, 4)
    choose(buyer, order.order_no, line_of(order))
    with writing():
        draft = db.session.scalars(db.select(Draft)).one()
        assert [talk_photos.add_photos(draft, said, cast_both.now) for _ in range(3)] == [0, 0, 0]
        assert len(drafts.list_photos(draft)) == 1
    assert db.session.scalar(db.select(db.func.count()).select_from(Message).join(Conversation)) >= 1
