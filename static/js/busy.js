// A form is sent once: its button shows that it works and cannot be pressed again until the answer is there.
"use strict";
(() => {
  const free = (button) => {
    button.removeAttribute("aria-busy");
    button.removeAttribute("aria-disabled");
  };
  document.addEventListener("submit", (event) => {
    if (event.target.method === "dialog") return;
    const button = event.submitter ?? event.target.querySelector("button[data-busy]");
    if (!button || event.target.method !== "post") return;
    if (button.getAttribute("aria-disabled") === "true") {
      event.preventDefault();
      event.stopPropagation();
      return;
    }
    button.setAttribute("aria-disabled", "true");
    if (button.hasAttribute("data-busy")) button.setAttribute("aria-busy", "true");
    else setTimeout(() => button.getAttribute("aria-disabled") && button.setAttribute("aria-busy", "true"), 100);
  }, true);
  const freeAll = (root) => root.querySelectorAll("[aria-disabled][aria-busy], button[aria-disabled]").forEach(free);
  // Back to a page from the browser's memory, or an answer that htmx has taken over.
  addEventListener("pageshow", () => freeAll(document));
  document.addEventListener("htmx:afterRequest", (event) => freeAll(event.target.closest?.("form") ?? event.target));
  document.addEventListener("htmx:afterRequest", (event) => event.target.matches?.("button") && free(event.target));
  // The summary of errors is the first thing to read.
  const summary = () => document.querySelector(".error-summary")?.focus();
  summary();
  document.addEventListener("htmx:afterSettle", (event) => event.target.querySelector?.(".error-summary")?.focus());
})();
