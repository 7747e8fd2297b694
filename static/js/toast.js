// Toasts: announced, closed by hand or after a while; an error stays. An answer may carry one as HX-Trigger "toast".
"use strict";
(() => {
  const box = document.getElementById("toasts");
  if (!box) return;
  const LIFE = 7000;

  const close = (toast) => toast.remove();
  const live = (toast) => {
    const button = document.getElementById("toast-close").content.firstElementChild.cloneNode(true);
    button.addEventListener("click", () => close(toast));
    toast.append(button);
    if (toast.hasAttribute("data-stay")) return;
    let timer = setTimeout(close, LIFE, toast);
    for (const stop of ["pointerenter", "focusin"]) toast.addEventListener(stop, () => clearTimeout(timer));
    for (const go of ["pointerleave", "focusout"]) toast.addEventListener(go, () => (timer = setTimeout(close, LIFE, toast)));
  };

  const show = (text, level = "success") => {
    const toast = document.createElement("div");
    toast.className = `toast toast-${level}`;
    if (level === "error") toast.dataset.stay = "";
    const [good, warn] = document.getElementById("toast-icons").content.children;
    const words = document.createElement("span");
    words.textContent = text;
    toast.append((level === "success" ? good : warn).cloneNode(true), words);
    box.append(toast);
    live(toast);
  };

  // What came with the page is put in again, because only changes of a live region are read out.
  const first = [...box.children];
  box.replaceChildren();
  setTimeout(() => first.forEach((toast) => (box.append(toast), live(toast))), 50);
  document.addEventListener("toast", (event) => show(event.detail.text ?? event.detail.value, event.detail.level));
})();
