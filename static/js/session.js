// What to do when a request behind the page fails, and how a form outlives its session.
"use strict";
(() => {
  const toast = (text) => document.dispatchEvent(new CustomEvent("toast", { detail: { text, level: "error" } }));
  const said = {
    403: "You may not do that. Nothing was changed.",
    404: "That is not there any more. Load the page again.",
    429: "That was too often. Wait a minute, then try again.",
  };

  document.addEventListener("htmx:responseError", (event) => {
    const status = event.detail.xhr.status;
    if (status === 401) document.getElementById("session-over")?.showModal();
    else toast(said[status] ?? "That did not work, the fault is ours. Nothing on this page was lost: try again.");
  });
  document.addEventListener("htmx:sendError", () => toast("Tallybook could not be reached. Check the connection and try again."));
  document.addEventListener("htmx:timeout", () => toast("Tallybook took too long to answer. Try again."));

  // A form that is sent after the session ended leads to the log-in page. What was written waits in this tab and
  // is put back when the same page comes up again; passwords and tokens are never kept.
  const KEY = "unsent-form";
  const secret = /password|csrf|code|secret/i;
  const read = () => JSON.parse(sessionStorage.getItem(KEY) ?? "null");
  const fields = (form) => [...form.elements].filter((field) => field.name && !secret.test(field.name) && !["file", "hidden", "password", "submit"].includes(field.type));

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || form.closest("[data-door]")) return;
    const values = fields(form).map((field) => [field.name, field.value, field.checked]);
    sessionStorage.setItem(KEY, JSON.stringify({ path: location.pathname, values, lost: false }));
  });

  const kept = read();
  if (!kept) return;
  if (document.querySelector("[data-door]")) {
    sessionStorage.setItem(KEY, JSON.stringify({ ...kept, lost: true }));
    return;
  }
  sessionStorage.removeItem(KEY);
  if (!kept.lost || kept.path !== location.pathname) return;
  const names = new Set(kept.values.map(([name]) => name));
  const form = [...document.forms].find((one) => one.method === "post" && fields(one).some((field) => names.has(field.name)));
  if (!form) return;
  const left = [...kept.values];
  for (const field of fields(form)) {
    const at = left.findIndex(([name, value]) => name === field.name && (!["checkbox", "radio"].includes(field.type) || value === field.value));
    if (at < 0) continue;
    const [[, value, checked]] = left.splice(at, 1);
    if (["checkbox", "radio"].includes(field.type)) field.checked = checked;
    else field.value = value;
  }
  setTimeout(() => document.dispatchEvent(new CustomEvent("toast", { detail: { text: "You were logged out before this was saved. What you wrote is back: look it over and save again.", level: "warning" } })), 100);
})();
