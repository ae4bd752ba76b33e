/* One live connection for all tabs of this browser: HTTP/1.1 gives a host six, and a seventh tab would hang.
   Every tab hears on the broadcast channel; a tab that opens later asks for the state over its port. */
const channel = new BroadcastChannel("sociable-live");
let source;
let last = 0;
let state = "connecting";

const tell = (message) => channel.postMessage(message);
const be = (now) => {
  if (now === state) return;
  state = now;
  tell({ state });
};

const connect = () => {
  source = new EventSource(`/events?after=${last}`);
  source.onopen = () => be("live");
  source.onerror = () => {
    be("lost");
    if (source.readyState === EventSource.CLOSED) setTimeout(connect, 10000); // refused: signed out, or the server is away
  };
  source.onmessage = (event) => {
    last = Math.max(last, Number(event.lastEventId) || 0);
    tell({ state, change: JSON.parse(event.data || "{}"), id: last });
  };
  source.addEventListener("change", source.onmessage);
  source.addEventListener("resync", () => tell({ state, resync: true }));
};

self.onconnect = (event) => {
  const port = event.ports[0];
  port.onmessage = ({ data }) => {
    if (!source) {
      last = data.after;
      connect();
    }
    port.postMessage({ state, id: last, resync: last > data.after });
  };
};
