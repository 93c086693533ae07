// Answers of htmx: errors, and what is shown first after a swap.

import { again, hush, offline, warn } from "./banner.js";
import { all, dress, one, say } from "./dom.js";
import { signInAgain } from "./signing_in.js";

const formOf = (event) => {
  const source = event.detail.requestConfig?.elt || event.detail.elt;
  return source?.closest?.("form") || null;
};

let asked = false; // who doesn't want to sign in is asked again when they send something, not by the page itself
document.addEventListener("htmx:beforeOnLoad", (event) => {
  const { xhr, requestConfig } = event.detail;
  if (xhr.status !== 401 || !document.body.dataset.who) return;
  event.preventDefault(); // else htmx goes to the sign-in page, and photos that were chosen are lost
  const form = requestConfig?.verb === "post" ? formOf(event) : null; // sent again with the same form key
  if (form || !asked) signInAgain(() => form?.isConnected && form.requestSubmit());
  asked = true;
});
document.addEventListener("htmx:beforeHistoryUpdate", (event) => {
  const { history: update } = event.detail;
  if (update?.type === "push" && update.path === location.pathname + location.search) update.type = "replace";
});
document.addEventListener("htmx:sendError", (event) => offline(formOf(event)));
document.addEventListener("htmx:timeout", (event) => {
  warn("网络太慢，还没有收到回答，已为您保留填写内容", "重试", again(formOf(event)));
});
document.addEventListener("htmx:responseError", (event) => {
  const page = new DOMParser().parseFromString(event.detail.xhr.responseText || "", "text/html");
  const title = one("#error h1", page)?.textContent || "没有成功";
  const sentence = one("#error p", page)?.textContent || "填写的内容还在，请稍后再试。";
  warn(`${title}：${sentence}`, event.detail.xhr.status >= 500 ? "重试" : "", again(formOf(event)));
});
document.addEventListener("htmx:beforeRequest", (event) => {
  const form = formOf(event);
  if (form) {
    if (form.dataset.preparing) {
      event.preventDefault();
      form.dataset.submitAfter = "1";
      return say("正在处理照片，马上提交");
    }
    form.dataset.sending = "1";
    form.setAttribute("aria-busy", "true");
  }
  hush();
});
document.addEventListener("htmx:afterRequest", (event) => {
  const form = formOf(event);
  form?.removeAttribute("aria-busy");
  if (form) delete form.dataset.sending;
});

// After a swap: to the errors, else to the new heading, unless the focus is where it was

document.addEventListener("htmx:afterSettle", (event) => {
  const page = one("#page");
  if (event.detail.elt !== page && event.detail.target?.id !== "page") return dress();
  dress();
  const wrong = one(".summary[role=alert]", page);
  if (wrong && !document.title.startsWith("错误：")) document.title = `错误：${document.title}`;
  const pressed = event.detail.requestConfig?.triggeringEvent?.submitter || formOf(event)?.querySelector("[data-stays]");
  const stays = one(`#${pressed?.dataset.stays || "none"}`, page);
  const kept = document.activeElement;
  if (stays && !wrong) {
    stays.focus({ preventScroll: true });
    stays.scrollIntoView({ block: "nearest" });
  } else {
    if (event.detail.requestConfig?.verb === "post") window.scrollTo(0, 0);
    if (!wrong && (!kept || kept === document.body)) (one("[data-focus]", page) || one("h1", page))?.focus({ preventScroll: true });
  }
  const words = one("[data-said]", page);
  if (words) say(words.textContent);
  requestAnimationFrame(() => {
    settle();
    showErrors();
  });
});

export const settle = () => {
  one(".tabs [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
  if (one("[data-end]")) window.scrollTo(0, document.documentElement.scrollHeight);
};

// The summary gets the focus and comes into view with the first wrong field and its sentence, between the bars that
// stick to the screen's edges. Where they are too far apart, the field gets the focus and the place.

const between = () => {
  const top = Math.max(0, ...all(".top, .banner").map((bar) => bar.getBoundingClientRect()).map((box) => (box.top < 80 ? box.bottom : 0)));
  const bar = one(".bar, .tabbar")?.getBoundingClientRect();
  return [top + 8, Math.min(window.innerHeight, bar && bar.height ? bar.top : Infinity) - 8];
};
export const showErrors = () => {
  const summary = one(".summary[role=alert]");
  if (!summary) return;
  const form = summary.closest("form"); // none where a step is not possible any more
  const marked = form && all("[aria-invalid=true]").find((element) => element.offsetParent && element.form === form);
  const sentence = marked && all(".err", marked.closest(".field") || undefined)[0];
  const control = marked || (form && one(".err", form))?.parentElement.querySelector("input, select, textarea");
  const boxes = [summary, control, sentence].filter(Boolean).map((element) => element.getBoundingClientRect());
  const [low, high] = [Math.min(...boxes.map((box) => box.top)), Math.max(...boxes.map((box) => box.bottom))];
  const [from, to] = between();
  if (high - low <= to - from || !control) {
    window.scrollBy(0, low < from || high > to ? low - from : 0);
    return summary.focus({ preventScroll: true });
  }
  const near = (control.closest(".field") || control).getBoundingClientRect();
  const small = near.height <= to - from ? near : (sentence || control).getBoundingClientRect();
  window.scrollBy(0, small.top - from - Math.max(0, (to - from - small.height) / 3));
  control.focus({ preventScroll: true });
};
