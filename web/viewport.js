// A phone's keyboard covers the page where the browser does not make the page smaller for it.

const { visualViewport: seen } = window;

function fit() {
  const isZoomed = Math.abs(seen.scale - 1) > 0.01;
  const isCovered = !isZoomed && innerHeight - seen.height > 1;
  const { style } = document.documentElement;
  if (isCovered) style.setProperty("--visible", `${seen.height}px`);
  else style.removeProperty("--visible");
  if (isCovered) scrollTo(0, 0); // the browser has moved the page to show where one writes
}

seen?.addEventListener("resize", fit);
