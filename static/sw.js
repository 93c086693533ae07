// Keeps static files, whose names carry their content's hash, and nothing else: no page, no photo, no answer.
// Without a network a navigation gets a page made here; its stylesheet is one of the kept files.
"use strict";

const KEPT = "static-1";
const STATIC = /^\/static\/.+\.[0-9a-f]{10}\.[a-z0-9]+$/;
const css = new URL(self.location).searchParams.get("css") || "";

const offlinePage = () =>
  new Response(
    `<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><title>网络不可用</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
${STATIC.test(css) ? `<link rel="stylesheet" href="${css}">` : ""}</head>
<body class="plain"><main id="page"><div class="empty">
<svg width="120" height="96" viewBox="0 0 120 96" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round">
<path d="M14 86h92" opacity=".5"/><path d="M24 44c20-19 52-19 72 0M36 56c13-12 35-12 48 0M48 68c7-6 17-6 24 0M30 22l60 56"/></svg>
<h1>网络不可用</h1><p>连上网络后再试一次,已经提交的内容不会丢失。</p>
<a class="btn primary" href="">再试一次</a></div></main></body></html>`,
    { status: 503, headers: { "Content-Type": "text/html; charset=utf-8" } },
  );

self.addEventListener("install", (event) => {
  const first = STATIC.test(css) ? caches.open(KEPT).then((cache) => cache.add(css)) : Promise.resolve();
  event.waitUntil(first.catch(() => {}).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  const clear = caches.keys().then((names) => Promise.all(names.filter((name) => name !== KEPT).map((name) => caches.delete(name))));
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
  if (request.method !== "GET" || address.origin !== self.location.origin) return;
  if (STATIC.test(address.pathname)) event.respondWith(fromKept(request));
  else if (request.mode === "navigate") event.respondWith(fetch(request).catch(offlinePage));
});
