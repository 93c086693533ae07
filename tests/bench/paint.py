"""``python -m tests.bench.paint``: when a page stands on a phone, cold, beside an empty page over the same line.

The largest paint (LCP) of each page and of an empty one, one after the other in turns, medians; slow 4G (150 ms,
1.6 Mbps) and a processor four times slower, each in a browser that has been nowhere yet. And how far what stood was
moved (CLS).
"""

from __future__ import annotations

import argparse
import statistics
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, sync_playwright
from werkzeug.serving import WSGIRequestHandler, make_server

from tests.bench.__main__ import mark, scene
from tests.bench.scene import Scene

GOAL = 1.6  # most of a page's largest paint for that of an empty page
PAGES = {
    "my orders": "/orders",
    "order detail": "/orders/{order_no}",
    "case page": "/cases/{case_no}",
    "application": "/orders/{order_no}/apply",
}
EMPTY = b'<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>1</title><h1>\xe7\xa9\xba</h1>'
PHONE: Any = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "locale": "zh-CN"}
SLOW = {"offline": False, "latency": 150, "downloadThroughput": 200_000, "uploadThroughput": 90_000}
PAINTED = """() => new Promise((done) => {
  const found = { largest: 0, moved: 0 };
  const watch = (type, take) =>
    new PerformanceObserver((list) => list.getEntries().forEach(take)).observe({ type, buffered: true });
  watch("largest-contentful-paint", (each) => (found.largest = Math.max(found.largest, each.startTime)));
  watch("layout-shift", (each) => (found.moved += each.value));
  setTimeout(() => done(found), 500);
})"""


class Quiet(WSGIRequestHandler):
    def log(self, *_: Any) -> None:
        """Nothing: the table is what is read."""


@contextmanager
def serve(app: Any) -> Iterator[str]:
    """The address of this app on a port of this machine."""
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def show_empty(_environ: Any, start: Any) -> list[bytes]:
    """The control: one answer, one word."""
    start("200 OK", [("Content-Type", "text/html; charset=utf-8"), ("Content-Length", str(len(EMPTY)))])
    return [EMPTY]


def look(browser: Browser, url: str, cookie: str) -> tuple[float, float]:
    """(milliseconds to the largest paint, how far things were moved) of one first visit."""
    context = browser.new_context(**PHONE)
    context.add_cookies([{"name": "sid", "value": cookie, "url": url}])
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", SLOW)
    session.send("Emulation.setCPUThrottlingRate", {"rate": 4})
    answer = page.goto(url, wait_until="load", timeout=60_000)
    assert answer is not None and answer.status == 200, (url, answer and answer.status)
    found = page.evaluate(PAINTED)
    context.close()
    return found["largest"], found["moved"]


def measure(made: Scene, browser: Browser, turns: int) -> Iterator[tuple[str, float, float, float]]:
    """Each page: its name, its median and the empty page's, and the most that anything was moved."""
    with serve(made.app) as here, serve(show_empty) as nothing:
        for name, path in PAGES.items():
            pairs, moved = [], 0.0
            for _ in range(turns):
                largest, shift = look(browser, here + path.format(**vars(made)), made.cookies["buyer"])
                pairs.append((largest, look(browser, nothing, "none")[0]))
                moved = max(moved, shift)
            yield name, statistics.median(a for a, _ in pairs), statistics.median(b for _, b in pairs), moved


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.paint", description=__doc__)
    parser.add_argument("--turns", type=int, default=9, help="how often each page is visited")
    turns = parser.parse_args().turns
    with scene() as made, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"]
        )
        print(f"{'largest paint, slow 4G, cold, ms':<38}{'page':>8}{'empty':>8}{'ratio':>8}{'goal':>7}{'moved':>8}")
        for name, page, empty, moved in measure(made, browser, turns):
            held = mark(page <= GOAL * empty and not moved)
            print(
                f"{name:<38}{page:>8.0f}{empty:>8.0f}{page / empty:>8.2f}{GOAL:>7.2f}{moved:>8.3f} {held}", flush=True
            )
        browser.close()


if __name__ == "__main__":
    main()
