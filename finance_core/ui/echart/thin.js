// Thins out lines to what the screen can show: with more bars than pixels, the two extremes of each pixel remain,
// and lines are finer. So ten thousand bars zoom as fast as a thousand. The dataset, the readout and the axes keep
// every bar; a chart with ECharts' own box of numbers, which reads what is drawn, keeps its lines. ECharts' `sampling`
// loses the values of a pixel that begins with NaN. Of a series that draws its bars itself (see
// `charts/scripts/bar_shapes.js`) one row remains.
({ registerCoordinateSystem }) => {
  const known = new WeakMap(); // the thinning of the data of a series

  const column = (data, name) => {
    const [store, dimension] = [data.getStore(), data.getDimensionIndex(name)];
    const values = new Float64Array(data.count());
    for (let row = 0; row < values.length; row++) values[row] = store.get(dimension, row);
    return values;
  };
  // For the data of a series, a function that tells which rows remain of the visible ones.
  const thinning = (data) => {
    const positions = column(data, data.mapDimension("x"));
    const values = column(data, data.getCalculationInfo("stackResultDimension") ?? data.mapDimension("y"));
    // The row of the least value, or with a sign of -1 of the largest; any row where all are NaN.
    const least = (begin, end, sign) => {
      let found = begin;
      for (let row = begin + 1; row < end; row++)
        if (sign * values[row] < sign * values[found] || Number.isNaN(values[found])) found = row;
      return found;
    };
    // Which rows remain of some. Bars are counted from the first of all: the same ones stay together while the chart
    // moves.
    const thinned = (size, from, to) => {
      const kept = new Uint8Array(to - from);
      const pixel = (row) => Math.floor(positions[row] / size);
      for (let begin = from, row = from + 1; row <= to; row++)
        if (row === to || pixel(row) !== pixel(begin)) {
          kept[least(begin, row, 1) - from] = kept[least(begin, row, -1) - from] = 1;
          begin = row;
        }
      return kept;
    };
    const wholes = new Map();
    const whole = (size) => {
      if (!wholes.has(size)) wholes.set(size, thinned(size, 0, positions.length));
      return wholes.get(size);
    };
    // Of the first and the last pixel some bars may be out of sight: what is in sight of them is thinned out anew.
    return (size, [from, to], [first, last]) => {
      let [begin, end] = [from, to];
      while (begin < to && positions[begin] < Math.ceil(first / size) * size) begin++;
      while (end > begin && positions[end - 1] >= Math.floor((last + 1) / size) * size) end--;
      const kept = whole(size).slice(from, to);
      kept.set(thinned(size, from, begin));
      kept.set(thinned(size, end, to), end - from);
      return kept;
    };
  };

  // A line among so many bars is a pixel wide: it shows more, and a browser without a graphics card draws it in half of
  // the time.
  const slim = (series, isCrowded) => {
    const line = series.option.lineStyle;
    if (!line) return;
    line.usualWidth ??= line.width; // kept in the option, of which a picture gets a copy
    line.width = isCrowded ? 1 : line.usualWidth;
  };

  const thin = (series, ratio) => {
    const axis = series.coordinateSystem?.getBaseAxis?.();
    const data = series.getData();
    if (axis?.type !== "category" || !data.count()) return;
    if (series.get("renderItem")?.own) data.filterSelf([], (index) => index === 0);
    if (!["line", "scatter"].includes(series.subType)) return;
    const [left, right] = axis.getExtent();
    const pixels = Math.abs(right - left) * ratio;
    slim(series, pixels > 0 && data.count() > pixels);
    if (!pixels || data.count() <= pixels) return;
    const size = 2 ** Math.ceil(Math.log2(axis.scale.count() / pixels));
    const raw = series.getRawData();
    if (!known.has(raw)) known.set(raw, thinning(raw));
    const visible = [data.getRawIndex(0), data.getRawIndex(data.count() - 1) + 1]; // visible rows follow each other
    const kept = known.get(raw)(size, visible, axis.scale.getExtent());
    data.filterSelf([], (index) => kept[index]);
  };
  // For each shape, ECharts keeps a copy of its path, in which it looks for the pointer at each move. Nobody looks for one
  // of a silent series.
  const free = (shape) => {
    if (!shape.silent) Object.assign(shape, { silent: true, contain: () => false, path: null });
  };
  // ECharts computes a pixel by one multiplication where both axes are numbers, and by eight calls where one has
  // categories, as days are.
  const straighten = (coordinates) => {
    const scales = ["x", "y"].map((name) => coordinates.getAxis(name).scale);
    if (scales.map(({ type }) => type).join() !== "ordinal,interval" || coordinates._transform) return;
    const [[left, right], [low, high]] = scales.map((scale) => scale.getExtent());
    if (left === right || low === high) return;
    const [from, to] = [coordinates.dataToPoint([left, low]), coordinates.dataToPoint([right, high])];
    const [across, up] = [(to[0] - from[0]) / (right - left), (to[1] - from[1]) / (high - low)];
    coordinates._transform = [across, 0, 0, up, from[0] - left * across, from[1] - low * up];
  };
  // ECharts has no step of our own between zooming and drawing, but coordinate systems are updated there.
  const update = (model, api) => {
    model.eachSeries(({ coordinateSystem }) => coordinateSystem?.type === "cartesian2d" && straighten(coordinateSystem));
    if (model.getComponent("tooltip", 0)?.get("showContent")) return;
    model.eachSeries((series) => thin(series, api.getDevicePixelRatio()));
    model.eachSeries((series) => series.get("silent") && api.getViewOfSeriesModel(series)?.group.traverse(free));
  };
  registerCoordinateSystem("thin", { create: () => [{ update }] });
}
