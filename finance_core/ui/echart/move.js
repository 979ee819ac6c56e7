// Lets a person drag a drawing: one end of a line, or the whole drawing. `items()` returns the drawings, of which some
// are `movable`. `show(items)` redraws them, and `finish(item, points)` gets the new points of a moved drawing, each
// [position, price], or null for a point that stays. Del deletes the drawing under the pointer, and Ctrl+Z undoes: both
// `press` with a message for the page.
(chart, grab, signal, { items, last, decimals, show, finish, press }) => {
  const NEAR = matchMedia("(pointer: coarse)").matches ? 20 : 7; // pixels
  const far = ([x, y], [toX, toY]) => Math.hypot(toX - x, toY - y);
  const farFromLine = (place, [from, to]) => {
    const [along, across] = [to[0] - from[0], to[1] - from[1]];
    const part = ((place[0] - from[0]) * along + (place[1] - from[1]) * across) / (along ** 2 + across ** 2 || 1);
    const share = Math.min(Math.max(part, 0), 1);
    return far(place, [from[0] + share * along, from[1] + share * across]);
  };
  // The points of a drawing that move if the drag begins at a place; [] if the place is not on the drawing.
  const grips = {
    trend: (place, ends) => {
      const end = ends.findIndex((each) => far(place, each) <= NEAR);
      return end >= 0 ? [end] : farFromLine(place, ends) <= NEAR ? [0, 1] : [];
    },
    level: ([, y], [[, height]]) => (Math.abs(y - height) <= NEAR ? [0] : []),
    text: ([x, y], _ends, { id }) => {
      const [left, top, right, bottom] = chart.textBoxes[id];
      const isInside = x >= left - NEAR && x <= right + NEAR && y >= top && y <= bottom + NEAR;
      return isInside ? [0] : [];
    },
  };
  const pixels = (points) => points.map((point) => chart.convertToPixel({ gridIndex: 0 }, point));
  const value = (place) => chart.convertFromPixel({ gridIndex: 0 }, place);
  const gripAt = (place) => {
    if (!chart.containPixel({ gridIndex: 0 }, place)) return undefined;
    const grabbed = items().map((item) => {
      const places = pixels(item.points);
      return { item, places, place, points: item.movable ? grips[item.kind](place, places, item) : [] };
    });
    return grabbed.findLast(({ points }) => points.length); // the topmost drawing
  };
  let grip, moved;

  const pointsAt = (place) => {
    const { item, places, points, place: begun } = grip;
    const positions = points.map((point) => item.points[point][0]);
    const across = item.kind === "level" ? 0 : value(place)[0] - value(begun)[0];
    const bars = Math.min(Math.max(across, -Math.min(...positions)), last() - Math.max(...positions));
    return item.points.map(([position, price], point) => {
      if (!points.includes(point)) return [position, price];
      return [position + bars, value([places[point][0], places[point][1] + place[1] - begun[1]])[1]];
    });
  };
  const digits = () => ({ minimumFractionDigits: decimals(), maximumFractionDigits: decimals() });
  grab(chart, signal, {
    begin: (place, { shiftKey }) => {
      [grip, moved] = [shiftKey ? undefined : gripAt(place), undefined];
      return Boolean(grip);
    },
    move: (place) => {
      const points = pointsAt(place);
      moved = { ...grip.item, points };
      if (moved.kind === "level") moved.text = points[0][1].toLocaleString("en-US", digits());
      show(items().map((item) => (item.id === moved.id ? moved : item)));
    },
    end: () => {
      if (moved) finish(moved, moved.points.map((point, index) => (grip.points.includes(index) ? point : null)));
    },
  });
  let pointer; // its place on the chart
  chart.getZr().on("mousemove", ({ event, offsetX, offsetY }) => {
    if (!event.type) return; // a key walks through the bars
    pointer = [offsetX, offsetY];
    if (gripAt(pointer)) chart.getZr().setCursorStyle("move");
  });
  chart.getZr().on("globalout", () => (pointer = undefined));
  // With the pointer on the chart, an empty field has no use for these keys: a page opens with the focus in its search.
  const TEXTS = "input:not([type=checkbox], [type=radio], [type=range]), textarea, [contenteditable]";
  const isTyping = ([field]) => field.matches?.(TEXTS) && (field.value !== "" || !pointer);
  const onKey = (event) => {
    if (event.repeat || isTyping(event.composedPath())) return;
    const under = pointer && gripAt(pointer)?.item;
    if (["Delete", "Backspace"].includes(event.key) && under) press({ kind: "erase", id: under.id });
    // The key, not the letter: a Korean layout has ㅋ there.
    if (event.code === "KeyZ" && (event.ctrlKey || event.metaKey) && !event.shiftKey) {
      event.preventDefault(); // an empty field would have back what was typed and deleted there
      press({ kind: "undo" });
    }
  };
  addEventListener("keydown", onKey, { signal, capture: true }); // the search keeps its keys to itself
}
