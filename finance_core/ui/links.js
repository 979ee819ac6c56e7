// Opens the app's own links in a table in this tab, as its other links: Streamlit opens every link of a table in a new
// tab. A reader who wants a new tab holds Ctrl, Cmd or Shift, or uses the middle button. May run more than once.
(() => {
  const { open } = window;
  if (open.keepsTab) return;
  let wantsTab = false;
  const listen = ({ button, ctrlKey, metaKey, shiftKey }) => (wantsTab = button === 1 || ctrlKey || metaKey || shiftKey);
  addEventListener("pointerdown", listen, true);
  window.open = (address, ...more) => {
    const isOurs = typeof address === "string" && /^\/\w+\?/.test(address);
    if (wantsTab || !isOurs) return open.call(window, address, ...more);
    history.pushState(null, "", address.split("#")[0]); // the name of the ticker is behind the #
    dispatchEvent(new PopStateEvent("popstate"));
    return null;
  };
  window.open.keepsTab = true;
})();
