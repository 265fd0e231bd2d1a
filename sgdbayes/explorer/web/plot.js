// The plot, a point for each row of the list; those without a probability on one axis are scattered over a strip.

const jitter = (i) => 0.1 + 0.8 * ((i * 0.6180339887) % 1);
const along = (axis) => (row) => row[axis]?.log10 ?? jitter(row.i);
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const NARROW = 500, CLEAR = "rgba(0,0,0,0)";
const SCATTER = create("canvas").getContext("webgl") ? "scattergl" : "scatter";
let drawings = 0;

function hover(row) {
  function said({ kind, why, below, detail, symbol }, point) {
    if (!point) return why(row.i) + (below ? `: ${symbol} below ${below}` : "");
    return `${probability(point.log10)} (${interval(point)})${kind === "networks" ? `, ${detail(row.i)}` : ""}`;
  }
  const lines = ["x", "y"].map((axis) => `${titleOf(axes[axis])}: ${said(axes[axis], row[axis])}`);
  return [`${domain.errors[row.i]} of ${view.size} wrong`, ...lines].join("<br>");
}

function points(of, xaxis, yaxis) {
  // Axes that nothing is drawn on are left out, with all that is placed by them.
  const filler = of.length ? [] : [null];
  return {
    x: [...of.map(along("x")), ...filler], y: [...of.map(along("y")), ...filler], xaxis, yaxis,
    type: SCATTER, mode: "markers", showlegend: false,
    customdata: of.map((row) => row.i), text: of.map(hover), hovertemplate: "%{text}<extra></extra>",
    marker: {
      color: of.map((row) => (100 * domain.errors[row.i]) / view.size), coloraxis: "coloraxis",
      size: of.length > 3000 ? 5 : 8, opacity: 0.9, line: { width: 0.6, color: colour("--soft") },
    },
  };
}

const FAR = -1000;

function equality() {
  return {
    x: [FAR, 0], y: [FAR, 0], type: "scatter", mode: "lines", hoverinfo: "skip", showlegend: false,
    line: { color: colour("--soft"), dash: "dash", width: 1 },
  };
}

// The same for both axes, so that the line of equal probabilities goes through the picture.
function range() {
  const values = rows.flatMap(({ x, y }) => [x, y]).filter(Boolean).map(({ log10 }) => log10).filter(Number.isFinite);
  // As arguments, so many might be too many.
  const low = values.reduce((a, b) => Math.min(a, b), -1), high = values.reduce((a, b) => Math.max(a, b), -Infinity);
  const room = 0.05 * (high - low) + 0.15;
  return [low - room, Math.min(high + room, 0.2)];
}

const powers = (span, ticks) => ({
  tickprefix: "10<sup>", ticksuffix: "</sup>", exponentformat: "none", dtick: span < 2 ? 0.5 : Math.ceil(span / ticks),
});
const axisLook = () =>
  ({ gridcolor: colour("--line"), linecolor: colour("--line"), zeroline: false, color: colour("--ink") });

// The chosen point is made of shapes: another one then redraws no other point.
function chosenShapes() {
  const row = rows[places.get(chosen())];
  if (!row) return [];
  const x = along("x")(row), y = along("y")(row), line = { color: colour("--mark"), width: 2 };
  const on = { xref: row.x ? "x" : "x2", yref: row.y ? "y" : "y2", name: "chosen", line };
  const circle = { type: "circle", xsizemode: "pixel", ysizemode: "pixel", xanchor: x, yanchor: y };
  const shapes = [{ ...on, ...circle, x0: -8, x1: 8, y0: -8, y1: 8 }];
  const known = (point) => point?.ends?.every(Number.isFinite);
  if (known(row.x)) shapes.push({ ...on, type: "line", x0: row.x.ends[0], x1: row.x.ends[1], y0: y, y1: y });
  if (known(row.y)) shapes.push({ ...on, type: "line", x0: x, x1: x, y0: row.y.ends[0], y1: row.y.ends[1] });
  return shapes;
}

