// The explorer's charts: plotly measures its place only when the window changes, so it is told when its place does.

function render({ el }) {
  let width = 0;
  const watching = new ResizeObserver(([place]) => {
    if (place.contentRect.width === width) return;
    width = place.contentRect.width;
    if (width > 0) window.dispatchEvent(new Event("resize"));
  });
  watching.observe(el);
  return () => watching.disconnect();
}

export default { render };
