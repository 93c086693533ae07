// Looking at photos: zoom, turn, next; without it the links open the photo.

import { all, make, one } from "./dom.js";

let viewer = null;
const view = (link) => {
  const group = all(`a[data-view="${CSS.escape(link.dataset.view)}"]`);
  let at = Math.max(group.indexOf(link), 0);
  let zoom = 1;
  let turn = 0;
  const image = make("img", { alt: "" });
  const pane = make("div", { class: "pane", tabindex: "0", role: "region", "aria-label": "照片" }, image);
  const words = make("p", { role: "status" });
  const draw = () => {
    pane.className = `pane z${zoom}`;
    image.className = `r${turn}`;
  };
  const go = (by) => {
    at = (at + by + group.length) % group.length;
    zoom = 1;
    turn = 0;
    const small = one("img", group[at]);
    image.src = group[at].href;
    image.alt = small?.alt || "照片";
    words.textContent = [`${image.alt} · 第 ${at + 1} 张，共 ${group.length} 张`, group[at].dataset.note || ""]
      .filter(Boolean)
      .join(" · ");
    draw();
  };
  const enlarge = (by) => {
    zoom = Math.min(Math.max(zoom + by, 1), 3);
    draw();
  };
  const tool = (text, act) => make("button", { type: "button", click: act }, text);
  const rotate = () => {
    turn = (turn + 1) % 4;
    draw();
  };
  const several = group.length > 1 ? [tool("上一张", () => go(-1)), tool("下一张", () => go(1))] : [];
  viewer = make(
    "dialog",
    { class: "viewer", "aria-label": "查看照片" },
    pane,
    words,
    make(
      "div",
      { class: "tools" },
      ...several,
      tool("放大", () => enlarge(1)),
      tool("缩小", () => enlarge(-1)),
      tool("旋转", rotate),
      tool("关闭", () => viewer.close()),
    ),
  );
  viewer.addEventListener("close", () => {
    viewer.remove();
    viewer = null;
    group[at].focus();
  });
  viewer.addEventListener("keydown", (event) => {
    const keys = { ArrowLeft: () => go(-1), ArrowRight: () => go(1), "+": () => enlarge(1), "-": () => enlarge(-1), r: rotate };
    if (keys[event.key] && (zoom === 1 || !event.key.startsWith("Arrow"))) {
      event.preventDefault();
      keys[event.key]();
    }
  });
  image.addEventListener("dblclick", () => enlarge(zoom === 1 ? 1 : -2));
  document.body.append(viewer);
  viewer.showModal();
  go(0);
};

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-view]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || !window.HTMLDialogElement) return;
  event.preventDefault();
  view(link);
});
