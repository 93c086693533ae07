// A form that saves itself: what was typed goes to the server a moment later, and when the page is left.

import { all } from "./dom.js";

const PAUSE = 700; // ms without typing
const timers = new WeakMap(); // form → what waits to be saved
const running = new WeakMap(); // form → what is being saved

const typed = (form) => new URLSearchParams([...new FormData(form)].filter(([, value]) => typeof value === "string"));

const forget = (form) => {
  clearTimeout(timers.get(form));
  timers.delete(form);
};
const save = async (form, leaving = false) => {
  forget(form);
  running.get(form)?.abort();
  const stop = new AbortController();
  running.set(form, stop);
  const headers = { "HX-Request": "true" };
  try {
    await fetch(form.dataset.saves, { method: "POST", headers, body: typed(form), keepalive: leaving, signal: stop.signal });
    running.delete(form);
  } catch {
    if (!stop.signal.aborted) timers.set(form, 0); // once the network is back
  }
};
const saveLater = (form) => {
  if (!form?.matches("[data-saves]")) return;
  forget(form);
  timers.set(form, setTimeout(() => save(form), PAUSE));
};
const saveNow = () => {
  for (const form of all("form[data-saves]")) if (timers.has(form)) save(form, true);
};
const sentOn = (form) => {
  if (!form?.matches?.("[data-saves]")) return;
  forget(form);
  running.get(form)?.abort(); // else it might arrive after what is sent now
};

document.addEventListener("input", ({ target }) => saveLater(target.form));
document.addEventListener("change", ({ target }) => target.type !== "file" && saveLater(target.form));
document.addEventListener("submit", ({ target }) => sentOn(target), true);
document.addEventListener("visibilitychange", () => document.hidden && saveNow());
// What was to go on and didn't reach anybody is saved like what was typed, for a tab that is closed before it goes again
const keepUnsent = ({ target }) => {
  const form = target.closest?.("form[data-saves]");
  if (form) timers.set(form, 0);
};
document.addEventListener("htmx:sendError", keepUnsent);
document.addEventListener("htmx:timeout", keepUnsent);
window.addEventListener("pagehide", saveNow);
window.addEventListener("online", saveNow);
