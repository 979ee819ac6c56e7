// Downloads the visible part of the chart as a picture of another size, with a title and without the slider.
// The size is in pixels; 0 means the size of the chart. The picture is drawn with `ratio` times as many pixels.
(chart, echarts, items, { file, width, height, ratio, dark, title, about }, attach) => {
  const HEAD = 92, HEAD_APART = 66, FOOT = 36, LEFT = 12; // pixels
  const [ink, paper] = dark ? ["#fafafa", "#0e1117"] : ["#31333f", "#ffffff"];
  const pale = { lineStyle: { color: ink, opacity: 0.15 } };
  const model = chart.getModel();
  const [startValue, endValue] = model.getComponent("dataZoom", 0).getValueRange();
  const size = { width: width || chart.getWidth(), height: height || chart.getHeight() };

  const isApart = Boolean(model.getComponent("title", 0)); // one small chart per line, each below its name
  if (isApart) chart.resize({ ...size, silent: true }); // small charts stand in as many columns as the picture has room for
  const option = chart.getOption();
  if (isApart) chart.resize({ silent: true });
  const inside = option.dataZoom.filter(({ type }) => type === "inside");
  option.dataZoom = inside.map((zoom) => ({ ...zoom, startValue, endValue, start: undefined, end: undefined }));
  option.backgroundColor = paper;
  for (const names of option.legend ?? []) names.show = false; // the names are written below the title
  option.tooltip = [];
  option.axisPointer = [];
  if (isApart) {
    const percent = (length) => parseFloat(length);
    const lowest = Math.max(...option.grid.map(({ top, height }) => percent(top) + percent(height)));
    const scale = (size.height - HEAD_APART - FOOT) / lowest; // the small charts take the space of the slider
    for (const each of [...option.grid, ...option.title]) each.top = HEAD_APART + percent(each.top) * scale;
    for (const grid of option.grid) grid.height = percent(grid.height) * scale;
  } else {
    // The panes with the shares they have on the page.
    const areas = option.grid.map((_, pane) => model.getComponent("grid", pane).coordinateSystem.getRect());
    const [{ y: begin }, last] = [areas[0], areas.at(-1)];
    const scale = (size.height - HEAD - FOOT) / (last.y + last.height - begin);
    for (const [pane, { y, height }] of areas.entries())
      Object.assign(option.grid[pane], { top: HEAD + (y - begin) * scale, height: height * scale, bottom: "auto" });
  }
  for (const axis of [...option.xAxis, ...option.yAxis]) {
    if (option.yAxis.includes(axis) && axis.axisLine.show === true) continue; // this axis has the colour of its line
    axis.axisLabel.color = ink;
    Object.assign(axis.axisLine, pale);
    Object.assign(axis.axisTick, pale);
    axis.splitLine = { ...axis.splitLine, ...pale };
  }

  // ECharts reads {, | and } in titles as rich text: names from the database must not contain them.
  const plain = (text) => text.replace(/[{}|]/g, " ");
  const legend = (pane) => {
    const isShown = ({ line }) => model.getComponent("legend", 0)?.option.selected[line] !== false;
    const named = items.filter((item) => item.pane === pane && item.title && (item.color || pane > 0) && isShown(item));
    const rich = Object.fromEntries(named.map((item, index) => [`c${index}`, { color: item.color || ink, fontSize: 12 }]));
    const text = named.map((item, index) => `{c${index}|${plain(item.title)}}`).join("   ");
    return { text, left: LEFT, padding: 0, textStyle: { rich, fontSize: 12 } };
  };
  const root = document.createElement("div");
  const drawn = echarts.init(root, null, { renderer: "canvas", devicePixelRatio: ratio, ...size });
  drawn.setOption(option);
  attach(chart, drawn);
  const top = (pane) => drawn.getModel().getComponent("grid", pane).coordinateSystem.getRect().y;
  const names = isApart ? option.title : option.grid.map((_, pane) => ({ ...legend(pane), top: pane === 0 ? 66 : top(pane) + 2 }));
  drawn.setOption({
    title: [
      ...names,
      { text: plain(title), left: LEFT, top: 12, padding: 0, textStyle: { color: ink, fontSize: 20 } },
      { text: plain(about), left: LEFT, top: 42, padding: 0, textStyle: { color: ink, fontSize: 12, fontWeight: "normal" } },
    ],
  });
  const link = document.createElement("a");
  link.href = drawn.getDataURL({ type: "png", pixelRatio: ratio, backgroundColor: paper });
  link.download = file;
  link.click();
  drawn.dispose();
  attach(chart, chart); // back to the page's chart: both share the functions
}
