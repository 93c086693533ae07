// A page's scripts, fetched once its stylesheet is there: they take no part of the line from what is painted first.
// Run as a deferred script, which waits for stylesheets; what it adds holds up the page's `load`, as before.
"use strict";
{
  const script = document.createElement("script");
  script.src = document.currentScript.dataset.then;
  // htmx begins at this event, which came before htmx did
  script.addEventListener("load", () => document.dispatchEvent(new Event("DOMContentLoaded")));
  document.head.append(script);
}
