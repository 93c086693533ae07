// Keys at the desk: they move and open, they never execute. ? shows them and switches them off.

import { make, one, all } from "./dom.js";

const KEYS = [
  ["j k", "下一条、上一条"],
  ["Enter", "打开"],
  ["a", "同意(打开表单)"],
  ["r", "拒绝(打开表单)"],
  ["e", "请补充凭证(打开表单)"],
  ["m", "回复买家"],
  ["/", "搜索"],
  ["g q", "待办队列"],
  ["?", "快捷键"],
];
const store = (value) => {
  try {
    if (value !== undefined) localStorage.setItem("keys", value);
    return localStorage.getItem("keys");
  } catch {
    return null;
  }
};
const showKeys = () => {
  const box = make("input", { type: "checkbox", id: "keys-on" });
  box.checked = store() !== "off";
  box.addEventListener("change", () => store(box.checked ? "on" : "off"));
  const list = make("dl", { class: "facts" });
  for (const [keys, words] of KEYS) {
    list.append(make("dt", {}, ...keys.split(" ").flatMap((key) => [make("kbd", {}, key), " "])), make("dd", {}, words));
  }
  const dialog = make(
    "dialog",
    { "aria-labelledby": "keys-title" },
    make("h2", { id: "keys-title" }, "快捷键"),
    list,
    make("div", { class: "check" }, box, make("label", { for: "keys-on" }, "启用单键快捷键")),
  );
  dialog.append(make("button", { type: "button", class: "btn", click: () => dialog.close() }, "关闭"));
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
};
let before = "";
document.addEventListener("keydown", (event) => {
  if (!document.body.classList.contains("desk") || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.target.closest("input, select, textarea, dialog, [contenteditable]")) return;
  if (event.key === "?") return showKeys();
  if (store() === "off") return;
  const rows = all(".table .open, a.row[data-row]").filter((row) => row.offsetParent);
  const at = rows.indexOf(document.activeElement);
  const here = at >= 0 ? at : rows.findIndex((row) => row.closest("[aria-current]"));
  const chord = before === "g" ? one(`[data-go="${CSS.escape(event.key)}"]`) : null;
  before = event.key;
  if (chord) chord.click();
  else if (event.key === "j" || event.key === "k") {
    const next = rows[Math.min(Math.max(here + (event.key === "j" ? 1 : -1), 0), rows.length - 1)];
    next?.focus();
    next?.scrollIntoView({ block: "nearest" });
  } else if (event.key === "/") {
    const box = one("input[type=search], input[name=q]");
    if (!box) return;
    event.preventDefault();
    box.focus();
    box.select();
  } else if (/^[a-z]$/.test(event.key)) {
    const found = one(`[data-key="${event.key}"]`);
    if (!found) return;
    event.preventDefault();
    found.focus();
    if (found.matches("a, summary")) found.click();
  }
});
