// Asks before a page is closed or reloaded on which edits wait to be saved: they belong to the visit, and end with it.
addEventListener("beforeunload", (event) => {
  if (document.querySelector("[class*='st-key-unsaved']")) event.preventDefault();
});
