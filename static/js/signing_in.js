// Signed out while typing: sign in over the untouched page, then go on with what was stopped.

import { all, make, one } from "./dom.js";

export const signInAgain = (goOn) => {
  if (one("#again-password")) return;
  const name = document.body.dataset.who || "";
  const words = make("p", { class: "err", role: "alert", hidden: true });
  const secret = make("input", { type: "password", id: "again-password", autocomplete: "current-password" });
  const dialog = make(
    "dialog",
    { "aria-labelledby": "again-title" },
    make("h2", { id: "again-title" }, "登录已过期"),
    make("p", {}, `填写的内容还在。请以「${name}」重新登录，然后继续。`),
  );
  const login = make(
    "form",
    { class: "stack" },
    make("div", { class: "field" }, make("label", { for: "again-password" }, "密码"), secret, words),
    make(
      "div",
      { class: "flow" },
      make("button", { type: "submit", class: "btn primary" }, "登录并继续"),
      make("button", { type: "button", class: "btn", click: () => dialog.close() }, "取消"),
    ),
  );
  const refuse = (sentence) => {
    words.textContent = sentence;
    words.hidden = false;
    secret.focus();
  };
  const read = async (answer) => new DOMParser().parseFromString(await answer.text(), "text/html");
  login.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      const page = await read(await fetch("/login", { credentials: "same-origin" }));
      const body = new FormData(one("form[action^='/login']", page) || one("form", page) || undefined);
      body.set("member_name", name);
      body.set("password", secret.value);
      const answer = await fetch("/login", { method: "POST", body: new URLSearchParams(body), credentials: "same-origin" });
      const after = await read(answer);
      if (!answer.ok || after.body.dataset.who !== name) {
        return refuse(one(".summary li, .err", after)?.textContent.trim() || "会员名或密码不对，请核对后再试");
      }
      const token = one("input[name=csrf_token]", await read(await fetch(location.href, { credentials: "same-origin" })));
      if (token) for (const input of all("input[name=csrf_token]")) input.value = token.value;
      dialog.close();
      goOn();
    } catch {
      refuse("网络不可用，请稍后再试");
    }
  });
  dialog.append(login);
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  secret.focus();
};
