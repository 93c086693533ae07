"""Every page of a case shows its answer card: each type in each state, for the buyer, by link, and for the shop."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal import flow
from portal.calendar import clock
from portal.cases import answers, case_view
from portal.cases.clock import settle_now
from portal.cases.effects.hand_ins import InspectedLine
from portal.consumer.forms import FORMS as BY_LINK
from portal.extensions import db, writing
from portal.flow import Actor, CaseType, State
from portal.models import Case, CaseLine, Order, Shop
from portal.resale import links as consumer_links
from portal.talk import conversations
from tests.cast import Cast, sign_in
from tests.conftest import NOW, Clock, bring_in, make_app, stand_in
from tests.domain.test_answers import REACHED
from tests.web.inspector import Browser

BUYER, SELLER = Actor.BUYER, Actor.SELLER
NOTE = "请看 3 号箱里的照片"


def plant(cast: Cast, case_type: CaseType, state: State) -> Case:
    """A case of this type in this state."""
    if state == State.CLOSED and case_type in (CaseType.REFUND_ONLY, CaseType.REISSUE):
        case = cast.until("revising", case_type=case_type)
        settle_now(case.id, cast.now + timedelta(days=30))
        return db.session.get_one(Case, case.id, populate_existing=True)
    return cast.until(state, case_type=case_type)


def count(case: Case, received: int, passed: int) -> list[InspectedLine]:
    line = db.session.scalars(db.select(CaseLine).where(CaseLine.case_id == case.id)).one()
    return [InspectedLine(line.id, received, passed, "not_resellable", "有污渍")]


def offer(cast: Cast) -> Case:
    case = cast.open_case()
    return cast.take(case, "propose", SELLER, terms=cast.terms(case, compensation_fen=100, note=NOTE))


def counter(cast: Cast) -> Case:
    case = offer(cast)
    return cast.take(case, "counter", BUYER, terms=cast.terms(case, compensation_fen=300, note=NOTE))


def refuse(cast: Cast) -> Case:
    case = cast.open_case()
    with writing():
        talk = conversations.get_of_order(db.session.get_one(Order, (case.order_id, case.shop_id)), cast.now)
        conversations.add_message(talk, "seller", cast.seller, "这一款没有货了", now=cast.now)
    return cast.take(case, "reject", SELLER, refusal="no_stock", note=NOTE)


def find_nothing_sound(cast: Cast) -> Case:
    case = cast.until("inspecting")
    photos = cast.photos(2, cast.seller)
    return cast.take(case, "dispute_goods", SELLER, counted=count(case, 2_000, 0), photos=photos, note=NOTE)


def miss_some(cast: Cast) -> Case:
    case = cast.until("inspecting", case_type=CaseType.RETURN_REFUND)
    photos = cast.photos(2, cast.seller)
    return cast.take(case, "dispute_goods", SELLER, counted=count(case, 1_000, 1_000), photos=photos, note=NOTE)


def ask_for_account(cast: Cast) -> Case:
    with writing():
        db.session.execute(db.update(Shop).values(bank_data=True))
    return cast.take(cast.until("refund_failed", case_type=CaseType.REFUND_ONLY), "ask_account", SELLER)


def heard(cast: Cast) -> Case:
    case = cast.mediated(cast.until("disputed"), "evidence")
    return cast.take(case, "submit_evidence", BUYER, note=NOTE)


def be_late(cast: Cast) -> Case:
    case = cast.until("reshipping", now=cast.now - timedelta(hours=73))
    settle_now(case.id, cast.now)
    return db.session.get_one(Case, case.id, populate_existing=True)


# What a state alone doesn't say.
SPECIAL: dict[str, Callable[[Cast], Case]] = {
    "offer": offer,
    "counter": counter,
    "refused": refuse,
    "nothing-sound": find_nothing_sound,
    "some-missing": miss_some,
    "objected": lambda cast: cast.take(cast.until("disputed"), "object", BUYER, note=NOTE),
    "problem": lambda cast: cast.take(
        cast.until("confirming"), "report_problem", BUYER, kind="not_received", note=NOTE
    ),
    "account": ask_for_account,
    "late": be_late,
    "evidence": lambda cast: cast.mediated(cast.until("disputed"), "evidence"),
    "heard": heard,
    "deciding": lambda cast: cast.mediated(cast.until("inspecting"), "deciding"),
    "overdue": lambda cast: cast.mediated(cast.until("inspecting"), "overdue"),
    "dearer": lambda cast: cast.open_case(dearer=100),
    "cheaper": lambda cast: cast.open_case(dearer=-100),
    "negotiated": lambda cast: cast.open_case(negotiated=True),
}
CASES: dict[str, Callable[[Cast], Case]] = {
    **{f"{kind}-{state}": lambda cast, k=kind, s=state: plant(cast, k, s) for kind, state in REACHED},  # type: ignore[misc]
    **SPECIAL,
}


@dataclass
class Readers:
    """One app with its three readers."""

    app: Flask
    cast: Cast
    buyer: FlaskClient
    seller: FlaskClient


@pytest.fixture(scope="module")
def readers(
    sqlite_template: Path, cast_template: tuple[Path, Cast], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Readers]:
    """The clock stands still for all of them; no test changes what another one sees."""
    made = make_app(tmp_path_factory.mktemp("cards") / "data", sqlite_template)
    made.test_client_class = Browser
    with pytest.MonkeyPatch.context() as patch:
        still = Clock()
        patch.setattr(clock, "now", lambda: still.at)
        for app in stand_in(made):
            cast = bring_in(cast_template)
            yield Readers(app, cast, sign_in(app, "buyer"), sign_in(app, "seller"))


def main_of(page: str) -> str:
    return page.partition("<main")[2].partition("</main>")[0]


def read(markup: str) -> str:
    """The words of a piece of a page, without white space."""
    return re.sub(r"\s", "", html.unescape(re.sub(r"<(script|svg).*?</\1>|<[^>]+>", "", markup, flags=re.S)))


def list_missing(card: answers.Answer, markup: str, *, urls: set[str], head: bool = True) -> list[str]:
    """What of a card its page doesn't say."""
    said = read(markup)
    wanted = [card.head] if head else []
    wanted += (
        [text for pair in card.amounts for text in pair]
        if head
        else [text.lstrip("¥") for what, text in card.amounts if what != "付给"]
    )
    wanted += [card.otherwise, *card.terms]
    wanted += [choice.button for choice in card.choices if choice.step.name in urls and head]
    wanted += [choice.then for choice in card.choices if choice.step.name in urls and head]
    if card.said is not None:
        wanted += [card.said.note]
    if card.ending is not None:
        wanted += [card.ending.what if head else "", card.ending.goes_on]
    missing = [text for text in wanted if re.sub(r"\s", "", text) not in said]
    if card.due_at is not None and card.due_at.isoformat(timespec="seconds") not in markup:
        missing.append(f"due {card.due_at}")
    if card.said is not None:
        missing += [photo.public_id for photo in card.said.photos if photo.public_id not in markup]
    missing += [name for name in sorted(urls) if not re.search(rf'(?:/|#){name}["?#]', markup)]
    return missing


