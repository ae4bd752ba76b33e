/* Web chat on any page: <script src="https://…/static/public/chat.js" data-account="city-help" defer></script>
   Everything lives in a shadow root of its own, so neither side's styles reach the other. Nothing is asked of a third party, no
   cookie is set, nothing is evaluated: a page with "script-src https://our.host; connect-src https://our.host" is enough.
   A line has an id from here, and is kept here until the server has it: sent again it is the same line. */
(() => {
  const script = document.currentScript;
  const slug = script?.dataset.account;
  if (!slug || document.querySelector(`[data-sociable-chat="${CSS.escape(slug)}"]`)) return;
  const base = new URL(`/chat/${encodeURIComponent(slug)}/`, script.src);
  const PING_MS = 40000; // the stream says at least every 15 seconds that it is there
  const FIRST_BYTE_MS = 8000;
  const POLL_MS = 4000;
  const STREAM_AGAIN_MS = 60000;
  const TYPING_MS = 6000;
  const WRITING_MS = 25000;
  const WAITING_MS = 20000;

  // -- What is kept in this browser, for this site and account ------------------------------------------------------------
  const key = `sociable-chat ${base.host} ${slug}`;
  let kept = { secret: "", pending: [], draft: "", name: "", email: "", shown: false, farewell: "" };
  const load = () => { try { kept = { ...kept, ...JSON.parse(localStorage.getItem(key) || "{}") }; } catch { /* kept in memory only */ } };
  const keep = (changed) => {
    Object.assign(kept, changed);
    try { localStorage.setItem(key, JSON.stringify(kept)); } catch { /* kept in memory only */ }
  };
  load();

  // -- The elements --------------------------------------------------------------------------------------------------------
  const el = (tag, facts = {}, ...inside) => {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(facts)) {
      if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
      else if (name === "hidden" || name === "disabled" || name === "multiple" || name === "value") made[name] = value;
      else made.setAttribute(name, value);
    }
    made.append(...inside);
    return made;
  };
  const drawing = (path) => {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    for (const [name, value] of [["viewBox", "0 0 24 24"], ["width", "20"], ["height", "20"], ["aria-hidden", "true"]]) svg.setAttribute(name, value);
    const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
    line.setAttribute("d", path);
    svg.append(line);
    return svg;
  };
  const BUBBLE = "M4 4h16v12H9l-5 4z";
  const CROSS = "M6 6l12 12M18 6L6 18";
  const CLIP = "M8 12l6-6a3 3 0 0 1 4 4l-8 8a5 5 0 0 1-7-7l8-8";

  const title = el("h2", { id: "title" }, "Web chat");
  const partner = el("p", { class: "partner" });
  const close = el("button", { type: "button", class: "plain", "aria-label": "Close the chat window", onclick: () => hide() }, drawing(CROSS));
  const status = el("p", { class: "status", role: "status" });
  const farewell = el("p", { class: "crisis farewell", role: "status" });
  const trouble = el("p", { class: "trouble", role: "status" });
  const done = el("p", { class: "done", role: "status" });
  const log = el("div", { class: "log", role: "log", "aria-label": "What was said", tabindex: "0" });
  const writing = el("p", { class: "writing", role: "status" });
  const ways = el("div", { class: "ways", hidden: true });
  const text = el("textarea", { id: "text", rows: "2", "aria-describedby": "text-hint", autocomplete: "off" });
  const name = el("input", { id: "name", type: "text", autocomplete: "given-name", maxlength: "120" });
  const email = el("input", { id: "email", type: "email", autocomplete: "email", maxlength: "254", "aria-describedby": "email-hint" });
  const about = el("div", { class: "about" },
    el("p", {}, el("label", { for: "name" }, "Your name (optional)"), name),
    el("p", {}, el("label", { for: "email" }, "Your email address (optional)"), el("span", { class: "hint", id: "email-hint" }, "If you have to go, the answer comes here"), email));
  const wrong = el("p", { class: "wrong", id: "wrong", role: "alert", hidden: true });
  const files = el("input", { type: "file", id: "files", class: "unseen", multiple: true, onchange: () => attach() });
  const clip = el("label", { for: "files", class: "button second" }, drawing(CLIP), el("span", {}, "Attach a file"));
  const send = el("button", { type: "submit", class: "button" }, "Send");
  const form = el("form", { novalidate: "", onsubmit: (event) => { event.preventDefault(); typed(); } },
    about, wrong,
    el("label", { for: "text" }, "Your message"), text,
    el("span", { class: "hint", id: "text-hint" }, "Enter sends. Shift and Enter begin a new line."),
    el("div", { class: "row" }, files, clip, send));
  const link = el("a", { target: "_blank", rel: "noopener", hidden: true }, "Your private page (opens in a new tab)");
  const mailText = el("input", { id: "mail", type: "email", autocomplete: "email", maxlength: "254", "aria-describedby": "mail-wrong" });
  const mailWrong = el("p", { class: "wrong", id: "mail-wrong", role: "alert", hidden: true });
  const mailForm = el("form", { class: "mail", novalidate: "", hidden: true, onsubmit: (event) => { event.preventDefault(); mailIt(); } },
    el("label", { for: "mail" }, "Send what was said to this email address"), mailWrong,
    el("div", { class: "row" }, mailText, el("button", { type: "submit", class: "button second" }, "Send it")));
  const mail = el("button", { type: "button", class: "link", "aria-expanded": "false", hidden: true, onclick: () => askMail() }, "Email me this chat");
  const end = el("button", { type: "button", class: "link", hidden: true, onclick: () => leave() }, "End the chat");
  const anew = el("button", { type: "button", class: "link", hidden: true, onclick: () => beginAnew() }, "Ask something else");
  const leaveNone = el("button", { type: "button", class: "link", hidden: true, onclick: () => forgetAll() }, "Forget it on this device");
  const privacy = el("a", { target: "_blank", rel: "noopener" }, "Privacy (opens in a new tab)");
  const panel = el("section", { class: "panel", role: "dialog", "aria-labelledby": "title", hidden: true },
    el("header", {}, el("div", {}, title, partner), close),
    el("div", { class: "middle" }, farewell, status, ways, log, writing, trouble, done),
    form,
    el("footer", {}, link, mail, mailForm, anew, leaveNone, end, privacy));
  const launchText = el("span", {}, script.dataset.label || "Chat with us");
  const launch = el("button", { type: "button", class: "launch", "aria-expanded": "false", onclick: () => show() }, drawing(BUBBLE), launchText);
  const news = el("span", { class: "unseen", role: "status" });
  const whole = el("aside", { "aria-label": "Web chat", class: "whole", lang: "en-GB" }, panel, launch, news);

  // -- Showing -------------------------------------------------------------------------------------------------------------
  let unread = 0;
  let before = null; // what is said before a chat begins
  let state = null; // how it stands with the chat
  const say = (element, words) => { if (element.textContent !== words) element.textContent = words; };
  const atEnd = () => log.scrollHeight - log.scrollTop - log.clientHeight < 60;

  const show = async () => {
    panel.hidden = false;
    launch.hidden = true;
    unread = 0;
    badge();
    keep({ shown: true });
    log.scrollTop = log.scrollHeight;
    if (!before) await ask();
    draw();
    (form.hidden ? close : text).focus();
  };
  const hide = () => {
    panel.hidden = true;
    launch.hidden = false;
    keep({ shown: false });
    launch.focus();
  };
  const badge = () => {
    say(launchText, unread ? `Chat: ${unread} new` : kept.secret ? "Your chat" : script.dataset.label || "Chat with us");
    say(news, unread ? `${unread} new in your chat` : "");
  };
  panel.addEventListener("keydown", (event) => {
    if (event.key === "Escape") { event.stopPropagation(); hide(); }
  });

  const draw = () => {
    const begun = Boolean(state);
    const open = begun ? state.open : false;
    if (before) {
      say(title, before.account);
      say(partner, before.partner);
      privacy.href = before.privacy;
      host.dataset.brand = before.brand;
    }
    const may = begun || kept.secret || !before || before.can_begin;
    form.hidden = !may;
    about.hidden = begun || Boolean(kept.pending.length);
    link.hidden = !state?.link;
    if (state?.link) link.href = state.link;
    mail.hidden = !answered();
    end.hidden = !begun || !open;
    anew.hidden = leaveNone.hidden = !begun || open;
    if (mail.hidden) mailForm.hidden = true;
    say(farewell, state ? "" : kept.farewell);
    say(status, standing());
    say(writing, state?.writing ? `${state.writing} is writing …` : "");
    drawWays(may);
    log.hidden = !log.childElementCount;
    badge();
  };
  const standing = () => {
    if (state?.ended) return state.ended;
    const said = state && [state.who && `${state.who} is with you.`, state.waiting].filter(Boolean).join(" ");
    if (said || lines.size) return said || "";
    if (!before) return "";
    return before.can_begin ? [before.open, before.waiting].filter(Boolean).join(". ") : `${before.why_not} ${before.open}.`;
  };
  const drawWays = (may) => {
    ways.hidden = may || !before;
    if (ways.hidden) return;
    ways.replaceChildren(
      ...(before.crisis ? [el("p", { class: "crisis" }, before.crisis)] : []),
      el("p", {}, before.expect),
      el("ul", {}, ...before.ways.map((way) => el("li", {}, el("a", { href: way.href }, way.text)))));
  };
  const answered = () => [...lines.values()].some((line) => !line.mine && line.author);

  // -- The lines -----------------------------------------------------------------------------------------------------------
  const lines = new Map(); // by number
  const sending = new Map(); // by the id given here: what the server has not numbered yet
  let last = 0;
  let filled = false;
  const clock = (at) => new Date(at).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
  const withLinks = (words) => words.split(/(https?:\/\/[^\s<>"]+[^\s<>".,;:!?)])/).map((part, number) => (
    number % 2 ? el("a", { href: part, target: "_blank", rel: "noopener noreferrer" }, part) : part));

  const bubble = (line) => {
    const who = line.mine ? "You" : line.who;
    const made = el("article", { class: line.mine ? "line mine" : "line" },
      el("p", { class: "who" }, `${who} `, el("time", line.at ? { datetime: line.at } : {}, line.at ? clock(line.at) : "")),
      el("p", { class: "words" }, ...withLinks(line.text)));
    if (!line.text) made.lastChild.remove();
    for (const file of line.files || []) {
      made.append(el("p", { class: "file" }, file.href
        ? el("a", { href: file.href, target: "_blank", rel: "noopener" }, `${file.name} (${file.size})`)
        : `${file.name}${file.refused ? ` was not kept: ${file.refused}` : ""}`));
    }
    return made;
  };
  const take = (line) => {
    if (lines.has(line.n)) return;
    const mine = line.line && sending.get(line.line);
    const made = bubble(line);
    if (mine) { mine.replaceWith(made); sending.delete(line.line); } else {
      const after = [...lines.keys()].filter((n) => n < line.n);
      const place = after.length ? lines.get(Math.max(...after)).element.nextSibling : log.firstChild;
      log.insertBefore(made, place);
    }
    lines.set(line.n, { element: made, mine: line.mine, author: line.by_person });
    if (line.line) keep({ pending: kept.pending.filter((one) => one.line !== line.line) });
    if (!line.mine && filled && panel.hidden) unread += 1;
  };
  const taken = (told) => {
    const follow = atEnd() || !filled;
    if (!filled) log.setAttribute("aria-live", "off"); // what was said before is not read out anew
    told.lines.forEach(take);
    last = Math.max(last, told.last);
    state = told.state;
    if (kept.farewell) keep({ farewell: "" });
    if (!filled) { filled = true; setTimeout(() => log.setAttribute("aria-live", "polite"), 500); }
    clearTimeout(writes);
    if (state.writing) writes = setTimeout(() => say(writing, ""), WRITING_MS);
    draw();
    if (follow) log.scrollTop = log.scrollHeight;
    if (told.more) catchUp();
  };
  let writes;
  const forget = () => {
    lines.clear();
    sending.clear();
    log.replaceChildren();
    say(done, "");
    last = 0;
    state = null;
    filled = true;
  };

  // Ended from the other side, or too long ago: what was said goes from the screen, and why stays until another chat begins.
  const shutOut = (error) => {
    keep({ secret: "", farewell: error.message });
    if (!kept.pending.length) { // else whoever is here now said so
      keep({ name: "", email: "" });
      for (const one of [name, email, mailText]) one.value = "";
    }
    forget();
    kept.pending.forEach(pend);
    draw();
  };

  // -- Asking the server -----------------------------------------------------------------------------------------------------
  class Refused extends Error {
    constructor(message, code) { super(message); this.code = code; }
  }
  const call = async (path, options = {}) => {
    const headers = { ...(kept.secret ? { Authorization: `Bearer ${kept.secret}` } : {}), ...options.headers };
    const answer = await fetch(new URL(path, base), { ...options, headers, credentials: "omit", cache: "no-store", referrerPolicy: "no-referrer" });
    if (answer.ok) return answer;
    let words = "That did not work. Try again: what you typed is kept.";
    try { words = (await answer.json()).message || words; } catch { /* no words of ours */ }
    if (answer.status >= 500 || answer.status === 408) throw new TypeError(words);
    throw new Refused(words, answer.status);
  };
  const post = async (path, given) => (await call(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(given) })).json();

  const ask = async () => {
    try { before = await (await call("")).json(); online(); } catch (error) { offline(error); }
  };
  const catchUp = async () => {
    taken(await (await call(`lines?after=${last}`)).json());
    online();
  };
  const offline = (error) => say(trouble, error instanceof Refused ? error.message : "No connection. Trying again: what you wrote is kept.");
  const online = () => say(trouble, "");

  // -- Saying something ------------------------------------------------------------------------------------------------------
  const newId = () => [...crypto.getRandomValues(new Uint8Array(16))].map((one) => one.toString(16).padStart(2, "0")).join("");
  const refuse = (words, field = text) => {
    wrong.hidden = !words;
    say(wrong, words);
    for (const one of [text, email]) one.removeAttribute("aria-invalid");
    if (words) { field.setAttribute("aria-invalid", "true"); field.focus(); }
  };
  const typed = () => {
    const words = text.value.trim();
    if (!words) return refuse("Write your message first");
    if (before && words.length > before.most_chars) return refuse(`Your message must be ${before.most_chars} characters or fewer. It has ${words.length}.`);
    if (!about.hidden && email.value && !email.checkValidity()) return refuse("Enter an email address in the correct format, like name@example.com", email);
    refuse("");
    say(done, "");
    const line = { line: newId(), text: words };
    keep({ pending: [...kept.pending, line], draft: "", name: name.value.trim(), email: email.value.trim() });
    text.value = "";
    grow();
    pend(line);
    draw();
    text.focus();
    return flush();
  };
  const attach = () => {
    const chosen = [...files.files];
    files.value = "";
    const bytes = chosen.reduce((sum, file) => sum + file.size, 0);
    if (!chosen.length) return undefined;
    if (before && bytes > before.most_bytes) return refuse(`Files may be ${Math.floor(before.most_bytes / 1048576)} MB together. Choose fewer or smaller ones.`, files);
    refuse("");
    const line = { line: newId(), text: "", chosen, files: chosen.map((file) => ({ name: file.name })) };
    pend(line);
    attached.push(line);
    draw();
    return flush();
  };
  const attached = []; // files live only as long as the page does
  const pend = (line) => {
    const made = bubble({ mine: true, ...line });
    made.append(el("p", { class: "fate" }, "Sending …"));
    log.append(made);
    sending.set(line.line, made);
    log.hidden = false;
    log.scrollTop = log.scrollHeight;
  };
  const fate = (line, words) => { const made = sending.get(line)?.querySelector(".fate"); if (made) say(made, words); };

  let flushing = false;
  let again;
  let pauses = 0;
  const flush = async () => {
    if (flushing) return;
    flushing = true;
    clearTimeout(again);
    try {
      if (!kept.secret && (kept.pending.length || attached.length)) await begin();
      while (kept.pending.length || attached.length) await sendOne(kept.pending[0] || attached[0]);
      pauses = 0;
      online();
      listen();
    } catch (error) {
      await failed(error);
    }
    flushing = false;
  };
  const begin = async (facts = {}) => {
    const told = await post("begin", { name: kept.name, email: kept.email, page: location.href.split("#")[0].slice(0, 2000), ...facts });
    if (told.secret) keep({ secret: told.secret });
    taken(told);
  };
  const sendOne = async (line) => {
    let told;
    if (line.chosen) {
      const body = new FormData();
      body.set("line", line.line);
      line.chosen.forEach((file) => body.append("files", file));
      told = await (await call("files", { method: "POST", body })).json();
      attached.splice(attached.indexOf(line), 1);
    } else {
      told = await post("lines", { line: line.line, text: line.text });
      load(); // another page of this browser may have changed what is pending
      keep({ pending: kept.pending.filter((one) => one.line !== line.line) });
    }
    fate(told.line, "Sent");
  };
  const failed = async (error) => {
    offline(error);
    if (error instanceof Refused && error.code === 401) {
      shutOut(error);
      say(trouble, "");
      again = setTimeout(flush, 1000);
    } else if (error instanceof Refused && error.code !== 429) {
      giveBack(error.message);
    } else {
      pauses += 1;
      again = setTimeout(flush, error.code === 429 ? 60000 : Math.min(15000, 500 * 2 ** pauses));
    }
    if (error instanceof Refused && error.code === 409 && !state) { await ask(); draw(); }
  };
  const giveBack = (words) => {
    const line = kept.pending[0] || attached.shift();
    if (!line) return;
    sending.get(line.line)?.remove();
    sending.delete(line.line);
    if (!line.chosen) {
      keep({ pending: kept.pending.slice(1), draft: line.text });
      text.value = text.value ? `${line.text}\n${text.value}` : line.text;
      grow();
    }
    draw();
    refuse(words);
    say(trouble, "");
  };

  let typingAt = 0;
  const grow = () => { text.rows = Math.min(6, Math.max(2, text.value.split("\n").length)); };
  text.addEventListener("input", () => {
    keep({ draft: text.value });
    grow();
    if (!state?.open || Date.now() - typingAt < TYPING_MS) return;
    typingAt = Date.now();
    post("writing", {}).catch(() => { /* nothing is lost */ });
  });
  text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); typed(); }
  });

  // -- Taking it along, ending it ---------------------------------------------------------------------------------------------
  const askMail = () => {
    mailForm.hidden = !mailForm.hidden;
    say(done, "");
    refuseMail("");
    mail.setAttribute("aria-expanded", String(!mailForm.hidden));
    if (!mailForm.hidden) { mailText.value = mailText.value || state?.email || kept.email; mailText.focus(); }
  };
  const mailIt = async () => {
    try {
      const { message } = await post("transcript", { email: mailText.value.trim() });
      askMail();
      say(done, message);
      mail.focus();
    } catch (error) {
      if (error instanceof Refused) refuseMail(error.message); else offline(error);
      mailText.focus();
    }
  };
  const refuseMail = (words) => {
    mailWrong.hidden = !words;
    say(mailWrong, words);
    if (words) mailText.setAttribute("aria-invalid", "true"); else mailText.removeAttribute("aria-invalid");
  };
  const leave = async () => {
    try { taken(await post("leave", {})); text.focus(); } catch (error) { offline(error); }
  };
  // On a library's computer the next person must not find it: nothing of it stays, neither the secret nor who they said they were.
  const forgetAll = () => {
    stop();
    clearTimeout(again);
    attached.length = 0;
    forget();
    keep({ secret: "", pending: [], draft: "", name: "", email: "", farewell: "" });
    for (const one of [text, name, email, mailText]) one.value = "";
    refuse("");
    grow();
    hide();
    draw();
  };
  const beginAnew = async () => {
    try {
      const was = kept.secret;
      stop();
      const told = await post("begin", { name: kept.name, email: kept.email, page: location.href.split("#")[0].slice(0, 2000), anew: true });
      forget();
      keep({ secret: told.secret || was });
      await ask(); // how long it takes now, and not when this page was opened
      taken(told);
      text.focus();
    } catch (error) { offline(error); await ask(); draw(); }
  };

  // -- Hearing what is said: a stream, and a poll where none can be had -----------------------------------------------------
  let stream = null; // what ends the stream that is open
  let heardAt = 0;
  let misses = 0;
  let wake;
  const stop = () => { clearTimeout(wake); stream?.abort(); stream = null; };
  const listen = async () => {
    if (stream || !kept.secret) return;
    const mine = stream = new AbortController();
    heardAt = Date.now();
    let first = true;
    const watch = setInterval(() => {
      if (Date.now() - heardAt > (first ? FIRST_BYTE_MS : PING_MS)) mine.abort();
    }, 2000);
    try {
      const answer = await call("events", { headers: { "Last-Event-ID": String(last) }, signal: mine.signal });
      const reader = answer.body.getReader();
      const decoder = new TextDecoder();
      let rest = "";
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        heardAt = Date.now();
        first = false;
        misses = 0;
        online();
        rest += decoder.decode(value, { stream: true });
        const events = rest.split("\n\n");
        rest = events.pop();
        events.forEach(heard);
      }
      misses += first ? 1 : 0;
    } catch (error) {
      misses += 1;
      if (error instanceof Refused && error.code === 401) shutOut(error);
    }
    clearInterval(watch);
    if (stream !== mine) return; // ended on purpose
    stream = null;
    if (kept.secret) await meanwhile();
  };
  const heard = (event) => {
    const data = event.split("\n").filter((line) => line.startsWith("data:")).map((line) => line.slice(5).trim()).join("\n");
    if (data && data !== "{}") taken(JSON.parse(data));
  };
  // One miss: again at once. More: ask every few seconds, and try to stream now and then.
  const meanwhile = async () => {
    if (misses < 2) { wake = setTimeout(listen, misses ? 1000 : 300); return; }
    try { await catchUp(); } catch (error) { offline(error); }
    const polls = Math.round(STREAM_AGAIN_MS / POLL_MS);
    misses += 1;
    wake = setTimeout(misses % polls ? meanwhile : listen, POLL_MS);
  };
  const awake = () => { // from sleep, from another tab, from a lost network
    if (document.hidden || !kept.secret) return;
    if (stream && Date.now() - heardAt < 20000) return;
    misses = 0;
    stop();
    listen();
    flush();
  };
  document.addEventListener("visibilitychange", awake);
  addEventListener("pageshow", awake);
  addEventListener("online", () => { heardAt = 0; awake(); flush(); });
  addEventListener("storage", (event) => { if (event.key === key) { load(); badge(); if (kept.secret) listen(); } });
  // How long it may take changes with every answer to somebody else: whoever waits for a first answer asks now and then.
  setInterval(() => {
    if (document.hidden || panel.hidden) return;
    if (state?.waiting) catchUp().catch(() => { /* the stream says by itself that it is lost */ });
    else if (before && !lines.size) ask().then(draw);
  }, WAITING_MS);

  // -- Into the page -----------------------------------------------------------------------------------------------------------
  const host = document.createElement("div");
  host.dataset.sociableChat = slug;
  const begin_ = async () => {
    const root = host.attachShadow({ mode: "open" });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
    root.adoptedStyleSheets = [sheet];
    root.append(whole);
    document.body.append(host);
    text.value = kept.draft;
    name.value = kept.name;
    email.value = kept.email;
    grow();
    kept.pending.forEach(pend);
    badge();
    if (kept.secret) {
      try { await catchUp(); listen(); } catch (error) {
        if (error instanceof Refused && error.code === 401) shutOut(error); else { misses = 2; meanwhile(); }
      }
    }
    if (kept.pending.length) flush();
    if (kept.shown) { if (!before) await ask(); panel.hidden = false; launch.hidden = true; log.scrollTop = log.scrollHeight; }
    draw();
  };

  const STYLE = `
    :host { all: initial; }
    *, ::before, ::after { box-sizing: border-box; }
    [hidden] { display: none !important; }
    .whole {
      --brand: #14638c; --paper: #ffffff; --ground: #f4f6f5; --ink: #15201c; --soft: #47534e; --line: #6c7672; --edge: #d7ddda;
      --accent: var(--brand); --on-accent: #ffffff; --late: #94190f; --late-ground: #fde8e5; --focus: #ffd23f; --focus-edge: #15201c;
      position: fixed; z-index: 2147483000; inset: auto 1rem 1rem auto; color: var(--ink); color-scheme: light dark;
      font: 1rem/1.45 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Helvetica Neue", Arial, sans-serif;
    }
    :host([data-brand="plum"]) .whole { --brand: #7b2d6d; } :host([data-brand="forest"]) .whole { --brand: #2b6a3a; }
    :host([data-brand="teal"]) .whole { --brand: #0c6d69; } :host([data-brand="ember"]) .whole { --brand: #a2431a; }
    :host([data-brand="slate"]) .whole { --brand: #44535f; }
    @media (prefers-color-scheme: dark) {
      .whole {
        --paper: #1b201f; --ground: #242a29; --ink: #e9efec; --soft: #bac5c0; --line: #8d9995; --edge: #37403d;
        --accent: #8ecbea; --on-accent: #0d1412; --late: #ffb9af; --late-ground: #421914; --focus: #000000; --focus-edge: #ffd23f;
      }
    }
    h2, p, ul { margin: 0; padding: 0; }
    h2 { font-size: 1.125rem; line-height: 1.25; }
    ul { padding-inline-start: 1.25rem; }
    a, .link { color: var(--accent); text-decoration: underline; text-underline-offset: 0.15em; }
    button, input, textarea { font: inherit; color: inherit; }
    :focus-visible { outline: 3px solid var(--focus); outline-offset: 0; box-shadow: 0 0 0 5px var(--focus-edge); border-radius: 0.25rem; }
    .launch, .button {
      display: inline-flex; align-items: center; justify-content: center; gap: 0.5rem; min-height: 2.75rem; padding: 0.5rem 1rem;
      border: 2px solid transparent; border-radius: 0.375rem; background: var(--accent); color: var(--on-accent); font-weight: 600; cursor: pointer;
    }
    .launch { float: inline-end; border-radius: 2rem; min-height: 3.25rem; padding-inline: 1.25rem; box-shadow: 0 2px 12px rgb(0 0 0 / 30%); }
    .second { background: var(--paper); color: var(--accent); border-color: var(--accent); }
    .plain { display: inline-flex; padding: 0.75rem; border: 0; background: none; cursor: pointer; }
    .link { padding: 0.375rem 0; border: 0; background: none; cursor: pointer; }
    svg path { fill: none; stroke: currentcolor; stroke-width: 2; stroke-linecap: round; stroke-linejoin: round; }
    .panel {
      display: flex; flex-direction: column; inline-size: min(24rem, calc(100vw - 2rem)); block-size: min(40rem, calc(100vh - 2rem));
      background: var(--paper); border: 1px solid var(--line); border-radius: 0.625rem; box-shadow: 0 6px 30px rgb(0 0 0 / 30%); overflow: auto;
    }
    header { display: flex; justify-content: space-between; align-items: start; gap: 0.5rem; padding: 0.75rem 0.25rem 0.75rem 1rem; border-block-end: 4px solid var(--accent); }
    .partner, .hint, .who, .fate, .writing { color: var(--soft); font-size: 0.875rem; }
    .middle { flex: 1 0 auto; display: flex; flex-direction: column; gap: 0.5rem; padding: 0.75rem 1rem; background: var(--ground); }
    .status:empty, .farewell:empty, .writing:empty, .trouble:empty, .done:empty { display: none; }
    .status { font-size: 0.9375rem; }
    .log { flex: 1 1 6rem; min-block-size: 6rem; block-size: 0; overflow-y: auto; overscroll-behavior: contain; }
    .line { max-inline-size: 88%; margin-block: 0.25rem 0.75rem; }
    .mine { margin-inline-start: auto; }
    .mine .who, .mine .fate { text-align: end; }
    .words { inline-size: fit-content; max-inline-size: 100%; padding: 0.5rem 0.75rem; border: 1px solid var(--edge); border-radius: 0.125rem 0.75rem 0.75rem; background: var(--paper); white-space: pre-wrap; overflow-wrap: anywhere; }
    .mine .words, .mine .file { margin-inline-start: auto; inline-size: fit-content; }
    .mine .words { border-color: var(--accent); border-radius: 0.75rem 0.125rem 0.75rem 0.75rem; }
    .file { overflow-wrap: anywhere; }
    .trouble, .wrong { padding: 0.5rem 0.75rem; border-inline-start: 4px solid var(--late); background: var(--late-ground); color: var(--late); font-weight: 600; }
    .done { padding: 0.5rem 0.75rem; border-inline-start: 4px solid var(--accent); background: var(--paper); }
    .ways { display: grid; gap: 0.5rem; }
    .crisis { padding: 0.5rem 0.75rem; border-inline-start: 4px solid var(--accent); background: var(--paper); white-space: pre-line; }
    form { display: grid; gap: 0.375rem; padding: 0.75rem 1rem; border-block-start: 1px solid var(--edge); }
    label:not(.button) { font-weight: 600; display: block; }
    .hint { display: block; font-weight: 400; }
    input:not(.unseen), textarea { inline-size: 100%; min-block-size: 2.75rem; padding: 0.5rem; border: 2px solid var(--line); border-radius: 0.25rem; background: var(--paper); }
    textarea { resize: none; }
    [aria-invalid] { border-color: var(--late) !important; }
    .about { display: grid; gap: 0.5rem; }
    .row { display: flex; flex-wrap: wrap; gap: 0.5rem; justify-content: space-between; align-items: center; }
    .mail { padding: 0; border: 0; inline-size: 100%; }
    .unseen { position: absolute; inline-size: 1px; block-size: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
    .unseen:focus-visible + .button { outline: 3px solid var(--focus); box-shadow: 0 0 0 5px var(--focus-edge); }
    footer { display: flex; flex-wrap: wrap; align-items: center; gap: 0.125rem 1rem; padding: 0.25rem 1rem 0.75rem; font-size: 0.875rem; }
    @media (max-width: 30rem) {
      .whole { inset-inline: 0.5rem; inset-block-end: 0.5rem; }
      .panel { inline-size: 100%; block-size: min(40rem, calc(100dvh - 1rem)); }
    }
    @media (max-height: 34rem) { .middle, .log { flex: none; } .log { max-block-size: 60vh; } }
    @media (prefers-reduced-motion: no-preference) { .line { animation: in 150ms ease-out; } @keyframes in { from { opacity: 0; transform: translateY(4px); } } }
    @media (forced-colors: active) { .launch, .button, .words { border: 2px solid ButtonText; } }
    @media print { .whole { display: none; } }
  `;
  begin_();
})();
