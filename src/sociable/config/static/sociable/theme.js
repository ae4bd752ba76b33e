/* Runs before the page is painted, so that a chosen light or dark scheme does not flash. */
(() => {
  const root = document.documentElement;
  root.classList.add("has-js");
  try {
    const theme = localStorage.getItem("theme");
    if (theme === "light" || theme === "dark") root.dataset.theme = theme;
  } catch {
    // Storage may be forbidden: the scheme of the system is used.
  }
})();
