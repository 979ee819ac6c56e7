// Thins out what is drawn to what the screen can show. With more bars than pixels, the bars of one pixel become one: a
// candle from the first open to the last close with their high and low, the two extremes of a line, the largest column.
// The picture stays as it was, but ten thousand bars zoom as fast as a thousand. Nothing else sees it: the dataset, the
// readout and the axes keep every bar. ECharts' own `sampling` knows no candles, and loses the values of a pixel that
// begins with NaN.
({ registerCoordinateSystem }) => {
  const thinned = new WeakMap(); // by the data of a series: by the number of bars that become one

  const column = (data, name) => {
    const [store, dimension] = [data.getStore(), data.getDimensionIndex(name)];
    const values = new Float64Array(data.count());
    for (let row = 0; row < values.length; row++) values[row] = store.get(dimension, row);
    return values;
  };
  // Calls `visit` with the first row of each pixel and the one after its last. Bars are counted from the first of all:
  // the same ones stay together while the chart moves.
  const eachPixel = (data, size, visit) => {
    const positions = column(data, data.mapDimension("x"));
    const pixel = (row) => Math.floor(positions[row] / size);
    for (let begin = 0, row = 1; row <= positions.length; row++)
      if (row === positions.length || pixel(row) !== pixel(begin)) {
        visit(begin, row);
        begin = row;
      }
  };
  // The row of the least value, or with a sign of -1 of the largest; the first row where all are NaN.
  const least = (values, begin, end, sign = 1) => {
    let found = begin;
    for (let row = begin + 1; row < end; row++)
      if (sign * values[row] < sign * values[found] || Number.isNaN(values[found])) found = row;
    return found;
  };
  // The data of those rows alone that `choose` marks in an array of all.
  const only = (data, choose) => {
    const kept = new Uint8Array(data.count());
    choose(kept);
    const copy = data.cloneShallow();
    copy.filterSelf([], (row) => kept[row]);
    return copy;
  };

  const extremes = (data, size) => {
    const values = column(data, data.getCalculationInfo("stackResultDimension") ?? data.mapDimension("y"));
    return only(data, (kept) =>
      eachPixel(data, size, (begin, end) => {
        kept[least(values, begin, end)] = kept[least(values, begin, end, -1)] = 1;
      }),
    );
  };
  const largest = (data, size) => {
    const heights = column(data, data.mapDimension("y")).map(Math.abs);
    return only(data, (kept) =>
      eachPixel(data, size, (begin, end) => {
        kept[least(heights, begin, end, -1)] = 1;
      }),
    );
  };
  const merged = (data, size) => {
    const names = data.mapDimensionsAll("y"); // the open, the high, the low and the close
    const [open, high, low, close] = names.map((name) => column(data, name));
    const candles = [];
    const first = only(data, (kept) =>
      eachPixel(data, size, (begin, end) => {
        let [opened, closed] = [begin, end - 1];
        while (opened < closed && Number.isNaN(close[opened])) opened++;
        while (opened < closed && Number.isNaN(close[closed])) closed--;
        const [top, bottom] = [least(high, begin, end, -1), least(low, begin, end)];
        candles.push([open[opened], high[top], low[bottom], close[closed]]);
        kept[opened] = 1;
      }),
    );
    return first.map(names, (...values) => candles[values.at(-1)]); // the last value is the row
  };
  const custom = (data, size) => (data.mapDimensionsAll("y").length > 1 ? merged : largest)(data, size);
  const KINDS = { custom, line: extremes, scatter: extremes, bar: largest };

  const thin = (series, ratio) => {
    const axis = series.coordinateSystem?.getBaseAxis?.();
    if (axis?.type !== "category" || !KINDS[series.subType]) return;
    const [from, to] = axis.getExtent();
    const pixels = Math.abs(to - from) * ratio;
    if (!pixels || series.getData().count() <= pixels) return;
    const size = 2 ** Math.ceil(Math.log2(axis.scale.count() / pixels));
    const raw = series.getRawData();
    const levels = thinned.get(raw) ?? thinned.set(raw, new Map()).get(raw);
    if (!levels.has(size)) levels.set(size, KINDS[series.subType](raw, size));
    const data = levels.get(size).cloneShallow();
    data.selectRange({ [data.mapDimension("x")]: axis.scale.getExtent() });
    series.setData(data);
  };
  // ECharts has no step of our own between zooming and drawing, but coordinate systems are updated there.
  const update = (model, api) => model.eachSeries((series) => thin(series, api.getDevicePixelRatio()));
  registerCoordinateSystem("thin", { create: () => [{ update }] });
}
