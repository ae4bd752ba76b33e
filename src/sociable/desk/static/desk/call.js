/* How long the call has been going on, and what to tell whoever asks that account; both are only shown here, and decided by the server. */
(() => {
  const length = document.querySelector("[data-since]");
  const began = length && Date.parse(length.dataset.since);
  const tick = () => {
    const seconds = Math.max(0, Math.round((Date.now() - began) / 1000));
    if (seconds >= 6 * 3600) return length.toggleAttribute("hidden", true);
    const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
    length.textContent = parts.slice(parts[0] ? 0 : 1).map((part, at) => (at ? String(part).padStart(2, "0") : part)).join(":");
    length.hidden = false;
    setTimeout(tick, 1000);
  };
  if (length) tick();

  const words = document.getElementById("call-expected");
  const account = document.getElementById("call_account");
  if (!words || !account) return;
  const expected = JSON.parse(document.getElementById("call-expectations").textContent);
  const show = () => {
    words.textContent = expected[account.value] || "";
    words.hidden = !words.textContent;
  };
  account.addEventListener("change", show);
  show();
})();
