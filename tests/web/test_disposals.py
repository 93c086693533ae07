"""去向 of goods that came back: preset by what was found, changed by hand, counted, never more than passed."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from portal import doctor
from portal.cases import clock as case_clock
from portal.cases.effects.hand_ins import InspectedLine
from portal.extensions import db, writing
from portal.flow import Actor
from portal.models import Case, CaseLine, Disposal, DisposalMove, OrderLine, OrderLink, Parcel, Shop, SoldAs, Staff
from portal.models.disposals import KINDS
from portal.models.orders import make_sold_as
from portal.parcels import disposals
from portal.rights import conditions
from portal.tracking import scans as case_scans
from tests.cast import Cast, post, shows_money, sign_in
from tests.conftest import Clock
from tests.web.test_exports import export

LIST = "/seller/disposals"


@pytest.fixture
def cast(cast_both: Cast) -> Iterator[Cast]:
    yield cast_both
    db.session.rollback()
    found = doctor.findings()
    assert not any(found), [each for each in found if each]


def line_of(case: Case) -> CaseLine:
    query = select(CaseLine).where(CaseLine.case_id == case.id).execution_options(populate_existing=True)
    return db.session.scalars(query).one()


def kinds_of(case: Case) -> dict[str, int]:
    """What of a case is in each kind, those without units left out."""
    query = select(Disposal).where(Disposal.case_id == case.id).execution_options(populate_existing=True)
    row = db.session.scalars(query).one()
    return {kind: milli for kind, milli in disposals.read_kinds(row).items() if milli}


def accept(desk: FlaskClient, case: Case, condition: str = "intact", **goes: str) -> TestResponse:
    """The form of the inspection as it stands, with another condition and where units go."""
    at = f"/seller/cases/{case.case_no}/accept_goods"
    line = line_of(case)
    given = {f"{name}_{line.id}": f"{line.quantity_milli // 1000}" for name in ("received", "accepted")}
    given |= {f"condition_{line.id}": condition} | {f"{kind}_{line.id}": text for kind, text in goes.items()}
    return post(desk, at, given)


def change(desk: FlaskClient, case: Case, **goes: str) -> TestResponse:
    at = f"/seller/cases/{case.case_no}/disposals"
    opened = desk.get(at).text
    version, row_id = re.findall(r'name="version_([0-9]+)" value="([0-9]+)"', opened)[0][::-1]
    return post(desk, at, {f"version_{row_id}": version} | {f"{kind}_{row_id}": text for kind, text in goes.items()})


def dispute(cast: Cast, case: Case, received: int, accepted: int, condition: str, step: str = "dispute_goods") -> Case:
    counted = [InspectedLine(line_of(case).id, received * 1000, accepted * 1000, condition)]
    photos = cast.photos(2, cast.seller)
    return cast.take(case, step, Actor.SELLER, counted=counted, note="不符", photos=photos)


def test_what_was_found_says_where_units_go_and_some_go_elsewhere(both: Flask, cast: Cast, now: Clock) -> None:
    desk = sign_in(both, "seller")
    order = cast.order(milli=1_000_000)
    for condition in conditions.CONDITIONS:
        case = cast.until("inspecting", order=order, milli=2_000)
        assert accept(desk, case, condition.id).status_code == 303
        assert kinds_of(case) == {"resale" if condition.good else "check": 2_000}, condition
    case = cast.until("inspecting", order=order, milli=40_000)
    assert accept(desk, case, scrap="2").status_code == 303
    assert kinds_of(case) == {"resale": 38_000, "scrap": 2_000}
    case = cast.until("inspecting", order=order, milli=2_000)
    refused = accept(desk, case, scrap="2", check="1")
    assert refused.status_code == 422 and "去向的数量合计是 3，不能多于通过的 2" in refused.text
    assert re.search(r'name="scrap_[0-9]+"[^>]*value="2"', refused.text)  # what was typed stays


def test_it_is_said_anew_with_who_and_when_and_two_do_not_overwrite_each_other(
    both: Flask, cast: Cast, now: Clock
) -> None:
    cast.employ(cast.shop, "buyer2", "warehouse")
    desk, colleague = sign_in(both, "seller"), sign_in(both, "buyer2")
    case = cast.until("inspecting", milli=3_000)
    accept(desk, case, "not_resellable")
    at = f"/seller/cases/{case.case_no}/disposals"
    assert "影响二次销售" in desk.get(at).text
    form = {f"{kind}_{row}": "0" for row in db.session.scalars(select(Disposal.id)) for kind in KINDS}
    [row_id] = db.session.scalars(select(Disposal.id))
    seen = {f"version_{row_id}": "1", f"check_{row_id}": "1", f"scrap_{row_id}": "2"}
    assert post(desk, at, form | seen).location == f"{at}?said=disposals-kept"
    late = post(
        colleague, at, form | seen | {f"supplier_{row_id}": "3", f"check_{row_id}": "0", f"scrap_{row_id}": "0"}
    )
    assert late.status_code == 409 and "刚刚有人改过去向" in late.text
    assert re.search("您刚才填的是 [^<]*：再售 [0-9]+，待检", late.text)  # nothing that was typed is lost
    assert kinds_of(case) == {"check": 1_000, "scrap": 2_000}
    assert change(colleague, case, resale="1", scrap="1", supplier="1").status_code == 303
    shown = desk.get(at).text
    for words in ("buyer2", "seller", "待检 → 报废 2", "验收 → 待检 3", "报废 → 退供应商 1", "待检 → 再售 1"):
        assert words in shown, words
    assert not shows_money(colleague.get(at).text)
    none = "再售数量：请填写 0 到 3 之间的整数"
    for goes, sentence in (({"resale": "2"}, "四项合计是 2，要等于通过的 3"), ({"resale": "x"}, none)):
        refused = change(desk, case, **goes)
        assert refused.status_code == 422 and sentence in refused.text
    same = change(desk, case, resale="1", scrap="1", supplier="1")
    assert same.location.endswith("said=disposals-same")


def test_counted_again_or_ruled_on_only_what_passed_is_the_shops(both: Flask, cast: Cast, now: Clock) -> None:
    case = dispute(cast, cast.until("inspecting", milli=3_000), 2, 1, "intact")
    assert kinds_of(case) == {"resale": 1_000}
    case = dispute(cast, case, 3, 2, "mismatch", "revise_inspection")
    assert kinds_of(case) == {"check": 2_000}  # nobody had said otherwise
    desk = sign_in(both, "seller")
    change(desk, case, scrap="2")
    case = dispute(cast, case, 3, 1, "intact", "revise_inspection")
    assert kinds_of(case) == {"scrap": 1_000}
    case = cast.take(case, "accept_result", Actor.BUYER)
    assert kinds_of(case) == {"scrap": 1_000}
    nothing = dispute(cast, cast.until("inspecting", milli=3_000), 2, 0, "wrong_goods")
    assert kinds_of(nothing) == {}
    assert "没有通过的" in desk.get(f"/seller/cases/{nothing.case_no}/disposals").text


def test_what_a_deadline_accepted_nobody_has_counted(both: Flask, cast: Cast, now: Clock) -> None:
    case = cast.until("inspecting", milli=2_000)
    parcel = db.session.scalars(select(Parcel.id).where(Parcel.case_id == case.id)).one()
    at = now.at + timedelta(hours=1)
    with writing():
        case_scans.record_trace(parcel, at=at, status="picked", said="已揽收", now=at)
    case_clock.sweep(at + timedelta(days=20))
    assert kinds_of(case) == {"check": 2_000}
    desk = sign_in(both, "seller")
    shown = desk.get(f"/seller/cases/{case.case_no}/disposals").text
    assert "超时视为通过，没有人清点" in shown and "收到 2" not in shown.split("<main")[1] and "验收 → 待检 2" in shown
    assert change(desk, case, resale="2").status_code == 303 and kinds_of(case) == {"resale": 2_000}


def test_counts_add_up_each_number_opens_its_cases_and_strangers_see_none(both: Flask, cast: Cast, now: Clock) -> None:
    desk, order = sign_in(both, "seller"), cast.order(milli=1_000_000)
    db.session.execute(db.update(OrderLine).where(OrderLine.order_id == order.id).values(cargo_no="BP-7788"))
    line = db.session.scalars(select(OrderLine).where(OrderLine.order_id == order.id)).one()
    said = make_sold_as(line.shop_id, line.product_id or 0, line.title, line.spec, line.cargo_no)
    db.session.execute(db.insert(SoldAs), [said])
    db.session.commit()
    first, second = (cast.until("inspecting", order=order, milli=milli) for milli in (40_000, 3_000))
    accept(desk, first, scrap="2")
    accept(desk, second, "not_resellable", supplier="1")
    page = desk.get(LIST).text
    for words in ("BP-7788", "再售 38", "报废 2", "退供应商 1", "待检 2", "43 "):
        assert words in page, words
    links = {kind: link.replace("&amp;", "&") for link, kind in re.findall(r'href="([^"]*kind=([a-z]+)[^"]*)"', page)}
    assert set(links) == set(KINDS)
    for kind, case in (("resale", first), ("scrap", first), ("check", second), ("supplier", second)):
        lines = desk.get(links[kind]).text
        assert case.case_no in lines and (first if case is second else second).case_no not in lines, kind
    assert (
        "没有符合的商品" in desk.get(f"{LIST}?goods=没有的").text and "BP-7788" in desk.get(f"{LIST}?goods=bp-77").text
    )
    assert "没有验收过" in desk.get(f"{LIST}?since=2020-01-01&until=2020-01-02").text
    for wrong in ("since=x", "since=2026-11-02&until=2026-11-01", "since=2020-01-01&until=2026-01-01"):
        assert "下面是近 30 天的" in desk.get(f"{LIST}?{wrong}").text
    stranger = sign_in(both, "seller2")
    assert "BP-7788" not in stranger.get(LIST).text
    assert stranger.get(links["resale"]).status_code == 404
    table = export(both, "seller", "of=disposals", ["cargo_no", "resale", "check", "supplier", "scrap", "own"], now)
    assert table[1:] == [["BP-7788", "38", "2", "1", "2", "43"]]


def test_the_roles_that_count_see_it_and_no_money(both: Flask, cast: Cast, now: Clock) -> None:
    case = cast.until("inspecting")
    accept(sign_in(both, "seller"), case)
    cast.employ(cast.shop, "buyer2", "warehouse")
    desk = sign_in(both, "buyer2")
    for role, status in (("warehouse", 200), ("agent", 403), ("finance", 403)):
        with writing():
            db.session.execute(db.update(Staff).where(Staff.user_id == cast.buyer2).values(role=role))
        for at in (LIST, f"{LIST}/lines", f"/seller/cases/{case.case_no}/disposals", "/seller/exports?of=disposals"):
            answer = desk.get(at)
            assert answer.status_code == status and not shows_money(answer.text), (role, at)


def test_what_goes_to_a_supplier_is_counted_for_each_that_is_known(both: Flask, cast: Cast, now: Clock) -> None:
    desk, cases = sign_in(both, "seller"), []
    bought = cast.order(buyer=cast.seller, shop=cast.shop2)
    for linked in (True, False):
        order = cast.order(milli=4_000)
        if linked:
            with writing():
                link = {"downstream_id": order.id, "upstream_id": bought.id, "created_by": cast.seller}
                whose = {"shop_id": cast.shop, "upstream_shop_id": cast.shop2}
                db.session.add(OrderLink(**link, **whose, created_at=cast.now))
        cases.append(cast.until("inspecting", order=order, milli=4_000))
        accept(desk, cases[-1], supplier="3")
    name = db.session.scalars(select(Shop.name).where(Shop.id == cast.shop2)).one()
    page = desk.get(f"{LIST}?by=supplier").text
    assert name in page and "没有登记供应商，或不止一家" in page and f"{name} 退供应商 3" in page
    [at] = [link.replace("&amp;", "&") for link in re.findall(r'href="([^"]*kind=supplier[^"]*)"', page)]
    lines = desk.get(at).text
    assert cases[0].case_no in lines and cases[1].case_no not in lines
    assert "退供应商 3" in desk.get(f"{LIST}?supplier={cast.shop2}").text
    assert desk.get(f"{LIST}?supplier={cast.shop}").status_code == 404


def test_a_page_after_the_other_has_each_specification_once(
    both: Flask, cast: Cast, now: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = sign_in(both, "seller")
    for _ in range(5):
        accept(desk, cast.until("inspecting", milli=1_000), "intact")
    for place, row_id in enumerate(db.session.scalars(select(Disposal.id))):
        db.session.execute(db.update(Disposal).where(Disposal.id == row_id).values(spec=f"规格{place}"))
    db.session.commit()
    monkeypatch.setattr("portal.parcels.disposal_lists.list_skus.__defaults__", (None, 2))
    found, at = [], LIST
    while at:
        page = desk.get(at).text
        found += re.findall(r'data-label="规格"[^>]*>(规格[0-9])', page)
        more = re.search(r'href="(/seller/disposals\?[^"]*after=[0-9]+)"', page)
        at = more[1].replace("&amp;", "&") if more else ""
    assert sorted(found) == [f"规格{place}" for place in range(5)]


@pytest.mark.parametrize("seed", range(6))
def test_any_split_keeps_every_unit(seed: int) -> None:
    rolls = random.Random(seed)
    for _ in range(500):
        before = {kind: rolls.randrange(4) * 1000 for kind in KINDS}
        own, more = rolls.randrange(15) * 1000, rolls.choice(KINDS)
        after = disposals.fit_units(before, own, more)
        assert sum(after.values()) == own and min(after.values()) >= 0
        if own >= sum(before.values()):
            assert all(after[kind] >= before[kind] for kind in KINDS)


def test_doctor_finds_what_was_counted_twice(both: Flask, cast_both: Cast, now: Clock) -> None:
    case = cast_both.until("inspecting", milli=2_000)
    accept(sign_in(both, "seller"), case)
    check = next(check for check in doctor.CHECKS if check.name == "disposals")
    assert not list(check.broken())
    for wrong, found in ((Disposal.__table__, {"resale_milli": 1_000}), (DisposalMove.__table__, {"target": "scrap"})):
        with writing(), db.session.begin_nested() as tried:
            db.session.execute(db.update(wrong).values(found))
            broken = list(check.broken())
            tried.rollback()
        assert len(broken) == (2 if wrong is Disposal.__table__ else 1), broken  # the line, and its moves
