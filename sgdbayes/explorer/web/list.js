// The list of functions: those with a probability on either axis, a row each.

const PAGE = 25;
const ARROWS = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 };
const STEPS = { ...ARROWS, PageDown: PAGE, PageUp: -PAGE, Home: -Infinity, End: Infinity };
const apart = ({ x, y }) => (x && y ? Math.abs(x.log10 - y.log10) : null);
// Least first.
const ORDERS = {
  x: ({ x }) => (x ? -x.log10 : Infinity),
  y: ({ y }) => (y ? -y.log10 : Infinity),
  difference: (row) => (row.x && row.y ? -apart(row) : 1),
  errors: ({ i }) => domain.errors[i],
};
let sides, axes, rows, places, first = 0;

function makeRows() {
  sides = keysOf(view).map(makeSide);
  axes = { x: sides.find((side) => side.key === state.x), y: sides.find((side) => side.key === state.y) };
  rows = domain.functions.map((_, i) => ({ i, x: axes.x.at(i), y: axes.y.at(i) })).filter(({ x, y }) => x || y);
  sortRows();
}

function sortRows() {
  const keys = new Map(rows.map((row) => [row, ORDERS[state.sort](row)]));
  // Infinity less itself is no number.
  rows.sort((a, b) => (keys.get(a) === keys.get(b) ? a.i - b.i : keys.get(a) - keys.get(b)));
  places = new Map(rows.map((row, place) => [row.i, place]));
}

const chosen = () => domain.byCode.get(state.function) ?? null;

function sortBy(order) {
  state.sort = order;
  sortRows();
  turnTo(0);
  writeAddress();
}

function orderCell(order, title) {
  const sorted = order === "errors" ? ["ascending", " ▲"] : ["descending", " ▼"], here = state.sort === order;
  const button = create("button", { type: "button", innerHTML: title, onclick: () => sortBy(order) });
  if (here) button.append(sorted[1]);
  return create("th", { scope: "col", "aria-sort": here ? sorted[0] : "none" }, button);
}

function listHead() {
  return create("tr", {},
    create("th", { scope: "col" }, "#"),
    orderCell("x", titleOf(axes.x)),
    orderCell("y", titleOf(axes.y)),
    orderCell("difference", "apart, decades"),
    orderCell("errors", "errors"),
    create("th", { scope: "col" }, "wrong on elements"));
}

function listLine(row, place) {
  const mistakes = wrong(row.i), value = (axis) => html(worded(axes[axis], row[axis], row.i), "number");
  return line({ onclick: () => choose(row.i), "data-function": row.i },
    place + 1,
    value("x"),
    value("y"),
    apart(row)?.toFixed(2) ?? "",
    domain.errors[row.i],
    mistakes ? few(mistakes.map((e) => e + 1), 8) || "none" : "truth not known");
}

function turnTo(place) {
  first = Math.floor(place / PAGE) * PAGE;
  const last = Math.min(first + PAGE, rows.length);
  $("rows").tHead.replaceChildren(listHead());
  $("rows").tBodies[0].replaceChildren(...rows.slice(first, last).map((row, k) => listLine(row, first + k)));
  markRow();
  $("range").textContent = rows.length ? `${whole(first + 1)} to ${whole(last)} of ${whole(rows.length)}` : "none";
  $("previous").disabled = first === 0;
  $("next").disabled = last === rows.length;
  $("download").textContent = `Download these ${whole(rows.length)} functions as CSV`;
  $("list-note").textContent = domain.left_out
    ? `Left out, so that the page stays small: the ${whole(domain.left_out)} rarest functions of this domain.` : "";
}

// One row is in the tab order, as in a list box.
function markRow() {
  const shown = [...$("rows").tBodies[0].rows], i = chosen();
  const here = shown.find((row) => Number(row.dataset.function) === i);
  for (const row of shown) {
    row.tabIndex = row === (here ?? shown[0]) ? 0 : -1;
    row.setAttribute("aria-selected", row === here);
  }
  return here;
}

function choose(i, { focus = false } = {}) {
  state.function = domain.codes[i];
  const place = places.get(i);
  if (place !== undefined && (place < first || place >= first + PAGE)) turnTo(place);
  const row = markRow();
  if (focus) row?.focus();
  showFunction();
  markPoint();
  writeAddress();
  if (place !== undefined) speak(place);
}

function speak(place) {
  const row = rows[place];
  const said = ["x", "y"].map((axis) =>
    `${axes[axis].label} ${row[axis] ? plain(probability(row[axis].log10)) : axes[axis].missing}`);
  const errors = `${domain.errors[row.i]} of ${view.size} wrong`;
  $("spoken").textContent = `Function ${place + 1} of ${rows.length}: ${[errors, ...said].join("; ")}`;
}

function step(event, options) {
  const by = STEPS[event.key];
  if (by === undefined || event.altKey || event.ctrlKey || event.metaKey || !rows.length) return;
  event.preventDefault();
  const next = (places.get(chosen()) ?? -1) + by;
  choose(rows[Math.max(0, Math.min(rows.length - 1, next))].i, options);
}

function listKey(event) {
  if (event.key !== "Enter" && event.key !== " ") return step(event, { focus: true });
  event.preventDefault();
  choose(Number(event.target.dataset.function), { focus: true });
}

function csv() {
  // With 0b, or spreadsheets and pandas take a function for a number and drop its first zeros.
  const columns = [["function", domain.functions.map((bits) => `0b${bits}`)], ["test_errors", domain.errors]];
  for (const name of view.experiments) columns.push([`count_${name}`, domain.counts[name]]);
  for (const name of view.posteriors) {
    const { log_p: logs, se, draws } = domain.posteriors[name];
    columns.push([`log_p_${name}`, logs], [`log_p_${name}_se`, se], [`draws_${name}`, draws]);
  }
  const kept = columns.filter(([, values]) => values);
  const lines = rows.map(({ i }) => kept.map(([, values]) => values[i] ?? ""));
  return [kept.map(([title]) => title), ...lines].map((cells) => `${cells.join(",")}\n`).join("");
}
