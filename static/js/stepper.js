// A quantity with − and +.

import { all, one, say, whenDressing } from "./dom.js";

const bounds = (stepper) => {
  const least = Number(stepper.dataset.least || 0);
  const most = stepper.dataset.most ? Number(stepper.dataset.most) : Infinity;
  return [least, most];
};
const limit = (stepper) => {
  const [least, most] = bounds(stepper);
  const value = Number(one("input", stepper).value);
  for (const button of all("[data-by]", stepper)) {
    button.disabled = Number(button.dataset.by) < 0 ? value <= Math.min(least, most) : value >= most;
  }
};
const step = (button) => {
  const stepper = button.closest(".stepper");
  const input = one("input", stepper);
  const [least, most] = bounds(stepper);
  const before = Number(input.value) || 0;
  const by = "all" in button.dataset ? most : Number(button.dataset.by);
  const next = Math.min(Math.max(before + by, Math.min(least, most)), most);
  input.value = String(Math.round(next * 1000) / 1000);
  input.dispatchEvent(new Event("input", { bubbles: true }));
  input.dispatchEvent(new Event("change", { bubbles: true }));
  say(`${input.value} ${one("span", stepper)?.textContent || ""}`);
};

document.addEventListener("click", (event) => {
  const button = event.target.closest(".stepper [data-by], .stepper [data-all]");
  if (button) step(button);
});
document.addEventListener("input", (event) => {
  const stepper = event.target.closest(".stepper");
  if (stepper) limit(stepper);
});
whenDressing(() => all(".stepper").forEach(limit));
