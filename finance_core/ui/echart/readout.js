// The lines of text that say what the numbers under the crosshair are, one above each pane. No Python is asked.
// `items` are as `charts.parts.reading` makes them; signed ones take the colour of their sign.
// Of days to come it has what reaches so far alone. A `box` beside the pointer says the same "too", or "alone".
(chart, { readout: items, rising, falling, box: kind, shown: { bars } }) => {
  const source = chart.getModel().getComponent("dataset", 0).get("source", true);
  const days = Object.values(source)[0];
  const root = chart.getDom();
  for (const old of root.querySelectorAll(".readout, .tooltip")) old.remove();

  const add = (parent, className, text = "") => {
    const element = document.createElement("span");
    element.className = className;
    element.append(text); // a node of text, empty or not; never HTML: names come from the database
    return parent.appendChild(element);
  };
  // A line a pane, and the box, in which a change stands in the row of what has changed.
  const dayFields = [];
  const fields = [];
  const write = (parent, own, isBox) => {
    if (isBox || own[0].pane === 0) dayFields.push(add(parent, "day"));
    let row;
    for (const item of own) {
      const isBeside = item.axis !== null;
      const field = add(isBox && isBeside ? row : parent, isBeside ? "item beside" : "item");
      if (!isBeside) row = field;
      field.style.color = item.color;
      add(field, "title", item.title);
      const digits = { minimumFractionDigits: item.decimals, maximumFractionDigits: item.decimals };
      fields.push({ item, field, value: add(field, "value"), numbers: new Intl.NumberFormat("en-US", digits) });
    }
  };
  const element = (className) => {
    const made = document.createElement("div");
    made.className = className;
    return root.appendChild(made);
  };
  const panes = [...new Set(items.map((item) => item.pane))].map((pane) => items.filter((item) => item.pane === pane));
  const lines = (kind === "alone" ? [] : panes).map((own) => {
    const [{ pane }, line] = [own[0], element("readout")];
    line.dataset.pane = pane;
    write(line, own, false);
    return { pane, line };
  });
  const box = kind !== "none" && element("tooltip");
  if (box) {
    box.hidden = true;
    write(box, panes.flat(), true);
  }

  const text = ({ prefix, suffix, signed }, numbers, value) => {
    if (typeof value === "string") return value;
    if (!Number.isFinite(value)) return "–";
    return (signed && value > 0 ? "+" : "") + prefix + numbers.format(value) + suffix;
  };
  // A number of the dataset, or how far it is from the base of its axis in percent. The last `say` of a readout may come
  // when the chart already has another option, and fewer axes.
  const valueOf = ({ column, axis }, position) => {
    const value = source[column]?.[position];
    return axis === null ? value : chart.getModel().getComponent("yAxis", axis)?.option.own?.change(value) * 100;
  };
  const isHidden = ({ line }) => chart.getModel().getComponent("legend", 0)?.option.selected[line] === false;
  const change = (element, said) => {
    const letters = element.firstChild; // other letters in it cost less than another child
    if (letters.data !== said) letters.data = said;
  };
  // Twenty times a second, as fast as anybody reads: to lay out new numbers takes a good part of a frame.
  const PAUSE = 50; // milliseconds
  let asked, said = -PAUSE;
  const show = (position) => {
    if (asked === undefined) setTimeout(say, said + PAUSE - performance.now());
    asked = position;
  };
  const say = () => {
    const position = asked;
    [asked, said] = [undefined, performance.now()];
    if (chart.isDisposed()) return;
    for (const day of dayFields) change(day, days[position] ?? "");
    for (const { item, field, value, numbers } of fields) {
      const number = valueOf(item, position);
      change(value, text(item, numbers, number));
      const isLacking = position >= bars && !Number.isFinite(number); // a day to come has no prices
      field.hidden = isLacking || isHidden(item);
      if (item.signed) field.style.color = number > 0 ? rising : number < 0 ? falling : "";
    }
  };
  // At a point of the chart, on its side with more room; hidden without a point. Percentages are of the box itself:
  // asked for its size, a browser would lay the page out anew in every frame.
  const point = (place) => {
    if (!box) return;
    box.hidden = !place;
    if (!place) return;
    const [[x, y], width, height] = [place, chart.getWidth(), chart.getHeight()];
    const left = x > width / 2 ? `${x - 16}px - 100%` : `${x + 16}px`;
    const within = (at, size) => `clamp(0px, calc(${at}), calc(${size}px - 100%))`;
    box.style.translate = `${within(left, width)} ${within(`${y}px - 50%`, height)}`;
  };
  // The first line stands above its pane, the others on the upper edge of theirs.
  const place = () => {
    for (const { pane, line } of lines) {
      const area = chart.getModel().getComponent("grid", pane)?.coordinateSystem?.getRect();
      if (area) line.style.top = `${pane === 0 ? 0 : area.y - 4}px`;
    }
  };
  return { show, point, place, days };
}
