// Translates Streamlit's own words into the language of the page as they appear; without words, restores the English.

const ATTRIBUTES = ["aria-label", "placeholder", "title", "data-title"];
const HELP = '[data-testid="stTooltipIcon"] button[aria-label]';
const original = new WeakMap(); // by node: for its text and each attribute, the English and the translated text
let rules = { words: {}, patterns: [], places: "" };

function translated(text) {
  const word = text.trim();
  if (Object.hasOwn(rules.words, word)) return text.replace(word, rules.words[word]);
  for (const [pattern, replacement] of rules.patterns) if (pattern.test(word)) return word.replace(pattern, replacement);
  return text;
}

function replace(node, name, read, write) {
  const known = original.get(node) ?? {};
  const now = read();
  const before = known[name]?.written === now ? known[name].text : now;
  const text = translated(before);
  if (text === now) return;
  original.set(node, { ...known, [name]: { text: before, written: text } });
  write(text);
}

function visit(root) {
  if (root.nodeType === Node.TEXT_NODE) {
    if (root.parentElement?.closest(rules.places)) visitText(root);
    return;
  }
  if (root.nodeType !== Node.ELEMENT_NODE) return;
  const inside = root.closest(rules.places) ? [root] : root.querySelectorAll(rules.places);
  for (const place of inside) {
    const walker = document.createTreeWalker(place, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT);
    for (let node = place; node; node = walker.nextNode()) {
      if (node.nodeType === Node.TEXT_NODE) visitText(node);
      else for (const name of ATTRIBUTES) if (node.hasAttribute(name)) visitAttribute(node, name);
    }
  }
}

function visitText(node) {
  replace(node, "text", () => node.nodeValue, (text) => (node.nodeValue = text));
}

function visitAttribute(element, name) {
  replace(element, name, () => element.getAttribute(name), (text) => element.setAttribute(name, text));
}

const observer = new MutationObserver((changes) => {
  for (const { type, target, addedNodes, attributeName } of changes) {
    if (type === "childList") addedNodes.forEach(visit);
    else if (type === "attributes") { if (target.closest(rules.places)) visitAttribute(target, attributeName); }
    else visit(target);
  }
});

export default function ({ data }) {
  rules = {
    words: data.words,
    patterns: Object.entries(data.patterns).map(([pattern, replacement]) => [new RegExp(pattern), replacement]),
    // A button of ours that explains itself has no name beside its text; that of a help button is Streamlit's.
    places: [...data.places.map((place) => `[data-testid="${place}"]`), ".modebar", HELP].join(","),
  };
  visit(document.body);
  observer.observe(document.body, { subtree: true, childList: true, attributes: true, attributeFilter: ATTRIBUTES });
}
