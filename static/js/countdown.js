// Countdowns: the server's words stand until they are a minute old. Its clock counts, not the phone's.

import { all, whenDressing } from "./dom.js";

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

whenDressing(() => countDown(false));
window.addEventListener("pageshow", (event) => event.persisted && countDown(true));
