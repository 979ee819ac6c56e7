// Writes the address of a page when a link to it is clicked, with the language of this one. Streamlit writes it later and
// in steps: parameters first, while the path is still that of the page that was left. So the way back led to an address
// that nobody had seen, with another question than the one that was left.
const PAGE_LINK = "a[data-testid=stSidebarNavLink], a[data-testid=stPageLink-NavLink]";
const leave = ({ target, button, ctrlKey, metaKey, shiftKey, defaultPrevented }) => {
  const link = target.closest?.(PAGE_LINK);
  if (!link || button || ctrlKey || metaKey || shiftKey || defaultPrevented) return;
  const address = new URL(link.href);
  if (address.origin !== location.origin || address.pathname === location.pathname) return;
  const language = new URLSearchParams(location.search).get("lang");
  if (language && !address.searchParams.has("lang")) address.searchParams.append("lang", language);
  history.pushState({}, "", address);
};
addEventListener("click", leave, true);
