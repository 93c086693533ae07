// Copying a number or an address.

import { make, say } from "./dom.js";

const copy = async (text) => {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const box = make("textarea", { class: "vh", readonly: true });
    box.value = text;
    document.body.append(box);
    box.select();
    const done = document.execCommand("copy");
    box.remove();
    return done;
  }
};

document.addEventListener("click", async (event) => {
  const copier = event.target.closest("[data-copy]");
  if (!copier) return;
  event.preventDefault();
  copier.textContent = (await copy(copier.dataset.copy)) ? "已复制" : "请长按复制";
  say(copier.textContent);
  setTimeout(() => (copier.textContent = "复制"), 2000);
});
