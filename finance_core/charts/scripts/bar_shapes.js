// Draws the bars of a series as few shapes: candles, bars of open, high, low and close, or columns on the zero line. A
// series of ECharts has an element for each bar, which takes half of every frame while two years are zoomed; from 600
// bars on its candles have no bodies. A bar falls if its value `end` is below its value `begin`, or below zero without.
({ kind, columns, begin, end, rising, falling, opacity }) => {
  const MOST = 100; // bars of a shape: a browser that draws without a graphics card is slow with more rectangles
  const LINE = 1.5; // pixels
  const crisp = (pixel) => Math.round(pixel - 0.5) + 0.5;
  const line = (path, x, from, to) => {
    path.moveTo(crisp(x), from);
    path.lineTo(crisp(x), to);
  };
  // Each draws one bar: its middle and the heights of its `columns`, in pixels.
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
    column: (path, [x, height, zero], half) => path.rect(x - half, height, 2 * half, zero - height),
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

  return ({ dataIndexInside, dataInsideLength, encode }, api) => {
    if (dataIndexInside) return undefined; // the first bar draws all of them
    const width = own.width(api.size([1, 0])[0]);
    const draw = own.draw === "candle" && width < LINE ? "stick" : own.draw;
    const sides = { rising: [], falling: [] };
    for (let row = 0; row < dataInsideLength; row++) {
      const values = columns.map((column) => api.value(column, row));
      if (values.some(Number.isNaN)) continue; // a day to come
      const heights = filled ? values : [...values, 0];
      const places = heights.map((height) => api.coord([api.value(encode.x[0], row), height]));
      const isFalling = api.value(end, row) < (begin ? api.value(begin, row) : 0);
      sides[isFalling ? "falling" : "rising"].push([places[0][0], ...places.map(([, y]) => y)]);
    }
    const shapes = (side, color) =>
      Array.from({ length: Math.ceil(sides[side].length / MOST) }, (_, index) => ({
        type: "bars",
        shape: { bars: sides[side].slice(index * MOST, (index + 1) * MOST), draw, half: width / 2 },
        style: style(color, filled?.[side]),
        silent: true,
      }));
    return { type: "group", children: [...shapes("rising", rising), ...shapes("falling", falling)] };
  };
}
