// Tells the page on which day a chart of days was clicked, in whichever pane; nothing for a click beside the panes.
({ offsetX, offsetY }) => {
  const place = [offsetX, offsetY];
  const panes = chart.getModel().queryComponents({ mainType: "grid" });
  const gridIndex = panes.findIndex((_, index) => chart.containPixel({ gridIndex: index }, place));
  if (gridIndex < 0) return undefined;
  const [position] = chart.convertFromPixel({ gridIndex }, place);
  const [days] = Object.values(chart.getModel().getComponent("dataset", 0).get("source", true));
  return days[position] && { day: days[position] };
}
