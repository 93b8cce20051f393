const SVG = "http://www.w3.org/2000/svg";

/** An element with attributes and children; text goes in as text, so that no vendor string is ever markup. */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
  return element;
}

/** One of the symbols of `_icons.html`. */
export function icon(name) {
  const svg = svgElement("svg", { class: "icon", "aria-hidden": "true", focusable: "false" });
  svg.append(svgElement("use", { href: `#i-${name}` }));
  return svg;
}

/** A ring of which `percent` is drawn in full. */
export function ring(percent) {
  const svg = svgElement("svg", { class: "icon", viewBox: "0 0 24 24", "aria-hidden": "true", focusable: "false" });
  const circle = { cx: 12, cy: 12, r: 8, "stroke-width": 3, fill: "none" };
  svg.append(svgElement("circle", { ...circle, class: "ring-track" }));
  svg.append(
    svgElement("circle", {
      ...circle,
      class: "ring-share",
      pathLength: 100,
      "stroke-dasharray": `${percent} 100`,
      transform: "rotate(-90 12 12)",
    }),
  );
  return svg;
}

function svgElement(tag, attributes) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  return element;
}
