// Returns the day that was clicked, in any pane of a chart of days; undefined for a click outside the panes.
({ offsetX, offsetY }) => {
  const place = [offsetX, offsetY];
  const panes = chart.getModel().queryComponents({ mainType: "grid" });
  const gridIndex = panes.findIndex((_, index) => chart.containPixel({ gridIndex: index }, place));
  if (gridIndex < 0) return undefined;
  const [position] = chart.convertFromPixel({ gridIndex }, place);
  const [days] = Object.values(chart.getModel().getComponent("dataset", 0).get("source", true));
  return days[position] && { day: days[position] };
}
