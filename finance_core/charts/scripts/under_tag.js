// Hides each label of the first axis of a Plotly `chart` that would lie under the annotation of this `name`, half or whole.
(chart, name) => {
  const hide = () => {
    const index = chart.layout.annotations?.findIndex((annotation) => annotation.name === name);
    const tag = chart.querySelector(`.annotation[data-index="${index}"] rect`)?.getBoundingClientRect();
    for (const label of chart.querySelectorAll(".ytick text")) {
      const { top, bottom } = label.getBoundingClientRect();
      label.style.visibility = tag && top < tag.bottom && bottom > tag.top ? "hidden" : "";
    }
  };
  chart.on("plotly_afterplot", hide);
  chart.on("plotly_relayouting", hide);
  hide();
}
