/* Brings parts of a page anew when something changed: [data-live-part] with an id, fetched from [data-live-from].
   What a person is typing in, and where their focus is, stays. */
(() => {
  const script = document.currentScript;
  const connection = document.getElementById("connection");
  const after = Number(script.dataset.after) || 0;
  let losing;
  let waiting;
  let fetching = false;
  let again = false;

  const say = (state) => {
    clearTimeout(losing);
    const show = () => {
      if (!connection) return;
      connection.hidden = false;
      connection.dataset.state = state;
      connection.textContent = state === "live" ? "Live" : "Not live: trying again";
    };
    if (state === "live") show(); else losing = setTimeout(show, 2000);
  };

  const inUse = (part) => part.contains(document.activeElement)
    && document.activeElement.matches("input:not([type=hidden]), textarea, select, summary") || part.querySelector("details[open] input, details[data-menu][open]");

  // What finds an element again among fresh ones: its id, its address, or where its form leads and what it says there
  const placeOf = (element) => {
    if (element.id) return `#${CSS.escape(element.id)}`;
    const href = element.getAttribute("href");
    if (href) return `a[href="${CSS.escape(href)}"]`;
    const action = element.form?.getAttribute("action");
    const says = element.name ? `[name="${CSS.escape(element.name)}"][value="${CSS.escape(element.value)}"]` : "";
    return action ? `form[action="${CSS.escape(action)}"] button${says}` : null;
  };

  const stops = (part) => [...part.querySelectorAll("a[href], button, summary, [tabindex='0']")];

  // Swap by id, keep scroll, and give the focus back: to the same element, or where that is gone to what stands in its place.
  const swap = (part, fresh) => {
    const here = part.contains(document.activeElement) ? document.activeElement : null;
    const place = here && placeOf(here);
    const number = here ? stops(part).indexOf(here) : -1;
    const top = part.scrollTop;
    const within = part.querySelector("[data-keeps-scroll]");
    const [was, atEnd] = within ? [within.scrollTop, within.scrollHeight - within.scrollTop - within.clientHeight < 80] : [0, false];
    const known = new Set([...part.querySelectorAll(".queue-row")].map((row) => row.id));
    part.replaceChildren(...fresh.childNodes);
    part.scrollTop = top;
    const scroller = part.querySelector("[data-keeps-scroll]"); // whoever reads the end goes on reading the end
    if (scroller) scroller.scrollTop = atEnd ? scroller.scrollHeight : was;
    if (known.size) part.querySelectorAll(".queue-row").forEach((row) => row.classList.toggle("is-new", !known.has(row.id)));
    const again = (place && part.querySelector(place)) || (number < 0 ? null : stops(part).slice(0, number + 1).pop());
    again?.focus({ preventScroll: true });
    document.dispatchEvent(new CustomEvent("sociable:refreshed", { detail: part }));
  };

  const refresh = async () => {
    if (fetching) { again = true; return; }
    fetching = true;
    try {
      const addresses = new Set([...document.querySelectorAll("[data-live-from]")].map((part) => part.dataset.liveFrom));
      for (const address of addresses) {
        const answer = await fetch(address, { headers: { "X-Part": "true" } });
        if (!answer.ok || answer.redirected) continue;
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        page.querySelectorAll("[data-live-part]").forEach((fresh) => {
          const part = document.getElementById(fresh.id);
          if (part && !inUse(part)) swap(part, fresh);
        });
      }
    } catch { /* The connection says by itself that it is lost, and a resync follows. */ }
    fetching = false;
    if (again) { again = false; soon(); }
  };
  // The first change shows at once; a storm of them shows together.
  const soon = () => {
    if (waiting) return;
    waiting = setTimeout(() => { waiting = undefined; refresh(); }, document.hidden ? 1500 : 120);
  };

  const heard = ({ state, change, resync }) => {
    if (state) say(state);
    if (change || resync) {
      document.dispatchEvent(new CustomEvent("sociable:change", { detail: change || {} }));
      if (change?.kind !== "typing") soon(); // that somebody writes is shown where it is heard, and changes nothing else
    }
  };

  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-submits]")) event.target.form.requestSubmit();
  });

  if (window.SharedWorker && window.BroadcastChannel) {
    new BroadcastChannel("sociable-live").onmessage = ({ data }) => heard(data);
    const worker = new SharedWorker(script.dataset.worker);
    worker.port.onmessage = ({ data }) => heard(data);
    worker.port.start();
    worker.port.postMessage({ after });
  } else {
    const source = new EventSource(`/events?after=${after}`);
    const change = (event) => heard({ state: "live", change: JSON.parse(event.data || "{}") });
    source.onopen = () => heard({ state: "live" });
    source.onerror = () => heard({ state: "lost" });
    source.onmessage = change;
    source.addEventListener("change", change);
    source.addEventListener("resync", () => heard({ resync: true }));
  }
  // Times in words grow old without any change: once a minute is enough for "35 minutes left".
  setInterval(() => { if (!document.hidden) refresh(); }, 60000);
})();
