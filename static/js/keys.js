// Keys at the desk: they move and open; only what can be taken back is done at once. ? shows them and switches them off.

import { make, one, all } from "./dom.js";

const KEYS = [
  ["j k", "下一条、上一条"],
  ["Enter", "打开"],
  ["a", "同意（从队列打开时可撤回）"],
  ["r", "拒绝（打开表单）"],
  ["e", "请补充凭证（打开表单）"],
  ["z", "撤回刚才的处理"],
  ["m", "回复买家"],
  ["1…9", "几张售后单用同一个号码时，选第几张（扫描台）"],
  ["0…9 ↑ ↓", "验货时填数量、换这一行的状况"],
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
export const showKeys = () => {
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
// A key that does nothing now says why: the sentence beside the step, or that the step isn't there.
const sayWhy = (key) => {
  const steps = { a: "同意", r: "拒绝", e: "请补充凭证" };
  if (!(key in steps) || !one("#case")) return;
  const why = one(`[data-why="${key}"]`);
  const words = why ? why.textContent : `现在不能${steps[key]}：这张售后单是「${one("#case h2").textContent}」`;
  const shown = one("#why-not") || make("p", { id: "why-not", class: "said warn" });
  shown.textContent = words;
  one("#page h1").closest("header").after(shown);
  say(words);
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
    if (!found) return sayWhy(event.key);
    event.preventDefault();
    found.focus();
    if (found.matches("a, summary, [data-takes]")) found.click();
  }
});
