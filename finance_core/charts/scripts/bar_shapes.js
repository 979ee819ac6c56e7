// Draws the bars of a series as few shapes: candles, bars of open, high, low and close, or columns on the zero line. A
// series of ECharts has an element for each bar, which takes half of every frame while two years are zoomed. With more
// bars than pixels, those of one pixel become one: from the first open to the last close, with their high and low, or
// the largest column. No bar covers a part of the next one: falling bars are drawn after rising ones, and a crowd of bars
// would look as if most of them fell.
// `columns` are the open, high, low and close, or the height of a column: that one falls if `end` is below `begin`, or
// below zero without `begin`.
({ kind, columns, begin, end, rising, falling, opacity }) => {
  const MOST = 100; // bars of a shape: a browser that draws without a graphics card is slow with more rectangles
  const crisp = (pixel, ratio) => (Math.round(pixel * ratio - 0.5) + 0.5) / ratio; // in the middle of a screen's pixel
  const line = (path, x, from, to) => {
    path.moveTo(x, from);
    path.lineTo(x, to);
  };
  // Each draws one bar, from `left` to `right` and at the heights of its values, all in pixels. A pixel of CSS has
  // `ratio` pixels of the screen.
  const DRAW = {
    // At least a pixel high: a flat bar is seen too.
    stick: (path, left, right, [, high, low]) => {
      const top = Math.min(high, low - 1);
      path.rect(left, top, right - left, low - top);
    },
    bar: (path, left, right, [open, high, low, close], ratio) => {
      const x = crisp((left + right) / 2, ratio);
      line(path, x, high, low);
      path.moveTo(left, open);
      path.lineTo(x, open);
      path.moveTo(x, close);
      path.lineTo(right, close);
    },
    candle: (path, left, right, [open, high, low, close], ratio) => {
      const [top, bottom] = [Math.min(open, close), Math.max(open, close)];
      const [begin, x, end] = [left, (left + right) / 2, right].map((pixel) => crisp(pixel, ratio));
      line(path, x, high, top);
      line(path, x, bottom, low);
      path.rect(begin, top, end - begin, bottom - top);
    },
    column: (path, left, right, [height, zero]) => path.rect(left, height, right - left, zero - height),
  };

  // What stands for the rows from `from` to `to`: its values, and whether it falls; undefined where no row has a value.
  const candleOf = ([open, high, low, close], from, to) => {
    let first, last, [top, bottom] = [-Infinity, Infinity];
    for (let row = from; row < to; row++) {
      if (!Number.isFinite(close[row])) continue; // a day to come
      first ??= row;
      last = row;
      if (high[row] > top) top = high[row];
      if (low[row] < bottom) bottom = low[row];
    }
    return last === undefined ? undefined : [[open[first], top, bottom, close[last]], close[last] < open[first]];
  };
  const columnOf = ([heights], from, to, [ends, begins]) => {
    let found;
    for (let row = from; row < to; row++)
      if (Number.isFinite(heights[row]) && !(Math.abs(heights[row]) <= Math.abs(heights[found]))) found = row;
    return found === undefined ? undefined : [[heights[found], 0], ends[found] < (begins ? begins[found] : 0)];
  };

  // How a kind draws a bar and what stands for several, its width in a place of so many pixels, and whether rising and
  // falling bars are filled.
  const half = (place) => place / 2;
  const KINDS = {
    candles: { draw: "candle", of: candleOf, width: half, filled: { rising: true, falling: true } },
    hollow: { draw: "candle", of: candleOf, width: half, filled: { rising: false, falling: true } },
    bars: { draw: "bar", of: candleOf, width: (place) => Math.min(place * 0.7, 16), filled: {} },
    columns: { draw: "column", of: columnOf, width: (place) => place * 0.8 },
  };
  const { filled, ...own } = KINDS[kind];
  echarts.graphic.registerShape(
    "bars",
    echarts.graphic.extendShape({
      shape: { bars: [], draw: "column" },
      buildPath: (path, { bars, draw, ratio }) =>
        bars.forEach(([left, right, heights]) => DRAW[draw](path, left, right, heights, ratio)),
    }),
  );

  let chart;
  const render = ({ dataIndexInside }, api) => {
    if (dataIndexInside || !chart) return undefined; // the first bar draws all of them
    const source = chart.getModel().getComponent("dataset", 0).get("source", true);
    const [values, sides] = [columns, [end, begin]].map((names) => names.map((name) => source[name]));
    const [first, last] = chart.getModel().getComponent("dataZoom", 0).getValueRange();
    const place = api.size([1, 0])[0];
    const width = own.width(place);
    const ratio = api.getDevicePixelRatio();
    const lineWidth = place < 4 ? 1 : 1.5;
    // Between two bodies is half of a place, which rounding shortens; the lines around them take theirs of it.
    const isNarrow = filled && Math.floor((place / 2) * ratio) < lineWidth * ratio;
    const draw = isNarrow ? "stick" : own.draw;
    // Powers of two, from the first bar of all: the same bars stay together while the chart moves.
    const size = 2 ** Math.max(0, Math.ceil(-Math.log2(place * ratio)));
    const [origin] = api.coord([first, 0]);
    const x = (row) => origin + (row - first) * place;
    const whole = (pixel) => Math.round(pixel * ratio) / ratio;
    // A stick leaves a pixel of the screen to the next one, if there are two for it.
    const thickness = Math.min(Math.floor(place * size * ratio) - 1, Math.round(1.5 * ratio)) / ratio;
    const endsOf = (from, to) => {
      const middle = x((from + to - 1) / 2);
      if (draw === "stick" && thickness) return [0, thickness].map((more) => whole(middle - thickness / 2) + more);
      // What is narrower than a pixel of the screen fills whole ones: else each has the strength of the part that it
      // covers, and stripes come and go while the chart zooms.
      if (draw === "stick" || width * ratio <= 1) {
        const [left, right] = [x(from - 0.5), x(to - 0.5)].map(whole);
        if (left < right) return [left, right];
        // The few bars of a group that the edge of the view leaves share the pixel of their neighbours.
        return from === first ? [left, left + 1 / ratio] : [right - 1 / ratio, right];
      }
      return [middle - width / 2, middle + width / 2];
    };
    const drawn = { rising: [], falling: [] };
    for (let from = first, to; from <= last; from = to) {
      to = Math.min((Math.floor(from / size) + 1) * size, last + 1);
      const bar = own.of(values, from, to, sides);
      if (!bar) continue;
      const heights = bar[0].map((value) => api.coord([first, value])[1]);
      drawn[bar[1] ? "falling" : "rising"].push([...endsOf(from, to), heights]);
    }
    const style = (color, isFilled) =>
      isNarrow || !filled ? { fill: color, opacity } : { fill: isFilled ? color : "none", stroke: color, lineWidth };
    const shapes = (side, color) =>
      Array.from({ length: Math.ceil(drawn[side].length / MOST) }, (_, index) => ({
        type: "bars",
        shape: { bars: drawn[side].slice(index * MOST, (index + 1) * MOST), draw, ratio },
        style: style(color, filled?.[side]),
        silent: true,
      }));
    return { type: "group", children: [...shapes("rising", rising), ...shapes("falling", falling)] };
  };
  render.own = { attach: (of) => (chart = of) };
  return render;
}
