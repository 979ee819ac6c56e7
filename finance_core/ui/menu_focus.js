// Moves the focus into a menu that is opened by the keyboard: else the next Tab goes past it. May run more than once.
(() => {
  if (window.focusesMenus) return;
  window.focusesMenus = true;
  const FIELDS = "[data-testid=stPopoverBody] :is(input, button, [tabindex='0'])";
  const WAIT = 1000; // milliseconds in which a menu opens
  const isField = (element) => element.offsetParent && !element.closest("[data-testid=stTooltipHoverTarget]");
  const onKey = ({ key, target }) => {
    const button = target.closest?.("[data-testid=stPopoverButton]");
    if (!button || button.getAttribute("aria-expanded") === "true" || !["Enter", " "].includes(key)) return;
    const observer = new MutationObserver(() => {
      const field = [...document.querySelectorAll(FIELDS)].find(isField);
      if (!field) return;
      observer.disconnect();
      field.focus();
    });
    observer.observe(document.body, { childList: true, subtree: true });
    setTimeout(() => observer.disconnect(), WAIT);
  };
  addEventListener("keydown", onKey, true);
})();
