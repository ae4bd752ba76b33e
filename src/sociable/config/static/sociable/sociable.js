/* The little that scripts do here: every page works without them.
   What an open minute is, and whether a promise is kept, is said by the server and never counted in the browser. */
(() => {
  const $ = (selector, from = document) => from.querySelector(selector);
  const $$ = (selector, from = document) => [...from.querySelectorAll(selector)];
  const say = (words) => { const live = $("#live"); if (live) live.textContent = words; };

  // Light or dark
  const dark = () => {
    const chosen = document.documentElement.dataset.theme;
    return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  };
  const nameThemeButtons = () => $$("[data-theme-words]").forEach((words) => {
    words.textContent = dark() ? "Use the light scheme" : "Use the dark scheme";
  });
  const switchTheme = () => {
    const theme = dark() ? "light" : "dark";
    document.documentElement.dataset.theme = theme;
    try { localStorage.setItem("theme", theme); } catch { /* Kept for this page only. */ }
    nameThemeButtons();
  };

  // Counting characters, as a person counts them; the server counts again as the network does
  const letters = new Intl.Segmenter("en-GB");
  const lengthOf = (text) => [...letters.segment(text)].length;
  const showCount = (area) => {
    const words = $(`[data-count-for="${area.id}"]`);
    if (!words) return;
    const left = Number(area.dataset.max) - lengthOf(area.value);
    const unit = Math.abs(left) === 1 ? "character" : "characters";
    words.toggleAttribute("data-over", left < 0);
    words.textContent = left < 0 ? `${-left} ${unit} too many` : `${left} ${unit} left`;
  };

  // Drafts: kept on the server one second after the last key
  const timers = new WeakMap();
  const keepDraft = async (form) => {
    const state = $("[data-draft-state]", form);
    const body = new FormData(form);
    for (const [name, value] of [...body]) if (value instanceof File) body.delete(name);
    try {
      const answer = await fetch(form.dataset.autosave, { method: "POST", body, headers: { Accept: "text/plain" } });
      if (!answer.ok) throw new Error(String(answer.status));
      if (state) state.textContent = "Draft kept";
    } catch {
      if (state) state.textContent = "Draft not kept yet: we will try again";
      restartDraft(form, 5000);
    }
  };
  const restartDraft = (form, wait = 1000) => {
    clearTimeout(timers.get(form));
    timers.set(form, setTimeout(() => form.isConnected && keepDraft(form), wait));
  };

  // Undo: the words count down, then the offer goes; the server alone decides whether it was in time
  const countDown = (toast) => {
    const ends = performance.now() + Number(toast.dataset.countdown) * 1000;
    delete toast.dataset.countdown;
    const words = $("[data-countdown-words]", toast);
    const tick = () => {
      const left = Math.ceil((ends - performance.now()) / 1000);
      if (!toast.isConnected) return;
      if (left > 0) {
        if (words) words.textContent = `${left} s`;
        setTimeout(tick, 250);
      } else if (toast.matches(":focus-within, :hover")) {
        if (words) words.textContent = "";
        setTimeout(tick, 1000);
      } else {
        toast.remove();
      }
    };
    tick();
  };

  const copy = async (button) => {
    const field = document.getElementById(button.dataset.copies);
    const words = $("span", button);
    try {
      await navigator.clipboard.writeText(field.value);
      words.textContent = "Copied";
      say("Link copied");
    } catch {
      field.focus();
      field.select();
      words.textContent = "Press Ctrl and C";
    }
  };

  // Moving through a list keeps one place in it, also after the list was changed by a live update
  const places = () => $$("[data-roving]").filter((place) => place.offsetParent !== null);
  const step = (by) => {
    const all = places();
    if (!all.length) return;
    const here = all.indexOf(document.activeElement);
    const current = here >= 0 ? here : all.findIndex((place) => place.hasAttribute("aria-current"));
    all[Math.min(all.length - 1, Math.max(0, current + by))].focus();
  };

  // Shortcuts are off unless the person has switched them on and chosen the keys
  const readShortcuts = () => {
    const given = $("#shortcuts")?.textContent || document.body.dataset.shortcuts || "{}";
    try { return JSON.parse(given); } catch { return {}; }
  };
  const acts = {
    next: () => step(1),
    previous: () => step(-1),
    open: () => document.activeElement.matches("[data-roving]") && document.activeElement.click(),
    reply: () => $("[data-reply]")?.focus(),
    search: () => $("#top-search")?.focus(),
  };
  const byShortcut = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, textarea, select, [contenteditable]")) return;
    const act = Object.entries(readShortcuts()).find(([, key]) => key === event.key)?.[0];
    if (!act) return;
    const pressed = acts[act] || (() => $(`[data-shortcut="${CSS.escape(act)}"]`)?.click());
    event.preventDefault();
    pressed();
  };

  const closeMenus = (except) => $$("details[data-menu][open]").forEach((menu) => {
    if (menu !== except && !menu.contains(except)) menu.open = false;
  });

  // A menu opens to the side on which there is room, and covers nothing once the focus has gone on
  const within = (element) => (element && getComputedStyle(element).overflowX === "visible" ? within(element.parentElement) : element) || document.documentElement;
  document.addEventListener("toggle", ({ target: menu }) => {
    if (!menu.matches("details[data-menu][open]")) return;
    const [panel, room] = [$(".menu-panel", menu), within(menu.parentElement)].map((one) => one.getBoundingClientRect());
    if (panel.left < room.left) menu.classList.add("menu-left");
    else if (panel.right > room.right) menu.classList.remove("menu-left");
  }, true);
  document.addEventListener("focusin", (event) => closeMenus(event.target));

  document.addEventListener("click", (event) => {
    const target = event.target.closest("[data-theme-toggle], [data-copies], [data-opens], [data-closes]");
    closeMenus(event.target);
    if (!target) return;
    if ("themeToggle" in target.dataset) switchTheme();
    if ("copies" in target.dataset) copy(target);
    if ("closes" in target.dataset) target.closest("dialog").close();
    if ("opens" in target.dataset && !event.ctrlKey && !event.metaKey) {
      const dialog = document.getElementById(target.dataset.opens);
      if (dialog) {
        event.preventDefault();
        target.closest("details[data-menu]")?.removeAttribute("open");
        dialog.showModal();
      }
    }
  });
  document.addEventListener("input", (event) => {
    if (event.target.dataset.max) showCount(event.target);
    const form = event.target.closest("form[data-autosave]");
    if (form) restartDraft(form);
  });
  document.addEventListener("submit", (event) => clearTimeout(timers.get(event.target)));
  document.addEventListener("keydown", (event) => {
    const opened = event.key === "Escape" && (event.target.closest?.("details[open]") || $("details[data-menu][open]"));
    if (opened) {
      opened.open = false;
      $("summary", opened).focus();
    } else {
      byShortcut(event);
    }
  });

  // Whatever arrives later is treated as what was there at first
  const ready = (from) => {
    $$("[data-max]", from).forEach(showCount);
    $$("[data-countdown]", from).forEach(countDown);
  };
  nameThemeButtons();
  ready(document);
  $("[data-error-summary]")?.focus();
  // Only where the messages scroll by themselves: on a phone the whole page would move, and its head be gone
  const scrolls = (element) => element && (/auto|scroll/.test(getComputedStyle(element).overflowY) ? element !== document.body : scrolls(element.parentElement));
  const newest = $(".thread [data-newest], .thread > li:last-child");
  if (newest && scrolls(newest.parentElement)) newest.scrollIntoView({ block: "nearest" });

  // The chosen part of a row that is wider than a phone stands in sight
  $$(".views [aria-current]").forEach((link) => {
    const row = link.closest(".views");
    const ends = link.getBoundingClientRect().right - row.getBoundingClientRect().right;
    if (ends > 0) row.scrollLeft += ends + 24;
  });
  new MutationObserver((changes) => changes.forEach((change) => change.addedNodes.forEach((node) => {
    if (node.nodeType === Node.ELEMENT_NODE) ready(node.parentNode || node);
  }))).observe(document.body, { childList: true, subtree: true });
})();
