// The search box, as a component of the page. It searches in the browser: suggestions do not wait for the server, and
// Enter chooses the best match of the whole text, however fast it was typed.

const LIMIT = 20;
const boxes = new WeakMap(); // each box by its root element: a box outlives the reruns of the page
const HAS_KEYBOARD_ON_SCREEN = matchMedia("(pointer: coarse)");
const AT_ONCE = 100; // milliseconds from the blur of a box to its removal, if the removal is the reason
const LONGEST_WAIT = 5000; // milliseconds for the box of the next page; a page that failed has none
const whenIdle = globalThis.requestIdleCallback ?? setTimeout; // Safari has only the latter
let bridge; // takes what is typed between the boxes of two pages; see `Bridge`

// `key`, `initials`, `asked` and `rank` must give the same results as finance_core/search.py.
const key = (text) => text.normalize("NFKD").toLowerCase().replace(/[\s/]+/g, "");
const initials = (text) =>
  text.replace(/[가-힣]/g, (syllable) => syllable.normalize("NFD")[0]);

const WRITTEN_TICKER = /^(?:(?:a|krx:|kospi:|kosdaq:)?(\d{4}[0-9a-z]{2})(?:\.?k[sq](?:equity)?)?|kr7(\d{4}[0-9a-z]0)\d{3})$/;
const asked = (query) => (query.length > 100 ? "" : key(query).replace(WRITTEN_TICKER, "$1$2"));

// The sorted entries of `categories`. Each category has a key and rows [ticker, name, English name, aliases, is sample,
// order]: the order is that of equally good matches.
export function prepare(categories) {
  const entries = categories.flatMap(({ key: category, rows }) =>
    rows.map((row) => {
      const [ticker, name, english, aliases] = row;
      const names = [name, english, ...aliases].filter(Boolean).map(key);
      const consonants = [name, ...aliases].map((each) => key(initials(each)));
      return { category, row, ticker: key(ticker), names, consonants };
    }),
  );
  const order = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
  return entries.sort((a, b) => [5, 1, 0].reduce((found, at) => found || order(a.row[at], b.row[at]), 0));
}

function rank(entry, text) {
  if (entry.ticker === text || entry.names.includes(text)) return 0;
  if (entry.ticker.startsWith(text)) return 1;
  if (entry.names.some((name) => name.startsWith(text))) return 2;
  if (entry.consonants[0].startsWith(text)) return 3;
  return [...entry.names, ...entry.consonants, entry.ticker].some((own) => own.includes(text)) ? 4 : 5;
}

// The entries that match, best first; among equally good matches, those of the category `home` come first.
export function search(entries, query, home) {
  const text = asked(query);
  if (!text) return [];
  const matches = [];
  entries.forEach((entry, position) => {
    const kind = rank(entry, text);
    if (kind < 5) matches.push([kind, entry.category === home ? 0 : 1, position, entry]);
  });
  matches.sort((a, b) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2]);
  return matches.slice(0, LIMIT).map((match) => match[3]);
}

// The keys of the letters on a Korean keyboard, in the order of Unicode: initial, medial and final letters.
const KEYS = {
  0x1100: "r R s e E f a q Q t T d w W c z x v g",
  0x1161: "k o i O j p u P h hk ho hl y n nj np nl b m ml l",
  0x11a8: "r R rt s sw sg e f fr fa fq ft fx fv fg a q qt t T d w c z x v g",
};
const KEY_OF = new Map();
for (const [first, keys] of Object.entries(KEYS))
  keys.split(" ").forEach((each, at) => KEY_OF.set(String.fromCharCode(Number(first) + at), each.toLowerCase()));
const pressed = (text) => [...text].map((letter) => KEY_OF.get(letter) ?? letter).join("");

const pressedOf = (entry) => (entry.pressed ??= [entry.ticker, ...entry.names].map(pressed));

// The entries that begin with the same keys as `query`, for who types on the other keyboard (tkatjd is 삼성, ㅁ메ㅣ is
// AAPL): those with exactly these keys first. Each with whether its keys are exactly these.
export function searchByKeys(entries, query) {
  const keys = query.length > 100 ? "" : pressed(key(query));
  if (keys.length < 2) return [];
  const matches = [];
  for (const entry of entries) {
    const own = pressedOf(entry);
    if (own.some((each) => each.startsWith(keys))) matches.push({ entry, isExact: own.includes(keys) });
  }
  return matches.sort((a, b) => b.isExact - a.isExact).slice(0, LIMIT);
}

