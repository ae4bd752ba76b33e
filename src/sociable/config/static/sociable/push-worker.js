/* Shows what was pushed, and takes the tap: on the button it says "I have it" (or that a try arrived), elsewhere it opens what it is about. */
self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("push", (event) => {
  let told = {};
  try { told = event.data.json(); } catch { told = { title: "Sociable", text: event.data ? event.data.text() : "" }; }
  event.waitUntil(self.registration.showNotification(told.title || "Sociable", {
    body: told.text || "",
    tag: told.tag,
    data: { link: told.link, tap: told.tap },
    requireInteraction: true,
    actions: told.tap ? [{ action: "tap", title: told.says || "I have it" }] : [],
  }));
});

self.addEventListener("notificationclick", (event) => {
  const { link, tap } = event.notification.data || {};
  event.notification.close();
  if (event.action === "tap" && tap) {
    event.waitUntil(fetch(tap, { method: "POST", credentials: "omit" }).catch(() => self.clients.openWindow(tap)));
  } else if (link) {
    event.waitUntil(self.clients.openWindow(link));
  }
});
