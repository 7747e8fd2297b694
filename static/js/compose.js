// Placeholders are put where the cursor is; a reply's length is counted; only an email has a subject.
"use strict";
(() => {
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("button[data-place]");
    if (!button) return;
    const area = button.closest("form").querySelector("textarea");
    area.setRangeText(button.dataset.place, area.selectionStart, area.selectionEnd, "end");
    area.focus();
    area.dispatchEvent(new Event("input", { bubbles: true }));
  });
  const GSM = /^[@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&'()*+,\-./0-9:;<=>?¡A-ZÄÖÑÜ§¿a-zäöñüà\f^{}\\[~\]|€]*$/;
  const count = (area) => {
    const words = area.value.replace(/[‘’]/g, "'").replace(/[“”]/g, '"').replace(/[–—]/g, "-").replace(/…/g, "...");
    const isPlain = GSM.test(words);
    const units = words.length + (isPlain ? (words.match(/[\f^{}\\[~\]|€]/g) ?? []).length : 0);
    const [whole, joined] = isPlain ? [160, 153] : [70, 67];
    const parts = units <= whole ? 1 : Math.ceil(units / joined);
    document.getElementById("count").textContent = units ? `${units} characters, ${parts} ${parts === 1 ? "part" : "parts"}` : "";
  };
  document.addEventListener("input", (event) => { if (event.target.matches("textarea[data-count]")) count(event.target); });
  const channels = document.querySelectorAll("input[name=channel]");
  const subject = document.querySelector(".only-email");
  const show = () => { if (subject) subject.hidden = document.querySelector("input[name=channel]:checked")?.value !== "email"; };
  channels.forEach((one) => one.addEventListener("change", show));
  show();
})();
