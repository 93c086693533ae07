"""Every page as people see it: nothing for axe to find, light and dark, narrow and wide; no sideways scrolling."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.base import AXE_FILE_PATH
from flask import Flask
from playwright.sync_api import Page, Response

from portal import flow
from portal.calendar import clock
from portal.cases import actions as case_actions
from portal.cases import mediation_queue
from portal.extensions import db, writing
from portal.flow import Actor
from portal.models import (
    BankAccount,
    Cancellation,
    Case,
    Enquiry,
    EnquiryMessage,
    Faq,
    ImportJob,
    Order,
    OrderLine,
    Product,
    Rating,
    Shop,
    User,
)
from portal.orders import uploads as order_uploads
from portal.talk import complaints
from portal.talk.complaints import Told
from tests.cast import post, sign_in
from tests.e2e.conftest import DESK, PHONE, World
from tests.e2e.pages import Person

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
COLOURS = {"type": "rule", "values": ["color-contrast"]}
AXE = Path(AXE_FILE_PATH).read_text()
# Rows of long lists are made alike: by day the first ones stand for all.
ALIKE = "ul.rows.list > li:nth-child(n+4), tbody > tr:nth-child(n+13), #cards > :nth-child(n+7)"
RUN = f"""async ([rules, alike]) => {{
  for (const e of document.querySelectorAll("body *"))  // what sticks would cover what lies below it
    if (/sticky|fixed/.test(getComputedStyle(e).position)) e.style.setProperty("position", "static", "important");
  const left = alike ? [...document.querySelectorAll(alike)] : [];
  const found = await axe.run({{ exclude: left }}, {{ runOnly: rules ?? {RULES} }});
  return found.violations.map((v) => v.id + ": " + v.nodes.slice(0, 3).map((n) => n.target.join(" ")).join(", "));
}}"""
# Things to press that are smaller than 24 px and not inside a sentence, and boxes that stick out of the window.
SMALL = """() => [...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary")]
  .filter((e) => e.checkVisibility({ visibilityProperty: true }) && !e.closest("p, li, td, dd, dt, .skip, .chip, .vh"))
  .map((e) => [e, e.getBoundingClientRect()])
  .filter(([e, box]) => box.width > 1 && (box.width < 24 || box.height < 24))
  .filter(([e]) => !["radio", "checkbox", "file"].includes(e.type))
  .map(([e, box]) => e.outerHTML.slice(0, 80) + " " + box.width + "×" + box.height)"""
# Two things to press, one on the other. Links of a phone's rows are 44 px high on lines of 24: they may touch.
COVERED = """() => {
  const seen = [...document.querySelectorAll("a[href], button, select, summary, input:not([type=hidden])")]
    .filter((e) => e.checkVisibility({ visibilityProperty: true }) && !e.closest(".skip, .vh"))
    .filter((e) => !["radio", "checkbox", "file"].includes(e.type) && getComputedStyle(e).opacity !== "0")
    .flatMap((e) => [...e.getClientRects()].map((box) => [e, box]));
  const found = [];
  for (const [i, [e, a]] of seen.entries())
    for (const [f, b] of seen.slice(i + 1)) {
      const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
      const high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
      if (e !== f && wide > 8 && high > 22 && !e.contains(f) && !f.contains(e))
        found.push(`${e.innerText || e.outerHTML.slice(0, 60)} | ${f.innerText || f.outerHTML.slice(0, 60)}`);
    }
  return found.slice(0, 3);
}"""
# Where a file is chosen: its words can be seen, and pressed.
UNSEEN = """() => [...document.querySelectorAll("label:has(input[type=file])")]
  .filter((e) => e.checkVisibility({ visibilityProperty: true }))
  .filter((e) => {
    const box = e.getBoundingClientRect();
    return getComputedStyle(e).clipPath !== "none" || box.width < 44 || box.height < 44;
  })
  .map((e) => e.outerHTML.slice(0, 80))"""
WIDER = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


PLAIN = "#plain"  # the same page with other words in it: looked at once, by night
OF_TYPE = ("modify", "propose", "agree")  # their pages look different for each type of case


def _steps(app: Flask, side: Actor, prefix: str) -> list[str]:
    """The page of a case of each type in each state, and of each step that can be taken by this side."""
    found: list[str] = []
    seen: set[tuple[str, str, str]] = set()
    steps: set[tuple[str, str]] = set()
    states: set[str] = set()
    for case in db.session.scalars(db.select(Case).order_by(Case.id)).all():
        if (case.type, case.state, "") not in seen:
            found.append(f"{prefix}/{case.case_no}{PLAIN if case.state in states else ''}")
            states.add(case.state)
            seen.add((case.type, case.state, ""))
        for step, refusal in case_actions.list_actions(case, side, clock.now()):
            look = (step.name, case.type if step.name in OF_TYPE else "")
            if not refusal and look not in steps:
                steps.add(look)
                found.append(f"{prefix}/{case.case_no}/{step.name}")
    targets = {(kind, step.target) for step in flow.STEPS for kind in step.types}
    assert {(kind, state) for kind, state, _ in seen} == targets
    return found


def _orders(app: Flask, member: str) -> dict[str, str]:
    rows = db.session.execute(
        db.select(Order.status, Order.order_no)
        .join(User, User.id == Order.buyer_id)
        .where(User.member_name == member, Order.case_count == 0)
        .order_by(Order.id.desc())
    ).all()
    return {row.status: row.order_no for row in rows}


def visitors(app: Flask) -> tuple[str, list[str]]:
    shop = db.session.scalar(db.select(Shop.id))
    return "", [
        "/",
        "/login",
        "/login?said=signed-out",
        "/guide",
        f"/shops/{shop}/conditions",
        "/feedback",
        "/nothing",
        "/qa",
    ]


def buyers(app: Flask) -> tuple[str, list[str]]:
    orders = _orders(app, "buyer")
    done = orders["completed"]
    client = sign_in(app, "buyer")
    line = client.get(f"/orders/{done}").text.split("apply?line=")[1].split('"')[0]
    post(
        client,
        f"/orders/{done}/apply",
        {"reason": "wrong_order", "line": line},
        at=f"/orders/{done}/apply?line={line}",
    )
    post(
        client,
        f"/orders/{done}/apply/details",
        {
            f"quantity_{line}": "2",
            "description": "想换成白色",
            "name": "李雯",
            "phone": "13425059650",
            "address": "浙江省杭州市余杭区文一西路 1 号",
        },
    )
    post(client, f"/orders/{done}/contact", {"words": "「调换商品」"})
    cancelled = db.session.scalar(db.select(Cancellation.public_id)) or ""
    parcel = next(
        url for url in re.findall(r'href="(/parcels/[0-9]+)"', client.get(f"/orders/{orders['in_transit']}").text)
    )
    post(client, parcel, {"words": "2026-11-20 12:30 【义乌市】已签收"})
    apply = [f"/orders/{done}/apply?line={line}", f"/orders/{done}/apply/details", f"/orders/{done}/apply/check"]
    return "buyer", [
        "/",
        "/me",
        "/me/sessions",
        "/me/privacy",
        "/orders",
        "/orders?tab=aftersale",
        "/orders?tab=unshipped",
        "/orders?q=没有",
        "/cases",
        "/messages",
        "/notices",
        "/orders/1",
        *[f"/orders/{number}" for number in orders.values()],
        *apply,
        f"/orders/{orders['unshipped']}/cancel",
        f"/orders/cancelled/{cancelled}",
        f"/orders/{orders['unpaid']}/apply",
        f"/orders/{done}/contact",
        f"/orders/{done}/conditions",
        parcel,
    ]


def _complaints(app: Flask) -> dict[str, str]:
    """Complaints of ``buyer``: one that waits, one that was answered, one that was doubted and one answered again."""
    asker, by = (
        db.session.scalars(db.select(User.id).where(User.member_name == n)).one() for n in ("buyer", "operator")
    )
    found: dict[str, str] = {}
    with writing():
        for name in ("waits", "answered", "doubted", "again"):
            number = complaints.keep_complaint(Told("opinion", "希望能按商品筛选", asker), clock.now())
            found[name] = number
            if name != "waits":
                complaints.answer(number, "已记下", outcome="no", by=by, now=clock.now())
            if name in ("doubted", "again"):
                complaints.ask_again(number, "不是这个意思", clock.now())
        complaints.answer(found["again"], "已排期", outcome="upheld", by=by, now=clock.now())
    return found


def buyers_service(app: Flask) -> tuple[str, list[str]]:
    """Before and after a case: the goods, asking, the guide and its answer, the one question, complaints."""
    done = _orders(app, "buyer")["completed"]
    row = db.session.execute(
        db.select(OrderLine.shop_id, OrderLine.product_id, OrderLine.id)
        .join(Order, Order.id == OrderLine.order_id)
        .where(Order.order_no == done)
    ).first()
    assert row is not None
    faq = db.session.execute(db.select(Faq.shop_id, Faq.product_id).where(Faq.state == "shown")).first()
    assert faq is not None
    asked = db.select(Case.case_no).join(Rating, Rating.case_id == Case.id).join(User, User.id == Case.buyer_id)
    case_no = db.session.scalars(asked.where(User.member_name == "buyer", Rating.stars.is_(None))).first()
    return "buyer", [
        f"/products/{faq.shop_id}/{faq.product_id}",
        f"/products/{faq.shop_id}/{faq.product_id}/ask?q=能用多久",
        "/me/enquiries",
        f"/orders/{done}/guide",
        *(f"/orders/{done}/guide?line={row.id}&reason={reason}" for reason in ("damaged", "dislike")),
        f"/cases/{case_no}/satisfied",
        "/me/complaints",
        *(f"/me/complaints/{number}" for number in _complaints(app).values()),
        f"/shops/{row.shop_id}/conditions",
        "/rules",
    ]


def newcomers(app: Flask) -> tuple[str, list[str]]:
    return "mediator", ["/", "/me", "/orders", "/cases", "/messages", "/notices"]


def mediators(app: Flask) -> tuple[str, list[str]]:
    found: list[str] = ["/mediation", "/mediation?q=HH0", *(f"/mediation?tab={tab}" for tab in mediation_queue.TABS)]
    seen: set[str] = set()
    for case in db.session.scalars(db.select(Case).where(Case.escalated).order_by(Case.id)).all():
        found.append(f"/mediation/{case.case_no}")
        for step, refusal in case_actions.list_actions(case, Actor.MEDIATOR, clock.now()):
            if not refusal and step.name not in seen:
                seen.add(step.name)
                found.append(f"/mediation/{case.case_no}/{step.name}")
    assert len(seen) > 5
    return "mediator", found


def operators(app: Flask) -> tuple[str, list[str]]:
    return "operator", [
        "/operator",
        "/operator/calendar/2026",
        "/operator/calendar/2027",
        "/operator/rules",
        "/operator/complaints",
        *(f"/operator/complaints/{number}" for number in _complaints(app).values()),
        "/rules",
    ]


def buyers_cases(app: Flask) -> tuple[str, list[str]]:
    case = db.session.scalars(db.select(Case.case_no).where(Case.state == "returning")).first()
    return "buyer", [*_steps(app, Actor.BUYER, "/cases"), f"/cases/{case}/slip"]


def sellers(app: Flask) -> tuple[str, list[str]]:
    client = sign_in(app, "seller")
    with open(Path(__file__).parents[1] / "data" / "orders-export.xlsx", "rb") as file:
        post(
            client,
            "/seller/import",
            {"file": (io.BytesIO(file.read()), "订单.xlsx")},
            content_type="multipart/form-data",
        )
    waiting = db.session.scalars(db.select(ImportJob.public_id)).first()
    order_uploads.work_off(app.extensions["portal_settings"].data.absolute() / "imports", clock.now)
    with writing():
        job = db.session.scalars(db.select(ImportJob)).one()
        db.session.add(
            ImportJob(
                public_id="1" * 32,
                shop_id=job.shop_id,
                user_id=job.user_id,
                file_name="b.csv",
                path="b.csv",
                state="importing",
                rows_done=3,
                rows_all=9,
                created_at=job.created_at,
                updated_at=clock.now(),
            )
        )
    table = "运单号,时间,物流内容\n1,2026-11-20 12:30,已揽收\n1,x,已揽收\n".encode()
    done = post(
        client,
        "/seller/logistics/import",
        {"file": (io.BytesIO(table), "物流.csv")},
        content_type="multipart/form-data",
    )
    listed = client.get("/seller/logistics?tab=all").text
    parcel = next(iter(re.findall(r'href="(/seller/logistics/[0-9]+)"', listed)))
    logistics = [f"/seller/logistics?tab={tab}" for tab in ("unscanned", "failing", "all", "rates")]
    product = db.session.scalar(
        db.select(Product.id).join(Shop).join(User, User.id == Shop.owner_id).where(User.member_name == "seller")
    )
    order = db.session.scalar(
        db.select(Order.order_no)
        .join(Shop, Shop.id == Order.shop_id)
        .join(User, User.id == Shop.owner_id)
        .where(User.member_name == "seller")
    )
    described = {"place": "description", "words": "本店质量最好，藏青色，改善失眠。\n尺寸见图。"}
    post(client, f"/seller/products/{product}/words", described)
    applied = db.session.scalars(
        db.select(Case.case_no)
        .join(Shop, Shop.id == Case.shop_id)
        .join(User, User.id == Shop.owner_id)
        .where(User.member_name == "seller", Case.state == "applied")
    ).first()
    return "seller", [
        f"/seller/cases/{applied}/precedents",
        "/seller/products/words",
        f"/seller/products/{product}/words",
        "/seller",
        "/seller?tab=completed",
        "/seller?tab=closed&q=没有",
        "/seller/messages",
        "/seller/notices",
        "/seller/handling",
        "/seller/columns",
        "/seller/figures",
        "/seller/figures?by=reason&span=90",
        "/seller?tab=every",
        "/seller/orders",
        "/seller/orders?tab=cancelled",
        f"/seller/orders/{order}/ship",
        "/seller/policy",
        "/seller/bank-data",
        "/seller/addresses",
        "/seller/import",
        f"/seller/import/{waiting}",
        f"/seller/import/{'1' * 32}",
        "/seller/products",
        "/seller/products?q=没有",
        "/seller/enquiries",
        "/seller/ratings",
        "/seller/ratings/figures",
        f"/seller/products/{product}",
        "/seller/payouts",
        "/seller/payouts?tab=failed",
        "/seller/payouts/files",
        "/seller/payouts/1",
        "/seller/staff",
        f"/seller/orders/{order}/contact",
        "/seller/cases/HH1",
        *logistics,
        parcel,
        "/seller/logistics/import",
        done.location,
    ]


def sellers_day(app: Flask) -> tuple[str, list[str]]:
    """What the warehouse and the desk have open all day, with something in it and without."""
    client = sign_in(app, "seller")
    known = dict(
        db.session.execute(
            db.select(Case.state, Case.case_no)
            .join(Shop, Shop.id == Case.shop_id)
            .join(User, User.id == Shop.owner_id)
            .where(User.member_name == "seller", Case.escalated.is_(False))
        ).all()
    )
    missing = "/seller/scan?number=99887766554433"
    post(client, "/seller/scan", {"number": "99887766554433", "goods": "白色短袜"}, at=missing)
    run = post(client, "/seller/bulk?tab=applied", {"kind": "agree", "scope": "all"}, at="/seller?tab=applied").location
    waiting = known["reshipping"]
    return "seller", [
        "/seller/scan",
        "/seller/scan?number=99887766554434",
        "/seller/unidentified",
        "/seller/disposals",
        "/seller/disposals?by=supplier",
        "/seller/disposals/lines",
        f"/seller/cases/{waiting}/disposals",
        "/seller/shipping",
        f"/seller/shipping/{waiting}",
        f"/seller/shipping/labels?cases={waiting}",
        "/seller/shipping/table",
        "/seller/pick-list",
        "/seller?tab=applied&type=exchange&reason=damaged",
        run,
        "/seller/bulk",
        "/seller/exports",
        "/seller/views",
        "/seller/search?q=buyer",
        "/seller/search?q=没有这个",
        "/seller/day",
        "/seller/send-backs",
        "/seller/messages/waiting",
        "/seller/auto",
        "/seller/replies",
        "/seller/customers",
    ]


def sellers_quality(app: Flask) -> tuple[str, list[str]]:
    """质量, one fault, what is done about it, and a batch before and after it was looked at."""
    client = sign_in(app, "seller")
    board = client.get("/seller/quality").text
    cell = next(iter(re.findall(r'href="(/seller/quality/[0-9]+/[a-z]+)', board)))
    product = cell.split("/")[3]
    owner = db.session.scalars(db.select(User.id).where(User.member_name == "seller")).one()
    task = {"measure": "packing", "note": "外箱加气泡膜", "owner": str(owner), "due": "2027-01-01"}
    fix = post(client, f"{cell}/fix", task).location
    batch = {"product": product, "supplier": "义乌一厂", "size": "2000", "day": "2026-01-05", "aql": "2.5"}
    made = [post(client, "/seller/batches/new", batch).location for _ in range(2)]
    post(client, made[0].split("?")[0], {"defects": "8", "note": "袜口脱线"})
    tries = {"fault": "defect", "of": "product", "minutes": "2", "steps": "换一根线。\n这是最好的办法。"}
    remedy, tried = (post(client, f"/seller/products/{product}/remedies", tries).location for _ in range(2))
    post(client, tried.split("?")[0], {"does": "show"})
    case_no, shop = db.session.execute(
        db.select(Case.case_no, Case.shop_id).join(Shop, Shop.id == Case.shop_id).where(Shop.owner_id == owner)
    ).first() or ("", 0)
    return "seller", [
        "/seller/quality",
        cell,
        f"{cell}/fix",
        "/seller/fixes",
        fix,
        "/seller/fixes/line",
        "/seller/quality/resold",
        "/seller/chains/shares",
        "/seller/ratings/figures?change=2026-01-05",
        f"/seller/products/{product}/remedies",
        remedy,
        tried,
        "/seller/batches",
        "/seller/batches/new",
        *made,
        f"/seller/cases/{case_no}/fault",
        f"/seller/cases/{case_no}/precedents",
        "/seller/quality/cases",
        f"/products/{shop}/{product}",
    ]


def sellers_service(app: Flask) -> tuple[str, list[str]]:
    """What the shop answers and learns: an enquiry, the questions made of it, one customer."""
    enquiry, shop_id, product_id = db.session.execute(
        db.select(Enquiry.id, Enquiry.shop_id, Enquiry.product_id).order_by(Enquiry.id)
    ).first() or (0, 0, 0)
    said = db.select(EnquiryMessage.id).where(EnquiryMessage.enquiry_id == enquiry, EnquiryMessage.side == "seller")
    faq = db.session.scalars(db.select(Faq.id).where(Faq.state == "draft")).first()
    order_no = db.session.scalars(
        db.select(Order.order_no).where(Order.shop_id == shop_id, Order.case_count > 0)
    ).first()
    return "seller", [
        f"/seller/enquiries/{enquiry}",
        f"/seller/enquiries/{enquiry}/faq/{db.session.scalars(said).first()}",
        f"/seller/products/{product_id}/faqs",
        f"/seller/faqs/{faq}",
        f"/seller/orders/{order_no}/customer",
    ]


def sellers_cases(app: Flask) -> tuple[str, list[str]]:
    held = db.session.scalars(db.select(Case.case_no).join(BankAccount, BankAccount.case_id == Case.id)).first()
    return "seller", [*_steps(app, Actor.SELLER, "/seller/cases"), f"/seller/cases/{held}/account"]


def wide_desk(app: Flask) -> tuple[str, list[str]]:
    """What stands on a large screen all day."""
    client = sign_in(app, "seller")
    known = dict(
        db.session.execute(
            db.select(Case.state, Case.case_no)
            .join(Shop, Shop.id == Case.shop_id)
            .join(User, User.id == Shop.owner_id)
            .where(User.member_name == "seller", Case.escalated.is_(False))
        ).all()
    )
    for words in ("照片我们看过了", "今天发出"):
        post(client, f"/seller/cases/{known['inspecting']}/message", {"words": words})
    run = post(client, "/seller/bulk?tab=applied", {"kind": "agree", "scope": "all"}, at="/seller?tab=applied").location
    return "seller", [
        "/seller",
        "/seller?tab=every",
        f"/seller/cases/{known['applied']}?tab=applied",
        f"/seller/cases/{known['applied']}/ask_evidence?tab=applied",
        f"/seller/cases/{known['inspecting']}?tab=every",
        f"/seller/cases/{known['completed']}",
        "/seller/scan",
        "/seller/scan?number=99887766554434",
        "/seller/shipping",
        f"/seller/shipping/{known['reshipping']}",
        "/seller/search?q=buyer",
        "/seller/search?q=没有这个",
        run,
    ]


def new_sellers(app: Flask) -> tuple[str, list[str]]:
    rooms = (
        "",
        "/messages",
        "/notices",
        "/handling",
        "/logistics",
        "/logistics/import",
        "/import",
        "/products",
        "/addresses",
    )
    return "seller2", [f"/seller{room}" for room in rooms]


GROUPS: list[Callable[[Flask], tuple[str, list[str]]]] = [
    visitors,
    buyers,
    buyers_service,
    newcomers,
    mediators,
    operators,
    buyers_cases,
    sellers,
    sellers_day,
    sellers_quality,
    sellers_service,
    sellers_cases,
    new_sellers,
]


Look = tuple[dict[str, int], str, dict[str, Any] | None]
# By day all rules as its people have it before them; then its colours the other way, of each SECOND page only.
SECOND = 3
ON_PHONE: tuple[Look, ...] = ((PHONE, "light", None), (DESK, "dark", COLOURS))
AT_DESK: tuple[Look, ...] = ((DESK, "dark", None), (PHONE, "light", COLOURS))
ALL: tuple[Look, ...] = (
    (PHONE, "light", None),
    (DESK, "dark", None),
    (PHONE, "dark", COLOURS),
    (DESK, "light", COLOURS),
)
WIDE = {"width": 1920, "height": 1080}
AT_WIDE: tuple[Look, ...] = ((WIDE, "light", None), (WIDE, "dark", None))
DESKS = (mediators, operators, sellers, sellers_day, sellers_quality, sellers_service, sellers_cases, new_sellers)


def problems(page: Page, looks: Sequence[Look] = ALL) -> Iterator[str]:
    """What is wrong with the page as it stands, in these looks."""
    page.evaluate(AXE)
    for width, scheme, rules in looks:
        page.set_viewport_size(width)  # type: ignore[arg-type]
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
        for found in page.evaluate(RUN, [rules, "" if looks == ALL else ALIKE]):
            yield f"{scheme} {width['width']}: {found}"
        for covered in page.evaluate(COVERED):
            yield f"{width['width']}: one lies on the other: {covered}"
        if width is PHONE and scheme == "light":
            for small in page.evaluate(SMALL):
                yield f"too small: {small}"
            for unseen in page.evaluate(UNSEEN):
                yield f"no file can be chosen: {unseen}"
    for narrow in (1920, 390, 320):
        page.set_viewport_size({"width": narrow, "height": 800})
        if (more := page.evaluate(WIDER)) > 0:
            yield f"scrolls sideways by {more} px at {narrow}"


def look(lively: World, visit: Any, group: Callable[[Flask], tuple[str, list[str]]], looks: Sequence[Look]) -> None:
    """Nothing is wrong with any page of this group."""
    with lively.app.app_context():
        member, addresses = group(lively.app)
        db.session.remove()
    page: Page = visit("phone", base_url=lively.url)
    wrong: list[str] = []
    page.on("console", lambda said: wrong.append(f"{page.url} console: {said.text}") if said.type == "error" else None)
    page.on("pageerror", lambda error: wrong.append(f"{page.url} error: {error}"))
    if member:
        Person(page).signs_in(member, "/notices")
    for number, address in enumerate(addresses):
        if PLAIN in address and looks != ALL:
            continue
        some = looks if looks in (ALL, AT_WIDE) or number % SECOND == 0 else looks[:1]
        page.emulate_media(color_scheme="light", reduced_motion="reduce")
        page.set_viewport_size(PHONE)  # type: ignore[arg-type]
        answer: Response | None = page.goto(address)
        assert answer is not None and answer.status < 500, address
        wrong += [f"{address} {problem}" for problem in problems(page, looks[:1] if PLAIN in address else some)]
    expected = ("404 (NOT FOUND)",)
    left = [line for line in wrong if not any(words in line for words in expected)]
    assert not left, "\n".join(left)


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: group.__name__)
def test_pages_are_accessible(lively: World, visit: Any, group: Callable[[Flask], tuple[str, list[str]]]) -> None:
    look(lively, visit, group, AT_DESK if group in DESKS else ON_PHONE)


def test_the_desk_is_accessible_on_a_large_screen(lively: World, visit: Any) -> None:
    look(lively, visit, wide_desk, AT_WIDE)


@pytest.mark.nightly
@pytest.mark.timeout(600)
@pytest.mark.parametrize("group", GROUPS, ids=lambda group: group.__name__)
def test_pages_are_accessible_in_all_looks(lively: World, visit: Any, group: Any) -> None:
    look(lively, visit, group, ALL)


def test_errors_are_accessible_and_take_the_focus(lively: World, visit: Any) -> None:
    with lively.app.app_context():
        case = db.session.scalars(db.select(Case.case_no).where(Case.state == "returning")).first()
        applied = db.session.scalars(db.select(Case.case_no).where(Case.state == "applied")).first()
        db.session.remove()
    wrong: list[str] = []
    for member, address, button in (
        ("buyer", f"/cases/{case}/ship_return", "寄回商品"),
        ("seller", f"/seller/cases/{applied}/ask_evidence", "请补充凭证"),
        ("seller", "/seller/addresses", "添加"),
        ("seller", "/seller/import", "上传并检查"),
        ("", "/login", "登录"),
    ):
        page: Page = visit("phone", base_url=lively.url)
        if member:
            Person(page).signs_in(member)
        page.goto(address)
        page.get_by_role("button", name=button).first.click()
        page.locator(".summary[role=alert]:focus").wait_for()
        assert page.title().startswith("错误："), address
        wrong += [f"{address} {problem}" for problem in problems(page, ON_PHONE)]
    assert not wrong, "\n".join(wrong)


def test_chinese_is_drawn_with_a_chinese_font(lively: World, visit: Any) -> None:
    """Two different characters of a font that has neither would look alike."""
    page: Page = visit("phone", base_url=lively.url)
    page.goto("/login")
    drawn = page.evaluate(
        """() => ["换", "货"].map((word) => {
          const canvas = document.createElement("canvas");
          const pen = canvas.getContext("2d");
          pen.font = "40px " + getComputedStyle(document.body).fontFamily;
          pen.fillText(word, 10, 60);
          return canvas.toDataURL();
        })"""
    )
    assert drawn[0] != drawn[1]
