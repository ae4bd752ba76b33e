// Counts a text as a network counts it, by the same data as the server (sociable/domain/text): one answer with counting.py.
// Decides nothing: the server checks again what is sent. Needs no network; where the browser cannot tell what people see as
// one character it says so with NaN, and the desk then shows no count rather than a wrong one.
(function () {
  "use strict";

  const LABEL_CHARS = 63;
  const ADDRESS_CHARS = 4096;
  const patterns = new Map();
  const graphemes = typeof Intl === "object" && Intl.Segmenter ? new Intl.Segmenter("en-GB", { granularity: "grapheme" }) : null;

  function count(text, scheme, filledIn) {
    text = withoutFilledIn(text, filledIn || []);
    if (scheme.normalised) text = text.normalize("NFC");
    text = plainer(text, scheme);
    if (scheme.pieces.length) text = small(text);
    for (const piece of scheme.pieces) text = replaced(text, piece);
    return length(text, scheme);
  }

  function measure(text, limit, schemes, filledIn) {
    const scheme = schemes[limit.scheme];
    const used = count(text, scheme, filledIn);
    const most = mostOf(text, limit, scheme);
    return { used: used, most: most, left: most - used, said: scheme.said, messages: messages(used, text, scheme) };
  }

  function withoutFilledIn(text, filledIn) {
    const names = new Set(filledIn.map((name) => name.toLowerCase().replace(/^@/, "")));
    const mention = /@([A-Za-z0-9_]+)[\u0009-\u000d\u0020]*/uy;
    let at = 0;
    for (;;) {
      mention.lastIndex = at;
      const found = names.size ? mention.exec(text) : null;
      if (!found || !names.has(found[1].toLowerCase())) return text.slice(at);
      at = mention.lastIndex;
    }
  }

  function plainer(text, scheme) {
    for (const [one, other] of scheme.replaced) text = text.split(one).join(other);
    return text;
  }

  // The two languages do not agree on the case of all letters, but on these.
  function small(text) {
    return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
  }

  function replaced(text, piece) {
    if (!patterns.has(piece.pattern)) patterns.set(piece.pattern, new RegExp(piece.pattern, "gu"));
    return text.replace(patterns.get(piece.pattern), (...found) => {
      const groups = typeof found[found.length - 1] === "object" ? found[found.length - 1] : {};
      if (!piece.counts) return groups.kept;
      return canBeAnAddress(found[0], groups.domain) ? "x".repeat(piece.counts) : found[0];
    });
  }

  function canBeAnAddress(address, domain) {
    if (domain === undefined) return true;
    return points(address).length <= ADDRESS_CHARS && domain.split(".").every((label) => encodedLength(label) <= LABEL_CHARS);
  }

  function points(text) {
    return Array.from(text, (char) => char.codePointAt(0));
  }

  // How long a label is as the domain name system writes it. Source: RFC 3492, Punycode
  function encodedLength(label) {
    const all = points(label);
    const basic = all.filter((point) => point < 128).length;
    if (basic === all.length) return all.length;
    let length = basic + (basic > 0 ? 1 : 0);
    let done = basic, next = 128, delta = 0, bias = 72;
    while (done < all.length) {
      const lowest = Math.min(...all.filter((point) => point >= next));
      delta += (lowest - next) * (done + 1);
      next = lowest;
      for (const point of all) {
        if (point < next) delta += 1;
        if (point === next) {
          length += digits(delta, bias);
          bias = adapted(delta, done + 1, done === basic);
          delta = 0;
          done += 1;
        }
      }
      delta += 1;
      next += 1;
    }
    return length + "xn--".length;
  }

  function digits(delta, bias) {
    let written = 1;
    for (let k = 36; ; k += 36) {
      const threshold = k <= bias ? 1 : k >= bias + 26 ? 26 : k - bias;
      if (delta < threshold) return written;
      delta = Math.floor((delta - threshold) / (36 - threshold));
      written += 1;
    }
  }

  function adapted(delta, done, first) {
    delta = first ? Math.floor(delta / 700) : delta >> 1;
    delta += Math.floor(delta / done);
    let k = 0;
    for (; delta > 455; k += 36) delta = Math.floor(delta / 35);
    return k + Math.floor((36 * delta) / (delta + 38));
  }

  function length(text, scheme) {
    if (scheme.unit === "graphemes") return graphemes ? Array.from(graphemes.segment(text)).length : NaN;
    if (scheme.unit === "bytes") return new TextEncoder().encode(text).length;
    if (scheme.unit === "weights") return Math.floor(points(text).reduce((sum, point) => sum + weight(point, scheme), 0) / scheme.scale);
    if (scheme.unit === "sms") return besidePlain(text, scheme) ? text.length : points(text).length + twofold(text, scheme);
    return points(text).length;
  }

  function weight(point, scheme) {
    const range = scheme.ranges.find(([first, last]) => first <= point && point <= last);
    return range ? range[2] : scheme.default_weight;
  }

  function twofold(text, scheme) {
    return Array.from(text).filter((char) => scheme.twofold.includes(char)).length;
  }

  function besidePlain(text, scheme) {
    return Array.from(text).some((char) => !scheme.basic.includes(char) && !scheme.twofold.includes(char));
  }

  // How many messages it is paid for as, where a network counts so
  function messages(used, text, scheme) {
    if (!scheme.parts.length) return 0;
    const dearer = besidePlain(plainer(text, scheme), scheme);
    const sizes = scheme.parts.map((row) => row[dearer ? 1 : 0]);
    const within = sizes.findIndex((most) => used <= most) + 1;
    const last = sizes.length - 1;
    return within || sizes.length + Math.ceil((used - sizes[last]) / (sizes[last] - sizes[last - 1]));
  }

  function mostOf(text, limit, scheme) {
    if (!scheme.parts.length || !besidePlain(plainer(text, scheme), scheme)) return limit.most;
    const within = scheme.parts.filter((row) => row[0] <= limit.most);
    return (within.length ? within[within.length - 1] : scheme.parts[0])[1];
  }

  window.SociableCounting = { count: count, measure: measure };
})();
