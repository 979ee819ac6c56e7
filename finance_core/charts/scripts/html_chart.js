// What the Plotly `chart` of an HTML file does beside drawing. It grows by the lines of names that stand above the first
// pane, so that these leave room for prices in a narrow window too. And it hides each label of an axis that would lie
// under the annotation called `tag`, half or whole.
(chart, tag) => {
  const height = chart.clientHeight; // without the names
  const grow = () => {
    const names = chart.querySelector(".legend")?.getBoundingClientRect().height ?? 0;
    const grown = `${Math.round(height + names)}px`;
    if (chart.style.height === grown) return;
    chart.style.height = grown;
    Plotly.Plots.resize(chart);
  };
  const hide = () => {
    const index = chart.layout.annotations?.findIndex(({ name }) => name === tag);
    const box = chart.querySelector(`.annotation[data-index="${index}"] rect`)?.getBoundingClientRect();
    for (const label of chart.querySelectorAll(".ytick text")) {
      const { top, bottom } = label.getBoundingClientRect();
      label.style.visibility = box && top < box.bottom && bottom > box.top ? "hidden" : "";
    }
  };
  const finish = () => {
    grow();
    hide();
  };
  chart.on("plotly_afterplot", finish);
  chart.on("plotly_relayouting", hide);
  finish();
}
