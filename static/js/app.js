// What pages gain with JavaScript. Every page works without; nothing here knows about cases or orders.
// The attributes it looks for are listed in templates/ui.html. No eval, no inline styles: the content policy stands.
// The modules are sent as one file, which portal/web/modules.py puts together.

import "./camera.js";
import "./copying.js";
import "./countdown.js";
import "./counter.js";
import "./counting.js";
import "./forms.js";
import "./keys.js";
import "./opening.js";
import "./passkeys.js";
import "./photos.js";
import "./polling.js";
import "./push.js";
import "./saving.js";
import "./seen.js";
import "./shared.js";
import "./stepper.js";
import "./viewer.js";
import { settle, showErrors } from "./answers.js";
import { dress } from "./dom.js";

document.addEventListener("click", (event) => event.target.closest("[data-print]") && window.print());

dress();
settle();
showErrors();

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
