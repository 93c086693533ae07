"""A buyer is 您 on their own pages: no sentence of ours calls them 买家, in no state of no type, in no mediation."""

from __future__ import annotations

import re
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal.cases.clock import settle_now
from portal.extensions import db
from portal.flow import Actor, CaseType, State
from portal.models import Case
from tests.cast import Cast, sign_in
from tests.conftest import Clock
from tests.domain.test_answers import REACHED

BUYER, SELLER = Actor.BUYER, Actor.SELLER


def read(client: FlaskClient, url: str) -> str:
    """The words of a page's main part."""
    page = client.get(url)
    assert page.status_code == 200, url
    main = page.text.partition("<main")[2].partition("</main>")[0]
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", main)))


def read_all(client: FlaskClient, case_no: str) -> dict[str, str]:
    """The page of a case and those of the steps that it offers, by address."""
    home = f"/cases/{case_no}"
    links = set(re.findall(rf'href="({home}/[a-z_]+)"', client.get(home).text)) - {f"{home}/agreement", f"{home}/slip"}
    return {url: read(client, url) for url in (home, *sorted(links))}


def strange(pages: dict[str, str]) -> list[str]:
    return [f"{url}: {found}" for url, text in pages.items() for found in re.findall(r".{0,20}买家.{0,20}", text)]


@pytest.mark.parametrize(("case_type", "state"), REACHED, ids=[f"{kind}-{state}" for kind, state in REACHED])
def test_in_every_state(app: Flask, cast: Cast, now: Clock, case_type: CaseType, state: State) -> None:
    if state == State.CLOSED and case_type in (CaseType.REFUND_ONLY, CaseType.REISSUE):
        case = cast.until("revising", case_type=case_type)
        assert case.due_at is not None
        settle_now(case.id, case.due_at)
    else:
        case = cast.until(state, case_type=case_type, reason="wrong_choice" if case_type == "exchange" else "damaged")
    assert not strange(read_all(sign_in(app, "buyer"), case.case_no))


@pytest.mark.parametrize("asked_by", ["buyer", "seller"])
@pytest.mark.parametrize("stage", ["evidence", "deciding"])
@pytest.mark.parametrize(("case_type", "state"), [("exchange", "revising"), ("return_refund", "inspecting")])
def test_in_a_mediation(
    app: Flask, cast: Cast, now: Clock, case_type: str, state: str, stage: str, asked_by: str
) -> None:
    case = cast.until(state, case_type=CaseType(case_type))
    case = cast.take(case, "escalate", Actor(asked_by), note="请处理", because="refused", wish="换两双新的")
    if stage == "deciding":
        assert case.due_at is not None
        settle_now(case.id, case.due_at)
    page = read_all(sign_in(app, "buyer"), case.case_no)
    assert not strange(page)
    assert f"申请方 {'您' if asked_by == 'buyer' else '商家'}" in page[f"/cases/{case.case_no}"]


def test_a_payment_is_told_by_who_makes_it(app: Flask, cast: Cast, now: Clock) -> None:
    case = cast.until("refunding", case_type=CaseType.RETURN_REFUND)
    client, url = sign_in(app, "buyer"), f"/cases/{case.case_no}"
    due = read(client, url)
    assert "退款（待商家付款）" in due and "待付款" not in due and "待复核" not in due
    cast.take(case, "refund_ok", SELLER, reference="2026112400077")
    paid = read(client, url)
    assert "退款（商家已付款）" in paid and "款项由商家直接退给您，本平台不代收代付。" in paid
    cast.take(db.session.get_one(Case, case.id, populate_existing=True), "deny_arrival", BUYER)
    denied = read_all(client, case.case_no)
    assert "您说没有收到" in denied[url] and not strange(denied)


def test_a_difference_goes_to_the_shop(app: Flask, cast: Cast, now: Clock) -> None:
    case = cast.take(cast.until("paying", dearer=300), "pay", BUYER, reference="2026112300077")
    case = cast.take(case, "deny_payment", SELLER)
    client, url = sign_in(app, "buyer"), f"/cases/{case.case_no}"
    shown = read(client, url)
    assert "补差价 ¥ 6.00 商家没有收到" in shown and "款项由您直接付给商家，本平台不代收代付。" in shown
    assert "直接退给您" not in shown and "请先补差价" not in shown
    assert "没有收到的是 6.00 元，流水号 2026112300077" in read(client, f"{url}/pay")


@pytest.mark.parametrize("case_type", list(CaseType))
def test_what_silence_brings_is_said_once(app: Flask, cast: Cast, now: Clock, case_type: CaseType) -> None:
    shown = read(sign_in(app, "buyer"), f"/cases/{cast.open_case(case_type=case_type).case_no}")
    assert shown.count("到期未处理") == 1 and "逾期没有结果时平台会自动介入" not in shown


def test_a_page_is_headed_as_the_button_that_leads_to_it(app: Flask, cast: Cast, now: Clock) -> None:
    client = sign_in(app, "buyer")
    for state, kind in (
        ("confirming", CaseType.EXCHANGE),
        ("confirming", CaseType.REISSUE),
        ("paying", CaseType.EXCHANGE),
    ):
        home = f"/cases/{cast.until(state, case_type=kind).case_no}"
        links = re.findall(rf'href="({home}/[a-z_]+)"[^>]*>([^<]+)</a>', client.get(home).text)
        assert links
        for url, button in links:
            if "slip" not in url:
                assert f'<h1 tabindex="-1">{button.strip()}</h1>' in client.get(url).text, (state, url)


def test_nothing_that_can_be_done_has_no_heading(app: Flask, cast: Cast, now: Clock) -> None:
    """「您可以」 stood above a list of what one can't do."""
    page = sign_in(app, "buyer").get(f"/cases/{cast.until('refunding', case_type=CaseType.REFUND_ONLY).case_no}").text
    assert "暂时不能办的" in page and "您也可以" not in page and "您可以</h2>" not in page
