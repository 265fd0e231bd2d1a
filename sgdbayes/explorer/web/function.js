// The chosen function: its probabilities, and the elements on which it is wrong.

function showFunction() {
  const i = chosen(), bits = domain.functions[i], mistakes = wrong(i);
  const top = mostFound(domain.counts[state.experiment]), named = nameMostFrequent(state.experiment);
  const share = `${domain.errors[i]} of ${view.size} wrong (${percent(domain.errors[i] / view.size)})`;
  $("function-body").replaceChildren(
    create("p", { id: "function-facts" }, `${share}. ${i === top ? `This is ${named}.` : ""}`),
    create("p", {}, create("code", { title: "a digit for each element of E, 1 the positive class" }, bits)),
    sideTable("networks", ["networks of", "count", "P<sub>OPT</sub>", "95 % interval"], i),
    view.posteriors.length
      ? sideTable("posterior", ["posterior", "ln P<sub>B</sub> ± s.e.", "P<sub>B</sub>", "95 % interval"], i)
      : hint("No posterior was computed for these functions."),
    mistakes
      ? group("Labelled otherwise than in truth", mistakes, bits, "mistaken")
      : hint("The true labels are not at hand, and the tables leave them open."),
    group(`Labelled otherwise than by ${named}`, differing(bits, domain.functions[top]), bits, ""));
}

function sideTable(kind, head, i) {
  const lines = sides.filter((side) => side.kind === kind).map((side) => {
    const point = side.at(i), className = side.key === `networks:${state.experiment}` ? "here" : "";
    const limits = point ? interval(point) : side.below ? `0 to ${side.below}` : "";
    return line({ className }, side.label, side.detail(i), html(worded(side, point, i)), html(limits));
  });
  return table(head, lines);
}

function group(title, positions, bits, className) {
  const buttons = positions.map((e) => elementButton(e, `as ${meaning(bits[e])}`, className));
  return create("div", {},
    create("h3", {}, `${title} (${positions.length})`),
    buttons.length ? create("div", { className: "elements" }, ...buttons) : hint("none"));
}
