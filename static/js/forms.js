// Forms: one submission at a time, and one that was edited isn't lost by a wrong tap.

import { all, one, whenDressing } from "./dom.js";

const edited = new WeakSet();
window.addEventListener("beforeunload", (event) => {
  if (all("form[data-guard]").some((form) => edited.has(form) && !form.dataset.sending)) event.preventDefault();
});

document.addEventListener("input", ({ target }) => target.form?.matches("[data-guard]") && edited.add(target.form));
document.addEventListener("change", ({ target }) => target.matches("[data-autosubmit]") && target.form.requestSubmit());

// A tap on an answer that needs nothing more goes on, also on the one chosen before; by keyboard one looks through first.
const LOOK = 250; // ms in which the choice is seen
let byKey = false;
document.addEventListener("keydown", () => (byKey = true), true);
document.addEventListener("pointerdown", () => (byKey = false), true);
document.addEventListener("click", ({ target }) => {
  if (byKey || !target.matches("[data-goes-on]")) return;
  setTimeout(() => target.isConnected && target.checked && target.form.requestSubmit(), LOOK);
});

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.matches("[hx-post]")) return;
  if (form.dataset.preparing) {
    event.preventDefault();
    form.dataset.submitAfter = "1";
  } else if (form.dataset.sending && form.method === "post") event.preventDefault();
  else {
    form.dataset.sending = "1";
    setTimeout(() => delete form.dataset.sending, 8000);
  }
});
document.addEventListener("keydown", (event) => {
  const area = event.target;
  if (event.key !== "Enter" || event.shiftKey || event.isComposing || !area.matches(".desk .composer textarea")) return;
  event.preventDefault();
  area.form.requestSubmit();
});

window.addEventListener("pageshow", (event) => {
  if (event.persisted) for (const form of all("form[data-sending]")) delete form.dataset.sending;
});

// What was wrong and is being corrected is no longer called wrong: neither the field nor the list above the form

document.addEventListener("input", ({ target }) => {
  const field = target.closest?.(".field");
  const wrong = field && all("[aria-invalid]", field);
  if (!wrong?.length) return;
  for (const each of wrong) {
    each.removeAttribute("aria-invalid");
    one(`.summary a[href="#${CSS.escape(each.id)}"]`)?.closest("li").remove();
  }
  all(".err", field).forEach((each) => each.remove());
  const summary = one(".summary", target.form ?? document);
  if (summary && !one("li", summary)) summary.remove();
});

// A box that ticks all boxes of its page

document.addEventListener("change", (event) => {
  const name = event.target.dataset?.all;
  if (name) all(`input[type=checkbox][name="${CSS.escape(name)}"]`).forEach((box) => (box.checked = event.target.checked));
});

// A number that stands there ready to be typed over

document.addEventListener("focusin", ({ target }) => target.matches("[data-select]") && target.select());
whenDressing(() => one("[data-select]:focus")?.select());
