// The keyboard: / search, g and a letter to go, j and k along the rows, Enter to open, n for the main button, ? for help.
"use strict";
(() => {
  let going = 0;
  const typing = (target) => target.closest("input, select, textarea, [contenteditable=true]");
  const rows = () => [...document.querySelectorAll(".row-link")].filter((row) => row.offsetParent);

  const move = (step) => {
    const all = rows();
    if (!all.length) return;
    const at = all.findIndex((row) => row.contains(document.activeElement));
    const next = all[Math.min(Math.max(at + step, 0), all.length - 1)];
    next.querySelector("a")?.focus();
    next.scrollIntoView({ block: "nearest" });
  };

  const commands = {
    "/": () => {
      const search = document.getElementById("search");
      search?.focus();
      search?.select();
    },
    "?": () => document.getElementById("keys")?.showModal(),
    j: () => move(1),
    k: () => move(-1),
    n: () => document.querySelector(".topline .actions :is(a, button).button-main")?.click(),
    g: () => (going = Date.now()),
  };

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && event.target.id === "search") {
      event.preventDefault(); // or the browser would empty the box, and with it the list that was found
      event.target.blur();
    }
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    if (document.querySelector("dialog[open]")) return;
    if (Date.now() - going < 1200) {
      going = 0;
      const link = document.querySelector(`[data-go="${CSS.escape(event.key)}"]`);
      if (link) {
        event.preventDefault();
        link.click();
        return;
      }
    }
    const command = commands[event.key];
    if (!command) return;
    event.preventDefault();
    command();
  });
})();
