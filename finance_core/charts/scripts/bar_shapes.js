// Draws the bars of a series as few shapes: candles, bars of open, high, low and close, or columns on the zero line. A
// series of ECharts has an element for each bar, which takes half of every frame while two years are zoomed. With more
// bars than pixels, those of one pixel become one: from the first open to the last close, with their high and low, or
// the largest column.
// `columns` are the open, high, low and close, or the height of a column: that one falls if `end` is below `begin`, or
// below zero without `begin`.
({ kind, columns, begin, end, rising, falling, opacity }) => {
  const MOST = 100; // bars of a shape: a browser that draws without a graphics card is slow with more rectangles
  const LINE = 1.5, THIN = 1.3; // pixels: the width of a line, and of a body that would hide its wick
  const crisp = (pixel) => Math.round(pixel - 0.5) + 0.5;
  const line = (path, x, from, to) => {
    path.moveTo(crisp(x), from);
    path.lineTo(crisp(x), to);
  };
  // Each draws one bar, from `left` to `right` and at the heights of its values, all in pixels.
  const DRAW = {
    // At least a pixel high: a flat bar is seen too.
    stick: (path, left, right, [, high, low]) => line(path, (left + right) / 2, Math.min(high, low - 1), low),
    bar: (path, left, right, [open, high, low, close]) => {
      const x = crisp((left + right) / 2);
      line(path, x, high, low);
      path.moveTo(left, open);
      path.lineTo(x, open);
      path.moveTo(x, close);
      path.lineTo(right, close);
    },
    candle: (path, left, right, [open, high, low, close]) => {
      const [top, bottom] = [Math.min(open, close), Math.max(open, close)];
      line(path, (left + right) / 2, high, top);
      line(path, (left + right) / 2, bottom, low);
      path.rect(crisp(left), top, crisp(right) - crisp(left), bottom - top);
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
  const body = (place) => Math.max(1, place / 2);
  const KINDS = {
    candles: { draw: "candle", of: candleOf, width: body, filled: { rising: true, falling: true } },
    hollow: { draw: "candle", of: candleOf, width: body, filled: { rising: false, falling: true } },
    bars: { draw: "bar", of: candleOf, width: (place) => Math.max(2, Math.min(place * 0.7, 16)), filled: {} },
    columns: { draw: "column", of: columnOf, width: (place) => place * 0.8 },
  };
  const { filled, ...own } = KINDS[kind];
  echarts.graphic.registerShape(
    "bars",
    echarts.graphic.extendShape({
      shape: { bars: [], draw: "column" },
      buildPath: (path, { bars, draw }) => bars.forEach(([left, right, heights]) => DRAW[draw](path, left, right, heights)),
    }),
  );
  const style = (color, isFilled) =>
    filled ? { fill: isFilled ? color : "none", stroke: color, lineWidth: LINE } : { fill: color, opacity };

  let chart;
  const render = ({ dataIndexInside }, api) => {
    if (dataIndexInside || !chart) return undefined; // the first bar draws all of them
    const source = chart.getModel().getComponent("dataset", 0).get("source", true);
    const [values, sides] = [columns, [end, begin]].map((names) => names.map((name) => source[name]));
    const [first, last] = chart.getModel().getComponent("dataZoom", 0).getValueRange();
    const place = api.size([1, 0])[0];
    const width = own.width(place);
    const draw = own.draw === "candle" && width <= THIN ? "stick" : own.draw;
    // Powers of two, from the first bar of all: the same bars stay together while the chart moves.
    const ratio = api.getDevicePixelRatio();
    const size = 2 ** Math.max(0, Math.ceil(-Math.log2(place * ratio)));
    const [origin] = api.coord([first, 0]);
    const whole = (pixel) => Math.round(pixel * ratio) / ratio;
    const x = (row) => origin + (row - first) * place;
    const drawn = { rising: [], falling: [] };
    for (let from = first, to; from <= last; from = to) {
      to = Math.min((Math.floor(from / size) + 1) * size, last + 1);
      const bar = own.of(values, from, to, sides);
      if (!bar) continue;
      const middle = x((from + to - 1) / 2);
      // Columns narrower than a pixel fill whole ones: else each has the strength of the part that it covers, and
      // stripes come and go while the chart zooms.
      const isWide = filled || width * ratio > 1;
      const ends = isWide ? [middle - width / 2, middle + width / 2] : [x(from - 0.5), x(to - 0.5)].map(whole);
      drawn[bar[1] ? "falling" : "rising"].push([...ends, bar[0].map((value) => api.coord([first, value])[1])]);
    }
    const shapes = (side, color) =>
      Array.from({ length: Math.ceil(drawn[side].length / MOST) }, (_, index) => ({
        type: "bars",
        shape: { bars: drawn[side].slice(index * MOST, (index + 1) * MOST), draw },
        style: style(color, filled?.[side]),
        silent: true,
      }));
    return { type: "group", children: [...shapes("rising", rising), ...shapes("falling", falling)] };
  };
  render.own = { attach: (of) => (chart = of) };
  return render;
}
