// Prints a page as it stands on the screen, made so small that the window fits on a sheet (see `look.css`). A chart keeps
// its size: on paper, what it draws anew would come too late.
const [WIDTH, HEIGHT] = [960, 700]; // pixels within the margins of both A4 and Letter on their sides
addEventListener("beforeprint", () => {
  const { style } = document.documentElement;
  const [main, chart] = ["[data-testid=stMain]", ".st-key-chart"].map((selector) => document.querySelector(selector));
  const below = chart ? main.scrollTop + chart.getBoundingClientRect().bottom : 0; // a low window scrolls to it
  const height = Math.max(main.clientHeight, below);
  style.setProperty("--print-zoom", Math.min(1, WIDTH / main.clientWidth, HEIGHT / height));
  style.setProperty("--print-window", `${window.innerHeight}px`);
  style.setProperty("--print-chart", `${chart?.offsetHeight ?? 0}px`);
});
