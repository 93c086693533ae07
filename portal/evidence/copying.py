"""Evidence moved from one store to another: each photo is read back before it counts."""

from __future__ import annotations

from sqlalchemy import select, union

from portal.evidence.evidence import Damaged, read_whole
from portal.evidence.store import Store
from portal.extensions import db
from portal.models import Evidence


def copy_all(source: Store, target: Store) -> tuple[int, list[str]]:
    """How many photos were copied now, and a line for each that couldn't be. Raises OSError; may be run again."""
    there = {key for key, _ in target.keys()}
    copied, broken = 0, []
    whole, small = select(Evidence.key, Evidence.sha256), select(Evidence.thumb_key, Evidence.thumb_sha256)
    for key, sha256 in db.session.execute(union(whole, small)):
        if key in there:
            continue
        try:
            target.put(key, read_whole(source, key, sha256))
            read_whole(target, key, sha256)
        except (FileNotFoundError, Damaged) as error:
            broken.append(f"{key}: {'missing' if isinstance(error, FileNotFoundError) else 'damaged'}")
        else:
            copied += 1
    target.claim(source.read_identity())
    db.session.rollback()
    return copied, broken
