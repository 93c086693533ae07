// Counting by keyboard alone: digits are typed into the quantities, ↑ and ↓ set the condition of their line.

import { make, one, say } from "./dom.js";
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
// Where none comes, because the count was refused or got lost, it waits in this tab for the next one, and that is said.
let scannedNext = null;
let typedAt = 0;
const unopened = (next) => {
  try {
    if (next !== undefined) sessionStorage.setItem("unopened", next);
    return sessionStorage.getItem("unopened") || "";
  } catch {
    return "";
  }
};
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
      typedAt = Date.now();
    } else if (/^[0-9A-Z]$/.test(key) && !target.closest("input, select, textarea, dialog")) one("#scan-number")?.focus();
  },
  true,
);
const tellUnopened = (numbers) => {
  const words = `扫到的 ${numbers.join("、")} 还没有打开：处理好这件、回到扫描台后自动打开`;
  if (one("#scanned-next")?.textContent === words) return;
  const shown = one("#scanned-next") || make("p", { id: "scanned-next", class: "said warn" });
  shown.textContent = words;
  one("#page h1").closest("header").after(shown);
  say(words);
};
const typeAhead = () => {
  const box = one("#scan-number");
  const whole = !scannedNext || scannedNext.endsWith("\n") || Date.now() - typedAt >= SCANNER;
  if (!box && !whole) return setTimeout(typeAhead, SCANNER); // a scanner's other half must not go into the quantities
  const next = unopened() + (scannedNext ?? "");
  const [typed, ...sent] = next.split("\n");
  scannedNext = null;
  if (!next) return;
  if (!box) {
    const numbers = next.trim();
    const wanted = numbers && one("#case, form[action*='scanned=']");
    unopened(wanted ? `${numbers}\n` : ""); // whoever went on to something else doesn't come back to it by surprise
    return wanted && tellUnopened(numbers.split("\n"));
  }
  unopened(sent.join("\n"));
  box.focus();
  box.value += typed; // behind what was pasted meanwhile
  if (!sent.length || !box.value) return;
  if (!/[?&]number=/.test(location.search)) return box.form.requestSubmit(); // else what that number led to stays in sight
  say(`${typed} 在框里，按回车打开`);
};
const typeSoon = () => (scannedNext !== null || unopened()) && requestAnimationFrame(typeAhead);
for (const event of ["afterSettle", "sendError", "timeout", "sendAbort", "responseError"]) document.addEventListener(`htmx:${event}`, typeSoon);
typeSoon();
