"""证据包: everything about a case in one ZIP, to hand to a platform or a court and to check without the portal.

What it holds stands in ``DOCUMENTS``; a part of the portal with something of its own to show (agreements, money,
mediation) adds a row there. Photos are the stored files themselves. ``MANIFEST.sha256`` has the hash of every file,
and ``case.json`` the chain of hashes over all events. As long as nothing happens in the case, packs of one side are
the same to the last bit.
"""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from itertools import chain
from typing import BinaryIO, NamedTuple

from portal import words
from portal.dossier.facts import MOST_TALK_PHOTOS, Dossier, Photo, gather, stamp
from portal.dossier.record import case_json
from portal.dossier.talk import messages_html, messages_json
from portal.dossier.timeline import timeline
from portal.evidence.store import BadKey, Store
from portal.flow import Actor

__all__ = ["DOCUMENTS", "MANIFEST", "README", "Document", "build", "file_name"]


class Document(NamedTuple):
    """One file of a pack: its name, what the README says of it, and what writes it, a piece at a time.

    A builder that yields nothing leaves its file out. It is called when all photos are written.
    """

    name: str
    what: str
    builder: Callable[[Dossier], Iterable[str]]


DOCUMENTS: tuple[Document, ...] = (
    Document(
        "timeline.html", "处理记录：订单、交易快照、申请内容、每一步的时间和说明、物流、换货条件，可打印", timeline
    ),
    Document("case.json", "同样的内容，供程序读取；可重新计算哈希链", case_json),
    Document("messages.html", "这个订单的会话，可打印", messages_html),
    Document("messages.json", "同样的会话，供程序读取", messages_json),
)
README = "README.txt"
MANIFEST = "MANIFEST.sha256"


def file_name(case_no: str) -> str:
    """What a pack is called."""
    return f"证据包-{case_no}.zip"


def build(case_id: int, side: Actor, *, role: str = "", store: Store, into: BinaryIO, now: datetime) -> None:
    """Write the pack of a case, as ``side`` may have it (``role``: a shop's person), into a seekable file.

    Whether this person may have it is the caller's business. A photo whose file is gone is named as missing and the
    rest is written. Raises OSError when there is no room, sqlalchemy.exc.NoResultFound for no such case.
    """
    dossier = gather(case_id, side, now, role)
    local = dossier.case.updated_at.astimezone(words.BEIJING)
    pack = _Pack(dossier, into, (local.year, local.month, local.day, local.hour, local.minute, local.second))
    with pack.zip:
        for photo in dossier.all_photos:
            pack.add_photo(photo, store)
        present = [document for document in DOCUMENTS if pack.add(document.name, document.builder(dossier))]
        pack.add(README, _readme(dossier, present))
        pack.add(MANIFEST, _manifest(dossier))


class _Pack:
    """A ZIP being written: every file hashed on its way, the same bytes for the same case."""

    def __init__(self, dossier: Dossier, into: BinaryIO, at: tuple[int, int, int, int, int, int]) -> None:
        self.dossier, self.at = dossier, at
        self.zip = zipfile.ZipFile(into, "w")

    def add(self, name: str, pieces: Iterable[str]) -> bool:
        """A file of text; none when there are no pieces. Returns whether there is one."""
        rest = iter(pieces)
        first = next(rest, None)
        if first is None:
            return False
        digest = hashlib.sha256()
        with self.zip.open(self._entry(name, zipfile.ZIP_DEFLATED), "w") as file:
            for piece in chain([first], rest):
                content = piece.encode()
                digest.update(content)
                file.write(content)
        self.dossier.files.append((name, digest.hexdigest()))
        return True

    def add_photo(self, photo: Photo, store: Store) -> None:
        """The stored file as it is; it is compressed already."""
        try:
            with store.open(photo.row.key) as file:
                content = file.read()
        except (OSError, BadKey):
            return
        photo.found = hashlib.sha256(content).hexdigest()
        self.zip.writestr(self._entry(photo.name, zipfile.ZIP_STORED), content)
        self.dossier.files.append((photo.name, photo.found))

    def _entry(self, name: str, compression: int) -> zipfile.ZipInfo:
        entry = zipfile.ZipInfo(name, self.at)
        entry.compress_type = compression
        entry.create_system = 3  # Unix, whatever the machine
        entry.external_attr = 0o100644 << 16
        return entry


