// Asks before a page is closed or reloaded on which edits wait to be saved: they belong to the visit, and end with it.
// May run more than once.
(() => {
  if (window.asksForUnsaved) return;
  window.asksForUnsaved = true;
  addEventListener("beforeunload", (event) => {
    if (document.querySelector("[class*='st-key-unsaved']")) event.preventDefault();
  });
})();
