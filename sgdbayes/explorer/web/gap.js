// The gap: how likely a posterior finds the functions of networks, beside those drawn from itself.

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
const signed = (value) => minus(`${value > 0 ? "+" : ""}${value.toFixed(2)}`);
const bracketed = (low, high, say) => (low === null || high === null ? "" : ` [${say(low)}, ${say(high)}]`);
const decades = ({ gap, gap_low: low, gap_high: high }) => `${signed(gap)}${bracketed(low, high, signed)} decades`;

// Those of the axes, if they have any.
function gapSides() {
  const side = (kind, name) =>
    [axes.x, axes.y].find((each) => each.kind === kind) ?? sides.find(({ key }) => key === `${kind}:${name}`);
  return { networks: side("networks", state.experiment), posterior: side("posterior", view.posteriors[0]) };
}

// Tenths of decades, each but the first as what it is above the one before it.
function log10Values(packed = []) {
  let sum = 0;
  return packed.map((step) => (sum += step) / 10);
}

function gapValues({ networks, posterior }) {
  const from = state.gap === "all" ? view.domains : [domain];
  return {
    networks: from.flatMap((each) => log10Values(each.networks[networks.name].log10[posterior.name])),
    draws: from.flatMap((each) => log10Values(each.drawn[posterior.name]?.log10)),
  };
}

function showGap() {
  const { networks, posterior } = gapSides();
  $("gap").hidden = !posterior;
  if (!posterior) return;
  const { own, name, study } = statisticsOf(networks.name, posterior.name), known = own && own.gap !== null;
  $("gap-title").textContent = known ? `Gap: ${decades(own)}` : "Gap: not known";
  const sentences = [`${networks.label} under ${posterior.label}, |E| = ${view.size}.`];
  if (known) {
    const over = own.domains > 1 ? `Mean over ${own.domains} domains, s.d. ${own.gap_sd.toFixed(2)}` : "Of one domain";
    sentences.push(`${over}; 95 % interval over ${own.covers}, for this training set alone.`);
  } else if (own) sentences.push(`${reason(own, "gap")}.`);
  if (study && study.gap !== null) {
    const over = `95 % interval over ${study.covers}`;
    sentences.push(`Over the ${study.seeds} training sets of ${name}: ${decades(study)}, ${over}.`);
  }
  const shown = gapValues({ networks, posterior });
  if (state.gap === "one" && shown.networks.length && shown.draws.length) {
    const gap = signed(mean(shown.networks) - mean(shown.draws));
    sentences.push(`On domain ${state.domain} alone: ${gap}, without an interval.`);
  }
  $("gap-text").textContent = sentences.join(" ");
}

function drawGap(library) {
  const pair = gapSides();
  if (!pair.posterior) return;
  const { networks, draws } = gapValues(pair);
  const ink = colour("--ink"), accent = colour("--accent");
  const hatched = { shape: "/", fgcolor: ink, bgcolor: CLEAR, size: 7, solidity: 0.15 };
  const looks = [
    ["networks", networks, { color: accent }, { color: ink, width: 2 }],
    ["drawn from the posterior", draws, { color: CLEAR, line: { color: ink, width: 1.5 }, pattern: hatched },
      { color: ink, width: 2, dash: "dash" }],
  ];
  const traces = looks.map(([name, x, marker]) => ({
    x, marker, name: `${name} (${whole(x.length)})`, type: "histogram", histnorm: "percent", bingroup: 1,
    hovertemplate: "%{y:.1f} %<extra></extra>",
  }));
  const shapes = looks.filter(([, x]) => x.length).map(([, x, , line]) =>
    ({ type: "line", yref: "paper", y0: 0, y1: 1, x0: mean(x), x1: mean(x), line }));
  const axis = axisLook(), ends = [...networks, ...draws].sort((a, b) => a - b), span = ends.at(-1) - ends[0];
  return library.react($("gap-plot"), traces, {
    ...pageLook(), shapes, barmode: "overlay", bargap: 0, margin: { l: 48, r: 10, t: 10, b: 44 }, dragmode: false,
    legend: { orientation: "h", y: 1, yanchor: "bottom" },
    xaxis: { ...axis, ...powers(span, 8), title: { text: titleOf(pair.posterior) } },
    yaxis: { ...axis, title: { text: "share, %" } },
  }, { responsive: true, displayModeBar: false });
}
