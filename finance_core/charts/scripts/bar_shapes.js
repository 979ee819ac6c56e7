// Draws the bars of a series as few shapes: candles, bars of open, high, low and close, or columns on the zero line. A
// series of ECharts has an element for each bar, which takes half of every frame while two years are zoomed; from 600
// bars on its candles have no bodies. A bar falls if its value `end` is below its value `begin`, or below zero without.
({ kind, columns, begin, end, rising, falling, opacity }) => {
  const MOST = 100; // bars of a shape: a browser that draws without a graphics card is slow with more rectangles
  const LINE = 1.5, WIDE = 3; // pixels
  const crisp = (pixel) => Math.round(pixel - 0.5) + 0.5;
  const line = (path, x, from, to) => {
    path.moveTo(crisp(x), from);
    path.lineTo(crisp(x), to);
  };
  // Each draws one bar: its middle, or the ends of a column, and the heights of its `columns`, in pixels.
  const DRAW = {
    stick: (path, [x, _open, high, low]) => line(path, x, Math.min(high, low - 1), low), // a flat one is seen too
    bar: (path, [x, open, high, low, close], half) => {
      line(path, x, high, low);
      path.moveTo(x - half, open);
      path.lineTo(crisp(x), open);
      path.moveTo(crisp(x), close);
      path.lineTo(x + half, close);
    },
    candle: (path, [x, open, high, low, close], half) => {
      const [top, bottom] = [Math.min(open, close), Math.max(open, close)];
      line(path, x, high, top);
      line(path, x, bottom, low);
      const left = crisp(x - half);
      path.rect(left, top, crisp(x + half) - left, bottom - top);
    },
    column: (path, [left, right, height, zero]) => path.rect(left, height, right - left, zero - height),
  };
  // How a kind draws a bar, the width in a place of so many pixels, and whether rising and falling bars are filled.
  const body = (place) => Math.max(1, place / 2);
  const KINDS = {
    candles: { draw: "candle", width: body, filled: { rising: true, falling: true } },
    hollow: { draw: "candle", width: body, filled: { rising: false, falling: true } },
    bars: { draw: "bar", width: (place) => Math.max(2, Math.min(place * 0.7, 16)), filled: {} },
    columns: { draw: "column", width: (place) => Math.max(1, place * 0.8) },
  };
  const { filled, ...own } = KINDS[kind];
  echarts.graphic.registerShape(
    "bars",
    echarts.graphic.extendShape({
      shape: { bars: [], draw: "column", half: 1 },
      buildPath: (path, shape) => shape.bars.forEach((bar) => DRAW[shape.draw](path, bar, shape.half)),
    }),
  );
  const style = (color, isFilled) =>
    filled ? { fill: isFilled ? color : "none", stroke: color, lineWidth: LINE } : { fill: color, opacity };

  // The ends of columns at the places `x`. Those that are narrower than a pixel fill whole ones, up to the next column if
  // it is near: else each has the strength of the part that it covers, and stripes come and go while the chart zooms.
  const endsOf = (places, width) => {
    if (width > 1) return places.map((x) => [x - width / 2, x + width / 2]);
    let taken = -Infinity;
    return places.map((x, at) => {
      const [before, after] = [places[at - 1] ?? -Infinity, places[at + 1] ?? Infinity];
      const left = Math.max(taken, Math.round(Math.max((before + x) / 2, x - WIDE)));
      taken = Math.max(left + 1, Math.round(Math.min((x + after) / 2, x + WIDE)));
      return [left, taken];
    });
  };

  return ({ dataIndexInside, dataInsideLength, encode }, api) => {
    if (dataIndexInside) return undefined; // the first bar draws all of them
    const width = own.width(api.size([1, 0])[0]);
    const draw = own.draw === "candle" && width < LINE ? "stick" : own.draw;
    const drawn = { rising: [], falling: [] };
    const bars = [];
    for (let row = 0; row < dataInsideLength; row++) {
      const values = columns.map((column) => api.value(column, row));
      if (values.some(Number.isNaN)) continue; // a day to come
      const heights = filled ? values : [...values, 0];
      const places = heights.map((height) => api.coord([api.value(encode.x[0], row), height]));
      const isFalling = api.value(end, row) < (begin ? api.value(begin, row) : 0);
      bars.push([places[0][0], places.map(([, y]) => y), isFalling ? "falling" : "rising"]);
    }
    const middles = bars.map(([x]) => x);
    const across = filled ? middles.map((x) => [x]) : endsOf(middles, width);
    bars.forEach(([, heights, side], at) => drawn[side].push([...across[at], ...heights]));
    const shapes = (side, color) =>
      Array.from({ length: Math.ceil(drawn[side].length / MOST) }, (_, index) => ({
        type: "bars",
        shape: { bars: drawn[side].slice(index * MOST, (index + 1) * MOST), draw, half: width / 2 },
        style: style(color, filled?.[side]),
        silent: true,
      }));
    return { type: "group", children: [...shapes("rising", rising), ...shapes("falling", falling)] };
  };
}
