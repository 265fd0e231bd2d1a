"use strict";
// A "side" is what gives functions a probability: the networks of an experiment, or a posterior. Its key is
// networks:<experiment> or posterior:<name>.

const LN10 = Math.log(10), Z = 1.959963984540054, PAGE = 25;
const $ = (id) => document.getElementById(id);

function create(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

async function unpack(id) {
  const block = $(id);
  if (!block) return null;
  const bytes = Uint8Array.from(atob(block.textContent), (character) => character.charCodeAt(0));
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
}

const cached = new Map();
function unpackJson(id) {
  if (!cached.has(id)) cached.set(id, unpack(id).then((text) => (text === null ? null : JSON.parse(text))));
  return cached.get(id);
}

let plotly;
function loadPlotly() {
  plotly ??= unpack("plotly").then((text) => new Promise((resolve, reject) => {
    const url = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
    document.head.append(create("script", { src: url, onload: () => resolve(globalThis.Plotly), onerror: () => reject(new Error("plotly.js does not run")) }));
  }));
  return plotly;
}

// Numbers.

function wilson(count, total) {
  const share = count / total, scale = 1 + Z ** 2 / total, centre = (share + Z ** 2 / (2 * total)) / scale;
  const half = (Z / scale) * Math.sqrt((share * (1 - share)) / total + Z ** 2 / (4 * total ** 2));
  return [count === 0 ? 0 : centre - half, count === total ? 1 : centre + half];
}

// Of the logarithm: far out, probabilities are too small for a floating-point number.
function probability(log10) {
  if (log10 === -Infinity) return "0";
  if (log10 > -3) return (10 ** log10).toPrecision(3);
  let exponent = Math.floor(log10), digits = (10 ** (log10 - exponent)).toFixed(2);
  if (digits === "10.00") { digits = "1.00"; exponent += 1; }
  return `${digits}\u00a0×\u00a010<sup>${String(exponent).replace("-", "−")}</sup>`;
}
const percent = (share) => `${(100 * share).toFixed(share > 0.1 && share < 0.9 ? 0 : share > 0.01 && share < 0.99 ? 1 : 2)} %`;
const whole = (number) => number.toLocaleString("en");
const escaped = (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;");
const few = (items, most) => items.slice(0, most).join(", ") + (items.length > most ? ` and ${items.length - most} more` : "");

function hexadecimal(bits) {
  return bits.padEnd(4 * Math.ceil(bits.length / 4), "0").match(/.{4}/g).map((four) => parseInt(four, 2).toString(16)).join("");
}
const differing = (a, b) => [...a].map((bit, i) => (bit === b[i] ? -1 : i)).filter((i) => i >= 0);

// Posteriors that are samples of finite networks, whose draws are made from fewer of them and are not independent.
const finite = (name) => ["rejection", "splitting"].includes(name);

// Sides.

function makeSide(view, facts, key) {
  const [kind, name] = [key.slice(0, key.indexOf(":")), key.slice(key.indexOf(":") + 1)];
  if (kind === "networks") {
    const counts = view.counts[name], total = view.networks[name];
    return {
      key, kind, name, label: name, axis: "P<sub>OPT</sub>", strip: "not found", missing: "not found",
      at: (i) => (counts[i] ? { log10: Math.log10(counts[i] / total), ends: wilson(counts[i], total).map(Math.log10) } : null),
      say: (i) => (counts[i] ? `${whole(counts[i])} of ${whole(total)}` : `never found: P<sub>OPT</sub> below ${probability(Math.log10(wilson(0, total)[1]))}`),
    };
  }
  const { log_p: logs, se, draws } = view.posteriors[name];
  const label = facts.posteriors[name] ?? name;
  function why(i) {
    const number = draws?.[i] ?? null;
    if (number === null) return "not computed";
    if (finite(name) && number === 0) return "never drawn";
    return `not resolved: ${Number(number.toPrecision(2))} draws ${finite(name) ? "gave" : "carry"} it, too few`;
  }
  return {
    key, kind, name, label, axis: "P<sub>B</sub>", strip: "no P<sub>B</sub>", missing: finite(name) ? "not drawn, or too rarely" : "not resolved or not computed", why,
    at: (i) => {
      const log = logs?.[i] ?? null;
      if (log === null) return null;
      const error = se?.[i] ?? null;
      return { log10: log / LN10, ends: error === null ? null : [(log - Z * error) / LN10, (log + Z * error) / LN10], log, error };
    },
    say: why,
  };
}

function logarithm({ log, error }) {
  const about = error === null ? "" : error < 0.001 ? " ± less than 0.001" : ` ± ${error}`;
  return `${log.toFixed(3).replace("-", "−")}${about}`;
}

function interval(point) {
  if (!point) return "";
  return point.ends ? `${probability(point.ends[0])} to ${probability(point.ends[1])}` : "no Monte Carlo error";
}

async function explore() {
  const facts = JSON.parse($("facts").textContent);
  const state = {};
  let view, elements, sides, rows, places, first = 0, shows = 0, drawings = 0;

  // What there is.

  const sizesOf = (experiment) => facts.views.filter((v) => v.experiments.includes(experiment)).map((v) => v.size);
  const viewOf = (experiment, size) => facts.views.findIndex((v) => v.size === size && v.experiments.includes(experiment));
  const statistics = (experiment, size, posterior) => facts.statistics[`${experiment} ${size} ${posterior}`];

  function bestStart(experiment) {
    // The domain on which most functions can be compared.
    let best = { size: sizesOf(experiment)[0], posterior: null, compared: -1 };
    for (const size of sizesOf(experiment)) {
      for (const posterior of facts.views[viewOf(experiment, size)].posteriors) {
        // Of as many, under the paper's.
        const compared = (statistics(experiment, size, posterior)?.[0] ?? 0) + (posterior === "ep" ? 0.5 : 0);
        if (compared > best.compared) best = { size, posterior, compared };
      }
    }
    return best;
  }

  function defaults(experiment, size) {
    const about = facts.views[viewOf(experiment, size)];
    const start = bestStart(experiment);
    const other = about.experiments.find((name) => name !== experiment) ?? experiment;
    const posterior = about.posteriors.includes(start.posterior) ? start.posterior : about.posteriors[0];
    return { x: `networks:${experiment}`, y: posterior ? `posterior:${posterior}` : `networks:${other}` };
  }

  const keysOf = (about) => [...about.experiments.map((n) => `networks:${n}`), ...about.posteriors.map((n) => `posterior:${n}`)];

  // The address.

  // What it names but is not there is said, and the nearest thing is shown.
  function readAddress() {
    const given = new URLSearchParams(location.hash.slice(1)), unknown = [];
    const names = Object.keys(facts.experiments);
    function take(key, allowed, otherwise, what) {
      const value = given.get(key);
      if (value !== null && !allowed.includes(value)) unknown.push(`${what} “${value}”`);
      return allowed.includes(value) ? value : otherwise;
    }
    state.experiment = take("experiment", names, names[0], "experiment");
    state.size = Number(take("size", sizesOf(state.experiment).map(String), String(bestStart(state.experiment).size), "size of E"));
    const about = facts.views[viewOf(state.experiment, state.size)], usual = defaults(state.experiment, state.size);
    state.x = take("x", keysOf(about), usual.x, "axis");
    state.y = take("y", keysOf(about), usual.y, "axis");
    state.sort = take("sort", ["x", "y", "errors", "difference"], "x", "order");
    state.function = given.get("function");
    state.element = Number(take("element", Array.from({ length: state.size }, (_, i) => String(i + 1)), "1", "element of E")) - 1;
    return unknown;
  }

  function writeAddress() {
    const { element, ...rest } = state;
    const kept = Object.entries({ ...rest, element: element + 1 }).filter(([, value]) => value != null);
    history.replaceState(null, "", `#${new URLSearchParams(kept)}`);
  }

  function tell(text) {
    $("message").textContent = text;
    $("message").hidden = !text;
  }

  // Choices.

  function fillSelect(id, groups, value) {
    $(id).replaceChildren(...groups.map(([label, options]) => {
      const made = options.map(([key, text]) => create("option", { value: key, textContent: text }));
      return label ? create("optgroup", { label }, ...made) : made;
    }).flat());
    $(id).value = value;
  }

  function fillChoices() {
    const grouped = new Map();
    for (const [name, item] of Object.entries(facts.experiments)) {
      const group = `${item.task}, ${item.architecture}`;
      grouped.set(group, [...(grouped.get(group) ?? []), [name, `${item.optimizer}, loss ${item.loss}, batch ${item.batch_size} (${name})`]]);
    }
    fillSelect("experiment", [...grouped], state.experiment);
    fillSelect("size", [[null, sizesOf(state.experiment).map((size) => [size, String(size)])]], state.size);
    const about = facts.views[viewOf(state.experiment, state.size)];
    const groups = [
      ["P_OPT: networks trained by", about.experiments.map((name) => [`networks:${name}`, `${facts.experiments[name].optimizer} (${name})`])],
      ["P_B: posteriors", about.posteriors.map((name) => [`posterior:${name}`, facts.posteriors[name] ?? name])],
    ].filter(([, options]) => options.length);
    fillSelect("x", groups, state.x);
    fillSelect("y", groups, state.y);
    $("about").textContent = facts.experiments[state.experiment].about;
  }

  // The list, and everything on its rows.

  function makeRows() {
    sides = { x: makeSide(view, facts, state.x), y: makeSide(view, facts, state.y) };
    rows = view.functions.map((_, i) => ({ i, x: sides.x.at(i), y: sides.y.at(i) })).filter((row) => row.x || row.y);
    const negative = (point) => (point ? -point.log10 : Infinity);
    const apart = (row) => (row.x && row.y ? -Math.abs(row.x.log10 - row.y.log10) : 1);
    const key = {
      x: (row) => negative(row.x), y: (row) => negative(row.y), difference: apart, errors: (row) => view.errors[row.i],
    }[state.sort];
    const keys = new Map(rows.map((row) => [row, key(row)]));
    // Infinity less itself is no number.
    rows.sort((a, b) => (keys.get(a) === keys.get(b) ? a.i - b.i : keys.get(a) - keys.get(b)));
    places = new Map(rows.map((row, place) => [row.i, place]));
  }

  const chosen = () => view.byCode.get(state.function) ?? null;
  const topOf = (experiment) => view.counts[experiment].reduce((best, count, i, counts) => (count > counts[best] ? i : best), 0);

  // Where several were found equally often, the first of them is taken, and said to be one of them.
  function mostFrequent(experiment) {
    const counts = view.counts[experiment], most = counts[topOf(experiment)], equal = counts.filter((count) => count === most).length;
    return equal === 1 ? `the most frequent function of ${experiment}` : `one of the ${whole(equal)} most frequent functions of ${experiment}, each found ${most === 1 ? "once" : `${whole(most)} times`}`;
  }

  function wrong(i) {
    return view.truth === null ? null : differing(view.functions[i], view.truth);
  }

  function showList() {
    const order = (key, text) => {
      const button = create("button", { type: "button", innerHTML: text, onclick: () => { state.sort = key; makeRows(); first = 0; showList(); writeAddress(); } });
      const cell = create("th", { scope: "col" }, button);
      cell.setAttribute("aria-sort", state.sort === key ? (key === "errors" ? "ascending" : "descending") : "none");
      if (state.sort === key) button.append(key === "errors" ? " ▲" : " ▼");
      return cell;
    };
    const head = (side) => `${side.axis}, ${escaped(side.label)}`;
    $("rows").tHead.replaceChildren(create("tr", {}, create("th", { scope: "col", textContent: "#" }), order("x", head(sides.x)), order("y", head(sides.y)),
      order("difference", "apart, decades"), order("errors", "errors"), create("th", { scope: "col", textContent: "wrong on elements" })));
    $("rows").tBodies[0].replaceChildren(...rows.slice(first, first + PAGE).map((row, k) => {
      const value = (side, point) => create("td", { className: "number", innerHTML: point ? probability(point.log10) : side.kind === "networks" ? "never found" : side.why(row.i) });
      const mistakes = wrong(row.i);
      const made = create("tr", { onclick: () => choose(row.i) }, create("td", { textContent: first + k + 1 }), value(sides.x, row.x), value(sides.y, row.y),
        create("td", { textContent: row.x && row.y ? Math.abs(row.x.log10 - row.y.log10).toFixed(2) : "" }), create("td", { textContent: view.errors[row.i] }),
        create("td", { textContent: mistakes ? few(mistakes.map((e) => e + 1), 8) || "none" : "truth not known" }));
      made.dataset.function = row.i;
      return made;
    }));
    markRow();
    const last = Math.min(first + PAGE, rows.length);
    $("range").textContent = rows.length ? `${whole(first + 1)} to ${whole(last)} of ${whole(rows.length)}` : "none";
    $("previous").disabled = first === 0;
    $("next").disabled = last === rows.length;
    $("download").textContent = `Download these ${whole(rows.length)} functions as CSV`;
    $("list-note").textContent = view.left_out ? `Left out, so that the page stays small: the ${whole(view.left_out)} rarest functions of this E.` : "";
  }

  // One row is in the tab order, as in a list box.
  function markRow() {
    const shown = [...$("rows").tBodies[0].rows], i = chosen();
    const here = shown.find((row) => Number(row.dataset.function) === i);
    for (const row of shown) {
      row.tabIndex = row === (here ?? shown[0]) ? 0 : -1;
      row.setAttribute("aria-selected", String(row === here));
    }
    return here;
  }

  function choose(i, { focus = false } = {}) {
    state.function = view.codes[i];
    const place = places.get(i);
    if (place !== undefined && (place < first || place >= first + PAGE)) {
      first = Math.floor(place / PAGE) * PAGE;
      showList();
    }
    const row = markRow();
    if (focus) row?.focus();
    showFunction();
    markPoint();
    writeAddress();
    if (place !== undefined) {
      const said = ["x", "y"].map((axis) => `${sides[axis].label} ${rows[place][axis] ? create("span", { innerHTML: probability(rows[place][axis].log10) }).textContent : sides[axis].missing}`);
      $("spoken").textContent = `Function ${place + 1} of ${rows.length}: ${view.errors[i]} of ${view.size} wrong; ${said.join("; ")}`;
    }
  }

  function step(event, focus) {
    const by = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1, PageDown: PAGE, PageUp: -PAGE, Home: -Infinity, End: Infinity }[event.key];
    if (by === undefined || event.altKey || event.ctrlKey || event.metaKey || !rows.length) return;
    event.preventDefault();
    const place = places.get(chosen()), next = place === undefined && Math.abs(by) === 1 ? 0 : (place ?? 0) + by;
    choose(rows[Math.max(0, Math.min(rows.length - 1, next))].i, { focus });
  }

  // The chosen function.

  function picture(e, zoom) {
    const shown = create("span", { className: "picture" }), { width, height, columns, rows: lines } = elements;
    Object.assign(shown.style, {
      width: `${zoom * width}px`, height: `${zoom * height}px`, backgroundSize: `${zoom * width * columns}px ${zoom * height * lines}px`,
      backgroundPosition: `${-zoom * width * (e % columns)}px ${-zoom * height * Math.floor(e / columns)}px`,
    });
    return shown;
  }

  function elementButton(e, note, mistaken = false) {
    const text = elements.texts?.[e] ?? "";
    const button = create("button", { type: "button", className: "element", onclick: () => chooseElement(e) });
    if (elements.kind === "images") button.append(picture(e, 45 / elements.height));
    button.append(create("span", { textContent: `${e + 1}${text ? `: ${text}` : ""}` }));
    if (note) button.append(create("span", { textContent: note, className: mistaken ? "mistaken" : "" }));
    button.setAttribute("aria-label", `element ${e + 1}${text ? `, ${text}` : ""}${note ? `, labelled ${note}` : ""}`);
    button.setAttribute("aria-pressed", String(e === state.element));
    button.dataset.element = e;
    return button;
  }

  const meaning = (bit) => (bit === "1" ? elements.positive : elements.negative);

  function group(title, positions, bits, mistaken) {
    const made = create("div", {}, create("h3", { textContent: `${title} (${positions.length})` }));
    made.append(positions.length
      ? create("div", { className: "elements" }, ...positions.map((e) => elementButton(e, `as ${meaning(bits[e])}`, mistaken)))
      : create("p", { className: "hint", textContent: "none" }));
    return made;
  }

  function sideTable(head, lines) {
    return create("div", { className: "scroll" }, create("table", {}, create("thead", {}, create("tr", {}, ...head.map((text) => create("th", { scope: "col", innerHTML: text })))), create("tbody", {}, ...lines)));
  }

  function showFunction() {
    const i = chosen(), body = $("function-body");
    if (i === null) {
      body.replaceChildren(create("p", { className: "hint", textContent: "None yet: click or tap a point, or go through the list with the arrow keys." }));
      return;
    }
    const bits = view.functions[i], mistakes = wrong(i), top = topOf(state.experiment);
    const share = `${view.errors[i]} of ${view.size} wrong (${percent(view.errors[i] / view.size)})`;
    const about = facts.views[viewOf(state.experiment, state.size)];
    const networks = about.experiments.map((name) => {
      const side = makeSide(view, facts, `networks:${name}`), point = side.at(i);
      return create("tr", { className: name === state.experiment ? "here" : "" }, create("td", { textContent: name }), create("td", { textContent: `${whole(view.counts[name][i])} of ${whole(view.networks[name])}` }),
        create("td", { innerHTML: point ? probability(point.log10) : "never found" }), create("td", { innerHTML: point ? interval(point) : `0 to ${probability(Math.log10(wilson(0, view.networks[name])[1]))}` }));
    });
    const posteriors = about.posteriors.map((name) => {
      const side = makeSide(view, facts, `posterior:${name}`), point = side.at(i);
      return create("tr", {}, create("td", { textContent: side.label }), create("td", { textContent: point ? logarithm(point) : "" }),
        create("td", { innerHTML: point ? probability(point.log10) : side.why(i) }), create("td", { innerHTML: interval(point) }));
    });
    body.replaceChildren(
      create("p", { id: "function-facts", textContent: `${share}. ${i === top ? `This is ${mostFrequent(state.experiment)}.` : ""}` }),
      create("p", {}, create("code", { textContent: bits, title: "a digit for each element of E, 1 the positive class" })),
      sideTable(["networks of", "count", "P<sub>OPT</sub>", "95 % interval"], networks),
      posteriors.length ? sideTable(["posterior", "ln P<sub>B</sub> ± s.e.", "P<sub>B</sub>", "95 % interval"], posteriors) : create("p", { className: "hint", textContent: "No posterior was computed for these functions." }),
      mistakes ? group("Labelled otherwise than in truth", mistakes, bits, true) : create("p", { className: "hint", textContent: "The true labels are not at hand, and the tables leave them open." }),
      group(`Labelled otherwise than by ${mostFrequent(state.experiment)}`, differing(bits, view.functions[top]), bits, false),
    );
  }

  // The chosen element.

  function chooseElement(e) {
    state.element = e;
    showElement();
    for (const button of document.querySelectorAll(".element")) button.setAttribute("aria-pressed", String(Number(button.dataset.element) === e));
    writeAddress();
  }

  function showElement() {
    const e = state.element, about = facts.views[viewOf(state.experiment, state.size)];
    const line = (label, positive, total, here, independent = true) => {
      const made = create("tr", { className: here ? "here" : "" }, create("td", { textContent: label }));
      if (!total) {
        made.append(create("td", { colSpan: 4, textContent: "no draws at hand" }));
        return made;
      }
      const [low, high] = wilson(positive, total), share = positive / total;
      const cell = create("td", { className: "number share", textContent: percent(share) });
      cell.style.setProperty("--part", `${100 * share}%`);
      made.append(cell, create("td", { className: "number", textContent: percent(1 - share) }), create("td", independent ? { className: "number", textContent: `${percent(low)}–${percent(high)}`.replace(" %–", "–") } : { textContent: "draws not independent" }), create("td", { className: "number", textContent: whole(total) }));
      return made;
    };
    const lines = [
      ...about.experiments.map((name) => line(name, view.positive[name][e], view.networks[name], [state.x, state.y].includes(`networks:${name}`))),
      ...about.posteriors.map((name) => line(facts.posteriors[name] ?? name, view.drawn[name]?.positive[e], view.drawn[name]?.draws, [state.x, state.y].includes(`posterior:${name}`), !finite(name))),
    ];
    const truth = view.truth === null ? "its true label is not at hand" : `in truth ${meaning(view.truth[e])}`;
    const pick = create("select", { ariaLabel: "Element", onchange: (event) => chooseElement(Number(event.target.value)) },
      ...view.functions[0].split("").map((_, k) => create("option", { value: k, textContent: k + 1, selected: k === e })));
    pick.id = "element-choice";
    pick.style.width = "auto";
    const focused = document.activeElement?.id === "element-choice";
    $("element-body").replaceChildren(
      create("p", {}, create("label", {}, "Element ", pick), ` of ${view.size}: ${truth}.`),
      elements.kind === "images" ? picture(e, 112 / elements.height) : create("p", { textContent: elements.texts?.[e] ?? "" }),
      sideTable(["side", `as ${elements.positive}`, `as ${elements.negative}`, "interval of the former", "networks or draws"].map(escaped), lines),
    );
    if (focused) $("element-choice").focus();
  }

  function showElements() {
    document.documentElement.style.setProperty("--sprite", elements.sprite ? `url(${elements.sprite})` : "none");
    $("elements-note").textContent = elements.note;
    $("elements").replaceChildren(...view.functions[0].split("").map((_, e) => elementButton(e, "")));
  }

  // The picture.

  function jitter(i) {
    return 0.1 + 0.8 * ((i * 0.6180339887) % 1);
  }

  function hover(row) {
    const line = (side, point) => `${side.axis}, ${escaped(side.label)}: ${point ? `${probability(point.log10)} (${interval(point)})` : side.say(row.i)}${point && side.kind === "networks" ? `, ${side.say(row.i)}` : ""}`;
    return `${view.errors[row.i]} of ${view.size} wrong<br>${line(sides.x, row.x)}<br>${line(sides.y, row.y)}`;
  }

  function webgl() {
    try {
      return Boolean(document.createElement("canvas").getContext("webgl"));
    } catch {
      return false;
    }
  }
  const scatter = webgl() ? "scattergl" : "scatter";
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  // The chosen point is made of shapes: another one then redraws no other point.
  function pointShapes() {
    const i = chosen(), place = i === null ? undefined : places.get(i);
    if (place === undefined) return [];
    const row = rows[place], x = row.x ? row.x.log10 : jitter(i), y = row.y ? row.y.log10 : jitter(i);
    const on = { xref: row.x ? "x" : "x2", yref: row.y ? "y" : "y2", name: "chosen", line: { color: colour("--mark"), width: 2 } };
    const shapes = [{ ...on, type: "circle", xsizemode: "pixel", ysizemode: "pixel", xanchor: x, yanchor: y, x0: -8, x1: 8, y0: -8, y1: 8 }];
    const ends = (point) => point?.ends?.every(Number.isFinite);
    if (ends(row.x)) shapes.push({ ...on, type: "line", x0: row.x.ends[0], x1: row.x.ends[1], y0: y, y1: y });
    if (ends(row.y)) shapes.push({ ...on, type: "line", x0: x, x1: x, y0: row.y.ends[0], y1: row.y.ends[1] });
    return shapes;
  }

  function traces() {
    const parts = [[(row) => row.x && row.y, "x", "y"], [(row) => !row.x, "x2", "y"], [(row) => !row.y, "x", "y2"]];
    const drawn = parts.map(([belongs, xaxis, yaxis]) => {
      const of = rows.filter(belongs);
      // Axes that nothing is drawn on are left out, with all that is placed by them.
      const filler = of.length ? [] : [null];
      return {
        x: [...of.map((row) => (row.x ? row.x.log10 : jitter(row.i))), ...filler], y: [...of.map((row) => (row.y ? row.y.log10 : jitter(row.i))), ...filler], xaxis, yaxis, type: scatter, mode: "markers",
        customdata: of.map((row) => row.i), text: of.map(hover), hovertemplate: "%{text}<extra></extra>", showlegend: false,
        marker: { color: of.map((row) => (100 * view.errors[row.i]) / view.size), coloraxis: "coloraxis", size: of.length > 3000 ? 5 : 8, opacity: 0.9, line: { width: 0.6, color: colour("--soft") } },
      };
    });
    const ends = rows.filter((row) => row.x && row.y).flatMap((row) => [row.x.log10, row.y.log10]);
    const low = ends.reduce((a, b) => Math.min(a, b), 0);
    const line = { x: [low - 1, 0], y: [low - 1, 0], type: "scatter", mode: "lines", hoverinfo: "skip", showlegend: false, line: { color: colour("--soft"), dash: "dash", width: 1 } };
    return [line, ...drawn];
  }

  function range(name) {
    const values = rows.map((row) => row[name]?.log10).filter((value) => value !== undefined);
    if (!values.length) return [-4, 0.2];
    const low = values.reduce((a, b) => Math.min(a, b)), high = values.reduce((a, b) => Math.max(a, b)), room = 0.05 * (high - low) + 0.15;
    return [low - room, high + room];
  }

  function layout() {
    const narrow = $("plot").clientWidth < 500, strip = narrow ? 0.1 : 0.07, gap = strip + 0.015;
    const common = { gridcolor: colour("--line"), linecolor: colour("--line"), zeroline: false, color: colour("--ink") };
    const power = { ...common, tickprefix: "10<sup>", ticksuffix: "</sup>", exponentformat: "none", nticks: narrow ? 4 : 7 };
    const none = { ...common, showticklabels: false, showgrid: false, range: [0, 1], fixedrange: true, ticks: "" };
    const title = (side) => ({ text: `${side.axis}, ${escaped(side.label)}`, font: { size: 13 } });
    const note = (text, more) => ({ text, showarrow: false, font: { size: 11, color: colour("--soft") }, xref: "paper", yref: "paper", ...more });
    const box = (x0, y0, x1, y1) => ({ type: "rect", xref: "paper", yref: "paper", x0, y0, x1, y1, line: { width: 0 }, fillcolor: colour("--line"), opacity: 0.35, layer: "below" });
    return {
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", font: { color: colour("--ink"), family: "system-ui, sans-serif" },
      margin: { l: 62, r: 10, t: 26, b: 52 }, modebar: { bgcolor: "rgba(0,0,0,0)", color: colour("--soft"), activecolor: colour("--ink") }, hovermode: "closest", dragmode: narrow ? false : "zoom", hoverlabel: { align: "left" },
      xaxis: { ...power, domain: [gap, 1], range: range("x"), title: title(sides.x), anchor: "y2" },
      yaxis: { ...power, domain: [gap, 1], range: range("y"), title: title(sides.y), anchor: "x2" },
      xaxis2: { ...none, domain: [0, strip], anchor: "y" }, yaxis2: { ...none, domain: [0, strip], anchor: "x" },
      coloraxis: { colorscale: "Cividis", cmin: 0, cmax: Math.max(1, (100 * view.errors.reduce((a, b) => Math.max(a, b), 0)) / view.size),
        colorbar: { title: { text: "test error, %", side: narrow ? "top" : "right" }, thickness: 12, outlinewidth: 0, ...(narrow ? { orientation: "h", y: 1.07, yanchor: "bottom", len: 0.9 } : {}) } },
      shapes: [box(0, gap, strip, 1), box(gap, 0, 1, strip), ...pointShapes()],
      annotations: [
        note(sides.x.strip, { x: 0, y: 1, xanchor: "left", yanchor: "bottom" }),
        note(sides.y.strip, { x: 0, y: strip / 2, xanchor: "left" }),
      ],
    };
  }

  async function draw() {
    const mine = ++drawings, library = await loadPlotly();
    if (mine !== drawings) return;
    if (!$("plot").classList.contains("js-plotly-plot")) $("plot").replaceChildren();
    await library.react("plot", traces(), layout(), { responsive: true, displaylogo: false, displayModeBar: $("plot").clientWidth >= 500, modeBarButtons: [["toImage", "zoom2d", "pan2d", "zoomIn2d", "zoomOut2d", "resetScale2d"]] });
    if (!$("plot").dataset.listens) {
      $("plot").dataset.listens = "true";
      $("plot").on("plotly_click", (event) => {
        const point = event.points.find((each) => each.customdata !== undefined);
        if (point) choose(point.customdata);
      });
    }
    $("plot").dataset.drawn = `${state.experiment} ${state.size} ${state.x} ${state.y}`;
  }

  function markPoint() {
    const node = $("plot");
    if (!node.classList.contains("js-plotly-plot")) return;
    globalThis.Plotly.relayout(node, { shapes: [...node.layout.shapes.filter((shape) => shape.name !== "chosen"), ...pointShapes()] });
  }

  function showSummary() {
    const both = rows.filter((row) => row.x && row.y).length, onlyX = rows.filter((row) => !row.y).length, onlyY = rows.filter((row) => !row.x).length;
    const parts = [`${whole(rows.length)} function${rows.length === 1 ? "" : "s"}: ${whole(both)} with both probabilities`];
    if (onlyX) parts.push(`${whole(onlyX)} in the strip below (${sides.y.label}: ${sides.y.missing})`);
    if (onlyY) parts.push(`${whole(onlyY)} in the strip at the left (${sides.x.label}: ${sides.x.missing})`);
    const [across, up] = [range("x"), range("y")];
    const line = !both || Math.max(across[0], up[0]) < Math.min(across[1], up[1]) ? "" : ` The line of equal probabilities is outside of the picture: ${sides.y.label} gives all of them ${up[1] < across[0] ? "less" : "more"} than ${sides.x.label}.`;
    const networks = [sides.x, sides.y].find((side) => side.kind === "networks"), posterior = [sides.x, sides.y].find((side) => side.kind === "posterior");
    const [compared, r, low, high, ceiling, note] = (networks && posterior && statistics(networks.name, state.size, posterior.name)) || [];
    const correlation = r == null ? (note ? ` ${note}.` : "") : ` Correlation of the logarithms over the ${compared} found often enough: ${r.toFixed(2)}${low == null || high == null ? "" : ` [${low.toFixed(2)}, ${high.toFixed(2)}]`}${ceiling == null ? "" : `; a perfect predictor would reach ${ceiling.toFixed(2)}`}.`;
    const share = (side) => {
      const of = side.kind === "networks" ? { positive: view.positive[side.name], draws: view.networks[side.name] } : view.drawn[side.name];
      if (!of || view.truth === null) return null;
      const wrongly = of.positive.reduce((sum, positive, e) => sum + (view.truth[e] === "1" ? of.draws - positive : positive), 0);
      return `${percent(wrongly / of.draws / view.size)} for ${side.label}`;
    };
    const errors = [sides.x, sides.y].map(share).filter(Boolean);
    $("summary").textContent = `${parts.join("; ")}.${line}${correlation}${errors.length ? ` Mean test error: ${[...new Set(errors)].join(", ")}.` : ""}`;
  }

  // Putting it together.

  async function show() {
    fillChoices();
    const number = viewOf(state.experiment, state.size), mine = ++shows;
    const [nextView, nextElements] = await Promise.all([unpackJson(`view-${number}`), unpackJson(`elements-${facts.experiments[state.experiment].task}`)]);
    // Another choice was made meanwhile.
    if (mine !== shows) return;
    view = nextView;
    elements = nextElements ?? { kind: "none", positive: "positive", negative: "negative", note: "" };
    view.codes ??= view.functions.map(hexadecimal);
    view.byCode ??= new Map(view.codes.map((code, i) => [code, i]));
    if (state.function && chosen() === null) {
      tell(`${$("message").textContent} This page has no function “${state.function}” on this E.`.trim());
      state.function = null;
    }
    makeRows();
    if (state.function === null) state.function = view.codes[topOf(state.experiment)];
    first = Math.floor((places.get(chosen()) ?? 0) / PAGE) * PAGE;
    showList();
    showFunction();
    showElement();
    showElements();
    showSummary();
    writeAddress();
    document.body.dataset.shown = `${state.experiment} ${state.size} ${state.x} ${state.y}`;
    await draw();
  }

  function start() {
    if (!globalThis.DecompressionStream) return tell("This browser is too old for this page: it needs one of 2023 or later.");
    const unknown = readAddress();
    tell(unknown.length ? `This page has no ${unknown.join(", no ")}: what is there is shown instead.` : "");
    return show();
  }

  function guarded(action) {
    return (...given) => Promise.resolve(action(...given)).catch((error) => tell(`This cannot be shown: ${error.message}`));
  }

  function csv() {
    const about = facts.views[viewOf(state.experiment, state.size)];
    // With 0b, or spreadsheets and pandas take a function for a number and drop its first zeros.
    const columns = [["function", (i) => `0b${view.functions[i]}`], ["test_errors", (i) => view.errors[i]], ...about.experiments.map((name) => [`count_${name}`, (i) => view.counts[name][i]])];
    for (const name of about.posteriors) {
      const of = view.posteriors[name];
      for (const [title, column] of [[`log_p_${name}`, of.log_p], [`log_p_${name}_se`, of.se], [`draws_${name}`, of.draws]]) if (column) columns.push([title, (i) => column[i] ?? ""]);
    }
    return [columns.map(([title]) => title), ...rows.map(({ i }) => columns.map(([, value]) => value(i)))].map((line) => line.join(",")).join("\n") + "\n";
  }

  $("experiment").onchange = guarded(() => {
    tell("");
    state.experiment = $("experiment").value;
    const sizes = sizesOf(state.experiment);
    if (!sizes.includes(state.size)) state.size = bestStart(state.experiment).size;
    const known = keysOf(facts.views[viewOf(state.experiment, state.size)]), usual = defaults(state.experiment, state.size);
    state.x = usual.x;
    if (!known.includes(state.y)) state.y = usual.y;
    Object.assign(state, { function: null, element: 0 });
    return show();
  });
  $("size").onchange = guarded(() => {
    tell("");
    Object.assign(state, { size: Number($("size").value), function: null, element: 0 });
    const known = keysOf(facts.views[viewOf(state.experiment, state.size)]), usual = defaults(state.experiment, state.size);
    for (const axis of ["x", "y"]) if (!known.includes(state[axis])) state[axis] = usual[axis];
    return show();
  });
  for (const axis of ["x", "y"]) $(axis).onchange = guarded(() => { tell(""); state[axis] = $(axis).value; return show(); });
  $("choices").onsubmit = (event) => event.preventDefault();
  $("previous").onclick = () => { first = Math.max(0, first - PAGE); showList(); };
  $("next").onclick = () => { first += PAGE; showList(); };
  $("rows").tBodies[0].onkeydown = (event) => {
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      choose(Number(event.target.dataset.function), { focus: true });
    } else step(event, true);
  };
  $("plot").onkeydown = (event) => step(event, false);
  $("download").onclick = () => {
    const url = URL.createObjectURL(new Blob([csv()], { type: "text/csv" }));
    create("a", { href: url, download: `${facts.name}-${state.experiment}-${state.size}.csv` }).click();
    setTimeout(() => URL.revokeObjectURL(url), 1000);
  };
  addEventListener("hashchange", guarded(start));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", guarded(() => draw()));
  await guarded(start)();
}
