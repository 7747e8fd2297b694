// Tells once that somebody has had this page before their eyes for two seconds.
"use strict";
(() => {
  let waiting = 0;
  const look = () => {
    clearTimeout(waiting);
    if (document.visibilityState !== "visible" || document.prerendering) return;
    waiting = setTimeout(() => {
      document.removeEventListener("visibilitychange", look);
      fetch(`${location.pathname}seen/`, { method: "POST", keepalive: true, credentials: "same-origin" });
    }, 2000);
  };
  document.addEventListener("visibilitychange", look);
  document.addEventListener("prerenderingchange", look);
  look();
})();
