// A row that counts as read once it is opened: said on the way out, and the link is followed as ever.

document.addEventListener("click", ({ target }) => {
  const opens = target.closest("[data-opens]")?.dataset.opens;
  const token = document.querySelector("input[name=csrf_token]")?.value;
  if (!opens || !token) return;
  const body = new URLSearchParams({ csrf_token: token });
  fetch(opens, { method: "POST", headers: { "HX-Request": "true" }, body, keepalive: true }).catch(() => {});
});
