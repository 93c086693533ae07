// Push: asks the browser for the person's leave, and the server to tell this browser of news. The messages are empty.

import { all, one, say } from "./dom.js";

const readKey = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (sign) => sign.charCodeAt(0));

const subscribe = async (card) => {
  const note = one("[data-push-note]", card);
  const tell = (words) => {
    note.textContent = words;
    say(words);
  };
  if (!("PushManager" in window) || !("serviceWorker" in navigator)) return tell("这个浏览器不支持推送；iPhone 请先把网页添加到主屏幕");
  if ((await Notification.requestPermission()) !== "granted") return tell("没有得到允许，可以在浏览器的设置里打开通知");
  try {
    await navigator.serviceWorker.register(document.body.dataset.worker);
    const worker = await navigator.serviceWorker.ready;
    const made = await worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: readKey(card.dataset.push) });
    const body = new URLSearchParams({ endpoint: made.endpoint, csrf_token: one("input[name=csrf_token]", card).value });
    const answer = await fetch("/push", { method: "POST", body, headers: { "HX-Request": "true" } });
    if (!answer.ok) throw new Error("refused");
    location.reload();
  } catch {
    tell("没有开启成功，请稍后再试；网页内的通知不受影响");
  }
};

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-push-on]");
  for (const card of button ? all("[data-push]") : []) subscribe(card);
});
