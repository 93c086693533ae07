// The banner: offline, refused, signed out. Nothing that was typed goes away.

import { make } from "./dom.js";

let banner = null;
export const hush = () => {
  banner?.remove();
  banner = null;
};
export const warn = (words, action, act) => {
  hush();
  banner = make("div", { class: "banner", role: "alert" }, make("span", {}, words));
  if (action) banner.append(make("button", { type: "button", class: "btn", click: act }, action));
  banner.append(make("button", { type: "button", class: "btn", "aria-label": "关闭提示", click: hush }, "关闭"));
  document.body.append(banner);
};
export const again = (form) => () => {
  hush();
  if (form && form.isConnected) form.requestSubmit();
  else location.reload();
};
export const offline = (form) => warn("网络不可用，已为您保留填写内容", "重试", again(form));

window.addEventListener("offline", () => offline(null));
window.addEventListener("online", () => {
  if (banner) warn("网络已恢复");
  setTimeout(hush, 3000);
});