function axesLayout(narrow, strip, gap) {
  // Where the picture is no square, more is shown of what is rarer.
  const equal = { scaleanchor: "x", constraintoward: "top" }, common = axisLook(), ends = range();
  const power = powers(ends[1] - ends[0], narrow ? 4 : 8);
  const bare = { showticklabels: false, showgrid: false, range: [0, 1], fixedrange: true, ticks: "" };
  const title = (side) => ({ text: titleOf(side), font: { size: 13 } });
  const main = (axis) => ({ ...common, ...power, domain: [gap, 1], range: ends, title: title(axes[axis]) });
  const beside = { ...common, ...bare, domain: [0, strip] };
  return {
    xaxis: { ...main("x"), anchor: "y2", constraintoward: "right" },
    yaxis: { ...main("y"), anchor: "x2", ...equal },
    xaxis2: { ...beside, anchor: "y" },
    yaxis2: { ...beside, anchor: "x" },
  };
}

function stripsLayout(strip, gap) {
  const paper = { xref: "paper", yref: "paper" };
  const look = { line: { width: 0 }, fillcolor: colour("--line"), opacity: 0.35, layer: "below" };
  const box = (x0, y0, x1, y1) => ({ type: "rect", ...paper, x0, y0, x1, y1, ...look });
  const small = { showarrow: false, font: { size: 11, color: colour("--soft") } };
  const note = (text, more) => ({ text, ...small, ...paper, ...more });
  return {
    shapes: [box(0, gap, strip, 1), box(gap, 0, 1, strip), ...chosenShapes()],
    annotations: [
      note(axes.x.strip, { x: 0, y: 1, xanchor: "left", yanchor: "bottom" }),
      note(axes.y.strip, { x: 0, y: strip / 2, xanchor: "left" }),
    ],
  };
}

function errorScale(narrow) {
  const least = domain.errors.reduce((a, b) => Math.min(a, b), view.size);
  const most = domain.errors.reduce((a, b) => Math.max(a, b), least + 1), share = 100 / view.size;
  const place = narrow ? { orientation: "h", y: 1.07, yanchor: "bottom", len: 0.9 } : {};
  const title = { text: "test error, %", side: narrow ? "top" : "right" };
  const colorbar = { title, thickness: 12, outlinewidth: 0, ...place };
  return { colorscale: "Cividis", cmin: share * least, cmax: share * most, colorbar };
}

const pageLook = () => ({
  paper_bgcolor: CLEAR, plot_bgcolor: CLEAR, font: { color: colour("--ink"), family: "system-ui, sans-serif" },
});

function layout(narrow) {
  const strip = narrow ? 0.1 : 0.07, gap = strip + 0.015;
  return {
    ...pageLook(),
    margin: { l: 62, r: 10, t: 26, b: 52 },
    modebar: { bgcolor: CLEAR, color: colour("--soft"), activecolor: colour("--ink") },
    hovermode: "closest", dragmode: narrow ? false : "zoom", hoverlabel: { align: "left" },
    coloraxis: errorScale(narrow),
    ...axesLayout(narrow, strip, gap),
    ...stripsLayout(strip, gap),
  };
}

async function draw() {
  const mine = ++drawings, library = await unpackOnce("plotly", runPlotly), plot = $("plot");
  if (mine !== drawings) return;
  const narrow = plot.clientWidth < NARROW, isNew = !plot.classList.contains("js-plotly-plot");
  const buttons = ["toImage", "zoom2d", "pan2d", "zoomIn2d", "zoomOut2d", "resetScale2d"];
  const options = { responsive: true, displaylogo: false, displayModeBar: !narrow, modeBarButtons: [buttons] };
  if (isNew) plot.replaceChildren();
  const traces = [
    equality(),
    points(rows.filter((row) => row.x && row.y), "x", "y"),
    points(rows.filter((row) => !row.x), "x2", "y"),
    points(rows.filter((row) => !row.y), "x", "y2"),
  ];
  await library.react(plot, traces, layout(narrow), options);
  if (isNew) plot.on("plotly_click", choosePoint);
  await drawGap(library);
  plot.dataset.drawn = shownNow();
}

function choosePoint(event) {
  const point = event.points.find((each) => each.customdata !== undefined);
  if (point) choose(point.customdata);
}

function markPoint() {
  const plot = $("plot");
  if (!plot.classList.contains("js-plotly-plot")) return;
  const others = plot.layout.shapes.filter((shape) => shape.name !== "chosen");
  globalThis.Plotly.relayout(plot, { shapes: [...others, ...chosenShapes()] });
}
