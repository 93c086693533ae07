"""messages.html and messages.json: the conversation of the order, which may be long and is written as it is read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from portal.dossier import markup, record
from portal.dossier.facts import MOST_TALK_PHOTOS, Dossier, Photo, stamp
from portal.dossier.markup import Html, put
from portal.dossier.timeline import gallery
from portal.models import Evidence

SIDES = {"buyer": "买家", "seller": "商家", "system": "系统"}


def messages_html(dossier: Dossier) -> Iterator[str]:
    """The conversation to read and to print; nothing when nobody has said anything."""
    if not dossier.message_count:
        return
    yield markup.page_begins(f"订单 {dossier.order.order_no} 会话记录")
    yield put(
        "<p>买家 {} · 店铺 {} · 共 {} 条消息 · 内容截至 {}（北京时间）</p>\n",
        dossier.buyer,
        dossier.shop,
        dossier.message_count,
        stamp(dossier.as_of),
    )
    for message, photos in dossier.messages():
        author = f" {message.author}" if message.author and message.side != "system" else ""
        kept, elsewhere = _sorted(dossier, photos)
        goods = [put("<p>{}</p>\n", name) for _, name in message.data.get("lines", ())]
        yield put(
            '<div class="said {}" id="m{}"><p class="meta">{} · {}{}</p>\n{}{}{}{}</div>\n',
            message.side,
            message.id,
            stamp(message.at),
            SIDES.get(message.side, message.side),
            author,
            markup.words(message.words),
            markup.joined(goods, ""),
            gallery(kept),
            _elsewhere(elsewhere),
        )
    yield markup.PAGE_ENDS


def _sorted(dossier: Dossier, photos: list[Evidence]) -> tuple[list[Photo], list[Evidence]]:
    """The photos of a message that are in the pack, and those that aren't because there are too many."""
    kept = [dossier.talk_photos[row.public_id] for row in photos if row.public_id in dossier.talk_photos]
    return kept, [row for row in photos if row.public_id not in dossier.talk_photos]


def _elsewhere(rows: Sequence[Evidence]) -> Html:
    said = f"照片未附上（只附最近 {MOST_TALK_PHOTOS} 张），登记的 SHA-256:"
    return markup.joined([put("<p>{}<code>{}</code></p>\n", said, row.sha256) for row in rows], "")


def messages_json(dossier: Dossier) -> Iterator[str]:
    """The same for machines: a JSON list, one message on each line."""
    if not dossier.message_count:
        return
    before = "[\n"
    for message, photos in dossier.messages():
        yield before + record.compact(
            {
                "id": message.id,
                "side": message.side,
                "author": message.author,
                "kind": message.kind,
                "words": message.words,
                "data": message.data,
                "at": message.at,
                "photos": [
                    record.photo(dossier.talk_photos[row.public_id])
                    if row.public_id in dossier.talk_photos
                    else {"file": None, "sha256": row.sha256, "note": "未附上"}
                    for row in photos
                ],
            }
        )
        before = ",\n"
    yield "\n]\n"
