// A side gives functions a probability: the networks of an experiment, or a posterior. Its key is networks:<experiment>
// or posterior:<name>. at(i) is the probability of function i, null where there is none: why(i) then says why, and
// below what it may be at most. detail(i) is what the tables hold: a count, or the logarithm of the probability.

const titleOf = (side) => `${side.symbol}, ${escaped(side.label)}`;
const keysOf = ({ experiments, posteriors }) =>
  [...experiments.map((name) => `networks:${name}`), ...posteriors.map((name) => `posterior:${name}`)];

function makeSide(key) {
  const [kind, name] = key.split(/:(.*)/s);
  return { key, kind, name, ...(kind === "networks" ? ofNetworks(name) : ofPosterior(name)) };
}

function ofNetworks(name) {
  const counts = domain.counts[name], total = domain.networks[name].total, log10 = Math.log10;
  return {
    label: name, symbol: "P<sub>OPT</sub>", strip: "not found", missing: "not found",
    positive: domain.networks[name].positive, total, independent: true,
    at: (i) => (counts[i] ? { log10: log10(counts[i] / total), ends: wilson(counts[i], total).map(log10) } : null),
    detail: (i) => `${whole(counts[i])} of ${whole(total)}`,
    below: probability(log10(wilson(0, total)[1])),
    why: () => "never found",
  };
}

function ofPosterior(name) {
  const { log_p: logs, se, draws } = domain.posteriors[name], { label, finite } = facts.posteriors[name];
  function at(i) {
    const log = logs?.[i] ?? null, error = se?.[i] ?? null;
    if (log === null) return null;
    const ends = error === null ? null : [log - Z * error, log + Z * error].map((end) => end / Math.LN10);
    return { log10: log / Math.LN10, ends, log, error };
  }
  function why(i) {
    const carrying = draws?.[i] ?? null;
    if (carrying === null) return "not computed";
    if (finite && carrying === 0) return "never drawn";
    return `not resolved: ${Number(carrying.toPrecision(2))} draws ${finite ? "gave" : "carry"} it, too few`;
  }
  return {
    label, symbol: "P<sub>B</sub>", strip: "no P<sub>B</sub>",
    missing: finite ? "not drawn, or too rarely" : "not resolved or not computed",
    positive: domain.drawn[name]?.positive, total: domain.drawn[name]?.total, independent: !finite,
    at,
    detail: (i) => logarithm(at(i)),
    why,
  };
}

const worded = (side, point, i) => (point ? probability(point.log10) : side.why(i));