// The tickers of all boxes: the first box of a page brings them, and they are prepared before the first key.
const tickers = {
  categories: [],
  bring(categories) {
    const text = JSON.stringify(categories);
    if (text === this.text) return;
    Object.assign(this, { categories, text, prepared: null });
    whenIdle(() => this.entries.forEach(pressedOf));
  },
  get entries() {
    return (this.prepared ??= prepare(this.categories));
  },
};

class Box {
  constructor(root) {
    this.root = root.querySelector(".box");
    this.input = root.querySelector("input");
    this.list = root.querySelector("ul");
    this.choices = []; // the values that Enter or a click chooses, in the order of the list
    this.active = 0;
    this.isOpen = false;
    this.choosesAfterComposing = false;
    this.input.addEventListener("input", () => this.show());
    this.input.addEventListener("click", () => this.show());
    this.input.addEventListener("blur", () => {
      this.leftAt = performance.now();
      this.close();
    });
    this.input.addEventListener("keydown", (event) => this.onKey(event));
    this.input.addEventListener("compositionend", () => {
      if (!this.choosesAfterComposing) return;
      this.choosesAfterComposing = false;
      this.show();
      this.choose(this.active);
    });
    this.list.addEventListener("mousedown", (event) => {
      event.preventDefault(); // so that the input keeps the focus
      const item = event.target.closest("[role=option]");
      if (item) this.choose(Number(item.dataset.position));
    });
    this.onShortcut = (event) => {
      const [target] = event.composedPath();
      const isEmpty = target === this.input && !target.value; // a / in the empty box is the shortcut, not a letter
      const isTyping = !isEmpty && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
      const isSlash = event.key === "/" && !event.ctrlKey && !event.metaKey && !event.altKey && !isTyping;
      if (isSlash || ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k")) {
        event.preventDefault();
        this.input.focus();
        this.input.select(); // what was typed before is replaced, not made longer
        this.show();
      }
    };
  }

  update({ data, setTriggerValue }) {
    this.setTriggerValue = setTriggerValue;
    if (this.data !== data) {
      this.data = data;
      this.isFirst = Boolean(data.categories);
      if (this.isFirst) tickers.bring(data.categories);
      this.root.classList.toggle("second", !this.isFirst);
      this.input.placeholder = data.texts.placeholder;
      this.input.setAttribute("aria-label", data.texts.placeholder);
    }
    const isFree = document.activeElement === document.body && !HAS_KEYBOARD_ON_SCREEN.matches;
    if (!this.hasBeenDrawn && data.focus && isFree) this.input.focus();
    if (!this.hasBeenDrawn && this.isFirst) document.addEventListener("keydown", this.onShortcut, true);
    this.hasBeenDrawn = true;
    if (this.isFirst) bridge?.leadTo(this);
  }

  // Goes on with a text that was begun between two pages; `isEntered` if Enter has been pressed.
  take(text, isEntered) {
    this.input.focus();
    if (!text) return;
    this.input.value = text;
    this.show();
    if (isEntered) this.choose(this.active);
  }

  show() {
    const { entries } = tickers;
    const query = this.input.value;
    const isEmpty = !query.trim();
    const usual = () => {
      const byKey = new Map(entries.map((entry) => [`${entry.category}:${entry.row[0]}`, entry]));
      return this.data.usual.map((name) => byKey.get(name)).filter(Boolean);
    };
    const asTyped = isEmpty ? usual() : search(entries, query, this.data.home);
    // A vowel alone begins no Korean word.
    const isOther = !isEmpty && (!asTyped.length || /(^|[^가-힣])[ㅏ-ㅣ]/.test(query.normalize("NFC")));
    const byKeys = isOther ? searchByKeys(entries, query) : [];
    const matches = byKeys.length ? [] : asTyped;
    const groups = grouped([...matches, ...byKeys.map(({ entry }) => entry)]);
    this.choices = [];
    const items = [];
    for (const [category, found] of groups) {
      items.push(element("li", { className: "group", role: "presentation" }, this.titleOf(category)));
      for (const entry of found) items.push(this.option(`${category}:${entry.row[0]}`, ...this.label(entry)));
    }
    // Enter chooses what was typed, not what only has the same first keys.
    let active = matches.length || (byKeys[0]?.isExact && !byKeys[1]?.isExact) ? 0 : -1;
    const ticker = query.trim().toUpperCase();
    if (!matches.length && this.data.add && new RegExp(`^(?:${this.data.add})$`).test(ticker)) {
      items.push(this.option(`add:${this.data.home}:${ticker}`, this.data.texts.add.replace("{ticker}", ticker)));
      if (active < 0) active = this.choices.length - 1;
    } else if (!this.choices.length && !isEmpty) {
      items.push(element("li", { className: "nothing", role: "presentation" }, this.data.texts.nothing));
    }
    this.list.replaceChildren(...items);
    this.isOpen = items.length > 0;
    this.list.hidden = !this.isOpen;
    this.input.setAttribute("aria-expanded", String(this.isOpen));
    this.active = active;
    this.mark();
  }

