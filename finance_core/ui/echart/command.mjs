// Hands the settings of the page's chart to it: now, or once the option is drawn that they belong to. They come apart
// from the option, so that a new period, a tool or a drawing sends no bars again.
export default ({ data }) => {
  document.querySelector(".st-key-chart_command").settings = data;
  document.querySelector(".st-key-chart .echarts-container")?.follow?.();
};
