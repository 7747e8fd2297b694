// A thread is read from its end: it is scrolled there, and stays there while it grows, unless somebody has scrolled up.
"use strict";
(() => {
  const thread = () => document.querySelector(".thread");
  let isAtEnd = true;
  const toEnd = () => { const list = thread(); if (list) list.scrollTop = list.scrollHeight; };
  document.addEventListener("htmx:beforeSwap", (event) => {
    const list = thread();
    if (list && event.target.id === "thread") isAtEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
  });
  document.addEventListener("htmx:afterSettle", (event) => { if (event.target.id === "thread" && isAtEnd) toEnd(); });
  if (!location.hash) toEnd();
})();
