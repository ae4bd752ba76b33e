/* Counts along while an answer is written, and asks the server what stands against it. The server judges again when it is sent. */
(() => {
  const form = document.getElementById("composer");
  const data = document.getElementById("composer-counting");
  const text = document.getElementById("composer-text");
  if (!form || !text) return;

  // -- The count: seen at once, said to a screen reader when the typing pauses and it matters ------------------------------
  const counting = data ? JSON.parse(data.textContent) : null;
  const shown = document.getElementById("composer-count");
  const said = document.getElementById("composer-said");
  const NEAR = 20;
  const news = { room: "", ways: "" };
  let pause;

  const announceSoon = () => {
    clearTimeout(pause);
    pause = setTimeout(() => {
      const words = [news.room, news.ways].filter(Boolean).join(". ");
      if (said.textContent !== words) said.textContent = words;
    }, 1000);
  };

  const nearest = () => counting.limits
    .map((limit) => window.SociableCounting.measure(text.value.trim(), limit, counting.schemes))
    .reduce((one, other) => (other.left < one.left ? other : one));

  const words = (measured) => {
    const number = Math.abs(measured.left);
    const unit = number === 1 ? measured.said.replace(/s$/, "") : measured.said;
    const left = `${number} ${unit} ${measured.left < 0 ? "too many" : "left"}`;
    return measured.messages > 1 ? `${left} · ${measured.messages} text messages` : left;
  };

  const count = () => {
    if (!shown) return;
    const measured = nearest();
    if (Number.isNaN(measured.left)) return;
    shown.textContent = words(measured);
    shown.toggleAttribute("data-over", measured.left < 0);
    news.room = measured.left <= NEAR ? words(measured) : "";
    announceSoon();
  };

  // -- What stands against it: asked for when the typing pauses, and never drawn anew under somebody's hands ----------------
  let part = document.getElementById("composer-check");
  let asking, asked = text.value;
  const stands = () => Boolean(part.querySelector(".ways-needed"));

  const check = async () => {
    if (part.contains(document.activeElement)) return;
    const body = new FormData(form);
    for (const [name, value] of [...body]) if (value instanceof File) body.delete(name);
    const before = text.value, open = part.querySelector("details")?.open;
    try {
      const answer = await fetch(part.dataset.check, { method: "POST", body, headers: { "X-Part": "true" } });
      if (!answer.ok || answer.redirected || text.value !== before || part.contains(document.activeElement)) return;
      part.innerHTML = await answer.text();
    } catch { return; /* The connection says by itself that it is lost; the server checks what is sent. */ }
    asked = before;
    const details = part.querySelector("details");
    if (details && open) details.open = true;
    news.ways = stands() ? `${details.querySelector("summary").textContent}. The ways are below the box` : "";
    announceSoon();
  };
  const checkSoon = (wait) => {
    clearTimeout(asking);
    asking = setTimeout(() => { if (text.value !== asked) check(); }, wait);
  };

  if (part) {
    text.addEventListener("input", () => { count(); checkSoon(700); });
    part.addEventListener("focusout", () => setTimeout(() => checkSoon(300), 0));
    if (shown) shown.setAttribute("aria-hidden", "true");
    count();
  }

  // -- Pictures: a box for each, to say what it shows -----------------------------------------------------------------------
  const files = document.getElementById("composer-files");
  const alts = document.getElementById("composer-alts");
  const line = (file, number) => {
    const place = document.createElement("p"), label = document.createElement("label"), input = document.createElement("input");
    place.className = "way-field";
    input.id = label.htmlFor = input.name = `alt-new-${number}`;
    input.className = "input";
    input.maxLength = 1500;
    label.textContent = alts.dataset.words.replace("{name}", file.name);
    place.append(label, input);
    return place;
  };
  files?.addEventListener("change", () => {
    const chosen = [...files.files].map((file, at) => [file, at + 1]).filter(([file]) => file.type.startsWith("image/"));
    alts.replaceChildren(...chosen.map(([file, number]) => line(file, number)));
  });
})();
