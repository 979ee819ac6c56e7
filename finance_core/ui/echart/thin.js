// Thins out what is drawn to what the screen can show. With more bars than pixels, the bars of one pixel become one: a
// candle from the first open to the last close with their high and low, the two extremes of a line, the largest column.
// The picture stays as it was, but ten thousand bars zoom as fast as a thousand. Nothing else sees it: the dataset, the
// readout and the axes keep every bar. ECharts' own `sampling` knows no candles, and loses the values of a pixel that
// begins with NaN.
({ registerCoordinateSystem }) => {
  const known = new WeakMap(); // what was computed of the data of a series

  const column = (data, name) => {
    const [store, dimension] = [data.getStore(), data.getDimensionIndex(name)];
    const values = new Float64Array(data.count());
    for (let row = 0; row < values.length; row++) values[row] = store.get(dimension, row);
    return values;
  };
  // The row of the least value, or with a sign of -1 of the largest; the first row where all are NaN.
  const least = (values, begin, end, sign = 1) => {
    let found = begin;
    for (let row = begin + 1; row < end; row++)
      if (sign * values[row] < sign * values[found] || Number.isNaN(values[found])) found = row;
    return found;
  };

  // Each returns which rows of a pixel remain, a candle with other values than its row has.
  const extremes = (data) => {
    const values = column(data, data.getCalculationInfo("stackResultDimension") ?? data.mapDimension("y"));
    return (begin, end) => [[least(values, begin, end)], [least(values, begin, end, -1)]];
  };
  const largest = (data) => {
    const heights = column(data, data.mapDimension("y")).map(Math.abs);
    return (begin, end) => [[least(heights, begin, end, -1)]];
  };
  const merged = (data) => {
    const [open, high, low, close] = data.mapDimensionsAll("y").map((name) => column(data, name));
    return (begin, end) => {
      let [first, last] = [begin, end - 1];
      while (first < last && Number.isNaN(close[first])) first++;
      while (first < last && Number.isNaN(close[last])) last--;
      const [top, bottom] = [least(high, begin, end, -1), least(low, begin, end)];
      return [[first, [open[first], high[top], low[bottom], close[last]]]];
    };
  };
  const hasPrices = (data) => data.mapDimensionsAll("y").length > 1;
  const custom = (data) => (hasPrices(data) ? merged : largest)(data);
  const KINDS = { custom, line: extremes, scatter: extremes, bar: largest };

  const analysed = (data, kind) => {
    const [positions, remaining] = [column(data, data.mapDimension("x")), KINDS[kind](data)];
    // Thins out some rows. Bars are counted from the first of all: the same ones stay together while the chart moves.
    const thinned = (size, from, to) => {
      const [kept, candles] = [new Uint8Array(to - from), new Map()];
      const pixel = (row) => Math.floor(positions[row] / size);
      for (let begin = from, row = from + 1; row <= to; row++)
        if (row === to || pixel(row) !== pixel(begin)) {
          for (const [each, values] of remaining(begin, row)) {
            kept[each - from] = 1;
            candles.set(each, values);
          }
          begin = row;
        }
      return { kept, candles };
    };
    const wholes = new Map();
    const whole = (size) => {
      if (!wholes.has(size)) wholes.set(size, thinned(size, 0, positions.length));
      return wholes.get(size);
    };
    return { positions, thinned, whole };
  };

  const thin = (series, ratio) => {
    const axis = series.coordinateSystem?.getBaseAxis?.();
    if (axis?.type !== "category" || !KINDS[series.subType]) return;
    const [left, right] = axis.getExtent();
    const pixels = Math.abs(right - left) * ratio;
    const data = series.getData();
    if (!pixels || data.count() <= pixels) return;
    const size = 2 ** Math.ceil(Math.log2(axis.scale.count() / pixels));
    const raw = series.getRawData();
    if (!known.has(raw)) known.set(raw, analysed(raw, series.subType));
    const { positions, thinned, whole } = known.get(raw);
    // Of the first and the last pixel some bars may be out of sight: what is in sight of them is thinned out anew.
    const [from, to] = [data.getRawIndex(0), data.getRawIndex(data.count() - 1) + 1]; // visible rows follow each other
    const [first, last] = axis.scale.getExtent();
    let [begin, end] = [from, to];
    while (begin < to && positions[begin] < Math.ceil(first / size) * size) begin++;
    while (end > begin && positions[end - 1] >= Math.floor((last + 1) / size) * size) end--;
    const [start, middle, rest] = [thinned(size, from, begin), whole(size), thinned(size, end, to)];
    const kept = middle.kept.slice(from, to);
    kept.set(start.kept);
    kept.set(rest.kept, end - from);
    data.filterSelf([], (index) => kept[index]);
    if (series.subType !== "custom" || !hasPrices(data)) return;
    const candle = (row) => (row < begin ? start : row < end ? middle : rest).candles.get(row);
    series.setData(data.map(data.mapDimensionsAll("y"), (...values) => candle(data.getRawIndex(values.at(-1)))));
  };
  // ECharts has no step of our own between zooming and drawing, but coordinate systems are updated there.
  const update = (model, api) => model.eachSeries((series) => thin(series, api.getDevicePixelRatio()));
  registerCoordinateSystem("thin", { create: () => [{ update }] });
}