  titleOf(category) {
    return tickers.categories.find((each) => each.key === category).title;
  }

  label({ row: [ticker, name, english, , sample] }) {
    const shown = (this.data.english && english) || name;
    return [shown, [shown === ticker ? "" : ticker, sample ? this.data.texts.sample : ""].filter(Boolean).join(" · ")];
  }

  option(value, name, note = "") {
    const position = this.choices.push(value) - 1;
    const item = element("li", { role: "option", id: `option-${position}` }, name);
    item.dataset.position = position;
    item.append(element("span", {}, note));
    return item;
  }

  move(position) {
    if (!this.choices.length) return;
    this.active = (Math.max(position, -1) + this.choices.length) % this.choices.length;
    this.mark();
  }

  mark() {
    for (const item of this.list.querySelectorAll("[role=option]")) {
      const isActive = Number(item.dataset.position) === this.active;
      item.setAttribute("aria-selected", String(isActive));
      if (isActive) item.scrollIntoView({ block: "nearest" });
    }
    if (this.active < 0) this.input.removeAttribute("aria-activedescendant");
    else this.input.setAttribute("aria-activedescendant", `option-${this.active}`);
  }

  close() {
    this.isOpen = false;
    this.list.hidden = true;
    this.input.setAttribute("aria-expanded", "false");
  }

  choose(position) {
    const chosen = this.isOpen ? this.choices[position] : undefined;
    if (chosen === undefined) return;
    this.input.value = "";
    this.choices = [];
    this.close();
    if (HAS_KEYBOARD_ON_SCREEN.matches) this.input.blur(); // the keyboard would stay over the chart
    this.setTriggerValue("chosen", chosen);
  }

  onKey(event) {
    event.stopPropagation(); // Streamlit treats single letters outside its own inputs as commands
    const steps = { ArrowDown: 1, ArrowUp: -1 };
    if (event.key === "Enter") {
      if (event.isComposing) this.choosesAfterComposing = true; // the last syllable is not in the text yet
      else this.choose(this.active);
    } else if (event.key in steps && !event.isComposing) {
      event.preventDefault();
      if (this.isOpen) this.move(this.active + steps[event.key]);
      else this.show();
    } else if (event.key === "Escape") {
      if (!this.input.value && !this.isOpen) this.input.blur();
      this.input.value = "";
      this.close();
    }
  }

  remove() {
    document.removeEventListener("keydown", this.onShortcut, true);
    if (this.isFirst && performance.now() - this.leftAt < AT_ONCE) bridge ??= new Bridge(this.input.value);
  }
}

// An unseen input between two pages: a page's box goes before that of the next page comes, and a person types on. If the
// letters in between were lost, the rest would mean another company.
class Bridge {
  constructor(text) {
    this.input = document.body.appendChild(element("input", { value: text, className: "sisepan-bridge", ariaHidden: "true" }));
    Object.assign(this.input.style, { position: "fixed", opacity: 0, pointerEvents: "none" });
    this.isEntered = this.isComposing = false;
    this.input.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.isComposing) this.isEntered = true;
      if (event.key === "Escape") this.input.value = "";
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") event.preventDefault(); // we are there
    });
    this.input.addEventListener("compositionstart", () => (this.isComposing = true));
    this.input.addEventListener("compositionend", () => {
      this.isComposing = false;
      if (this.box) this.leadTo(this.box);
    });
    this.input.focus();
    this.timer = setTimeout(() => this.end(), LONGEST_WAIT);
  }

  end() {
    clearTimeout(this.timer);
    bridge = null;
    this.input.remove();
  }

  leadTo(box) {
    this.box = box;
    if (this.isComposing) return; // the last syllable is not in the text yet
    const isTyping = document.activeElement === this.input; // else the person has gone elsewhere
    this.end();
    if (isTyping) box.take(this.input.value.replace(/^\//, ""), this.isEntered);
  }
}

function element(tag, properties, text) {
  const { role, ...others } = properties;
  const made = Object.assign(document.createElement(tag), others);
  if (role) made.setAttribute("role", role);
  made.textContent = text; // never as HTML: names come from the database
  return made;
}

function grouped(entries) {
  const groups = new Map();
  for (const entry of entries) groups.set(entry.category, [...(groups.get(entry.category) ?? []), entry]);
  return groups;
}

export default function (component) {
  const root = component.parentElement;
  if (!boxes.has(root)) boxes.set(root, new Box(root));
  const box = boxes.get(root);
  box.update(component);
  return () => {
    box.remove();
    boxes.delete(root);
  };
}
