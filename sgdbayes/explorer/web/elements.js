// The elements of E: images, bits or reviews, and how often each is labelled positive.

const meaning = (bit) => (bit === "1" ? elements.positive : elements.negative);
// Among all test points.
const pointOf = (e) => state.domain * view.size + e;

function picture(e, tall) {
  const { width, height, columns, rows: lines } = elements, zoom = tall / height, px = (cells) => `${zoom * cells}px`;
  const point = pointOf(e);
  const shown = create("span", { className: "picture" });
  Object.assign(shown.style, {
    width: px(width),
    height: px(height),
    backgroundSize: `${px(width * columns)} ${px(height * lines)}`,
    backgroundPosition: `${px(-width * (point % columns))} ${px(-height * Math.floor(point / columns))}`,
  });
  return shown;
}

function elementButton(e, note = "", className = "") {
  const text = elements.texts?.[pointOf(e)], named = text ? `, ${text}` : "";
  const labelled = note ? `, labelled ${note}` : "";
  const button = create("button", {
    type: "button",
    className: "element",
    onclick: () => chooseElement(e),
    "aria-label": `element ${e + 1}${named}${labelled}`,
    "aria-pressed": e === state.element,
    "data-element": e,
  });
  if (elements.kind === "images") button.append(picture(e, 45));
  button.append(create("span", {}, text ? `${e + 1}: ${text}` : e + 1));
  if (note) button.append(create("span", { className }, note));
  return button;
}

function chooseElement(e) {
  state.element = e;
  showElement();
  for (const button of document.querySelectorAll(".element")) {
    button.setAttribute("aria-pressed", Number(button.dataset.element) === e);
  }
  writeAddress();
}

function showElement() {
  const e = state.element;
  const truth = domain.truth === null ? "its true label is not at hand" : `in truth ${meaning(domain.truth[e])}`;
  const focused = document.activeElement?.id === "element-choice";
  const labels = [`as ${elements.positive}`, `as ${elements.negative}`].map(escaped);
  const head = ["side", ...labels, "interval of the former", "networks or draws"];
  $("element-body").replaceChildren(
    create("p", {}, create("label", {}, "Element ", elementSelect()), ` of ${view.size}: ${truth}.`),
    elements.kind === "images" ? picture(e, 112) : create("p", {}, elements.texts?.[pointOf(e)] ?? ""),
    table(head, sides.map((side) => labelLine(side, e))));
  if (focused) $("element-choice").focus();
}

function elementSelect() {
  const options = upTo(view.size).map((e) => create("option", { value: e, selected: e === state.element }, e + 1));
  const named = { id: "element-choice", "aria-label": "Element", style: "width: auto" };
  return create("select", { ...named, onchange: (event) => chooseElement(Number(event.target.value)) }, ...options);
}

function labelLine({ key, label, positive, total, independent }, e) {
  const className = [state.x, state.y].includes(key) ? "here" : "";
  if (!total) return line({ className }, label, create("td", { colSpan: 4 }, "no draws at hand"));
  const share = positive[e] / total, [low, high] = wilson(positive[e], total).map(percent);
  return line({ className },
    label,
    create("td", { className: "number share", style: `--part: ${100 * share}%` }, percent(share)),
    html(percent(1 - share), "number"),
    independent ? html(`${low.replace(" %", "")}–${high}`, "number") : "draws not independent",
    html(whole(total), "number"));
}

function showElements() {
  document.documentElement.style.setProperty("--sprite", elements.sprite ? `url(${elements.sprite})` : "none");
  $("elements-note").textContent = elements.note;
  $("elements").replaceChildren(...upTo(view.size).map((e) => elementButton(e)));
}
