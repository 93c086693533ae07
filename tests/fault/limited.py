"""Uploads a photo in a process that may not write large files, then once more when it may (see test_full)."""

from __future__ import annotations

import io
import json
import resource
import sys
from pathlib import Path

from PIL import Image
from sqlalchemy import func, select
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from portal import create_app
from portal.config import Settings
from portal.extensions import db
from portal.models import Evidence
from tests.cast import sign_in, token_of


def photo(where: str) -> bytes:
    """One that is too large as it comes, or one that only grows too large in being kept."""
    noise = Image.merge("RGB", [Image.effect_noise((1080, 9000), 120) for _ in range(3)])
    out = io.BytesIO()
    noise.save(out, "JPEG", quality=50 if where == "spool" else 2)  # kept it has four megabytes
    return out.getvalue()


def main(folder: str, order_no: str, where: str) -> None:
    app = create_app(Settings(data=Path(folder), secret_key="fault"))
    app.testing, app.config["PROPAGATE_EXCEPTIONS"] = True, False
    content, url = photo(where), f"/orders/{order_no}/contact"
    with app.app_context():
        buyer = sign_in(app, "buyer")
        file = FileStorage(io.BytesIO(content), "a.jpg")
        boundary, body = encode_multipart({**token_of(buyer.get(url)), "photos": file})
        kind = f"multipart/form-data; boundary={boundary}"
        database = max(file.stat().st_size for file in Path(folder).glob("portal.db*"))
        usual = resource.getrlimit(resource.RLIMIT_FSIZE)
        most = database + (50_000 if where == "store" else 100_000)
        assert most < 3_500_000 and (len(content) > most) == (where == "spool"), (len(content), most)
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, usual[1]))
        full = buyer.post(url, data=body, content_type=kind)
        left = [str(path) for path in (Path(folder) / "evidence").rglob("*") if path.is_file()]
        read = buyer.get(url).status_code
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)
        again = buyer.post(url, data=body, content_type=kind)
        db.session.rollback()
        photos = db.session.scalar(select(func.count()).select_from(Evidence))
        said = {
            "full": full.status_code,
            "page": full.get_data(as_text=True),
            "left": left,
            "read": read,
            "again": again.status_code,
            "photos": photos,
            "database": database,
        }
        print(json.dumps(said))
        db.session.remove()
        db.engine.dispose()


if __name__ == "__main__":
    main(*sys.argv[1:])
