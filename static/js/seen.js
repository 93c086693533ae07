// What was seen last of one's own cases, for when there is no network: goods, state, deadline; the worker shows it.
// And the number on the icon of the installed app. Both belong to who is signed in, and go when nobody is.

import { all, one, whenDressing } from "./dom.js";

const SEEN = "seen-1";
const SEEN_CASES = "/seen-cases";
const SEEN_MOST = 20;
const reader = document.body.dataset.who || "";

const readSeen = async (box) => {
  try {
    const kept = await (await box.match(SEEN_CASES))?.json();
    return kept?.who === reader ? kept.cases : [];
  } catch {
    return [];
  }
};
const keepSeen = async (found) => {
  const box = await caches.open(SEEN);
  const named = new Set(found.map((each) => each.href));
  const cases = [...found, ...(await readSeen(box)).filter((each) => !named.has(each.href))].slice(0, SEEN_MOST);
  const body = JSON.stringify({ who: reader, at: found[0].at, cases });
  await box.put(SEEN_CASES, new Response(body, { headers: { "Content-Type": "application/json" } }));
};
// Photos that were shared with the app while nobody was signed in wait for who signs in next, which is asked for then.
const sharedWait = () => one("input[name=next]")?.value.includes("said=shared");
const forgetSeen = () => Promise.all([caches.delete(SEEN), ...(sharedWait() ? [] : [caches.delete("shared-1")])]);

whenDressing(() => {
  const count = one("[data-badge]")?.dataset.badge;
  if ("setAppBadge" in navigator) {
    if (!reader) navigator.clearAppBadge().catch(() => {});
    else if (count !== undefined) navigator.setAppBadge(Number(count)).catch(() => {});
  }
  if (!("caches" in window)) return;
  if (!reader) return void forgetSeen().catch(() => {});
  const at = document.body.dataset.now || new Date().toISOString();
  const found = all("[data-seen]").map(({ dataset }) => ({ href: dataset.case, words: dataset.seen, due: dataset.due || "", at }));
  if (found.length) keepSeen(found).catch(() => {});
});
