// Draws the bars of a series as few shapes: candles, bars of open, high, low and close, or columns on the zero line. A
// series of ECharts has an element for each bar, which takes half of every frame while two years are zoomed; from 600
// bars on its candles have no bodies. A bar rises if its `end` is not below its `begin`, or else zero.
({ kind, columns, begin, end, rising, falling, opacity }) => {
  const MOST = 100; // bars of a shape: a browser that draws without a graphics card is slow with more rectangles
  const THIN = 1.3; // pixels of a body that is no wider than its wick
  const crisp = (pixel) => Math.round(pixel - 0.5) + 0.5;
  // Each draws one bar: its middle and the heights of its `columns`, in pixels.
  const DRAW = {
    stick: (path, [x, _open, high, low]) => {
      path.moveTo(crisp(x), high);
      path.lineTo(crisp(x), low);
    },
    bar: (path, bar, half) => {
      const [x, open, , , close] = bar;
      path.moveTo(x - half, open);
      path.lineTo(crisp(x), open);
      DRAW.stick(path, bar);
      path.moveTo(crisp(x), close);
      path.lineTo(x + half, close);
    },
    candle: (path, [x, open, high, low, close], half) => {
      const [top, bottom] = [Math.min(open, close), Math.max(open, close)];
      DRAW.stick(path, [x, 0, high, top]);
      DRAW.stick(path, [x, 0, bottom, low]);
      const left = crisp(x - half);
      path.rect(left, top, crisp(x + half) - left, bottom - top);
    },
    column: (path, [x, height, zero], half) => path.rect(x - half, Math.min(height, zero), 2 * half, Math.abs(zero - height)),
  };
  // How a kind draws a bar, how wide in a place of so many pixels, and whether rising and falling ones are filled.
  const half = (place) => Math.max(1, place / 2) / 2;
  const KINDS = {
    candles: { draw: "candle", half, filled: [true, true], line: 1.5 },
    hollow: { draw: "candle", half, filled: [false, true], line: 1.5 },
    bars: { draw: "bar", half: (place) => Math.max(1, Math.min(place * 0.35, 8)), filled: [false, false], line: 1.5 },
    columns: { draw: "column", half: (place) => Math.max(1, place * 0.8) / 2, filled: [true, true], line: 0 },
  };
  echarts.graphic.registerShape(
    "bars",
    echarts.graphic.extendShape({
      shape: { bars: [], draw: "column", half: 1 },
      buildPath: (path, shape) => shape.bars.forEach((bar) => DRAW[shape.draw](path, bar, shape.half)),
    }),
  );

  return ({ dataIndexInside, dataInsideLength, encode }, api) => {
    if (dataIndexInside) return undefined; // the first bar draws all of them
    const own = KINDS[kind];
    const wide = own.half(api.size([1, 0])[0]);
    const draw = own.draw === "candle" && 2 * wide <= THIN ? "stick" : own.draw;
    const drawn = [[], []];
    for (let row = 0; row < dataInsideLength; row++) {
      const values = columns.map((column) => api.value(column, row));
      if (values.some(Number.isNaN)) continue;
      if (kind === "columns") values.push(0);
      const pixels = values.map((value) => api.coord([api.value(encode.x[0], row), value]));
      const isFalling = api.value(end, row) < (begin ? api.value(begin, row) : 0);
      drawn[Number(isFalling)].push([pixels[0][0], ...pixels.map(([, height]) => height)]);
    }
    const children = [rising, falling].flatMap((color, side) => {
      const style = { fill: own.filled[side] ? color : "none", stroke: own.line ? color : "none", lineWidth: own.line, opacity };
      const shapes = Array.from({ length: Math.ceil(drawn[side].length / MOST) }, (_, index) =>
        drawn[side].slice(index * MOST, (index + 1) * MOST),
      );
      return shapes.map((bars) => ({ type: "bars", shape: { bars, draw, half: wide }, style, silent: true }));
    });
    return { type: "group", children };
  };
}
