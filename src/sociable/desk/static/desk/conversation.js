/* What only the conversation page needs: saying that somebody is here, keeping the last words when they leave, naming colleagues. */
(() => {
  const pane = document.querySelector("[data-here]");
  const form = document.getElementById("composer");
  if (!pane) return;
  const token = () => document.querySelector("[name=csrfmiddlewaretoken]").value;
  const line = document.getElementById("conversation-presence");

  // Every 20 seconds while the page is in sight; whoever is silent for 45 is taken for gone
  const here = async () => {
    if (document.hidden) return;
    const body = new FormData();
    body.set("csrfmiddlewaretoken", token());
    try {
      const answer = await fetch(pane.dataset.here, { method: "POST", body, headers: { "X-Part": "true" } });
      if (answer.ok && !answer.redirected) line.innerHTML = await answer.text();
    } catch { /* The connection says by itself that it is lost. */ }
  };
  setInterval(here, 20000);
  document.addEventListener("visibilitychange", here);

  // Whoever chats is heard to write, for as long as they go on
  const theyWrite = pane.querySelector("[data-they-write]");
  let silent;
  document.addEventListener("sociable:change", ({ detail }) => {
    if (detail.conversation !== Number(theyWrite.dataset.theyWrite)) return;
    clearTimeout(silent);
    theyWrite.textContent = detail.kind === "typing" ? "They are writing …" : "";
    silent = setTimeout(() => { theyWrite.textContent = ""; }, 9000);
  });

  // Words typed in the last second before leaving are kept too; what was sent is not kept again
  let unsaved = false;
  form?.addEventListener("input", () => { unsaved = true; });
  form?.addEventListener("submit", () => { unsaved = false; });
  window.addEventListener("pagehide", () => {
    const gone = new FormData();
    gone.set("csrfmiddlewaretoken", token());
    gone.set("gone", "yes");
    navigator.sendBeacon(pane.dataset.here, gone);
    if (!unsaved) return;
    const words = new FormData();
    for (const name of ["csrfmiddlewaretoken", "version", "kind", "text"]) words.set(name, form.elements[name].value);
    navigator.sendBeacon(form.dataset.autosave, words);
  });

  // "@" and letters: the colleagues whose names begin so, in reach of the Tab key
  const names = document.getElementById("composer-names");
  const text = document.getElementById("composer-text");
  const begun = () => /@([\p{L}\p{N}.'-]*)$/u.exec(text.value.slice(0, text.selectionStart));
  const suggest = () => {
    const found = begun();
    let shown = 0;
    names.querySelectorAll("[data-name]").forEach((button) => {
      const fits = found && shown < 6 && button.dataset.name.slice(1).toLowerCase().includes(found[1].toLowerCase());
      button.parentElement.hidden = !fits;
      shown += fits ? 1 : 0;
    });
    names.hidden = !shown;
  };
  if (names && text) {
    text.addEventListener("input", suggest);
    names.addEventListener("click", ({ target }) => {
      const found = target.dataset.name && begun();
      if (!found) return;
      text.setRangeText(`${target.dataset.name} `, found.index, text.selectionStart, "end");
      names.hidden = true;
      text.focus();
      text.dispatchEvent(new Event("input", { bubbles: true }));
    });
  }

  // A menu opened by its key hands the focus to its first line
  document.addEventListener("toggle", ({ target }) => {
    if (target.matches("details[data-menu][open]") && !target.contains(document.activeElement)) target.querySelector(".menu-item").focus();
  }, true);

  // The newest thing a person said is in sight at first; a link to one message goes before
  const list = document.querySelector(".thread");
  const newest = list?.querySelector("[data-newest]");
  if (newest && !location.hash) list.scrollTop = newest.offsetTop - list.offsetTop - 12;
})();
