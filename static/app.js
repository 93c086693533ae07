// What pages gain with JavaScript. Every page works without; nothing here knows about cases or orders.
// The attributes it looks for are listed in templates/ui.html. No eval, no inline styles: the content policy stands.
(() => {
  "use strict";

  const one = (selector, from = document) => from.querySelector(selector);
  const all = (selector, from = document) => [...from.querySelectorAll(selector)];
  const make = (tag, attributes = {}, ...children) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (name === "class") element.className = value;
      else if (typeof value === "function") element.addEventListener(name, value);
      else if (value !== false) element.setAttribute(name, value === true ? "" : value);
    }
    element.append(...children);
    return element;
  };
  const say = (words) => {
    const live = one("#live");
    if (live) live.textContent = words;
  };

  // Countdowns: the server's words stand until they are a minute old. Its clock counts, not the phone's.

  const shown = Date.parse(document.body.dataset.now || "");
  const ahead = Number.isNaN(shown) ? 0 : shown - Date.now();

  const span = (ms) => {
    let minutes = Math.max(Math.floor(ms / 60000), 0);
    const days = Math.floor(minutes / 1440);
    const hours = Math.floor((minutes % 1440) / 60);
    minutes %= 60;
    if (days) return hours ? `${days} 天 ${hours} 小时` : `${days} 天`;
    if (hours) return minutes ? `${hours} 小时 ${minutes} 分钟` : `${hours} 小时`;
    return `${minutes} 分钟`;
  };

  const countDown = (rewrite) => {
    for (const time of all("time[data-due]")) {
      const rest = Date.parse(time.dateTime) - Date.now() - ahead;
      if (Number.isNaN(rest)) continue;
      if (rewrite) time.textContent = rest > 0 ? `还剩 ${span(rest)}` : `已超时 ${span(-rest)}`;
      time.classList.toggle("over", rest <= 0);
      time.classList.toggle("soon", rest > 0 && rest < 86400000);
    }
  };
  setInterval(() => document.hidden || countDown(true), 60000);
  document.addEventListener("visibilitychange", () => document.hidden || countDown(Date.now() + ahead - shown > 60000));

  // Copying

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

  // Counting what a person sees as characters

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

  // Stepper

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
    const by = Number(button.dataset.by);
    const next = Math.min(Math.max(before + by, Math.min(least, most)), most);
    input.value = String(Math.round(next * 1000) / 1000);
    input.dispatchEvent(new Event("input", { bubbles: true }));
    input.dispatchEvent(new Event("change", { bubbles: true }));
    say(`${input.value} ${one("span", stepper)?.textContent || ""}`);
  };

  // Photos: several picks add up, each can be taken back, large ones are made smaller before they travel

  const LARGEST = 2560;
  const MOST_BYTES = 11.5 * 1024 * 1024;
  const chosen = new WeakMap(); // input → [{file, tile}]

  const smaller = async (file) => {
    if (!/^image\/(jpeg|png|webp)$/.test(file.type) || file.size < 400 * 1024) return file;
    try {
      const image = await createImageBitmap(file, { imageOrientation: "from-image" });
      const scale = Math.min(1, LARGEST / Math.max(image.width, image.height));
      if (scale === 1 && file.size < 1.5 * 1024 * 1024) return file;
      const canvas = make("canvas");
      canvas.width = Math.round(image.width * scale);
      canvas.height = Math.round(image.height * scale);
      const pen = canvas.getContext("2d");
      pen.fillStyle = "#fff";
      pen.fillRect(0, 0, canvas.width, canvas.height);
      pen.drawImage(image, 0, 0, canvas.width, canvas.height);
      image.close();
      const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.86));
      if (!blob || blob.size >= file.size) return file;
      return new File([blob], file.name.replace(/\.\w+$/, "") + ".jpg", { type: "image/jpeg" });
    } catch {
      return file;
    }
  };

  const photoNote = (input, words) => {
    const field = input.closest(".field") || input.parentElement;
    let note = one(".err[data-photos]", field);
    if (!words) return note && note.remove();
    if (!note) field.append((note = make("p", { class: "err", "data-photos": true })));
    note.textContent = words;
    say(words);
  };

  const putBack = (input) => {
    const list = chosen.get(input) || [];
    const files = new DataTransfer();
    for (const item of list) files.items.add(item.file);
    input.files = files.files;
    const tiles = input.closest(".tiles");
    const most = Number(tiles?.dataset.most || 9);
    const kept = tiles ? all("[name$=_kept]", tiles).length - all("[name$=_drop]:checked", tiles).length : 0;
    const bytes = list.reduce((sum, item) => sum + item.file.size, 0);
    if (kept + list.length > most) photoNote(input, `最多 ${most} 张照片,请移除 ${kept + list.length - most} 张`);
    else if (bytes > MOST_BYTES) photoNote(input, "这些照片合计超过 12 MB,请减少几张,分次上传");
    else photoNote(input, "");
  };

  const addPhotos = async (input) => {
    const tiles = input.closest(".tiles");
    if (!tiles || !window.DataTransfer) return;
    const list = chosen.get(input) || [];
    chosen.set(input, list);
    const fresh = [...input.files].filter((file) => !list.some((item) => item.picked === file));
    putBack(input);
    const form = input.form;
    const waiting = fresh.map(async (file) => {
      const address = URL.createObjectURL(file);
      const image = make("img", { src: address, alt: `待上传:${file.name}`, width: 88, height: 88 });
      const item = { picked: file, file, tile: null };
      const drop = make("button", { type: "button", class: "drop", "aria-label": `移除 ${file.name}` });
      drop.addEventListener("click", () => {
        list.splice(list.indexOf(item), 1);
        item.tile.remove();
        URL.revokeObjectURL(address);
        putBack(input);
        say(`已移除 ${file.name}`);
        input.focus();
      });
      item.tile = make("div", { class: "tile busy" }, image, drop);
      tiles.insertBefore(item.tile, input.closest(".tile"));
      list.push(item);
      item.file = await smaller(file);
      item.tile.classList.remove("busy");
    });
    if (form) form.dataset.preparing = "1";
    await Promise.all(waiting);
    if (form) delete form.dataset.preparing;
    putBack(input);
    if (fresh.length) say(`已添加 ${fresh.length} 张照片`);
    if (form && form.dataset.submitAfter) {
      delete form.dataset.submitAfter;
      form.requestSubmit();
    }
  };

  // Looking at photos: zoom, turn, next; without it the links open the photo

  let viewer = null;
  const view = (link) => {
    const group = all(`a[data-view="${CSS.escape(link.dataset.view)}"]`);
    let at = Math.max(group.indexOf(link), 0);
    let zoom = 1;
    let turn = 0;
    const image = make("img", { alt: "" });
    const pane = make("div", { class: "pane", tabindex: "0", role: "region", "aria-label": "照片" }, image);
    const words = make("p", { role: "status" });
    const draw = () => {
      pane.className = `pane z${zoom}`;
      image.className = `r${turn}`;
    };
    const go = (by) => {
      at = (at + by + group.length) % group.length;
      zoom = 1;
      turn = 0;
      const small = one("img", group[at]);
      image.src = group[at].href;
      image.alt = small?.alt || "照片";
      words.textContent = [`${image.alt} · 第 ${at + 1} 张,共 ${group.length} 张`, group[at].dataset.note || ""]
        .filter(Boolean)
        .join(" · ");
      draw();
    };
    const enlarge = (by) => {
      zoom = Math.min(Math.max(zoom + by, 1), 3);
      draw();
    };
    const tool = (text, act) => make("button", { type: "button", click: act }, text);
    const rotate = () => {
      turn = (turn + 1) % 4;
      draw();
    };
    const several = group.length > 1 ? [tool("上一张", () => go(-1)), tool("下一张", () => go(1))] : [];
    viewer = make(
      "dialog",
      { class: "viewer", "aria-label": "查看照片" },
      pane,
      words,
      make(
        "div",
        { class: "tools" },
        ...several,
        tool("放大", () => enlarge(1)),
        tool("缩小", () => enlarge(-1)),
        tool("旋转", rotate),
        tool("关闭", () => viewer.close()),
      ),
    );
    viewer.addEventListener("close", () => {
      viewer.remove();
      viewer = null;
      group[at].focus();
    });
    viewer.addEventListener("keydown", (event) => {
      const keys = { ArrowLeft: () => go(-1), ArrowRight: () => go(1), "+": () => enlarge(1), "-": () => enlarge(-1), r: rotate };
      if (keys[event.key] && (zoom === 1 || !event.key.startsWith("Arrow"))) {
        event.preventDefault();
        keys[event.key]();
      }
    });
    image.addEventListener("dblclick", () => enlarge(zoom === 1 ? 1 : -2));
    document.body.append(viewer);
    viewer.showModal();
    go(0);
  };

  // The banner: offline, refused, signed out. Nothing that was typed goes away.

  let banner = null;
  const hush = () => {
    banner?.remove();
    banner = null;
  };
  const warn = (words, action, act) => {
    hush();
    banner = make("div", { class: "banner", role: "alert" }, make("span", {}, words));
    if (action) banner.append(make("button", { type: "button", class: "btn", click: act }, action));
    banner.append(make("button", { type: "button", class: "btn", "aria-label": "关闭提示", click: hush }, "关闭"));
    document.body.append(banner);
  };
  const again = (form) => () => {
    hush();
    if (form && form.isConnected) form.requestSubmit();
    else location.reload();
  };
  const offline = (form) => warn("网络不可用,已为您保留填写内容", "重试", again(form));

  window.addEventListener("offline", () => offline(null));
  window.addEventListener("online", () => {
    if (banner) warn("网络已恢复");
    setTimeout(hush, 3000);
  });

  // Signed out while typing: sign in over the untouched form, then send it with the same form key

  const signInAgain = (form) => {
    const name = document.body.dataset.who || "";
    const words = make("p", { class: "err", role: "alert", hidden: true });
    const secret = make("input", { type: "password", id: "again-password", autocomplete: "current-password" });
    const dialog = make(
      "dialog",
      { "aria-labelledby": "again-title" },
      make("h2", { id: "again-title" }, "登录已过期"),
      make("p", {}, `填写的内容还在。请以「${name}」重新登录,然后继续。`),
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
          return refuse(one(".summary li, .err", after)?.textContent.trim() || "会员名或密码不对,请核对后再试");
        }
        const token = one("input[name=csrf_token]", await read(await fetch(location.href, { credentials: "same-origin" })));
        if (token) for (const input of all("input[name=csrf_token]")) input.value = token.value;
        dialog.close();
        if (form && form.isConnected) form.requestSubmit();
      } catch {
        refuse("网络不可用,请稍后再试");
      }
    });
    dialog.append(login);
    dialog.addEventListener("close", () => dialog.remove());
    document.body.append(dialog);
    dialog.showModal();
    secret.focus();
  };

  // Answers of htmx

  const formOf = (event) => {
    const source = event.detail.requestConfig?.elt || event.detail.elt;
    return source?.closest?.("form") || null;
  };

  document.addEventListener("htmx:beforeOnLoad", (event) => {
    const { xhr, requestConfig } = event.detail;
    if (xhr.status !== 401 || requestConfig?.verb !== "post" || !document.body.dataset.who) return;
    event.preventDefault(); // else htmx goes to the sign-in page, and photos that were chosen are lost
    signInAgain(formOf(event));
  });
  document.addEventListener("htmx:beforeHistoryUpdate", (event) => {
    const { history: update } = event.detail;
    if (update?.type === "push" && update.path === location.pathname + location.search) update.type = "replace";
  });
  document.addEventListener("htmx:sendError", (event) => offline(formOf(event)));
  document.addEventListener("htmx:timeout", (event) => {
    warn("网络太慢,还没有收到回答,已为您保留填写内容", "重试", again(formOf(event)));
  });
  document.addEventListener("htmx:responseError", (event) => {
    const page = new DOMParser().parseFromString(event.detail.xhr.responseText || "", "text/html");
    const title = one("#error h1", page)?.textContent || "没有成功";
    const sentence = one("#error p", page)?.textContent || "填写的内容还在,请稍后再试。";
    warn(`${title}:${sentence}`, event.detail.xhr.status >= 500 ? "重试" : "", again(formOf(event)));
  });
  document.addEventListener("htmx:beforeRequest", (event) => {
    const form = formOf(event);
    if (form) {
      if (form.dataset.preparing) {
        event.preventDefault();
        form.dataset.submitAfter = "1";
        return say("正在处理照片,马上提交");
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
    const summary = one(".summary[role=alert]", page);
    if (summary && !document.title.startsWith("错误:")) document.title = `错误:${document.title}`;
    const kept = document.activeElement;
    if (summary) summary.focus();
    else if (!kept || kept === document.body) (one("[data-focus]", page) || one("h1", page))?.focus({ preventScroll: true });
    const words = one("[data-said]", page);
    if (words) say(words.textContent);
    requestAnimationFrame(settle);
  });

  // A form that was edited isn't lost by a wrong tap

  const edited = new WeakSet();
  window.addEventListener("beforeunload", (event) => {
    if (all("form[data-guard]").some((form) => edited.has(form) && !form.dataset.sending)) event.preventDefault();
  });

  // Polling: only while somebody looks, slower after errors, 204 nothing new, 286 the end

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
        if (answer.status === 401) return warn("登录已过期,填写的内容还在", "重新登录", () => location.reload());
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
  // What is shown to somebody who looks has been read

  const reads = new WeakSet();
  const read = (element) => {
    if (reads.has(element) || document.hidden) return;
    reads.add(element);
    const token = one("input[name=csrf_token]")?.value || "";
    const headers = { "HX-Request": "true" };
    fetch(element.dataset.read, { method: "POST", headers, body: new URLSearchParams({ csrf_token: token }) }).catch(() => {});
  };
  document.addEventListener("visibilitychange", () => all("[data-read]").forEach(read));
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
      if (low) window.scrollTo(0, document.documentElement.scrollHeight);
      if (!element.dataset.read) element.dataset.read = element.dataset.poll.replace(/new$/, "read");
      reads.delete(element);
    }
    dress();
  };

  // Keys at the desk: they move and open, they never execute. ? shows them and switches them off.

  const KEYS = [
    ["j k", "下一条、上一条"],
    ["Enter", "打开"],
    ["a", "同意(打开表单)"],
    ["r", "拒绝(打开表单)"],
    ["e", "请补充凭证(打开表单)"],
    ["m", "回复买家"],
    ["/", "搜索"],
    ["g q", "待办队列"],
    ["?", "快捷键"],
  ];
  const store = (value) => {
    try {
      if (value !== undefined) localStorage.setItem("keys", value);
      return localStorage.getItem("keys");
    } catch {
      return null;
    }
  };
  const showKeys = () => {
    const box = make("input", { type: "checkbox", id: "keys-on" });
    box.checked = store() !== "off";
    box.addEventListener("change", () => store(box.checked ? "on" : "off"));
    const list = make("dl", { class: "facts" });
    for (const [keys, words] of KEYS) {
      list.append(make("dt", {}, ...keys.split(" ").flatMap((key) => [make("kbd", {}, key), " "])), make("dd", {}, words));
    }
    const dialog = make(
      "dialog",
      { "aria-labelledby": "keys-title" },
      make("h2", { id: "keys-title" }, "快捷键"),
      list,
      make("div", { class: "check" }, box, make("label", { for: "keys-on" }, "启用单键快捷键")),
    );
    dialog.append(make("button", { type: "button", class: "btn", click: () => dialog.close() }, "关闭"));
    dialog.addEventListener("close", () => dialog.remove());
    document.body.append(dialog);
    dialog.showModal();
  };
  let before = "";
  document.addEventListener("keydown", (event) => {
    if (!document.body.classList.contains("desk") || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.target.closest("input, select, textarea, dialog, [contenteditable]")) return;
    if (event.key === "?") return showKeys();
    if (store() === "off") return;
    const rows = all(".table .open, a.row[data-row]").filter((row) => row.offsetParent);
    const at = rows.indexOf(document.activeElement);
    const here = at >= 0 ? at : rows.findIndex((row) => row.closest("[aria-current]"));
    const chord = before === "g" ? one(`[data-go="${CSS.escape(event.key)}"]`) : null;
    before = event.key;
    if (chord) chord.click();
    else if (event.key === "j" || event.key === "k") {
      const next = rows[Math.min(Math.max(here + (event.key === "j" ? 1 : -1), 0), rows.length - 1)];
      next?.focus();
      next?.scrollIntoView({ block: "nearest" });
    } else if (event.key === "/") {
      const box = one("input[type=search], input[name=q]");
      if (!box) return;
      event.preventDefault();
      box.focus();
      box.select();
    } else if (/^[a-z]$/.test(event.key)) {
      const found = one(`[data-key="${event.key}"]`);
      if (!found) return;
      event.preventDefault();
      found.focus();
      if (found.matches("a, summary")) found.click();
    }
  });

  // Events of the page

  document.addEventListener("click", async (event) => {
    const copier = event.target.closest("[data-copy]");
    if (copier) {
      event.preventDefault();
      const done = await copy(copier.dataset.copy);
      copier.textContent = done ? "已复制" : "请长按复制";
      say(copier.textContent);
      setTimeout(() => (copier.textContent = "复制"), 2000);
      return;
    }
    const stepping = event.target.closest(".stepper [data-by]");
    if (stepping) return step(stepping);
    if (event.target.closest("[data-print]")) return window.print();
    const link = event.target.closest("a[data-view]");
    if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey && window.HTMLDialogElement) {
      event.preventDefault();
      view(link);
    }
  });
  document.addEventListener("input", (event) => {
    const { target } = event;
    if (target.form?.matches("[data-guard]")) edited.add(target.form);
    if (target.matches("textarea[data-count]")) count(target);
    const stepper = target.closest(".stepper");
    if (stepper) limit(stepper);
  });
  document.addEventListener("change", (event) => {
    const { target } = event;
    if (target.matches("input[type=file]")) addPhotos(target);
    if (target.matches("[name$=_drop]")) {
      const input = one("input[type=file]", target.closest(".tiles"));
      if (input) putBack(input);
    }
    if (target.matches("[data-autosubmit]")) target.form.requestSubmit();
  });
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.matches("[hx-post]")) return;
    if (form.dataset.preparing) {
      event.preventDefault();
      form.dataset.submitAfter = "1";
    } else if (form.dataset.sending && form.method === "post") event.preventDefault();
    else {
      form.dataset.sending = "1";
      setTimeout(() => delete form.dataset.sending, 8000);
    }
  });
  document.addEventListener("keydown", (event) => {
    const area = event.target;
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || !area.matches(".desk .composer textarea")) return;
    event.preventDefault();
    area.form.requestSubmit();
  });
  window.addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    for (const form of all("form[data-sending]")) delete form.dataset.sending;
    countDown(true);
  });

  const dress = () => {
    countDown(false);
    all("textarea[data-count]").forEach(count);
    all(".stepper").forEach(limit);
    all("[data-poll]").forEach(poll);
    all("[data-read]").forEach(read);
    all("[data-gone]").forEach(pass);
  };
  const settle = () => {
    one(".tabs [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
    if (one("[data-end]")) window.scrollTo(0, document.documentElement.scrollHeight);
  };
  const start = () => {
    dress();
    settle();
    one(".summary[role=alert]")?.focus();
  };
  start();

  // The service worker keeps static files only. Not on the first page: that one has better things to load.

  const worker = document.body.dataset.worker;
  if (worker && "serviceWorker" in navigator && isSecureContext) {
    try {
      if (sessionStorage.getItem("seen")) navigator.serviceWorker.register(worker).catch(() => {});
      sessionStorage.setItem("seen", "1");
    } catch {
      // a browser that keeps nothing: no worker
    }
  }
})();
