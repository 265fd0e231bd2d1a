// Numbers and functions as text.

const Z = 1.959963984540054;

function wilson(count, total) {
  const share = count / total, scale = 1 + Z ** 2 / total, centre = (share + Z ** 2 / (2 * total)) / scale;
  const half = (Z / scale) * Math.sqrt((share * (1 - share)) / total + Z ** 2 / (4 * total ** 2));
  return [count === 0 ? 0 : centre - half, count === total ? 1 : centre + half];
}

const minus = (text) => text.replace("-", "−");
const whole = (value) => value.toLocaleString("en");
const few = (items, most) =>
  items.slice(0, most).join(", ") + (items.length > most ? ` and ${items.length - most} more` : "");
const escaped = (text) =>
  text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;");

function percent(share) {
  const within = (edge) => share > edge && share < 1 - edge;
  return `${(100 * share).toFixed(within(0.1) || !within(0) ? 0 : within(0.01) ? 1 : 2)} %`;
}

// Of the logarithm: far out, probabilities are too small for a floating-point number.
function probability(log10) {
  if (log10 === -Infinity) return "0";
  if (log10 > -3) return (10 ** log10).toPrecision(2);
  // What would be rounded to 10.0 is 1.0 of the next power.
  const exponent = Math.floor(log10 - Math.log10(0.995));
  return `${(10 ** (log10 - exponent)).toFixed(1)}\u00a0×\u00a010<sup>${minus(String(exponent))}</sup>`;
}

function interval(point) {
  return point.ends ? point.ends.map(probability).join(" to ") : "no Monte Carlo error";
}

function logarithm(point) {
  if (!point) return "";
  const { log, error } = point;
  const about = error === null ? "" : error < 0.001 ? " ± less than 0.001" : ` ± ${error}`;
  return minus(log.toFixed(2)) + about;
}

function hexadecimal(bits) {
  const fours = bits.padEnd(4 * Math.ceil(bits.length / 4), "0").match(/.{4}/g);
  return fours.map((four) => parseInt(four, 2).toString(16)).join("");
}

const differing = (a, b) => [...a].map((bit, e) => (bit === b[e] ? -1 : e)).filter((e) => e >= 0);
