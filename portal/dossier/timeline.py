"""timeline.html: the whole case on one page to read and to print."""

from __future__ import annotations

from collections.abc import Iterator

from portal import words
from portal.columns import ScanKept
from portal.dossier import markup
from portal.dossier.facts import Dossier, Photo, policy_sentences, stamp
from portal.dossier.markup import Html, put
from portal.inputs import money_text, quantity_text
from portal.models import CaseEvent, CaseLine, OrderLine
from portal.rights import guarantees

LEGS = {"back": "寄回的包裹", "out": "发给买家的包裹", "refused": "退还买家的包裹"}


def timeline(dossier: Dossier) -> Iterator[str]:
    """The page, a section at a time."""
    case = dossier.case
    yield markup.page_begins(f"售后单 {case.case_no} 处理记录")
    yield put(
        "<p>{} · {} · 内容截至 {}（北京时间）</p>\n",
        dossier.view.kind,
        words.state_of(dossier.case),
        stamp(dossier.as_of),
    )
    yield _chain_said(dossier)
    yield put("<h2>订单</h2>\n")
    yield _order(dossier)
    yield put("<h2>商品与交易快照</h2>\n")
    for line, bought in dossier.lines:
        yield _line(dossier, line, bought)
    yield put("<h2>申请内容</h2>\n")
    yield _application(dossier)
    yield put('<h2>处理记录</h2>\n<ol class="events">\n')
    for event in dossier.events:
        yield _event(dossier, event)
    yield put("</ol>\n")
    yield from _parcels(dossier)
    rules = "换货条件" if case.type == "exchange" else "售后条件"
    yield put(
        "<h2>适用的{}（第 {} 版，{} 发布）</h2>\n", rules, dossier.policy.version, stamp(dossier.policy.created_at)
    )
    yield put("<ul>{}</ul>\n", markup.joined(put("<li>{}</li>", said) for said in policy_sentences(dossier.policy)))
    yield markup.words(dossier.policy.words)
    yield from _photo_list(dossier)
    yield from _chain(dossier)
    yield markup.PAGE_ENDS


def _chain_said(dossier: Dossier) -> Html:
    if dossier.broken:
        numbers = "、".join(map(str, dossier.broken))
        return put('<p class="bad">哈希链不完整：第 {} 条记录与登记的哈希不符。</p>\n', numbers)
    return put('<p class="ok">哈希链完整：{} 条处理记录都与登记时的哈希一致。</p>\n', len(dossier.events))


def _order(dossier: Dossier) -> Html:
    order = dossier.order
    return markup.facts(
        [
            ("订单号", order.order_no),
            ("买家", dossier.buyer),
            ("店铺", dossier.shop),
            ("订单状态", words.ORDER_STATUS[order.status]),
            ("下单时间", "未知" if order.ordered_at == order.imported_at else stamp(order.ordered_at)),
            ("付款时间", stamp(order.paid_at)),
            ("收货时间", stamp(order.received_at) or "未知"),
            ("商品总价", f"¥{money_text(order.goods_total_fen)}"),
            ("运费", f"¥{money_text(order.freight_fen)}"),
            ("涨价或折扣", f"¥{money_text(order.adjustment_fen)}" if order.adjustment_fen else ""),
            ("实付款", f"¥{money_text(order.paid_fen)}"),
            ("订单物流", f"{order.carrier_text} {order.tracking_text}".strip()),
        ]
    )


def _line(dossier: Dossier, line: CaseLine, bought: OrderLine) -> Html:
    unit = line.unit
    wanted = line.wanted_spec if line.wanted_spec != line.spec else "同款同规格"
    received = "" if line.received_milli is None else f"{quantity_text(line.received_milli)} {unit}"
    accepted = "" if line.received_milli is None else f"{quantity_text(line.accepted_milli)} {unit}"
    return markup.joined(
        [
            put("<h3>{} {}</h3>", line.title, line.spec),
            markup.facts(
                [
                    (f"{dossier.view.kind}数量", f"{quantity_text(line.quantity_milli)} {unit}"),
                    ("换成", wanted if dossier.case.type == "exchange" else ""),
                    ("购买", f"{quantity_text(bought.quantity_milli)} {unit}"),
                    ("单价", f"¥{money_text(bought.unit_price_fen)}"),
                    ("货号", bought.cargo_no),
                    ("单品货号", bought.sku_cargo_no),
                    ("收到", received),
                    ("验货通过", accepted),
                    ("已发出", f"{quantity_text(line.shipped_milli)} {unit}" if line.shipped_milli else ""),
                ]
            ),
            markup.words(line.inspection_note),
            put("<h3>交易快照（下单时的原文）</h3>"),
            markup.facts([(str(name), value) for name, value in bought.snapshot.items()]) or put("<p>没有快照</p>"),
        ]
    )


