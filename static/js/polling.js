// What a page learns by itself: polling, only while somebody looks, slower after errors (204 nothing new, 286 the end);
// telling that it was read; and what goes when its time is over.

import { hush, warn } from "./banner.js";
import { all, dress, make, one, say, whenDressing } from "./dom.js";
import { signInAgain } from "./signing_in.js";

const polls = new WeakSet();
const poll = (element) => {
  if (polls.has(element)) return;
  polls.add(element);
  const every = Math.max(Number(element.dataset.every || 5), 2) * 1000;
  let wait = every;
  let timer = 0;
  const again = () => {
    clearTimeout(timer);
    timer = setTimeout(ask, wait);
  };
  const ask = async () => {
    if (!element.isConnected) return document.removeEventListener("visibilitychange", look);
    if (document.hidden) return;
    const address = new URL(element.dataset.poll, location.href);
    const append = "append" in element.dataset;
    if (append) address.searchParams.set("after", all("[data-id]", element).at(-1)?.dataset.id || "0");
    try {
      const answer = await fetch(address, { headers: { "HX-Request": "true" }, credentials: "same-origin", cache: "no-store" });
      if (answer.status === 286) return "reload" in element.dataset ? location.reload() : undefined;
      if (answer.status === 401) return warn("登录已过期，填写的内容还在", "重新登录", () => signInAgain(() => (hush(), ask())));
      if (answer.status === 200) put(element, await answer.text(), append);
      else if (answer.status !== 204) throw new Error(String(answer.status));
      wait = every;
    } catch {
      wait = Math.min(wait * 2, 60000);
    }
    return element.isConnected ? again() : undefined;
  };
  const look = () => {
    if (document.hidden) return clearTimeout(timer);
    wait = every;
    return ask();
  };
  document.addEventListener("visibilitychange", look);
  again();
};

// What is shown to somebody who looks has been read; a conversation is shown once it is in sight

const reads = new WeakSet();
const read = (element) => {
  if (reads.has(element) || document.hidden) return;
  reads.add(element);
  const token = one("input[name=csrf_token]")?.value || "";
  const headers = { "HX-Request": "true" };
  fetch(element.dataset.read, { method: "POST", headers, body: new URLSearchParams({ csrf_token: token }) }).catch(() => {});
};
const inSight = new IntersectionObserver((seen) => seen.filter((each) => each.isIntersecting).forEach(({ target }) => read(target)));
const readOnceSeen = (element) => {
  if (!element.matches(".chat")) return read(element);
  inSight.unobserve(element);
  return inSight.observe(element); // tells at once where it stands
};
document.addEventListener("visibilitychange", () => all("[data-read]").forEach(readOnceSeen));

// What may be seen for a short time only goes when it is over, also in a tab that nobody looks at, and with the page

const passing = new WeakSet();
const pass = (element) => {
  if (passing.has(element)) return;
  passing.add(element);
  setTimeout(() => {
    element.replaceChildren(make("p", {}, element.dataset.after));
    say(element.dataset.after);
  }, Number(element.dataset.gone) * 1000);
};
window.addEventListener("pagehide", () => all("[data-gone]").forEach((element) => element.replaceChildren()));

const put = (element, html, append) => {
  const low = window.innerHeight + window.scrollY > document.documentElement.scrollHeight - 160;
  if (!append) {
    element.insertAdjacentHTML("afterend", html);
    const fresh = element.nextElementSibling;
    element.remove();
    if (fresh) window.htmx?.process(fresh);
  } else {
    const last = element.lastElementChild;
    element.insertAdjacentHTML("beforeend", html);
    for (let next = last ? last.nextElementSibling : element.firstElementChild; next; next = next.nextElementSibling) {
      window.htmx?.process(next);
    }
    if (low && "end" in element.dataset) window.scrollTo(0, document.documentElement.scrollHeight);
    if (!element.dataset.read) element.dataset.read = element.dataset.poll.replace(/new$/, "read");
    reads.delete(element);
  }
  dress();
};

whenDressing(() => {
  all("[data-poll]").forEach(poll);
  all("[data-read]").forEach(readOnceSeen);
  all("[data-gone]").forEach(pass);
});
