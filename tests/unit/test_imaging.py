"""Every file of tests/pictures.py through the gate, and what happens when the process that decodes goes wrong."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import struct
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from portal.evidence import imaging, imaging_child, judging
from portal.evidence.imaging import ImagesRefused, IncomingFile, PreparedImage, prepare, prepare_each
from portal.evidence.judging import ImageRefused, clean_name
from tests import pictures
from tests.pictures import INCOMPLETE, MARK, NAMES, NOT_A_PHOTO, PICTURES, Picture

CHILD = imaging_child.__file__


def incoming(picture: Picture) -> IncomingFile:
    return IncomingFile(picture.name, picture.build())


def children() -> list[str]:
    """Processes that this one started and that are not gone, zombies among them."""
    found = []
    for task in Path("/proc/self/task").iterdir():
        with contextlib.suppress(FileNotFoundError):  # a thread that just ended
            found += (task / "children").read_text().split()
    return found


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))


def resident() -> int:
    """This process's memory, in bytes."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.fixture(autouse=True)
def leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No process, no open file and no temporary file is left, whatever became of the photos."""
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setenv("TMPDIR", str(place))
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    before = open_files(), children()
    yield
    assert (open_files(), children()) == before
    assert list(place.iterdir()) == []


def chunks(webp: bytes) -> list[bytes]:
    """The names of a WebP's parts; it must end where it says it does."""
    assert webp[:4] == b"RIFF" and webp[8:12] == b"WEBP"
    assert struct.unpack("<I", webp[4:8])[0] == len(webp) - 8
    found, at = [], 12
    while at < len(webp):
        found.append(webp[at : at + 4])
        at += 8 + (struct.unpack("<I", webp[at + 4 : at + 8])[0] + 1) // 2 * 2
    return found


def corners(webp: bytes) -> list[tuple[int, ...]]:
    image = Image.open(io.BytesIO(webp)).convert("RGB")
    width, height = image.size
    places = [(width * x // 8, height * y // 8) for y in (1, 7) for x in (1, 7)]
    return [image.getpixel(place) for place in places]  # type: ignore[misc]


def close(found: tuple[int, ...], expected: tuple[int, ...]) -> bool:
    return all(abs(one - other) <= 24 for one, other in zip(found, expected, strict=True))


def check(made: PreparedImage, picture: Picture) -> None:
    assert (made.width, made.height) == picture.size
    assert max(made.thumb_width, made.thumb_height) == min(max(picture.size), imaging_child.THUMB_SIDE)
    assert made.sha256 == hashlib.sha256(made.full).hexdigest()
    assert made.taken_note == picture.taken
    assert made.original_name == picture.name
    shape = max(picture.size) / min(picture.size)
    for made_file, size in ((made.full, picture.size), (made.thumb, (made.thumb_width, made.thumb_height))):
        kind = "JPEG" if max(size) > imaging_child.WEBP_SIDE else "WEBP"
        image = Image.open(io.BytesIO(made_file))
        assert (image.format, image.mode, image.size) == (kind, "RGB", size)
        assert getattr(image, "n_frames", 1) == 1
        if kind == "WEBP":
            assert chunks(made_file) == [b"VP8 "]  # no EXIF, no XMP, no profile
        else:
            assert set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
        assert MARK not in made_file
        if made_file is made.full or shape <= imaging_child.THUMB_SHAPE:
            assert all(map(close, corners(made_file), picture.corners)), corners(made_file)
        else:  # a long picture's beginning
            assert close(corners(made_file)[0], picture.corners[0])


@pytest.mark.parametrize("picture", [pytest.param(each, id=each.id) for each in PICTURES if not each.refused])
def test_a_photo_is_made_safe(picture: Picture) -> None:
    [made] = prepare([incoming(picture)])
    check(made, picture)


@pytest.mark.parametrize("picture", [pytest.param(each, id=each.id) for each in PICTURES if each.refused])
def test_what_is_no_good_photo_is_refused_in_words(picture: Picture) -> None:
    with pytest.raises(ImagesRefused) as refused:
        prepare([incoming(picture)])
    [refusal] = refused.value.refusals
    assert refusal.index == 0
    assert refusal.sentence.startswith("第 1 张照片")
    assert picture.refused in refusal.sentence


def test_a_long_screenshot_of_a_chat_keeps_its_width() -> None:
    content = (Path(__file__).parents[1] / "data" / "long_chat_1080x8000.jpg").read_bytes()
    [made] = prepare([IncomingFile("chat.jpg", content)])
    assert (made.width, made.height) == (1080, 8000)
    assert (made.thumb_width, made.thumb_height) == (160, 400)


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 4000), st.integers(1, 46_000), st.booleans())
def test_a_picture_of_any_shape_stays_readable(shortest: int, longest: int, wide: bool) -> None:
    """It keeps 1,080 px across, or all it has, unless 2,560 px along give it more."""
    shortest, longest = sorted((shortest, longest))
    width, height = imaging_child.fit((longest, shortest) if wide else (shortest, longest), 2560, 1080)
    assert (width > height) == (wide and shortest < longest) or width == height
    assert max(width, height) <= longest
    assert min(width, height) >= min(shortest, 1080) - 1
    assert max(width, height) <= 2560 or min(width, height) in (shortest, 1080)


