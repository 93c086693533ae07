"""What a first visit loads: the page and every file that it names, as a browser that takes brotli gets them."""

from __future__ import annotations

from dataclasses import dataclass
from html.parser import HTMLParser

from tests.bench.scene import Scene


@dataclass(frozen=True)
class File:
    """One request: its address and the bytes of its body as they travel."""

    url: str
    bytes: int
    type: str


class _Named(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.urls: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        link = {"link": "href", "script": "src", "img": "src", "use": "href", "source": "srcset"}.get(tag, "")
        for url in (said.get(link), said.get("data-then")):  # start.js fetches that one
            if url and (file := url.partition("#")[0]) and file not in self.urls:
                self.urls.append(file)


def first_visit(scene: Scene, who: str, url: str) -> list[File]:
    """The page first. What scripts ask for later (the service worker) and a browser's own /favicon.ico don't count."""
    page = scene.get(who, url)
    assert page.status_code == 200, page.status
    found = [File(url, len(page.get_data()), page.mimetype or "")]
    named = _Named()
    named.feed(scene.get(who, url, {"Accept-Encoding": "identity"}).get_data(as_text=True))
    for file in named.urls:
        answer = scene.get(who, file)
        assert answer.status_code == 200, (file, answer.status)
        found.append(File(file, len(answer.get_data()), answer.mimetype or ""))
    return found
