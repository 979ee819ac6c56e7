// Thins out what is drawn to what the screen can show. With more bars than pixels, the bars of one pixel become one: a
// candle from the first open to the last close with their high and low, the two extremes of a line, the largest column.
// The picture stays as it was, but ten thousand bars zoom as fast as a hundred. Nothing else sees it: the dataset, the
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
  // Where the bars of each pixel begin and end. They are counted from the first bar of all: the same bars stay together
  // while the chart moves.
  const groups = (data, size) => {
    const place = column(data, data.mapDimension("x")).map((position) => Math.floor(position / size));
    const starts = [...place.keys()].filter((row) => place[row] !== place[row - 1]);
    return starts.map((start, index) => [start, starts[index + 1] ?? place.length]);
  };
  const only = (data, rows) => {
    const kept = new Uint8Array(data.count());
    for (const row of rows) kept[row] = 1;
    const copy = data.cloneShallow();
    copy.filterSelf([], (row) => kept[row]);
    return copy;
  };
  // The row of the least value, or of the largest with a sign of -1; the first one if there are none but NaN.
  const least = (values, [begin, end], sign = 1) => {
    let found = begin;
    for (let row = begin + 1; row < end; row++)
      if (sign * values[row] < sign * values[found] || Number.isNaN(values[found])) found = row;
    return found;
  };

  const extremes = (data, size) => {
    const values = column(data, data.getCalculationInfo("stackResultDimension") ?? data.mapDimension("y"));
    return only(data, groups(data, size).flatMap((group) => [least(values, group), least(values, group, -1)]));
  };
  const largest = (data, size) => {
    const heights = column(data, data.mapDimension("y")).map(Math.abs);
    return only(data, groups(data, size).map((group) => least(heights, group, -1)));
  };
  const merged = (data, size) => {
    const names = data.mapDimensionsAll("y"); // the open, the high, the low and the close
    const [open, high, low, close] = names.map((name) => column(data, name));
    const candles = new Map();
    for (const [begin, end] of groups(data, size)) {
      let [first, last] = [begin, end - 1];
      while (first < last && Number.isNaN(close[first])) first++;
      while (first < last && Number.isNaN(close[last])) last--;
      const [top, bottom] = [least(high, [begin, end], -1), least(low, [begin, end])];
      candles.set(first, [open[first], high[top], low[bottom], close[last]]);
    }
    const rows = [...candles.keys()];
    return only(data, rows).map(names, (...values) => candles.get(rows[values.at(-1)]));
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
