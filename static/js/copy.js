// A button that copies what stands in its data-copy, and says that it did. Without a clipboard it stays hidden.
"use strict";
(() => {
  if (!navigator.clipboard) return;
  const show = (root) => root.querySelectorAll("button[data-copy][hidden]").forEach((button) => { button.hidden = false; });
  show(document);
  document.addEventListener("htmx:afterSettle", (event) => show(event.target));
  document.addEventListener("click", async (event) => {
    const button = event.target.closest?.("button[data-copy]");
    if (!button) return;
    const words = button.textContent;
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
      button.textContent = "Copied";
    } catch {
      button.textContent = "Copying is not allowed here";
    }
    button.setAttribute("aria-live", "polite");
    setTimeout(() => { button.textContent = words; }, 2000);
  });
})();
