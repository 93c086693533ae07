// Keeps static files, whose names carry their content's hash: no page, no answer. Beside them lie what pages noted of
// the cases seen last, and photos that were shared with the app, until an application takes them.
// Without a network a navigation gets a page made here; its stylesheet is one of the kept files.
"use strict";

const KEPT = "static-1";
const STATIC = /^\/static\/.+\.[0-9a-f]{10}\.[a-z0-9]+$/;
const css = new URL(self.location).searchParams.get("css") || "";

const SEEN = "seen-1"; // the goods, state and deadline of the cases seen last, which pages put there
const SEEN_FOR = 7 * 86400000; // ms
const SHARED = "shared-1";
const MOST_SHARED = 9;

const escape = (text) => String(text).replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
const tellTime = (text) => {
  const at = new Date(text);
  if (Number.isNaN(at.getTime())) return "";
  const format = (moment, parts) => new Intl.DateTimeFormat("zh-CN", { timeZone: "Asia/Shanghai", ...parts }).format(moment);
  const clock = format(at, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  const day = (moment) => format(moment, { month: "long", day: "numeric" });
  return clock === "00:00" ? `${day(new Date(at.getTime() - 60000))} 24:00` : `${day(at)} ${clock}`;
};

const listSeen = async () => {
  const kept = await (await (await caches.open(SEEN)).match("/seen-cases"))?.json();
  if (!kept || Date.now() - new Date(kept.at).getTime() > SEEN_FOR) {
    await caches.delete(SEEN);
    return "";
  }
  const rows = kept.cases.map(
    (each) =>
      `<li class="row"><span class="grow">${escape(each.words)}${each.due ? `<br><span class="small">期限 ${escape(tellTime(each.due))}</span>` : ""}
<br><span class="small muted">${escape(tellTime(each.at))} 看到的</span></span></li>`,
  );
  return `<section class="card"><div class="card-head"><h2>上次看到的售后</h2></div>
<p class="small muted">没有网络，下面可能已经变了，联网后以最新的为准。</p><ul class="rows">${rows.join("")}</ul></section>`;
};

const offlinePage = async () =>
  new Response(
    `<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><title>网络不可用</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
${STATIC.test(css) ? `<link rel="stylesheet" href="${css}">` : ""}</head>
<body class="phone"><main id="page"><div class="empty">
<svg width="120" height="96" viewBox="0 0 120 96" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round">
<path d="M14 86h92" opacity=".5"/><path d="M24 44c20-19 52-19 72 0M36 56c13-12 35-12 48 0M48 68c7-6 17-6 24 0M30 22l60 56"/></svg>
<h1>网络不可用</h1><p>连上网络后再试一次，已经提交的内容不会丢失。</p>
<a class="btn primary" href="">再试一次</a></div>${await listSeen().catch(() => "")}</main></body></html>`,
    { status: 503, headers: { "Content-Type": "text/html; charset=utf-8" } },
  );

// Photos shared by another app wait here for the application that they are meant for; the page takes them.
const keepShared = async (request) => {
  const files = (await request.formData()).getAll("photos").filter((file) => file instanceof File && file.type.startsWith("image/"));
  await caches.delete(SHARED);
  const box = await caches.open(SHARED);
  for (const [number, file] of files.slice(0, MOST_SHARED).entries()) {
    const headers = { "Content-Type": file.type, "X-Name": encodeURIComponent(file.name), "X-At": String(Date.now()) };
    await box.put(`/shared/${number}`, new Response(file, { headers }));
  }
  return Response.redirect(`/orders?said=${files.length ? "shared" : "shared-none"}`, 303);
};

self.addEventListener("install", (event) => {
  const first = STATIC.test(css) ? caches.open(KEPT).then((cache) => cache.add(css)) : Promise.resolve();
  event.waitUntil(first.catch(() => {}).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  const clear = caches.keys().then((names) => Promise.all(names.filter((name) => ![KEPT, SEEN, SHARED].includes(name)).map((name) => caches.delete(name))));
  event.waitUntil(clear.then(() => self.clients.claim()));
});

const fromKept = async (request) => {
  const cache = await caches.open(KEPT);
  const kept = await cache.match(request);
  if (kept) return kept;
  const answer = await fetch(request);
  if (answer.ok && answer.type === "basic") {
    await cache.put(request, answer.clone());
    const names = await cache.keys();
    await Promise.all(names.slice(0, Math.max(names.length - 40, 0)).map((name) => cache.delete(name)));
  }
  return answer;
};

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const address = new URL(request.url);
  if (request.method === "POST" && address.origin === self.location.origin && address.pathname === "/share") {
    return event.respondWith(keepShared(request));
  }
  if (request.method !== "GET" || address.origin !== self.location.origin) return;
  if (STATIC.test(address.pathname)) event.respondWith(fromKept(request));
  else if (request.mode === "navigate") event.respondWith(fetch(request).catch(offlinePage));
});

// A push is empty: what happened is read in the portal, by who is signed in there.
self.addEventListener("push", (event) => {
  const said = { body: "售后有新的进展，点开查看", tag: "news", icon: "/favicon.ico" };
  event.waitUntil(self.registration.showNotification("换货", said));
});
self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(self.clients.openWindow("/notices"));
});
