// A line at the last close, with a tag that says it as the axis does: a price, or the change since the base of the axis.
({ label, ...line }) => {
  let chart;
  const formatter = ({ value }) => chart?.getModel().getComponent("yAxis", 0).option.own.text(value) ?? "";
  return { ...line, label: { ...label, formatter }, own: { attach: (of) => (chart = of) } };
}
