// Shows the values nearest to the pointer.
for (const svg of document.querySelectorAll("svg[data-series]")) {
  const series = JSON.parse(svg.dataset.series).filter((one) => one.points.length);
  const figure = svg.closest("figure");
  const pointer = svg.querySelector(".pointer");
  const tip = Object.assign(document.createElement("div"), { className: "tip", hidden: true });
  figure.append(tip);
  svg.addEventListener("pointermove", (event) => {
    const scale = svg.viewBox.baseVal.width / svg.clientWidth;
    const place = event.offsetX * scale;
    const nearest = (points) =>
      points.reduce((best, one) => Math.abs(one[0] - place) < Math.abs(best[0] - place) ? one : best);
    const found = series.map((one) => ({ ...one, point: nearest(one.points) }));
    if (!found.length) return;
    const [x, label] = found[0].point;
    pointer.setAttribute("x1", x);
    pointer.setAttribute("x2", x);
    pointer.style.visibility = "visible";
    tip.replaceChildren(label, ...found.map((one) => {
      const row = document.createElement("div");
      const mark = document.createElement("i");
      mark.className = `c${one.colour}`;
      row.append(mark, `${one.name} ${one.point[2]}`);
      return row;
    }));
    tip.hidden = false;
    const left = svg.offsetLeft + x / scale + 12;
    const over = left + tip.offsetWidth > figure.clientWidth;
    tip.style.left = `${over ? left - tip.offsetWidth - 24 : left}px`;
    tip.style.top = `${svg.offsetTop + 8}px`;
  });
  svg.addEventListener("pointerleave", () => {
    tip.hidden = true;
    pointer.style.visibility = "hidden";
  });
}
