// What the plot says, in words.

function showSummary() {
  const sentences = [countsShown(), correlation(), testErrors()];
  $("summary").textContent = sentences.filter(Boolean).join(" ");
}

function countsShown() {
  const count = (test) => rows.filter(test).length, below = count((row) => !row.y), left = count((row) => !row.x);
  const both = whole(rows.length - below - left), { x, y } = axes;
  const parts = [`${whole(rows.length)} function${rows.length === 1 ? "" : "s"}: ${both} with both probabilities`];
  if (below) parts.push(`${whole(below)} in the strip below (${y.label}: ${y.missing})`);
  if (left) parts.push(`${whole(left)} in the strip at the left (${x.label}: ${x.missing})`);
  return `${parts.join("; ")}.`;
}

// Of all domains, not of the one that is shown: r of one domain is an accident.
function correlation() {
  const of = (kind) => [axes.x, axes.y].find((side) => side.kind === kind)?.name;
  const { own, name, study } = statisticsOf(of("networks"), of("posterior"));
  if (!own) return "";
  if (own.pearson === null) return own.note ? `Of all domains: ${reason(own, "r")}.` : "";
  const said = ({ pearson, pearson_low: low, pearson_high: high, covers }) =>
    `${signed(pearson)}${bracketed(low, high, signed)} (95 % interval over ${covers})`;
  const spread = own.pearson_sd === null ? "" : `, s.d. ${own.pearson_sd.toFixed(2)}`;
  const best = own.noise_ceiling === null ? "" : `; a perfect predictor would reach ${own.noise_ceiling.toFixed(2)}`;
  const over = `the ${own.domains_with_r} of ${own.domains} domains that have one${spread}`;
  const others = study?.pearson == null ? "" : ` Over the ${study.seeds} training sets of ${name}: ${said(study)}.`;
  return `Mean correlation r of the logarithms over ${over}: ${said(own)}${best}.${others}`;
}

function testErrors() {
  if (domain.truth === null) return "";
  const known = [axes.x, axes.y].filter((side) => side.positive).map(({ label, positive, total }) => {
    const wrongly = positive.reduce((sum, count, e) => sum + (domain.truth[e] === "1" ? total - count : count), 0);
    return `${percent(wrongly / total / view.size)} for ${label}`;
  });
  return known.length ? `Mean test error on this domain: ${[...new Set(known)].join(", ")}.` : "";
}
