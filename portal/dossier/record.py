"""case.json: the case for machines, with every event as it is stored, so that its chain of hashes can be recomputed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from portal import words
from portal.cases import mediation_rows
from portal.dossier.facts import Dossier, Photo, policy_sentences
from portal.extensions import Model
from portal.models import ParcelLine
from portal.models.cases import OF_SHOP_ALONE

FORMAT = "huanhuo-evidence-pack/1"
_ORDER = (
    "order_no",
    "status",
    "status_text",
    "ordered_at",
    "paid_at",
    "received_at",
    "goods_total_fen",
    "freight_fen",
    "adjustment_fen",
    "paid_fen",
    "carrier_text",
    "tracking_text",
)
_BOUGHT = (
    "id",
    "position",
    "title",
    "spec",
    "unit",
    "unit_price_fen",
    "quantity_milli",
    "cargo_no",
    "sku_cargo_no",
    "offer_id",
    "sku_id",
    "guarantees",
    "snapshot",
)


def case_json(dossier: Dossier) -> Iterator[str]:
    """The whole record. Moments are UTC; amounts 分 (…_fen); quantities thousandths (…_milli)."""
    case = _case(dossier)
    yield indented(
        {
            "format": FORMAT,
            "made_for": str(dossier.side),
            "as_of": dossier.as_of,
            "units": {"_fen": "1/100 CNY", "_milli": "1/1000 unit", "moments": "UTC"},
            "case": case | {"state_text": words.state_of(dossier.case), "reason_text": dossier.view.reason},
            "order": {name: getattr(dossier.order, name) for name in _ORDER},
            "buyer": {"member_name": dossier.buyer},
            "shop": {"name": dossier.shop},
            "lines": [
                _columns(line) | {"order_line": {name: getattr(bought, name) for name in _BOUGHT}}
                for line, bought in dossier.lines
            ],
            "events": [_event(dossier, event) for event in dossier.events],
            "broken_events": list(dossier.broken),
            "parcels": [
                _columns(parcel)
                | {
                    "lines": [_columns(part) for part in _parts(dossier, parcel.id)],
                    "traces": [
                        {"at": trace.at, "status": trace.status, "words": trace.words}
                        for trace in reversed(dossier.view.traces.get(parcel.id, []))
                    ],
                }
                for parcel in dossier.parcels
            ],
            "policy": _columns(dossier.policy) | {"text": policy_sentences(dossier.policy)},
            "photos": [photo(each) | {"event_version": each.row.event_version} for each in dossier.photos],
        }
    )
    yield "\n"


def _case(dossier: Dossier) -> dict[str, Any]:
    to, back = dossier.view.receiver, dossier.view.back
    shown = {"receiver_name": to.name, "receiver_phone": to.phone, "receiver_address": to.place}
    kept = {name: value for name, value in _columns(dossier.case).items() if name not in OF_SHOP_ALONE}
    case = kept | shown | {"receiver_masked": dossier.masked}
    case |= mediation_rows.list_values(dossier.case)
    case |= {"return_name": back.name, "return_phone": back.phone, "return_address": back.place}
    case["return_places"] = [
        {
            "name": place.address.name,
            "phone": place.address.phone,
            "address": place.address.place,
            "lines": [line.id for line in place.lines],
        }
        for place in dossier.view.returns.places
    ]
    if case["opened_on"]:
        case["opened_on"] = {**case["opened_on"], **{name: shown[name] for name in shown if name in case["opened_on"]}}
    return case


def _event(dossier: Dossier, event: Any) -> dict[str, object]:
    data, hidden = dossier.hide(event)
    said = {"said": dossier.view.record(event), "details": dossier.view.details(event), "hidden": hidden}
    return dict(event._mapping) | {"data": data, "at_ms": round(event.at.timestamp() * 1000)} | said


def _parts(dossier: Dossier, parcel_id: int) -> list[ParcelLine]:
    return [part for part in dossier.parcel_lines if part.parcel_id == parcel_id]


def photo(each: Photo) -> dict[str, object]:
    """A photo: its file in the pack (None: missing), what was noted when it was kept, and what is wrong."""
    row = each.row
    return {
        "file": None if each.missing else each.name,
        "name": each.name,
        "side": row.side,
        "sha256": row.sha256,
        "sha256_of_file": each.found or None,
        "bytes": row.bytes,
        "width": row.width,
        "height": row.height,
        "taken_note": row.taken_note,
        "order_line_id": row.order_line_id,
        "uploaded_at": row.created_at,
        "note": each.note,
    }


def _columns(row: Model) -> dict[str, Any]:
    return {column.key: getattr(row, column.key) for column in row.__table__.columns}


def compact(value: object) -> str:
    """JSON on one line, Chinese as it is."""
    return json.dumps(value, ensure_ascii=False, default=_said)


def indented(value: object) -> str:
    """JSON to read."""
    return json.dumps(value, ensure_ascii=False, indent=1, default=_said)


def _said(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(type(value).__name__)