def _application(dossier: Dossier) -> Html:
    case, view = dossier.case, dossier.view
    due = f"{stamp(case.due_at)} 前等待{view.waits_for}处理" if case.due_at and view.waits_for else ""
    return markup.joined(
        [
            markup.facts(
                [
                    ("售后单号", case.case_no),
                    ("申请类型", view.kind),
                    ("现在的状态", words.state_of(case)),
                    ("期限", due),
                    ("原因", view.reason),
                    ("数量", f"{quantity_text(case.quantity_milli)} {case.unit}"),
                    ("运费", view.payer),
                    ("依据", guarantees.say_basis(case.basis)),
                    ("申请时间", stamp(case.opened_at)),
                    ("最近变化", stamp(case.updated_at)),
                    ("寄到", str(view.receiver)),
                    ("退货地址", view.returns.say_where() or str(view.back)),
                    ("退货提示", case.return_note),
                ]
            ),
            markup.words(case.description),
        ]
    )


def _event(dossier: Dossier, event: CaseEvent) -> Html:
    author = f" {event.author}" if event.author and event.actor != "clock" else ""
    wrong = put('<p class="bad">这条记录与登记的哈希不符</p>\n') if event.version in dossier.broken else Html("")
    return put(
        '<li id="v{}">\n<p class="meta">第 {} 条 · {} · {}{}</p>\n<p class="what">{}</p>\n{}{}{}{}'
        '<p class="hash">SHA-256 {}</p>\n</li>\n',
        event.version,
        event.version,
        stamp(event.at),
        words.ACTOR.get(event.actor, event.actor),
        author,
        dossier.view.record(event),
        markup.words(event.note),
        markup.joined([put("<p>{}</p>\n", sentence) for sentence in dossier.view.details(event)], ""),
        gallery(dossier.photos_of(event.version)),
        wrong,
        event.hash,
    )


def gallery(photos: list[Photo]) -> Html:
    """Photos in a grid, each with its file's name; a missing one as a frame that says so."""
    return put('<div class="photos">{}</div>\n', markup.joined(map(_figure, photos), "")) if photos else Html("")


def _figure(photo: Photo) -> Html:
    taken = f" · 拍摄时间 {photo.row.taken_note}（未验证）" if photo.row.taken_note else ""
    note = put('<br><span class="bad">{}</span>', photo.note) if photo.note else Html("")
    file = photo.name.rpartition("/")[2]
    if photo.missing:
        picture = put('<div class="missing">文件缺失</div>')
    else:
        picture = put(
            '<a href="{}"><img src="{}" alt="照片 {}" width="{}" height="{}"></a>',
            photo.name,
            photo.name,
            file,
            photo.row.width,
            photo.row.height,
        )
    return put("<figure>{}<figcaption>{}{}{}</figcaption></figure>", picture, file, taken, note)


def _origin(trace: ScanKept) -> str:
    """Who told of a scan, and why it counts for nothing if it does."""
    return "".join([words.ORIGIN[trace.origin], f",{words.DOUBT[trace.doubt]}" if trace.doubt else ""])


def _parcels(dossier: Dossier) -> Iterator[Html]:
    if not dossier.parcels:
        return
    yield put("<h2>包裹与物流</h2>\n")
    for parcel in dossier.parcels:
        yield put("<h3>{}:{} {}</h3>\n", LEGS.get(parcel.leg, parcel.leg), parcel.carrier_name, parcel.tracking_no)
        yield markup.facts(
            [
                ("寄出", stamp(parcel.shipped_at)),
                ("签收", stamp(parcel.signed_at)),
                ("丢失或退回", stamp(parcel.lost_at)),
                ("已更正", stamp(parcel.voided_at)),
                ("备注", parcel.note),
            ]
        )
        traces = list(reversed(dossier.view.traces.get(parcel.id, [])))
        if traces:
            rows = [put("<li>{} {}（来源：{}）</li>", stamp(trace.at), trace.words, _origin(trace)) for trace in traces]
            yield put("<ul>{}</ul>\n", markup.joined(rows, ""))
        else:
            yield put("<p>没有物流记录</p>\n")


def _photo_list(dossier: Dossier) -> Iterator[Html]:
    if not dossier.photos:
        return
    yield put(
        "<h2>凭证照片清单</h2>\n<table>\n<thead><tr><th>文件</th><th>谁上传</th><th>登记的 SHA-256</th></tr></thead>\n"
    )
    for photo in dossier.photos:
        note = put('<br><span class="bad">{}</span>', photo.note) if photo.note else Html("")
        yield put(
            "<tr><td>{}{}</td><td>{} · {}</td><td><code>{}</code></td></tr>\n",
            photo.name,
            note,
            words.ACTOR.get(photo.row.side, photo.row.side),
            stamp(photo.row.created_at),
            photo.row.sha256,
        )
    yield put("</table>\n")


def _chain(dossier: Dossier) -> Iterator[Html]:
    yield put(
        "<h2>哈希链</h2>\n<p>每条记录的哈希由上一条的哈希和这一条的全部内容算出；改动任何一条，后面的都对不上。"
        "核对方法见 README.txt，原文见 case.json。</p>\n"
        "<table>\n<thead><tr><th>记录</th><th>上一条</th><th>这一条</th></tr></thead>\n"
    )
    for event in dossier.events:
        yield put(
            '<tr><td><a href="#v{}">第 {} 条</a> {}</td><td><code>{}</code></td><td><code>{}</code></td></tr>\n',
            event.version,
            event.version,
            event.step,
            event.before_hash or "（没有）",
            event.hash,
        )
    yield put("</table>\n")
