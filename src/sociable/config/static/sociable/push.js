/* Lets a person ring their own browser: asked by a tap on a button, and never before. */
(() => {
  const form = document.querySelector("[data-push]");
  const says = document.getElementById("push-says");
  if (!form || !("serviceWorker" in navigator) || !("PushManager" in window) || !("Notification" in window)) return;
  const worker = document.querySelector("script[data-worker]").dataset.worker;
  form.hidden = false;

  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (each) => each.charCodeAt(0));
  const browser = () => {
    const known = [["Edg/", "Edge"], ["Firefox/", "Firefox"], ["Chrome/", "Chrome"], ["Safari/", "Safari"]];
    const name = (known.find(([mark]) => navigator.userAgent.includes(mark)) || ["", "Browser"])[1];
    return /Android|iPhone|iPad/.test(navigator.userAgent) ? `${name} on my phone` : `${name} on this computer`;
  };

  form.addEventListener("submit", async (event) => {
    if (form.elements.subscription.value) return;
    event.preventDefault();
    says.textContent = "Asking the browser …";
    try {
      if (await Notification.requestPermission() !== "granted") {
        says.textContent = "The browser does not allow it. Allow notifications for this site in its settings, and try again.";
        return;
      }
      const registration = await navigator.serviceWorker.register(worker);
      await new Promise((ready) => {
        const state = () => { if (registration.active) ready(); else setTimeout(state, 50); };
        state();
      });
      const old = await registration.pushManager.getSubscription();
      if (old) await old.unsubscribe();
      const subscription = await registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: bytes(form.dataset.push) });
      form.elements.subscription.value = JSON.stringify(subscription);
      form.elements.name.value = browser();
      form.requestSubmit();
    } catch (error) {
      says.textContent = `The browser could not be added: ${error.message}`;
    }
  });
})();
