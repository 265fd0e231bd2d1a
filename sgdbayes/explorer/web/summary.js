// What the plot says, in words.

function showSummary() {
  const sentences = [countsShown(), equalityOutside(), correlation(), testErrors()];
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

function equalityOutside() {
  const across = range("x"), up = range("y");
  const inside = Math.max(across[0], up[0]) < Math.min(across[1], up[1]);
  if (inside || !rows.some((row) => row.x && row.y)) return "";
  const side = `${axes.y.label} gives all of them ${up[1] < across[0] ? "less" : "more"} than ${axes.x.label}`;
  return `The line of equal probabilities is outside of the picture: ${side}.`;
}

function correlation() {
  const of = (kind) => [axes.x, axes.y].find((side) => side.kind === kind)?.name;
  const known = facts.statistics[`${of("networks")} ${state.size} ${of("posterior")}`];
  if (!known) return "";
  const [compared, r, low, high, ceiling, note] = known;
  if (r === null) return note ? `${note}.` : "";
  const ends = low === null || high === null ? "" : ` [${low.toFixed(2)}, ${high.toFixed(2)}]`;
  const best = ceiling === null ? "" : `; a perfect predictor would reach ${ceiling.toFixed(2)}`;
  return `Correlation of the logarithms over the ${compared} found often enough: ${r.toFixed(2)}${ends}${best}.`;
}

function testErrors() {
  if (view.truth === null) return "";
  const known = [axes.x, axes.y].filter((side) => side.positive).map(({ label, positive, total }) => {
    const wrongly = positive.reduce((sum, count, e) => sum + (view.truth[e] === "1" ? total - count : count), 0);
    return `${percent(wrongly / total / view.size)} for ${label}`;
  });
  return known.length ? `Mean test error: ${[...new Set(known)].join(", ")}.` : "";
}