def _manifest(dossier: Dossier) -> Iterator[str]:
    """As sha256sum writes and checks it; a line beginning with # is a remark."""
    for name, digest in dossier.files:
        yield f"{digest}  {name}\n"
    for photo in dossier.all_photos:
        if photo.note:
            yield f"# {photo.note}：{photo.name}，登记的 SHA-256 是 {photo.row.sha256}\n"


def _readme(dossier: Dossier, present: list[Document]) -> Iterator[str]:
    case = dossier.case
    yield f"证据包：售后单 {case.case_no}\n\n"
    yield f"订单    {dossier.order.order_no}\n买家    {dossier.buyer}\n店铺    {dossier.shop}\n"
    yield f"状态    {words.state_of(dossier.case)}\n内容截至 {stamp(dossier.as_of)}（北京时间）\n"
    yield f"下载方  {words.ACTOR.get(dossier.side, dossier.side)}\n\n"
    yield "一、里面有什么\n\n"
    for document in present:
        yield f"  {document.name}\n      {document.what}\n"
    if dossier.all_photos:
        yield f"  photos/\n      照片原件，共 {len(dossier.all_photos)} 张；"
        yield "文件名里是序号、哪一方上传、第几条记录和校验值的开头\n"
    yield f"  {MANIFEST}\n      每个文件的 SHA-256 校验值\n\n"
    wrong = [photo for photo in dossier.all_photos if photo.note]
    if wrong:
        yield "!! 有照片缺失或与登记的不符：\n\n"
        for photo in wrong:
            yield f"  {photo.name}\n      {photo.note}；登记的 SHA-256 是 {photo.row.sha256}\n"
        yield "\n"
    yield f"会话里的照片只附最近 {MOST_TALK_PHOTOS} 张，更早的只有校验值。\n" if dossier.talk_photos else ""
    yield _HOW_TO_CHECK
    if dossier.broken:
        numbers = "、".join(map(str, dossier.broken))
        yield f"!! 导出时第 {numbers} 条记录与登记的哈希不符。\n\n"
    yield "四、个人信息\n\n"
    if dossier.hides:
        yield (
            "  收货人或退货地址只写了一部分：这时没有要寄出的商品，下载方不需要完整的信息。"
            "case.json 里 hidden 不为空的\n"
            "  记录因此不是原文，它自己的哈希须用完整的副本核对；前后记录相连，仍可在这里核对。\n\n"
        )
    else:
        yield "  这个包里有买家的收货信息，只可用于处理这张售后单和由它引起的争议。\n\n"
    yield (
        "五、说明\n\n"
        "  照片上传时已重新编码并去掉定位等附加信息；「拍摄时间」取自手机，未经验证。\n"
        "  内容没有变化时，同一方再次下载得到的文件完全相同。\n"
    )


_HOW_TO_CHECK = """\
二、核对文件

  解压后在这个文件夹里运行：
      sha256sum -c MANIFEST.sha256            (Linux)
      shasum -a 256 -c MANIFEST.sha256        (macOS)
      certutil -hashfile case.json SHA256     (Windows，逐个文件，与 MANIFEST.sha256 比较)
  每个文件都显示 OK，说明与打包时一致。

三、核对处理记录的哈希链

  每条记录的哈希由上一条的哈希和这一条的全部内容算出。在这个文件夹里用 Python 3 运行：

-----8<-----
import hashlib, json
before = ""
for e in json.load(open("case.json", encoding="utf-8"))["events"]:
    said = [before, e["case_id"], e["version"], e["step"], e["actor"], e["user_id"], e["author"], e["at_ms"],
            e["source"], e["target"], e["note"], e["data"], e["request_id"]]
    text = json.dumps(said, ensure_ascii=False, sort_keys=True)
    if e["before_hash"] != before or not e["hidden"] and hashlib.sha256(text.encode()).hexdigest() != e["hash"]:
        raise SystemExit("第 %d 条记录与哈希不符" % e["version"])
    before = e["hash"]
print("哈希链完整，最后一条是", before)
-----8<-----

"""
