// Counting by keyboard alone: digits are typed into the quantities, ↑ and ↓ set the condition of their line.

import { one, say } from "./dom.js";
import { showKeys } from "./keys.js";

const conditionOf = (field) => document.getElementById(field.dataset.condition || "");
document.addEventListener("keydown", (event) => {
  const field = event.target;
  const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
  if (!field.dataset?.condition) return;
  if (event.key === "?" || event.key === "？") showKeys();
  else if (step) {
    const box = conditionOf(field);
    box.selectedIndex = Math.min(Math.max(box.selectedIndex + step, 0), box.length - 1);
    box.dispatchEvent(new Event("input", { bubbles: true }));
    say(box.selectedOptions[0].text);
  } else return;
  event.preventDefault();
});
// Fewer came than were sent: no more of them can pass, and the line is short until somebody says otherwise.
document.addEventListener("input", ({ target }) => {
  const passed = document.getElementById(target.dataset?.most || "");
  if (!passed || !/^\d+(\.\d+)?$/.test(target.value)) return;
  if (Number(passed.value) > Number(target.value)) passed.value = target.value;
  const box = conditionOf(target);
  if (Number(target.value) < Number(target.dataset.sent) && box.value === "intact") box.value = "short";
});

// Several cases have the number that was scanned: 1 to 9 in the empty box open one. A scanner goes on typing at once.
const SCANNER = 400; // ms in which it would
document.addEventListener("keydown", ({ key, target }) => {
  const chosen = /^[1-9]$/.test(key) && target.matches("[data-picks]") && !target.value && one(`[data-pick="${key}"]`);
  if (chosen) setTimeout(() => target.value === key && chosen.isConnected && chosen.click(), SCANNER);
});

// What is scanned while the last parcel is on its way goes into the box of the page that comes, every character of it.
let scannedNext = null;
document.addEventListener("htmx:beforeRequest", ({ detail: { requestConfig } }) => {
  if (requestConfig.verb === "post" && /[?&]scanned=/.test(requestConfig.path)) scannedNext = "";
});
document.addEventListener(
  "keydown",
  (event) => {
    const { key, target } = event;
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (scannedNext !== null && (key.length === 1 || key === "Enter")) {
      event.preventDefault();
      event.stopImmediatePropagation();
      scannedNext += key.length === 1 ? key : "\n";
    } else if (/^[0-9A-Z]$/.test(key) && !target.closest("input, select, textarea, dialog")) one("#scan-number")?.focus();
  },
  true,
);
const typeAhead = () => {
  const [typed, ...sent] = (scannedNext ?? "").split("\n");
  const box = one("#scan-number");
  scannedNext = null;
  if (!box || !(typed || sent.length)) return;
  box.focus();
  box.value += typed; // behind what was pasted meanwhile
  if (sent.length && box.value) box.form.requestSubmit();
};
document.addEventListener("htmx:afterSettle", () => scannedNext !== null && requestAnimationFrame(typeAhead));
for (const failed of ["sendError", "timeout", "sendAbort", "responseError"]) document.addEventListener(`htmx:${failed}`, () => (scannedNext = null));
