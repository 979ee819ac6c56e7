// Places the label of a mark to its left, or to its right where the chart ends.
({ left }) =>
  ({ rect, labelRect }) =>
    labelRect.x < left ? { x: rect.x + rect.width + 6, align: "left" } : {}
