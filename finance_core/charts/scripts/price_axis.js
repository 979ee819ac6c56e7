// An axis of prices: around what is visible with a little air, never below zero, with round numbers.
// `last` is the close whose tag stands on the axis: no label may lie under it. In the scale "percent" the numbers are
// changes since the first visible bar: `series` are {base, columns}, of which each has an axis (`own` is its position),
// and all these axes reach from the least to the largest change of all of them.
({ scale, air, decimals, last, series, own, ...axis }) => {
  const MOST_LABELS = 10, TAG = 15; // labels; pixels
  const ticks = Object.assign([], { __ec_primitive__: true }); // ECharts keeps such an array itself, and no copy of it
  const ink = getComputedStyle(document.querySelector("[data-testid=stApp]") ?? document.body).color;
  let chart, base;

  const widened = (low, high) => {
    if (!Number.isFinite(low) || !Number.isFinite(high)) return [0, 1];
    if (scale === "log" && low > 0) {
      const ratio = high > low ? (high / low) ** air : 1 + air;
      return [low / ratio, high * ratio];
    }
    const space = (high - low || Math.abs(high) * 0.1 || 1) * air;
    return [low < 0 || scale === "percent" ? low - space : Math.max(0, low - space), high + space];
  };
  const firstOf = (column, first, end) => {
    for (let bar = first; bar <= end; bar++) if (Number.isFinite(column[bar])) return column[bar];
    return NaN;
  };
  // The least and the largest change of what is visible, in parts of the first bar; `base` becomes that bar's price.
  const changes = () => {
    const model = chart.getModel();
    const source = model.getComponent("dataset", 0).get("source", true);
    const [first, end] = model.getComponent("dataZoom", 0).getValueRange();
    let [low, high] = [Infinity, -Infinity];
    series.forEach((each, position) => {
      const start = firstOf(source[each.base], first, end);
      if (position === own) base = start;
      for (const column of each.columns)
        for (let bar = first; bar <= end; bar++) {
          const change = source[column][bar] / start - 1;
          if (change < low) low = change;
          if (change > high) high = change;
        }
    });
    return [low, high];
  };
  const room = ({ min, max }) => {
    if (scale !== "percent" || !chart) return widened(min, max);
    const range = widened(...changes());
    return Number.isFinite(base) ? range.map((change) => base * (1 + change)) : [0, 1];
  };
  const round = (least) => {
    const decade = 10 ** Math.floor(Math.log10(least));
    return [1, 2, 5, 10].map((times) => times * decade).find((step) => step >= least * 0.999);
  };
  const evenOnes = (low, high) => {
    const step = round((high - low) / MOST_LABELS);
    const first = Math.ceil(low / step);
    return Array.from({ length: Math.floor(high / step) - first + 1 }, (_, index) => (first + index) * step);
  };
  // On a log axis evenly spaced numbers within a narrow view, and some of each decade in a wide one.
  const roundOnes = (low, high) => {
    if (scale === "percent") return evenOnes(low / base - 1, high / base - 1).map((change) => base * (1 + change));
    if (high / low < 4) return evenOnes(low, high);
    const times = high / low < 40 ? [1, 1.5, 2, 3, 5, 7] : [1, 2, 5];
    return Array.from({ length: 16 }, (_, index) => 10 ** (index - 4)).flatMap((decade) => times.map((each) => each * decade));
  };
  const percent = (value, digits) => {
    const change = (value / base - 1) * 100;
    return `${change > 1e-9 ? "+" : ""}${change.toLocaleString("en-US", { ...digits, signDisplay: "negative" })}%`;
  };
  const pixels = (value) => chart.convertToPixel({ yAxisIndex: 0 }, value); // only the first axis has a tag
  const label = (value) => {
    if (scale === "percent") return percent(value, { maximumFractionDigits: 2 });
    const isUnderTag = chart && last && Math.abs(pixels(value) - pixels(last)) < TAG;
    return isUnderTag ? "" : value.toLocaleString("en-US", { maximumFractionDigits: 6 });
  };
  const pointed = ({ value }) => {
    const digits = scale === "percent" ? 2 : decimals;
    const options = { minimumFractionDigits: digits, maximumFractionDigits: digits };
    return scale === "percent" ? percent(value, options) : value.toLocaleString("en-US", options);
  };
  const hasOwnTicks = scale !== "linear";
  const custom = hasOwnTicks ? { customValues: ticks } : { showMinLabel: false, showMaxLabel: false };
  return {
    ...axis,
    type: scale === "log" ? "log" : "value",
    scale: true,
    min: (extent) => {
      const [low, high] = room(extent);
      if (hasOwnTicks) ticks.splice(0, ticks.length, ...(scale === "log" || base > 0 ? roundOnes(low, high) : []));
      return low;
    },
    max: (extent) => room(extent)[1],
    axisLabel: { ...custom, hideOverlap: true, formatter: label, color: ink },
    axisTick: hasOwnTicks ? custom : {},
    axisPointer: { ...axis.axisPointer, label: { formatter: pointed } },
    splitLine: { showMinLine: false, showMaxLine: false, lineStyle: { color: ink, opacity: 0.1 } },
    own: { attach: (of) => (chart = of) },
  };
}