def test_names_and_kinds_of_the_pictures() -> None:
    """Each fixture once, and the ones that are to carry something do carry it."""
    assert len({picture.id for picture in PICTURES}) == len(PICTURES) >= 70
    built = {picture.id: picture.build() for picture in PICTURES if picture.id.startswith(("place", "JPEG with"))}
    assert [name for name, content in built.items() if MARK not in content and "second" not in name] == []
    assert len(next(picture for picture in PICTURES if picture.id == "bomb").build()) < 100_000


def test_good_ones_stay_when_others_are_refused() -> None:
    good, empty, broken = pictures.jpeg(), b"", pictures.jpeg()[:300]
    files = [IncomingFile(f"{number}.jpg", each) for number, each in enumerate((empty, good, broken, good, b"GIF89a"))]
    images, refusals = prepare_each(files)
    assert [image.original_name for image in images] == ["1.jpg", "3.jpg"]
    assert [(refusal.index, refusal.sentence) for refusal in refusals] == [
        (0, "第 1 张照片是空文件，请重新选择"),
        (2, f"第 3 张照片{INCOMPLETE}"),
        (4, f"第 5 张照片是 GIF 动图，{NOT_A_PHOTO}"),
    ]
    with pytest.raises(ImagesRefused) as refused:
        prepare(files)
    assert [each.sentence for each in refused.value.refusals] == [each.sentence for each in refusals]


def test_nothing_is_nothing() -> None:
    assert prepare([]) == []


def test_a_stream_is_read_from_its_beginning_and_stays_open() -> None:
    content = pictures.jpeg()
    with tempfile.SpooledTemporaryFile(max_size=100) as stream:  # what a request's files are
        stream.write(content)
        [made] = prepare([IncomingFile("a.jpg", stream)])
        assert not stream.closed
    assert made == prepare([IncomingFile("a.jpg", content)])[0]


def test_the_same_file_nine_times() -> None:
    images = prepare([IncomingFile("a.jpg", pictures.jpeg())] * 9)
    assert len({image.sha256 for image in images}) == 1 and len(images) == 9


def test_a_phone_photo_costs_little() -> None:
    """5 MB in at most 1.5 seconds of processor time, start included; generous, for machines differ."""
    content = pictures.photo((4032, 3024))
    assert 4_500_000 < len(content) < 6_000_000
    before = os.times()
    [made] = prepare([IncomingFile("a.jpg", content)])
    after = os.times()
    spent = sum(after[:4]) - sum(before[:4])
    assert (made.width, made.height) == (2560, 1920)
    assert spent < 3.0


def test_refusals_leave_no_memory_behind() -> None:
    names = ("bomb", "half a JPEG", "text of 200 MB in a PNG")
    built = [incoming(picture) for picture in PICTURES if picture.id in names]
    prepare_each(built)
    before = resident()
    for _ in range(5):
        images, refusals = prepare_each(built)
        assert (len(images), len(refusals)) == (0, 3)
    assert resident() - before < 2 * 1024 * 1024


# When the process that decodes goes wrong -----------------------------------------------------------------------------


def misbehave(monkeypatch: pytest.MonkeyPatch, folder: Path, script: str) -> None:
    path = folder / "child.py"
    path.write_text(script)
    monkeypatch.setattr(imaging_child, "__file__", str(path))


def decode_by(monkeypatch: pytest.MonkeyPatch, folder: Path, body: str, more: str = "") -> None:
    """The real child, except that photos that hold MARK are decoded by ``body``."""
    script = f"""
import importlib.util, os, signal
spec = importlib.util.spec_from_file_location("child", {CHILD!r})
child = importlib.util.module_from_spec(spec)
spec.loader.exec_module(child)
{more}
real = child._encode
def encode(name, photo):
    if {MARK!r} not in photo:
        return real(name, photo)
    {body}
child._encode = encode
child.main()
"""
    misbehave(monkeypatch, folder, script)


def marked() -> IncomingFile:
    return IncomingFile("bad.jpg", pictures.jpeg() + MARK)


def plain() -> IncomingFile:
    return IncomingFile("good.jpg", pictures.jpeg())


ODD = "处理不了（可能内容过于复杂），请换一张照片"


def sentences(refusals: list[ImageRefused]) -> list[str]:
    return [refusal.sentence.split("，或者")[0] for refusal in refusals]


def test_a_photo_that_kills_the_decoder_takes_no_other_with_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    decode_by(monkeypatch, tmp_path, "os.kill(os.getpid(), signal.SIGSEGV)")
    images, refusals = prepare_each([plain(), marked(), plain()])
    assert len(images) == 2
    assert sentences(refusals) == [f"第 2 张照片{ODD}"]


