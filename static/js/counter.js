// Counting what a person sees as characters.

import { all, make, whenDressing } from "./dom.js";

const segmenter = window.Intl && Intl.Segmenter ? new Intl.Segmenter("zh", { granularity: "grapheme" }) : null;
const graphemes = (text) => {
  if (!segmenter) return [...text].length;
  let n = 0;
  for (const _ of segmenter.segment(text)) n += 1;
  return n;
};
const count = (area) => {
  const most = Number(area.dataset.count);
  let shownCount = area.nextElementSibling;
  if (!shownCount || !shownCount.matches(".count")) {
    shownCount = make("span", { class: "count", "aria-hidden": "true" });
    area.after(shownCount);
  }
  const n = graphemes(area.value.trim());
  shownCount.textContent = n > most ? `超出 ${n - most} 字` : `${n}/${most}`;
  shownCount.classList.toggle("bad-ink", n > most);
};

document.addEventListener("input", (event) => event.target.matches("textarea[data-count]") && count(event.target));
whenDressing(() => all("textarea[data-count]").forEach(count));