@pytest.mark.parametrize("name", list(CASES))
def test_every_page_shows_its_card(readers: Readers, name: str) -> None:
    """Action, amount, deadline, consequence, the other side's words and photos, and both choices."""
    cast = readers.cast
    case = CASES[name](cast)
    case_no, case_id, final = case.case_no, case.id, case.state in flow.FINAL
    with writing():
        token = consumer_links.make_link(NOW, shop_id=cast.shop, case_id=case_id, by=cast.seller) or ""
    views = {
        "buyer": case_view.build_view(case, BUYER, NOW),
        "link": case_view.build_view(case, BUYER, NOW, by_link=True),
        "seller": case_view.build_view(case, SELLER, NOW, role="owner"),
    }
    cards = {reader: answers.work_out_answer(view) for reader, view in views.items()}
    steps = {
        reader: {choice.step.name for choice in card.choices} | {step.name for step in card.more}
        for reader, card in cards.items()
    }
    db.session.rollback()
    pages = {
        "buyer": readers.buyer.get(f"/cases/{case_no}"),
        "seller": readers.seller.get(f"/seller/cases/{case_no}"),
    }
    link = readers.app.test_client()
    link.get(f"/c/{token}")
    pages["link"] = link.get(f"/c/{consumer_links.name_link(token)}/{case_no}")
    problems = []
    for reader, answer in pages.items():
        assert answer.status_code == 200, reader
        card, main = cards[reader], main_of(answer.text)
        urls = steps[reader]
        if reader == "link":
            ships = "ship_return" in urls  # its form stands on the page itself
            if ships and 'id="parcel"' not in main:
                problems.append((reader, "no form for the parcel"))
            urls = {step for step in urls if step in BY_LINK}
        if reader == "seller":
            problems += [(reader, text) for text in list_missing(card, main, urls=urls, head=False)]
            line = main.partition('id="case"')[2].partition("</section>")[0]
            if re.sub(r"\s", "", card.head) not in read(line):
                problems.append((reader, card.head))
            if "买家会" in read(line) or "请您" in read(line):
                problems.append((reader, "the buyer's words"))
        else:
            first = main.partition('id="case"')[2].partition("</section>")[0]
            problems += [(reader, text) for text in list_missing(card, first + main, urls=urls)]
            inside = list_missing(card, first, urls=set())
            problems += [(reader, f"not in the card: {text}") for text in inside]
            if card.rejected and "申请没有通过" not in first:
                problems.append((reader, "that it was refused"))
            if not card.rejected and ("需要您处理" in first) is not card.mine:
                problems.append((reader, "whose turn it is"))
            if not final and not card.mine and f"等待{card.who}" not in read(first):
                problems.append((reader, "who acts"))
            if card.mine and reader == "link" and not urls and not ships and "联系商家" not in main:
                problems.append((reader, "asked to act without a way to"))
    assert not problems, problems