def test_after_two_deaths_the_rest_is_not_tried(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    decode_by(monkeypatch, tmp_path, "os._exit(1)")
    images, refusals = prepare_each([marked(), plain(), marked(), plain()])
    assert len(images) == 1
    assert sentences(refusals) == [
        f"第 1 张照片{ODD}",
        f"第 3 张照片{ODD}",
        "第 4 张照片还没有处理，请去掉处理不了的照片后重新上传",
    ]


@pytest.mark.parametrize("body", ["while True: pass", "signal.pause()"])
def test_a_photo_that_takes_too_long_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, body: str) -> None:
    decode_by(monkeypatch, tmp_path, body)
    monkeypatch.setattr(imaging_child, "SECONDS", 0.6)
    began = time.monotonic()
    images, refusals = prepare_each([marked()])
    assert (images, sentences(refusals)) == ([], [f"第 1 张照片{ODD}"])
    assert time.monotonic() - began < 5


def test_processor_time_is_limited_by_the_system_as_well(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    decode_by(monkeypatch, tmp_path, "while True: pass", "child.SECONDS = 0")
    assert sentences(prepare_each([marked()])[1]) == [f"第 1 张照片{ODD}"]


def test_memory_is_limited(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    decode_by(monkeypatch, tmp_path, "bytearray(600 << 20)")
    images, refusals = prepare_each([marked(), plain()])
    assert (len(images), sentences(refusals)) == (1, [f"第 1 张照片{ODD}"])


def test_the_decoder_can_write_no_file_and_knows_no_secret(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PORTAL_SECRET_KEY", "secret")
    path = tmp_path / "written"
    body = f"""
    if "secret" in os.environ.values() or len(os.listdir("/proc/self/fd")) > 6: return real(name, photo)
    print("this is no answer")
    with open({str(path)!r}, "wb") as file: file.write(b"x")
    return real(name, photo)"""
    decode_by(monkeypatch, tmp_path, body)
    assert sentences(prepare_each([marked()])[1]) == [f"第 1 张照片{INCOMPLETE}"]
    assert not path.exists() or path.stat().st_size == 0


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\0" * 5,
        imaging_child.ANSWER.pack(0, 4, 4, 1, 1, 1, 1, b"") + b"htmlhtml",
        imaging_child.ANSWER.pack(0, 1 << 31, 4, 1, 1, 1, 1, b""),
        imaging_child.ANSWER.pack(0, 12, 12, 50_000, 1, 1, 1, b"") + b"RIFF....WEBP" * 2,
        imaging_child.ANSWER.pack(0, 12, 12, 9999, 1081, 1, 1, b"") + b"RIFF....WEBP" * 2,
        imaging_child.ANSWER.pack(0, 12, 12, 20_000, 1, 1, 1, b"") + b"RIFF....WEBP" * 2,  # longer than WebP can be
        imaging_child.ANSWER.pack(77, 0, 0, 0, 0, 0, 0, b""),
    ],
)
def test_a_fooled_decoder_is_not_believed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, answer: bytes) -> None:
    misbehave(monkeypatch, tmp_path, f"import os; os.write(1, {answer!r})")
    images, refusals = prepare_each([IncomingFile("a.jpg", pictures.jpeg().ljust(300_000, b"\0"))])
    assert (images, sentences(refusals)) == ([], [f"第 1 张照片{ODD}"])


def test_a_note_that_is_no_time_is_dropped(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    webp = b"RIFF....WEBP"
    answer = imaging_child.ANSWER.pack(0, 12, 12, 1, 1, 1, 1, b"<script>") + webp + webp
    misbehave(monkeypatch, tmp_path, f"import os, sys; os.write(1, {answer!r}); sys.stdin.buffer.read()")
    assert prepare([plain()])[0].taken_note is None


def test_no_decoder_can_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", "/nonexistent")
    assert sentences(prepare_each([plain()])[1]) == [f"第 1 张照片{ODD}"]


def test_who_waits_too_long_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imaging, "_free", threading.BoundedSemaphore(1))
    monkeypatch.setattr(imaging, "PATIENCE", 0.01)
    with imaging._free:
        images, refusals = prepare_each([plain(), IncomingFile("a.gif", b"GIF89a")])
    assert (images, [refusal.index for refusal in refusals]) == ([], [0, 1])
    assert refusals[0].sentence == "第 1 张照片还没有处理：现在上传的人较多，请稍后再试"
    assert len(prepare([plain()])) == 1


def test_no_more_than_two_decode_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    running, most, made = set[int](), 0, list[int]()

    class Counted(imaging._Decoder):
        def __init__(self) -> None:
            nonlocal most
            super().__init__()
            running.add(id(self))
            most = max(most, len(running))

        def end(self) -> None:
            running.discard(id(self))
            super().end()

    monkeypatch.setattr(imaging, "_Decoder", Counted)
    threads = [threading.Thread(target=lambda: made.append(len(prepare([plain()])))) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (made, most) == ([1] * 5, 2)


@pytest.mark.parametrize(("name", "expected"), NAMES)
def test_a_name_is_made_harmless(name: str, expected: str) -> None:
    cleaned = clean_name(name)
    assert cleaned == expected
    assert len(cleaned) <= judging.NAME_CHARACTERS and len(cleaned.encode()) <= judging.NAME_BYTES
    assert clean_name(cleaned) == cleaned
